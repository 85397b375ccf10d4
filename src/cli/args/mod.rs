//! The command line as data. To add a command: a variant here, its arguments in `designs` or `clusters`, a function in a
//! file of its own, a line in `perform`. How values are read is in `values`.

mod clusters;
mod designs;
mod lessons;
mod steer;

use std::path::PathBuf;

use clap::{CommandFactory as _, Parser, Subcommand};

pub(in crate::cli) use self::clusters::{Adopt, Apply, Demo, Show};
pub(in crate::cli) use self::designs::{Bundle, Diagram, New, Predict};
pub(in crate::cli) use self::lessons::{ChallengeArgs, LessonArgs, Lessons, Work};
pub(in crate::cli) use self::steer::{Failover, Follow, OneServer, Rejoin, Restart, SomeServers, Switchover};
use super::audit::AuditArgs;
use super::check::Explained;
use super::export::ExportArgs;
use super::import::ImportArgs;
use super::lab::{FailArgs, RepairArgs};
use super::load::LoadArgs;
use super::man::ManArgs;
use super::mistyped::exit_on_mistyped_command;
use super::target::Target;
use super::values::{known_rule, time};
use super::watch::WatchArgs;
use crate::engine::servers_user;
use crate::model::simulate::time::Micros;

const STATUS_CODES: &str = "\
Exit codes: 0 as drawn, 3 something differs from the design, 4 a server does not answer, so the picture is \
incomplete.";
const EXIT_CODES: &str = "\
Exit codes: 0 fine, 1 error-level findings or a failed run, 2 wrong usage, 130 cancelled;
for status and list: 3 something differs from the design; for status: 4 a server does not answer.
A first session: pgcascade new -o seed.toml && pgcascade deploy seed.toml --dir ./seed";

const USAGE: &str = "\
pgcascade [OPTIONS] [FILE]
       pgcascade [OPTIONS] <COMMAND>";

/// Design a PostgreSQL replication cluster, check it, export its configuration, run it on this machine
#[derive(Debug, Parser)]
#[command(name = "pgcascade", version, override_usage = USAGE, after_help = EXIT_CODES)]
pub(in crate::cli) struct Args {
    /// The design to open in the window
    pub(in crate::cli) file: Option<PathBuf>,
    /// Log details to standard error as well as to the log file
    #[arg(short, long, global = true)]
    pub(in crate::cli) verbose: bool,
    #[command(subcommand)]
    pub(in crate::cli) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
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
        explain: Option<Explained>,
    },
    /// Draw a design's tree in the terminal
    Show {
        /// The design file
        file: PathBuf,
    },
    /// Export a design's configuration as a tarball
    Bundle(Bundle),
    /// Export a design for its hosts: scripts, systemd, containers, Ansible, Patroni, repmgr, CloudNativePG
    Export(ExportArgs),
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
        /// Also try every pair of failures
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
        /// How much time to simulate, for example 30s or 2min
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
    /// Build, start and verify the cluster: on this machine, or on its hosts with Ansible
    Deploy {
        #[command(flatten)]
        target: Target,
        #[arg(long, help = clusters::TRUST_HELP)]
        trust: bool,
        #[command(flatten)]
        show: Show,
    },
    /// Change a running cluster to match a changed design, with the least disruption
    Apply(Apply),
    /// Change the design of a cluster to match what is running, after a failover or another change made by hand
    Adopt(Adopt),
    /// Make a design from a cluster that you already run: from its files, or from a connection to one of its servers
    Import(ImportArgs),
    /// Find what is wrong with a cluster that you already run, worst first, and how to fix it
    Audit(AuditArgs),
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
    Watch(WatchArgs),
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
    /// Restart servers of a cluster: they read every setting again, and their sessions are disconnected
    Restart(Restart),
    /// Make servers of a cluster read their configuration files again
    Reload(SomeServers),
    /// Pause the replay of a standby: it still receives WAL, but does not apply it
    Pause(OneServer),
    /// Resume the replay of a standby: it applies WAL again
    ResumeReplay(OneServer),
    /// Switch over to a standby: it becomes the primary, the primary becomes a standby, nothing is lost
    Switchover(Switchover),
    /// Fail over to a standby, because the primary is gone
    Failover(Failover),
    /// Bring a server back as a standby after a failover, or after WAL that it needed was removed
    Rejoin(Rejoin),
    /// Make a standby follow another server
    Follow(Follow),
    /// Break a server of a cluster on purpose, in the words of What-if; repair undoes it
    Fail(FailArgs),
    /// Undo what `fail` did
    Repair(RepairArgs),
    /// Commit rows through the primary, even while another server takes over, and say whether any is missing
    Load(LoadArgs),
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
    /// List the lessons and your progress
    Lessons(Lessons),
    /// Show a lesson's task, write its starting design, check your work
    Lesson(LessonArgs),
    /// Repair a broken cluster that is generated from a level and a number
    Challenge(ChallengeArgs),
    /// Print the manual page, or write one for each command
    Man(ManArgs),
    /// Print the completion script for a shell
    Completions { shell: clap_complete::Shell },
    /// Make and remove one folder for a pgcascade that gave root up; not for people
    #[command(name = servers_user::keeper::COMMAND, hide = true)]
    KeepFolder { folder: PathBuf, uid: u32, gid: u32 },
}

/// What was called; as an error the help or the version, where that is asked for. Wrong usage ends the program here.
pub(in crate::cli) fn parse() -> Result<Args, clap::Error> {
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
