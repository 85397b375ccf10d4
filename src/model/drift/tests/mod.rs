//! Every kind of difference, made on observations of a cluster that is as drawn, and what is none.

mod adopt;
mod running;
mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::{Drift, RULES, drift};
use crate::model::configuration::Configuration;
use crate::model::document::format;
use crate::model::document::templates::TEMPLATES;
use crate::model::health::{
    Moment, Observation, Observed, Positions, Receiver, ReceiverState, Receiving, Replay, ReplicationRow,
    Role, Sender, SenderState, Setting, Settings, Slot, Source, State, SyncState, Timeline, Up, WalStatus,
    sample,
};
use crate::model::simulate;
use crate::model::topology::{Server, Topology, notation};

const SEED: &str = "m 1025 sync first 1\n  a 1026 priority 1\n    c 1027\n  b 1028 priority 2\n";
/// Where everybody is in the WAL.
const HERE: u64 = 0x300_0060;

/// A cluster that is as drawn, until a test changes what is seen of it.
struct Scene {
    topology: Topology,
    states: BTreeMap<String, State>,
}

impl Scene {
    fn of(text: &str) -> Self {
        let topology = notation::parse(text).unwrap();
        Self::of_topology(topology)
    }

    fn of_topology(topology: Topology) -> Self {
        let configuration = Configuration::in_cluster_folder(&topology);
        let board = simulate::predict(&topology, &BTreeSet::new());
        let states = topology
            .servers()
            .iter()
            .zip(board.servers)
            .map(|(server, reading)| {
                let up = well(&topology, &configuration, server, &reading.replication);
                (server.name().to_string(), State::Up(Box::new(up)))
            })
            .collect();
        drop(configuration);
        Self { topology, states }
    }

    fn up(&mut self, name: &str) -> &mut Up {
        match self.states.get_mut(name) {
            Some(State::Up(up)) => up,
            other => panic!("{name}: {other:?}"),
        }
    }

    fn is(&mut self, name: &str, state: State) {
        self.states.insert(name.to_owned(), state);
    }

    /// Changes the settings of a server.
    fn sets(&mut self, name: &str, setting: &str, value: &str) -> Setting {
        let set = Setting {
            value: Some(value.to_owned()),
            unit: None,
            source: Source::File,
            file: Some(format!("/c/servers/{name}/data/postgresql.auto.conf")),
            line: Some(3),
            pending_restart: Some(false),
        };
        self.puts(name, setting, set.clone());
        set
    }

    fn puts(&mut self, name: &str, setting: &str, value: Setting) {
        let settings = self.up(name).settings.as_mut().unwrap();
        Arc::make_mut(settings).put(setting.to_owned(), value);
    }

    /// Nobody streams from this sender under that name any more.
    fn lets_go(&mut self, sender: &str, standby: &str) {
        let up = self.up(sender);
        up.senders
            .as_mut()
            .unwrap()
            .retain(|row| row.application_name != standby);
        for slot in up.slots.as_mut().unwrap() {
            if slot.name == standby {
                slot.is_active = false;
            }
        }
    }

    fn promotes(&mut self, name: &str) {
        let up = self.up(name);
        up.role = Role::Primary;
        up.receiving = Receiving::Nothing;
        up.replay = None;
        up.timeline = Some(Timeline::Is(2));
        up.positions = primary();
    }

    fn observed(&self) -> Observed {
        let mut observed = Observed::default();
        for (server, state) in &self.states {
            observed.note(&Arc::new(Observation {
                server: server.clone(),
                at: Moment::since_1970(Duration::from_secs(1000)),
                took: Duration::from_millis(2),
                state: state.clone(),
            }));
        }
        observed
    }

    fn drift(&self) -> Vec<Drift> {
        let found = drift(&self.topology, &self.observed());
        for one in &found {
            assert!(RULES.iter().any(|(rule, _)| *rule == one.rule), "{one:?}");
            assert!(one.message.ends_with('.'), "{one:?}");
        }
        found
    }

    /// The rules that are found, and at which server: "slot-missing m".
    fn rules(&self) -> Vec<String> {
        let found = self.drift().into_iter();
        found
            .map(|one| match one.server {
                Some(server) => format!("{} {server}", one.rule),
                None => one.rule.to_owned(),
            })
            .collect()
    }

    #[track_caller]
    fn one(&self, rule: &str) -> Drift {
        let mut found = self.drift().into_iter().filter(|one| one.rule == rule);
        let first = found
            .next()
            .unwrap_or_else(|| panic!("no {rule}: {:#?}", self.drift()));
        assert_eq!(found.next(), None);
        first
    }

    /// Exactly one difference, in these words.
    #[track_caller]
    fn only(&self, rule: &str, message: &str) -> Drift {
        assert_eq!(self.rules().len(), 1, "{:#?}", self.drift());
        let found = self.one(rule);
        assert_eq!(found.message, message);
        found
    }
}

fn at(second: u64) -> Moment {
    Moment::since_1970(Duration::from_secs(second))
}

fn primary() -> Positions {
    let here = Some(crate::model::health::Lsn::new(HERE));
    Positions {
        inserted: here,
        written: here,
        flushed: here,
        ..Positions::default()
    }
}

/// What a server says that is as drawn.
fn well(
    topology: &Topology,
    configuration: &Configuration<'_>,
    server: &Server,
    rows: &[ReplicationRow],
) -> Up {
    let here = Some(crate::model::health::Lsn::new(HERE));
    let upstream = server.upstream().and_then(|id| topology.server(id));
    let mut up = sample::said(if upstream.is_some() {
        Role::Standby
    } else {
        Role::Primary
    });
    up.version = topology.postgres().to_string();
    up.clock = Some(at(1000));
    up.timeline = Some(Timeline::Is(1));
    up.system_identifier = Some(7);
    up.positions = primary();
    up.waiting = Some(0);
    if let Some(upstream) = upstream {
        up.positions = Positions {
            received: here,
            replayed: here,
            ..Positions::default()
        };
        up.committed = Some(at(900));
        up.replay = Some(Replay::Goes);
        up.receiving = Receiving::From(Box::new(Receiver {
            pid: 2,
            state: Some(ReceiverState::Streaming),
            host: Some(upstream.host().to_string()),
            port: Some(upstream.port().number()),
            choice: None,
            slot: Some(configuration.slot_name(server).to_owned()),
            timeline: Some(1),
            flushed: here,
            heard: Some(at(990)),
        }));
    }
    up.senders = Some(rows.iter().map(sender).collect());
    let users = topology
        .downstreams(server.id())
        .filter(|own| topology.uses_slot(own.id()));
    up.slots = Some(users.map(|own| slot(configuration.slot_name(own))).collect());
    up.settings = Some(Arc::new(settings_of(configuration, server)));
    up
}

fn settings_of(configuration: &Configuration<'_>, server: &Server) -> Settings {
    let mut settings = Settings::default();
    let mut put = |name: &str, value: &str, source| {
        let setting = Setting {
            value: Some(value.to_owned()),
            unit: None,
            source,
            file: None,
            line: None,
            pending_restart: Some(false),
        };
        settings.put(name.to_owned(), setting);
    };
    for (name, value) in [
        ("synchronous_standby_names", ""),
        ("synchronous_commit", "on"),
        ("recovery_min_apply_delay", "0"),
        ("hot_standby_feedback", "off"),
        ("primary_conninfo", ""),
        ("wal_sender_timeout", "60000"),
    ] {
        put(name, value, Source::Default);
    }
    for drawn in configuration.settings(server) {
        put(&drawn.name.to_ascii_lowercase(), &drawn.value, Source::File);
    }
    settings
}

fn sender(row: &ReplicationRow) -> Sender {
    let here = Some(crate::model::health::Lsn::new(HERE));
    Sender {
        pid: 1,
        application_name: row.application_name.clone(),
        client: None,
        begun: None,
        state: Some(SenderState::of(&row.state)),
        sync_state: Some(SyncState::of(&row.sync_state)),
        sync_priority: Some(row.sync_priority),
        sent: here,
        written: here,
        flushed: here,
        replayed: here,
        write_lag: None,
        flush_lag: None,
        replay_lag: None,
        replied: None,
    }
}

fn slot(name: &str) -> Slot {
    Slot {
        name: name.to_owned(),
        is_physical: true,
        is_temporary: false,
        is_active: true,
        active_pid: Some(1),
        restart: None,
        wal_status: Some(WalStatus::Reserved),
        safe_wal_size: None,
        inactive_since: None,
        invalidation: None,
    }
}

#[test]
fn a_cluster_that_is_as_drawn_has_no_difference() {
    for text in [
        SEED,
        "postgres 15\nm 1\n  a 2 delay 5min\n    b 3 no-slot\n",
        "postgres 9.6\nm 1 sync first 1\n  a 2 priority 1\n  \"Ä b\" 3 priority 2\n",
        "postgres 9.3\nm 1\n  a 2\n",
        "postgres 18\nm 1 sync any 1 commit remote_apply\n  a 2 priority 1\n  b 3 priority 2\n",
        "m 1 sync first 1 commit off\n  a 2 priority 1\n",
    ] {
        assert_eq!(Scene::of(text).drift(), [], "{text}");
    }
    for template in &TEMPLATES {
        let document = format::read(template.text).unwrap();
        let scene = Scene::of_topology(document.topology().clone());
        assert_eq!(scene.drift(), [], "{}", template.name);
    }
}

#[test]
fn every_rule_has_an_id_of_its_own_and_a_title() {
    let ids: BTreeSet<&str> = RULES.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(ids.len(), RULES.len());
    for (rule, title) in RULES {
        assert!(rule.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{rule}");
        assert!(!title.ends_with('.'), "{title}");
    }
}
