//! Letting one thing happen: the row of the table that holds, the world at rest again, and what changed, in words.

use thiserror::Error;

use super::flow::Flow;
use super::transition::{Deed, TRANSITIONS, Transition};
use super::{CommitFate, Incident, State, World};
use crate::model::topology::ServerId;

/// One thing that followed from an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consequence {
    /// The server that it is about; `None`: the whole cluster.
    pub server: Option<ServerId>,
    pub sentence: String,
    /// Why it is so: the rule, with the manual's term.
    pub reason: &'static str,
}

/// Why an incident cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{sentence} ({reason})")]
pub struct Refusal {
    pub sentence: String,
    pub reason: &'static str,
}

impl World {
    /// May this happen now? The row of the table that would be performed.
    ///
    /// # Errors
    ///
    /// If the table refuses it in this state, with the sentence and the reason of its row.
    pub fn judge(&self, incident: Incident) -> Result<&'static Transition, Refusal> {
        let deed = self.deed(incident)?;
        let row = TRANSITIONS
            .iter()
            .find(|row| row.verb == incident.verb() && (row.holds)(self, &deed))
            .ok_or_else(no_such_server)?;
        if row.is_refusal() {
            return Err(Refusal {
                sentence: self.filled(row.becomes, &deed),
                reason: row.reason,
            });
        }
        Ok(row)
    }

    /// Lets it happen, and says what follows: first the thing itself, then what became of each server that it changed
    /// for, then of commits. Refused, the world stays as it was.
    ///
    /// # Errors
    ///
    /// If [`World::judge`] refuses it.
    pub fn apply(&mut self, incident: Incident) -> Result<Vec<Consequence>, Refusal> {
        let row = self.judge(incident)?;
        let deed = self.deed(incident)?;
        let before = self.clone();
        self.apply_each(&[incident]);
        let mut consequences = vec![Consequence {
            server: incident.servers().0,
            sentence: self.filled(row.becomes, &deed),
            reason: row.reason,
        }];
        consequences.extend(self.changed_flows(&before, &deed));
        consequences.extend(self.changed_commits(&before));
        Ok(consequences)
    }

    /// Lets each of them happen that can, without a word about it, and the world settles once, at the end. Which ones did.
    pub fn apply_each(&mut self, incidents: &[Incident]) -> Vec<bool> {
        let mut happened = Vec::with_capacity(incidents.len());
        for incident in incidents {
            let row = self
                .judge(*incident)
                .and_then(|row| Ok((row.perform, self.deed(*incident)?)));
            happened.push(row.is_ok());
            if let Ok((perform, deed)) = row {
                self.incidents.push(*incident);
                if let Some(perform) = perform {
                    perform(self, &deed);
                }
            }
        }
        self.settle();
        happened
    }

    /// Every incident on one server that is possible now, for a menu: with itself alone, or with its upstream.
    pub fn possible_on(&self, server: ServerId) -> Vec<Incident> {
        let alone = [
            Incident::Crash(server),
            Incident::Stop(server),
            Incident::ComeBack(server),
            Incident::Pause(server),
            Incident::Resume(server),
            Incident::Promote(server),
        ];
        let upstream = self.state(server).and_then(|state| state.upstream);
        let with_upstream = upstream.into_iter().flat_map(|upstream| {
            let (one, other) = (upstream, server);
            [
                Incident::Cut { one, other },
                Incident::Slow { one, other },
                Incident::Mend { one, other },
                Incident::MakeSlot { server, upstream },
                Incident::Rebuild { server, upstream },
            ]
        });
        alone
            .into_iter()
            .chain(with_upstream)
            .filter(|incident| self.judge(*incident).is_ok())
            .collect()
    }

    /// The servers that this one could be told to follow.
    pub fn possible_upstreams(&self, server: ServerId) -> Vec<ServerId> {
        let own = self.state(server).and_then(State::configured_upstream);
        let others = self
            .topology()
            .servers()
            .iter()
            .map(crate::model::topology::Server::id);
        others
            .filter(|upstream| Some(*upstream) != own)
            .filter(|upstream| {
                let upstream = *upstream;
                self.judge(Incident::Repoint { server, upstream }).is_ok()
            })
            .collect()
    }

    pub(super) fn deed(&self, incident: Incident) -> Result<Deed, Refusal> {
        let place = |id: Option<ServerId>| match id {
            None => Ok(0),
            Some(id) => self.facts.place(id).ok_or_else(no_such_server),
        };
        let (server, other) = incident.servers();
        Ok(Deed {
            server: place(server)?,
            other: place(other)?,
        })
    }

    fn filled(&self, text: &str, deed: &Deed) -> String {
        text.replace("{server}", self.name_at(deed.server))
            .replace("{other}", self.name_at(deed.other))
    }

    /// A server's standing to its upstream as a sentence.
    pub fn flow_sentence(&self, server: ServerId) -> Option<String> {
        let place = self.facts.place(server)?;
        let upstream = self
            .upstream_of(place)
            .map_or("", |upstream| self.name_at(upstream));
        let becomes = self.at(place).flow.row().becomes.replace("{upstream}", upstream);
        Some(format!("\"{}\" {becomes}", self.name_at(place)))
    }

    pub(super) fn changed_flows(&self, before: &Self, deed: &Deed) -> Vec<Consequence> {
        (0..self.servers.len())
            .filter(|place| {
                let (now, then) = (self.at(*place), before.at(*place));
                let is_said_already = *place == deed.server && matches!(now.flow, Flow::Down | Flow::Leads);
                !is_said_already && (now.flow, now.upstream) != (then.flow, then.upstream)
            })
            .filter_map(|place| {
                let id = self.id_at(place);
                Some(Consequence {
                    server: Some(id),
                    sentence: self.flow_sentence(id)?,
                    reason: self.at(place).flow.row().reason,
                })
            })
            .collect()
    }

    pub(super) fn changed_commits(&self, before: &Self) -> Option<Consequence> {
        let (now, then) = (self.cluster_fate(), before.cluster_fate());
        if now == then {
            return None;
        }
        let (sentence, reason) = match now {
            CommitFate::Acknowledged => (
                "commits are acknowledged",
                "enough standbys answer, or none is required",
            ),
            CommitFate::Hangs => (
                "every commit that waits for a standby hangs from now on; reads go on",
                "synchronous replication has no timeout: a commit waits until enough of the list answer",
            ),
            CommitFate::Fails => (
                "there is no primary: every write fails",
                "standbys are read-only, and none promotes itself",
            ),
        };
        Some(Consequence {
            server: None,
            sentence: sentence.to_owned(),
            reason,
        })
    }

    /// What becomes of a commit at the configured level, on the best of the primaries.
    pub fn cluster_fate(&self) -> CommitFate {
        let fates = self.leaders().into_iter().filter_map(|leader| {
            let level = self.configured_level(leader)?;
            Some(self.commit_on(leader, level).fate)
        });
        fates.min().unwrap_or(CommitFate::Fails)
    }
}

fn no_such_server() -> Refusal {
    Refusal {
        sentence: "that server is no longer in the design".to_owned(),
        reason: "events apply to the design as it was when the simulation started",
    }
}
