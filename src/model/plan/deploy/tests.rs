//! Designs in, plans out, a step a line; `check_whole` holds what must be true of every plan.

use super::*;
use crate::model::plan::Serve;
use crate::model::plan::Step;
use crate::model::plan::lines::line;
use crate::model::topology::notation::SEED;
use crate::model::topology::{Archive, Edit, notation};

fn plan(topology: &Topology) -> Plan {
    plan_deploy(topology, &Machine::portable("/tmp/c"))
}

fn plan_of(design: &str) -> Plan {
    plan(&notation::parse(design).unwrap())
}

fn text(plan: &Plan) -> String {
    plan.steps.iter().map(line).collect()
}

/// The steps of the plan whose line holds the word, without numbers.
#[track_caller]
fn check_part(plan: &Plan, word: &str, expected: &[&str]) {
    let lines = text(plan);
    let found: Vec<&str> = lines
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(_, what)| what.split(" < ").next().unwrap_or(what))
        .filter(|what| what.contains(word))
        .collect();
    assert_eq!(found, expected, "{lines}");
}

/// True for all that hold in every plan.
#[track_caller]
fn check_whole(plan: &Plan) {
    for (index, step) in plan.steps.iter().enumerate() {
        assert_eq!(step.id.0, index);
        assert!(
            step.after.iter().all(|id| id.0 < index),
            "step {index} waits for a later one"
        );
        assert!(
            index == 0 || !step.after.is_empty(),
            "step {index} waits for nothing"
        );
        assert!(!step.title.is_empty() && !step.why.is_empty() && step.deadline_secs > 0);
        let undo = match &step.action {
            Action::Build(Build::ClaimFolder) => Some(Action::Build(Build::ReleaseFolder)),
            Action::Make(Make::MakeFolder { path })
            | Action::Build(Build::Initdb { data: path, .. } | Build::CopyData { to: path, .. }) => {
                Some(Action::Make(Make::RemoveFolder { path: path.clone() }))
            }
            Action::Serve(Serve::Start { server, folder, .. }) => Some(Action::Serve(Serve::Stop {
                server: server.clone(),
                folder: folder.clone(),
            })),
            Action::Make(Make::MakeCertificates { certificates }) => {
                Some(Action::Make(Make::RemoveCertificates {
                    folders: certificates.iter().map(|one| one.folder.clone()).collect(),
                }))
            }
            _ => None,
        };
        assert_eq!(step.undo, undo, "{}", step.title);
    }
    // No directory is copied while its server may run, and no server starts before its files are there.
    let reaches = |from: StepId, to: StepId| {
        let mut open = vec![from];
        while let Some(id) = open.pop() {
            if id == to {
                return true;
            }
            open.extend(&plan.steps[id.0].after);
        }
        false
    };
    let starts: Vec<&Step> = plan
        .steps
        .iter()
        .filter(|s| matches!(s.action, Action::Serve(Serve::Start { .. })))
        .collect();
    for step in &plan.steps {
        match &step.action {
            Action::Build(Build::CopyData { .. }) => assert!(reaches(starts[0].id, step.id)),
            // Anyone who asks its upstream is answered at the first try: it listens, and has the slot.
            Action::Serve(Serve::WaitReady { server, .. }) => {
                let waited = |other: &Step| matches!(&other.action, Action::Serve(Serve::WaitStreaming { server: sender, .. }) if sender == server);
                for standby in plan.steps.iter().filter(|other| waited(other)) {
                    let start = starts
                        .iter()
                        .find(|start| start.server == standby.server)
                        .unwrap();
                    assert!(reaches(start.id, step.id), "{}", start.title);
                }
            }
            Action::Serve(Serve::CreateSlot { slot, .. }) => {
                let uses = |start: &&&Step| {
                    step.title.starts_with(&format!(
                        "Create the slot of {} on",
                        start.server.as_deref().unwrap()
                    ))
                };
                let start = starts.iter().find(uses).unwrap();
                assert!(reaches(start.id, step.id), "{slot}");
            }
            Action::Make(Make::InstallFile { to, .. }) if !step.title.starts_with("Switch") => {
                let start = starts.iter().find(|start| start.server == step.server).unwrap();
                assert!(reaches(start.id, step.id), "{to}");
            }
            _ => {}
        }
    }
    // The last step waits for all others.
    let last = plan.steps.last().unwrap().id;
    assert!(
        plan.steps.iter().all(|step| reaches(last, step.id)),
        "{}",
        text(plan)
    );
}

#[test]
fn certificates_are_there_before_any_server_needs_them() {
    let mut topology = notation::parse("m 1\n  s 2\n").unwrap();
    let without = plan(&topology);
    topology.apply(&Edit::SetTls(true)).unwrap();
    let plan = plan(&topology);
    check_whole(&plan);
    // The folder, what is in it, and the proof of the one link.
    assert_eq!(plan.steps.len(), without.steps.len() + 3);
    let place = |found: fn(&Action) -> bool| plan.steps.iter().position(|step| found(&step.action)).unwrap();
    let certificates = place(|action| matches!(action, Action::Make(Make::MakeCertificates { .. })));
    let initdb = place(|action| matches!(action, Action::Build(Build::Initdb { .. })));
    assert!(plan.steps[initdb].after.contains(&StepId(certificates)));
    let folder = plan.steps[certificates].after[0];
    let path = ClusterFolder::TLS.to_owned();
    assert_eq!(
        plan.steps[folder.0].action,
        Action::Make(Make::MakeFolder { path })
    );
}

#[test]
fn the_seed_in_full() {
    let plan = plan_of(SEED);
    check_whole(&plan);
    assert_eq!(
        text(&plan),
        "\
0 claim
1 folder secrets < 0
2 folder run < 0
3 folder servers < 0
4 folder servers/master < 3
5 folder servers/slave1 < 3
6 folder servers/slave11 < 3
7 folder servers/slave12 < 3
8 folder servers/slave2 < 3
9 secrets for 5 ports < 1
10 initdb servers/master/data scram-sha-256 < 2 4 5 6 7 8 9
11 role servers/master/data wal_level=replica max_wal_senders=10 < 10
12 copy servers/master/data servers/slave1/data < 11
13 copy servers/master/data servers/slave11/data < 11
14 copy servers/master/data servers/slave12/data < 11
15 copy servers/master/data servers/slave2/data < 11
16 install servers/master/data/postgresql.conf without synchronous_standby_names < 11 12 13 14 15
17 install servers/master/data/pg_hba.conf < 11 12 13 14 15
18 install servers/slave1/data/postgresql.conf < 12
19 install servers/slave1/data/pg_hba.conf < 12
20 install servers/slave1/data/standby.signal < 12
21 install servers/slave11/data/postgresql.conf < 13
22 install servers/slave11/data/pg_hba.conf < 13
23 install servers/slave11/data/standby.signal < 13
24 install servers/slave12/data/postgresql.conf < 14
25 install servers/slave12/data/pg_hba.conf < 14
26 install servers/slave12/data/standby.signal < 14
27 install servers/slave2/data/postgresql.conf < 15
28 install servers/slave2/data/pg_hba.conf < 15
29 install servers/slave2/data/standby.signal < 15
30 start master < 11 12 13 14 15 16 17
31 ready master < 30
32 slot slave1 on master < 31
33 slot slave2 on master < 31
34 start slave1 < 12 18 19 20 31 32
35 start slave2 < 15 27 28 29 31 33
36 ready slave1 < 34
37 ready slave2 < 35
38 slot slave11 on slave1 < 36
39 slot slave12 on slave1 < 36
40 start slave11 < 13 21 22 23 36 38
41 start slave12 < 14 24 25 26 36 39
42 ready slave11 < 40
43 ready slave12 < 41
44 streaming slave1 from master < 31 32 36
45 streaming slave11 from slave1 < 36 38 42
46 streaming slave12 from slave1 < 36 39 43
47 streaming slave2 from master < 31 33 37
48 install servers/master/data/postgresql.conf < 44 45 46 47
49 reload master < 48
50 rows of master: slave1 1 sync, slave2 2 potential < 44 47 49
51 rows of slave1: slave11 0 async, slave12 0 async < 45 46
52 row from master to 4 and 0 delayed < 50 51
53 complete < 52
"
    );
}

#[test]
fn up_to_9_4_sync_is_on_from_the_start() {
    let plan = plan_of(&format!("postgres 9.3\n{SEED}"));
    check_whole(&plan);
    check_part(
        &plan,
        "start ",
        &[
            "start master",
            "start slave1",
            "start slave2",
            "start slave11",
            "start slave12",
        ],
    );
    check_part(&plan, "without", &[]);
    check_part(&plan, "reload", &[]);
    check_part(&plan, "slot", &[]);
    check_part(
        &plan,
        "role",
        &["role servers/master/data wal_level=hot_standby max_wal_senders=10"],
    );
    let start = plan
        .steps
        .iter()
        .find(|s| matches!(&s.action, Action::Serve(Serve::Start { server, .. }) if server == "slave11"))
        .unwrap();
    assert!(matches!(
        &start.action,
        Action::Serve(Serve::Start {
            pass_file_in_environment: true,
            ..
        })
    ));
}

#[test]
fn trust_needs_no_secrets() {
    let mut topology = notation::parse("m 1\n  s 2\n").unwrap();
    topology.apply(&Edit::SetAuth(Some(Auth::Trust))).unwrap();
    let plan = plan(&topology);
    check_whole(&plan);
    check_part(&plan, "secrets", &[]);
    check_part(&plan, "initdb", &["initdb servers/m/data trust"]);
    for step in &plan.steps {
        if let Action::Build(Build::Initdb { password_file, .. } | Build::CreateRole { password_file, .. }) =
            &step.action
        {
            assert_eq!(*password_file, None);
        }
    }
}

#[test]
fn only_an_archive_inside_the_folder_is_made() {
    for (directory, made) in [
        ("archive/wal", &["folder archive", "folder archive/wal"][..]),
        ("/srv/archive", &[]),
        ("../archive", &[]),
    ] {
        let mut topology = notation::parse("m 1\n").unwrap();
        topology
            .apply(&Edit::SetArchive(Some(Archive::new(directory).unwrap())))
            .unwrap();
        check_part(&plan(&topology), "archive", made);
    }
}

#[test]
fn a_cluster_of_one_is_proved_by_itself() {
    let plan = plan_of("m 1\n");
    check_whole(&plan);
    check_part(&plan, "row", &["row from m to 0 and 0 delayed"]);
}

#[test]
fn a_delayed_standby_is_not_asked_for_the_row() {
    let plan = plan_of("m 1\n  a 2 delay 10min\n    b 3\n  c 4 delay 0\n");
    check_whole(&plan);
    check_part(&plan, "row from", &["row from m to 2 and 1 delayed"]);
}

#[test]
fn names_with_quotes_get_plain_folders_and_keep_their_name() {
    let plan = plan_of("m 1\n  \"it's \"\"x\"\"\" 2\n");
    check_whole(&plan);
    check_part(&plan, "start ", &["start m", "start it's \"x\""]);
    check_part(&plan, "copy", &["copy servers/m/data servers/it_s__x_/data"]);
    check_part(&plan, "slot ", &["slot it_s__x_ on m"]);
}

#[test]
fn every_version_has_a_whole_plan() {
    for major in crate::model::topology::PgMajor::ALL {
        check_whole(&plan_of(&format!("postgres {major}\n{SEED}")));
    }
}
