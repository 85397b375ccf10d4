//! What is asked of a design file: write one, predict it, draw it, export it.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;

use crate::cli::values::{Picture, known_version, template_names};
use crate::model::topology::PgMajor;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct New {
    /// The built-in design to use
    #[arg(long, value_name = "NAME", default_value = "seed", value_parser = PossibleValuesParser::new(template_names()))]
    pub(in crate::cli) template: String,
    /// The file to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Overwrite an existing file
    #[arg(long, requires = "output")]
    pub(in crate::cli) force: bool,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Predict {
    /// The design file
    #[arg(required_unless_present = "transitions")]
    pub(in crate::cli) file: Option<PathBuf>,
    /// A server that is down; can be repeated
    #[arg(long, value_name = "SERVER")]
    pub(in crate::cli) down: Vec<String>,
    /// A fault, for example "crash slave1"; can be repeated, in order
    #[arg(long, value_name = "ACTION")]
    pub(in crate::cli) fault: Vec<String>,
    /// A standby to promote after the faults
    #[arg(long, value_name = "SERVER")]
    pub(in crate::cli) promote: Vec<String>,
    /// A scenario to play before the faults: the name of one in the design, or a file
    #[arg(long, value_name = "NAME|FILE")]
    pub(in crate::cli) scenario: Option<PathBuf>,
    /// Also print the reason for each value
    #[arg(long, conflicts_with = "json")]
    pub(in crate::cli) why: bool,
    /// Print JSON, in the format of status --json
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// Print the tables of all possible events as Markdown
    #[arg(long, conflicts_with = "file")]
    transitions: bool,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Diagram {
    /// The design file, or a picture with a design inside
    pub(in crate::cli) file: PathBuf,
    /// The picture to write; its extension sets the format [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// The format, whatever the file's extension [default: SVG on standard output]
    #[arg(long, value_name = "FORMAT")]
    pub(in crate::cli) format: Option<Picture>,
    /// Use the dark colours
    #[arg(long)]
    pub(in crate::cli) dark: bool,
    /// Leave out the names of servers and hosts, free text and comments
    #[arg(long)]
    pub(in crate::cli) anonymous: bool,
    /// Overwrite the output even if it is not a picture in this format
    #[arg(long, requires = "output")]
    pub(in crate::cli) force: bool,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Bundle {
    /// The design file
    pub(in crate::cli) file: PathBuf,
    /// The tarball to write
    #[arg(short, long, value_name = "OUT.tar.gz", required_unless_present_any = ["explain", "diff_version"])]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Explain which part of the design each line comes from, and whether changing it needs a reload or a restart;
    /// with a server, show only its own lines and those that come from it
    #[arg(long, value_name = "SERVER", num_args = 0..=1, group = "shown")]
    #[expect(clippy::option_option, reason = "left out, without a server, with one")]
    pub(in crate::cli) explain: Option<Option<String>>,
    /// Show how the files change with another version of PostgreSQL, as a unified diff
    #[arg(long, value_name = "VERSION", value_parser = known_version, group = "shown")]
    pub(in crate::cli) diff_version: Option<PgMajor>,
    /// Write the tarball although the design has errors
    #[arg(long, requires = "output")]
    pub(in crate::cli) allow_errors: bool,
    /// Print the explanation or the diff as JSON
    #[arg(long, requires = "shown")]
    pub(in crate::cli) json: bool,
    /// Overwrite the output even if it is not a tarball
    #[arg(long, requires = "output")]
    pub(in crate::cli) force: bool,
}
