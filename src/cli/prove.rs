//! `lesson NAME --prove DIR`: the lesson on real servers, step by step.

use std::path::Path;

use super::args::LessonArgs;
use super::lesson::remember;
use super::signals::Signals;
use super::{Ending, print, target};
use crate::engine::deploy::Cancel;
use crate::engine::desk::store;
use crate::engine::proof::{self, Place};
use crate::engine::servers_user::{self, Fate};
use crate::model::lessons::{Lesson, ProofStep};
use crate::report::Report;

/// Steps on their way to the terminal.
const STEPS: usize = 16;

pub(super) fn prove(lesson: &Lesson, dir: &Path, args: &LessonArgs) -> Result<Ending, Report> {
    let folder = target::absolute(dir)?;
    let place = Place {
        bin: args.bin.as_deref().map(target::absolute).transpose()?,
        cache: store::cache_folder(),
        keeps: args.keep,
        folder,
    };
    servers_user::take_on(&place.folder, None, Fate::MayComeOrGo)?;
    super::wait_for(perform(lesson, place, args.json))
}

async fn perform(lesson: &Lesson, place: Place, as_json: bool) -> Result<Ending, Report> {
    let signals = Signals::catch()?;
    let cancel = Cancel::default();
    let _watcher = signals.cancels(
        &cancel,
        "Cancelled: removing the servers (press Ctrl-C again to stop waiting)",
        "Stopping at once",
    );
    let (sender, mut steps) = tokio::sync::mpsc::channel::<ProofStep>(STEPS);
    let show = async {
        while let Some(step) = steps.recv().await {
            if as_json {
                print::json(&step);
            } else if step.is_done {
                print::line(format_args!("{}/{} {}", step.step, step.of, step.text));
            }
        }
    };
    let (proved, ()) = tokio::join!(proof::prove(lesson, &place, sender, cancel.clone()), show);
    let found = match proved {
        Ok(found) => found,
        Err(_) if cancel.soft.is_cancelled() => return Ok(Ending::Cancelled),
        Err(report) => return Err(report),
    };
    if !as_json {
        for goal in found {
            print::line(format_args!("Proved: {goal}"));
        }
    }
    remember(|progress| {
        let record = progress.begin(&lesson.name);
        record.proved = record.solved;
    });
    Ok(Ending::Fine)
}
