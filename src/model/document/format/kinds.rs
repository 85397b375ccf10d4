//! The kinds of problems that keep a text from being a design, for anyone who asks what one of them means.

/// One kind of [`Problem`](super::Problem).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// What `check` lists it under, for example `loop`.
    pub id: &'static str,
    pub title: &'static str,
    pub why: &'static str,
}

const fn kind(id: &'static str, title: &'static str, why: &'static str) -> Kind {
    Kind { id, title, why }
}

pub static KINDS: [Kind; 14] = [
    kind(
        "file-not-read",
        "The file cannot be read",
        "it must be a regular file of text that you may read; the message says what the system answered",
    ),
    kind(
        "not-toml",
        "The text is not valid TOML",
        "a design is a TOML file: strings need quotes, each key is followed by one =, and no key occurs twice in a table",
    ),
    kind(
        "unknown-format",
        "The format is from a newer pgcascade",
        "a later format may have keys with a meaning that this version does not know",
    ),
    kind(
        "unknown-key",
        "A key that this place does not have",
        "a misspelt key would otherwise be ignored, and the cluster built without it",
    ),
    kind(
        "missing-key",
        "A key that must be there is missing",
        "there is no default for it: a server without a name or a port cannot be built",
    ),
    kind(
        "bad-value",
        "A value of the wrong type, or outside what the key takes",
        "the message says what the key takes",
    ),
    kind(
        "too-many-servers",
        "More servers than pgcascade handles",
        "every server is drawn, checked and simulated; the message says how many are possible",
    ),
    kind(
        "no-server",
        "The design has no server",
        "a cluster has at least a primary",
    ),
    kind(
        "no-primary",
        "Every server follows another",
        "WAL comes from the primary, the one server without \"follows\"",
    ),
    kind(
        "two-primaries",
        "Two servers without an upstream",
        "a cluster has one primary; two would be two clusters, or a split brain",
    ),
    kind(
        "name-used-twice",
        "Two servers of one name",
        "the name is the application_name: by it, pg_stat_replication and synchronous_standby_names distinguish standbys",
    ),
    kind(
        "unknown-upstream",
        "A standby follows a server that does not exist",
        "\"follows\" is the name of another server of the same file",
    ),
    kind(
        "loop",
        "Standbys that follow each other, or one that follows itself",
        "none of them is connected to the primary, so no WAL ever reaches them",
    ),
    kind(
        "standby-setting-on-primary",
        "A key for standbys on the primary",
        "the primary has no upstream to delay, to take a slot from or to answer as a synchronous standby",
    ),
];

impl Kind {
    pub fn of(id: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use crate::model::topology::RULES;

    #[test]
    fn no_rule_has_the_id_of_a_kind() {
        for kind in &KINDS {
            assert!(RULES.iter().all(|rule| rule.id != kind.id), "{}", kind.id);
        }
    }

    #[test]
    fn every_kind_that_a_text_can_have_is_explained() {
        let server = |name: &str, port: u16, more: &str| {
            format!("[[server]]\nname = \"{name}\"\nport = {port}\n{more}\n")
        };
        let a = server("a", 1025, "");
        for (text, id) in [
            ("= 1".to_owned(), "not-toml"),
            (format!("format = 99\n{a}"), "unknown-format"),
            (format!("colour = 1\n{a}"), "unknown-key"),
            ("[[server]]\nport = 1025\n".to_owned(), "missing-key"),
            (server("a", 0, ""), "bad-value"),
            ((1..=20_001).map(|_| "[[server]]\n").collect(), "too-many-servers"),
            (String::new(), "no-server"),
            (server("a", 1025, "follows = \"a\""), "loop"),
            (format!("{a}{}", server("b", 1026, "")), "two-primaries"),
            (
                format!("{a}{}", server("a", 1026, "follows = \"a\"")),
                "name-used-twice",
            ),
            (
                format!("{a}{}", server("b", 1026, "follows = \"c\"")),
                "unknown-upstream",
            ),
            (
                server("a", 1025, "apply_delay = \"1min\""),
                "standby-setting-on-primary",
            ),
        ] {
            let problems = read(&format!("postgres = 15\n{text}")).unwrap_err();
            assert!(
                problems.iter().any(|problem| problem.rule == id),
                "{id}: {problems:?}"
            );
            for problem in problems {
                assert!(Kind::of(problem.rule).is_some(), "{}", problem.rule);
            }
        }
    }
}
