//! `adopt`: what runs becomes the design of its cluster.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::args::Adopt;
use super::signals::Signals;
use super::{Ending, designs, print, target, wait_for};
use crate::engine::cluster;
use crate::engine::deploy::Cancel;
use crate::engine::deploy::adopt::{self, Adopting};
use crate::engine::desk::output::{Kind, Output};
use crate::engine::servers_user::{self, Fate, by_child};
use crate::model::document::{Document, format};
use crate::model::quoting::shell_path;
use crate::report::Report;

/// What `--json` prints.
#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    /// The text of the design that is adopted.
    design: String,
    changes: Vec<String>,
    /// Servers that do not run and leave the design, by name.
    left: Vec<String>,
    /// What still differs from it, a sentence each.
    differs: Vec<String>,
    /// False: it was only looked at.
    adopted: bool,
}

pub(super) fn adopt(args: &Adopt) -> Result<Ending, Report> {
    // The output is the caller's; the folder is the servers' user's.
    let own = match &args.output {
        Some(path) if path.is_file() && !args.force => Some(designs::open(path)?),
        _ => None,
    };
    if let Some(path) = args.output.as_deref().filter(|_| by_child::is_needed()) {
        return wait_for(by_call(args, path, own));
    }
    servers_user::take_on(&args.dir, None, Fate::Stays)?;
    wait_for(here(args, own))
}

async fn here(args: &Adopt, own: Option<Document>) -> Result<Ending, Report> {
    let adopting = adopt::look_to_adopt(&target::absolute(&args.dir)?).await?;
    let written = match &args.output {
        Some(path) => Some((path, text_for(path, own, &adopting.before, &adopting.design)?)),
        None => None,
    };
    if args.plan {
        show(args, &adopting, false);
        return Ok(Ending::Fine);
    }
    let signals = Signals::catch()?;
    let cancel = Cancel::default();
    let _watcher = signals.cancels(
        &cancel,
        "Cancelled: the design stays adopted, the servers' files stay as they were",
        "Stopping at once",
    );
    adopting.clone().adopt_here(cancel).await?;
    if let Some((path, text)) = written {
        write(path, &text)?;
    }
    show(args, &adopting, true);
    Ok(Ending::Fine)
}

/// Root gives the work to a pgcascade that becomes the servers' user, and writes the file itself.
async fn by_call(args: &Adopt, path: &Path, own: Option<Document>) -> Result<Ending, Report> {
    let dir = target::absolute(&args.dir)?;
    let call = |more: &[&str]| {
        let mut arguments = vec!["adopt".into(), dir.clone().into(), "--json".into()];
        arguments.extend(more.iter().map(Into::into));
        arguments
    };
    // Whether the file may be written is known before anything is done.
    let (mut answer, design) = read(&by_child::answer(&call(&["--plan"])).await?)?;
    let text = text_for(path, own, &cluster::design(&dir)?, &design)?;
    if !args.plan {
        (answer, _) = read(&by_child::answer(&call(&[])).await?)?;
        write(path, &text)?;
    }
    if args.json {
        print::json(&answer);
    } else {
        say(&answer, args);
    }
    Ok(Ending::Fine)
}

fn read(answer: &[u8]) -> Result<(Answer, Document), Report> {
    let headline = "What pgcascade answered could not be read.";
    let answer: Answer = serde_json::from_slice(answer).map_err(|error| Report::of(headline, &error))?;
    let design = format::read(&answer.design).map_err(|problems| Report::of_problems(headline, &problems))?;
    Ok((answer, design))
}

/// What is to be written: the file's own text with only what differs changed, where the file is this cluster's design.
fn text_for(path: &Path, own: Option<Document>, before: &Document, now: &Document) -> Result<String, Report> {
    let Some(own) = own else { return Ok(now.text()) };
    let is_its = |design: &Document| own.topology().has_same_configuration(design.topology());
    if !is_its(before) && !is_its(now) {
        return Err(
            Report::new(format!("{} is not the design that was deployed.", path.display()))
                .hint("Name another file, or add --force to overwrite this one."),
        );
    }
    Ok(own.redrawn(now.topology()).text())
}

fn write(path: &Path, text: &str) -> Result<(), Report> {
    let output = Output {
        path,
        kind: Kind::Design,
        input: None,
        is_forced: false,
    };
    output.write(text.as_bytes())
}

/// What changes in the drawing, and what stays different.
fn show(args: &Adopt, adopting: &Adopting, adopted: bool) {
    let adoption = &adopting.adoption;
    let answer = Answer {
        design: adopting.design.text(),
        changes: adoption.changes.clone(),
        left: adoption.leaving.clone(),
        differs: adoption.stays.iter().map(|one| one.message.clone()).collect(),
        adopted,
    };
    if args.json {
        print::json(&answer);
        return;
    }
    say(&answer, args);
}

fn say(answer: &Answer, args: &Adopt) {
    if answer.changes.is_empty() {
        let dir = shell_path(&args.dir);
        print::line(if answer.differs.is_empty() {
            format!("Nothing to adopt: the design in {dir} already says what runs")
        } else {
            format!("Nothing to adopt into the design in {dir}: a design cannot express what differs")
        });
    } else {
        print::line(if args.plan {
            "Would change in the design:"
        } else {
            "Changed in the design:"
        });
        for change in &answer.changes {
            print::line(format_args!("- {change}"));
        }
    }
    if !answer.differs.is_empty() {
        print::line("Still different from the design:");
        for differs in &answer.differs {
            print::line(format_args!("- {differs}"));
        }
        print::note(format_args!(
            "See what would undo it: pgcascade apply {0}/design.toml --dir {0} --plan",
            shell_path(&args.dir)
        ));
    }
}
