//! A prediction beside what the servers show: where the two agree, and where they do not.

use serde::Serialize;

use crate::model::health::{Board, Reading, ReplicationRow};

/// What is foretold of something, and what is seen of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Beside {
    /// A server's name; `commits` is what becomes of a commit.
    pub of: String,
    pub foretold: String,
    pub seen: String,
    pub agrees: bool,
}

/// What is not a server.
const COMMITS: &str = "commits";

/// Every server of the prediction, then commits.
pub fn beside(foretold: &Board, seen: &Board) -> Vec<Beside> {
    let mut all: Vec<Beside> = foretold
        .servers
        .iter()
        .map(|reading| {
            let other = seen.servers.iter().find(|other| other.name == reading.name);
            let other = other.map_or_else(|| "was not looked at".to_owned(), |other| words(seen, other));
            pair(reading.name.clone(), words(foretold, reading), other)
        })
        .collect();
    let outcome = |board: &Board| outcome(&board.commits.outcome).to_owned();
    all.push(pair(COMMITS.to_owned(), outcome(foretold), outcome(seen)));
    all
}

fn pair(of: String, foretold: String, seen: String) -> Beside {
    Beside {
        agrees: foretold == seen,
        of,
        foretold,
        seen,
    }
}

/// "primary, slave1 sync, slave2 potential"; "streams from slave1"; "down".
fn words(board: &Board, reading: &Reading) -> String {
    if !reading.running {
        return "down".to_owned();
    }
    if !reading.answers {
        return "does not answer".to_owned();
    }
    let role = match &reading.upstream {
        None => reading.role.clone(),
        Some(upstream) => from(board, upstream, &reading.name),
    };
    let streaming = reading.replication.iter().filter(|row| row.state == "streaming");
    let mut sends: Vec<String> = streaming
        .map(|row| format!("{} {}", row.application_name, row.sync_state))
        .collect();
    sends.sort();
    std::iter::once(role).chain(sends).collect::<Vec<_>>().join(", ")
}

/// The server that sends knows best. Where it runs and does not answer, nobody knows.
fn from(board: &Board, upstream: &str, standby: &str) -> String {
    let sender = board.servers.iter().find(|reading| reading.name == upstream);
    if sender.is_some_and(|sender| sender.running && !sender.answers) {
        return format!("unknown, {upstream} does not answer");
    }
    let mut rows = sender.into_iter().flat_map(|sender| &sender.replication);
    let is_its =
        |row: &ReplicationRow| row.state == "streaming" && row.application_name.eq_ignore_ascii_case(standby);
    if rows.any(is_its) {
        format!("streams from {upstream}")
    } else {
        "receives nothing".to_owned()
    }
}

fn outcome(word: &str) -> &str {
    match word {
        "acknowledged" => "go on",
        "waiting" => "wait for a standby",
        "no-primary" => "fail: no primary",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::simulate::world::{Incident, World};
    use crate::model::topology::notation;

    fn board(incidents: &[&str]) -> Board {
        let topology =
            notation::parse("m 1 sync first 1\n  a 2 priority 1\n    c 3\n  b 4 priority 2\n").unwrap();
        let mut world = World::new(&topology);
        for text in incidents {
            world.apply(Incident::parse(text, &topology).unwrap()).unwrap();
        }
        world.board()
    }

    fn differing(foretold: &[&str], seen: &[&str]) -> Vec<String> {
        let all = beside(&board(foretold), &board(seen));
        assert_eq!(all.len(), 5, "four servers and commits");
        let differing = all.iter().filter(|one| !one.agrees);
        differing
            .map(|one| format!("{}: {} / {}", one.of, one.foretold, one.seen))
            .collect()
    }

    #[test]
    fn what_is_as_foretold_agrees_and_nothing_else_does() {
        assert_eq!(differing(&["crash a"], &["crash a"]), Vec::<String>::new());
        assert_eq!(
            differing(&["crash a"], &[]),
            [
                "m: primary, b sync / primary, a sync, b potential",
                "a: down / streams from m, c async",
                "c: receives nothing / streams from a",
            ]
        );
        let dead = differing(&["crash m"], &["crash a", "crash b"]);
        for line in [
            "m: down / primary",
            "a: receives nothing, c async / down",
            "b: receives nothing / down",
            "c: streams from a / receives nothing",
            "commits: fail: no primary / wait for a standby",
        ] {
            assert!(dead.iter().any(|one| one == line), "{line}: {dead:?}");
        }
    }

    #[test]
    fn nobody_knows_what_a_silent_server_sends() {
        let mut seen = board(&[]);
        let a = seen
            .servers
            .iter_mut()
            .find(|reading| reading.name == "a")
            .unwrap();
        a.answers = false;
        a.replication.clear();
        let all = beside(&board(&[]), &seen);
        let of = |name: &str| all.iter().find(|one| one.of == name).unwrap().seen.clone();
        assert_eq!(of("a"), "does not answer");
        assert_eq!(of("c"), "unknown, a does not answer");
    }

    #[test]
    fn a_server_that_nobody_looked_at_is_not_as_foretold() {
        let mut seen = board(&[]);
        seen.servers.retain(|reading| reading.name != "c");
        let all = beside(&board(&[]), &seen);
        let c = all.iter().find(|one| one.of == "c").unwrap();
        assert!(!c.agrees && c.seen == "was not looked at");
    }
}
