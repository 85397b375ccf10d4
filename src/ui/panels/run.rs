//! A run: a bar, each step's state, what the programs print, Cancel; at the end how it ended.

use egui::{Color32, Frame, Label, Margin, ProgressBar, RichText, ScrollArea, Ui};

use crate::app::{Message, RunMessage};
use crate::model::plan::{Outcome, Plan, Progress, StepState};
use crate::ui::theme::{GAP, GAP_SMALL, RADIUS_WIDGET, TEXT_SMALL, Tokens};
use crate::ui::{Outbox, PanelState};

use super::parts::{note_ui, section_ui};

/// How much of the output is in view.
const OUTPUT_HEIGHT: f32 = 130.0;
/// The steps of a finished run beside the cluster that came of it.
const FINISHED_STEPS_HEIGHT: f32 = 180.0;

pub fn run_ui(
    ui: &mut Ui,
    run: u64,
    plan: &Plan,
    progress: &Progress,
    cancelling: bool,
    state: &mut PanelState,
    outbox: &mut Outbox,
) {
    let now = ui.input(|input| input.time);
    let elapsed_ms = state.run_clock.elapsed_ms(run, progress, now);
    match &progress.outcome {
        None => {
            running_ui(ui, progress, cancelling, elapsed_ms, outbox);
            // The clock goes on between two events.
            ui.ctx()
                .request_repaint_after(std::time::Duration::from_millis(200));
        }
        Some(outcome) => finished_ui(ui, outcome, elapsed_ms, outbox),
    }
    ui.add_space(GAP_SMALL);
    let height = if progress.is_finished() {
        FINISHED_STEPS_HEIGHT
    } else {
        (ui.available_height() - OUTPUT_HEIGHT - 60.0).max(120.0)
    };
    ScrollArea::vertical()
        .id_salt("steps")
        .max_height(height)
        .auto_shrink([false, true])
        .show(ui, |ui| steps_ui(ui, plan, progress));
    if !progress.lines.is_empty() {
        section_ui(ui, "Output");
        output_ui(ui, progress);
    }
}

fn running_ui(ui: &mut Ui, progress: &Progress, cancelling: bool, elapsed_ms: u64, outbox: &mut Outbox) {
    let heading = if progress.unwinding {
        "Taking everything back"
    } else {
        "Deploying"
    };
    ui.horizontal(|ui| {
        ui.spinner();
        ui.label(RichText::new(heading).heading());
    });
    let (done, all) = progress.done();
    let bar = ProgressBar::new(progress.fraction())
        .desired_height(10.0)
        .corner_radius(5.0);
    let response = ui.add(bar);
    response
        .widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::ProgressIndicator, true, "Steps done"));
    note_ui(ui, format!("{done} of {all} steps · {}", seconds(elapsed_ms)));
    let (words, hint) = if cancelling {
        (
            "Stop waiting",
            "Do not wait for it to be taken back; what remains will be said",
        )
    } else {
        ("Cancel", "Stop, and take back everything that was made")
    };
    if ui.button(words).on_hover_text(hint).clicked() {
        outbox.send(Message::Run(RunMessage::Cancel));
    }
}

fn finished_ui(ui: &mut Ui, outcome: &Outcome, elapsed_ms: u64, outbox: &mut Outbox) {
    let tokens = Tokens::of(ui.visuals());
    let (sign, words, colour) = match outcome {
        Outcome::Done => ("✔", "Built and verified", tokens.ok),
        Outcome::Failed { .. } => ("⊗", "The deployment failed", tokens.error),
        Outcome::Cancelled { .. } => ("⊗", "Cancelled", tokens.warning),
    };
    ui.label(RichText::new(format!("{sign} {words}")).heading().color(colour));
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
            note_ui(ui, "Everything was taken back; nothing is left");
        }
        Some(remains) => {
            ui.label("This could not be taken back:");
            for what in remains {
                note_ui(ui, what);
            }
        }
        None => {}
    }
    if ui
        .button("Close")
        .on_hover_text("Back to the beginning")
        .clicked()
    {
        outbox.send(Message::Run(RunMessage::Close));
    }
}

fn steps_ui(ui: &mut Ui, plan: &Plan, progress: &Progress) {
    ui.spacing_mut().item_spacing.y = 3.0;
    for (place, (step, state)) in progress.steps.iter().enumerate() {
        let tokens = Tokens::of(ui.visuals());
        let (sign, word, colour) = look(*state, tokens);
        let row = ui.horizontal_top(|ui| {
            let head = RichText::new(format!("{sign} {word}"))
                .color(colour)
                .size(TEXT_SMALL);
            ui.add_sized([76.0, 18.0], Label::new(head).halign(egui::Align::LEFT));
            ui.vertical(|ui| {
                let quiet = *state == StepState::Pending;
                let colour = if quiet { tokens.text_weak } else { tokens.text };
                ui.add(Label::new(RichText::new(&step.title).color(colour)).wrap());
                if let Some(Some(what)) = progress.waiting.get(place) {
                    note_ui(ui, format!("waiting for {what}"));
                }
                if *state == StepState::Failed
                    && let Some((reason, hints)) = &progress.failure
                {
                    ui.add(Label::new(RichText::new(reason).color(tokens.error)).wrap());
                    for hint in hints {
                        note_ui(ui, hint);
                    }
                }
            });
        });
        if let Some(step) = plan.steps.get(place) {
            row.response.on_hover_text(&step.why);
        }
        if *state == StepState::Running && state_changed_to(ui, place) {
            ui.scroll_to_cursor(None);
        }
    }
}

/// True once for each step that begins, so that the list follows the run but can be scrolled freely between.
fn state_changed_to(ui: &Ui, place: usize) -> bool {
    let id = egui::Id::new("running step");
    ui.data_mut(|data| {
        let last = data.get_temp_mut_or(id, usize::MAX);
        let changed = *last != place;
        *last = place;
        changed
    })
}

fn look(state: StepState, tokens: &Tokens) -> (&'static str, &'static str, Color32) {
    match state {
        StepState::Pending => ("·", "to do", tokens.text_weak),
        StepState::Running => ("▶", "running", tokens.accent),
        StepState::Done => ("✔", "done", tokens.ok),
        StepState::Failed => ("⊗", "failed", tokens.error),
        StepState::Undone => ("↩", "taken back", tokens.warning),
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

fn seconds(elapsed_ms: u64) -> String {
    let tenths = elapsed_ms / 100;
    format!("{}.{} s", tenths / 10, tenths % 10)
}
