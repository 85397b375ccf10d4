//! What is asked of a cluster on this machine.

use std::path::PathBuf;

use crate::cli::target::Programs;
use crate::cli::via::Via;

pub(super) const TRUST_HELP: &str = "Allow the design to run its own commands and load its own libraries on this \
     machine. The plan lists them (\"Runs on this machine\"); the choice is remembered until that list \
     changes";

/// How a command that does something to a cluster shows it.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(in crate::cli) struct Show {
    /// Show the steps without executing them
    #[arg(long)]
    pub(in crate::cli) plan: bool,
    /// Print one JSON event per line; with --plan, print the plan as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

impl Show {
    /// Does it, and shows it to programs or to people.
    pub(in crate::cli) fn performing(json: bool) -> Self {
        Self { plan: false, json }
    }
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Apply {
    /// The changed design
    pub(in crate::cli) file: PathBuf,
    /// The running cluster's folder; required without --via [with --via: the playbook's folder; default: FILE's name with .ansible]
    #[arg(long, value_name = "DIR", required_unless_present = "via")]
    pub(in crate::cli) dir: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) via: Via,
    /// Show the changes, the interruptions and the steps without executing them
    #[arg(long)]
    pub(in crate::cli) plan: bool,
    #[arg(long, conflicts_with = "plan", help = TRUST_HELP)]
    pub(in crate::cli) trust: bool,
    /// Print one JSON event per line; with --plan, print the plan as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Adopt {
    /// The cluster's folder
    pub(in crate::cli) dir: PathBuf,
    /// Write the adopted design to this file, too; the file that was deployed keeps its comments
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Overwrite the file even if it is another design
    #[arg(long, requires = "output")]
    pub(in crate::cli) force: bool,
    /// Show what would change in the design, without changing it
    #[arg(long)]
    pub(in crate::cli) plan: bool,
    /// Print the design, its changes and what still differs as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Demo {
    /// Tear it down right away instead of waiting for Ctrl-C
    #[arg(long)]
    pub(in crate::cli) once: bool,
    #[command(flatten)]
    pub(in crate::cli) programs: Programs,
}
