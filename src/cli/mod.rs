//! What the terminal shows. Nothing but this module prints.
//!
//! `args` is the command line as data; every command is a short function in a file of its own that asks
//! `model` or `engine` and shows the answer through `print`, `table`, `tree` or `progress`.
//! Start with [`main`].

mod adopt;
mod apply;
mod args;
mod ask;
mod audit;
mod beside;
mod bundle;
mod check;
mod clusters;
mod completions;
mod demo;
mod deploy;
mod designs;
mod diagram;
mod difference;
mod explain;
mod export;
mod import;
mod lab;
mod lesson;
mod lessons;
mod live;
mod load;
mod man;
mod mistyped;
mod plan;
mod predict;
mod preflight;
mod print;
mod progress;
mod prove;
mod rehearse;
mod resume;
mod scenario;
mod screen;
#[cfg(test)]
mod screen_tests;
mod signals;
mod simulate;
mod status;
mod steer;
mod survives;
mod table;
mod target;
mod task;
mod terminal;
mod tree;
mod trust;
mod values;
mod via;
mod watch;
mod window;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use crate::engine::desk::log;
use crate::engine::proxy;
use crate::engine::servers_user::{self, Fate, own_session};
use crate::model::plan::Wish;
use crate::model::words::duration;
use crate::report::Report;
use args::{Args, Command, Show};

/// How a command ended, when nothing else is to be said about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Fine,
    /// Error-level findings, or a failed run that has told its reason.
    Failed,
    /// What runs differs from what is drawn.
    Drifts,
    /// A server does not answer, so that nobody knows all.
    Unknown,
    Cancelled,
}

impl Ending {
    fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Fine => 0,
            Self::Failed => 1,
            Self::Drifts => 3,
            Self::Unknown => 4,
            Self::Cancelled => 130,
        })
    }
}

/// Reads the arguments and does what they say. The exit code: 0 fine, 1 error-level findings or a failed run,
/// 2 wrong usage, 3 and 4 what `status` says, 130 cancelled.
pub fn main() -> ExitCode {
    if let Some(words) = own_session::asked_for(std::env::args_os().skip(1)) {
        return lead_session(&words);
    }
    if let Some(folder) = proxy::asked_for(std::env::args_os().skip(1)) {
        return match proxy::hold(&folder) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                print::error(&Report::of("The link proxy ended.", &error));
                ExitCode::FAILURE
            }
        };
    }
    let args = match args::parse() {
        Ok(args) => args,
        Err(help) => {
            print::help(&help);
            return written(Ending::Fine).exit_code();
        }
    };
    servers_user::program::is_this();
    begin_log(args.verbose);
    let began = Instant::now();
    let ending = perform(args).unwrap_or_else(|report| {
        print::error(&report);
        Ending::Failed
    });
    servers_user::keeper::end();
    let ending = written(ending);
    tracing::info!("ended: {ending:?} after {}", since(began));
    ending.exit_code()
}

/// What is called for every server and tool: becomes it, or says why not.
fn lead_session(words: &[OsString]) -> ExitCode {
    let Err(error) = own_session::become_program(words);
    let wanted = words.first().map_or(Path::new("The program"), Path::new);
    print::error(&Report::of(
        format!("{} could not be started.", wanted.display()),
        &error,
    ));
    ExitCode::from(own_session::NOT_STARTED)
}

/// A failed end if the answer could not be written whole.
fn written(ending: Ending) -> Ending {
    match print::failure() {
        None => ending,
        Some(report) => {
            print::error(&report);
            Ending::Failed
        }
    }
}

/// Begins the log with what was called: the command and the names of its options. Their values are private.
fn begin_log(is_verbose: bool) {
    let screen: Option<log::Screen> = is_verbose.then_some(std::io::stderr);
    if let Err(report) = log::begin(screen)
        && is_verbose
    {
        print::note(format_args!("note: {report}"));
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    tracing::info!(
        "pgcascade {} began: {}",
        env!("CARGO_PKG_VERSION"),
        mistyped::names(&words)
    );
}

fn since(began: Instant) -> String {
    duration(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX))
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
        Command::Export(args) => export::export(&args),
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
        Command::List { json, run_as } => clusters::list(json, run_as.as_deref()),
        Command::Plan { target, json } => {
            // The design is the caller's, who may be root; the folder is the servers' user's.
            let document = designs::open(&target.file)?;
            if target.via.is_given() {
                return wait_for(via::deploy(&target, document, Show { plan: true, json }));
            }
            target.take_on_user()?;
            wait_for(async {
                let document = rehearse::rehearsed(&target, document, json).await?;
                plan::plan(&target, &document, json).await
            })
        }
        Command::Deploy { target, trust, show } => {
            let document = designs::open(&target.file)?;
            if target.via.is_given() {
                return wait_for(via::deploy(&target, document, show));
            }
            target.take_on_user()?;
            wait_for(async {
                let document = rehearse::rehearsed(&target, document, show.json).await?;
                if show.plan {
                    return plan::plan(&target, &document, show.json).await;
                }
                deploy::deploy(&target, &document, trust, show.json).await
            })
        }
        Command::Apply(apply) => {
            let wanted = designs::open(&apply.file)?;
            let Some(dir) = apply.dir.clone().filter(|_| !apply.via.is_given()) else {
                return wait_for(via::apply(&apply, wanted));
            };
            servers_user::take_on(&dir, None, Fate::Stays)?;
            wait_for(apply::apply(&apply, &dir, wanted))
        }
        Command::Adopt(args) => adopt::adopt(&args),
        Command::Import(args) => import::import(&args),
        Command::Audit(args) => audit::audit(&args),
        Command::Demo(demo) => {
            demo.programs.take_on_user()?;
            wait_for(demo::demo(&demo))
        }
        Command::Lessons(args) => lessons::lessons(&args),
        Command::Lesson(args) => lesson::lesson(&args),
        Command::Challenge(args) => lesson::challenge(&args),
        Command::Man(args) => man::man(&args),
        Command::Completions { shell } => Ok(completions::completions(shell)),
        Command::KeepFolder { folder, uid, gid } => keep_folder(&folder, uid, gid),
        Command::Status { dir, json } => in_folder(&dir, Fate::Stays, status::status(&dir, json)),
        Command::Watch(args) => match args.foreign() {
            Some(server) => wait_for(watch::watch_foreign(server, &args)),
            None => in_folder(&args.source, Fate::Stays, watch::watch(&args)),
        },
        Command::Verify { dir, show } => in_folder(&dir, Fate::Stays, clusters::verify(&dir, show)),
        Command::Start { dir, servers, show } => {
            in_folder(&dir, Fate::Stays, clusters::start(&dir, &servers, show))
        }
        Command::Stop { dir, servers, show } => {
            in_folder(&dir, Fate::Stays, clusters::stop(&dir, &servers, show))
        }
        Command::Restart(args) => in_folder(&args.dir, Fate::Stays, clusters::restart(&args)),
        Command::Reload(args) => in_folder(&args.dir, Fate::Stays, clusters::reload(&args)),
        Command::Pause(args) => in_folder(&args.dir, Fate::Stays, clusters::set_replay(&args, true)),
        Command::ResumeReplay(args) => in_folder(&args.dir, Fate::Stays, clusters::set_replay(&args, false)),
        Command::Switchover(args) => {
            let wish = Wish::Switchover { heir: args.server };
            in_folder(
                &args.dir,
                Fate::Stays,
                steer::steer(&args.dir, wish, true, args.show),
            )
        }
        Command::Failover(args) => {
            let wish = Wish::Failover { heir: args.server };
            in_folder(
                &args.dir,
                Fate::Stays,
                steer::steer(&args.dir, wish, args.yes, args.show),
            )
        }
        Command::Rejoin(args) => {
            let wish = Wish::Rejoin { server: args.server };
            in_folder(
                &args.dir,
                Fate::Stays,
                steer::steer(&args.dir, wish, args.yes, args.show),
            )
        }
        Command::Follow(args) => {
            let wish = Wish::Follow {
                server: args.server,
                upstream: args.upstream,
            };
            in_folder(
                &args.dir,
                Fate::Stays,
                steer::steer(&args.dir, wish, true, args.show),
            )
        }
        Command::Fail(args) => in_folder(&args.dir, Fate::Stays, lab::fail(&args)),
        Command::Repair(args) => in_folder(&args.dir, Fate::Stays, lab::repair(&args)),
        Command::Load(args) => in_folder(&args.dir, Fate::Stays, load::load(&args)),
        Command::Teardown { dir, show } => in_folder(&dir, Fate::MayComeOrGo, clusters::teardown(&dir, show)),
        Command::Resume { dir, json } => in_folder(&dir, Fate::MayComeOrGo, resume::resume(&dir, json)),
        Command::Keep { dir } => {
            servers_user::take_on(&dir, None, Fate::Stays)?;
            resume::keep(&dir)
        }
    }
}

/// Works on the cluster in a folder; root does so as the servers' user.
fn in_folder(
    dir: &Path,
    fate: Fate,
    command: impl Future<Output = Result<Ending, Report>>,
) -> Result<Ending, Report> {
    servers_user::take_on(dir, None, fate)?;
    wait_for(command)
}

/// What the process that stays root does for the one that gave root up.
fn keep_folder(folder: &Path, uid: u32, gid: u32) -> Result<Ending, Report> {
    servers_user::serve(
        folder,
        (uid, gid),
        std::io::stdin().lock(),
        std::io::stdout().lock(),
    )
    .map(|()| Ending::Fine)
    .map_err(|error| Report::of("Cannot answer the process that gave up root", &error))
}

/// Runs what waits for servers and signals.
fn wait_for(command: impl Future<Output = Result<Ending, Report>>) -> Result<Ending, Report> {
    wait_for_value(command)
}

fn wait_for_value<T>(command: impl Future<Output = Result<T, Report>>) -> Result<T, Report> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Report::of("Cannot start the background worker", &error))?;
    runtime.block_on(command)
}
