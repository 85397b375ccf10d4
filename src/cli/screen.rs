//! What `watch` shows: the tree with what each server is now, what becomes of a commit, what differs from the design.

use unicode_width::UnicodeWidthChar as _;

use super::live::{life, up};
use super::status::commits;
use super::table::{padded, width};
use super::watch::Against;
use crate::engine::monitor::Snapshot;
use crate::model::drift::Drift;
use crate::model::health::{Board, Reading, ReplicationRow};
use crate::model::topology::Server;
use crate::model::visible::visible;
use crate::model::words::counted;

/// Lines that stay for what differs, however many servers there are.
const FOR_DRIFT: usize = 6;

/// The whole screen, no line wider and no more lines than there is room for.
pub(super) fn screen(
    snapshot: &Snapshot,
    drift: &[Drift],
    against: Against,
    (columns, lines): (usize, usize),
) -> Vec<String> {
    let board = snapshot.board();
    let topology = &snapshot.topology;
    let mut shown = vec![
        format!(
            "{}: {}, {}   (q ends)",
            topology.name(),
            counted(board.servers.len(), "server"),
            snapshot.now
        ),
        String::new(),
    ];
    let (tree, below) = (tree(snapshot, &board), below(snapshot, &board, drift, against));
    let room = lines.saturating_sub(shown.len() + below.len().min(FOR_DRIFT) + 1);
    shown.extend(cut(tree, room, "server"));
    shown.push(String::new());
    let room = lines.saturating_sub(shown.len());
    shown.extend(cut(below, room, "line"));
    shown.truncate(lines);
    shown
        .iter()
        .map(|line| clipped(&visible(line), columns))
        .collect()
}

/// A line for each server, its downstreams below it.
fn tree(snapshot: &Snapshot, board: &Board) -> Vec<String> {
    let branches = snapshot.topology.branches();
    let name = |(before, server): &(String, &Server)| format!("{before}{}", server.name());
    let names: Vec<String> = branches.iter().map(name).collect();
    let name_width = width(names.iter().map(String::as_str));
    let servers = branches.iter().zip(&names);
    servers
        .filter_map(|((_, server), name)| {
            let reading = board
                .servers
                .iter()
                .find(|one| one.name == server.name().as_str())?;
            Some(format!(
                "{}  {}  {}",
                padded(name, name_width),
                padded(&standing(snapshot, board, server, reading), 9),
                life(reading, snapshot)
            ))
        })
        .collect()
}

/// "primary", or what a standby is to its upstream: "sync", "async"; "standby" while nobody shows it.
fn standing(snapshot: &Snapshot, board: &Board, server: &Server, reading: &Reading) -> String {
    if reading.role == "primary" || up(reading, snapshot).is_none() {
        return reading.role.clone();
    }
    let shown = server.name().in_view(snapshot.topology.postgres());
    let upstream = board
        .servers
        .iter()
        .find(|one| Some(&one.name) == reading.upstream.as_ref());
    let row = |one: &&ReplicationRow| one.application_name == shown;
    let row = upstream.and_then(|one| one.replication.iter().find(row));
    row.map_or("standby", |row| row.sync_state.as_str()).to_owned()
}

fn below(snapshot: &Snapshot, board: &Board, drift: &[Drift], against: Against) -> Vec<String> {
    let waiting = match snapshot.waiting() {
        Some(waiting) if waiting > 0 => format!(" ({} right now)", super::status::wait(waiting)),
        _ => String::new(),
    };
    let mut lines = vec![format!("{}{waiting}", commits(board))];
    if drift.is_empty() {
        lines.push(against.same().to_owned());
        return lines;
    }
    lines.push(format!(
        "{} ({}):",
        against.differences(),
        counted(drift.len(), "finding")
    ));
    lines.extend(drift.iter().map(|one| format!("- {}", one.message)));
    lines
}

/// As many of the lines as there is room for, the last one saying how many are not.
fn cut(mut lines: Vec<String>, room: usize, what: &str) -> Vec<String> {
    if lines.len() > room {
        let more = lines.len() - room.saturating_sub(1);
        lines.truncate(room.saturating_sub(1));
        if room > 0 {
            lines.push(format!("… {} more", counted(more, what)));
        }
    }
    lines
}

/// The beginning of a line that fits.
fn clipped(line: &str, columns: usize) -> String {
    let mut taken = 0;
    let fits = |letter: &char| {
        taken += letter.width().unwrap_or(0);
        taken <= columns
    };
    line.chars().take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::model::health::{Moment, Observation, Observed, Role, State, sample};
    use crate::model::topology::notation;

    fn snapshot(standbys: usize) -> Snapshot {
        let mut text = "m 1\n".to_owned();
        for number in 0..standbys {
            text += &format!("  s{number} {}\n", number + 2);
        }
        let topology = Arc::new(notation::parse(&text).unwrap());
        let mut observed = Observed::default();
        for server in topology.servers() {
            let role = if server.is_primary() {
                Role::Primary
            } else {
                Role::Standby
            };
            observed.note(&Arc::new(Observation {
                server: server.name().to_string(),
                at: Moment::default(),
                took: Duration::ZERO,
                state: if server.name().as_str() == "s1" {
                    State::Down
                } else {
                    sample::up(role)
                },
            }));
        }
        Snapshot {
            topology,
            observed,
            beside: Vec::new(),
            fenced: Vec::new(),
            now: Moment::default(),
        }
    }

    #[test]
    fn a_small_cluster_is_shown_whole() {
        let snapshot = snapshot(2);
        let drift = snapshot.drift();
        let shown = screen(&snapshot, &drift, Against::Design, (80, 24));
        assert_eq!(shown[0], "m: 3 servers, 1970-01-01 00:00:00 UTC   (q ends)");
        assert_eq!(shown[2], "m      primary    running");
        assert_eq!(shown[3], "├─ s0  standby    running");
        assert_eq!(shown[4], "└─ s1  standby    down");
        assert_eq!(shown[6], "Commits do not wait for a standby");
        assert!(shown[7].starts_with("Differences from the design ("), "{shown:?}");
    }

    #[test]
    fn nothing_is_wider_or_longer_than_the_screen() {
        let snapshot = snapshot(40);
        let drift = snapshot.drift();
        for size in [(80, 24), (20, 8), (200, 60), (1, 1), (80, 0)] {
            let shown = screen(&snapshot, &drift, Against::Design, size);
            assert!(shown.len() <= size.1, "{size:?}");
            assert!(
                shown
                    .iter()
                    .all(|line| width([line.as_str()].into_iter()) <= size.0)
            );
        }
        let shown = screen(&snapshot, &drift, Against::Design, (80, 24));
        assert!(
            shown
                .iter()
                .any(|line| line.starts_with("… ") && line.ends_with(" servers more")),
            "{shown:?}"
        );
        assert!(shown.iter().any(|line| line.starts_with("Differences from")));
    }
}
