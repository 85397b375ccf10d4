//! What is wrong with a design, as the command line says it: lines for people, JSON for programs.

use crate::cli::Terminal;
use std::fs;

const BROKEN_SYNC: &str = r#"
format = 1
name = "broken"
postgres = 15
[sync]
method = "first"
count = 1
[[server]]
name = "m"
port = 5432
[[server]]
name = "a"
port = 5433
follows = "m"
sync_priority = 1
[[server]]
name = "b"
port = 5434
follows = "a"
sync_priority = 2
"#;

#[test]
fn every_built_in_design_is_listed_written_and_fine() {
    let terminal = Terminal::new();
    let templates = terminal.run(&["templates"]);
    assert_eq!(templates.code, Some(0));
    assert!(templates.out.lines().any(|line| line.starts_with("seed ")));
    for line in templates.out.lines() {
        let (name, summary) = line.split_once(' ').unwrap();
        assert!(!summary.trim().is_empty());
        let file = format!("{name}.toml");
        let new = terminal.run(&["new", "--template", name, "-o", &file]);
        assert_eq!((new.code, new.out.as_str()), (Some(0), ""), "{}", new.err);
        let check = terminal.run(&["check", &file]);
        assert_eq!(check.code, Some(0), "{name}: {}", check.out);
        assert!(!check.out.contains("error "), "{name}: {}", check.out);
        assert_eq!(terminal.run(&["show", &file]).code, Some(0), "{name}");
    }
}

#[test]
fn findings_are_lines_with_their_fixes() {
    let terminal = Terminal::new();
    terminal.design("broken.toml", BROKEN_SYNC);
    let answer = terminal.run(&["check", "broken.toml"]);
    assert_eq!(answer.code, Some(1));
    let mut lines = answer.out.lines();
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("error sync-on-cascaded-standby b: "),
        "{}",
        answer.out
    );
    assert!(lines.next().unwrap().starts_with("  fix: "), "{}", answer.out);
    assert!(answer.err.starts_with("broken.toml: 1 error"), "{}", answer.err);
}

#[test]
fn findings_as_json_have_the_form_of_the_contract() {
    let terminal = Terminal::new();
    terminal.design("broken.toml", BROKEN_SYNC);
    let answer = terminal.run(&["check", "broken.toml", "--json"]);
    assert_eq!(answer.code, Some(1));
    let json: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    let first = json["findings"][0].as_object().unwrap();
    let keys: Vec<&str> = first.keys().map(String::as_str).collect();
    assert_eq!(keys, ["fix", "message", "rule", "server", "severity"]);
    assert_eq!(first["rule"], "sync-on-cascaded-standby");
    assert_eq!(first["severity"], "error");
    assert_eq!(first["server"], "b");

    terminal.run(&["new", "-o", "seed.toml"]);
    let fine = terminal.run(&["check", "seed.toml", "--json"]);
    assert_eq!((fine.code, fine.out.as_str()), (Some(0), "{\"findings\":[]}\n"));
}

#[test]
fn a_file_that_is_no_design_answers_in_the_same_form_with_lines() {
    let terminal = Terminal::new();
    let mistyped = BROKEN_SYNC.replace("port = 5433", "prot = 5433");
    terminal.design("typo.toml", &mistyped);
    let answer = terminal.run(&["check", "typo.toml"]);
    assert_eq!(answer.code, Some(1));
    let line = 1 + mistyped
        .lines()
        .position(|line| line.starts_with("prot"))
        .unwrap();
    assert!(
        answer
            .out
            .contains(&format!("typo.toml:{line}: error unknown-key")),
        "{}",
        answer.out
    );
    assert!(answer.out.contains("port"), "{}", answer.out);

    let json = terminal.run(&["check", "typo.toml", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let findings = json["findings"].as_array().unwrap();
    assert!(findings.iter().all(|finding| finding["severity"] == "error"));
    assert!(
        findings
            .iter()
            .any(|finding| finding["rule"] == "unknown-key" && finding["line"] == line)
    );

    for command in [
        ["show", "typo.toml"].as_slice(),
        &["plan", "typo.toml", "--dir", "x"],
    ] {
        let refused = terminal.run(command);
        assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""));
        assert!(
            refused.err.contains(&format!("typo.toml:{line}: ")),
            "{}",
            refused.err
        );
    }
}

#[test]
fn a_file_that_cannot_be_read_is_one_finding_for_a_program() {
    let terminal = Terminal::new();
    fs::write(terminal.path().join("binary.toml"), b"name = \"x\"\n\xff\xfe").unwrap();
    fs::create_dir(terminal.path().join("folder.toml")).unwrap();
    for (file, word) in [
        ("no.toml", "No such file"),
        ("binary.toml", "Line 2 "),
        ("folder.toml", "is a folder"),
    ] {
        let answer = terminal.run(&["check", file, "--json"]);
        assert_eq!(answer.code, Some(1), "{file}");
        assert!(answer.err.starts_with("error: "), "{}", answer.err);
        let json: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
        let [finding] = json["findings"].as_array().unwrap().as_slice() else {
            panic!("{json}");
        };
        assert_eq!(
            (&finding["rule"], &finding["severity"]),
            (&"file-not-read".into(), &"error".into())
        );
        assert!(finding["message"].as_str().unwrap().contains(word), "{finding}");
        assert!(
            finding["fix"].is_string() && finding["server"].is_null(),
            "{finding}"
        );
    }
}

#[test]
fn a_file_that_is_not_there_is_a_report_and_not_a_finding() {
    let terminal = Terminal::new();
    for command in [
        ["check", "no.toml"].as_slice(),
        &["show", "no.toml"],
        &["bundle", "no.toml", "-o", "x.tar.gz"],
        &["deploy", "no.toml", "--dir", "x"],
        &["status", "no-folder"],
        &["teardown", "no-folder"],
    ] {
        let answer = terminal.run(command);
        assert_eq!((answer.code, answer.out.as_str()), (Some(1), ""), "{command:?}");
        assert!(
            answer.err.starts_with("error: ") && answer.err.contains("no"),
            "{}",
            answer.err
        );
    }
}

#[test]
fn a_rule_is_explained_with_a_file_or_without() {
    let terminal = Terminal::new();
    let alone = terminal.run(&["check", "--explain", "sync-on-cascaded-standby"]);
    assert_eq!(alone.code, Some(0), "{}", alone.err);
    let title = "error sync-on-cascaded-standby: A standby below a standby is marked synchronous\n";
    assert!(alone.out.starts_with(title), "{}", alone.out);
    assert!(
        alone.out.contains("  why: manual, Cascading Replication"),
        "{}",
        alone.out
    );

    let seed = terminal.run(&["new", "-o", "seed.toml"]);
    assert_eq!(seed.code, Some(0), "{}", seed.err);
    let text = fs::read_to_string(terminal.path().join("seed.toml")).unwrap();
    terminal.design(
        "far.toml",
        &text.replace("port = 25432", "port = 25432\nsync_priority = 3"),
    );
    let found = terminal.run(&["check", "far.toml", "--explain", "sync-on-cascaded-standby"]);
    assert_eq!(found.code, Some(1), "{}", found.out);
    assert!(
        found.out.contains("\nerror sync-on-cascaded-standby slave11: "),
        "{}",
        found.out
    );
    let other = terminal.run(&["check", "far.toml", "--explain", "fsync-off"]);
    assert_eq!(other.code, Some(0), "{}", other.out);

    let kind = terminal.run(&["check", "--explain", "loop"]);
    assert_eq!(kind.code, Some(0), "{}", kind.err);
    let title = "error loop: Standbys that follow each other, or one that follows itself\n";
    assert!(kind.out.starts_with(title), "{}", kind.out);
    terminal.design(
        "loop.toml",
        "postgres = 15\n[[server]]\nname = \"a\"\nport = 1025\nfollows = \"a\"\n",
    );
    let found = terminal.run(&["check", "loop.toml", "--explain", "loop"]);
    assert_eq!(found.code, Some(1), "{}", found.out);
    assert!(
        found.out.contains(": error loop a: \"a\" follows itself"),
        "{}",
        found.out
    );

    let typo = terminal.run(&["check", "--explain", "sync-on-cascaded"]);
    assert_eq!(typo.code, Some(2));
    assert!(
        typo.err.contains("did you mean 'sync-on-cascaded-standby'?"),
        "{}",
        typo.err
    );
}
