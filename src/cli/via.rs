//! `--via ansible`: a design on its own hosts. The plan is the playbook's steps; its events are shown like those of any run.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use serde_json::json;

use super::args::{Apply, Show};
use super::deploy::{ending, shown, tell};
use super::signals::Signals;
use super::target::Target;
use super::{Ending, print};
use crate::engine::ansible::{self, Access, Play, Project, Prospect};
use crate::model::document::Document;
use crate::model::plan::Outcome;
use crate::model::quoting::shell_path;
use crate::model::words::counted;
use crate::report::Report;

/// This program runs one playbook in its life.
const RUN: u64 = 1;

/// Who does it where the hosts are not this machine.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Via {
    /// Use this tool to do it on the design's hosts
    #[arg(long = "via", id = "via", value_name = "TOOL", value_parser = PossibleValuesParser::new(["ansible"]))]
    tool: Option<String>,
    /// With --via: another inventory, read after the project's own, for the hosts' users, keys and addresses
    #[arg(long, value_name = "FILE", requires = "via")]
    inventory: Option<PathBuf>,
    /// With --via: a variable for Ansible, or @FILE with several; secrets belong in a file of mode 0600
    #[arg(
        short = 'e',
        long = "extra-vars",
        value_name = "KEY=VALUE|@FILE",
        requires = "via"
    )]
    variables: Vec<String>,
}

impl Via {
    pub(super) fn is_given(&self) -> bool {
        self.tool.is_some()
    }
}

pub(super) async fn deploy(target: &Target, document: Document, show: Show) -> Result<Ending, Report> {
    let project = Project::of(&target.file, target.dir())?;
    if !show.plan
        && let Some(before) = project.deployed()?
        && before.topology() != document.topology()
    {
        return Err(Report::new(format!(
            "Another design runs on the hosts already: {} records it.",
            project.folder().display()
        ))
        .hint("Change the hosts to this one with `pgcascade apply FILE --via ansible`.")
        .hint("Or choose another folder with --dir DIR."));
    }
    let prospect = Prospect::of(project, document)?;
    if show.plan {
        show_steps(&prospect, show.json);
        return Ok(Ending::Fine);
    }
    run(&target.via, prospect, show.json).await
}

pub(super) async fn apply(args: &Apply, wanted: Document) -> Result<Ending, Report> {
    let prospect = Prospect::of(Project::of(&args.file, args.dir.as_deref())?, wanted)?;
    if prospect.before.is_none() {
        return Err(Report::new(format!(
            "No design is recorded in {}, so that nobody knows what changes.",
            prospect.project.folder().display()
        ))
        .hint("Build it with `pgcascade deploy FILE --via ansible`, or name the folder of its playbook with --dir DIR."));
    }
    if args.plan {
        show_steps(&prospect, args.json);
        return Ok(Ending::Fine);
    }
    if !args.json {
        for line in prospect.changes.iter().chain(&prospect.interruptions) {
            print::note(line);
        }
        for note in &prospect.notes {
            print::note(format_args!("note: {note}"));
        }
    }
    run(&args.via, prospect, args.json).await
}

fn show_steps(prospect: &Prospect, as_json: bool) {
    let cluster = prospect.document.topology().name();
    let folder = prospect.project.folder();
    if as_json {
        print::json(&json!({
            "cluster": cluster,
            "folder": folder,
            "via": "ansible",
            "changes": prospect.changes,
            "interruptions": prospect.interruptions,
            "notes": prospect.notes,
            "steps": prospect.steps,
        }));
        return;
    }
    print::line(format_args!(
        "{} for \"{cluster}\" by Ansible, from {}",
        counted(prospect.steps.len(), "step"),
        folder.display()
    ));
    for line in prospect.changes.iter().chain(&prospect.interruptions) {
        print::line(format_args!("  {line}"));
    }
    for note in &prospect.notes {
        print::line(format_args!("  note: {note}"));
    }
    let width = prospect.steps.len().to_string().len();
    for (place, step) in prospect.steps.iter().enumerate() {
        print::line(format_args!("{:>width$}. {}", place + 1, step.title));
    }
}

async fn run(via: &Via, prospect: Prospect, as_json: bool) -> Result<Ending, Report> {
    let signals = Signals::catch()?;
    let access = Access::of(via.inventory.as_deref(), &via.variables)?;
    let cancel = crate::engine::deploy::Cancel::default();
    let _watcher = signals.cancels(
        &cancel,
        "Cancelled: the playbook ends (press Ctrl-C again to stop waiting)",
        "Stopping at once",
    );
    let play = Play {
        number: RUN,
        prospect: prospect.clone(),
        access,
    };
    let mut changed = 0;
    let outcome = shown(as_json, |events| async {
        let (outcome, playbook) = ansible::play(play, events, cancel).await;
        changed = playbook.changed().values().filter(|count| **count > 0).count();
        outcome
    })
    .await;
    if !as_json {
        let project = &prospect.project;
        let log = shell_path(&project.log());
        tell("playbook", &outcome, &format!("Its log is {log}"));
        if outcome == Outcome::Done {
            let topology = prospect.document.topology();
            let servers = counted(topology.servers().len(), "server");
            print::line(format_args!(
                "\"{}\" runs on its hosts: {servers}, proved; {} changed",
                topology.name(),
                counted(changed, "host")
            ));
            print::line(format_args!("  playbook:  {}", shell_path(&project.site())));
            print::line(format_args!("  change it: pgcascade apply FILE --via ansible"));
        }
    }
    Ok(ending(&outcome))
}
