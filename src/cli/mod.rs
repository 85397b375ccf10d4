//! What the terminal shows.

/// Reads the arguments and does what they say. The exit code: 0 fine, 1 error-level findings or a failed run,
/// 2 wrong usage, 130 cancelled.
pub fn main() -> std::process::ExitCode {
    unimplemented!()
}
