//! What is left after a failure: of quorums, of lists by hand, and of sites.

use super::*;
use crate::model::topology::{Edit, notation};

/// A line for each failure: what fails, then +/- for writes, reads, nothing lost.
fn lines(found: &[Survival]) -> Vec<String> {
    let line = |survival: &Survival| {
        let cells = survival.cells().map(|cell| if cell.holds { '+' } else { '-' });
        format!("{}: {}", survival.failure.join(", "), String::from_iter(cells))
    };
    found.iter().map(line).collect()
}

#[test]
fn the_seed_survives_every_single_failure_but_that_of_its_primary() {
    let seed = notation::parse(
        "master 1 sync first 1\n  slave1 2 priority 1\n    slave11 3\n  slave2 4 priority 2\n",
    )
    .unwrap();
    let expected = [
        "crash master: -++",
        "crash slave1: +++",
        "crash slave11: +++",
        "crash slave2: +++",
        "cut master slave1: +++",
        "cut slave1 slave11: +++",
        "cut master slave2: +++",
    ];
    assert_eq!(lines(&single_failures(&seed)), expected);
    let double = lines(&double_failures(&seed).unwrap());
    assert_eq!(double.len(), 21);
    for line in [
        "crash master, crash slave1: -+-",
        "crash master, crash slave2: -++",
        "crash master, crash slave11: -++",
        "crash slave1, crash slave2: -++",
        "cut master slave1, cut master slave2: -++",
        "crash slave1, crash slave11: +++",
    ] {
        assert!(double.iter().any(|known| known == line), "{line}: {double:#?}");
    }
}

#[test]
fn a_site_is_lost_as_a_whole() {
    let of = |text: &str| -> Vec<String> {
        let found = lines(&single_failures(&notation::parse(text).unwrap()));
        found.into_iter().filter(|line| line.contains("site")).collect()
    };
    let text = "m 1 sync first 1 site A\n  a 2 priority 1 site A\n  b 3 priority 2 site B\n    c 4 site B\n";
    // What was acknowledged had waited for a, which is lost with the primary.
    assert_eq!(of(text), ["lose the site A: -+-", "lose the site B: +++"]);
    let far = text.replace("priority 1 site A", "priority 3 site A");
    assert_eq!(of(&far), ["lose the site A: -++", "lose the site B: +++"]);
    assert_eq!(of("m 1 site A\n  a 2 site A\n"), [""; 0], "that would be all");
    assert_eq!(
        of("m 1 site A\n  a 2 site B\n"),
        [""; 0],
        "each is a server's crash"
    );
}

/// "nothing lost" of what happens to a design with a list that is set by hand.
#[track_caller]
fn keeps(design: &str, list: Option<&str>, faults: &[&str]) -> (bool, String) {
    let mut topology = notation::parse(design).unwrap();
    if let Some(list) = list {
        let edit = Edit::SetSetting {
            server: None,
            name: "synchronous_standby_names".to_owned(),
            value: Some(list.to_owned()),
        };
        topology.apply(&edit).unwrap();
    }
    let faults: Vec<Incident> = faults
        .iter()
        .map(|text| Incident::parse(text, &topology).unwrap())
        .collect();
    let found = survival(&World::new(&topology), &faults).nothing_lost;
    (
        found.holds,
        format!("{}: {}", found.said.sentence, found.said.why),
    )
}

/// Tried on 15: the row that paris2 confirmed is missing on oslo.
#[test]
fn a_quorum_of_which_too_few_are_left_may_have_lost_a_commit() {
    let design =
        "paris1 1 sync any 1 site Paris\n  paris2 2 priority 1 site Paris\n  oslo 3 priority 2 site Oslo\n";
    let found = single_failures(&notation::parse(design).unwrap());
    assert_eq!(
        lines(&found),
        [
            "crash paris1: -++",
            "crash paris2: +++",
            "crash oslo: +++",
            "cut paris1 paris2: +++",
            "cut paris1 oslo: +++",
            "lose the site Paris: -+-",
        ]
    );
    let all = "every acknowledged commit waited for any 1 of 2 standbys; 1 of them is left, and it takes 2 \
         to be sure that one has it";
    let said = &found[5].nothing_lost.said;
    assert_eq!(
        (said.sentence.as_str(), said.why.as_str()),
        ("\"oslo\" may lack the latest commits", all)
    );
    assert_eq!(
        found[0].nothing_lost.said.sentence,
        "the most advanced of \"paris2\" and \"oslo\" has everything"
    );
    // In whichever order they go, as long as it is one moment; later, oslo alone was waited for.
    assert!(!keeps(design, None, &["crash paris2", "crash paris1"]).0);
    let topology = notation::parse(design).unwrap();
    let incident = |text: &str| Incident::parse(text, &topology).unwrap();
    let mut world = World::new(&topology);
    world.apply(incident("crash paris2")).unwrap();
    assert!(survival(&world, &[incident("crash paris1")]).nothing_lost.holds);
    // And what is lost after the primary is lost all the same.
    let mut world = World::new(&topology);
    world.apply(incident("crash paris1")).unwrap();
    assert!(nothing_lost(&world).holds);
    assert!(!survival(&world, &[incident("crash paris2")]).nothing_lost.holds);
}

#[test]
fn more_than_the_members_less_the_number_have_to_be_left() {
    let of = |method: &str| {
        format!("m 1 sync {method}\n  a 2 priority 1\n    d 5\n  b 3 priority 2\n  c 4 priority 3\n  e 6\n")
    };
    for (method, faults, holds) in [
        ("any 1", &["crash m"][..], true),
        ("any 1", &["crash m", "crash e"], true),
        ("any 1", &["crash m", "crash c"], false),
        ("any 2", &["crash m", "crash c"], true),
        ("any 2", &["crash m", "crash c", "crash d", "crash e"], true),
        ("any 2", &["crash m", "crash b", "crash c"], false),
        ("any 3", &["crash m", "crash b", "crash c"], true),
        ("any 3", &["crash m", "crash a", "crash b", "crash c"], false),
        // By priority it is known who has everything.
        ("first 2", &["crash m", "crash a"], true),
        ("first 2", &["crash m", "crash b", "crash c"], true),
        ("first 2", &["crash m", "crash a", "crash b"], false),
        ("first 1", &["crash m", "crash a"], false),
        ("any 1 commit local", &["crash m"], false),
    ] {
        assert_eq!(keeps(&of(method), None, faults).0, holds, "{method} {faults:?}");
    }
    // What a cascaded standby has, its upstream had; at that moment it may not have arrived.
    let after_a_while = |faults: &[&str]| {
        let topology = notation::parse(&of("any 2")).unwrap();
        let mut world = World::new(&topology);
        for text in faults {
            world.apply(Incident::parse(text, &topology).unwrap()).unwrap();
        }
        nothing_lost(&world)
    };
    assert!(
        after_a_while(&["crash m", "crash a", "crash b"]).holds,
        "d has what a had"
    );
    let cell = after_a_while(&["crash m", "crash a", "crash b", "crash d"]);
    assert!(
        !cell.holds && cell.said.why.contains("2 of 3 standbys"),
        "{}",
        cell.said.why
    );
}

#[test]
fn of_those_that_one_member_matches_nobody_knows_which_confirmed() {
    let three = "m 1\n  a 2\n  b 3\n  c 4\n";
    for (list, faults, holds) in [
        ("*", &["crash m"][..], true),
        ("*", &["crash m", "crash c"], false),
        ("2 (*)", &["crash m", "crash a"], true),
        ("2 (*)", &["crash m", "crash a", "crash b"], false),
        ("FIRST 2 (c, *)", &["crash m", "crash a", "crash b"], true),
        ("FIRST 2 (c, *)", &["crash m", "crash b", "crash c"], false),
        ("ANY 2 (*)", &["crash m", "crash a"], true),
        ("ANY 2 (b, *)", &["crash m", "crash a", "crash b"], false),
        ("3 (*)", &["crash m", "crash a", "crash b"], true),
        // Commits hang, so none was confirmed.
        ("4 (*)", &["crash m", "crash a", "crash b"], true),
        ("*, a", &["crash m", "crash a"], false),
    ] {
        assert_eq!(keeps(three, Some(list), faults).0, holds, "{list} {faults:?}");
    }
    // Names are compared without regard to case.
    let equal = "m 1\n  a 2\n  A 3\n  b 4\n";
    for (list, faults, holds) in [
        ("a", &["crash m"][..], true),
        ("a", &["crash m", "crash b"], true),
        ("a", &["crash m", "crash A"], false),
        ("2 (a, b)", &["crash m", "crash A", "crash b"], true),
        ("2 (b, a)", &["crash m", "crash a", "crash b"], false),
    ] {
        assert_eq!(keeps(equal, Some(list), faults).0, holds, "{list} {faults:?}");
    }
    assert_eq!(
        keeps(equal, Some("a"), &["crash m"]).1.split(": ").next(),
        Some("the most advanced of \"a\" and \"A\" has everything")
    );
}

#[test]
fn without_synchronous_standbys_a_crash_can_lose_the_last_moment() {
    let pair = notation::parse("m 1\n  a 2\n").unwrap();
    assert_eq!(
        lines(&single_failures(&pair)),
        ["crash m: -+-", "crash a: +++", "cut m a: +++"]
    );
    let quorum = notation::parse("m 1 sync any 1\n  a 2 priority 1\n  b 3 priority 2\n").unwrap();
    assert_eq!(lines(&single_failures(&quorum))[0], "crash m: -++");
    let alone = notation::parse("m 1\n").unwrap();
    assert_eq!(lines(&single_failures(&alone)), ["crash m: ---"]);
}

#[test]
fn two_failures_at_once_are_not_asked_of_thousands() {
    let mut text = "m 1\n".to_owned();
    for port in 2..400 {
        text += &format!("  s{port} {port}\n");
    }
    let problem = double_failures(&notation::parse(&text).unwrap()).unwrap_err();
    assert_eq!(problem.failures, 797);
    assert!(problem.to_string().contains("317206 pairs"), "{problem}");
}

/// What is counted is what the simulation says, for each failure of designs of every kind.
#[test]
fn failures_beside_the_commits_are_as_they_are_simulated() {
    let tree = "m 1 sync first 1\n  a 2 priority 1\n    c 3\n      d 4\n      e 5\n    f 6\n  b 7 priority 2\n  g 8\n    h 9\n  i 10\n";
    let mut counted = 0;
    let own =
        |server: &str, name: &str, value: &str| (Some(server.to_owned()), name.to_owned(), value.to_owned());
    let all = |name: &str, value: &str| (None, name.to_owned(), value.to_owned());
    for text in [
        tree.to_owned(),
        tree.replace("first 1", "any 1 commit remote_apply"),
        tree.replace("first 1", "any 2"),
        tree.replace("first 1", "any 2").replace("g 8", "g 8 priority 3"),
        tree.replace("first 1", "any 1 commit local"),
        tree.replace("g 8", "g 8 priority 3 delay 1h"),
        tree.replace("first 1", "first 2").replace("e 5", "e 5 delay 1h"),
        tree.replace(" sync first 1", "")
            .replace(" priority 1", "")
            .replace(" priority 2", ""),
        format!("postgres 9.2\n{tree}"),
        format!("postgres 18\n{tree}"),
        "m 1\n".to_owned(),
    ] {
        for settings in [
            vec![],
            vec![all("synchronous_standby_names", "*")],
            vec![all("synchronous_standby_names", "2 (g, a, d)")],
            vec![all("synchronous_standby_names", "((")],
            vec![own("c", "synchronous_standby_names", "((")],
            vec![own("g", "synchronous_standby_names", "((")],
            vec![own("c", "recovery_target_timeline", "current")],
            vec![own("a", "hot_standby", "off"), own("d", "hot_standby", "off")],
            vec![all("synchronous_commit", "off")],
        ] {
            let mut topology = notation::parse(&text).unwrap();
            for (server, name, value) in settings {
                let server = match server {
                    Some(server) => match topology.by_name(&server) {
                        Some(server) => Some(server.id()),
                        None => continue,
                    },
                    None => None,
                };
                let edit = Edit::SetSetting {
                    server,
                    name,
                    value: Some(value),
                };
                topology.apply(&edit).unwrap();
            }
            let world = World::new(&topology);
            let beside = Beside::of(&world);
            for fault in faults(&topology) {
                if let Some(found) = beside.as_ref().and_then(|beside| beside.survival(fault)) {
                    counted += 1;
                    assert_eq!(found, survival(&world, &[fault]), "{text}");
                }
            }
        }
    }
    assert!(counted > 300, "{counted}");
}
