//! What an error-level rule says is true: the design that it finds fault with really fails, hangs or misleads on the
//! machine's PostgreSQL. The servers here get the files that the bundle has for them, and nothing looks at them before.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use pgcascade::model::bundle::generate;
use pgcascade::model::document::Document;
use pgcascade::model::topology::{Auth, Edit, PgMajor, Port, RULES, Severity, Topology, check, notation};

/// Ports that nothing else in these tests takes; every proof has five of its own.
const FIRST_PORT: u16 = 28_000;
const USER: &str = "postgres";
/// For what has to come: a server, a row of a view, a line of a log.
const SOON: Duration = Duration::from_secs(10);
/// What commits normally here takes a hundredth of this.
const HANGS: Duration = Duration::from_millis(1_500);

/// Error rules that a test below shows, by the name of the test.
const SHOWN: [(&str, &str); 16] = [
    ("port-used-twice", "a_start_is_refused"),
    ("wal-level-minimal", "a_start_is_refused"),
    ("ssl-without-certificate", "a_start_is_refused"),
    ("no-connection-left", "a_start_is_refused"),
    ("standby-setting-below-primary", "a_start_is_refused"),
    ("setting-is-managed", "a_setting_by_hand_undoes_the_drawing"),
    ("sync-on-cascaded-standby", "what_is_drawn_synchronous_is_not"),
    ("sync-priority-used-twice", "what_is_drawn_synchronous_is_not"),
    (
        "sync-names-equal-but-for-case",
        "what_is_drawn_synchronous_is_not",
    ),
    ("sync-count-above-candidates", "a_commit_hangs"),
    ("remote-apply-waits-for-delay", "a_commit_hangs"),
    ("hot-standby-off-on-relay", "a_standby_never_streams"),
    ("too-few-wal-senders", "a_standby_never_streams"),
    ("host-is-no-address", "a_standby_never_streams"),
    ("too-few-slots", "a_slot_is_refused"),
    ("recovery-target-by-hand", "a_standby_stands_still"),
];

/// Error rules that one machine with one PostgreSQL of today cannot show, and why.
const NOT_SHOWN: [(&str, &str); 8] = [
    (
        "sync-any-before-10",
        "it needs 9.6 or older: tried there, the value is refused at the start",
    ),
    (
        "sync-count-before-9.6",
        "it needs 9.5 or older: tried there, \"2 (a, b)\" is refused at the start",
    ),
    (
        "commit-level-unknown",
        "it needs 9.5 or older: tried there, remote_apply is refused at the start",
    ),
    (
        "delay-before-9.4",
        "it needs 9.3 or older: tried there, recovery.conf is refused",
    ),
    (
        "slot-before-9.4",
        "it needs 9.3 or older: tried there, recovery.conf is refused",
    ),
    (
        "scram-before-10",
        "it needs 9.6 or older: tried there, pg_hba.conf is refused",
    ),
    (
        "senders-fill-connections",
        "it needs 11 or older: tried on 9.2 to 11, the start is refused",
    ),
    (
        "loopback-beside-other-hosts",
        "it needs two machines: on one, a connection to the machine's own name arrives although it is drawn wrong",
    ),
];

#[test]
fn every_error_rule_is_shown_or_says_why_not() {
    let errors = RULES.iter().filter(|rule| rule.severity == Severity::Error);
    let told = || SHOWN.iter().chain(&NOT_SHOWN).map(|(id, _)| *id);
    for rule in errors {
        assert_eq!(told().filter(|id| *id == rule.id).count(), 1, "{}", rule.id);
    }
    for id in told() {
        assert!(RULES.iter().any(|rule| rule.id == id), "{id}");
    }
}

/// The servers of one design, in a folder that is laid out as a cluster's.
struct Lab {
    base: tempfile::TempDir,
    topology: Topology,
}

impl Lab {
    /// A design that the rule finds fault with, and a data directory for each of its servers.
    fn new(rule: &str, number: u16, text: &str, settings: &[(Option<&str>, &str, &str)]) -> Self {
        let mut topology = notation::parse(text).unwrap();
        topology.apply(&Edit::SetPostgres(programs().1)).unwrap();
        // Passwords are another story.
        topology.apply(&Edit::SetAuth(Some(Auth::Trust))).unwrap();
        // The design's ports count from 1; here they begin elsewhere, and what was equal stays equal.
        let ports: Vec<_> = topology
            .servers()
            .iter()
            .map(|own| (own.id(), own.port()))
            .collect();
        for (server, port) in ports {
            let port = Port::new(FIRST_PORT + number * 5 + port.number()).unwrap();
            topology.apply(&Edit::SetPort { server, port }).unwrap();
        }
        for (server, name, value) in settings {
            let server = server.map(|name| topology.by_name(name).unwrap().id());
            let (name, value) = ((*name).to_owned(), Some((*value).to_owned()));
            topology.apply(&Edit::SetSetting { server, name, value }).unwrap();
        }
        let found = check(&topology);
        assert!(
            found.iter().any(|finding| finding.rule == rule),
            "{rule}: {found:#?}"
        );

        let lab = Self {
            base: folder(),
            topology,
        };
        fs::create_dir(lab.base.path().join("run")).unwrap();
        for server in lab.topology.servers() {
            fs::create_dir_all(lab.folder(server.name().as_str())).unwrap();
        }
        give_to_user(lab.base.path());
        let template = template();
        for server in lab.topology.servers() {
            lab.copy(&template.path().join("data"), server.name().as_str());
        }
        lab
    }

    fn folder(&self, server: &str) -> PathBuf {
        let server = self.topology.by_name(server).unwrap();
        self.base
            .path()
            .join("servers")
            .join(&self.topology.folders()[&server.id()])
    }

    fn data(&self, server: &str) -> PathBuf {
        self.folder(server).join("data")
    }

    /// A cold copy, with the bundle's files for that server.
    fn copy(&self, from: &Path, server: &str) {
        let data = self.data(server);
        if data.exists() {
            fs::remove_dir_all(&data).unwrap();
        }
        let done = as_user("cp").arg("-a").arg(from).arg(&data).output().unwrap();
        assert!(done.status.success(), "{done:?}");
        let bundle = generate(&Document::new(self.topology.clone()));
        let own = format!("servers/{}/", self.folder(server).file_name().unwrap().display());
        for file in &bundle.files {
            if let Some(name) = file.path.strip_prefix(&own) {
                fs::write(data.join(name), &file.contents).unwrap();
            }
        }
        give_to_user(&data);
    }

    /// Starts a server; what is wrong is what it said.
    fn start(&self, server: &str) -> Result<(), String> {
        let output = pg_ctl(&self.data(server), &["-w", "-t", "10", "-l"])
            .arg(self.folder(server).join("log"))
            .arg("start")
            .output()
            .unwrap();
        if output.status.success() {
            return Ok(());
        }
        Err(format!(
            "{}{}",
            String::from_utf8_lossy(&output.stderr),
            self.log(server)
        ))
    }

    /// Starts every server, upstreams first.
    fn up(&self) {
        for id in self.topology.in_tree_order() {
            let name = self.topology.server(id).unwrap().name().as_str();
            self.start(name).unwrap_or_else(|log| panic!("{name}: {log}"));
        }
    }

    fn stop(&self, server: &str) {
        let output = pg_ctl(&self.data(server), &["-w", "-m", "fast", "stop"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    fn log(&self, server: &str) -> String {
        fs::read_to_string(self.folder(server).join("log")).unwrap_or_default()
    }

    /// Waits for one of these words in the server's log.
    #[track_caller]
    fn expect_log(&self, server: &str, words: &[&str]) {
        let begun = Instant::now();
        while !words.iter().any(|words| self.log(server).contains(words)) {
            assert!(begun.elapsed() < SOON, "{words:?}: {}", self.log(server));
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    async fn session(&self, server: &str) -> tokio_postgres::Client {
        let server = self.topology.by_name(server).unwrap();
        let mut config = tokio_postgres::Config::new();
        config
            .host("127.0.0.1")
            .port(server.port().number())
            .user(USER)
            .dbname("postgres");
        let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// Asks until the answer, a single text, is the expected one.
    #[track_caller]
    fn expect(&self, server: &str, question: &str, answer: &str) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move {
            let client = self.session(server).await;
            let begun = Instant::now();
            loop {
                let row = client.query_one(question, &[]).await.unwrap();
                let said: Option<String> = row.get(0);
                if said.as_deref() == Some(answer) {
                    return;
                }
                assert!(
                    begun.elapsed() < SOON,
                    "{place}: {said:?}, not {answer:?}: {}",
                    self.log(server)
                );
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for server in self.topology.servers() {
            let data = self.data(server.name().as_str());
            if data.join("postmaster.pid").exists() {
                // One that refused to start has nothing to stop.
                let _ = pg_ctl(&data, &["-w", "-m", "immediate", "stop"]).output();
            }
        }
    }
}

/// Everything that stands on the server, as name, priority and state.
const SENDERS: &str = "SELECT coalesce(string_agg(application_name || ' ' || sync_priority || ' ' || sync_state, ', ' \
                       ORDER BY application_name), '') FROM pg_stat_replication WHERE state = 'streaming'";

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

fn give_to_user(path: &Path) {
    if is_root() {
        let done = Command::new("chown")
            .args(["-R", USER])
            .arg(path)
            .status()
            .unwrap();
        assert!(done.success());
    }
}

/// A program as the servers' user.
fn as_user(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/").env("LC_ALL", "C");
    if is_root() {
        let user = nix::unistd::User::from_name(USER)
            .unwrap()
            .expect("there is no user postgres");
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    command
}

fn pg_ctl(data: &Path, arguments: &[&str]) -> Command {
    let mut command = as_user(programs().0.join("pg_ctl"));
    command.arg("-s").arg("-D").arg(data).args(arguments);
    command
}

/// The newest installed PostgreSQL: the folder of its programs, and its major.
fn programs() -> (PathBuf, PgMajor) {
    let installed = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let packaged = installed.filter_map(|entry| {
        let major = PgMajor::parse(&entry.file_name().to_string_lossy()).ok()?;
        let bin = entry.path().join("bin");
        bin.join("initdb").exists().then_some((bin, major))
    });
    packaged
        .max_by_key(|(_, major)| *major)
        .expect("PostgreSQL is required: apt install postgresql (make test does it)")
}

/// A data directory that no server has run in, with the role that standbys stream as; one for all tests that run at the
/// same time, removed with the last of them.
fn template() -> Arc<tempfile::TempDir> {
    static LAST: Mutex<Weak<tempfile::TempDir>> = Mutex::new(Weak::new());
    let mut last = LAST.lock().unwrap();
    if let Some(template) = last.upgrade() {
        return template;
    }
    let home = Arc::new(folder());
    *last = Arc::downgrade(&home);
    let data = home.path().join("data");
    let said = |output: Output| assert!(output.status.success(), "{output:?}");
    let mut initdb = as_user(programs().0.join("initdb"));
    initdb
        .args(["-N", "-A", "trust", "--no-locale", "-U", USER, "-D"])
        .arg(&data);
    said(initdb.output().unwrap());
    let sql = home.path().join("role.sql");
    fs::write(&sql, "CREATE ROLE replicator REPLICATION LOGIN;\n").unwrap();
    let mut single = as_user(programs().0.join("postgres"));
    single.args(["--single", "-D"]).arg(&data).arg("postgres");
    said(single.stdin(fs::File::open(&sql).unwrap()).output().unwrap());
    home
}

/// A folder of the servers' user, removed at the end.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new()
        .prefix("pgc-rules-")
        .tempdir_in("/tmp")
        .unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    give_to_user(folder.path());
    folder
}

#[test]
fn a_start_is_refused() {
    let _template = template();
    let refused = |rule: &str, number, name: &str, value: &str, words: &str| {
        let lab = Lab::new(rule, number, "m 1\n", &[(None, name, value)]);
        let log = lab.start("m").unwrap_err();
        assert!(log.contains(words), "{rule}: {log}");
    };
    refused("wal-level-minimal", 0, "wal_level", "minimal", "WAL streaming");
    refused(
        "ssl-without-certificate",
        1,
        "ssl",
        "on",
        "could not load server certificate file",
    );
    refused(
        "no-connection-left",
        2,
        "max_connections",
        "3",
        "must be less than",
    );

    let lab = Lab::new("port-used-twice", 3, "m 1\n  s 1\n", &[]);
    lab.start("m").unwrap();
    let log = lab.start("s").unwrap_err();
    assert!(
        log.contains("already in use") || log.contains("lock file"),
        "{log}"
    );

    let lab = Lab::new(
        "standby-setting-below-primary",
        4,
        "m 1\n  s 2\n",
        &[(Some("m"), "max_connections", "120")],
    );
    lab.start("m").unwrap();
    lab.stop("m");
    lab.copy(&lab.data("m"), "s");
    let log = lab.start("s").unwrap_err();
    assert!(
        log.contains("insufficient parameter settings") || log.contains("hot standby is not possible"),
        "{log}"
    );
}

#[test]
fn a_setting_by_hand_undoes_the_drawing() {
    let _template = template();
    let lab = Lab::new("setting-is-managed", 5, "m 1\n", &[(None, "port", "28999")]);
    let asked = as_user(programs().0.join("postgres"))
        .args(["-C", "port", "-D"])
        .arg(lab.data("m"))
        .output()
        .unwrap();
    let drawn = lab.topology.primary().port().to_string();
    let real = String::from_utf8(asked.stdout).unwrap();
    assert_eq!((real.trim(), drawn.as_str()), ("28999", "28026"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_drawn_synchronous_is_not() {
    let _template = template();
    let text = "m 1 sync first 1\n  a 2 no-slot\n    c 3 priority 1 no-slot\n";
    let lab = Lab::new("sync-on-cascaded-standby", 6, text, &[]);
    lab.up();
    lab.expect("a", SENDERS, "c 0 async").await;
    lab.expect("m", SENDERS, "a 0 async").await;
    drop(lab);

    let text = "m 1 sync first 1\n  a 2 priority 1 no-slot\n  b 3 priority 1 no-slot\n";
    let lab = Lab::new("sync-priority-used-twice", 7, text, &[]);
    lab.up();
    lab.expect("m", SENDERS, "a 1 sync, b 2 potential").await;
    drop(lab);

    let text = "m 1 sync any 1\n  a 2 priority 1 no-slot\n  A 3 no-slot\n";
    let lab = Lab::new("sync-names-equal-but-for-case", 8, text, &[]);
    lab.up();
    lab.expect("m", SENDERS, "A 1 quorum, a 1 quorum").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_hangs() {
    let _template = template();
    let hangs = async |rule: &str, number, text: &str, senders: &str| {
        let lab = Lab::new(rule, number, text, &[]);
        lab.up();
        lab.expect("m", SENDERS, senders).await;
        let client = lab.session("m").await;
        let written = tokio::time::timeout(HANGS, client.batch_execute("CREATE TABLE t ()")).await;
        assert!(written.is_err(), "{rule}: {written:?}");
    };
    let text = "m 1 sync first 3\n  a 2 priority 1 no-slot\n  b 3 priority 2 no-slot\n";
    hangs("sync-count-above-candidates", 9, text, "a 1 sync, b 2 sync").await;
    let text = "m 1 sync first 1 commit remote_apply\n  a 2 priority 1 delay 10min no-slot\n";
    hangs("remote-apply-waits-for-delay", 10, text, "a 1 sync").await;
    // And the same without its fault does not.
    let lab = Lab::new(
        "sync-needs-all-candidates",
        11,
        "m 1 sync first 1\n  a 2 priority 1 no-slot\n",
        &[],
    );
    lab.up();
    lab.expect("m", SENDERS, "a 1 sync").await;
    let client = lab.session("m").await;
    let written = tokio::time::timeout(SOON, client.batch_execute("CREATE TABLE t ()")).await;
    written.unwrap().unwrap();
}

#[test]
fn a_standby_never_streams() {
    let _template = template();
    let chain = "m 1\n  a 2 no-slot\n    c 3 no-slot\n";
    let lab = Lab::new(
        "hot-standby-off-on-relay",
        12,
        chain,
        &[(Some("a"), "hot_standby", "off")],
    );
    lab.up();
    lab.expect_log(
        "c",
        &["not accepting connections", "the database system is starting up"],
    );
    drop(lab);

    let pair = "m 1\n  a 2 no-slot\n  b 3 no-slot\n";
    let lab = Lab::new(
        "too-few-wal-senders",
        13,
        pair,
        &[(Some("m"), "max_wal_senders", "1")],
    );
    lab.up();
    lab.expect_log("m", &["exceeds \"max_wal_senders\"", "exceeds max_wal_senders"]);
    drop(lab);

    let text = "m 1 host 0.0.0.0\n  s 2 host 0.0.0.0 no-slot\n";
    let lab = Lab::new("host-is-no-address", 14, text, &[]);
    lab.up();
    lab.expect_log("s", &["no pg_hba.conf entry for replication connection"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_is_refused() {
    let _template = template();
    let text = "m 1\n  a 2\n  b 3\n";
    let lab = Lab::new(
        "too-few-slots",
        15,
        text,
        &[(Some("m"), "max_replication_slots", "1")],
    );
    lab.start("m").unwrap();
    let client = lab.session("m").await;
    let make = async |name| {
        let sql = format!("SELECT pg_create_physical_replication_slot('{name}')");
        client.batch_execute(&sql).await
    };
    make("a").await.unwrap();
    let error = make("b").await.unwrap_err();
    let said = error.as_db_error().unwrap().message();
    assert_eq!(said, "all replication slots are in use");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_stands_still() {
    let _template = template();
    let text = "m 1\n  s 2 no-slot\n";
    let lab = Lab::new(
        "recovery-target-by-hand",
        16,
        text,
        &[(Some("s"), "recovery_target", "immediate")],
    );
    lab.up();
    let client = lab.session("m").await;
    client.batch_execute("CREATE TABLE t ()").await.unwrap();
    // It is consistent from the start, and stops before the first record that comes; its upstream shows it streaming.
    lab.expect("s", "SELECT pg_is_wal_replay_paused()::text", "true")
        .await;
    lab.expect("m", SENDERS, "s 0 async").await;
    // A standby that applies has it after a hundredth of this.
    tokio::time::sleep(HANGS).await;
    lab.expect("s", "SELECT (to_regclass('t') IS NULL)::text", "true")
        .await;
}
