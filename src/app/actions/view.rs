//! What the View and Help menus do: what is shown, and how it looks.

use super::Answer;
use super::guards::{send, unlocked, untyped};
use crate::app::{DesignMessage, Dialog, Message, Session, StartMessage, Tab, ViewMessage, WhatIfMessage};
use crate::model::desk::Theme;
use crate::model::document::Command;
use crate::model::topology::{Server, ServerId};

pub fn fold_all(session: &Session, _: &[ServerId]) -> Answer {
    let topology = session.desk.document.topology();
    let primary = topology.primary().id();
    let mut upstreams = topology.servers().iter().filter_map(Server::upstream);
    if !upstreams.any(|id| id != primary && !session.looks.folding.is_folded(id)) {
        return Err("All relays are already folded".to_owned());
    }
    send(Message::View(ViewMessage::FoldAll))
}

pub fn unfold_all(session: &Session, _: &[ServerId]) -> Answer {
    if !session.looks.folding.is_any_folded() {
        return Err("Every server is already shown".to_owned());
    }
    send(Message::View(ViewMessage::UnfoldAll))
}

pub fn legend(session: &Session, _: &[ServerId]) -> Answer {
    send(Message::View(ViewMessage::ShowLegend(
        !session.preferences.legend,
    )))
}

pub fn tidy(session: &Session, _: &[ServerId]) -> Answer {
    unlocked(session)?;
    if session.desk.document.layout().is_empty() {
        return Err("All cards are already arranged as a tree".to_owned());
    }
    send(Message::Design(DesignMessage::Do(Command::Tidy)))
}

pub fn minimap(session: &Session, _: &[ServerId]) -> Answer {
    send(Message::View(ViewMessage::Minimap(!session.preferences.minimap)))
}

pub fn left_side(session: &Session, _: &[ServerId]) -> Answer {
    send(Message::View(ViewMessage::LeftSide(
        !session.preferences.left_side,
    )))
}

pub fn right_side(session: &Session, _: &[ServerId]) -> Answer {
    let is_shown = session.preferences.right_side;
    send(Message::View(ViewMessage::RightSide(!is_shown)))
}

pub fn deselect(session: &Session, _: &[ServerId]) -> Answer {
    if session.start.is_shown {
        return send(Message::Start(StartMessage::Leave));
    }
    session
        .looks
        .selected
        .or(session.looks.link)
        .ok_or("The inspector already shows the cluster")?;
    send(Message::View(ViewMessage::Select(None)))
}

pub fn what_if(session: &Session, _: &[ServerId]) -> Answer {
    if session.what_if().is_some() {
        return send(Message::WhatIf(WhatIfMessage::Leave));
    }
    untyped(session)?;
    send(Message::WhatIf(WhatIfMessage::Enter))
}

pub fn show_inspector(_: &Session, _: &[ServerId]) -> Answer {
    send(Message::View(ViewMessage::Show(Tab::Inspector)))
}

pub fn show_files(_: &Session, _: &[ServerId]) -> Answer {
    send(Message::View(ViewMessage::Show(Tab::Files)))
}

pub fn show_deploy(_: &Session, _: &[ServerId]) -> Answer {
    send(Message::View(ViewMessage::Show(Tab::Deploy)))
}

pub fn show_text(_: &Session, _: &[ServerId]) -> Answer {
    send(Message::View(ViewMessage::Show(Tab::Text)))
}

pub fn theme(theme: Theme) -> Answer {
    send(Message::View(ViewMessage::Theme(theme)))
}

pub fn reduce_motion(session: &Session, _: &[ServerId]) -> Answer {
    let reduce = !session.preferences.reduce_motion;
    send(Message::View(ViewMessage::ReduceMotion(reduce)))
}

pub fn start(session: &Session, _: &[ServerId]) -> Answer {
    if session.start.is_shown {
        return send(Message::Start(StartMessage::Leave));
    }
    untyped(session)?;
    send(Message::Start(StartMessage::Show))
}

pub fn help(_: &Session, _: &[ServerId]) -> Answer {
    send(Message::View(ViewMessage::Dialog(Some(Dialog::Help))))
}

pub fn show_log(_: &Session, _: &[ServerId]) -> Answer {
    send(Message::View(ViewMessage::ShowLog))
}

pub fn about(_: &Session, _: &[ServerId]) -> Answer {
    send(Message::View(ViewMessage::Dialog(Some(Dialog::About))))
}
