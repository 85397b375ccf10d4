//! What the roles are called in the window: primary and standby, as PostgreSQL's manual has it, or master and slave, as
//! older literature does. Files, commands and what the terminal prints keep the manual's words.

use crate::engine::desk::preferences::RoleWords;

/// Each of the manual's words with the older one.
const OLDER: [(&str, &str); 6] = [
    ("primary", "master"),
    ("primaries", "masters"),
    ("standby", "slave"),
    ("standbys", "slaves"),
    ("Primary", "Master"),
    ("Standby", "Slave"),
];

impl RoleWords {
    pub fn primary(self) -> &'static str {
        self.word("primary")
    }

    pub fn standby(self) -> &'static str {
        self.word("standby")
    }

    /// A role as the user calls it; other words as they are.
    pub fn word(self, word: &'static str) -> &'static str {
        let older = OLDER.iter().find(|(manual, _)| *manual == word);
        match (self, older) {
            (Self::Older, Some((_, older))) => older,
            _ => word,
        }
    }

    /// A sentence with the user's words for the roles. What stands in double quotes is a name, and
    /// `primary_conninfo`, `standby.signal` and their like are no roles.
    pub fn said(self, sentence: &str) -> String {
        if self == Self::Manual {
            return sentence.to_owned();
        }
        let mut said = String::with_capacity(sentence.len());
        let mut rest = sentence;
        let mut is_quoted = false;
        while let Some(first) = rest.chars().next() {
            let is_part = |c: char| c.is_alphanumeric() || c == '_';
            let end = rest.find(|c| is_part(c) != is_part(first)).unwrap_or(rest.len());
            let (piece, after) = rest.split_at(end);
            let is_in_name = said.ends_with(['.', '/', '-', '$'])
                || after.starts_with(['/', '-', '='])
                || after
                    .strip_prefix('.')
                    .is_some_and(|after| after.starts_with(is_part));
            let older = OLDER.iter().find(|(manual, _)| *manual == piece);
            match older.filter(|_| !is_quoted && !is_in_name) {
                Some((_, older)) => said.push_str(older),
                None => said.push_str(piece),
            }
            if piece.matches('"').count() % 2 == 1 {
                is_quoted = !is_quoted;
            }
            rest = after;
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_roles_are_called_otherwise() {
        let older = |sentence: &str| RoleWords::Older.said(sentence);
        assert_eq!(older("Make primary"), "Make master");
        assert_eq!(
            older("A commit waits for no standby."),
            "A commit waits for no slave."
        );
        assert_eq!(
            older("standbys, below the primary's own"),
            "slaves, below the master's own"
        );
        for name in [
            "follows \"primary\" or \"my standby\"",
            "primary_conninfo, hot_standby, standby.signal",
            "servers/standby/data, no-standby",
        ] {
            assert_eq!(older(name), name);
            assert_eq!(RoleWords::Manual.said(name), name);
        }
        assert_eq!(RoleWords::Manual.said("a standby"), "a standby");
        assert_eq!(
            (RoleWords::Older.standby(), RoleWords::Older.word("relay")),
            ("slave", "relay")
        );
    }
}
