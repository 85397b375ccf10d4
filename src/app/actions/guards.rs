//! What stands before every action: is there something selected, and may the drawing change now?

use super::{Answer, Does};
use crate::app::{Dialog, Locked, Message, Pick, Session, ViewMessage};
use crate::model::topology::{Refusal, ServerId, ServerName};
use crate::model::words::as_sentence;

const SELECT_FIRST: &str = "Select a server first";

#[expect(
    clippy::unnecessary_wraps,
    reason = "the answer of every row that has no reason against it"
)]
pub(super) fn send(message: Message) -> Answer {
    Ok(Does::Send(message))
}

pub(super) fn pick(pick: Pick) -> Answer {
    send(Message::View(ViewMessage::Dialog(Some(Dialog::Pick(pick)))))
}

pub(super) fn unlocked(session: &Session) -> Result<(), String> {
    refused_by(session.kept())
}

/// What changes nothing of the drawing: a lesson that keeps it as it is does not mind.
pub(super) fn untyped(session: &Session) -> Result<(), String> {
    refused_by(session.locked())
}

/// What also works while the text has an error: nothing of it is lost by this.
pub(super) fn unheld(session: &Session) -> Result<(), String> {
    refused_by(session.held())
}

fn refused_by(locked: Option<Locked>) -> Result<(), String> {
    locked.map_or(Ok(()), |locked| Err(locked.sentence().to_owned()))
}

pub(super) fn some(servers: &[ServerId]) -> Result<Vec<ServerId>, String> {
    if servers.is_empty() {
        return Err(SELECT_FIRST.to_owned());
    }
    Ok(servers.to_vec())
}

pub(super) fn one(servers: &[ServerId]) -> Result<ServerId, String> {
    match servers {
        [] => Err(SELECT_FIRST.to_owned()),
        [server] => Ok(*server),
        _ => Err("Select only one server for this".to_owned()),
    }
}

/// The servers it is about; with the primary among them, the model's own sentence against it.
pub(super) fn standbys(
    session: &Session,
    servers: &[ServerId],
    refusal: impl Fn(&ServerName) -> Refusal,
) -> Result<Vec<ServerId>, String> {
    let primary = session.desk.document.topology().primary();
    if servers.contains(&primary.id()) {
        return Err(as_sentence(&refusal(primary.name()).to_string()));
    }
    some(servers)
}

pub(super) fn one_standby(
    session: &Session,
    servers: &[ServerId],
    refusal: impl Fn(&ServerName) -> Refusal,
) -> Result<ServerId, String> {
    let server = one(servers)?;
    standbys(session, &[server], refusal)?;
    Ok(server)
}
