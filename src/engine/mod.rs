//! What pgcascade does: the only place where plain data meets files, processes and servers.
//!
//! `store` reads and writes designs, `deploy` runs a plan, `cluster` works on a deployed cluster
//! (start, stop, verify, teardown), `monitor` reads what servers show, `record` is what is known of clusters
//! that were made here.

pub mod cluster;
pub mod deploy;
pub mod monitor;
pub mod record;
pub mod store;
