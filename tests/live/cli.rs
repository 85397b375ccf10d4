//! The command line with real servers: deployed, looked at, stopped, started, killed half-way, torn down.
//!
//! Every test has ports and a folder of its own, below one that the servers' user can reach.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

/// How long a program may take to end after it was told to.
const END: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(20);

/// A place to deploy to, and the program called there.
pub struct Place {
    base: tempfile::TempDir,
    pub ports: [u16; 5],
}

pub struct Answer {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// Makes a folder of the user that servers run as: as root, the program goes on as that user, who has a list of clusters of
/// their own.
pub fn servers_users(folder: &Path) {
    fs::create_dir(folder).unwrap();
    if nix::unistd::geteuid().is_root() {
        let user = nix::unistd::User::from_name("postgres").unwrap().unwrap();
        let (uid, gid) = (user.uid.as_raw(), user.gid.as_raw());
        std::os::unix::fs::chown(folder, Some(uid), Some(gid)).unwrap();
    }
}

impl Place {
    fn new(first_port: u16) -> Self {
        Self::on([0, 1, 2, 3, 4].map(|place| first_port + place))
    }

    /// The seed's design on these ports, in `seed.toml`.
    pub fn on(ports: [u16; 5]) -> Self {
        let base = tempfile::Builder::new()
            .prefix("pgc-cli-")
            .tempdir_in("/tmp")
            .unwrap();
        // As root, servers run as another user, who must be able to pass through.
        fs::set_permissions(base.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for folder in ["state", "cache"] {
            servers_users(&base.path().join(folder));
        }
        let place = Self { base, ports };
        let new = place.run(&["new", "--template", "seed"]);
        assert_eq!(new.code, Some(0), "{}", new.err);
        let mut design = new.out;
        for (seed, own) in [5432, 15432, 15433, 25432, 25433].iter().zip(place.ports) {
            design = design.replace(&format!("port = {seed}\n"), &format!("port = {own}\n"));
        }
        let version = format!("postgres = {}\n", installed_major());
        fs::write(
            place.path("seed.toml"),
            design.replace("postgres = 15\n", &version),
        )
        .unwrap();
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.base.path().join(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgcascade"));
        command
            .args(arguments)
            .current_dir(self.base.path())
            .env("XDG_STATE_HOME", self.path("state"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("TMPDIR", self.base.path())
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Answer {
        let output = self.command(arguments).output().unwrap();
        let answer = Answer {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(!answer.err.contains("panicked"), "{}", answer.err);
        answer
    }

    pub fn succeeds(&self, arguments: &[&str]) -> String {
        let answer = self.run(arguments);
        assert_eq!(
            answer.code,
            Some(0),
            "{arguments:?}: {}{}",
            answer.out,
            answer.err
        );
        answer.out
    }

    /// The list of the user that servers run as: root's own has what other tests here do in this process.
    pub fn list(&self) -> String {
        self.succeeds(&["list", "--run-as", "postgres"])
    }

    /// What a prediction would print, too; the exit code is 0 where nothing differs, else 3.
    fn status(&self) -> Value {
        let answer = self.run(&["status", "d", "--json"]);
        let mut board: Value = serde_json::from_str(&answer.out).unwrap();
        let drift = board.as_object_mut().unwrap().remove("drift").unwrap();
        let is_as_drawn = drift.as_array().unwrap().is_empty();
        assert_eq!(answer.code, Some(if is_as_drawn { 0 } else { 3 }), "{drift}");
        for server in board["servers"].as_array_mut().unwrap() {
            for more in ["timeline", "lag_bytes", "lag_seconds", "replay_paused"] {
                assert!(server.as_object_mut().unwrap().remove(more).is_some());
            }
        }
        board["commits"].as_object_mut().unwrap().remove("waiting");
        board
    }

    /// A deployment under way, once its first `steps` steps are done.
    pub fn deploy_until(&self, steps: usize) -> Child {
        let (child, is_on) = self.until(&["deploy", "seed.toml", "--dir", "d", "--json"], steps);
        assert!(is_on, "the deployment has that many steps");
        child
    }

    /// A run of steps under way, once the first `steps` of them are done; false: it ended before.
    pub fn until(&self, arguments: &[&str], steps: usize) -> (Child, bool) {
        let mut child = self.command(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        let is_on = lines
            .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap())
            .filter(|event| event["event"] == "step-finished")
            .nth(steps - 1)
            .is_some();
        (child, is_on)
    }

    /// No folder, no process, nothing in the list.
    pub fn assert_nothing_is_left(&self) {
        assert!(!self.path("d").exists(), "the cluster's folder is still there");
        let left = processes_of(self.base.path());
        assert!(left.is_empty(), "still running: {left:?}");
        let list = self.list();
        assert_eq!(list, "", "still listed");
        for port in self.ports {
            assert!(
                TcpStream::connect(("127.0.0.1", port)).is_err(),
                "port {port} is open"
            );
        }
    }
}

impl Drop for Place {
    /// A test that fails leaves its servers to no one.
    fn drop(&mut self) {
        if self.path("d").exists() {
            let _ = self.command(&["teardown", "d"]).output();
        }
    }
}

/// The newest version that is installed where Debian puts it, else the seed's.
fn installed_major() -> u16 {
    let installed = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    installed.max().unwrap_or(15)
}

/// Every process that works below the folder or was started with it.
fn processes_of(folder: &Path) -> Vec<String> {
    let folder = folder.to_str().unwrap();
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| {
            let process = entry.ok()?.path();
            let command = fs::read(process.join("cmdline")).ok()?;
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            let place = fs::read_link(process.join("cwd")).unwrap_or_default();
            (command.contains(folder) || place.starts_with(folder)).then_some(command)
        })
        .collect()
}

/// The exit code; fails if the program does not end.
pub fn wait_for_end(child: &mut Child) -> Option<i32> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if start.elapsed() > END {
            let _ = child.kill();
            panic!("it did not end within {END:?}");
        }
        std::thread::sleep(POLL);
    }
}

pub fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
}

/// True if anyone who started the tests wants them to outlive the terminal; children inherit that.
pub fn is_hangup_ignored() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 != 0)
}

fn row(name: &str, priority: u32, sync_state: &str) -> Value {
    json!({"application_name": name, "state": "streaming", "sync_priority": priority, "sync_state": sync_state})
}

fn server(name: &str, upstream: Option<&str>, rows: &[Value]) -> Value {
    let role = if upstream.is_some() { "standby" } else { "primary" };
    json!({"name": name, "running": true, "answers": true, "role": role, "upstream": upstream, "replication": rows})
}

/// What the article promises of the seed.
fn seed_board() -> Value {
    json!({
        "servers": [
            server("master", None, &[row("slave1", 1, "sync"), row("slave2", 2, "potential")]),
            server("slave1", Some("master"), &[row("slave11", 0, "async"), row("slave12", 0, "async")]),
            server("slave2", Some("master"), &[]),
            server("slave11", Some("slave1"), &[]),
            server("slave12", Some("slave1"), &[]),
        ],
        "commits": {"outcome": "acknowledged", "waits_for": ["slave1"]},
    })
}

#[test]
fn a_cluster_is_deployed_looked_at_stopped_started_and_torn_down() {
    let place = Place::new(23_100);
    let plan: Value =
        serde_json::from_str(&place.succeeds(&["plan", "seed.toml", "--dir", "d", "--json"])).unwrap();
    assert!(!place.path("d").exists(), "a plan does nothing");

    let events = place.succeeds(&["deploy", "seed.toml", "--dir", "d", "--json"]);
    let events: Vec<Value> = events
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let steps = plan["steps"].as_array().unwrap().len();
    assert_eq!(events[0]["event"], "started");
    assert_eq!(events[0]["steps"].as_array().unwrap().len(), steps);
    let finished = events
        .iter()
        .filter(|event| event["event"] == "step-finished")
        .count();
    assert_eq!(finished, steps);
    let last = events.last().unwrap();
    assert_eq!(
        (&last["event"], &last["outcome"]["outcome"]),
        (&json!("finished"), &json!("done"))
    );
    for (number, event) in events.iter().enumerate() {
        assert_eq!(event["number"], number);
    }

    assert_eq!(place.status(), seed_board());
    let tables = place.succeeds(&["status", "d"]);
    assert!(
        tables.contains(" slave2           | streaming |             2 | potential\n"),
        "{tables}"
    );
    assert!(!place.succeeds(&["verify", "d"]).is_empty());
    assert!(place.list().contains("seed"));

    place.succeeds(&["stop", "d", "slave2"]);
    let board = place.status();
    assert_eq!(
        board["servers"][0]["replication"],
        json!([row("slave1", 1, "sync")])
    );
    assert_eq!(board["servers"][2]["running"], json!(false));
    assert_eq!(
        place.run(&["verify", "d"]).code,
        Some(1),
        "a server of the design is down"
    );
    place.succeeds(&["start", "d", "slave2"]);
    place.succeeds(&["verify", "d"]);
    assert_eq!(place.status(), seed_board());

    let unknown = place.run(&["stop", "d", "slave3"]);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.err.contains("slave3"), "{}", unknown.err);

    let again = place.run(&["deploy", "seed.toml", "--dir", "d"]);
    assert_eq!(again.code, Some(1), "the folder has a cluster in it");
    assert_eq!(place.status(), seed_board());

    place.succeeds(&["teardown", "d"]);
    place.assert_nothing_is_left();
}

#[test]
fn the_demo_shows_the_articles_checks_and_leaves_nothing() {
    let place = Place::new(23_120);
    let answer = place.run(&["demo", "--once"]);
    assert_eq!(answer.code, Some(0), "{}{}", answer.out, answer.err);
    for line in [
        " slave1           | streaming |             1 | sync",
        " slave2           | streaming |             2 | potential",
        " slave11          | streaming |             0 | async",
        " slave12          | streaming |             0 | async",
    ] {
        assert!(
            answer.out.lines().any(|shown| shown == line),
            "{line}:\n{}",
            answer.out
        );
    }
    place.assert_nothing_is_left();
    let left: Vec<_> = fs::read_dir(place.base.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name.to_string_lossy().contains("demo"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_cancelled_deployment_is_unwound() {
    let place = Place::new(23_140);
    for name in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        if name == Signal::SIGHUP && is_hangup_ignored() {
            // Started by nohup or the like: then a deployment goes on, too.
            continue;
        }
        let mut child = place.deploy_until(6);
        signal(&child, name);
        // The rest of the events is read, so that the program never waits for us.
        let rest: Vec<String> = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok)
            .collect();
        assert_eq!(wait_for_end(&mut child), Some(130), "{name}");
        let last: Value = serde_json::from_str(rest.last().unwrap()).unwrap();
        assert_eq!(last["outcome"]["outcome"], "cancelled", "SIG{name}");
        place.assert_nothing_is_left();
    }
}

#[test]
fn what_a_killed_deployment_left_is_found_and_torn_down() {
    let place = Place::new(23_160);
    let all = {
        let plan = place.succeeds(&["plan", "seed.toml", "--dir", "d", "--json"]);
        let plan: Value = serde_json::from_str(&plan).unwrap();
        plan["steps"].as_array().unwrap().len()
    };
    for steps in [1, 4, all / 2, all - 1] {
        let mut child = place.deploy_until(steps);
        signal(&child, Signal::SIGKILL);
        child.wait().unwrap();
        assert!(place.path("d").exists());
        assert!(place.list().contains("interrupted"), "after {steps} steps");
        place.succeeds(&["teardown", "d"]);
        place.assert_nothing_is_left();
    }
}

#[test]
fn a_port_that_somebody_else_has_stops_it_before_the_first_step() {
    let place = Place::new(23_180);
    let port = place.ports[1];
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let answer = place.run(&["deploy", "seed.toml", "--dir", "d"]);
    assert_eq!((answer.code, answer.out.as_str()), (Some(1), ""));
    assert!(
        answer.err.contains(&port.to_string()) && answer.err.contains("slave1"),
        "{}",
        answer.err
    );
    assert!(answer.err.contains("fix: "), "{}", answer.err);

    let events = place.run(&["deploy", "seed.toml", "--dir", "d", "--json"]);
    assert_eq!(events.code, Some(1));
    let last: Value = serde_json::from_str(events.out.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&last["event"], &last["outcome"]["outcome"]),
        (&json!("finished"), &json!("failed"))
    );

    assert!(
        TcpStream::connect(("127.0.0.1", port)).is_ok(),
        "the other listener survives"
    );
    drop(listener);
    place.assert_nothing_is_left();
}

#[test]
fn a_folder_that_is_somebody_elses_is_neither_used_nor_removed() {
    let place = Place::new(23_200);
    fs::create_dir(place.path("theirs")).unwrap();
    fs::write(place.path("theirs/letter.txt"), "mine").unwrap();
    for command in [
        ["deploy", "seed.toml", "--dir", "theirs"].as_slice(),
        &["teardown", "theirs"],
        &["status", "theirs"],
        &["stop", "theirs"],
    ] {
        let answer = place.run(command);
        assert_eq!(answer.code, Some(1), "{command:?}");
        assert!(answer.err.contains("error: "), "{}", answer.err);
    }
    assert_eq!(
        fs::read_to_string(place.path("theirs/letter.txt")).unwrap(),
        "mine"
    );
}

/// Reads all that is still told: the program never waits for us.
pub fn last_event(child: &mut Child) -> Value {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    serde_json::from_str(&lines.map_while(Result::ok).last().unwrap()).unwrap()
}
