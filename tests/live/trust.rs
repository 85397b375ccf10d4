//! A stranger's design on a real machine: without trust nothing is built and nothing is written anywhere; with it the
//! design runs. And the attacks, on servers that nothing looked at before: they are what the rules say they are.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;

use crate::cli::Place;
use crate::lab::{Lab, template};
use crate::random::{Random, number};

/// The first of the ports that these tests listen on.
const FIRST_PORT: u16 = 24_400;

/// Random designs that the command line is given.
const DESIGNS: u64 = 25;

/// What a folder holds: each path with its length and the time of its last change.
type Seen = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

/// pgcascade's own log, which it writes whatever it is asked; no setting names it.
const LOG: &str = "state/pgcascade/log/pgcascade.log";

fn look(at: &Path, seen: &mut Seen) {
    if at.ends_with(LOG) {
        return;
    }
    let Ok(there) = fs::symlink_metadata(at) else {
        return;
    };
    seen.insert(at.to_owned(), (there.len(), there.modified().ok()));
    for entry in fs::read_dir(at).into_iter().flatten().flatten() {
        look(&entry.path(), seen);
    }
}

/// A home, a temporary folder, and the tree above the cluster's folder, which must stay as they are.
struct Watched {
    place: Place,
    home: PathBuf,
    tmp: PathBuf,
}

impl Watched {
    fn new(first_port: u16) -> Self {
        let place = Place::on([0, 1, 2, 3, 4].map(|number| first_port + number));
        let (home, tmp) = (place.path("home"), place.path("tmp"));
        for folder in [&home, &tmp] {
            fs::create_dir(folder).unwrap();
            // The servers' user could write there.
            fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
        }
        fs::write(home.join(".bashrc"), "# mine\n").unwrap();
        fs::set_permissions(home.join(".bashrc"), fs::Permissions::from_mode(0o666)).unwrap();
        Self { place, home, tmp }
    }

    /// The seed with settings for all servers, and for one of them.
    fn design(&self, settings: &[(String, String)], own: &[(String, String)]) {
        let seed = fs::read_to_string(self.place.path("seed.toml")).unwrap();
        let lines = |settings: &[(String, String)]| -> String {
            let line =
                |(name, value): &(String, String)| format!("\"{name}\" = {}\n", Value::from(value.as_str()));
            settings.iter().map(line).collect()
        };
        let (head, servers) = seed.split_once("[[server]]").unwrap();
        let text = format!(
            "{head}[settings]\n{}\n[[server]]{}",
            lines(settings),
            servers.replacen(
                "[[server]]",
                &format!("[server.settings]\n{}\n[[server]]", lines(own)),
                1
            )
        );
        fs::write(self.place.path("design.toml"), text).unwrap();
    }

    fn seen(&self) -> Seen {
        let mut seen = Seen::new();
        look(self.home.parent().unwrap(), &mut seen);
        // What others do in /tmp meanwhile is theirs: of it, only the list of names that begin as ours would.
        for name in ["/tmp/x", "/tmp/pwned", "/home/u"] {
            look(Path::new(name), &mut seen);
        }
        seen
    }

    /// What `check` says of the design, whatever it says, in small letters.
    fn checked(&self) -> String {
        let output = self.place.command(&["check", "design.toml"]).output().unwrap();
        assert!(output.status.code().is_some_and(|code| code < 2), "{output:?}");
        String::from_utf8_lossy(&output.stdout).to_lowercase()
    }

    /// What the command said, its exit code being this one.
    #[track_caller]
    fn run(&self, arguments: &[&str], code: i32) -> String {
        let mut command = self.place.command(arguments);
        let output = command
            .env("HOME", &self.home)
            .env("TMPDIR", &self.tmp)
            .output()
            .unwrap();
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(!said.contains("panicked"), "{said}");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        said
    }
}

fn owned(settings: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    settings.iter().map(own).collect()
}

#[test]
fn without_trust_nothing_is_built_and_nothing_is_written() {
    let watched = Watched::new(FIRST_PORT);
    let home = watched.home.to_str().unwrap();
    let up = "../../../../home";
    // What a line of the log would do in ~/.bashrc.
    let attack = owned(&[
        ("logging_collector", "on"),
        ("log_directory", home),
        ("log_filename", ".bashrc"),
        ("log_line_prefix", "touch /tmp/pwned # "),
    ]);
    let climbing = owned(&[
        ("logging_collector", "on"),
        ("LOG_DIRECTORY", up),
        ("Log_Filename", ".bashrc"),
    ]);
    let in_name = owned(&[
        ("logging_collector", "on"),
        ("log_filename", "../../../../home/.bashrc"),
    ]);
    let own_files = owned(&[
        ("logging_collector", "on"),
        ("log_directory", "."),
        ("log_filename", "postgresql.auto.conf"),
        ("log_line_prefix", "archive_command = 'touch /tmp/pwned' # "),
    ]);
    let include = owned(&[
        ("include_if_exists", "../log"),
        ("log_line_prefix", "listen_addresses = '*' # "),
    ]);
    for (settings, words) in [
        (attack, "log_directory"),
        (climbing, "LOG_DIRECTORY"),
        (in_name, "log_filename"),
        (own_files, "log_filename"),
        (include, "include_if_exists"),
        (
            owned(&[("ssl_passphrase_command", "touch /tmp/pwned")]),
            "ssl_passphrase_command",
        ),
        (
            owned(&[("Session_Preload_Libraries", "auto_explain")]),
            "Session_Preload_Libraries",
        ),
        (owned(&[("evil.setting", "x")]), "evil.setting"),
    ] {
        for for_all in [true, false] {
            let (all, own) = if for_all {
                (&settings[..], &[][..])
            } else {
                (&[][..], &settings[..])
            };
            watched.design(all, own);
            let before = watched.seen();
            let said = watched.run(&["deploy", "design.toml", "--dir", "d"], 1);
            assert!(said.contains(words), "{words}: {said}");
            let said = watched.run(&["deploy", "design.toml", "--dir", "d", "--json"], 1);
            let last: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
            assert_eq!(last["outcome"]["outcome"], "failed", "{said}");
            watched.run(&["plan", "design.toml", "--dir", "d"], 1);
            assert_eq!(before, watched.seen(), "{words}");
        }
    }
}

#[test]
fn random_designs_without_trust_write_nothing_outside_their_folder() {
    const VALUES: [&str; 9] = [
        "/tmp/pwned",
        "../../../../home/x",
        "touch /tmp/pwned",
        "../../../../tmp",
        ".",
        "auto_explain",
        "on",
        "../log",
        "x.log",
    ];
    /// Of those below; the others run a command, load code, read another file, or nobody has judged them.
    const NAMES_A_FILE: [&str; 6] = [
        "log_directory",
        "log_filename",
        "external_pid_file",
        "unix_socket_directories",
        "ssl_key_file",
        "krb_server_keyfile",
    ];
    const NAMES: [&str; 22] = [
        "archive_command",
        "restore_command",
        "recovery_end_command",
        "archive_cleanup_command",
        "ssl_passphrase_command",
        "shared_preload_libraries",
        "session_preload_libraries",
        "local_preload_libraries",
        "dynamic_library_path",
        "jit_provider",
        "archive_library",
        "log_directory",
        "log_filename",
        "external_pid_file",
        "unix_socket_directories",
        "ssl_key_file",
        "krb_server_keyfile",
        "include",
        "include_dir",
        "include_if_exists",
        "evil.setting",
        "plperl.on_init",
    ];
    let watched = Watched::new(FIRST_PORT + 10);
    let (mut built, mut refused) = (0, 0);
    for case in 0..number("PGCASCADE_CASES").unwrap_or(DESIGNS) {
        let mut random = Random::new(case);
        let mut some = |most: usize| -> Vec<(String, String)> {
            let count = random.below(most + 1);
            let one = |random: &mut Random| {
                let name = random.pick(&NAMES);
                let name = if random.one_in(3) {
                    name.to_uppercase()
                } else {
                    name.to_owned()
                };
                (name, random.pick(&VALUES).to_owned())
            };
            let mut settings: BTreeMap<String, (String, String)> = BTreeMap::new();
            for _ in 0..count {
                let (name, value) = one(&mut random);
                settings.insert(name.to_lowercase(), (name, value));
            }
            let mut settings: Vec<_> = settings.into_values().collect();
            // The collector is what writes logs by name.
            settings.push(("logging_collector".to_owned(), "on".to_owned()));
            settings
        };
        let (all, own) = (some(2), some(1));
        watched.design(&all, &own);
        let checked = watched.checked();
        let runs = |name: &String| !NAMES_A_FILE.contains(&name.as_str()) && name != "logging_collector";
        let dangerous: Vec<String> = all
            .iter()
            .chain(&own)
            .map(|(name, _)| name.to_lowercase())
            .filter(runs)
            .collect();
        for name in &dangerous {
            assert!(checked.contains(name), "case {case}: {name} is not in\n{checked}");
        }
        let before = watched.seen();
        let mut command = watched.place.command(&["deploy", "design.toml", "--dir", "d"]);
        let output = command
            .env("HOME", &watched.home)
            .env("TMPDIR", &watched.tmp)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() {
            assert_eq!(dangerous, [""; 0], "case {case} was built");
            built += 1;
            watched.run(&["teardown", "d"], 0);
        } else {
            refused += 1;
            // A name that only the server can judge: a log folder whose parent is not there, for example.
            assert!(
                said.contains("nothing was changed") || said.contains("Everything was rolled back"),
                "case {case}: {said}\n{all:?} {own:?}"
            );
        }
        let ours = |seen: Seen| -> Seen {
            // What pgcascade keeps for itself, and times of folders in which it made and removed its own.
            let is_ours = |path: &Path| {
                let base = watched.home.parent().unwrap();
                path == base || path.starts_with(base.join("state")) || path.starts_with(base.join("cache"))
            };
            seen.into_iter().filter(|(path, _)| !is_ours(path)).collect()
        };
        assert_eq!(
            ours(before),
            ours(watched.seen()),
            "case {case}: {all:?} {own:?}\n{said}"
        );
    }
    println!("{built} built, {refused} refused");
    assert!(
        refused > built,
        "{built} built, {refused} refused: not much of a test"
    );
}

#[test]
fn with_trust_it_runs_and_another_list_is_asked_about_again() {
    let watched = Watched::new(FIRST_PORT + 20);
    let preload = |library: &str| owned(&[("session_preload_libraries", library)]);
    watched.design(&preload("auto_explain"), &[]);
    let deploy = ["deploy", "design.toml", "--dir", "d"];
    watched.run(&deploy, 1);
    watched.run(&[&deploy[..], &["--trust"]].concat(), 0);
    let trusted = watched.place.path("state/pgcascade/trusted.json");
    assert_eq!(
        fs::metadata(&trusted).unwrap().permissions().mode() & 0o777,
        0o600
    );
    watched.run(&["teardown", "d"], 0);

    // It is remembered, and said all the same.
    let said = watched.run(&deploy, 0);
    assert!(
        said.contains("Runs on this machine: code that session_preload_libraries"),
        "{said}"
    );
    // Another one is refused, and changes nothing.
    watched.design(&preload("pg_stat_statements"), &[]);
    let apply = ["apply", "design.toml", "--dir", "d"];
    let said = watched.run(&apply, 1);
    assert!(
        said.contains("pg_stat_statements") && said.contains("--trust"),
        "{said}"
    );
    let said = watched.run(&[&apply[..], &["--plan"]].concat(), 1);
    assert!(said.contains("Runs on this machine"), "{said}");
    watched.run(&["verify", "d"], 0);
    let said = watched.run(&[&apply[..], &["--trust"]].concat(), 0);
    assert!(said.contains("pg_stat_statements"), "{said}");
    // Without it there is nothing to be asked about.
    watched.design(&[], &[]);
    watched.run(&apply, 0);
    watched.run(&["teardown", "d"], 0);
}

#[test]
fn a_library_that_is_not_there_is_said_before_anything_is_built() {
    let watched = Watched::new(FIRST_PORT + 30);
    watched.design(
        &owned(&[("shared_preload_libraries", "auto_explain, pgc_nowhere")]),
        &[],
    );
    let said = watched.run(&["deploy", "design.toml", "--dir", "d", "--trust"], 1);
    assert!(said.contains("library \"pgc_nowhere\""), "{said}");
    assert!(!said.contains("library \"auto_explain\"") && !watched.place.path("d").exists());
}

/// What the rule `file-outside-folder` keeps out: a real server appends what the design says to a file of the user.
#[test]
fn a_log_is_any_file_that_the_design_names() {
    let _template = template();
    let settings = [
        (None, "logging_collector", "on"),
        (None, "log_directory", ".."),
        (None, "log_filename", ".bashrc"),
        (None, "log_line_prefix", "touch /tmp/pwned # "),
    ];
    let lab = Lab::new("file-outside-folder", 70, "m 1\n", &settings);
    lab.up();
    let bashrc = lab.data("m").with_file_name(".bashrc");
    let written = fs::read_to_string(&bashrc).unwrap();
    assert!(written.starts_with("touch /tmp/pwned # "), "{written}");
}

/// What the rule `setting-includes-file` keeps out: the server's own log is read as settings at the next start.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_included_is_read_as_settings() {
    let _template = template();
    let settings = [
        (None, "INCLUDE_if_exists", "../log"),
        (None, "log_line_prefix", "work_mem = '77MB' # "),
    ];
    let lab = Lab::new("setting-includes-file", 71, "m 1\n", &settings);
    lab.up();
    lab.expect("m", "SHOW work_mem", "4MB").await;
    lab.stop("m");
    lab.up();
    lab.expect("m", "SHOW work_mem", "77MB").await;
}
