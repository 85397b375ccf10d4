//! What can be done in the window: every action with its words, and what it does now or why it can do nothing.
//!
//! `table` has a row for each; `file`, `edit`, `server`, `view`, `time` and `learn` are the menus, a function for each row; `cluster`
//! is what the File menu does to clusters. Menus, shortcuts, command palette, tool bar and help all read the table, so that
//! they cannot disagree. The keys are the window's own (`ui::keys`).

mod cluster;
mod edit;
mod file;
mod guards;
mod learn;
mod server;
mod table;
mod time;
mod view;

pub use cluster::Next;
pub use table::{ACTIONS, ActionId, Menu, UiAction};

use super::edits as commands;
use super::{Message, Session};
use crate::model::desk::Theme;
use crate::model::topology::{Server, ServerId};

/// What one step of zooming is.
pub const ZOOM_STEP: f32 = 1.25;

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
    /// For the lesson's panel.
    Turn(Turn),
    /// For the desktop: hand over the clipboard's text. It comes as a message of its own.
    AskPaste,
}

/// To the next page of the lesson, or to the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    On,
    Back,
}

impl UiAction {
    /// What it does now with the selected servers.
    ///
    /// # Errors
    ///
    /// With the reason why it cannot be done now.
    pub fn now(&self, session: &Session) -> Answer {
        self.on(session, &self.about(session))
    }

    /// The servers that it is about now; what can be done to a link is done to the server at its lower end. A standby that
    /// was added just now is selected: the next one comes beside it, not below it.
    pub fn about(&self, session: &Session) -> Vec<ServerId> {
        match self.id {
            ActionId::AddStandby if session.looks.just_added.is_some() => {
                let topology = session.desk.document.topology();
                let added = session.looks.just_added.and_then(|id| topology.server(id));
                added.and_then(Server::upstream).into_iter().collect()
            }
            ActionId::MoveUnder | ActionId::ToggleSync => session.selection_or_link(),
            _ => session.selection(),
        }
    }

    /// What it does now with these servers.
    ///
    /// # Errors
    ///
    /// With the reason why it cannot be done now.
    pub fn on(&self, session: &Session, servers: &[ServerId]) -> Answer {
        if session.start.is_shown && !self.id.works_on_start_page() {
            return Err("Close the start page first (Escape)".to_owned());
        }
        (self.does)(session, servers)
    }

    /// Its words now: "Undo: Attach slave12 to slave2", "Make asynchronous".
    pub fn words_on(&self, session: &Session, servers: &[ServerId]) -> String {
        let label = match self.id {
            ActionId::Start if session.start.is_shown => return "Back to the drawing".to_owned(),
            ActionId::WatchForeign if session.live.is_foreign() => return "Stop watching".to_owned(),
            ActionId::Deploy => return Next::of(session).words().to_owned(),
            ActionId::WhatIf if session.what_if().is_some() => return "Leave What-if".to_owned(),
            ActionId::Play if time::plays(session) => return "Pause".to_owned(),
            // They go back and on in the story of What-if.
            ActionId::Undo | ActionId::Redo if session.what_if().is_some() => None,
            ActionId::Undo => session.undo_label(),
            ActionId::Redo => session.redo_label(),
            ActionId::ToggleSync => {
                return commands::toggle_words(session.desk.document.topology(), servers).to_owned();
            }
            ActionId::Fold if matches!(servers, [server] if session.looks.folding.is_folded(*server)) => {
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

    /// Whether what it switches is on now; `None` for what is no switch.
    pub fn is_on(&self, session: &Session) -> Option<bool> {
        let preferences = &session.preferences;
        Some(match self.id {
            ActionId::Legend => preferences.legend,
            ActionId::Minimap => preferences.minimap,
            ActionId::LeftSide => preferences.left_side,
            ActionId::RightSide => preferences.right_side,
            ActionId::ReduceMotion => preferences.reduce_motion,
            ActionId::ColoursOfDesktop => preferences.theme == Theme::Desktop,
            ActionId::Light => preferences.theme == Theme::Light,
            ActionId::Dark => preferences.theme == Theme::Dark,
            ActionId::AskAgain => preferences.removal.is_none(),
            ActionId::WhatIf => session.what_if().is_some(),
            _ => return None,
        })
    }

    pub fn words_now(&self, session: &Session) -> String {
        self.words_on(session, &self.about(session))
    }
}

/// The row of the table; every action has one.
pub fn action(id: ActionId) -> Option<&'static UiAction> {
    ACTIONS.iter().find(|action| action.id == id)
}

/// What the action does now with the selected servers.
pub fn does(id: ActionId, session: &Session) -> Option<Does> {
    action(id)?.now(session).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_words_and_an_explanation_of_its_own() {
        for (place, action) in ACTIONS.iter().enumerate() {
            assert!(!action.explained.is_empty(), "{:?}", action.id);
            for other in &ACTIONS[..place] {
                assert_ne!(action.id, other.id);
                assert_ne!(action.words, other.words);
            }
        }
    }
}
