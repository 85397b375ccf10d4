//! Called from a terminal: nothing that runs for a cluster keeps it, and Ctrl-C there is heard.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use crate::cli::{Place, wait_for_end};
use crate::scene::free_ports;

/// A shell with a terminal of its own that runs this line, in which `$P` is the program.
fn under_a_terminal(place: &Place, line: &str) -> Child {
    let called = place.command(&[]);
    Command::new("script")
        .args(["-qec", line, "/dev/null"])
        .current_dir(place.path(""))
        .envs(called.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env("SHELL", "/bin/sh")
        .env("P", called.get_program())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Of every process that works below the folder: its number, its session, and its controlling terminal (0: none).
fn sessions(place: &Place) -> Vec<[i32; 3]> {
    let of = |entry: std::io::Result<fs::DirEntry>| {
        let process = entry.ok()?.path();
        let at = fs::read_link(process.join("cwd")).ok()?;
        let stat = fs::read_to_string(process.join("stat")).ok()?;
        // NUMBER (NAME) STATE PARENT GROUP SESSION TERMINAL …; a name may hold anything.
        let (before, after) = stat.rsplit_once(')')?;
        let number = before.split(' ').next()?.parse().ok()?;
        let fields: Vec<&str> = after.split_whitespace().collect();
        let found = [number, fields.get(3)?.parse().ok()?, fields.get(4)?.parse().ok()?];
        at.starts_with(place.path("d")).then_some(found)
    };
    fs::read_dir("/proc").unwrap().filter_map(of).collect()
}

#[test]
fn no_process_of_a_cluster_keeps_the_terminal() {
    let place = Place::on(free_ports());
    let line = "$P deploy seed.toml --dir d && $P stop d slave2 && $P start d; echo it stands; read line";
    let mut shell = under_a_terminal(&place, line);
    let mut told = BufReader::new(shell.stdout.take().unwrap()).lines();
    let stands = told.find(|line| line.as_ref().unwrap().contains("it stands"));
    assert!(stands.is_some());
    let sessions = sessions(&place);
    // The servers, and their own processes.
    assert!(sessions.len() > 10, "{sessions:?}");
    for [number, session, terminal] in sessions {
        assert_eq!((session, terminal), (number, 0));
    }
    shell.stdin.take().unwrap().write_all(b"\n").unwrap();
    wait_for_end(&mut shell);
    place.succeeds(&["teardown", "d"]);
}

#[test]
fn ctrl_c_is_heard_and_what_was_done_is_taken_back() {
    let place = Place::on(free_ports());
    let mut shell = under_a_terminal(&place, "$P deploy seed.toml --dir d --json");
    let mut told = BufReader::new(shell.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("step-finished") {
        line.clear();
        assert_ne!(told.read_line(&mut line).unwrap(), 0);
    }
    let mut keys = shell.stdin.take().unwrap();
    keys.write_all(b"\x03").unwrap();
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    assert_eq!(wait_for_end(&mut shell), Some(130), "{rest}");
    place.assert_nothing_is_left();
}
