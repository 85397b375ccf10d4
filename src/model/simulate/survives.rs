//! What a design survives: for each failure, and each two of them, whether writes go on, reads go on, and nothing is lost.
//!
//! Nobody does anything about the failure: PostgreSQL promotes no standby by itself. What is lost is asked of the best
//! standby that is left, should it be promoted.

use serde::Serialize;

use super::verdict::{Said, listed};
use super::world::{Action, CommitFate, Flow, LastMoment, Loss, World};
use crate::model::topology::{ServerId, Topology};

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
        Some((Loss::NothingIfFarthest, id, _)) => cell(
            true,
            format!(
                "the farthest of {} has everything",
                listed(after, &after.one_of_each(id))
            ),
            "each acknowledged commit had waited for so many of them that one has it; promote the one that has received the most",
        ),
        Some((Loss::TooFewLeft, id, name)) => cell(
            false,
            format!("\"{name}\" may lack the last moment"),
            &too_few_left(after, id),
        ),
        Some((_, _, name)) => cell(
            false,
            format!("\"{name}\" may lack the last moment"),
            "no acknowledged commit had to wait for a standby that is left",
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
        "each acknowledged commit had waited for {needed} of {of} standbys, whichever answered; of these {left} {} left, and it takes {} to be sure that one has it",
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
mod tests {
    use super::*;
    use crate::model::topology::{Edit, notation};

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

    /// "nothing lost" of what happens to a design with a list that is set by hand.
    #[track_caller]
    fn keeps(design: &str, list: Option<&str>, faults: &[&str]) -> (bool, String) {
        let mut topology = notation::parse(design).unwrap();
        if let Some(list) = list {
            let edit = Edit::SetSetting {
                server: None,
                name: "synchronous_standby_names".to_owned(),
                value: Some(list.to_owned()),
            };
            topology.apply(&edit).unwrap();
        }
        let faults: Vec<Action> = faults
            .iter()
            .map(|text| Action::parse(text, &topology).unwrap())
            .collect();
        let found = survival(&World::new(&topology), &faults).nothing_lost;
        (
            found.holds,
            format!("{}: {}", found.said.sentence, found.said.why),
        )
    }

    /// Tried on 15: the row that paris2 confirmed is missing on oslo.
    #[test]
    fn a_quorum_of_which_too_few_are_left_may_have_lost_a_commit() {
        let design = "paris1 1 sync any 1 site Paris\n  paris2 2 priority 1 site Paris\n  oslo 3 priority 2 site Oslo\n";
        let found = single_failures(&notation::parse(design).unwrap());
        assert_eq!(
            lines(&found),
            [
                "crash paris1: -++",
                "crash paris2: +++",
                "crash oslo: +++",
                "cut paris1 paris2: +++",
                "cut paris1 oslo: +++",
                "lose the site Paris: -+-",
            ]
        );
        let all = "each acknowledged commit had waited for 1 of 2 standbys, whichever answered; of these 1 is left, and it takes 2 to be sure that one has it";
        let said = &found[5].nothing_lost.said;
        assert_eq!(
            (said.sentence.as_str(), said.why.as_str()),
            ("\"oslo\" may lack the last moment", all)
        );
        assert_eq!(
            found[0].nothing_lost.said.sentence,
            "the farthest of \"paris2\" and \"oslo\" has everything"
        );
        // In whichever order they go, as long as it is one moment; later, oslo alone was waited for.
        assert!(!keeps(design, None, &["crash paris2", "crash paris1"]).0);
        let topology = notation::parse(design).unwrap();
        let action = |text: &str| Action::parse(text, &topology).unwrap();
        let mut world = World::new(&topology);
        world.apply(action("crash paris2")).unwrap();
        assert!(survival(&world, &[action("crash paris1")]).nothing_lost.holds);
        // And what is lost after the primary is lost all the same.
        let mut world = World::new(&topology);
        world.apply(action("crash paris1")).unwrap();
        assert!(nothing_lost(&world).holds);
        assert!(!survival(&world, &[action("crash paris2")]).nothing_lost.holds);
    }

    #[test]
    fn more_than_the_members_less_the_number_have_to_be_left() {
        let of = |method: &str| {
            format!(
                "m 1 sync {method}\n  a 2 priority 1\n    d 5\n  b 3 priority 2\n  c 4 priority 3\n  e 6\n"
            )
        };
        for (method, faults, holds) in [
            ("any 1", &["crash m"][..], true),
            ("any 1", &["crash m", "crash e"], true),
            ("any 1", &["crash m", "crash c"], false),
            ("any 2", &["crash m", "crash c"], true),
            ("any 2", &["crash m", "crash c", "crash d", "crash e"], true),
            ("any 2", &["crash m", "crash b", "crash c"], false),
            ("any 3", &["crash m", "crash b", "crash c"], true),
            ("any 3", &["crash m", "crash a", "crash b", "crash c"], false),
            // By priority it is known who has everything.
            ("first 2", &["crash m", "crash a"], true),
            ("first 2", &["crash m", "crash b", "crash c"], true),
            ("first 2", &["crash m", "crash a", "crash b"], false),
            ("first 1", &["crash m", "crash a"], false),
            ("any 1 commit local", &["crash m"], false),
        ] {
            assert_eq!(keeps(&of(method), None, faults).0, holds, "{method} {faults:?}");
        }
        // What a cascaded standby has, its upstream had; at that moment it may not have arrived.
        let after_a_while = |faults: &[&str]| {
            let topology = notation::parse(&of("any 2")).unwrap();
            let mut world = World::new(&topology);
            for text in faults {
                world.apply(Action::parse(text, &topology).unwrap()).unwrap();
            }
            nothing_lost(&world)
        };
        assert!(
            after_a_while(&["crash m", "crash a", "crash b"]).holds,
            "d has what a had"
        );
        let cell = after_a_while(&["crash m", "crash a", "crash b", "crash d"]);
        assert!(
            !cell.holds && cell.said.why.contains("2 of 3 standbys"),
            "{}",
            cell.said.why
        );
    }

    #[test]
    fn of_those_that_one_member_matches_nobody_knows_which_confirmed() {
        let three = "m 1\n  a 2\n  b 3\n  c 4\n";
        for (list, faults, holds) in [
            ("*", &["crash m"][..], true),
            ("*", &["crash m", "crash c"], false),
            ("2 (*)", &["crash m", "crash a"], true),
            ("2 (*)", &["crash m", "crash a", "crash b"], false),
            ("FIRST 2 (c, *)", &["crash m", "crash a", "crash b"], true),
            ("FIRST 2 (c, *)", &["crash m", "crash b", "crash c"], false),
            ("ANY 2 (*)", &["crash m", "crash a"], true),
            ("ANY 2 (b, *)", &["crash m", "crash a", "crash b"], false),
            ("3 (*)", &["crash m", "crash a", "crash b"], true),
            // Commits hang, so none was confirmed.
            ("4 (*)", &["crash m", "crash a", "crash b"], true),
            ("*, a", &["crash m", "crash a"], false),
        ] {
            assert_eq!(keeps(three, Some(list), faults).0, holds, "{list} {faults:?}");
        }
        // Names are compared without regard to case.
        let equal = "m 1\n  a 2\n  A 3\n  b 4\n";
        for (list, faults, holds) in [
            ("a", &["crash m"][..], true),
            ("a", &["crash m", "crash b"], true),
            ("a", &["crash m", "crash A"], false),
            ("2 (a, b)", &["crash m", "crash A", "crash b"], true),
            ("2 (b, a)", &["crash m", "crash a", "crash b"], false),
        ] {
            assert_eq!(keeps(equal, Some(list), faults).0, holds, "{list} {faults:?}");
        }
        assert_eq!(
            keeps(equal, Some("a"), &["crash m"]).1.split(": ").next(),
            Some("the farthest of \"a\" and \"A\" has everything")
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
