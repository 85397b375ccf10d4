//! Where passwords and keys are not: no process list, environment, configuration, log, event or record shows one while a cluster
//! is built and after it, by the program and by the bundle's scripts; and nobody else can read what holds them, though
//! the builder has a umask that forbids nothing.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use pgcascade::model::bundle::generate;
use pgcascade::model::document::Document;
use pgcascade::model::topology::{Auth, Edit, Topology, notation};

use crate::bundle::Place;
use crate::cli::servers_users;
use crate::lab::programs;
use crate::scene::{Scene, some_ports};

/// The log of a server with these settings holds every statement.
const TALKATIVE: [(&str, &str); 2] = [("log_statement", "all"), ("log_min_messages", "debug1")];

/// Reads the command line and the environment of every process, again and again, until it is told to stop.
struct Watch {
    stop: Arc<AtomicBool>,
    watching: JoinHandle<BTreeSet<Vec<u8>>>,
}

impl Watch {
    fn begin() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let watching = std::thread::spawn(move || {
            let mut seen = BTreeSet::new();
            while !told.load(Ordering::Relaxed) {
                for process in fs::read_dir("/proc").unwrap().flatten() {
                    for file in ["cmdline", "environ"] {
                        if let Ok(text) = fs::read(process.path().join(file)) {
                            seen.insert(text);
                        }
                    }
                }
            }
            seen
        });
        Self { stop, watching }
    }

    fn end(self) -> BTreeSet<Vec<u8>> {
        self.stop.store(true, Ordering::Relaxed);
        self.watching.join().unwrap()
    }
}

fn holds(text: &[u8], word: &str) -> bool {
    text.windows(word.len()).any(|window| window == word.as_bytes())
}

/// Every file and folder below, with its path from there and its mode.
fn modes(folder: &Path) -> Vec<(PathBuf, u32, bool)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        let about = fs::symlink_metadata(&path).unwrap();
        found.push((
            path.strip_prefix(folder).unwrap().to_owned(),
            about.permissions().mode() & 0o777,
            about.is_dir(),
        ));
        if about.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    found
}

/// Nobody else may read a secret, enter a data directory or write anywhere.
#[track_caller]
fn closed_to_others(cluster: &Path) {
    let mut secrets = 0;
    for (path, mode, is_folder) in modes(cluster) {
        let told = || format!("{} has mode {mode:o}", path.display());
        let text = path.to_string_lossy();
        if path.starts_with("secrets") || path.starts_with("tls") {
            assert_eq!(mode, if is_folder { 0o700 } else { 0o600 }, "{}", told());
            secrets += usize::from(!is_folder);
        } else if text.ends_with("/data") {
            assert_eq!(mode, 0o700, "{}", told());
        } else if text.contains("/data/") {
            assert_eq!(mode & 0o077, 0, "{}", told());
        } else if !text.starts_with("run/.s.") || text.ends_with(".lock") {
            // A socket is open to all: the password is asked for, and the folder is closed.
            assert_eq!(mode & 0o022, 0, "{}", told());
        }
        if text == "run" || text.ends_with("/log") || path.starts_with(".pgcascade") || text == "archive" {
            assert_eq!(mode & 0o077, 0, "{}", told());
        }
    }
    assert!(secrets >= 4 + 8, "{secrets} secrets");
}

/// The second line of every key, the first in which one differs from another.
fn keys(cluster: &Path) -> Vec<String> {
    let files = fs::read_dir(cluster.join("tls")).unwrap().flatten();
    files
        .filter(|file| file.path().extension().is_some_and(|end| end == "key"))
        .map(|file| {
            fs::read_to_string(file.path())
                .unwrap()
                .lines()
                .nth(1)
                .unwrap()
                .to_owned()
        })
        .collect()
}

/// No password and no key of the cluster is in what was seen, in what was said, or in any file but the secrets.
#[track_caller]
fn told_nowhere(cluster: &Path, others: &[&Path], seen: &BTreeSet<Vec<u8>>, said: &[u8]) {
    let passwords: Vec<String> = ["superuser", "replication"]
        .map(|name| fs::read_to_string(cluster.join("secrets").join(name)).unwrap())
        .into_iter()
        .map(|text| text.trim().to_owned())
        .chain(keys(cluster))
        .collect();
    for password in &passwords {
        assert!(password.len() >= 32, "too short to be looked for");
        assert!(!holds(said, password), "a password was printed");
        let shown = seen.iter().find(|text| holds(text, password));
        assert!(
            shown.is_none(),
            "{}",
            String::from_utf8_lossy(shown.unwrap()).replace('\0', " ")
        );
    }
    assert!(
        seen.iter().any(|text| holds(text, "initdb")),
        "the process list was not watched while the cluster was built"
    );
    let patterns = cluster.join("secrets/patterns");
    fs::write(&patterns, passwords.join("\n")).unwrap();
    let found = Command::new("grep")
        .args([
            "--recursive",
            "--text",
            "--fixed-strings",
            "--files-with-matches",
            "--file",
        ])
        .arg(&patterns)
        .arg(cluster)
        .args(others)
        .output()
        .unwrap();
    fs::remove_file(patterns).unwrap();
    let found = String::from_utf8(found.stdout).unwrap();
    let leaks: Vec<&str> = found
        .lines()
        .filter(|path| {
            !["secrets", "tls"]
                .iter()
                .any(|own| Path::new(path).starts_with(cluster.join(own)))
        })
        .collect();
    assert_eq!(leaks, Vec::<&str>::new());
    assert!(
        found.lines().count() >= 4 + 4,
        "the secrets themselves are found: {found}"
    );
}

/// A small cluster with servers that log all they are told.
fn design(auth: Auth) -> Document {
    let [m, a, b]: [u16; 3] = some_ports(3).try_into().unwrap();
    let mut topology: Topology =
        notation::parse(&format!("m {m} sync first 1\n  a {a} priority 1\n    b {b}\n")).unwrap();
    topology.apply(&Edit::SetPostgres(programs().1)).unwrap();
    topology.apply(&Edit::SetAuth(Some(auth))).unwrap();
    topology.apply(&Edit::SetTls(true)).unwrap();
    for (name, value) in TALKATIVE {
        let (name, value) = (name.to_owned(), Some(value.to_owned()));
        let edit = Edit::SetSetting {
            server: None,
            name,
            value,
        };
        topology.apply(&edit).unwrap();
    }
    Document::new(topology)
}

#[test]
fn the_program_tells_no_password_and_lets_nobody_read_one() {
    for auth in [Auth::Scram, Auth::Md5] {
        let scene = Scene::named("pgc-secrets-");
        let (state, folder) = (scene.path().join("state"), scene.path().join("c"));
        servers_users(&scene.path().join("cache"));
        let file = scene.path().join("design.toml");
        fs::write(&file, design(auth).text()).unwrap();
        // Where the list of the user is that root goes on as.
        let lists = nix::unistd::User::from_name("postgres")
            .unwrap()
            .map_or_else(|| state.clone(), |user| user.dir.join(".local/state"));
        // As a careless person's shell starts it.
        let run = |arguments: &[&str]| {
            Command::new("bash")
                .args(["-c", "umask 000; exec \"$0\" \"$@\""])
                .arg(env!("CARGO_BIN_EXE_pgcascade"))
                .args(arguments)
                .env("XDG_STATE_HOME", &state)
                // Nothing from an earlier deployment: initdb must run.
                .env("XDG_CACHE_HOME", scene.path().join("cache"))
                .env("RUST_LOG", "trace")
                .stdin(Stdio::null())
                .output()
                .unwrap()
        };
        let (at, file) = (folder.to_str().unwrap(), file.to_str().unwrap());
        let watch = Watch::begin();
        let mut said = Vec::new();
        for arguments in [
            &["deploy", file, "--dir", at, "--json", "--verbose"][..],
            &["verify", at],
            &["status", at, "--json"],
        ] {
            let output = run(arguments);
            said.extend(output.stdout);
            said.extend(output.stderr);
            let told = String::from_utf8_lossy(&said);
            assert!(output.status.success(), "{arguments:?}: {told}");
        }
        let seen = watch.end();
        closed_to_others(&folder);
        told_nowhere(
            &folder,
            &[
                &state,
                if nix::unistd::geteuid().is_root() {
                    &lists
                } else {
                    &state
                },
                Path::new(file),
            ],
            &seen,
            &said,
        );
        // The log was among those files, and at its most talkative.
        let log = fs::read_to_string(state.join("pgcascade/log/pgcascade.log")).unwrap();
        for told in [
            "runs ",
            "/initdb -D ",
            "postgres --single ended",
            "opened a session with",
            "is done after",
        ] {
            assert!(log.contains(told), "no line with \"{told}\": {log}");
        }
        let output = run(&["teardown", at]);
        assert!(output.status.success(), "{output:?}");
    }
}

#[test]
fn the_scripts_tell_no_password_and_let_nobody_read_one() {
    let mut place = Place::new(&generate(&design(Auth::Scram)));
    place.umask = "000";
    let watch = Watch::begin();
    let said = ["up", "verify", "status"]
        .map(|script| place.expect(script, 0))
        .concat();
    let seen = watch.end();
    closed_to_others(&place.cluster());
    told_nowhere(&place.cluster(), &[], &seen, said.as_bytes());
    place.expect("down", 0);
    place.nothing_is_left();
}
