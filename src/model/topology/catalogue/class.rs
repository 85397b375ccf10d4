//! What a parameter can do to the machine: the allow list of `assets/parameters/classes.txt`, read once.
//!
//! A parameter that the list does not hold is not known to be harmless. Start with [`danger`].

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::value::parse_bool;

/// What a setting does with the machine it runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Harmless,
    /// Reads another file as settings.
    Include,
    /// Names a file or folder, or makes the server write outside its own.
    File(FileKind),
    /// A line of shell that the server runs as its user.
    Command,
    /// Code that is loaded into the server.
    Library,
    /// Lets somebody in, or makes it easier to get in, to listen or to read along.
    Door,
    /// Can cost data.
    Data,
    /// Nobody has judged it: an extension's own, or one of a version that nobody has seen.
    Unknown,
}

/// How a value says which file is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A path; an empty one is none.
    Path,
    /// A path; an empty one is the root of the file system.
    Folder,
    /// The name of a log, in which `%` begins a part of the time.
    LogName,
    /// Not a path: with this value the server writes to a place of its own choice.
    Elsewhere,
}

#[derive(Debug)]
struct Judged {
    class: Class,
    counts: Counts,
}

/// Which values do what the class says.
#[derive(Debug)]
enum Counts {
    Any,
    /// Empty ones, too.
    Always,
    Bool(bool),
    OneOf(Vec<&'static str>),
    /// A list with a word beyond these.
    Beyond(Vec<&'static str>),
    NoneOf(Vec<&'static str>),
    Below(f64),
}

/// What the setting does with this value. Names are compared without regard to case, as PostgreSQL does.
pub fn danger(name: &str, value: &str) -> Class {
    match table().get(&name.to_ascii_lowercase()) {
        Some(judged) if judged.counts.holds(value) => judged.class,
        Some(_) => Class::Harmless,
        None if value.is_empty() => Class::Harmless,
        None => Class::Unknown,
    }
}

/// True if somebody has judged the parameter.
pub fn is_judged(name: &str) -> bool {
    table().contains_key(&name.to_ascii_lowercase())
}

/// Every parameter that was judged, in small letters.
pub fn judged() -> impl Iterator<Item = &'static str> {
    table().keys().map(String::as_str)
}

/// The libraries in a list such as shared_preload_libraries, as they stand there.
pub fn libraries(list: &str) -> impl Iterator<Item = &str> {
    let names = list.split(',').map(|name| name.trim().trim_matches('"'));
    names.filter(|name| !name.is_empty())
}

impl Counts {
    fn holds(&self, value: &str) -> bool {
        let trimmed = value.trim();
        // A list of words, each of which may stand in quotes.
        let mut words = trimmed.split(',').map(|word| word.trim().trim_matches('"'));
        let is_in = |list: &[&str], word: &str| list.iter().any(|one| one.eq_ignore_ascii_case(word));
        match self {
            Self::Always => true,
            Self::Any => !trimmed.is_empty(),
            Self::Bool(wanted) => parse_bool(value) == Some(*wanted),
            Self::Beyond(list) => words.any(|word| !word.is_empty() && !is_in(list, word)),
            Self::OneOf(list) => words.any(|word| is_in(list, word)),
            Self::NoneOf(list) => !trimmed.is_empty() && !is_in(list, trimmed),
            // Anything but a plain number is left to a person.
            Self::Below(least) => trimmed.parse::<f64>().map_or(true, |number| number < *least),
        }
    }

    fn parse(text: &'static str) -> Option<Self> {
        let list = |words: &'static str| words.split(',').collect();
        Some(match text {
            "any" | "path" => Self::Any,
            "folder" | "log-name" => Self::Always,
            "on" => Self::Bool(true),
            "off" => Self::Bool(false),
            _ => {
                if let Some(words) = text.strip_prefix('=') {
                    Self::OneOf(list(words))
                } else if let Some(words) = text.strip_prefix("beyond ") {
                    Self::Beyond(list(words))
                } else if let Some(words) = text.strip_prefix("not ") {
                    Self::NoneOf(list(words))
                } else {
                    Self::Below(text.strip_prefix("below ")?.parse().ok()?)
                }
            }
        })
    }
}

fn table() -> &'static BTreeMap<String, Judged> {
    static TABLE: OnceLock<BTreeMap<String, Judged>> = OnceLock::new();
    TABLE.get_or_init(|| super::lines(CLASSES).filter_map(parse).collect())
}

const CLASSES: &str = include_str!("../../../../assets/parameters/classes.txt");

fn parse(line: &'static str) -> Option<(String, Judged)> {
    let line = line.split_once(" # ").map_or(line, |(line, _)| line).trim_end();
    let (name, rest) = super::word(line)?;
    let (class, values) = super::word(rest).unwrap_or((rest, ""));
    let class = match class {
        "harmless" => {
            let judged = Judged {
                class: Class::Harmless,
                counts: Counts::Always,
            };
            return values.is_empty().then(|| (name.to_ascii_lowercase(), judged));
        }
        "include" => Class::Include,
        "file" => Class::File(match values {
            "path" => FileKind::Path,
            "folder" => FileKind::Folder,
            "log-name" => FileKind::LogName,
            _ => FileKind::Elsewhere,
        }),
        "command" => Class::Command,
        "library" => Class::Library,
        "door" => Class::Door,
        "data" => Class::Data,
        _ => return None,
    };
    let counts = Counts::parse(values)?;
    Some((name.to_ascii_lowercase(), Judged { class, counts }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::PgMajor;

    #[test]
    fn every_line_is_read_and_no_name_stands_twice() {
        let mut seen = std::collections::BTreeSet::new();
        for line in super::super::lines(CLASSES) {
            let (name, _) = parse(line).unwrap_or_else(|| panic!("{line}"));
            assert!(seen.insert(name), "{line}");
        }
        assert_eq!(seen.len(), table().len());
    }

    #[test]
    fn every_parameter_of_the_catalogue_has_a_class() {
        let names = super::super::catalogue().parameters.keys();
        let unjudged: Vec<_> = names.filter(|name| !is_judged(name)).collect();
        assert!(unjudged.is_empty(), "give these a class: {unjudged:?}");
        for major in PgMajor::ALL {
            assert!(super::super::names(major).all(is_judged));
        }
    }

    /// A new command or library of PostgreSQL is called as the old ones are: it must not slip in as harmless.
    #[test]
    fn what_sounds_dangerous_is_not_called_harmless() {
        const SOUNDS: [&str; 9] = [
            "command",
            "library",
            "libraries",
            "_file",
            "_dir",
            "directory",
            "directories",
            "provider",
            "_path",
        ];
        // Schemas, and a name that only tells.
        const IS_NOT: [&str; 2] = ["search_path", "ssl_library"];
        for (name, judged) in table() {
            let sounds = SOUNDS.iter().any(|word| name.ends_with(word)) && !IS_NOT.contains(&name.as_str());
            assert!(!sounds || judged.class != Class::Harmless, "{name}");
        }
        assert!(IS_NOT.into_iter().all(is_judged));
    }

    #[test]
    fn a_value_decides_whether_it_counts() {
        for (name, value, class) in [
            ("fsync", "off", Class::Data),
            ("FSYNC", "no", Class::Data),
            ("fsync", "on", Class::Harmless),
            ("zero_damaged_pages", "t", Class::Data),
            ("Archive_Command", "touch x", Class::Command),
            ("restore_command", " ", Class::Harmless),
            ("shared_preload_libraries", "", Class::Harmless),
            ("jit_provider", "llvmjit", Class::Harmless),
            ("jit_provider", "evil", Class::Library),
            ("dynamic_library_path", "$libdir", Class::Harmless),
            ("dynamic_library_path", "$libdir:/tmp", Class::Library),
            (
                "log_destination",
                "stderr, \"Syslog\"",
                Class::File(FileKind::Elsewhere),
            ),
            ("log_destination", "stderr,csvlog", Class::Harmless),
            ("log_directory", "", Class::File(FileKind::Folder)),
            ("ssl_crl_file", "", Class::Harmless),
            ("scram_iterations", "1", Class::Door),
            ("scram_iterations", "0x1", Class::Door),
            ("scram_iterations", "4096", Class::Harmless),
            ("log_file_mode", "0600", Class::Harmless),
            ("log_file_mode", "0644", Class::Door),
            ("session_replication_role", "REPLICA", Class::Data),
            ("include_if_exists", "../log", Class::Include),
            ("auto_explain.log_min_duration", "1s", Class::Harmless),
            ("plperl.on_init", "1", Class::Command),
            ("cron.database_name", "postgres", Class::Unknown),
            ("brand_new_thing", "1", Class::Unknown),
            ("my.own", "", Class::Harmless),
        ] {
            assert_eq!(danger(name, value), class, "{name} = {value:?}");
        }
    }

    #[test]
    fn a_list_is_harmless_up_to_the_words_that_are_named() {
        let of = |value| danger("output_plugin_libraries", value);
        for value in [
            "pgoutput, test_decoding",
            "pgoutput",
            "\"test_decoding\",pgoutput",
            "",
        ] {
            assert_eq!(of(value), Class::Harmless, "{value}");
        }
        assert_eq!(of("pgoutput, wal2json"), Class::Library);
    }
}
