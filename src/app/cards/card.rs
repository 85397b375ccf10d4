//! What a server's card and the link above it say, as plain data: `describe` makes it, the shapes only draw it.

use super::outlook::Outlook;
use crate::model::plan::{Progress, StepState};
use crate::model::topology::{ServerId, Severity};

/// On the link to a standby that the archive alone feeds, and on its card.
pub const BY_ARCHIVE: &str = "by archive";

/// Everything a card shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    pub id: ServerId,
    pub name: String,
    pub is_primary: bool,
    /// It takes WAL and is not a server.
    pub is_receiver: bool,
    /// Whom it turns to while its upstream is away, in order.
    pub fallbacks: Vec<ServerId>,
    /// "standby · port 15432", "db2.example:5433"
    pub detail: String,
    /// Name, role and place in full, where the card may have to cut them.
    pub full: Option<String>,
    pub badge: Badge,
    pub life: Life,
    pub work: Option<Work>,
    /// The worst finding about this server, and all their sentences.
    pub severity: Option<Severity>,
    pub findings: Vec<String>,
    /// Only a server with downstreams has it: what it hides while it is folded.
    pub fold: Option<Fold>,
    /// What a screen reader says: "slave12, standby of slave1, port 25433, asynchronous".
    pub label: String,
    /// "2 downstreams".
    pub description: String,
}

/// What is hidden below a folded server; nothing while it is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fold {
    pub hidden: usize,
    /// Of those: real servers that are down, or down in What-if.
    pub down: usize,
    /// Neither down nor well.
    pub troubled: usize,
    /// Findings about them.
    pub errors: usize,
    pub warnings: usize,
    pub notes: usize,
}

/// The link from a server's upstream to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    pub upstream: ServerId,
    /// It may be synchronous: directly under the primary, with a priority, and the design has `[sync]`.
    pub is_candidate: bool,
    /// Nothing streams along it: the archive alone feeds the standby.
    pub is_by_archive: bool,
    /// "priority 1", "async · delay 10min".
    pub label: String,
    pub is_streaming: bool,
    /// What is wrong with it: in What-if, or on the servers.
    pub trouble: Option<Trouble>,
}

/// Why a link does not do what it is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing gets through.
    Broken,
    /// Everything gets through, later.
    Slow,
}

/// `sync 1`, `potential 2`, `async`: as the upstream's pg_stat_replication shows the server, or will show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Badge {
    pub kind: BadgeKind,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadgeKind {
    Policy,
    Sync,
    Potential,
    Quorum,
    Async,
    /// Its upstream shows no row for it.
    Absent,
    /// Commits hang.
    Trouble,
}

/// What of a card can be seen from far away: a colour and a sign.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    pub is_primary: bool,
    pub badge: BadgeKind,
    pub severity: Option<Severity>,
    /// The real server is down, or would be.
    pub is_down: bool,
    /// It stands for others, which are hidden.
    pub is_folded: bool,
    pub work: Option<Work>,
}

/// What of a link can be seen from far away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkLook {
    pub is_candidate: bool,
    pub is_streaming: bool,
    pub trouble: Option<Trouble>,
}

/// What the real server shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Life {
    /// Nothing is deployed: there are no real servers to speak of.
    Drawn,
    /// A cluster is deployed, but no server of this name in it.
    NotDeployed,
    /// Deployed, not read yet.
    Unread,
    Running,
    /// It takes writes and is drawn as a standby, or the other way round; the word says what it is.
    Otherwise(&'static str),
    Streaming,
    /// It streams, and has not applied all there is: the words for it.
    Behind {
        words: String,
        is_far: bool,
    },
    /// Its replay is paused; the words for it.
    Paused(String),
    /// Connected, in another state: `startup`, `catchup`, `backup`, `stopping`.
    Connected(String),
    /// It runs, but its upstream does not see it.
    Unconnected,
    /// It does not answer, for as long as the words say; nobody knows that it is down.
    Silent(String),
    Down,
    /// It is down, and so is the whole cluster: it was stopped.
    Stopped,
    /// What What-if makes of it, and the word for it.
    Foreseen(Outlook, &'static str),
}

/// How far a run is with this server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Work {
    Pending,
    /// The share that is done, from 0 to 1.
    Building(f32),
    /// It ran before: a change is under way.
    Changing(f32),
    Built,
    Failed,
}

impl Look {
    pub fn of(card: &Card) -> Self {
        Self {
            is_primary: card.is_primary,
            badge: card.badge.kind,
            severity: card.severity,
            is_down: matches!(card.life, Life::Down | Life::Foreseen(Outlook::Down, _)),
            is_folded: card.fold.as_ref().is_some_and(|fold| fold.hidden > 0),
            work: card.work,
        }
    }
}

impl LinkLook {
    pub fn of(link: &Link) -> Self {
        Self {
            is_candidate: link.is_candidate,
            is_streaming: link.is_streaming,
            trouble: link.trouble,
        }
    }
}

impl Life {
    pub fn word(&self) -> &str {
        match self {
            Self::Drawn => "",
            Self::NotDeployed => "not deployed",
            Self::Unread => "reading",
            Self::Running => "running",
            Self::Streaming => "streaming",
            Self::Connected(state) => state,
            Self::Unconnected => "not connected",
            Self::Otherwise(role) => role,
            Self::Behind { words, .. } | Self::Paused(words) | Self::Silent(words) => words,
            Self::Down => "down",
            Self::Stopped => "stopped",
            Self::Foreseen(_, word) => word,
        }
    }
}

impl Work {
    /// How far the run is with this server; nothing of a server that it leaves alone.
    pub(super) fn of(progress: &Progress, name: &str, ran_before: bool) -> Option<Self> {
        let states: Vec<StepState> = progress
            .steps
            .iter()
            .filter(|(step, _)| step.server.as_deref() == Some(name))
            .map(|(_, state)| *state)
            .collect();
        if states.is_empty() {
            return None;
        }
        let done = states.iter().filter(|state| **state == StepState::Done).count();
        let share = done as f32 / states.len() as f32;
        Some(if states.contains(&StepState::Failed) {
            Self::Failed
        } else if done == states.len() {
            Self::Built
        } else if done == 0 && !states.contains(&StepState::Running) {
            Self::Pending
        } else if ran_before {
            Self::Changing(share)
        } else {
            Self::Building(share)
        })
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "waiting",
            Self::Building(_) => "building",
            Self::Changing(_) => "changing",
            Self::Built => "built",
            Self::Failed => "failed",
        }
    }

    pub fn share(self) -> f32 {
        match self {
            Self::Pending => 0.0,
            Self::Building(share) | Self::Changing(share) => share,
            Self::Built | Self::Failed => 1.0,
        }
    }
}

impl Badge {
    pub(super) fn of(sync_state: &str, priority: u32) -> Self {
        let kind = match sync_state {
            "sync" => BadgeKind::Sync,
            "potential" => BadgeKind::Potential,
            "quorum" => BadgeKind::Quorum,
            _ => BadgeKind::Async,
        };
        let has_rank = matches!(kind, BadgeKind::Sync | BadgeKind::Potential) && priority > 0;
        Self {
            kind,
            text: if has_rank {
                format!("{sync_state} {priority}")
            } else {
                sync_state.to_owned()
            },
        }
    }

    /// It streams from nobody.
    pub(super) fn by_archive() -> Self {
        Self {
            kind: BadgeKind::Async,
            text: BY_ARCHIVE.to_owned(),
        }
    }

    /// Its upstream shows no row for it.
    pub(super) fn absent() -> Self {
        Self {
            kind: BadgeKind::Absent,
            text: "no row".to_owned(),
        }
    }

    pub(super) fn spoken(&self) -> String {
        match self.kind {
            BadgeKind::Policy if self.text.starts_with("commits") => self.text.clone(),
            BadgeKind::Policy => format!("commits wait for {}", self.text),
            BadgeKind::Sync => self.text.replacen("sync", "synchronous", 1),
            BadgeKind::Potential => self.text.replacen("potential", "potentially synchronous", 1),
            BadgeKind::Quorum => "in the quorum".to_owned(),
            BadgeKind::Async if self.text == BY_ARCHIVE => "fed by the archive".to_owned(),
            BadgeKind::Async if self.text == "async" => "asynchronous".to_owned(),
            BadgeKind::Async => "nothing is synchronous".to_owned(),
            BadgeKind::Absent | BadgeKind::Trouble => self.text.clone(),
        }
    }
}
