//! The order of a switchover and of a failover, and of what is left of one that was interrupted.

mod rest;

use std::collections::BTreeSet;

use super::Stage;
use crate::model::plan::apply::Standing;
use crate::model::plan::apply::difference::{Difference, Kept, SettingChange};
use crate::model::plan::apply::steps::{Planner, RESTART_SECS, WAIT_SECS};
use crate::model::plan::steps::New;
use crate::model::plan::{
    Action, Alter, Configure, DesignOf, Head, Kind, Means, Phase, Place, Serve, Steering, Step, StepId,
    Takeover,
};
use crate::model::topology::{Server, ServerId, Topology};

/// A promotion ends with a checkpoint request, and a delayed or busy heir has WAL left to apply.
const PROMOTE_SECS: u32 = 120;
/// While writes wait, nobody waits long for a heir that does not come.
const PROOF_SECS: u32 = 30;

/// If it is not certain that nobody was promoted, nothing of what came before is undone: a second primary is worse.
const STAYS: &str = "The rest stays as it is, because the new primary may already accept writes: `pgcascade resume` finishes \
     or undoes it.";

/// One server takes over from another.
pub struct Turn<'a> {
    planner: Planner<'a>,
    steering: Steering,
    stage: Stage,
    /// The primary of the wanted design, and the one of the design that runs.
    heir: &'a Kept<'a>,
    old: &'a Kept<'a>,
}

impl<'a> Turn<'a> {
    /// `None`: the primary stays the primary.
    pub fn of(
        difference: &'a Difference<'a>,
        standing: &Standing,
        steering: &Steering,
        stage: Stage,
    ) -> Option<Self> {
        let heir = difference
            .kept
            .iter()
            .find(|one| one.is.is_primary() && !one.was.is_primary())?;
        let old = difference.kept.iter().find(|one| one.was.is_primary())?;
        let mut planner = Planner::new(
            difference,
            &Standing {
                resumes: false,
                ..standing.clone()
            },
        );
        // Commits wait as designed, or the old primary is gone.
        planner.loosened = false;
        planner.lets_delayed_be = true;
        planner.absent = left(steering)
            .iter()
            .filter_map(|name| Some(difference.wanted.by_name(name)?.id()))
            .collect();
        planner.head.kind = match (stage, steering) {
            (Stage::Back, _) => Kind::RollBack,
            (_, Steering::Failover { .. }) => Kind::Failover,
            _ => Kind::Switchover,
        };
        planner.head.steering = Some(steering.clone());
        Some(Self {
            planner,
            steering: steering.clone(),
            stage,
            heir,
            old,
        })
    }

    pub fn steps(mut self, standing: &Standing) -> (Head, Vec<Step>) {
        let standing = Standing {
            resumes: false,
            drift: Vec::new(),
            ..standing.clone()
        };
        self.planner.begin(&standing);
        let mut settles_at = self.planner.last;
        match self.stage {
            Stage::Begin => {
                self.prepare();
                if matches!(self.steering, Steering::Switchover { .. }) {
                    self.siblings_first();
                    self.quiesce();
                } else {
                    self.end_dead();
                }
                settles_at = Some(self.promote());
            }
            Stage::Promoted => {}
            Stage::Back => self.back(&standing),
        }
        self.planner.steps.enter(Phase::Change);
        self.rest(&standing);
        self.planner.steps.enter(Phase::Prove);
        self.prove();
        self.planner.settle();
        self.planner.head.settles_at = settles_at;
        let mut steps = self.planner.steps.finish();
        let before = steps.iter_mut().filter(|step| Some(step.id) < settles_at);
        for step in before.filter(|step| step.undo.is_some()) {
            step.stays_with_rest = Some(STAYS);
        }
        (self.planner.head, steps)
    }

    fn wanted(&self) -> &'a Topology {
        self.planner.wanted
    }

    /// What nobody notices: the heir gets the slots of those who will follow it, and the configuration of its new life.
    fn prepare(&mut self) {
        self.planner.slots_at(self.heir.is);
        let restarts = self.heir.settings.iter().any(SettingChange::is_size);
        // What makes it a standby, it keeps until it is promoted.
        let held = self.heir.settings.iter().filter(|setting| !setting.is_size());
        let held = held
            .map(|setting| (setting.name.clone(), setting.was.clone()))
            .collect();
        let by = if restarts { Means::Restart } else { Means::Reload };
        let configure = Configure {
            held,
            by,
            ..self.planner.configure(self.heir, DesignOf::After)
        };
        let undo = Configure {
            by,
            ..self.planner.configure(self.heir, DesignOf::Before)
        };
        self.planner.add(New {
            server: Some(self.heir.is),
            title: format!("Prepare the configuration of {} as the primary", self.heir.is.name()),
            why: "A standby ignores synchronous_standby_names: the primary's list is in place before the first commit"
                .to_owned(),
            action: Action::Alter(Alter::Configure(configure)),
            undo: Some(Action::Alter(Alter::Configure(undo))),
            deadline_secs: RESTART_SECS,
            ..New::default()
        });
        if restarts {
            self.planner.disturbed.insert(self.heir.was.id());
        }
        self.planner.ready.insert(self.heir.is.id());
    }

    /// Standbys that will follow the heir move now, so that none can be ahead of it; none that a commit waits for.
    fn siblings_first(&mut self) {
        let difference = self.planner.difference;
        let running = difference.running;
        let above: BTreeSet<ServerId> = running.upstreams(self.heir.was.id()).into_iter().collect();
        let candidates = running.sync_candidates();
        for one in &difference.kept {
            let moves = one.is.upstream() == Some(self.heir.is.id()) && difference.has_moved(one);
            let is_waited_for = candidates.iter().any(|candidate| candidate.id() == one.was.id());
            let may = !above.contains(&one.was.id()) && !is_waited_for;
            if moves && may && !self.planner.absent.contains(&one.is.id()) {
                self.planner.change(one);
            }
        }
    }

    /// The old primary comes to its end, and everything that it wrote is on the heir.
    fn quiesce(&mut self) {
        let (old, heir) = (
            place(self.old.was, &self.old.folder_was),
            place(self.heir.was, &self.heir.folder_was),
        );
        for at in [&old, &heir] {
            self.planner.add(New {
                title: format!("Complete a checkpoint on {}", at.server),
                why: "The checkpoint of the shutdown has little left to write then, and writes are interrupted for less time"
                    .to_owned(),
                action: Action::Takeover(Takeover::Checkpoint { at: at.clone() }),
                deadline_secs: RESTART_SECS,
                ..New::default()
            });
        }
        self.planner.add(New {
            server: Some(self.heir.was),
            title: format!("Wait until {} has caught up with {}", heir.server, old.server),
            why: "The less is missing, the shorter writes are interrupted".to_owned(),
            action: Action::Takeover(Takeover::WaitCaughtUp {
                primary: old.clone(),
                heir: heir.clone(),
            }),
            deadline_secs: WAIT_SECS,
            ..New::default()
        });
        self.planner.steps.enter(Phase::Change);
        self.planner.add(New {
            server: Some(self.old.was),
            title: format!("Stop {}", old.server),
            why: "From here on writes are interrupted. A fast shutdown waits until every connected standby has its \
                  last record (pg_ctl stop -m fast)"
                .to_owned(),
            action: Action::Serve(Serve::Stop {
                server: old.server.clone(),
                folder: old.folder.clone(),
            }),
            undo: Some(self.start(self.old.was, &self.old.folder_was)),
            deadline_secs: WAIT_SECS,
            ..New::default()
        });
        self.planner.add(New {
            server: Some(self.heir.was),
            title: format!("Check that {} has the last record of {}", heir.server, old.server),
            why: "The old primary's control file says where its WAL ends: nothing is lost if the heir has applied that"
                .to_owned(),
            action: Action::Takeover(Takeover::ProveLast {
                old,
                heir,
            }),
            deadline_secs: PROOF_SECS,
            ..New::default()
        });
        self.fence(self.old);
    }

    /// A dead primary cannot come back as one.
    fn end_dead(&mut self) {
        self.planner.steps.enter(Phase::Change);
        let at = place(self.old.was, &self.old.folder_was);
        self.planner.add(New {
            server: Some(self.old.was),
            title: format!("Make sure that {} does not run", at.server),
            why: "Two servers that accept writes would drift apart (split brain)".to_owned(),
            action: Action::Takeover(Takeover::StopDead { at }),
            deadline_secs: WAIT_SECS,
            ..New::default()
        });
        let difference = self.planner.difference;
        let absent = |one: &&Kept<'_>| self.planner.absent.contains(&one.is.id()) && !one.was.is_primary();
        let others: Vec<&Kept<'_>> = difference.kept.iter().filter(absent).collect();
        for one in others {
            let name = one.was.name();
            self.planner.add(New {
                server: Some(one.was),
                title: format!("Make sure that {name} does not run"),
                why: "Nobody knows whether it fits the new primary: it is rejoined later".to_owned(),
                action: Action::Serve(Serve::Stop {
                    server: name.to_string(),
                    folder: one.folder_was.clone(),
                }),
                deadline_secs: WAIT_SECS,
                ..New::default()
            });
        }
        self.fence(self.old);
    }

    /// The files of a server that is down make it a standby, also if it is started by hand.
    fn fence(&mut self, one: &'a Kept<'a>) {
        let standby_file = self.wanted().postgres().standby_file().to_owned();
        self.planner.add(New {
            server: Some(one.was),
            title: format!("Make {} a standby", one.was.name()),
            why: "Before anybody else accepts writes: its files make it a standby from its next start on"
                .to_owned(),
            action: Action::Alter(Alter::Configure(self.planner.configure(one, DesignOf::After))),
            undo: Some(Action::Takeover(Takeover::BecomePrimaryAgain {
                configure: self.planner.configure(one, DesignOf::Before),
                standby_file,
            })),
            ..New::default()
        });
    }

    fn promote(&mut self) -> StepId {
        let at = place(self.heir.was, &self.heir.folder_was);
        let planner = &mut self.planner;
        let pass_file_in_environment = planner
            .configure(self.heir, DesignOf::Before)
            .pass_file_in_environment;
        planner.add(New {
            server: Some(self.heir.is),
            title: format!("Promote {}", at.server),
            why: "It ends its recovery and accepts writes. From here on nothing is rolled back".to_owned(),
            action: Action::Takeover(Takeover::Promote { at: at.clone() }),
            undo: Some(Action::Takeover(Takeover::StayStandby {
                at,
                pass_file_in_environment,
            })),
            deadline_secs: PROMOTE_SECS,
            ..New::default()
        })
    }

    fn start(&self, server: &Server, folder: &str) -> Action {
        let configure = self.planner.configure(self.old, DesignOf::Before);
        Action::Serve(Serve::Start {
            server: server.name().to_string(),
            folder: folder.to_owned(),
            port: server.port().number(),
            pass_file_in_environment: configure.pass_file_in_environment,
        })
    }
}

fn place(server: &Server, folder: &str) -> Place {
    Place {
        server: server.name().to_string(),
        folder: folder.to_owned(),
        port: server.port().number(),
    }
}

/// The servers that cannot take part.
pub fn left(steering: &Steering) -> &[String] {
    match steering {
        Steering::Switchover { left, .. } | Steering::Failover { left, .. } => left,
        Steering::Rejoin { .. } => &[],
    }
}

fn is_down(standing: &Standing, server: &Server) -> bool {
    standing.down.iter().any(|down| down == server.name().as_str())
}
