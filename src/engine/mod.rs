//! What pgcascade does: the only place where plain data meets files, processes and servers.
//!
//! `store` reads and writes designs, `unsaved` keeps what a crash would cost, `recent` where to go on, `preferences` what a
//! user likes; `deploy` runs a plan, `cluster` works on a deployed cluster (start, stop, verify, teardown, list), `monitor` reads what servers show, `record` is what is known of clusters
//! that were made here, `picture` draws a design, `exports` remembers what was exported. Private, and below them: `site` is what all work on one cluster's folder shares, `server`
//! starts, stops and sweeps up, `proof` proves the drawing on running servers, `removal` takes away what was made, by the `hand`.
//! At the bottom: `identity` (a copied directory's own identifier), `ownership` (whose server is it), `processes`,
//! `files`, `sql`, `sessions`, `wait`, `random`, `authority` (certificates).

mod authority;
pub mod cluster;
pub mod deploy;
pub mod exports;
mod files;
mod hand;
mod identity;
pub mod monitor;
mod mounts;
mod ownership;
pub mod picture;
pub mod preferences;
mod processes;
mod proof;
mod random;
pub mod recent;
pub mod record;
mod removal;
mod server;
mod sessions;
mod site;
mod sql;
pub mod store;
pub mod unsaved;
mod wait;
