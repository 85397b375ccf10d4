//! The worker with files and autosaves; what it does with real servers is in `tests/live`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::tasks::default_folder;
use super::*;
use crate::app::{FileMessage, PathPurpose};

/// Far more than anything here takes.
const DEADLINE: Duration = Duration::from_secs(20);

/// The messages up to the first that is looked for.
fn until(worker: &mut Worker, is_last: impl Fn(&Message) -> bool) -> Vec<Message> {
    let begun = Instant::now();
    let mut all = Vec::new();
    while begun.elapsed() < DEADLINE {
        all.extend(worker.drain());
        if all.iter().any(&is_last) {
            return all;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("it did not come; {all:?}");
}

#[test]
fn a_file_is_written_and_read_in_the_background_and_wakes_the_window() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seed.toml");
    let woken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&woken);
    let mut worker = Worker::new(move || {
        count.fetch_add(1, Ordering::SeqCst);
    })
    .unwrap();
    worker.perform(Effect::Write {
        purpose: PathPurpose::SaveDesign,
        path: path.clone(),
        bytes: b"format = 1".to_vec(),
        text: Some("format = 1".to_owned()),
        expected: None,
    });
    let written = FileMessage::Written(
        PathPurpose::SaveDesign,
        path.clone(),
        Some("format = 1".to_owned()),
    );
    until(&mut worker, |message| *message == Message::File(written.clone()));
    worker.perform(Effect::Read(path.clone()));
    let read = FileMessage::Read(path, "format = 1".to_owned());
    until(&mut worker, |message| *message == Message::File(read.clone()));
    worker.perform(Effect::Read(folder.path().join("no such file")));
    let messages = until(&mut worker, |message| matches!(message, Message::Failed(_)));
    assert_eq!(messages.len(), 1);
    drop(worker);
    assert_eq!(woken.load(Ordering::SeqCst), 3);
}

#[test]
fn what_is_being_written_when_the_window_closes_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seed.tar.gz");
    let mut worker = Worker::new(|| ()).unwrap();
    worker.perform(Effect::Write {
        purpose: PathPurpose::ExportBundle,
        path: path.clone(),
        bytes: vec![7; 1 << 20],
        text: None,
        expected: None,
    });
    drop(worker);
    assert_eq!(std::fs::read(path).unwrap().len(), 1 << 20);
}

#[test]
fn a_path_that_was_typed_is_made_whole() {
    let home = dirs::home_dir().unwrap();
    assert_eq!(tasks::whole(Path::new("~/a.toml")), home.join("a.toml"));
    assert_eq!(tasks::whole(Path::new("/a/b.toml")), Path::new("/a/b.toml"));
    assert!(tasks::whole(Path::new("b.toml")).is_absolute());
    assert!(default_folder().is_absolute());
}

static KEPT: Mutex<Vec<(Option<PathBuf>, Option<String>)>> = Mutex::new(Vec::new());

/// Writes down what is kept, and what is forgotten as if it were a file of that name.
const LEDGER: Store = Store {
    keep: |path, text| {
        let entry = (path.map(Path::to_owned), text.map(str::to_owned));
        KEPT.lock().unwrap().push(entry);
        Ok(())
    },
    forget: |id| {
        KEPT.lock().unwrap().push((Some(id.into()), None));
        Ok(())
    },
};

fn kept() -> Vec<(Option<PathBuf>, Option<String>)> {
    std::mem::take(&mut *KEPT.lock().unwrap())
}

/// The three tests below share one ledger.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn autosaver() -> (Runtime, Autosaver) {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (sender, _messages) = mpsc::channel(1);
    let autosaver = Autosaver::new(&runtime, Answers::new(sender, || ()), LEDGER);
    (runtime, autosaver)
}

#[test]
fn the_end_writes_at_once_what_waits_and_only_the_latest() {
    let _alone = ONE_AT_A_TIME.lock();
    let file = Some(PathBuf::from("/home/u/a.toml"));
    let (runtime, mut autosaver) = autosaver();
    autosaver.perform(Change::Keep(None, "one".to_owned()));
    autosaver.perform(Change::Keep(None, "two".to_owned()));
    autosaver.perform(Change::Keep(file.clone(), "one".to_owned()));
    autosaver.perform(Change::Drop(file.clone()));
    runtime.block_on(autosaver.end());
    assert_eq!(kept(), [(file, None), (None, Some("two".to_owned()))]);
}

#[test]
fn whoever_never_stops_drawing_is_kept_all_the_same() {
    let _alone = ONE_AT_A_TIME.lock();
    let (_runtime, autosaver) = autosaver();
    let begun = Instant::now();
    let mut found = Vec::new();
    for number in 0.. {
        autosaver.perform(Change::Keep(None, number.to_string()));
        std::thread::sleep(Duration::from_millis(20));
        found = kept();
        if !found.is_empty() || begun.elapsed() > DEADLINE {
            break;
        }
    }
    assert!(begun.elapsed() >= Duration::from_millis(900), "{found:?}");
    let [(None, Some(text))] = &found[..] else {
        panic!("{found:?}");
    };
    // It is what was drawn last, and not what began the wait.
    assert!(text.parse::<u64>().unwrap() > 5, "{text}");
}

#[test]
fn what_was_left_is_forgotten_only_when_what_came_of_it_is_written() {
    let _alone = ONE_AT_A_TIME.lock();
    let (runtime, mut autosaver) = autosaver();
    autosaver.perform(Change::ForgetLeft("left".to_owned()));
    autosaver.perform(Change::Keep(None, "recovered".to_owned()));
    runtime.block_on(autosaver.end());
    let written = (None, Some("recovered".to_owned()));
    assert_eq!(kept(), [written, (Some("left".into()), None)]);
}
