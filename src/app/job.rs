//! What a run performs: a plan of the engine on this machine, or the playbook on the design's hosts.

use std::path::{Path, PathBuf};

use crate::engine::ansible::Prospect;
use crate::model::plan::Plan;

#[derive(Clone, Debug)]
pub enum Job {
    Plan(Plan),
    Playbook(Box<Prospect>),
}

/// A step as it is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    pub title: &'a str,
    /// Empty: there is nothing more to say.
    pub why: &'a str,
    pub server: Option<&'a str>,
    pub phase: &'static str,
    /// Steps of one phase that do not run together differ here.
    pub turn: usize,
}

impl Job {
    /// Of the cluster, or of the playbook.
    pub fn folder(&self) -> &Path {
        match self {
            Self::Plan(plan) => Path::new(&plan.folder),
            Self::Playbook(prospect) => prospect.project.folder(),
        }
    }

    pub fn is_change(&self) -> bool {
        match self {
            Self::Plan(plan) => plan.is_change(),
            Self::Playbook(prospect) => prospect.is_change(),
        }
    }

    pub fn is_on_hosts(&self) -> bool {
        matches!(self, Self::Playbook(_))
    }

    /// What the tool writes that does it, if it is not pgcascade.
    pub fn log(&self) -> Option<PathBuf> {
        match self {
            Self::Plan(_) => None,
            Self::Playbook(prospect) => Some(prospect.project.log()),
        }
    }

    pub fn items(&self) -> Vec<Item<'_>> {
        match self {
            Self::Plan(plan) => items(plan),
            Self::Playbook(prospect) => hosts_items(prospect),
        }
    }
}

pub fn items(plan: &Plan) -> Vec<Item<'_>> {
    let steps = plan.steps.iter();
    steps
        .map(|step| Item {
            title: &step.title,
            why: &step.why,
            server: step.server.as_deref(),
            phase: step.phase.title(),
            turn: 0,
        })
        .collect()
}

pub fn hosts_items(prospect: &Prospect) -> Vec<Item<'_>> {
    let groups = prospect.groups.iter().enumerate();
    groups
        .flat_map(|(turn, group)| {
            let steps = prospect.steps.get(group.steps.clone()).unwrap_or_default();
            steps.iter().map(move |step| Item {
                title: &step.title,
                why: "",
                server: step.server.as_deref(),
                phase: group.title,
                turn,
            })
        })
        .collect()
}
