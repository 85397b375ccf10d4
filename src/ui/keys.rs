//! The keys of every action in one table, and what the pointer does: for shortcuts, menus, palette and help.
//!
//! What the actions are and do is [`crate::app::actions`]'s.

use egui::{Event, Key, KeyboardShortcut, Modifiers};

use crate::app::actions::{ActionId, UiAction, action};

/// The keys of an action.
#[derive(Debug)]
struct Shortcuts {
    id: ActionId,
    /// The first is shown.
    keys: &'static [KeyboardShortcut],
    /// Also while text is being typed, after it was committed. What a text field does itself with these keys wins.
    in_text: bool,
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
static KEYS: [Shortcuts; 83] = [
    Shortcuts { id: ActionId::New, keys: &[ctrl(Key::N)], in_text: true },
    Shortcuts { id: ActionId::NewFrom, keys: &[ctrl_shift(Key::N)], in_text: true },
    Shortcuts { id: ActionId::Open, keys: &[ctrl(Key::O)], in_text: true },
    Shortcuts { id: ActionId::Import, keys: &[ctrl_shift(Key::O)], in_text: true },
    Shortcuts { id: ActionId::Audit, keys: &[ctrl_shift(Key::U)], in_text: true },
    Shortcuts { id: ActionId::WatchForeign, keys: &[ctrl_alt(Key::W)], in_text: true },
    Shortcuts { id: ActionId::Save, keys: &[ctrl(Key::S)], in_text: true },
    Shortcuts { id: ActionId::SaveAs, keys: &[ctrl_shift(Key::S)], in_text: true },
    Shortcuts { id: ActionId::Export, keys: &[ctrl(Key::E)], in_text: true },
    Shortcuts { id: ActionId::ExportPicture, keys: &[ctrl_shift(Key::E)], in_text: true },
    Shortcuts { id: ActionId::Deploy, keys: &[ctrl(Key::D)], in_text: true },
    Shortcuts { id: ActionId::DeployToHosts, keys: &[ctrl_alt(Key::H)], in_text: true },
    Shortcuts { id: ActionId::GoOn, keys: &[ctrl_shift(Key::D)], in_text: true },
    Shortcuts { id: ActionId::KeepLeft, keys: &[ctrl_shift(Key::K)], in_text: false },
    Shortcuts { id: ActionId::TearDownLeft, keys: &[ctrl_shift(Key::T)], in_text: false },
    Shortcuts { id: ActionId::WatchLeft, keys: &[ctrl_shift(Key::W)], in_text: false },
    Shortcuts { id: ActionId::Adopt, keys: &[ctrl_shift(Key::A)], in_text: false },
    Shortcuts { id: ActionId::StartCluster, keys: &[ctrl_alt(Key::S)], in_text: false },
    Shortcuts { id: ActionId::StopCluster, keys: &[ctrl_alt(Key::X)], in_text: false },
    Shortcuts { id: ActionId::RepairAll, keys: &[ctrl_alt(Key::R)], in_text: false },
    Shortcuts { id: ActionId::TearDown, keys: &[ctrl_alt(Key::Delete)], in_text: false },
    Shortcuts { id: ActionId::Quit, keys: &[ctrl(Key::Q)], in_text: true },
    Shortcuts { id: ActionId::Undo, keys: &[ctrl(Key::Z)], in_text: false },
    Shortcuts { id: ActionId::Redo, keys: &[ctrl_shift(Key::Z), ctrl(Key::Y)], in_text: false },
    Shortcuts { id: ActionId::Cut, keys: &[ctrl(Key::X)], in_text: false },
    Shortcuts { id: ActionId::Copy, keys: &[ctrl(Key::C)], in_text: false },
    Shortcuts { id: ActionId::Paste, keys: &[ctrl(Key::V)], in_text: false },
    Shortcuts { id: ActionId::Duplicate, keys: &[ctrl(Key::J)], in_text: false },
    Shortcuts { id: ActionId::SelectAll, keys: &[ctrl(Key::A)], in_text: false },
    Shortcuts { id: ActionId::AskAgain, keys: &[ctrl_shift(Key::Delete)], in_text: false },
    Shortcuts { id: ActionId::Find, keys: &[ctrl(Key::F)], in_text: true },
    Shortcuts { id: ActionId::Palette, keys: &[ctrl_shift(Key::P)], in_text: true },
    Shortcuts { id: ActionId::Version, keys: &[ctrl(Key::G)], in_text: false },
    Shortcuts { id: ActionId::AddStandby, keys: &[plain(Key::Insert), ctrl(Key::Enter)], in_text: false },
    Shortcuts { id: ActionId::Rename, keys: &[plain(Key::F2)], in_text: false },
    Shortcuts { id: ActionId::MoveUnder, keys: &[ctrl(Key::M)], in_text: false },
    Shortcuts { id: ActionId::MoveDownstreams, keys: &[ctrl_shift(Key::M)], in_text: false },
    Shortcuts { id: ActionId::TakePlace, keys: &[ctrl(Key::T)], in_text: false },
    Shortcuts { id: ActionId::ToggleSync, keys: &[ctrl(Key::K)], in_text: false },
    Shortcuts { id: ActionId::SelectLink, keys: &[ctrl(Key::U)], in_text: false },
    Shortcuts { id: ActionId::MakePrimary, keys: &[ctrl(Key::P)], in_text: false },
    Shortcuts { id: ActionId::TidyBelow, keys: &[ctrl_shift(Key::L)], in_text: false },
    Shortcuts { id: ActionId::Site, keys: &[ctrl(Key::R)], in_text: false },
    Shortcuts { id: ActionId::Fold, keys: &[ctrl(Key::B)], in_text: false },
    Shortcuts { id: ActionId::Remove, keys: &[plain(Key::Delete)], in_text: false },
    Shortcuts { id: ActionId::FoldAll, keys: &[ctrl_shift(Key::B)], in_text: false },
    Shortcuts { id: ActionId::UnfoldAll, keys: &[ctrl_alt(Key::B)], in_text: false },
    Shortcuts { id: ActionId::Legend, keys: &[ctrl_shift(Key::G)], in_text: false },
    Shortcuts { id: ActionId::Tidy, keys: &[ctrl(Key::L)], in_text: false },
    Shortcuts { id: ActionId::Fit, keys: &[ctrl(Key::Num0)], in_text: false },
    Shortcuts { id: ActionId::ZoomIn, keys: &[plain(Key::Plus), plain(Key::Equals)], in_text: false },
    Shortcuts { id: ActionId::ZoomOut, keys: &[plain(Key::Minus)], in_text: false },
    Shortcuts { id: ActionId::Minimap, keys: &[ctrl_alt(Key::O)], in_text: true },
    Shortcuts { id: ActionId::LeftSide, keys: &[ctrl_alt(Key::ArrowLeft), ctrl_alt(Key::Num1)], in_text: true },
    Shortcuts { id: ActionId::RightSide, keys: &[ctrl_alt(Key::ArrowRight), ctrl_alt(Key::Num2)], in_text: true },
    Shortcuts { id: ActionId::Deselect, keys: &[plain(Key::Escape)], in_text: false },
    Shortcuts { id: ActionId::WhatIf, keys: &[ctrl(Key::I)], in_text: true },
    Shortcuts { id: ActionId::InTime, keys: &[ctrl_shift(Key::I)], in_text: true },
    Shortcuts { id: ActionId::Play, keys: &[plain(Key::F5)], in_text: true },
    Shortcuts { id: ActionId::TickOn, keys: &[plain(Key::F6)], in_text: true },
    Shortcuts { id: ActionId::TickBack, keys: &[shift(Key::F6)], in_text: true },
    Shortcuts { id: ActionId::NextCommit, keys: &[plain(Key::F7)], in_text: true },
    Shortcuts { id: ActionId::Fork, keys: &[plain(Key::F8)], in_text: true },
    Shortcuts { id: ActionId::Slower, keys: &[plain(Key::F9)], in_text: true },
    Shortcuts { id: ActionId::Faster, keys: &[plain(Key::F10)], in_text: true },
    Shortcuts { id: ActionId::ShowInspector, keys: &[ctrl(Key::Num1)], in_text: true },
    Shortcuts { id: ActionId::ShowFiles, keys: &[ctrl(Key::Num2)], in_text: true },
    Shortcuts { id: ActionId::ShowDeploy, keys: &[ctrl(Key::Num3)], in_text: true },
    Shortcuts { id: ActionId::ShowText, keys: &[ctrl(Key::Num4)], in_text: true },
    Shortcuts { id: ActionId::ColoursOfDesktop, keys: &[ctrl_alt(Key::C)], in_text: true },
    Shortcuts { id: ActionId::Light, keys: &[ctrl_alt(Key::L)], in_text: true },
    Shortcuts { id: ActionId::Dark, keys: &[ctrl_alt(Key::D)], in_text: true },
    Shortcuts { id: ActionId::ReduceMotion, keys: &[ctrl_alt(Key::M)], in_text: true },
    Shortcuts { id: ActionId::Start, keys: &[alt(Key::Home)], in_text: true },
    Shortcuts { id: ActionId::Lessons, keys: &[ctrl_alt(Key::T)], in_text: true },
    Shortcuts { id: ActionId::ShowLesson, keys: &[ctrl(Key::Num5)], in_text: true },
    Shortcuts { id: ActionId::NextPage, keys: &[plain(Key::PageDown)], in_text: false },
    Shortcuts { id: ActionId::PreviousPage, keys: &[plain(Key::PageUp)], in_text: false },
    Shortcuts { id: ActionId::LargerText, keys: &[ctrl_alt(Key::Plus), ctrl_alt(Key::Equals)], in_text: true },
    Shortcuts { id: ActionId::SmallerText, keys: &[ctrl_alt(Key::Minus)], in_text: true },
    Shortcuts { id: ActionId::Help, keys: &[plain(Key::F1), plain(Key::Questionmark)], in_text: true },
    Shortcuts { id: ActionId::ShowLog, keys: &[ctrl(Key::F1)], in_text: true },
    Shortcuts { id: ActionId::About, keys: &[shift(Key::F1)], in_text: true },
];

/// "Ctrl+Shift+P"; the key of "?" has no sign of its own in egui.
pub fn words(context: &egui::Context, keys: &KeyboardShortcut) -> String {
    context.format_shortcut(keys).replace("Questionmark", "?")
}

/// What the pointer does, for the help dialog beside the keys.
pub const GESTURES: [(&str, &str); 15] = [
    (
        "Drop a standby on the lower half of a card",
        "Make it follow that server",
    ),
    (
        "Drop a server on the upper half of a card",
        "Swap the two; the tree keeps its shape",
    ),
    ("Hold Ctrl while dropping", "Apply the suggested fix, then drop"),
    (
        "Drag the handle below a relay",
        "Move all its downstreams to another server",
    ),
    (
        "Drag a card elsewhere",
        "Move the card or all selected cards; the cluster does not change",
    ),
    ("Drag Add standby onto a server", "Add a standby under it"),
    ("Click − or + below a card", "Hide or show everything below it"),
    (
        "Click a link",
        "Show it in the inspector, with the line that makes it",
    ),
    ("Right-click a server", "Show all its actions"),
    (
        "Right-click a server or link in What-if",
        "Make something happen to it",
    ),
    ("Shift+click", "Select several servers"),
    (
        "Drag the background",
        "Select everything that the rectangle touches",
    ),
    ("Drag with the right button, or with Space", "Move the drawing"),
    (
        "Arrow keys on a card",
        "Walk the tree: upstream, downstream, sideways",
    ),
    ("Ctrl and wheel, or pinch", "Zoom at the pointer"),
];

/// The keys of an action; every one has some.
pub fn keys_of(id: ActionId) -> &'static [KeyboardShortcut] {
    KEYS.iter().find(|row| row.id == id).map_or(&[], |row| row.keys)
}

/// "Ctrl+Shift+Z".
pub fn key_words(id: ActionId, context: &egui::Context) -> String {
    let keys = keys_of(id).first();
    keys.map_or_else(String::new, |keys| words(context, keys))
}

/// The actions whose keys were pressed just now. While text is typed, only those that may act then.
pub fn pressed(context: &egui::Context) -> Vec<&'static UiAction> {
    let typing = context.text_edit_focused();
    // While something is dragged, Escape is for the one who drags; egui itself has given the drag up by then.
    let held = context.input(|input| input.pointer.any_down() || input.pointer.any_released());
    let dragging = held || context.dragged_id().is_some();
    // Shift and Alt are matched loosely (Ctrl+Z would also take Ctrl+Shift+Z), so those with more keys come first.
    let mut candidates: Vec<(ActionId, &KeyboardShortcut)> = KEYS
        .iter()
        .filter(|row| row.in_text || !typing)
        .filter(|row| row.id != ActionId::Deselect || !dragging)
        .flat_map(|row| row.keys.iter().map(move |keys| (row.id, keys)))
        .collect();
    candidates.sort_by_key(|(_, keys)| !(keys.modifiers.shift || keys.modifiers.alt));
    let for_clipboard = clipboard_actions(context, typing);
    context.input_mut(|input| {
        candidates
            .into_iter()
            .filter(|(_, keys)| input.consume_shortcut(keys))
            .map(|(id, _)| id)
            .chain(for_clipboard)
            .filter_map(action)
            .collect()
    })
}

/// What the desktop's own keys for the clipboard ask for: they come as events, and not as keys. Text that is typed
/// or marked in a label is copied by egui.
fn clipboard_actions(context: &egui::Context, typing: bool) -> Vec<ActionId> {
    if typing || has_marked_text(context) {
        return Vec::new();
    }
    context.input(|input| {
        let asked = input.events.iter().filter_map(|event| match event {
            Event::Copy => Some(ActionId::Copy),
            Event::Cut => Some(ActionId::Cut),
            _ => None,
        });
        asked.collect()
    })
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
    use crate::app::actions::ACTIONS;

    #[test]
    fn every_action_has_keys_of_its_own() {
        assert_eq!(KEYS.len(), ACTIONS.len());
        for action in &ACTIONS {
            assert!(!keys_of(action.id).is_empty(), "{:?} has no key", action.id);
        }
        for (place, row) in KEYS.iter().enumerate() {
            for other in &KEYS[..place] {
                assert_ne!(row.id, other.id);
                let shared = row.keys.iter().find(|keys| other.keys.contains(keys));
                assert_eq!(shared, None, "{:?} and {:?}", row.id, other.id);
            }
        }
    }
}
