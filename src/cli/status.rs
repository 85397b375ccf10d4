//! `status`: the board of a running cluster, a table for every server that sends, and what differs from the design.

use std::path::Path;

use serde::Serialize;

use super::beside::BesideWhatIf;
use super::table::replication;
use super::{Ending, live, print, target};
use crate::engine::cluster;
use crate::engine::monitor::Snapshot;
use crate::model::drift::{Drift, SILENT};
use crate::model::health::{Board, Commits, Reading, Replay};
use crate::model::words::counted;
use crate::report::Report;

/// A board that was measured: what a prediction prints, and what only running servers have.
#[derive(Serialize)]
struct Measured<'a> {
    servers: Vec<MeasuredReading<'a>>,
    commits: MeasuredCommits<'a>,
    drift: &'a [Drift],
    /// Only while faults of the laboratory are made.
    #[serde(skip_serializing_if = "Option::is_none")]
    beside: Option<&'a BesideWhatIf>,
}

#[derive(Serialize)]
struct MeasuredReading<'a> {
    #[serde(flatten)]
    reading: &'a Reading,
    answers: bool,
    /// `null` in these: it does not say.
    timeline: Option<u32>,
    lag_bytes: Option<u64>,
    lag_seconds: Option<f64>,
    replay_paused: Option<bool>,
}

#[derive(Serialize)]
struct MeasuredCommits<'a> {
    #[serde(flatten)]
    commits: &'a Commits,
    /// How many wait for a standby at this moment.
    waiting: Option<u32>,
}

pub(super) async fn status(dir: &Path, as_json: bool) -> Result<Ending, Report> {
    let folder = target::absolute(dir)?;
    let snapshot = cluster::observe(&folder).await?;
    let drift = snapshot.drift();
    let made = snapshot.faults.clone();
    let beside = (!made.is_empty()).then(|| BesideWhatIf::of(made, &snapshot));
    if as_json {
        print_json(&snapshot, &drift, beside.as_ref());
    } else {
        let board = snapshot.board();
        print_tables(&board, |reading| live::life(reading, &snapshot));
        if let Some(waiting) = snapshot.waiting().filter(|count| *count > 0) {
            print::line(format!("{} right now for a standby", wait(waiting)));
        }
        live::print_drift(&drift);
        beside.iter().for_each(BesideWhatIf::print);
    }
    Ok(if drift.iter().any(|one| one.rule == SILENT) {
        Ending::Unknown
    } else if drift.is_empty() {
        Ending::Fine
    } else {
        Ending::Drifts
    })
}

/// All of it as one line.
pub(super) fn print_json(snapshot: &Snapshot, drift: &[Drift], beside: Option<&BesideWhatIf>) {
    let board = snapshot.board();
    let servers = board.servers.iter().map(|reading| {
        let up = live::up(reading, snapshot);
        let lag = snapshot.lag(&reading.name);
        MeasuredReading {
            reading,
            answers: reading.answers,
            timeline: up.and_then(live::timeline),
            lag_bytes: lag.map(|lag| lag.bytes),
            lag_seconds: lag.and_then(|lag| lag.time).map(|time| time.as_secs_f64()),
            replay_paused: up.and_then(|up| up.replay).map(|replay| replay != Replay::Goes),
        }
    });
    print::json(&Measured {
        servers: servers.collect(),
        commits: MeasuredCommits {
            commits: &board.commits,
            waiting: snapshot.waiting(),
        },
        drift,
        beside,
    });
}

/// "1 commit waits", "3 commits wait".
pub(super) fn wait(waiting: u32) -> String {
    let verb = if waiting == 1 { "waits" } else { "wait" };
    format!("{} {verb}", counted(waiting, "commit"))
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
pub(super) fn heading(reading: &Reading, life: &str) -> String {
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

pub(super) fn alive_or_down(reading: &Reading) -> String {
    if reading.running { "running" } else { "down" }.to_owned()
}

pub(super) fn commits(board: &Board) -> String {
    let commits = &board.commits;
    let is_quorum = board
        .servers
        .iter()
        .flat_map(|reading| &reading.replication)
        .any(|row| row.sync_state == "quorum");
    let names = all_of(&commits.waits_for);
    match (commits.outcome.as_str(), commits.waits_for.is_empty()) {
        ("acknowledged", true) => "Commits do not wait for a standby".to_owned(),
        ("acknowledged", false) if is_quorum => {
            format!("Commits wait until enough of {names} have answered (quorum)")
        }
        ("acknowledged", false) => {
            let have = if commits.waits_for.len() == 1 {
                "has"
            } else {
                "have"
            };
            format!("Commits wait until {names} {have} answered")
        }
        ("unknown", _) => "Commits: unknown, since the primary does not answer".to_owned(),
        ("no-primary", _) => "The primary is down: nothing can commit".to_owned(),
        (_, true) => "Commits would hang: no synchronous standby is streaming".to_owned(),
        (_, false) => format!(
            "Commits would hang: they need more standbys than {names}, and no other synchronous standby is \
             streaming"
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
    use super::*;

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
