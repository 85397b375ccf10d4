//! Two designs in, the plan out: what differs in words, who is interrupted, and a step a line.

use super::*;
use crate::model::plan::lines::what;
use crate::model::plan::{Action, Alter, Make, PortUse, Serve};
use crate::model::topology::notation::SEED;
use crate::model::topology::{
    Archive, Auth, Edit, PgMajor, Port, ServerName, SyncMethod, SyncPolicy, notation,
};

fn between(running: &Topology, wanted: &Topology) -> Result<ApplyPlan, Vec<Check>> {
    plan_apply(
        running,
        wanted,
        &Machine::portable("/tmp/c"),
        &Standing::default(),
    )
}

fn parsed(before: &str, after: &str) -> Result<ApplyPlan, Vec<Check>> {
    between(
        &notation::parse(before).unwrap(),
        &notation::parse(after).unwrap(),
    )
}

/// All that people see of it: changes, interruptions, steps; `↩` stands before what takes a step back.
fn text(plan: &ApplyPlan) -> String {
    check_whole(plan);
    let mut text = String::new();
    for change in &plan.changes {
        text += &format!("* {change}\n");
    }
    for one in &plan.interruptions {
        text += &format!("! {one}\n");
    }
    for step in &plan.plan.steps {
        text += &what(&step.action);
        if let Some(undo) = &step.undo {
            text += &format!(" ↩ {}", what(undo));
        }
        text.push('\n');
    }
    text
}

/// What is true of every plan of a change.
#[track_caller]
fn check_whole(plan: &ApplyPlan) {
    let steps = &plan.plan.steps;
    if steps.is_empty() {
        assert!(plan.changes.is_empty() && plan.interruptions.is_empty());
        return;
    }
    assert_eq!(steps[0].action, Action::Alter(Alter::BeginChange));
    assert_eq!(steps.last().unwrap().action, Action::Make(Make::Complete));
    let settles: Vec<usize> = (0..steps.len())
        .filter(|place| steps[*place].action == Action::Alter(Alter::Settle))
        .collect();
    assert_eq!(settles.len(), 1);
    for (place, step) in steps.iter().enumerate() {
        assert_eq!(step.id.0, place);
        assert_eq!(
            step.after.iter().map(|id| id.0).collect::<Vec<_>>(),
            place.checked_sub(1).into_iter().collect::<Vec<_>>(),
            "one thing at a time"
        );
        assert!(!step.title.is_empty() && !step.why.is_empty() && step.deadline_secs > 0);
        // Before the new design holds everything can be undone; after that nothing has to be.
        let changes = matches!(
            step.action,
            Action::Alter(Alter::Configure(_) | Alter::CopyRunning { .. } | Alter::WritePassFiles { .. })
                | Action::Make(Make::MakeFolder { .. })
                | Action::Serve(Serve::Start { .. } | Serve::Stop { .. })
        );
        assert!(
            !changes || step.undo.is_some() || place > settles[0],
            "{}",
            step.title
        );
        assert!(step.undo.is_none() || place < settles[0], "{}", step.title);
        let destroys = matches!(
            step.action,
            Action::Alter(Alter::RemoveServer { .. }) | Action::Serve(Serve::DropSlot { .. })
        );
        assert!(!destroys || place > settles[0], "{}", step.title);
    }
}

fn plan(before: &str, after: &str) -> String {
    text(&parsed(before, after).unwrap_or_else(|checks| panic!("{checks:#?}")))
}

/// The design with some edits, each by the names of its servers.
fn edited(before: &str, edit: impl Fn(&Topology) -> Vec<Edit>) -> (Topology, Topology) {
    let running = notation::parse(before).unwrap();
    let mut wanted = running.clone();
    for edit in edit(&running) {
        wanted.apply(&edit).unwrap();
    }
    (running, wanted)
}

fn id(topology: &Topology, name: &str) -> crate::model::topology::ServerId {
    topology.by_name(name).unwrap().id()
}

fn setting(topology: &Topology, server: Option<&str>, name: &str, value: &str) -> Edit {
    Edit::SetSetting {
        server: server.map(|server| id(topology, server)),
        name: name.to_owned(),
        value: Some(value.to_owned()),
    }
}

#[track_caller]
fn refused(plan: Result<ApplyPlan, Vec<Check>>, expected: &[&str]) {
    let checks = plan.expect_err("it is planned");
    assert!(checks.iter().all(|check| !check.ok && check.fix.is_some()));
    let ids: Vec<&str> = checks.iter().map(|check| check.id).collect();
    assert_eq!(ids, expected, "{checks:#?}");
}

#[test]
fn the_same_design_is_no_change() {
    assert_eq!(plan(SEED, SEED), "");
}

#[test]
fn where_servers_stand_is_no_change() {
    let placed = SEED.replacen(" priority 1", " priority 1 site Oslo", 1);
    assert_ne!(placed, SEED);
    assert_eq!(plan(SEED, &placed), "");
    assert_eq!(plan(&placed, SEED), "");
}

#[test]
fn a_standby_moves_by_a_reload_from_13_on_and_by_a_restart_before() {
    let after = "master 5432 sync first 1\n  slave1 15432 priority 1\n    slave11 25432\n  slave2 15433 priority 2\n    slave12 25433\n";
    insta::assert_snapshot!(plan(SEED, after));
    insta::assert_snapshot!(plan(
        &format!("postgres 12\n{SEED}"),
        &format!("postgres 12\n{after}")
    ));
    insta::assert_snapshot!(plan(
        &format!("postgres 9.3\n{SEED}"),
        &format!("postgres 9.3\n{after}")
    ));
}

#[test]
fn a_new_standby_is_a_copy_made_before_anybody_needs_it() {
    insta::assert_snapshot!(plan(
        SEED,
        &SEED.replace(
            "  slave2 15433 priority 2\n",
            "  slave2 15433 priority 2\n    leaf 15434\n      below 15435\n"
        )
    ));
}

#[test]
fn a_removed_relay_ends_when_its_downstreams_have_left() {
    insta::assert_snapshot!(plan(
        SEED,
        "master 5432 sync first 1\n  slave11 25432\n  slave12 25433\n  slave2 15433 priority 2\n"
    ));
}

#[test]
fn a_new_port_takes_the_downstreams_along() {
    insta::assert_snapshot!(plan(SEED, &SEED.replace("slave1 15432", "slave1 15999")));
    insta::assert_snapshot!(plan(SEED, &SEED.replace("master 5432", "master 5999")));
}

#[test]
fn a_new_name_is_seen_by_the_port() {
    insta::assert_snapshot!(plan(SEED, &SEED.replace("slave2", "west")));
}

#[test]
fn quorum_instead_of_priority_disturbs_nobody() {
    insta::assert_snapshot!(plan(SEED, &SEED.replace("first 1", "any 1")));
}

#[test]
fn commits_wait_for_nobody_while_the_only_synchronous_standby_is_away() {
    let before = "m 1 sync first 1\n  a 2 priority 1\n";
    insta::assert_snapshot!(plan(before, "m 1 sync first 1\n  a 3 priority 1\n"));
    insta::assert_snapshot!(plan(before, "m 1\n  b 3\n    a 2\n"));
}

#[test]
fn settings_are_read_by_a_reload_where_that_is_enough() {
    let (running, wanted) = edited(SEED, |topology| {
        vec![
            setting(topology, Some("slave1"), "work_mem", "8MB"),
            setting(topology, Some("slave2"), "shared_buffers", "32MB"),
        ]
    });
    insta::assert_snapshot!(text(&between(&running, &wanted).unwrap()));
}

#[test]
fn what_a_standby_may_not_have_lower_is_raised_from_below_and_lowered_from_above() {
    let (low, high) = edited(SEED, |topology| {
        vec![setting(topology, None, "max_connections", "150")]
    });
    insta::assert_snapshot!(text(&between(&low, &high).unwrap()));
    insta::assert_snapshot!(text(&between(&high, &low).unwrap()));
    let both = edited(SEED, |topology| {
        vec![
            setting(topology, None, "max_connections", "150"),
            setting(topology, None, "max_locks_per_transaction", "32"),
        ]
    });
    refused(between(&both.0, &both.1), &["limits-at-once"]);
    let mut moved = low.clone();
    let port = Port::new(5999).unwrap();
    let server = moved.primary().id();
    moved.apply(&Edit::SetPort { server, port }).unwrap();
    refused(between(&high, &moved), &["limits-at-once"]);
    // Raised in their old places, then moved.
    let mut moved = high.clone();
    moved.apply(&Edit::SetPort { server, port }).unwrap();
    insta::assert_snapshot!(text(&between(&low, &moved).unwrap()));
}

#[test]
fn an_archive_gets_its_folder_first() {
    let (running, wanted) = edited("m 1\n  s 2\n", |_| {
        vec![Edit::SetArchive(Some(Archive::new("archive/wal").unwrap()))]
    });
    insta::assert_snapshot!(text(&between(&running, &wanted).unwrap()));
}

#[test]
fn a_delay_is_a_reload_and_a_delayed_standby_is_not_disturbed() {
    insta::assert_snapshot!(plan("m 1\n  s 2\n", "m 1\n  s 2 delay 10min\n"));
    let late = "m 1\n  s 2 delay 10min\n";
    insta::assert_snapshot!(plan(late, "m 1\n  s 2\n"));
    refused(parsed(late, "m 1\n  s 3 delay 10min\n"), &["delayed-standby"]);
    refused(parsed(late, "m 9\n  s 2 delay 10min\n"), &["delayed-standby"]);
}

#[test]
fn the_tenth_downstream_costs_a_restart_and_says_why() {
    let many = |count: u16| {
        let below: String = (0..count).map(|n| format!("  s{n} {}\n", 100 + n)).collect();
        format!("m 1\n{below}")
    };
    let told = plan(&many(5), &many(6));
    assert!(
        told.contains("m gets max_wal_senders = 11 (was 10), with a restart"),
        "{told}"
    );
    let place = |words: &str| told.find(words).unwrap_or_else(|| panic!("{words}: {told}"));
    assert!(
        place("restart s0 before") < place("restart m before"),
        "no standby below its primary"
    );
    assert!(place("restart m before") < place("copy running m"));
    assert_eq!(told.matches("\nrestart s0").count(), 1, "once is enough");
}

#[test]
fn everything_of_the_issue_at_once() {
    insta::assert_snapshot!(plan(
        SEED,
        "master 5432 sync any 1\n  slave1 15432 priority 1\n  slave2 15999 priority 2\n    slave12 25433\n    slave21 25434\n"
    ));
}

#[test]
fn a_port_of_a_removed_server_is_free_once_it_has_ended() {
    let told = plan("m 1\n  a 2\n  b 3\n", "m 1\n  b 2\n");
    let place = |words: &str| told.find(words).unwrap_or_else(|| panic!("{words}: {told}"));
    assert!(place("\nstop a") < place("\nrestart b after"), "{told}");
}

#[test]
fn what_cannot_be_applied_is_refused_with_a_way_out() {
    let other = |after: &str| parsed(SEED, after);
    refused(other(&format!("postgres 16\n{SEED}")), &["other-major"]);
    refused(
        other("slave1 15432\n  master 5432\n  slave11 25432\n  slave12 25433\n  slave2 15433\n"),
        &["other-primary"],
    );
    refused(other("north 1\n  south 2\n"), &["other-primary"]);
    // Two servers exchange their ports.
    refused(
        other(
            &SEED
                .replace("25432", "x")
                .replace("25433", "25432")
                .replace('x', "25433"),
        ),
        &["port-taken", "port-taken"],
    );
    // A name that needs the folder of a server that goes.
    refused(parsed("m 1\n  \"a b\" 2\n", "m 1\n  a_b 3\n"), &["folder-taken"]);
    refused(
        parsed("postgres 9.5\nm 1\n", "postgres 9.5\nm 1\n  s 2\n"),
        &["no-base-backup"],
    );
    // An error of the design itself.
    refused(other(&SEED.replace("first 1", "first 3")), &["design-has-errors"]);
    let (running, wanted) = edited(SEED, |_| vec![Edit::SetAuth(Some(Auth::Trust))]);
    refused(between(&running, &wanted), &["other-auth"]);
}

/// Both directions: by reloads (13 on), with restarts for primary_conninfo, and before 10 for ssl, too.
#[test]
fn links_are_encrypted_and_opened_file_by_file() {
    for major in ["15", "11", "9.6"] {
        let design = format!("postgres {major}\nm 1 sync first 1\n  a 2 priority 1\n    b 3\n");
        let (open, secret) = edited(&design, |_| vec![Edit::SetTls(true)]);
        insta::assert_snapshot!(text(&between(&open, &secret).unwrap()));
        insta::assert_snapshot!(text(&between(&secret, &open).unwrap()));
    }
    let (running, wanted) = edited(SEED, |topology| {
        let (server, port) = (id(topology, "slave2"), Port::new(15999).unwrap());
        vec![Edit::SetTls(true), Edit::SetPort { server, port }]
    });
    refused(between(&running, &wanted), &["tls-at-once"]);
}

/// What an earlier change left of encrypted links goes with the next one.
#[test]
fn certificates_that_nobody_needs_any_more_are_removed() {
    let running = notation::parse("m 1\n  a 2\n").unwrap();
    let standing = Standing {
        clears: true,
        left_tls: true,
        ..Standing::default()
    };
    let plan = plan_apply(&running, &running, &Machine::portable("/c"), &standing).unwrap();
    assert!(
        plan.plan
            .steps
            .iter()
            .any(|step| step.action == Action::Alter(Alter::RemoveTls))
    );
}

#[test]
fn a_port_in_use_and_a_server_that_is_down_stop_it() {
    let (running, wanted) = edited(SEED, |topology| {
        vec![Edit::SetPort {
            server: id(topology, "slave2"),
            port: Port::new(15999).unwrap(),
        }]
    });
    let mut machine = Machine::portable("/tmp/c");
    machine.ports_in_use = [5432, 15999].map(|port| PortUse { port, by: None }).to_vec();
    let mut standing = Standing {
        down: vec!["slave1".to_owned()],
        ..Standing::default()
    };
    refused(
        plan_apply(&running, &wanted, &machine, &standing),
        &["server-down", "port-in-use"],
    );
    // Who goes need not run.
    machine.ports_in_use.clear();
    standing.down = vec!["slave12".to_owned()];
    let (running, wanted) = edited(SEED, |topology| {
        vec![Edit::Remove {
            server: id(topology, "slave12"),
            downstreams: crate::model::topology::Downstreams::Remove,
        }]
    });
    plan_apply(&running, &wanted, &machine, &standing).unwrap();
}

#[test]
fn a_change_that_was_ended_in_the_middle_makes_everything_anew() {
    let running = notation::parse("m 1\n  a 2\n").unwrap();
    let wanted = notation::parse("m 1\n  a 4\n  b 3\n").unwrap();
    let standing = Standing {
        down: vec!["a".to_owned()],
        resumes: true,
        ..Standing::default()
    };
    let plan = plan_apply(&running, &wanted, &Machine::portable("/tmp/c"), &standing).unwrap();
    let told: Vec<String> = plan.plan.steps.iter().map(|step| what(&step.action)).collect();
    assert_eq!(
        told[..4],
        [
            "begin",
            "remove server b",
            "restart a before",
            "passwords for 4 ports"
        ]
    );
}

#[test]
fn what_an_earlier_change_left_is_cleared_away_first() {
    let running = notation::parse(SEED).unwrap();
    let standing = Standing {
        left_slots: vec![LeftSlot {
            server: "slave1".to_owned(),
            slot: "gone".to_owned(),
        }],
        clears: true,
        left_servers: vec![("gone".to_owned(), "gone".to_owned())],
        ..Standing::default()
    };
    let plan = plan_apply(&running, &running, &Machine::portable("/tmp/c"), &standing).unwrap();
    let told: Vec<String> = plan.plan.steps.iter().map(|step| what(&step.action)).collect();
    assert_eq!(told[..3], ["begin", "drop gone on slave1", "remove server gone"]);
    assert_eq!(told[told.len() - 2], "passwords for 5 ports");
    assert!(plan.interruptions.is_empty());
}

/// Random designs, each into each: every plan is whole, or refused with a way out.
#[test]
fn any_change_of_any_design_is_planned_or_refused() {
    let mut seed = 0x5eed_u64;
    let mut below = |most: u64| {
        // Knuth's MMIX generator: the same numbers every time.
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % most
    };
    let mut planned = 0;
    for round in 0..400 {
        let major = PgMajor::ALL[usize::try_from(below(15)).unwrap()];
        let mut running = notation::parse(&format!("postgres {major}\nm 100\n")).unwrap();
        let mut wanted = running.clone();
        for step in 0..12 {
            if step == 6 {
                wanted = running.clone();
            }
            let topology = if step < 6 { &mut running } else { &mut wanted };
            let servers = topology.servers();
            let any = |n: u64| servers[usize::try_from(n).unwrap() % servers.len()].id();
            let (server, upstream) = (any(below(99)), any(below(99)));
            let number = u16::try_from(101 + below(12)).unwrap();
            let edit = match below(8) {
                0 | 1 => Edit::AddStandby {
                    upstream,
                    name: None,
                    port: Port::new(number).ok(),
                },
                2 => Edit::Attach { server, upstream },
                3 => Edit::SetPort {
                    server,
                    port: Port::new(number).unwrap(),
                },
                4 => Edit::Rename {
                    server,
                    name: ServerName::parse(&format!("n{number}")).unwrap(),
                },
                5 => Edit::SetSync(Some(SyncPolicy {
                    method: SyncMethod::First,
                    ..SyncPolicy::default()
                })),
                6 => Edit::SetSyncPriority {
                    server,
                    priority: Some(u32::from(number)),
                },
                _ => Edit::Remove {
                    server,
                    downstreams: crate::model::topology::Downstreams::Reattach,
                },
            };
            let _ = topology.apply(&edit);
        }
        match between(&running, &wanted) {
            Ok(plan) => {
                planned += 1;
                check_whole(&plan);
            }
            Err(checks) => assert!(
                !checks.is_empty() && checks.iter().all(|check| check.fix.is_some()),
                "round {round}"
            ),
        }
    }
    assert!(planned > 50, "only {planned} were planned");
}

#[test]
fn what_postgresql_could_not_be_asked_before_is_in_the_plan() {
    let before = notation::parse("m 1025\n  a 1026\n").unwrap();
    let mut after = before.clone();
    let setting = Edit::SetSetting {
        server: None,
        name: "work_mem".to_owned(),
        value: Some("8MB".to_owned()),
    };
    after.apply(&setting).unwrap();
    let machine = Machine {
        untried_settings: vec!["a".to_owned()],
        ..Machine::portable("/tmp/c")
    };
    let notes = |after: &Topology| {
        let plan = plan_apply(&before, after, &machine, &Standing::default()).unwrap();
        plan.notes
    };
    assert!(notes(&after)[0].contains("did not say whether it takes the settings of a. If a server"));
    assert_eq!(notes(&before), Vec::<String>::new(), "nothing is changed");
}
