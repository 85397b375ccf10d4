//! Small things that every panel is made of: a labelled text field, headings, icons with words.

use egui::{Align, Button, Color32, Key, Layout, Response, RichText, TextEdit, Ui, WidgetInfo, WidgetType};

use crate::app::Outbox;
use crate::app::Session;
use crate::app::drafts::{Drafts, Field};
use crate::model::topology::Severity;
use crate::report::Report;
use crate::ui::fonts::strong;
use crate::ui::theme::{GAP, GAP_SMALL, TEXT_SMALL, Tokens};

/// So that all forms of a panel have their fields below one another.
const LABEL_WIDTH: f32 = 124.0;

/// Two columns: labels, and what they label.
pub fn form_ui(ui: &mut Ui, name: &str, rows: impl FnOnce(&mut Ui)) {
    egui::Grid::new(name)
        .num_columns(2)
        .min_col_width(LABEL_WIDTH)
        .spacing([GAP, GAP])
        .show(ui, rows);
}

/// One row of a dialog's form: a text, and what is said below it.
pub fn entry_ui(
    ui: &mut Ui,
    words: &str,
    hint: &str,
    text: &mut String,
    is_secret: bool,
    below: impl FnOnce(&mut Ui, &mut String),
) -> Response {
    let label = ui
        .with_layout(Layout::top_down(Align::Min), |ui| ui.label(words))
        .inner;
    let edit = ui
        .vertical(|ui| {
            let edit = TextEdit::singleline(text)
                .id_salt(words)
                .hint_text(hint)
                .password(is_secret)
                .margin(egui::Margin::symmetric(8, 5))
                .desired_width(f32::INFINITY);
            let edit = ui.add(edit).labelled_by(label.id);
            below(ui, text);
            edit
        })
        .inner;
    ui.end_row();
    edit
}

/// One row of a form: a text that is committed by Enter or by leaving the field, and its problem below it.
pub fn field_row(
    ui: &mut Ui,
    session: &Session,
    drafts: &mut Drafts,
    outbox: &mut Outbox,
    label: &str,
    hint: &str,
    field: &Field,
) {
    let label = ui.label(label);
    ui.vertical(|ui| {
        let width = ui.available_width();
        field_ui(ui, session, drafts, outbox, hint, width, field).labelled_by(label.id);
    });
    ui.end_row();
}

/// The text field alone, for a table; give it a label.
pub fn field_ui(
    ui: &mut Ui,
    session: &Session,
    drafts: &mut Drafts,
    outbox: &mut Outbox,
    hint: &str,
    width: f32,
    field: &Field,
) -> Response {
    let topology = session.desk.document.topology();
    let mut text = drafts.show(field, topology);
    let wrong = drafts.problem(field).is_some();
    let response = ui
        .scope(|ui| {
            if wrong {
                let error = Tokens::of(ui.visuals()).error;
                let widgets = &mut ui.visuals_mut().widgets;
                widgets.inactive.bg_stroke.color = error;
                widgets.hovered.bg_stroke.color = error;
            }
            let edit = TextEdit::singleline(&mut text)
                .id(egui::Id::new(field))
                .hint_text(hint)
                .margin(egui::Margin::symmetric(8, 4))
                .min_size(egui::vec2(0.0, 26.0))
                .vertical_align(egui::Align::Center)
                .desired_width(width);
            ui.add_enabled(!session.is_locked(), edit)
        })
        .inner
        .on_disabled_hover_text(session.locked_words());
    if response.changed() {
        drafts.typed(field, topology, text);
    }
    if response.lost_focus() {
        if ui.input(|input| input.key_pressed(Key::Escape)) {
            drafts.forget(field);
        } else {
            drafts.commit(field, topology, outbox);
        }
    }
    if let Some(problem) = drafts.problem(field) {
        let text = RichText::new(problem).size(TEXT_SMALL);
        ui.add(egui::Label::new(text.color(Tokens::of(ui.visuals()).error)).wrap());
    }
    response
}

/// A heading inside a panel, with room above it.
pub fn section_ui(ui: &mut Ui, words: &str) {
    ui.add_space(GAP);
    ui.separator();
    ui.add_space(GAP_SMALL);
    ui.label(RichText::new(words).family(strong(ui)));
    ui.add_space(GAP_SMALL);
}

/// What few designs need, folded away: open at first where the design says something of it.
pub fn fold_ui(ui: &mut Ui, words: &str, is_used: bool, content: impl FnOnce(&mut Ui)) {
    ui.add_space(GAP_SMALL);
    egui::CollapsingHeader::new(words)
        .id_salt(words)
        .default_open(is_used)
        .show_unindented(ui, |ui| {
            ui.add_space(GAP_SMALL);
            content(ui);
            ui.add_space(GAP_SMALL);
        });
}

/// Text of second rank that wraps.
pub fn note_ui(ui: &mut Ui, words: impl Into<String>) -> Response {
    let text = RichText::new(words.into()).small();
    let colour = Tokens::of(ui.visuals()).text_weak;
    ui.add(egui::Label::new(text.color(colour)).wrap())
}

/// What went wrong, why, and what to do next.
pub fn report_ui(ui: &mut Ui, report: &Report) {
    let error = Tokens::of(ui.visuals()).error;
    let headline = RichText::new(format!("⚠ {}", report.headline)).color(error);
    ui.add(egui::Label::new(headline).wrap());
    for line in report.causes.iter().chain(&report.hints) {
        note_ui(ui, line.as_str());
    }
}

/// The button that does what a panel is there for.
pub fn main_button(ui: &mut Ui, enabled: bool, words: &str) -> Response {
    filled_button(ui, enabled, words, Tokens::of(ui.visuals()).accent)
}

/// The same for what destroys something.
pub fn danger_button(ui: &mut Ui, enabled: bool, words: &str) -> Response {
    filled_button(ui, enabled, words, Tokens::of(ui.visuals()).error)
}

fn filled_button(ui: &mut Ui, enabled: bool, words: &str, fill: Color32) -> Response {
    if !enabled {
        // Words on a faded fill cannot be read: what cannot be pressed looks like any other button that cannot.
        return ui.add_enabled(false, Button::new(words));
    }
    let on_accent = Tokens::of(ui.visuals()).on_accent;
    ui.add(Button::new(RichText::new(words).color(on_accent)).fill(fill))
}

/// True once if Enter is pressed while nothing else wants it: it presses the button that a dialog is there for.
pub fn is_entered(ui: &Ui) -> bool {
    let is_free = ui.memory(|memory| memory.focused().is_none());
    is_free && ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, Key::Enter))
}

/// A button that shows only a sign; `words` is its name for screen readers and its hint.
pub fn sign_button(ui: &mut Ui, enabled: bool, sign: &str, words: &str) -> Response {
    let response = ui
        .add_enabled(enabled, Button::new(sign).frame(false))
        .on_hover_text(words);
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, enabled, words));
    response
}

/// A sign and its colour for how bad something is; the word stands beside it, so colour is never alone.
pub fn severity_sign(ui: &Ui, severity: Severity) -> (&'static str, Color32) {
    let tokens = Tokens::of(ui.visuals());
    match severity {
        Severity::Error => ("⊗", tokens.error),
        Severity::Warning => ("⚠", tokens.warning),
        Severity::Note => ("ℹ", tokens.accent),
    }
}

/// A sign and its word in a narrow column, so that a list of them lines up.
pub fn state_ui(ui: &mut Ui, width: f32, sign: &str, word: &str, colour: Color32) {
    let size = egui::vec2(width, 18.0);
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    ui.allocate_ui_with_layout(size, layout, |ui| {
        ui.set_min_width(width);
        let text = RichText::new(format!("{sign} {word}")).size(TEXT_SMALL);
        ui.add(egui::Label::new(text.color(colour)).extend());
    });
}
