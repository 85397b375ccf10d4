//! The seed's bundle, unpacked as an ordinary user in a folder with blanks, with little in PATH: it builds the
//! cluster, proves it, and takes it away without a trace.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use pgcascade::model::bundle::{Bundle, generate, pack};
use pgcascade::model::document::Document;
use pgcascade::model::topology::{Auth, Edit, Port, Topology, notation};

use crate::lab::{as_user, programs};
use crate::logs;
use pgcascade::model::topology::notation::SEED;

/// The first of the ports that these tests listen on; each test has ten of its own.
const FIRST_PORT: u16 = 21_100;
const USER: &str = "postgres";

/// A folder for everything of one test, with blanks in its path, that the ordinary user owns.
pub struct Place {
    root: tempfile::TempDir,
    bundle: PathBuf,
    path: PathBuf,
    /// The programs to use instead of those in PATH, as PGBIN names them.
    pub bin: Option<PathBuf>,
    /// What the shell that runs a script keeps from others.
    pub umask: &'static str,
    /// Anyone who runs `up` trusts the design.
    pub trusts: bool,
}

impl Place {
    pub fn new(bundle: &Bundle) -> Self {
        Self::within(bundle, "un packed")
    }

    /// The bundle unpacked in a folder of that name.
    pub fn within(bundle: &Bundle, folder: &str) -> Self {
        let root = tempfile::Builder::new()
            .prefix("pgc-bundle-my folder-")
            .tempdir_in("/tmp")
            .unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let path = root.path().join("bin");
        fs::create_dir(&path).unwrap();
        let bash = ["/bin/bash", "/usr/bin/bash"]
            .iter()
            .find(|bash| Path::new(bash).exists());
        symlink(bash.expect("bash is required"), path.join("bash")).unwrap();
        let (programs, _) = programs();
        for program in ["initdb", "pg_ctl", "postgres", "psql"] {
            assert!(
                programs.join(program).exists(),
                "{program} is required beside initdb"
            );
            symlink(programs.join(program), path.join(program)).unwrap();
        }
        let home = root.path().join(folder);
        fs::create_dir(&home).unwrap();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(std::io::Cursor::new(pack(bundle))));
        archive.unpack(&home).unwrap();
        if is_root() {
            let done = Command::new("chown")
                .args(["-R", USER])
                .arg(&home)
                .status()
                .unwrap();
            assert!(done.success());
        }
        Self {
            bundle: home.join(&bundle.name),
            path,
            root,
            bin: None,
            umask: "022",
            trusts: true,
        }
    }

    pub fn cluster(&self) -> PathBuf {
        self.bundle.join("cluster")
    }

    /// A script as the ordinary user runs it, with a PATH of nothing but bash and PostgreSQL.
    fn command(&self, script: &str) -> Command {
        let mut command = Command::new(self.path.join("bash"));
        command
            .arg("-c")
            .arg(format!("umask {}; exec \"$0\" \"$@\"", self.umask))
            .arg(self.bundle.join(script))
            .args(self.trust(script))
            .env_clear()
            .env("PATH", &self.path)
            .current_dir(self.root.path());
        if let Some(bin) = &self.bin {
            command.env("PGBIN", bin);
        }
        if is_root() {
            let user = nix::unistd::User::from_name(USER)
                .unwrap()
                .expect("there is no user postgres");
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }

    /// What `up` asks for, where it asks.
    fn trust(&self, script: &str) -> Option<&'static str> {
        let asks = fs::read_to_string(self.bundle.join(script)).is_ok_and(|text| text.contains("--trust"));
        (asks && self.trusts).then_some("--trust")
    }

    fn run(&self, script: &str) -> Output {
        self.command(script).output().unwrap()
    }

    #[track_caller]
    pub fn expect(&self, script: &str, code: i32) -> String {
        let output = self.run(script);
        let text = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(output.status.code(), Some(code), "{script}: {text}");
        text
    }

    /// Processes that work below the test's folder.
    fn processes(&self) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            if let Ok(folder) = fs::read_link(entry.path().join("cwd"))
                && folder.starts_with(self.root.path())
            {
                found.push(format!("{} in {}", entry.path().display(), folder.display()));
            }
        }
        found
    }

    #[track_caller]
    pub fn nothing_is_left(&self) {
        assert_eq!(self.processes(), Vec::<String>::new());
        assert!(!self.cluster().exists(), "{}", self.cluster().display());
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A failed test leaves no server behind.
        let _ = self.run("down");
    }
}

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// A design on this machine's PostgreSQL, its ports from the given one on.
fn design(text: &str, first_port: u16) -> Topology {
    let mut topology = notation::parse(text).unwrap();
    let ids: Vec<_> = topology
        .servers()
        .iter()
        .map(pgcascade::model::topology::Server::id)
        .collect();
    topology.apply(&Edit::SetPostgres(programs().1)).unwrap();
    for (port, server) in (first_port..).zip(ids) {
        let port = Port::new(port).unwrap();
        topology.apply(&Edit::SetPort { server, port }).unwrap();
    }
    topology
}

fn place(text: &str, first_port: u16) -> Place {
    Place::new(&generate(&Document::new(design(text, first_port))))
}

#[test]
fn the_seed_goes_up_is_proved_and_goes_down() {
    let place = place(SEED, FIRST_PORT);
    let said = place.expect("up", 0);
    assert!(said.contains("Write a row and read it everywhere"), "{said}");
    let secrets = place.cluster().join("secrets");
    for entry in fs::read_dir(&secrets).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let secret = fs::read_to_string(entry.path()).unwrap();
        let password = secret
            .lines()
            .next()
            .unwrap()
            .rsplit(':')
            .next()
            .unwrap()
            .to_owned();
        assert!(password.len() >= 32 && !said.contains(&password));
    }
    let said = place.expect("up", 1);
    assert!(said.contains("already"), "{said}");

    let said = place.expect("verify", 0);
    assert!(said.contains("read on 4 standbys"), "{said}");
    logs::assert_clean(&place.cluster(), 0);
    let said = place.expect("status", 0);
    for line in [
        "slave1: streaming, sync_priority 1, sync_state sync",
        "slave2: streaming, sync_priority 2, sync_state potential",
        "slave11: streaming, sync_priority 0, sync_state async",
        "slave12: streaming, sync_priority 0, sync_state async",
    ] {
        assert!(said.contains(line), "{line} is not in:\n{said}");
    }
    place.expect("down", 0);
    place.nothing_is_left();
    place.expect("down", 1);
}

#[test]
fn odd_names_and_everything_else_that_can_be_drawn() {
    let text = "\"it's \"\"x\"\"\" 1 sync first 2\n  \"my node\" 2 priority 1\n    1a 3 delay 10min\n  FIRST 4 priority 2 no-slot\n    é 5\n  $(reboot) 6\n";
    let mut topology = design(text, FIRST_PORT + 10);
    let archive = pgcascade::model::topology::Archive::new("my archive's 100%").unwrap();
    topology.apply(&Edit::SetArchive(Some(archive))).unwrap();
    let place = Place::new(&generate(&Document::new(topology)));
    place.expect("up", 0);
    let said = place.expect("verify", 0);
    assert!(
        said.contains("read on 4 standbys and received by 1 delayed one"),
        "{said}"
    );
    // What an archive_command leaves, half of it by a server that died.
    let archived = "mkdir 7412345678901234567 && cd 7412345678901234567 && touch 00000001000000000000000A 00000002.history.my_node.part";
    let made = as_user("/bin/sh")
        .args(["-c", archived])
        .current_dir(place.cluster().join("my archive's 100%"))
        .status();
    assert!(made.unwrap().success());
    place.expect("down", 0);
    place.nothing_is_left();
}

#[test]
fn a_changed_file_is_found() {
    let place = place(SEED, FIRST_PORT + 20);
    let conf = place.bundle.join("servers/slave1/postgresql.conf");
    let text = fs::read_to_string(&conf).unwrap();
    fs::write(&conf, text + "# more\n").unwrap();
    let said = place.expect("verify", 1);
    assert!(
        said.contains("servers/slave1/postgresql.conf was changed"),
        "{said}"
    );
}

#[test]
fn a_server_that_has_the_port_of_a_stopped_one_is_not_asked() {
    let mut topology = design("m 1\n", FIRST_PORT + 80);
    topology.apply(&Edit::SetAuth(Some(Auth::Trust))).unwrap();
    let bundle = generate(&Document::new(topology));
    let (place, foreign) = (Place::new(&bundle), Place::new(&bundle));
    place.expect("up", 0);
    let pid_file = place.cluster().join("servers/m/data/postmaster.pid");
    let pid = fs::read_to_string(&pid_file).unwrap();
    let pid = nix::unistd::Pid::from_raw(pid.lines().next().unwrap().parse().unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while pid_file.exists() {
        assert!(Instant::now() < deadline, "the server does not stop");
        std::thread::sleep(Duration::from_millis(20));
    }
    foreign.expect("up", 0);
    let said = place.expect("verify", 1);
    assert!(said.contains("m is not running"), "{said}");
    place.expect("down", 0);
    foreign.expect("verify", 0);
    foreign.expect("down", 0);
}

#[test]
fn down_leaves_what_up_did_not_make() {
    let place = place("m 1\n  s 2\n", FIRST_PORT + 30);
    place.expect("up", 0);
    for name in ["mine.txt", "servers/s/mine.txt"] {
        fs::write(place.cluster().join(name), "mine").unwrap();
    }
    let said = place.expect("down", 0);
    assert!(
        said.contains("  mine.txt") && said.contains("  servers/s/mine.txt"),
        "{said}"
    );
    assert_eq!(place.processes(), Vec::<String>::new());
    let mut left: Vec<String> = Vec::new();
    let mut open = vec![place.cluster()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                left.push(path.strip_prefix(place.cluster()).unwrap().display().to_string());
            }
        }
    }
    left.sort();
    assert_eq!(left, ["mine.txt", "servers/s/mine.txt"]);
    fs::remove_dir_all(place.cluster()).unwrap();
}

#[test]
fn a_taken_port_is_said_before_anything_is_made() {
    let port = FIRST_PORT + 40;
    let _foreign = TcpListener::bind(("127.0.0.1", port + 1)).unwrap();
    let place = place("m 1\n  s 2\n", port);
    let said = place.expect("up", 1);
    assert!(
        said.contains(&format!("port {}, which \"s\" needs", port + 1)),
        "{said}"
    );
    place.nothing_is_left();
}

#[test]
fn what_a_design_runs_of_its_own_is_let_by_an_option_only() {
    let mut topology = design("m 1\n  s 2\n", FIRST_PORT + 80);
    let (name, value) = (
        "session_preload_libraries".to_owned(),
        Some("auto_explain".to_owned()),
    );
    let server = None;
    topology.apply(&Edit::SetSetting { server, name, value }).unwrap();
    let mut place = Place::new(&generate(&Document::new(topology)));
    place.trusts = false;
    let said = place.expect("up", 1);
    assert!(
        said.contains("Runs on this machine: code that session_preload_libraries")
            && said.contains("--trust"),
        "{said}"
    );
    place.nothing_is_left();
    place.trusts = true;
    place.expect("up", 0);
    place.expect("verify", 0);
    place.expect("down", 0);
    place.nothing_is_left();
}

#[test]
fn what_fails_in_the_middle_is_taken_back() {
    // A value that no rule can judge and that initdb does not see, but the standby's start does.
    let mut topology = design("m 1\n  s 2\n", FIRST_PORT + 50);
    let server = Some(topology.by_name("s").unwrap().id());
    let (name, value) = (
        "shared_preload_libraries".to_owned(),
        Some("no_such_library".to_owned()),
    );
    topology.apply(&Edit::SetSetting { server, name, value }).unwrap();
    let place = Place::new(&generate(&Document::new(topology)));
    let said = place.expect("up", 1);
    assert!(
        said.contains("no_such_library") && said.contains("Nothing is left"),
        "{said}"
    );
    place.nothing_is_left();
}

#[test]
fn what_is_cancelled_is_taken_back() {
    let place = place(SEED, FIRST_PORT + 60);
    let step_titles = [
        "Copy master to slave11",
        "Start slave1",
        "Wait until slave2 streams",
    ];
    for title in step_titles {
        let mut up = place.command("up").stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(up.stdout.take().unwrap()).lines();
        let reached = lines
            .by_ref()
            .map_while(Result::ok)
            .any(|line| line.contains(title));
        assert!(reached, "{title}");
        let pid = nix::unistd::Pid::from_raw(i32::try_from(up.id()).unwrap());
        // Not SIGINT: a shell that was started with it ignored, as in the background, can never hear it.
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
        let said: Vec<String> = lines.map_while(Result::ok).collect();
        assert_eq!(up.wait().unwrap().code(), Some(143), "{said:#?}");
        assert_eq!(said.last().map(String::as_str), Some("Nothing is left."));
        place.nothing_is_left();
    }
}

#[test]
fn a_folder_of_ones_own_stays_when_it_was_there() {
    let place = place("m 1\n  s 2\n", FIRST_PORT + 70);
    fs::create_dir(place.cluster()).unwrap();
    if is_root() {
        let user = nix::unistd::User::from_name(USER).unwrap().unwrap();
        std::os::unix::fs::chown(place.cluster(), Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
    }
    place.expect("up", 0);
    place.expect("down", 0);
    assert_eq!(fs::read_dir(place.cluster()).unwrap().count(), 0);
}
