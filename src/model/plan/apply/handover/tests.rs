//! The order of a switchover and of a failover, step by step.

use super::{Stage, after_failover, after_switchover, plan_handover, plan_rejoin};
use crate::model::plan::apply::Standing;
use crate::model::plan::lines::what;
use crate::model::plan::{ApplyPlan, Machine, Rejoining, Steering};
use crate::model::topology::notation::SEED;
use crate::model::topology::{Edit, ServerId, Topology, notation};

fn planned(
    before: &Topology,
    heir: &str,
    edits: fn(&Topology, ServerId) -> Vec<Edit>,
    steering: &Steering,
) -> ApplyPlan {
    let mut after = before.clone();
    for edit in edits(before, before.by_name(heir).unwrap().id()) {
        after.apply(&edit).unwrap();
    }
    let (machine, standing) = (Machine::portable("/c"), Standing::default());
    plan_handover(before, &after, &machine, &standing, steering, Stage::Begin).unwrap()
}

fn lines(plan: &ApplyPlan) -> Vec<String> {
    plan.plan.steps.iter().map(|step| what(&step.action)).collect()
}

fn seed(version: &str) -> Topology {
    notation::parse(&format!("postgres {version}\n{SEED}")).unwrap()
}

fn switchover(heir: &str) -> Steering {
    Steering::Switchover {
        heir: heir.to_owned(),
        left: Vec::new(),
    }
}

#[test]
fn who_waits_for_whom_in_a_switchover() {
    let plan = planned(&seed("15"), "slave1", after_switchover, &switchover("slave1"));
    let lines = lines(&plan);
    let place = |wanted: &str| {
        let found = lines.iter().position(|line| line.starts_with(wanted));
        found.unwrap_or_else(|| panic!("no \"{wanted}\" in {lines:#?}"))
    };
    let order = [
        "begin",
        "slot master on slave1",
        "reload slave1 after",
        "checkpoint master",
        "slave1 caught up with master",
        "stop master",
        "slave1 has all of master",
        "write master after",
        "promote slave1",
        "reload slave2 after",
        "restart master after",
        "reload slave11 after",
        "row from slave1",
        "settle",
        "drop slave1 on master",
        "complete",
    ];
    let places: Vec<usize> = order.iter().map(|one| place(one)).collect();
    assert!(places.is_sorted(), "{places:?} {lines:#?}");
    // Until it is promoted, the heir goes on as the standby that it is.
    assert!(lines[place("reload slave1 after")].contains("primary_conninfo="));
    assert_eq!(
        plan.plan.head.settles_at.map(|step| step.0),
        Some(place("promote slave1"))
    );
}

#[test]
fn standbys_that_no_commit_waits_for_move_first() {
    let before = notation::parse("m 1\n  a 2\n    x 5\n  b 3\n  c 4\n").unwrap();
    let lines = lines(&planned(&before, "a", after_switchover, &switchover("a")));
    let place = |wanted: &str| lines.iter().position(|line| line.starts_with(wanted)).unwrap();
    assert!(place("reload b after") < place("stop m"), "{lines:#?}");
    assert!(place("streaming c from a") < place("stop m"));
    assert!(
        place("reload x after") > place("promote a"),
        "its upstream is the old primary"
    );
}

#[test]
fn before_13_who_moves_restarts_and_it_is_said() {
    let plan = planned(&seed("12"), "slave1", after_switchover, &switchover("slave1"));
    assert!(
        lines(&plan)
            .iter()
            .any(|line| line.starts_with("restart slave2 after"))
    );
    assert!(
        plan.interruptions
            .iter()
            .any(|said| said.contains("before PostgreSQL 13")),
        "{:?}",
        plan.interruptions
    );
}

#[test]
fn a_failover_waits_for_nobody_who_is_gone() {
    let steering = Steering::Failover {
        heir: "slave1".to_owned(),
        left: vec!["master".to_owned(), "slave2".to_owned()],
    };
    let plan = planned(&seed("15"), "slave1", after_failover, &steering);
    let lines = lines(&plan);
    let is_asked = |line: &&String| {
        ["rows of", "streaming", "slot", "checkpoint", "reload", "restart"]
            .iter()
            .any(|begin| line.starts_with(begin))
            && (line.contains("of master") || line.contains("on master") || line.contains(" slave2 "))
            && !line.contains("on slave1")
    };
    assert_eq!(lines.iter().find(is_asked), None, "{lines:#?}");
    assert!(lines.contains(&"kill master".to_owned()) && lines.contains(&"stop slave2".to_owned()));
    assert!(
        plan.changes
            .iter()
            .any(|said| said.contains("stay out until rejoined")),
        "{:?}",
        plan.changes
    );
}

#[test]
fn a_rejoin_does_no_more_than_it_has_to() {
    let design = seed("15");
    let standing = Standing {
        down: vec!["slave2".to_owned()],
        ..Standing::default()
    };
    let plan = |by, slots: &[String]| {
        let server = design.by_name("slave2").unwrap();
        let machine = Machine::portable("/c");
        lines(&plan_rejoin(&design, &machine, &standing, server, by, slots).unwrap())
    };
    let start = plan(Rejoining::Start, &["slave1".to_owned(), "by_hand".to_owned()]);
    assert!(
        !start
            .iter()
            .any(|line| line.starts_with("remove data") || line.starts_with("rewind"))
    );
    assert!(start.contains(&"drop slave1 on slave2".to_owned()));
    assert!(!start.iter().any(|line| line.contains("by_hand")), "{start:#?}");
    assert!(
        !start.contains(&"drop slave2 on master".to_owned()),
        "it retains what is missing"
    );
    let copy = plan(Rejoining::Copy, &[]);
    assert!(copy.contains(&"remove data slave2".to_owned()));
    assert!(copy.contains(&"drop slave2 on master".to_owned()));
    let primary = design.primary();
    let machine = Machine::portable("/c");
    let refused = plan_rejoin(&design, &machine, &standing, primary, Rejoining::Start, &[]).unwrap_err();
    assert_eq!(refused[0].id, "is-primary");
}

#[test]
fn commits_that_wait_after_a_failover_are_said_before() {
    let steering = |left: &[&str]| Steering::Failover {
        heir: "a".to_owned(),
        left: left.iter().map(|name| (*name).to_owned()).collect(),
    };
    let said = |design: &str, left: &[&str]| {
        let plan = planned(
            &notation::parse(design).unwrap(),
            "a",
            after_failover,
            &steering(left),
        );
        plan.interruptions
            .iter()
            .any(|one| one.starts_with("Commits, also after that"))
    };
    assert!(
        said("m 1 sync first 1\n  a 2 priority 1\n", &["m"]),
        "nobody else is in the list"
    );
    assert!(!said(
        "m 1 sync first 1\n  a 2 priority 1\n  b 3 priority 2\n",
        &["m"]
    ));
    assert!(said(
        "m 1 sync first 1\n  a 2 priority 1\n  b 3 priority 2\n",
        &["m", "b"]
    ));
    assert!(!said("m 1\n  a 2\n", &["m"]));
}

#[test]
fn before_the_old_primary_comes_back_the_heir_is_made_to_forget_that_it_was_to_take_over() {
    let before = seed("15");
    let mut after = before.clone();
    for edit in after_switchover(&before, before.by_name("slave1").unwrap().id()) {
        after.apply(&edit).unwrap();
    }
    let rolled_back = |down: &[&str]| {
        let standing = Standing {
            down: down.iter().map(|name| (*name).to_owned()).collect(),
            resumes: true,
            ..Standing::default()
        };
        let (machine, steering) = (Machine::portable("/c"), switchover("slave1"));
        let plan = plan_handover(&after, &before, &machine, &standing, &steering, Stage::Back).unwrap();
        lines(&plan)
    };
    let stopped = rolled_back(&["master"]);
    assert!(stopped[1].starts_with("stay standby slave1"), "{stopped:#?}");
    assert!(stopped[2].starts_with("primary again master"), "{stopped:#?}");
    // While it runs, nobody was told to take over.
    let running = rolled_back(&[]);
    assert!(
        running.iter().all(|line| !line.starts_with("stay standby")),
        "{running:#?}"
    );
}
