//! The program that is called again, for what only root or only the servers' user may do. Anyone who uses pgcascade as a
//! library has no such program, unless it names one.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// This process runs the program itself.
pub fn is_this() {
    is_at(Path::new("/proc/self/exe"));
}

/// The program is there; the first word counts.
pub fn is_at(path: &Path) {
    let _ = PROGRAM.set(path.to_owned());
}

/// Where the program is, if there is one.
pub fn path() -> Option<&'static Path> {
    PROGRAM.get().map(PathBuf::as_path)
}
