//! Brings in a cluster that somebody runs: reads its files, or asks its servers, and has the model draw it.
//!
//! Nothing is changed anywhere: files are only read, and sessions are read-only with a statement timeout.

mod disk;
mod sources;

pub use sources::{Brought, Request, Source, from_files, source_of};
