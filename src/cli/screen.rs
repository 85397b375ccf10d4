//! What `watch` shows: the tree with what each server is now, what becomes of a commit, what differs from the design.

use std::collections::{BTreeMap, BTreeSet};

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

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
    let mut shown = vec![heading(snapshot, &board), String::new()];
    let tree = tree(snapshot, &board, drift);
    let below = Below::of(snapshot, &board, drift, against, columns);
    let least = below.lines(lines).len().min(FOR_DRIFT);
    let room = lines.saturating_sub(shown.len() + least + 1);
    shown.extend(fitting(&tree, room));
    shown.push(String::new());
    let room = lines.saturating_sub(shown.len());
    shown.extend(below.lines(room));
    shown.truncate(lines);
    shown
        .iter()
        .map(|line| clipped(&visible(line), columns))
        .collect()
}

/// "main: 5 servers, 1 down, 2026-11-29 21:47:27 UTC   (q ends)".
fn heading(snapshot: &Snapshot, board: &Board) -> String {
    let count = |is_so: fn(&&Reading) -> bool| board.servers.iter().filter(is_so).count();
    let mut words = vec![counted(board.servers.len(), "server")];
    let down = count(|one| !one.running);
    if down > 0 {
        words.push(format!("{down} down"));
    }
    match count(|one| one.running && !one.answers) {
        0 => {}
        1 => words.push("1 does not answer".to_owned()),
        many => words.push(format!("{many} do not answer")),
    }
    format!(
        "{}: {}, {}   (q ends)",
        snapshot.topology.name(),
        words.join(", "),
        snapshot.now
    )
}

/// A server's line.
pub(super) struct Line {
    pub(super) text: String,
    /// The line of its drawn upstream.
    pub(super) above: Option<usize>,
    /// Something about it is not as it should be.
    pub(super) differs: bool,
}

/// A line for each server, its downstreams below it; an exclamation mark where something differs.
fn tree(snapshot: &Snapshot, board: &Board, drift: &[Drift]) -> Vec<Line> {
    let branches = snapshot.topology.branches();
    let name = |(before, server): &(String, &Server)| format!("{before}{}", server.name());
    let names: Vec<String> = branches.iter().map(name).collect();
    let name_width = width(names.iter().map(String::as_str));
    let places = branches.iter().enumerate();
    let places: BTreeMap<_, _> = places.map(|(place, (_, server))| (server.id(), place)).collect();
    let readings = board.servers.iter().map(|one| (one.name.as_str(), one));
    let readings: BTreeMap<&str, &Reading> = readings.collect();
    let mut rules: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in drift {
        if let Some(server) = &one.server {
            rules.entry(server).or_default().push(one.rule);
        }
    }
    let line = |((_, server), name): (&(String, &Server), &String)| {
        let own = server.name().as_str();
        let reading = readings.get(own)?;
        let differs = rules.get(own).map(Vec::as_slice).unwrap_or_default();
        let mut life = life(reading, snapshot);
        if differs.contains(&"link-missing") && reading.answers {
            life.push_str(", not streaming");
        }
        let sign = if differs.is_empty() { ' ' } else { '!' };
        let text = format!(
            "{}  {} {sign} {life}",
            padded(name, name_width),
            padded(&standing(snapshot, board, server, reading), 9),
        );
        Some(Line {
            text,
            above: server.upstream().and_then(|up| places.get(&up).copied()),
            differs: !differs.is_empty(),
        })
    };
    branches.iter().zip(&names).filter_map(line).collect()
}

/// As many servers as there is room for: those that differ before others, each with its upstreams. The last line says what
/// is left out.
pub(super) fn fitting(tree: &[Line], room: usize) -> Vec<String> {
    if tree.len() <= room {
        return tree.iter().map(|line| line.text.clone()).collect();
    }
    let room = room.saturating_sub(1);
    let mut kept: BTreeSet<usize> = BTreeSet::new();
    let differing = (0..tree.len()).filter(|place| tree.get(*place).is_some_and(|line| line.differs));
    for place in differing.chain(0..tree.len()) {
        let way = std::iter::successors(Some(place), |at| tree.get(*at)?.above);
        let new: Vec<usize> = way.filter(|at| !kept.contains(at)).collect();
        if kept.len() + new.len() <= room {
            kept.extend(new);
        }
    }
    let left_out: Vec<&Line> = (0..tree.len())
        .filter(|place| !kept.contains(place))
        .filter_map(|place| tree.get(place))
        .collect();
    let differ = left_out.iter().filter(|line| line.differs).count();
    let kind = match differ {
        0 => "no differences".to_owned(),
        1 => "1 of them differs".to_owned(),
        many => format!("{many} of them differ"),
    };
    let shown = kept.iter().filter_map(|place| tree.get(*place));
    let mut shown: Vec<String> = shown.map(|line| line.text.clone()).collect();
    let many = left_out.len();
    let noun = if many == 1 { "server" } else { "servers" };
    shown.push(format!("… {many} more {noun}, {kind}"));
    shown
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

/// What stands below the tree.
pub(super) struct Below {
    /// What becomes of a commit, and how much differs.
    pub(super) head: Vec<String>,
    /// Each difference, and what helps, in lines that fit.
    pub(super) findings: Vec<(Vec<String>, Vec<String>)>,
}

impl Below {
    fn of(snapshot: &Snapshot, board: &Board, drift: &[Drift], against: Against, columns: usize) -> Self {
        let waiting = match snapshot.waiting() {
            Some(waiting) if waiting > 0 => format!(" ({} right now)", super::status::wait(waiting)),
            _ => String::new(),
        };
        let mut head = wrapped(&format!("{}{waiting}", commits(board)), columns, "", "  ");
        head.push(if drift.is_empty() {
            against.same().to_owned()
        } else {
            format!("{} ({}):", against.differences(), counted(drift.len(), "finding"))
        });
        let findings = drift.iter().map(|one| {
            let fix = one
                .fix
                .as_deref()
                .map(|fix| wrapped(fix, columns, "    ", "    "));
            (
                wrapped(&one.message, columns, "- ", "  "),
                fix.unwrap_or_default(),
            )
        });
        Self {
            head,
            findings: findings.collect(),
        }
    }

    /// With what helps if there is room for all of it; else as many differences as there is room for, and how many are not.
    pub(super) fn lines(&self, room: usize) -> Vec<String> {
        let with_fixes = self
            .findings
            .iter()
            .flat_map(|(message, fix)| message.iter().chain(fix));
        let all: Vec<String> = self.head.iter().chain(with_fixes).cloned().collect();
        if all.len() <= room {
            return all;
        }
        let mut shown = self.head.clone();
        let messages: usize = self.findings.iter().map(|(message, _)| message.len()).sum();
        let fits = shown.len() + messages <= room;
        for (place, (message, _)) in self.findings.iter().enumerate() {
            let is_last = place + 1 == self.findings.len();
            if !fits && shown.len() + message.len() + usize::from(!is_last) > room {
                let more = self.findings.len() - place;
                let noun = if more == 1 { "finding" } else { "findings" };
                shown.push(format!("… {more} more {noun}"));
                break;
            }
            shown.extend(message.iter().cloned());
        }
        shown
    }
}

/// A sentence in lines that fit, broken at blanks.
pub(super) fn wrapped(text: &str, columns: usize, first: &str, others: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in text.split(' ') {
        if !is_empty && line.width() + 1 + word.width() > columns {
            lines.push(std::mem::replace(&mut line, others.to_owned()));
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines.push(line);
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
