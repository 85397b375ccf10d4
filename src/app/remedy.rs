//! What the window can do about a difference and about advice on a cluster that runs: the operation that does it, whose plan
//! is shown first, or a command to copy.

use super::breaking::BreakingMessage;
use super::running::{Running, wish_words};
use super::{ClusterMessage, Message, RunMessage, Session, ViewMessage, WhatIfMessage};
use crate::model::drift::Drift;
use crate::model::plan::Wish;
use crate::model::quoting::shell_path;
use crate::model::simulate::verdict::Advice;
use crate::model::simulate::world::Incident;
use crate::model::topology::{Server, ServerId};

/// What a button offers.
#[derive(Clone, Debug, PartialEq)]
pub struct Remedy {
    pub words: String,
    /// For its tooltip.
    pub explained: String,
    pub message: Message,
}

impl Remedy {
    fn steer(wish: Wish) -> Self {
        Self {
            words: wish_words(&wish),
            explained: "Show the plan first".to_owned(),
            message: Message::Cluster(ClusterMessage::AskSteer(wish)),
        }
    }

    fn start(server: &str) -> Self {
        Self {
            words: format!("Start {server}"),
            explained: "Start the server again".to_owned(),
            message: Message::Cluster(ClusterMessage::StartServers(vec![server.to_owned()])),
        }
    }

    fn copy(command: String) -> Self {
        Self {
            words: "Copy the command".to_owned(),
            explained: format!("Copy {command}"),
            message: Message::View(ViewMessage::CopyText(command)),
        }
    }
}

impl Session {
    /// What can be done about a difference, the first thing first; empty where a person has to decide.
    pub fn remedies(&self, one: &Drift) -> Vec<Remedy> {
        let Some((cluster, running)) = self.live.cluster.as_ref().zip(self.running()) else {
            return Vec::new();
        };
        if let Some(repair) = self.repair_of(one) {
            return vec![repair];
        }
        if one.repair.is_some() && cluster.busy.is_none() && self.locked().is_none() {
            return vec![Remedy {
                words: "Apply the design…".to_owned(),
                explained: "Show the plan that brings the servers back to the design".to_owned(),
                message: Message::Run(RunMessage::AskChange),
            }];
        }
        let found = self.operations(one, &running);
        if !found.is_empty() {
            return found;
        }
        let command = one.command(&shell_path(&cluster.folder));
        command.map(Remedy::copy).into_iter().collect()
    }

    /// Of what was broken on purpose, the undo: a start alone would leave it on the list of what is broken.
    fn repair_of(&self, one: &Drift) -> Option<Remedy> {
        let laboratory = self.laboratory()?;
        let made = laboratory.behind(one)?;
        laboratory.may_repair().ok()?;
        let words = laboratory.words(made.fault?);
        Some(Remedy {
            words: format!("Repair {}", words.subject),
            explained: format!("It was broken on purpose: {}", made.sentence),
            message: BreakingMessage::Repair(Some(made.text.clone())).into(),
        })
    }

    fn operations(&self, one: &Drift, running: &Running) -> Vec<Remedy> {
        let topology = self.desk.document.topology();
        let named = one.server.as_deref().and_then(|name| topology.by_name(name));
        let primary = topology.primary();
        let start = |server: &Server| {
            running
                .may_start(server.id())
                .ok()
                .map(|name| Remedy::start(&name))
        };
        let rejoin = |id: ServerId| running.may_rejoin(id).ok().map(Remedy::steer);
        let fail_over = || running.may_fail_over().ok().map(Remedy::steer);
        let found = match (one.rule, named) {
            ("server-down", Some(server)) if one.needs_rejoin() => [rejoin(server.id()), None],
            ("server-down", Some(server)) if server.is_primary() => [start(server), fail_over()],
            ("server-down", Some(server)) => [start(server), None],
            ("no-primary", _) => [start(primary), fail_over()],
            (
                "other-timeline" | "stale-copy" | "other-upstream" | "link-missing" | "standby-promoted",
                Some(server),
            ) if running.leads(primary.id()) => [rejoin(server.id()), None],
            _ => [None, None],
        };
        found.into_iter().flatten().collect()
    }

    /// What an advice of What-if leads to on the servers that run; `None`: no cluster runs, or pgcascade
    /// has no operation for it. A refusal says why not now.
    pub fn on_cluster(&self, advice: &Advice) -> Option<Result<Remedy, String>> {
        let running = self.running()?;
        let done = match advice.action? {
            Incident::Promote(heir) => running.may_take_over(heir).and_then(|wish| match wish {
                Wish::Switchover { .. } => {
                    Err("The primary runs: nothing has failed, so nobody has to take over".to_owned())
                }
                wish => Ok(Remedy::steer(wish)),
            }),
            Incident::ComeBack(server) => running.may_start(server).map(|name| Remedy::start(&name)),
            Incident::Repoint { server, upstream } => running
                .may_follow(server, upstream)
                .map(|(wish, _)| Remedy::steer(wish)),
            Incident::Rebuild { server, .. } => running.may_rejoin(server).map(Remedy::steer),
            _ => return None,
        };
        Some(done)
    }

    /// The messages that do it from where the window is: What-if is left first, since the drawing follows what is done.
    pub fn to_do(&self, remedy: &Remedy) -> Vec<Message> {
        let leave = self.what_if().map(|_| Message::WhatIf(WhatIfMessage::Leave));
        leave.into_iter().chain([remedy.message.clone()]).collect()
    }
}
