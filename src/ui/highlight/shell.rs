//! A line of a script.

use super::pen::{Pen, is_name};
use super::{Kind, Language};

/// Commands and words of the shell that the scripts are made of.
const SHELL_WORDS: [&str; 40] = [
    "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "in",
    "function", "return", "exit", "local", "readonly", "export", "set", "shift", "break", "continue", "trap",
    "unset", "echo", "printf", "read", "cd", "mkdir", "rm", "cp", "mv", "chmod", "cat", "test", "source",
    "true", "false", "exec",
];

pub(super) fn shell(pen: &mut Pen<'_>, open: &mut Option<&'static str>) {
    let mut before = ' ';
    while let Some(letter) = pen.first() {
        match letter {
            '#' if before.is_whitespace() => pen.rest(Kind::Comment),
            '\\' => {
                pen.take_letter(Kind::Plain);
                pen.take_letter(Kind::Plain);
            }
            '"' | '\'' => {
                let quotes = if letter == '"' { "\"" } else { "'" };
                if !pen.text(quotes, Language::Shell) {
                    *open = Some(quotes);
                }
            }
            '$' => variable(pen),
            letter if letter.is_alphanumeric() || letter == '_' => {
                let left = pen.left();
                let bytes = left.find(|letter: char| !is_name(letter)).unwrap_or(left.len());
                let word = left.get(..bytes).unwrap_or_default();
                let is_set = left
                    .get(bytes..)
                    .is_some_and(|left| left.starts_with('=') || left.starts_with("+="));
                let begins = !is_name(before) && !matches!(before, '/' | '-' | '$');
                let kind = match word {
                    _ if begins && is_set => Kind::Name,
                    word if begins && SHELL_WORDS.contains(&word) => Kind::Word,
                    word if begins && word.chars().all(|letter| letter.is_ascii_digit()) => Kind::Number,
                    _ => Kind::Plain,
                };
                pen.take(kind, bytes);
            }
            _ => pen.take_letter(Kind::Plain),
        }
        before = pen
            .line
            .get(..pen.at)
            .and_then(|line| line.chars().next_back())
            .unwrap_or(' ');
    }
}

/// `$name`, `${…}`, `$1`, `$(`: the last one is a command, of which only the sign is coloured.
fn variable(pen: &mut Pen<'_>) {
    let left = pen.left();
    let bytes = if left.starts_with("${") {
        left.find('}').map_or(left.len(), |end| end + 1)
    } else {
        let name = left.get(1..).unwrap_or_default();
        let bytes = name
            .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .unwrap_or(name.len());
        if bytes == 0 && name.starts_with(['@', '*', '#', '?', '$', '!']) {
            2
        } else {
            bytes + 1
        }
    };
    pen.take(Kind::Variable, bytes);
}
