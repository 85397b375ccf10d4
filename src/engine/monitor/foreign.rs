//! A cluster that somebody else made: looked at like any other, and nothing but looked at.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::crew::Crew;
use super::{GATHERED, Latest, SHORTEST, until};
use crate::engine::cluster::watched::Watched;
use crate::engine::postgres::endpoint::Endpoint;
use crate::model::topology::Topology;

/// Reads every server each `every`, until cancelled or nobody listens; each by its name in the design. Where a server does not
/// answer, nobody here can know whether it runs.
pub async fn watch_foreign(
    topology: Arc<Topology>,
    servers: Vec<(String, Endpoint)>,
    every: Duration,
    latest: watch::Sender<Latest>,
    cancel: CancellationToken,
) {
    let watched = servers.into_iter().map(|(name, endpoint)| Watched {
        name,
        endpoint,
        process: None,
    });
    let mut crew = Crew::of("", topology, watched.collect(), every.max(SHORTEST), &cancel);
    let mut due: Option<Instant> = None;
    let mut not_before = Instant::now();
    loop {
        tokio::select! {
            () = cancel.cancelled() => break,
            () = latest.closed() => break,
            is_news = crew.next() => {
                if !is_news {
                    break;
                }
                let soonest = if crew.is_complete() { not_before } else { crew.complete_at().max(not_before) };
                due = Some(due.map_or(soonest, |due| due.min(soonest)));
            }
            () = until(due) => {
                due = None;
                not_before = Instant::now() + GATHERED;
                latest.send_replace(Some(Ok(crew.snapshot())));
            }
        }
    }
    crew.end().await;
}
