//! A change on a host that is a small world of servers, slots and folders: whatever step fails, the world is afterwards
//! what it was before, or, once the new design holds, what it will be. `killed` ends pgcascade instead.

mod handover;
mod killed;
mod world;

use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;

use self::world::World;
use super::Cancel;
use crate::engine::run::run;
use crate::engine::run::{Host, Work};
use crate::engine::system::wait::Failure;
use crate::model::plan::{
    Action, Alter, EventKind, Machine, Outcome, Plan, RunEvent, Standing, Takeover, plan_apply,
};
use crate::model::topology::notation::SEED;
use crate::model::topology::{Edit, Topology, notation};
use crate::report::Report;

/// What happens at the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// It fails before it did anything, or after it did all.
    Early,
    Late,
    /// It is cancelled when it is done.
    Cancelled,
}

struct Script {
    at: usize,
    fault: Fault,
    cancel: Cancel,
    world: Mutex<World>,
    unwinding: Mutex<bool>,
}

impl Host for Script {
    async fn perform(&self, action: &Action, work: &Work) -> Result<(), Failure> {
        let is_it = work.step.0 == self.at && !*self.unwinding.lock().unwrap();
        if is_it && self.fault == Fault::Early {
            *self.unwinding.lock().unwrap() = true;
            return Err(Report::new("it broke").into());
        }
        {
            let mut world = self.world.lock().unwrap();
            if let Action::Takeover(Takeover::StayStandby { at, .. }) = action
                && world.writers.contains(&at.folder)
            {
                return Err(Report::new("it was promoted").into());
            }
            world.perform(action);
            world.assert_agreed(&format!("{action:?}"));
        }
        if is_it && self.fault == Fault::Late {
            *self.unwinding.lock().unwrap() = true;
            return Err(Report::new("it broke").into());
        }
        if is_it && self.fault == Fault::Cancelled {
            *self.unwinding.lock().unwrap() = true;
            self.cancel.request();
        }
        Ok(())
    }
}

async fn play(plan: &Plan, world: World, at: usize, fault: Fault) -> (Outcome, World, Vec<RunEvent>) {
    let cancel = Cancel::default();
    let script = Arc::new(Script {
        at,
        fault,
        cancel: cancel.clone(),
        world: Mutex::new(world),
        unwinding: Mutex::new(false),
    });
    let (sender, mut receiver) = mpsc::channel(1);
    let reading = tokio::spawn(async move {
        let mut events = Vec::new();
        while let Some(event) = receiver.recv().await {
            events.push(event);
        }
        events
    });
    let outcome = run(1, plan, Arc::clone(&script), sender, cancel).await;
    let world = script.world.lock().unwrap().clone();
    (outcome, world, reading.await.unwrap())
}

/// Every kind of change: all of the issue's, a relay removed, names, a quorum, the primary's port.
const WANTED: [&str; 5] = [
    "master 5432 sync any 1\n  slave1 15432 priority 1\n  slave2 15999 priority 2\n    slave12 25433\n    slave21 25434\n",
    "master 5432 sync first 1\n  slave11 25432\n  slave12 25433\n  slave2 15433 priority 2\n",
    "master 5999 sync first 1\n  one 15432 priority 1\n    slave11 25432\n  new 15434\n    slave2 15433\n",
    "master 5432\n  slave2 15432\n",
    "master 5432 sync first 2\n  slave1 15432 priority 1\n  slave2 15433 priority 2\n  a 1\n  b 2\n  c 3\n  d 4\n    e 5\n    slave11 25432\n",
];

/// Each of these changes, in the clear and encrypted; and TLS switched on and off.
fn cases() -> Vec<(Topology, Topology)> {
    let changes = WANTED.into_iter().flat_map(|design| {
        [false, true].map(|is_encrypted| (read(SEED, is_encrypted), read(design, is_encrypted)))
    });
    let switches = [false, true].map(|was| (read(SEED, was), read(SEED, !was)));
    changes.chain(switches).collect()
}

fn place_of(running: &Topology, wanted: &Topology) -> String {
    let names: Vec<&str> = wanted
        .servers()
        .iter()
        .map(|server| server.name().as_str())
        .collect();
    let (was, is) = (running.has_tls(), wanted.has_tls());
    format!("to {names:?}, TLS from {was} to {is}\n")
}

fn read(design: &str, is_encrypted: bool) -> Topology {
    let mut topology = notation::parse(design).unwrap();
    topology.apply(&Edit::SetTls(is_encrypted)).unwrap();
    topology
}

#[tokio::test]
async fn whatever_step_of_a_change_fails_the_cluster_is_whole() {
    for (running, wanted) in cases() {
        let design = place_of(&running, &wanted);
        let standing = Standing::default();
        let plan = plan_apply(&running, &wanted, &Machine::portable("/c"), &standing).unwrap();
        let plan = plan.plan;
        let mut before = World::of(&running, "Before []");
        before.tls.1 = wanted.has_tls();
        let after = World::of(&wanted, "").outline();

        let (outcome, world, _) = play(&plan, before.clone(), 0, Fault::None).await;
        assert_eq!(outcome, Outcome::Done);
        assert_eq!(world.outline(), after, "{design}");
        let held = world
            .running
            .values()
            .find(|(_, _, read)| read.contains("synchronous"));
        assert_eq!(held, None, "commits wait as designed");

        let settles = plan
            .steps
            .iter()
            .position(|step| step.action == Action::Alter(Alter::Settle))
            .unwrap();
        for at in 0..plan.steps.len() {
            for fault in [Fault::Early, Fault::Late, Fault::Cancelled] {
                let (outcome, world, events) = play(&plan, before.clone(), at, fault).await;
                let holds = at > settles || at == settles && fault == Fault::Cancelled;
                let is_end = at + 1 == plan.steps.len() && fault == Fault::Cancelled;
                let at = format!("{design}\n{at} {} {fault:?}", plan.steps[at].title);
                let unwinds = events
                    .iter()
                    .any(|event| matches!(event.kind, EventKind::Unwinding { .. }));
                assert_eq!(unwinds, !holds, "{at}");
                let remains = match outcome {
                    Outcome::Done => panic!("{at}"),
                    Outcome::Failed { remains, .. } | Outcome::Cancelled { remains } => remains,
                };
                if holds {
                    assert!(world.is_settled && remains[0].contains("new design runs"), "{at}");
                    assert!(!is_end || world.outline() == after, "{at}");
                } else {
                    let expected = World {
                        is_settled: world.is_settled,
                        tls: world.tls,
                        ..before.clone()
                    };
                    assert_eq!(unwound(world), expected, "{at}");
                    assert_eq!(remains, [] as [String; 0], "{at}");
                }
            }
        }
    }
}

/// A removed server that was started again reads the files that it always had.
fn unwound(mut world: World) -> World {
    for (_, _, design) in world.running.values_mut() {
        if design == "started" {
            design.clone_from(&"Before []".to_owned());
        }
    }
    world
}
