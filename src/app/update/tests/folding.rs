//! Folding as messages: what it hides, what it leaves alone, and what finds the way to a hidden server.

use std::collections::BTreeMap;

use super::*;
use crate::app::{FileMessage, ViewMessage};
use crate::model::document::PointOnCanvas;
use crate::model::topology::Downstreams;

const TREE: &str = "m 1\n  a 2\n    b 3\n      c 4\n    d 5\n  e 6\n    f 7\n";

fn session() -> Session {
    Session::new(Document::new(notation::parse(TREE).unwrap()), None)
}

fn view(session: &mut Session, message: ViewMessage) {
    assert_eq!(update(session, Message::View(message)), []);
}

fn design(session: &mut Session, message: DesignMessage) {
    drop(update(session, Message::Design(message)));
}

fn do_edit(session: &mut Session, edit: Edit) {
    design(session, DesignMessage::Do(Command::Edit(edit)));
}

/// The names of what can be seen, in the order of the tree.
fn shown(session: &Session) -> String {
    let topology = session.desk.document.topology();
    let name = |id| topology.server(id).unwrap().name().to_string();
    session
        .shown_servers()
        .into_iter()
        .map(name)
        .collect::<Vec<_>>()
        .join(" ")
}

fn fold(session: &mut Session, name: &str) {
    let server = id(session, name);
    view(session, ViewMessage::Fold(server, true));
}

#[test]
fn folding_hides_what_is_below_and_is_neither_a_step_nor_a_change() {
    let mut session = session();
    let (text, revision) = (session.derived.text.clone(), session.desk.revision);
    fold(&mut session, "b");
    assert_eq!(shown(&session), "m a b d e f");
    fold(&mut session, "a");
    assert_eq!(shown(&session), "m a e f");
    let a = id(&session, "a");
    assert_eq!(
        session.looks.folding.hidden_in(id(&session, "c")),
        Some(a),
        "the topmost stands for it"
    );
    view(&mut session, ViewMessage::Fold(a, false));
    assert_eq!(shown(&session), "m a b d e f", "what was folded inside still is");
    view(&mut session, ViewMessage::UnfoldAll);
    assert_eq!(shown(&session), "m a b c d e f");
    view(&mut session, ViewMessage::FoldAll);
    assert_eq!(shown(&session), "m a e");
    assert_eq!(session.desk.history.undo_label(), None);
    assert!(!session.is_modified() && session.derived.text == text && session.desk.revision == revision);
}

#[test]
fn whoever_is_selected_can_be_seen() {
    let mut session = session();
    view(&mut session, ViewMessage::FoldAll);
    let [c, f] = ["c", "f"].map(|name| id(&session, name));
    view(&mut session, ViewMessage::Select(Some(c)));
    assert_eq!(
        shown(&session),
        "m a b c d e",
        "the way to it is unfolded, and no more"
    );
    assert_eq!(session.looks.selected, Some(c));
    view(&mut session, ViewMessage::Toggle(f));
    assert_eq!(shown(&session), "m a b c d e f");
    // What is hidden hands over to what stands for it.
    fold(&mut session, "a");
    assert_eq!(session.selection(), [id(&session, "a"), f]);
    fold(&mut session, "m");
    assert_eq!(session.selection(), [id(&session, "m")]);
}

#[test]
fn a_new_server_below_a_folded_one_is_shown_and_one_that_is_moved_there_is_told_of() {
    let mut session = session();
    fold(&mut session, "e");
    let [d, e] = ["d", "e"].map(|name| id(&session, name));
    view(&mut session, ViewMessage::Select(Some(d)));
    do_edit(
        &mut session,
        Edit::Attach {
            server: d,
            upstream: e,
        },
    );
    assert_eq!(shown(&session), "m a b c e");
    assert_eq!(session.looks.selected, Some(e), "what stands for it is selected");
    let told = "The moved servers are hidden inside \"e\", which is folded";
    assert_eq!(notice(&session), (NoticeKind::Info, told));
    do_edit(
        &mut session,
        Edit::AddStandby {
            upstream: e,
            name: None,
            port: None,
        },
    );
    assert_eq!(shown(&session), "m a b c e d f standby1");
}

#[test]
fn what_is_taken_back_is_folded_as_it_was() {
    let mut session = session();
    fold(&mut session, "a");
    let a = id(&session, "a");
    design(
        &mut session,
        DesignMessage::Remove {
            servers: vec![a],
            downstreams: Downstreams::Remove,
            remembers: true,
        },
    );
    assert_eq!(shown(&session), "m e f");
    design(&mut session, DesignMessage::Undo);
    assert_eq!(shown(&session), "m a e f");
    // What loses its last downstream is no longer folded: the next one must not vanish in it.
    fold(&mut session, "e");
    let [e, f, d] = ["e", "f", "d"].map(|name| id(&session, name));
    do_edit(
        &mut session,
        Edit::Attach {
            server: f,
            upstream: a,
        },
    );
    do_edit(
        &mut session,
        Edit::Attach {
            server: d,
            upstream: e,
        },
    );
    assert!(shown(&session).ends_with("e d"), "{}", shown(&session));
}

#[test]
fn a_folded_card_takes_what_it_hides_along() {
    let mut session = session();
    fold(&mut session, "a");
    let whole = session.desk.document.positions();
    let [a, b, c, e] = ["a", "b", "c", "e"].map(|name| id(&session, name));
    let moved = Command::Move(vec![(a, [500.0, 700.0])]);
    design(&mut session, DesignMessage::Do(moved));
    let after = session.desk.document.positions();
    for below in [b, c] {
        let beside = |places: &BTreeMap<ServerId, PointOnCanvas>| {
            [
                places[&below][0] - places[&a][0],
                places[&below][1] - places[&a][1],
            ]
        };
        assert_eq!(beside(&after), beside(&whole));
    }
    assert_eq!(
        session.desk.document.layout().get(&e),
        None,
        "others stay in the tidy tree"
    );
    design(&mut session, DesignMessage::Undo);
    assert_eq!(session.desk.document.positions(), whole, "one step");
}

#[test]
fn another_file_begins_unfolded() {
    let mut session = session();
    view(&mut session, ViewMessage::FoldAll);
    drop(update(
        &mut session,
        Message::File(FileMessage::New("tree".to_owned())),
    ));
    assert!(!session.looks.folding.is_any_folded());
}
