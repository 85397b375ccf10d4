//! What the world shows: the rows of every server's view, and what becomes of a commit at each level.

use super::flow::Flow;
use super::{LastMoment, World};
use crate::model::health::{Board, Reading, ReplicationRow};
use crate::model::simulate;
use crate::model::simulate::predict::{Receiver, candidates, rows_of};
use crate::model::simulate::{Configured, StandbyNames, why};
use crate::model::topology::{CommitLevel, ServerId};

/// What becomes of a commit at one level of synchronous_commit, on one primary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelOutcome {
    pub level: CommitLevel,
    pub fate: CommitFate,
    /// The standbys whose answer it needs: for `FIRST n` the chosen, for `ANY n` all candidates.
    pub waits_for: Vec<ServerId>,
    /// Of these, the ones that do not answer: they have paused their replay, or the network to them is cut and the primary
    /// has not noticed.
    pub silent: Vec<ServerId>,
    /// How many answers it needs; 0: it waits for nobody.
    pub needed: u32,
    /// True if an answer comes over a slow network, or after a delay that is set.
    pub is_late: bool,
}

/// The standbys that have every acknowledged commit, and those of which some have it, whichever.
///
/// A quorum takes those that answer first. So does a list in which several standbys match one member, by `*` or by names
/// that are equal: it takes those that connected first, and who that is, no drawing says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Confirming {
    sure: Vec<ServerId>,
    open: Vec<ServerId>,
    /// So many of the open ones.
    needed: usize,
}

impl Confirming {
    /// Of those that answer, by priority.
    fn of(answering: &[(ServerId, u32)], count: usize) -> Self {
        let last = answering
            .get(count.saturating_sub(1))
            .filter(|_| answering.len() > count);
        // A priority that all of the chosen come before, where there are not more than are chosen.
        let last = last.map_or(u32::MAX, |(_, priority)| *priority);
        let with = |holds: fn(u32, u32) -> bool| -> Vec<ServerId> {
            let found = answering.iter().filter(|(_, priority)| holds(*priority, last));
            found.map(|(id, _)| *id).collect()
        };
        let (mut sure, mut open) = (with(|own, last| own < last), with(|own, last| own == last));
        let needed = count.saturating_sub(sure.len());
        if open.len() <= needed {
            sure.append(&mut open);
        }
        Self { sure, open, needed }
    }

    /// What one of the standbys has of a last moment that was acknowledged.
    pub(super) fn last_moment_of(&self, standby: ServerId) -> LastMoment {
        if self.sure.contains(&standby) {
            LastMoment::Has
        } else if self.open.contains(&standby) {
            LastMoment::OneOf {
                member: standby,
                needed: self.needed,
                of: self.open.len(),
            }
        } else {
            LastMoment::MayLack
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CommitFate {
    Acknowledged,
    /// The client waits, without a time limit.
    Hangs,
    /// There is no primary to send it to.
    Fails,
}

impl CommitFate {
    pub fn word(self) -> &'static str {
        match self {
            Self::Acknowledged => "acknowledged",
            Self::Hangs => "hangs",
            Self::Fails => "fails",
        }
    }
}

impl World {
    /// What `status` would show of every server.
    pub fn board(&self) -> Board {
        let servers: Vec<Reading> = (0..self.servers.len()).map(|place| self.reading(place)).collect();
        let commits = simulate::commits(self.topology(), &servers);
        Board { servers, commits }
    }

    /// The rows of one server's pg_stat_replication.
    pub fn rows(&self, server: ServerId) -> Vec<ReplicationRow> {
        let place = self.facts.place(server);
        place.map_or_else(Vec::new, |place| self.rows_at(place))
    }

    /// Why the server that a standby follows shows it with this priority and sync_state.
    pub fn why_row(&self, standby: ServerId, row: &ReplicationRow) -> Option<String> {
        let upstream = self.facts.place(self.state(standby)?.upstream?)?;
        let leads = self.at(upstream).leads();
        Some(why::of_row(row, leads, self.names_at(upstream)))
    }

    /// What becomes of a commit on this server at each level that the version knows; on a server that takes no writes,
    /// it fails at each.
    pub fn commits_on(&self, server: ServerId) -> Vec<LevelOutcome> {
        let knows_apply = self.topology().postgres().has_remote_apply();
        let levels = CommitLevel::ALL.into_iter();
        levels
            .filter(|level| knows_apply || *level != CommitLevel::RemoteApply)
            .map(|level| self.commit_on(server, level))
            .collect()
    }

    /// The same at one level.
    pub fn commit_on(&self, server: ServerId, level: CommitLevel) -> LevelOutcome {
        let nobody = |fate| LevelOutcome {
            level,
            fate,
            waits_for: Vec::new(),
            silent: Vec::new(),
            needed: 0,
            is_late: false,
        };
        match self.facts.place(server).filter(|place| self.at(*place).leads()) {
            None => nobody(CommitFate::Fails),
            Some(place) => match self.names_at(place).filter(|_| level.waits()) {
                None => nobody(CommitFate::Acknowledged),
                Some(names) => self.waiting_commit(place, level, names),
            },
        }
    }

    fn waiting_commit(&self, primary: usize, level: CommitLevel, names: &StandbyNames) -> LevelOutcome {
        let waits_for = self.waited_for(primary, names);
        let applies = level == CommitLevel::RemoteApply;
        let is_silent = |id: &&ServerId| self.answers_no_commit(primary, level, **id);
        let silent: Vec<ServerId> = waits_for.iter().filter(is_silent).copied().collect();
        let (listed, needed) = (
            waits_for.len(),
            usize::try_from(names.count()).unwrap_or(usize::MAX),
        );
        let answers = listed - silent.len();
        let is_enough = if names.is_quorum() {
            answers >= needed
        } else {
            listed >= needed && silent.is_empty()
        };
        let on_time = waits_for
            .iter()
            .filter(|id| !silent.contains(id))
            .filter(|id| !self.is_slow_between(self.id_at(primary), **id))
            .filter(|id| !(applies && self.applies_late(**id)))
            .count();
        LevelOutcome {
            level,
            fate: if is_enough {
                CommitFate::Acknowledged
            } else {
                CommitFate::Hangs
            },
            is_late: is_enough && on_time < if names.is_quorum() { needed } else { listed },
            waits_for,
            silent,
            needed: names.count(),
        }
    }

    fn answers_no_commit(&self, primary: usize, level: CommitLevel, standby: ServerId) -> bool {
        let is_paused = || self.state(standby).is_some_and(|state| state.is_paused);
        (level == CommitLevel::RemoteApply && is_paused()) || self.is_silent(standby, self.id_at(primary))
    }

    /// Of those that a commit on this primary could wait for, in their order: the standby, and whether it answers.
    pub fn commit_candidates(&self, server: ServerId, level: CommitLevel) -> Vec<(ServerId, bool)> {
        let place = self.facts.place(server).filter(|_| level.waits());
        let listed = place.and_then(|place| Some((place, self.names_at(place)?)));
        let Some((place, names)) = listed else {
            return Vec::new();
        };
        let (ids, receivers) = self.receivers(place);
        candidates(&receivers, names)
            .into_iter()
            .map(|candidate| {
                (
                    ids[candidate],
                    !self.answers_no_commit(place, level, ids[candidate]),
                )
            })
            .collect()
    }

    /// The level that holds on a primary when a session says nothing.
    pub fn configured_level(&self, server: ServerId) -> Option<CommitLevel> {
        Some(self.state(server)?.configured.as_ref()?.commit)
    }

    /// The standbys that a commit at a waiting level waits for.
    pub(super) fn waited_for(&self, primary: usize, names: &StandbyNames) -> Vec<ServerId> {
        let (ids, receivers) = self.receivers(primary);
        let chosen = if names.is_quorum() {
            usize::MAX
        } else {
            usize::try_from(names.count()).unwrap_or(usize::MAX)
        };
        candidates(&receivers, names)
            .into_iter()
            .take(chosen)
            .map(|place| ids[place])
            .collect()
    }

    /// Who has a commit that was acknowledged at the configured level.
    pub(super) fn confirming(&self, primary: usize) -> Confirming {
        let Some(names) = self.waited_list(primary) else {
            return Confirming::default();
        };
        let level = self
            .configured_level(self.id_at(primary))
            .unwrap_or(CommitLevel::On);
        // What has paused its replay confirms nothing that has to be applied, and what is cut off confirms nothing.
        let silent = self.waiting_commit(primary, level, names).silent;
        let (ids, receivers) = self.receivers(primary);
        let answering: Vec<(ServerId, u32)> = candidates(&receivers, names)
            .into_iter()
            .map(|place| (ids[place], names.priority(receivers[place].shown)))
            .filter(|(id, _)| !silent.contains(id))
            .collect();
        Confirming::of(&answering, usize::try_from(names.count()).unwrap_or(usize::MAX))
    }

    /// The list that a primary reads; what a standby has of it, it ignores.
    pub(super) fn names_at(&self, place: usize) -> Option<&StandbyNames> {
        let state = self.at(place);
        let configured = state.configured.as_deref().filter(|_| state.leads());
        configured.and_then(|configured| configured.names.as_ref())
    }

    /// True if a commit at the configured level is acknowledged.
    pub(super) fn is_acknowledged_at(&self, place: usize) -> bool {
        let level = self
            .configured_level(self.id_at(place))
            .unwrap_or(CommitLevel::On);
        self.commit_on(self.id_at(place), level).fate == CommitFate::Acknowledged
    }

    /// The list, if a commit at the configured level waits for it.
    pub(super) fn waited_list(&self, place: usize) -> Option<&StandbyNames> {
        let state = self.at(place);
        state.configured.as_deref().and_then(Configured::waited_for)
    }

    fn applies_late(&self, server: ServerId) -> bool {
        let server = self.topology().server(server);
        server
            .and_then(|server| server.standby()?.apply_delay())
            .is_some_and(|delay| delay.micros() > 0)
    }

    fn reading(&self, place: usize) -> Reading {
        let state = self.at(place);
        Reading {
            name: self.name_at(place).to_owned(),
            running: state.is_up(),
            answers: state.is_up(),
            role: if state.upstream.is_none() {
                "primary"
            } else {
                "standby"
            }
            .to_owned(),
            upstream: self
                .upstream_of(place)
                .map(|upstream| self.name_at(upstream).to_owned()),
            replication: self.rows_at(place),
        }
    }

    fn rows_at(&self, place: usize) -> Vec<ReplicationRow> {
        if self.at(place).flow == Flow::Down {
            return Vec::new();
        }
        rows_of(&self.receivers(place).1, self.names_at(place))
    }

    /// Who is connected to a server, in the order of its senders.
    fn receivers(&self, place: usize) -> (Vec<ServerId>, Vec<Receiver<'_>>) {
        let (upstream, senders) = (self.id_at(place), self.at(place).senders.iter().flatten());
        senders
            .filter_map(|id| {
                let place = self.facts.place(*id)?;
                let fact = &self.facts.servers[place];
                let receiver = Receiver {
                    shown: &fact.shown,
                    in_view: &fact.in_view,
                    state: if self.is_silent(*id, upstream) {
                        "streaming"
                    } else {
                        self.at(place).flow.row_state()?
                    },
                };
                Some((*id, receiver))
            })
            .unzip()
    }
}
