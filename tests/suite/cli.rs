//! The command line as people use it: stories told through the built program.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A folder of its own, and the program called in it.
pub struct Terminal {
    folder: tempfile::TempDir,
}

/// What a command answered.
pub struct Answer {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Terminal {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgcascade"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env("XDG_STATE_HOME", self.path().join("state"))
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("WAYLAND_SOCKET")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Answer {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command(arguments).output().unwrap();
        let answer = Answer {
            code: status.code(),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        };
        assert!(!answer.err.contains("panicked"), "{}", answer.err);
        answer
    }

    fn design(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }
}

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
fn a_new_design_goes_to_standard_output_or_into_a_file_that_is_not_there_yet() {
    let terminal = Terminal::new();
    let printed = terminal.run(&["new"]);
    assert!(printed.out.contains("name = \"seed\""));
    assert_eq!(terminal.run(&["new", "-o", "d.toml"]).code, Some(0));
    assert_eq!(
        fs::read_to_string(terminal.path().join("d.toml")).unwrap(),
        printed.out
    );

    let again = terminal.run(&["new", "--template", "pair", "-o", "d.toml"]);
    assert_eq!(again.code, Some(1));
    assert!(
        again.err.contains("exists already") && again.err.contains("--force"),
        "{}",
        again.err
    );
    assert_eq!(
        fs::read_to_string(terminal.path().join("d.toml")).unwrap(),
        printed.out
    );

    let forced = terminal.run(&["new", "--template", "pair", "-o", "d.toml", "--force"]);
    assert_eq!(forced.code, Some(0));
    assert!(
        fs::read_to_string(terminal.path().join("d.toml"))
            .unwrap()
            .contains("name = \"pair\"")
    );
}

#[test]
fn an_unknown_built_in_design_is_wrong_usage_and_the_nearest_is_named() {
    let answer = Terminal::new().run(&["new", "--template", "sed"]);
    assert_eq!(answer.code, Some(2));
    assert!(
        answer.err.contains("a similar value exists: 'seed'"),
        "{}",
        answer.err
    );
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
        ("folder.toml", "directory"),
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
fn the_tree_is_drawn_with_ports_roles_and_priorities() {
    let terminal = Terminal::new();
    terminal.run(&["new", "-o", "seed.toml"]);
    let answer = terminal.run(&["show", "seed.toml"]);
    assert_eq!(answer.code, Some(0));
    assert_eq!(
        answer.out,
        "\
seed: PostgreSQL 15, 5 servers, a commit waits for the first 1 of slave1, slave2

master          5432  primary
├─ slave1      15432  relay, sync, priority 1
│  ├─ slave11  25432  standby, async
│  └─ slave12  25433  standby, async
└─ slave2      15433  standby, potential, priority 2

synchronous_standby_names = 'slave1, slave2'
A commit is confirmed once it is on the disk of the first of \"slave1\" and \"slave2\" that is connected, in this order.
Survives 1 standby failure without blocking: any 1 of the 2 synchronous standbys can be away, and every other standby.
Commits wait, however long, while none of \"slave1\" and \"slave2\" is connected.
What was confirmed could be lost if the primary and the one of \"slave1\" and \"slave2\" that confirmed it are lost together, or if another is promoted.
"
    );
    terminal.run(&["new", "--template", "two-sites", "-o", "two-sites.toml"]);
    let shown = terminal.run(&["show", "two-sites.toml"]).out;
    assert!(
        shown.contains("\n   └─ oslo-read2  5437  standby, async, in Oslo\n"),
        "{shown}"
    );
}

#[test]
fn the_same_design_gives_the_same_bundle() {
    let terminal = Terminal::new();
    terminal.run(&["new", "-o", "seed.toml"]);
    for output in ["a.tar.gz", "b.tar.gz"] {
        let answer = terminal.run(&["bundle", "seed.toml", "-o", output]);
        assert_eq!(answer.code, Some(0), "{}", answer.err);
    }
    let bytes = |name: &str| fs::read(terminal.path().join(name)).unwrap();
    assert!(bytes("a.tar.gz").starts_with(&[0x1f, 0x8b]), "a gzip file");
    assert_eq!(bytes("a.tar.gz"), bytes("b.tar.gz"));
}

#[test]
fn each_line_of_the_configuration_says_where_it_comes_from() {
    let terminal = Terminal::new();
    terminal.run(&["new", "-o", "seed.toml"]);
    let all = terminal.run(&["bundle", "seed.toml", "--explain"]);
    assert_eq!((all.code, all.err.as_str()), (Some(0), ""));
    let row = |out: &str, text: &str| -> String {
        let row = out.lines().find(|line| line.contains(text));
        let row = row.unwrap_or_else(|| panic!("{text} is not in {out}"));
        row.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(
        row(&all.out, "| synchronous_standby_names")
            .contains("| cluster, link master → slave1, link master → slave2 | sync-names | reload |"),
        "{}",
        all.out
    );
    assert!(row(&all.out, "README.md: ").contains("from cluster, guide."));
    assert!(all.out.contains("manual, Replication: synchronous_standby_names"));

    let own = terminal.run(&["bundle", "seed.toml", "--explain", "slave12"]);
    let files: Vec<&str> = own
        .out
        .lines()
        .filter(|line| line.starts_with("servers/"))
        .collect();
    assert_eq!(files.len(), 4, "{}", own.out);
    assert_eq!(files[0], "servers/slave1/pg_hba.conf");
    assert!(files[3].starts_with("servers/slave12/standby.signal: from link slave1 → slave12, standby. "));
    assert!(files[3].ends_with("A change needs a restart."), "{}", files[3]);
    assert!(
        row(&own.out, "primary_slot_name").contains("| link slave1 → slave12 | slot |"),
        "{}",
        own.out
    );

    let json = terminal.run(&["bundle", "seed.toml", "--explain", "slave12", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let conf = &json["files"][1];
    assert_eq!(conf["path"], "servers/slave12/postgresql.conf");
    let lines = conf["lines"].as_array().unwrap();
    let slot = lines.iter().find(|line| line["decision"] == "slot").unwrap();
    assert_eq!(slot["text"], "primary_slot_name = 'slave12'");
    let link = serde_json::json!([{"element": "link", "server": "slave12", "upstream": "slave1"}]);
    assert_eq!(slot["from"], link);
    assert_eq!(
        (&slot["needs"], &lines[1]["needs"]),
        (&"reload".into(), &"restart".into())
    );
    assert!(slot["reason"].as_str().unwrap().contains("replication slot"));
    let decisions = json["decisions"].as_array().unwrap();
    assert!(decisions.iter().any(|decision| decision["id"] == "slot"));
}

#[test]
fn another_version_shows_what_changes_in_the_files() {
    let terminal = Terminal::new();
    terminal.run(&["new", "-o", "seed.toml"]);
    let eleven = terminal.run(&["bundle", "seed.toml", "--diff-version", "11"]);
    assert_eq!((eleven.code, eleven.err.as_str()), (Some(0), ""));
    for line in [
        "--- a/servers/slave1/postgresql.conf",
        "--- /dev/null",
        "+++ b/servers/slave1/recovery.conf",
        "+standby_mode = on",
        "+recovery_target_timeline = latest",
        "-max_slot_wal_keep_size = '1GB'",
        "-postgres = 15",
        "+postgres = 11",
        "Only for PostgreSQL 15: servers/slave1/standby.signal (empty)",
    ] {
        assert!(
            eleven.out.lines().any(|out| out == line),
            "{line} is not in {}",
            eleven.out
        );
    }
    assert!(!eleven.out.contains("+++ b/MANIFEST"));

    let same = terminal.run(&["bundle", "seed.toml", "--diff-version", "15"]);
    assert_eq!((same.code, same.out.as_str()), (Some(0), ""));
    assert!(same.err.contains("for PostgreSQL 15 already"), "{}", same.err);

    let json = terminal.run(&["bundle", "seed.toml", "--diff-version", "9.6", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((&json["from"], &json["to"]), (&"15".into(), &"9.6".into()));
    let files = json["files"].as_array().unwrap();
    let file = |path: &str| files.iter().find(|file| file["path"] == path).unwrap();
    assert_eq!(file("servers/slave2/standby.signal")["change"], "removed");
    assert_eq!(file("servers/slave2/recovery.conf")["change"], "added");

    let unknown = terminal.run(&["bundle", "seed.toml", "--diff-version", "8"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.err.contains('8'), "{}", unknown.err);
    assert_eq!(terminal.run(&["bundle", "seed.toml", "--json"]).code, Some(2));
}

#[test]
fn an_unknown_server_cannot_be_explained_and_the_nearest_is_named() {
    let terminal = Terminal::new();
    terminal.run(&["new", "-o", "seed.toml"]);
    let answer = terminal.run(&["bundle", "seed.toml", "--explain", "slav12"]);
    assert_eq!((answer.code, answer.out.as_str()), (Some(1), ""));
    assert!(answer.err.contains("Is it \"slave12\"?"), "{}", answer.err);
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

    let typo = terminal.run(&["check", "--explain", "sync-on-cascaded"]);
    assert_eq!(typo.code, Some(2));
    assert!(
        typo.err.contains("did you mean 'sync-on-cascaded-standby'?"),
        "{}",
        typo.err
    );
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let terminal = Terminal::new();
    for command in [
        ["frobnicate", "x"].as_slice(),
        &["frobnicate"],
        &["check"],
        &["bundle", "seed.toml"],
        &["bundle", "seed.toml", "--json", "-o", "x.tar.gz"],
        &["deploy", "seed.toml"],
        &["--no-such-option"],
        &["new", "--force"],
    ] {
        let answer = terminal.run(command);
        assert_eq!(
            (answer.code, answer.out.as_str()),
            (Some(2), ""),
            "{command:?}: {}",
            answer.err
        );
    }
    let mistyped = terminal.run(&["tear-down", "x"]);
    assert_eq!(mistyped.code, Some(2));
    assert!(
        mistyped.err.contains("did you mean 'teardown'?"),
        "{}",
        mistyped.err
    );
}

#[test]
fn without_a_display_it_says_so_and_what_works() {
    let answer = Terminal::new().run(&[]);
    assert_eq!((answer.code, answer.out.as_str()), (Some(1), ""));
    assert!(
        answer.err.contains("window") && answer.err.contains("pgcascade demo"),
        "{}",
        answer.err
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let terminal = Terminal::new();
    let mut child = terminal
        .command(&["templates"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}

#[test]
fn a_prediction_says_who_streams_and_whether_a_commit_hangs() {
    let terminal = Terminal::new();
    terminal.run(&["new", "-o", "seed.toml"]);
    let json = |arguments: &[&str]| -> serde_json::Value {
        let answer = terminal.run(&[&["predict", "seed.toml", "--json"], arguments].concat());
        assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""));
        serde_json::from_str(&answer.out).unwrap()
    };
    let all = json(&[]);
    assert_eq!(
        all["servers"][0],
        serde_json::json!({
            "name": "master", "running": true, "role": "primary", "upstream": null,
            "replication": [
                {"application_name": "slave1", "state": "streaming", "sync_priority": 1, "sync_state": "sync"},
                {"application_name": "slave2", "state": "streaming", "sync_priority": 2, "sync_state": "potential"},
            ],
        })
    );
    assert_eq!(
        all["commits"],
        serde_json::json!({"outcome": "acknowledged", "waits_for": ["slave1"]})
    );
    let waiting = json(&["--down", "slave1", "--down", "slave2"]);
    assert_eq!(
        waiting["commits"],
        serde_json::json!({"outcome": "waiting", "waits_for": []})
    );
    assert_eq!(waiting["servers"][1]["running"], false);
    assert_eq!(json(&["--down", "master"])["commits"]["outcome"], "no-primary");

    let told = terminal.run(&["predict", "seed.toml", "--down", "slave1", "--why"]);
    insta::assert_snapshot!("predict", told.out);
    let unknown = terminal.run(&["predict", "seed.toml", "--down", "slav1"]);
    assert_eq!((unknown.code, unknown.out.as_str()), (Some(1), ""));
    assert!(
        unknown.err.contains("no server called \"slav1\"") && unknown.err.contains("Did you mean \"slave1"),
        "{}",
        unknown.err
    );
}

#[test]
fn the_help_names_every_command_in_a_line() {
    let answer = Terminal::new().run(&["--help"]);
    assert_eq!(answer.code, Some(0));
    insta::assert_snapshot!("help", answer.out);
}

#[test]
fn a_diagram_opens_again_and_keeps_what_it_should_to_itself() {
    let terminal = Terminal::new();
    terminal.run(&["new", "-o", "seed.toml"]);
    let checked = terminal.run(&["check", "seed.toml", "--json"]).out;
    for picture in ["seed.svg", "seed.png"] {
        let drawn = terminal.run(&["diagram", "seed.toml", "-o", picture, "--dark"]);
        assert_eq!(drawn.code, Some(0), "{}", drawn.err);
        assert_eq!(terminal.run(&["check", picture, "--json"]).out, checked);
        let shown = terminal.run(&["show", picture]).out;
        assert_eq!(shown, terminal.run(&["show", "seed.toml"]).out);
    }
    for format in ["svg", "mermaid", "dot"] {
        let anonymous = terminal.run(&["diagram", "seed.toml", "--format", format, "--anonymous"]);
        assert!(!anonymous.out.contains("master") && !anonymous.out.contains("slave"));
        assert!(anonymous.out.contains("standby4"), "{}", anonymous.out);
    }
    terminal.run(&["diagram", "seed.toml", "--anonymous", "-o", "anonymous.png"]);
    let shown = terminal.run(&["show", "anonymous.png"]).out;
    assert!(shown.contains("standby4") && !shown.contains("slave"), "{shown}");
    let odd = terminal.run(&["diagram", "seed.toml", "-o", "seed.gif"]);
    assert_eq!(odd.code, Some(1));
    assert!(odd.err.contains(".svg, .png, .mmd or .dot"), "{}", odd.err);
    assert!(!terminal.path().join("seed.gif").exists());
    let printed = terminal.run(&["diagram", "seed.toml", "--format", "png"]);
    assert!(
        printed.code == Some(1) && printed.err.contains("-o FILE.png"),
        "{}",
        printed.err
    );
}

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
            .contains("Writes go on at \"slave1\"; none waits for another server."),
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
        (["--promote", "master"], "\"master\" is a primary already"),
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
        (&false.into(), &"\"oslo\" may lack the last moment".into())
    );
    assert!(
        lost["why"]
            .as_str()
            .unwrap()
            .contains("1 of 2 standbys, whichever answered; of these 1 is left")
    );
    // Where both have to confirm, oslo has it.
    terminal.design("both.toml", &TWO_SITES.replace("count = 1", "count = 2"));
    assert_eq!(paris("both.toml")["holds"], true);
    let table = terminal.run(&["survives", "sites.toml"]).out;
    let line = table
        .lines()
        .find(|line| line.contains("lose the site Paris"))
        .unwrap();
    assert!(line.ends_with("NO: \"oslo\" may lack the last moment"), "{line}");
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
        verdict.contains("\"oslo\", which may lack confirmed commits of the last moment"),
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
        "The scenario \"relay\", line 2: the design has no server called \"gone\"; the line is left out"
    );
    let predicted = terminal.run(&["predict", "kept.toml", "--scenario", "relay"]);
    assert!(predicted.out.contains("crash slave1"), "{}", predicted.out);
    let none = terminal.run(&["simulate", "kept.toml", "--scenario", "delay"]);
    assert_eq!(none.code, Some(1));
    assert!(
        none.err.contains("The design keeps these scenarios: relay"),
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
