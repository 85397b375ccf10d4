//! What can be broken, of a small cluster that runs; and the reasons why not.

use super::*;
use crate::app::ClusterView;
use crate::app::glance::{Glance, Told};
use crate::model::document::Document;
use crate::model::health::{Board, Commits, Reading, ReplicationRow};
use crate::model::topology::notation;

const CLUSTER: &str = "postgres 15\nm 1025\n  a 1026\n    c 1028\n  b 1027 no-slot\n";

fn reading(name: &str, upstream: Option<&str>, below: &[&str]) -> Reading {
    let row = |name: &&str| ReplicationRow {
        application_name: (*name).to_owned(),
        state: "streaming".to_owned(),
        sync_priority: 0,
        sync_state: "async".to_owned(),
    };
    Reading {
        name: name.to_owned(),
        running: true,
        answers: true,
        role: if upstream.is_some() { "standby" } else { "primary" }.to_owned(),
        upstream: upstream.map(str::to_owned),
        replication: below.iter().map(row).collect(),
    }
}

fn as_drawn() -> Glance {
    let servers = vec![
        reading("m", None, &["a", "b"]),
        reading("a", Some("m"), &["c"]),
        reading("b", Some("m"), &[]),
        reading("c", Some("a"), &[]),
    ];
    let commits = Commits {
        outcome: "acknowledged".to_owned(),
        waits_for: Vec::new(),
    };
    Board { servers, commits }.into()
}

fn watched(design: &str, seen: Glance) -> Session {
    let document = Document::new(notation::parse(design).unwrap());
    let mut session = Session::new(document, None);
    session.live.cluster = Some(ClusterView {
        folder: "/b".into(),
        deployed: session.desk.document.clone(),
        seen: Some(seen),
        unseen: None,
        busy: None,
        foreign: None,
    });
    session
}

fn may(session: &Session, words: &str) -> Result<(), String> {
    let fault = Fault::parse(words, session.desk.document.topology()).unwrap();
    session.laboratory().unwrap().may(fault)
}

/// The reason has these words.
fn refuses(session: &Session, words: &str, because: &str) {
    let reason = may(session, words).expect_err(words);
    assert!(reason.contains(because), "{words}: {reason}");
}

#[test]
fn a_server_that_runs_can_be_broken_and_one_that_is_down_only_once_it_is_back() {
    let mut seen = as_drawn();
    seen.board.servers[3].running = false;
    seen.board.servers[3].answers = false;
    let session = watched(CLUSTER, seen);
    for words in [
        "crash m",
        "stop a",
        "stop-immediate a",
        "freeze a",
        "fill-disk b",
        "pause a",
        "drop-slot a",
    ] {
        assert_eq!(may(&session, words), Ok(()), "{words}");
    }
    for words in ["crash c", "stop c", "freeze c", "fill-disk c", "pause c"] {
        refuses(&session, words, "c is down");
    }
    // Its slot is on a, which answers.
    assert_eq!(may(&session, "drop-slot c"), Ok(()));
    refuses(&session, "drop-slot b", "b uses no slot");
    refuses(&session, "pause m", "is the primary");
    refuses(&session, "fill-archive", "has no archive");
    refuses(&session, "cut m a", "links = true");
}

#[test]
fn what_is_broken_is_not_broken_twice() {
    let mut seen = as_drawn();
    seen.faults = ["freeze a", "slow b m 30ms", "crash gone"]
        .map(str::to_owned)
        .to_vec();
    seen.board.servers[1].answers = false;
    let mut session = watched(CLUSTER, seen);
    refuses(&session, "freeze a", "a is frozen: repair it first");
    refuses(&session, "stop a", "would not shut down");
    refuses(&session, "pause a", "does not answer");
    refuses(&session, "drop-slot c", "a does not answer");
    assert_eq!(may(&session, "crash a"), Ok(()), "SIGKILL needs no answer");
    let sentences = |session: &Session| -> Vec<String> {
        let laboratory = session.laboratory().unwrap();
        laboratory
            .made()
            .iter()
            .map(|made| made.sentence.clone())
            .collect()
    };
    let said = sentences(&session);
    assert_eq!(said[0], "a is frozen");
    assert!(said[1].contains("between b and m") && said[1].contains("30 ms"));
    assert!(said[2].contains("crash gone") && said[2].contains("left the design"));
    session.live.cluster.as_mut().unwrap().seen = None;
    assert!(sentences(&session).is_empty(), "nobody knows");
    refuses(&session, "crash a", "has not been read yet");
}

#[test]
fn slots_are_outgrown_only_where_a_standby_is_away() {
    let session = watched(CLUSTER, as_drawn());
    refuses(&session, "outgrow-slots", "shut one of them down first");
    let mut seen = as_drawn();
    // One without a slot keeps nothing.
    seen.board.servers[0].replication.remove(1);
    refuses(
        &watched(CLUSTER, seen.clone()),
        "outgrow-slots",
        "shut one of them down first",
    );
    seen.board.servers[1].replication.clear();
    assert_eq!(may(&watched(CLUSTER, seen.clone()), "outgrow-slots"), Ok(()));
    seen.board.servers[0].running = false;
    refuses(
        &watched(CLUSTER, seen),
        "outgrow-slots",
        "No server accepts writes",
    );
}

#[test]
fn a_paused_and_a_promoted_standby_have_no_replay_to_pause() {
    let mut seen = as_drawn();
    let paused = Told {
        is_paused: true,
        ..Told::default()
    };
    seen.servers.insert("a".to_owned(), paused);
    seen.board.servers[2].role = "primary".to_owned();
    let session = watched(CLUSTER, seen);
    refuses(&session, "pause a", "paused already");
    refuses(&session, "pause b", "accepts writes");
}

#[test]
fn one_thing_at_a_time_and_nothing_on_somebody_elses_cluster() {
    let mut session = watched(CLUSTER, as_drawn());
    session.live.cluster.as_mut().unwrap().busy = Some("Stopping".to_owned());
    refuses(&session, "crash a", "busy: Stopping");
    assert!(session.laboratory().unwrap().may_repair().is_err());
    session.live.cluster = None;
    assert!(session.laboratory().is_none());
}

#[test]
fn every_fault_has_words_that_begin_a_menu_and_end_as_sentences() {
    let session = watched(CLUSTER, as_drawn());
    let laboratory = session.laboratory().unwrap();
    let topology = session.desk.document.topology();
    let a = topology.by_name("a").unwrap().id();
    let mut faults = laboratory.of_server(a);
    assert_eq!(faults.len(), 7);
    assert_eq!(laboratory.of_server(topology.primary().id()).len(), 5);
    assert!(laboratory.of_link(topology.primary().id()).is_empty());
    faults.extend(laboratory.of_link(a));
    faults.extend(Laboratory::of_cluster());
    let mut entries = std::collections::BTreeSet::new();
    for fault in &faults {
        let words = laboratory.words(*fault);
        assert!(entries.insert(words.entry.clone()), "{}", words.entry);
        let explained = words.explained();
        assert!(
            explained.contains("Repair ") && !explained.contains(".."),
            "{explained}"
        );
        assert!(!words.done.is_empty() && !words.doing.is_empty() && !words.seen.ends_with('.'));
        // What the window sends is what the engine reads.
        assert_eq!(Fault::parse(&laboratory.text(*fault), topology), Ok(*fault));
    }
}

#[test]
fn what_was_broken_on_purpose_is_repaired_and_not_only_started() {
    let mut seen = as_drawn();
    let drift = |rule, server: &str| Drift {
        rule,
        server: Some(server.to_owned()),
        message: String::new(),
        fix: Some("Start it".to_owned()),
        repair: None,
        slot: None,
    };
    for (fault, rule, server) in [
        ("crash c", "server-down", "c"),
        ("stop c", "server-down", "c"),
        ("freeze a", SILENT, "a"),
        ("pause b", "replay-paused", "b"),
        ("drop-slot a", "link-missing", "a"),
        ("cut c a", "link-missing", "c"),
        ("stall m b", "link-silent", "b"),
        ("fill-archive", ARCHIVE_FAILING, "m"),
    ] {
        seen.faults = vec![fault.to_owned()];
        let session = watched(CLUSTER, seen.clone());
        let messages = |one: &Drift| -> Vec<Message> {
            session
                .remedies(one)
                .into_iter()
                .map(|remedy| remedy.message)
                .collect()
        };
        let repair = BreakingMessage::Repair(Some(fault.to_owned())).into();
        assert_eq!(messages(&drift(rule, server)), [repair], "{fault}");
        // Another server, and another difference, has another reason.
        let laboratory = session.laboratory().unwrap();
        let is_of_all = rule == ARCHIVE_FAILING;
        let elsewhere = if server == "b" { "c" } else { "b" };
        assert_eq!(
            laboratory.behind(&drift(rule, elsewhere)).is_some(),
            is_of_all,
            "{fault}"
        );
        assert_eq!(
            laboratory.behind(&drift("setting-differs", server)),
            None,
            "{fault}"
        );
    }
}
