//! What each action of the table does now, or why it can do nothing: a function for each row.

use super::{Answer, Does};
use crate::app::drafts::as_sentence;
use crate::app::edits as commands;
use crate::app::edits::{BROKEN_TEXT, LOCKED, edit};
use crate::app::{
    DesignMessage, Dialog, FileMessage, InTime, Look, Message, Pick, Session, StartMessage, Tab, TimeMessage,
    ViewMessage, WhatIf, WhatIfMessage,
};
use crate::model::desk::Theme;
use crate::model::diagram::{PictureFormat, PictureStyle};
use crate::model::document::{Command, templates};
use crate::model::simulate::time::TICK;
use crate::model::topology::{Edit, Refusal, Server, ServerId, ServerName};

const SELECT_FIRST: &str = "Select a server first";

pub fn new(session: &Session, _: &[ServerId]) -> Answer {
    unheld(session)?;
    let empty = templates::EMPTY.name.to_owned();
    send(Message::File(FileMessage::New(empty)))
}

pub fn new_from(session: &Session, _: &[ServerId]) -> Answer {
    unheld(session)?;
    pick(Pick::Template)
}

pub fn open(session: &Session, _: &[ServerId]) -> Answer {
    unheld(session)?;
    send(Message::File(FileMessage::Open))
}

pub fn save(_: &Session, _: &[ServerId]) -> Answer {
    send(Message::File(FileMessage::Save))
}

pub fn save_as(_: &Session, _: &[ServerId]) -> Answer {
    send(Message::File(FileMessage::SaveAs))
}

pub fn export(_: &Session, _: &[ServerId]) -> Answer {
    send(Message::File(FileMessage::Export))
}

pub fn export_picture(_: &Session, _: &[ServerId]) -> Answer {
    send(Message::View(ViewMessage::Dialog(Some(Dialog::Picture {
        format: PictureFormat::default(),
        style: PictureStyle::default(),
    }))))
}

pub fn quit(_: &Session, _: &[ServerId]) -> Answer {
    send(Message::Quit)
}

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
    if let Some(what_if) = &session.what_if {
        let back = what_if.moments().1.checked_sub(1);
        return go_to(back.ok_or("This is the beginning of the story")?);
    }
    unheld(session)?;
    session
        .undo_label()
        .ok_or("Nothing has been edited that could be taken back")?;
    send(Message::Design(DesignMessage::Undo))
}

pub fn redo(session: &Session, _: &[ServerId]) -> Answer {
    if let Ok(in_time) = time_of(session) {
        let mut events = in_time.scenario().events.iter().map(|event| event.at);
        let on = events.find(|at| *at > in_time.now());
        let on = on.ok_or("Nothing more happens in this story")?;
        return time(TimeMessage::GoTo(on));
    }
    if let Some(what_if) = &session.what_if {
        let (moments, at) = what_if.moments();
        let on = Some(at + 1).filter(|on| *on < moments.len());
        return go_to(on.ok_or("This is the end of the story")?);
    }
    unheld(session)?;
    session
        .redo_label()
        .ok_or("Nothing was taken back that could be done again")?;
    send(Message::Design(DesignMessage::Redo))
}

/// Another side of What-if, which is entered for it.
pub fn in_time(session: &Session, _: &[ServerId]) -> Answer {
    match &session.what_if {
        Some(what_if) if what_if.in_time().is_some() => {
            send(Message::WhatIf(WhatIfMessage::Look(Look::Verdict)))
        }
        Some(_) => send(Message::WhatIf(WhatIfMessage::Look(Look::Time))),
        None => {
            unlocked(session)?;
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

fn time_of(session: &Session) -> Result<&InTime, String> {
    let what_if = session.what_if.as_ref();
    what_if
        .and_then(WhatIf::in_time)
        .ok_or_else(|| "First look at What-if in time".to_owned())
}

fn time(message: TimeMessage) -> Answer {
    send(Message::WhatIf(WhatIfMessage::Time(message)))
}

/// Another moment of What-if.
fn go_to(moment: usize) -> Answer {
    send(Message::WhatIf(WhatIfMessage::GoTo(moment)))
}

pub fn what_if(session: &Session, _: &[ServerId]) -> Answer {
    if session.what_if.is_some() {
        return send(Message::WhatIf(WhatIfMessage::Leave));
    }
    unlocked(session)?;
    send(Message::WhatIf(WhatIfMessage::Enter))
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

pub fn add_standby(session: &Session, servers: &[ServerId]) -> Answer {
    unlocked(session)?;
    send(commands::add_standby(session, servers))
}

pub fn move_under(session: &Session, servers: &[ServerId]) -> Answer {
    unlocked(session)?;
    let standbys = standbys(session, servers, |name| Refusal::PrimaryFollows(name.clone()))?;
    pick(Pick::Upstream(standbys))
}

pub fn move_downstreams(session: &Session, servers: &[ServerId]) -> Answer {
    unlocked(session)?;
    let server = one(servers)?;
    let topology = session.document.topology();
    if !topology.is_relay(server) {
        return Err("Only a relay has downstreams that can follow another server".to_owned());
    }
    pick(Pick::Upstream(
        topology.downstreams(server).map(Server::id).collect(),
    ))
}

pub fn take_place(session: &Session, servers: &[ServerId]) -> Answer {
    unlocked(session)?;
    let server = one(servers)?;
    if session.document.topology().servers().len() == 1 {
        return Err("There is no other server whose place it could take".to_owned());
    }
    pick(Pick::Place(server))
}

pub fn rename(session: &Session, servers: &[ServerId]) -> Answer {
    unlocked(session)?;
    send(Message::View(ViewMessage::Rename(Some(one(servers)?))))
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
        .ok_or("It will be asked before the first relay is removed")?;
    send(Message::Design(DesignMessage::AskAgain))
}

pub fn tidy_below(session: &Session, servers: &[ServerId]) -> Answer {
    unlocked(session)?;
    let server = one(servers)?;
    let command = Command::TidyBelow(server);
    let mut tidied = session.document.clone();
    if tidied.apply(&command).is_err() || tidied == session.document {
        return Err("Everything below it stands tidily already".to_owned());
    }
    send(Message::Design(DesignMessage::Do(command)))
}

pub fn site(session: &Session, servers: &[ServerId]) -> Answer {
    unlocked(session)?;
    pick(Pick::Site(some(servers)?))
}

pub fn fold(session: &Session, servers: &[ServerId]) -> Answer {
    let server = one(servers)?;
    if session.document.topology().downstreams(server).next().is_none() {
        return Err("Nothing follows it that could be hidden".to_owned());
    }
    let is_folded = session.folding.is_folded(server);
    send(Message::View(ViewMessage::Fold(server, !is_folded)))
}

pub fn fold_all(session: &Session, _: &[ServerId]) -> Answer {
    let topology = session.document.topology();
    let primary = topology.primary().id();
    let mut upstreams = topology.servers().iter().filter_map(Server::upstream);
    if !upstreams.any(|id| id != primary && !session.folding.is_folded(id)) {
        return Err("There is no relay that is not folded already".to_owned());
    }
    send(Message::View(ViewMessage::FoldAll))
}

pub fn unfold_all(session: &Session, _: &[ServerId]) -> Answer {
    if !session.folding.is_any_folded() {
        return Err("Every server is shown already".to_owned());
    }
    send(Message::View(ViewMessage::UnfoldAll))
}

pub fn toggle_sync(session: &Session, servers: &[ServerId]) -> Answer {
    unlocked(session)?;
    let server = one(servers)?;
    send(commands::toggle_synchronous(session.document.topology(), server)?)
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

pub fn remove(session: &Session, servers: &[ServerId]) -> Answer {
    unlocked(session)?;
    // A standby needs an upstream, so that a link can go to another server and not away.
    if let (Some(server), []) = (session.link, servers) {
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

pub fn tidy(session: &Session, _: &[ServerId]) -> Answer {
    unlocked(session)?;
    if session.document.layout().is_empty() {
        return Err("Every card already stands in the tidy tree".to_owned());
    }
    send(Message::Design(DesignMessage::Do(Command::Tidy)))
}

pub fn deselect(session: &Session, _: &[ServerId]) -> Answer {
    if session.start.is_shown {
        return send(Message::Start(StartMessage::Leave));
    }
    session
        .selected
        .or(session.link)
        .ok_or("No server is selected: the inspector shows the cluster already")?;
    send(Message::View(ViewMessage::Select(None)))
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
    unlocked(session)?;
    send(Message::Start(StartMessage::Show))
}

pub fn minimap(session: &Session, _: &[ServerId]) -> Answer {
    send(Message::View(ViewMessage::Minimap(!session.preferences.minimap)))
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

pub fn help(_: &Session, _: &[ServerId]) -> Answer {
    send(Message::View(ViewMessage::Dialog(Some(Dialog::Help))))
}

pub fn about(_: &Session, _: &[ServerId]) -> Answer {
    send(Message::View(ViewMessage::Dialog(Some(Dialog::About))))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the answer of every row that has no reason against it"
)]
pub(super) fn send(message: Message) -> Answer {
    Ok(Does::Send(message))
}

fn pick(pick: Pick) -> Answer {
    send(Message::View(ViewMessage::Dialog(Some(Dialog::Pick(pick)))))
}

pub(super) fn unlocked(session: &Session) -> Result<(), String> {
    unheld(session)?;
    if session.is_text_broken() {
        return Err(BROKEN_TEXT.to_owned());
    }
    Ok(())
}

/// What also works while the text has an error: nothing of it is lost by this.
fn unheld(session: &Session) -> Result<(), String> {
    if session.is_held() {
        return Err(LOCKED.to_owned());
    }
    Ok(())
}

fn some(servers: &[ServerId]) -> Result<Vec<ServerId>, String> {
    if servers.is_empty() {
        return Err(SELECT_FIRST.to_owned());
    }
    Ok(servers.to_vec())
}

fn one(servers: &[ServerId]) -> Result<ServerId, String> {
    match servers {
        [] => Err(SELECT_FIRST.to_owned()),
        [server] => Ok(*server),
        _ => Err("Several servers are selected, and this is done to one".to_owned()),
    }
}

/// The servers it is about; with the primary among them, the model's own sentence against it.
fn standbys(
    session: &Session,
    servers: &[ServerId],
    refusal: impl Fn(&ServerName) -> Refusal,
) -> Result<Vec<ServerId>, String> {
    let primary = session.document.topology().primary();
    if servers.contains(&primary.id()) {
        return Err(as_sentence(&refusal(primary.name()).to_string()));
    }
    some(servers)
}

fn one_standby(
    session: &Session,
    servers: &[ServerId],
    refusal: impl Fn(&ServerName) -> Refusal,
) -> Result<ServerId, String> {
    let server = one(servers)?;
    standbys(session, &[server], refusal)?;
    Ok(server)
}
