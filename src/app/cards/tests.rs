//! What the cards of a design say: while it is drawn, while it is built, and while it runs.

use super::*;
use crate::app::ClusterView;
use crate::app::glance::Told;
use crate::app::{RunView, Session};
use crate::model::document::Document;
use crate::model::drift::Lag;
use crate::model::health::Commits;
use crate::model::health::{Board, Reading, ReplicationRow};
use crate::model::plan::{Head, Kind, Plan, Progress, StepId, StepState, StepSummary};
use crate::model::topology::notation;

fn session(text: &str) -> Session {
    Session::new(Document::new(notation::parse(text).unwrap()), None)
}

const SEED: &str = "m 1025 sync first 1\n  a 1026 priority 1\n    c 1027\n  b 1028 priority 2\n";

/// One line for each server: "name: badge, state; link".
fn check(session: &Session, expected: &str) {
    let line = |(card, link): &(Card, Option<Link>)| {
        let state = card.work.map_or_else(|| card.life.word(), |work| work.word());
        let link = link.as_ref().map_or(String::new(), |link| {
            let live = if link.is_streaming { " (live)" } else { "" };
            format!("; {}{live}", link.label)
        });
        format!("{}: {}, {state}{link}", card.name, card.badge.text)
    };
    let found: Vec<String> = describe(session).iter().map(line).collect();
    assert_eq!(found.join("\n"), expected);
}

fn reading(name: &str, upstream: Option<&str>, rows: &[(&str, &str, &str, u32)]) -> Reading {
    let row = |(name, state, sync_state, priority): &(&str, &str, &str, u32)| ReplicationRow {
        application_name: (*name).to_owned(),
        state: (*state).to_owned(),
        sync_priority: *priority,
        sync_state: (*sync_state).to_owned(),
    };
    Reading {
        name: name.to_owned(),
        running: true,
        answers: true,
        role: if upstream.is_some() { "standby" } else { "primary" }.to_owned(),
        upstream: upstream.map(str::to_owned),
        replication: rows.iter().map(row).collect(),
    }
}

fn deployed(session: &mut Session, servers: Vec<Reading>) {
    let commits = Commits {
        outcome: "acknowledged".to_owned(),
        waits_for: Vec::new(),
    };
    session.live.cluster = Some(ClusterView {
        folder: "/nowhere".into(),
        deployed: session.desk.document.clone(),
        seen: Some(Board { servers, commits }.into()),
        unseen: None,
        busy: None,
        foreign: None,
    });
}

#[test]
fn a_design_shows_what_is_expected() {
    check(
        &session(SEED),
        "m: first 1 of 2, \na: sync 1, ; priority 1\nc: async, ; async\nb: potential 2, ; priority 2",
    );
    check(
        &session("m 1025 sync any 1\n  a 1026 priority 1\n  b 1028 delay 5min no-slot\n"),
        "m: any 1 of 1, \na: quorum, ; quorum\nb: async, ; async · no slot · delay 5min",
    );
    check(
        &session("m 1025\n  a 1026\n"),
        "m: async only, \na: async, ; async",
    );
}

#[test]
fn a_running_cluster_shows_what_is_real() {
    let mut session = session(SEED);
    let mut down = reading("b", Some("m"), &[]);
    down.running = false;
    deployed(
        &mut session,
        vec![
            reading("m", None, &[("a", "catchup", "async", 1)]),
            reading("a", Some("m"), &[("c", "streaming", "async", 0)]),
            reading("c", Some("a"), &[]),
            down,
        ],
    );
    check(
        &session,
        "m: first 1 of 2, running\na: async, catchup; priority 1\nc: async, streaming; async (live)\nb: no row, down; priority 2",
    );
}

#[test]
fn what_is_not_as_drawn_is_never_shown_as_well() {
    let mut session = session(SEED);
    let promoted = Reading {
        role: "primary".to_owned(),
        ..reading("a", None, &[("c", "streaming", "async", 0)])
    };
    let rows = [("b", "streaming", "sync", 2)];
    deployed(
        &mut session,
        vec![
            reading("m", None, &rows),
            promoted,
            reading("c", Some("a"), &[]),
            reading("b", Some("m"), &[]),
        ],
    );
    let seen = session.live.cluster.as_mut().unwrap().seen.as_mut().unwrap();
    let told = |bytes, is_paused| Told {
        lag: Some(Lag { bytes, time: None }),
        is_paused,
        ..Told::default()
    };
    seen.servers.insert("c".to_owned(), told(34 << 20, true));
    seen.servers.insert("b".to_owned(), told(2048, false));
    check(
        &session,
        "m: first 1 of 2, running\na: no row, accepts writes; priority 1\nc: async, paused 34.0 MB; async \
         (live)\n\
         b: sync 2, 2 kB behind; priority 2 (live)",
    );
    let described = describe(&session);
    assert!(
        described[1].0.label.contains("accepts writes"),
        "for a screen reader, too"
    );
    assert_eq!(described[1].1.as_ref().unwrap().trouble, Some(Trouble::Broken));

    for server in &mut session
        .live
        .cluster
        .as_mut()
        .unwrap()
        .seen
        .as_mut()
        .unwrap()
        .board
        .servers
    {
        server.running = false;
    }
    let words = |(card, _): &(Card, Option<Link>)| card.life.word().to_owned();
    assert!(describe(&session).iter().map(words).all(|word| word == "stopped"));
}

/// The view shows 63 characters of such a name from 16 on.
#[test]
fn a_name_that_the_view_cuts_is_drawn_as_connected() {
    for major in [15, 16, 18] {
        let name = "é".repeat(20);
        let mut session = session(&format!("postgres {major}\nm 1025\n  {name} 1026\n"));
        let topology = session.desk.document.topology();
        let shown = topology
            .by_name(&name)
            .unwrap()
            .name()
            .in_view(topology.postgres());
        let rows = [(shown.as_str(), "streaming", "async", 0)];
        let servers = vec![reading("m", None, &rows), reading(&name, Some("m"), &[])];
        deployed(&mut session, servers);
        assert_eq!(describe(&session)[1].0.life, Life::Streaming, "{major}");
    }
}

#[test]
fn a_server_that_does_not_answer_is_called_so_and_says_nothing_about_others() {
    let mut session = session(SEED);
    let mut silent = reading("a", Some("m"), &[]);
    silent.answers = false;
    deployed(
        &mut session,
        vec![
            reading(
                "m",
                None,
                &[("a", "streaming", "sync", 1), ("b", "streaming", "potential", 2)],
            ),
            silent,
            reading("c", Some("a"), &[]),
            reading("b", Some("m"), &[]),
        ],
    );
    check(
        &session,
        "m: first 1 of 2, running\na: sync 1, does not answer; priority 1\nc: async, running; async\nb: potential 2, streaming; priority 2 (live)",
    );
}

#[test]
fn a_link_that_is_only_drawn_is_not_live() {
    let mut session = session("m 1025\n  a 1026\n    c 1027\n  new 1028\n");
    deployed(
        &mut session,
        vec![
            reading("m", None, &[("c", "streaming", "async", 0)]),
            reading("a", Some("m"), &[]),
            reading("c", Some("m"), &[]),
        ],
    );
    check(
        &session,
        "m: async only, running\na: no row, not connected; async\nc: async, streaming; really from m\nnew: async, not deployed; async",
    );
}

#[test]
fn a_run_shows_how_far_it_is_with_each_server() {
    let mut session = session("m 1025\n  a 1026\n  b 1027\n  untouched 1028\n");
    let mut progress = Progress::default();
    for (server, state) in [
        ("m", StepState::Done),
        ("a", StepState::Done),
        ("a", StepState::Running),
        ("b", StepState::Pending),
    ] {
        let step = StepSummary {
            step: StepId(progress.steps.len()),
            server: Some(server.to_owned()),
            title: String::new(),
        };
        progress.steps.push((step, state));
    }
    session.live.run = RunView::Run {
        run: 1,
        job: crate::app::job::Job::Plan(Plan {
            cluster: String::new(),
            folder: String::new(),
            head: Head::of(Kind::Deploy),
            steps: Vec::new(),
        }),
        progress,
        cancelling: false,
    };
    check(
        &session,
        "m: async only, built\na: async, building; async\nb: async, waiting; async\nuntouched: async, ; async",
    );
    assert_eq!(describe(&session)[1].0.work, Some(Work::Building(0.5)));
}

#[test]
fn what_is_being_torn_down_does_not_stream_on() {
    let mut session = session("m 1025\n  a 1026\n");
    let servers = vec![
        reading("m", None, &[("a", "streaming", "async", 0)]),
        reading("a", Some("m"), &[]),
    ];
    deployed(&mut session, servers);
    check(
        &session,
        "m: async only, running\na: async, streaming; async (live)",
    );
    session.live.cluster.as_mut().unwrap().busy = Some("Tearing down".to_owned());
    check(&session, "m: async only, stopping\na: async, stopping; async");
}

#[test]
fn far_away_hosts_keep_their_port() {
    let session = session("m 1025\n  a 1026 host db2.example.internal\n");
    let (card, _) = &describe(&session)[1];
    assert_eq!(card.detail, "db2.example…:1026");
    assert_eq!(
        card.full.as_deref(),
        Some("a\nstandby · db2.example.internal:1026")
    );
}
