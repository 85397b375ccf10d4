//! What it costs to watch 40 servers: CPU of pgcascade and of the servers, side by side, in percent of one core.
//!
//! `make bench` runs it (a release build, nothing else going on). One cluster is built; in each round the servers run alone for
//! a while, and then as long with `pgcascade watch` beside them: what they use more is theirs of the watching. Processes that
//! ended in between are counted by the server that was their parent. As root, servers run as the user postgres.
//!
//! `PGCASCADE_BENCH_LARGE` (40 servers), `PGCASCADE_BENCH_SECONDS` (20, of each half round), `PGCASCADE_BENCH_ROUNDS` (3).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "it prints figures, or fails"
)]

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};

/// Below those that the system gives to outgoing connections.
const FIRST_PORT: u16 = 26_200;
/// The unit of /proc/PID/stat, on every Linux.
const TICKS_A_SECOND: f64 = 100.0;
/// Until sessions are open and settings are read.
const WARM_UP: Duration = Duration::from_secs(5);
/// Limits, in percent of one core.
const OWN: f64 = 5.0;
const BOTH: f64 = 10.0;

fn main() {
    // Benchmarks are compiled and started by `cargo test --benches`, too; servers are for `cargo bench` alone.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let servers = number("PGCASCADE_BENCH_LARGE", 40);
    let seconds = number("PGCASCADE_BENCH_SECONDS", 20);
    let rounds = number("PGCASCADE_BENCH_ROUNDS", 3);
    let length = Duration::from_secs(seconds.try_into().unwrap());
    let cluster = Cluster::deploy(servers);
    let (mut alone, mut own, mut watched) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        println!("round {} of {rounds}", round + 1);
        alone.push(share(length, || cluster.ticks()));
        let watch = Watch::start(&cluster.folder);
        std::thread::sleep(WARM_UP);
        let begun = (Instant::now(), watch.ticks(), cluster.ticks());
        std::thread::sleep(length);
        let took = begun.0.elapsed();
        own.push(percent(watch.ticks() - begun.1, took));
        watched.push(percent(cluster.ticks() - begun.2, took));
    }
    let (alone, own, watched) = (median(alone), median(own), median(watched));
    let more = (watched - alone).max(0.0);
    let both = own + more;
    println!(
        "Watching {servers} servers, in percent of one core, medians of {rounds} rounds of {seconds} s:"
    );
    println!("  pgcascade                {own:6.2}   (limit {OWN})");
    println!("  servers, watched         {watched:6.2}");
    println!("  servers, alone           {alone:6.2}");
    println!("  servers, for the watch   {more:6.2}");
    println!("  both sides together      {both:6.2}   (limit {BOTH})");
    let is_met = own < OWN && both < BOTH;
    println!("{}", if is_met { "met" } else { "NOT met" });
    // What was built is removed before an end that runs no destructors.
    drop(cluster);
    if !is_met {
        std::process::exit(1);
    }
}

fn number(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable).map_or(otherwise, |text| text.parse().expect(variable))
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// What is used while a time goes by.
fn share(length: Duration, ticks: impl Fn() -> u64) -> f64 {
    let (begun, before) = (Instant::now(), ticks());
    std::thread::sleep(length);
    percent(ticks() - before, begun.elapsed())
}

fn percent(ticks: u64, time: Duration) -> f64 {
    ticks as f64 / TICKS_A_SECOND / time.as_secs_f64() * 100.0
}

/// CPU of a process and of its children that have ended.
fn ticks_of(pid: u32) -> u64 {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return 0;
    };
    // The name may hold blanks; what follows its bracket does not.
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11..15]
        .iter()
        .map(|field| field.parse::<u64>().unwrap())
        .sum()
}

struct Cluster {
    base: tempfile::TempDir,
    folder: PathBuf,
}

impl Cluster {
    /// A primary, and relays with nine standbys each.
    fn deploy(servers: usize) -> Self {
        // A disk as clusters have it, not the memory that /tmp may be.
        let base = tempfile::Builder::new()
            .prefix("pgcascade-bench-")
            .tempdir_in("/var/tmp")
            .unwrap();
        fs::set_permissions(base.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let mut text = "format = 1\nname = \"watched\"\npostgres = 15\n".to_owned();
        for place in 0..servers {
            let port = usize::from(FIRST_PORT) + place;
            write!(text, "\n[[server]]\nname = \"s{place}\"\nport = {port}\n").unwrap();
            if place > 0 {
                let upstream = if place % 10 == 1 {
                    0
                } else {
                    (place - 1) / 10 * 10 + 1
                };
                writeln!(text, "follows = \"s{upstream}\"").unwrap();
            }
        }
        let design = base.path().join("watched.toml");
        fs::write(&design, text).unwrap();
        let folder = base.path().join("cluster");
        let mut deploy = program("deploy");
        deploy.arg(&design).arg("--dir").arg(&folder);
        if geteuid().is_root() {
            deploy.args(["--run-as", "postgres"]);
        }
        let done = deploy.stdout(Stdio::null()).status().unwrap();
        assert!(done.success(), "the cluster cannot be deployed");
        Self { base, folder }
    }

    /// CPU of all processes that work in its folder.
    fn ticks(&self) -> u64 {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let is_its_own = |pid: &u32| {
            fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|at| at.starts_with(&self.folder))
        };
        pids.filter(is_its_own).map(ticks_of).sum()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let done = program("teardown")
            .arg(&self.folder)
            .stdout(Stdio::null())
            .status();
        assert!(done.unwrap().success(), "{} is left", self.base.path().display());
    }
}

fn program(command: &str) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_pgcascade"));
    program.arg(command).stdin(Stdio::null());
    program
}

/// `pgcascade watch`, ended when it is dropped.
struct Watch(Child);

impl Watch {
    fn start(folder: &Path) -> Self {
        let watch = program("watch")
            .arg(folder)
            .arg("--json")
            .stdout(Stdio::null())
            .spawn();
        Self(watch.unwrap())
    }

    fn ticks(&self) -> u64 {
        assert!(
            Path::new(&format!("/proc/{}", self.0.id())).exists(),
            "it has ended"
        );
        ticks_of(self.0.id())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.0.id().cast_signed()), Signal::SIGINT);
        let _ = self.0.wait();
    }
}
