//! Something is broken on purpose or repaired, for the window: by the engine here, or, for root, by the command line, which gives
//! root up.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::answers::Answers;
use crate::app::breaking::BreakingMessage;
use crate::app::{ClusterMessage, Message};
use crate::engine::lab;
use crate::engine::servers_user::by_child;
use crate::report::Report;

/// The command's answer is one line.
const LINES: usize = 4;

/// What `fail --json` and `repair --json` print.
#[derive(Deserialize)]
struct Said {
    done: Vec<String>,
}

pub(super) async fn make(folder: PathBuf, fault: String, cancel: CancellationToken, answers: Answers) {
    let done = if by_child::is_needed() {
        by_command("fail", &folder, Some(&fault), cancel).await
    } else {
        lab::fail(&folder, &fault, cancel).await
    };
    let message = match done {
        Ok(said) => BreakingMessage::Made(folder, said),
        Err(report) => BreakingMessage::Failed(folder, report),
    };
    answers
        .send(Message::Cluster(ClusterMessage::Breaking(message)))
        .await;
}

pub(super) async fn repair(
    folder: PathBuf,
    fault: Option<String>,
    cancel: CancellationToken,
    answers: Answers,
) {
    let done = if by_child::is_needed() {
        by_command("repair", &folder, fault.as_deref(), cancel).await
    } else {
        lab::repair(&folder, fault.as_deref(), cancel).await
    };
    let message = match done {
        Ok(said) => BreakingMessage::Repaired(folder, said),
        Err(report) => BreakingMessage::Failed(folder, report),
    };
    answers
        .send(Message::Cluster(ClusterMessage::Breaking(message)))
        .await;
}

async fn by_command(
    command: &str,
    folder: &Path,
    fault: Option<&str>,
    cancel: CancellationToken,
) -> Result<Vec<String>, Report> {
    let mut arguments: Vec<OsString> = vec![command.into(), folder.into()];
    arguments.extend(fault.map(OsString::from));
    arguments.push("--json".into());
    let (lines, mut said) = mpsc::channel::<String>(LINES);
    let read = async {
        let mut done = Vec::new();
        while let Some(line) = said.recv().await {
            if let Ok(said) = serde_json::from_str::<Said>(&line) {
                done = said.done;
            }
        }
        done
    };
    let (called, done) = tokio::join!(by_child::lines(&arguments, lines, cancel), read);
    called.map(|()| done)
}
