//! A run of a scenario, tick by tick.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::Arc;

use super::clients::{Commit, Session};
use super::commits::Leader;
use super::delay::{Delay, delay};
use super::link::{Link, Progress};
use super::random::Random;
use super::silence::Quiet;
use super::story::{Happened, What};
use super::{Micros, Scenario, Speed, TICK};
use crate::model::simulate::world::{Consequence, Flow, Incident, Refusal, World};
use crate::model::topology::{Server, ServerId, Topology};

/// The whole state at one moment. A clone is a run of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub(super) scenario: Arc<Scenario>,
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
    pub(super) sessions: Vec<Session>,
    pub(super) waiting: Vec<(usize, Commit)>,
    pub(super) ended: VecDeque<Commit>,
    pub(super) asked: u64,
    pub(super) acknowledged: u64,
    pub(super) failed: u64,
    pub(super) lost: u64,
    /// The longest that a client waited for a commit that has ended.
    pub(super) slowest: Micros,
    /// When a commit was acknowledged last, and the longest time without one so far.
    pub(super) acknowledged_at: Micros,
    pub(super) stood_still: Micros,
    /// Links that are cut, as long as not both of their ends know.
    pub(super) quiet: Vec<Quiet>,
    pub(super) leaders: Vec<Leader>,
    pub(super) random: Random,
}

/// What a tick has to know of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) is_up: bool,
    pub(super) leads: bool,
    pub(super) is_paused: bool,
    pub(super) speed: Speed,
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
            world: World::in_time(topology),
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
            slowest: 0,
            acknowledged_at: 0,
            stood_still: 0,
            quiet: Vec::new(),
            leaders: Vec::new(),
            random,
            scenario,
        };
        run.look();
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

    /// What is to happen by now, and what servers notice by now.
    fn happen_due(&mut self) {
        let before = self.happened.len();
        while let Some(event) = self.scenario.events.get(self.next_event).copied() {
            if event.at > self.now {
                break;
            }
            self.next_event += 1;
            let outcome = self.world.apply(event.incident);
            if outcome.is_ok() {
                self.take_over(event.incident);
                self.fall_quiet();
            }
            self.tell(What::Event(event.incident), outcome);
        }
        self.notice_due();
        if self.happened.len() > before {
            self.look();
        }
    }

    pub(super) fn tell(&mut self, what: What, outcome: Result<Vec<Consequence>, Refusal>) {
        self.happened.push(Happened {
            at: self.now,
            what,
            outcome,
        });
    }

    /// What an incident means for the WAL that servers have.
    fn take_over(&mut self, incident: Incident) {
        let Some(place) = incident.servers().0.and_then(|server| self.place(server)) else {
            return;
        };
        match incident {
            // What its operating system had not yet brought to the disk is gone, and what nobody waited for with it.
            Incident::Crash(server) => {
                let own = &mut self.servers[place];
                own.written = own.flushed;
                let kept = own.flushed;
                self.lose(|commit| commit.on == server && commit.end > kept);
            }
            // A recovery ends when all is applied that was received.
            Incident::Promote(_) => {
                let own = &mut self.servers[place];
                own.flushed = own.written;
                own.replayed = own.written;
                let kept = own.written;
                self.lose(|commit| commit.end > kept);
            }
            Incident::Rebuild { upstream, .. } => {
                if let Some(upstream) = self.place(upstream) {
                    self.servers[place] = self.servers[upstream];
                }
            }
            _ => {}
        }
    }

    /// Looks at the world after something has happened: who streams from whom, and who takes commits.
    fn look(&mut self) {
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

    pub(super) fn place(&self, server: ServerId) -> Option<usize> {
        let servers = self.world.topology().servers();
        servers.binary_search_by_key(&server, Server::id).ok()
    }

    pub(super) fn id(&self, place: usize) -> ServerId {
        self.world.topology().servers()[place].id()
    }
}
