//! What synchronous replication promises, in words: when a commit is confirmed, how many failures it survives, when it
//! waits, and what could be lost. Said of the list and the level that the primary would read, so also of those set by hand.
//!
//! A test holds every sentence's number against what [`predict`](super::predict()) and [`survival`](super::survives::survival) find.

use super::Configured;
use super::standby_names::StandbyNames;
use crate::model::configuration::Configuration;
use crate::model::quoting;
use crate::model::topology::{CommitLevel, PgMajor, Server, SyncMethod, Topology};
use crate::model::words::counted;

/// What the drawn design promises its clients, while all its servers run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Promise {
    /// As in postgresql.conf: "synchronous_standby_names = 'slave1, slave2'".
    pub setting: String,
    /// When a commit is confirmed.
    pub commit: String,
    /// How many standbys can fail before commits hang.
    pub survives: String,
    pub waits: String,
    pub lost: String,
    /// What of the drawing has no effect on commits, and why.
    pub notes: Vec<String>,
    /// So many of the candidates, any of them, can be away, and commits are still confirmed; `None`: all standbys.
    pub tolerated: Option<usize>,
    /// The primary and fewer candidates than these can be lost together, and nothing that was confirmed is lost; 0: the
    /// primary alone is enough.
    pub safe_below: usize,
}

/// The sentences, for one commit level and one list.
struct Facts<'a> {
    level: CommitLevel,
    names: &'a StandbyNames,
    candidates: Vec<&'a Server>,
    count: usize,
}

pub fn promise(topology: &Topology) -> Promise {
    let primary = topology.primary();
    let notes = notes(topology);
    let configured = match Configured::of(topology, primary) {
        Ok(configured) => configured,
        Err(error) => {
            return Promise {
                setting: setting(topology),
                commit: format!("No server starts with this list: {error}."),
                survives: "Survives no failure.".to_owned(),
                waits: "No server accepts commits.".to_owned(),
                lost: "Nothing is confirmed.".to_owned(),
                notes,
                tolerated: Some(0),
                safe_below: 0,
            };
        }
    };
    let promise = match configured.waited_for() {
        None => waiting_for_nobody(topology, &configured),
        Some(names) => {
            let facts = Facts::of(topology, names, configured.commit);
            if facts.candidates.len() < facts.count {
                facts.never()
            } else {
                facts.promise()
            }
        }
    };
    Promise {
        setting: setting(topology),
        notes: promise.notes.into_iter().chain(notes).collect(),
        ..promise
    }
}

/// The line as the primary's postgresql.conf has it.
fn setting(topology: &Topology) -> String {
    let names = Configuration::in_cluster_folder(topology)
        .value(topology.primary(), "synchronous_standby_names")
        .unwrap_or_default();
    format!("synchronous_standby_names = {}", quoting::conf(&names))
}

fn waiting_for_nobody(topology: &Topology, configured: &Configured) -> Promise {
    let level = configured.commit;
    let commit = match (configured.names.is_some(), level) {
        (_, CommitLevel::Off) => {
            "Commits do not wait, not even for the primary's own disk (synchronous_commit = off).".to_owned()
        }
        (true, level) => format!(
            "At synchronous_commit = {}, commits wait only for the primary's disk, whatever \
             synchronous_standby_names lists.",
            level.word()
        ),
        (false, _) => "Commits wait only for the primary's disk: all standbys are asynchronous.".to_owned(),
    };
    let standbys = topology.servers().len() - 1;
    let survives = match standbys {
        0 => "No standby, so none can block commits.",
        _ => "Survives the failure of every standby: none of them can block commits.",
    };
    let lost = match (level, standbys) {
        (CommitLevel::Off, _) => {
            "The latest confirmed commits are lost if the primary crashes, even if it comes back."
        }
        (_, 0) => "Losing the primary loses everything: there is no other copy.",
        _ => "Losing the primary can lose the latest confirmed commits: no standby has to have them.",
    };
    Promise {
        setting: String::new(),
        commit,
        survives: survives.to_owned(),
        waits: "Commits never wait for a standby.".to_owned(),
        lost: lost.to_owned(),
        notes: Vec::new(),
        tolerated: None,
        safe_below: 0,
    }
}

impl<'a> Facts<'a> {
    fn of(topology: &'a Topology, names: &'a StandbyNames, level: CommitLevel) -> Self {
        let shown = |server: &Server| server.name().in_list(topology.postgres());
        let mut candidates: Vec<(u32, &Server)> = topology
            .downstreams(topology.primary().id())
            .map(|server| (names.priority(&shown(server)), server))
            .filter(|(priority, _)| *priority > 0)
            .collect();
        candidates.sort_by_key(|(priority, _)| *priority);
        Self {
            level,
            names,
            candidates: candidates.into_iter().map(|(_, server)| server).collect(),
            count: usize::try_from(names.count()).unwrap_or(usize::MAX),
        }
    }

    /// More are asked for than can ever answer.
    fn never(&self) -> Promise {
        let there = match self.candidates.len() {
            0 => "none of the servers under the primary is on the list".to_owned(),
            1 => "only 1 of the servers under the primary is on the list".to_owned(),
            some => format!("only {some} of the servers under the primary are on the list"),
        };
        Promise {
            setting: String::new(),
            commit: format!("A commit needs {}, and {there}.", counted(self.count, "standby")),
            survives: "Survives no standby failure: commits hang from the start.".to_owned(),
            waits: "Every commit waits forever.".to_owned(),
            lost: "No commit is ever confirmed, so no confirmed commit can be lost.".to_owned(),
            notes: Vec::new(),
            tolerated: Some(0),
            safe_below: usize::MAX,
        }
    }

    fn promise(&self) -> Promise {
        let (all, count) = (self.candidates.len(), self.count);
        let tolerated = all - count;
        let survives = match (tolerated, all) {
            (0, 1) => "Survives no standby failure: commits hang while the only synchronous standby is down."
                .to_owned(),
            (0, 2) => "Survives no standby failure: a commit needs both synchronous standbys.".to_owned(),
            (0, _) => format!("Survives no standby failure: a commit needs all {all} synchronous standbys."),
            (some, _) => format!(
                "Survives {} without blocking: any {some} of the {all} synchronous candidates may fail, and \
                 asynchronous standbys never matter.",
                counted(some, "standby failure")
            ),
        };
        let waits = match (count, all) {
            (1, 2) => format!("Commits hang while neither {} is connected.", self.pair("nor")),
            (2, 2) => format!("Commits hang while either {} is down.", self.pair("or")),
            (_, 1) => format!("Commits hang while {} is down.", self.names_in_words()),
            (1, _) => format!(
                "Commits hang while none of {} is connected.",
                self.names_in_words()
            ),
            (count, all) if count == all => {
                format!("Commits hang while any of {} is down.", self.names_in_words())
            }
            (count, _) => format!(
                "Commits hang while fewer than {count} of {} are connected.",
                self.names_in_words()
            ),
        };
        Promise {
            setting: String::new(),
            commit: self.commit(),
            survives,
            waits,
            lost: self.lost(),
            notes: self.notes(),
            tolerated: Some(tolerated),
            safe_below: count,
        }
    }

    fn commit(&self) -> String {
        let (all, count) = (self.candidates.len(), self.count);
        let names = self.names_in_words();
        let whom = if all == 1 {
            names
        } else if (count, all) == (2, 2) {
            format!("both {names}")
        } else if count == all {
            format!("all of {names}")
        } else if self.names.is_quorum() {
            format!("any {count} of {names}")
        } else {
            let first = if count == 1 {
                "the first".to_owned()
            } else {
                format!("the first {count}")
            };
            format!(
                "{first} of {names} that {}, in this order",
                if count == 1 {
                    "is connected"
                } else {
                    "are connected"
                }
            )
        };
        match self.level {
            CommitLevel::RemoteWrite => format!(
                "Commits wait until they are written by {whom}: received, but perhaps not yet on disk."
            ),
            CommitLevel::RemoteApply => {
                format!("Commits wait until they are applied on {whom}: queries there see them at once.")
            }
            CommitLevel::On | CommitLevel::Local | CommitLevel::Off => {
                format!("Commits wait until they are on the disk of {whom}.")
            }
        }
    }

    fn lost(&self) -> String {
        let (all, count) = (self.candidates.len(), self.count);
        let mut text = if all == 1 {
            format!(
                "Confirmed commits could be lost if the primary and {} are lost together, or if another \
                 standby is promoted",
                self.names_in_words()
            )
        } else if count == all {
            format!(
                "Confirmed commits could be lost if the primary and {} {} are lost together",
                if all == 2 { "both" } else { "all of" },
                self.names_in_words()
            )
        } else if self.names.is_quorum() {
            format!(
                "Confirmed commits could be lost if the primary and {count} of {} are lost together, or if \
                 a standby other than the most advanced one is promoted",
                self.names_in_words()
            )
        } else {
            let those = if count == 1 {
                "the one".to_owned()
            } else {
                format!("the {count}")
            };
            format!(
                "Confirmed commits could be lost if the primary and {those} of {} that confirmed them are \
                 lost together, or if another standby is promoted",
                self.names_in_words()
            )
        };
        if self.level == CommitLevel::RemoteWrite {
            text.push_str(
                ", or if machines lose power together: WAL that was only received is not on disk yet",
            );
        }
        text.push('.');
        text
    }

    /// Who applies late, where a commit waits until it is applied.
    fn notes(&self) -> Vec<String> {
        if self.level != CommitLevel::RemoteApply {
            return Vec::new();
        }
        let late = self.candidates.iter().filter(|server| server.is_delayed());
        late.filter_map(|server| {
            let delay = server.standby()?.apply_delay()?;
            Some(format!(
                "\"{}\" applies WAL {delay} late: at remote_apply, commits that wait for it take that long.",
                server.name()
            ))
        })
        .collect()
    }

    /// Where there are two candidates: "a" nor "b".
    fn pair(&self, between: &str) -> String {
        let names: Vec<String> = self
            .candidates
            .iter()
            .map(|server| format!("\"{}\"", server.name()))
            .collect();
        names.join(&format!(" {between} "))
    }

    /// "slave1", "a and b", "a, b and c"; of many the first few.
    fn names_in_words(&self) -> String {
        const SHOWN: usize = 6;
        let names: Vec<String> = self
            .candidates
            .iter()
            .map(|server| format!("\"{}\"", server.name()))
            .collect();
        match names.as_slice() {
            [] => "nobody".to_owned(),
            [one] => one.clone(),
            [some @ .., last] if some.len() < SHOWN => format!("{} and {last}", some.join(", ")),
            many => {
                let (shown, rest) = many.split_at(SHOWN - 1);
                format!("{} and {} more", shown.join(", "), rest.len())
            }
        }
    }
}

/// Priorities that make no commit wait, and what the version does not know.
fn notes(topology: &Topology) -> Vec<String> {
    let primary = topology.primary().id();
    let cascaded = topology.servers().iter().filter(|server| {
        let standby = server.standby();
        standby.is_some_and(|standby| standby.sync_priority().is_some() && standby.upstream() != primary)
    });
    let mut notes: Vec<String> = cascaded
        .map(|server| {
            format!(
                "\"{}\" follows a standby, so commits never wait for it.",
                server.name()
            )
        })
        .collect();
    if let Some(policy) = topology.sync() {
        notes.extend(refused_method(topology.postgres(), policy.method));
        notes.extend(refused_count(topology.postgres(), policy.count));
    }
    notes
}

/// Why the version cannot choose in this way, and what to do about it.
pub fn refused_method(major: PgMajor, method: SyncMethod) -> Option<String> {
    (method == SyncMethod::Any && !major.has_quorum()).then(|| {
        format!(
            "PostgreSQL {major} has no quorum commit (any), which is new in 10: choose PostgreSQL 10 or \
             later, or the method first."
        )
    })
}

/// Why the version cannot wait for so many, and what to do about it.
pub fn refused_count(major: PgMajor, count: u32) -> Option<String> {
    (count > 1 && !major.has_several_sync()).then(|| {
        format!(
            "PostgreSQL {major} waits for at most 1 standby; 9.6 and later can wait for several: choose \
             PostgreSQL 9.6 or later, or wait for 1."
        )
    })
}

/// Why the version does not know the commit level, and what to do about it.
pub fn refused_level(major: PgMajor, level: CommitLevel) -> Option<String> {
    (level == CommitLevel::RemoteApply && !major.has_remote_apply()).then(|| {
        format!(
            "PostgreSQL {major} has no remote_apply, which is new in 9.6: choose PostgreSQL 9.6 or later, \
             or the level on."
        )
    })
}

#[cfg(test)]
mod tests;
