//! What the Edit menu does: undo, the clipboard, finding, the version.

use super::guards::{pick, send, some, standbys, unheld, unlocked};
use super::time::{time, time_of};
use super::{Answer, Does};
use crate::app::{DesignMessage, Message, Pick, Session, TimeMessage, ViewMessage, WhatIfMessage};
use crate::model::simulate::time::TICK;
use crate::model::topology::{Refusal, ServerId};

pub fn undo(session: &Session, _: &[ServerId]) -> Answer {
    if let Ok(in_time) = time_of(session) {
        let events = in_time.scenario().events.iter().rev();
        let back = events.map(|event| event.at).find(|at| *at < in_time.now());
        // Back to before what has happened last.
        return match back {
            Some(at) => time(TimeMessage::GoTo(at.saturating_sub(TICK))),
            None if in_time.now() > 0 => time(TimeMessage::GoTo(0)),
            None => Err("This is the beginning of the story".to_owned()),
        };
    }
    if let Some(what_if) = session.what_if() {
        let back = what_if.moments().1.checked_sub(1);
        return go_to(back.ok_or("This is the beginning of the story")?);
    }
    unheld(session)?;
    session.undo_label().ok_or("Nothing to undo")?;
    send(Message::Design(DesignMessage::Undo))
}

pub fn redo(session: &Session, _: &[ServerId]) -> Answer {
    if let Ok(in_time) = time_of(session) {
        let mut events = in_time.scenario().events.iter().map(|event| event.at);
        let on = events.find(|at| *at > in_time.now());
        let on = on.ok_or("Nothing more happens in this story")?;
        return time(TimeMessage::GoTo(on));
    }
    if let Some(what_if) = session.what_if() {
        let (moments, at) = what_if.moments();
        let on = Some(at + 1).filter(|on| *on < moments.len());
        return go_to(on.ok_or("This is the end of the story")?);
    }
    unheld(session)?;
    session.redo_label().ok_or("Nothing to redo")?;
    send(Message::Design(DesignMessage::Redo))
}

/// Another moment of What-if.
fn go_to(moment: usize) -> Answer {
    send(Message::WhatIf(WhatIfMessage::GoTo(moment)))
}

pub fn cut(session: &Session, servers: &[ServerId]) -> Answer {
    unlocked(session)?;
    let standbys = standbys(session, servers, |name| Refusal::RemovePrimary(name.clone()))?;
    send(Message::Design(DesignMessage::Cut(standbys)))
}

pub fn copy(_: &Session, servers: &[ServerId]) -> Answer {
    send(Message::Design(DesignMessage::Copy(some(servers)?)))
}

pub fn paste(session: &Session, _: &[ServerId]) -> Answer {
    unlocked(session)?;
    Ok(Does::AskPaste)
}

pub fn duplicate(session: &Session, servers: &[ServerId]) -> Answer {
    unlocked(session)?;
    let standbys = standbys(session, servers, |name| Refusal::SecondPrimary(name.clone()))?;
    send(Message::Design(DesignMessage::Duplicate(standbys)))
}

/// What is hidden is not selected: nobody would see what is done to it.
pub fn select_all(session: &Session, _: &[ServerId]) -> Answer {
    send(Message::View(ViewMessage::SelectMany(session.shown_servers())))
}

pub fn ask_again(session: &Session, _: &[ServerId]) -> Answer {
    session
        .preferences
        .removal
        .ok_or("Removing a relay already asks first")?;
    send(Message::Design(DesignMessage::AskAgain))
}

pub fn find(_: &Session, _: &[ServerId]) -> Answer {
    pick(Pick::Server)
}

pub fn palette(_: &Session, _: &[ServerId]) -> Answer {
    pick(Pick::Action)
}

pub fn version(session: &Session, _: &[ServerId]) -> Answer {
    unlocked(session)?;
    pick(Pick::Version)
}
