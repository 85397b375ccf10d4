//! What can happen to a lesson, and to the quiz.

use std::path::PathBuf;

use crate::app::LessonFile;
use crate::model::lessons::{Progress, ProofStep};
use crate::report::Report;

/// Lessons, and the quiz.
#[derive(Clone, Debug, PartialEq)]
pub enum LessonMessage {
    /// What was done in earlier sessions, and the number of the day.
    Known(Box<Progress>, u64),
    /// A lesson by its name, or a challenge by its number.
    Open(String),
    /// Tell lessons in this language from now on, where they have it.
    Language(String),
    /// From its start, with nothing reached.
    Restart,
    /// The design stays; it is no lesson's any more.
    End,
    /// So many pages beyond the first are reached.
    Page(usize),
    /// A guess; only the first one counts.
    Answer {
        ask: String,
        values: Vec<String>,
    },
    /// One more hint for this goal.
    Hint(String),
    /// The program's own advice, which counts as a hint.
    Advice,
    /// Play the solution.
    Show,
    /// Its next step.
    ShowStep,
    /// As much of it as reaches the next goal.
    NextGoal,
    /// What was done, as text for the clipboard.
    CopyResult,
    /// Ask for the file of a lesson of one's own.
    OpenFile,
    /// Such a file as it was read.
    FileRead(PathBuf, LessonFile),
    /// The file of the open lesson may have changed.
    LookAtFile,
    /// What was learnt goes to a file, or comes from one.
    Export,
    Import,
    Imported(Box<Progress>),
    /// Ask before everything is forgotten.
    AskForget,
    Forget,
    /// Show the lesson on real servers of its own.
    Prove,
    ProofStep(ProofStep),
    /// It ended, with the goals that were shown or why they were not.
    ProofEnded(Result<Vec<String>, Report>),
    CancelProof,
    /// The question of this number, of the quiz of this seed.
    Quiz(u64, u64),
    Guess(Vec<String>),
    EndQuiz,
}
