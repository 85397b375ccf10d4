//! Every action of the window in one table: its words, its keys, its place in the menus, and what it does.
//! Feeds the menu bar, the shortcuts, the toolbar's hints and the help dialog, so that they cannot disagree.

use egui::{Key, KeyboardShortcut, Modifiers};

use crate::app::{
    DesignMessage, Dialog, FileMessage, Message, RunMessage, Session, ViewMessage, WhatIfMessage,
};

use super::commands;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionId {
    New,
    Open,
    Save,
    SaveAs,
    Export,
    Deploy,
    Quit,
    Undo,
    Redo,
    AddStandby,
    Remove,
    Tidy,
    Fit,
    Deselect,
    WhatIf,
    Help,
    About,
}

/// The menus, in the order of the bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Menu {
    File,
    Edit,
    View,
    Help,
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
}

/// What an action leads to.
#[derive(Debug)]
pub enum Does {
    Send(Message),
    /// For the canvas: show everything.
    Fit,
}

const fn ctrl(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}
const fn ctrl_shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key)
}
const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

#[rustfmt::skip]
pub static ACTIONS: [Action; 17] = [
    Action { id: ActionId::New,        menu: Menu::File, words: "New",          keys: &[ctrl(Key::N)],            in_text: true,  explained: "Begin again with the seed's cluster" },
    Action { id: ActionId::Open,       menu: Menu::File, words: "Open…",        keys: &[ctrl(Key::O)],            in_text: true,  explained: "Open a design file" },
    Action { id: ActionId::Save,       menu: Menu::File, words: "Save",         keys: &[ctrl(Key::S)],            in_text: true,  explained: "Write the design to its file" },
    Action { id: ActionId::SaveAs,     menu: Menu::File, words: "Save as…",     keys: &[ctrl_shift(Key::S)],      in_text: true,  explained: "Write the design to another file" },
    Action { id: ActionId::Export,     menu: Menu::File, words: "Export…",      keys: &[ctrl(Key::E)],            in_text: true,  explained: "Pack every configuration file as .tar.gz" },
    Action { id: ActionId::Deploy,     menu: Menu::File, words: "Deploy…",      keys: &[ctrl(Key::D)],            in_text: true,  explained: "Build the drawn cluster on this machine" },
    Action { id: ActionId::Quit,       menu: Menu::File, words: "Quit",         keys: &[ctrl(Key::Q)],            in_text: true,  explained: "Close the window; deployed servers go on running" },
    Action { id: ActionId::Undo,       menu: Menu::Edit, words: "Undo",         keys: &[ctrl(Key::Z)],            in_text: false, explained: "Take the last edit back" },
    Action { id: ActionId::Redo,       menu: Menu::Edit, words: "Redo",         keys: &[ctrl_shift(Key::Z), ctrl(Key::Y)], in_text: false, explained: "Do it again" },
    Action { id: ActionId::AddStandby, menu: Menu::Edit, words: "Add standby",  keys: &[plain(Key::Insert), ctrl(Key::Enter)], in_text: false, explained: "Add a standby under the selected server, or under the primary" },
    Action { id: ActionId::Remove,     menu: Menu::Edit, words: "Remove",       keys: &[plain(Key::Delete)],      in_text: false, explained: "Remove the selected server" },
    Action { id: ActionId::Tidy,       menu: Menu::View, words: "Tidy layout",  keys: &[ctrl(Key::L)],            in_text: false, explained: "Put every card to its place in the tree" },
    Action { id: ActionId::Fit,        menu: Menu::View, words: "Fit",          keys: &[ctrl(Key::Num0)],         in_text: false, explained: "Show the whole drawing" },
    Action { id: ActionId::Deselect,   menu: Menu::View, words: "Cluster settings", keys: &[plain(Key::Escape)],  in_text: false, explained: "Select no server: the inspector shows the cluster" },
    Action { id: ActionId::WhatIf,     menu: Menu::View, words: "What-if",      keys: &[ctrl(Key::I)],            in_text: true,  explained: "Try what happens when servers and links fail; the design stays as it is" },
    Action { id: ActionId::Help,       menu: Menu::Help, words: "Keys and gestures…", keys: &[plain(Key::F1)],    in_text: true,  explained: "This list" },
    Action { id: ActionId::About,      menu: Menu::Help, words: "About pgcascade…", keys: &[],                    in_text: true,  explained: "Version and licence" },
];

/// What the pointer does, for the help dialog beside the keys.
pub const GESTURES: [(&str, &str); 7] = [
    (
        "Drag a standby onto a server",
        "It follows that server from now on",
    ),
    (
        "Drag a card elsewhere",
        "Moves the card; the cluster stays as it is",
    ),
    ("Drag Add standby onto a server", "A new standby under it"),
    ("Right click on a server", "Everything that can be done with it"),
    (
        "Right click on a server or link in What-if",
        "Lets something happen to it",
    ),
    ("Drag the background", "Moves the drawing"),
    ("Ctrl and wheel, or pinch", "Zooms at the pointer"),
];

/// What the action does now; `None` while it can do nothing.
pub fn does(id: ActionId, session: &Session) -> Option<Does> {
    let locked = session.is_locked();
    let message = match id {
        ActionId::New if !locked => Message::File(FileMessage::New("seed".to_owned())),
        ActionId::Open if !locked => Message::File(FileMessage::Open),
        ActionId::Save => Message::File(FileMessage::Save),
        ActionId::SaveAs => Message::File(FileMessage::SaveAs),
        ActionId::Export => Message::File(FileMessage::Export),
        ActionId::Deploy if !locked => Message::Run(RunMessage::Ask),
        ActionId::Quit => Message::Quit,
        ActionId::WhatIf => Message::WhatIf(match &session.what_if {
            Some(_) => WhatIfMessage::Leave,
            None if locked => return None,
            None => WhatIfMessage::Enter,
        }),
        ActionId::Undo if session.what_if.is_some() => what_if_step(session, -1)?,
        ActionId::Redo if session.what_if.is_some() => what_if_step(session, 1)?,
        ActionId::Undo if !locked => {
            session.history.undo_label()?;
            Message::Design(DesignMessage::Undo)
        }
        ActionId::Redo if !locked => {
            session.history.redo_label()?;
            Message::Design(DesignMessage::Redo)
        }
        ActionId::AddStandby if !locked => commands::add_standby(session),
        ActionId::Remove if !locked => {
            let server = session.document.topology().server(session.selected?)?;
            server.standby()?;
            Message::Design(DesignMessage::AskRemove(server.id()))
        }
        ActionId::Tidy if !locked => {
            Message::Design(DesignMessage::Do(crate::model::document::Command::Tidy))
        }
        ActionId::Fit => return Some(Does::Fit),
        ActionId::Deselect => {
            session.selected?;
            Message::View(ViewMessage::Select(None))
        }
        ActionId::Help => Message::View(ViewMessage::Dialog(Some(Dialog::Help))),
        ActionId::About => Message::View(ViewMessage::Dialog(Some(Dialog::About))),
        _ => return None,
    };
    Some(Does::Send(message))
}

/// One moment back, or on, in the story of What-if.
fn what_if_step(session: &Session, step: isize) -> Option<Message> {
    let (moments, at) = session.what_if.as_ref()?.moments();
    let to = at.checked_add_signed(step).filter(|to| *to < moments.len())?;
    Some(Message::WhatIf(WhatIfMessage::GoTo(to)))
}

/// The words of the action now: "Undo attach slave12 to slave2".
pub fn words(action: &Action, session: &Session) -> String {
    let label = match action.id {
        ActionId::Undo | ActionId::Redo if session.what_if.is_some() => None,
        ActionId::WhatIf if session.what_if.is_some() => return "Leave What-if".to_owned(),
        ActionId::Undo => session.history.undo_label(),
        ActionId::Redo => session.history.redo_label(),
        _ => None,
    };
    match label {
        Some(label) => format!("{}: {label}", action.words),
        None => action.words.to_owned(),
    }
}

pub fn action(id: ActionId) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.id == id)
}

/// "Ctrl+Shift+Z", or nothing.
pub fn key_words(action: &Action, context: &egui::Context) -> String {
    action
        .keys
        .first()
        .map_or_else(String::new, |keys| context.format_shortcut(keys))
}

/// The actions whose keys were pressed just now. While text is typed, only those that may act then.
pub fn pressed(context: &egui::Context) -> Vec<&'static Action> {
    let typing = context.text_edit_focused();
    // While something is dragged, Escape is for the one who drags; egui itself has given the drag up by then.
    let held = context.input(|input| input.pointer.any_down() || input.pointer.any_released());
    let dragging = held || context.dragged_id().is_some();
    // Shift and Ctrl are matched logically (Ctrl+Z would also take Ctrl+Shift+Z), so those with more keys come first.
    let mut candidates: Vec<(&'static Action, &KeyboardShortcut)> = ACTIONS
        .iter()
        .filter(|action| action.in_text || !typing)
        .filter(|action| action.id != ActionId::Deselect || !dragging)
        .flat_map(|action| action.keys.iter().map(move |keys| (action, keys)))
        .collect();
    candidates.sort_by_key(|(_, keys)| !keys.modifiers.shift);
    context.input_mut(|input| {
        candidates
            .into_iter()
            .filter(|(_, keys)| input.consume_shortcut(keys))
            .map(|(action, _)| action)
            .collect()
    })
}
