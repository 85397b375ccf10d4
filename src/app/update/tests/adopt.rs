//! What runs becomes the drawing: asked, shown, one step of Undo.

use super::*;
use crate::app::{ClusterMessage, Dialog};
use crate::engine::deploy::adopt::Adopting;
use crate::model::drift::adopt::Adoption;
use crate::model::topology::Topology;

const FOLDER: &str = "/b";

/// A window that shows a cluster which is as drawn.
fn watching() -> Session {
    let mut session = saved_seed();
    let deployed = Box::new(session.desk.document.clone());
    tell(&mut session, ClusterMessage::Attached(FOLDER.into(), deployed));
    assert!(!session.differs_from_deployed());
    session
}

fn tell(session: &mut Session, message: ClusterMessage) -> Vec<Effect> {
    update(session, Message::Cluster(message))
}

/// slave12 streams from slave2, as somebody has seen.
fn moved(session: &Session) -> Adopting {
    let [server, upstream] = ["slave12", "slave2"].map(|name| id(session, name));
    let edit = Edit::Attach { server, upstream };
    let mut adopted: Topology = session.desk.document.topology().clone();
    adopted.apply(&edit).unwrap();
    let adoption = Adoption {
        edits: vec![edit],
        changes: vec!["slave12 follows slave2".to_owned()],
        leaving: Vec::new(),
        adopted,
        left_slots: Vec::new(),
        tidies: Vec::new(),
        stays: Vec::new(),
    };
    Adopting::sample(&session.desk.document, adoption, FOLDER)
}

#[test]
fn what_runs_is_looked_at_shown_and_drawn_as_one_step() {
    let mut session = watching();
    let effects = tell(&mut session, ClusterMessage::AskAdopt);
    assert_eq!(effects, [Effect::LookToAdopt(FOLDER.into())]);
    let before = drawn(&session);
    let adopting = moved(&session);
    let found = ClusterMessage::CanAdopt(FOLDER.into(), Box::new(adopting.clone()));
    assert_eq!(tell(&mut session, found), []);
    assert!(matches!(session.dialog, Some(Dialog::Adopt(_))));
    assert_eq!(drawn(&session), before, "it is only shown");
    let effects = tell(&mut session, ClusterMessage::Adopt);
    assert_eq!(effects, [Effect::Adopt(Box::new(adopting.clone()))]);
    assert_eq!(session.dialog, None);
    assert_eq!(
        tell(&mut session, ClusterMessage::AskAdopt),
        [],
        "one thing at a time"
    );

    let done = ClusterMessage::Adopted(FOLDER.into(), Box::new(adopting.design.clone()));
    tell(&mut session, done);
    assert_eq!(drawn(&session), tree(&adopting.design));
    assert!(!session.differs_from_deployed());
    assert!(session.is_modified(), "the file is still the old design");
    update(&mut session, Message::Design(DesignMessage::Undo));
    assert_eq!(drawn(&session), before);
    assert!(session.differs_from_deployed());
}

#[test]
fn a_drawing_with_changes_of_its_own_is_not_drawn_over() {
    let mut session = watching();
    modify(&mut session);
    assert_eq!(tell(&mut session, ClusterMessage::AskAdopt), []);
    assert_eq!(notice(&session).0, NoticeKind::Info);
}

#[test]
fn what_no_design_can_say_is_not_adopted() {
    let mut session = watching();
    let mut adopting = moved(&session);
    adopting.adoption.edits.clear();
    let found = ClusterMessage::CanAdopt(FOLDER.into(), Box::new(adopting));
    tell(&mut session, found);
    assert_eq!(session.dialog, None);
    assert_eq!(notice(&session).0, NoticeKind::Info);
}
