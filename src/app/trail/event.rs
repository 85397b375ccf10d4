//! What happened between two readings, in words.

use crate::app::glance::Glance;
use crate::model::health::{Moment, Reading, ReplicationRow};

/// So many things that happened together are named.
const NAMED: usize = 4;

/// What happened at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub at: Moment,
    /// "slave1 went down", "slave2 became sync".
    pub what: Vec<String>,
}

/// How a server stood when it answered last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stood {
    life: Life,
    role: String,
    /// Whom it streams from, as seen there.
    upstream: Option<String>,
    sync: Option<String>,
    is_paused: bool,
    /// The server that shows it does not answer: nobody knows about its link.
    is_hidden: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Up,
    Silent,
    Down,
}

impl Event {
    /// "17:02:11 slave1 went down, slave2 became sync".
    pub fn words(&self) -> String {
        let named = self.what.iter().take(NAMED);
        let named: Vec<&str> = named.map(String::as_str).collect();
        let more = match self.what.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{} {}{more}", self.at.clock(), named.join(", "))
    }
}

impl Stood {
    pub(super) fn of(seen: &Glance, reading: &Reading) -> Self {
        let told = seen.told(&reading.name);
        // Rows go by the name that the standby gives; most of the time it is the server's.
        let is_its = |row: &&ReplicationRow| row.application_name == reading.name && row.state == "streaming";
        let servers = seen.board.servers.iter();
        let shown = servers.filter_map(|one| Some((one, one.replication.iter().find(is_its)?)));
        let shown: Vec<_> = shown.collect();
        let its_own = |(one, _): &&(&Reading, &ReplicationRow)| Some(&one.name) == reading.upstream.as_ref();
        let row = shown.iter().find(its_own).or(shown.first());
        Self {
            life: match (reading.running, reading.answers) {
                (false, _) => Life::Down,
                (true, false) => Life::Silent,
                (true, true) => Life::Up,
            },
            role: reading.role.clone(),
            upstream: row.map(|(one, _)| one.name.clone()),
            sync: row.map(|(_, row)| row.sync_state.clone()),
            is_paused: told.is_some_and(|told| told.is_paused),
            is_hidden: is_hidden(seen, reading),
        }
    }

    /// Takes what it is now, and says what that changes.
    pub(super) fn become_now(&mut self, mut now: Self, name: &str, happened: &mut Vec<String>) {
        if now.is_hidden {
            now.upstream.clone_from(&self.upstream);
            now.sync.clone_from(&self.sync);
        }
        self.told_apart(&now, name, happened);
        if now.life == Life::Up {
            *self = now;
            return;
        }
        self.life = now.life;
        if now.life == Life::Down {
            // It has to connect again.
            (self.upstream, self.sync, self.is_paused) = (None, None, false);
        }
    }

    fn told_apart(&self, now: &Self, name: &str, happened: &mut Vec<String>) {
        match (self.life, now.life) {
            (Life::Up, Life::Up) => {}
            (Life::Down, Life::Down) | (Life::Silent, Life::Silent) => return,
            (_, Life::Down) => return happened.push(format!("{name} went down")),
            (_, Life::Silent) => return happened.push(format!("{name} stopped answering")),
            (Life::Down, Life::Up) => happened.push(format!("{name} runs again")),
            (Life::Silent, Life::Up) => happened.push(format!("{name} answers again")),
        }
        if self.role != now.role {
            let role = if now.role == "primary" {
                "the primary"
            } else {
                "a standby"
            };
            happened.push(format!("{name} became {role}"));
        }
        match (&self.upstream, &now.upstream) {
            (Some(before), None) => happened.push(format!("{name} lost its link to {before}")),
            (None, Some(upstream)) => happened.push(format!("{name} streams from {upstream}")),
            (Some(before), Some(upstream)) if before != upstream => {
                happened.push(format!("{name} now streams from {upstream}"));
            }
            _ => {}
        }
        if let Some(sync) = &now.sync
            && self.sync.as_ref() != Some(sync)
            && (self.sync.is_some() || sync != "async")
        {
            happened.push(format!("{name} became {sync}"));
        }
        match (self.is_paused, now.is_paused) {
            (false, true) => happened.push(format!("replay paused on {name}")),
            (true, false) => happened.push(format!("replay resumed on {name}")),
            _ => {}
        }
    }
}

/// True while the server that shows a standby does not answer: then nobody knows about its link.
fn is_hidden(seen: &Glance, reading: &Reading) -> bool {
    let servers = &mut seen.board.servers.iter();
    let upstream = servers.find(|one| Some(&one.name) == reading.upstream.as_ref());
    upstream.is_some_and(|upstream| upstream.running && !upstream.answers)
}
