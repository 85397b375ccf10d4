//! Where the design can go, with what each target will contain and what is lost on the way, before anything is written.

use std::path::PathBuf;

use egui::{
    Align, Button, CollapsingHeader, Key, Label, Layout, Rect, RichText, ScrollArea, Sense, Stroke, TextEdit,
    Ui, UiBuilder, vec2,
};

use crate::app::{ExportMessage, Exporting, FileMessage, Message, Outbox, Session, Shown, ViewMessage};
use crate::model::export::{Fate, Kept, NotPossible, Target};
use crate::model::words::{counted, size};
use crate::ui::fonts::strong;
use crate::ui::theme::{GAP, GAP_LARGE, GAP_SMALL, TEXT_SMALL, Tokens};

use super::super::parts::{main_button, note_ui, report_ui, state_ui};
use super::title_ui;

const LIST_WIDTH: f32 = 330.0;
/// In a narrow window the list has so much of it.
const LIST_SHARE: f32 = 0.4;
/// How much of the window's height both sides have.
const HEIGHT: f32 = 0.6;
const STATE_WIDTH: f32 = 96.0;
const BUNDLE: (&str, &str, &str) = (
    "Bundle",
    "Every configuration file and script for one machine, in one .tar.gz",
    "bash and PostgreSQL's programs on one host",
);

pub(super) fn export_ui(
    ui: &mut Ui,
    session: &Session,
    exporting: &Exporting,
    text: &mut String,
    outbox: &mut Outbox,
) {
    title_ui(ui, "Export the design");
    let height = ui.ctx().content_rect().height() * HEIGHT;
    let size = vec2(ui.available_width(), height);
    let (whole, _) = ui.allocate_exact_size(size, Sense::hover());
    let (left, right) =
        whole.split_left_right_at_x(whole.left() + LIST_WIDTH.min(whole.width() * LIST_SHARE));
    let line = Tokens::of(ui.visuals()).line;
    ui.painter()
        .vline(left.right() + GAP, whole.y_range(), Stroke::new(1.0, line));
    let mut side = |rect: Rect, name: &str, content: &mut dyn FnMut(&mut Ui)| {
        let mut child = ui.new_child(UiBuilder::new().max_rect(rect).id_salt(name));
        ScrollArea::vertical()
            .id_salt(name)
            .auto_shrink(false)
            .show(&mut child, content);
    };
    side(left, "targets", &mut |ui| targets_ui(ui, exporting, text, outbox));
    let right = right.with_min_x(left.right() + 2.0 * GAP);
    // Each target begins at its top.
    let contains = format!("contains {:?}", exporting.target);
    side(right, &contains, &mut |ui| target_ui(ui, session, exporting));
    ui.add_space(GAP);
    foot_ui(ui, exporting, text, outbox);
}

fn words(target: Option<Target>) -> (&'static str, &'static str, &'static str) {
    target.map_or(BUNDLE, |target| (target.name(), target.title(), target.needs()))
}

/// Name, what it is for, what it needs.
fn targets_ui(ui: &mut Ui, exporting: &Exporting, text: &str, outbox: &mut Outbox) {
    let tokens = Tokens::of(ui.visuals());
    // All targets are in view at once, if they can be.
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.spacing_mut().button_padding.y = 3.0;
    let all = std::iter::once(None).chain(Target::ALL.into_iter().map(Some));
    for target in all {
        let (name, title, needs) = words(target);
        let width = ui.available_width();
        let mut job = egui::text::LayoutJob::default();
        let body = |colour| egui::TextFormat::simple(egui::FontId::proportional(TEXT_SMALL), colour);
        let heading = egui::TextFormat::simple(egui::TextStyle::Body.resolve(ui.style()), tokens.text);
        job.append(name, 0.0, heading);
        job.append(&format!("\n{title}"), 0.0, body(tokens.text));
        job.append(&format!("\nNeeds {needs}"), 0.0, body(tokens.text_weak));
        job.wrap.max_width = width - 2.0 * ui.spacing().button_padding.x;
        let is_chosen = exporting.target == target;
        let button = Button::selectable(is_chosen, job)
            .min_size(vec2(width, 0.0))
            .wrap();
        let response = ui.add_enabled(!exporting.is_writing, button);
        let label = format!("{name}: {title}");
        response.widget_info(|| {
            egui::WidgetInfo::selected(egui::WidgetType::RadioButton, true, is_chosen, &label)
        });
        if response.clicked() && !is_chosen {
            outbox.send(Message::Export(ExportMessage::Target(target, text.to_owned())));
        }
    }
}

fn target_ui(ui: &mut Ui, session: &Session, exporting: &Exporting) {
    let (name, title, _) = words(exporting.target);
    ui.add(Label::new(RichText::new(name).family(strong(ui))).wrap());
    note_ui(ui, title);
    if session.is_text_broken() {
        let warning = Tokens::of(ui.visuals()).warning;
        ui.colored_label(warning, "⚠ The text has an error: this is the last valid drawing");
    }
    ui.add_space(GAP_SMALL);
    match &exporting.shown.files {
        Err(refused) => refused_ui(ui, session, refused),
        Ok(files) => {
            if exporting.target.is_some() {
                losses_ui(ui, &exporting.shown);
            } else {
                note_ui(
                    ui,
                    "Nothing is lost: the same files that a deployment on this machine uses. For servers on hosts of their \
                     own, choose one of the other targets.",
                );
            }
            files_ui(ui, files);
        }
    }
}

/// As the command line says it.
fn refused_ui(ui: &mut Ui, session: &Session, refused: &NotPossible) {
    let error = Tokens::of(ui.visuals()).error;
    ui.add(Label::new(RichText::new(format!("⊗ {}", refused.message)).color(error)).wrap());
    note_ui(ui, refused.hint.replace("FILE", &session.title()));
}

/// What is lost first; what is kept only as a number that opens.
fn losses_ui(ui: &mut Ui, shown: &Shown) {
    let number = |fate: Fate| format!("{} {}", shown.count(fate), fate.word());
    ui.label(format!(
        "{}, {}, {}",
        number(Fate::Lost),
        number(Fate::Approximated),
        number(Fate::Exact)
    ));
    ui.add_space(GAP_SMALL);
    for fate in [Fate::Lost, Fate::Approximated] {
        for one in shown.of_fate(fate) {
            kept_ui(ui, one);
        }
    }
    let exact = shown.count(Fate::Exact);
    if exact > 0 {
        CollapsingHeader::new(format!("Exact: {}", counted(exact, "feature")))
            .id_salt("exact")
            .show(ui, |ui| {
                for one in shown.of_fate(Fate::Exact) {
                    kept_ui(ui, one);
                }
            });
    }
}

fn kept_ui(ui: &mut Ui, one: &Kept) {
    let tokens = Tokens::of(ui.visuals());
    let (sign, colour) = match one.fate {
        Fate::Exact => ("✔", tokens.ok),
        Fate::Approximated => ("≈", tokens.warning),
        Fate::Lost => ("⊗", tokens.error),
    };
    ui.horizontal_top(|ui| {
        state_ui(ui, STATE_WIDTH, sign, one.fate.word(), colour);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 1.0;
            let what = format!("{} · {}", one.feature.word(), one.place);
            ui.add(Label::new(RichText::new(what).size(TEXT_SMALL)).wrap());
            note_ui(ui, one.message.as_str());
        });
    });
}

fn files_ui(ui: &mut Ui, files: &[(String, usize)]) {
    let heading = format!("Contains {}", counted(files.len(), "file"));
    CollapsingHeader::new(heading)
        .id_salt("files")
        .default_open(true)
        .show(ui, |ui| {
            ui.spacing_mut().interact_size.y = 0.0;
            for (path, bytes) in files {
                ui.horizontal(|ui| {
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        let weak = Tokens::of(ui.visuals()).text_weak;
                        ui.label(RichText::new(size(*bytes as u64)).size(TEXT_SMALL).color(weak));
                        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                            ui.add(Label::new(RichText::new(path).monospace().size(TEXT_SMALL)).truncate());
                        });
                    });
                });
            }
        });
}

fn foot_ui(ui: &mut Ui, exporting: &Exporting, text: &mut String, outbox: &mut Outbox) {
    let Some(target) = exporting.target else {
        ui.add_space(GAP_SMALL);
        ui.horizontal(|ui| {
            let can = exporting.shown.files.is_ok();
            if main_button(ui, can, "Choose a file…").clicked() {
                outbox.send(Message::File(FileMessage::Export));
            }
            cancel_ui(ui, outbox);
        });
        return;
    };
    let mut entered = false;
    ui.horizontal(|ui| {
        let label = ui.label("Folder");
        let width = ui.available_width() - 110.0;
        let edit = TextEdit::singleline(text)
            .id_salt("export folder")
            .margin(egui::Margin::symmetric(8, 5))
            .desired_width(width);
        let edit = ui.add_enabled(!exporting.is_writing, edit).labelled_by(label.id);
        entered = edit.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let hint = "Choose the folder that the export's own folder is made in";
        if ui
            .add_enabled(!exporting.is_writing, Button::new("Choose…"))
            .on_hover_text(hint)
            .clicked()
        {
            outbox.send(Message::Export(ExportMessage::ChooseFolder(text.clone())));
        }
    });
    if let Some(problem) = &exporting.problem {
        report_ui(ui, problem);
    } else {
        note_ui(
            ui,
            "A new or empty folder, or one with an earlier export, whose files are replaced. No file in it contains a password.",
        );
    }
    ui.add_space(GAP_LARGE / 2.0);
    ui.horizontal(|ui| {
        let can = exporting.shown.files.is_ok() && !exporting.is_writing && !text.trim().is_empty();
        if main_button(ui, can, "Export").clicked() || (entered && can) {
            let folder = PathBuf::from(text.trim());
            outbox.send(Message::Export(ExportMessage::Write(target, folder)));
        }
        cancel_ui(ui, outbox);
        if exporting.is_writing {
            ui.spinner();
        }
    });
}

fn cancel_ui(ui: &mut Ui, outbox: &mut Outbox) {
    if ui.button("Cancel").clicked() {
        outbox.send(Message::View(ViewMessage::Dialog(None)));
    }
}
