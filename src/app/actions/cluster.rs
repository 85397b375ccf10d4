//! What is done to clusters: the drawing is deployed or its changes applied, and what an earlier pgcascade left is
//! resumed, kept or removed. With several left-over ones an action is about the first that it can be done to.

use std::path::PathBuf;

use super::Answer;
use super::guards::{send, untyped};
use crate::app::breaking::BreakingMessage;
use crate::app::{ClusterMessage, ClusterView, Message, RunMessage, Session, Tab, ViewMessage};
use crate::model::desk::{LeftCluster, LeftState};
use crate::model::topology::ServerId;

/// What stands between the drawing and a cluster that is as it is drawn.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    Deploy,
    Apply,
    /// A cluster of this name was left half-made here.
    GoOn(PathBuf),
    Nothing,
    /// What is watched is somebody else's.
    Foreign,
}

impl Next {
    pub fn of(session: &Session) -> Self {
        if session.live.is_foreign() {
            return Self::Foreign;
        }
        if session.live.cluster.is_some() {
            return if session.differs_from_deployed() {
                Self::Apply
            } else {
                Self::Nothing
            };
        }
        let name = session.desk.document.topology().name();
        let is_of_drawing = |left: &&LeftCluster| {
            !left.state.is_whole() && left.state != LeftState::HalfRemoved && left.name == name
        };
        match offered(session).find(is_of_drawing) {
            Some(record) => Self::GoOn(record.folder.clone()),
            None => Self::Deploy,
        }
    }

    /// On the button of the tool bar.
    pub fn words(&self) -> &'static str {
        match self {
            Self::Deploy => "Deploy…",
            Self::Apply => "Apply the changes…",
            Self::GoOn(_) => "Resume the deployment",
            Self::Nothing => "Show the deployed cluster",
            Self::Foreign => "Show the watched cluster",
        }
    }

    pub fn explained(&self) -> &'static str {
        match self {
            Self::Deploy => "Build the drawn cluster on this machine",
            Self::Apply => "Show the changes and interruptions before applying anything",
            Self::GoOn(_) => "Finish the interrupted deployment; completed steps are kept",
            Self::Nothing => "The drawing matches the deployed cluster",
            Self::Foreign => "Show what its servers say; it is read-only",
        }
    }
}

pub fn deploy(session: &Session, _: &[ServerId]) -> Answer {
    untyped(session)?;
    send(match Next::of(session) {
        Next::Deploy => Message::Run(RunMessage::Ask),
        Next::Apply => Message::Run(RunMessage::AskChange),
        Next::GoOn(folder) => Message::Cluster(ClusterMessage::GoOn(folder)),
        Next::Nothing | Next::Foreign => Message::View(ViewMessage::Show(Tab::Deploy)),
    })
}

pub fn deploy_to_hosts(session: &Session, _: &[ServerId]) -> Answer {
    untyped(session)?;
    if session.live.run.is_running() {
        return Err("A run is under way".to_owned());
    }
    if session.live.cluster.is_some() && !session.live.is_foreign() {
        return Err("This window already has a cluster".to_owned());
    }
    send(Message::Run(RunMessage::AskHosts))
}

pub fn go_on(session: &Session, _: &[ServerId]) -> Answer {
    let folder = first(session, |left| !left.state.is_whole()).ok_or("No cluster was interrupted")?;
    untyped(session)?;
    send(Message::Cluster(ClusterMessage::GoOn(folder)))
}

pub fn keep_left(session: &Session, _: &[ServerId]) -> Answer {
    let folder = first(session, |left| !left.state.is_whole()).ok_or("No cluster was interrupted")?;
    send(Message::Cluster(ClusterMessage::Keep(folder)))
}

pub fn tear_down_left(session: &Session, _: &[ServerId]) -> Answer {
    let folder = first(session, |left| left.state != LeftState::HalfRemoved)
        .ok_or("There is no cluster from an earlier session")?;
    send(Message::Cluster(ClusterMessage::AskTeardown(folder)))
}

pub fn watch_left(session: &Session, _: &[ServerId]) -> Answer {
    let folder = first(session, |left| left.state.is_whole())
        .ok_or("There is no complete cluster from an earlier session")?;
    send(Message::Cluster(ClusterMessage::Attach(folder)))
}

pub fn start(session: &Session, _: &[ServerId]) -> Answer {
    idle(session)?;
    send(Message::Cluster(ClusterMessage::Start))
}

pub fn stop(session: &Session, _: &[ServerId]) -> Answer {
    idle(session)?;
    send(Message::Cluster(ClusterMessage::Stop))
}

pub fn repair_all(session: &Session, _: &[ServerId]) -> Answer {
    idle(session)?;
    let laboratory = session.laboratory().ok_or("No cluster runs here")?;
    laboratory.may_repair()?;
    if laboratory.made().is_empty() {
        return Err("Nothing was broken on purpose".to_owned());
    }
    send(BreakingMessage::Repair(None).into())
}

pub fn tear_down(session: &Session, _: &[ServerId]) -> Answer {
    let folder = idle(session)?.folder.clone();
    send(Message::Cluster(ClusterMessage::AskTeardown(folder)))
}

pub fn adopt(session: &Session, _: &[ServerId]) -> Answer {
    untyped(session)?;
    idle(session)?;
    send(Message::Cluster(ClusterMessage::AskAdopt))
}

/// The watched cluster, if nothing is being done to it.
fn idle(session: &Session) -> Result<&ClusterView, String> {
    match &session.live.cluster {
        None => Err("No cluster runs here".to_owned()),
        Some(cluster) if cluster.foreign.is_some() => Err("The cluster is read-only".to_owned()),
        Some(cluster) if cluster.busy.is_some() => Err("The cluster is busy".to_owned()),
        Some(cluster) => Ok(cluster),
    }
}

pub fn watch_foreign(session: &Session, _: &[ServerId]) -> Answer {
    if session.live.is_foreign() {
        return send(Message::Cluster(ClusterMessage::LetGo));
    }
    let can = session
        .imported
        .as_ref()
        .is_some_and(|imported| !imported.source.from_files);
    if !can {
        return Err("Import a cluster from a connection first".to_owned());
    }
    if session.live.cluster.is_some() {
        return Err("This window already has a cluster".to_owned());
    }
    send(Message::Cluster(ClusterMessage::WatchForeign))
}

fn first(session: &Session, can: impl Fn(&LeftCluster) -> bool) -> Option<PathBuf> {
    let mut offered = offered(session);
    offered
        .find(|record| can(record))
        .map(|record| record.folder.clone())
}

/// In the order of the lines above the drawing, without those that are being removed.
fn offered(session: &Session) -> impl Iterator<Item = &LeftCluster> {
    let left_over = session.live.left_over.iter();
    left_over.filter(|record| !session.live.removing.contains(&record.folder))
}
