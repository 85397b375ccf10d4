//! What-if: things happen to a world, and the design stays as it is.

use std::path::PathBuf;

use super::*;
use crate::app::{FileMessage, Look, PathPurpose, RunMessage, Tab, WhatIf, WhatIfMessage};
use crate::model::simulate::world::{CommitFate, Incident};

fn send(session: &mut Session, message: WhatIfMessage) -> Vec<Effect> {
    update(session, Message::WhatIf(message))
}

fn entered() -> Session {
    let mut session = saved_seed();
    assert_eq!(send(&mut session, WhatIfMessage::Enter), []);
    session
}

/// Lets happen what the text says.
fn happen(session: &mut Session, text: &str) {
    let incident = Incident::parse(text, session.desk.document.topology()).unwrap();
    assert_eq!(send(session, WhatIfMessage::Do(incident)), []);
}

fn what_if(session: &Session) -> &WhatIf {
    session.what_if().unwrap()
}

fn fate(session: &Session) -> CommitFate {
    what_if(session).world().cluster_fate()
}

/// The story without its first line, which names the design.
fn story(session: &Session) -> String {
    let text = what_if(session).text();
    text.lines().skip(1).collect::<Vec<_>>().join("; ")
}

#[test]
fn whatever_happens_the_design_is_what_it_was() {
    let mut session = saved_seed();
    session.looks.tab = Tab::Files;
    let (document, text) = (session.desk.document.clone(), session.derived.text.clone());
    send(&mut session, WhatIfMessage::Enter);
    assert_eq!(session.looks.tab, Tab::WhatIf);
    for text in [
        "crash master",
        "promote slave1",
        "repoint slave2 slave1",
        "cut slave1 slave11",
    ] {
        happen(&mut session, text);
    }
    let attach = attach(&session, "slave12", "slave2");
    for refused in [
        attach,
        Message::Design(DesignMessage::Undo),
        Message::File(FileMessage::Open),
    ] {
        assert_eq!(update(&mut session, refused), []);
        assert_eq!(notice(&session).1, "The design cannot change in What-if");
    }
    send(&mut session, WhatIfMessage::Leave);
    assert!(session.what_if().is_none() && session.looks.tab == Tab::Files);
    assert_eq!(session.desk.document, document);
    assert_eq!(session.derived.text, text);
    assert!(!session.is_modified() && session.desk.history.undo_label().is_none());
}

#[test]
fn a_story_is_gone_through_and_forks_where_something_else_is_done() {
    let mut session = entered();
    happen(&mut session, "crash slave1");
    happen(&mut session, "crash slave2");
    assert_eq!(fate(&session), CommitFate::Hangs);
    send(&mut session, WhatIfMessage::GoTo(1));
    assert_eq!(fate(&session), CommitFate::Acknowledged);
    // The same again continues the same story.
    happen(&mut session, "crash slave2");
    assert_eq!(what_if(&session).stories(), (1, 0));
    send(&mut session, WhatIfMessage::GoTo(1));
    happen(&mut session, "crash master");
    assert_eq!(what_if(&session).stories(), (2, 1));
    assert_eq!(story(&session), "crash slave1; crash master");
    assert_eq!(fate(&session), CommitFate::Fails);
    send(&mut session, WhatIfMessage::Tell(0));
    assert_eq!(story(&session), "crash slave1; crash slave2");
    // Numbers that there are not.
    send(&mut session, WhatIfMessage::Tell(9));
    send(&mut session, WhatIfMessage::GoTo(99));
    assert_eq!(what_if(&session).moments().1, 2);
}

#[test]
fn what_cannot_happen_is_said_and_is_no_moment() {
    let mut session = entered();
    happen(&mut session, "promote master");
    assert!(
        notice(&session).1.contains("is already a primary"),
        "{:?}",
        notice(&session)
    );
    assert_eq!(what_if(&session).moments().0.len(), 1);
}

#[test]
fn a_story_is_saved_and_told_again() {
    let mut session = entered();
    happen(&mut session, "crash master");
    happen(&mut session, "promote slave1");
    let asked = send(&mut session, WhatIfMessage::Export);
    assert_eq!(
        asked,
        [Effect::AskPath {
            purpose: PathPurpose::SaveStory,
            suggested: "seed-what-if.txt".to_owned(),
        }]
    );
    let path = PathBuf::from("/home/u/story.txt");
    let chosen = |purpose| Message::File(FileMessage::Chosen(purpose, Some(path.clone())));
    let written = update(&mut session, chosen(PathPurpose::SaveStory));
    let [
        Effect::Write {
            bytes, text: None, ..
        },
    ] = written.as_slice()
    else {
        panic!("{written:?}");
    };
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert_eq!(text, "# What-if on seed\ncrash master\npromote slave1\n");

    let mut other = entered();
    send(&mut other, WhatIfMessage::Import);
    let read = update(&mut other, chosen(PathPurpose::OpenStory));
    assert_eq!(read, [Effect::Read(path.clone())]);
    update(&mut other, Message::File(FileMessage::Read(path.clone(), text)));
    assert_eq!(story(&other), "crash master; promote slave1");
    assert_eq!(what_if(&other).moment().board, what_if(&session).moment().board);

    update(&mut other, chosen(PathPurpose::OpenStory));
    let wrong = "crash master\n\ncrush slave1\ncrash nobody\n".to_owned();
    update(&mut other, Message::File(FileMessage::Read(path.clone(), wrong)));
    let report = &other.notices.last().unwrap().report;
    assert!(report.causes[0].starts_with("line 3: \"crush\""), "{report:?}");
    assert!(report.causes[1].starts_with("line 4: "), "{report:?}");
    assert_eq!(story(&other), "crash master; promote slave1");
}

#[test]
fn another_design_is_compared_and_not_opened() {
    let mut session = entered();
    let before = drawn(&session);
    send(&mut session, WhatIfMessage::Compare);
    let path = PathBuf::from("/home/u/pair.toml");
    let chosen = FileMessage::Chosen(PathPurpose::CompareDesign, Some(path.clone()));
    assert_eq!(
        update(&mut session, Message::File(chosen)),
        [Effect::Read(path.clone())]
    );
    let text = templates::find("seed")
        .unwrap()
        .text
        .replace("count = 1", "count = 2");
    update(&mut session, Message::File(FileMessage::Read(path, text)));
    assert_eq!(drawn(&session), before);
    let what_if = what_if(&session);
    assert_eq!(what_if.look, Look::Survives);
    let writes = |survives: &crate::app::Survives| {
        let rows = survives.rows(false);
        rows.iter().filter(|row| row.writes.holds).count()
    };
    let (own, other) = (
        what_if.survives.as_ref().unwrap(),
        what_if.compared.as_ref().unwrap(),
    );
    // With two to wait for, the death of either of the two synchronous standbys, or of its link, stops writing.
    assert_eq!((writes(own), writes(other)), (8, 4));
}

#[test]
fn two_failures_at_once_are_worked_out_when_they_are_looked_at() {
    let mut session = entered();
    let rows = |session: &Session, double| {
        let survives = what_if(session).survives.as_ref();
        survives.map_or(0, |survives| survives.rows(double).len())
    };
    assert_eq!(rows(&session, false), 0);
    send(&mut session, WhatIfMessage::Look(Look::Survives));
    assert_eq!((rows(&session, false), rows(&session, true)), (9, 0));
    send(&mut session, WhatIfMessage::Double(true));
    assert_eq!(rows(&session, true), 36);
    let faults = what_if(&session).survives.as_ref().unwrap().rows(true)[0]
        .faults
        .clone();
    send(&mut session, WhatIfMessage::Try(faults));
    assert_eq!(story(&session), "crash master; crash slave1");
    assert_eq!(what_if(&session).look, Look::Verdict);
}

#[test]
fn a_design_that_comes_from_outside_ends_the_mode() {
    let mut session = entered();
    let deployed = crate::model::document::Document::new(notation::parse("m 1\n  a 2\n").unwrap());
    let adopted = crate::app::ClusterMessage::Attached("/c".into(), Box::new(deployed));
    update(&mut session, Message::Cluster(adopted));
    let is_another = session.desk.document.topology().servers().len() == 2;
    assert_eq!(session.what_if().is_none(), is_another);
    // And nothing is deployed out of it.
    let mut session = entered();
    update(&mut session, Message::Run(RunMessage::Ask));
    assert!(session.what_if().is_some());
}
