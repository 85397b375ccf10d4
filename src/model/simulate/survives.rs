//! What a design survives: for each failure, and each two of them, whether writes go on, reads go on, and nothing is lost.
//!
//! Nobody does anything about the failure: PostgreSQL promotes no standby by itself. What is lost is asked of the best
//! standby that is left, should it be promoted.

use serde::Serialize;
use thiserror::Error;

use super::outage::Outages;
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
    let question = Question::about(topology);
    let of_sites = topology.sites().into_iter().filter_map(|(site, servers)| {
        if servers.len() < 2 || servers.len() == topology.servers().len() {
            return None;
        }
        let crashes: Vec<Action> = servers.into_iter().map(Action::Crash).collect();
        let mut lost = question.after(&crashes);
        lost.failure = vec![format!("lose the site {site}")];
        Some(lost)
    });
    let single = faults(topology).into_iter().map(|fault| question.after(&[fault]));
    single.chain(of_sites).collect()
}

/// With more single failures than this there are too many of two at once to be of use to anybody.
const MOST_TO_PAIR: usize = 600;

/// The design has too many servers for [`double_failures`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{failures} failures are {} times two at once; at most {MOST_TO_PAIR} are combined", failures * (failures - 1) / 2)]
pub struct TooManyFailures {
    pub failures: usize,
}

/// Every two failures at once; of n servers these are about 2n².
pub fn double_failures(topology: &Topology) -> Result<Vec<Survival>, TooManyFailures> {
    let question = Question::about(topology);
    let faults = faults(topology);
    if faults.len() > MOST_TO_PAIR {
        return Err(TooManyFailures {
            failures: faults.len(),
        });
    }
    let mut found = Vec::new();
    for (place, one) in faults.iter().enumerate() {
        for other in faults.iter().skip(place + 1) {
            found.push(question.after(&[*one, *other]));
        }
    }
    Ok(found)
}

/// The same world, asked about many failures.
struct Question {
    world: World,
    outages: Option<Outages>,
}

impl Question {
    fn about(topology: &Topology) -> Self {
        let world = World::new(topology);
        Self {
            outages: Outages::of(&world),
            world,
        }
    }

    /// Counted where that can be, else simulated.
    fn after(&self, faults: &[Action]) -> Survival {
        let counted = self.outages.as_ref();
        match counted.and_then(|outages| outages.after(&self.world, faults)) {
            None => survival(&self.world, faults),
            Some(left) => Survival {
                faults: faults.to_vec(),
                failure: texts(&self.world, faults),
                writes: writes(left.fate),
                reads: reads(left.up, left.old),
                nothing_lost: primary_has_everything(),
            },
        }
    }
}

/// What is left of a world after these failures.
pub fn survival(world: &World, faults: &[Action]) -> Survival {
    let mut after = world.clone();
    after.apply_each(faults);
    let up: Vec<Flow> = after
        .servers()
        .filter(|(_, state)| state.is_up())
        .map(|(_, state)| state.flow)
        .collect();
    let old = up.iter().filter(|flow| !matches!(flow, Flow::Leads | Flow::Streams)).count();
    Survival {
        faults: faults.to_vec(),
        failure: texts(world, faults),
        writes: writes(after.cluster_fate()),
        reads: reads(up.len(), old),
        nothing_lost: nothing_lost(&after),
    }
}

fn texts(world: &World, faults: &[Action]) -> Vec<String> {
    faults.iter().map(|fault| fault.text(world.topology())).collect()
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

fn writes(fate: CommitFate) -> Cell {
    let (holds, sentence, why) = match fate {
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

fn reads(up: usize, old: usize) -> Cell {
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

fn primary_has_everything() -> Cell {
    cell(
        true,
        "the primary has everything".to_owned(),
        "a commit is on the primary's own disk before it is acknowledged (unless synchronous_commit is off)",
    )
}

fn nothing_lost(after: &World) -> Cell {
    if !after.leaders().is_empty() {
        return primary_has_everything();
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
    use crate::model::topology::{ApplyDelay, Archive, Edit, Port, SiteName, notation};

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
        let double = lines(&double_failures(&seed).unwrap());
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

    /// What is counted is what the simulation says: for trees of every shape, with lists, delays, archives, missing slots
    /// and sites.
    #[test]
    fn counted_and_simulated_failures_are_the_same() {
        let mut random = 7_u64;
        let mut next = |below: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(random >> 33).unwrap() % below
        };
        let (mut counted, mut all) = (0, 0);
        for _ in 0..300 {
            let size = 1 + next(9);
            let sync = ["", " sync first 1", " sync any 2", " sync first 2 commit local", " sync any 1 commit remote_apply"];
            let mut topology = notation::parse(&format!("m 1{}\n", sync[next(sync.len())])).unwrap();
            for port in 2..=size + 1 {
                let upstream = topology.servers()[next(topology.servers().len())].id();
                let add = Edit::AddStandby { upstream, name: None, port: Port::new(u16::try_from(port).unwrap()).ok() };
                let server = topology.apply(&add).unwrap().created.unwrap();
                let priority = (next(2) == 0).then(|| u32::try_from(port).unwrap());
                topology.apply(&Edit::SetSyncPriority { server, priority }).unwrap();
                topology.apply(&Edit::SetSlot { server, slot: Some(next(2) == 0) }).unwrap();
                let delay = (next(4) == 0).then(|| ApplyDelay::parse("1h").unwrap());
                topology.apply(&Edit::SetApplyDelay { server, delay }).unwrap();
                let site = SiteName::parse(["A", "B", "C"][next(3)]).ok();
                topology.apply(&Edit::SetSite { servers: vec![server], site }).unwrap();
                if next(6) == 0 {
                    // With this list a server does not start.
                    let name = "synchronous_standby_names".to_owned();
                    let set = Edit::SetSetting { server: Some(server), name, value: Some("(a".to_owned()) };
                    topology.apply(&set).unwrap();
                }
            }
            if next(2) == 0 {
                topology.apply(&Edit::SetArchive(Archive::new("archive").ok())).unwrap();
            }
            let world = World::new(&topology);
            let outages = Outages::of(&world);
            for survival in single_failures(&topology).into_iter().chain(double_failures(&topology).unwrap()) {
                let mut simulated = super::survival(&world, &survival.faults);
                simulated.failure.clone_from(&survival.failure);
                assert_eq!(survival, simulated, "{}", notation::print(&topology));
                counted += usize::from(outages.as_ref().is_some_and(|of| of.after(&world, &survival.faults).is_some()));
                all += 1;
            }
        }
        assert!(counted * 2 > all, "most are counted: {counted} of {all}");
    }

    #[test]
    fn two_failures_at_once_are_not_asked_of_thousands() {
        let mut text = "m 1\n".to_owned();
        for port in 2..400 {
            text += &format!("  s{port} {port}\n");
        }
        let problem = double_failures(&notation::parse(&text).unwrap()).unwrap_err();
        assert_eq!(problem.failures, 797);
        assert!(problem.to_string().contains("317206 times two at once"), "{problem}");
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
