//! What the command line foretells: what follows from faults, what a design survives, and stories in time.

use crate::cli::Terminal;

/// Two sites, and a quorum of which the smaller part is beside the primary.
const TWO_SITES: &str = r#"format = 1
name = "two sites"
postgres = 15

[sync]
method = "any"
count = 1

[[server]]
name = "paris1"
port = 5432
site = "Paris"

[[server]]
name = "paris2"
port = 5433
follows = "paris1"
sync_priority = 1
site = "Paris"

[[server]]
name = "oslo"
port = 5434
follows = "paris1"
sync_priority = 2
site = "Oslo"
"#;

#[test]
fn what_follows_from_faults_is_told_in_sentences_and_as_json() {
    let terminal = Terminal::new();
    terminal.run(&["new", "-o", "seed.toml"]);
    let told = terminal.run(&[
        "predict",
        "seed.toml",
        "--fault",
        "crash master",
        "--promote",
        "slave1",
    ]);
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert!(
        told.out
            .contains("\"slave1\" accepts writes; no commit waits for another server."),
        "{}",
        told.out
    );
    assert!(
        told.out.contains("slave2: SELECT pg_reload_conf();"),
        "{}",
        told.out
    );
    let json = terminal.run(&["predict", "seed.toml", "--fault", "crash slave1", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    // The form of status --json, and beside it the verdict.
    assert_eq!(json["commits"]["waits_for"], serde_json::json!(["slave2"]));
    assert_eq!(json["servers"][0]["replication"][0]["sync_state"], "sync");
    assert_eq!(json["verdict"]["happened"], serde_json::json!(["crash slave1"]));
    for (arguments, words) in [
        (["--fault", "crahs slave1"], "did you mean \"crash\"?"),
        (["--fault", "crash slave"], "did you mean \"slave"),
        (["--promote", "master"], "\"master\" is already a primary"),
        (["--scenario", "missing"], "\"missing\" cannot be read"),
    ] {
        let answer = terminal.run(&[&["predict", "seed.toml"][..], &arguments].concat());
        assert_eq!(answer.code, Some(1));
        assert!(answer.err.contains(words), "{}", answer.err);
    }
    let tables = terminal.run(&["predict", "--transitions"]);
    assert!(tables.out.starts_with("## What happens") && tables.out.contains("| `crash SERVER` |"));
}

#[test]
fn what_a_design_survives_is_a_line_for_each_failure() {
    let terminal = Terminal::new();
    terminal.run(&["new", "-o", "seed.toml"]);
    let told = terminal.run(&["survives", "seed.toml"]);
    assert_eq!(told.code, Some(0));
    assert!(
        told.out
            .contains("Of 9 failures: writes go on in 8, reads in 9, and nothing is lost in 9."),
        "{}",
        told.out
    );
    assert!(!told.out.contains("Why:"));
    let reasons = terminal.run(&["survives", "seed.toml", "--why"]);
    for line in [
        "\nwrites go on: NO (crash master): the primary is down, and no standby promotes itself\n",
        "\nnothing lost: yes (crash slave1, crash slave2, crash slave11, crash slave12 and 4 more): a commit is on",
    ] {
        assert!(reasons.out.contains(line), "{}", reasons.out);
    }
    let json = terminal.run(&["survives", "seed.toml", "--double", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["failures"].as_array().unwrap().len(), 9 + 36);
    assert_eq!(
        json["failures"][0]["failure"],
        serde_json::json!(["crash master"])
    );
    assert_eq!(json["failures"][0]["writes"]["holds"], false);
}

#[test]
fn a_quorum_does_not_survive_the_loss_of_the_site_where_it_was_confirmed() {
    let terminal = Terminal::new();
    terminal.design("sites.toml", TWO_SITES);
    let paris = |design: &str| {
        let json = terminal.run(&["survives", design, "--json"]);
        let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
        let failures = json["failures"].as_array().unwrap().clone();
        let is_paris =
            |failure: &serde_json::Value| failure["failure"] == serde_json::json!(["lose the site Paris"]);
        failures.into_iter().find(is_paris).unwrap()["nothing_lost"].clone()
    };
    let lost = paris("sites.toml");
    assert_eq!(
        (&lost["holds"], &lost["sentence"]),
        (&false.into(), &"\"oslo\" may lack the latest commits".into())
    );
    assert!(
        lost["why"]
            .as_str()
            .unwrap()
            .contains("any 1 of 2 standbys; 1 of them is left")
    );
    // Where both have to confirm, oslo has it.
    terminal.design("both.toml", &TWO_SITES.replace("count = 1", "count = 2"));
    assert_eq!(paris("both.toml")["holds"], true);
    let table = terminal.run(&["survives", "sites.toml"]).out;
    let line = table
        .lines()
        .find(|line| line.contains("lose the site Paris"))
        .unwrap();
    assert!(
        line.ends_with("NO: \"oslo\" may lack the latest commits"),
        "{line}"
    );
    let verdict = terminal
        .run(&[
            "predict",
            "sites.toml",
            "--fault",
            "crash paris1",
            "--fault",
            "crash paris2",
        ])
        .out;
    assert!(
        verdict.contains("\"oslo\", which may lack the latest confirmed commits"),
        "{verdict}"
    );
}

#[test]
fn a_scenario_that_the_design_keeps_is_played_by_its_name() {
    let terminal = Terminal::new();
    terminal.run(&["new", "-o", "seed.toml"]);
    let mut text = terminal.run(&["new"]).out;
    text.push_str(
        "\n[[scenario]]\nname = \"relay\"\ntext = \"\"\"\nat 1500ms crash slave1\nat 2s crash gone\n\"\"\"\n",
    );
    terminal.design("kept.toml", &text);
    let told = terminal.run(&["simulate", "kept.toml", "--scenario", "relay", "--until", "3s"]);
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert!(told.out.contains("| crash slave1"), "{}", told.out);
    assert_eq!(
        told.err.trim(),
        "Scenario \"relay\", line 2: the design has no server called \"gone\"; skipping the line"
    );
    let predicted = terminal.run(&["predict", "kept.toml", "--scenario", "relay"]);
    assert!(predicted.out.contains("crash slave1"), "{}", predicted.out);
    let none = terminal.run(&["simulate", "kept.toml", "--scenario", "delay"]);
    assert_eq!(none.code, Some(1));
    assert!(
        none.err.contains("The design has these scenarios: relay"),
        "{}",
        none.err
    );
}

#[test]
fn a_scenario_plays_the_same_each_time() {
    let terminal = Terminal::new();
    terminal.run(&["new", "-o", "seed.toml"]);
    terminal.design(
        "relay.scenario",
        "seed 7\nat 1500ms crash slave1\nat 3s come-back slave1\n",
    );
    let play = || {
        terminal.run(&[
            "simulate",
            "seed.toml",
            "--scenario",
            "relay.scenario",
            "--until",
            "5s",
            "--json",
        ])
    };
    let first = play();
    assert_eq!(first.code, Some(0), "{}", first.err);
    assert_eq!(first.out.lines().count(), 5);
    assert_eq!(first.out, play().out);
    let table = terminal.run(&[
        "simulate",
        "seed.toml",
        "--scenario",
        "relay.scenario",
        "--until",
        "3s",
    ]);
    assert!(table.out.contains("| crash slave1"), "{}", table.out);
    terminal.design("bad.scenario", "at 1s crash slave9\n");
    let bad = terminal.run(&["simulate", "seed.toml", "--scenario", "bad.scenario"]);
    assert_eq!(bad.code, Some(1));
    assert!(
        bad.err
            .contains("line 1: the design has no server called \"slave9\""),
        "{}",
        bad.err
    );
}
