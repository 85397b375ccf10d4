//! What a person keeps between sessions: designs, unsaved work, recent files, preferences, what was exported, pictures,
//! which designs are trusted, and the log.

pub mod connections;
pub mod exports;
pub mod folder;
pub mod fonts;
pub mod log;
mod log_file;
pub mod output;
pub mod picture;
pub mod preferences;
pub mod progress;
pub mod recent;
pub mod store;
pub mod trust;
pub mod unsaved;
