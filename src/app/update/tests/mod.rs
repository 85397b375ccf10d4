//! Stories of the window, told as messages: what the session shows afterwards, and what is to be done outside.

mod adopt;
mod breaking;
mod change;
mod cluster;
mod design;
mod disk;
mod export;
mod file;
mod folding;
mod import;
mod lesson;
mod link;
mod picture;
mod run;
mod start;
mod steer;
mod text;
mod time;
mod trust;
mod what_if;

use std::path::PathBuf;

use super::update;
use crate::app::{DesignMessage, Effect, Message, NoticeKind, Session};
use crate::model::document::{Command, Document, format, templates};
use crate::model::topology::{Edit, ServerId, notation};

/// The seed's design, new, without a file.
fn seed() -> Session {
    let template = templates::find("seed").unwrap();
    Session::new(format::read(template.text).unwrap(), None)
}

/// The seed's design, as it stands in a file.
fn saved_seed() -> Session {
    let template = templates::find("seed").unwrap();
    Session::new(
        format::read(template.text).unwrap(),
        Some(PathBuf::from("/home/u/seed.toml")),
    )
}

fn id(session: &Session, name: &str) -> ServerId {
    session.desk.document.topology().by_name(name).unwrap().id()
}

fn attach(session: &Session, server: &str, upstream: &str) -> Message {
    edit(Edit::Attach {
        server: id(session, server),
        upstream: id(session, upstream),
    })
}

fn edit(edit: Edit) -> Message {
    Message::Design(DesignMessage::Do(Command::Edit(edit)))
}

/// Does what changes the design so that it is unsaved.
fn modify(session: &mut Session) {
    let message = attach(session, "slave12", "slave2");
    drop(update(session, message));
    assert!(session.is_modified());
}

/// The tree as it is drawn.
fn drawn(session: &Session) -> String {
    tree(&session.desk.document)
}

fn tree(document: &Document) -> String {
    notation::print(document.topology())
}

fn upstream_of(session: &Session, server: &str) -> String {
    let topology = session.desk.document.topology();
    let upstream = topology.by_name(server).unwrap().upstream().unwrap();
    topology.server(upstream).unwrap().name().to_string()
}

/// The latest notice: its kind and headline.
fn notice(session: &Session) -> (NoticeKind, &str) {
    let notice = session.notices.last().expect("there is no notice");
    (notice.kind, notice.report.headline.as_str())
}

/// Effects but for autosaves, which come with every change and are looked at in a test of their own.
fn without_autosave(effects: Vec<Effect>) -> Vec<Effect> {
    effects
        .into_iter()
        .filter(|effect| !matches!(effect, Effect::Autosave { .. }))
        .collect()
}
