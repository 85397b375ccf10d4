//! A server that fell out comes back as the standby that the design says: after a failover, or because its WAL is gone.

use crate::model::configuration::ClusterFolder;
use crate::model::plan::apply::difference::{Difference, Kept};
use crate::model::plan::apply::steps::{COPY_SECS, Planner, RESTART_SECS, WAIT_SECS};
use crate::model::plan::apply::{ApplyPlan, Standing};
use crate::model::plan::preflight::{stop, untried};
use crate::model::plan::steps::New;
use crate::model::plan::{
    Action, Alter, Check, Configure, DesignOf, Kind, Machine, Means, Phase, Place, Plan, Rejoining, Serve,
    Steering, Takeover,
};
use crate::model::topology::{Server, Topology};

/// The steps after which a standby of the design streams again.
///
/// # Errors
///
/// With every reason why it cannot.
pub fn plan_rejoin(
    design: &Topology,
    machine: &Machine,
    standing: &Standing,
    server: &Server,
    by: Rejoining,
    left_slots: &[String],
) -> Result<ApplyPlan, Vec<Check>> {
    let difference = Difference::of(design, design);
    let mut refused = super::refusals(design, machine);
    let one = difference.kept_as(server.id());
    let upstream = server.upstream().and_then(|id| difference.kept_as(id));
    let (Some(one), Some(upstream)) = (one, upstream) else {
        refused.push(stop(
            "is-primary",
            format!(
                "\"{}\" is the design's primary: there is nothing that it could follow",
                server.name()
            ),
            "Choose a standby",
        ));
        return Err(refused);
    };
    let is_down = |server: &Server| standing.down.iter().any(|down| down == server.name().as_str());
    if is_down(upstream.is) {
        refused.push(stop(
            "upstream-down",
            format!(
                "\"{}\", which \"{}\" follows, is down",
                upstream.is.name(),
                server.name()
            ),
            "Start or rejoin it first, or let this server follow another one (pgcascade follow)",
        ));
    }
    if by == Rejoining::Copy && design.postgres().backup_calls().is_none() {
        refused.push(stop(
            "no-base-backup",
            format!(
                "\"{}\" has to be copied again, but pgcascade does not copy a running PostgreSQL {}",
                server.name(),
                design.postgres()
            ),
            "Tear the cluster down and deploy the design again",
        ));
    }
    if !refused.is_empty() {
        return Err(refused);
    }
    let standing = Standing {
        resumes: false,
        drift: Vec::new(),
        ..standing.clone()
    };
    let mut planner = Planner::new(&difference, &standing);
    planner.lets_delayed_be = by != Rejoining::Copy;
    planner.loosened = false;
    planner.head.kind = Kind::Rejoin;
    planner.head.steering = Some(Steering::Rejoin {
        server: server.name().to_string(),
        by,
    });
    planner.begin(&standing);
    // One that applies WAL late may still be on its way to a new upstream: nobody waits for it here.
    let late = design
        .servers()
        .iter()
        .filter(|one| one.is_delayed() && one.id() != server.id());
    planner.unproved = late.map(Server::id).collect();
    planner.absent = standing
        .down
        .iter()
        .filter_map(|name| Some(design.by_name(name)?.id()))
        .filter(|id| *id != server.id())
        .collect();
    Rejoin {
        planner: &mut planner,
        one,
        upstream,
        left_slots,
    }
    .steps(by);
    planner.steps.enter(Phase::Prove);
    // A proof that fails because of other servers is no reason to throw away a copy that streams.
    planner.record(
        format!("Record that {} is back", server.name()),
        "It streams: from here on nothing is rolled back, whatever the verification finds",
    );
    planner.prove();
    planner.clear();
    let Planner { head, steps, .. } = planner;
    Ok(ApplyPlan {
        plan: Plan {
            cluster: design.name().to_owned(),
            folder: machine.folder.clone(),
            head,
            steps: steps.finish(),
        },
        changes: vec![match by {
            Rejoining::Start => format!(
                "{} is started as a standby of {}: its WAL fits",
                server.name(),
                upstream.is.name()
            ),
            Rejoining::Rewind => format!(
                "What only {} has is undone with pg_rewind; then it is started as a standby of {}",
                server.name(),
                upstream.is.name()
            ),
            Rejoining::Copy => format!(
                "The data of {} are removed and copied again from {}",
                server.name(),
                design.primary().name()
            ),
        }],
        interruptions: Vec::new(),
        notes: untried(machine),
    })
}

struct Rejoin<'p, 'a> {
    planner: &'p mut Planner<'a>,
    one: &'a Kept<'a>,
    upstream: &'a Kept<'a>,
    /// What it has on disk of another life.
    left_slots: &'p [String],
}

impl Rejoin<'_, '_> {
    fn steps(&mut self, by: Rejoining) {
        let (one, name) = (self.one, self.one.is.name());
        let at = place(one);
        self.planner.add(New {
            server: Some(one.is),
            title: format!("Make sure that {name} does not run"),
            why: "It is brought back from a standstill".to_owned(),
            action: Action::Serve(Serve::Stop {
                server: at.server.clone(),
                folder: at.folder.clone(),
            }),
            deadline_secs: WAIT_SECS,
            ..New::default()
        });
        self.planner.add(New {
            server: Some(one.is),
            title: format!("End what is left of {name}"),
            why: "Processes of a server that was killed keep its shared memory: it could not start"
                .to_owned(),
            action: Action::Takeover(Takeover::StopDead { at: at.clone() }),
            deadline_secs: WAIT_SECS,
            ..New::default()
        });
        self.slot(by);
        match by {
            Rejoining::Start => {}
            Rejoining::Rewind => self.rewind(&at),
            Rejoining::Copy => self.copy(&at),
        }
        self.planner.steps.enter(Phase::Start);
        self.planner.add(New {
            server: Some(one.is),
            title: format!("Start {name} as a standby of {}", self.upstream.is.name()),
            why: "It applies what it lacks, then streams".to_owned(),
            action: Action::Alter(Alter::Configure(Configure {
                by: Means::Restart,
                ..self.planner.configure(one, DesignOf::After)
            })),
            undo: Some(Action::Serve(Serve::Stop {
                server: at.server.clone(),
                folder: at.folder.clone(),
            })),
            deadline_secs: RESTART_SECS,
            ..New::default()
        });
        let planner = &mut *self.planner;
        planner.ready.extend(planner.wanted.in_tree_order());
        planner.disturbed.insert(one.is.id());
        let own = planner.wanted.downstreams(one.is.id());
        let below: Vec<_> = own.map(Server::id).collect();
        planner.disturbed.extend(below);
        self.own_slots();
        self.planner.wait_streaming();
    }

    /// Its slot, which may have been lost or dropped. One that still retains the WAL that it lacks stays.
    fn slot(&mut self, by: Rejoining) {
        let wanted = self.planner.wanted;
        if !wanted.uses_slot(self.one.is.id()) {
            return;
        }
        let slot = wanted.slot_name(self.one.is.id());
        let at = place(self.upstream);
        let why = "A slot that has lost WAL never gets it back; a new one retains it from now on";
        if by == Rejoining::Copy {
            self.planner.add(New {
                server: Some(self.upstream.is),
                title: format!("Drop the slot {slot} on {}", at.server),
                why: why.to_owned(),
                action: Action::Serve(Serve::DropSlot {
                    server: at.server.clone(),
                    folder: at.folder.clone(),
                    port: at.port,
                    slot: slot.clone(),
                }),
                deadline_secs: WAIT_SECS,
                ..New::default()
            });
        }
        self.planner.add(New {
            server: Some(self.upstream.is),
            title: format!("Create the slot {slot} on {}", at.server),
            why: why.to_owned(),
            action: Action::Serve(Serve::CreateSlot {
                server: at.server,
                folder: at.folder,
                port: at.port,
                slot,
            }),
            deadline_secs: WAIT_SECS,
            ..New::default()
        });
    }

    /// Slots for those that follow it, and none of what it had in another life.
    fn own_slots(&mut self) {
        let wanted = self.planner.wanted;
        let at = place(self.one);
        let own: Vec<String> = wanted
            .downstreams(self.one.is.id())
            .filter(|standby| wanted.uses_slot(standby.id()))
            .map(|standby| wanted.slot_name(standby.id()))
            .collect();
        for slot in &own {
            self.planner.add(New {
                server: Some(self.one.is),
                title: format!("Create the slot {slot} on {}", at.server),
                why: "This comes before its standby connects: the slot retains WAL from now on".to_owned(),
                action: Action::Serve(Serve::CreateSlot {
                    server: at.server.clone(),
                    folder: at.folder.clone(),
                    port: at.port,
                    slot: slot.clone(),
                }),
                deadline_secs: WAIT_SECS,
                ..New::default()
            });
        }
        // Of those that somebody made by hand nobody knows what they are for.
        let drawn: Vec<String> = wanted.slot_names().values().cloned().collect();
        let is_left = |slot: &&String| !own.contains(slot) && drawn.contains(slot);
        for slot in self.left_slots.iter().filter(is_left) {
            self.planner.drop_slot(self.one.is, self.one.folder.clone(), slot);
        }
    }

    fn rewind(&mut self, at: &Place) {
        let source = self
            .planner
            .difference
            .kept
            .iter()
            .find(|one| one.is.is_primary());
        let Some(source) = source.map(place) else { return };
        self.planner.steps.enter(Phase::Data);
        self.planner.add(New {
            title: format!("Complete a checkpoint on {}", source.server),
            why: "Until then its control file names the timeline of before, and pg_rewind would find nothing to do"
                .to_owned(),
            action: Action::Takeover(Takeover::Checkpoint { at: source.clone() }),
            deadline_secs: RESTART_SECS,
            ..New::default()
        });
        self.planner.add(New {
            server: Some(self.one.is),
            title: format!("Rewind {} to where {} took over", at.server, source.server),
            why: "pg_rewind copies only the blocks that changed since then".to_owned(),
            action: Action::Takeover(Takeover::Rewind {
                at: at.clone(),
                source,
            }),
            deadline_secs: COPY_SECS,
            ..New::default()
        });
    }

    fn copy(&mut self, at: &Place) {
        let source = self
            .planner
            .difference
            .kept
            .iter()
            .find(|one| one.is.is_primary());
        let Some(source) = source.map(place) else { return };
        let data = ClusterFolder::data(&at.folder);
        self.planner.steps.enter(Phase::Data);
        self.planner.add(New {
            server: Some(self.one.is),
            title: format!("Remove the data of {}", at.server),
            why: "It has what no other server has, or lacks what no other server keeps".to_owned(),
            action: Action::Takeover(Takeover::RemoveData { at: at.clone() }),
            deadline_secs: COPY_SECS,
            ..New::default()
        });
        self.planner.add(New {
            server: Some(self.one.is),
            title: format!("Copy the running {} to {}", source.server, at.server),
            why: "A base backup; the others go on meanwhile".to_owned(),
            undo: Some(Action::Takeover(Takeover::RemoveData { at: at.clone() })),
            action: Action::Alter(Alter::CopyRunning {
                server: source.server,
                folder: source.folder,
                port: source.port,
                to: data,
            }),
            deadline_secs: COPY_SECS,
            ..New::default()
        });
    }
}

fn place(one: &Kept<'_>) -> Place {
    Place {
        server: one.is.name().to_string(),
        folder: one.folder.clone(),
        port: one.is.port().number(),
    }
}
