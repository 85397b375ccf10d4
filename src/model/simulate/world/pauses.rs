//! What a standby whose replay stands still does about its connection, by version.

use super::Flow;
use super::tests::{SEED, after};

#[test]
fn to_be_pointed_at_the_same_upstream_changes_nothing_where_a_reload_is_enough() {
    let same = ["pause slave11", "repoint slave11 slave1"];
    for (version, is_paused) in [("13", true), ("12", false)] {
        let world = after(&format!("postgres {version}\n{SEED}"), &same);
        let slave11 = world.topology().by_name("slave11").unwrap().id();
        let state = world.state(slave11).unwrap();
        assert_eq!(
            (state.flow, state.is_paused),
            (Flow::Streams, is_paused),
            "{version}"
        );
    }
}

/// Tried on real servers 12, 13, 14 and 17, one by one.
#[test]
fn a_paused_standby_keeps_its_connection_and_asks_for_no_other() {
    let check = |version: &str, incidents: &[&str], upstream: &str, flow: Flow| {
        // Slots would be another reason not to stream.
        let no_slots = SEED.replace("25432", "25432 no-slot");
        let design = format!("postgres {version}\n{no_slots}");
        let world = after(&design, incidents);
        let topology = world.topology();
        let state = world.state(topology.by_name("slave11").unwrap().id()).unwrap();
        let above = topology
            .server(state.upstream.unwrap())
            .unwrap()
            .name()
            .to_string();
        assert_eq!(
            (above.as_str(), state.flow),
            (upstream, flow),
            "{version} {incidents:?}"
        );
    };
    // Told of another upstream, it turns there when it is resumed, or loses the connection that it has.
    let told = ["pause slave11", "repoint slave11 slave2"];
    for version in ["13", "14", "17"] {
        check(version, &told, "slave1", Flow::Streams);
        check(
            version,
            &[&told[..], &["resume slave11"]].concat(),
            "slave2",
            Flow::Streams,
        );
        check(
            version,
            &[&told[..], &["crash slave1"]].concat(),
            "slave2",
            Flow::AwaitsResume,
        );
        let back = [&told[..], &["repoint slave11 slave1", "resume slave11"]].concat();
        check(version, &back, "slave1", Flow::Streams);
        let cut = [&told[..], &["cut slave1 slave11", "mend slave1 slave11"]].concat();
        check(version, &cut, "slave2", Flow::AwaitsResume);
    }
    // Before 13 it is restarted, and so are the connections of those below it.
    check("12", &told, "slave2", Flow::Streams);
    let above = ["pause slave11", "repoint slave1 master"];
    check("12", &above, "slave1", Flow::AwaitsResume);
    check("13", &above, "slave1", Flow::Streams);
    // Up to 13 a pause takes hold when WAL arrives; until then it still asks for a connection.
    let away = ["stop slave1", "pause slave11", "come-back slave1"];
    for (version, flow) in [
        ("12", Flow::Streams),
        ("13", Flow::Streams),
        ("14", Flow::AwaitsResume),
        ("17", Flow::AwaitsResume),
    ] {
        check(version, &away, "slave1", flow);
        let again = [&away[..], &["stop slave1", "come-back slave1"]].concat();
        check(version, &again, "slave1", Flow::AwaitsResume);
    }
}
