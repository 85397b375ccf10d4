//! A design that runs something of its own: asked once for exactly that, then built or applied.

use super::run::{FOLDER, finished, machine};
use super::*;
use crate::app::{Dialog, RunMessage, RunView, ViewMessage};
use crate::engine::deploy::Found;
use crate::model::plan::{Outcome, PortUse};
use crate::model::topology::digest;

fn run(message: RunMessage) -> Message {
    Message::Run(message)
}

fn preload(session: &mut Session, library: &str) {
    let message = edit(Edit::SetSetting {
        server: None,
        name: "session_preload_libraries".to_owned(),
        value: Some(library.to_owned()),
    });
    drop(update(session, message));
}

fn sum(session: &Session) -> String {
    digest(&session.desk.document.topology().hazards())
}

fn ask(session: &mut Session) {
    let question = ViewMessage::Dialog(Some(Dialog::Trust));
    drop(update(session, Message::View(question)));
}

#[test]
fn a_deployment_begins_once_the_list_is_trusted_and_a_change_asks_for_another() {
    let mut session = seed();
    preload(&mut session, "auto_explain");
    update(&mut session, run(RunMessage::Prepare(FOLDER.into())));
    update(&mut session, run(RunMessage::Found(Box::new(machine()))));
    assert!(matches!(&session.live.run, RunView::Planned { plan: None, .. }));
    // Without an answer nothing begins.
    assert_eq!(update(&mut session, run(RunMessage::Confirm)), []);
    ask(&mut session);
    let effects = update(&mut session, run(RunMessage::Trust));
    let [
        Effect::RememberTrust(trusted),
        Effect::StartRun { run: number, .. },
    ] = &effects[..]
    else {
        panic!("{effects:?}");
    };
    assert_eq!((trusted, &session.dialog), (&sum(&session), &None));
    update(&mut session, finished(*number, Outcome::Done));

    // What runs now is trusted; what is drawn next is not.
    let running = session.live.cluster.as_ref().unwrap().deployed.clone();
    preload(&mut session, "other");
    update(&mut session, run(RunMessage::AskChange));
    let found = Found::sample(running, FOLDER);
    update(&mut session, run(RunMessage::Looked(Box::new(found))));
    assert!(matches!(
        &session.live.run,
        RunView::ChangePlanned { plan: Err(_), .. }
    ));
    assert_eq!(update(&mut session, run(RunMessage::Confirm)), []);
    ask(&mut session);
    let effects = update(&mut session, run(RunMessage::Trust));
    let [
        Effect::RememberTrust(trusted),
        Effect::Unwatch,
        Effect::StartChange(change),
    ] = &effects[..]
    else {
        panic!("{effects:?}");
    };
    assert_eq!(trusted, &digest(&change.wanted.topology().hazards()));
}

#[test]
fn trust_overcomes_nothing_else_and_is_not_given_where_nobody_asked() {
    let mut session = seed();
    preload(&mut session, "auto_explain");
    assert_eq!(update(&mut session, run(RunMessage::Trust)), []);
    update(&mut session, run(RunMessage::Prepare(FOLDER.into())));
    let mut busy = machine();
    busy.ports_in_use = vec![PortUse { port: 5432, by: None }];
    update(&mut session, run(RunMessage::Found(Box::new(busy))));
    assert_eq!(update(&mut session, run(RunMessage::Trust)), []);
    assert!(matches!(&session.live.run, RunView::Planned { plan: None, .. }));

    // Drawn on while the question was open: it is looked at again, and asked again.
    let mut session = seed();
    preload(&mut session, "auto_explain");
    update(&mut session, run(RunMessage::Prepare(FOLDER.into())));
    update(&mut session, run(RunMessage::Found(Box::new(machine()))));
    ask(&mut session);
    preload(&mut session, "other");
    assert_eq!(update(&mut session, run(RunMessage::Trust)), []);
}
