//! One PostgreSQL server: start and stop it, prove that it is ours, open sessions, ask questions, give it certificates.

pub mod archive;
pub mod authority;
pub mod control;
pub mod endpoint;
mod guard;
pub mod identity;
pub mod ownership;
pub mod position;
pub mod proof;
pub mod server;
pub mod sessions;
mod socket;
pub mod sql;
mod tls;
pub mod trial;
pub mod wal;
