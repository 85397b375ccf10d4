//! What the window shows of a cluster that runs: what its servers say, and where that is not what is drawn.

use std::sync::Arc;
use std::time::Duration;

use egui_kittest::kittest::{AccessKitNode, NodeT as _, Queryable as _, by};
use pgcascade::app::glance::{Glance, Told};
use pgcascade::app::trail::Trail;
use pgcascade::app::{ClusterMessage, DesignMessage, Message, NoticeKind, Tab, ViewMessage, WhatIfMessage};
use pgcascade::model::document::Command;
use pgcascade::model::drift::{Drift, Lag, Stage};
use pgcascade::model::health::{Board, Commits, Moment, Reading, ReplicationRow};
use pgcascade::model::simulate::world::Incident;
use pgcascade::model::topology::{Edit, ServerName};
use pgcascade::report::Report;

use crate::window::Window;

pub(crate) const FOLDER: &str = "/tmp/seed";

fn row(name: &str, sync_state: &str, sync_priority: u32) -> ReplicationRow {
    ReplicationRow {
        application_name: name.to_owned(),
        state: "streaming".to_owned(),
        sync_priority,
        sync_state: sync_state.to_owned(),
    }
}

fn reading(name: &str, upstream: Option<&str>, replication: Vec<ReplicationRow>) -> Reading {
    Reading {
        name: name.to_owned(),
        running: true,
        answers: true,
        role: if upstream.is_some() { "standby" } else { "primary" }.to_owned(),
        upstream: upstream.map(str::to_owned),
        replication,
    }
}

/// The seed as it is drawn.
pub(crate) fn as_drawn() -> Glance {
    let servers = vec![
        reading(
            "master",
            None,
            vec![row("slave1", "sync", 1), row("slave2", "potential", 2)],
        ),
        reading(
            "slave1",
            Some("master"),
            vec![row("slave11", "async", 0), row("slave12", "async", 0)],
        ),
        reading("slave2", Some("master"), Vec::new()),
        reading("slave11", Some("slave1"), Vec::new()),
        reading("slave12", Some("slave1"), Vec::new()),
    ];
    let commits = Commits {
        outcome: "acknowledged".to_owned(),
        waits_for: vec!["slave1".to_owned()],
    };
    Board { servers, commits }.into()
}

pub(crate) fn watching() -> Window {
    let mut window = Window::seed();
    let deployed = window.session().desk.document.clone();
    let adopted = ClusterMessage::Attached(FOLDER.into(), Box::new(deployed));
    window.send(Message::Cluster(adopted));
    window
}

pub(crate) fn see(window: &mut Window, seen: Glance) {
    window.send(Message::Cluster(ClusterMessage::Seen(
        FOLDER.into(),
        Box::new(seen),
    )));
}

fn card(window: &Window, name: &str) -> String {
    let start = format!("{name}, ");
    let is_card = |node: &AccessKitNode<'_>| node.label().is_some_and(|label| label.starts_with(&start));
    let card = window.harness.get(by().predicate(is_card));
    card.accesskit_node().label().unwrap()
}

#[test]
fn a_split_cluster_is_never_shown_as_well() {
    let mut window = watching();
    see(&mut window, as_drawn());
    assert!(window.has("As designed"));
    assert!(card(&window, "slave1").contains("streaming"));

    let mut split = as_drawn();
    split.board.servers[0].replication.remove(0);
    split.board.servers[1].role = "primary".to_owned();
    split.board.servers[1].upstream = None;
    split.drift.push(Drift {
        rule: "two-primaries",
        server: None,
        message: "master and slave1 take writes".to_owned(),
        fix: Some("Keep one of them".to_owned()),
        repair: None,
        slot: None,
    });
    see(&mut window, split);
    assert!(window.has("master and slave1 take writes"), "above the drawing");
    assert!(window.has("Keep one of them"), "with what helps");
    assert!(!window.has("As designed"));
    assert!(card(&window, "slave1").contains("accepts writes"));
    assert!(
        !card(&window, "slave1").contains("synchronous"),
        "no promise about it"
    );
    assert!(window.row("slave1").contains("accepts writes"));
    assert!(window.has("1 difference"));

    see(&mut window, as_drawn());
    assert!(
        !window.has("master and slave1 take writes"),
        "gone when it is over"
    );
}

#[test]
fn lag_pauses_and_silence_are_said_of_each_server() {
    let mut window = watching();
    let mut seen = as_drawn();
    let behind = |bytes| Some(Lag { bytes, time: None });
    let told = |lag, is_paused, silent| Told {
        lag,
        is_paused,
        silent,
        ..Told::default()
    };
    seen.servers
        .insert("slave2".to_owned(), told(behind(34 << 20), true, None));
    seen.servers
        .insert("slave11".to_owned(), told(behind(64 << 20), false, None));
    seen.servers
        .insert("slave12".to_owned(), told(None, false, Some(4)));
    seen.board.servers[4].answers = false;
    see(&mut window, seen);
    assert!(card(&window, "slave2").contains("paused 34.0 MB"));
    assert!(card(&window, "slave11").contains("64.0 MB behind"));
    assert!(card(&window, "slave12").contains("no answer, 4 s"));
    assert!(window.row("slave12").contains("no answer"));
}

#[test]
fn a_cluster_that_somebody_else_removes_is_gone_with_one_message() {
    let mut window = watching();
    see(&mut window, as_drawn());
    let busy = Report::new("The cluster in /tmp/seed is being torn down");
    window.send(Message::Cluster(ClusterMessage::Unseen(FOLDER.into(), busy)));
    assert!(window.has("is being torn down"));
    assert!(
        !card(&window, "slave1").contains("streaming"),
        "nothing stale looks fresh"
    );
    window.send(Message::Cluster(ClusterMessage::Gone(FOLDER.into())));
    assert!(window.session().live.cluster.is_none());
    let said: Vec<NoticeKind> = window
        .session()
        .notices
        .iter()
        .map(|notice| notice.kind)
        .collect();
    assert_eq!(said, [NoticeKind::Info], "{:?}", window.session().notices);
    assert!(window.has("is gone"));
}

#[test]
fn a_renamed_server_is_shown_as_it_runs() {
    let mut window = watching();
    see(&mut window, as_drawn());
    let (server, name) = (window.id("slave1"), ServerName::parse("alpha").unwrap());
    let rename = Command::Edit(Edit::Rename { server, name });
    window.send(Message::Design(DesignMessage::Do(rename)));
    let said = card(&window, "alpha");
    assert!(
        said.contains("streaming") && said.contains("runs as slave1"),
        "{said}"
    );
    // Its downstreams stream from it as before.
    assert!(card(&window, "slave11").contains("streaming"));
}

#[test]
fn the_log_of_a_server_shows_what_is_bad_alone_if_that_is_asked_for() {
    let mut window = watching();
    window.send(Message::Cluster(ClusterMessage::ShowLog("slave1".to_owned())));
    let lines = ["LOG:  ready", "ERROR:  no such slot"].map(str::to_owned);
    window.send(Message::Cluster(ClusterMessage::Log(
        "slave1".to_owned(),
        lines.to_vec(),
    )));
    assert!(window.has("LOG:  ready") && window.has("ERROR:  no such slot"));
    window.send(Message::Cluster(ClusterMessage::OnlyProblems(true)));
    assert!(!window.has("LOG:  ready") && window.has("ERROR:  no such slot"));
}

/// What-if beside the servers: the same as long as nothing happens, and every difference in words.
#[test]
fn what_if_says_where_the_servers_show_something_else() {
    let mut window = watching();
    window.send(Message::WhatIf(WhatIfMessage::Enter));
    assert!(!window.has("Beside the servers that run"), "nothing was seen yet");
    see(&mut window, as_drawn());
    assert!(window.has("They show the same"));

    let topology = window.session().desk.document.topology().clone();
    let crash = Incident::parse("crash slave1", &topology).unwrap();
    window.send(Message::WhatIf(WhatIfMessage::Do(crash)));
    assert!(window.has("slave1: streams from master, slave11 async, slave12 async"));
    assert!(window.has("What-if says: down"));
    assert!(!window.has("They show the same"));

    // It happens to the servers, too.
    let mut dead = as_drawn();
    dead.board.servers[0].replication = vec![row("slave2", "sync", 2)];
    let slave1 = dead
        .board
        .servers
        .iter_mut()
        .find(|one| one.name == "slave1")
        .unwrap();
    slave1.running = false;
    slave1.replication.clear();
    dead.board.commits.waits_for = vec!["slave2".to_owned()];
    see(&mut window, dead);
    assert!(window.has("They show the same"));
}

/// Slave2 fell behind, did not answer for a while, and caught up.
fn with_a_trail() -> Glance {
    let mut trail = Trail::default();
    let mut told = |second, answers: bool, bytes| {
        let mut seen = as_drawn();
        seen.board.servers[2].answers = answers;
        let lag = Some(Lag { bytes, time: None });
        seen.servers.insert(
            "slave2".to_owned(),
            Told {
                lag,
                ..Told::default()
            },
        );
        let at = Moment::since_1970(Duration::from_secs(second));
        trail.take(at, &seen);
        seen
    };
    told(61_331, true, 34 << 20);
    told(61_341, false, 34 << 20);
    told(61_342, false, 34 << 20);
    let mut last = told(61_350, true, 0);
    let stage = |name, bytes, seconds| Stage {
        name,
        bytes,
        time: Some(Duration::from_secs(seconds)),
    };
    let of = last.servers.get_mut("slave2").unwrap();
    of.stages = vec![
        stage("sent", 0, 0),
        stage("written", 2048, 0),
        stage("flushed", 3072, 1),
        stage("replayed", 34 << 20, 12),
    ];
    of.rate = Some(12_000);
    last.trail = Arc::new(trail);
    last
}

#[test]
fn a_link_that_runs_shows_its_stages_and_its_last_minutes() {
    let mut window = watching();
    see(&mut window, with_a_trail());
    assert!(!window.has("How it runs"), "nothing is selected");
    let slave2 = window.id("slave2");
    window.send(Message::View(ViewMessage::SelectLink(slave2)));
    window.send(Message::View(ViewMessage::Show(Tab::Inspector)));
    for words in [
        "sent",
        "written",
        "flushed",
        "replayed",
        "34.0 MB, 12 s",
        "12 kB/s",
    ] {
        assert!(window.has(words), "no {words}");
    }
    let said = "Lag of slave2 in the last 10 minutes: now none, at most 34.0 MB; 1 gap";
    window.harness.get_by_label(said);
    assert!(window.has("17:02:30 slave2 answers again"));
    assert!(window.has("17:02:21 slave2 stopped answering"));
    // The standby itself says the same; another one has no part in it, and the primary no link.
    window.select("slave2");
    window.harness.get_by_label(said);
    window.select("slave1");
    assert!(window.has("How it runs") && !window.has("slave2 stopped answering"));
    window.select("master");
    assert!(!window.has("How it runs"));
    // In the cluster's panel is what happened to all of them.
    window.send(Message::View(ViewMessage::Show(Tab::Deploy)));
    assert!(window.has("17:02:30 slave2 answers again"));
}

#[test]
fn a_longer_trail_alone_is_no_news() {
    let seen = with_a_trail();
    let mut later = seen.clone();
    later.trail = Arc::default();
    assert_eq!(seen, later, "the window is not woken for it");
    later.board.servers[2].answers = false;
    assert_ne!(seen, later);
}
