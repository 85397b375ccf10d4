//! What a person keeps between sessions: designs, unsaved work, recent files, preferences, what was exported, pictures,
//! and which designs are trusted.

pub mod exports;
pub mod picture;
pub mod preferences;
pub mod recent;
pub mod store;
pub mod trust;
pub mod unsaved;
