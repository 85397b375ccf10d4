//! The servers of a design that nothing looked at before: they get the files that the bundle has for them, and run.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use pgcascade::model::bundle::generate;
use pgcascade::model::document::Document;
use pgcascade::model::topology::{Auth, Edit, PgMajor, Port, Topology, check, notation};

/// Ports that nothing else in these tests takes; every lab has five of its own.
const FIRST_PORT: u16 = 28_000;
const USER: &str = "postgres";
/// For what has to come: a server, a row of a view, a line of a log.
pub const SOON: Duration = Duration::from_secs(10);

/// The servers of one design, in a folder that is laid out as a cluster's.
pub struct Lab {
    base: tempfile::TempDir,
    pub topology: Topology,
}

impl Lab {
    /// A design that the rule finds fault with, and a data directory for each of its servers.
    pub fn new(rule: &str, number: u16, text: &str, settings: &[(Option<&str>, &str, &str)]) -> Self {
        // Passwords are another story.
        Self::with_auth(Auth::Trust, rule, number, text, settings)
    }

    /// The same, where it matters how people prove who they are.
    pub fn with_auth(
        auth: Auth,
        rule: &str,
        number: u16,
        text: &str,
        settings: &[(Option<&str>, &str, &str)],
    ) -> Self {
        Self::of(auth, rule, number, notation::parse(text).unwrap(), settings)
    }

    /// The same, where the fault is in what the notation does not say.
    pub fn edited(rule: &str, number: u16, text: &str, edit: impl FnOnce(&mut Topology)) -> Self {
        let mut topology = notation::parse(text).unwrap();
        edit(&mut topology);
        Self::of(Auth::Trust, rule, number, topology, &[])
    }

    /// The same with TLS, and the certificates for it.
    pub fn encrypted(rule: &str, number: u16, text: &str, settings: &[(Option<&str>, &str, &str)]) -> Self {
        let mut topology = notation::parse(text).unwrap();
        topology.apply(&Edit::SetTls(true)).unwrap();
        let lab = Self::of(Auth::Trust, rule, number, topology, settings);
        lab.make_certificates("tls");
        lab
    }

    fn of(
        auth: Auth,
        rule: &str,
        number: u16,
        mut topology: Topology,
        settings: &[(Option<&str>, &str, &str)],
    ) -> Self {
        topology.apply(&Edit::SetPostgres(programs().1)).unwrap();
        topology.apply(&Edit::SetAuth(Some(auth))).unwrap();
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

    /// An authority and certificates in a folder beside the servers, made as the bundle's README says.
    pub fn make_certificates(&self, folder: &str) {
        let path = self.base.path().join(folder);
        fs::create_dir(&path).unwrap();
        give_to_user(&path);
        make_certificates(&self.topology, &path);
    }

    fn folder(&self, server: &str) -> PathBuf {
        let server = self.topology.by_name(server).unwrap();
        self.base
            .path()
            .join("servers")
            .join(&self.topology.folders()[&server.id()])
    }

    pub fn data(&self, server: &str) -> PathBuf {
        self.folder(server).join("data")
    }

    /// A cold copy, with the bundle's files for that server.
    pub fn copy(&self, from: &Path, server: &str) {
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
    pub fn start(&self, server: &str) -> Result<(), String> {
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
    pub fn up(&self) {
        for id in self.topology.in_tree_order() {
            let name = self.topology.server(id).unwrap().name().as_str();
            self.start(name).unwrap_or_else(|log| panic!("{name}: {log}"));
        }
    }

    pub fn stop(&self, server: &str) {
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
    pub fn expect_log(&self, server: &str, words: &[&str]) {
        let begun = Instant::now();
        while !words.iter().any(|words| self.log(server).contains(words)) {
            assert!(begun.elapsed() < SOON, "{words:?}: {}", self.log(server));
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub async fn session(&self, server: &str) -> tokio_postgres::Client {
        self.try_session(server, "").await.unwrap()
    }

    /// A superuser's session, or why the server refuses it.
    pub async fn try_session(
        &self,
        server: &str,
        password: &str,
    ) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
        let server = self.topology.by_name(server).unwrap();
        let mut config = tokio_postgres::Config::new();
        config
            .host("127.0.0.1")
            .port(server.port().number())
            .user(USER)
            .password(password)
            .dbname("postgres");
        let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Runs statements before the server's first start, in single-user mode.
    pub fn prepare(&self, server: &str, sql: &str) {
        single_user(&self.data(server), self.base.path(), sql);
    }

    /// Asks until the answer, a single text, is the expected one.
    #[track_caller]
    pub fn expect(&self, server: &str, question: &str, answer: &str) -> impl Future<Output = ()> {
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
pub const SENDERS: &str = "SELECT coalesce(string_agg(application_name || ' ' || sync_priority || ' ' || sync_state, ', ' \
                       ORDER BY application_name), '') FROM pg_stat_replication WHERE state = 'streaming'";

/// Makes an authority and certificates as the README of the design's bundle says, as the servers' user.
pub fn make_certificates(topology: &Topology, folder: &Path) {
    let bundle = generate(&Document::new(topology.clone()));
    let readme = &bundle.file("README.md").unwrap().contents;
    let (_, section) = readme.split_once("## Certificates").unwrap();
    let recipe = section.split("```").nth(1).unwrap().strip_prefix("sh\n").unwrap();
    let mut shell = as_user("bash");
    shell.args(["-euo", "pipefail", "-c", recipe]).current_dir(folder);
    let said = shell.output().unwrap();
    assert!(said.status.success(), "openssl is required: {said:?}");
}

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
pub fn as_user(program: impl AsRef<std::ffi::OsStr>) -> Command {
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
pub fn programs() -> (PathBuf, PgMajor) {
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
pub fn template() -> Arc<tempfile::TempDir> {
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
    single_user(&data, home.path(), "CREATE ROLE replicator REPLICATION LOGIN");
    home
}

fn single_user(data: &Path, home: &Path, statement: &str) {
    let sql = home.join("single.sql");
    fs::write(&sql, format!("{statement};\n")).unwrap();
    let mut single = as_user(programs().0.join("postgres"));
    single.args(["--single", "-D"]).arg(data).arg("postgres");
    let said = single.stdin(fs::File::open(&sql).unwrap()).output().unwrap();
    assert!(said.status.success(), "{said:?}");
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
