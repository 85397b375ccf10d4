//! The way back to the window: a bounded channel of messages, and the call that wakes it.

use std::fmt;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::app::Message;

#[derive(Clone)]
pub(super) struct Answers {
    sender: mpsc::Sender<Message>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Answers {
    pub fn new(sender: mpsc::Sender<Message>, wake: impl Fn() + Send + Sync + 'static) -> Self {
        let wake = Arc::new(wake);
        Self { sender, wake }
    }

    /// Waits for room. When the window is gone, the answer is nobody's and is dropped.
    pub async fn send(&self, message: Message) {
        if self.sender.send(message).await.is_ok() {
            self.wake();
        }
    }

    pub fn wake(&self) {
        (self.wake)();
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").finish_non_exhaustive()
    }
}
