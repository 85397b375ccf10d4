//! Every action of the window in one table: its words, its keys, its place in the menus, when it can be done and
//! what it does then ([`does`]). Feeds the menus, the shortcuts, the command palette, the toolbar's hints and the
//! help dialog, so that they cannot disagree.

mod cluster;
mod does;

use egui::{Event, Key, KeyboardShortcut, Modifiers};

use crate::app::{Message, Session, ViewMessage};
use crate::model::desk::Theme;
use crate::model::topology::ServerId;

use crate::app::edits as commands;
pub use cluster::Next;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionId {
    New,
    NewFrom,
    Open,
    Save,
    SaveAs,
    Export,
    ExportPicture,
    Deploy,
    GoOn,
    KeepLeft,
    TearDownLeft,
    WatchLeft,
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
    AskAgain,
    FoldAll,
    UnfoldAll,
    Legend,
    Tidy,
    Fit,
    ZoomIn,
    ZoomOut,
    Minimap,
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
    Help,
    About,
}

/// The menus, in the order of the bar. A server's context menu is [`Menu::Server`], for that server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Menu {
    File,
    Edit,
    Server,
    View,
    /// What-if in time.
    Time,
    Help,
}

impl Menu {
    pub const ALL: [Self; 6] = [
        Self::File,
        Self::Edit,
        Self::Server,
        Self::View,
        Self::Time,
        Self::Help,
    ];

    pub fn words(self) -> &'static str {
        match self {
            Self::File => "File",
            Self::Edit => "Edit",
            Self::Server => "Server",
            Self::View => "View",
            Self::Time => "Time",
            Self::Help => "Help",
        }
    }
}

impl ActionId {
    /// What is not about the drawing, which the page lies over.
    fn works_on_start_page(self) -> bool {
        matches!(
            self,
            Self::New
                | Self::NewFrom
                | Self::Open
                | Self::Quit
                | Self::Palette
                | Self::Deselect
                | Self::ColoursOfDesktop
                | Self::Light
                | Self::Dark
                | Self::ReduceMotion
                | Self::Start
                | Self::Help
                | Self::About
        )
    }
}

#[derive(Debug)]
pub struct Action {
    pub id: ActionId,
    pub menu: Menu,
    pub words: &'static str,
    /// The first is shown.
    pub keys: &'static [KeyboardShortcut],
    /// Also while text is being typed, after it was committed. What a text field does itself with these keys wins.
    pub in_text: bool,
    /// For the help dialog.
    pub explained: &'static str,
    /// Asked with the servers it is about: the selected ones, or the one whose menu is open.
    does: fn(&Session, &[ServerId]) -> Answer,
}

/// What an action leads to now, or in a sentence why it can do nothing.
pub type Answer = Result<Does, String>;

/// What an action leads to.
#[derive(Clone, Debug, PartialEq)]
pub enum Does {
    Send(Message),
    /// For the canvas: show everything.
    Fit,
    /// For the canvas: this many times larger.
    Zoom(f32),
    /// For the canvas: this server is selected and stands in the middle.
    Centre(ServerId),
    /// For the desktop: hand over the clipboard's text. It comes as [`pasted`].
    AskPaste,
}

const fn ctrl(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}
const fn ctrl_shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key)
}
const fn ctrl_alt(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::ALT), key)
}
const fn alt(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::ALT, key)
}
const fn shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::SHIFT, key)
}
const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

#[rustfmt::skip]
pub static ACTIONS: [Action; 65] = [
    Action { id: ActionId::New,        menu: Menu::File, words: "New",          keys: &[ctrl(Key::N)],            in_text: true,  does: does::new,        explained: "Begin with one server, the primary" },
    Action { id: ActionId::NewFrom,    menu: Menu::File, words: "New from…",    keys: &[ctrl_shift(Key::N)],      in_text: true,  does: does::new_from,   explained: "Begin with one of the built-in designs" },
    Action { id: ActionId::Open,       menu: Menu::File, words: "Open…",        keys: &[ctrl(Key::O)],            in_text: true,  does: does::open,       explained: "Open a design file" },
    Action { id: ActionId::Save,       menu: Menu::File, words: "Save",         keys: &[ctrl(Key::S)],            in_text: true,  does: does::save,       explained: "Write the design to its file" },
    Action { id: ActionId::SaveAs,     menu: Menu::File, words: "Save as…",     keys: &[ctrl_shift(Key::S)],      in_text: true,  does: does::save_as,    explained: "Write the design to another file" },
    Action { id: ActionId::Export,     menu: Menu::File, words: "Export…",      keys: &[ctrl(Key::E)],            in_text: true,  does: does::export,     explained: "Pack every configuration file as .tar.gz" },
    Action { id: ActionId::ExportPicture, menu: Menu::File, words: "Export picture…", keys: &[ctrl_shift(Key::E)], in_text: true, does: does::export_picture, explained: "The drawing as SVG, PNG, Mermaid or DOT" },
    Action { id: ActionId::Deploy,     menu: Menu::File, words: "Deploy…",      keys: &[ctrl(Key::D)],            in_text: true,  does: cluster::deploy,    explained: "Build the drawn cluster on this machine, or apply the changes to the one that runs" },
    Action { id: ActionId::GoOn,       menu: Menu::File, words: "Go on with what was left", keys: &[ctrl_shift(Key::D)], in_text: true, does: cluster::go_on, explained: "Finish what an earlier pgcascade left half-made" },
    Action { id: ActionId::KeepLeft,   menu: Menu::File, words: "Keep what was left", keys: &[ctrl_shift(Key::K)], in_text: false, does: cluster::keep_left, explained: "Leave what is half-made as it is, and say no more about it" },
    Action { id: ActionId::TearDownLeft, menu: Menu::File, words: "Tear down what was left…", keys: &[ctrl_shift(Key::T)], in_text: false, does: cluster::tear_down_left, explained: "Remove what an earlier pgcascade left; asks first" },
    Action { id: ActionId::WatchLeft,  menu: Menu::File, words: "Watch what was left", keys: &[ctrl_shift(Key::W)], in_text: false, does: cluster::watch_left, explained: "Show a whole cluster of an earlier session here, with what its servers say" },
    Action { id: ActionId::Quit,       menu: Menu::File, words: "Quit",         keys: &[ctrl(Key::Q)],            in_text: true,  does: does::quit,       explained: "Close the window; deployed servers go on running" },
    Action { id: ActionId::Undo,       menu: Menu::Edit, words: "Undo",         keys: &[ctrl(Key::Z)],            in_text: false, does: does::undo,       explained: "Take the last edit back" },
    Action { id: ActionId::Redo,       menu: Menu::Edit, words: "Redo",         keys: &[ctrl_shift(Key::Z), ctrl(Key::Y)], in_text: false, does: does::redo, explained: "Do it again" },
    Action { id: ActionId::Cut,        menu: Menu::Edit, words: "Cut",          keys: &[ctrl(Key::X)],            in_text: false, does: does::cut,        explained: "Take the selected servers out, with all below them, into the clipboard" },
    Action { id: ActionId::Copy,       menu: Menu::Edit, words: "Copy",         keys: &[ctrl(Key::C)],            in_text: false, does: does::copy,       explained: "The selected servers and all below them, as text: a line for each" },
    Action { id: ActionId::Paste,      menu: Menu::Edit, words: "Paste",        keys: &[ctrl(Key::V)],            in_text: false, does: does::paste,      explained: "Put the clipboard's servers under the selected one, with names and ports that are free" },
    Action { id: ActionId::Duplicate,  menu: Menu::Edit, words: "Duplicate",    keys: &[ctrl(Key::J)],            in_text: false, does: does::duplicate,  explained: "The selected servers and all below them once more, beside them" },
    Action { id: ActionId::SelectAll,  menu: Menu::Edit, words: "Select all",   keys: &[ctrl(Key::A)],            in_text: false, does: does::select_all, explained: "Select every server" },
    Action { id: ActionId::AskAgain,   menu: Menu::Edit, words: "Ask before removing relays", keys: &[ctrl_shift(Key::Delete)], in_text: false, does: does::ask_again, explained: "Forget what was answered, and ask again what becomes of downstreams" },
    Action { id: ActionId::Find,       menu: Menu::Edit, words: "Find server…", keys: &[ctrl(Key::F)],            in_text: true,  does: does::find,       explained: "Select a server by its name, port or host, and show it" },
    Action { id: ActionId::Palette,    menu: Menu::Edit, words: "Command palette…", keys: &[ctrl_shift(Key::P)],  in_text: true,  does: does::palette,    explained: "Every action of this list, found by typing" },
    Action { id: ActionId::Version,    menu: Menu::Edit, words: "PostgreSQL version…", keys: &[ctrl(Key::G)],     in_text: false, does: does::version,    explained: "The version every server runs" },
    Action { id: ActionId::AddStandby, menu: Menu::Server, words: "Add standby", keys: &[plain(Key::Insert), ctrl(Key::Enter)], in_text: false, does: does::add_standby, explained: "Add a standby under the selected server, or under the primary" },
    Action { id: ActionId::Rename,     menu: Menu::Server, words: "Rename",     keys: &[plain(Key::F2)],          in_text: false, does: does::rename,     explained: "Type another name on the card" },
    Action { id: ActionId::MoveUnder,  menu: Menu::Server, words: "Move under…", keys: &[ctrl(Key::M)],           in_text: false, does: does::move_under, explained: "Choose the server that the selected ones are to follow; what is refused says why" },
    Action { id: ActionId::MoveDownstreams, menu: Menu::Server, words: "Move downstreams under…", keys: &[ctrl_shift(Key::M)], in_text: false, does: does::move_downstreams, explained: "Choose the server that everything below this relay is to follow" },
    Action { id: ActionId::TakePlace,  menu: Menu::Server, words: "Take the place of…", keys: &[ctrl(Key::T)],    in_text: false, does: does::take_place, explained: "Change places with another server: upstream, downstreams and priority" },
    Action { id: ActionId::ToggleSync, menu: Menu::Server, words: "Make synchronous", keys: &[ctrl(Key::K)],      in_text: false, does: does::toggle_sync, explained: "Synchronous or asynchronous, directly under the primary" },
    Action { id: ActionId::SelectLink, menu: Menu::Server, words: "Select its link", keys: &[ctrl(Key::U)],       in_text: false, does: does::select_link, explained: "The link from its upstream: what it is, the line that makes it, what can be done with it" },
    Action { id: ActionId::MakePrimary, menu: Menu::Server, words: "Make primary", keys: &[ctrl(Key::P)],         in_text: false, does: does::make_primary, explained: "The links on the way up turn round" },
    Action { id: ActionId::TidyBelow,  menu: Menu::Server, words: "Tidy below", keys: &[ctrl_shift(Key::L)],      in_text: false, does: does::tidy_below, explained: "Put every card below this one to its place in the tree; others stay" },
    Action { id: ActionId::Site,       menu: Menu::Server, words: "Site…",      keys: &[ctrl(Key::R)],            in_text: false, does: does::site,       explained: "Say where the selected servers stand; no file that a server reads changes" },
    Action { id: ActionId::Fold,       menu: Menu::Server, words: "Fold",       keys: &[ctrl(Key::B)],            in_text: false, does: does::fold,       explained: "Hide everything below the server, or show it again" },
    Action { id: ActionId::Remove,     menu: Menu::Server, words: "Remove",     keys: &[plain(Key::Delete)],      in_text: false, does: does::remove,     explained: "Remove the selected servers" },
    Action { id: ActionId::FoldAll,    menu: Menu::View, words: "Fold all below the primary's downstreams", keys: &[ctrl_shift(Key::B)], in_text: false, does: does::fold_all, explained: "Show the primary and what follows it; each card counts what it hides" },
    Action { id: ActionId::UnfoldAll,  menu: Menu::View, words: "Unfold all",   keys: &[ctrl_alt(Key::B)],        in_text: false, does: does::unfold_all, explained: "Show every server" },
    Action { id: ActionId::Legend,     menu: Menu::View, words: "Legend",       keys: &[ctrl_shift(Key::G)],      in_text: false, does: |session, _| Ok(Does::Send(Message::View(ViewMessage::ShowLegend(!session.preferences.legend)))), explained: "What the colours, lines and signs of the drawing mean" },
    Action { id: ActionId::Tidy,       menu: Menu::View, words: "Tidy layout",  keys: &[ctrl(Key::L)],            in_text: false, does: does::tidy,       explained: "Put every card to its place in the tree" },
    Action { id: ActionId::Fit,        menu: Menu::View, words: "Fit",          keys: &[ctrl(Key::Num0)],         in_text: false, does: |_, _| Ok(Does::Fit), explained: "Show the whole drawing" },
    Action { id: ActionId::ZoomIn,     menu: Menu::View, words: "Zoom in",      keys: &[plain(Key::Plus), plain(Key::Equals)], in_text: false, does: |_, _| Ok(Does::Zoom(ZOOM_STEP)), explained: "Draw everything larger" },
    Action { id: ActionId::ZoomOut,    menu: Menu::View, words: "Zoom out",     keys: &[plain(Key::Minus)],       in_text: false, does: |_, _| Ok(Does::Zoom(1.0 / ZOOM_STEP)), explained: "Draw everything smaller" },
    Action { id: ActionId::Minimap,    menu: Menu::View, words: "Minimap",      keys: &[ctrl_alt(Key::O)],        in_text: true,  does: does::minimap,    explained: "The whole drawing in small, where it has more than 50 servers and not all are in view; drag the frame to look elsewhere" },
    Action { id: ActionId::Deselect,   menu: Menu::View, words: "Cluster settings", keys: &[plain(Key::Escape)],  in_text: false, does: does::deselect,   explained: "Select no server: the inspector shows the cluster" },
    Action { id: ActionId::WhatIf,     menu: Menu::View, words: "What-if",      keys: &[ctrl(Key::I)],            in_text: true,  does: does::what_if,    explained: "Try what happens when servers and links fail; the design stays as it is" },
    Action { id: ActionId::InTime,     menu: Menu::Time, words: "What-if in time", keys: &[ctrl_shift(Key::I)],   in_text: true,  does: does::in_time,    explained: "Commits on their way along the links, slowly enough to be seen; faults at any moment" },
    Action { id: ActionId::Play,       menu: Menu::Time, words: "Play",         keys: &[plain(Key::F5)],          in_text: true,  does: does::play,       explained: "In What-if in time: let time go on, or stop it" },
    Action { id: ActionId::TickOn,     menu: Menu::Time, words: "One tick on",  keys: &[plain(Key::F6)],          in_text: true,  does: does::tick_on,    explained: "A millisecond later" },
    Action { id: ActionId::TickBack,   menu: Menu::Time, words: "One tick back", keys: &[shift(Key::F6)],         in_text: true,  does: does::tick_back,  explained: "A millisecond earlier" },
    Action { id: ActionId::NextCommit, menu: Menu::Time, words: "On to the next answer", keys: &[plain(Key::F7)], in_text: true,  does: does::next_commit, explained: "To the moment in which the next commit is answered" },
    Action { id: ActionId::Fork,       menu: Menu::Time, words: "New story from here", keys: &[plain(Key::F8)],   in_text: true,  does: does::fork,       explained: "The one that is told stays as it is" },
    Action { id: ActionId::Slower,     menu: Menu::Time, words: "Slower",       keys: &[plain(Key::F9)],          in_text: true,  does: does::slower,     explained: "A second of the window shows less time of the cluster" },
    Action { id: ActionId::Faster,     menu: Menu::Time, words: "Faster",       keys: &[plain(Key::F10)],         in_text: true,  does: does::faster,     explained: "A second of the window shows more of it" },
    Action { id: ActionId::ShowInspector, menu: Menu::View, words: "Show the inspector", keys: &[ctrl(Key::Num1)], in_text: true, does: does::show_inspector, explained: "The selected server, or the cluster" },
    Action { id: ActionId::ShowFiles,  menu: Menu::View, words: "Show the files", keys: &[ctrl(Key::Num2)],       in_text: true,  does: does::show_files, explained: "Every configuration file of the drawn cluster" },
    Action { id: ActionId::ShowDeploy, menu: Menu::View, words: "Show the deployment", keys: &[ctrl(Key::Num3)],  in_text: true,  does: does::show_deploy, explained: "What runs, and what a deployment would do" },
    Action { id: ActionId::ShowText,   menu: Menu::View, words: "Show the text", keys: &[ctrl(Key::Num4)],        in_text: true,  does: does::show_text,  explained: "The design file, typed beside the drawing" },
    Action { id: ActionId::ColoursOfDesktop, menu: Menu::View, words: "Colours of the desktop", keys: &[ctrl_alt(Key::C)], in_text: true, does: |_, _| does::theme(Theme::Desktop), explained: "Light or dark, as the desktop has it" },
    Action { id: ActionId::Light,      menu: Menu::View, words: "Light",        keys: &[ctrl_alt(Key::L)],        in_text: true,  does: |_, _| does::theme(Theme::Light), explained: "Light colours" },
    Action { id: ActionId::Dark,       menu: Menu::View, words: "Dark",         keys: &[ctrl_alt(Key::D)],        in_text: true,  does: |_, _| does::theme(Theme::Dark), explained: "Dark colours" },
    Action { id: ActionId::ReduceMotion, menu: Menu::View, words: "Reduce motion", keys: &[ctrl_alt(Key::M)],    in_text: true,  does: does::reduce_motion, explained: "Nothing moves by itself: panels, menus and the drawing change at once" },
    Action { id: ActionId::Start,      menu: Menu::View, words: "Start page",   keys: &[alt(Key::Home)],          in_text: true,  does: does::start,      explained: "Designs to begin with, recent ones, the clusters of this machine" },
    Action { id: ActionId::Help,       menu: Menu::Help, words: "Keys and gestures…", keys: &[plain(Key::F1), plain(Key::Questionmark)],    in_text: true,  does: does::help,       explained: "This list" },
    Action { id: ActionId::About,      menu: Menu::Help, words: "About pgcascade…", keys: &[shift(Key::F1)],      in_text: true,  does: does::about,      explained: "Version and licence" },
];

/// What one step of zooming is.
pub const ZOOM_STEP: f32 = 1.25;

/// What the pointer does, for the help dialog beside the keys.
pub const GESTURES: [(&str, &str); 15] = [
    (
        "Drag a standby low onto a server",
        "It follows that server from now on",
    ),
    (
        "Drag a server high onto another",
        "They change places; the tree keeps its shape",
    ),
    (
        "Hold Ctrl while dropping",
        "A drop that is refused is done with the fix it names",
    ),
    (
        "Drag the handle below a relay",
        "All its downstreams at once follow another server",
    ),
    (
        "Drag a card elsewhere",
        "Moves the card, or all that are selected; the cluster stays as it is",
    ),
    ("Drag Add standby onto a server", "A new standby under it"),
    (
        "Click the sign below a card",
        "Hides what is below it, or shows it again",
    ),
    (
        "Click a link",
        "Selects it: the inspector shows the line that makes it",
    ),
    ("Right click on a server", "Everything that can be done with it"),
    (
        "Right click on a server or link in What-if",
        "Lets something happen to it",
    ),
    ("Shift and click", "Selects several servers"),
    ("Drag the background", "Selects what the band touches"),
    ("Drag with the right button, or with Space", "Moves the drawing"),
    (
        "Arrow keys on a card",
        "Walk along the tree: upstream, downstream, beside",
    ),
    ("Ctrl and wheel, or pinch", "Zooms at the pointer"),
];

impl Action {
    /// What it does now with the selected servers.
    pub fn now(&self, session: &Session) -> Answer {
        self.on(session, &self.about(session))
    }

    /// The servers that it is about now; what can be done to a link is done to the server at its lower end.
    fn about(&self, session: &Session) -> Vec<ServerId> {
        match self.id {
            ActionId::MoveUnder | ActionId::ToggleSync => session.selection_or_link(),
            _ => session.selection(),
        }
    }

    /// What it does now with these servers.
    pub fn on(&self, session: &Session, servers: &[ServerId]) -> Answer {
        if session.start.is_shown && !self.id.works_on_start_page() {
            return Err("The start page is shown: Escape goes back to the drawing".to_owned());
        }
        (self.does)(session, servers)
    }

    /// Its words now: "Undo: Attach slave12 to slave2", "Make asynchronous".
    pub fn words_on(&self, session: &Session, servers: &[ServerId]) -> String {
        let label = match self.id {
            ActionId::Start if session.start.is_shown => return "Back to the drawing".to_owned(),
            ActionId::ReduceMotion if session.preferences.reduce_motion => {
                return "Let things move again".to_owned();
            }
            ActionId::Minimap if session.preferences.minimap => return "Hide the minimap".to_owned(),
            ActionId::Minimap => return "Show the minimap".to_owned(),
            ActionId::Deploy => return Next::of(session).words().to_owned(),
            ActionId::WhatIf if session.what_if.is_some() => return "Leave What-if".to_owned(),
            ActionId::Play if does::plays(session) => return "Pause".to_owned(),
            // They go back and on in the story of What-if.
            ActionId::Undo | ActionId::Redo if session.what_if.is_some() => None,
            ActionId::Undo => session.undo_label(),
            ActionId::Redo => session.redo_label(),
            ActionId::ToggleSync => {
                return commands::toggle_words(session.document.topology(), servers).to_owned();
            }
            ActionId::Legend if session.preferences.legend => return "Close the legend".to_owned(),
            ActionId::Fold if matches!(servers, [server] if session.folding.is_folded(*server)) => {
                return "Unfold".to_owned();
            }
            ActionId::Remove => return commands::remove_words(session, servers).to_owned(),
            ActionId::AddStandby => return commands::add_words(session, servers),
            _ => None,
        };
        match label {
            Some(label) => format!("{}: {label}", self.words),
            None => self.words.to_owned(),
        }
    }

    pub fn words_now(&self, session: &Session) -> String {
        self.words_on(session, &self.about(session))
    }

    /// "Ctrl+Shift+Z", or nothing.
    pub fn key_words(&self, context: &egui::Context) -> String {
        self.keys
            .first()
            .map_or_else(String::new, |keys| context.format_shortcut(keys))
    }
}

/// The row of the table; every action has one.
pub fn action(id: ActionId) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.id == id)
}

/// What the action does now with the selected servers.
pub fn does(id: ActionId, session: &Session) -> Option<Does> {
    action(id)?.now(session).ok()
}

/// The actions whose keys were pressed just now. While text is typed, only those that may act then.
pub fn pressed(context: &egui::Context) -> Vec<&'static Action> {
    let typing = context.text_edit_focused();
    // While something is dragged, Escape is for the one who drags; egui itself has given the drag up by then.
    let held = context.input(|input| input.pointer.any_down() || input.pointer.any_released());
    let dragging = held || context.dragged_id().is_some();
    // Shift and Alt are matched loosely (Ctrl+Z would also take Ctrl+Shift+Z), so those with more keys come first.
    let mut candidates: Vec<(&'static Action, &KeyboardShortcut)> = ACTIONS
        .iter()
        .filter(|action| action.in_text || !typing)
        .filter(|action| action.id != ActionId::Deselect || !dragging)
        .flat_map(|action| action.keys.iter().map(move |keys| (action, keys)))
        .collect();
    candidates.sort_by_key(|(_, keys)| !(keys.modifiers.shift || keys.modifiers.alt));
    let for_clipboard = clipboard_actions(context, typing);
    context.input_mut(|input| {
        candidates
            .into_iter()
            .filter(|(_, keys)| input.consume_shortcut(keys))
            .map(|(action, _)| action)
            .chain(for_clipboard)
            .collect()
    })
}

/// What the desktop's own keys for the clipboard ask for: they come as events, and not as keys. Text that is typed
/// or marked in a label is copied by egui.
fn clipboard_actions(context: &egui::Context, typing: bool) -> Vec<&'static Action> {
    if typing || has_marked_text(context) {
        return Vec::new();
    }
    let asked = context.input(|input| {
        let asked = input.events.iter().filter_map(|event| match event {
            Event::Copy => Some(ActionId::Copy),
            Event::Cut => Some(ActionId::Cut),
            _ => None,
        });
        asked.collect::<Vec<_>>()
    });
    asked.into_iter().filter_map(action).collect()
}

/// The clipboard's text, if it was asked for just now and nobody types.
pub fn pasted(context: &egui::Context) -> Option<String> {
    if context.text_edit_focused() {
        return None;
    }
    context.input(|input| {
        input.events.iter().find_map(|event| match event {
            Event::Paste(text) => Some(text.clone()),
            _ => None,
        })
    })
}

fn has_marked_text(context: &egui::Context) -> bool {
    let marked = context.plugin_opt::<egui::text_selection::LabelSelectionState>();
    marked.is_some_and(|marked| marked.lock().has_selection())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_words_keys_and_an_explanation_of_its_own() {
        for (place, action) in ACTIONS.iter().enumerate() {
            assert!(!action.keys.is_empty(), "{:?} has no key", action.id);
            assert!(!action.explained.is_empty(), "{:?}", action.id);
            for other in &ACTIONS[..place] {
                assert_ne!(action.id, other.id);
                assert_ne!(action.words, other.words);
                let shared = action.keys.iter().find(|keys| other.keys.contains(keys));
                assert_eq!(shared, None, "{:?} and {:?}", action.id, other.id);
            }
        }
    }
}
