//! One line of a configuration file, and the reason for it.

use std::borrow::Cow;

use super::origin::Origin;
use super::sourced::{Sourced, Writer};
use crate::model::quoting;

/// A setting as a person would want to find it: what, why, and from where in the drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub name: String,
    /// Unquoted.
    pub value: String,
    /// One or more sentences, for the comment above it.
    pub reason: Cow<'static, str>,
    pub origin: Origin,
}

impl Setting {
    pub fn new(
        origin: Origin,
        name: impl Into<String>,
        value: impl Into<String>,
        reason: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            reason: reason.into(),
            origin,
        }
    }
}

/// Comments are broken here, so that they read well in a terminal.
const COMMENT_WIDTH: usize = 96;

/// A configuration file: a head, then the settings with their reasons.
pub fn render(head: &str, settings: Vec<Setting>) -> Sourced {
    let mut file = Writer::default();
    file.comment(head);
    let mut reason_above = Cow::Borrowed("");
    for setting in settings {
        if setting.reason != reason_above {
            file.blank();
            file.comment(&setting.reason);
        }
        reason_above.clone_from(&setting.reason);
        let line = format!("{} = {}", setting.name, quoting::conf(&setting.value));
        file.statement(&line, setting.origin, setting.reason);
    }
    file.finish()
}

/// The text as comment lines, broken at blanks.
pub fn comment(text: &str) -> String {
    let mut lines = String::new();
    for paragraph in text.lines() {
        let mut line = "#".to_owned();
        for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
            if line.len() > 1 && line.chars().count() + 1 + word.chars().count() > COMMENT_WIDTH {
                lines.push_str(&line);
                lines.push('\n');
                line.truncate(1);
            }
            line.push(' ');
            line.push_str(word);
        }
        lines.push_str(&line);
        lines.push('\n');
    }
    lines
}

/// The value that a server would read from the text of a configuration file; of several lines the last one counts.
pub fn value_in(text: &str, setting: &str) -> Option<String> {
    let of_line = |line: &str| {
        let (name, value) = line.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case(setting)
            .then(|| unquote(value.trim()))
    };
    text.lines().rev().find_map(of_line)
}

/// [`quoting::conf`] undone, as the server does it: between quotes `''` is a quote, and a backslash escapes.
fn unquote(value: &str) -> String {
    let Some(inside) = value.strip_prefix('\'') else {
        let end = value.find(|c: char| c.is_whitespace() || c == '#');
        return value.chars().take(end.unwrap_or(usize::MAX)).collect();
    };
    let mut read = String::new();
    let mut chars = inside.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' if chars.next_if_eq(&'\'').is_none() => break,
            // Values hold no control characters, so a backslash only ever stands for the character behind it.
            '\\' => read.extend(chars.next()),
            c => read.push(c),
        }
    }
    read
}

/// The text of a configuration file without one of its settings and the comment that belongs to it alone.
pub fn without(text: &str, setting: &str) -> String {
    let is_it = |line: &str| {
        line.split_once('=')
            .is_some_and(|(name, _)| name.trim().eq_ignore_ascii_case(setting))
    };
    let mut kept: Vec<&str> = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if !is_it(line) {
            kept.push(line);
            continue;
        }
        let is_alone = lines
            .peek()
            .is_none_or(|next| next.is_empty() || next.starts_with('#'));
        let follows_comment = kept.last().is_some_and(|line| line.starts_with('#'));
        if is_alone && follows_comment {
            while kept.last().is_some_and(|line| line.starts_with('#')) {
                kept.pop();
            }
            if lines.peek().is_none_or(|next| next.is_empty())
                && kept.last().is_some_and(|line| line.is_empty())
            {
                kept.pop();
            }
        }
    }
    let mut text = kept.join("\n");
    text.push('\n');
    text
}

/// The text with one setting at another value; `None` leaves it out.
pub fn with(text: &str, setting: &str, value: Option<&str>) -> String {
    let mut text = if value_in(text, setting).is_some() {
        without(text, setting)
    } else {
        text.to_owned()
    };
    if let Some(value) = value {
        let line = format!("{setting} = {}\n", quoting::conf(value));
        text.push_str(&line);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::configuration::Decision;

    #[test]
    fn a_value_is_read_back_as_it_was_given() {
        for value in [
            "on",
            "100",
            "",
            "it's",
            "a\\b",
            "\"My\", b",
            "é",
            "a # b",
            "x = y",
            " a ",
            "'",
            "\\'",
        ] {
            let origin = Decision::Port.for_cluster();
            let setting = Setting::new(origin, "Some_Name", value, "Why some_name = 'x'.");
            let text = render("Head", vec![setting]).contents;
            assert_eq!(value_in(&text, "some_name").as_deref(), Some(value), "{text}");
        }
        assert_eq!(value_in("a = 1 # why\na = 2 # why\n", "a").as_deref(), Some("2"));
        assert_eq!(value_in("# a = 1\n", "a"), None);
    }

    #[test]
    fn a_setting_goes_with_its_own_comment_only() {
        let setting = |name: &str, value: &str, reason: &'static str| {
            Setting::new(Decision::ByHand.for_cluster(), name, value, reason)
        };
        let settings = [
            setting("a", "1", "Why a."),
            setting("b", "2", "Why b."),
            setting("c", "3", "Why both."),
            setting("d", "4", "Why both."),
        ];
        let render = |settings: &[Setting]| render("Head", settings.to_vec()).contents;
        let text = render(&settings);
        let only = |names: &[&str]| {
            let left: Vec<Setting> = settings
                .iter()
                .filter(|s| names.contains(&s.name.as_str()))
                .cloned()
                .collect();
            render(&left)
        };
        assert_eq!(without(&text, "b"), only(&["a", "c", "d"]));
        assert_eq!(without(&text, "a"), only(&["b", "c", "d"]));
        assert_eq!(without(&text, "c"), only(&["a", "b", "d"]));
        assert_eq!(without(&text, "D"), only(&["a", "b", "c"]));
        assert_eq!(without(&text, "e"), text);
        let last = render(&settings[..2]);
        assert_eq!(without(&last, "b"), only(&["a"]));
    }

    #[test]
    fn comments_are_broken_at_blanks() {
        let text = comment(&"word ".repeat(40));
        assert!(
            text.lines().count() > 1
                && text
                    .lines()
                    .all(|line| line.starts_with("# word") && line.len() <= COMMENT_WIDTH)
        );
    }
}
