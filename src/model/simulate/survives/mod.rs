//! What a design survives: for each failure, and each two of them, whether writes go on, reads go on, and nothing is lost.
//!
//! Nobody does anything about the failure: PostgreSQL promotes no standby by itself. What is lost is asked of the best
//! standby that is left, should it be promoted.

mod beside;

use serde::Serialize;
use thiserror::Error;

use self::beside::Beside;
use crate::model::simulate::verdict::{Said, listed};
use crate::model::simulate::world::{CommitFate, Flow, Incident, LastMoment, Loss, World};
use crate::model::topology::{ServerId, Topology};

/// One failure, or two at once, and what is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Survival {
    #[serde(skip)]
    pub faults: Vec<Incident>,
    /// The same as text: "crash slave1".
    pub failure: Vec<String>,
    /// Commits at the level that is set are acknowledged, without anybody doing anything.
    pub writes: Cell,
    /// Some server answers queries.
    pub reads: Cell,
    /// Every commit that was confirmed to a client is still there.
    pub nothing_lost: Cell,
}

/// Yes or no, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    pub holds: bool,
    #[serde(flatten)]
    pub said: Said,
}

impl Survival {
    pub fn cells(&self) -> [&Cell; 3] {
        [&self.writes, &self.reads, &self.nothing_lost]
    }
}

/// Every single failure: each server's crash, then each drawn link's cut, in the design's order; then the loss of
/// each site that is more than one server and not the whole cluster.
pub fn single_failures(topology: &Topology) -> Vec<Survival> {
    let world = World::new(topology);
    let faults = faults(topology);
    let of_sites = topology.sites().into_iter().filter_map(|(site, servers)| {
        if servers.len() < 2 || servers.len() == topology.servers().len() {
            return None;
        }
        let crashes: Vec<Incident> = servers.into_iter().map(Incident::Crash).collect();
        let mut lost = survival(&world, &crashes);
        lost.failure = vec![format!("lose the site {site}")];
        Some(lost)
    });
    let beside = Beside::of(&world);
    let single = faults.into_iter().map(|fault| {
        let counted = beside.as_ref().and_then(|beside| beside.survival(fault));
        counted.unwrap_or_else(|| survival(&world, &[fault]))
    });
    single.chain(of_sites).collect()
}

/// With more single failures than this there are too many of two at once to be of use to anybody.
const MOST_TO_PAIR: usize = 600;

/// The design has too many servers for [`double_failures`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{failures} failures make {} pairs; at most {MOST_TO_PAIR} failures can be paired", failures * (failures - 1) / 2)]
pub struct TooManyFailures {
    pub failures: usize,
}

/// Every two failures at once; of n servers these are about 2n².
///
/// # Errors
///
/// If the design has so many servers that nobody could wait for them all.
pub fn double_failures(topology: &Topology) -> Result<Vec<Survival>, TooManyFailures> {
    let faults = faults(topology);
    if faults.len() > MOST_TO_PAIR {
        return Err(TooManyFailures {
            failures: faults.len(),
        });
    }
    let world = World::new(topology);
    let mut found = Vec::new();
    for (place, one) in faults.iter().enumerate() {
        for other in faults.iter().skip(place + 1) {
            found.push(survival(&world, &[*one, *other]));
        }
    }
    Ok(found)
}

/// What is left of a world after these failures.
pub fn survival(world: &World, faults: &[Incident]) -> Survival {
    let mut after = world.clone();
    after.apply_each(faults);
    let texts = faults.iter().map(|fault| fault.text(world.topology()));
    Survival {
        faults: faults.to_vec(),
        failure: texts.collect(),
        writes: writes(&after),
        reads: reads(&after),
        nothing_lost: nothing_lost(&after),
    }
}

fn faults(topology: &Topology) -> Vec<Incident> {
    let servers = topology.servers().iter();
    let crashes = servers.clone().map(|server| Incident::Crash(server.id()));
    let cuts = servers.filter_map(|server| {
        Some(Incident::Cut {
            one: server.upstream()?,
            other: server.id(),
        })
    });
    crashes.chain(cuts).collect()
}

fn writes(after: &World) -> Cell {
    writes_of(after.cluster_fate())
}

fn writes_of(fate: CommitFate) -> Cell {
    let (holds, sentence, why) = match fate {
        CommitFate::Acknowledged => (
            true,
            "writes go on",
            "the primary runs, and enough standbys acknowledge commits",
        ),
        CommitFate::Hangs => (
            false,
            "every write hangs until a synchronous standby is back",
            "fewer standbys are streaming than synchronous_standby_names requires, and commits have no \
             timeout",
        ),
        CommitFate::Fails => (
            false,
            "no server accepts writes until a standby is promoted",
            "the primary is down, and no standby promotes itself",
        ),
    };
    cell(holds, sentence.to_owned(), why)
}

fn reads(after: &World) -> Cell {
    let up = after.servers().filter(|(_, state)| state.is_up());
    let flows: Vec<Flow> = up.map(|(_, state)| state.flow).collect();
    let old = flows.iter().filter(|flow| !is_fresh(**flow)).count();
    reads_of(flows.len(), old)
}

/// True for a server whose queries see what is written now.
fn is_fresh(flow: Flow) -> bool {
    matches!(flow, Flow::Leads | Flow::Streams)
}

/// Of so many that answer, so many with old data.
fn reads_of(up: usize, old: usize) -> Cell {
    let sentence = match (up, old) {
        (0, _) => "no server answers".to_owned(),
        (1, 0) => "1 answers".to_owned(),
        (1, _) => "1 answers, with stale data".to_owned(),
        (up, 0) => format!("{up} answer"),
        (up, old) if up == old => format!("{up} answer, all with stale data"),
        (up, old) => format!("{up} answer, {old} of them with stale data"),
    };
    cell(
        up > 0,
        sentence,
        "a hot standby answers queries even without its upstream, from the WAL it has applied",
    )
}

fn nothing_lost(after: &World) -> Cell {
    if !after.leaders().is_empty() {
        return cell(
            true,
            "the primary has everything".to_owned(),
            "a commit is on the primary's own disk before it is acknowledged (unless synchronous_commit is off)",
        );
    }
    let standbys = after
        .servers()
        .filter(|(_, state)| state.is_up() && state.upstream.is_some());
    let losses = after
        .losses_of(standbys.map(|(server, _)| server.id()))
        .into_iter();
    let best = losses.min_by_key(|(id, loss)| (*loss, *id));
    let best = best.and_then(|(id, loss)| Some((loss, id, after.topology().server(id)?.name())));
    match best {
        None => cell(
            false,
            "no server is left".to_owned(),
            "data on the disks of dead machines counts as lost until they are back",
        ),
        Some((Loss::Nothing, _, name)) => cell(
            true,
            format!("\"{name}\" has everything"),
            "every acknowledged commit waited for it",
        ),
        Some((Loss::NothingIfFarthest, id, _)) => cell(
            true,
            format!(
                "the most advanced of {} has everything",
                listed(after, &after.one_of_each(id))
            ),
            "every acknowledged commit waited for enough of them, so at least one has it; promote the one \
             that has received the most",
        ),
        Some((Loss::TooFewLeft, id, name)) => cell(
            false,
            format!("\"{name}\" may lack the latest commits"),
            &too_few_left(after, id),
        ),
        Some((_, _, name)) => cell(
            false,
            format!("\"{name}\" may lack the latest commits"),
            "commits did not have to wait for any remaining standby",
        ),
    }
}

/// Those that a commit waited for may all be gone: how many were asked, and how many are left.
fn too_few_left(after: &World, server: ServerId) -> String {
    let last = after.state(server).map(|state| state.position.last);
    let Some(LastMoment::OneOf { needed, of, .. }) = last else {
        return String::new();
    };
    let left = after.one_of_each(server).len();
    format!(
        "every acknowledged commit waited for any {needed} of {of} standbys; {left} of them {} left, and it \
         takes {} to be sure that one has it",
        if left == 1 { "is" } else { "are" },
        of - needed + 1
    )
}

fn cell(holds: bool, sentence: String, why: &str) -> Cell {
    Cell {
        holds,
        said: Said {
            sentence,
            why: why.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests;
