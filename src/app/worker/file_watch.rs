//! Follows the design's file: what another program writes there is noticed while the window is open, and not only when it is
//! saved or looked at again.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::time::{MissedTickBehavior, interval};

use super::answers::Answers;
use crate::app::{FileMessage, Message};

/// A question to the file system a second: works on network file systems, too, which tell nobody of a change.
const EVERY: Duration = Duration::from_secs(1);

/// What changes when a file is written: its length and its time, or nothing if it is not there.
type Stamp = Option<(u64, Option<SystemTime>)>;

/// Until it is dropped. The window looks what the change is, and says so.
pub(super) async fn follow(path: PathBuf, answers: Answers) {
    let mut told = stamp(&path).await;
    let mut seen = told;
    let mut clock = interval(EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        let now = stamp(&path).await;
        // Editors write in several steps, or put another file in its place: it is looked at once it holds still.
        let is_still = now == seen;
        seen = now;
        if is_still && now != told {
            told = now;
            answers.send(Message::File(FileMessage::LookAtFile)).await;
        }
    }
}

async fn stamp(path: &Path) -> Stamp {
    let there = tokio::fs::metadata(path).await.ok()?;
    Some((there.len(), there.modified().ok()))
}
