//! How a run is shown while it goes: a bar on a terminal, plain lines elsewhere, events as JSON.
//!
//! Each is a fold over the same events.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::print;
use crate::model::plan::{EventKind, Progress, RunEvent, StepId};
use crate::model::visible::visible;
use crate::model::words::counted;

/// One way of showing a run.
pub(super) enum Display {
    Bar { bar: ProgressBar, progress: Progress },
    Lines(Progress),
    Json,
}

impl Display {
    pub(super) fn new(as_json: bool) -> Self {
        if as_json {
            Self::Json
        } else if std::io::stderr().is_terminal() {
            Self::Bar {
                bar: new_bar(),
                progress: Progress::default(),
            }
        } else {
            Self::Lines(Progress::default())
        }
    }

    pub(super) fn show(&mut self, event: &RunEvent) {
        match self {
            Self::Json => print::json(event),
            Self::Bar { bar, progress } => {
                progress.fold(event);
                draw(bar, progress, event);
            }
            Self::Lines(progress) => {
                progress.fold(event);
                if let Some(line) = line_of(progress, event) {
                    print::note(line);
                }
            }
        }
    }
}

fn new_bar() -> ProgressBar {
    const STEADY: Duration = Duration::from_millis(120);
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {bar:30} {pos}/{len} {wide_msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(STEADY);
    bar
}

fn draw(bar: &ProgressBar, progress: &Progress, event: &RunEvent) {
    let (done, all) = progress.done();
    bar.set_length(u64::try_from(all).unwrap_or(u64::MAX));
    bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
    match &event.kind {
        EventKind::StepStarted { step } => bar.set_message(visible(title(progress, *step))),
        EventKind::Waiting { step, what } => {
            bar.set_message(visible(&format!("{}: {what}", title(progress, *step))));
        }
        EventKind::StepFailed { .. } | EventKind::UndoFailed { .. } | EventKind::Unwinding { .. } => {
            if let Some(line) = line_of(progress, event) {
                bar.suspend(|| print::note(line));
            }
        }
        EventKind::Finished { .. } => bar.finish_and_clear(),
        _ => {}
    }
}

/// What a log of the run says about an event; most events are worth a line, but not all.
fn line_of(progress: &Progress, event: &RunEvent) -> Option<String> {
    let text = match &event.kind {
        EventKind::Started { steps, folder, .. } => {
            format!("{} in {folder}", counted(steps.len(), "step"))
        }
        EventKind::StepFinished { step, .. } => {
            let (done, all) = progress.done();
            format!("[{done}/{all}] {}", title(progress, *step))
        }
        EventKind::StepFailed { step, reason, .. } => {
            format!("failed: {}: {reason}", title(progress, *step))
        }
        EventKind::Unwinding { because } => format!("unwinding: {because}"),
        EventKind::StepUndone { step } => format!("undone: {}", title(progress, *step)),
        EventKind::UndoFailed { step, reason } => {
            format!("not undone: {}: {reason}", title(progress, *step))
        }
        EventKind::StepStarted { .. }
        | EventKind::Output { .. }
        | EventKind::Waiting { .. }
        | EventKind::Finished { .. } => return None,
    };
    Some(format!("{:>6.2} s  {text}", event.elapsed_ms as f64 / 1000.0))
}

fn title(progress: &Progress, step: StepId) -> &str {
    progress
        .steps
        .get(step.0)
        .map_or("a step", |(summary, _)| summary.title.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::{Outcome, StepSummary};

    fn lines(kinds: Vec<EventKind>) -> Vec<String> {
        let mut progress = Progress::default();
        let steps = vec![StepSummary {
            step: StepId(0),
            server: None,
            title: "Create the folder".to_owned(),
        }];
        let started = EventKind::Started {
            cluster: "c".to_owned(),
            folder: "/d".to_owned(),
            steps,
        };
        std::iter::once(started)
            .chain(kinds)
            .zip(0..)
            .filter_map(|(kind, number)| {
                let event = RunEvent {
                    run: 1,
                    number,
                    elapsed_ms: number * 1_000,
                    kind,
                };
                progress.fold(&event);
                line_of(&progress, &event)
            })
            .collect()
    }

    #[test]
    fn a_log_tells_what_was_done_and_what_was_taken_back() {
        let step = StepId(0);
        let told = lines(vec![
            EventKind::StepStarted { step },
            EventKind::StepFinished { step, took_ms: 5 },
            EventKind::Unwinding {
                because: "cancelled".to_owned(),
            },
            EventKind::StepUndone { step },
            EventKind::Finished {
                outcome: Outcome::Cancelled { remains: Vec::new() },
            },
        ]);
        assert_eq!(
            told,
            [
                "  0.00 s  1 step in /d",
                "  2.00 s  [1/1] Create the folder",
                "  3.00 s  unwinding: cancelled",
                "  4.00 s  undone: Create the folder",
            ]
        );
    }
}
