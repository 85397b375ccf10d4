//! Brings in a cluster that somebody runs: reads its files, or asks its servers, and has the model draw it.
//!
//! Nothing is changed anywhere: files are only read, and sessions are read-only with a statement timeout.

mod dial;
mod disk;
mod exported;
#[cfg(test)]
mod exported_tests;
mod facts;
mod local;
mod password;
mod points;
mod rows;
mod servers;
mod sources;
mod unseen;
mod visit;
mod walk;

pub use password::with_password;
pub use points::points_of;
pub use servers::from_servers;
pub use sources::{Brought, Request, Source, from_files, source_of};
