//! Connections over a network that is cut, as long as not both of their ends know: nothing closes them, so each end
//! believes in its connection until its time limit (wal_sender_timeout, wal_receiver_timeout).
//!
//! Only a world in time has them ([`World::in_time`]); who runs the time says when an end notices ([`World::notice`]).
//! Without time, every cut has been noticed.

use super::transition::Deed;
use super::{Consequence, Flow, World};
use crate::model::topology::{PgMajor, ServerId, Topology};

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The WAL sender of the upstream: as long as it believes, its row stays, and commits wait for the standby.
    Sender,
    /// The WAL receiver of the standby: as long as it believes, the standby looks for WAL nowhere else.
    Receiver,
}

impl End {
    /// The setting that says how long this end waits in silence.
    pub fn setting(self, major: PgMajor) -> &'static str {
        match self {
            Self::Sender => major.sender_timeout_setting(),
            Self::Receiver => "wal_receiver_timeout",
        }
    }
}

/// A connection that an end or two believe in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    pub standby: ServerId,
    pub upstream: ServerId,
    sender: bool,
    receiver: bool,
}

impl Silence {
    pub fn believes(&self, end: End) -> bool {
        match end {
            End::Sender => self.sender,
            End::Receiver => self.receiver,
        }
    }
}

impl World {
    /// The same as [`World::new`], but a cut is noticed by nobody before that is said.
    pub fn in_time(topology: &Topology) -> Self {
        let mut world = Self::new(topology);
        world.is_in_time = true;
        world
    }

    /// The connections that somebody believes in although nothing gets through.
    pub fn silences(&self) -> &[Silence] {
        &self.silences
    }

    /// After how many microseconds of silence this end of a connection ends it; `None`: never.
    pub fn patience(&self, server: ServerId, end: End) -> Option<u64> {
        let fact = &self.facts.servers[self.facts.place(server)?];
        match end {
            End::Sender => fact.sender_timeout,
            End::Receiver => fact.receiver_timeout,
        }
    }

    /// One end of a silent connection gives it up: what follows from that.
    pub fn notice(&mut self, standby: ServerId, upstream: ServerId, end: End) -> Vec<Consequence> {
        let (Some(place), Some(above)) = (self.facts.place(standby), self.facts.place(upstream)) else {
            return Vec::new();
        };
        let before = self.clone();
        self.give_up(end, |silence| {
            (silence.standby, silence.upstream) == (standby, upstream)
        });
        self.settle();
        let deed = Deed {
            server: place,
            other: above,
        };
        let mut consequences = self.changed_flows(&before, &deed);
        consequences.extend(self.changed_commits(&before));
        consequences
    }

    /// True if the upstream shows a standby that does not answer.
    pub fn is_silent(&self, standby: ServerId, upstream: ServerId) -> bool {
        self.believes_in(standby, upstream, End::Sender)
    }

    /// True if the standby takes its connection for a living one, so that it looks for no other.
    pub(super) fn believes(&self, place: usize) -> bool {
        let (own, upstream) = (self.id_at(place), self.at(place).upstream);
        upstream.is_some_and(|upstream| self.believes_in(own, upstream, End::Receiver))
    }

    /// True if this end of a silent connection has not noticed.
    pub fn believes_in(&self, standby: ServerId, upstream: ServerId, end: End) -> bool {
        self.silences.iter().any(|silence| {
            (silence.standby, silence.upstream) == (standby, upstream) && silence.believes(end)
        })
    }

    /// The network between the two is cut: anyone who streams there does not know.
    pub(super) fn fall_silent(&mut self, one: usize, other: usize) {
        if !self.is_in_time {
            return;
        }
        for (place, above) in [(one, other), (other, one)] {
            let (standby, upstream) = (self.id_at(place), self.id_at(above));
            let state = self.at(place);
            let is_connected = state.flow.is_connected() && state.flow != Flow::Silent;
            if is_connected && state.upstream == Some(upstream) {
                self.silences.push(Silence {
                    standby,
                    upstream,
                    sender: true,
                    receiver: true,
                });
            }
        }
    }

    /// The network works again: what both ends believe in goes on, and what one end has given up is ended at the other.
    pub(super) fn hear_again(&mut self, one: usize, other: usize) {
        let both = [self.id_at(one), self.id_at(other)];
        self.silences
            .retain(|silence| !(both.contains(&silence.standby) && both.contains(&silence.upstream)));
    }

    /// The server has ended: its processes believe in nothing any more, and nobody is told.
    pub(super) fn forget_ended(&mut self, place: usize) {
        let id = self.id_at(place);
        self.give_up(End::Sender, |silence| silence.upstream == id);
        self.forget_receiver(place);
    }

    /// The standby has ended its connection by itself, and its upstream hears nothing of it.
    pub(super) fn forget_receiver(&mut self, place: usize) {
        let id = self.id_at(place);
        self.give_up(End::Receiver, |silence| silence.standby == id);
    }

    fn give_up(&mut self, end: End, which: impl Fn(&Silence) -> bool) {
        for silence in self.silences.iter_mut().filter(|silence| which(silence)) {
            match end {
                End::Sender => silence.sender = false,
                End::Receiver => silence.receiver = false,
            }
        }
        self.silences.retain(|silence| silence.sender || silence.receiver);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::simulate::world::{CommitFate, Incident};
    use crate::model::topology::{Archive, Edit, notation};

    const SEED: &str = "m 1 sync first 1\n  a 2 priority 1\n  b 3 priority 2\n";

    fn id(world: &World, name: &str) -> ServerId {
        world.topology().by_name(name).unwrap().id()
    }

    fn apply(world: &mut World, texts: &[&str]) {
        for text in texts {
            let incident = Incident::parse(text, world.topology()).unwrap();
            world.apply(incident).unwrap();
        }
    }

    /// Whom the primary takes for synchronous, what becomes of a commit there, and how `a` stands to it.
    fn seen(world: &World) -> (Vec<String>, CommitFate, Flow) {
        let rows = world.rows(id(world, "m")).into_iter();
        let sync = rows.filter(|row| row.sync_state == "sync");
        (
            sync.map(|row| row.application_name).collect(),
            world.cluster_fate(),
            world.state(id(world, "a")).unwrap().flow,
        )
    }

    #[test]
    fn the_row_stays_and_commits_wait_for_it_until_the_sender_notices() {
        let topology = notation::parse(SEED).unwrap();
        let mut world = World::in_time(&topology);
        apply(&mut world, &["cut m a"]);
        let (m, a) = (id(&world, "m"), id(&world, "a"));
        let sync = |name: &str| vec![name.to_owned()];
        assert_eq!(seen(&world), (sync("a"), CommitFate::Hangs, Flow::Silent));
        let consequences = world.notice(a, m, End::Sender);
        assert_eq!(consequences.last().unwrap().sentence, "commits are acknowledged");
        assert_eq!(seen(&world), (sync("b"), CommitFate::Acknowledged, Flow::Cut));
        assert!(world.believes_in(a, m, End::Receiver));
        world.notice(a, m, End::Receiver);
        assert_eq!(world.silences(), []);
        // Without time, it has been noticed.
        let mut at_once = World::new(&topology);
        apply(&mut at_once, &["cut m a"]);
        assert_eq!(seen(&at_once), seen(&world));
        // Whatever was not noticed by then goes on.
        let mut mended = World::in_time(&topology);
        apply(&mut mended, &["cut m a", "mend m a"]);
        assert_eq!(
            seen(&mended),
            (sync("a"), CommitFate::Acknowledged, Flow::Streams)
        );
        assert_eq!(mended.silences(), []);
    }

    #[test]
    fn nobody_hears_that_the_other_end_has_died() {
        let topology = notation::parse(SEED).unwrap();
        let mut world = World::in_time(&topology);
        apply(&mut world, &["cut m a", "crash a"]);
        assert_eq!(
            seen(&world),
            (vec!["a".to_owned()], CommitFate::Hangs, Flow::Down)
        );
        apply(&mut world, &["mend m a"]);
        assert_eq!(seen(&world).0, ["b"]);
        let mut world = World::in_time(&topology);
        apply(&mut world, &["cut m a", "crash m"]);
        let (m, a) = (id(&world, "m"), id(&world, "a"));
        assert!(!world.is_silent(a, m) && world.believes_in(a, m, End::Receiver));
        assert_eq!(world.state(a).unwrap().flow, Flow::Cut);
        // A server that is killed is noticed at once where something gets through.
        let mut world = World::in_time(&topology);
        apply(&mut world, &["crash a"]);
        assert_eq!(seen(&world).1, CommitFate::Acknowledged);
    }

    /// The process that restores is the one that waits for the receiver.
    #[test]
    fn a_standby_that_has_not_noticed_looks_for_nothing_in_the_archive() {
        let mut topology = notation::parse("m 1\n  a 2\n  b 3\n").unwrap();
        let archive = Archive::new("archive").unwrap();
        topology.apply(&Edit::SetArchive(Some(archive))).unwrap();
        let mut world = World::in_time(&topology);
        apply(&mut world, &["cut m a", "write-much", "write-much"]);
        let (m, a) = (id(&world, "m"), id(&world, "a"));
        let batch = |world: &World| world.state(a).unwrap().position.batch;
        let before = batch(&world);
        world.notice(a, m, End::Sender);
        assert_eq!(batch(&world), before);
        world.notice(a, m, End::Receiver);
        assert!(batch(&world) > before);
    }
}
