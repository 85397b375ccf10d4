//! A change during which pgcascade is ended, at every step in turn: in the middle of it and after it. Anyone who
//! comes next finishes it or takes it back, is ended too, and comes again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;

use super::super::Cancel;
use super::super::interrupted::{End, end};
use super::super::run::run;
use super::world::World;
use super::{WANTED, cases, place_of};
use crate::engine::run::{Host, Work};
use crate::engine::system::wait::Failure;
use crate::model::configuration::ClusterFolder;
use crate::model::plan::{
    Action, Alter, LeftSlot, Machine, Make, Means, Outcome, Plan, Serve, Standing, Step, plan_apply,
};
use crate::model::topology::Topology;
use crate::report::Report;

/// When, within its step, pgcascade is ended. Before it is as after the step before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    Half,
    Almost,
    After,
}

impl Moment {
    fn all_of(step: &Step) -> &'static [Self] {
        let is_divisible = match &step.action {
            Action::Alter(Alter::Configure(one)) => one.by == Means::Restart,
            Action::Alter(Alter::CopyRunning { .. } | Alter::RemoveServer { .. } | Alter::Settle) => true,
            _ => false,
        };
        if is_divisible {
            &[Self::Half, Self::Almost, Self::After]
        } else {
            &[Self::After]
        }
    }
}

/// What is on disk, beside the world.
#[derive(Clone)]
struct Record {
    /// design.toml.
    design: Topology,
    from: Option<Topology>,
    wanted: Option<Topology>,
    clears: bool,
    left_slots: Vec<LeftSlot>,
    leaves_slots: Vec<LeftSlot>,
    /// By name, with their folders.
    servers: Vec<(String, String)>,
}

#[derive(Clone)]
struct Cluster {
    world: World,
    record: Record,
}

/// A change that can be begun.
struct Change {
    plan: Plan,
    to: Topology,
    /// Where it begins, if that is not design.toml's.
    from: Option<Topology>,
    standing: Standing,
    /// Of the designs before and after.
    tls: (bool, bool),
    /// The record as it was found.
    found: Record,
}

fn servers_of(topology: &Topology) -> Vec<(String, String)> {
    let named =
        |server: &crate::model::topology::Server| (server.name().to_string(), topology.folder(server.id()));
    topology.servers().iter().map(named).collect()
}

impl Cluster {
    fn new(topology: &Topology) -> Self {
        Self {
            world: World::of(topology, "first"),
            record: Record {
                design: topology.clone(),
                from: None,
                wanted: None,
                clears: false,
                left_slots: Vec::new(),
                leaves_slots: Vec::new(),
                servers: servers_of(topology),
            },
        }
    }

    /// As `look` and `begins_at` find it. `None`: it cannot be done in one go.
    fn change_to(&self, to: &Topology) -> Option<Change> {
        let record = &self.record;
        let from = record.from.as_ref().unwrap_or(&record.design);
        let is_settled =
            |begun: &Topology| record.from.is_none() && record.design.has_same_configuration(begun);
        let begins = record.wanted.as_ref().filter(|begun| !is_settled(begun));
        let begins = begins.map(|begun| match end(from, begun, to).expect("one of the two") {
            End::Begun => from,
            End::From => begun,
        });
        let running = begins.unwrap_or(&record.design);
        let resumes = begins.is_some();
        let runs = |folder: &str| self.world.running.contains_key(folder);
        let mut down = servers_of(running);
        down.retain(|(_, folder)| !runs(folder));
        let mut left_slots = record.left_slots.clone();
        let mut of_designs = servers_of(running);
        if resumes {
            of_designs.extend(servers_of(to));
        } else {
            left_slots.extend(record.leaves_slots.clone());
        }
        let mut left_servers = record.servers.clone();
        left_servers.retain(|(_, folder)| of_designs.iter().all(|(_, is)| is != folder));
        let standing = Standing {
            down: down.into_iter().map(|(name, _)| name).collect(),
            clears: record.clears || record.wanted.is_some(),
            left_slots,
            left_servers,
            left_tls: !running.has_tls() && self.world.folders.contains(ClusterFolder::TLS),
            resumes,
            drift: Vec::new(),
        };
        let plan = plan_apply(running, to, &Machine::portable("/c"), &standing);
        let plan = match plan {
            Ok(plan) => plan.plan,
            Err(refused) => {
                // The one thing that these designs cannot have both ways.
                assert!(
                    refused.iter().all(|check| check.id == "port-taken"),
                    "{refused:?}"
                );
                return None;
            }
        };
        Some(Change {
            plan,
            to: to.clone(),
            from: (!running.has_same_configuration(&record.design)).then(|| running.clone()),
            standing,
            tls: (running.has_tls(), to.has_tls()),
            found: record.clone(),
        })
    }

    fn perform(&mut self, change: &Change, action: &Action) -> Result<(), Report> {
        self.world.perform(action);
        let record = &mut self.record;
        match action {
            Action::Alter(Alter::ForgetChange) if change.standing.resumes => {
                record.clone_from(&change.found);
                return Err(Report::new("still between two designs"));
            }
            Action::Alter(Alter::ForgetChange) => {
                record.clone_from(&change.found);
                if record.wanted.take().is_some() {
                    record.clears = true;
                    record.left_slots.clone_from(&change.standing.left_slots);
                    record.leaves_slots.clear();
                }
            }
            Action::Alter(Alter::BeginChange) => {
                record.wanted = Some(change.to.clone());
                record.from.clone_from(&change.from);
                record.left_slots.clone_from(&change.standing.left_slots);
                record.leaves_slots = leaves_slots(&change.plan.steps);
                for server in servers_of(&change.to) {
                    if !record.servers.contains(&server) {
                        record.servers.push(server);
                    }
                }
            }
            Action::Alter(Alter::Settle) => {
                record.design = change.to.clone();
                record.wanted = None;
                record.from = None;
                record.clears = true;
                let servers = servers_of(&change.to);
                let folders = &self.world.folders;
                record.servers.retain(|old| {
                    folders.contains(&ClusterFolder::server(&old.1))
                        && servers.iter().all(|new| new.1 != old.1)
                });
                record.servers.extend(servers);
                record.left_slots = std::mem::take(&mut record.leaves_slots);
            }
            Action::Make(Make::Complete) => {
                record.wanted = None;
                record.from = None;
                record.clears = false;
                record.left_slots.clear();
                record.leaves_slots.clear();
                record.servers = servers_of(&change.to);
            }
            _ => {}
        }
        Ok(())
    }

    fn perform_half(&mut self, change: &Change, action: &Action, is_far: bool) {
        self.world.perform_half(action, is_far);
        if *action == Action::Alter(Alter::Settle) {
            self.record.design = change.to.clone();
        }
    }
}

fn leaves_slots(steps: &[Step]) -> Vec<LeftSlot> {
    let settled = steps
        .iter()
        .skip_while(|step| step.action != Action::Alter(Alter::Settle));
    let dropped = settled.filter_map(|step| match &step.action {
        Action::Serve(Serve::DropSlot { server, slot, .. }) => Some(LeftSlot {
            server: server.clone(),
            slot: slot.clone(),
        }),
        _ => None,
    });
    dropped.collect()
}

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Lives,
    IsKilled(usize, Moment),
    /// The step fails once it has done its part, and what was done is undone.
    Fails(usize),
}

struct Mortal {
    change: Change,
    fate: Fate,
    cancel: Cancel,
    cluster: Mutex<Cluster>,
    is_unwinding: AtomicBool,
}

impl Host for Mortal {
    async fn perform(&self, action: &Action, work: &Work) -> Result<(), Failure> {
        let is_unwinding = self.is_unwinding.load(Ordering::Relaxed);
        let is_it = |at: usize| at == work.step.0 && !is_unwinding;
        {
            let mut cluster = self.cluster.lock().unwrap();
            match self.fate {
                Fate::IsKilled(at, moment) if is_it(at) && moment != Moment::After => {
                    cluster.perform_half(&self.change, action, moment == Moment::Almost);
                }
                _ => cluster.perform(&self.change, action)?,
            }
        }
        match self.fate {
            Fate::IsKilled(at, _) if is_it(at) => {
                self.cancel.request();
                self.cancel.request();
                std::future::pending().await
            }
            Fate::Fails(at) if is_it(at) => {
                self.is_unwinding.store(true, Ordering::Relaxed);
                Err(Report::new("it broke").into())
            }
            _ => Ok(()),
        }
    }
}

async fn play(cluster: &Cluster, change: Change, fate: Fate) -> Cluster {
    let cancel = Cancel::default();
    let mut cluster = cluster.clone();
    cluster.world.tls = change.tls;
    let host = Arc::new(Mortal {
        change,
        fate,
        cancel: cancel.clone(),
        cluster: Mutex::new(cluster),
        is_unwinding: AtomicBool::new(false),
    });
    let (events, mut told) = mpsc::channel(64);
    let reading = tokio::spawn(async move { while told.recv().await.is_some() {} });
    let outcome = run(1, &host.change.plan, Arc::clone(&host), events, cancel).await;
    reading.await.unwrap();
    assert_eq!(outcome == Outcome::Done, fate == Fate::Lives, "{outcome:?}");
    host.cluster.lock().unwrap().clone()
}

/// Changes it to either design, undisturbed; then nothing differs any more.
async fn finish(cluster: &Cluster, [first, wanted]: [&Topology; 2], place: &str) {
    for to in [first, wanted] {
        let Some(change) = cluster.change_to(to) else {
            assert_eq!(to, first, "{place}");
            continue;
        };
        let cluster = play(cluster, change, Fate::Lives).await;
        assert_eq!(cluster.world.outline(), World::of(to, "").outline(), "{place}");
        let again = cluster.change_to(to).unwrap();
        assert_eq!(again.plan.steps, [], "{place}");
    }
}

/// Where, of so many steps, the second run is ended too: somewhere, for some of the places of the first. With
/// `PGCASCADE_KILLS_APART=5` at every fifth step of all of them, which takes ten minutes.
fn seconds(at: usize, count: usize) -> Vec<usize> {
    match std::env::var("PGCASCADE_KILLS_APART") {
        Ok(apart) => {
            let apart: usize = apart.parse().unwrap();
            (at % apart..count).step_by(apart).collect()
        }
        Err(_) if at.is_multiple_of(5) && count > 0 => vec![(at * 7 + 3) % count],
        Err(_) => Vec::new(),
    }
}

#[tokio::test]
async fn a_change_that_is_killed_at_any_step_is_finished_or_taken_back() {
    // Each change once, and both ways of TLS.
    let cases = cases().into_iter().enumerate();
    let cases = cases.filter(|(number, _)| *number >= 2 * WANTED.len() || number % 4 == 0 || number % 4 == 3);
    for (_, (first, wanted)) in cases {
        let design = place_of(&first, &wanted);
        let both = [&first, &wanted];
        let fresh = Cluster::new(&first);
        let change = || fresh.change_to(&wanted).unwrap();
        let steps = change().plan.steps;
        let moments = |at: usize| Moment::all_of(&steps[at]).iter().map(move |moment| (at, *moment));
        for (at, moment) in (0..steps.len()).flat_map(moments) {
            let place = format!("{design}{}: {moment:?}", steps[at].title);
            let killed = play(&fresh, change(), Fate::IsKilled(at, moment)).await;
            finish(&killed, both, &place).await;
            // On the way to either it is killed again, or something fails.
            for to in both {
                let again = || killed.change_to(to);
                let titles = again().map_or_else(Vec::new, |again| again.plan.steps);
                for second in seconds(at, titles.len()) {
                    for fate in [Fate::IsKilled(second, moment), Fate::Fails(second)] {
                        let place = format!("{place}, then {}: {fate:?}", titles[second].title);
                        let twice = play(&killed, again().unwrap(), fate).await;
                        finish(&twice, both, &place).await;
                    }
                }
            }
        }
    }
}
