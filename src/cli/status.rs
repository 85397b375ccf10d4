//! `status`: the board of a running cluster, a table for every server that sends.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::table::replication;
use super::{Ending, print, target};
use crate::engine::cluster;
use crate::engine::monitor::Snapshot;
use crate::model::health::{Board, Commits, Reading, State};
use crate::model::words::counted;
use crate::report::Report;

/// What is older than this is said to be.
const FRESH: Duration = Duration::from_secs(1);

/// A board that was measured: what a prediction prints, and who answers.
#[derive(Serialize)]
struct Measured<'a> {
    servers: Vec<MeasuredReading<'a>>,
    commits: &'a Commits,
}

#[derive(Serialize)]
struct MeasuredReading<'a> {
    #[serde(flatten)]
    reading: &'a Reading,
    answers: bool,
}

pub(super) async fn status(dir: &Path, as_json: bool) -> Result<Ending, Report> {
    let snapshot = cluster::observe(&target::absolute(dir)?).await?;
    let board = snapshot.board();
    if as_json {
        let servers = board.servers.iter();
        print::json(&Measured {
            servers: servers
                .map(|reading| MeasuredReading {
                    reading,
                    answers: reading.answers,
                })
                .collect(),
            commits: &board.commits,
        });
    } else {
        print_tables(&board, |reading| life(reading, &snapshot));
    }
    Ok(Ending::Fine)
}

/// The tables of a predicted board.
pub(super) fn print_board(board: &Board) {
    print_tables(board, alive_or_down);
}

fn print_tables(board: &Board, life: impl Fn(&Reading) -> String) {
    for reading in &board.servers {
        print::line(heading(reading, &life(reading)));
        if !reading.replication.is_empty() {
            print::line(replication(&reading.replication));
            print::line("");
        }
    }
    print::line(commits(board));
}

/// "slave1: standby of master, running, sends to 2 servers".
fn heading(reading: &Reading, life: &str) -> String {
    let role = match &reading.upstream {
        Some(upstream) => format!("{} of {upstream}", reading.role),
        None => reading.role.clone(),
    };
    let sends = match reading.replication.len() {
        0 => String::new(),
        many => format!(", sends to {}", counted(many, "server")),
    };
    format!("{}: {role}, {life}{sends}", reading.name)
}

fn alive_or_down(reading: &Reading) -> String {
    if reading.running { "running" } else { "down" }.to_owned()
}

/// How a server is, with the time where it matters: "does not answer (for 3 s, nothing came back in time)".
fn life(reading: &Reading, snapshot: &Snapshot) -> String {
    let seen = snapshot.observed.get(&reading.name);
    if let Some(State::Unreachable(why)) = seen.map(|seen| &seen.latest.state) {
        return match snapshot.silent_for(&reading.name).filter(|time| *time >= FRESH) {
            Some(time) => format!("does not answer (for {}, {why})", seconds(time)),
            None => format!("does not answer ({why})"),
        };
    }
    match snapshot.age(&reading.name).filter(|age| *age > FRESH) {
        Some(age) => format!("{} (as of {} ago)", alive_or_down(reading), seconds(age)),
        None => alive_or_down(reading),
    }
}

/// "1.5 s", "75 s".
fn seconds(time: Duration) -> String {
    let tenths = (time.as_millis() + 50) / 100;
    match (tenths / 10, tenths % 10) {
        (whole, rest) if whole < 10 && rest > 0 => format!("{whole}.{rest} s"),
        (whole, _) => format!("{whole} s"),
    }
}

fn commits(board: &Board) -> String {
    let commits = &board.commits;
    let is_quorum = board
        .servers
        .iter()
        .flat_map(|reading| &reading.replication)
        .any(|row| row.sync_state == "quorum");
    let names = all_of(&commits.waits_for);
    match (commits.outcome.as_str(), commits.waits_for.is_empty()) {
        ("acknowledged", true) => "A commit is acknowledged without waiting for a standby".to_owned(),
        ("acknowledged", false) if is_quorum => {
            format!("A commit is acknowledged when enough of {names} have answered (a quorum)")
        }
        ("acknowledged", false) => {
            let have = if commits.waits_for.len() == 1 {
                "has"
            } else {
                "have"
            };
            format!("A commit is acknowledged when {names} {have} answered")
        }
        ("unknown", _) => "What becomes of a commit is not known: the primary does not answer".to_owned(),
        ("no-primary", _) => "The primary is down: there are no commits".to_owned(),
        (_, true) => "A commit would hang: no synchronous standby streams".to_owned(),
        (_, false) => format!(
            "A commit would hang: it needs more standbys than {names}, and no other synchronous one streams"
        ),
    }
}

/// "a, b and c".
fn all_of(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::health::{Moment, Observation, Observed, Role, Unreachable, sample};
    use crate::model::topology::notation;

    /// What is said of `a` three seconds after it was looked at; that took 1.5 s.
    fn told(states: &[State]) -> String {
        let topology = Arc::new(notation::parse("m 1\n  a 2\n").unwrap());
        let mut observed = Observed::default();
        for (second, state) in (10..).zip(states) {
            observed.note(&Arc::new(Observation {
                server: "a".to_owned(),
                at: Moment::since_1970(Duration::from_secs(second)),
                took: Duration::from_millis(1500),
                state: state.clone(),
            }));
        }
        let now = Moment::since_1970(Duration::from_secs(9 + states.len() as u64 + 3));
        let snapshot = Snapshot {
            topology,
            observed,
            now,
        };
        let board = snapshot.board();
        heading(&board.servers[1], &life(&board.servers[1], &snapshot))
    }

    #[test]
    fn silence_is_not_called_down_and_has_a_time() {
        let silent = || State::Unreachable(Unreachable::Silent);
        assert_eq!(
            told(&[silent()]),
            "a: standby of m, does not answer (for 4.5 s, nothing came back in time)"
        );
        assert_eq!(
            told(&[sample::up(Role::Standby), silent(), silent()]),
            "a: standby of m, does not answer (for 5 s, nothing came back in time)"
        );
        assert_eq!(told(&[State::Down]), "a: standby of m, down (as of 3 s ago)");
        assert_eq!(
            told(&[sample::up(Role::Standby)]),
            "a: standby of m, running (as of 3 s ago)"
        );
        assert_eq!(told(&[State::Closed]), "a: standby of m, running (as of 3 s ago)");
    }

    #[test]
    fn a_predicted_server_is_told_in_one_line() {
        let reading = |running| Reading {
            name: "slave11".to_owned(),
            running,
            answers: running,
            role: "standby".to_owned(),
            upstream: Some("slave1".to_owned()),
            replication: Vec::new(),
        };
        let told = |running| heading(&reading(running), &alive_or_down(&reading(running)));
        assert_eq!(told(true), "slave11: standby of slave1, running");
        assert_eq!(told(false), "slave11: standby of slave1, down");
    }
}
