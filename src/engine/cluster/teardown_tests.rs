//! A teardown whose n-th deed fails, or that is killed before or in the middle of it, for every n: a second one
//! finishes, and what is somebody else's stays.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::task::{remove, unheard};
use super::teardown::RemoveHost;
use crate::engine::cluster::record::{self, ClusterRecord, ClusterState, RecordedServer, Stored};
use crate::engine::cluster::remover::Hand;
use crate::engine::cluster::site::Site;
use crate::engine::postgres::server::Target;
use crate::engine::system::files;
use crate::engine::system::wait::{Failure, Wait};
use crate::model::configuration::ClusterFolder;
use crate::report::Report;

const CAUSE: &str = "it does not go";
const SERVERS: [(&str, u16); 2] = [("master", 5432), ("alpha", 5433)];
/// It runs beside ours, and is in no record.
const STRANGER: &str = "stranger";

/// What happens at one deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Fails(usize),
    IsKilled(usize),
    Lives,
}

/// What a hand has met.
#[derive(Debug, Default)]
struct Met {
    running: BTreeSet<String>,
    deeds: Vec<PathBuf>,
    is_dead: bool,
}

/// Removes real files of a folder made for the test, and ends servers that are only names.
#[derive(Clone)]
struct Scripted {
    state: PathBuf,
    marker: PathBuf,
    fate: Fate,
    met: Arc<Mutex<Met>>,
}

impl Scripted {
    /// Panics where pgcascade dies; from then on nothing is done any more.
    fn deed(&self, path: &Path, half: impl FnOnce()) -> io::Result<()> {
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        let number = met.deeds.len();
        if met.is_dead || self.fate == Fate::IsKilled(number) {
            if !met.is_dead {
                half();
            }
            met.is_dead = true;
            drop(met);
            panic!("pgcascade is dead");
        }
        met.deeds.push(path.to_owned());
        if self.fate == Fate::Fails(number) {
            half();
            return Err(io::Error::other(CAUSE));
        }
        Ok(())
    }

    fn removal(&self, path: &Path, half: impl FnOnce()) -> io::Result<()> {
        {
            let met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
            let ours = SERVERS.iter().find(|(name, _)| met.running.contains(*name));
            assert_eq!(ours, None, "{} goes while it runs", path.display());
        }
        self.deed(path, half)
    }
}

impl Hand for Scripted {
    fn state(&self) -> Option<PathBuf> {
        Some(self.state.clone())
    }

    async fn stop(&self, _: &Site, target: &Target, _: &Wait) -> Result<bool, Failure> {
        self.deed(Path::new(&target.folder), || ())
            .map_err(|error| Report::of(format!("{} was not stopped.", target.name), &error))?;
        Ok(self.met.lock().unwrap().running.remove(&target.folder))
    }

    async fn sweep(&self, _: &Site, folders: &[String], _: &Wait) -> Result<usize, Failure> {
        assert_eq!(folders, SERVERS.map(|(name, _)| name));
        self.deed(Path::new("what else runs"), || ())
            .map_err(|error| Report::of("A process does not end.", &error))?;
        Ok(0)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.removal(path, || ())?;
        files::remove_file(path)
    }

    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        self.removal(path, || fs::remove_file(path.join("PG_VERSION")).unwrap_or(()))?;
        files::remove_tree(path)
    }

    fn remove_if_empty(&self, path: &Path) -> io::Result<bool> {
        self.removal(path, || ())?;
        if *path == self.marker {
            let root = path.parent().unwrap();
            let left = files::names_in(root);
            assert!(
                left.iter()
                    .all(|name| name == ClusterFolder::MARKER_FOLDER || name == "notes.txt"),
                "the marker goes before {left:?}"
            );
        }
        files::remove_if_empty(path)
    }
}

/// A cluster of two servers with all that a deployment leaves, and, perhaps, a file that somebody put among it.
struct Scene {
    _keep: tempfile::TempDir,
    base: PathBuf,
    folder: PathBuf,
    state: PathBuf,
    running: BTreeSet<String>,
}

impl Scene {
    fn new(has_foreign: bool) -> Self {
        let keep = tempfile::tempdir().unwrap();
        let base = keep.path().canonicalize().unwrap();
        let folder = base.join("above/c");
        let mut made = vec![
            ClusterFolder::SERVERS.to_owned(),
            ClusterFolder::SECRETS.to_owned(),
            ClusterFolder::TLS.to_owned(),
            ClusterFolder::SOCKETS.to_owned(),
            "archive".to_owned(),
        ];
        made.extend(SERVERS.map(|(name, _)| ClusterFolder::server(name)));
        for below in made
            .iter()
            .map(String::as_str)
            .chain([ClusterFolder::MARKER_FOLDER, "archive/7412345678901234567"])
        {
            fs::create_dir_all(folder.join(below)).unwrap();
        }
        let mut files = vec![
            ClusterFolder::README.to_owned(),
            ClusterFolder::DESIGN.to_owned(),
            ClusterFolder::PGPASS.to_owned(),
            ClusterFolder::AUTHORITY_KEY.to_owned(),
            "archive/7412345678901234567/0000000100000000000000A1".to_owned(),
            format!("{}/journal", ClusterFolder::MARKER_FOLDER),
            // Cut off while they were written.
            format!("{}/.cluster.json.1-2.tmp", ClusterFolder::MARKER_FOLDER),
            format!("{}/.pgpass.1-2.tmp", ClusterFolder::SECRETS),
        ];
        files.extend(has_foreign.then(|| "notes.txt".to_owned()));
        for (name, _) in SERVERS {
            fs::create_dir_all(folder.join(ClusterFolder::data(name)).join("base")).unwrap();
            files.push(format!("{}/PG_VERSION", ClusterFolder::data(name)));
            files.push(ClusterFolder::log(name));
            files.push(ClusterFolder::certificate_key(name));
        }
        for file in files {
            fs::write(folder.join(file), "something").unwrap();
        }
        let stored = Stored {
            made,
            made_parents: vec![base.join("above")],
            ..Stored::of(ClusterRecord {
                servers: SERVERS
                    .map(|(name, port)| RecordedServer {
                        name: name.to_owned(),
                        folder: name.to_owned(),
                        port,
                    })
                    .to_vec(),
                ..ClusterRecord::sample(folder.to_str().unwrap(), ClusterState::Complete)
            })
        };
        let state = base.join("state");
        record::save_in(Some(&state), &stored).unwrap();
        let running = SERVERS.map(|(name, _)| name).into_iter().chain([STRANGER]);
        Self {
            _keep: keep,
            base,
            folder,
            state,
            running: running.map(str::to_owned).collect(),
        }
    }

    async fn teardown(&mut self, fate: Fate) -> (Result<Vec<String>, Report>, Vec<PathBuf>) {
        let hand = Scripted {
            state: self.state.clone(),
            marker: self.folder.join(ClusterFolder::MARKER_FOLDER),
            fate,
            met: Arc::new(Mutex::new(Met {
                running: std::mem::take(&mut self.running),
                ..Met::default()
            })),
        };
        let (of_task, folder) = (hand.clone(), self.folder.clone());
        let task = tokio::spawn(async move {
            let (plan, host) = RemoveHost::find(of_task, &folder)?;
            let perform = |events, cancel| async move { remove(&plan, host, 0, events, cancel).await };
            unheard(CancellationToken::new(), perform).await
        });
        let result = task.await.unwrap_or_else(|_| Err(Report::new("killed")));
        let mut met = hand.met.lock().unwrap_or_else(PoisonError::into_inner);
        self.running = std::mem::take(&mut met.running);
        (result, std::mem::take(&mut met.deeds))
    }

    /// Nothing of ours is left, and all that is somebody else's.
    #[track_caller]
    fn check_end(&self, has_foreign: bool, place: &str) {
        assert_eq!(self.running, BTreeSet::from([STRANGER.to_owned()]), "{place}");
        assert_eq!(files::names_in(&self.state.join("clusters")), [""; 0], "{place}");
        if has_foreign {
            assert_eq!(files::names_in(&self.folder), ["notes.txt"], "{place}");
        } else {
            assert!(!self.folder.exists(), "{place}");
        }
    }
}

/// Two pgcascades began with one folder: the one that lost it had made the folder above.
#[tokio::test]
async fn what_the_loser_of_a_race_for_the_folder_made_goes_with_the_cluster() {
    let mut scene = Scene::new(false);
    let mut won = record::find_in(Some(&scene.state), &scene.folder)
        .unwrap()
        .unwrap();
    let above = std::mem::take(&mut won.made_parents);
    record::save_in(Some(&scene.state), &won).unwrap();
    let lost = Stored {
        made_parents: above,
        ..Stored::of(ClusterRecord {
            id: "0123456789abcdef0123456789abcdef".to_owned(),
            ..ClusterRecord::sample(scene.folder.to_str().unwrap(), ClusterState::Building)
        })
    };
    let list = scene.state.join("clusters");
    let entry = serde_json::to_vec(&lost).unwrap();
    files::write_whole(
        &list.join(format!("{}.json", lost.record.id)),
        &entry,
        files::PRIVATE_FILE,
        None,
    )
    .unwrap();
    scene.teardown(Fate::Lives).await.0.unwrap();
    scene.check_end(false, "after a race");
    assert!(!scene.base.join("above").exists());
}

#[tokio::test]
async fn a_teardown_that_fails_or_is_killed_at_any_deed_is_finished_by_a_second() {
    for has_foreign in [false, true] {
        let mut scene = Scene::new(has_foreign);
        let (done, deeds) = scene.teardown(Fate::Lives).await;
        let done = done.unwrap().join("\n");
        assert_eq!(done.contains("notes.txt was kept"), has_foreign, "{done}");
        scene.check_end(has_foreign, "undisturbed");
        assert!(deeds.len() > 30, "{deeds:?}");

        for number in 0..deeds.len() {
            for fate in [Fate::Fails(number), Fate::IsKilled(number)] {
                let mut scene = Scene::new(has_foreign);
                let (first, _) = scene.teardown(fate).await;
                let place = format!("{fate:?} of {}", deeds.len());
                let at = scene.folder.clone();
                match first {
                    Err(report) if matches!(fate, Fate::Fails(_)) => {
                        assert!(format!("{report:#?}").contains(CAUSE), "{place}: {report:#?}");
                    }
                    Err(_) => {}
                    // What does no harm if it stays: a folder above, the list's entry.
                    Ok(_) => {
                        let left = scene.base.join("above").exists() || scene.state.join("clusters").exists();
                        assert!(left && !at.join(ClusterFolder::MARKER_FOLDER).exists(), "{place}");
                        assert!(matches!(fate, Fate::Fails(_)), "{place}");
                    }
                }
                let is_known = record::find_in(Some(&scene.state), &at).unwrap().is_some();
                if is_known {
                    let (second, _) = scene.teardown(Fate::Lives).await;
                    let said = second.unwrap_or_else(|report| panic!("{place}: {report}"));
                    assert_eq!(said.join("\n").contains("kept"), has_foreign, "{place}: {said:?}");
                }
                scene.check_end(has_foreign, &place);
            }
        }
    }
}
