//! What every live test begins with: a folder of its own, free ports, a design, and a deployment run to its end.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};

use pgcascade::engine::deploy::{self, Cancel, Request, Run};
use pgcascade::model::bundle;
use pgcascade::model::document::Document;
use pgcascade::model::plan::{self, Check, Outcome, RunEvent};
use pgcascade::model::topology::{Edit, PgMajor, digest, notation};
use tokio::sync::mpsc;
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{Client, Connection, NoTls, Socket};

/// A folder that the servers' user may enter, removed at the end.
pub struct Scene {
    base: tempfile::TempDir,
}

impl Scene {
    pub fn new() -> Self {
        Self::named("pgc-engine-")
    }

    /// A folder whose name begins so, for anyone who looks at what is left in /tmp.
    pub fn named(prefix: &str) -> Self {
        let base = tempfile::Builder::new()
            .prefix(prefix)
            .tempdir_in("/tmp")
            .unwrap();
        std::fs::set_permissions(base.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { base }
    }

    pub fn path(&self) -> &Path {
        self.base.path()
    }

    /// The cluster's folder; with a blank and a quote, as people have them.
    pub fn folder(&self) -> PathBuf {
        self.base.path().join("my cluster's")
    }
}

/// These tests act in their own process, as anyone who runs them; the program that they call gives root up, and the cluster
/// with it. Takes its record back, as if root had made it still.
pub fn take_back(folder: &Path) {
    let marker = folder.join(".pgcascade");
    let all = std::fs::read_dir(&marker).into_iter().flatten().flatten();
    if nix::unistd::geteuid().is_root() {
        for path in all.map(|entry| entry.path()).chain([marker]) {
            std::os::unix::fs::lchown(path, Some(0), Some(0)).unwrap();
        }
    }
}

/// Ports that nothing listens on now and no other test here takes.
pub fn free_ports<const N: usize>() -> [u16; N] {
    some_ports(N).try_into().unwrap()
}

/// The same where how many is known only when it runs.
pub fn some_ports(count: usize) -> Vec<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const FIRST: u16 = 22_000;
    const COUNT: u16 = 1_000;
    // Several runs of this file at once begin at different places.
    let offset = (std::process::id() % 50) as u16 * 20;
    let ports: Vec<u16> = std::iter::repeat_with(|| NEXT.fetch_add(1, Ordering::Relaxed))
        .take(COUNT.into())
        .map(|next| FIRST + offset.wrapping_add(next) % COUNT)
        .filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .take(count)
        .collect();
    assert_eq!(ports.len(), count, "there are not as many free ports");
    ports
}

/// The seed's design for the machine's PostgreSQL, on these ports.
pub async fn seed(ports: [u16; 5]) -> Document {
    let [master, slave1, slave2, slave11, slave12] = ports;
    design(&format!(
        "master {master} sync first 1\n  slave1 {slave1} priority 1\n    slave11 {slave11}\n    slave12 {slave12}\n  slave2 {slave2} priority 2\n"
    ))
    .await
}

/// The reason and the hints of a run that failed and was undone whole.
#[track_caller]
pub fn failed(outcome: Outcome) -> (String, Vec<String>) {
    match outcome {
        Outcome::Failed {
            reason,
            hints,
            remains,
        } => {
            assert!(
                remains.is_empty(),
                "{reason} {hints:?}, and what remains: {remains:?}"
            );
            (reason, hints)
        }
        other => panic!("it was to fail: {other:?}"),
    }
}

/// `PGCASCADE_BIN` names the programs of another major version than the machine's own.
fn programs() -> Option<PathBuf> {
    std::env::var_os("PGCASCADE_BIN").map(PathBuf::from)
}

/// A design for the major version that this machine has.
pub async fn design(text: &str) -> Document {
    let mut topology = notation::parse(text).unwrap();
    topology.apply(&Edit::SetPostgres(major().await)).unwrap();
    Document::new(topology)
}

/// The major version of the programs that these tests use.
pub async fn major() -> PgMajor {
    let request = Request {
        folder: "/tmp/pgc-engine-nowhere".into(),
        bin: programs(),
        run_as: None,
    };
    let machine = deploy::discover(&notation::parse("m 1\n").unwrap(), &request).await;
    let tools = machine.tools.first();
    tools
        .expect("these tests need PostgreSQL: install the package postgresql")
        .major
}

/// Looks at the machine: every check, and the run that would follow.
pub async fn prepare(document: &Document, folder: &Path) -> (Vec<Check>, Run) {
    prepare_with(document, folder, None).await
}

/// The same with the programs in `bin`, as `--bin` names them.
pub async fn prepare_with(document: &Document, folder: &Path, bin: Option<&Path>) -> (Vec<Check>, Run) {
    let request = Request {
        folder: folder.to_owned(),
        bin: bin.map(Path::to_owned).or_else(programs),
        run_as: None,
    };
    let mut machine = deploy::discover(document.topology(), &request).await;
    // Here everybody trusts the designs; what is done without is tried by the command line.
    machine.trusted.push(digest(&document.topology().hazards()));
    let checks = plan::preflight(document.topology(), &machine);
    let run = Run {
        number: 7,
        plan: plan::plan_deploy(document.topology(), &machine),
        bundle: bundle::generate(document),
        machine,
        document: document.clone(),
        // Every test makes its own, but where keeping it is what is tested.
        cache: None,
    };
    (checks, run)
}

/// Performs a run and collects its events.
pub async fn perform(run: Run, cancel: Cancel) -> (Outcome, Vec<RunEvent>) {
    perform_and(run, cancel, |_| {}).await
}

/// The same, and does something at each event.
pub async fn perform_and(
    run: Run,
    cancel: Cancel,
    mut at_each: impl FnMut(&RunEvent) + Send + 'static,
) -> (Outcome, Vec<RunEvent>) {
    let (sender, mut receiver) = mpsc::channel(64);
    let collecting = tokio::spawn(async move {
        let mut events = Vec::new();
        while let Some(event) = receiver.recv().await {
            at_each(&event);
            events.push(event);
        }
        events
    });
    let outcome = deploy::run_here(run, sender, cancel).await;
    (outcome, collecting.await.unwrap())
}

/// Deploys and expects that it works.
pub async fn deployed(document: &Document, folder: &Path) -> Vec<RunEvent> {
    deployed_with(document, folder, None).await
}

/// The same with the programs in `bin`, as `--bin` names them.
pub async fn deployed_with(document: &Document, folder: &Path, bin: Option<&Path>) -> Vec<RunEvent> {
    let (checks, run) = prepare_with(document, folder, bin).await;
    for check in checks {
        assert!(check.ok, "{}: {} ({:?})", check.id, check.message, check.fix);
    }
    let (outcome, events) = perform(run, Cancel::default()).await;
    assert_eq!(outcome, Outcome::Done, "{:#?}", events.last());
    events
}

/// Processes whose working directory or environment says that they belong to the folder.
pub fn processes_of(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(Result::ok)
        .filter(|entry| {
            let at = std::fs::read_link(entry.path().join("cwd"));
            at.is_ok_and(|at| at.to_string_lossy().starts_with(&*folder.to_string_lossy()))
        })
        .map(|entry| std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default())
        .filter(|command| !command.is_empty())
        .collect()
}

/// Asserts that nothing is left of a cluster: no process, no file.
#[track_caller]
pub fn assert_gone(folder: &Path) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    loop {
        let running = processes_of(folder);
        if running.is_empty() {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "still running: {running:?}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(!folder.exists(), "{} is still there", folder.display());
}

/// A superuser's session with a server of the cluster, with the password from its password file.
pub async fn session(
    folder: &Path,
    port: u16,
    password: Option<&str>,
) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = login(folder, port, password).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// The same for anyone who listens to what the server says besides.
pub async fn login(
    folder: &Path,
    port: u16,
    password: Option<&str>,
) -> Result<(Client, Connection<Socket, NoTlsStream>), tokio_postgres::Error> {
    // With trust there is none.
    let pgpass = std::fs::read_to_string(folder.join("secrets/superuser")).unwrap_or_default();
    let mut config = tokio_postgres::Config::new();
    config
        .host("127.0.0.1")
        .port(port)
        .user("postgres")
        .dbname("postgres")
        .password(password.unwrap_or(pgpass.trim()));
    config.connect(NoTls).await
}
