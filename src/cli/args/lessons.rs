//! The arguments of `lessons`, `lesson` and `challenge`.

use std::path::PathBuf;

/// The arguments of `lessons`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Lessons {
    /// Print JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// Check a folder of results that were handed in
    #[arg(long, value_name = "DIR", conflicts_with = "json")]
    pub(in crate::cli) check_all: Option<PathBuf>,
    /// Print the checked results as CSV
    #[arg(long, requires = "check_all")]
    pub(in crate::cli) csv: bool,
    /// Write what you have done to a file
    #[arg(long, value_name = "FILE", group = "progress", conflicts_with_all = ["json", "check_all"])]
    pub(in crate::cli) export: Option<PathBuf>,
    /// Add the progress in such a file to yours; the better of two results counts
    #[arg(long, value_name = "FILE", group = "progress", conflicts_with_all = ["json", "check_all"])]
    pub(in crate::cli) import: Option<PathBuf>,
    /// Forget your progress in a lesson, or in all of them
    #[arg(long, value_name = "NAME|all", group = "progress", conflicts_with_all = ["json", "check_all"])]
    pub(in crate::cli) forget: Option<String>,
}

/// The arguments of `lesson`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct LessonArgs {
    /// The lesson's name, or the file of a lesson of your own; "new" writes a frame for one
    #[arg(value_name = "NAME|FILE")]
    pub(in crate::cli) lesson: PathBuf,
    /// After "new": the file to write the frame to
    #[arg(value_name = "FRAME")]
    pub(in crate::cli) frame: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) work: Work,
    /// Test a lesson of your own: start, solution, wrong attempts, questions
    #[arg(long, group = "what")]
    pub(in crate::cli) test: bool,
    /// Write a file to fill in with a translation into this language
    #[arg(long, value_name = "LANGUAGE", group = "what")]
    pub(in crate::cli) template: Option<String>,
    /// Show the lesson in the words of this translation
    #[arg(long, value_name = "FILE", conflicts_with = "template")]
    pub(in crate::cli) translation: Option<PathBuf>,
    /// Prove the lesson on real servers in this new folder: deploy its solution, do what the lesson does, check the
    /// goals, remove the servers
    #[arg(long, value_name = "DIR", group = "what")]
    pub(in crate::cli) prove: Option<PathBuf>,
    /// Keep the servers after the proof
    #[arg(long, requires = "prove")]
    pub(in crate::cli) keep: bool,
    /// The folder of PostgreSQL's programs for a proof [default: what is installed]
    #[arg(long, value_name = "DIR", requires = "prove")]
    pub(in crate::cli) bin: Option<PathBuf>,
    /// Print one JSON object for each step of a proof
    #[arg(long, requires = "prove")]
    pub(in crate::cli) json: bool,
}

/// The arguments of `challenge`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ChallengeArgs {
    /// The level (1 to 4) and any number: the same ones make the same challenge; without it, the one of today
    #[arg(value_name = "LEVEL-SEED")]
    pub(in crate::cli) challenge: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) work: Work,
}

/// What can be done with a lesson or a challenge.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Work {
    /// Write the starting design
    #[arg(long, group = "what")]
    pub(in crate::cli) start: bool,
    /// The file to write the design to [default: standard output]
    #[arg(short, long, value_name = "FILE", requires = "start")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Overwrite the file if it exists
    #[arg(long, requires = "start")]
    pub(in crate::cli) force: bool,
    /// Check a design, with the scenarios in it, or a result
    #[arg(long, value_name = "FILE", group = "what")]
    pub(in crate::cli) check: Option<PathBuf>,
    /// Show a hint, counted from 1
    #[arg(long, value_name = "N", group = "what")]
    pub(in crate::cli) hint: Option<usize>,
    /// Show the solution
    #[arg(long, group = "what")]
    pub(in crate::cli) solution: bool,
    /// Check the goals on the cluster deployed in this folder
    #[arg(long, value_name = "DIR", group = "what")]
    pub(in crate::cli) servers: Option<PathBuf>,
}
