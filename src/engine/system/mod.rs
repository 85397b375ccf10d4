//! The operating system, as far as pgcascade meets it: files, processes, mounts, random bytes, and waits with a deadline.

pub mod files;
#[cfg(test)]
mod files_tests;
pub mod mounts;
pub mod plain;
pub mod processes;
pub mod random;
pub mod trusted;
pub mod wait;
pub mod way;
