//! What a person keeps between sessions: designs, unsaved work, recent files, preferences, what was exported, pictures.

pub mod exports;
pub mod output;
pub mod picture;
pub mod preferences;
pub mod recent;
pub mod store;
pub mod unsaved;
