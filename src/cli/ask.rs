//! A question to the person at the terminal.

use std::io::{BufRead as _, IsTerminal as _};

use super::print;

/// True if somebody sits there.
pub(super) fn is_possible() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks; nobody there, or anything but yes, is no.
pub(super) fn agrees(question: &str) -> bool {
    if !is_possible() {
        return false;
    }
    print::question(&format!("{question} [y/N] "));
    let mut answer = String::new();
    let is_read = std::io::stdin().lock().read_line(&mut answer).is_ok();
    is_read && is_yes(&answer)
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        assert!(is_yes("y\n") && is_yes(" YES \n"));
        assert!(!is_yes("") && !is_yes("\n") && !is_yes("n\n") && !is_yes("yy\n") && !is_yes("yes please\n"));
    }
}
