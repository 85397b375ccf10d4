//! All state of the window. Panels read it; only `update` changes it.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;

use super::{Against, Comparison, Effect, Folding, Message, OnDisk, PathPurpose, Start, Tree, Typed, WhatIf};
use crate::engine::deploy::Found;
use crate::model::bundle::{self, Bundle};
use crate::model::desk::LeftCluster;
use crate::model::desk::Preferences;
use crate::model::desk::Unsaved;
use crate::model::diagram::{PictureFormat, PictureStyle};
use crate::model::document::{Document, History};
use crate::model::health::{Board, ReplicationRow};
use crate::model::plan::{ApplyPlan, Check, ExpectedRows, Machine, Plan, Progress};
use crate::model::simulate::promise::{Promise, promise};
use crate::model::topology::{self, Finding, Server, ServerId, Topology};
use crate::report::Report;

/// The window's state.
#[derive(Debug)]
pub struct Session {
    pub document: Document,
    pub history: History,
    /// Moves on every change of the document, undo included; what is derived compares for *different*.
    pub revision: u64,
    /// Everything computed from the document, fresh for `revision`.
    pub derived: Derived,
    /// The design's text where it is not the drawing's: just typed, or no design at all.
    pub typed: Option<Typed>,
    /// The file of the design, once it has one.
    pub path: Option<PathBuf>,
    /// The text as it is in that file; "unsaved" is a comparison with it, never a flag.
    pub saved_text: String,
    pub selected: Option<ServerId>,
    /// What is selected besides; [`Session::selection`] has all.
    pub also_selected: BTreeSet<ServerId>,
    /// The selected link, by the server at its lower end; then no server is selected.
    pub link: Option<ServerId>,
    /// What is folded: a view, and no part of the design.
    pub folding: Folding,
    /// The server whose name is being typed on the canvas.
    pub renaming: Option<ServerId>,
    /// What lasts from session to session.
    pub preferences: Preferences,
    pub start: Start,
    pub tab: Tab,
    /// The path inside the bundle that the files panel shows.
    pub shown_file: Option<String>,
    /// What the files panel compares the design's files with.
    pub compared: Option<Against>,
    /// The design as it was exported last, in this session or an earlier one.
    pub last_export: Option<Document>,
    pub run: RunView,
    /// The deployed cluster of this window, if there is one.
    pub cluster: Option<ClusterView>,
    /// What is tried on a world beside the design, while that mode is on.
    pub what_if: Option<WhatIf>,
    /// Clusters that an earlier pgcascade left behind, half built or running.
    pub left_over: Vec<LeftCluster>,
    pub notices: Vec<Notice>,
    pub dialog: Option<Dialog>,
    /// The next notice's number.
    pub next_notice: u64,
    /// The folder below which deployments are suggested; set by whoever knows the user's home.
    pub default_folder: PathBuf,
    /// Unsaved designs that earlier sessions left, still to be offered.
    pub recoverable: VecDeque<Unsaved>,
    /// Left-over clusters whose teardown is under way.
    pub removing: Vec<PathBuf>,
    /// What the design's file holds is not known yet: the design was recovered.
    pub(super) is_file_unknown: bool,
    /// The revision that the last burst of typing led to: it may go on.
    pub(super) burst: Option<u64>,
    /// A text that was no design and was taken back, with the revision of the drawing that it was typed at.
    pub(super) set_aside: Option<(u64, Typed)>,
    /// A save that is under way is of the drawing, not of the text.
    pub(super) saves_drawing: bool,
    /// The next run's number.
    pub(super) next_run: u64,
    /// What is done once the design is saved, because the user chose to save first.
    pub(super) after_save: Option<Message>,
    /// The revision that the user agreed to lose to the design that is being opened.
    pub(super) replaceable: Option<u64>,
}

/// What follows from the document alone. Computed in one place, when the revision moves.
#[derive(Debug, Default)]
pub struct Derived {
    pub revision: u64,
    pub findings: Vec<Finding>,
    /// Made when someone looks at it, by [`Session::bundle`]: it is most of what there is to compute.
    bundle: OnceCell<Bundle>,
    /// What its upstream's pg_stat_replication will show of each standby: canvas and outline say the same.
    pub expected: BTreeMap<ServerId, ReplicationRow>,
    /// The servers as rows of a tree.
    pub tree: Tree,
    /// What synchronous replication promises, in words.
    pub promise: Promise,
    /// The design file's text.
    pub text: String,
    /// What differs from the bundle that is compared with; `None` if nothing is compared.
    pub comparison: Option<Comparison>,
}

/// What the right-hand panel shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    Inspector,
    Files,
    Deploy,
    /// The design's own text.
    Text,
    /// Only in that mode.
    WhatIf,
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
    /// Running or finished (then `progress.outcome` is there).
    Run {
        run: u64,
        plan: Plan,
        progress: Progress,
        cancelling: bool,
    },
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
    pub board: Option<Board>,
    /// A start, stop or teardown is under way: its verb, "Stopping".
    pub busy: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    Done,
    Info,
    Problem,
}

/// A sentence that appears at the corner, until it is closed.
#[derive(Clone, Debug)]
pub struct Notice {
    pub number: u64,
    pub kind: NoticeKind,
    pub report: Report,
    /// A folder to offer "Show in folder" for.
    pub folder: Option<PathBuf>,
}

/// A question in the way of everything else.
#[derive(Clone, Debug, PartialEq)]
pub enum Dialog {
    /// Where no native dialog came up: a path to type.
    Path {
        purpose: PathPurpose,
        text: String,
    },
    /// A file is at the path that was typed; `FileMessage::Chosen` replaces it.
    Replace {
        purpose: PathPurpose,
        path: PathBuf,
    },
    /// As what the drawing is exported.
    Picture {
        format: PictureFormat,
        style: PictureStyle,
    },
    /// There are unsaved changes; `then` happens after `FileMessage::Save` or `Discard`.
    Unsaved {
        then: Box<Message>,
    },
    /// The design's file was changed elsewhere, and there is something to lose: `KeepMine`, `TakeTheirs`.
    ChangedOnDisk {
        path: PathBuf,
        found: OnDisk,
        /// It came out when it was to be saved, which then goes on.
        is_saving: bool,
    },
    /// The text is no design: `FileMessage::SaveBroken` writes it all the same, `SaveDrawing` the last good drawing;
    /// both then go on with a path to choose if `as_new`.
    SaveBroken {
        as_new: bool,
    },
    /// An earlier session ended without saving this design: `FileMessage::Recover` takes it, `Discard` forgets it,
    /// closing the dialog keeps it for the next start.
    Recover(Unsaved),
    /// Where to deploy to.
    DeployFolder {
        text: String,
    },
    ConfirmTeardown {
        folder: PathBuf,
    },
    /// Remove servers that have downstreams: with them, or re-attach them.
    Remove {
        servers: Vec<ServerId>,
    },
    About,
    Help,
    /// A link was to be removed, by the server at its lower end: that cannot be, and this is what can.
    KeepLink {
        server: ServerId,
    },
    /// One of a list, found by typing.
    Pick(Pick),
}

/// What is picked from a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The command palette.
    Action,
    /// A server to select and show.
    Server,
    /// The server that these are to follow.
    Upstream(Vec<ServerId>),
    /// The server whose place this one is to take.
    Place(ServerId),
    /// The site at which these stand.
    Site(Vec<ServerId>),
    /// A built-in design to begin with.
    Template,
    /// The version of PostgreSQL.
    Version,
}

/// Where deployments are suggested if nobody says better: everyone may write below it.
const DEFAULT_FOLDER: &str = "/var/tmp/pgcascade";

impl Derived {
    /// The only place where anything is computed from the document.
    pub(super) fn of(document: &Document, compared: Option<(Against, Document)>, revision: u64) -> Self {
        let bundle = OnceCell::new();
        let comparison = compared.map(|(against, with)| {
            let own = bundle.get_or_init(|| bundle::generate(document));
            Comparison::of(against, with, own)
        });
        Self {
            revision,
            comparison,
            findings: topology::check(document.topology()),
            bundle,
            expected: expected(document.topology()),
            tree: Tree::of(document.topology()),
            promise: promise(document.topology()),
            text: document.text(),
        }
    }
}

/// Every standby with its row, which knows it by name only.
fn expected(topology: &Topology) -> BTreeMap<ServerId, ReplicationRow> {
    let all = ExpectedRows::of(topology);
    let mut rows: BTreeMap<(ServerId, &str), &ReplicationRow> = BTreeMap::new();
    for upstream in topology.servers().iter().map(Server::id) {
        rows.extend(
            all.at(upstream)
                .iter()
                .map(|row| ((upstream, row.application_name.as_str()), row)),
        );
    }
    let row = |server: &Server| {
        let name = server.name().in_view(topology.postgres());
        let row = rows.get(&(server.upstream()?, name.as_str()))?;
        Some((server.id(), (*row).clone()))
    };
    topology.servers().iter().filter_map(row).collect()
}

impl Session {
    /// A window on a design: the one read from `path`, or a new one.
    pub fn new(document: Document, path: Option<PathBuf>) -> Self {
        let derived = Derived::of(&document, None, 0);
        let saved_text = match path {
            Some(_) => document.source().text().to_owned(),
            None => derived.text.clone(),
        };
        Self {
            document,
            history: History::default(),
            revision: 0,
            derived,
            typed: None,
            path,
            saved_text,
            selected: None,
            also_selected: BTreeSet::new(),
            link: None,
            folding: Folding::default(),
            renaming: None,
            preferences: Preferences::default(),
            start: Start::default(),
            tab: Tab::Inspector,
            shown_file: None,
            compared: None,
            last_export: None,
            run: RunView::Idle,
            cluster: None,
            what_if: None,
            left_over: Vec::new(),
            notices: Vec::new(),
            dialog: None,
            next_notice: 0,
            default_folder: PathBuf::from(DEFAULT_FOLDER),
            recoverable: VecDeque::new(),
            removing: Vec::new(),
            is_file_unknown: false,
            burst: None,
            set_aside: None,
            saves_drawing: false,
            next_run: 1,
            after_save: None,
            replaceable: None,
        }
    }

    /// What a window does when it opens.
    pub fn start_effects(&self) -> Vec<Effect> {
        let opened = self.path.clone().map(Effect::NoteRecent);
        let mut effects = vec![Effect::FindRecoverable, Effect::FindLeftOver];
        effects.extend(opened);
        effects.extend(self.path.clone().map(Effect::FindExport));
        effects.push(Effect::FindRecent);
        effects.extend(self.start.is_shown.then_some(Effect::ListClusters));
        effects
    }

    /// Every file that the drawing stands for.
    pub fn bundle(&self) -> &Bundle {
        let bundle = &self.derived.bundle;
        bundle.get_or_init(|| bundle::generate(&self.document))
    }

    /// True if the file on disk would change by saving.
    pub fn is_modified(&self) -> bool {
        self.text() != self.saved_text
    }

    /// "seed.toml", or the design's name if it has no file yet.
    pub fn title(&self) -> String {
        let file = self
            .path
            .as_ref()
            .and_then(|path| path.file_name())
            .map(|name| name.to_string_lossy().into_owned());
        file.unwrap_or_else(|| self.document.topology().name().to_owned())
    }

    /// True if the running cluster was deployed from another configuration than the drawn one.
    pub fn differs_from_deployed(&self) -> bool {
        self.cluster.as_ref().is_some_and(|cluster| {
            !cluster
                .deployed
                .topology()
                .has_same_configuration(self.document.topology())
        })
    }
}
