//! No command: the designer's window, or why there is none.

use std::path::PathBuf;

use super::Ending;
use crate::report::Report;

#[cfg(feature = "gui")]
pub(super) fn open(file: Option<PathBuf>) -> Result<Ending, Report> {
    if !has_display() {
        return Err(no_window(
            "There is no display to open the window on",
            "Run pgcascade on a machine with a desktop, or forward the display with ssh -X",
        ));
    }
    crate::ui::open(file)?;
    Ok(Ending::Fine)
}

#[cfg(not(feature = "gui"))]
pub(super) fn open(_file: Option<PathBuf>) -> Result<Ending, Report> {
    Err(no_window(
        "This pgcascade was built without the window",
        "Build it with the window: cargo build (the feature \"gui\" is on by default)",
    ))
}

fn no_window(headline: &str, hint: &str) -> Report {
    Report::new(headline)
        .hint(hint)
        .hint("Everything else works in the terminal: pgcascade --help, or pgcascade demo")
}

/// True where a display server can be reached; elsewhere than on X11 and Wayland there always is one.
#[cfg(feature = "gui")]
fn has_display() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(all(unix, not(target_os = "macos")))
        || is_set("WAYLAND_DISPLAY")
        || is_set("WAYLAND_SOCKET")
        || is_set("DISPLAY")
}
