//! A run of a scenario, tick by tick.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::Arc;

use super::clients::{Commit, Ending, Session};
use super::link::{Link, Progress, Stage};
use super::random::Random;
use super::{Micros, Scenario, Speed, TICK};
use crate::model::simulate::world::{Action, Consequence, Flow, Life, Refusal, World};
use crate::model::topology::{CommitLevel, Server, ServerId, Topology};

/// After which time a client without a primary tries again.
const RETRY: Micros = 1_000_000;
/// How many commits that have ended are kept, for display.
const KEPT: usize = 256;

/// One event of the scenario, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    pub at: Micros,
    pub action: Action,
    pub outcome: Result<Vec<Consequence>, Refusal>,
}

/// The whole state at one moment. A clone is a run of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    scenario: Arc<Scenario>,
    pub(super) now: Micros,
    pub(super) world: World,
    /// How many events have happened.
    next_event: usize,
    happened: Vec<Happened>,
    pub(super) servers: Vec<Progress>,
    pub(super) conditions: Vec<Condition>,
    /// For a standby with a delay: how far it was flushed when.
    pub(super) delays: Vec<Option<Delay>>,
    pub(super) links: Vec<Link>,
    sessions: Vec<Session>,
    pub(super) waiting: Vec<(usize, Commit)>,
    ended: VecDeque<Commit>,
    asked: u64,
    acknowledged: u64,
    failed: u64,
    lost: u64,
    pub(super) leaders: Vec<Leader>,
    random: Random,
}

/// A standby applies what it has flushed this long ago.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Delay {
    micros: Micros,
    flushed: VecDeque<(Micros, u64)>,
}

/// What a tick has to know of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) is_up: bool,
    leads: bool,
    pub(super) is_paused: bool,
    speed: Speed,
}

/// Who takes commits now, and whose answers they need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leader {
    pub(super) place: usize,
    pub(super) level: CommitLevel,
    pub(super) needed: usize,
    pub(super) waits_for: Vec<usize>,
}

impl Run {
    pub fn new(topology: &Topology, scenario: impl Into<Arc<Scenario>>) -> Self {
        let scenario = scenario.into();
        let count = topology.servers().len();
        let sessions = usize::try_from(scenario.workload.sessions).unwrap_or(0);
        let mut random = Random::new(scenario.seed);
        let think = scenario.workload.think;
        let mut run = Self {
            now: 0,
            world: World::new(topology),
            next_event: 0,
            happened: Vec::new(),
            servers: vec![Progress::default(); count],
            conditions: vec![Condition::default(); count],
            delays: topology.servers().iter().map(delay).collect(),
            links: vec![Link::default(); count],
            sessions: (0..sessions)
                .map(|_| Session::Thinks {
                    until: random.up_to(think),
                })
                .collect(),
            waiting: Vec::new(),
            ended: VecDeque::new(),
            asked: 0,
            acknowledged: 0,
            failed: 0,
            lost: 0,
            leaders: Vec::new(),
            random,
            scenario,
        };
        run.notice();
        run
    }

    pub fn now(&self) -> Micros {
        self.now
    }

    pub fn world(&self) -> &World {
        &self.world
    }

    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The events so far, each with what came of it.
    pub fn happened(&self) -> &[Happened] {
        &self.happened
    }

    /// How far a server has the WAL.
    pub fn progress(&self, server: ServerId) -> Option<Progress> {
        self.servers.get(self.place(server)?).copied()
    }

    /// How many bytes of the newest WAL a server has not applied yet.
    pub fn lag(&self, server: ServerId) -> Option<u64> {
        let newest = self
            .leaders
            .iter()
            .map(|leader| self.servers[leader.place].written)
            .max();
        Some(newest?.saturating_sub(self.progress(server)?.replayed))
    }

    /// Commits that clients wait for, the oldest first.
    pub fn waiting(&self) -> impl Iterator<Item = &Commit> {
        self.waiting.iter().map(|(_, commit)| commit)
    }

    /// Commits that have ended, the last of them, the oldest first.
    pub fn ended(&self) -> impl DoubleEndedIterator<Item = &Commit> {
        self.ended.iter()
    }

    /// How many commits were acknowledged so far.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// How many were refused, since there was no primary, or broken off.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// How many of those that clients were told of are gone, as far as they are among the commits that are kept.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// How far a commit has come at a server; one that is lost is on its own primary alone.
    pub fn stage(&self, commit: &Commit, server: ServerId) -> Stage {
        let place = self.place(server);
        let Some(place) = place.filter(|_| commit.lost.is_none() || commit.on == server) else {
            return Stage::NotSent;
        };
        let own = self.servers[place];
        if own.replayed >= commit.end {
            Stage::Replayed
        } else if own.flushed >= commit.end {
            Stage::Flushed
        } else if own.written >= commit.end {
            Stage::Written
        } else if self.links[place].sent >= commit.end {
            Stage::Sent
        } else {
            Stage::NotSent
        }
    }

    /// One tick.
    pub fn step(&mut self) {
        self.now += TICK;
        self.happen_due();
        self.clients_commit();
        for place in 0..self.servers.len() {
            self.move_wal(place);
        }
        self.answer_clients();
    }

    /// Ticks until the moment.
    pub fn run_until(&mut self, moment: Micros) {
        while self.now + TICK <= moment {
            self.step();
        }
    }

    /// The same run with another scenario from now on: what has happened stays.
    pub(super) fn with_scenario(mut self, scenario: Arc<Scenario>) -> Self {
        self.scenario = scenario;
        self
    }

    fn happen_due(&mut self) {
        let first = self.next_event;
        while let Some(event) = self.scenario.events.get(self.next_event).copied() {
            if event.at > self.now {
                break;
            }
            self.next_event += 1;
            let outcome = self.world.apply(event.action);
            if outcome.is_ok() {
                self.take_over(event.action);
            }
            self.happened.push(Happened {
                at: self.now,
                action: event.action,
                outcome,
            });
        }
        if self.next_event > first {
            self.notice();
        }
    }

    /// What an action means for the WAL that servers have.
    fn take_over(&mut self, action: Action) {
        let Some(place) = action.servers().0.and_then(|server| self.place(server)) else {
            return;
        };
        match action {
            // What its operating system had not yet brought to the disk is gone, and what nobody waited for with it.
            Action::Crash(server) => {
                let own = &mut self.servers[place];
                own.written = own.flushed;
                let kept = own.flushed;
                self.lose(|commit| commit.on == server && commit.end > kept);
            }
            // A recovery ends when all is applied that was received.
            Action::Promote(_) => {
                let own = &mut self.servers[place];
                own.flushed = own.written;
                own.replayed = own.written;
                let kept = own.written;
                self.lose(|commit| commit.end > kept);
            }
            Action::Rebuild { upstream, .. } => {
                if let Some(upstream) = self.place(upstream) {
                    self.servers[place] = self.servers[upstream];
                }
            }
            _ => {}
        }
    }

    /// These commits are no part of the history that goes on.
    fn lose(&mut self, is_lost: impl Fn(&Commit) -> bool) {
        let waiting = self.waiting.iter_mut().map(|(_, commit)| commit);
        for commit in self.ended.iter_mut().chain(waiting) {
            if commit.lost.is_none() && is_lost(commit) {
                commit.lost = Some(self.now);
                self.lost += u64::from(matches!(commit.ending, Some((_, Ending::Acknowledged))));
            }
        }
    }

    /// Looks at the world after something has happened: who streams from whom, and who takes commits.
    fn notice(&mut self) {
        for place in 0..self.links.len() {
            let id = self.id(place);
            let Some(state) = self.world.state(id) else {
                continue;
            };
            let speed = self.scenario.speed_of(id);
            let is_slow = state
                .upstream
                .is_some_and(|upstream| self.world.is_slow_between(id, upstream));
            self.conditions[place] = Condition {
                is_up: state.is_up(),
                leads: state.leads(),
                is_paused: state.is_paused,
                speed: if is_slow { speed.slowed() } else { speed },
            };
            let streams = matches!(state.flow, Flow::Streams | Flow::Starves);
            let upstream = state
                .upstream
                .filter(|_| streams)
                .and_then(|upstream| self.place(upstream));
            if self.links[place].upstream != upstream {
                self.links[place].connect(upstream, self.servers[place]);
            }
        }
        // Clients take the newest primary; who waits for one that is gone learns nothing of his commit.
        let mut leaders = self.world.leaders();
        leaders.sort_by_key(|leader| Reverse(self.world.age_of_line(*leader)));
        self.leaders = leaders
            .into_iter()
            .filter_map(|leader| self.leader(leader))
            .collect();
        self.break_off();
    }

    fn leader(&self, leader: ServerId) -> Option<Leader> {
        let level = self.world.configured_level(leader)?;
        let outcome = self.world.commit_on(leader, level);
        Some(Leader {
            place: self.place(leader)?,
            level,
            needed: usize::try_from(outcome.needed).unwrap_or(usize::MAX),
            waits_for: outcome
                .waits_for
                .iter()
                .filter_map(|id| self.place(*id))
                .collect(),
        })
    }

    fn break_off(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        for (session, commit) in waiting {
            let lives = self
                .world
                .state(commit.on)
                .is_some_and(|state| state.life == Life::Up);
            if lives {
                self.waiting.push((session, commit));
            } else {
                self.failed += 1;
                self.end(session, commit, Ending::Unknown);
            }
        }
    }

    fn clients_commit(&mut self) {
        let Some(leader) = self.leaders.first().cloned() else {
            for session in &mut self.sessions {
                if matches!(session, Session::Thinks { until } if *until <= self.now) {
                    *session = Session::Thinks {
                        until: self.now + RETRY,
                    };
                    self.failed += 1;
                }
            }
            return;
        };
        for session in 0..self.sessions.len() {
            if !matches!(self.sessions[session], Session::Thinks { until } if until <= self.now) {
                continue;
            }
            let bytes = self.random.about(self.scenario.workload.bytes).max(1);
            let own = &mut self.servers[leader.place];
            own.written += bytes;
            self.asked += 1;
            self.sessions[session] = Session::Waits;
            let commit = Commit {
                number: self.asked,
                on: self.id(leader.place),
                asked: self.now,
                level: leader.level,
                end: self.servers[leader.place].written,
                ending: None,
                lost: None,
            };
            self.waiting.push((session, commit));
        }
    }

    /// One server's tick: WAL arrives, reaches the disk a tick later, is applied another one later, and the upstream is told.
    fn move_wal(&mut self, place: usize) {
        let condition = self.conditions[place];
        if !condition.is_up {
            return;
        }
        let own = &mut self.servers[place];
        let on_disk = own.flushed;
        own.flushed = own.written;
        if condition.leads {
            own.replayed = own.flushed;
            return;
        }
        if !condition.is_paused {
            own.replayed = match &mut self.delays[place] {
                None => on_disk,
                Some(delay) => delay.applied(on_disk, own.replayed, self.now),
            };
        }
        let Some(upstream) = self.links[place].upstream else {
            return;
        };
        let above = self.servers[upstream].flushed;
        let link = &mut self.links[place];
        link.send(above, self.now, condition.speed);
        if let Some(up_to) = link.arrived(self.now) {
            self.servers[place].written = up_to;
        }
        self.links[place].answer(self.servers[place], self.now, condition.speed);
    }

    fn answer_clients(&mut self) {
        let leaders = std::mem::take(&mut self.leaders);
        for leader in &leaders {
            let confirmed = self.confirmed(leader);
            let on = self.id(leader.place);
            let waiting = std::mem::take(&mut self.waiting);
            for (session, commit) in waiting {
                if commit.on == on && commit.end <= confirmed {
                    self.acknowledged += 1;
                    self.lost += u64::from(commit.lost.is_some());
                    self.end(session, commit, Ending::Acknowledged);
                } else {
                    self.waiting.push((session, commit));
                }
            }
        }
        self.leaders = leaders;
    }

    /// Up to which byte commits on this primary have what they wait for.
    fn confirmed(&self, leader: &Leader) -> u64 {
        let own = self.servers[leader.place];
        if leader.level == CommitLevel::Off {
            return own.written;
        }
        if leader.needed == 0 {
            return own.flushed;
        }
        let mut answers: Vec<u64> = leader
            .waits_for
            .iter()
            .map(|place| self.links[*place].known.for_level(leader.level))
            .collect();
        answers.sort_unstable_by(|one, other| other.cmp(one));
        // As many as are needed have confirmed this much.
        let enough = answers.get(leader.needed - 1).copied().unwrap_or(0);
        own.flushed.min(enough)
    }

    fn end(&mut self, session: usize, mut commit: Commit, ending: Ending) {
        commit.ending = Some((self.now, ending));
        let pause = self.random.about(self.scenario.workload.think);
        self.sessions[session] = Session::Thinks {
            until: self.now + pause,
        };
        self.ended.push_back(commit);
        if self.ended.len() > KEPT {
            self.ended.pop_front();
        }
    }

    pub(super) fn place(&self, server: ServerId) -> Option<usize> {
        let servers = self.world.topology().servers();
        servers.binary_search_by_key(&server, Server::id).ok()
    }

    pub(super) fn id(&self, place: usize) -> ServerId {
        self.world.topology().servers()[place].id()
    }
}

impl Delay {
    /// What may be applied now: the last that was flushed this long ago.
    fn applied(&mut self, flushed: u64, replayed: u64, now: Micros) -> u64 {
        if self.flushed.back().is_none_or(|(_, last)| *last < flushed) {
            self.flushed.push_back((now, flushed));
        }
        let mut applied = replayed;
        while let Some((_, due)) = self.flushed.pop_front_if(|(at, _)| *at + self.micros <= now) {
            applied = applied.max(due);
        }
        applied
    }
}

fn delay(server: &Server) -> Option<Delay> {
    let micros = server.standby()?.apply_delay()?.micros();
    (micros > 0).then(|| Delay {
        micros,
        flushed: VecDeque::new(),
    })
}
