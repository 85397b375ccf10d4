//! What panels and the canvas want to happen: collected while drawing, applied after it.

use crate::app::Message;

#[derive(Debug, Default)]
pub struct Outbox {
    messages: Vec<Message>,
}

impl Outbox {
    pub fn send(&mut self, message: Message) {
        self.messages.push(message);
    }

    /// Everything sent since the last call, in order.
    pub fn take(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.messages)
    }
}
