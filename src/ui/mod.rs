//! What the window draws.

pub mod canvas;
mod outbox;
pub mod theme;

pub use outbox::Outbox;

/// Opens the designer on a design (a file, or a built-in one) and returns when it is closed.
pub fn open(file: Option<std::path::PathBuf>) -> Result<(), crate::report::Report> {
    let _ = file;
    unimplemented!()
}
