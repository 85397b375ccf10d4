//! What-if in time: played by frames, scrubbed, forked, changed; stories that the design keeps.

use super::*;
use crate::app::{InTime, Look, Pace, TimeMessage, WhatIf, WhatIfMessage};
use crate::model::document::Command;
use crate::model::simulate::time::{Micros, Speed, Workload};
use crate::model::simulate::world::{CommitFate, Incident};
use crate::model::topology::{Edit, ServerName};

const FRAME: Micros = 16_000;

fn send(session: &mut Session, message: WhatIfMessage) {
    assert_eq!(update(session, Message::WhatIf(message)), []);
}

fn time(session: &mut Session, message: TimeMessage) {
    send(session, WhatIfMessage::Time(message));
}

fn entered() -> Session {
    let mut session = saved_seed();
    send(&mut session, WhatIfMessage::EnterInTime);
    session
}

fn what_if(session: &Session) -> &WhatIf {
    session.what_if().unwrap()
}

fn in_time(session: &Session) -> &InTime {
    what_if(session).in_time().unwrap()
}

fn happen(session: &mut Session, text: &str) {
    let incident = Incident::parse(text, session.desk.document.topology()).unwrap();
    send(session, WhatIfMessage::Do(incident));
}

fn id(session: &Session, name: &str) -> ServerId {
    session.desk.document.topology().by_name(name).unwrap().id()
}

/// The events of the story that is told.
fn events(session: &Session) -> Vec<String> {
    let text = what_if(session).text();
    let events = text.lines().filter(|line| line.starts_with("at "));
    events.map(str::to_owned).collect()
}

fn frames(session: &mut Session, count: usize) {
    for _ in 0..count {
        time(session, TimeMessage::Frame(FRAME));
    }
}

#[test]
fn time_goes_on_only_while_it_is_played_and_at_the_pace_that_was_chosen() {
    let mut session = entered();
    frames(&mut session, 10);
    assert_eq!(in_time(&session).now(), 0);
    assert!(!in_time(&session).is_under_way());
    time(&mut session, TimeMessage::Play(true));
    frames(&mut session, 100);
    // 1.6 seconds of the window at 10 ms a second.
    assert_eq!(in_time(&session).now(), 16_000);
    time(&mut session, TimeMessage::Pace(Pace::default().faster().faster()));
    frames(&mut session, 100);
    assert_eq!(in_time(&session).now(), 16_000 + 80_000);
    assert!(in_time(&session).run().acknowledged() > 0);
    time(&mut session, TimeMessage::Play(false));
    frames(&mut session, 10);
    assert_eq!(in_time(&session).now(), 96_000);
    // Another side of the panel stops it.
    time(&mut session, TimeMessage::Play(true));
    send(&mut session, WhatIfMessage::Look(Look::Verdict));
    assert!(what_if(&session).in_time().is_none());
    send(&mut session, WhatIfMessage::Look(Look::Time));
    assert!(!in_time(&session).is_playing() && in_time(&session).now() == 96_000);
}

#[test]
fn one_steps_by_ticks_and_by_answers() {
    let mut session = entered();
    for _ in 0..3 {
        time(&mut session, TimeMessage::Tick { on: true });
    }
    time(&mut session, TimeMessage::Tick { on: false });
    assert_eq!(in_time(&session).now(), 2_000);
    time(&mut session, TimeMessage::NextCommit);
    assert_eq!(in_time(&session).run().acknowledged(), 1);
    assert!(!in_time(&session).is_under_way());
    let at = in_time(&session).now();
    time(&mut session, TimeMessage::NextCommit);
    assert!(in_time(&session).now() > at && in_time(&session).run().acknowledged() > 1);
    // Where nobody answers there is no next one, and the window does not hang.
    for text in ["crash slave1", "crash slave2"] {
        happen(&mut session, text);
    }
    for _ in 0..4 {
        time(&mut session, TimeMessage::NextCommit);
    }
    assert_eq!(notice(&session).1, "No commit finished; playback stopped here");
}

#[test]
fn what_happens_in_the_middle_is_a_story_of_its_own() {
    let mut session = entered();
    time(&mut session, TimeMessage::GoTo(20_000));
    happen(&mut session, "crash slave1");
    assert_eq!(events(&session), ["at 21ms crash slave1"]);
    assert_eq!(what_if(&session).world().cluster_fate(), CommitFate::Acknowledged);
    let before = what_if(&session).revision();
    time(&mut session, TimeMessage::GoTo(40_000));
    happen(&mut session, "crash slave2");
    assert!(what_if(&session).revision() > before, "the cards follow");
    assert_eq!(what_if(&session).world().cluster_fate(), CommitFate::Hangs);
    assert!(what_if(&session).row(id(&session, "slave2")).is_none());
    time(&mut session, TimeMessage::GoTo(30_000));
    assert!(what_if(&session).row(id(&session, "slave2")).is_some());
    assert_eq!(in_time(&session).stories(), (1, 0));
    happen(&mut session, "crash master");
    assert_eq!(in_time(&session).stories(), (2, 1));
    assert_eq!(events(&session), ["at 21ms crash slave1", "at 31ms crash master"]);
    time(&mut session, TimeMessage::Tell(0));
    assert_eq!(events(&session), ["at 21ms crash slave1", "at 41ms crash slave2"]);
    assert_eq!(in_time(&session).now(), 30_000);
    time(&mut session, TimeMessage::Fork);
    assert_eq!((in_time(&session).stories(), events(&session).len()), ((3, 2), 1));
    // What cannot be is said, and is not an event.
    happen(&mut session, "crash slave1");
    assert!(
        notice(&session).1.contains("is already down"),
        "{:?}",
        notice(&session)
    );
    assert_eq!(events(&session).len(), 1);
}

#[test]
fn another_seed_workload_or_network_plays_the_story_again_up_to_the_same_moment() {
    let mut session = entered();
    time(&mut session, TimeMessage::GoTo(500_000));
    happen(&mut session, "pause slave11");
    let written = |session: &Session| {
        let run = in_time(session).run();
        run.progress(id(session, "master")).unwrap().written
    };
    let now = in_time(&session).now();
    let before = written(&session);
    time(&mut session, TimeMessage::Seed(7));
    let other_seed = written(&session);
    assert!(other_seed != before && other_seed > 0);
    time(&mut session, TimeMessage::Seed(0));
    assert_eq!(written(&session), before, "the same seed is the same run");
    let workload = Workload {
        sessions: 40,
        ..in_time(&session).scenario().workload
    };
    time(&mut session, TimeMessage::Workload(workload));
    assert!(written(&session) > before * 4);
    time(
        &mut session,
        TimeMessage::Workload(Workload {
            sessions: 4,
            ..workload
        }),
    );
    let slave1 = id(&session, "slave1");
    let slow = Speed {
        latency: 100_000,
        ..Speed::default()
    };
    time(&mut session, TimeMessage::Link(slave1, Some(slow)));
    assert!(written(&session) < before / 2, "commits wait for the slow link");
    time(&mut session, TimeMessage::Link(slave1, None));
    assert_eq!((written(&session), in_time(&session).now()), (before, now));
    time(&mut session, TimeMessage::Network(slow));
    assert!(written(&session) < before / 2);
    assert_eq!(events(&session), ["at 501ms pause slave11"]);
}

#[test]
fn a_far_moment_is_gone_to_in_frames_that_are_bounded() {
    let mut session = entered();
    let hour = 3_600_000_000;
    time(&mut session, TimeMessage::GoTo(hour));
    assert!(in_time(&session).is_under_way() && in_time(&session).now() < hour / 10);
    let first = in_time(&session).run().now();
    frames(&mut session, 1);
    assert!(in_time(&session).run().now() > first);
    time(&mut session, TimeMessage::GoTo(0));
    assert!(!in_time(&session).is_under_way());
}

#[test]
fn the_story_of_the_moments_is_played_in_time() {
    let mut session = saved_seed();
    send(&mut session, WhatIfMessage::Enter);
    happen(&mut session, "crash master");
    happen(&mut session, "promote slave1");
    send(&mut session, WhatIfMessage::PlayStory);
    assert_eq!(events(&session), ["at 1s crash master", "at 2s promote slave1"]);
    assert_eq!(what_if(&session).world().cluster_fate(), CommitFate::Acknowledged);
    time(&mut session, TimeMessage::GoTo(1_500_000));
    assert_eq!(what_if(&session).world().cluster_fate(), CommitFate::Fails);
    assert_eq!(what_if(&session).board().commits.outcome, "no-primary");
    // The moments are what they were.
    send(&mut session, WhatIfMessage::Look(Look::Verdict));
    assert_eq!(what_if(&session).world().leaders(), [id(&session, "slave1")]);
}

#[test]
fn a_story_is_kept_with_the_design_told_again_and_taken_back() {
    let mut session = entered();
    time(&mut session, TimeMessage::GoTo(9_000));
    happen(&mut session, "crash slave1");
    let topology = session.desk.document.topology().clone();
    let effects = update(
        &mut session,
        Message::WhatIf(WhatIfMessage::Keep(" relay ".to_owned())),
    );
    assert!(
        matches!(effects.as_slice(), [Effect::Autosave { text: Some(text), .. }] if text.contains("[[scenario]]")),
        "{effects:?}"
    );
    assert_eq!(*session.desk.document.topology(), topology);
    assert!(
        session.is_modified() && session.what_if().is_some() && session.looks.tab == crate::app::Tab::WhatIf
    );
    assert_eq!(
        session.desk.history.undo_label(),
        Some("Save the scenario \"relay\"")
    );
    assert!(
        session
            .desk
            .document
            .scenario("relay")
            .unwrap()
            .text
            .ends_with("at 10ms crash slave1\n")
    );
    // Told again in time, and moment by moment.
    send(&mut session, WhatIfMessage::Replay("relay".to_owned()));
    assert_eq!(
        (events(&session), in_time(&session).now()),
        (vec!["at 10ms crash slave1".to_owned()], 0)
    );
    send(&mut session, WhatIfMessage::Look(Look::Verdict));
    send(&mut session, WhatIfMessage::Replay("relay".to_owned()));
    assert_eq!(what_if(&session).moments().1, 1);
    // Without a name nothing is kept.
    send(&mut session, WhatIfMessage::Keep("  ".to_owned()));
    assert_eq!(notice(&session).1, "A story needs a name");
    assert_eq!(session.desk.document.scenarios().len(), 1);
    send(&mut session, WhatIfMessage::Leave);
    update(&mut session, Message::Design(DesignMessage::Undo));
    assert!(session.desk.document.scenarios().is_empty() && !session.is_modified());
    update(&mut session, Message::Design(DesignMessage::Redo));
    send(&mut session, WhatIfMessage::Enter);
    update(
        &mut session,
        Message::WhatIf(WhatIfMessage::Drop("relay".to_owned())),
    );
    assert!(session.desk.document.scenarios().is_empty() && !session.is_modified());
}

#[test]
fn a_kept_story_follows_a_rename_and_says_what_a_removal_took_from_it() {
    let mut session = entered();
    time(&mut session, TimeMessage::GoTo(9_000));
    happen(&mut session, "crash slave12");
    happen(&mut session, "crash slave2");
    update(
        &mut session,
        Message::WhatIf(WhatIfMessage::Keep("both".to_owned())),
    );
    send(&mut session, WhatIfMessage::Leave);
    let edit = |edit| Message::Design(DesignMessage::Do(Command::Edit(edit)));
    let rename = Edit::Rename {
        server: id(&session, "slave2"),
        name: ServerName::parse("other").unwrap(),
    };
    update(&mut session, edit(rename));
    let remove = Edit::Remove {
        server: id(&session, "slave12"),
        downstreams: crate::model::topology::Downstreams::Reattach,
    };
    update(&mut session, edit(remove));
    send(&mut session, WhatIfMessage::EnterInTime);
    send(&mut session, WhatIfMessage::Replay("both".to_owned()));
    assert_eq!(events(&session), ["at 11ms crash other"]);
    let report = &session.notices.last().unwrap().report;
    assert_eq!(
        report.headline,
        "Some lines of the story \"both\" cannot be played"
    );
    assert!(
        report.causes[0].contains("the design has no server called \"slave12\""),
        "{report:?}"
    );
}
