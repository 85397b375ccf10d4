//! What the terminal shows. Nothing but this module prints.
//!
//! `args` is the command line as data; every command is a short function in a file of its own that asks
//! `model` or `engine` and shows the answer through `print`, `table`, `tree` or `progress`.
//! Start with [`main`].

mod apply;
mod args;
mod bundle;
mod check;
mod clusters;
mod demo;
mod deploy;
mod designs;
mod diagram;
mod difference;
mod explain;
mod plan;
mod predict;
mod preflight;
mod print;
mod progress;
mod resume;
mod scenario;
mod signals;
mod simulate;
mod status;
mod survives;
mod table;
mod tree;
mod window;

use std::process::ExitCode;

use clap::Parser as _;

use crate::report::Report;
use args::{Args, Command};

/// How a command ended, when nothing else is to be said about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Fine,
    /// Error-level findings, or a failed run that has told its reason.
    Failed,
    Cancelled,
}

impl Ending {
    fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Fine => 0,
            Self::Failed => 1,
            Self::Cancelled => 130,
        })
    }
}

/// Reads the arguments and does what they say. The exit code: 0 fine, 1 error-level findings or a failed run,
/// 2 wrong usage, 130 cancelled.
pub fn main() -> ExitCode {
    args::exit_on_mistyped_command();
    let ending = match Args::try_parse() {
        Ok(args) => perform(args).map_or_else(
            |report| {
                print::error(&report);
                Ending::Failed.exit_code()
            },
            Ending::exit_code,
        ),
        Err(told) if told.use_stderr() => told.exit(),
        Err(help) => {
            print::help(&help);
            Ending::Fine.exit_code()
        }
    };
    match print::failure() {
        None => ending,
        Some(report) => {
            print::error(&report);
            Ending::Failed.exit_code()
        }
    }
}

fn perform(args: Args) -> Result<Ending, Report> {
    let Some(command) = args.command else {
        return window::open(args.file);
    };
    match command {
        Command::Templates => Ok(designs::templates()),
        Command::New(new) => designs::new(&new),
        Command::Check { file, json, explain } => check::check(file.as_deref(), json, explain),
        Command::Show { file } => tree::show(&file),
        Command::Bundle(bundle) => bundle::bundle(&bundle),
        Command::Diagram(diagram) => diagram::diagram(&diagram),
        Command::Predict(args) => predict::predict(&args),
        Command::Survives {
            file,
            double,
            json,
            why,
        } => survives::survives(&file, double, json, why),
        Command::Simulate {
            file,
            scenario,
            until,
            json,
        } => simulate::simulate(&file, scenario.as_deref(), until, json),
        Command::List { json } => Ok(clusters::list(json)),
        Command::Plan { target, json } => wait_for(plan::plan(&target, json)),
        Command::Deploy { target, json } => wait_for(deploy::deploy(&target, json)),
        Command::Apply(apply) => wait_for(apply::apply(&apply)),
        Command::Status { dir, json } => wait_for(status::status(&dir, json)),
        Command::Verify { dir } => wait_for(clusters::verify(&dir)),
        Command::Start { dir, servers } => wait_for(clusters::start(&dir, &servers)),
        Command::Stop { dir, servers } => wait_for(clusters::stop(&dir, &servers)),
        Command::Teardown { dir } => wait_for(clusters::teardown(&dir)),
        Command::GoOn { dir, json } => wait_for(resume::resume(&dir, json)),
        Command::Keep { dir } => resume::keep(&dir),
        Command::Demo(demo) => wait_for(demo::demo(&demo)),
    }
}

/// Runs what waits for servers and signals.
fn wait_for(command: impl Future<Output = Result<Ending, Report>>) -> Result<Ending, Report> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Report::of("The background worker cannot be started", &error))?;
    runtime.block_on(command)
}
