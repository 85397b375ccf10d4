//! `--via ansible`: a design on its own hosts. The plan is the playbook's steps; its events are shown like those of any run.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use serde_json::json;

use super::args::{Apply, Show};
use super::deploy::{ending, shown, tell};
use super::signals::Signals;
use super::target::{Target, absolute};
use super::{Ending, print};
use crate::engine::ansible::{self, Play, Project};
use crate::model::document::Document;
use crate::model::export::{self, Playbook};
use crate::model::plan::{Check, Outcome, StepSummary, describe_change};
use crate::model::quoting::shell_path;
use crate::model::words::counted;
use crate::report::Report;

/// This program runs one playbook in its life.
const RUN: u64 = 1;

/// Who does it where the hosts are not this machine.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Via {
    /// Let Ansible do it on the design's hosts
    #[arg(long = "via", id = "via", value_name = "TOOL", value_parser = PossibleValuesParser::new(["ansible"]))]
    tool: Option<String>,
    /// With --via: an inventory read behind the project's own, for users, keys and addresses of the hosts
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

    /// As ansible-playbook takes them, from whatever folder it runs in.
    fn variables(&self) -> Result<Vec<String>, Report> {
        let mut all = Vec::new();
        for one in &self.variables {
            if let Some(file) = one.strip_prefix('@') {
                all.push(format!("@{}", absolute(file.as_ref())?.display()));
                continue;
            }
            let key = one.split('=').next().unwrap_or_default().to_lowercase();
            if key.contains("pass") || key.contains("secret") {
                return Err(Report::new(
                    "A secret is refused on the command line, where every user of this machine can read it.",
                )
                .hint("Put it into a file of mode 0600, or a vault, and name it: -e @FILE"));
            }
            all.push(one.clone());
        }
        Ok(all)
    }
}

pub(super) async fn deploy(target: &Target, document: Document, show: Show) -> Result<Ending, Report> {
    let project = Project::of(&target.file, target.dir())?;
    possible(&document)?;
    let playbook = Playbook::of(document.topology());
    if show.plan {
        show_steps(&project, &document, playbook.steps(), &[], &[], show.json);
        return Ok(Ending::Fine);
    }
    if let Some(before) = project.deployed()?
        && before.topology() != document.topology()
    {
        return Err(Report::new(format!(
            "Another design runs on the hosts already: {} records it.",
            project.folder().display()
        ))
        .hint("Change the hosts to this one with `pgcascade apply FILE --via ansible`.")
        .hint("Or choose another folder with --dir DIR."));
    }
    run(&target.via, project, document, Vec::new(), show.json).await
}

pub(super) async fn apply(args: &Apply, wanted: Document) -> Result<Ending, Report> {
    let project = Project::of(&args.file, args.dir.as_deref())?;
    possible(&wanted)?;
    let Some(before) = project.deployed()? else {
        return Err(Report::new(format!(
            "No design is recorded in {}, so that nobody knows what changes.",
            project.folder().display()
        ))
        .hint("Build it with `pgcascade deploy FILE --via ansible`, or name the folder of its playbook with --dir DIR."));
    };
    let described = describe_change(before.topology(), wanted.topology());
    let (changes, interruptions) = described.map_err(|checks| refused(&checks))?;
    refuse_by_hand(&before, &wanted)?;
    let playbook = Playbook::of(wanted.topology());
    if args.plan {
        show_steps(
            &project,
            &wanted,
            playbook.steps(),
            &changes,
            &interruptions,
            args.json,
        );
        return Ok(Ending::Fine);
    }
    if !args.json {
        for line in changes.iter().chain(&interruptions) {
            print::note(line);
        }
        print::note(
            "note: the playbook reloads running servers; a setting that needs a restart waits until you restart them",
        );
    }
    run(&args.via, project, wanted, vec![before], args.json).await
}

fn refused(checks: &[Check]) -> Report {
    let report = Report::new("The change cannot be applied to the running hosts.");
    let report = checks
        .iter()
        .fold(report, |report, check| report.hint(check.message.clone()));
    checks
        .iter()
        .filter_map(|check| check.fix.clone())
        .fold(report, Report::hint)
}

/// Errors of the design, before anything is written.
fn possible(document: &Document) -> Result<(), Report> {
    export::export(document, export::Target::Ansible)
        .map(drop)
        .map_err(|refused| Report::new(refused.message).hint(refused.hint))
}

/// What the playbook does not do.
fn refuse_by_hand(before: &Document, wanted: &Document) -> Result<(), Report> {
    let (old, new) = (before.topology(), wanted.topology());
    if old.primary().name() != new.primary().name() {
        return Err(Report::new(format!(
            "The playbook makes no server the primary that was a standby: \"{}\" is to take over from \"{}\".",
            new.primary().name(),
            old.primary().name()
        ))
        .hint("Switch over by hand first, draw what runs then, and apply the rest."));
    }
    let gone: Vec<String> = old
        .servers()
        .iter()
        .filter(|server| new.by_name(server.name().as_str()).is_none())
        .map(|server| format!("\"{}\" on {}", server.name(), server.host()))
        .collect();
    if !gone.is_empty() {
        print::note(format_args!(
            "note: {} left the design, and the playbook does not touch it: stop it by hand",
            gone.join(", ")
        ));
    }
    Ok(())
}

fn show_steps(
    project: &Project,
    document: &Document,
    steps: &[StepSummary],
    changes: &[String],
    interruptions: &[String],
    as_json: bool,
) {
    let cluster = document.topology().name();
    if as_json {
        print::json(&json!({
            "cluster": cluster,
            "folder": project.folder(),
            "via": "ansible",
            "changes": changes,
            "interruptions": interruptions,
            "steps": steps,
        }));
        return;
    }
    print::line(format_args!(
        "{} for \"{cluster}\" by Ansible, from {}",
        counted(steps.len(), "step"),
        project.folder().display()
    ));
    for line in changes.iter().chain(interruptions) {
        print::line(format_args!("  {line}"));
    }
    let width = steps.len().to_string().len();
    for (place, step) in steps.iter().enumerate() {
        print::line(format_args!("{:>width$}. {}", place + 1, step.title));
    }
}

async fn run(
    via: &Via,
    project: Project,
    document: Document,
    before: Vec<Document>,
    as_json: bool,
) -> Result<Ending, Report> {
    let signals = Signals::catch()?;
    let variables = via.variables()?;
    let inventory = via.inventory.as_deref().map(absolute).transpose()?;
    project.prepare(&document).await?;
    let cancel = crate::engine::deploy::Cancel::default();
    let _watcher = signals.cancels(
        &cancel,
        "Cancelled: the playbook ends (press Ctrl-C again to stop waiting)",
        "Stopping at once",
    );
    let topology = document.topology();
    let play = Play {
        number: RUN,
        project: project.clone(),
        playbook: Playbook::of(topology),
        cluster: topology.name().to_owned(),
        inventory,
        variables,
        left_slots: before
            .first()
            .map(|before| export::left_slots(before.topology(), topology))
            .unwrap_or_default(),
    };
    let mut changed = 0;
    let outcome = shown(as_json, |events| async {
        let (outcome, playbook) = ansible::play(play, events, cancel).await;
        changed = playbook.changed().values().filter(|count| **count > 0).count();
        outcome
    })
    .await;
    if outcome == Outcome::Done {
        project.settle(&document)?;
    }
    if !as_json {
        let log = shell_path(&project.folder().join("ansible.log"));
        tell("playbook", &outcome, &format!("Its log is {log}"));
        if outcome == Outcome::Done {
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
