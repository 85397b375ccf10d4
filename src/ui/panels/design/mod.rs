//! What is drawn, in fields: the selected server, the selected link, the cluster, and what the rules find.

mod archive;
mod cluster_settings;
mod findings;
mod inspector;
mod link;
mod link_terms;
mod server;
mod settings;
mod several;
mod sync_order;
mod terms;

pub use findings::findings_ui;
pub use inspector::inspector_ui;
