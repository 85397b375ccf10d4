//! The whole outcome in plain sentences, for someone who does not know PostgreSQL: does writing go on, what became of
//! each server, who could take over, what is lost, and what to do now. Everything said can be asked why.
//!
//! Start with [`Verdict::of`]; [`Verdict::text`] is what the terminal prints and the snapshots hold.

mod advice;
mod commands;
mod commits;
pub mod glossary;
mod heirs;
mod summary;
mod text;

use serde::Serialize;

pub use advice::{Advice, advise};
pub use commits::why_commit;

use super::world::{CommitFate, Flow, Loss, World};
use crate::model::topology::{CommitLevel, ServerId};
use crate::model::words;

/// A sentence, and why it is so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Said {
    pub sentence: String,
    /// The rule, with the manual's terms.
    pub why: String,
}

/// What is to be said about a world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// What has happened, one incident each.
    pub happened: Vec<String>,
    /// Do writes and reads go on, is anything lost: what to read if one reads no more.
    pub summary: Vec<Said>,
    /// In the design's order.
    pub servers: Vec<ServerVerdict>,
    /// On each server that takes writes, at each level of synchronous_commit.
    pub commits: Vec<CommitVerdict>,
    /// Who could be the primary next, the best first: now, or if the one there is died now.
    pub heirs: Vec<Heir>,
    /// Commits that clients were told of and that are gone.
    pub lost: Vec<Said>,
    /// What a DBA would do now, in order.
    pub advice: Vec<Advice>,
}

/// What became of one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServerVerdict {
    #[serde(skip)]
    pub server: ServerId,
    pub name: String,
    pub running: bool,
    pub timeline: u32,
    #[serde(skip)]
    pub flow: Flow,
    pub said: Said,
}

/// What becomes of a commit at one level on one primary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CommitVerdict {
    #[serde(skip)]
    pub on: ServerId,
    pub server: String,
    #[serde(serialize_with = "as_word")]
    pub level: CommitLevel,
    /// True for the level that holds when a session says nothing.
    pub is_configured: bool,
    #[serde(serialize_with = "as_fate")]
    pub fate: CommitFate,
    pub said: Said,
}

/// A standby that could be promoted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Heir {
    #[serde(skip)]
    pub server: ServerId,
    pub name: String,
    #[serde(skip)]
    pub loss: Loss,
    pub said: Said,
}

impl Verdict {
    pub fn of(world: &World) -> Self {
        let topology = world.topology();
        let happened = world.incidents().iter().map(|incident| incident.text(topology));
        let heirs = heirs::heirs(world);
        Self {
            happened: happened.collect(),
            summary: summary::summary(world, &heirs),
            servers: servers(world),
            commits: commits::commits(world),
            lost: summary::lost(world),
            advice: advice::advise(world),
            heirs,
        }
    }
}

fn servers(world: &World) -> Vec<ServerVerdict> {
    world
        .servers()
        .map(|(server, state)| {
            let sentence = world.flow_sentence(server.id()).unwrap_or_default();
            let next = state.next_upstream.and_then(|id| world.topology().server(id));
            let paused = match next {
                _ if !state.is_paused => String::new(),
                None => "; its replay is paused, so its queries see old data".to_owned(),
                Some(next) => format!(
                    "; its replay is paused, so its queries see old data, and it switches to \"{}\" when \
                     replay resumes",
                    next.name()
                ),
            };
            let slow = state.upstream.is_some_and(|upstream| {
                state.flow.is_connected() && world.is_slow_between(server.id(), upstream)
            });
            let late = if slow {
                ", over a slow network: everything arrives later"
            } else {
                ""
            };
            ServerVerdict {
                server: server.id(),
                name: server.name().to_string(),
                running: state.is_up(),
                timeline: world.timeline(server.id()).unwrap_or(1),
                flow: state.flow,
                said: Said {
                    sentence: format!("{sentence}{late}{paused}"),
                    why: state.flow.row().reason.to_owned(),
                },
            }
        })
        .collect()
}

/// `"a"`, `"a" and "b"`, `"a", "b" and "c"`; of many the first few and a number.
pub(in crate::model::simulate) fn listed(world: &World, servers: &[ServerId]) -> String {
    let names: Vec<String> = servers
        .iter()
        .filter_map(|id| world.topology().server(*id))
        .map(|server| format!("\"{}\"", server.name()))
        .collect();
    words::listed(&names)
}

fn name(world: &World, server: ServerId) -> String {
    listed(world, &[server])
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn as_word<S: serde::Serializer>(level: &CommitLevel, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(level.word())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn as_fate<S: serde::Serializer>(fate: &CommitFate, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(fate.word())
}
