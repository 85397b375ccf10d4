//! A whole topology at once, as a file gives it: servers in any order, each with its upstream by name.
//!
//! [`Draft::build`] is the other way into a [`Topology`] beside edits; it checks the same invariants and names
//! everything that breaks them, not only the first.

use std::collections::BTreeMap;

use thiserror::Error;

use super::{
    ApplyDelay, Archive, Auth, ClusterTerms, Host, LinkTerms, PgMajor, Port, Role, Server, ServerId,
    ServerName, ServerTerms, Settings, SiteName, Standby, SyncPolicy, Topology,
};

#[derive(Clone, Debug)]
pub struct Draft {
    pub name: String,
    pub postgres: PgMajor,
    pub sync: Option<SyncPolicy>,
    pub archive: Option<Archive>,
    pub auth: Option<Auth>,
    pub tls: bool,
    pub settings: Settings,
    pub terms: ClusterTerms,
    pub servers: Vec<DraftServer>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftServer {
    pub name: ServerName,
    pub host: Host,
    pub port: Port,
    pub site: Option<SiteName>,
    pub follows: Option<String>,
    pub sync_priority: Option<u32>,
    pub slot: Option<bool>,
    pub apply_delay: Option<ApplyDelay>,
    pub settings: Settings,
    pub terms: ServerTerms,
    /// Without the fallback upstreams, which stand beside it by name.
    pub link: LinkTerms,
    pub also_follows: Vec<String>,
}

/// What makes a draft no topology; `server` is a place in [`Draft::servers`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DraftProblem {
    #[error("the design has no server: it needs at least a primary, a [[server]] with a name and a port")]
    Empty,
    #[error("no server is the primary: each one follows another")]
    NoPrimary,
    #[error("\"{name}\" and \"{first}\" both have no upstream, so the design has two primaries")]
    TwoPrimaries {
        server: usize,
        name: ServerName,
        first: ServerName,
        first_server: usize,
    },
    #[error("a server named \"{name}\" already exists: pg_stat_replication distinguishes standbys by name")]
    NameTaken { server: usize, name: ServerName },
    #[error("\"{name}\" follows \"{upstream}\", but no server has that name")]
    UnknownUpstream {
        server: usize,
        name: ServerName,
        upstream: String,
        nearest: Option<String>,
    },
    #[error("{}", loop_of(way))]
    Loop { server: usize, way: Vec<String> },
    #[error("\"{name}\" is the primary: only standbys have {what}")]
    StandbyOnly {
        server: usize,
        name: ServerName,
        what: &'static str,
    },
}

/// The way of a loop begins and ends with the same server.
fn loop_of(way: &[String]) -> String {
    match way {
        [server, _] => format!("\"{server}\" follows itself and never receives WAL"),
        _ => format!(
            "{} is a loop: these servers follow each other and never receive WAL",
            way.join(" → ")
        ),
    }
}

impl DraftProblem {
    /// The id under which `check` lists it.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Empty => "no-server",
            Self::NoPrimary => "no-primary",
            Self::TwoPrimaries { .. } => "two-primaries",
            Self::NameTaken { .. } => "name-used-twice",
            Self::UnknownUpstream { .. } => "unknown-upstream",
            Self::Loop { .. } => "loop",
            Self::StandbyOnly { .. } => "standby-setting-on-primary",
        }
    }

    /// The place in [`Draft::servers`] that it is about.
    pub fn server(&self) -> Option<usize> {
        match self {
            Self::Empty | Self::NoPrimary => None,
            Self::TwoPrimaries { server, .. }
            | Self::NameTaken { server, .. }
            | Self::UnknownUpstream { server, .. }
            | Self::Loop { server, .. }
            | Self::StandbyOnly { server, .. } => Some(*server),
        }
    }

    /// The places of the servers that it takes for primaries because they follow nobody.
    pub fn primaries(&self) -> Vec<usize> {
        match self {
            Self::TwoPrimaries {
                server, first_server, ..
            } => vec![*server, *first_server],
            Self::StandbyOnly { server, .. } => vec![*server],
            _ => Vec::new(),
        }
    }

    /// What to do about it.
    pub fn fix(&self) -> Option<String> {
        Some(match self {
            Self::Empty => "add [[server]] with name = \"primary\" and port = 5432".to_owned(),
            Self::NoPrimary => "omit `follows` for the server that should be the primary".to_owned(),
            Self::TwoPrimaries { name, first, .. } => {
                format!("give one of them an upstream, for example follows = \"{first}\" for \"{name}\"")
            }
            Self::NameTaken { .. } => "give it another name".to_owned(),
            Self::UnknownUpstream {
                nearest: Some(nearest),
                ..
            } => format!("did you mean follows = \"{nearest}\"?"),
            Self::UnknownUpstream { .. } => "use the name of a server in the design".to_owned(),
            Self::Loop { way, .. } if way.len() == 2 => "make it follow another server".to_owned(),
            Self::Loop { .. } => "make one of them follow a server outside the loop".to_owned(),
            Self::StandbyOnly { what, .. } => format!("remove {what}, or make the server follow another"),
        })
    }
}

impl Draft {
    /// # Errors
    ///
    /// With everything that keeps the draft from being one tree of servers.
    pub fn build(self) -> Result<Topology, Vec<DraftProblem>> {
        let mut problems = Vec::new();
        let upstreams = self.upstreams(&mut problems);
        self.check_primary(&upstreams, &mut problems);
        self.check_loops(&upstreams, &mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        let ServerId(next_id) = ServerId::at(self.servers.len());
        let fallbacks = self.fallbacks();
        let servers = self
            .servers
            .into_iter()
            .zip((0..).map(ServerId::at))
            .zip(upstreams.into_iter().zip(fallbacks))
            .map(|((server, id), (upstream, also_follows))| Server {
                id,
                name: server.name,
                host: server.host,
                port: server.port,
                site: server.site,
                settings: server.settings,
                terms: server.terms,
                role: match upstream {
                    None => Role::Primary,
                    Some(upstream) => Role::Standby(Standby {
                        upstream: ServerId::at(upstream),
                        sync_priority: server.sync_priority,
                        slot: server.slot,
                        apply_delay: server.apply_delay,
                        link: LinkTerms {
                            also_follows,
                            ..server.link
                        },
                    }),
                },
            })
            .collect::<Vec<Server>>()
            .into();
        Ok(Topology {
            name: super::edit::one_line(&self.name),
            postgres: self.postgres,
            sync: self.sync,
            archive: self.archive,
            auth: self.auth,
            tls: self.tls,
            settings: self.settings,
            terms: Box::new(self.terms),
            servers,
            next_id,
        })
    }

    /// Each server's upstream by place; `None` where it follows nobody, or nobody that exists.
    fn upstreams(&self, problems: &mut Vec<DraftProblem>) -> Vec<Option<usize>> {
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for (place, server) in self.servers.iter().enumerate() {
            if places.contains_key(server.name.as_str()) {
                problems.push(DraftProblem::NameTaken {
                    server: place,
                    name: server.name.clone(),
                });
            } else {
                places.insert(server.name.as_str(), place);
            }
        }
        let mut upstreams = Vec::new();
        let mut guesses = Guesses::default();
        for (place, server) in self.servers.iter().enumerate() {
            let found = server
                .follows
                .as_deref()
                .and_then(|upstream| places.get(upstream).copied());
            if let (None, Some(upstream)) = (found, &server.follows) {
                problems.push(DraftProblem::UnknownUpstream {
                    server: place,
                    name: server.name.clone(),
                    upstream: upstream.clone(),
                    nearest: guesses
                        .nearest(
                            upstream,
                            places
                                .keys()
                                .copied()
                                .filter(|other| *other != server.name.as_str()),
                        )
                        .map(str::to_owned),
                });
            }
            upstreams.push(found);
            for other in &server.also_follows {
                if !places.contains_key(other.as_str()) {
                    let others = places
                        .keys()
                        .copied()
                        .filter(|name| *name != server.name.as_str());
                    problems.push(DraftProblem::UnknownUpstream {
                        server: place,
                        name: server.name.clone(),
                        upstream: other.clone(),
                        nearest: guesses.nearest(other, others).map(str::to_owned),
                    });
                }
            }
        }
        upstreams
    }

    /// Each server's fallback upstreams; names that nobody has were found before.
    fn fallbacks(&self) -> Vec<Vec<ServerId>> {
        let place = |name: &String| {
            self.servers
                .iter()
                .position(|server| server.name.as_str() == name)
        };
        let ids = |server: &DraftServer| {
            server
                .also_follows
                .iter()
                .filter_map(place)
                .map(ServerId::at)
                .collect()
        };
        self.servers.iter().map(ids).collect()
    }

    fn check_primary(&self, upstreams: &[Option<usize>], problems: &mut Vec<DraftProblem>) {
        if self.servers.is_empty() {
            problems.push(DraftProblem::Empty);
            return;
        }
        let mut primaries = self
            .servers
            .iter()
            .enumerate()
            .filter(|(_, server)| server.follows.is_none());
        let Some((first_server, first)) = primaries.next() else {
            // If all follow one another, the loop says it better; else somebody follows a name that is not there.
            if upstreams.iter().all(Option::is_some) {
                problems.push(DraftProblem::NoPrimary);
            }
            return;
        };
        for (what, is_set) in [
            ("sync_priority", first.sync_priority.is_some()),
            ("slot", first.slot.is_some()),
            ("apply_delay", first.apply_delay.is_some()),
            ("also_follows", !first.also_follows.is_empty()),
            ("by", first.link.is_by_archive),
            ("receiver", first.link.is_receiver),
            ("conninfo", !first.link.conninfo.is_empty()),
        ] {
            if is_set {
                problems.push(DraftProblem::StandbyOnly {
                    server: first_server,
                    name: first.name.clone(),
                    what,
                });
            }
        }
        for (place, other) in primaries {
            problems.push(DraftProblem::TwoPrimaries {
                server: place,
                name: other.name.clone(),
                first: first.name.clone(),
                first_server,
            });
        }
    }

    /// Follows every server up; one that comes back to itself is on a loop, which is named once.
    fn check_loops(&self, upstreams: &[Option<usize>], problems: &mut Vec<DraftProblem>) {
        // 0: not seen, 1: on the way that is being followed, 2: known to be done.
        let mut seen = vec![0_u8; upstreams.len()];
        for start in 0..upstreams.len() {
            let mut way = Vec::new();
            let mut next = Some(start);
            while let Some(place) = next {
                match seen.get(place) {
                    Some(0) => {
                        if let Some(mark) = seen.get_mut(place) {
                            *mark = 1;
                        }
                        way.push(place);
                        next = upstreams.get(place).copied().flatten();
                    }
                    Some(1) => {
                        let on_loop = way.iter().skip_while(|on_way| **on_way != place).chain([&place]);
                        let names = on_loop
                            .filter_map(|place| self.servers.get(*place))
                            .map(|server| server.name.to_string());
                        problems.push(DraftProblem::Loop {
                            server: place,
                            way: names.collect(),
                        });
                        break;
                    }
                    _ => break,
                }
            }
            for place in way {
                if let Some(mark) = seen.get_mut(place) {
                    *mark = 2;
                }
            }
        }
    }
}

/// [`nearest`] for anyone who asks it of every line of a file: after a million comparisons it guesses no more, since the first
/// hundred hints help, and the ten thousandth only takes time.
#[derive(Clone, Debug)]
pub struct Guesses(usize);

impl Default for Guesses {
    fn default() -> Self {
        Self(1_000_000)
    }
}

impl Guesses {
    pub fn nearest<'a>(&mut self, wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        if self.0 == 0 {
            return None;
        }
        let known = known.into_iter().inspect(|_| self.0 = self.0.saturating_sub(1));
        nearest(wrong, known)
    }
}

/// A longer word is not a typing error, and comparing two takes the product of their lengths.
const LONGEST_WORD: usize = 128;

/// The known word most like the wrong one, if any is like it at all; one that differs in capitals only before all others.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .filter(|word| wrong.len() <= LONGEST_WORD && word.len() <= LONGEST_WORD)
        .map(|word| {
            let likeness = if wrong.eq_ignore_ascii_case(word) {
                1.0
            } else {
                strsim::jaro_winkler(wrong, word)
            };
            (likeness, word)
        })
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, word)| word)
}
