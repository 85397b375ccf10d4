//! A load on a cluster, for the window: by the engine here, or, for root, by the command line, which gives root up.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::answers::Answers;
use crate::app::{ClusterMessage, Message};
use crate::engine::load::{Demand, Loaded, Second, load as load_here};
use crate::engine::servers_user::by_child;
use crate::report::Report;

/// As many as the command line has by default.
const CLIENTS: u32 = 4;
/// Nobody watches a window for longer; it can be started again.
const LONGEST: Duration = Duration::from_hours(1);
/// Seconds on their way to the window.
const SECONDS: usize = 16;

pub(super) async fn load(folder: PathBuf, rate: Option<f64>, cancel: CancellationToken, answers: Answers) {
    let (seconds, mut told) = mpsc::channel::<Second>(SECONDS);
    let pass = async {
        while let Some(second) = told.recv().await {
            let message = ClusterMessage::Loading(folder.clone(), second);
            answers.send(Message::Cluster(message)).await;
        }
    };
    let done = async {
        if by_child::is_needed() {
            return by_command(&folder, rate, seconds, cancel).await;
        }
        let demand = Demand {
            clients: CLIENTS,
            rate,
            time: LONGEST,
        };
        load_here(&folder, demand, seconds, cancel).await
    };
    let (ended, ()) = tokio::join!(done, pass);
    let message = ClusterMessage::Loaded(folder.clone(), ended);
    answers.send(Message::Cluster(message)).await;
}

async fn by_command(
    folder: &std::path::Path,
    rate: Option<f64>,
    seconds: mpsc::Sender<Second>,
    cancel: CancellationToken,
) -> Result<Loaded, Report> {
    let mut arguments: Vec<OsString> = vec!["load".into(), folder.into(), "--json".into()];
    arguments.extend(["--clients".into(), CLIENTS.to_string().into()]);
    arguments.extend(["--for".into(), format!("{}s", LONGEST.as_secs()).into()]);
    if let Some(rate) = rate {
        arguments.extend(["--rate".into(), rate.to_string().into()]);
    }
    let (lines, mut said) = mpsc::channel::<String>(SECONDS);
    let read = async {
        let mut loaded = None;
        while let Some(line) = said.recv().await {
            if let Ok(second) = serde_json::from_str::<Second>(&line) {
                // A window that is too slow misses it.
                let _ = seconds.try_send(second);
            } else if let Ok(all) = serde_json::from_str::<Loaded>(&line) {
                loaded = Some(all);
            }
        }
        drop(seconds);
        loaded
    };
    let (called, loaded) = tokio::join!(by_child::lines(&arguments, lines, cancel), read);
    // Lost rows are an answer, too, although the command then fails.
    if let Some(loaded) = loaded {
        return Ok(loaded);
    }
    called?;
    Err(Report::new("The load ended without an answer."))
}
