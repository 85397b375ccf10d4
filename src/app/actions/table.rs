//! Every action of the window in one table: its words, its place in the menus, and what it does now.
//!
//! A table of one row for each action: as long as there are actions.

use super::{Answer, Does, Turn, ZOOM_STEP, cluster, edit, file, learn, server, time, view};
use crate::app::Session;
use crate::model::desk::Theme;
use crate::model::topology::ServerId;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionId {
    New,
    NewFrom,
    Open,
    Import,
    Audit,
    WatchForeign,
    Save,
    SaveAs,
    Export,
    ExportPicture,
    Quit,
    Undo,
    Redo,
    Cut,
    Copy,
    Paste,
    Duplicate,
    SelectAll,
    Find,
    Palette,
    Version,
    AddStandby,
    Rename,
    MoveUnder,
    MoveDownstreams,
    TakePlace,
    ToggleSync,
    SelectLink,
    MakePrimary,
    TidyBelow,
    Site,
    Fold,
    Remove,
    Deploy,
    StartCluster,
    StopCluster,
    RepairAll,
    TearDown,
    Adopt,
    DeployToHosts,
    GoOn,
    KeepLeft,
    TearDownLeft,
    WatchLeft,
    AskAgain,
    FoldAll,
    UnfoldAll,
    Legend,
    Tidy,
    Fit,
    ZoomIn,
    ZoomOut,
    Minimap,
    LeftSide,
    RightSide,
    Deselect,
    WhatIf,
    InTime,
    Play,
    TickOn,
    TickBack,
    NextCommit,
    Fork,
    Slower,
    Faster,
    ShowInspector,
    ShowFiles,
    ShowDeploy,
    ShowText,
    ColoursOfDesktop,
    Light,
    Dark,
    ReduceMotion,
    Start,
    Lessons,
    ShowLesson,
    NextPage,
    PreviousPage,
    LargerText,
    SmallerText,
    Help,
    ShowLog,
    About,
}

/// The menus, in the order of the bar. A server's context menu is [`Menu::Server`], for that server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Menu {
    File,
    Edit,
    Server,
    Cluster,
    View,
    /// What-if in time.
    Time,
    Learn,
    Help,
}

impl Menu {
    pub const ALL: [Self; 8] = [
        Self::File,
        Self::Edit,
        Self::Server,
        Self::Cluster,
        Self::View,
        Self::Time,
        Self::Learn,
        Self::Help,
    ];

    pub fn words(self) -> &'static str {
        match self {
            Self::File => "File",
            Self::Edit => "Edit",
            Self::Server => "Server",
            Self::Cluster => "Cluster",
            Self::View => "View",
            Self::Time => "Time",
            Self::Learn => "Learn",
            Self::Help => "Help",
        }
    }
}

impl ActionId {
    /// The first of a group in its menu: a line stands above it.
    pub fn begins_group(self) -> bool {
        matches!(
            self,
            Self::Save
                | Self::Export
                | Self::Quit
                | Self::Cut
                | Self::SelectAll
                | Self::Find
                | Self::Version
                | Self::AskAgain
                | Self::MoveUnder
                | Self::ToggleSync
                | Self::TidyBelow
                | Self::Remove
                | Self::StartCluster
                | Self::Adopt
                | Self::GoOn
                | Self::Legend
                | Self::Minimap
                | Self::Deselect
                | Self::ShowInspector
                | Self::ShowLesson
                | Self::LargerText
                | Self::ColoursOfDesktop
                | Self::Start
                | Self::Play
                | Self::Slower
                | Self::About
        )
    }

    /// What is not about the drawing, which the page lies over.
    pub(super) fn works_on_start_page(self) -> bool {
        matches!(
            self,
            Self::New
                | Self::NewFrom
                | Self::Open
                | Self::Import
                | Self::Quit
                | Self::Palette
                | Self::Deselect
                | Self::ColoursOfDesktop
                | Self::Light
                | Self::Dark
                | Self::ReduceMotion
                | Self::LargerText
                | Self::SmallerText
                | Self::Start
                | Self::Help
                | Self::ShowLog
                | Self::About
        )
    }
}

/// A row of the table.
#[derive(Debug)]
pub struct UiAction {
    pub id: ActionId,
    pub menu: Menu,
    pub words: &'static str,
    /// For the help dialog.
    pub explained: &'static str,
    /// Asked with the servers it is about: the selected ones, or the one whose menu is open.
    pub(super) does: fn(&Session, &[ServerId]) -> Answer,
}

#[rustfmt::skip]
pub static ACTIONS: [UiAction; 83] = [
    UiAction { id: ActionId::New, menu: Menu::File, words: "New", does: file::new, explained: "Create a \
         design with one server, the primary" },
    UiAction { id: ActionId::NewFrom, menu: Menu::File, words: "New from…", does: file::new_from, explained: "Create a design from a built-in \
         one" },
    UiAction { id: ActionId::Open, menu: Menu::File, words: "Open…", does: file::open, explained: "Open a design file" },
    UiAction { id: ActionId::Import, menu: Menu::File, words: "Import a cluster…", does: file::import, explained: "Draw a cluster that you already run, from a connection or its files" },
    UiAction { id: ActionId::Save, menu: Menu::File, words: "Save", does: file::save, explained: "Save the \
         design to its file" },
    UiAction { id: ActionId::SaveAs, menu: Menu::File, words: "Save as…", does: file::save_as, explained: "Save the design to another file" },
    UiAction { id: ActionId::Export, menu: Menu::File, words: "Export…", does: file::export, explained: "Export the design as a bundle, or for hosts, systemd, containers, Ansible, Patroni, repmgr or CloudNativePG" },
    UiAction { id: ActionId::ExportPicture, menu: Menu::File, words: "Export picture…", does: file::export_picture, explained: "Export the drawing as \
         SVG, PNG, Mermaid or DOT" },
    UiAction { id: ActionId::Quit, menu: Menu::File, words: "Quit", does: file::quit, explained: "Close the \
         window; deployed servers keep running" },
    UiAction { id: ActionId::Undo, menu: Menu::Edit, words: "Undo", does: edit::undo, explained: "Undo the \
         last edit" },
    UiAction { id: ActionId::Redo, menu: Menu::Edit, words: "Redo", does: edit::redo, explained: "Redo the \
         last undone edit" },
    UiAction { id: ActionId::Cut, menu: Menu::Edit, words: "Cut", does: edit::cut, explained: "Cut the \
         selected servers and all below them to the clipboard" },
    UiAction { id: ActionId::Copy, menu: Menu::Edit, words: "Copy", does: edit::copy, explained: "Copy the \
         selected servers and all below them as text, one line each" },
    UiAction { id: ActionId::Paste, menu: Menu::Edit, words: "Paste", does: edit::paste, explained: "Paste \
         the clipboard's servers under the selected one, with free names and ports" },
    UiAction { id: ActionId::Duplicate, menu: Menu::Edit, words: "Duplicate", does: edit::duplicate, explained: "Duplicate the selected servers and all \
         below them" },
    UiAction { id: ActionId::SelectAll, menu: Menu::Edit, words: "Select all", does: edit::select_all, explained: "Select every server" },
    UiAction { id: ActionId::AskAgain, menu: Menu::Edit, words: "Ask before removing relays", does: edit::ask_again, explained: "Forget your answer, and ask again what \
         to do with downstreams" },
    UiAction { id: ActionId::Find, menu: Menu::Edit, words: "Find server…", does: edit::find, explained: "Find a server by name, port or host and select it" },
    UiAction { id: ActionId::Palette, menu: Menu::Edit, words: "Command palette…", does: edit::palette, explained: "Search all actions \
         by typing" },
    UiAction { id: ActionId::Version, menu: Menu::Edit, words: "PostgreSQL version…", does: edit::version, explained: "Set the PostgreSQL version of \
         all servers" },
    UiAction { id: ActionId::AddStandby, menu: Menu::Server, words: "Add standby", does: server::add_standby, explained: "Add a standby under the selected server, or under the primary" },
    UiAction { id: ActionId::Rename, menu: Menu::Server, words: "Rename", does: server::rename, explained: "Edit the name on the card" },
    UiAction { id: ActionId::MoveUnder, menu: Menu::Server, words: "Move under…", does: server::move_under, explained: "Choose a new upstream for the \
         selected servers" },
    UiAction { id: ActionId::MoveDownstreams, menu: Menu::Server, words: "Move downstreams under…", does: server::move_downstreams, explained: "Choose a new \
         upstream for everything below this relay" },
    UiAction { id: ActionId::TakePlace, menu: Menu::Server, words: "Swap with…", does: server::take_place, explained: "Swap upstream, downstreams and priority with \
         another server" },
    UiAction { id: ActionId::ToggleSync, menu: Menu::Server, words: "Make synchronous", does: server::toggle_sync, explained: "Toggle synchronous replication (only \
         directly under the primary)" },
    UiAction { id: ActionId::SelectLink, menu: Menu::Server, words: "Select its link", does: server::select_link, explained: "Show the link from its \
         upstream in the inspector" },
    UiAction { id: ActionId::MakePrimary, menu: Menu::Server, words: "Make primary", does: server::make_primary, explained: "Reverse the links between \
         it and the primary" },
    UiAction { id: ActionId::TidyBelow, menu: Menu::Server, words: "Tidy below", does: server::tidy_below, explained: "Arrange the cards below this one as a tree; \
         others stay" },
    UiAction { id: ActionId::Site, menu: Menu::Server, words: "Site…", does: server::site, explained: "Set \
         the site of the selected servers (does not change their configuration)" },
    UiAction { id: ActionId::Fold, menu: Menu::Server, words: "Fold", does: server::fold, explained: "Hide \
         or show everything below the server" },
    UiAction { id: ActionId::Remove, menu: Menu::Server, words: "Remove", does: server::remove, explained: "Remove the selected servers" },
    UiAction { id: ActionId::Deploy, menu: Menu::Cluster, words: "Deploy…", does: cluster::deploy, explained: "Build the drawn cluster on this machine, or apply the changes to the running one" },
    UiAction { id: ActionId::DeployToHosts, menu: Menu::Cluster, words: "Deploy to hosts…", does: cluster::deploy_to_hosts, explained: "Build the design on its own hosts with Ansible, or apply its changes there" },
    UiAction { id: ActionId::StartCluster, menu: Menu::Cluster, words: "Start all servers", does: cluster::start, explained: "Start every server of the watched cluster" },
    UiAction { id: ActionId::StopCluster, menu: Menu::Cluster, words: "Stop all servers", does: cluster::stop, explained: "Stop every server of the watched cluster; its data is kept" },
    UiAction { id: ActionId::RepairAll, menu: Menu::Cluster, words: "Repair everything", does: cluster::repair_all, explained: "Repair everything that was broken on purpose, the most recent fault first" },
    UiAction { id: ActionId::TearDown, menu: Menu::Cluster, words: "Tear down…", does: cluster::tear_down, explained: "Stop the watched cluster and remove everything created there; asks first" },
    UiAction { id: ActionId::Adopt, menu: Menu::Cluster, words: "Adopt what is running…", does: cluster::adopt, explained: "Change the cluster's design to match what is running; shows the changes first" },
    UiAction { id: ActionId::Audit, menu: Menu::Cluster, words: "Audit", does: file::audit, explained: "Show what is wrong with the imported cluster, with evidence" },
    UiAction { id: ActionId::WatchForeign, menu: Menu::Cluster, words: "Watch the imported cluster", does: cluster::watch_foreign, explained: "Show live what the servers of the imported cluster say; read-only" },
    UiAction { id: ActionId::GoOn, menu: Menu::Cluster, words: "Resume interrupted deployment", does: cluster::go_on, explained: "Finish what an \
         interrupted pgcascade began" },
    UiAction { id: ActionId::KeepLeft, menu: Menu::Cluster, words: "Ignore interrupted deployment", does: cluster::keep_left, explained: "Leave the interrupted cluster \
         as it is and hide the message" },
    UiAction { id: ActionId::TearDownLeft, menu: Menu::Cluster, words: "Remove interrupted deployment…", does: cluster::tear_down_left, explained: "Remove the interrupted cluster; asks first" },
    UiAction { id: ActionId::WatchLeft, menu: Menu::Cluster, words: "Attach to running cluster", does: cluster::watch_left, explained: "Show the state of a \
         cluster from an earlier session" },
    UiAction { id: ActionId::FoldAll, menu: Menu::View, words: "Fold all below the primary's downstreams", does: view::fold_all, explained: "Show only the primary and its downstreams; \
         each card counts its hidden servers" },
    UiAction { id: ActionId::UnfoldAll, menu: Menu::View, words: "Unfold all", does: view::unfold_all, explained: "Show every server" },
    UiAction { id: ActionId::Legend, menu: Menu::View, words: "Legend", does: view::legend, explained: "Explain the colours, lines and symbols of the drawing" },
    UiAction { id: ActionId::Tidy, menu: Menu::View, words: "Tidy layout", does: view::tidy, explained: "Arrange all cards as a tree" },
    UiAction { id: ActionId::Fit, menu: Menu::View, words: "Fit", does: |_, _| Ok(Does::Fit), explained: "Show the whole drawing" },
    UiAction { id: ActionId::ZoomIn, menu: Menu::View, words: "Zoom in", does: |_, _| Ok(Does::Zoom(ZOOM_STEP)), explained: "Make \
         the drawing larger" },
    UiAction { id: ActionId::ZoomOut, menu: Menu::View, words: "Zoom out", does: |_, _| Ok(Does::Zoom(1.0 / ZOOM_STEP)), explained: "Make the drawing smaller" },
    UiAction { id: ActionId::Minimap, menu: Menu::View, words: "Minimap", does: view::minimap, explained: "Show an overview of drawings with more than 50 servers; drag the frame to move the view" },
    UiAction { id: ActionId::LeftSide, menu: Menu::View, words: "Server list and findings", does: view::left_side, explained: "Show or hide the panel on the left" },
    UiAction { id: ActionId::RightSide, menu: Menu::View, words: "Side panel", does: view::right_side, explained: "Show or hide the panel on the right" },
    UiAction { id: ActionId::Deselect, menu: Menu::View, words: "Cluster settings", does: view::deselect, explained: "Clear the selection to show the cluster in \
         the inspector" },
    UiAction { id: ActionId::WhatIf, menu: Menu::View, words: "What-if", does: view::what_if, explained: "See what happens when servers and links fail; the design does not change" },
    UiAction { id: ActionId::InTime, menu: Menu::Time, words: "What-if in time", does: time::in_time, explained: "Watch commits travel along the links in slow motion, with faults at any \
         moment" },
    UiAction { id: ActionId::Play, menu: Menu::Time, words: "Play", does: time::play, explained: "Play or \
         pause the timeline" },
    UiAction { id: ActionId::TickOn, menu: Menu::Time, words: "One tick forward", does: time::tick_on, explained: "Step forward by a \
         millisecond" },
    UiAction { id: ActionId::TickBack, menu: Menu::Time, words: "One tick back", does: time::tick_back, explained: "Step back by a \
         millisecond" },
    UiAction { id: ActionId::NextCommit, menu: Menu::Time, words: "Next acknowledged commit", does: time::next_commit, explained: "Jump to the next \
         acknowledged commit" },
    UiAction { id: ActionId::Fork, menu: Menu::Time, words: "New story from here", does: time::fork, explained: "Start a new story at this moment and keep the \
         current one" },
    UiAction { id: ActionId::Slower, menu: Menu::Time, words: "Slower", does: time::slower, explained: "Slow the timeline down" },
    UiAction { id: ActionId::Faster, menu: Menu::Time, words: "Faster", does: time::faster, explained: "Speed the timeline up" },
    UiAction { id: ActionId::ShowInspector, menu: Menu::View, words: "Show the inspector", does: view::show_inspector, explained: "Show the \
         selected server or the cluster" },
    UiAction { id: ActionId::ShowFiles, menu: Menu::View, words: "Show the files", does: view::show_files, explained: "Show every configuration file of \
         the cluster" },
    UiAction { id: ActionId::ShowDeploy, menu: Menu::View, words: "Show the deployment", does: view::show_deploy, explained: "Show the running cluster, \
         or plan a deployment" },
    UiAction { id: ActionId::ShowText, menu: Menu::View, words: "Show the text", does: view::show_text, explained: "Edit the design as text next to \
         the drawing" },
    UiAction { id: ActionId::ColoursOfDesktop, menu: Menu::View, words: "Colours of the desktop", does: |_, _| view::theme(Theme::Desktop), explained: "Use light or dark colours like the desktop" },
    UiAction { id: ActionId::Light, menu: Menu::View, words: "Light", does: |_, _| view::theme(Theme::Light), explained: "Use light colours" },
    UiAction { id: ActionId::Dark, menu: Menu::View, words: "Dark", does: |_, _| view::theme(Theme::Dark), explained: "Use \
         dark colours" },
    UiAction { id: ActionId::ReduceMotion, menu: Menu::View, words: "Reduce motion", does: view::reduce_motion, explained: "Switch off animations" },
    UiAction { id: ActionId::Start, menu: Menu::View, words: "Start page", does: view::start, explained: "Show built-in designs, recent designs and this machine's clusters" },
    UiAction { id: ActionId::Lessons, menu: Menu::Learn, words: "Lessons", does: learn::lessons, explained: "Learn replication by doing it: lessons, challenges and a quiz" },
    UiAction { id: ActionId::ShowLesson, menu: Menu::Learn, words: "Show the lesson", does: learn::show_lesson, explained: "Show the open lesson's task, questions and goals" },
    UiAction { id: ActionId::NextPage, menu: Menu::Learn, words: "Next page", does: |session, _| learn::turn(session, Turn::On), explained: "Turn to the next page of the open lesson" },
    UiAction { id: ActionId::PreviousPage, menu: Menu::Learn, words: "Previous page", does: |session, _| learn::turn(session, Turn::Back), explained: "Turn back to the previous page of the open lesson" },
    UiAction { id: ActionId::LargerText, menu: Menu::Learn, words: "Larger lesson text", does: learn::larger_text, explained: "Make the text of lessons larger, for a projector" },
    UiAction { id: ActionId::SmallerText, menu: Menu::Learn, words: "Smaller lesson text", does: learn::smaller_text, explained: "Make the text of lessons smaller" },
    UiAction { id: ActionId::Help, menu: Menu::Help, words: "Keys and gestures…", does: view::help, explained: "Show this \
         list" },
    UiAction { id: ActionId::ShowLog, menu: Menu::Help, words: "Show the log", does: view::show_log, explained: "Open the folder with pgcascade's log, for bug \
         reports" },
    UiAction { id: ActionId::About, menu: Menu::Help, words: "About pgcascade…", does: view::about, explained: "Show version and \
         licence" },
];
