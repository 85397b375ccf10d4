//! Every server parameter of every major version: its type, its range or words, and whether it can be set at all.
//!
//! The data are the files in `assets/parameters`: `catalogue.txt` is made from real servers of 10 to 19 by
//! `packaging/catalogue.sh`, `by-hand.txt` holds what they cannot say (9.2 to 9.6), `renamed.txt` what is called
//! otherwise since. 19 was read from its branch of August 2026, before its release. `classes.txt` says what each can do to the machine. Start with [`lookup`];
//! `catalogue/value.rs` judges a value, `catalogue/class.rs` what it does to the machine.

mod class;
mod same;
mod value;

use std::collections::BTreeMap;
use std::sync::OnceLock;

pub use class::{Class, FileKind, danger, is_judged, judged, libraries};
pub use same::in_words;
pub use value::{ValueProblem, milliseconds};

use super::PgMajor;

/// One parameter as a range of versions has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// As the servers spell it; they read it without regard to case.
    pub name: &'static str,
    pub kind: Kind,
    /// `postmaster`, `sighup` …: what the column `context` of pg_settings says.
    pub context: &'static str,
    since: Option<PgMajor>,
    until: Option<PgMajor>,
}

/// What values a parameter takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Bool,
    Integer(Range),
    Real(Range),
    /// Words as the servers list them, and those that they take without listing them.
    Enum {
        shown: Vec<&'static str>,
        hidden: Vec<&'static str>,
    },
    /// Any text, as far as the catalogue knows: some are checked further by the server.
    Text,
    /// These versions do not have it.
    Absent,
}

/// The range of a number, both ends included, in its own unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    /// `kB`, `8kB`, `ms` …; `None` is a plain number.
    pub unit: Option<&'static str>,
    pub least: f64,
    pub most: f64,
    /// A value outside the range that is taken as well, with a meaning of its own: 0 for "off".
    pub also: Option<&'static str>,
    /// Only multiples of this are taken.
    pub step: Option<f64>,
    /// The ends as the servers print them.
    pub written: (&'static str, &'static str),
}

/// When a change in a configuration file takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Restart,
    Reload,
    ReloadForNew,
    ReloadUnlessSet,
}

impl Effect {
    /// What the server needs: "restart" or "reload".
    pub fn needs(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::Reload | Self::ReloadForNew | Self::ReloadUnlessSet => "reload",
        }
    }

    /// The rest of a sentence: "takes effect with a reload, for new connections".
    pub fn words(self) -> &'static str {
        match self {
            Self::Restart => "takes effect after a restart",
            Self::Reload => "takes effect with a reload",
            Self::ReloadForNew => "takes effect after a reload, for new connections",
            Self::ReloadUnlessSet => "takes effect after a reload, except in sessions that set it",
        }
    }
}

/// What a version says of a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Known {
    /// The version has it.
    Here(&'static Parameter),
    /// A version before 10, of which only later ones are known: it may have it, with another range.
    Perhaps(&'static Parameter),
    /// Other versions have it: those after `until`, or before `since`, do not.
    Elsewhere {
        since: Option<PgMajor>,
        until: Option<PgMajor>,
    },
    /// No version that was looked at has it.
    Nowhere,
}

/// How the value goes over to a new name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Carry {
    Same,
    /// A number of segments of 16 MB.
    Segments,
    /// A number of segments between checkpoints (release notes 9.5: three times as much, in all).
    Checkpoints,
}

struct Catalogue {
    /// By the name in small letters; within a name, what is said by hand comes first.
    parameters: BTreeMap<String, Vec<Parameter>>,
    /// Old name, new name.
    renamed: Vec<(&'static str, &'static str, Carry)>,
}

/// What the version says of a parameter of this name.
pub fn lookup(name: &str, major: PgMajor) -> Known {
    let Some(lines) = catalogue().parameters.get(&name.to_ascii_lowercase()) else {
        return Known::Nowhere;
    };
    match lines.iter().find(|line| line.covers(major)) {
        Some(line) if line.kind != Kind::Absent => {
            if major.has_two_numbers() && line.until.is_none_or(|until| !until.has_two_numbers()) {
                Known::Perhaps(line)
            } else {
                Known::Here(line)
            }
        }
        _ => {
            let real = || lines.iter().filter(|line| line.kind != Kind::Absent);
            // "..B absent" says: it came with the next one; "A.. absent": it ended with the one before.
            let absent = || lines.iter().filter(|line| line.kind == Kind::Absent);
            let after_absence = absent().filter_map(|line| next(line.until?)).max();
            let before_absence = absent().filter_map(|line| previous(line.since?)).max();
            let since = after_absence.or_else(|| real().filter_map(|line| line.since).min());
            let is_open = real().any(|line| line.until.is_none());
            let until = real().filter_map(|line| line.until).max().filter(|_| !is_open);
            let until = before_absence.or(until);
            Known::Elsewhere {
                since: since.filter(|since| *since > major),
                until: until.filter(|until| *until < major),
            }
        }
    }
}

/// True for a version that was not looked at as it was released: what it has besides is not known.
pub fn is_unseen(major: PgMajor) -> bool {
    major > PgMajor::V18
}

/// The names that the version has, as it spells them.
pub fn names(major: PgMajor) -> impl Iterator<Item = &'static str> {
    let known = catalogue().parameters.keys();
    known.filter_map(move |name| match lookup(name, major) {
        Known::Here(parameter) | Known::Perhaps(parameter) => Some(parameter.name),
        Known::Elsewhere { .. } | Known::Nowhere => None,
    })
}

/// Names of other versions that this one has under another name.
pub fn former_names(major: PgMajor) -> impl Iterator<Item = &'static str> {
    let has = move |name: &str| matches!(lookup(name, major), Known::Here(_) | Known::Perhaps(_));
    (catalogue().renamed.iter()).filter_map(move |(old, new, _)| (has(new) && !has(old)).then_some(*old))
}

/// The parameter that does the same in this version, and the value carried over to it, if that can be said.
pub fn successor(name: &str, value: &str, major: PgMajor) -> Option<(&'static str, Option<String>)> {
    let has = |name: &str| matches!(lookup(name, major), Known::Here(_) | Known::Perhaps(_));
    let megabytes = |factor: f64| match value.trim().parse::<f64>() {
        Ok(segments) => Some(format!("{}MB", segments * 16.0 * factor)),
        Err(_) => value::bytes(value, "MB").map(|_| value.to_owned()),
    };
    catalogue().renamed.iter().find_map(|(old, new, carry)| {
        if old.eq_ignore_ascii_case(name) && has(new) {
            let value = match carry {
                Carry::Same => Some(value.to_owned()),
                Carry::Segments => megabytes(1.0),
                Carry::Checkpoints => megabytes(3.0),
            };
            return Some((*new, value));
        }
        // The other way: a design for a new version is given an older one.
        (new.eq_ignore_ascii_case(name) && has(old)).then(|| {
            let bytes = value::bytes(value, "MB");
            let segments = || bytes.map(|bytes| (bytes / 16_777_216.0).ceil().max(1.0).to_string());
            let value = match carry {
                Carry::Same => Some(value.to_owned()),
                Carry::Segments => segments(),
                Carry::Checkpoints => None,
            };
            (*old, value)
        })
    })
}

impl Parameter {
    /// Would the version take the value? `lenient`: the range may be another one, so that it does not count.
    ///
    /// # Errors
    ///
    /// If the version would not take the value, with the reason.
    pub fn judge(&self, value: &str, major: PgMajor, lenient: bool) -> Result<(), ValueProblem> {
        let judged = value::judge(&self.kind, value, major);
        match judged {
            Err(ValueProblem::OutOfRange) if lenient => Ok(()),
            other => other,
        }
    }

    /// The value that was probably meant; the version takes it.
    pub fn repair(&self, value: &str, major: PgMajor) -> Option<String> {
        value::repair(&self.kind, value, major)
    }

    /// Fixed when the program is built or the data directory made; no file can set it.
    pub fn is_internal(&self) -> bool {
        self.context == "internal"
    }

    /// What it takes, in a few words: "a whole number from 64 to 2147483647 kB (B, kB, MB, GB, TB)".
    pub fn takes(&self, major: PgMajor) -> String {
        let range = |what: &str, range: &Range| {
            let (least, most) = range.written;
            let units = value::units(range.unit, &self.kind, major);
            let own = range.unit.map(|unit| format!(" {unit}")).unwrap_or_default();
            let also = range.also.map(|also| format!(", or {also}")).unwrap_or_default();
            let units = if units.is_empty() {
                String::new()
            } else {
                format!(" (a unit may be given: {})", units.join(", "))
            };
            let step = range
                .step
                .map(|step| format!(", a multiple of {step}"))
                .unwrap_or_default();
            format!("{what} from {least} to {most}{own}{also}{step}{units}")
        };
        match &self.kind {
            Kind::Bool => "on or off".to_owned(),
            Kind::Integer(of) => range("a whole number", of),
            Kind::Real(of) => range("a number", of),
            Kind::Enum { shown, .. } => {
                let words: Vec<_> = shown
                    .iter()
                    .map(|word| if word.is_empty() { "\"\"" } else { word })
                    .collect();
                format!("one of {}", words.join(", "))
            }
            Kind::Text => "a text".to_owned(),
            Kind::Absent => String::new(),
        }
    }

    /// When a change takes effect; `None` for what cannot be set.
    pub fn takes_effect(&self) -> Option<Effect> {
        match self.context {
            "internal" => None,
            "postmaster" => Some(Effect::Restart),
            "sighup" => Some(Effect::Reload),
            "backend" | "superuser-backend" => Some(Effect::ReloadForNew),
            _ => Some(Effect::ReloadUnlessSet),
        }
    }

    fn covers(&self, major: PgMajor) -> bool {
        self.since.is_none_or(|since| since <= major) && self.until.is_none_or(|until| major <= until)
    }
}

fn next(major: PgMajor) -> Option<PgMajor> {
    PgMajor::ALL.into_iter().find(|later| *later > major)
}

fn previous(major: PgMajor) -> Option<PgMajor> {
    PgMajor::ALL.into_iter().rev().find(|earlier| *earlier < major)
}

fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| {
        let mut parameters: BTreeMap<String, Vec<Parameter>> = BTreeMap::new();
        for parameter in lines(BY_HAND)
            .chain(lines(FROM_SERVERS))
            .filter_map(parse_parameter)
        {
            parameters
                .entry(parameter.name.to_ascii_lowercase())
                .or_default()
                .push(parameter);
        }
        Catalogue {
            parameters,
            renamed: lines(RENAMED).filter_map(parse_renamed).collect(),
        }
    })
}

const BY_HAND: &str = include_str!("../../../assets/parameters/by-hand.txt");
const FROM_SERVERS: &str = include_str!("../../../assets/parameters/catalogue.txt");
const RENAMED: &str = include_str!("../../../assets/parameters/renamed.txt");

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn parse_parameter(line: &'static str) -> Option<Parameter> {
    // The words of an enum may hold blanks, so they are the rest of the line.
    let (name, rest) = word(line)?;
    let (versions, rest) = word(rest)?;
    let (context, rest) = word(rest)?;
    let (kind, rest) = word(rest).unwrap_or((rest, ""));
    let (since, until) = versions.split_once("..")?;
    let major = |text: &str| -> Option<Option<PgMajor>> {
        if text.is_empty() {
            return Some(None);
        }
        PgMajor::parse(text).ok().map(Some)
    };
    let kind = match kind {
        "bool" => Kind::Bool,
        "integer" if context == "internal" => Kind::Text,
        "integer" => Kind::Integer(parse_range(rest)?),
        "real" => Kind::Real(parse_range(rest)?),
        "enum" => {
            let (shown, hidden) = rest.split_once(" +").unwrap_or((rest, ""));
            let words = |list: &'static str| list.split(',').collect();
            Kind::Enum {
                shown: words(shown),
                hidden: if hidden.is_empty() {
                    Vec::new()
                } else {
                    words(hidden)
                },
            }
        }
        "string" => Kind::Text,
        "absent" => Kind::Absent,
        _ => return None,
    };
    Some(Parameter {
        name,
        kind,
        context,
        since: major(since)?,
        until: major(until)?,
    })
}

fn parse_range(text: &'static str) -> Option<Range> {
    let (unit, range) = text.split_once(' ')?;
    let (least, most) = range.split_once("..")?;
    let (also, least) = match least.split_once(',') {
        Some((also, least)) => (Some(also), least),
        None => (None, least),
    };
    let (most, step) = match most.split_once('/') {
        Some((most, step)) => (most, Some(step.parse().ok()?)),
        None => (most, None),
    };
    Some(Range {
        unit: (unit != "-").then_some(unit),
        step,
        also,
        least: least.parse().ok()?,
        most: most.parse().ok()?,
        written: (least, most),
    })
}

fn parse_renamed(line: &'static str) -> Option<(&'static str, &'static str, Carry)> {
    let (old, rest) = word(line)?;
    let (new, carry) = word(rest)?;
    let carry = match carry {
        "same" => Carry::Same,
        "segments" => Carry::Segments,
        "checkpoints" => Carry::Checkpoints,
        _ => return None,
    };
    Some((old, new, carry))
}

fn word(text: &'static str) -> Option<(&'static str, &'static str)> {
    text.split_once(' ').map(|(word, rest)| (word, rest.trim_start()))
}

#[cfg(test)]
mod tests;
