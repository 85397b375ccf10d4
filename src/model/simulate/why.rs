//! The reason for each predicted value: the rule in a sentence, with the manual's term for it.

use std::collections::BTreeSet;

use super::{Configured, StandbyNames, predict};
use crate::model::health::{Board, Reading, ReplicationRow};
use crate::model::topology::{Server, ServerId, Topology};

/// Why one thing is as it is predicted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The server on which it shows.
    pub server: String,
    /// The row's application_name, the name of a standby without a row, or "commit".
    pub about: String,
    pub sentence: String,
}

/// A reason for each row, each row that is missing, and for what becomes of a commit, which comes last.
pub fn why(topology: &Topology, down: &BTreeSet<ServerId>) -> Vec<Reason> {
    let board = predict(topology, down);
    let primary = Configured::of(topology, topology.primary()).ok();
    let names = primary.as_ref().and_then(|configured| configured.names.as_ref());
    let mut reasons = Vec::new();
    for (reading, server) in board.servers.iter().zip(topology.servers()) {
        let mut add = |about: &str, sentence| {
            reasons.push(Reason {
                server: reading.name.clone(),
                about: about.to_owned(),
                sentence,
            });
        };
        for row in &reading.replication {
            add(&row.application_name, of_row(row, server.is_primary(), names));
        }
        for standby in topology.downstreams(server.id()) {
            if let Some(sentence) = of_missing_row(reading, standby, down) {
                add(&standby.name().in_view(topology.postgres()), sentence);
            }
        }
    }
    reasons.push(Reason {
        server: topology.primary().name().to_string(),
        about: "commit".to_owned(),
        sentence: of_commit(&board, primary.as_ref()),
    });
    reasons
}

/// Why a row shows this priority and sync_state.
pub(super) fn of_row(row: &ReplicationRow, is_primary: bool, names: Option<&StandbyNames>) -> String {
    let Some(names) = names.filter(|_| is_primary) else {
        return if is_primary {
            "asynchronous, since synchronous_standby_names is empty".to_owned()
        } else {
            "asynchronous, since cascading replication always is: a standby ignores its own synchronous_standby_names"
                .to_owned()
        };
    };
    let (place, count) = (row.sync_priority, names.count());
    match row.sync_state.as_str() {
        "quorum" => format!(
            "a candidate of the quorum (ANY {count}): all have priority 1, and whichever {count} answer first will do"
        ),
        "sync" => format!(
            "number {place} in synchronous_standby_names, and among the first {count} of those that stream: a commit waits for it"
        ),
        "potential" if count == 1 => format!(
            "number {place} in synchronous_standby_names, but the one that commits wait for comes before it; it takes \
             over when that one fails"
        ),
        "potential" => format!(
            "number {place} in synchronous_standby_names, but the {count} that a commit waits for come \
             before it; it takes over when one of them fails"
        ),
        _ => "asynchronous, since no member of synchronous_standby_names matches its application_name"
            .to_owned(),
    }
}

/// Why a standby that is drawn below has no row.
fn of_missing_row(reading: &Reading, standby: &Server, down: &BTreeSet<ServerId>) -> Option<String> {
    if down.contains(&standby.id()) {
        return reading
            .running
            .then(|| "no row: it is down, and the view only shows connected standbys".to_owned());
    }
    (!reading.running).then(|| {
        format!(
            "does not stream, since its upstream \"{}\" is down: it keeps answering queries (hot standby) \
             and retries until the upstream is back, but does not look for another",
            reading.name
        )
    })
}

fn of_commit(board: &Board, primary: Option<&Configured>) -> String {
    let Some(configured) = primary.filter(|_| board.commits.outcome != "no-primary") else {
        return "there is none: the primary is down, and no standby promotes itself".to_owned();
    };
    let Some(names) = &configured.names else {
        return "acknowledged when it is on the primary's own disk: no standby is synchronous".to_owned();
    };
    let (level, count) = (configured.commit.word(), names.count());
    if configured.waited_for().is_none() {
        return format!(
            "acknowledged without a standby: synchronous_commit = {level} does not wait for \
             standbys"
        );
    }
    let needed = &board.commits.waits_for;
    if board.commits.outcome == "waiting" {
        return format!(
            "hangs without a timeout: synchronous_commit = {level} needs answers from {count} of the \
             standbys in synchronous_standby_names, and {} of them are streaming",
            needed.len()
        );
    }
    let answered = needed.join(", ");
    if names.is_quorum() {
        format!(
            "acknowledged when any {count} of {answered} answered: synchronous_commit = {level}, and ANY {count} in synchronous_standby_names"
        )
    } else {
        format!(
            "acknowledged when {answered} answered: synchronous_commit = {level} waits for the first {count} in synchronous_standby_names that stream"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    #[track_caller]
    fn check(design: &str, down: &[&str], expected: &[(&str, &str, &str)]) {
        let topology = notation::parse(design).unwrap();
        let down = down
            .iter()
            .map(|name| topology.by_name(name).unwrap().id())
            .collect();
        let reasons = why(&topology, &down);
        assert_eq!(reasons.len(), expected.len(), "{reasons:#?}");
        for (reason, (server, about, beginning)) in reasons.iter().zip(expected) {
            assert_eq!((reason.server.as_str(), reason.about.as_str()), (*server, *about));
            assert!(reason.sentence.starts_with(beginning), "{}", reason.sentence);
        }
    }

    #[test]
    fn every_row_every_missing_row_and_the_commit_have_a_reason() {
        let seed = "m 1 sync first 1\n  a 2 priority 1\n    c 3\n    d 4\n  b 5 priority 2\n  z 6\n";
        check(
            seed,
            &["d"],
            &[
                ("m", "a", "number 1 in synchronous_standby_names, and among"),
                ("m", "b", "number 2 in synchronous_standby_names, but"),
                ("m", "z", "asynchronous, since no member"),
                ("a", "c", "asynchronous, since cascading"),
                ("a", "d", "no row: it is down"),
                (
                    "m",
                    "commit",
                    "acknowledged when a answered: synchronous_commit = on waits for the first 1",
                ),
            ],
        );
        check(
            seed,
            &["a", "b", "c"],
            &[
                ("m", "z", "asynchronous"),
                ("m", "a", "no row"),
                ("m", "b", "no row"),
                ("a", "d", "does not stream"),
                ("m", "commit", "hangs without a timeout"),
            ],
        );
        check(
            "m 1 sync any 1 commit local\n  a 2 priority 1\n",
            &[],
            &[
                ("m", "a", "a candidate of the quorum (ANY 1)"),
                ("m", "commit", "acknowledged without a standby"),
            ],
        );
        check("m 1\n", &["m"], &[("m", "commit", "there is none")]);
    }
}
