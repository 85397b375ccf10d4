//! Questions: a learner answers before the program shows. The truth is computed, never written down by the author, but
//! for a choice about what the simulator does not know.

use super::predicate::Cell;
use super::seen::{answering, is_lost, stale};
use crate::model::simulate::survives::survival;
use crate::model::simulate::verdict::Verdict;
use crate::model::simulate::world::{CommitFate, Incident, World};
use crate::model::topology::{CommitLevel, Server, ServerId, Topology, notation};

/// A question.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// Unlike that of any other of the lesson.
    pub id: String,
    pub text: String,
    pub truth: Truth,
    /// What happens before the truth is found out.
    pub after: Vec<String>,
    /// True if it is asked of the design that the solution draws, not of the one that the lesson begins with.
    pub of_solution: bool,
    /// For a choice: what there is to choose from.
    pub options: Vec<String>,
    /// For a choice: the right one, and why.
    pub right: Option<String>,
    pub because: Option<String>,
    /// What the author expects the program to find: only for the test.
    pub expect: Vec<String>,
    pub line: usize,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Truth {
    /// Who can end a commit's waiting.
    Answers,
    Row {
        server: String,
        upstream: String,
    },
    /// At this level of synchronous_commit, or at the one that is set.
    Fate(Option<CommitLevel>),
    /// Which running servers lack the newest commit.
    Stale,
    /// Who accepts writes.
    Leads,
    /// Whom to promote.
    Heir,
    /// Whether confirmed commits would be missing on it.
    Loss(String),
    Survives {
        failure: String,
        cell: Cell,
    },
    Choice,
}

pub const TRUTHS: [&str; 9] = [
    "answers",
    "row SERVER at UPSTREAM",
    "fate [LEVEL]",
    "stale",
    "leads",
    "heir",
    "loss SERVER",
    "survives \"FAILURE\" writes|reads|nothing-lost",
    "choice",
];

/// The answer of "which servers" if there are none.
pub const NOBODY: &str = "nobody";
/// The single words that are answers and not names of servers.
pub const TRUTH_WORDS: [&str; 9] = [
    "async",
    "potential",
    "sync",
    "quorum",
    "hangs",
    "nothing",
    "something",
    "yes",
    "no",
];
const NO_ROW: &str = "no row";
const GOES_ON: &str = "goes on";
const HANGS: &str = "hangs";
const IS_REFUSED: &str = "is refused";

impl Truth {
    /// `None`: it is not one of the list that a lesson may ask.
    pub fn parse(text: &str) -> Option<Self> {
        let words = notation::split(text).ok()?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Some(match words.as_slice() {
            ["answers"] => Self::Answers,
            ["row", server, "at", upstream] => Self::Row {
                server: (*server).to_owned(),
                upstream: (*upstream).to_owned(),
            },
            ["fate"] => Self::Fate(None),
            ["fate", level] => Self::Fate(Some(CommitLevel::parse(level)?)),
            ["stale"] => Self::Stale,
            ["leads"] => Self::Leads,
            ["heir"] => Self::Heir,
            ["loss", server] => Self::Loss((*server).to_owned()),
            ["survives", failure, cell] => Self::Survives {
                failure: (*failure).to_owned(),
                cell: match *cell {
                    "writes" => Cell::Writes,
                    "reads" => Cell::Reads,
                    "nothing-lost" => Cell::NothingLost,
                    _ => return None,
                },
            },
            ["choice"] => Self::Choice,
            _ => return None,
        })
    }

    /// True if several answers can be right together: which servers.
    pub fn is_several(&self) -> bool {
        matches!(self, Self::Answers | Self::Stale | Self::Leads)
    }

    /// What there is to choose from.
    pub fn options(&self, topology: &Topology) -> Vec<String> {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let servers = || topology.servers().iter().map(|server| server.name().to_string());
        match self {
            Self::Answers | Self::Stale | Self::Leads => servers().chain([NOBODY.to_owned()]).collect(),
            Self::Heir => servers().collect(),
            Self::Row { .. } => words(&["async", "potential", "sync", "quorum", NO_ROW]),
            Self::Fate(_) => words(&[GOES_ON, HANGS, IS_REFUSED]),
            Self::Loss(_) => words(&["nothing", "something"]),
            Self::Survives { .. } => words(&["yes", "no"]),
            Self::Choice => Vec::new(),
        }
    }
}

/// The truth, and the program's own reason for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// In the order of the options.
    pub values: Vec<String>,
    pub because: String,
}

impl Ask {
    /// What the world says; for a choice what the author says. `None`: it asks for a server that is not there.
    pub fn answer(&self, world: &World) -> Option<Answer> {
        let topology = world.topology();
        let several = |ids: &[ServerId]| {
            let names = ids.iter().filter_map(|id| topology.server(*id));
            let names: Vec<String> = names.map(|server| server.name().to_string()).collect();
            if names.is_empty() {
                vec![NOBODY.to_owned()]
            } else {
                names
            }
        };
        let one = |value: &str| vec![value.to_owned()];
        let find = |name: &str| topology.by_name(name).map(Server::id);
        Some(match &self.truth {
            Truth::Answers => {
                let mut ids = answering(world);
                ids.sort();
                Answer {
                    values: several(&ids),
                    because: of_commits(world),
                }
            }
            Truth::Stale => {
                let ids = stale(world);
                Answer {
                    because: of_flows(world, &ids),
                    values: several(&ids),
                }
            }
            Truth::Leads => Answer {
                values: several(&world.leaders()),
                because: Verdict::of(world)
                    .summary
                    .first()
                    .map_or_else(String::new, |said| said.sentence.clone()),
            },
            Truth::Row { server, upstream } => {
                let shown = topology
                    .server(find(server)?)?
                    .name()
                    .in_view(topology.postgres());
                let above = find(upstream)?;
                let rows = world.rows(above);
                let row = rows.into_iter().find(|row| row.application_name == shown);
                match row {
                    None => Answer {
                        values: one(NO_ROW),
                        because: format!("{server} is not connected to {upstream}."),
                    },
                    Some(row) => Answer {
                        because: world.why_row(find(server)?, &row).unwrap_or_default(),
                        values: vec![row.sync_state],
                    },
                }
            }
            Truth::Fate(level) => {
                let leader = world.leaders().first().copied();
                let level = level.or_else(|| world.configured_level(leader?));
                let fate = leader.zip(level).map_or(CommitFate::Fails, |(leader, level)| {
                    world.commit_on(leader, level).fate
                });
                Answer {
                    values: one(match fate {
                        CommitFate::Acknowledged => GOES_ON,
                        CommitFate::Hangs => HANGS,
                        CommitFate::Fails => IS_REFUSED,
                    }),
                    because: of_commit_at(world, level),
                }
            }
            Truth::Heir => {
                let heir = Verdict::of(world).heirs.into_iter().next()?;
                Answer {
                    because: format!("{} {}.", heir.name, heir.said.sentence),
                    values: vec![heir.name],
                }
            }
            Truth::Loss(server) => {
                let id = find(server)?;
                let heirs = Verdict::of(world).heirs;
                let said = heirs.into_iter().find(|heir| heir.server == id);
                Answer {
                    values: one(if is_lost(world.loss_of(id)) {
                        "something"
                    } else {
                        "nothing"
                    }),
                    because: said
                        .map_or_else(String::new, |heir| format!("{server} {}.", heir.said.sentence)),
                }
            }
            Truth::Survives { failure, cell } => {
                let faults = faults(failure, topology)?;
                let survival = survival(world, &faults);
                let cell = match cell {
                    Cell::Writes => &survival.writes,
                    Cell::Reads => &survival.reads,
                    Cell::NothingLost => &survival.nothing_lost,
                };
                Answer {
                    values: one(if cell.holds { "yes" } else { "no" }),
                    because: format!("{}: {}.", cell.said.sentence, cell.said.why),
                }
            }
            Truth::Choice => Answer {
                values: self.right.iter().cloned().collect(),
                because: self.because.clone().unwrap_or_default(),
            },
        })
    }

    /// What there is to choose from.
    pub fn options(&self, topology: &Topology) -> Vec<String> {
        if self.truth == Truth::Choice {
            self.options.clone()
        } else {
            self.truth.options(topology)
        }
    }
}

/// True if a guess is the truth, in whatever order.
pub fn is_right(guess: &[String], truth: &Answer) -> bool {
    let sorted = |values: &[String]| {
        let mut values = values.to_vec();
        values.sort();
        values.dedup();
        values
    };
    sorted(guess) == sorted(&truth.values)
}

/// "lose SITE" or one event.
pub(super) fn faults(failure: &str, topology: &Topology) -> Option<Vec<Incident>> {
    let Some(site) = failure.strip_prefix("lose ") else {
        return Some(vec![Incident::parse(failure, topology).ok()?]);
    };
    let servers = topology.servers().iter();
    let there = servers.filter(|server| server.site().is_some_and(|own| own.as_str() == site.trim()));
    Some(there.map(|server| Incident::Crash(server.id())).collect())
}

fn of_commits(world: &World) -> String {
    of_commit_at(world, None)
}

fn of_commit_at(world: &World, level: Option<CommitLevel>) -> String {
    let commits = Verdict::of(world).commits;
    let it = commits
        .iter()
        .find(|commit| level.map_or(commit.is_configured, |level| commit.level == level));
    it.map_or_else(
        || "No server accepts writes.".to_owned(),
        |commit| {
            let sentence = &commit.said.sentence;
            if commit.said.why.is_empty() {
                format!("{sentence}.")
            } else {
                format!("{sentence}: {}.", commit.said.why)
            }
        },
    )
}

fn of_flows(world: &World, ids: &[ServerId]) -> String {
    let sentences = ids.iter().filter_map(|id| {
        let state = world.state(*id)?;
        if state.is_paused {
            let name = world.topology().server(*id)?.name();
            return Some(format!("{name} receives the changes and does not apply them."));
        }
        Some(format!("{}.", world.flow_sentence(*id)?.replace('"', "")))
    });
    let all = sentences.collect::<Vec<_>>().join(" ");
    if all.is_empty() {
        "Every running server streams, link by link, up to the primary.".to_owned()
    } else {
        all
    }
}
