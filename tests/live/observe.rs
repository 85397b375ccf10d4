//! Servers that run, freeze, go on and die, and what is seen of them: by the watch that the window has, and by `status`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pgcascade::engine::cluster;
use pgcascade::engine::monitor::{self, Address, Endpoint, Latest, Login, Secret, Snapshot};
use pgcascade::model::configuration::ClusterFolder;
use pgcascade::model::document::Document;
use pgcascade::model::health::{
    Receiver, ReceiverState, Replay, Role, SenderState, Source, State, SyncState, Timeline, Unreachable, Up,
};
use pgcascade::model::topology::{PgMajor, notation};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::scene::{Scene, assert_gone, deployed, deployed_with, design, session, some_ports, take_back};

/// The window's.
const EVERY: Duration = Duration::from_secs(1);
/// What the state of a server that answers may be old.
const FRESH: Duration = Duration::from_secs(2);
/// One that does not answer is called so by then; one that is killed is down.
const SEEN: Duration = Duration::from_secs(4);
/// For whatever has to come on a busy machine.
const SOON: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(20);

/// What the window's watch has told last, and when that came.
struct Watch {
    latest: watch::Receiver<Latest>,
    came: Instant,
    cancel: CancellationToken,
}

impl Watch {
    fn start(folder: &Path) -> Self {
        let (sender, latest) = watch::channel(None);
        let cancel = CancellationToken::new();
        tokio::spawn(monitor::watch(folder.to_owned(), EVERY, sender, cancel.clone()));
        Self {
            latest,
            came: Instant::now(),
            cancel,
        }
    }

    /// The latest snapshot, and how old each server's state in it is by now.
    fn now(&mut self) -> Option<(Snapshot, impl Fn(&str) -> Duration + use<>)> {
        if self.latest.has_changed().unwrap() {
            self.came = Instant::now();
        }
        let snapshot = self.latest.borrow_and_update().clone()?.unwrap();
        let (since, own) = (self.came.elapsed(), snapshot.clone());
        Some((snapshot, move |name: &str| own.age(name).unwrap() + since))
    }

    /// Waits until it is so, and says how long that took.
    async fn until(&mut self, what: &str, patience: Duration, is_so: impl Fn(&Snapshot) -> bool) -> Duration {
        let begun = Instant::now();
        loop {
            if let Some((snapshot, _)) = self.now() {
                if is_so(&snapshot) {
                    return begun.elapsed();
                }
                assert!(
                    begun.elapsed() < patience,
                    "in vain until {what}: {:#?}",
                    snapshot.board()
                );
            }
            assert!(begun.elapsed() < SOON, "nothing was seen");
            tokio::time::sleep(POLL).await;
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

fn up<'a>(snapshot: &'a Snapshot, name: &str) -> &'a Up {
    match &snapshot.observed.get(name).unwrap().latest.state {
        State::Up(up) => up,
        other => panic!("{name}: {other:?}"),
    }
}

fn state<'a>(snapshot: &'a Snapshot, name: &str) -> &'a State {
    &snapshot.observed.get(name).unwrap().latest.state
}

/// The postmaster of a server: the process that its directory names, and that works there.
fn postmaster(document: &Document, folder: &Path, name: &str) -> Pid {
    let topology = document.topology();
    let server = topology.by_name(name).unwrap();
    let data = folder
        .join("servers")
        .join(topology.folder(server.id()))
        .join("data");
    let text = fs::read_to_string(data.join("postmaster.pid")).unwrap();
    let pid = Pid::from_raw(text.lines().next().unwrap().parse().unwrap());
    assert_eq!(fs::read_link(format!("/proc/{pid}/cwd")).unwrap(), data);
    pid
}

/// The line of `pgcascade status` about each server, and how long it took; it ends with this code.
fn status_lines(folder: &Path, code: i32) -> (String, Duration) {
    let begun = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_pgcascade"))
        .arg("status")
        .arg(folder)
        .output()
        .unwrap();
    take_back(folder);
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    (String::from_utf8(output.stdout).unwrap(), begun.elapsed())
}

async fn torn_down(folder: &Path) {
    let done = cluster::teardown(folder, CancellationToken::new()).await;
    done.unwrap_or_else(|report| panic!("{report}"));
    assert_gone(folder);
}

const SEVEN: [&str; 7] = ["m", "a", "b", "c", "d", "e", "f"];

async fn seven_servers() -> Document {
    let mut ports = some_ports(7).into_iter();
    let lines = [
        ("m", " sync first 1"),
        ("  a", " priority 1"),
        ("    c", ""),
        ("    d", ""),
        ("  b", " priority 2"),
        ("    e", ""),
        ("    f", ""),
    ];
    let text: String = lines
        .map(|(server, more)| format!("{server} {}{more}\n", ports.next().unwrap()))
        .concat();
    design(&text).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_delays_nobody_and_is_not_down_and_a_killed_one_is() {
    let scene = Scene::new();
    let folder = scene.folder();
    let document = seven_servers().await;
    deployed(&document, &folder).await;
    let mut watch = Watch::start(&folder);
    let all_answer = |snapshot: &Snapshot| {
        let board = snapshot.board();
        board
            .servers
            .iter()
            .all(|server| server.running && server.answers)
    };
    watch.until("all seven answer", SOON, all_answer).await;

    let frozen = postmaster(&document, &folder, "c");
    kill(frozen, Signal::SIGSTOP).unwrap();
    let is_silent = |snapshot: &Snapshot| snapshot.silent_for("c").is_some();
    watch.until("c does not answer", SEEN, is_silent).await;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(5) {
        let (snapshot, age) = watch.now().unwrap();
        for reading in snapshot.board().servers {
            let name = reading.name.as_str();
            let is_frozen = name == "c";
            assert_eq!((reading.running, reading.answers), (true, !is_frozen), "{name}");
            assert!(is_frozen || age(name) < FRESH, "{name} is {:?} old", age(name));
        }
        // It was a standby of a when it answered last.
        let c = snapshot
            .board()
            .servers
            .into_iter()
            .find(|server| server.name == "c")
            .unwrap();
        assert_eq!((c.role.as_str(), c.upstream.as_deref()), ("standby", Some("a")));
        tokio::time::sleep(POLL).await;
    }
    let (snapshot, _) = watch.now().unwrap();
    assert!(snapshot.silent_for("c").unwrap() > Duration::from_secs(4));

    // Asked for the first time.
    let asked = Instant::now();
    let fresh = cluster::observe(&folder).await.unwrap();
    assert!(asked.elapsed() < FRESH, "it took {:?}", asked.elapsed());
    for name in SEVEN {
        if name == "c" {
            assert_eq!(*state(&fresh, name), State::Unreachable(Unreachable::Frozen));
        } else {
            up(&fresh, name);
            assert!(fresh.age(name).unwrap() < Duration::from_secs(1));
        }
    }
    let (lines, took) = status_lines(&folder, 4);
    assert!(took < FRESH, "it took {took:?}");
    assert!(lines.contains("c: standby of a, does not answer ("), "{lines}");
    assert_eq!(lines.matches(", running").count(), 6, "{lines}");
    assert!(!lines.contains("down"), "{lines}");

    kill(frozen, Signal::SIGCONT).unwrap();
    watch.until("c answers again", SEEN, all_answer).await;

    let killed = postmaster(&document, &folder, "f");
    kill(killed, Signal::SIGKILL).unwrap();
    let is_down = |snapshot: &Snapshot| *state(snapshot, "f") == State::Down;
    let seen = watch.until("f is down", SEEN, is_down).await;
    assert!(seen < FRESH, "it took {seen:?}");
    let board = cluster::status(&folder).await.unwrap();
    let f = board.servers.iter().find(|server| server.name == "f").unwrap();
    assert_eq!((f.running, f.answers), (false, false));
    let (lines, _) = status_lines(&folder, 3);
    assert!(lines.contains("f: standby of b, down"), "{lines}");
    assert!(!lines.contains("does not answer"), "{lines}");

    drop(watch);
    torn_down(&folder).await;
}

/// A backend that is stopped answers to nobody, and no timeout of its server ends it: our own deadline does.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_hangs_is_given_up_and_another_is_opened() {
    let scene = Scene::new();
    let folder = scene.folder();
    let ports = some_ports(2);
    let document = design(&format!("m {}\n  a {}\n", ports[0], ports[1])).await;
    deployed(&document, &folder).await;
    let mut watch = Watch::start(&folder);
    let both_answer = |snapshot: &Snapshot| SEVEN[..2].iter().all(|name| snapshot.silent_for(name).is_none());
    watch.until("both answer", SOON, both_answer).await;

    let client = session(&folder, ports[1], None).await.unwrap();
    let ours = "SELECT pid FROM pg_stat_activity WHERE application_name = 'pgcascade'";
    let pid: i32 = client.query_one(ours, &[]).await.unwrap().get(0);
    kill(Pid::from_raw(pid), Signal::SIGSTOP).unwrap();
    watch
        .until("a does not answer", SEEN, |snapshot| {
            *state(snapshot, "a") == State::Unreachable(Unreachable::Silent)
        })
        .await;
    watch
        .until("a answers to another session", SEEN, both_answer)
        .await;
    kill(Pid::from_raw(pid), Signal::SIGCONT).unwrap();
    // One session a server: the one that hung ends by itself.
    let begun = Instant::now();
    while client.query(ours, &[]).await.unwrap().len() != 1 {
        assert!(begun.elapsed() < SOON);
        tokio::time::sleep(POLL).await;
    }
    drop(watch);
    torn_down(&folder).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_says_what_it_is() {
    let ports = some_ports(3);
    let text = format!(
        "m {} sync first 1\n  a {} priority 1\n    c {}\n",
        ports[0], ports[1], ports[2]
    );
    says_what_it_is(&design(&text).await, None).await;
}

/// What is said by servers of each version, and what that version or a role's rights cannot say.
pub async fn says_what_it_is(document: &Document, bin: Option<&Path>) {
    let scene = Scene::new();
    let folder = scene.folder();
    deployed_with(document, &folder, bin).await;
    let topology = document.topology();
    let major = topology.postgres();
    let snapshot = cluster::observe(&folder).await.unwrap();
    let [m, a, c] = ["m", "a", "c"].map(|name| up(&snapshot, name));
    assert_eq!(snapshot.drift(), [], "it is as it was deployed");
    assert_eq!(snapshot.waiting(), Some(0));
    for standby in ["a", "c"] {
        assert_eq!(snapshot.lag(standby).unwrap().bytes, 0);
    }
    // "15.18 (Debian …)", or "19beta3".
    let rest = m.version.strip_prefix(&major.to_string());
    assert!(
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit())),
        "{}",
        m.version
    );
    assert_eq!(
        [m.role, a.role, c.role],
        [Role::Primary, Role::Standby, Role::Standby]
    );
    let port = |name: &str| topology.by_name(name).unwrap().port().number();

    // One cluster, one timeline.
    assert!(m.system_identifier.is_some());
    assert_eq!(
        [a.system_identifier, c.system_identifier],
        [m.system_identifier; 2]
    );
    for up in [m, a, c] {
        assert_eq!(up.timeline, Some(Timeline::Is(1)));
        let (started, clock) = (up.started.unwrap(), up.clock.unwrap());
        assert!(clock.since(started) < Duration::from_mins(5));
        assert!(snapshot.now.since(clock) < FRESH, "one machine, one clock");
    }
    let position = m.positions;
    assert!(position.inserted >= position.written && position.written >= position.flushed);
    assert_eq!((position.received, position.replayed), (None, None));
    assert!(a.positions.written.is_none() && a.positions.replayed.is_some());
    assert!(a.positions.have() >= c.positions.replayed);

    // Who sends to whom, seen from both sides.
    let row = &m.senders.as_ref().unwrap()[0];
    assert_eq!(row.application_name, "a");
    assert_eq!(row.state, Some(SenderState::Streaming));
    assert_eq!(
        (row.sync_state.clone(), row.sync_priority),
        (Some(SyncState::Sync), Some(1))
    );
    assert!(row.sent >= row.written && row.written >= row.flushed && row.sent.is_some());
    assert!(row.replayed <= row.flushed && row.begun.is_some());
    assert_eq!(row.replied.is_some(), major >= PgMajor::V12);
    let receiver: &Receiver = a.receiving.receiver().unwrap();
    assert_eq!(receiver.state, Some(ReceiverState::Streaming));
    assert_eq!(receiver.port, Some(port("m")), "also where only conninfo tells");
    assert!(receiver.host.is_some() && receiver.heard.is_some() && receiver.flushed.is_some());
    let slot = &m.slots.as_ref().unwrap()[0];
    assert_eq!(Some(&slot.name), receiver.slot.as_ref());
    assert!(slot.is_physical && slot.is_active && !slot.is_temporary && slot.restart.is_some());
    assert_eq!(slot.active_pid, Some(row.pid));
    assert_eq!(
        slot.wal_status
            .as_ref()
            .map(pgcascade::model::health::WalStatus::word),
        (major >= PgMajor::V13).then_some("reserved")
    );
    assert_eq!((m.replay, a.replay), (None, Some(Replay::Goes)));

    // The settings as the server has them, not as our session does.
    let settings = m.settings.as_ref().unwrap();
    let names = settings.get("synchronous_standby_names").unwrap();
    assert!(names.value.as_deref().unwrap().contains('a'));
    assert_eq!(
        (names.source.clone(), names.pending_restart),
        (Source::File, Some(false))
    );
    assert!(names.file.as_ref().unwrap().ends_with("postgresql.conf") && names.line.is_some());
    assert_eq!(settings.value("synchronous_commit"), Some("on"));
    assert_eq!(settings.value("port"), Some(port("m").to_string().as_str()));
    let conninfo = a
        .settings
        .as_ref()
        .unwrap()
        .value("primary_conninfo")
        .map(str::to_owned);
    assert_eq!(conninfo.is_some(), major >= PgMajor::V12);

    by_role(&folder, port("m"), port("a")).await;
    changes(&folder, port("m"), port("a")).await;
    torn_down(&folder).await;
}

/// What changes on a running server is seen by a watch that has read it before.
async fn changes(folder: &Path, primary: u16, standby: u16) {
    let mut watch = Watch::start(folder);
    watch
        .until("all answer", SOON, |snapshot| {
            snapshot.board().servers.iter().all(|one| one.answers)
        })
        .await;
    let client = session(folder, primary, None).await.unwrap();
    let ghost = "ALTER SYSTEM SET synchronous_standby_names = 'ghost'";
    client.batch_execute(ghost).await.unwrap();
    client.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    let has_ghost = |snapshot: &Snapshot| {
        let setting = up(snapshot, "m")
            .settings
            .as_ref()
            .and_then(|all| all.get("synchronous_standby_names").cloned());
        setting.is_some_and(|setting| {
            setting.value.as_deref() == Some("ghost")
                && setting
                    .file
                    .is_some_and(|file| file.ends_with("postgresql.auto.conf"))
        })
    };
    watch.until("the list has changed", SEEN, has_ghost).await;
    client
        .batch_execute("ALTER SYSTEM RESET synchronous_standby_names")
        .await
        .unwrap();
    client.batch_execute("SELECT pg_reload_conf()").await.unwrap();

    let client = session(folder, standby, None).await.unwrap();
    client
        .batch_execute("SELECT pg_wal_replay_pause()")
        .await
        .unwrap();
    let is_paused = |snapshot: &Snapshot| {
        matches!(
            up(snapshot, "a").replay,
            Some(Replay::Paused | Replay::PauseRequested)
        )
    };
    watch.until("the pause is seen", SEEN, is_paused).await;
    client
        .batch_execute("SELECT pg_wal_replay_resume()")
        .await
        .unwrap();
    watch
        .until("its end is seen", SEEN, |snapshot| {
            up(snapshot, "a").replay == Some(Replay::Goes)
        })
        .await;
}

/// Any server can be read, as any role, with a password from a file: what the role may not see is unknown.
async fn by_role(folder: &Path, primary: u16, standby: u16) {
    let client = session(folder, primary, None).await.unwrap();
    client
        .batch_execute(
            "CREATE ROLE watcher LOGIN PASSWORD 'watch-1'; GRANT pg_monitor TO watcher; \
             CREATE ROLE plain LOGIN PASSWORD 'plain:1'; CREATE ROLE locked NOLOGIN",
        )
        .await
        .unwrap();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("pgpass");
    fs::write(
        &file,
        format!("*:{primary}:*:watcher:watch-1\n*:*:*:plain:plain\\:1\n*:*:*:*:wrong\n"),
    )
    .unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let at = |port: u16, user: &str| Endpoint {
        address: Address::Tcp {
            host: "127.0.0.1".to_owned(),
            port,
        },
        login: Login {
            user: user.to_owned(),
            database: "postgres".to_owned(),
            secret: Secret::PassFile(file.clone()),
        },
    };
    let look = async |endpoint: Endpoint| match monitor::look_at("it", endpoint).await.state {
        State::Up(up) => Ok(*up),
        State::Unreachable(why) => Err(why),
        other => panic!("{other:?}"),
    };
    let watcher = look(at(primary, "watcher")).await.unwrap();
    let row = &watcher.senders.as_ref().unwrap()[0];
    assert_eq!(row.state, Some(SenderState::Streaming));
    assert!(watcher.settings.unwrap().get("port").is_some());

    let plain = look(at(primary, "plain")).await.unwrap();
    assert_eq!(plain.role, Role::Primary);
    let row = &plain.senders.as_ref().unwrap()[0];
    assert_eq!(
        (row.application_name.as_str(), &row.state, row.sent),
        ("a", &None, None)
    );
    assert!(plain.positions.written.is_some() && plain.slots.is_some_and(|slots| slots.len() == 1));
    let plain = look(at(standby, "plain")).await.unwrap();
    assert_eq!(plain.receiving.receiver().unwrap().state, None);
    assert_eq!(plain.settings.unwrap().get("primary_conninfo"), None);

    for user in ["watcher", "locked", "nobody"] {
        let why = look(at(standby, user)).await.unwrap_err();
        assert!(matches!(why, Unreachable::Login(_)), "{user}: {why:?}");
    }

    // Through the servers' own socket, too.
    let mut endpoint = at(primary, "watcher");
    endpoint.address = Address::Socket {
        folder: folder.join(ClusterFolder::SOCKETS),
        port: primary,
    };
    look(endpoint).await.unwrap();
}

/// See `versions.rs`: these need servers that Debian does not have.
mod versions {
    use super::*;
    use crate::versions::programs;

    async fn on_version(major: PgMajor) {
        let ports = some_ports(3);
        let text = format!(
            "postgres {major}\nm {} sync first 1\n  a {} priority 1\n    c {}\n",
            ports[0], ports[1], ports[2]
        );
        let document = Document::new(notation::parse(&text).unwrap());
        says_what_it_is(&document, Some(&programs(major))).await;
    }

    macro_rules! versions {
        ($($test:ident $major:ident),+ $(,)?) => {$(
            #[tokio::test(flavor = "multi_thread")]
            #[ignore = "needs servers that Debian does not have: make test-versions brings them"]
            async fn $test() {
                on_version(PgMajor::$major).await;
            }
        )+};
    }

    versions! {
        says_what_it_is_10 V10,
        says_what_it_is_11 V11,
        says_what_it_is_12 V12,
        says_what_it_is_13 V13,
        says_what_it_is_14 V14,
        says_what_it_is_16 V16,
        says_what_it_is_17 V17,
        says_what_it_is_18 V18,
        says_what_it_is_19 V19,
    }
}
