//! What can happen to a cluster and what can be done about it, as plain data with a text of its own.

use thiserror::Error;

use crate::model::topology::{ServerId, Topology, nearest, notation};

/// One fault, one repair or one decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Incident {
    /// The server's machine is gone from one moment to the next.
    Crash(ServerId),
    /// A clean stop (`pg_ctl stop`, mode fast).
    Stop(ServerId),
    /// A server that is down is started again, with the configuration that it has.
    ComeBack(ServerId),
    /// The network between two servers is cut.
    Cut { one: ServerId, other: ServerId },
    /// The network between two servers is slow: everything arrives, later.
    Slow { one: ServerId, other: ServerId },
    /// The network between two servers is fine again.
    Mend { one: ServerId, other: ServerId },
    /// The standby receives WAL and does not apply it (`pg_wal_replay_pause()`).
    Pause(ServerId),
    /// It applies it again (`pg_wal_replay_resume()`).
    Resume(ServerId),
    /// The disk of the WAL archive is full.
    FillArchive,
    /// The archive has room again.
    FreeArchive,
    /// Clients write more WAL than is kept for a standby that has no slot.
    WriteMuch,
    /// Clients write more WAL than a slot may hold (`max_slot_wal_keep_size`).
    OutgrowSlots,
    /// The standby becomes a primary.
    Promote(ServerId),
    /// The server is told to follow another upstream, as the standby it is or, if it is down, becomes.
    Repoint { server: ServerId, upstream: ServerId },
    /// The replication slot that `server` asks for is made at `upstream`.
    MakeSlot { server: ServerId, upstream: ServerId },
    /// `upstream` is told in its pg_hba.conf to let `server` in.
    LetIn { server: ServerId, upstream: ServerId },
    /// The server gets the data of `upstream` (pg_rewind, or a new base backup) and starts as its standby.
    Rebuild { server: ServerId, upstream: ServerId },
}

/// The verb of an incident: a row of the transitions is for one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    Crash,
    Stop,
    ComeBack,
    Cut,
    Slow,
    Mend,
    Pause,
    Resume,
    FillArchive,
    FreeArchive,
    WriteMuch,
    OutgrowSlots,
    Promote,
    Repoint,
    MakeSlot,
    LetIn,
    Rebuild,
}

/// What an incident is, for menus: something that befalls the cluster, or something that one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Fault,
    Repair,
    Decision,
}

/// How many servers a verb names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    None,
    One,
    Two,
}

impl Verb {
    pub const ALL: [Self; 17] = [
        Self::Crash,
        Self::Stop,
        Self::Cut,
        Self::Slow,
        Self::Pause,
        Self::FillArchive,
        Self::WriteMuch,
        Self::OutgrowSlots,
        Self::ComeBack,
        Self::Mend,
        Self::Resume,
        Self::FreeArchive,
        Self::Promote,
        Self::Repoint,
        Self::MakeSlot,
        Self::LetIn,
        Self::Rebuild,
    ];

    /// As a scenario and the command line spell it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::Stop => "stop",
            Self::ComeBack => "come-back",
            Self::Cut => "cut",
            Self::Slow => "slow",
            Self::Mend => "mend",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::FillArchive => "fill-archive",
            Self::FreeArchive => "free-archive",
            Self::WriteMuch => "write-much",
            Self::OutgrowSlots => "outgrow-slots",
            Self::Promote => "promote",
            Self::Repoint => "repoint",
            Self::MakeSlot => "make-slot",
            Self::LetIn => "let-in",
            Self::Rebuild => "rebuild",
        }
    }

    /// The word with the servers that stand behind it.
    pub fn usage(self) -> String {
        let names = match (self, self.names()) {
            (_, Names::None) => "",
            (_, Names::One) => " SERVER",
            (Self::Cut | Self::Slow | Self::Mend, Names::Two) => " SERVER SERVER",
            (_, Names::Two) => " SERVER UPSTREAM",
        };
        format!("{}{names}", self.word())
    }

    pub fn kind(self) -> Kind {
        match self {
            Self::Crash
            | Self::Stop
            | Self::Cut
            | Self::Slow
            | Self::Pause
            | Self::FillArchive
            | Self::WriteMuch
            | Self::OutgrowSlots => Kind::Fault,
            Self::ComeBack | Self::Mend | Self::Resume | Self::FreeArchive => Kind::Repair,
            Self::Promote | Self::Repoint | Self::MakeSlot | Self::LetIn | Self::Rebuild => Kind::Decision,
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.word() == word)
    }

    fn names(self) -> Names {
        match self {
            Self::FillArchive | Self::FreeArchive | Self::WriteMuch | Self::OutgrowSlots => Names::None,
            Self::Crash | Self::Stop | Self::ComeBack | Self::Pause | Self::Resume | Self::Promote => {
                Names::One
            }
            Self::Cut
            | Self::Slow
            | Self::Mend
            | Self::Repoint
            | Self::MakeSlot
            | Self::LetIn
            | Self::Rebuild => Names::Two,
        }
    }
}

/// A text that is not an incident.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadIncident {
    #[error("nothing is given; write for example \"crash SERVER\"")]
    Empty,
    #[error("\"{word}\" is not a known event{}; valid are {}", did_you_mean(near.as_deref()), known_verbs())]
    Verb { word: String, near: Option<String> },
    #[error(
        "a {word} is two events: first \"{first} OLD-PRIMARY\", then \"promote STANDBY\" (on servers that run: \
         `pgcascade {word} DIR STANDBY`)"
    )]
    Several { word: String, first: &'static str },
    #[error("the syntax is \"{0}\"")]
    Usage(String),
    #[error("the design has no server called \"{name}\"{}", did_you_mean(near.as_deref()))]
    Server { name: String, near: Option<String> },
    #[error("a quoted name has no closing quote")]
    OpenQuote,
}

fn did_you_mean(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"))
}

fn known_verbs() -> String {
    Verb::ALL.map(Verb::word).join(", ")
}

impl Incident {
    pub fn verb(self) -> Verb {
        match self {
            Self::Crash(_) => Verb::Crash,
            Self::Stop(_) => Verb::Stop,
            Self::ComeBack(_) => Verb::ComeBack,
            Self::Cut { .. } => Verb::Cut,
            Self::Slow { .. } => Verb::Slow,
            Self::Mend { .. } => Verb::Mend,
            Self::Pause(_) => Verb::Pause,
            Self::Resume(_) => Verb::Resume,
            Self::FillArchive => Verb::FillArchive,
            Self::FreeArchive => Verb::FreeArchive,
            Self::WriteMuch => Verb::WriteMuch,
            Self::OutgrowSlots => Verb::OutgrowSlots,
            Self::Promote(_) => Verb::Promote,
            Self::Repoint { .. } => Verb::Repoint,
            Self::MakeSlot { .. } => Verb::MakeSlot,
            Self::LetIn { .. } => Verb::LetIn,
            Self::Rebuild { .. } => Verb::Rebuild,
        }
    }

    /// The servers that it names: the one it happens to comes first.
    pub fn servers(self) -> (Option<ServerId>, Option<ServerId>) {
        match self {
            Self::FillArchive | Self::FreeArchive | Self::WriteMuch | Self::OutgrowSlots => (None, None),
            Self::Crash(server)
            | Self::Stop(server)
            | Self::ComeBack(server)
            | Self::Pause(server)
            | Self::Resume(server)
            | Self::Promote(server) => (Some(server), None),
            Self::Cut { one, other } | Self::Slow { one, other } | Self::Mend { one, other } => {
                (Some(one), Some(other))
            }
            Self::Repoint { server, upstream }
            | Self::MakeSlot { server, upstream }
            | Self::LetIn { server, upstream }
            | Self::Rebuild { server, upstream } => (Some(server), Some(upstream)),
        }
    }

    /// `crash slave1`, `cut master slave1`, `promote "my server"`; what [`Incident::parse`] reads.
    pub fn text(self, topology: &Topology) -> String {
        let (one, other) = self.servers();
        let names = one.into_iter().chain(other).filter_map(|id| topology.server(id));
        let mut text = self.verb().word().to_owned();
        for server in names {
            text.push(' ');
            text.push_str(&notation::quote(server.name().as_str()));
        }
        text
    }

    /// Reads one incident; servers are named as in the design, names with blanks stand in double quotes.
    ///
    /// # Errors
    ///
    /// If the text is not an incident, or names a server which the topology does not have.
    pub fn parse(text: &str, topology: &Topology) -> Result<Self, BadIncident> {
        let words = notation::split(text).map_err(|_| BadIncident::OpenQuote)?;
        Self::of_words(&words, topology)
    }

    pub(in crate::model::simulate) fn of_words(
        words: &[String],
        topology: &Topology,
    ) -> Result<Self, BadIncident> {
        let (word, names) = words.split_first().ok_or(BadIncident::Empty)?;
        let verb = Verb::parse(word).ok_or_else(|| {
            let word = word.clone();
            match word.as_str() {
                "switchover" => BadIncident::Several { word, first: "stop" },
                "failover" => BadIncident::Several { word, first: "crash" },
                _ => BadIncident::Verb {
                    near: nearest(&word, Verb::ALL.map(Verb::word)).map(str::to_owned),
                    word,
                },
            }
        })?;
        let servers = names
            .iter()
            .map(|name| find(topology, name))
            .collect::<Result<Vec<ServerId>, BadIncident>>()?;
        let incident = match (verb.names(), servers.as_slice()) {
            (Names::None, []) => Self::of_all(verb),
            (Names::One, [server]) => Self::of_one(verb, *server),
            (Names::Two, [one, other]) => Self::of_two(verb, *one, *other),
            _ => None,
        };
        incident.ok_or_else(|| BadIncident::Usage(verb.usage()))
    }

    fn of_all(verb: Verb) -> Option<Self> {
        Some(match verb {
            Verb::FillArchive => Self::FillArchive,
            Verb::FreeArchive => Self::FreeArchive,
            Verb::WriteMuch => Self::WriteMuch,
            Verb::OutgrowSlots => Self::OutgrowSlots,
            _ => return None,
        })
    }

    fn of_one(verb: Verb, server: ServerId) -> Option<Self> {
        Some(match verb {
            Verb::Crash => Self::Crash(server),
            Verb::Stop => Self::Stop(server),
            Verb::ComeBack => Self::ComeBack(server),
            Verb::Pause => Self::Pause(server),
            Verb::Resume => Self::Resume(server),
            Verb::Promote => Self::Promote(server),
            _ => return None,
        })
    }

    fn of_two(verb: Verb, server: ServerId, upstream: ServerId) -> Option<Self> {
        let (one, other) = (server, upstream);
        Some(match verb {
            Verb::Cut => Self::Cut { one, other },
            Verb::Slow => Self::Slow { one, other },
            Verb::Mend => Self::Mend { one, other },
            Verb::Repoint => Self::Repoint { server, upstream },
            Verb::MakeSlot => Self::MakeSlot { server, upstream },
            Verb::LetIn => Self::LetIn { server, upstream },
            Verb::Rebuild => Self::Rebuild { server, upstream },
            _ => return None,
        })
    }
}

fn find(topology: &Topology, name: &str) -> Result<ServerId, BadIncident> {
    let near = || {
        nearest(
            name,
            topology.servers().iter().map(|server| server.name().as_str()),
        )
    };
    topology
        .by_name(name)
        .map(crate::model::topology::Server::id)
        .ok_or_else(|| BadIncident::Server {
            name: name.to_owned(),
            near: near().map(str::to_owned),
        })
}
