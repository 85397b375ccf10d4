//! What pgcascade does: the only place where plain data meets files, processes and servers.
//!
//! `store` reads and writes designs, `deploy` runs a plan, `cluster` works on a deployed cluster
//! (start, stop, verify, teardown), `monitor` reads what servers show, `record` is what is known of clusters
//! that were made here. Below them, and private: `site` (what all work on one cluster's folder shares),
//! `server` (start, stop, wait), `ownership` (whose server is it), `processes`, `files` and `sql`.

pub mod cluster;
pub mod deploy;
mod files;
pub mod monitor;
mod ownership;
mod processes;
mod proof;
mod random;
pub mod record;
mod removal;
mod server;
mod site;
mod sql;
pub mod store;
mod wait;
