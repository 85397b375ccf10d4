//! The window without its window: session and worker deploy, watch, stop and tear down a real cluster.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pgcascade::app::breaking::BreakingMessage;
use pgcascade::app::dropping::{Dropped, Outcome, Target, Zone};
use pgcascade::app::{
    ClusterMessage, ClusterView, DesignMessage, Dialog, Effect, Message, NoticeKind, RunMessage, RunView,
    Session, Worker, update,
};
use pgcascade::engine::servers_user::program;
use pgcascade::model::document::{Command, format, templates};
use pgcascade::model::fault::Fault;
use pgcascade::model::topology::Edit;

/// For each thing that is waited for: a whole deployment on a busy machine is the longest.
const DEADLINE: Duration = Duration::from_mins(3);

struct App {
    session: Session,
    worker: Worker,
    folder: PathBuf,
}

impl App {
    /// The seed's design on ports from `first_port` on, planned for a new folder.
    fn planned(first_port: u16) -> Self {
        // As root, the window gives its work to the program, which gives root up.
        program::is_at(Path::new(env!("CARGO_BIN_EXE_pgcascade")));
        let folder = PathBuf::from(format!("/tmp/pgc-app-{}-{first_port}", std::process::id()));
        let mut text = templates::find("seed").unwrap().text.to_owned();
        for (number, port) in ["5432", "15432", "15433", "25432", "25433"].iter().enumerate() {
            let ours = usize::from(first_port) + number;
            text = text.replace(&format!("port = {port}\n"), &format!("port = {ours}\n"));
        }
        let mut app = Self {
            session: Session::new(format::read(&text).unwrap(), None),
            worker: Worker::new(|| ()).unwrap(),
            folder: folder.clone(),
        };
        app.send(Message::Run(RunMessage::Ask));
        app.send(Message::Run(RunMessage::Prepare(folder)));
        app.until("the machine was looked at", |session| {
            matches!(session.live.run, RunView::Planned { .. })
        });
        let RunView::Planned { machine, .. } = &app.session.live.run else {
            unreachable!();
        };
        let tools = machine
            .tools
            .first()
            .expect("PostgreSQL must be installed for this test");
        let major = Edit::SetPostgres(tools.major);
        app.send(Message::Design(DesignMessage::Do(Command::Edit(major))));
        app.until("there is a plan", |session| match &session.live.run {
            RunView::Planned { plan: Some(_), .. } => true,
            RunView::Planned {
                checks, plan: None, ..
            } => panic!("{checks:#?}"),
            _ => false,
        });
        app
    }

    fn send(&mut self, message: Message) {
        for effect in update(&mut self.session, message) {
            // What is unsaved here is nothing to recover for the user of this machine.
            if !effect.is_for_window() && !matches!(effect, Effect::Autosave { .. }) {
                self.worker.perform(effect);
            }
        }
    }

    fn step(&mut self) {
        for message in self.worker.drain() {
            self.send(message);
        }
        std::thread::sleep(Duration::from_millis(20));
    }

    fn until(&mut self, what: &str, is_so: impl Fn(&Session) -> bool) {
        let begun = Instant::now();
        while !is_so(&self.session) {
            assert!(
                begun.elapsed() < DEADLINE,
                "waited in vain until {what}: {:#?}",
                self.session.notices
            );
            let problem = self
                .session
                .notices
                .iter()
                .find(|notice| notice.kind == NoticeKind::Problem);
            assert!(problem.is_none(), "until {what}: {problem:#?}");
            self.step();
        }
    }

    /// "sync 1" and the like, by what the drawn upstream shows of the server.
    fn link(session: &Session, name: &str) -> Option<String> {
        let id = session.desk.document.topology().by_name(name)?.id();
        let row = session.replication_row(id)?;
        (row.state == "streaming").then(|| format!("{} {}", row.sync_state, row.sync_priority))
    }

    fn is_as_drawn(session: &Session) -> bool {
        [
            ("slave1", "sync 1"),
            ("slave2", "potential 2"),
            ("slave11", "async 0"),
            ("slave12", "async 0"),
        ]
        .iter()
        .all(|(name, shown)| Self::link(session, name).as_deref() == Some(shown))
    }

    fn is_whole_board(session: &Session, running: bool) -> bool {
        let board = session.live.cluster.as_ref().and_then(ClusterView::board);
        board.is_some_and(|board| board.servers.iter().all(|server| server.running == running))
    }
}

/// Programs whose command line names the folder.
fn processes_of(folder: &Path) -> Vec<String> {
    let folder = folder.to_str().unwrap();
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(folder))
        .collect()
}

fn assert_nothing_left(folder: &Path) {
    assert_eq!(processes_of(folder), [] as [String; 0]);
    assert!(!folder.exists(), "{} is still there", folder.display());
}

#[test]
fn a_window_deploys_watches_stops_starts_and_tears_down() {
    let mut app = App::planned(24100);
    let folder = app.folder.clone();
    app.send(Message::Run(RunMessage::Confirm));
    app.until("the cluster runs", |session| session.live.cluster.is_some());
    app.until("the drawing shows its links", App::is_as_drawn);
    assert_eq!(processes_of(&folder).len(), 5);
    let user = std::fs::metadata(folder.join(".pgcascade/cluster.json"))
        .unwrap()
        .uid();
    assert_ne!(user, 0, "what the window deploys is the servers' user's");

    let topology = app.session.desk.document.topology();
    let [server, upstream] = ["slave12", "slave2"].map(|name| topology.by_name(name).unwrap().id());
    let attach = Edit::Attach { server, upstream };
    app.send(Message::Design(DesignMessage::Do(Command::Edit(attach))));
    assert!(app.session.differs_from_deployed());
    app.send(Message::Run(RunMessage::AskChange));
    app.until("the changes are shown", |session| match &session.live.run {
        RunView::ChangePlanned { plan, .. } => plan.is_ok(),
        _ => false,
    });
    app.send(Message::Run(RunMessage::Confirm));
    app.until("it runs as drawn", |session| {
        !session.is_locked() && !session.differs_from_deployed()
    });
    app.until("the moved server streams", App::is_as_drawn);

    app.send(Message::Cluster(ClusterMessage::Stop));
    app.until("it has stopped", |session| App::is_whole_board(session, false));
    app.until("the stop has ended", |session| {
        session.live.cluster.as_ref().unwrap().busy.is_none()
    });
    app.send(Message::Cluster(ClusterMessage::Start));
    app.until("it runs again", |session| {
        App::is_whole_board(session, true) && App::is_as_drawn(session)
    });
    app.until("the start has ended", |session| {
        session.live.cluster.as_ref().unwrap().busy.is_none()
    });

    app.send(Message::Cluster(ClusterMessage::Teardown(folder.clone())));
    app.until("it is torn down", |session| session.live.cluster.is_none());
    assert_nothing_left(&folder);
}

/// Up to the middle of a deployment: servers run, and not all of them.
fn half_built(first_port: u16) -> App {
    let mut app = App::planned(first_port);
    app.send(Message::Run(RunMessage::Confirm));
    app.until("it is half built", |session| match &session.live.run {
        RunView::Run { progress, .. } => progress.fraction() > 0.4,
        _ => false,
    });
    assert!(app.session.is_locked(), "the run was faster than this test");
    app
}

#[test]
fn a_cancelled_deployment_leaves_nothing() {
    let mut app = half_built(24120);
    let folder = app.folder.clone();
    app.send(Message::Run(RunMessage::Cancel));
    app.until("it is rolled back", |session| !session.is_locked());
    let headline = &app.session.notices.last().unwrap().report.headline;
    assert_eq!(headline, "The deployment was cancelled");
    assert_nothing_left(&folder);
}

#[test]
fn a_window_closed_during_a_deployment_leaves_nothing() {
    let app = half_built(24140);
    let folder = app.folder.clone();
    drop(app);
    assert_nothing_left(&folder);
}

#[test]
fn a_drop_switches_over_under_a_load_that_loses_nothing() {
    let mut app = App::planned(24160);
    let folder = app.folder.clone();
    app.send(Message::Run(RunMessage::Confirm));
    app.until("the cluster runs", |session| session.live.cluster.is_some());
    app.until("the drawing shows its links", App::is_as_drawn);
    app.send(Message::Cluster(ClusterMessage::StartLoad(Some(100.0))));
    let commits = |session: &Session| {
        let load = session.live.load.as_ref();
        load.and_then(|load| load.seconds().last())
            .map_or(0, |second| second.acknowledged)
    };
    app.until("rows are committed", |session| commits(session) > 10);

    let topology = app.session.desk.document.topology();
    let [heir, primary] = ["slave1", "master"].map(|name| topology.by_name(name).unwrap().id());
    let dropped = Dropped {
        servers: vec![heir],
        target: Target::Server(primary, Zone::Above),
        with_fix: false,
    };
    let Outcome::Do(message) = app.session.outcome(&dropped) else {
        panic!("the drop is refused");
    };
    app.send(*message);
    app.until("the plan is shown", |session| {
        matches!(session.dialog, Some(Dialog::Steer(_)))
    });
    app.send(Message::Cluster(ClusterMessage::Steer));
    app.until("the drawing follows", |session| {
        !session.is_locked() && session.desk.document.topology().primary().name().as_str() == "slave1"
    });
    let at = |session: &Session| {
        let load = session.live.load.as_ref();
        load.and_then(|load| load.seconds().last())
            .map_or(0, |second| second.second)
    };
    let switched = at(&app.session);
    app.until("commits go on", |session| {
        at(session) > switched + 1 && commits(session) > 10
    });

    app.send(Message::Cluster(ClusterMessage::StopLoad));
    app.until("its rows are counted", |session| {
        session
            .live
            .load
            .as_ref()
            .is_some_and(|load| load.ended.is_some())
    });
    let ended = app.session.live.load.as_ref().and_then(|load| load.ended.clone());
    let loaded = ended.unwrap().unwrap();
    assert!(loaded.lost == 0 && loaded.acknowledged > 20, "{loaded:?}");
    app.send(Message::Cluster(ClusterMessage::Teardown(folder.clone())));
    app.until("it is torn down", |session| session.live.cluster.is_none());
    assert_nothing_left(&folder);
}

/// What is broken on purpose, as the window lists it.
fn broken(session: &Session) -> Vec<String> {
    let laboratory = session.laboratory().unwrap();
    laboratory.made().iter().map(|made| made.text.clone()).collect()
}

#[test]
fn servers_are_broken_and_repaired_and_what_a_terminal_broke_is_listed() {
    let mut app = App::planned(24180);
    let folder = app.folder.clone();
    app.send(Message::Run(RunMessage::Confirm));
    app.until("the cluster runs", |session| session.live.cluster.is_some());
    app.until("the drawing shows its links", App::is_as_drawn);
    let id = |name: &str| app.session.desk.document.topology().by_name(name).unwrap().id();
    let [killed, paused] = ["slave11", "slave2"].map(id);
    let runs = move |session: &Session| session.reading(killed).is_some_and(|reading| reading.running);
    let is_idle = |session: &Session| session.live.breaking.is_none();

    app.send(BreakingMessage::Make(Fault::Crash(killed)).into());
    app.until("slave11 is killed", is_idle);
    app.until("it is seen and listed", move |session| {
        !runs(session) && broken(session) == ["crash slave11"]
    });
    // Somebody else, in a terminal.
    let program = env!("CARGO_BIN_EXE_pgcascade");
    let mut terminal = std::process::Command::new(program);
    let ended = terminal
        .arg("fail")
        .arg(&folder)
        .arg("pause slave2")
        .output()
        .unwrap();
    assert!(ended.status.success(), "{ended:?}");
    app.until("that is listed, too", |session| broken(session).len() == 2);
    let laboratory = app.session.laboratory().unwrap();
    assert!(
        laboratory.may(Fault::Pause(paused)).is_err(),
        "it is paused already"
    );

    app.send(BreakingMessage::Repair(Some("crash slave11".to_owned())).into());
    app.until("slave11 is repaired", is_idle);
    app.until("it runs", move |session| {
        runs(session) && broken(session) == ["pause slave2"]
    });
    app.send(BreakingMessage::Repair(None).into());
    app.until("all is repaired", |session| {
        is_idle(session) && broken(session).is_empty()
    });
    app.until("it is as it was drawn", App::is_as_drawn);
    app.send(Message::Cluster(ClusterMessage::Teardown(folder.clone())));
    app.until("it is torn down", |session| session.live.cluster.is_none());
    assert_nothing_left(&folder);
}
