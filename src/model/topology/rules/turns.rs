//! Which synchronous candidates a commit waits for as things are drawn, and what has to fail before it waits for another.

use std::collections::BTreeMap;

use super::super::{ServerId, SyncMethod, Topology};
use crate::model::words::listed;

pub(super) struct Turns {
    is_quorum: bool,
    /// For how many of them a commit waits.
    count: usize,
    /// Of all candidates, in the order of the list.
    names: Vec<String>,
    places: BTreeMap<ServerId, usize>,
}

impl Turns {
    pub(super) fn of(topology: &Topology) -> Self {
        let candidates = topology.sync_candidates();
        let policy = topology.sync();
        Self {
            is_quorum: policy.is_some_and(|policy| policy.method == SyncMethod::Any),
            count: policy.map_or(0, |policy| usize::try_from(policy.count).unwrap_or(usize::MAX)),
            names: candidates
                .iter()
                .map(|server| format!("\"{}\"", server.name()))
                .collect(),
            places: (0..)
                .zip(&candidates)
                .map(|(place, server)| (server.id(), place))
                .collect(),
        }
    }

    /// `"slave1" fails`: from then on a commit waits for this candidate. `None`: it does already.
    pub(super) fn failure_before(&self, server: ServerId) -> Option<String> {
        let place = *self.places.get(&server)?;
        let before = if self.is_quorum {
            self.names.len() - 1
        } else {
            place
        };
        // Of those, so many may fail without a commit that waits for this one.
        let spare = (before + 1).checked_sub(self.count).filter(|spare| *spare > 0)?;
        let verb = if spare == 1 { "fails" } else { "fail" };
        let who = match (self.is_quorum, before) {
            (true, 1) => self.names.get(1 - place).cloned()?,
            (true, all) if all == spare => "all other candidates".to_owned(),
            (true, _) => format!("{} of the other candidates", in_words(spare)),
            (false, all) if all == spare => listed(self.names.get(..place)?),
            (false, _) => format!("{} of {}", in_words(spare), listed(self.names.get(..place)?)),
        };
        Some(format!("{who} {verb}"))
    }
}

fn in_words(number: usize) -> String {
    match number {
        1 => "one".to_owned(),
        many => many.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::notation;
    use super::*;

    fn before(sync: &str, server: &str) -> Option<String> {
        let text = format!(
            "m 1 sync {sync}\n  a 2 priority 1\n  b 3 priority 2\n  c 4 priority 3\n  d 5 priority 4\n"
        );
        let topology = notation::parse(&text).unwrap();
        let id = topology.by_name(server).unwrap().id();
        Turns::of(&topology).failure_before(id)
    }

    #[test]
    fn it_is_said_what_fails_before_a_commit_waits_for_it() {
        for (sync, server, words) in [
            ("first 1", "a", None),
            ("first 1", "b", Some("\"a\" fails")),
            ("first 1", "c", Some("\"a\" and \"b\" fail")),
            ("first 2", "b", None),
            ("first 2", "c", Some("one of \"a\" and \"b\" fails")),
            ("first 2", "d", Some("2 of \"a\", \"b\" and \"c\" fail")),
            ("first 9", "d", None),
            ("any 1", "a", Some("all other candidates fail")),
            ("any 2", "a", Some("2 of the other candidates fail")),
            ("any 3", "d", Some("one of the other candidates fails")),
            ("any 4", "d", None),
        ] {
            assert_eq!(before(sync, server).as_deref(), words, "{sync} {server}");
        }
        let pair = notation::parse("m 1 sync any 1\n  a 2 priority 1\n  b 3 priority 1\n").unwrap();
        let of = |name| Turns::of(&pair).failure_before(pair.by_name(name).unwrap().id());
        assert_eq!(of("a").as_deref(), Some("\"b\" fails"));
        assert_eq!(of("b").as_deref(), Some("\"a\" fails"));
    }
}
