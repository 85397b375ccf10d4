//! The command line as data. To add a command: a variant here, a function in a file of its own, a line in `perform`.
//! How values are read is in `values`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{CommandFactory as _, Parser, Subcommand};

use super::man::ManArgs;
use super::mistyped::exit_on_mistyped_command;
use super::target::{Programs, Target};
use super::values::{Picture, known_rule, known_version, template_names, time};
use crate::engine::servers_user;
use crate::model::simulate::time::Micros;
use crate::model::topology::{PgMajor, Rule};

const STATUS_CODES: &str = "\
Exit codes: 0 as drawn, 3 something differs from the design, 4 a server does not answer, so the picture is \
incomplete.";
const EXIT_CODES: &str = "\
Exit codes: 0 fine, 1 error-level findings or a failed run, 2 wrong usage, 130 cancelled;
of status and list: 3 something differs from the design, of status: 4 a server does not answer.
A first session: pgcascade new -o seed.toml && pgcascade deploy seed.toml --dir ./seed";

const USAGE: &str = "\
pgcascade [OPTIONS] [FILE]
       pgcascade [OPTIONS] <COMMAND>";

const TRUST_HELP: &str = "Allow the design to run its own commands and load its own libraries on this \
     machine. The plan lists them (\"Runs on this machine\"); the choice is remembered until that list \
     changes";

/// Design a PostgreSQL replication cluster, check it, export its configuration, run it on this machine
#[derive(Debug, Parser)]
#[command(name = "pgcascade", version, override_usage = USAGE, after_help = EXIT_CODES)]
pub(super) struct Args {
    /// The design to open in the window
    pub(super) file: Option<PathBuf>,
    /// Log details to standard error as well as to the log file
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the built-in designs
    Templates,
    /// Write a design to start from
    New(New),
    /// Check a design for errors and risks
    Check {
        /// The design file
        #[arg(required_unless_present = "explain")]
        file: Option<PathBuf>,
        /// Print the findings as JSON
        #[arg(long, conflicts_with = "explain")]
        json: bool,
        /// Explain a rule and its source; with a design, show only the findings of this rule
        #[arg(long, value_name = "RULE", value_parser = known_rule)]
        explain: Option<&'static Rule>,
    },
    /// Draw a design's tree in the terminal
    Show {
        /// The design file
        file: PathBuf,
    },
    /// Export a design's configuration as a tarball
    Bundle(Bundle),
    /// Export a design as a picture: SVG or PNG (with the design embedded), Mermaid, DOT
    Diagram(Diagram),
    // Not a doc comment: its backticks would be printed.
    #[command(
        about = "Predict what pg_stat_replication will show on each server and whether commits succeed"
    )]
    Predict(Predict),
    /// Show which failures a design survives: writes go on, reads go on, nothing lost
    Survives {
        /// The design file
        file: PathBuf,
        /// Also combine every two failures
        #[arg(long)]
        double: bool,
        /// Print JSON, with the reasons
        #[arg(long)]
        json: bool,
        /// Also print the reasons
        #[arg(long, conflicts_with = "json")]
        why: bool,
    },
    /// Simulate a scenario: commits, lag and events, one line per second
    Simulate {
        /// The design file
        file: PathBuf,
        /// The scenario (timed faults, link speeds, clients, random seed): the name of one in the design, or a
        /// file
        #[arg(long, value_name = "NAME|FILE")]
        scenario: Option<PathBuf>,
        /// Simulated time, for example 30s or 2min
        #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time)]
        until: Micros,
        /// Print one JSON object per second
        #[arg(long)]
        json: bool,
    },
    /// Show the steps of a deployment without executing them
    Plan {
        #[command(flatten)]
        target: Target,
        /// Print checks and steps as JSON
        #[arg(long)]
        json: bool,
    },
    /// Build, start and verify the cluster on this machine
    Deploy {
        #[command(flatten)]
        target: Target,
        #[arg(long, help = TRUST_HELP)]
        trust: bool,
        /// Print one JSON event per line
        #[arg(long)]
        json: bool,
    },
    /// Change a running cluster to match a changed design, with the least disruption
    Apply(Apply),
    /// Make what runs the design of its cluster: after a failover or another change that was made by hand
    Adopt(Adopt),
    // Not a doc comment: its backticks would be printed.
    #[command(
        about = "Show pg_stat_replication on each server and every difference from the design",
        after_help = STATUS_CODES
    )]
    Status {
        /// The cluster's folder
        dir: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the status every second until q or Ctrl-C
    Watch {
        /// The cluster's folder
        dir: PathBuf,
        /// Print one JSON object per reading
        #[arg(long)]
        json: bool,
    },
    /// Verify a running cluster: links, sync states, a row read on every standby
    Verify {
        /// The cluster's folder
        dir: PathBuf,
        #[command(flatten)]
        show: Show,
    },
    /// Start servers of a cluster
    Start {
        /// The cluster's folder
        dir: PathBuf,
        /// The servers to start [default: all]
        #[arg(value_name = "SERVER")]
        servers: Vec<String>,
        #[command(flatten)]
        show: Show,
    },
    /// Stop servers of a cluster
    Stop {
        /// The cluster's folder
        dir: PathBuf,
        /// The servers to stop [default: all]
        #[arg(value_name = "SERVER")]
        servers: Vec<String>,
        #[command(flatten)]
        show: Show,
    },
    /// Stop a cluster and remove everything that pgcascade made in its folder, nothing else
    Teardown {
        /// The cluster's folder
        dir: PathBuf,
        #[command(flatten)]
        show: Show,
    },
    /// Resume an interrupted deployment, change, start, stop or teardown
    // Its first name; scripts may have it.
    #[command(alias = "go-on")]
    Resume {
        /// The cluster's folder
        dir: PathBuf,
        /// Print one JSON event per line
        #[arg(long)]
        json: bool,
    },
    /// Keep an interrupted cluster as it is, and stop offering to resume it
    Keep {
        /// The cluster's folder
        dir: PathBuf,
    },
    /// List the clusters on this machine: name, state, version, running servers, folder
    List {
        /// As root: list only this user's clusters [default: those of every user that root deployed as]
        #[arg(long, value_name = "USER")]
        run_as: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Build the seed cluster in a temporary folder, show that it replicates, tear it down at Ctrl-C
    Demo(Demo),
    /// Print the manual page, or write one for each command
    Man(ManArgs),
    /// Print the completion script for a shell
    Completions { shell: clap_complete::Shell },
    /// Make and remove one folder for a pgcascade that gave root up; not for people
    #[command(name = servers_user::keeper::COMMAND, hide = true)]
    KeepFolder { folder: PathBuf, uid: u32, gid: u32 },
}

/// How a command that does something to a cluster shows it.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Show {
    /// Show the steps without executing them
    #[arg(long)]
    pub(super) plan: bool,
    /// Print one JSON event per line; with --plan, print the plan as JSON
    #[arg(long)]
    pub(super) json: bool,
}

impl Show {
    /// Does it, and shows it to programs or to people.
    pub(super) fn performing(json: bool) -> Self {
        Self { plan: false, json }
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Predict {
    /// The design file
    #[arg(required_unless_present = "transitions")]
    pub(super) file: Option<PathBuf>,
    /// A server that is down; can be repeated
    #[arg(long, value_name = "SERVER")]
    pub(super) down: Vec<String>,
    /// A fault, for example "crash slave1"; can be repeated, in order
    #[arg(long, value_name = "ACTION")]
    pub(super) fault: Vec<String>,
    /// A standby to promote after the faults
    #[arg(long, value_name = "SERVER")]
    pub(super) promote: Vec<String>,
    /// A scenario to play before the faults: the name of one in the design, or a file
    #[arg(long, value_name = "NAME|FILE")]
    pub(super) scenario: Option<PathBuf>,
    /// Also print the reason for each value
    #[arg(long, conflicts_with = "json")]
    pub(super) why: bool,
    /// Print JSON, in the format of status --json
    #[arg(long)]
    pub(super) json: bool,
    /// Print the tables of all possible events as Markdown
    #[arg(long, conflicts_with = "file")]
    transitions: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Diagram {
    /// The design file, or a picture with a design inside
    pub(super) file: PathBuf,
    /// The picture to write; its extension sets the format [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// The format, whatever the file's extension [default: SVG on standard output]
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<Picture>,
    /// Use the dark colours
    #[arg(long)]
    pub(super) dark: bool,
    /// Leave out the names of servers and hosts, free text and comments
    #[arg(long)]
    pub(super) anonymous: bool,
    /// Overwrite the output even if it is not such a picture
    #[arg(long, requires = "output")]
    pub(super) force: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct New {
    /// The built-in design to use
    #[arg(long, value_name = "NAME", default_value = "seed", value_parser = PossibleValuesParser::new(template_names()))]
    pub(super) template: String,
    /// The file to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Overwrite an existing file
    #[arg(long, requires = "output")]
    pub(super) force: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Bundle {
    /// The design file
    pub(super) file: PathBuf,
    /// The tarball to write
    #[arg(short, long, value_name = "OUT.tar.gz", required_unless_present_any = ["explain", "diff_version"])]
    pub(super) output: Option<PathBuf>,
    /// Explain which part of the design each line comes from, and whether changing it needs a reload or a restart;
    /// with a server, show only its own lines and those that come from it
    #[arg(long, value_name = "SERVER", num_args = 0..=1, group = "shown")]
    #[expect(clippy::option_option, reason = "left out, without a server, with one")]
    pub(super) explain: Option<Option<String>>,
    /// Show how the files change with another version of PostgreSQL, as a unified diff
    #[arg(long, value_name = "VERSION", value_parser = known_version, group = "shown")]
    pub(super) diff_version: Option<PgMajor>,
    /// Print the explanation or the diff as JSON
    #[arg(long, requires = "shown")]
    pub(super) json: bool,
    /// Overwrite the output even if it is not a tarball
    #[arg(long, requires = "output")]
    pub(super) force: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Apply {
    /// The changed design
    pub(super) file: PathBuf,
    /// The running cluster's folder
    #[arg(long, value_name = "DIR")]
    pub(super) dir: PathBuf,
    /// Show the changes, the interruptions and the steps without executing them
    #[arg(long)]
    pub(super) plan: bool,
    #[arg(long, conflicts_with = "plan", help = TRUST_HELP)]
    pub(super) trust: bool,
    /// Print one JSON event per line; with --plan, print the plan as JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Adopt {
    /// The cluster's folder
    pub(super) dir: PathBuf,
    /// Write the adopted design to this file, too; the file that was deployed keeps its comments
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Overwrite the file also if it is another design
    #[arg(long, requires = "output")]
    pub(super) force: bool,
    /// Show what would change in the design, without changing it
    #[arg(long)]
    pub(super) plan: bool,
    /// Print the design, its changes and what still differs as JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    /// Tear it down right away instead of waiting for Ctrl-C
    #[arg(long)]
    pub(super) once: bool,
    #[command(flatten)]
    pub(super) programs: Programs,
}

/// What was called; as an error the help or the version, where that is asked for. Wrong usage ends the program here.
pub(super) fn parse() -> Result<Args, clap::Error> {
    exit_on_mistyped_command(Args::command());
    let args = match Args::try_parse() {
        Err(mistake) if mistake.use_stderr() => mistake.exit(),
        parsed => parsed?,
    };
    // clap's `args_conflicts_with_subcommands` would also refuse the options that all commands have.
    if args.file.is_some() && args.command.is_some() {
        let message = "a design to open in the window cannot be combined with a command";
        Args::command()
            .error(clap::error::ErrorKind::ArgumentConflict, message)
            .exit();
    }
    Ok(args)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_of_resume_works_and_is_not_shown() {
        let args = Args::try_parse_from(["pgcascade", "go-on", "d"]).unwrap();
        assert!(matches!(args.command, Some(Command::Resume { .. })));
        assert!(!Args::command().render_long_help().to_string().contains("go-on"));
    }

    #[test]
    fn the_arguments_hold_together() {
        Args::command().debug_assert();
    }
}
