//! YAML as a value: written so that every reader takes each text for that very text, whatever stands in it.
//!
//! Keys keep their order. A text stands bare only if no reader could take it for anything else; else in double quotes, as
//! JSON writes it, which YAML reads alike.

use std::fmt::Write as _;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Yaml {
    Text(String),
    Number(i64),
    Switch(bool),
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>),
    /// Texts that Ansible takes as they are, whatever templates they look like.
    Unsafe(Vec<String>),
}

impl Yaml {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub fn list<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    pub fn map<const N: usize>(pairs: [(&str, Yaml); N]) -> Self {
        Self::Map(
            pairs
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    }

    /// Puts a pair behind the others of a map.
    pub fn with(mut self, key: &str, value: Yaml) -> Self {
        if let Self::Map(pairs) = &mut self {
            pairs.push((key.to_owned(), value));
        }
        self
    }

    /// The same, where there is a value.
    pub fn with_some(self, key: &str, value: Option<Yaml>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// A whole document, with a line end.
    pub fn print(&self) -> String {
        let mut out = String::new();
        match self {
            Self::Map(pairs) if !pairs.is_empty() => block(&mut out, self, 0),
            Self::List(items) if !items.is_empty() => block(&mut out, self, 0),
            Self::Unsafe(texts) if !texts.is_empty() => block(&mut out, self, 0),
            scalar => {
                out.push_str(&flow(scalar));
                out.push('\n');
            }
        }
        out
    }
}

fn block(out: &mut String, value: &Yaml, depth: usize) {
    let pad = "  ".repeat(depth);
    match value {
        Yaml::Map(pairs) => {
            for (key, value) in pairs {
                let _ = write!(out, "{pad}{}:", scalar(key));
                below(out, value, depth + 1);
            }
        }
        Yaml::List(items) => {
            for item in items {
                if let Yaml::Map(pairs) = item
                    && !pairs.is_empty()
                {
                    let mut inside = String::new();
                    block(&mut inside, item, depth + 1);
                    let _ = write!(out, "{pad}- {}", inside.trim_start());
                } else {
                    let _ = write!(out, "{pad}-");
                    below(out, item, depth + 1);
                }
            }
        }
        Yaml::Unsafe(texts) => {
            for text in texts {
                let _ = writeln!(out, "{pad}- !unsafe {}", quoted(text));
            }
        }
        _ => {}
    }
}

fn below(out: &mut String, value: &Yaml, depth: usize) {
    let is_block = matches!(value, Yaml::Map(pairs) if !pairs.is_empty())
        || matches!(value, Yaml::List(items) if !items.is_empty())
        || matches!(value, Yaml::Unsafe(texts) if !texts.is_empty());
    if is_block {
        out.push('\n');
        block(out, value, depth);
    } else {
        let _ = writeln!(out, " {}", flow(value));
    }
}

fn flow(value: &Yaml) -> String {
    match value {
        Yaml::Text(text) => scalar(text),
        Yaml::Number(number) => number.to_string(),
        Yaml::Switch(switch) => switch.to_string(),
        Yaml::List(_) | Yaml::Unsafe(_) => "[]".to_owned(),
        Yaml::Map(_) => "{}".to_owned(),
    }
}

/// A text as one scalar of YAML, 1.1 or 1.2.
pub fn scalar(text: &str) -> String {
    const WORDS: [&str; 12] = [
        "true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf", "infinity",
    ];
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '_')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is_plain {
        return text.to_owned();
    }
    quoted(text)
}

/// In double quotes, whatever it is.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_texts() {
        for (text, written) in [
            ("master", "master"),
            ("on", "\"on\""),
            ("Null", "\"Null\""),
            ("15", "\"15\""),
            ("1e3", "\"1e3\""),
            ("", "\"\""),
            ("a: b", "\"a: b\""),
            ("{{ x }}", "\"{{ x }}\""),
            ("it's \"q\"", "\"it's \\\"q\\\"\""),
            ("- x", "\"- x\""),
            ("a\tb", "\"a\\tb\""),
            ("é", "\"é\""),
            ("~", "\"~\""),
            ("/var/lib", "/var/lib"),
        ] {
            assert_eq!(scalar(text), written);
        }
    }

    #[test]
    fn maps_and_lists_are_blocks() {
        let yaml = Yaml::map([
            ("a", Yaml::text("b")),
            (
                "list",
                Yaml::List(vec![
                    Yaml::text("x"),
                    Yaml::map([("k", Yaml::Number(1)), ("l", Yaml::Switch(true))]),
                ]),
            ),
            ("empty", Yaml::Map(Vec::new())),
            ("below", Yaml::map([("c", Yaml::list(["d"]))])),
        ]);
        let expected = "a: b\nlist:\n  - x\n  - k: 1\n    l: true\nempty: {}\nbelow:\n  c:\n    - d\n";
        assert_eq!(yaml.print(), expected);
    }
}
