//! The playbook as steps, and what it tells while it runs as the events of a run: what `deploy --via ansible` shows.
//!
//! Its lines are those of `events.py`, which stands beside the project while pgcascade runs it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Deserialize;

use super::{host_names, levels};
use crate::model::plan::{EventKind, StepId, StepSummary};
use crate::model::topology::{Server, ServerId, Topology};
use crate::model::words::counted;

/// The callback plugin that makes the playbook tell its events.
pub const EVENTS: &str = include_str!("events.py");
/// The plugin's name.
pub const EVENTS_NAME: &str = "pgcascade_events";

/// Steps that run together, on several hosts at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub title: &'static str,
    /// Places in the steps.
    pub steps: Range<usize>,
}

/// A run of the playbook, folded from its lines.
#[derive(Debug)]
pub struct Playbook {
    steps: Vec<StepSummary>,
    groups: Vec<Group>,
    /// By a play's name and a host's: the step that it is.
    known: BTreeMap<(String, String), StepId>,
    /// The servers that a step brings up.
    builds: BTreeMap<StepId, String>,
    play: String,
    running: BTreeMap<StepId, u64>,
    failed: BTreeSet<StepId>,
    built: Vec<String>,
    failure: Option<(String, Vec<String>)>,
    changed: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Line {
    Play {
        name: String,
    },
    Task {
        name: String,
    },
    Result {
        host: String,
        task: String,
        state: String,
        message: String,
    },
    Stats {
        hosts: BTreeMap<String, Counts>,
    },
}

#[derive(Deserialize)]
struct Counts {
    #[serde(default)]
    changed: u64,
}

/// How the plays are called: the project and the reader of its events agree on them here.
pub fn level_name(level: usize) -> String {
    format!("Level {level} of the tree")
}

pub const SYNC: &str = "Synchronous replication";
pub const PROOF: &str = "Proof";
pub const CLEAR: &str = "Slots that nobody uses any more";

impl Playbook {
    /// The steps of the project of this design.
    pub fn of(topology: &Topology) -> Self {
        let names = host_names(topology);
        let name = |id: ServerId| names.get(&id).cloned().unwrap_or_default();
        let mut made = Self {
            steps: Vec::new(),
            groups: Vec::new(),
            known: BTreeMap::new(),
            builds: BTreeMap::new(),
            play: String::new(),
            running: BTreeMap::new(),
            failed: BTreeSet::new(),
            built: Vec::new(),
            failure: None,
            changed: BTreeMap::new(),
        };
        for (level, servers) in levels(topology).into_iter().enumerate() {
            for server in servers {
                let title = format!("Build \"{}\" on {}", server.name(), server.host());
                let step = made.step(&level_name(level), name(server.id()), server, title);
                made.builds.insert(step, server.name().to_string());
            }
            made.close("Set up the servers");
        }
        let primary = topology.primary();
        if !topology.synchronous_standby_names().is_empty() {
            let title = format!("Switch synchronous replication on at \"{}\"", primary.name());
            made.step(SYNC, name(primary.id()), primary, title);
            made.close("Switch on synchronous replication");
        }
        for server in levels(topology).into_iter().flatten() {
            let title = format!("Prove that \"{}\" runs as drawn", server.name());
            made.step(PROOF, name(server.id()), server, title);
        }
        made.close("Verify");
        made
    }

    /// Ends the group of the steps that were added last.
    fn close(&mut self, title: &'static str) {
        let begin = self.groups.last().map_or(0, |group| group.steps.end);
        self.groups.push(Group {
            title,
            steps: begin..self.steps.len(),
        });
    }

    fn step(&mut self, play: &str, host: String, server: &Server, title: String) -> StepId {
        let step = StepId(self.steps.len());
        self.steps.push(StepSummary {
            step,
            server: Some(server.name().to_string()),
            title,
        });
        self.known.insert((play.to_owned(), host), step);
        step
    }

    pub fn steps(&self) -> &[StepSummary] {
        &self.steps
    }

    /// All steps, in the order in which they run.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// What a line of the playbook means; a line that is none of its events means nothing. `now` is since the run began.
    pub fn hear(&mut self, line: &str, now: u64) -> Vec<EventKind> {
        match serde_json::from_str(line) {
            Ok(Line::Play { name }) => {
                let mut events = self.finish_play(now);
                let steps: Vec<StepId> = self
                    .known
                    .iter()
                    .filter(|((play, _), step)| *play == name && !self.failed.contains(step))
                    .map(|(_, step)| *step)
                    .collect();
                self.play = name;
                for step in steps {
                    self.running.insert(step, now);
                    events.push(EventKind::StepStarted { step });
                }
                events
            }
            Ok(Line::Task { name }) => {
                let waiting = self.running.keys().filter(|step| !self.failed.contains(step));
                waiting
                    .map(|step| EventKind::Waiting {
                        step: *step,
                        what: name.clone(),
                    })
                    .collect()
            }
            Ok(Line::Result {
                host,
                task,
                state,
                message,
            }) => self.result(&host, &task, &state, &message),
            Ok(Line::Stats { hosts }) => {
                let events = self.finish_play(now);
                self.changed = hosts
                    .into_iter()
                    .map(|(host, counts)| (host, counts.changed))
                    .collect();
                events
            }
            Err(_) => Vec::new(),
        }
    }

    fn result(&mut self, host: &str, task: &str, state: &str, message: &str) -> Vec<EventKind> {
        let Some(step) = self.known.get(&(self.play.clone(), host.to_owned())).copied() else {
            return Vec::new();
        };
        match state {
            "changed" => {
                let server = self.steps.get(step.0).and_then(|step| step.server.clone());
                vec![EventKind::Output {
                    step,
                    line: format!("{}: {task}", server.unwrap_or_default()),
                    dropped: 0,
                }]
            }
            "failed" | "unreachable" => {
                let title = self
                    .steps
                    .get(step.0)
                    .map_or("", |step| step.title.as_str())
                    .to_owned();
                let hint = if state == "unreachable" {
                    format!(
                        "Try it by hand: ssh to {host} as Ansible does; --inventory FILE can say the user and the key."
                    )
                } else {
                    "Repair the cause on that host, and run the same command again: it continues where it stopped.".to_owned()
                };
                let reason = format!("{task}: {}", last_lines(message));
                self.running.remove(&step);
                self.failed.insert(step);
                if self.failure.is_none() {
                    self.failure = Some((format!("{title}: {reason}"), vec![hint.clone()]));
                }
                vec![EventKind::StepFailed {
                    step,
                    reason,
                    hints: vec![hint],
                }]
            }
            _ => Vec::new(),
        }
    }

    fn finish_play(&mut self, now: u64) -> Vec<EventKind> {
        // A host that failed ends the whole run (any_errors_fatal): what the others did in this play is not known to be whole.
        let is_cut_short = self.running.keys().any(|step| {
            let host_of = |wanted: StepId| self.known.iter().find(|(_, step)| **step == wanted);
            let play = host_of(*step).map(|((play, _), _)| play.clone());
            self.failed
                .iter()
                .any(|failed| host_of(*failed).map(|((play, _), _)| play.clone()) == play)
        });
        let running = std::mem::take(&mut self.running);
        if is_cut_short {
            return Vec::new();
        }
        let mut events = Vec::new();
        for (step, began) in running {
            self.built.extend(self.builds.get(&step).cloned());
            events.push(EventKind::StepFinished {
                step,
                took_ms: now.saturating_sub(began),
            });
        }
        events
    }

    /// Why it failed, and what to do; `None`: no host said so.
    pub fn failure(&self) -> Option<&(String, Vec<String>)> {
        self.failure.as_ref()
    }

    /// How many changes were made on each host, by the names of the inventory; empty before the end.
    pub fn changed(&self) -> &BTreeMap<String, u64> {
        &self.changed
    }

    /// What is there when a run ends before its end: nothing is undone on hosts.
    pub fn remains(&self) -> Vec<String> {
        let all = self.builds.len();
        if self.built.is_empty() && self.failed.is_empty() && self.play.is_empty() {
            return vec!["No host was changed".to_owned()];
        }
        let built = if self.built.is_empty() {
            format!("None of the {} is known to be complete", counted(all, "server"))
        } else {
            format!(
                "{} of {} run: {}",
                self.built.len(),
                counted(all, "server"),
                self.built.join(", ")
            )
        };
        vec![format!(
            "{built}. Nothing is undone on the hosts; the next run continues."
        )]
    }
}

/// The end of what a program said, in one line: the cause stands there.
fn last_lines(message: &str) -> String {
    const MOST: usize = 4;
    let lines: Vec<&str> = message
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let from = lines.len().saturating_sub(MOST);
    let text = lines.get(from..).unwrap_or_default().join("; ");
    if text.is_empty() {
        "it failed without a word".to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    fn play(lines: &[&str]) -> (Playbook, Vec<EventKind>) {
        let topology = notation::parse("m 5432 sync first 1\n  a 5433 priority 1\n").unwrap();
        let mut playbook = Playbook::of(&topology);
        let events = lines.iter().flat_map(|line| playbook.hear(line, 7)).collect();
        (playbook, events)
    }

    #[test]
    fn a_whole_run_does_every_step() {
        let stats = r#"{"event":"stats","hosts":{"m":{"changed":3},"a":{"changed":0}}}"#;
        let (playbook, events) = play(&[
            r#"{"event":"play","name":"Level 0 of the tree"}"#,
            r#"{"event":"task","name":"Folders"}"#,
            r#"{"event":"result","host":"m","task":"Folders","state":"changed","message":""}"#,
            r#"{"event":"play","name":"Level 1 of the tree"}"#,
            r#"{"event":"play","name":"Synchronous replication"}"#,
            "[WARNING]: not an event",
            r#"{"event":"play","name":"Proof"}"#,
            stats,
        ]);
        let finished = events
            .iter()
            .filter(|event| matches!(event, EventKind::StepFinished { .. }));
        assert_eq!(finished.count(), playbook.steps().len());
        assert_eq!(playbook.steps().len(), 5);
        assert_eq!(playbook.changed()["m"], 3);
        assert!(playbook.failure().is_none());
    }

    #[test]
    fn a_failed_host_says_why_and_what_is_there() {
        let (playbook, events) = play(&[
            r#"{"event":"play","name":"Level 0 of the tree"}"#,
            r#"{"event":"play","name":"Level 1 of the tree"}"#,
            r#"{"event":"result","host":"a","task":"Copy the upstream","state":"failed","message":"x\npg_basebackup: error: no route"}"#,
            r#"{"event":"stats","hosts":{}}"#,
        ]);
        assert!(matches!(events.last(), Some(EventKind::StepFailed { .. })));
        let (reason, _) = playbook.failure().unwrap();
        assert!(
            reason.contains("no route") && reason.contains("\"a\""),
            "{reason}"
        );
        assert!(
            playbook.remains()[0].starts_with("1 of 2 servers run: m"),
            "{:?}",
            playbook.remains()
        );
    }
}
