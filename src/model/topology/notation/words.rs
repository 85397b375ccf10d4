//! A line of the notation as words, and its indentation.

use super::{NotationError, NotationProblem};
use crate::model::topology::{
    PgMajor, Port, ServerName, UnknownMajor, check_setting_name, check_setting_value,
};

/// A line that says something.
pub(super) struct Line {
    /// From 1.
    number: usize,
    /// How many bytes of blanks it begins with.
    pub indent: usize,
    pub words: Vec<String>,
}

impl Line {
    /// The version, if it is the line that may stand above all servers.
    pub fn header(&self) -> Option<Result<PgMajor, UnknownMajor>> {
        match self.words.as_slice() {
            [word, major] if word == "postgres" => Some(PgMajor::parse(major)),
            _ => None,
        }
    }

    pub fn error(&self, problem: impl Into<NotationProblem>) -> NotationError {
        NotationError {
            line: self.number,
            problem: problem.into(),
        }
    }
}

/// Every line but the empty ones and those that begin with `#`.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Result<Line, NotationError>> {
    text.lines().enumerate().filter_map(|(index, line)| {
        let content = line.trim_start();
        let is_said = !content.is_empty() && !content.starts_with('#');
        is_said.then(|| {
            let mut line = Line {
                number: index + 1,
                indent: line.len() - content.len(),
                words: Vec::new(),
            };
            line.words = split(content).map_err(|problem| line.error(problem))?;
            Ok(line)
        })
    })
}

/// What every server's line begins with, and what comes behind.
pub(super) fn name_and_port(words: &[String]) -> Result<(ServerName, Port, &[String]), NotationProblem> {
    let [name, port, rest @ ..] = words else {
        return Err(NotationProblem::Short);
    };
    Ok((ServerName::parse(name)?, Port::parse(port)?, rest))
}

/// "work_mem=64MB" as name and value.
pub(super) fn setting(text: &str) -> Result<(String, String), NotationProblem> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| NotationProblem::Value("set".to_owned()))?;
    check_setting_name(name)?;
    check_setting_value(name, value)?;
    Ok((name.to_owned(), value.to_owned()))
}

/// The name as one word of a line: in double quotes where it needs them.
pub fn quote(name: &str) -> String {
    if name.contains([' ', '"', '#']) || name.chars().any(char::is_whitespace) {
        format!("\"{}\"", name.replace('"', "\"\""))
    } else {
        name.to_owned()
    }
}

/// Splits a line at blanks, except inside double quotes.
///
/// # Errors
///
/// If a double quote is not closed.
pub fn split(line: &str) -> Result<Vec<String>, NotationProblem> {
    let mut words = Vec::new();
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_whitespace() {
            continue;
        }
        let mut word = String::new();
        if c == '"' {
            loop {
                match chars.next() {
                    Some('"') if chars.peek() == Some(&'"') => word.extend(chars.next()),
                    Some('"') => break,
                    Some(other) => word.push(other),
                    None => return Err(NotationProblem::OpenQuote),
                }
            }
        } else {
            word.push(c);
            while let Some(next) = chars.next_if(|next| !next.is_whitespace()) {
                word.push(next);
            }
        }
        words.push(word);
    }
    Ok(words)
}
