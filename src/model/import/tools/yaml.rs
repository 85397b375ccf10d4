//! YAML as its leaves: every value with the way to it, taken one by one, so that what nobody took is told of.

use std::collections::VecDeque;

use yaml_rust2::parser::{Event, EventReceiver, Parser};
use yaml_rust2::{Yaml, YamlLoader};

use crate::model::import::{Loss, redact};

/// An alias is a copy of what it names: more of them could make a small file endless.
const MOST_ALIASES: usize = 24;
const MOST_LEVELS: usize = 40;

/// The leaves of one document.
#[derive(Clone, Debug, Default)]
pub struct Leaves {
    pub file: String,
    left: VecDeque<(Vec<String>, String)>,
}

/// All documents of a file.
///
/// # Errors
///
/// With the reason if it is not YAML, or one that is made to be endless.
pub fn documents(file: &str, text: &str) -> Result<Vec<Leaves>, String> {
    let mut aliases = Aliases(0);
    let mut parser = Parser::new_from_str(text);
    parser
        .load(&mut aliases, true)
        .map_err(|error| error.to_string())?;
    if aliases.0 > MOST_ALIASES {
        return Err(format!("it has more than {MOST_ALIASES} aliases"));
    }
    let documents = YamlLoader::load_from_str(text).map_err(|error| error.to_string())?;
    let of = |document: &Yaml| {
        let mut leaves = Leaves {
            file: file.to_owned(),
            left: VecDeque::new(),
        };
        leaves.add(document, &mut Vec::new());
        leaves
    };
    Ok(documents.iter().map(of).collect())
}

struct Aliases(usize);

impl EventReceiver for Aliases {
    fn on_event(&mut self, event: Event) {
        self.0 += usize::from(matches!(event, Event::Alias(_)));
    }
}

impl Leaves {
    fn add(&mut self, value: &Yaml, way: &mut Vec<String>) {
        if way.len() > MOST_LEVELS {
            return;
        }
        match value {
            Yaml::Hash(pairs) => {
                for (key, value) in pairs {
                    way.push(scalar(key).unwrap_or_default());
                    self.add(value, way);
                    way.pop();
                }
            }
            Yaml::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    way.push(at.to_string());
                    self.add(item, way);
                    way.pop();
                }
            }
            value => {
                let text = scalar(value).unwrap_or_default();
                self.left.push_back((way.clone(), text));
            }
        }
    }

    /// Takes the value at a way; `None`: there is none.
    pub fn take(&mut self, way: &[&str]) -> Option<String> {
        let at = self.left.iter().position(|(own, _)| own == way)?;
        self.left.remove(at).map(|(_, value)| value)
    }

    /// Takes all that is right below a way, by key.
    pub fn take_below(&mut self, way: &[&str]) -> Vec<(String, String)> {
        let mut taken = Vec::new();
        self.left.retain(|(own, value)| match own.split_last() {
            Some((key, before)) if before == way => {
                taken.push((key.clone(), value.clone()));
                false
            }
            _ => true,
        });
        taken
    }

    /// The keys at a way that have something below them.
    pub fn keys(&self, way: &[&str]) -> Vec<String> {
        let mut keys: Vec<String> = Vec::new();
        for (own, _) in &self.left {
            if own.len() > way.len()
                && own.iter().zip(way).all(|(one, other)| one == other)
                && let Some(key) = own.get(way.len())
                && !keys.contains(key)
            {
                keys.push(key.clone());
            }
        }
        keys
    }

    pub fn get(&self, way: &[&str]) -> Option<&str> {
        self.left
            .iter()
            .find(|(own, _)| own == way)
            .map(|(_, value)| value.as_str())
    }

    pub fn has(&self, way: &[&str]) -> bool {
        !self.keys(way).is_empty() || self.get(way).is_some()
    }

    /// Where a value stands, for people.
    pub fn place(&self, way: &[&str]) -> String {
        format!("{}: {}", self.file, way.join("."))
    }

    /// What nobody took; `why` by the first key of its way.
    pub fn losses(self, why: impl Fn(&str) -> String) -> Vec<Loss> {
        let file = self.file;
        let mut losses = Vec::new();
        for (way, value) in self.left {
            let first = way.first().map_or("", String::as_str);
            let key = way.last().map_or("", String::as_str);
            losses.push(Loss {
                place: format!("{file}: {}", way.join(".")),
                line: shown(key, &value),
                message: why(first),
            });
        }
        losses
    }
}

/// `key: value` without secrets.
fn shown(key: &str, value: &str) -> String {
    const SECRET: [&str; 6] = [
        "password",
        "secret",
        "token",
        "passphrase",
        "credential",
        "pgpass",
    ];
    let lower = key.to_ascii_lowercase();
    let is_secret = SECRET.iter().any(|word| lower.contains(word));
    let value = if is_secret {
        "***".to_owned()
    } else {
        redact::masked(value)
    };
    let value = value.replace(['\n', '\r'], " ");
    format!("{key}: {value}")
}

/// As a setting would have it: `true` is `on`.
fn scalar(value: &Yaml) -> Option<String> {
    match value {
        Yaml::Real(text) | Yaml::String(text) => Some(text.clone()),
        Yaml::Integer(number) => Some(number.to_string()),
        Yaml::Boolean(true) => Some("on".to_owned()),
        Yaml::Boolean(false) => Some("off".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_are_taken_and_the_rest_is_told() {
        let text = "a:\n  b: 1\n  c.d: 'x y'\n  list:\n    - one\n    - k: true\npassword: hunter2\n";
        let mut leaves = documents("f.yml", text).unwrap().remove(0);
        assert_eq!(leaves.take(&["a", "b"]).as_deref(), Some("1"));
        assert_eq!(leaves.take_below(&["a"]), [("c.d".to_owned(), "x y".to_owned())]);
        assert_eq!(leaves.keys(&["a"]), ["list"]);
        let losses = leaves.losses(str::to_owned);
        let shown: Vec<&str> = losses.iter().map(|loss| loss.line.as_str()).collect();
        assert_eq!(shown, ["0: one", "k: on", "password: ***"]);
        assert_eq!(losses[1].place, "f.yml: a.list.1.k");
        assert!(documents("f", "a: [").is_err());
        let bomb: String = (0..40)
            .map(|at| format!("a{at}: &a{at} [x]\nb{at}: *a{at}\n"))
            .collect();
        assert!(documents("f", &bomb).is_err());
    }
}
