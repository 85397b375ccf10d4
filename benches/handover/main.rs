//! How long nobody can write while one server takes over from another: `pgcascade switchover` beside the best recipe by hand.
//!
//! `make bench` runs it (a release build, nothing else going on). Every round does both, one after the other, each on a fresh
//! cluster of the seed under the same load; the figures are medians of the longest time between two acknowledged rows, as
//! `pgcascade load` measures it. By hand means: sessions are open already, siblings move first, checkpoints come before the
//! stop, and nothing is written that the promotion does not need. It needs PostgreSQL 15 to 18; as root, servers run as the
//! user postgres.
//!
//! `PGCASCADE_BENCH_ROUNDS` (9), `PGCASCADE_BENCH_BIN` (the folder of the programs).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "it prints figures, or fails"
)]

mod by_hand;
#[path = "../common/mod.rs"]
mod common;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// Below those that the system gives to outgoing connections; `make bench` deploys from 26,000 on.
const FIRST_PORT: u16 = 26_100;
/// For anything that is waited for.
const DEADLINE: Duration = Duration::from_mins(1);
/// Rows that a second of an undisturbed load has at least.
const BUSY: u64 = 50;
/// The limits: against the recipe, and by itself on a quiet machine.
const MOST_OF_THE_RECIPE: f64 = 1.2;
const LONGEST_MS: u64 = 600;

fn main() {
    // Benchmarks are compiled and started by `cargo test --benches`, too; servers are for `cargo bench` alone.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let rounds = std::env::var("PGCASCADE_BENCH_ROUNDS").map_or(9, |text| text.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let bench = Bench::new();
    let (mut recipe, mut own) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let cluster = bench.deploy(&format!("recipe-{round}"));
        recipe.push(cluster.gap(|| runtime.block_on(by_hand::switch_over(&cluster.folder, &bench.bin))));
        let cluster = bench.deploy(&format!("own-{round}"));
        own.push(cluster.gap(|| {
            bench.call(&[
                "switchover".as_ref(),
                cluster.folder.as_os_str(),
                "slave1".as_ref(),
            ]);
        }));
        println!(
            "round {} of {rounds}: by hand {} ms, pgcascade {} ms",
            round + 1,
            recipe[round],
            own[round]
        );
    }
    let is_met = print(recipe, own);
    // What was built is removed before an end that runs no destructors.
    drop(bench);
    if !is_met {
        std::process::exit(1);
    }
}

/// The table of BENCHMARKS.md; false where a limit is missed.
fn print(mut recipe: Vec<u64>, mut own: Vec<u64>) -> bool {
    let mut each: Vec<f64> = own
        .iter()
        .zip(&recipe)
        .map(|(own, recipe)| *own as f64 / *recipe as f64)
        .collect();
    each.sort_by(f64::total_cmp);
    recipe.sort_unstable();
    own.sort_unstable();
    let middle = recipe.len() / 2;
    println!("\n| longest time without an acknowledged row | median | shortest to longest |\n|---|---|---|");
    for (way, gaps) in [("the recipe, by hand", &recipe), ("`pgcascade switchover`", &own)] {
        println!(
            "| {way} | {} ms | {} to {} ms |",
            gaps[middle],
            gaps[0],
            gaps[gaps.len() - 1]
        );
    }
    let ratio = own[middle] as f64 / recipe[middle] as f64;
    let is_met = ratio <= MOST_OF_THE_RECIPE && own[middle] < LONGEST_MS;
    println!(
        "\npgcascade : recipe {ratio:.2} (of the rounds {:.2} to {:.2}), at most {MOST_OF_THE_RECIPE} and under {LONGEST_MS} ms: {}",
        each[0],
        each[each.len() - 1],
        if is_met { "met" } else { "missed" }
    );
    is_met
}

/// Where all happens, and with which programs.
struct Bench {
    base: tempfile::TempDir,
    bin: PathBuf,
}

/// The seed's cluster, running.
struct Cluster<'a> {
    bench: &'a Bench,
    folder: PathBuf,
}

impl Bench {
    fn new() -> Self {
        Self {
            base: common::base(),
            bin: common::bin(),
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgcascade"));
        command
            .env("XDG_STATE_HOME", self.base.path().join("state"))
            .env("XDG_CACHE_HOME", self.base.path().join("cache"))
            .stdin(Stdio::null());
        command
    }

    /// A file takes what it says: a pipe would be held by servers that it starts.
    fn call(&self, arguments: &[&std::ffi::OsStr]) {
        let says = self.base.path().join("says");
        let file = fs::File::create(&says).unwrap();
        let mut command = self.command();
        command
            .args(arguments)
            .stdout(file.try_clone().unwrap())
            .stderr(file);
        let status = command.status().unwrap();
        assert!(
            status.success(),
            "{arguments:?}: {}",
            fs::read_to_string(&says).unwrap()
        );
    }

    fn deploy(&self, name: &str) -> Cluster<'_> {
        let major = Command::new(self.bin.join("postgres"))
            .arg("--version")
            .output()
            .unwrap();
        let major = String::from_utf8(major.stdout).unwrap();
        let major = major
            .split(' ')
            .nth(2)
            .and_then(|version| version.split('.').next())
            .unwrap();
        let mut text = format!(
            "format = 1\nname = \"bench\"\npostgres = {major}\n[sync]\nmethod = \"first\"\ncount = 1\n"
        );
        for (place, (name, rest)) in [
            ("master", ""),
            ("slave1", "follows = \"master\"\nsync_priority = 1\n"),
            ("slave2", "follows = \"master\"\nsync_priority = 2\n"),
            ("slave11", "follows = \"slave1\"\n"),
            ("slave12", "follows = \"slave1\"\n"),
        ]
        .into_iter()
        .enumerate()
        {
            let port = FIRST_PORT + u16::try_from(place).unwrap();
            text += &format!("[[server]]\nname = \"{name}\"\nport = {port}\n{rest}");
        }
        let design = self.base.path().join("seed.toml");
        fs::write(&design, text).unwrap();
        let folder = self.base.path().join(name);
        self.call(&[
            "deploy".as_ref(),
            design.as_os_str(),
            "--dir".as_ref(),
            folder.as_os_str(),
            "--bin".as_ref(),
            self.bin.as_os_str(),
        ]);
        Cluster { bench: self, folder }
    }
}

impl Cluster<'_> {
    /// The longest time in which clients got no row acknowledged, in ms, while a server took over; nothing may be lost.
    fn gap(&self, take_over: impl FnOnce()) -> u64 {
        let mut load = self.load();
        let lines = lines_of(load.stdout.take().unwrap());
        let next = || -> Value {
            let line = lines.recv_timeout(DEADLINE).expect("a line of the load");
            serde_json::from_str(&line).unwrap()
        };
        let commits = |seconds: usize| {
            let mut busy = 0;
            let begun = Instant::now();
            while busy < seconds {
                assert!(begun.elapsed() < DEADLINE, "clients do not commit again");
                busy += usize::from(next()["acknowledged"].as_u64().unwrap() > BUSY);
            }
        };
        commits(1);
        take_over();
        // The second in which it ended, and a whole one.
        commits(2);
        kill(Pid::from_raw(load.id().cast_signed()), Signal::SIGINT).unwrap();
        load.wait().unwrap();
        let mut last = next();
        while last["lost"].is_null() {
            last = next();
        }
        assert_eq!(last["lost"], 0, "{last}");
        self.bench.call(&["teardown".as_ref(), self.folder.as_os_str()]);
        last["longest_gap_ms"].as_u64().unwrap()
    }

    fn load(&self) -> Child {
        let mut command = self.bench.command();
        command.arg("load").arg(&self.folder);
        command.args(["--for", "10min", "--clients", "3", "--rate", "150", "--json"]);
        command.stdout(Stdio::piped()).spawn().unwrap()
    }
}

/// What a program says, line by line.
fn lines_of(output: ChildStdout) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}
