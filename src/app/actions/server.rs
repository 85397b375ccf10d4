//! What the Server menu does: to the selected servers, or to the one whose menu is open.

use super::Answer;
use super::guards::{one, one_standby, pick, send, some, standbys, unlocked};
use crate::app::edits::{self as commands, edit};
use crate::app::{DesignMessage, Dialog, Message, Pick, Session, ViewMessage};
use crate::model::document::Command;
use crate::model::topology::{Edit, Refusal, Server, ServerId};

pub fn add_standby(session: &Session, servers: &[ServerId]) -> Answer {
    unlocked(session)?;
    send(commands::add_standby(session, servers))
}

pub fn rename(session: &Session, servers: &[ServerId]) -> Answer {
    unlocked(session)?;
    send(Message::View(ViewMessage::Rename(Some(one(servers)?))))
}

pub fn move_under(session: &Session, servers: &[ServerId]) -> Answer {
    unlocked(session)?;
    let standbys = standbys(session, servers, |name| Refusal::PrimaryFollows(name.clone()))?;
    pick(Pick::Upstream(standbys))
}

pub fn move_downstreams(session: &Session, servers: &[ServerId]) -> Answer {
    unlocked(session)?;
    let server = one(servers)?;
    let topology = session.desk.document.topology();
    if !topology.is_relay(server) {
        return Err("The selected server has no downstreams".to_owned());
    }
    pick(Pick::Upstream(
        topology.downstreams(server).map(Server::id).collect(),
    ))
}

pub fn take_place(session: &Session, servers: &[ServerId]) -> Answer {
    unlocked(session)?;
    let server = one(servers)?;
    if session.desk.document.topology().servers().len() == 1 {
        return Err("There is no other server to swap with".to_owned());
    }
    pick(Pick::Place(server))
}

pub fn toggle_sync(session: &Session, servers: &[ServerId]) -> Answer {
    unlocked(session)?;
    let topology = session.desk.document.topology();
    if servers.len() > 1 {
        let servers = servers.iter().filter_map(|id| topology.server(*id));
        let standbys: Vec<&Server> = servers.filter(|server| server.standby().is_some()).collect();
        return send(commands::synchronous_together(topology, &standbys)?);
    }
    send(commands::toggle_synchronous(topology, one(servers)?)?)
}

pub fn select_link(session: &Session, servers: &[ServerId]) -> Answer {
    let server = one_standby(session, servers, |name| Refusal::PrimaryFollows(name.clone()))?;
    send(Message::View(ViewMessage::SelectLink(server)))
}

pub fn make_primary(session: &Session, servers: &[ServerId]) -> Answer {
    unlocked(session)?;
    let server = one_standby(session, servers, |name| Refusal::AlreadyPrimary(name.clone()))?;
    send(edit(Edit::Promote { server }))
}

pub fn tidy_below(session: &Session, servers: &[ServerId]) -> Answer {
    unlocked(session)?;
    let server = one(servers)?;
    let command = Command::TidyBelow(server);
    let mut tidied = session.desk.document.clone();
    if tidied.apply(&command).is_err() || tidied == session.desk.document {
        return Err("Everything below it is already tidy".to_owned());
    }
    send(Message::Design(DesignMessage::Do(command)))
}

pub fn site(session: &Session, servers: &[ServerId]) -> Answer {
    unlocked(session)?;
    pick(Pick::Site(some(servers)?))
}

pub fn fold(session: &Session, servers: &[ServerId]) -> Answer {
    let server = one(servers)?;
    if session
        .desk
        .document
        .topology()
        .downstreams(server)
        .next()
        .is_none()
    {
        return Err("Nothing below it to fold".to_owned());
    }
    let is_folded = session.looks.folding.is_folded(server);
    send(Message::View(ViewMessage::Fold(server, !is_folded)))
}

pub fn remove(session: &Session, servers: &[ServerId]) -> Answer {
    unlocked(session)?;
    // A standby needs an upstream, so that a link can go to another server and not away.
    if let (Some(server), []) = (session.looks.link, servers) {
        return send(Message::View(ViewMessage::Dialog(Some(Dialog::KeepLink {
            server,
        }))));
    }
    let [server] = servers else {
        return send(Message::Design(DesignMessage::AskRemove(some(servers)?)));
    };
    let standbys = standbys(session, &[*server], |name| Refusal::RemovePrimary(name.clone()))?;
    send(Message::Design(DesignMessage::AskRemove(standbys)))
}
