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

    pub fn design(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
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
        again.err.contains("already exists") && again.err.contains("--force"),
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
fn the_tree_is_drawn_with_ports_roles_and_priorities() {
    let terminal = Terminal::new();
    terminal.run(&["new", "-o", "seed.toml"]);
    let answer = terminal.run(&["show", "seed.toml"]);
    assert_eq!(answer.code, Some(0));
    assert_eq!(
        answer.out,
        "\
seed: PostgreSQL 15, 5 servers, commits wait for the first 1 of slave1, slave2

master          5432  primary
├─ slave1      15432  relay, sync, priority 1
│  ├─ slave11  25432  standby, async
│  └─ slave12  25433  standby, async
└─ slave2      15433  standby, potential, priority 2

synchronous_standby_names = 'slave1, slave2'
Commits wait until they are on the disk of the first of \"slave1\" and \"slave2\" that is connected, in this \
order.
Survives 1 standby failure without blocking: any 1 of the 2 synchronous candidates may fail, and asynchronous \
standbys never matter.
Commits hang while neither \"slave1\" nor \"slave2\" is connected.
Confirmed commits could be lost if the primary and the one of \"slave1\" and \"slave2\" that confirmed them \
are lost together, or if another standby is promoted.
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
    assert!(files[3].ends_with("Changing it needs a restart."), "{}", files[3]);
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
    assert!(same.err.contains("already for PostgreSQL 15"), "{}", same.err);

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
    assert!(answer.err.contains("Did you mean \"slave12\"?"), "{}", answer.err);
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

/// The commands that the help lists, without `help` itself.
fn listed_commands(help: &str) -> Vec<&str> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect()
}

#[test]
fn every_listed_command_has_a_manual_page_and_no_other_has_one() {
    let terminal = Terminal::new();
    let help = terminal.run(&["--help"]).out;
    let mut wanted: Vec<String> = listed_commands(&help)
        .iter()
        .map(|name| format!("pgcascade-{name}.1"))
        .collect();
    wanted.push("pgcascade.1".to_owned());
    wanted.sort();
    assert!(wanted.len() > 20, "{wanted:?}");

    let written = terminal.run(&["man", "-o", "deep/man1"]);
    assert_eq!((written.code, written.out.as_str()), (Some(0), ""));
    let folder = terminal.path().join("deep/man1");
    let mut found: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, wanted);
    for name in &found {
        let page = fs::read_to_string(folder.join(name)).unwrap();
        let title = name.trim_end_matches(".1");
        assert!(page.contains(&format!(".TH {title} 1 ")), "{name}: {page}");
        assert!(
            page.contains(".SH NAME\n") && page.contains(".SH SYNOPSIS\n"),
            "{name}"
        );
        assert!(!page.contains("keep\\-folder"), "{name}");
    }
    let main = fs::read_to_string(folder.join("pgcascade.1")).unwrap();
    assert_eq!(terminal.run(&["man"]).out, main);

    let refused = terminal.run(&["man", "-o", "deep/man1/pgcascade.1"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("cannot be written into"), "{}", refused.err);
}

#[test]
fn bash_accepts_and_uses_the_completion_script() {
    let terminal = Terminal::new();
    let script = terminal.run(&["completions", "bash"]);
    assert_eq!(script.code, Some(0), "{}", script.err);
    fs::write(terminal.path().join("pgcascade.bash"), &script.out).unwrap();
    let bash = |arguments: &[&str]| {
        let mut command = Command::new("bash");
        command.current_dir(terminal.path()).args(arguments);
        let output = command.output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    bash(&["-n", "pgcascade.bash"]);
    let complete = "source ./pgcascade.bash; COMP_WORDS=(pgcascade de); COMP_CWORD=1; \
        _pgcascade pgcascade de pgcascade; echo \"${COMPREPLY[*]}\"";
    assert_eq!(bash(&["--norc", "-c", complete]), "deploy demo\n");

    let unknown = terminal.run(&["completions", "tcsh"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.err.contains("elvish"), "{}", unknown.err);
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
