//! Asking for a path: the desktop's own dialog where there is one; otherwise the window asks by a path field.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::app::{FileMessage, Message, PathPurpose};
use crate::model::diagram::PictureFormat;

/// A `None` that comes faster than this was given by no person: no dialog came up (facts: rfd says `None` both for
/// "cancelled" and for "this system has no dialog", the latter within 4 ms, but the first time on a busy machine it
/// took over 50; and nobody finds and closes a dialog in half a second).
const FASTEST_PERSON: Duration = Duration::from_millis(500);

/// Who asks for paths.
pub trait Chooser {
    /// Asks; the answer comes later, through `drain`.
    fn ask(&mut self, purpose: PathPurpose, suggested: &str);
    /// The answers since the last call.
    fn drain(&mut self) -> Vec<Message>;
}

/// The desktop's dialogs, each on a thread of its own: a portal may take for ever to answer.
pub struct DesktopChooser {
    answers: mpsc::Receiver<Message>,
    sender: mpsc::Sender<Message>,
    context: egui::Context,
}

impl std::fmt::Debug for DesktopChooser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DesktopChooser").finish_non_exhaustive()
    }
}

impl DesktopChooser {
    pub fn new(context: egui::Context) -> Self {
        let (sender, answers) = mpsc::channel();
        Self {
            answers,
            sender,
            context,
        }
    }
}

impl Chooser for DesktopChooser {
    fn ask(&mut self, purpose: PathPurpose, suggested: &str) {
        let (sender, context) = (self.sender.clone(), self.context.clone());
        let suggested = suggested.to_owned();
        let spawned = std::thread::Builder::new()
            .name("file dialog".to_owned())
            .spawn(move || {
                let asked = Instant::now();
                let answer = ask_desktop(purpose, Path::new(&suggested));
                let seen = answer.is_some() || asked.elapsed() >= FASTEST_PERSON;
                // If the window is gone nobody waits for the answer.
                let _ = sender.send(Message::File(if seen {
                    FileMessage::Chosen(purpose, answer)
                } else {
                    FileMessage::NoDialog(purpose)
                }));
                context.request_repaint();
            });
        if spawned.is_err() {
            let _ = self.sender.send(Message::File(FileMessage::NoDialog(purpose)));
            self.context.request_repaint();
        }
    }

    fn drain(&mut self) -> Vec<Message> {
        self.answers.try_iter().collect()
    }
}

/// Answers from a list, for tests; when it is empty: no dialog.
#[derive(Debug, Default)]
pub struct ScriptedChooser {
    pub answers: Vec<Option<PathBuf>>,
    /// What was asked for, with the suggested names.
    pub asked: Vec<(PathPurpose, String)>,
    ready: Vec<Message>,
}

impl ScriptedChooser {
    /// Gives these answers, first to last.
    pub fn answering(answers: impl IntoIterator<Item = Option<PathBuf>>) -> Self {
        Self {
            answers: answers.into_iter().collect(),
            ..Self::default()
        }
    }
}

impl Chooser for ScriptedChooser {
    fn ask(&mut self, purpose: PathPurpose, suggested: &str) {
        self.asked.push((purpose, suggested.to_owned()));
        self.ready.push(Message::File(if self.answers.is_empty() {
            FileMessage::NoDialog(purpose)
        } else {
            FileMessage::Chosen(purpose, self.answers.remove(0))
        }));
    }

    fn drain(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.ready)
    }
}

/// The words of the question.
pub fn title(purpose: PathPurpose) -> &'static str {
    match purpose {
        PathPurpose::OpenDesign => "Open a design",
        PathPurpose::SaveDesign => "Save the design",
        PathPurpose::ExportBundle => "Export the bundle",
        PathPurpose::ExportFolder(_) => "Choose where the export goes",
        PathPurpose::Import { is_folder: true } => "Choose a server's folder",
        PathPurpose::Import { is_folder: false } => "Choose a server's file",
        PathPurpose::SaveReport(_) => "Save the audit's report",
        PathPurpose::CompareDesign => "Compare with a design",
        PathPurpose::SaveStory => "Save what has happened",
        PathPurpose::OpenStory => "Replay a saved story",
        PathPurpose::ExportPicture(..) => "Export a picture",
        PathPurpose::OpenLesson => "Open a lesson",
        PathPurpose::ExportProgress => "Export what you have learnt",
        PathPurpose::ImportProgress => "Import what was learnt",
    }
}

fn ask_desktop(purpose: PathPurpose, suggested: &Path) -> Option<PathBuf> {
    let mut dialog = rfd::FileDialog::new().set_title(title(purpose));
    if let Some(folder) = suggested.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        dialog = dialog.set_directory(folder);
    }
    match purpose {
        PathPurpose::ExportFolder(_) => return dialog.set_directory(suggested).pick_folder(),
        PathPurpose::Import { is_folder: true } => return dialog.pick_folder(),
        _ => {}
    }
    if let Some(name) = suggested.file_name() {
        dialog = dialog.set_file_name(name.to_string_lossy());
    }
    match purpose {
        PathPurpose::OpenLesson => dialog.add_filter("Lessons", &["toml"]).pick_file(),
        PathPurpose::ExportProgress => dialog.add_filter("Progress", &["json"]).save_file(),
        PathPurpose::ImportProgress => dialog.add_filter("Progress", &["json"]).pick_file(),
        PathPurpose::OpenStory => dialog.add_filter("What-if stories", &["txt"]).pick_file(),
        PathPurpose::SaveStory => dialog.add_filter("What-if stories", &["txt"]).save_file(),
        PathPurpose::OpenDesign => dialog
            .add_filter("Designs and exported pictures", &["toml", "svg", "png"])
            .pick_file(),
        PathPurpose::CompareDesign => dialog.add_filter("Designs", &["toml"]).pick_file(),
        PathPurpose::SaveDesign => dialog.add_filter("Designs", &["toml"]).save_file(),
        PathPurpose::ExportBundle => dialog.add_filter("Bundles", &["tar.gz"]).save_file(),
        // A folder was asked for above.
        PathPurpose::ExportFolder(_) => None,
        PathPurpose::Import { .. } => dialog.pick_file(),
        PathPurpose::SaveReport(style) => {
            let words = if style.is_markdown { "Markdown" } else { "HTML" };
            dialog.add_filter(words, &[style.extension()]).save_file()
        }
        PathPurpose::ExportPicture(..) => {
            for format in PictureFormat::ALL {
                dialog = dialog.add_filter(format.word(), format.extensions());
            }
            dialog.save_file()
        }
    }
}
