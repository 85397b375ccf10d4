//! A plan and its steps: what kind of work it is, what is known of it as a whole, and what is done in which order.

use serde::Serialize;

use super::{Action, LeftSlot, Progress, Steering, StepState};

/// A step's number in its plan, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
pub struct StepId(pub usize);

/// The steps of one run, in an order in which they can be done one by one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// The design's name.
    pub cluster: String,
    /// The cluster's folder, absolute.
    pub folder: String,
    #[serde(flatten)]
    pub head: Head,
    pub steps: Vec<Step>,
}

/// What is known of a plan as a whole: said by anyone who made it, so that nobody has to find it out from the steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Head {
    pub kind: Kind,
    /// With this step the new design holds and is recorded: nothing is undone any more.
    pub settles_at: Option<StepId>,
    /// The folders that it may make, relative to the cluster's, each after the one that it is in.
    pub makes: Vec<String>,
    /// The cluster has passwords, in the files of `secrets/`.
    pub needs_secrets: bool,
    /// The slots that are dropped once the new design holds.
    pub leaves_slots: Vec<LeftSlot>,
    /// Who takes over from whom; `None`: all servers keep their roles.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub steering: Option<Steering>,
}

/// What a plan is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Deploy,
    /// A deployment that an earlier run has begun.
    Resume,
    /// To another design, while the cluster runs.
    Change,
    /// The primary and a standby change places.
    Switchover,
    /// A standby takes over from a primary that is gone.
    Failover,
    /// A server that fell out comes back.
    Rejoin,
    /// An interrupted switchover is undone.
    RollBack,
    Start,
    Stop,
    Restart,
    Reload,
    Pause,
    ResumeReplay,
    Verify,
    Teardown,
}

impl Kind {
    /// What is done, for the middle of a sentence: "the deployment was cancelled".
    pub fn noun(self) -> &'static str {
        match self {
            Self::Deploy | Self::Resume => "deployment",
            Self::Change => "change",
            Self::Switchover => "switchover",
            Self::Failover => "failover",
            Self::Rejoin => "rejoin",
            Self::RollBack => "rollback",
            Self::Restart => "restart",
            Self::Reload => "reload",
            Self::Pause => "pause",
            Self::ResumeReplay => "resumption of replay",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Verify => "verification",
            Self::Teardown => "teardown",
        }
    }

    /// Whether a run that fails or is cancelled undoes what it did. The others leave it, and can be called again.
    pub fn is_undone(self) -> bool {
        match self {
            Self::Deploy
            | Self::Resume
            | Self::Change
            | Self::Switchover
            | Self::Failover
            | Self::Rejoin
            | Self::RollBack => true,
            Self::Start
            | Self::Stop
            | Self::Restart
            | Self::Reload
            | Self::Pause
            | Self::ResumeReplay
            | Self::Verify
            | Self::Teardown => false,
        }
    }
}

impl Kind {
    /// What is said if it stops after the step from which on nothing is undone.
    pub fn once_settled(self) -> &'static str {
        match self {
            Self::Switchover | Self::Failover => {
                "The new primary accepts writes. The remaining steps are not done yet: `pgcascade resume` finishes them."
            }
            Self::Rejoin => {
                "The server streams again and stays; the whole cluster is not verified yet: `pgcascade resume` does it."
            }
            Self::RollBack => "The servers are between two designs: `pgcascade resume` continues.",
            _ => {
                "The new design runs, is verified and recorded; the next `pgcascade apply` cleans up \
                 the rest."
            }
        }
    }
}

impl Head {
    /// Of a plan that makes nothing and settles nowhere.
    pub fn of(kind: Kind) -> Self {
        Self {
            kind,
            settles_at: None,
            makes: Vec::new(),
            needs_secrets: false,
            leaves_slots: Vec::new(),
            steering: None,
        }
    }
}

impl Plan {
    /// True if it changes a cluster that runs.
    pub fn is_change(&self) -> bool {
        matches!(
            self.head.kind,
            Kind::Change | Kind::Switchover | Kind::Failover | Kind::Rejoin | Kind::RollBack
        )
    }

    /// True once its new design is what runs and is recorded: nothing is undone any more.
    pub fn has_settled(&self, progress: &Progress) -> bool {
        let step = self.head.settles_at.and_then(|step| progress.steps.get(step.0));
        step.is_some_and(|(_, state)| *state == StepState::Done)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    pub id: StepId,
    /// The server it is about, by name; `None` for the whole cluster.
    pub server: Option<String>,
    pub phase: Phase,
    /// What is done, for people: "Copy master to slave1".
    pub title: String,
    /// Why it is done, for people who want to understand.
    pub why: String,
    pub action: Action,
    /// What it made is still there when all processes have ended, so that a later run need not do it again.
    pub lasts: bool,
    /// What undoes it, also after it was done by half; `None` where there is nothing to undo.
    pub undo: Option<Action>,
    /// What is said instead of undoing it, if anything that came after it could not be undone: without its note, a later
    /// pgcascade would not find the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stays_with_rest: Option<&'static str>,
    /// It may begin when these are done.
    pub after: Vec<StepId>,
    pub deadline_secs: u32,
}

/// The part of a plan that a step belongs to: what a person takes in at a glance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    #[default]
    Prepare,
    Folders,
    Data,
    Files,
    Start,
    Slots,
    Stream,
    Sync,
    Change,
    Prove,
    Clear,
    Stop,
    Remove,
}

impl Phase {
    /// "Start the servers".
    pub fn title(self) -> &'static str {
        match self {
            Self::Prepare => "Prepare",
            Self::Folders => "Create folders and passwords",
            Self::Data => "Create the data directories",
            Self::Files => "Install the configuration",
            Self::Start => "Start the servers",
            Self::Slots => "Create the replication slots",
            Self::Stream => "Wait for streaming",
            Self::Sync => "Switch on synchronous replication",
            Self::Change => "Change the servers",
            Self::Prove => "Verify",
            Self::Clear => "Clean up",
            Self::Stop => "Stop the servers",
            Self::Remove => "Remove the files",
        }
    }
}
