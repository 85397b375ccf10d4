//! Predicates: the closed list of what a goal can ask, each a line of words; a `not` may stand before any.
//!
//! They name servers, settings and rules as the design does. [`Predicate::parse`] reads one without looking at any design;
//! what it finds in one is in `found`.

mod parse;

use thiserror::Error;

pub use parse::USAGES;

use crate::model::simulate::time::Micros;
use crate::model::simulate::world::Flow;
use crate::model::topology::{CommitLevel, PgMajor, SyncMethod, notation};

/// One line of a goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predicate {
    pub is_negated: bool,
    pub what: What,
    text: String,
}

/// Where a goal is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum On {
    Design,
    Story,
    Time,
    Servers,
}

impl On {
    pub const ALL: [Self; 4] = [Self::Design, Self::Story, Self::Time, Self::Servers];

    pub fn word(self) -> &'static str {
        match self {
            Self::Design => "design",
            Self::Story => "story",
            Self::Time => "time",
            Self::Servers => "servers",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|on| on.word() == word)
    }
}

/// A cell of "What it survives".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    Writes,
    Reads,
    NothingLost,
}

/// The failure that a design is to survive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Any one of the standbys below the primary and below others.
    EachStandby,
    Incident(String),
    Site(String),
}

/// What becomes of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    GoOn,
    Hang,
    Fail,
}

/// What is asked. Names of servers are as written; `*` stands for some server where that makes sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Follows {
        server: String,
        upstream: String,
    },
    Downstreams {
        server: String,
        least: usize,
    },
    Servers(usize),
    Port {
        server: String,
        port: u16,
    },
    Priority {
        server: String,
        priority: Option<u32>,
    },
    Sync(Option<(SyncMethod, u32)>),
    Confirmations(u32),
    Commit(CommitLevel),
    Slot {
        server: String,
        is_on: bool,
    },
    /// `None`: no delay; else at least so many microseconds.
    Delay {
        server: String,
        least: Option<u64>,
    },
    Site {
        server: String,
        site: String,
    },
    Archive(bool),
    /// `server: None`: all servers; `value: None`: it is not set.
    Setting {
        server: Option<String>,
        name: String,
        value: Option<String>,
    },
    File {
        server: String,
        path: String,
    },
    Version(PgMajor),
    Finding {
        rule: String,
        server: Option<String>,
    },
    NoErrors,
    NoWarnings,
    Survives {
        failure: Failure,
        cell: Cell,
    },
    Row {
        server: String,
        upstream: String,
        state: String,
        sync: Option<String>,
        priority: Option<u32>,
    },
    Up(String),
    Down(String),
    Primary(String),
    Upstream {
        server: String,
        upstream: String,
    },
    Commits(Fate),
    /// Empty: nobody.
    WaitsFor(Vec<String>),
    Happened(String),
    Never(String),
    Flow {
        server: String,
        flow: Flow,
    },
    AllStream,
    AllUp,
    AllCurrent,
    Leader(String),
    NeverTwoPrimaries,
    Timeline {
        server: String,
        number: u32,
    },
    LostNothing(bool),
    CommitAt {
        level: CommitLevel,
        fate: Fate,
    },
    Played(Micros),
    Acknowledged(u64),
    Applied {
        server: String,
        least: u64,
    },
    StoodStill(Micros),
    /// 0: none.
    LostCommits(u64),
    Slowest(Micros),
    Deployed,
    Proved,
}

/// A line that is not a predicate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadPredicate {
    #[error("nothing is given; write for example \"follows SERVER UPSTREAM\"")]
    Empty,
    #[error("\"{word}\" is not a known predicate{}", near.as_ref().map_or_else(String::new, |near| format!("; did you mean \"{near}\"?")))]
    Word { word: String, near: Option<String> },
    #[error("the syntax is \"{0}\"")]
    Usage(&'static str),
    #[error("\"{0}\" is not a rule of pgcascade")]
    Rule(String),
    #[error("\"{0}\" is not an event")]
    Event(String),
    #[error("a quoted name has no closing quote")]
    OpenQuote,
}

impl Predicate {
    /// # Errors
    ///
    /// If the line is not one of [`USAGES`], or a value in it cannot be.
    pub fn parse(text: &str) -> Result<Self, BadPredicate> {
        let words = notation::split(text).map_err(|_| BadPredicate::OpenQuote)?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (is_negated, words) = match words.as_slice() {
            ["not", rest @ ..] => (true, rest),
            all => (false, all),
        };
        Ok(Self {
            is_negated,
            what: parse::parse(words)?,
            text: text.trim().to_owned(),
        })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// True if it can be asked there: a design has no time, servers have no past.
    pub fn fits(&self, on: On) -> bool {
        match self.what.least() {
            Needs::Design => on != On::Servers,
            Needs::Board => true,
            Needs::Story => matches!(on, On::Story | On::Time),
            Needs::Time => on == On::Time,
            Needs::Servers => on == On::Servers,
        }
    }
}

impl Predicate {
    /// The servers that it names; not `*`.
    pub(super) fn servers(&self) -> Vec<&str> {
        let named = match &self.what {
            What::Follows { server, upstream }
            | What::Upstream { server, upstream }
            | What::Row { server, upstream, .. } => {
                vec![server.as_str(), upstream.as_str()]
            }
            What::Downstreams { server, .. }
            | What::Port { server, .. }
            | What::Priority { server, .. }
            | What::Slot { server, .. }
            | What::Delay { server, .. }
            | What::Site { server, .. }
            | What::Setting {
                server: Some(server), ..
            }
            | What::File { server, .. }
            | What::Finding {
                server: Some(server), ..
            }
            | What::Up(server)
            | What::Down(server)
            | What::Primary(server)
            | What::Flow { server, .. }
            | What::Leader(server)
            | What::Timeline { server, .. }
            | What::Applied { server, .. } => vec![server.as_str()],
            What::WaitsFor(servers) => servers.iter().map(String::as_str).collect(),
            What::Happened(event)
            | What::Never(event)
            | What::Survives {
                failure: Failure::Incident(event),
                ..
            } => event.split(' ').skip(1).collect(),
            _ => Vec::new(),
        };
        named.into_iter().filter(|name| *name != "*").collect()
    }

    /// The setting that it names.
    pub(super) fn setting(&self) -> Option<&str> {
        match &self.what {
            What::Setting { name, .. } => Some(name),
            _ => None,
        }
    }
}

/// What has to be there for a predicate to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    Design,
    Board,
    Story,
    Time,
    Servers,
}

impl What {
    fn least(&self) -> Needs {
        match self {
            Self::Follows { .. }
            | Self::Downstreams { .. }
            | Self::Servers(_)
            | Self::Port { .. }
            | Self::Priority { .. }
            | Self::Sync(_)
            | Self::Confirmations(_)
            | Self::Commit(_)
            | Self::Slot { .. }
            | Self::Delay { .. }
            | Self::Site { .. }
            | Self::Archive(_)
            | Self::Setting { .. }
            | Self::File { .. }
            | Self::Version(_)
            | Self::Finding { .. }
            | Self::NoErrors
            | Self::NoWarnings
            | Self::Survives { .. } => Needs::Design,
            Self::Row { .. }
            | Self::Up(_)
            | Self::Down(_)
            | Self::Primary(_)
            | Self::Upstream { .. }
            | Self::Commits(_)
            | Self::WaitsFor(_) => Needs::Board,
            Self::Happened(_)
            | Self::Never(_)
            | Self::Flow { .. }
            | Self::AllStream
            | Self::AllUp
            | Self::AllCurrent
            | Self::Leader(_)
            | Self::NeverTwoPrimaries
            | Self::Timeline { .. }
            | Self::LostNothing(_)
            | Self::CommitAt { .. } => Needs::Story,
            Self::Played(_)
            | Self::Acknowledged(_)
            | Self::Applied { .. }
            | Self::StoodStill(_)
            | Self::LostCommits(_)
            | Self::Slowest(_) => Needs::Time,
            Self::Deployed | Self::Proved => Needs::Servers,
        }
    }
}
