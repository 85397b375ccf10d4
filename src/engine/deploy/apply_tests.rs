//! A change on a host that is a small world of servers, slots and folders: whatever step fails, the world is afterwards
//! what it was before, or, once the new design holds, what it will be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;

use super::Cancel;
use super::host::{Host, Work};
use super::run::run;
use crate::engine::wait::Failure;
use crate::model::plan::{
    Action, Certificate, ClusterLayout, Configure, EventKind, Machine, Means, Outcome, Plan, RunEvent,
    Standing, plan_apply,
};
use crate::model::topology::{Edit, Topology, notation};
use crate::report::Report;

/// What there is; compared as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct World {
    /// Servers that run, by folder: name, port, and what they have read last.
    running: BTreeMap<String, (String, u16, String)>,
    /// Data directories and other folders.
    folders: BTreeSet<String>,
    /// By folder of the server.
    slots: BTreeSet<(String, String)>,
    pass_ports: Vec<u16>,
    /// By folder of the server: whom they name.
    certificates: BTreeMap<String, Vec<String>>,
    is_changing: bool,
    is_settled: bool,
}

impl World {
    fn of(topology: &Topology, design: &str) -> Self {
        let mut world = Self::default();
        let slots = topology.slot_names();
        for server in topology.servers() {
            let folder = topology.folder(server.id());
            let one = (
                server.name().to_string(),
                server.port().number(),
                design.to_owned(),
            );
            world.folders.insert(ClusterLayout::server(&folder));
            world.folders.insert(ClusterLayout::data(&folder));
            world.running.insert(folder.clone(), one);
            world.pass_ports.push(server.port().number());
            for standby in topology.downstreams(server.id()) {
                if topology.uses_slot(standby.id()) {
                    world.slots.insert((folder.clone(), slots[&standby.id()].clone()));
                }
            }
        }
        world.pass_ports.sort_unstable();
        if topology.has_tls() {
            let all = Certificate::of_each(topology).into_iter();
            world.certificates = all.map(|one| (one.folder, one.hosts)).collect();
        }
        world
    }

    fn configure(&mut self, one: &Configure) {
        let design = format!("{:?} {:?}", one.design, one.held);
        if one.by == Means::Restart && one.folder != one.folder_before {
            self.running.remove(&one.folder_before);
            for of in [ClusterLayout::server, ClusterLayout::data] {
                self.folders.remove(&of(&one.folder_before));
                self.folders.insert(of(&one.folder));
            }
            let moved = self.slots.clone().into_iter().map(|(folder, slot)| {
                let is_its = folder == one.folder_before;
                (if is_its { one.folder.clone() } else { folder }, slot)
            });
            self.slots = moved.collect();
        }
        let taken = self
            .running
            .iter()
            .find(|(folder, (_, port, _))| **folder != one.folder && *port == one.port);
        assert!(taken.is_none(), "two servers on one port: {one:?}");
        self.running
            .insert(one.folder.clone(), (one.server.clone(), one.port, design));
        self.assert_certified(&one.folder);
    }

    /// In an encrypted cluster no server can start without its own.
    fn assert_certified(&self, folder: &str) {
        let has = self.certificates.is_empty() || self.certificates.contains_key(folder);
        assert!(has, "{folder} has no certificate");
    }

    fn perform(&mut self, action: &Action) {
        match action {
            Action::BeginChange => self.is_changing = true,
            Action::ForgetChange => self.is_changing = false,
            Action::Complete => {
                self.is_changing = false;
                // As the real one: those of servers that were renamed.
                self.certificates
                    .retain(|folder, _| self.running.contains_key(folder));
            }
            Action::SignCertificate { certificate } => {
                let hosts = certificate.hosts.clone();
                self.certificates.insert(certificate.folder.clone(), hosts);
            }
            Action::RemoveCertificate { folder } => drop(self.certificates.remove(folder)),
            Action::Settle => self.is_settled = true,
            Action::WritePassFiles { ports } => self.pass_ports.clone_from(ports),
            Action::MakeFolder { path } | Action::CopyRunning { to: path, .. } => {
                self.folders.insert(path.clone());
            }
            Action::RemoveFolder { path } => {
                self.folders.remove(path);
                self.slots.retain(|(of, _)| ClusterLayout::data(of) != *path);
            }
            Action::Configure(one) => self.configure(one),
            Action::Start {
                server, folder, port, ..
            } => {
                // A server that goes on in its old files, or a new one.
                let one = (server.clone(), *port, "started".to_owned());
                self.running.entry(folder.clone()).or_insert(one);
                self.assert_certified(folder);
            }
            Action::Stop { folder, .. } => drop(self.running.remove(folder)),
            Action::CreateSlot { folder, slot, .. } => {
                self.slots.insert((folder.clone(), slot.clone()));
            }
            Action::DropSlot { folder, slot, .. } => {
                self.slots.remove(&(folder.clone(), slot.clone()));
            }
            Action::RemoveServer { folder, .. } => {
                self.running.remove(folder);
                self.folders.remove(&ClusterLayout::server(folder));
                self.folders.remove(&ClusterLayout::data(folder));
                self.certificates.remove(folder);
                self.slots.retain(|(of, _)| of != folder);
            }
            Action::InstallFile { .. }
            | Action::WaitReady { .. }
            | Action::WaitStreaming { .. }
            | Action::WaitRows { .. }
            | Action::ProveTls { .. }
            | Action::ProveRow { .. } => {}
            other => panic!("{other:?} is no step of a change"),
        }
    }

    /// Without the words for what a server has read: what can be compared with another design.
    fn outline(&self) -> Self {
        let mut outline = self.clone();
        for (_, _, design) in outline.running.values_mut() {
            design.clear();
        }
        outline.is_settled = false;
        outline
    }
}

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
        self.world.lock().unwrap().perform(action);
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

const SEED: &str = "master 5432 sync first 1\n  slave1 15432 priority 1\n    slave11 25432\n    slave12 25433\n  slave2 15433 priority 2\n";

/// Every kind of change: all of the issue's, a relay removed, names, a quorum, the primary's port.
const WANTED: [&str; 5] = [
    "master 5432 sync any 1\n  slave1 15432 priority 1\n  slave2 15999 priority 2\n    slave12 25433\n    slave21 25434\n",
    "master 5432 sync first 1\n  slave11 25432\n  slave12 25433\n  slave2 15433 priority 2\n",
    "master 5999 sync first 1\n  one 15432 priority 1\n    slave11 25432\n  new 15434\n    slave2 15433\n",
    "master 5432\n  slave2 15432\n",
    "master 5432 sync first 2\n  slave1 15432 priority 1\n  slave2 15433 priority 2\n  a 1\n  b 2\n  c 3\n  d 4\n    e 5\n    slave11 25432\n",
];

#[tokio::test]
async fn whatever_step_of_a_change_fails_the_cluster_is_whole() {
    for (design, is_encrypted) in WANTED
        .into_iter()
        .flat_map(|design| [(design, false), (design, true)])
    {
        let read = |design: &str| {
            let mut topology = notation::parse(design).unwrap();
            topology.apply(&Edit::SetTls(is_encrypted)).unwrap();
            topology
        };
        let (running, wanted) = (read(SEED), read(design));
        let standing = Standing::default();
        let plan = plan_apply(&running, &wanted, &Machine::portable("/c"), &standing).unwrap();
        let plan = plan.plan;
        let before = World::of(&running, "Before []");
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
            .position(|step| step.action == Action::Settle)
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
