//! Everything that can happen to the window: one closed enum, so that all causes are visible in one place.

mod lesson;

use std::path::PathBuf;

pub use self::lesson::LessonMessage;
use crate::app::breaking::BreakingMessage;
use crate::app::glance::Glance;
use crate::engine::deploy::adopt::Adopting;
use crate::engine::deploy::{self, Found, Refused, Steered};
use crate::model::desk::{
    FontFile, LeftCluster, Listed, RecentConnection, RecentDesign, TextSize, Theme, Unsaved,
};
use crate::model::diagram::{PictureFormat, PictureStyle};
use crate::model::document::{Command, Document};
use crate::model::health::{Loaded, Second};
use crate::model::plan::{Machine, RunEvent, Wish};
use crate::model::simulate::world::Incident;
use crate::model::topology::{Downstreams, ServerId};
use crate::report::Report;

use super::{
    Against, Dialog, ExportMessage, HostsPlan, ImportMessage, Look, PathPurpose, Tab, TimeMessage, ToHosts,
};

#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    Design(DesignMessage),
    File(FileMessage),
    Export(ExportMessage),
    Import(ImportMessage),
    Run(RunMessage),
    Cluster(ClusterMessage),
    View(ViewMessage),
    WhatIf(WhatIfMessage),
    Start(StartMessage),
    Lesson(LessonMessage),
    /// Something went wrong outside; shown as a notice.
    Failed(Report),
    /// The user wants to close the window.
    Quit,
}

#[derive(Clone, Debug, PartialEq)]
pub enum DesignMessage {
    /// A finished gesture.
    Do(Command),
    /// Apply the fix of this finding (its place in `derived.findings`).
    Fix(usize),
    /// Remove the servers; asks once what becomes of their downstreams if they have any.
    AskRemove(Vec<ServerId>),
    /// The answer; the next time nobody is asked if it is to be remembered.
    Remove {
        servers: Vec<ServerId>,
        downstreams: Downstreams,
        remembers: bool,
    },
    /// Forget what was answered.
    AskAgain,
    /// The servers and all below them, as text for the clipboard.
    Copy(Vec<ServerId>),
    Cut(Vec<ServerId>),
    /// Text from the clipboard: its servers go under the selected one, or under the primary.
    Paste(String),
    /// A copy of each beside it.
    Duplicate(Vec<ServerId>),
    Undo,
    Redo,
    /// The design's text reads like this now; `joins`: the same burst of typing goes on, and so does its undo step.
    Type {
        text: String,
        joins: bool,
    },
    /// Typing paused: what was typed is read.
    ReadTyped,
    /// What is typed and is no design gives way to the drawing's text.
    TakeDrawing,
}

/// What is at a design's path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnDisk {
    Text(String),
    Gone,
    Unreadable(Report),
}

#[derive(Clone, Debug, PartialEq)]
pub enum FileMessage {
    /// A built-in design, by name.
    New(String),
    Open,
    Save,
    SaveAs,
    /// The text as it is typed, although it is no design.
    SaveBroken,
    /// The last good drawing, while the text is none; what is typed stays in the window.
    SaveDrawing,
    /// Export the bundle.
    Export,
    /// Export the drawing as a picture.
    ExportPicture(PictureFormat, PictureStyle),
    /// A path was chosen, or none.
    Chosen(PathPurpose, Option<PathBuf>),
    /// No native dialog can be shown: ask by a path field.
    NoDialog(PathPurpose),
    /// A path was typed: nobody has asked yet whether a file there may be replaced.
    Typed(PathPurpose, PathBuf),
    /// Whether a file is at the typed path.
    Looked(PathPurpose, PathBuf, bool),
    /// What the design's file holds now, looked at because it may have been changed elsewhere.
    OnDisk(PathBuf, OnDisk),
    /// The file of a design that was to be saved holds something else than was known: nothing was written.
    ChangedBefore(PathBuf, OnDisk),
    /// The window is looked at again: look at the file, too.
    LookAtFile,
    /// The file was changed elsewhere: what is drawn stays, and with `save` goes over what is there.
    KeepMine {
        save: bool,
    },
    /// The file was changed elsewhere: the drawing becomes what it says, as one step that can be undone.
    TakeTheirs,
    /// A file was read; its text.
    Read(PathBuf, String),
    /// A picture was read; the text of the design inside it.
    ReadPicture(PathBuf, String),
    /// A file was written.
    Written(PathPurpose, PathBuf, Option<String>),
    /// The text of the design in this file as it was exported last, in an earlier session.
    LastExport(PathBuf, String),
    /// Answer to "unsaved changes": go on without saving.
    Discard,
    /// An earlier session left this unsaved.
    Recoverable(Unsaved),
    Recover(Unsaved),
}

#[derive(Clone, Debug, PartialEq)]
pub enum RunMessage {
    /// Ask where to deploy to.
    Ask,
    /// Look at the machine and show the plan.
    Prepare(PathBuf),
    Found(Box<Machine>),
    /// Look at the running cluster and show what would change.
    AskChange,
    Looked(Box<Found>),
    NotLooked(Report),
    /// Ask how the design goes to its hosts.
    AskHosts,
    /// Look at the playbook's folder and show what it would do.
    LookToHosts(ToHosts),
    HostsLooked(ToHosts, Result<Box<HostsPlan>, Report>),
    /// Look at the servers on the hosts, as a cluster that somebody else runs.
    WatchHosts,
    /// Run the plan that is shown.
    Confirm,
    /// Trust what the design runs of its own, and run the plan that is shown.
    Trust,
    Event(RunEvent),
    Cancel,
    /// Close the panel of a finished run, or go back from a plan.
    Close,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ClusterMessage {
    Stop,
    Start,
    AskTeardown(PathBuf),
    Teardown(PathBuf),
    /// Watch a running cluster that an earlier session made, with the design it was deployed from.
    Attach(PathBuf),
    Attached(PathBuf, Box<Document>),
    /// Start these servers, by the names that they run under.
    StartServers(Vec<String>),
    StopServers(Vec<String>),
    /// Show the end of a server's log, and follow it until the dialog is closed.
    ShowLog(String),
    /// How it ends now.
    Log(String, Vec<String>),
    /// Only warnings and worse.
    OnlyProblems(bool),
    /// Look at what runs, to make it the design.
    AskAdopt,
    /// What would change in the design.
    CanAdopt(PathBuf, Box<Adopting>),
    /// Make it so.
    Adopt,
    /// What runs is the design now.
    Adopted(PathBuf, Box<Document>),
    /// Look at the running cluster, to let servers change their roles.
    AskSteer(Wish),
    /// What would be done, or what stands in the way.
    CanSteer(PathBuf, Result<Box<Steered>, Refused>),
    /// Do it.
    Steer,
    /// Let clients commit rows, so many a second of all together, or as many as there can be.
    StartLoad(Option<f64>),
    StopLoad,
    /// What one second of it brought.
    Loading(PathBuf, Second),
    /// It has ended, and every row was looked for; or why not.
    Loaded(PathBuf, Result<Loaded, Report>),
    /// Something is broken on purpose, or repaired.
    Breaking(BreakingMessage),
    /// Watch the cluster that was imported, which pgcascade did not make.
    WatchForeign,
    /// Watch it no longer.
    LetGo,
    /// A fresh reading.
    Seen(PathBuf, Box<Glance>),
    /// The watched cluster is not there any more.
    Gone(PathBuf),
    /// It cannot be looked at now: another pgcascade is at work on it, for example.
    Unseen(PathBuf, Report),
    /// Start, stop or teardown ended; the sentence for the notice.
    Stopped(PathBuf),
    Started(PathBuf),
    TornDown(PathBuf, Report),
    /// The action did not work out.
    Failed(PathBuf, Report),
    /// What earlier sessions left behind.
    LeftOver(Vec<LeftCluster>),
    /// Finish what was left unfinished in this folder.
    GoOn(PathBuf),
    /// What is to be finished there, and how. The design on the canvas makes room for the one that is being made.
    CanGoOn(PathBuf, Box<deploy::LeftOver>),
    /// Leave it as it is, and offer it no more.
    Keep(PathBuf),
    /// The line about a whole cluster goes; the cluster stays as it is.
    Hide(PathBuf),
    Kept(PathBuf),
    /// The servers that were being started or stopped are now.
    Switched(PathBuf, Report),
}

#[derive(Clone, Debug, PartialEq)]
pub enum ViewMessage {
    Select(Option<ServerId>),
    /// Besides those that are selected, or no longer.
    Toggle(ServerId),
    SelectMany(Vec<ServerId>),
    /// The link above this standby, and no server.
    SelectLink(ServerId),
    /// Hide what is below the server, or show it again.
    Fold(ServerId, bool),
    /// Hide what is below every standby.
    FoldAll,
    UnfoldAll,
    ShowLegend(bool),
    /// Type the server's name on the canvas; `None` ends it.
    Rename(Option<ServerId>),
    Show(Tab),
    /// Whether large designs have one.
    Minimap(bool),
    /// The panels beside the drawing, shown or folded away.
    LeftSide(bool),
    RightSide(bool),
    ShowFile(String),
    /// Compare the bundle with another one, or (`None`) with nothing.
    Compare(Option<Against>),
    Dialog(Option<Dialog>),
    CloseNotice(u64),
    CloseNotices,
    /// Fonts of this machine, for letters that the window's own lack.
    Fonts(Vec<FontFile>),
    Theme(Theme),
    ReduceMotion(bool),
    LessonText(TextSize),
    OpenFolder(PathBuf),
    /// Show the folder with the log.
    ShowLog,
    CopyText(String),
}

/// The start page.
#[derive(Clone, Debug, PartialEq)]
pub enum StartMessage {
    Show,
    Leave,
    /// What is on it may be out of date.
    LookAgain,
    Recent(Vec<RecentDesign>),
    /// Connections to clusters that somebody else runs.
    Connections(Vec<RecentConnection>),
    /// Take it off the list.
    ForgetConnection(String),
    OpenRecent(PathBuf),
    /// Take it off the list; the file stays.
    ForgetRecent(PathBuf),
    /// What an earlier session left unsaved is not wanted: by its id.
    ForgetUnsaved(String),
    Clusters(Vec<Listed>),
    /// Watch the cluster of this folder, and show the design it was deployed from.
    OpenCluster(PathBuf),
    StartCluster(PathBuf),
    StopCluster(PathBuf),
}

#[derive(Clone, Debug, PartialEq)]
pub enum WhatIfMessage {
    Enter,
    /// The same, to look at it in time.
    EnterInTime,
    Leave,
    /// Something goes wrong, or somebody does something about it.
    Do(Incident),
    /// Look at the moment of this number; 0 is the beginning.
    GoTo(usize),
    /// Continue the story of this number.
    Tell(usize),
    /// A story of its own that begins with these.
    Try(Vec<Incident>),
    Look(Look),
    /// Two failures at once, or one.
    Double(bool),
    /// Another design beside this one.
    Compare,
    StopComparing,
    /// The story as a text file, and from one.
    Export,
    Import,
    /// Keeps the story with the design, under this name.
    Keep(String),
    /// Tells the story that the design keeps under this name.
    Replay(String),
    /// The design keeps the story of this name no longer.
    Drop(String),
    /// The story of the moments, in time.
    PlayStory,
    Time(TimeMessage),
}
