//! `--via ansible` through the built program, with a playbook that follows a script: what real hosts do is tried in
//! `packaging/exports/ansible.sh`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::cli::{Answer, Terminal};

const DESIGN: &str = r#"format = 1
name = "pair"
postgres = 15

[[server]]
name = "m"
port = 5432
host = "10.0.0.1"

[[server]]
name = "a"
port = 5432
host = "10.0.0.2"
follows = "m"
"#;

/// A terminal whose ansible-playbook is this script; without one there is none in the PATH.
fn terminal(script: Option<&str>) -> Terminal {
    let terminal = Terminal::new();
    terminal.design("pair.toml", DESIGN);
    let bin = terminal.path().join("bin");
    fs::create_dir(&bin).unwrap();
    for program in ["bash", "mkdir", "chmod", "od", "tr", "dirname", "sleep", "cat"] {
        let real = ["/usr/bin", "/bin"]
            .map(|folder| std::path::Path::new(folder).join(program))
            .into_iter()
            .find(|path| path.exists())
            .unwrap();
        std::os::unix::fs::symlink(real, bin.join(program)).unwrap();
    }
    if let Some(script) = script {
        let path = bin.join("ansible-playbook");
        fs::write(&path, format!("#!/bin/bash\n{script}")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    terminal
}

fn run(terminal: &Terminal, arguments: &[&str]) -> Answer {
    let output = terminal
        .command(arguments)
        .env("PATH", terminal.path().join("bin"))
        .output()
        .unwrap();
    Answer {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

const BUILDS: &str = r#"
printf '%s\n' "$@" >"$PWD/../called"
echo '{"event":"play","name":"Level 0 of the tree"}'
echo '{"event":"result","host":"m","task":"Folders","state":"changed","message":""}'
echo '{"event":"play","name":"Level 1 of the tree"}'
echo '{"event":"play","name":"Proof"}'
echo '{"event":"stats","hosts":{"m":{"changed":1},"a":{"changed":0}}}'
"#;

#[test]
fn a_deployment_shows_its_plan_runs_and_is_recorded() {
    let terminal = terminal(Some(BUILDS));
    let plan = run(&terminal, &["deploy", "pair.toml", "--via", "ansible", "--plan"]);
    assert_eq!(plan.code, Some(0), "{}", plan.err);
    assert!(plan.out.contains("1. Build \"m\" on 10.0.0.1"), "{}", plan.out);
    assert!(
        !terminal.path().join("pair.ansible").exists(),
        "a plan writes nothing"
    );

    let done = run(&terminal, &["deploy", "pair.toml", "--via", "ansible"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.out.contains("1 host changed"), "{}", done.out);
    let folder = terminal.path().join("pair.ansible");
    assert!(folder.join("project/site.yml").is_file());
    assert!(folder.join("deployed.toml").is_file());
    for name in [
        "secrets/superuser",
        "secrets/replication",
        "run.json",
        "ansible.log",
    ] {
        let mode = fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
    let secret = fs::read_to_string(folder.join("secrets/replication")).unwrap();
    let called = fs::read_to_string(folder.join("called")).unwrap();
    assert!(!called.contains(secret.trim()), "{called}");
}

#[test]
fn a_change_says_what_it_is_and_who_has_no_slot_any_more() {
    let terminal = terminal(Some(BUILDS));
    let early = run(&terminal, &["apply", "pair.toml", "--via", "ansible"]);
    assert_eq!(early.code, Some(1));
    assert!(early.err.contains("deploy FILE --via ansible"), "{}", early.err);
    assert_eq!(
        run(&terminal, &["deploy", "pair.toml", "--via", "ansible"]).code,
        Some(0)
    );

    let more =
        format!("{DESIGN}\n[[server]]\nname = \"b\"\nport = 5432\nhost = \"10.0.0.3\"\nfollows = \"m\"\n");
    terminal.design("pair.toml", &more);
    let again = run(&terminal, &["deploy", "pair.toml", "--via", "ansible"]);
    assert!(again.err.contains("apply FILE --via ansible"), "{}", again.err);
    assert_eq!(
        run(&terminal, &["apply", "pair.toml", "--via", "ansible"]).code,
        Some(0)
    );

    terminal.design(
        "pair.toml",
        &more.replace("10.0.0.3\"\nfollows = \"m\"", "10.0.0.3\"\nfollows = \"a\""),
    );
    let plan = run(
        &terminal,
        &["apply", "pair.toml", "--via", "ansible", "--plan", "--json"],
    );
    let plan: serde_json::Value = serde_json::from_str(&plan.out).unwrap();
    assert!(!plan["changes"].as_array().unwrap().is_empty(), "{plan}");
    assert_eq!(
        run(&terminal, &["apply", "pair.toml", "--via", "ansible"]).code,
        Some(0)
    );
    let variables = fs::read_to_string(terminal.path().join("pair.ansible/run.json")).unwrap();
    assert_eq!(variables, r#"{"pg_leaves":{"m":["b"]}}"#);

    let promoted = more
        .replace("name = \"a\"", "name = \"x\"")
        .replace("name = \"m\"", "name = \"a\"");
    terminal.design(
        "pair.toml",
        &promoted.replace("follows = \"m\"", "follows = \"a\""),
    );
    let refused = run(&terminal, &["apply", "pair.toml", "--via", "ansible"]);
    assert_eq!(refused.code, Some(1), "{}", refused.err);
}

#[test]
fn a_failure_names_the_host_and_what_is_there() {
    let terminal = terminal(Some(
        r#"
echo '{"event":"play","name":"Level 0 of the tree"}'
echo '{"event":"play","name":"Level 1 of the tree"}'
echo '{"event":"result","host":"a","task":"Folders","state":"unreachable","message":"No route to host"}'
exit 4
"#,
    ));
    let failed = run(&terminal, &["deploy", "pair.toml", "--via", "ansible"]);
    assert_eq!(failed.code, Some(1));
    assert!(failed.err.contains("No route to host"), "{}", failed.err);
    assert!(failed.err.contains("1 of 2 servers run: m"), "{}", failed.err);
    assert!(!failed.err.contains("rolled back"), "{}", failed.err);
    assert!(!terminal.path().join("pair.ansible/deployed.toml").exists());
}

#[test]
fn what_ansible_says_before_any_host_is_the_reason() {
    let terminal = terminal(Some("echo 'ERROR! no such vault' >&2\nexit 1\n"));
    let failed = run(&terminal, &["deploy", "pair.toml", "--via", "ansible"]);
    assert!(failed.err.contains("no such vault"), "{}", failed.err);
    assert!(failed.err.contains("No host was changed"), "{}", failed.err);
}

#[test]
fn without_ansible_the_project_is_there_and_the_way_to_it_is_said() {
    let terminal = terminal(None);
    let missing = run(&terminal, &["deploy", "pair.toml", "--via", "ansible"]);
    assert_eq!(missing.code, Some(1));
    assert!(
        missing.err.contains("ansible-playbook is not on this machine"),
        "{}",
        missing.err
    );
    assert!(missing.err.contains("ansible-core"), "{}", missing.err);
    assert!(terminal.path().join("pair.ansible/project/README.md").is_file());
}

#[test]
fn a_secret_on_the_command_line_is_refused() {
    let terminal = terminal(Some(BUILDS));
    let refused = run(
        &terminal,
        &[
            "deploy",
            "pair.toml",
            "--via",
            "ansible",
            "-e",
            "ansible_become_password=x",
        ],
    );
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("-e @FILE"), "{}", refused.err);
}

#[test]
fn a_cancel_ends_the_playbook_and_says_what_is_there() {
    let terminal = terminal(Some(
        r#"
trap 'echo interrupted >"$PWD/../interrupted"; exit 99' INT
echo '{"event":"play","name":"Level 0 of the tree"}'
echo '{"event":"play","name":"Level 1 of the tree"}'
while :; do sleep 0.05; done
"#,
    ));
    let mut child = terminal
        .command(&["deploy", "pair.toml", "--via", "ansible", "--json"])
        .env("PATH", terminal.path().join("bin"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let begun = lines
        .by_ref()
        .find(|line| line.contains("\"step-started\",\"step\":1"));
    assert!(begun.is_some());
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGINT).unwrap();
    let last = lines.last().unwrap();
    assert!(
        last.contains("\"cancelled\"") && last.contains("1 of 2 servers run: m"),
        "{last}"
    );
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(terminal.path().join("pair.ansible/interrupted").exists());
}
