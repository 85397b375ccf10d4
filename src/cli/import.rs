//! `import`: a cluster that somebody runs becomes a design.

use std::path::PathBuf;

use serde::Serialize;

use super::{Ending, print, wait_for_value};
use crate::engine::desk::output::{Kind, Output};
use crate::engine::import::{self, Brought, Request, Source};
use crate::model::import::{Asked, Loss, Unreached};
use crate::model::quoting::shell_path;
use crate::model::words::counted;
use crate::report::Report;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ImportArgs {
    /// A data directory, a configuration folder, a *.conf file, files of Patroni, repmgr, CloudNativePG or compose, a
    /// tarball, or a folder of several; or a server, as a connection string or a URI
    #[arg(value_name = "SOURCE", required_unless_present = "config")]
    sources: Vec<String>,
    /// The configuration folder of one server; repeat it for each server
    #[arg(long, value_name = "DIR")]
    config: Vec<PathBuf>,
    /// Another address where a server of the cluster may answer
    #[arg(long, value_name = "HOST:PORT")]
    also: Vec<String>,
    /// Write the design to this file [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Overwrite the output even if it exists
    #[arg(long, requires = "output")]
    force: bool,
    /// Print JSON: the design, the guesses, what is lost, and which servers were not reached
    #[arg(long)]
    json: bool,
}

/// The contract's form.
#[derive(Serialize)]
struct Answer<'a> {
    design: &'a str,
    asked: &'a [Asked],
    losses: &'a [Loss],
    unreached: &'a [Unreached],
}

pub(super) fn import(args: &ImportArgs) -> Result<Ending, Report> {
    if let Some(path) = args
        .output
        .as_deref()
        .filter(|path| path.is_file() && !args.force)
    {
        return Err(Report::new(format!("\"{}\" already exists", path.display()))
            .hint("Choose another name, or use --force to overwrite it"));
    }
    let brought = bring(&Request {
        sources: args.sources.clone(),
        configs: args.config.clone(),
        also: args.also.clone(),
    })?;
    let text = brought.document.text();
    if let Some(path) = &args.output {
        let output = Output {
            path,
            kind: Kind::Design,
            input: None,
            is_forced: args.force,
        };
        output.write(text.as_bytes())?;
    }
    if args.json {
        print::json(&Answer {
            design: &text,
            asked: &brought.asked,
            losses: &brought.losses,
            unreached: &brought.unreached,
        });
        return Ok(Ending::Fine);
    }
    match &args.output {
        None => print::text(&text),
        Some(path) => {
            let topology = brought.document.topology();
            print::line(format_args!(
                "Imported {} into {}",
                counted(topology.servers().len(), "server"),
                path.display()
            ));
        }
    }
    tell(&brought);
    if let Some(path) = &args.output {
        print::note(format_args!(
            "See what is wrong with it: pgcascade check {}",
            shell_path(path)
        ));
    }
    Ok(Ending::Fine)
}

/// Reads the files, or asks the servers.
pub(super) fn bring(request: &Request) -> Result<Brought, Report> {
    let (mut paths, mut servers) = (Vec::new(), Vec::new());
    for word in &request.sources {
        match import::source_of(word)? {
            Source::Path(path) => paths.push(path),
            Source::Connection(text) => servers.push(text),
        }
    }
    match (servers.as_slice(), paths.is_empty() && request.configs.is_empty()) {
        ([], _) => import::from_files(&paths, &request.configs),
        ([first, others @ ..], true) => {
            let also = [request.also.as_slice(), others].concat();
            wait_for_value(import::from_servers(first, &also))
        }
        _ => Err(Report::new("Servers and files cannot be imported together.")
            .hint("Name either a connection string or the servers' files.")),
    }
}

/// "db2:5432: ", as far as it is known.
pub(super) fn tell_place(one: &Unreached) -> String {
    one.place()
}

/// What the design does not say, for people.
fn tell(brought: &Brought) {
    if !brought.asked.is_empty() {
        print::note("Guessed; look at these:");
        for asked in &brought.asked {
            print::note(format_args!("- {} Now: {}", asked.question, asked.guess));
        }
    }
    if !brought.unreached.is_empty() {
        print::note("Not reached:");
        for one in &brought.unreached {
            print::note(format_args!("- {}{}", tell_place(one), one.message));
        }
    }
    if !brought.losses.is_empty() {
        print::note("Not in the design:");
        for loss in &brought.losses {
            let line = if loss.line.is_empty() {
                String::new()
            } else {
                format!("{}: ", print::in_one_line(&loss.line))
            };
            print::note(format_args!("- {}: {line}{}", loss.place, loss.message));
        }
    }
}
