//! What reading one key has in common for all tables: its type, its place, and what is said if it is wrong.

use std::ops::Range;

use toml_edit::{Item, TableLike};

use super::{Kind, Problem};
use crate::model::topology::{BadValue, Guesses};

pub(in crate::model) struct Reader {
    pub(in crate::model) lines: Lines,
    pub(in crate::model) guesses: Guesses,
    pub(in crate::model) problems: Vec<Problem>,
    /// The server whose table is being read, for the problems found in it.
    pub(in crate::model) server: Option<String>,
}

impl Reader {
    pub(in crate::model) fn new(text: &str) -> Self {
        Self {
            lines: Lines::new(text),
            guesses: Guesses::default(),
            problems: Vec::new(),
            server: None,
        }
    }

    /// The text as TOML.
    ///
    /// # Errors
    ///
    /// With the one problem, and its line, if it is not.
    pub(in crate::model) fn parse(text: &str) -> Result<toml_edit::Document<String>, Vec<Problem>> {
        toml_edit::Document::parse(text.to_owned()).map_err(|error| {
            vec![Problem {
                rule: "not-toml",
                line: error.span().map(|span| Lines::new(text).of(span.start)),
                server: None,
                message: format!(
                    "the file is not valid TOML: {}",
                    error.message().trim().replace('\n', ", ")
                ),
                fix: Some("fix the line: strings need quotes, and each key is followed by one =".to_owned()),
            }]
        })
    }

    pub(in crate::model) fn problem(
        &mut self,
        rule: &'static str,
        span: Option<Range<usize>>,
        message: String,
        fix: Option<String>,
    ) {
        debug_assert!(Kind::of(rule).is_some(), "{rule} is not explained");
        let line = span.map(|span| self.lines.of(span.start));
        self.problems.push(Problem {
            rule,
            line,
            server: self.server.clone(),
            message,
            fix,
        });
    }

    pub(in crate::model) fn wrong_type(&mut self, item: &Item, key: &str, wanted: &str) {
        let message = format!(
            "\"{key}\" is {}, but must be {wanted}",
            with_article(item.type_name())
        );
        self.problem("bad-value", item.span(), message, Some(format!("write {wanted}")));
    }

    pub(in crate::model) fn good<T>(&mut self, item: Option<&Item>, value: Result<T, BadValue>) -> Option<T> {
        value
            .map_err(|error| {
                let fix = Some(error.fix().to_owned());
                self.problem("bad-value", item.and_then(Item::span), error.to_string(), fix);
            })
            .ok()
    }

    pub(in crate::model) fn only_known(&mut self, table: &dyn TableLike, what: &str, known: &[&'static str]) {
        for (key, _) in table.iter() {
            if !known.contains(&key) {
                let fix = self.guesses.nearest(key, known.iter().copied()).map_or_else(
                    || format!("the known keys are {}", known.join(", ")),
                    |near| format!("did you mean \"{near}\"?"),
                );
                let span = key_span(table, key);
                self.problem(
                    "unknown-key",
                    span,
                    format!("{what} has no key \"{key}\""),
                    Some(fix),
                );
            }
        }
    }

    pub(in crate::model) fn table<'t>(
        &mut self,
        top: &'t dyn TableLike,
        key: &str,
        known: &[&'static str],
    ) -> Option<&'t dyn TableLike> {
        let item = top.get(key)?;
        let Some(table) = item.as_table_like() else {
            self.wrong_type(item, key, &format!("a table, [{key}]"));
            return None;
        };
        self.only_known(table, &format!("[{key}]"), known);
        Some(table)
    }

    /// Says at `span`, where the table begins, that the key is not in it.
    pub(in crate::model) fn required(
        &mut self,
        table: &dyn TableLike,
        key: &str,
        what: &str,
        span: Option<Range<usize>>,
    ) -> Option<()> {
        if table.contains_key(key) {
            return Some(());
        }
        self.problem(
            "missing-key",
            span,
            format!("{what} needs \"{key}\""),
            Some(format!("add a line {key} = …")),
        );
        None
    }

    pub(in crate::model) fn text_at(&mut self, table: &dyn TableLike, key: &str) -> Option<String> {
        let item = table.get(key)?;
        let text = item.as_str().map(str::to_owned);
        if text.is_none() {
            self.wrong_type(item, key, "a string in quotes");
        }
        text
    }

    pub(in crate::model) fn word_at(
        &mut self,
        table: &dyn TableLike,
        key: &str,
        known: &[&'static str],
    ) -> Option<String> {
        let text = self.text_at(table, key)?;
        if known.contains(&text.as_str()) {
            return Some(text);
        }
        let fix = self.guesses.nearest(&text, known.iter().copied()).map_or_else(
            || format!("use one of them, or omit {key}"),
            |near| format!("did you mean \"{near}\"?"),
        );
        let span = table.get(key).and_then(Item::span);
        self.problem(
            "bad-value",
            span,
            format!("{key} = \"{text}\" is not one of {}", known.join(", ")),
            Some(fix),
        );
        None
    }

    pub(in crate::model) fn switch_at(&mut self, table: &dyn TableLike, key: &str) -> Option<bool> {
        let item = table.get(key)?;
        let switch = item.as_bool();
        if switch.is_none() {
            self.wrong_type(item, key, "true or false");
        }
        switch
    }

    pub(in crate::model) fn count_at(&mut self, table: &dyn TableLike, key: &str, what: &str) -> Option<u32> {
        let item = table.get(key)?;
        let number = item
            .as_integer()
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| *number > 0);
        if number.is_none() {
            let message = format!("\"{key}\" is {what}: a whole number of at least 1");
            self.problem(
                "bad-value",
                item.span(),
                message,
                Some(format!("write {key} = 1, or omit it")),
            );
        }
        number
    }
}

fn with_article(type_name: &str) -> String {
    let article = if type_name.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {type_name}")
}

/// Where the lines of a text end. Counted once: a file can have a problem on each of a hundred thousand lines.
pub(in crate::model) struct Lines(Vec<usize>);

impl Lines {
    pub(in crate::model) fn new(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    /// The line of a byte, from 1.
    pub(in crate::model) fn of(&self, byte: usize) -> usize {
        self.0.partition_point(|end| *end < byte) + 1
    }
}

/// Where the key itself stands; where that is not known, its value.
pub(in crate::model) fn key_span(table: &dyn TableLike, key: &str) -> Option<Range<usize>> {
    let (key, item) = table.get_key_value(key)?;
    key.span().or_else(|| item.span())
}
