//! `status`: the board of a running cluster, a table for every server that sends.

use std::path::Path;

use super::table::replication;
use super::{Ending, args, print};
use crate::engine::cluster;
use crate::model::health::{Board, Reading};
use crate::model::words::counted;
use crate::report::Report;

pub(super) async fn status(dir: &Path, as_json: bool) -> Result<Ending, Report> {
    let board = cluster::status(&args::absolute(dir)?).await?;
    if as_json {
        print::json(&board);
    } else {
        print_board(&board);
    }
    Ok(Ending::Fine)
}

/// The tables of a board, measured or predicted.
pub(super) fn print_board(board: &Board) {
    for reading in &board.servers {
        print::line(heading(reading));
        if !reading.replication.is_empty() {
            print::line(replication(&reading.replication));
            print::line("");
        }
    }
    print::line(commits(board));
}

/// "slave1: standby of master, running, sends to 2 servers".
fn heading(reading: &Reading) -> String {
    let role = match &reading.upstream {
        Some(upstream) => format!("{} of {upstream}", reading.role),
        None => reading.role.clone(),
    };
    let state = match (reading.running, reading.replication.len()) {
        (false, _) => "down".to_owned(),
        (true, 0) => "running".to_owned(),
        (true, many) => format!("running, sends to {}", counted(many, "server")),
    };
    format!("{}: {role}, {state}", reading.name)
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
    use super::*;

    #[test]
    fn a_server_is_told_in_one_line() {
        let reading = |running| Reading {
            name: "slave11".to_owned(),
            running,
            role: "standby".to_owned(),
            upstream: Some("slave1".to_owned()),
            replication: Vec::new(),
        };
        assert_eq!(heading(&reading(true)), "slave11: standby of slave1, running");
        assert_eq!(heading(&reading(false)), "slave11: standby of slave1, down");
    }
}
