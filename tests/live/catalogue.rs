//! The catalogue against real servers' own parser: random settings, known and unknown, good and bad, are written into a
//! configuration file that the server only reads (`postgres -C port`). What it complains of is what we complain of.
//!
//! Runs with this machine's PostgreSQL, and with every other whose program folder is in `PGCASCADE_TEST_BINS`
//! (as in PATH, with colons): that is how 10 to 18 are compared.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use pgcascade::engine::deploy::{self, Request};
use pgcascade::model::topology::catalogue::{self, Kind, Known, Parameter};
use pgcascade::model::topology::{PgMajor, notation};

use super::random::Random;
use super::scene::Scene;

/// Values whose acceptance hangs on more than the value: the server's check looks at the machine, at how it was built,
/// or at other settings.
const DEPENDS: [&str; 14] = [
    "sort_mem", // old names: the server speaks of work_mem and maintenance_work_mem
    "vacuum_mem",
    "autovacuum_max_workers", // their sum is limited, up to 17
    "max_connections",
    "max_wal_senders",
    "max_worker_processes",
    "bonjour",                     // not built in
    "default_with_oids",           // from 12 on only off
    "standard_conforming_strings", // from 19 on only on: the complaint does not name it
    "log_min_messages",            // "panic" hides the complaints that are asked for
    "log_parser_stats",            // not together with log_statement_stats
    "log_planner_stats",
    "log_executor_stats",
    "max_stack_depth", // the machine's ulimit
];
/// Words that a server takes only if it was built with a library.
const BUILT_IN: [&str; 3] = ["lz4", "zstd", "io_uring"];
const ROUNDS: usize = 30;

/// A server that reads a file and says what is wrong with it.
struct Server {
    bin: PathBuf,
    major: PgMajor,
    user: Option<(u32, u32)>,
}

impl Server {
    /// What the server logs when it reads these lines.
    fn complaints(&self, scene: &Scene, settings: &[(String, String)]) -> Vec<String> {
        let conf = scene.path().join("probe.conf");
        let lines: String = settings
            .iter()
            .map(|(name, value)| format!("{name} = '{}'\n", value.replace('\'', "''")))
            .collect();
        fs::write(&conf, lines).unwrap();
        let mut command = Command::new(self.bin.join("postgres"));
        command
            .args(["-C", "port", "-D"])
            .arg(data(scene))
            .arg(format!("--config-file={}", conf.display()))
            .env("LC_ALL", "C");
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        let said = command.output().unwrap();
        String::from_utf8_lossy(&said.stderr)
            .lines()
            .filter(|line| line.contains("LOG:"))
            .map(str::to_owned)
            .collect()
    }
}

fn data(scene: &Scene) -> PathBuf {
    scene.path().join("data")
}

/// The names in what was said: `… parameter "name" …`.
fn named(said: &[String]) -> BTreeSet<String> {
    said.iter()
        .filter_map(|line| line.split_once("parameter \"")?.1.split('"').next())
        .map(str::to_ascii_lowercase)
        .collect()
}

/// Every server that is to be asked, and whom it runs as.
async fn servers(scene: &Scene) -> Vec<Server> {
    let request = Request {
        folder: scene.path().to_owned(),
        bin: None,
        run_as: None,
    };
    let machine = deploy::discover(&notation::parse("m 5432\n").unwrap(), &request).await;
    let own = machine
        .tools
        .first()
        .expect("these tests need PostgreSQL: install the package postgresql");
    let others = std::env::var("PGCASCADE_TEST_BINS").unwrap_or_default();
    let user = machine.run_as.as_ref().map(|user| (user.uid, user.gid));
    fs::create_dir(data(scene)).unwrap();
    fs::set_permissions(data(scene), fs::Permissions::from_mode(0o700)).unwrap();
    if let Some((uid, gid)) = user {
        std::os::unix::fs::chown(data(scene), Some(uid), Some(gid)).unwrap();
    }
    std::env::split_paths(&others)
        .chain([PathBuf::from(&own.bin)])
        .filter(|bin| !bin.as_os_str().is_empty())
        .map(|bin| Server {
            major: major_of(&bin),
            bin,
            user,
        })
        .collect()
}

fn major_of(bin: &Path) -> PgMajor {
    let said = Command::new(bin.join("postgres"))
        .arg("--version")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let version = said
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    // "19beta3"
    let version = version
        .unwrap()
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .next();
    PgMajor::parse(version.unwrap()).unwrap()
}

impl Random {
    fn value(&mut self, parameter: &Parameter) -> String {
        match &parameter.kind {
            Kind::Integer(range) | Kind::Real(range) if self.below(8) > 0 => {
                let ends = [range.written.0, range.written.1];
                let number = match self.below(4) {
                    0 => self.pick(&ends).to_owned(),
                    1 => format!("{}", self.below(3000)),
                    2 => self.pick(&NUMBERS).to_owned(),
                    _ => format!(
                        "{}",
                        range.least.max(-9e9) + f64::from(u32::try_from(self.below(200)).unwrap()) - 100.0
                    ),
                };
                format!("{}{number}{}", self.pick(&["", "", "", " "]), self.pick(&UNITS))
            }
            Kind::Enum { shown, hidden } if self.below(3) > 0 => {
                let words: Vec<_> = shown.iter().chain(hidden).copied().collect();
                let word = self.pick(&words).to_owned();
                match self.below(6) {
                    0 => word.to_uppercase(),
                    1 => format!("{word} "),
                    2 => word.chars().skip(1).collect(),
                    _ => word,
                }
            }
            _ if self.below(10) == 0 => self.pick(&NUMBERS).to_owned(),
            _ => self.pick(&WORDS).to_owned(),
        }
    }
}

const NUMBERS: [&str; 38] = [
    "0",
    "1",
    "-1",
    "64",
    "08",
    "010",
    "0x40",
    "0X1f",
    "0x",
    "0x1.8",
    "0x1p3",
    "1.5",
    "1.4999",
    ".5",
    "5.",
    ".",
    "1e3",
    "1E3",
    "1e",
    "1e+2",
    "1e400",
    "1e-400",
    "2147483647",
    "2147483648",
    "-2147483648",
    "-2147483649",
    "9223372036854775808",
    "99999999999999999999",
    "inf",
    "-Infinity",
    "nan",
    "+7",
    "--7",
    "1_000",
    "0.1",
    "0.0001",
    "1,5",
    "",
];
const UNITS: [&str; 26] = [
    "", "", "", "", "", "", "B", "kB", "MB", "GB", "TB", " MB", "kB ", "  GB  ", "KB", "mb", "us", "ms", "s",
    "min", "h", "d", "sec", "S", "x", "kBx",
];
const WORDS: [&str; 30] = [
    "on", "off", "of", "o", "ON", "On", "true", "t", "tr", "truth", "false", "f", "yes", "y", "no", "n",
    "nope", "0", "1", "2", "01", "", " ", " on", "on ", "default", "none", "debug", "replica", "it's",
];

fn ours(parameter: &Parameter, value: &str, major: PgMajor) -> bool {
    !parameter.is_internal() && parameter.judge(value, major, false).is_ok()
}

#[tokio::test]
async fn values_are_judged_as_servers_judge_them() {
    let scene = Scene::new();
    let mut random = Random::new(0);
    for server in servers(&scene).await {
        let parameters: Vec<&Parameter> = catalogue::names(server.major)
            .filter(|name| !DEPENDS.contains(name))
            .filter_map(|name| match catalogue::lookup(name, server.major) {
                Known::Here(parameter) => Some(parameter),
                _ => None,
            })
            .filter(|parameter| parameter.kind != Kind::Text || parameter.is_internal())
            .collect();
        let (mut asked, mut good, mut wrong) = (0, 0, BTreeSet::new());
        for _ in 0..ROUNDS {
            let settings: Vec<(String, String)> = parameters
                .iter()
                .map(|parameter| (parameter.name.to_owned(), random.value(parameter)))
                .collect();
            let said = server.complaints(&scene, &settings);
            let refused = named(&said);
            for (parameter, (name, value)) in parameters.iter().zip(&settings) {
                let theirs = !refused.contains(&name.to_ascii_lowercase());
                let ours = ours(parameter, value, server.major);
                let depends = BUILT_IN.contains(&value.to_ascii_lowercase().as_str());
                if ours != theirs && !depends {
                    let line = said.iter().find(|line| line.contains(&format!("\"{name}\"")));
                    wrong.insert(format!(
                        "{name} = {value:?} in {}: {parameter:?}, {line:?}",
                        server.major
                    ));
                }
                asked += 1;
                good += usize::from(theirs);
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert!(
            good * 5 > asked && good * 5 < asked * 4,
            "{good} good of {asked}: not much of a test"
        );
        println!("{}: {asked} settings, {good} of them good", server.major);
    }
}

#[tokio::test]
async fn names_are_known_as_servers_know_them() {
    let scene = Scene::new();
    for server in servers(&scene).await {
        let all: BTreeSet<&str> = PgMajor::ALL.into_iter().flat_map(catalogue::names).collect();
        let settings: Vec<(String, String)> = all
            .into_iter()
            // Directives, and what Debian adds to its own servers.
            .filter(|name| !name.starts_with("include") && *name != "extension_destdir")
            // Only minor releases from August 2026 on have it before 19.
            .filter(|name| *name != "output_plugin_libraries" || server.major >= PgMajor::V19)
            .flat_map(|name| {
                [
                    name.to_owned(),
                    format!("{name}x"),
                    format!("x.{name}"),
                    name.to_uppercase(),
                ]
            })
            .map(|name| (name, "1".to_owned()))
            .collect();
        let said: Vec<String> = server.complaints(&scene, &settings);
        let unknown: Vec<String> = said
            .into_iter()
            .filter(|line| line.contains("unrecognized"))
            .collect();
        let unknown = named(&unknown);
        for (name, _) in &settings {
            let theirs = !unknown.contains(&name.to_ascii_lowercase());
            let ours = name.contains('.') || matches!(catalogue::lookup(name, server.major), Known::Here(_));
            assert_eq!(ours, theirs, "{name} in {}", server.major);
        }
    }
}
