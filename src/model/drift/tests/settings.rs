//! Settings that are overruled, and those that only look so.

use super::*;
use crate::model::topology::Edit;

#[test]
fn a_list_of_names_is_compared_as_the_server_reads_it() {
    let mut scene = Scene::of(SEED);
    for same in ["a, b", "A,B", "\"a\", \"b\"", "FIRST 1 (a, b)", "1 (a,b)"] {
        scene.sets("m", "synchronous_standby_names", same);
        assert_eq!(scene.rules(), ["setting-overruled m"], "{same}");
    }
    for other in ["b, a", "a", "ANY 1 (a, b)", "FIRST 2 (a, b)", "*"] {
        scene.sets("m", "synchronous_standby_names", other);
        let found = scene.one("other-sync-names");
        assert!(
            found
                .message
                .starts_with(&format!("synchronous_standby_names is '{other}' on m"))
        );
    }
}

#[test]
fn a_name_that_nobody_has_hangs_every_commit() {
    let mut scene = Scene::of("m 1025\n  a 1026\n");
    scene.sets("m", "synchronous_standby_names", "ghost");
    assert_eq!(scene.rules(), ["commits-differ m", "other-sync-names m"]);
    let found = scene.one("other-sync-names");
    assert_eq!(
        found.message,
        "synchronous_standby_names is 'ghost' on m (postgresql.auto.conf, line 3); the design has empty."
    );
    assert_eq!(
        found.fix.unwrap(),
        "On m: ALTER SYSTEM RESET synchronous_standby_names; SELECT pg_reload_conf();"
    );
    // A standby ignores it, until it is promoted.
    let mut scene = Scene::of("m 1025\n  a 1026\n");
    scene.sets("a", "synchronous_standby_names", "ghost");
    assert!(
        scene
            .one("other-sync-names")
            .message
            .ends_with("takes effect after a promotion.")
    );
    assert_eq!(scene.rules().len(), 1);
}

#[test]
fn a_value_is_compared_by_its_unit() {
    let mut scene = Scene::of(SEED);
    let own = |value: &str, unit: &str| Setting {
        value: Some(value.to_owned()),
        unit: Some(unit.to_owned()),
        source: Source::File,
        file: Some("/x/postgresql.conf".to_owned()),
        line: Some(9),
        pending_restart: Some(false),
    };
    scene.puts("m", "shared_buffers", own("2048", "8kB"));
    assert_eq!(scene.drift(), []);
    scene.puts("m", "shared_buffers", own("4096", "8kB"));
    let found = scene.only(
        "setting-differs",
        "shared_buffers is 4096 × 8kB on m (postgresql.conf, line 9); the design says 16MB.",
    );
    assert!(found.fix.unwrap().contains("restart m"));
}

#[test]
fn every_derived_setting_that_is_overruled_is_told() {
    let topology = Scene::of(SEED).topology;
    let configuration = Configuration::in_cluster_folder(&topology);
    let derived = configuration.settings(topology.by_name("a").unwrap());
    for drawn in derived {
        let mut scene = Scene::of(SEED);
        let other = match drawn.name.as_str() {
            "port" => "2000",
            "wal_level" => "minimal",
            "max_wal_senders"
            | "max_replication_slots"
            | "wal_retrieve_retry_interval"
            | "shared_buffers"
            | "max_slot_wal_keep_size" => "1234",
            "hot_standby" => "off",
            "primary_conninfo" => "host=elsewhere port=1",
            _ => "something else",
        };
        scene.sets("a", &drawn.name, other);
        let rule = if drawn.name == "port" {
            "other-port"
        } else {
            "setting-differs"
        };
        let rules = scene.rules();
        // Where a is to be found is the port's own story.
        assert_eq!(rules[0], format!("{rule} a"), "{}", drawn.name);
        assert!(rules.len() == 1 || rule == "other-port", "{rules:?}");
    }
}

#[test]
fn what_is_set_by_hand_in_the_design_counts_too() {
    let mut topology = notation::parse("m 1025\n  a 1026\n").unwrap();
    for (name, value) in [("DateStyle", "iso,dmy"), ("work_mem", "8MB"), ("my.own", "x")] {
        let (name, value) = (name.to_owned(), Some(value.to_owned()));
        topology
            .apply(&Edit::SetSetting {
                server: None,
                name,
                value,
            })
            .unwrap();
    }
    let mut scene = Scene::of_topology(topology);
    scene.sets("m", "datestyle", "ISO, DMY");
    assert_eq!(scene.drift(), []);
    scene.sets("m", "work_mem", "4096");
    assert_eq!(scene.rules(), ["setting-differs m"]);
}

#[test]
fn what_decides_replication_is_told_though_nothing_was_drawn() {
    let mut scene = Scene::of("m 1025\n  a 1026\n");
    scene.sets("a", "wal_sender_timeout", "5000");
    scene.only(
        "setting-undrawn",
        "wal_sender_timeout is set to 5000 on a (postgresql.auto.conf, line 3); the design does not set it.",
    );
    // A person's own tuning is nobody's business here.
    let mut scene = Scene::of("m 1025\n  a 1026\n");
    scene.sets("a", "work_mem", "999");
    assert_eq!(scene.drift(), []);
    // Neither is what our own session sets.
    let session = Setting {
        source: Source::Session,
        ..scene.sets("a", "work_mem", "999")
    };
    scene.puts("a", "wal_sender_timeout", session);
    assert_eq!(scene.drift(), []);
}

#[test]
fn what_the_server_works_out_itself_is_not_taken_for_unset_nor_for_another_value() {
    let mut topology = notation::parse("m 1025\n  a 1026\n").unwrap();
    topology
        .apply(&Edit::SetSetting {
            server: topology.by_name("a").map(Server::id),
            name: "wal_buffers".to_owned(),
            value: Some("-1".to_owned()),
        })
        .unwrap();
    let mut scene = Scene::of_topology(topology);
    let worked_out = Setting {
        source: Source::Override,
        ..scene.sets("a", "wal_buffers", "512")
    };
    scene.puts("a", "wal_buffers", worked_out);
    assert_eq!(scene.drift(), []);
}

#[test]
fn a_delay_is_compared_with_the_drawn_one() {
    let mut scene = Scene::of("m 1025\n  a 1026 delay 5min\n  b 1027\n");
    scene.sets("a", "recovery_min_apply_delay", "300000");
    assert_eq!(scene.rules(), ["setting-overruled a"]);
    scene.sets("a", "recovery_min_apply_delay", "0");
    assert!(
        scene
            .one("other-apply-delay")
            .message
            .ends_with("the design has 5min.")
    );
    scene.sets("b", "recovery_min_apply_delay", "1000");
    assert_eq!(scene.rules(), ["other-apply-delay a", "other-apply-delay b"]);
}

#[test]
fn what_waits_for_a_restart_is_told_as_that_only() {
    let mut scene = Scene::of(SEED);
    let pending = Setting {
        pending_restart: Some(true),
        ..scene.sets("m", "max_wal_senders", "10")
    };
    scene.puts("m", "max_wal_senders", pending.clone());
    scene.only(
        "setting-pending",
        "max_wal_senders of m has a new value in a file, pending a restart.",
    );
    let mut scene = Scene::of(SEED);
    scene.puts("m", "port", pending);
    assert!(scene.rules().contains(&"setting-pending m".to_owned()));
}

#[test]
fn no_command_is_shown_since_it_may_hold_a_password() {
    let mut topology = notation::parse("m 1025\n  a 1026\n").unwrap();
    topology
        .apply(&Edit::SetArchive(Some(
            crate::model::topology::Archive::new("archive").unwrap(),
        )))
        .unwrap();
    let mut scene = Scene::of_topology(topology);
    assert_eq!(scene.drift(), []);
    scene.sets("m", "archive_command", "curl -u me:hunter2");
    let found = scene.one("setting-differs");
    assert!(!format!("{found:?}").contains("hunter2"));
    scene.sets("a", "primary_conninfo", "host=x port=1 password=hunter2");
    assert!(!format!("{:?}", scene.drift()).contains("hunter2"));
}
