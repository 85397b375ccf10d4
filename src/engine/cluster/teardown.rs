//! The end of a cluster, complete or half built: stop what runs, remove what was made, forget it.
//!
//! Works from the record alone, so that it can finish whatever a killed pgcascade left, at whatever moment.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::task::Told;
use crate::engine::cluster::record::{self, Builder, ClusterState, Lock, Stored};
use crate::engine::cluster::removal;
use crate::engine::cluster::remover::Hand;
use crate::engine::cluster::site::Site;
use crate::engine::postgres::server::Target;
use crate::engine::run::{Host, Work, misplaced};
use crate::engine::system::wait::{Failure, Wait};
use crate::engine::system::{files, mounts};
use crate::model::plan::{Action, Plan, Remove, Removed, plan_teardown};
use crate::report::Report;

/// For one server, or all leftover tools together.
const STOP: Duration = Duration::from_mins(1);
/// What was killed in the middle of a start may show itself only after a first look.
const ROUNDS: usize = 3;

/// Takes a cluster away by whichever hand.
pub(super) struct RemoveHost<H> {
    hand: H,
    stored: Mutex<Stored>,
    lock: Mutex<Option<Lock>>,
    pub(super) told: Told,
}

impl<H: Hand> RemoveHost<H> {
    /// The cluster in a folder, complete or half built, and the plan of its end.
    pub(super) fn find(hand: H, folder: &Path) -> Result<(Plan, Self), Report> {
        let Some(stored) = record::find_in(hand.state().as_deref(), folder)? else {
            return Err(
                Report::new(format!("There is no pgcascade cluster in {}.", folder.display()))
                    .hint("Nothing was removed: pgcascade only removes what it made."),
            );
        };
        let record = &stored.record;
        let servers = record.servers.iter();
        let plan = plan_teardown(&Removed {
            cluster: record.name.clone(),
            folder: record.folder.display().to_string(),
            servers: servers
                .map(|server| (server.name.clone(), server.folder.clone()))
                .collect(),
            has_marker: record::has_marker_folder(&record.folder),
        });
        let host = Self {
            hand,
            stored: Mutex::new(stored),
            lock: Mutex::new(None),
            told: Told::default(),
        };
        Ok((plan, host))
    }

    fn stored(&self) -> Stored {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn act(&self, action: &Remove, work: &Work) -> Result<(), Failure> {
        match action {
            Remove::BeginRemoval => self.begin().map_err(Failure::from),
            Remove::StopAll => {
                work.waiting("the servers to stop").await;
                let stored = self.stored();
                let site = Site::of(&stored.record)?;
                let stopped = stop_all(&self.hand, &site, &stored, &work.wait.cancel).await?;
                for sentence in stopped {
                    self.told.say(work, sentence);
                }
                Ok(())
            }
            Remove::RemoveData { folder, .. } => {
                let folder = folder.clone();
                self.removing(move |hand, stored| removal::remove_data(hand, stored, &folder))
                    .await
            }
            Remove::RemoveContents => self.removing(removal::remove_contents).await,
            Remove::RemoveMarker => {
                let lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
                let stays = self
                    .removing(move |hand, stored| removal::release(hand, stored, lock.as_ref()))
                    .await?;
                self.told
                    .say(work, format!("{} was removed.", contents(&self.stored())));
                for sentence in stays {
                    self.told.say(work, sentence);
                }
                Ok(())
            }
            Remove::Forget => {
                let done = end_without_marker(&self.hand, &self.stored(), &work.wait.cancel).await?;
                for sentence in done {
                    self.told.say(work, sentence);
                }
                Ok(())
            }
        }
    }

    fn begin(&self) -> Result<(), Report> {
        let mut stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        let lock = Lock::take(&stored.record.folder)?;
        mounts::none_inside(&stored.record.folder)?;
        stored.record.state = ClusterState::Removing;
        stored.record.builder = Builder::ourselves();
        stored.record.kept = false;
        // On a full disk not even this can be written; what makes room again must not fail for that. Killed then, the
        // record still says what there is, and a second teardown goes on.
        let _ = record::save_in(self.hand.state().as_deref(), &stored);
        *self.lock.lock().unwrap_or_else(PoisonError::into_inner) = Some(lock);
        Ok(())
    }

    /// On a thread that may wait for the disk.
    async fn removing<T: Send + 'static>(
        &self,
        remove: impl FnOnce(&H, &Stored) -> Result<T, Report> + Send + 'static,
    ) -> Result<T, Failure> {
        let (hand, stored) = (self.hand.clone(), self.stored());
        let removed = tokio::task::spawn_blocking(move || remove(&hand, &stored)).await;
        let removed =
            removed.map_err(|error| Report::of("Removing failed because of an internal error.", &error))?;
        removed.map_err(Failure::from)
    }
}

impl<H: Hand> Host for RemoveHost<H> {
    async fn perform(&self, action: &Action, work: &Work) -> Result<(), Failure> {
        self.told.heard(match action {
            Action::Remove(action) => self.act(action, work).await,
            Action::Build(_)
            | Action::Make(_)
            | Action::Alter(_)
            | Action::Takeover(_)
            | Action::Serve(_)
            | Action::Note(_) => Err(misplaced(action)),
        })
    }
}

/// Stops every server that is proved to be ours, then every tool that a killed pgcascade left.
pub(in crate::engine) async fn stop_all(
    hand: &impl Hand,
    site: &Site,
    stored: &Stored,
    cancel: &CancellationToken,
) -> Result<Vec<String>, Failure> {
    let mut done = Vec::new();
    for _ in 0..ROUNDS {
        let stopped = stop_servers(hand, site, stored, cancel).await?;
        let swept = sweep(hand, site, stored, cancel).await?;
        let is_quiet = stopped.is_empty() && swept == 0;
        done.extend(stopped);
        done.extend(ended(swept));
        if is_quiet {
            break;
        }
    }
    Ok(done)
}

/// All at once, since none of them is needed any more: one after another each would wait for its own checkpoint.
async fn stop_servers(
    hand: &impl Hand,
    site: &Site,
    stored: &Stored,
    cancel: &CancellationToken,
) -> Result<Vec<String>, Failure> {
    let mut stopping = JoinSet::new();
    for (place, recorded) in stored.record.servers.iter().enumerate() {
        let (hand, site) = (hand.clone(), site.clone());
        let target = Target {
            name: recorded.name.clone(),
            folder: recorded.folder.clone(),
            address: std::net::Ipv4Addr::LOCALHOST.into(),
            port: recorded.port,
        };
        let wait = Wait::new(STOP, cancel.clone());
        stopping.spawn(async move { (place, stop_one(&hand, &site, &target, &wait).await) });
    }
    let mut done = BTreeMap::new();
    let mut trouble = None;
    while let Some(stopped) = stopping.join_next().await {
        match stopped {
            Ok((place, Ok(sentence))) => drop(done.insert(place, sentence)),
            Ok((_, Err(failure))) => trouble = trouble.or(Some(failure)),
            Err(error) => {
                let report = Report::of("Stopping failed because of an internal error.", &error);
                trouble = trouble.or(Some(report.into()));
            }
        }
    }
    // In the design's order, whichever was first.
    trouble.map_or_else(|| Ok(done.into_values().flatten().collect()), Err)
}

/// What was done, if there was anything to stop.
async fn stop_one(
    hand: &impl Hand,
    site: &Site,
    target: &Target,
    wait: &Wait,
) -> Result<Option<String>, Failure> {
    let is_tool = matches!(site.running(&target.folder), Ok(Some(running)) if running.is_single_user);
    let stopped = hand.stop(site, target, wait).await?;
    Ok(stopped.then(|| {
        if is_tool {
            format!("The creation of {} was stopped.", target.name)
        } else {
            format!("{} was stopped.", target.name)
        }
    }))
}

async fn sweep(
    hand: &impl Hand,
    site: &Site,
    stored: &Stored,
    cancel: &CancellationToken,
) -> Result<usize, Failure> {
    let folders: Vec<String> = stored
        .record
        .servers
        .iter()
        .map(|server| server.folder.clone())
        .collect();
    hand.sweep(site, &folders, &Wait::new(STOP, cancel.clone())).await
}

/// The list knows the folder, and its marker is not there: pgcascade was killed before it made it (then there is at
/// most an empty folder), or somebody moved the folder, or removed it under the servers that ran in it.
async fn end_without_marker(
    hand: &impl Hand,
    stored: &Stored,
    cancel: &CancellationToken,
) -> Result<Vec<String>, Report> {
    let record = &stored.record;
    // A teardown of our own that could not remove the folder at its very end is not at work any more.
    let is_our_end = record.state == ClusterState::Removing && record.builder == Builder::ourselves();
    if record.is_at_work() && !is_our_end {
        return Err(Report::new(format!(
            "Another pgcascade is working on {}.",
            record.folder.display()
        ))
        .hint("Wait until it has finished, then try again."));
    }
    if let Some(place) = record::moved_to(record) {
        return Err(record::moved(record, &place));
    }
    let swept = sweep(hand, &Site::of(record)?, stored, cancel)
        .await
        .map_err(Failure::into_report)?;
    if record.made_folder {
        let made = std::iter::once(&record.folder).chain(stored.made_parents.iter().rev());
        for folder in made {
            // What others put there meanwhile stays with its folder.
            if !matches!(hand.remove_if_empty(folder), Ok(true)) {
                break;
            }
        }
    }
    removal::forget(hand, stored);
    let mut done = Vec::new();
    if swept > 0 {
        done.push(format!(
            "The cluster's remaining processes were stopped (processes: {swept})."
        ));
    }
    done.push(if files::names_in(&record.folder).is_empty() {
        format!(
            "{} contains nothing made by pgcascade: the cluster was forgotten.",
            record.folder.display()
        )
    } else {
        format!(
            "{} has no record made by pgcascade: its contents were kept, and the cluster was forgotten.",
            record.folder.display()
        )
    });
    Ok(done)
}

fn ended(swept: usize) -> Vec<String> {
    match swept {
        0 => Vec::new(),
        1 => vec!["An unfinished process was stopped.".to_owned()],
        many => vec![format!("{many} unfinished processes were stopped.")],
    }
}

fn contents(stored: &Stored) -> String {
    if stored.record.folder.exists() {
        format!(
            "Everything that pgcascade made in {}",
            stored.record.folder.display()
        )
    } else {
        stored.record.folder.display().to_string()
    }
}
