//! What is asked about clusters, and done with them: the list, what is left over, start, stop, teardown. Root gives the work to the
//! command line, which gives root up (`by_child`).

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::answers::Answers;
use super::tasks::blocking;
use crate::app::{ClusterMessage, Message, StartMessage};
use crate::engine::cluster::record::{self, ClusterRecord, ClusterState};
use crate::engine::deploy::Cancel;
use crate::engine::deploy::adopt::{self, Adopting};
use crate::engine::deploy::look_to_steer as look_to_steer_in;
use crate::engine::servers_user::by_child;
use crate::engine::{cluster, deploy};
use crate::model::desk::{LeftCluster, LeftState};
use crate::model::plan::Wish;
use crate::report::Report;

/// A plan that is only shown has no number yet.
const UNNUMBERED: u64 = 0;

/// Between two looks at a log that is followed.
const LOG: Duration = Duration::from_secs(1);

pub(super) async fn list_clusters(answers: Answers) {
    let found = blocking(|| Ok(cluster::list())).await.unwrap_or_default();
    answers.send(Message::Start(StartMessage::Clusters(found))).await;
}

/// What a crash left, what a run of this window could not undo, and whole clusters that no window shows:
/// all can be dealt with from here.
pub(super) async fn find_left_over(answers: Answers) {
    let found = blocking(|| {
        let is_ours = |record: &ClusterRecord| {
            let builder = record.builder.as_ref();
            record.state == ClusterState::Complete || builder.is_some_and(|by| by.pid == std::process::id())
        };
        let mut found = record::left_over();
        let others = record::list().into_iter().filter(is_ours);
        for record in others.chain(of_servers_users()) {
            if !record.kept && found.iter().all(|known| known.folder != record.folder) {
                found.push(record);
            }
        }
        Ok(found.iter().map(left_cluster).collect())
    });
    let message = match found.await {
        Ok(left) => Message::Cluster(ClusterMessage::LeftOver(left)),
        Err(report) => Message::Failed(report),
    };
    answers.send(message).await;
}

/// For root: the clusters of the users that root deployed clusters as. Nobody is at work on them.
fn of_servers_users() -> impl Iterator<Item = ClusterRecord> {
    let known = if by_child::is_needed() {
        cluster::list()
    } else {
        Vec::new()
    };
    known
        .into_iter()
        .filter(|listed| listed.state.is_whole() || listed.state.is_left_over())
        .filter_map(|listed| record::read(&listed.folder).ok()?)
}

/// What the window is to know of it.
fn left_cluster(record: &ClusterRecord) -> LeftCluster {
    LeftCluster {
        name: record.name.clone(),
        folder: record.folder.clone(),
        state: match (record.state, &record.switching) {
            (ClusterState::Building, _) => LeftState::HalfBuilt,
            (ClusterState::Complete, None) if record.clears => LeftState::NotCleared,
            (ClusterState::Complete, None) => LeftState::Whole,
            (ClusterState::Complete, Some(switching)) if switching.starts => LeftState::HalfStarted,
            (ClusterState::Complete, Some(_)) => LeftState::HalfStopped,
            (ClusterState::Changing, _) => LeftState::BetweenDesigns,
            (ClusterState::Removing, _) => LeftState::HalfRemoved,
        },
    }
}

pub(super) async fn look_at_left_over(folder: PathBuf, run: u64, answers: Answers) {
    let message = match deploy::look_at_left_over(&folder, run).await {
        Ok(left) => ClusterMessage::CanGoOn(folder, Box::new(left)),
        Err(report) => ClusterMessage::Failed(folder, report),
    };
    answers.send(Message::Cluster(message)).await;
}

pub(super) async fn keep_left_over(folder: PathBuf, answers: Answers) {
    let at = folder.clone();
    let kept = if by_child::is_needed() {
        by_child::call(&["keep".into(), at.into()]).await
    } else {
        blocking(move || record::keep(&at).map(drop)).await
    };
    let message = match kept {
        Ok(()) => ClusterMessage::Kept(folder),
        Err(report) => ClusterMessage::Failed(folder, report),
    };
    answers.send(Message::Cluster(message)).await;
}

pub(super) async fn switch(
    folder: PathBuf,
    starts: bool,
    servers: Vec<String>,
    give_up: CancellationToken,
    answers: Answers,
) {
    let done = if starts {
        start(&folder, &servers, give_up).await
    } else {
        stop(&folder, &servers, give_up).await
    };
    let message = match done {
        Ok(sentences) => {
            let mut report = Report::new(format!(
                "The servers in {} are {}",
                folder.display(),
                if starts { "started" } else { "stopped" }
            ));
            report.causes = sentences;
            ClusterMessage::Switched(folder, report)
        }
        Err(report) => ClusterMessage::Failed(folder, report),
    };
    answers.send(Message::Cluster(message)).await;
}

pub(super) async fn start_cluster(folder: PathBuf, give_up: CancellationToken, answers: Answers) {
    let done = start(&folder, &[], give_up).await;
    let message = match done {
        Ok(_) => ClusterMessage::Started(folder),
        Err(report) => ClusterMessage::Failed(folder, report),
    };
    answers.send(Message::Cluster(message)).await;
}

pub(super) async fn stop_cluster(folder: PathBuf, give_up: CancellationToken, answers: Answers) {
    let done = stop(&folder, &[], give_up).await;
    let message = match done {
        Ok(_) => ClusterMessage::Stopped(folder),
        Err(report) => ClusterMessage::Failed(folder, report),
    };
    answers.send(Message::Cluster(message)).await;
}

pub(super) async fn teardown(folder: PathBuf, give_up: CancellationToken, answers: Answers) {
    let done = if by_child::is_needed() {
        by_child::task("teardown", &folder, &[], give_up).await
    } else {
        cluster::teardown(&folder, give_up).await
    };
    let message = match done {
        Ok(_) => {
            let report = Report::new(format!("The cluster in {} was torn down", folder.display()));
            ClusterMessage::TornDown(folder, report)
        }
        Err(report) => ClusterMessage::Failed(folder, report),
    };
    answers.send(Message::Cluster(message)).await;
}

pub(super) async fn attach(folder: PathBuf, answers: Answers) {
    let from = folder.clone();
    let message = match blocking(move || cluster::design(&from)).await {
        Ok(design) => ClusterMessage::Attached(folder, Box::new(design)),
        Err(report) => ClusterMessage::Failed(folder, report),
    };
    answers.send(Message::Cluster(message)).await;
}

/// Until it is aborted, or nobody listens any more.
pub(super) async fn follow_log(folder: PathBuf, server: String, answers: Answers) {
    let mut ticks = tokio::time::interval(LOG);
    let mut before: Option<Vec<String>> = None;
    loop {
        ticks.tick().await;
        let (from, name) = (folder.clone(), server.clone());
        let message = match blocking(move || cluster::log_tail(&from, &name)).await {
            Ok(lines) if before.as_ref() == Some(&lines) => continue,
            Ok(lines) => {
                before = Some(lines.clone());
                ClusterMessage::Log(server.clone(), lines)
            }
            Err(report) => {
                let message = ClusterMessage::Failed(folder, report);
                answers.send(Message::Cluster(message)).await;
                return;
            }
        };
        answers.send(Message::Cluster(message)).await;
    }
}

pub(super) async fn look_to_adopt(folder: PathBuf, answers: Answers) {
    let message = match adopt::look_to_adopt(&folder).await {
        Ok(adopting) => ClusterMessage::CanAdopt(folder, Box::new(adopting)),
        Err(report) => ClusterMessage::Failed(folder, report),
    };
    answers.send(Message::Cluster(message)).await;
}

pub(super) async fn look_to_steer(folder: PathBuf, wish: Wish, answers: Answers) {
    let found = look_to_steer_in(&folder, &wish, UNNUMBERED).await.map(Box::new);
    let message = ClusterMessage::CanSteer(folder, found);
    answers.send(Message::Cluster(message)).await;
}

pub(super) async fn adopt(adopting: Adopting, answers: Answers) {
    let (folder, design) = (adopting.folder(), adopting.design.clone());
    let done = if by_child::is_needed() {
        by_child::call(&["adopt".into(), folder.clone().into()]).await
    } else {
        adopting.adopt_here(Cancel::default()).await
    };
    let message = match done {
        Ok(()) => ClusterMessage::Adopted(folder, Box::new(design)),
        Err(report) => ClusterMessage::Failed(folder, report),
    };
    answers.send(Message::Cluster(message)).await;
}

async fn start(folder: &Path, servers: &[String], give_up: CancellationToken) -> Result<Vec<String>, Report> {
    if by_child::is_needed() {
        by_child::task("start", folder, servers, give_up).await
    } else {
        cluster::start(folder, servers, give_up).await
    }
}

async fn stop(folder: &Path, servers: &[String], give_up: CancellationToken) -> Result<Vec<String>, Report> {
    if by_child::is_needed() {
        by_child::task("stop", folder, servers, give_up).await
    } else {
        cluster::stop(folder, servers, give_up).await
    }
}
