//! What waits for an answer: it was put off by a question, or was agreed to.

use crate::app::{Effect, Message};

#[derive(Debug, Default)]
pub struct Pending {
    /// What is done once the design is saved, because the user chose to save first.
    pub(in crate::app) after_save: Option<Message>,
    /// Nothing is lost by it, or the user agreed to lose it: it happens once the message at hand is dealt with.
    pub(in crate::app) agreed: Option<Message>,
    /// A save that is under way is of the drawing, not of the text.
    pub(in crate::app) saves_drawing: bool,
    /// The revision that the user agreed to lose to the design that is being opened.
    pub(in crate::app) replaceable: Option<u64>,
    /// What the file that the window opens with asks for, once there is a window.
    pub(in crate::app) at_start: Vec<Effect>,
}
