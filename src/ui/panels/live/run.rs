//! A run: a bar, each step's state, what the programs print, Cancel; at the end how it ended.

use egui::{Color32, Frame, Label, Margin, ProgressBar, RichText, ScrollArea, Ui};

use crate::app::Outbox;
use crate::app::job::{Item, Job};
use crate::app::{Message, RunMessage};
use crate::model::plan::{Outcome, Progress, StepState};
use crate::model::words::seconds;
use crate::ui::PanelState;
use crate::ui::theme::{GAP, GAP_SMALL, RADIUS_WIDGET, Tokens};

use super::super::parts::{note_ui, section_ui, state_ui};
use crate::app::phases::{phases, state_of, titles};
use crate::model::words::counted;

/// How much of the output is in view.
const OUTPUT_HEIGHT: f32 = 130.0;
/// "↩ undone" fits.
const STATE_WIDTH: f32 = 78.0;

pub fn run_ui(
    ui: &mut Ui,
    run: u64,
    job: &Job,
    progress: &Progress,
    cancelling: bool,
    state: &mut PanelState,
    outbox: &mut Outbox,
) {
    let now = ui.input(|input| input.time);
    let elapsed_ms = state.run_clock.elapsed_ms(run, progress, now);
    let Some(outcome) = &progress.outcome else {
        running_ui(ui, job, progress, cancelling, elapsed_ms, outbox);
        // The clock goes on between two events.
        ui.ctx()
            .request_repaint_after(std::time::Duration::from_millis(200));
        ui.add_space(GAP_SMALL);
        let steps_height = (ui.available_height() - OUTPUT_HEIGHT - 60.0).max(120.0);
        ScrollArea::vertical()
            .id_salt("steps")
            .max_height(steps_height)
            .auto_shrink([false, true])
            .show(ui, |ui| steps_ui(ui, job, progress));
        if !progress.lines.is_empty() {
            section_ui(ui, "Output");
            output_ui(ui, progress);
        }
        return;
    };
    finished_ui(ui, job, outcome, elapsed_ms, outbox);
}

/// How a finished run went, to be looked into if one wants to; open where something went wrong.
pub fn details_ui(ui: &mut Ui, job: &Job, progress: &Progress) {
    let open = progress.outcome != Some(Outcome::Done);
    egui::CollapsingHeader::new("Steps and output")
        .default_open(open)
        .show_unindented(ui, |ui| {
            steps_ui(ui, job, progress);
            if !progress.lines.is_empty() {
                section_ui(ui, "Output");
                output_ui(ui, progress);
            }
        });
}

fn running_ui(
    ui: &mut Ui,
    job: &Job,
    progress: &Progress,
    cancelling: bool,
    elapsed_ms: u64,
    outbox: &mut Outbox,
) {
    let heading = match job {
        _ if progress.unwinding => "Rolling back",
        Job::Playbook(_) if cancelling => "Ending the playbook",
        Job::Playbook(_) => "Ansible is at work",
        Job::Plan(_) if job.is_change() => "Changing the cluster",
        Job::Plan(_) => "Deploying",
    };
    ui.horizontal(|ui| {
        ui.spinner();
        ui.label(RichText::new(heading).heading());
    });
    let (done, all) = progress.done();
    let tokens = Tokens::of(ui.visuals());
    let bar = ProgressBar::new(progress.fraction())
        .desired_height(8.0)
        .corner_radius(4.0)
        .fill(tokens.accent);
    let response = ui
        .scope(|ui| {
            ui.visuals_mut().extreme_bg_color = tokens.line;
            ui.add(bar)
        })
        .inner;
    response
        .widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::ProgressIndicator, true, "Steps done"));
    note_ui(ui, format!("{done} of {all} steps · {}", seconds(elapsed_ms)));
    let (words, hint) = match (cancelling, job) {
        (true, Job::Plan(_)) => (
            "Stop waiting",
            "Stop waiting for the rollback; anything left behind will be listed",
        ),
        (true, Job::Playbook(_)) => (
            "Stop waiting",
            "Kill Ansible instead of waiting for its tasks to end",
        ),
        (false, Job::Plan(_)) => ("Cancel", "Stop and roll back everything"),
        (false, Job::Playbook(_)) => (
            "Cancel",
            "Interrupt Ansible. What is on the hosts stays, and the next run continues",
        ),
    };
    if ui.button(words).on_hover_text(hint).clicked() {
        outbox.send(Message::Run(RunMessage::Cancel));
    }
}

fn finished_ui(ui: &mut Ui, job: &Job, outcome: &Outcome, elapsed_ms: u64, outbox: &mut Outbox) {
    let tokens = Tokens::of(ui.visuals());
    let (sign, words, colour) = match outcome {
        Outcome::Done if job.is_change() => ("✔", "Changed and verified", tokens.ok),
        Outcome::Done => ("✔", "Built and verified", tokens.ok),
        Outcome::Failed { .. } if job.is_on_hosts() => ("⊗", "The playbook failed", tokens.error),
        Outcome::Failed { .. } if job.is_change() => ("⊗", "The change failed", tokens.error),
        Outcome::Failed { .. } => ("⊗", "The deployment failed", tokens.error),
        Outcome::Cancelled { .. } => ("⊗", "Cancelled", tokens.warning),
    };
    ui.horizontal(|ui| {
        ui.label(RichText::new(format!("{sign} {words}")).heading().color(colour));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui
                .button("Close")
                .on_hover_text("Back to the beginning")
                .clicked()
            {
                outbox.send(Message::Run(RunMessage::Close));
            }
        });
    });
    note_ui(ui, format!("after {}", seconds(elapsed_ms)));
    let (reason, hints, remains) = match outcome {
        Outcome::Done => (None, [].as_slice(), None),
        Outcome::Failed {
            reason,
            hints,
            remains,
        } => (Some(reason), hints.as_slice(), Some(remains)),
        Outcome::Cancelled { remains } => (None, [].as_slice(), Some(remains)),
    };
    if let Some(reason) = reason {
        ui.add(Label::new(reason).wrap());
    }
    for hint in hints {
        note_ui(ui, hint);
    }
    match remains {
        Some(remains) if remains.is_empty() => {
            let words = if job.is_change() {
                "Everything was rolled back; the cluster is as before"
            } else {
                "Everything was rolled back; nothing is left"
            };
            note_ui(ui, words);
        }
        Some(remains) => {
            if !job.is_on_hosts() {
                ui.label("This was not rolled back:");
            }
            for what in remains {
                note_ui(ui, what);
            }
        }
        None => {}
    }
}

/// The phases; what happens in one unfolds when it begins and folds when it is over, and obeys the hand between.
fn steps_ui(ui: &mut Ui, job: &Job, progress: &Progress) {
    ui.spacing_mut().item_spacing.y = 3.0;
    let items = job.items();
    let stretches = phases(&items);
    let titles = titles(&items, &stretches);
    for (number, (phase, title)) in stretches.into_iter().zip(titles).enumerate() {
        let now = phase.state(progress);
        let tokens = Tokens::of(ui.visuals());
        let (sign, word, colour) = look(now.worst, progress.is_finished(), tokens);
        let how_far = match now.worst {
            StepState::Undone => word.to_owned(),
            StepState::Pending if now.done == 0 => counted(phase.steps.len(), "step"),
            _ => format!("{} of {}", now.done, phase.steps.len()),
        };
        let id = ui.id().with(("phase", number));
        let changed = ui.data_mut(|data| {
            let before = data.get_temp_mut_or(id, false);
            std::mem::replace(before, now.is_active) != now.is_active
        });
        let words = RichText::new(format!("{sign} {title} · {how_far}")).color(colour);
        let header = egui::CollapsingHeader::new(words)
            .id_salt(id)
            .default_open(now.is_active)
            .open(changed.then_some(now.is_active));
        let shown = header.show(ui, |ui| {
            for place in phase.steps {
                if let Some(item) = items.get(place) {
                    step_ui(ui, item, progress, place);
                }
            }
        });
        // The end of a run is read from the top.
        if changed && now.is_active && !progress.is_finished() {
            shown.header_response.scroll_to_me(None);
        }
    }
}

fn step_ui(ui: &mut Ui, step: &Item<'_>, progress: &Progress, place: usize) {
    let tokens = Tokens::of(ui.visuals());
    let state = state_of(progress, place);
    let (sign, word, colour) = look(state, progress.is_finished(), tokens);
    let row = ui.horizontal_top(|ui| {
        state_ui(ui, STATE_WIDTH, sign, word, colour);
        ui.vertical(|ui| {
            let quiet = state == StepState::Pending;
            let colour = if quiet { tokens.text_weak } else { tokens.text };
            ui.add(Label::new(RichText::new(step.title).color(colour)).wrap());
            if state == StepState::Running
                && !progress.is_finished()
                && let Some(Some(what)) = progress.waiting.get(place)
            {
                note_ui(ui, format!("waiting for {what}"));
            }
            if state == StepState::Failed
                && let Some((reason, hints)) = &progress.failure
            {
                ui.add(Label::new(RichText::new(reason).color(tokens.error)).wrap());
                for hint in hints {
                    note_ui(ui, hint);
                }
            }
        });
    });
    if !step.why.is_empty() {
        row.response.on_hover_text(step.why);
    }
}

fn look(state: StepState, is_over: bool, tokens: &Tokens) -> (&'static str, &'static str, Color32) {
    match state {
        StepState::Pending => ("○", "to do", tokens.text_weak),
        // On hosts nothing is undone.
        StepState::Running if is_over => ("⏸", "stopped", tokens.warning),
        StepState::Running => ("▶", "running", tokens.accent),
        StepState::Done => ("✔", "done", tokens.ok),
        StepState::Failed => ("⊗", "failed", tokens.error),
        StepState::Undone => ("↩", "rolled back", tokens.warning),
    }
}

fn output_ui(ui: &mut Ui, progress: &Progress) {
    let tokens = Tokens::of(ui.visuals());
    Frame::new()
        .fill(tokens.field)
        .stroke(egui::Stroke::new(1.0, tokens.line))
        .corner_radius(RADIUS_WIDGET)
        .inner_margin(Margin::same(GAP as i8))
        .show(ui, |ui| {
            let row = ui.text_style_height(&egui::TextStyle::Monospace);
            ScrollArea::both()
                .id_salt("output")
                .max_height(OUTPUT_HEIGHT)
                .auto_shrink([false, true])
                .stick_to_bottom(true)
                .show_rows(ui, row, progress.lines.len(), |ui, rows| {
                    for line in progress.lines.range(rows) {
                        ui.add(Label::new(RichText::new(line).monospace()).extend());
                    }
                });
        });
}
