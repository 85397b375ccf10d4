//! What the Time menu does: What-if in time.

use super::Answer;
use super::guards::{send, untyped};
use crate::app::{InTime, Look, Message, Session, TimeMessage, WhatIf, WhatIfMessage};
use crate::model::topology::ServerId;

/// Another side of What-if, which is entered for it.
pub fn in_time(session: &Session, _: &[ServerId]) -> Answer {
    match session.what_if() {
        Some(what_if) if what_if.in_time().is_some() => {
            send(Message::WhatIf(WhatIfMessage::Look(Look::Verdict)))
        }
        Some(_) => send(Message::WhatIf(WhatIfMessage::Look(Look::Time))),
        None => {
            untyped(session)?;
            send(Message::WhatIf(WhatIfMessage::EnterInTime))
        }
    }
}

pub fn plays(session: &Session) -> bool {
    time_of(session).is_ok_and(InTime::is_playing)
}

pub fn play(session: &Session, _: &[ServerId]) -> Answer {
    time(TimeMessage::Play(!time_of(session)?.is_playing()))
}

pub fn tick_on(session: &Session, _: &[ServerId]) -> Answer {
    time_of(session)?;
    time(TimeMessage::Tick { on: true })
}

pub fn tick_back(session: &Session, _: &[ServerId]) -> Answer {
    if time_of(session)?.now() == 0 {
        return Err("This is the beginning of the story".to_owned());
    }
    time(TimeMessage::Tick { on: false })
}

pub fn next_commit(session: &Session, _: &[ServerId]) -> Answer {
    time_of(session)?;
    time(TimeMessage::NextCommit)
}

pub fn fork(session: &Session, _: &[ServerId]) -> Answer {
    time_of(session)?;
    time(TimeMessage::Fork)
}

pub fn slower(session: &Session, _: &[ServerId]) -> Answer {
    time(TimeMessage::Pace(time_of(session)?.pace.slower()))
}

pub fn faster(session: &Session, _: &[ServerId]) -> Answer {
    time(TimeMessage::Pace(time_of(session)?.pace.faster()))
}

pub(super) fn time_of(session: &Session) -> Result<&InTime, String> {
    let what_if = session.what_if();
    what_if
        .and_then(WhatIf::in_time)
        .ok_or_else(|| "First open the Timeline in What-if".to_owned())
}

pub(super) fn time(message: TimeMessage) -> Answer {
    send(Message::WhatIf(WhatIfMessage::Time(message)))
}
