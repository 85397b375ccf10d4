//! What `update` wants done outside: performed by the worker, or by the window where only it can.

use std::path::PathBuf;
use std::sync::Arc;

use super::{HostsPlan, ImportSource, Imported, ReportStyle, ToHosts};
use crate::engine::deploy::adopt::Adopting;
use crate::engine::deploy::{Change, Resumed};
use crate::model::bundle::Bundle;
use crate::model::desk::Preferences;
use crate::model::diagram::{PictureFormat, PictureStyle};
use crate::model::document::Document;
use crate::model::export::{Export, Target};
use crate::model::lessons::{Lesson, Progress};
use crate::model::plan::Wish;
use crate::model::plan::{Machine, Plan};

/// What a path is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathPurpose {
    OpenDesign,
    SaveDesign,
    ExportBundle,
    /// Where the folder of an export goes.
    ExportFolder(Target),
    /// A server's files.
    Import {
        is_folder: bool,
    },
    /// An audit's report.
    SaveReport(ReportStyle),
    /// The format that is suggested; what the chosen file's name ends with counts.
    ExportPicture(PictureFormat, PictureStyle),
    /// A design to be compared in What-if.
    CompareDesign,
    /// A story of What-if.
    SaveStory,
    OpenStory,
    /// A lesson of one's own.
    OpenLesson,
    /// What was learnt.
    ExportProgress,
    ImportProgress,
}

impl PathPurpose {
    /// True if a file is read there, and none is written.
    pub fn is_read(self) -> bool {
        matches!(
            self,
            Self::OpenDesign
                | Self::CompareDesign
                | Self::OpenStory
                | Self::OpenLesson
                | Self::ImportProgress
                | Self::Import { .. }
        )
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Native dialog, answered by `FileMessage::Chosen` or `NoDialog`.
    AskPath {
        purpose: PathPurpose,
        suggested: String,
    },
    Read(PathBuf),
    /// Is a file there that would be replaced? Answered by `FileMessage::Looked`.
    LookAt {
        purpose: PathPurpose,
        path: PathBuf,
    },
    /// Whole or not at all. `text` comes back in `Written`, so that the session knows what the file holds.
    /// Nothing is written if the file is there and holds anything but `expected`: then `ChangedBefore` is the answer.
    Write {
        purpose: PathPurpose,
        path: PathBuf,
        bytes: Vec<u8>,
        text: Option<String>,
        expected: Option<String>,
    },
    /// The drawing as a picture; a large one as PNG takes seconds.
    WritePicture {
        purpose: PathPurpose,
        path: PathBuf,
        document: Box<Document>,
        format: PictureFormat,
        style: PictureStyle,
    },
    /// The files of an export into a folder, answered by `ExportMessage::Written` or `NotWritten`.
    WriteExport {
        folder: PathBuf,
        export: Box<Export>,
    },
    /// Look at a cluster that somebody runs, answered by `ImportMessage::Done` or `Failed` with this number.
    Import {
        number: u64,
        source: Box<ImportSource>,
    },
    CancelImport,
    /// It was used; its password is not kept.
    NoteConnection(String),
    ForgetConnection(String),
    /// Answered by `StartMessage::Connections`.
    FindConnections,
    /// Keep the unsaved design in the state folder, a moment after a change. `None`: nothing to keep any more.
    Autosave {
        path: Option<PathBuf>,
        text: Option<String>,
    },
    FindRecoverable,
    /// What does the design's file hold now? Answered by `FileMessage::OnDisk`.
    LookAtFile(PathBuf),
    /// Look at this file whenever it changes, and at no other one any more; each time `FileMessage::LookAtFile` is the answer.
    FollowFile(Option<PathBuf>),
    /// Fonts of this machine that have these letters, answered by `ViewMessage::Fonts`.
    FindFonts(String),
    /// For the list of recent designs.
    NoteRecent(PathBuf),
    ForgetRecent(PathBuf),
    FindRecent,
    /// The clusters of this machine and how they are.
    ListClusters,
    /// What lasts until the next session.
    KeepPreferences(Box<Preferences>),
    /// What is learnt lasts, too.
    KeepProgress(Box<Progress>),
    /// What was learnt in earlier sessions, answered by `LessonMessage::Known`.
    FindProgress,
    /// A lesson's file, answered by `LessonMessage::FileRead`.
    ReadLesson(PathBuf),
    /// A file of progress, answered by `LessonMessage::Imported`.
    ReadProgress(PathBuf),
    /// Show a lesson on real servers in a folder of its own; `name` is what the command line calls it. Answered by
    /// `LessonMessage::ProofStep` and `ProofEnded`.
    Prove {
        name: String,
        lesson: Box<Lesson>,
        folder: PathBuf,
    },
    CancelProof,
    /// Keep what was exported of the design in this file, to compare with it later.
    KeepExport {
        path: PathBuf,
        text: String,
    },
    /// What was exported of it last, answered by `FileMessage::LastExport` if anything was.
    FindExport(PathBuf),
    /// What an earlier session left unsaved is here now, or is not wanted: by its id.
    ForgetUnsaved(String),
    Discover {
        document: Box<Document>,
        folder: PathBuf,
    },
    /// The user trusts the list of hazards with this sum.
    RememberTrust(String),
    StartRun {
        run: u64,
        plan: Box<Plan>,
        machine: Box<Machine>,
        bundle: Box<Bundle>,
        document: Box<Document>,
    },
    /// Look at the running cluster for a change to this design.
    LookForChange {
        document: Box<Document>,
        folder: PathBuf,
    },
    StartChange(Box<Change>),
    /// Look at the folder of the design's playbook, answered by `RunMessage::HostsLooked`.
    LookToHosts {
        document: Box<Document>,
        asked: ToHosts,
    },
    StartPlaybook {
        run: u64,
        planned: Box<HostsPlan>,
    },
    /// Look at what was left unfinished in the folder; a run of it gets this number.
    LookAtLeftOver {
        folder: PathBuf,
        run: u64,
    },
    StartResumed(Box<Resumed>),
    KeepLeftOver(PathBuf),
    /// Start, or else stop, the named servers of a cluster that this window does not show.
    Switch {
        folder: PathBuf,
        starts: bool,
        servers: Vec<String>,
    },
    CancelRun,
    /// Read the cluster's board every second, until `Unwatch`.
    Watch(PathBuf),
    /// The same with the servers of an imported cluster; its readings come with this key.
    WatchForeign {
        key: PathBuf,
        imported: Arc<Imported>,
    },
    Unwatch,
    StartCluster(PathBuf),
    StopCluster(PathBuf),
    Teardown(PathBuf),
    Attach(PathBuf),
    /// Read the end of a server's log every second, until `EndLog`; answered by `ClusterMessage::Log` when it has changed.
    FollowLog {
        folder: PathBuf,
        server: String,
    },
    EndLog,
    /// Draw what runs, answered by `ClusterMessage::CanAdopt`.
    LookToAdopt(PathBuf),
    Adopt(Box<Adopting>),
    /// Plan how servers change their roles, answered by `ClusterMessage::CanSteer`.
    LookToSteer(PathBuf, Wish),
    /// Commit rows through the cluster's primary until `StopLoad`, told by `ClusterMessage::Loading` and `Loaded`.
    StartLoad {
        folder: PathBuf,
        rate: Option<f64>,
    },
    StopLoad,
    /// Do something to servers that run, answered by `ClusterMessage::Broken`.
    Break {
        folder: PathBuf,
        fault: String,
    },
    /// Undo one fault, or all, answered by `ClusterMessage::Repaired`.
    Repair {
        folder: PathBuf,
        fault: Option<String>,
    },
    CancelBreaking,
    FindLeftOver,
    /// Show the folder in the desktop's file manager.
    OpenFolder(PathBuf),
    /// Show the log's.
    ShowLog,
    /// For the window itself.
    CopyText(String),
    /// For the window itself.
    Close,
}

impl Effect {
    /// True for what only the window can do: dialogs, the clipboard, closing. Everything else is the worker's.
    pub fn is_for_window(&self) -> bool {
        matches!(self, Self::AskPath { .. } | Self::CopyText(_) | Self::Close)
    }
}
