//! What the signs of the drawing mean, in a sentence for who rests the pointer on them.

use super::card::{BY_ARCHIVE, Badge, BadgeKind, Link};

impl Badge {
    /// What it says about commits.
    pub fn meaning(&self) -> String {
        let sentence = match self.kind {
            BadgeKind::Policy => return policy(&self.text),
            BadgeKind::Sync => {
                "Commits wait until this standby has them. The number is its place in synchronous_standby_names."
            }
            BadgeKind::Potential => {
                "Becomes synchronous when one before it in synchronous_standby_names disconnects. Until then no commit \
                 waits for it."
            }
            BadgeKind::Quorum => {
                "One of the standbys whose answers count: commits wait for any of them, as many as the primary's badge says."
            }
            BadgeKind::Async if self.text == "async only" => {
                "No standby is synchronous: commits wait for the primary's own disk only."
            }
            BadgeKind::Async if self.text == BY_ARCHIVE => {
                "Restores finished WAL segments from the archive: nothing streams to it."
            }
            BadgeKind::Async => "No commit waits for it, so it may lack the latest ones.",
            BadgeKind::Absent => "Its upstream's pg_stat_replication has no row for it.",
            BadgeKind::Trouble => "No commit is confirmed while this lasts.",
        };
        sentence.to_owned()
    }
}

/// Of "first 1 of 2", and of what What-if says instead.
fn policy(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    match words.as_slice() {
        ["first", count, "of", candidates] => format!(
            "Commits wait for {count} of {candidates} synchronous standbys: the first in synchronous_standby_names that \
             are connected."
        ),
        ["any", count, "of", candidates] => format!(
            "Commits wait for any {count} of {candidates} synchronous standbys: those that answer first."
        ),
        _ => "Nothing keeps commits from being confirmed.".to_owned(),
    }
}

impl Link {
    /// What its line and its words mean.
    pub fn meaning(&self) -> String {
        let first = if self.is_by_archive {
            "Nothing streams here: the standby restores WAL segments from the archive."
        } else if self.label.starts_with("quorum") {
            "The standby is in the quorum: commits wait for any of these, as many as the primary's badge says."
        } else if self.is_candidate {
            "The standby may be synchronous: the number is its place in synchronous_standby_names."
        } else {
            "WAL streams along this link, and no commit waits for it."
        };
        let mut sentences = vec![first.to_owned()];
        if self.label.contains("no slot") {
            let without =
                "Without a replication slot the upstream may remove WAL that the standby still needs.";
            sentences.push(without.to_owned());
        }
        if let Some((_, delay)) = self.label.split_once("delay ") {
            sentences.push(format!("The standby applies each change {delay} late."));
        }
        sentences.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use crate::app::Session;
    use crate::app::cards::describe;
    use crate::model::document::Document;
    use crate::model::topology::notation;

    #[test]
    fn badges_and_links_say_what_they_mean() {
        let text =
            "m 1025 sync first 1\n  a 1026 priority 1\n    c 1027 no-slot delay 10min\n  b 1028 priority 2\n";
        let session = Session::new(Document::new(notation::parse(text).unwrap()), None);
        let described = describe(&session);
        let (primary, _) = &described[0];
        assert!(
            primary
                .badge
                .meaning()
                .starts_with("Commits wait for 1 of 2 synchronous standbys: the first")
        );
        let link = |name: &str| {
            let (_, link) = described.iter().find(|(card, _)| card.name == name).unwrap();
            link.as_ref().unwrap().meaning()
        };
        assert!(link("a").contains("may be synchronous"));
        let late = link("c");
        assert!(
            late.contains("no commit waits") && late.contains("may remove WAL"),
            "{late}"
        );
        assert!(late.ends_with("10min late."), "{late}");
    }
}
