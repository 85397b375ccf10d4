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
Exit codes: 0 as drawn, 3 something differs from the design, 4 a server does not answer, so that not all is known.";
const EXIT_CODES: &str = "\
Exit codes: 0 fine, 1 error-level findings or a failed run, 2 wrong usage, 130 cancelled;
of status and list: 3 something differs from the design, of status: 4 a server does not answer.
A first session: pgcascade new -o seed.toml && pgcascade deploy seed.toml --dir ./seed";

const USAGE: &str = "\
pgcascade [OPTIONS] [FILE]
       pgcascade [OPTIONS] <COMMAND>";

const TRUST_HELP: &str = "Let the design run its own commands and libraries here: the plan lists them (\"Runs on this machine\"). Remembered \
     until that list changes";

/// Draw a PostgreSQL replication cluster, see what is wrong with it, export its configuration, run it on this machine
#[derive(Debug, Parser)]
#[command(name = "pgcascade", version, override_usage = USAGE, after_help = EXIT_CODES)]
pub(super) struct Args {
    /// The design to open in the designer's window
    pub(super) file: Option<PathBuf>,
    /// Show on standard error what is done, in detail; it is also written to the log
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
    /// Say what is wrong or unwise in a design
    Check {
        /// The design file
        #[arg(required_unless_present = "explain")]
        file: Option<PathBuf>,
        /// Print the findings as JSON
        #[arg(long, conflicts_with = "explain")]
        json: bool,
        /// Say what a rule means and what it rests on; of the design's findings, show only the rule's own
        #[arg(long, value_name = "RULE", value_parser = known_rule)]
        explain: Option<&'static Rule>,
    },
    /// Draw a design's tree in the terminal
    Show {
        /// The design file
        file: PathBuf,
    },
    /// Write a design's configuration as a tarball
    Bundle(Bundle),
    /// Draw a design as a picture: SVG and PNG (with the design inside), Mermaid, DOT
    Diagram(Diagram),
    // Not a doc comment: its backticks would be printed.
    #[command(
        about = "Predict what pg_stat_replication will show on every server, and what becomes of a commit"
    )]
    Predict(Predict),
    /// Say which failures a design survives: do writes go on, do reads, is nothing lost
    Survives {
        /// The design file
        file: PathBuf,
        /// Each two failures at once, too
        #[arg(long)]
        double: bool,
        /// Print it as JSON, with the reasons
        #[arg(long)]
        json: bool,
        /// Print the reasons, too
        #[arg(long, conflicts_with = "json")]
        why: bool,
    },
    /// Play a scenario in time: commits, lags and what happens, a line a second
    Simulate {
        /// The design file
        file: PathBuf,
        /// The scenario (faults with their moments, speeds of links, clients, the seed of chance): one that the design
        /// keeps, by name, or a file
        #[arg(long, value_name = "NAME|FILE")]
        scenario: Option<PathBuf>,
        /// How long, for example 30s or 2min
        #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time)]
        until: Micros,
        /// Print each second as JSON, a line each
        #[arg(long)]
        json: bool,
    },
    /// Show the steps of a deployment without doing any
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
        /// Print what happens as JSON, an event a line
        #[arg(long)]
        json: bool,
    },
    /// Make a running cluster what a changed design says, with the least disruption
    Apply(Apply),
    /// Make what runs the design of its cluster: after a failover or another change that was made by hand
    Adopt(Adopt),
    // Not a doc comment: its backticks would be printed.
    #[command(
        about = "Show what pg_stat_replication shows now on every server, and what differs from the design",
        after_help = STATUS_CODES
    )]
    Status {
        /// The cluster's folder
        dir: PathBuf,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the same once a second, until q or Ctrl-C
    Watch {
        /// The cluster's folder
        dir: PathBuf,
        /// Print each reading as a line of JSON
        #[arg(long)]
        json: bool,
    },
    /// Prove the design: links, sync states, a row read on every standby
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
        /// The servers to start; all, if none is named
        #[arg(value_name = "SERVER")]
        servers: Vec<String>,
        #[command(flatten)]
        show: Show,
    },
    /// Stop servers of a cluster
    Stop {
        /// The cluster's folder
        dir: PathBuf,
        /// The servers to stop; all, if none is named
        #[arg(value_name = "SERVER")]
        servers: Vec<String>,
        #[command(flatten)]
        show: Show,
    },
    /// Stop what was started in a folder and remove what was made there, nothing else
    Teardown {
        /// The cluster's folder
        dir: PathBuf,
        #[command(flatten)]
        show: Show,
    },
    /// Finish what a pgcascade that was ended in the middle had begun in a folder: what is done stays done
    // Its first name; scripts may have it.
    #[command(alias = "go-on")]
    Resume {
        /// The cluster's folder
        dir: PathBuf,
        /// Print what happens as JSON, an event a line
        #[arg(long)]
        json: bool,
    },
    /// Leave what such a pgcascade left as it is: it is offered no more
    Keep {
        /// The cluster's folder
        dir: PathBuf,
    },
    /// List the clusters that were made on this machine: name, state, version, how many servers are up, folder
    List {
        /// As root: only those of this user; by default those of everybody whom root deployed clusters as
        #[arg(long, value_name = "USER")]
        run_as: Option<String>,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Build the seed's cluster in a folder of its own, show that it replicates, tear it down at Ctrl-C
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
    /// Show the steps without doing any
    #[arg(long)]
    pub(super) plan: bool,
    /// Print what happens as JSON, an event a line; with --plan, print the plan as JSON
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
    /// A server that is down; may be given several times
    #[arg(long, value_name = "SERVER")]
    pub(super) down: Vec<String>,
    /// Something that happens, for example "crash slave1"; may be given several times, and happens in that order
    #[arg(long, value_name = "ACTION")]
    pub(super) fault: Vec<String>,
    /// A standby that is promoted after the faults
    #[arg(long, value_name = "SERVER")]
    pub(super) promote: Vec<String>,
    /// A scenario, whose events happen before the faults: one that the design keeps, by name, or a file
    #[arg(long, value_name = "NAME|FILE")]
    pub(super) scenario: Option<PathBuf>,
    /// Print the reason for each value, too
    #[arg(long, conflicts_with = "json")]
    pub(super) why: bool,
    /// Print it as JSON, in the form of status --json
    #[arg(long)]
    pub(super) json: bool,
    /// Print, as Markdown, the tables of everything that can happen
    #[arg(long, conflicts_with = "file")]
    transitions: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Diagram {
    /// The design file, or a picture with a design inside
    pub(super) file: PathBuf,
    /// The picture to write, its format by the end of its name; standard output, if left out
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// The format, whatever the file is called; SVG, if there is no file
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<Picture>,
    /// On a dark ground
    #[arg(long)]
    pub(super) dark: bool,
    /// Without the names of servers and hosts, free texts and comments
    #[arg(long)]
    pub(super) anonymous: bool,
    /// Replace the output also if it is not such a picture
    #[arg(long, requires = "output")]
    pub(super) force: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct New {
    /// The built-in design to take
    #[arg(long, value_name = "NAME", default_value = "seed", value_parser = PossibleValuesParser::new(template_names()))]
    pub(super) template: String,
    /// The file to write; standard output, if left out
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Write over a file that exists
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
    /// Say which element of the drawing and which decision made each line, and whether a change of it needs a reload or
    /// a restart; with a server, only what is its own or comes from it
    #[arg(long, value_name = "SERVER", num_args = 0..=1, group = "shown")]
    #[expect(clippy::option_option, reason = "left out, without a server, with one")]
    pub(super) explain: Option<Option<String>>,
    /// Show what changes in the files if the design is given another version of PostgreSQL, as a unified diff
    #[arg(long, value_name = "VERSION", value_parser = known_version, group = "shown")]
    pub(super) diff_version: Option<PgMajor>,
    /// Print the explanation or the difference as JSON
    #[arg(long, requires = "shown")]
    pub(super) json: bool,
    /// Replace the output also if it is not a tarball
    #[arg(long, requires = "output")]
    pub(super) force: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Apply {
    /// The changed design
    pub(super) file: PathBuf,
    /// The folder of the cluster that runs
    #[arg(long, value_name = "DIR")]
    pub(super) dir: PathBuf,
    /// Show what would change, who would be interrupted, and the steps, without doing any
    #[arg(long)]
    pub(super) plan: bool,
    #[arg(long, conflicts_with = "plan", help = TRUST_HELP)]
    pub(super) trust: bool,
    /// Print what happens as JSON, an event a line; with --plan, print the plan as JSON
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
    /// Tear it down at once, without waiting for Ctrl-C
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
        let message = "a design to open in the window cannot be given together with a command";
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
