//! Everything with one question and one answer, but what is about clusters (`clusters`). Each function is an effect: it does it and
//! sends what came of it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::process::Command;
use tokio::task::spawn_blocking;

use super::answers::Answers;
use crate::app::{
    ExportMessage, FileMessage, LessonFile, LessonMessage, Message, OnDisk, PathPurpose, RunMessage,
    StartMessage, ViewMessage,
};
use crate::engine::deploy;
use crate::engine::desk::folder::OutputFolder;
use crate::engine::desk::output::{Kind, Output};
use crate::engine::desk::{exports, fonts, log, picture, progress, recent, store, trust, unsaved};
use crate::model::diagram::{PictureFormat, PictureStyle};
use crate::model::document::Document;
use crate::model::export::Export;
use crate::model::lessons;
use crate::report::Report;

/// The desktop's program that shows a folder.
const OPENER: &str = if cfg!(target_os = "macos") {
    "open"
} else if cfg!(windows) {
    "explorer"
} else {
    "xdg-open"
};

/// Below which folder deployments are suggested: the user's home, or, as root, where the ordinary user that the
/// servers then run as can get to.
pub fn default_folder() -> PathBuf {
    #[cfg(unix)]
    if nix::unistd::geteuid().is_root() {
        return PathBuf::from("/var/tmp/pgcascade");
    }
    home_folder().join("pgcascade")
}

/// Where the user's own files are, or could be: nothing is known of it without a home.
pub fn home_folder() -> PathBuf {
    let home = dirs::home_dir().filter(|home| home.is_dir());
    home.unwrap_or_else(std::env::temp_dir)
}

pub(super) async fn read(path: PathBuf, answers: Answers) {
    let path = whole(&path);
    let from = path.clone();
    let message = match blocking(move || store::load(&from)).await {
        Ok(loaded) if loaded.is_picture => Message::File(FileMessage::ReadPicture(path, loaded.text)),
        Ok(loaded) => Message::File(FileMessage::Read(path, loaded.text)),
        Err(report) => Message::Failed(report),
    };
    answers.send(message).await;
}

pub(super) async fn find_fonts(letters: String, answers: Answers) {
    let found = spawn_blocking(move || fonts::covering(&letters)).await;
    // Without fonts the letters are drawn as boxes, as before.
    if let Some(fonts) = found.ok().filter(|fonts| !fonts.is_empty()) {
        answers.send(Message::View(ViewMessage::Fonts(fonts))).await;
    }
}

pub(super) async fn look_at(purpose: PathPurpose, path: PathBuf, answers: Answers) {
    let path = whole(&path);
    let is_there = tokio::fs::try_exists(&path).await.unwrap_or(false);
    let message = FileMessage::Looked(purpose, path, is_there);
    answers.send(Message::File(message)).await;
}

pub(super) async fn write(
    purpose: PathPurpose,
    path: PathBuf,
    (bytes, text, expected): (Vec<u8>, Option<String>, Option<String>),
    answers: Answers,
) {
    let path = whole(&path);
    let to = path.clone();
    let is_known = expected.is_some();
    let work = move || {
        if let Some(other) = expected.and_then(|expected| other_than(&to, &expected, &bytes)) {
            return Ok(Some(other));
        }
        let whole = Output {
            path: &to,
            kind: kind_of(purpose),
            input: None,
            // Who saves a file that is known writes what they mean to.
            is_forced: is_known,
        };
        whole.write(&bytes).map(|()| None)
    };
    let message = match blocking(work).await {
        Ok(Some(found)) => Message::File(FileMessage::ChangedBefore(path, found)),
        Ok(None) => Message::File(FileMessage::Written(purpose, path, text)),
        Err(report) => Message::Failed(report),
    };
    answers.send(message).await;
}

fn kind_of(purpose: PathPurpose) -> Kind {
    match purpose {
        PathPurpose::ExportBundle => Kind::Bundle,
        PathPurpose::SaveStory => Kind::Scenario,
        PathPurpose::ExportProgress => Kind::Progress,
        PathPurpose::SaveReport(_) => Kind::Report,
        PathPurpose::ExportPicture(format, _) => Kind::Picture(format),
        // Folders are not written this way.
        PathPurpose::ExportFolder(_)
        | PathPurpose::Import { .. }
        | PathPurpose::OpenDesign
        | PathPurpose::SaveDesign
        | PathPurpose::CompareDesign
        | PathPurpose::OpenStory
        | PathPurpose::OpenLesson
        | PathPurpose::ImportProgress => Kind::Design,
    }
}

/// What is there and would be lost: neither what was known to be there nor what is to be there.
fn other_than(path: &Path, expected: &str, bytes: &[u8]) -> Option<OnDisk> {
    match on_disk(path) {
        OnDisk::Gone => None,
        OnDisk::Text(text) if text == expected || text.as_bytes() == bytes => None,
        other => Some(other),
    }
}

fn on_disk(path: &Path) -> OnDisk {
    match store::load(path) {
        Ok(loaded) => OnDisk::Text(loaded.text),
        // A link that leads nowhere is gone, too.
        Err(_) if matches!(path.try_exists(), Ok(false)) => OnDisk::Gone,
        Err(report) => OnDisk::Unreadable(report),
    }
}

pub(super) async fn look_at_file(path: PathBuf, answers: Answers) {
    let at = path.clone();
    // It is looked at again before anything is written.
    if let Ok(found) = blocking(move || Ok(on_disk(&at))).await {
        answers
            .send(Message::File(FileMessage::OnDisk(path, found)))
            .await;
    }
}

/// What was learnt in earlier sessions; a file that cannot be read is said, and an empty one counts.
pub(super) async fn find_progress(answers: Answers) {
    const SECONDS_OF_A_DAY: u64 = 86_400;
    let (known, trouble) = blocking(|| Ok(progress::load())).await.unwrap_or_default();
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let day = since.map_or(0, |since| since.as_secs() / SECONDS_OF_A_DAY);
    answers
        .send(Message::Lesson(LessonMessage::Known(Box::new(known), day)))
        .await;
    if let Some(report) = trouble {
        answers.send(Message::Failed(report)).await;
    }
}

pub(super) async fn read_progress(path: PathBuf, answers: Answers) {
    let message = match blocking(move || progress::read(&path)).await {
        Ok(known) => Message::Lesson(LessonMessage::Imported(Box::new(known))),
        Err(report) => Message::Failed(report),
    };
    answers.send(message).await;
}

/// A lesson of one's own, read and tried.
pub(super) async fn read_lesson(path: PathBuf, answers: Answers) {
    let path = whole(&path);
    let at = path.clone();
    let read = blocking(move || {
        let headline = || format!("\"{}\" cannot be read", at.display());
        let text = store::text(&at).map_err(|error| Report::of(headline(), &error))?;
        Ok(match lessons::read(&text) {
            Ok(lesson) => {
                let faults = lessons::test(&lesson);
                LessonFile::Good(Box::new(lesson), faults)
            }
            Err(problems) => LessonFile::Bad(problems),
        })
    });
    let file = read.await.unwrap_or_else(LessonFile::Unreadable);
    answers
        .send(Message::Lesson(LessonMessage::FileRead(path, file)))
        .await;
}

pub(super) async fn find_recent(answers: Answers) {
    let found = blocking(|| Ok(recent::list())).await.unwrap_or_default();
    answers.send(Message::Start(StartMessage::Recent(found))).await;
}

pub(super) async fn write_picture(
    purpose: PathPurpose,
    path: PathBuf,
    (document, format, style): (Box<Document>, PictureFormat, PictureStyle),
    answers: Answers,
) {
    let path = whole(&path);
    let to = path.clone();
    let work = move || {
        let whole = Output {
            path: &to,
            kind: Kind::Picture(format),
            input: None,
            is_forced: false,
        };
        whole.write(&picture::render(&document, format, style)?)
    };
    let message = match blocking(work).await {
        Ok(()) => Message::File(FileMessage::Written(purpose, path, None)),
        Err(report) => Message::Failed(report),
    };
    answers.send(message).await;
}

pub(super) async fn write_export(folder: PathBuf, export: Export, answers: Answers) {
    let folder = whole(&folder);
    let (to, target, count) = (folder.clone(), export.target, export.files.len());
    let work = move || {
        let files = export.files.iter();
        let files: Vec<(&str, &[u8], bool)> = files
            .map(|file| (file.path.as_str(), file.contents.as_bytes(), file.executable))
            .collect();
        let output = OutputFolder {
            path: &to,
            mark: &format!("for {}", target.word()),
        };
        output.write(&files)
    };
    let message = match blocking(work).await {
        Ok(()) => ExportMessage::Written(target, folder, count),
        Err(report) => ExportMessage::NotWritten(report),
    };
    answers.send(Message::Export(message)).await;
}

pub(super) async fn keep_export(path: PathBuf, text: String, answers: Answers) {
    if let Err(report) = blocking(move || exports::keep(&whole(&path), &text)).await {
        answers.send(Message::Failed(report)).await;
    }
}

pub(super) async fn find_export(path: PathBuf, answers: Answers) {
    let of = whole(&path);
    if let Ok(Some(text)) = blocking(move || Ok(exports::last(&of))).await {
        answers
            .send(Message::File(FileMessage::LastExport(path, text)))
            .await;
    }
}

pub(super) async fn find_recoverable(answers: Answers) {
    let found = blocking(|| {
        let mut found = unsaved::left();
        // After a crash between a save and its tidying up there is nothing to recover.
        found.retain(|left| {
            let path = left.path.as_deref();
            let file = path.and_then(|path| store::load(path).ok());
            let is_saved = file.is_some_and(|loaded| loaded.text == left.text);
            // If it cannot be removed, it is looked at again next time.
            !is_saved || unsaved::forget(&left.id).is_err()
        });
        Ok(found)
    })
    .await;
    for left in found.unwrap_or_default() {
        answers.send(Message::File(FileMessage::Recoverable(left))).await;
    }
}

pub(super) async fn remember_trust(sum: String, answers: Answers) {
    if let Err(report) = blocking(move || trust::remember(&sum)).await {
        answers.send(Message::Failed(report)).await;
    }
}

pub(super) async fn discover(document: Box<Document>, folder: PathBuf, answers: Answers) {
    let request = deploy::Request {
        folder: whole(&folder),
        bin: None,
        run_as: None,
    };
    let machine = deploy::discover(document.topology(), &request).await;
    answers
        .send(Message::Run(RunMessage::Found(Box::new(machine))))
        .await;
}

pub(super) async fn look_for_change(document: Box<Document>, folder: PathBuf, answers: Answers) {
    let message = match deploy::look(&folder, &document).await {
        Ok(found) => RunMessage::Looked(Box::new(found)),
        Err(report) => RunMessage::NotLooked(report),
    };
    answers.send(Message::Run(message)).await;
}

pub(super) async fn show_log(answers: Answers) {
    match log::path().and_then(|path| path.parent().map(Path::to_owned)) {
        Some(folder) if folder.is_dir() => open_folder(folder, answers).await,
        _ => {
            let report = Report::new("There is no log").hint(
                "It belongs in the folder for application state, which is not writable, or is \
                     writable by others",
            );
            answers.send(Message::Failed(report)).await;
        }
    }
}

pub(super) async fn open_folder(folder: PathBuf, answers: Answers) {
    let started = Command::new(OPENER)
        .arg(&folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let ended = match started {
        Ok(mut child) => child.wait().await,
        Err(error) => Err(error),
    };
    let hint = format!("The folder is {}", folder.display());
    let report = match ended {
        Err(error) => Report::of(
            format!("\"{OPENER}\", which opens folders, did not start"),
            &error,
        ),
        // Explorer ends with 1 also when all is well.
        Ok(status) if status.success() || cfg!(windows) => return,
        Ok(_) => Report::new(format!("\"{OPENER}\" could not open the folder")),
    };
    answers.send(Message::Failed(report.hint(hint))).await;
}

/// A path as it was typed, made absolute: `~/` is the home, anything else starts at the working folder.
pub(super) fn whole(path: &Path) -> PathBuf {
    let from_home = path
        .strip_prefix("~")
        .ok()
        .and_then(|rest| Some(dirs::home_dir()?.join(rest)));
    let path = from_home.unwrap_or_else(|| path.to_owned());
    std::path::absolute(&path).unwrap_or(path)
}

/// Does what waits for the disk where it holds up nobody.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Report> + Send + 'static,
) -> Result<T, Report> {
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(Report::of("The task stopped unexpectedly", &error)),
    }
}
