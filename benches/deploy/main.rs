//! How long a deployment takes, beside other ways to the same cluster and beside the floor: what no way can do without.
//!
//! `make bench` runs it (a release build, nothing else going on). Every round does each way once, one after another, so
//! that whatever else the machine does meets all alike; the figures are medians. First the seed's cluster, then the large. It needs PostgreSQL 15 to 18 with psql
//! and pg_basebackup, as Debian packages them; as root, servers run as the user postgres.
//!
//! `PGCASCADE_BENCH_ROUNDS` (9; of the large ones at most 5), `PGCASCADE_BENCH_BIN` (the folder of the programs), `PGCASCADE_BENCH_LARGE` (40 servers).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "it prints figures, or fails"
)]

#[path = "../common/mod.rs"]
mod common;
mod figures;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, chown, geteuid};

use figures::Figures;

/// Below those that the system gives to outgoing connections.
const FIRST_PORT: u16 = 26_000;
/// For anything that is waited for.
const DEADLINE: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(5);

/// Rounds with many servers: each needs three gigabytes.
const MOST_LARGE: usize = 5;

/// The seed: each server with its upstream.
const SEED: [(&str, Option<usize>); 5] = [
    ("master", None),
    ("slave1", Some(0)),
    ("slave2", Some(0)),
    ("slave11", Some(1)),
    ("slave12", Some(1)),
];

fn main() {
    // Benchmarks are compiled and started by `cargo test --benches`, too; servers are for `cargo bench` alone.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let rounds = number("PGCASCADE_BENCH_ROUNDS", 9);
    let large = number("PGCASCADE_BENCH_LARGE", 40);
    let bench = Bench::new();
    let mut figures = Figures::default();
    let at = |way: &str, round: usize| bench.base.path().join(format!("{way}-{round}"));
    for round in 0..rounds {
        println!("round {} of {rounds}", round + 1);
        figures.add("script", bench.seed_script(&at("script", round)));
        figures.add("basebackup", bench.base_backups(&at("basebackup", round)));
        figures.add("floor", bench.floor(&at("floor", round), SEED.len()));
        figures.add("first", bench.pgcascade(&at("first", round), SEED.len(), false));
        figures.add("second", bench.pgcascade(&at("second", round), SEED.len(), true));
    }
    // Apart from the small ones: each leaves gigabytes that the disk is busy with for a while.
    let large_rounds = if large > 0 { rounds.min(MOST_LARGE) } else { 0 };
    for round in 0..large_rounds {
        println!("round {} of {large_rounds} with {large} servers", round + 1);
        figures.add("large floor", bench.floor(&at("large-floor", round), large));
        figures.add("large", bench.pgcascade(&at("large", round), large, false));
    }
    let memory = bench.memory();
    let all_met = figures.print(large, &memory);
    // What was built is removed before an end that runs no destructors.
    drop(bench);
    if !all_met {
        std::process::exit(1);
    }
}

fn number(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable).map_or(otherwise, |text| text.parse().expect(variable))
}

/// Where all happens, with which programs, as whom.
struct Bench {
    base: tempfile::TempDir,
    bin: PathBuf,
    user: Option<User>,
}

/// Servers that a way started by itself, without pgcascade: ended by their pid files.
struct Servers(Vec<PathBuf>);

impl Drop for Servers {
    fn drop(&mut self) {
        let pids: Vec<i32> = self.0.iter().filter_map(|data| pid_of(data)).collect();
        for pid in &pids {
            let _ = kill(Pid::from_raw(*pid), Signal::SIGQUIT);
        }
        let gone = || self.0.iter().all(|data| !data.join("postmaster.pid").exists());
        until("its servers end", gone);
    }
}

/// The process that postmaster.pid names, if it works in that very directory.
fn pid_of(data: &Path) -> Option<i32> {
    let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let pid: i32 = text.lines().next()?.parse().ok()?;
    let at = fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
    (at == data.canonicalize().ok()?).then_some(pid)
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < DEADLINE, "in vain: {what}");
        std::thread::sleep(POLL);
    }
}

impl Bench {
    fn new() -> Self {
        let (base, bin) = (common::base(), common::bin());
        let user = geteuid()
            .is_root()
            .then(|| User::from_name("postgres").unwrap().expect("the user postgres"));
        Self { base, bin, user }
    }

    /// A folder of the servers' user.
    fn folder(&self, at: &Path) {
        fs::create_dir(at).unwrap();
        fs::set_permissions(at, fs::Permissions::from_mode(0o700)).unwrap();
        if let Some(user) = &self.user {
            chown(at, Some(user.uid), Some(user.gid)).unwrap();
        }
    }

    /// A program, as the servers' user.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env("LC_ALL", "C")
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        if let Some(user) = &self.user {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }

    fn program(&self, name: &str) -> Command {
        let mut command = self.command(self.bin.join(name));
        command.env("PGUSER", "postgres").stderr(Stdio::null());
        command
    }

    /// The time that work takes, with nothing left to be written from before.
    fn time(&self, work: impl FnOnce()) -> f64 {
        run(Command::new("sync").arg("--file-system").arg(self.base.path()));
        let begun = Instant::now();
        work();
        begun.elapsed().as_secs_f64()
    }

    /// The post's script with its sleeps, until its two tables are shown.
    fn seed_script(&self, at: &Path) -> f64 {
        self.folder(at);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/deploy/seed-script.sh");
        // The servers' user may not be able to read where the sources are.
        let own = at.join("seed-script.sh");
        fs::copy(script, &own).unwrap();
        let ports: Vec<String> = (0..5).map(|place| (FIRST_PORT + place).to_string()).collect();
        let call = |what: &str| {
            let mut command = self.command("bash");
            command
                .arg(&own)
                .arg(what)
                .env("BASE", at)
                .env("PGBIN", &self.bin);
            run(command.env("PORTS", ports.join(" ")));
        };
        call("prepare");
        let servers = Servers(SEED.iter().map(|(name, _)| at.join(name)).collect());
        let took = self.time(|| {
            call("run");
            call("wait");
        });
        drop(servers);
        took
    }

    /// One pg_basebackup for each standby, from its own upstream, one after another: what the manual says.
    fn base_backups(&self, at: &Path) -> f64 {
        self.folder(at);
        let data = |place: usize| at.join(SEED[place].0);
        let conf = |place: usize| {
            format!(
                "port = {}\nunix_socket_directories = ''\n",
                FIRST_PORT + place as u16
            )
        };
        let servers = Servers((0..SEED.len()).map(data).collect());
        let start = |place: usize| {
            run(self
                .program("pg_ctl")
                .args(["start", "-w", "-D"])
                .arg(data(place))
                .arg("-l")
                .arg(at.join(format!("{place}.log"))));
        };
        let took = self.time(|| {
            run(self
                .program("initdb")
                .args(["-N", "-A", "trust", "-U", "postgres", "-D"])
                .arg(data(0)));
            fs::write(
                data(0).join("postgresql.conf"),
                conf(0) + "synchronous_standby_names = 'FIRST 1 (slave1, slave2)'\n",
            )
            .unwrap();
            start(0);
            for (place, (name, upstream)) in SEED.iter().enumerate() {
                let Some(upstream) = upstream else { continue };
                let from = format!(
                    "host=127.0.0.1 port={} application_name={name}",
                    FIRST_PORT + *upstream as u16
                );
                run(self
                    .program("pg_basebackup")
                    .args(["-R", "-X", "stream", "-c", "fast", "-d", &from, "-D"])
                    .arg(data(place)));
                fs::write(data(place).join("postgresql.conf"), conf(place)).unwrap();
                start(place);
            }
            until("both tables are shown", || {
                self.shows(0, "slave1 sync,slave2 potential") && self.shows(1, "slave11 async,slave12 async")
            });
        });
        drop(servers);
        took
    }

    fn shows(&self, place: u16, wanted: &str) -> bool {
        let rows = "SELECT string_agg(application_name || ' ' || sync_state, ',' ORDER BY 1) FROM (SELECT * FROM pg_stat_replication WHERE state = 'streaming' ORDER BY application_name) AS rows";
        let mut psql = self.program("psql");
        psql.args([
            "-XAt",
            "-h",
            "127.0.0.1",
            "-p",
            &(FIRST_PORT + place).to_string(),
            "-c",
            rows,
            "postgres",
        ]);
        let said = psql.stdout(Stdio::piped()).output().unwrap();
        String::from_utf8_lossy(&said.stdout).trim() == wanted
    }

    /// initdb, copies in parallel, all servers started at once, until all accept connections. Nothing is written into
    /// them, nothing is verified, no password is made, nobody could take it back.
    fn floor(&self, at: &Path, servers: usize) -> f64 {
        self.folder(at);
        let data = |place: usize| at.join(place.to_string());
        let started = Servers((0..servers).map(data).collect());
        let took = self.time(|| {
            run(self.program("initdb").args(["-N", "-A", "trust", "-U", "postgres", "-D"]).arg(data(0)));
            let cores = std::thread::available_parallelism().map_or(2, usize::from);
            let mut copying: Vec<Child> = Vec::new();
            for place in 1..servers {
                if copying.len() == cores {
                    assert!(copying.remove(0).wait().unwrap().success());
                }
                copying.push(self.command("cp").arg("-a").arg(data(0)).arg(data(place)).spawn().unwrap());
            }
            for mut copy in copying {
                assert!(copy.wait().unwrap().success());
            }
            for place in 0..servers {
                let mut conf = format!("port = {}\nunix_socket_directories = ''\nshared_buffers = 16MB\n", FIRST_PORT + place as u16);
                if place > 0 {
                    let upstream = FIRST_PORT + upstream_of(place, servers) as u16;
                    conf += &format!("primary_conninfo = 'host=127.0.0.1 port={upstream} user=postgres application_name=s{place}'\nwal_retrieve_retry_interval = '100ms'\n");
                    fs::write(data(place).join("standby.signal"), "").unwrap();
                }
                fs::write(data(place).join("postgresql.conf"), conf).unwrap();
                // It is somebody else's child once we end; its end is seen by its pid file.
                drop(self.program("postgres").arg("-D").arg(data(place)).spawn().unwrap());
            }
            until("all accept connections", || (0..servers).all(|place| is_ready(&data(place))));
        });
        drop(started);
        took
    }

    /// The whole of `pgcascade deploy`: preflight, passwords, slots, rows compared, a row read on every leaf.
    fn pgcascade(&self, at: &Path, servers: usize, is_second: bool) -> f64 {
        let design = self.design(servers);
        if is_second {
            let before = at.with_extension("before");
            self.deploy(&design, &before, true);
            self.stop(&before);
        }
        let took = self.time(|| self.deploy(&design, at, is_second));
        self.stop(at);
        took
    }

    fn design(&self, servers: usize) -> PathBuf {
        let major = self
            .bin
            .parent()
            .and_then(Path::file_name)
            .and_then(|major| major.to_str())
            .unwrap()
            .to_owned();
        let mut text = format!("format = 1\nname = \"bench\"\npostgres = {major}\n");
        if servers == SEED.len() {
            text += "[sync]\nmethod = \"first\"\ncount = 1\n";
        }
        for place in 0..servers {
            text += &format!(
                "[[server]]\nname = \"{}\"\nport = {}\n",
                name_of(place, servers),
                FIRST_PORT + place as u16
            );
            if place > 0 {
                let upstream = name_of(upstream_of(place, servers), servers);
                text += &format!("follows = \"{upstream}\"\n");
            }
            if servers == SEED.len() && (1..=2).contains(&place) {
                text += &format!("sync_priority = {place}\n");
            }
        }
        let path = self.base.path().join(format!("{servers}.toml"));
        fs::write(&path, text).unwrap();
        path
    }

    fn call(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgcascade"));
        command
            .env("XDG_STATE_HOME", self.base.path().join("state"))
            .env("XDG_CACHE_HOME", self.base.path().join("cache"));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn deploying(&self, design: &Path, at: &Path, with_cache: bool) -> Command {
        let mut command = self.call();
        command
            .arg("deploy")
            .arg(design)
            .arg("--dir")
            .arg(at)
            .arg("--bin")
            .arg(&self.bin);
        if !with_cache {
            command.arg("--no-cache");
        }
        command
    }

    /// A file takes what it says: a pipe would be held by its servers.
    fn deploy(&self, design: &Path, at: &Path, with_cache: bool) {
        let says = self.base.path().join("says");
        let file = fs::File::create(&says).unwrap();
        let status = self.deploying(design, at, with_cache).stderr(file).status();
        assert!(
            status.unwrap().success(),
            "{}",
            fs::read_to_string(&says).unwrap()
        );
    }

    /// Stops the servers. The files stay until the end: to remove thousands makes the next copies slower.
    fn stop(&self, at: &Path) {
        run(self.call().arg("stop").arg(at));
    }

    /// What five idle servers take, and what pgcascade itself took at most while it deployed them, in MB.
    fn memory(&self) -> (f64, f64) {
        let at = self.base.path().join("memory");
        let mut child = self
            .deploying(&self.design(SEED.len()), &at, true)
            .spawn()
            .unwrap();
        let mut own: f64 = 0.0;
        while child.try_wait().unwrap().is_none() {
            own = own.max(kilobytes(&format!("/proc/{}/status", child.id()), "VmHWM:"));
            std::thread::sleep(POLL);
        }
        let servers: f64 = fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| {
                let process = entry.ok()?.path();
                let works_there = fs::read_link(process.join("cwd")).ok()?.starts_with(&at);
                works_there.then(|| kilobytes(&process.join("smaps_rollup").display().to_string(), "Pss:"))
            })
            .sum();
        self.stop(&at);
        (servers / 1000.0, own / 1000.0)
    }
}

/// A tree in which every server has three downstreams; the seed as it is.
fn upstream_of(place: usize, servers: usize) -> usize {
    if servers == SEED.len() {
        SEED[place].1.unwrap_or(0)
    } else {
        (place - 1) / 3
    }
}

fn name_of(place: usize, servers: usize) -> String {
    if servers == SEED.len() {
        SEED[place].0.to_owned()
    } else {
        format!("s{place}")
    }
}

fn is_ready(data: &Path) -> bool {
    let text = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    text.lines().nth(7).is_some_and(|line| line.trim() == "ready")
}

#[track_caller]
fn run(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

fn kilobytes(file: &str, field: &str) -> f64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0.0)
}
