//! The board of a running cluster: a fold over what was last seen of each of its servers.

use super::Configured;
use super::commits::{Waited, commits_by};
use crate::model::health::{Board, Commits, Observed, Reading, Replay, Role, Seen, Sender, State, Up};
use crate::model::topology::{CommitLevel, PgMajor, Server, Topology};

impl Board {
    /// What the servers of a design show, in its order. Where one does not say something, the last that it said counts,
    /// and then the design.
    pub fn of(topology: &Topology, observed: &Observed) -> Self {
        let servers = topology.servers().iter();
        let servers: Vec<Reading> = servers
            .map(|server| reading(topology, server, observed))
            .collect();
        let commits = commits(topology, observed, &servers);
        Self { servers, commits }
    }
}

fn reading(topology: &Topology, server: &Server, observed: &Observed) -> Reading {
    let seen = observed.get(server.name().as_str());
    let drawn = server.upstream().and_then(|id| topology.server(id));
    let state = seen.map(|seen| &seen.latest.state);
    let role = match seen.and_then(Seen::last_up) {
        // A server that is down will be what its files say when it is started.
        Some(up) if state != Some(&State::Down) => up.role,
        _ if drawn.is_some() => Role::Standby,
        _ => Role::Primary,
    };
    // The last word of one that does not answer counts, of one that is down the design.
    let real = seen
        .filter(|seen| seen.latest.state != State::Down)
        .and_then(Seen::last_up)
        .and_then(|up| observed.upstream(topology, up));
    let name_of = |server: &Server| server.name().to_string();
    let mut replication = match state {
        Some(State::Up(up)) => up.senders.iter().flatten().map(Sender::row).collect(),
        _ => Vec::new(),
    };
    replication.sort();
    Reading {
        name: name_of(server),
        running: state != Some(&State::Down),
        answers: seen.is_some_and(Seen::answers),
        role: role.word().to_owned(),
        upstream: real.or(drawn).filter(|_| role == Role::Standby).map(name_of),
        replication,
    }
}

/// What becomes of a commit on the server that takes them, by the settings that it runs with. Where it does not say them,
/// the design's count.
fn commits(topology: &Topology, observed: &Observed, servers: &[Reading]) -> Commits {
    commits_by(servers, |primary| {
        let server = topology.by_name(primary)?;
        let running = observed
            .up(server)
            .and_then(|up| Configured::running(up.settings.as_ref()?, server_major(topology, up)));
        let configured = running.or_else(|| Configured::of(topology, server).ok())?;
        let mut waited = Waited::of(&configured)?;
        if configured.commit == CommitLevel::RemoteApply {
            let paused = topology.servers().iter().filter(|standby| {
                let replay = observed.up(standby).and_then(|up| up.replay);
                matches!(replay, Some(Replay::Paused | Replay::PauseRequested))
            });
            let major = topology.postgres();
            waited.mute = paused.map(|standby| standby.name().in_view(major)).collect();
        }
        Some(waited)
    })
}

fn server_major(topology: &Topology, up: &Up) -> PgMajor {
    PgMajor::of_server(&up.version).unwrap_or(topology.postgres())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::model::health::{
        Moment, Observation, Receiver, ReceiverState, Receiving, SenderState, SyncState, Unreachable, sample,
    };
    use crate::model::simulate::predict;
    use crate::model::topology::notation;

    const SEED: &str = "m 1025 sync first 1\n  a 1026 priority 1\n    c 1027\n  b 1028 priority 2\n";

    struct Watch {
        topology: Topology,
        observed: Observed,
        second: u64,
    }

    impl Watch {
        fn of(text: &str) -> Self {
            Self {
                topology: notation::parse(text).unwrap(),
                observed: Observed::default(),
                second: 100,
            }
        }

        fn sees(&mut self, server: &str, state: State) {
            self.second += 1;
            self.observed.note(&Arc::new(Observation {
                server: server.to_owned(),
                at: Moment::since_1970(Duration::from_secs(self.second)),
                took: Duration::from_millis(2),
                state,
            }));
        }

        fn sees_all_up(&mut self) {
            self.sees(
                "m",
                primary(&[("a", SyncState::Sync, 1), ("b", SyncState::Potential, 2)]),
            );
            self.sees("a", standby(1025, &[("c", SyncState::Async, 0)]));
            self.sees("b", standby(1025, &[]));
            self.sees("c", standby(1026, &[]));
        }

        fn board(&self) -> Board {
            Board::of(&self.topology, &self.observed)
        }

        fn reading(&self, name: &str) -> Reading {
            let mut servers = self.board().servers.into_iter();
            servers.find(|reading| reading.name == name).unwrap()
        }
    }

    fn senders(rows: &[(&str, SyncState, u32)]) -> Vec<Sender> {
        // A server gives them in any order.
        let rows = rows.iter().rev();
        rows.map(|(name, sync_state, priority)| Sender {
            pid: 1,
            application_name: (*name).to_owned(),
            client: None,
            begun: None,
            state: Some(SenderState::Streaming),
            sync_state: Some(sync_state.clone()),
            sync_priority: Some(*priority),
            sent: None,
            written: None,
            flushed: None,
            replayed: None,
            write_lag: None,
            flush_lag: None,
            replay_lag: None,
            replied: None,
        })
        .collect()
    }

    fn primary(rows: &[(&str, SyncState, u32)]) -> State {
        let mut up = sample::said(Role::Primary);
        up.senders = Some(senders(rows));
        State::Up(Box::new(up))
    }

    fn standby(port: u16, rows: &[(&str, SyncState, u32)]) -> State {
        standby_of("127.0.0.1", port, ReceiverState::Streaming, rows)
    }

    fn standby_of(host: &str, port: u16, state: ReceiverState, rows: &[(&str, SyncState, u32)]) -> State {
        let mut up = sample::said(Role::Standby);
        up.senders = Some(senders(rows));
        up.receiving = Receiving::From(Box::new(Receiver {
            pid: 2,
            state: Some(state),
            host: Some(host.to_owned()),
            port: Some(port),
            choice: None,
            slot: None,
            timeline: Some(1),
            flushed: None,
            heard: None,
        }));
        State::Up(Box::new(up))
    }

    #[test]
    fn servers_that_are_as_drawn_make_the_predicted_board() {
        let mut watch = Watch::of(SEED);
        watch.sees_all_up();
        assert_eq!(watch.board(), predict(&watch.topology, &[].into()));
        // The JSON of both is one form.
        let json = serde_json::to_value(watch.board()).unwrap();
        assert_eq!(json["servers"][0].as_object().unwrap().len(), 5);
    }

    #[test]
    fn a_server_that_does_not_answer_is_not_down() {
        let mut watch = Watch::of(SEED);
        watch.sees_all_up();
        watch.sees("a", State::Unreachable(Unreachable::Silent));
        let a = watch.reading("a");
        assert_eq!((a.running, a.answers), (true, false));
        assert_eq!((a.role.as_str(), a.upstream.as_deref()), ("standby", Some("m")));
        assert!(a.replication.is_empty(), "what it showed is old");
        assert!(watch.reading("c").answers);

        watch.sees("a", State::Down);
        let a = watch.reading("a");
        assert_eq!((a.running, a.answers), (false, false));
        watch.sees("a", standby(1025, &[]));
        assert!(watch.reading("a").answers);
    }

    #[test]
    fn a_design_of_which_nothing_was_seen_is_not_called_down() {
        let board = Watch::of(SEED).board();
        assert!(
            board
                .servers
                .iter()
                .all(|server| server.running && !server.answers)
        );
        assert_eq!(board.commits.outcome, "unknown");
    }

    #[test]
    fn commits_are_unknown_while_the_primary_does_not_answer() {
        let mut watch = Watch::of(SEED);
        watch.sees_all_up();
        assert_eq!(watch.board().commits.outcome, "acknowledged");
        watch.sees("m", State::Unreachable(Unreachable::Frozen));
        assert_eq!(watch.board().commits.outcome, "unknown");
        watch.sees("m", State::Down);
        assert_eq!(watch.board().commits.outcome, "no-primary");
        // A standby that was promoted answers for itself.
        watch.sees("m", State::Unreachable(Unreachable::Silent));
        watch.sees("a", primary(&[]));
        assert_eq!(watch.reading("a").role, "primary");
        assert_eq!(watch.reading("a").upstream, None);
        assert_ne!(watch.board().commits.outcome, "unknown");
        // And what it was when it answered last is what it is taken for.
        watch.sees("a", State::Unreachable(Unreachable::Silent));
        assert_eq!(watch.reading("a").role, "primary");
    }

    #[test]
    fn the_upstream_is_the_one_that_streams() {
        let mut watch = Watch::of("m 1025\n  a 1026\n    c 1027\n  x 1025 host 127.0.0.2\n");
        watch.sees("c", standby(1025, &[]));
        assert_eq!(watch.reading("c").upstream.as_deref(), Some("m"));
        watch.sees("c", standby_of("127.0.0.2", 1025, ReceiverState::Streaming, &[]));
        assert_eq!(watch.reading("c").upstream.as_deref(), Some("x"));
        // What it only asks for is not where it is: then the design counts.
        watch.sees("c", standby_of("127.0.0.1", 1025, ReceiverState::Connecting, &[]));
        assert_eq!(watch.reading("c").upstream.as_deref(), Some("a"));
        watch.sees("c", standby(9, &[]));
        assert_eq!(watch.reading("c").upstream.as_deref(), Some("a"));
    }

    #[test]
    fn one_that_takes_no_queries_by_design_runs_and_is_well() {
        let mut watch = Watch::of(SEED);
        watch.sees("c", State::Closed);
        let c = watch.reading("c");
        assert_eq!((c.running, c.answers), (true, true));
        assert_eq!(c.upstream.as_deref(), Some("a"));
    }

    #[test]
    fn columns_that_may_not_be_seen_are_empty_words() {
        let mut watch = Watch::of(SEED);
        let mut rows = senders(&[("a", SyncState::Sync, 1)]);
        rows[0].state = None;
        rows[0].sync_state = None;
        rows[0].sync_priority = None;
        let mut up = sample::said(Role::Primary);
        up.senders = Some(rows);
        watch.sees("m", State::Up(Box::new(up)));
        let row = &watch.reading("m").replication[0];
        assert_eq!(
            (row.state.as_str(), row.sync_state.as_str(), row.sync_priority),
            ("", "", 0)
        );
    }
}
