//! What a design survives: for each failure, and each two of them, whether writes go on, reads go on, and nothing is lost.
//!
//! Nobody does anything about the failure: PostgreSQL promotes no standby by itself. What is lost is asked of the best
//! standby that is left, should it be promoted.

use serde::Serialize;

use super::verdict::Said;
use super::world::{Action, CommitFate, Flow, Loss, World};
use crate::model::topology::Topology;

/// One failure, or two at once, and what is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Survival {
    #[serde(skip)]
    pub faults: Vec<Action>,
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
        let crashes: Vec<Action> = servers.into_iter().map(Action::Crash).collect();
        let mut lost = survival(&world, &crashes);
        lost.failure = vec![format!("lose the site {site}")];
        Some(lost)
    });
    let single = faults.into_iter().map(|fault| survival(&world, &[fault]));
    single.chain(of_sites).collect()
}

/// Every two failures at once; of n servers these are about 2n².
pub fn double_failures(topology: &Topology) -> Vec<Survival> {
    let world = World::new(topology);
    let faults = faults(topology);
    let mut found = Vec::new();
    for (place, one) in faults.iter().enumerate() {
        for other in faults.iter().skip(place + 1) {
            found.push(survival(&world, &[*one, *other]));
        }
    }
    found
}

/// What is left of a world after these failures.
pub fn survival(world: &World, faults: &[Action]) -> Survival {
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

fn faults(topology: &Topology) -> Vec<Action> {
    let servers = topology.servers().iter();
    let crashes = servers.clone().map(|server| Action::Crash(server.id()));
    let cuts = servers.filter_map(|server| {
        Some(Action::Cut {
            one: server.upstream()?,
            other: server.id(),
        })
    });
    crashes.chain(cuts).collect()
}

fn writes(after: &World) -> Cell {
    let (holds, sentence, why) = match after.cluster_fate() {
        CommitFate::Acknowledged => (
            true,
            "writes go on",
            "the primary runs, and as many standbys answer as a commit waits for",
        ),
        CommitFate::Hangs => (
            false,
            "every write hangs until a synchronous standby is back",
            "fewer standbys stream than synchronous_standby_names asks for, and a commit has no time limit",
        ),
        CommitFate::Fails => (
            false,
            "nobody takes writes until a standby is promoted",
            "the primary is down, and no standby promotes itself",
        ),
    };
    cell(holds, sentence.to_owned(), why)
}

fn reads(after: &World) -> Cell {
    let up = after.servers().filter(|(_, state)| state.is_up()).count();
    let fresh = |flow: Flow| matches!(flow, Flow::Leads | Flow::Streams);
    let old = after
        .servers()
        .filter(|(_, state)| state.is_up() && !fresh(state.flow))
        .count();
    let sentence = match (up, old) {
        (0, _) => "no server answers".to_owned(),
        (up, 0) => format!("{up} answer"),
        (up, old) => format!("{up} answer, {old} of them with old data"),
    };
    cell(
        up > 0,
        sentence,
        "a hot standby answers queries also without its upstream, from what it has applied",
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
    let best = standbys
        .map(|(server, _)| (after.loss_of(server.id()), server.id(), server.name()))
        .min_by_key(|(loss, id, _)| (*loss, *id));
    match best {
        None => cell(
            false,
            "no server is left".to_owned(),
            "what is on the disks of dead machines counts as lost until they are back",
        ),
        Some((Loss::Nothing, _, name)) => cell(
            true,
            format!("\"{name}\" has everything"),
            "each acknowledged commit had waited for it",
        ),
        Some((Loss::NothingIfFarthest, ..)) => cell(
            true,
            "the farthest of the quorum has everything".to_owned(),
            "each acknowledged commit had waited for enough of the quorum; promote the one that has received the most",
        ),
        Some((_, _, name)) => cell(
            false,
            format!("\"{name}\" may lack the last moment"),
            "no acknowledged commit had to wait for a standby that is left",
        ),
    }
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
mod tests {
    use super::*;
    use crate::model::topology::notation;

    /// A line for each failure: what fails, then +/- for writes, reads, nothing lost.
    fn lines(found: &[Survival]) -> Vec<String> {
        let line = |survival: &Survival| {
            let cells = survival.cells().map(|cell| if cell.holds { '+' } else { '-' });
            format!("{}: {}", survival.failure.join(", "), String::from_iter(cells))
        };
        found.iter().map(line).collect()
    }

    #[test]
    fn the_seed_survives_every_single_failure_but_that_of_its_primary() {
        let seed = notation::parse(
            "master 1 sync first 1\n  slave1 2 priority 1\n    slave11 3\n  slave2 4 priority 2\n",
        )
        .unwrap();
        let expected = [
            "crash master: -++",
            "crash slave1: +++",
            "crash slave11: +++",
            "crash slave2: +++",
            "cut master slave1: +++",
            "cut slave1 slave11: +++",
            "cut master slave2: +++",
        ];
        assert_eq!(lines(&single_failures(&seed)), expected);
        let double = lines(&double_failures(&seed));
        assert_eq!(double.len(), 21);
        for line in [
            "crash master, crash slave1: -+-",
            "crash master, crash slave2: -++",
            "crash master, crash slave11: -++",
            "crash slave1, crash slave2: -++",
            "cut master slave1, cut master slave2: -++",
            "crash slave1, crash slave11: +++",
        ] {
            assert!(double.iter().any(|known| known == line), "{line}: {double:#?}");
        }
    }

    #[test]
    fn a_site_is_lost_as_a_whole() {
        let of = |text: &str| -> Vec<String> {
            let found = lines(&single_failures(&notation::parse(text).unwrap()));
            found.into_iter().filter(|line| line.contains("site")).collect()
        };
        let text =
            "m 1 sync first 1 site A\n  a 2 priority 1 site A\n  b 3 priority 2 site B\n    c 4 site B\n";
        // What was acknowledged had waited for a, which is lost with the primary.
        assert_eq!(of(text), ["lose the site A: -+-", "lose the site B: +++"]);
        let far = text.replace("priority 1 site A", "priority 3 site A");
        assert_eq!(of(&far), ["lose the site A: -++", "lose the site B: +++"]);
        assert_eq!(of("m 1 site A\n  a 2 site A\n"), [""; 0], "that would be all");
        assert_eq!(
            of("m 1 site A\n  a 2 site B\n"),
            [""; 0],
            "each is a server's crash"
        );
    }

    #[test]
    fn without_synchronous_standbys_a_crash_can_lose_the_last_moment() {
        let pair = notation::parse("m 1\n  a 2\n").unwrap();
        assert_eq!(
            lines(&single_failures(&pair)),
            ["crash m: -+-", "crash a: +++", "cut m a: +++"]
        );
        let quorum = notation::parse("m 1 sync any 1\n  a 2 priority 1\n  b 3 priority 2\n").unwrap();
        assert_eq!(lines(&single_failures(&quorum))[0], "crash m: -++");
        let alone = notation::parse("m 1\n").unwrap();
        assert_eq!(lines(&single_failures(&alone)), ["crash m: ---"]);
    }
}
