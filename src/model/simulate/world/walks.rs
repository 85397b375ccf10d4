//! Random walks: what holds of any design, whatever happens to it, and that every row of the tables is met.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::tests::SEED;
use super::*;
use crate::model::simulate::verdict::{Verdict, advise};
use crate::model::topology::{Edit, Host, notation};

/// Designs of one to nine servers with everything that matters here.
fn designs() -> impl Strategy<Value = Topology> {
    let standby = (0..8_usize, 0..4_u32, proptest::bool::weighted(0.3), 0..3_usize);
    let standbys = prop::collection::vec(standby, 0..8);
    let strange = (any::<bool>(), proptest::bool::weighted(0.3));
    (standbys, 0..4_usize, 0..4_usize, strange).prop_map(|(standbys, sync, major, strange)| {
        let (has_archive, has_hosts) = strange;
        let sync = [
            "",
            " sync first 1",
            " sync first 2 commit remote_apply",
            " sync any 1",
        ][sync];
        let major = ["9.2", "12", "15", "18"][major];
        let text = format!("postgres {major}\nm 1{sync}\n");
        let mut topology = notation::parse(&text).unwrap();
        for (number, (upstream, priority, no_slot, host)) in standbys.into_iter().enumerate() {
            let above = &topology.servers()[upstream % topology.servers().len()];
            let edit = Edit::AddStandby {
                upstream: above.id(),
                name: None,
                port: None,
            };
            let server = topology.apply(&edit).unwrap().created.unwrap();
            if above_is_primary(&topology, server) && priority > 0 {
                let priority = Some(u32::try_from(number + 1).unwrap());
                topology
                    .apply(&Edit::SetSyncPriority { server, priority })
                    .unwrap();
            }
            if has_hosts {
                let host = Host::parse(&format!("db{host}")).unwrap();
                topology.apply(&Edit::SetHost { server, host }).unwrap();
            }
            topology
                .apply(&Edit::SetSlot {
                    server,
                    slot: no_slot.then_some(false),
                })
                .unwrap();
            // Some are fed by the archive alone, and some turn to the primary in need.
            let mut link = crate::model::topology::LinkTerms::default();
            match (no_slot, host) {
                (true, 0) => link.is_by_archive = has_archive,
                (true, _) => link.also_follows = vec![topology.primary().id()],
                _ => {}
            }
            topology.apply(&Edit::SetLinkTerms { server, link }).unwrap();
        }
        let archive = crate::model::topology::Archive::new("archive").unwrap();
        topology
            .apply(&Edit::SetArchive(has_archive.then_some(archive)))
            .unwrap();
        topology
    })
}

fn above_is_primary(topology: &Topology, server: ServerId) -> bool {
    topology.server(server).and_then(Server::upstream) == Some(topology.primary().id())
}

/// Any incident on the servers of these places.
fn incident(topology: &Topology, verb: usize, one: usize, other: usize) -> Incident {
    let name = |place: usize| {
        let servers = topology.servers();
        notation::quote(servers[place % servers.len()].name().as_str())
    };
    let verb = Verb::ALL[verb % Verb::ALL.len()];
    let text = verb.usage().replacen("SERVER", &name(one), 1);
    let text = text
        .replace("SERVER", &name(other))
        .replace("UPSTREAM", &name(other));
    Incident::parse(&text, topology).unwrap()
}

fn walks() -> impl Strategy<Value = (Topology, Vec<(usize, usize, usize)>)> {
    (
        designs(),
        prop::collection::vec((0..Verb::ALL.len(), 0..9_usize, 0..9_usize), 0..14),
    )
}

fn walked(topology: &Topology, steps: &[(usize, usize, usize)]) -> World {
    let mut world = World::new(topology);
    for (verb, one, other) in steps {
        let _ = world.apply(incident(topology, *verb, *one, *other));
    }
    world
}

/// The same walks in every run; `PROPTEST_RNG_SEED` takes other ones.
fn config() -> ProptestConfig {
    let chosen = std::env::var_os("PROPTEST_RNG_SEED").is_some();
    let config = ProptestConfig::with_cases(400);
    if chosen {
        return config;
    }
    ProptestConfig {
        rng_seed: proptest::test_runner::RngSeed::Fixed(20_120_910),
        failure_persistence: None,
        ..config
    }
}

proptest! {
    #![proptest_config(config())]

    /// Whatever has happened: who follows the advice has one primary that takes writes, and every server that runs streams.
    #[test]
    fn the_advice_mends_what_can_be_mended((topology, steps) in walks()) {
        let mut world = walked(&topology, &steps);
        let incidents: Vec<Incident> = advise(&world).iter().filter_map(|advice| advice.action).collect();
        for incident in &incidents {
            prop_assert!(world.apply(*incident).is_ok(), "{} is refused", incident.text(&topology));
        }
        prop_assert_eq!(world.leaders().len(), 1, "{:?}", world.incidents());
        let stuck: Vec<_> = world
            .servers()
            .filter(|(_, state)| state.is_up() && !matches!(state.flow, Flow::Leads | Flow::Streams | Flow::ByArchive))
            .map(|(server, state)| (server.name().to_string(), state.flow))
            .collect();
        let texts: Vec<String> = world.incidents().iter().map(|incident| incident.text(&topology)).collect();
        prop_assert!(stuck.is_empty(), "{stuck:?} after {texts:?} of {}", notation::print(&topology));
    }

    /// A world says the same twice, is at rest after it has settled, and a copy does not know what happens to the other.
    #[test]
    fn worlds_are_deterministic_and_apart((topology, steps) in walks()) {
        let world = walked(&topology, &steps);
        prop_assert_eq!(&world, &walked(&topology, &steps));
        let board = world.board();
        let mut other = world.clone();
        let _ = other.apply(Incident::Crash(topology.primary().id()));
        let _ = other.apply(Incident::WriteMuch);
        prop_assert_eq!(world.board(), board);
        // A row for everyone who is connected, and for nobody else.
        let rows: usize = world.board().servers.iter().map(|reading| reading.replication.len()).sum();
        prop_assert_eq!(rows, world.servers().filter(|(_, state)| state.flow.is_connected()).count());
        prop_assert!(Verdict::of(&world).servers.len() == topology.servers().len());
    }
}

/// No row of the two tables is there for nothing: random walks meet them all.
#[test]
fn every_row_of_both_tables_is_met() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let (mut rows, mut flows) = (BTreeSet::new(), BTreeSet::new());
    let mut stays = notation::parse(SEED).unwrap();
    let mut set = |name: &str, value: &str| {
        let (name, value) = (name.to_owned(), Some(value.to_owned()));
        stays
            .apply(&Edit::SetSetting {
                server: None,
                name,
                value,
            })
            .unwrap();
    };
    set("recovery_target_timeline", "current");
    let mut refused = notation::parse(SEED).unwrap();
    let (name, value) = ("synchronous_standby_names".to_owned(), Some("(a)".to_owned()));
    refused
        .apply(&Edit::SetSetting {
            server: None,
            name,
            value,
        })
        .unwrap();
    for round in 0..3000 {
        let (mut topology, steps) = walks().new_tree(&mut runner).unwrap().current();
        if round % 10 == 0 {
            topology = stays.clone();
        } else if round % 10 == 1 {
            topology = refused.clone();
        }
        let mut world = World::new(&topology);
        world.is_in_time = round % 3 == 0;
        for (verb, one, other) in steps {
            let incident = incident(&topology, verb, one, other);
            let deed = world.deed(incident).unwrap();
            let row = TRANSITIONS
                .iter()
                .position(|row| row.verb == incident.verb() && (row.holds)(&world, &deed));
            rows.insert(row.unwrap());
            let _ = world.apply(incident);
            flows.extend(world.servers().map(|(_, state)| state.flow));
        }
    }
    let missing: Vec<_> = (0..TRANSITIONS.len())
        .filter(|row| !rows.contains(row))
        .map(|row| (TRANSITIONS[row].verb, TRANSITIONS[row].when))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let missing: Vec<_> = FLOWS
        .iter()
        .filter(|row| !flows.contains(&row.flow))
        .map(|row| row.flow)
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
