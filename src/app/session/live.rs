//! What runs: the run that is planned or under way, the cluster that this window watches, what an earlier pgcascade left.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::Imported;
use crate::app::breaking::Breaking;
use crate::app::glance::Glance;
use crate::app::job::Job;
use crate::app::load::LoadView;
use crate::engine::ansible::{Access, Prospect};
use crate::engine::deploy::Found;
use crate::model::desk::LeftCluster;
use crate::model::document::Document;
use crate::model::health::Board;
use crate::model::plan::{ApplyPlan, Check, Machine, Plan, Progress};
use crate::model::topology::Server;
use crate::report::Report;

#[derive(Debug)]
pub struct Live {
    pub run: RunView,
    /// The deployed cluster of this window, if there is one.
    pub cluster: Option<ClusterView>,
    /// Clusters that an earlier pgcascade left behind, half built or running.
    pub left_over: Vec<LeftCluster>,
    /// Whole clusters whose line was closed in this session.
    pub(in crate::app) hidden: Vec<PathBuf>,
    /// Left-over clusters whose teardown is under way.
    pub removing: Vec<PathBuf>,
    /// The design to which the run at hand takes a cluster whose servers change their roles.
    pub(in crate::app) steered: Option<Box<Document>>,
    /// The load that this window puts on its cluster, or put on it last.
    pub load: Option<LoadView>,
    /// What is being broken on purpose, or repaired.
    pub breaking: Option<Breaking>,
    /// The next run's number.
    pub(in crate::app) next_run: u64,
    /// What was asked for when the design last went to its hosts.
    pub to_hosts: Option<ToHosts>,
}

/// How the design goes to its hosts, as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToHosts {
    /// Of the playbook and its secrets.
    pub folder: String,
    /// Read behind the playbook's own inventory; empty: none.
    pub inventory: String,
    /// `KEY=VALUE` or `@FILE`, one per line.
    pub variables: String,
}

/// A run of the playbook that has not begun.
#[derive(Clone, Debug, PartialEq)]
pub struct HostsPlan {
    pub prospect: Prospect,
    pub access: Access,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            run: RunView::Idle,
            cluster: None,
            left_over: Vec::new(),
            hidden: Vec::new(),
            removing: Vec::new(),
            steered: None,
            load: None,
            breaking: None,
            next_run: 1,
            to_hosts: None,
        }
    }
}

/// The deploy panel: nothing yet, the plan before it runs, the run, its end.
#[derive(Debug, Default)]
pub enum RunView {
    #[default]
    Idle,
    /// The machine is being looked at.
    Discovering { folder: PathBuf },
    /// Ready to run, or not: then a check is not `ok` and there is no plan.
    Planned {
        machine: Machine,
        checks: Vec<Check>,
        plan: Option<Plan>,
    },
    /// The running cluster is being looked at, for a change to the drawn design.
    Looking { folder: PathBuf },
    /// What would change, or why it cannot.
    ChangePlanned {
        found: Box<Found>,
        plan: Result<ApplyPlan, Vec<Check>>,
    },
    /// The folder of the playbook for the design's hosts is being looked at.
    HostsLooking { asked: ToHosts },
    /// What the playbook would do on the hosts, or why it cannot.
    HostsPlanned {
        asked: ToHosts,
        planned: Result<Box<HostsPlan>, Report>,
    },
    /// Running or finished (then `progress.outcome` is there).
    Run {
        run: u64,
        job: Job,
        progress: Progress,
        cancelling: bool,
    },
}

impl Live {
    /// True if the cluster of this window is one that pgcascade did not make.
    pub fn is_foreign(&self) -> bool {
        self.cluster
            .as_ref()
            .is_some_and(|cluster| cluster.foreign.is_some())
    }
}

impl RunView {
    /// True while a deployment is being built or taken back: the design is locked.
    pub fn is_running(&self) -> bool {
        matches!(self, Self::Run { progress, .. } if !progress.is_finished())
    }
}

/// A deployed cluster and what it last showed.
#[derive(Debug)]
pub struct ClusterView {
    pub folder: PathBuf,
    /// The design as it was deployed.
    pub deployed: Document,
    /// What was last seen of it; `None`: nothing yet, or nothing that could be believed.
    pub seen: Option<Glance>,
    /// Why it cannot be looked at now.
    pub unseen: Option<Report>,
    /// A start, stop or teardown is under way: its verb, "Stopping".
    pub busy: Option<String>,
    /// Somebody else made it: it is only looked at. `folder` is then the connection, which no folder is called.
    pub foreign: Option<Arc<Imported>>,
}

impl ClusterView {
    /// What a server of the drawing is called where it runs: it may have been renamed since. `None`: it does not run there.
    pub fn running_name(&self, drawn: &Server) -> Option<&str> {
        let deployed = self.deployed.topology();
        let server = deployed.server(drawn.id());
        let server = server.or_else(|| deployed.by_name(drawn.name().as_str()))?;
        Some(server.name().as_str())
    }

    /// What its servers last showed.
    pub fn board(&self) -> Option<&Board> {
        self.seen.as_ref().map(|seen| &seen.board)
    }
}
