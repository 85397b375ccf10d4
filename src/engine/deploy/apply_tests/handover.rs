//! A switchover and a failover in which every step fails, and in which pgcascade is ended at every step: there are never two
//! primaries, and the next pgcascade finishes or undoes it. The same for a rejoin.

use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;

use super::super::Cancel;
use super::super::steer::rest;
use super::world::World;
use super::{Fault, play};
use crate::engine::run::{Host, Work, run};
use crate::engine::system::wait::Failure;
use crate::model::plan::{
    Action, Alter, Machine, Make, Means, Outcome, Plan, Rejoining, Serve, Stage, Standing, Steering, Step,
    StepId, Takeover, after_failover, after_switchover, plan_handover, plan_rejoin,
};
use crate::model::topology::notation::SEED;
use crate::model::topology::{Edit, Topology, notation};

const QUORUM: &str =
    "m 1 sync any 2\n  a 2 priority 1\n    d 5\n      e 6\n  b 3 priority 1\n  c 4 priority 1\n";
const DELAYED: &str = "m 1\n  a 2\n    b 3 delay 10min\n  c 4 delay 5min\n    d 5\n";

struct Case {
    before: Topology,
    after: Topology,
    steering: Steering,
}

/// Every standby of some trees takes over, planned or not, by reload and by restart, encrypted and not.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (design, version, tls) in [
        (SEED, "15", false),
        (SEED, "12", true),
        (QUORUM, "18", true),
        (QUORUM, "10", false),
        (DELAYED, "15", false),
    ] {
        let mut before = notation::parse(&format!("postgres {version}\n{design}")).unwrap();
        before.apply(&Edit::SetTls(tls)).unwrap();
        let standbys = before.servers().iter().filter(|server| !server.is_primary());
        let standbys: Vec<_> = standbys.filter(|one| !one.is_delayed()).collect();
        for heir in standbys {
            let name = heir.name().to_string();
            let edited = |edits: Vec<Edit>| {
                let mut after = before.clone();
                for edit in edits {
                    after.apply(&edit).unwrap();
                }
                after
            };
            cases.push(Case {
                after: edited(after_switchover(&before, heir.id())),
                before: before.clone(),
                steering: Steering::Switchover {
                    heir: name.clone(),
                    left: Vec::new(),
                },
            });
            cases.push(Case {
                after: edited(after_failover(&before, heir.id())),
                before: before.clone(),
                steering: Steering::Failover {
                    heir: name,
                    left: vec![before.primary().name().to_string()],
                },
            });
        }
    }
    cases
}

/// Some of them, of both kinds; with `PGCASCADE_KILLS_APART` all, which takes a minute.
fn some(first: usize) -> Vec<Case> {
    let apart = if std::env::var_os("PGCASCADE_KILLS_APART").is_some() {
        1
    } else {
        5
    };
    cases().into_iter().skip(first).step_by(apart).collect()
}

impl Case {
    fn is_failover(&self) -> bool {
        matches!(self.steering, Steering::Failover { .. })
    }

    fn place(&self) -> String {
        format!(
            "{:?} of PostgreSQL {}: {}",
            self.steering,
            self.before.postgres(),
            notation::print(&self.before)
        )
    }

    fn plan(&self, stage: Stage, world: &World) -> Plan {
        let (running, wanted) = if stage == Stage::Back {
            (&self.after, &self.before)
        } else {
            (&self.before, &self.after)
        };
        let down = running
            .servers()
            .iter()
            .filter(|server| !world.running.contains_key(&running.folder(server.id())));
        let standing = Standing {
            down: down.map(|server| server.name().to_string()).collect(),
            resumes: stage != Stage::Begin,
            ..Standing::default()
        };
        let machine = Machine::portable("/c");
        plan_handover(running, wanted, &machine, &standing, &self.steering, stage)
            .unwrap()
            .plan
    }

    /// The world before: of a failover, without the primary.
    fn begin(&self) -> World {
        let mut world = World::of(&self.before, "Before []");
        if self.is_failover() {
            let primary = self.before.folder(self.before.primary().id());
            world.running.remove(&primary);
            world.writers.remove(&primary);
        }
        world
    }

    /// The world after: the dead primary is a standby that does not run, and its slots are left to a rejoin.
    fn end(&self) -> World {
        let mut world = World::of(&self.after, "");
        if self.is_failover() {
            let primary = self.before.folder(self.before.primary().id());
            world.running.remove(&primary);
        }
        outline(&world, self)
    }

    fn is_promoted(&self, world: &World) -> bool {
        let heir = self.after.folder(self.after.primary().id());
        !world.standbys.contains(&heir)
    }
}

/// What can be compared: a dead server's slots are gone or not, and what servers read is in other words.
fn outline(world: &World, case: &Case) -> World {
    let mut outline = world.outline();
    outline.ends.clear();
    outline.certificates.clear();
    if case.is_failover() {
        let dead = case.before.folder(case.before.primary().id());
        outline.slots.retain(|(of, _)| *of != dead);
    }
    outline
}

fn settles_at(plan: &Plan) -> usize {
    plan.head.settles_at.unwrap().0
}

/// The rest of what was begun, undisturbed: it comes to its end, or is undone.
async fn resume(case: &Case, world: &World, place: &str) {
    let stage = rest(&case.steering, case.is_promoted(world));
    let plan = case.plan(stage, world);
    let (outcome, after, _) = play(&plan, world.clone(), 0, Fault::None).await;
    assert_eq!(outcome, Outcome::Done, "{place}");
    let expected = if stage == Stage::Back {
        outline(&World::of(&case.before, ""), case)
    } else {
        case.end()
    };
    assert_eq!(outline(&after, case), expected, "{place}, then {stage:?}");
}

#[tokio::test]
async fn whatever_step_of_a_handover_fails_there_is_one_primary_and_no_other() {
    for case in some(0) {
        let plan = case.plan(Stage::Begin, &case.begin());
        let (outcome, world, _) = play(&plan, case.begin(), 0, Fault::None).await;
        assert_eq!(outcome, Outcome::Done, "{}", case.place());
        assert_eq!(outline(&world, &case), case.end(), "{}", case.place());
        for at in 0..plan.steps.len() {
            for fault in [Fault::Early, Fault::Late, Fault::Cancelled] {
                let place = format!("{}\n{at} {}: {fault:?}", case.place(), plan.steps[at].title);
                let (_, world, _) = play(&plan, case.begin(), at, fault).await;
                let is_promotion = at == settles_at(&plan);
                if at < settles_at(&plan) || is_promotion && fault == Fault::Early {
                    // Nothing has happened.
                    assert_eq!(outline(&world, &case), outline(&case.begin(), &case), "{place}");
                    assert!(!world.is_changing, "{place}");
                } else if world.is_changing && !world.is_settled {
                    resume(&case, &world, &place).await;
                }
            }
        }
    }
}

/// When, within a step, pgcascade is ended.
const MOMENTS: [Option<bool>; 3] = [Some(false), Some(true), None];

struct Mortal {
    at: StepId,
    /// In the middle, less far or further on; `None`: when it is done.
    moment: Option<bool>,
    cancel: Cancel,
    world: Mutex<World>,
}

impl Host for Mortal {
    async fn perform(&self, action: &Action, work: &Work) -> Result<(), Failure> {
        let is_it = work.step == self.at;
        {
            let mut world = self.world.lock().unwrap();
            match self.moment.filter(|_| is_it) {
                Some(is_far) => world.perform_half(action, is_far),
                None => world.perform(action),
            }
        }
        if is_it {
            self.cancel.request();
            self.cancel.request();
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

/// The world as it is when pgcascade was ended at this step.
async fn killed(plan: &Plan, world: World, at: usize, moment: Option<bool>) -> World {
    let cancel = Cancel::default();
    let host = Arc::new(Mortal {
        at: StepId(at),
        moment,
        cancel: cancel.clone(),
        world: Mutex::new(world),
    });
    let (events, mut told) = mpsc::channel(64);
    let reading = tokio::spawn(async move { while told.recv().await.is_some() {} });
    run(1, plan, Arc::clone(&host), events, cancel).await;
    reading.await.unwrap();
    host.world.lock().unwrap().clone()
}

fn is_divisible(step: &Step) -> bool {
    match &step.action {
        Action::Alter(Alter::Configure(one)) => one.by == Means::Restart,
        Action::Takeover(Takeover::Promote { .. }) | Action::Alter(Alter::CopyRunning { .. }) => true,
        _ => false,
    }
}

#[tokio::test]
async fn a_handover_that_is_killed_at_any_step_is_finished_or_undone() {
    for case in some(1) {
        let plan = case.plan(Stage::Begin, &case.begin());
        for at in 0..plan.steps.len() {
            let settled = plan
                .steps
                .iter()
                .position(|step| step.action == Action::Alter(Alter::Settle))
                .unwrap();
            for moment in MOMENTS
                .into_iter()
                .filter(|one| one.is_none() || is_divisible(&plan.steps[at]))
            {
                let place = format!("{}\n{at} {}: {moment:?}", case.place(), plan.steps[at].title);
                let world = killed(&plan, case.begin(), at, moment).await;
                if at >= settled {
                    // From here on it is a change that holds, and only clears away.
                    continue;
                }
                resume(&case, &world, &place).await;
                // The rest is killed, too.
                let stage = rest(&case.steering, case.is_promoted(&world));
                let again = case.plan(stage, &world);
                let second = (at * 7 + 3) % again.steps.len();
                let settles = again
                    .steps
                    .iter()
                    .position(|step| step.action == Action::Alter(Alter::Settle))
                    .unwrap();
                if second < settles {
                    let place = format!("{place}, then {}", again.steps[second].title);
                    let twice = killed(&again, world, second, None).await;
                    resume(&case, &twice, &place).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_rejoin_that_fails_or_is_killed_is_begun_again() {
    let design = notation::parse(&format!("postgres 15\n{SEED}")).unwrap();
    let machine = Machine::portable("/c");
    for by in [Rejoining::Start, Rejoining::Rewind, Rejoining::Copy] {
        for server in design.servers().iter().filter(|server| !server.is_primary()) {
            let folder = design.folder(server.id());
            let mut begin = World::of(&design, "Before []");
            begin.running.remove(&folder);
            let standing = Standing {
                down: vec![server.name().to_string()],
                ..Standing::default()
            };
            let plan = |by| {
                plan_rejoin(&design, &machine, &standing, server, by, &[])
                    .unwrap()
                    .plan
            };
            let first = plan(by);
            for at in 0..first.steps.len() {
                for fault in [Fault::None, Fault::Early, Fault::Late] {
                    let place = format!(
                        "{} {by:?}, {at} {}: {fault:?}",
                        server.name(),
                        first.steps[at].title
                    );
                    let (outcome, world, _) = play(&first, begin.clone(), at, fault).await;
                    let is_done = outcome == Outcome::Done;
                    assert_eq!(is_done, fault == Fault::None, "{place}");
                    if !is_done && !world.is_settled {
                        assert!(
                            !world.is_changing && !world.running.contains_key(&folder),
                            "{place}"
                        );
                    }
                }
                let world = killed(&first, begin.clone(), at, None).await;
                let (outcome, world, _) = play(&plan(by), world, 0, Fault::None).await;
                assert_eq!(outcome, Outcome::Done);
                let after = World::of(&design, "").outline();
                assert_eq!(world.outline(), after, "{} {by:?}, {at}", server.name());
            }
        }
    }
}

#[test]
fn nobody_is_promoted_before_the_old_primary_is_down_and_fenced() {
    for case in cases() {
        let plan = case.plan(Stage::Begin, &case.begin());
        let place =
            |wanted: &dyn Fn(&Action) -> bool| plan.steps.iter().position(|step| wanted(&step.action));
        let promotion = place(&|one| matches!(one, Action::Takeover(Takeover::Promote { .. }))).unwrap();
        let old = case.before.primary().name().to_string();
        let stop = place(&|one| match one {
            Action::Serve(Serve::Stop { server, .. }) => *server == old,
            Action::Takeover(Takeover::StopDead { at }) => at.server == old,
            _ => false,
        });
        let fence = place(
            &|one| matches!(one, Action::Alter(Alter::Configure(one)) if one.server == old && one.by == Means::Write),
        );
        assert!(stop < fence && fence < Some(promotion), "{}", case.place());
        assert_eq!(settles_at(&plan), promotion);
        assert!(
            plan.steps
                .iter()
                .any(|step| step.action == Action::Make(Make::Complete))
        );
    }
}
