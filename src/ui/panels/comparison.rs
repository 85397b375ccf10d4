//! The bundle compared with that of another version: the files that change, and how.

use egui::text::{LayoutJob, TextFormat};
use egui::{Button, Color32, ComboBox, FontId, Frame, Label, Margin, RichText, ScrollArea, Stroke, Ui};

use crate::app::{Message, Session, ViewMessage};
use crate::model::bundle::Change;
use crate::model::topology::PgMajor;
use crate::ui::Outbox;
use crate::ui::theme::{GAP_SMALL, RADIUS_WIDGET, TEXT_MONO, Tokens};

use super::parts::{counted, note_ui};

/// All versions are in view at once.
const LONGEST_LIST: f32 = 500.0;
/// The share of the height that the list of files may take.
const LIST_SHARE: f32 = 0.3;
const ROW_HEIGHT: f32 = 24.0;

/// The choice of what to compare with.
pub fn compare_with_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    let own = session.document.topology().postgres();
    let words = |major: Option<PgMajor>| match major {
        None => "nothing".to_owned(),
        Some(major) => format!("PostgreSQL {major}"),
    };
    ui.horizontal(|ui| {
        let label = ui.label("Compare with");
        let combo = ComboBox::from_id_salt("compare with")
            .height(LONGEST_LIST)
            .selected_text(words(session.compared));
        let combo = combo.show_ui(ui, |ui| {
            let others = PgMajor::ALL.into_iter().rev().filter(|major| *major != own);
            for choice in std::iter::once(None).chain(others.map(Some)) {
                let button = Button::selectable(choice == session.compared, words(choice));
                if ui.add(button).clicked() {
                    outbox.send(Message::View(ViewMessage::Compare(choice)));
                }
            }
        });
        combo
            .response
            .on_hover_text("Show what changes in the files with another version")
            .labelled_by(label.id);
    });
}

/// The files that change, and the difference of the shown one.
pub fn changes_ui(ui: &mut Ui, session: &Session, major: PgMajor, changes: &[Change], outbox: &mut Outbox) {
    let shown = session
        .shown_file
        .as_ref()
        .and_then(|path| changes.iter().find(|change| change.path == *path))
        .or_else(|| changes.first());
    let Some(shown) = shown else {
        note_ui(ui, format!("No file changes with PostgreSQL {major}"));
        return;
    };
    let files = counted(changes.len(), "file");
    let change = if changes.len() == 1 { "changes" } else { "change" };
    note_ui(ui, format!("{files} {change} with PostgreSQL {major}"));
    ui.add_space(GAP_SMALL);
    list_ui(ui, changes, shown, outbox);
    ui.add_space(GAP_SMALL);
    ui.separator();
    ui.horizontal(|ui| {
        if ui.button("Copy").on_hover_text("Copy the difference").clicked() {
            outbox.send(Message::View(ViewMessage::CopyText(shown.diff.clone())));
        }
        ui.add(Label::new(RichText::new(&shown.path).strong()).truncate());
    });
    if shown.diff.is_empty() {
        note_ui(ui, format!("An empty file, {}", shown.kind.word()));
        return;
    }
    let tokens = Tokens::of(ui.visuals());
    Frame::new()
        .fill(tokens.field)
        .stroke(Stroke::new(1.0, tokens.line))
        .corner_radius(RADIUS_WIDGET)
        .inner_margin(Margin::same(8))
        .show(ui, |ui| lines_ui(ui, shown));
}

fn list_ui(ui: &mut Ui, changes: &[Change], shown: &Change, outbox: &mut Outbox) {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.spacing_mut().interact_size.y = ROW_HEIGHT;
        let area = ScrollArea::vertical()
            .id_salt("changed files")
            .max_height(ui.available_height() * LIST_SHARE)
            .auto_shrink([false, true]);
        area.show_rows(ui, ROW_HEIGHT, changes.len(), |ui, visible| {
            for change in changes.get(visible).unwrap_or_default() {
                let words = format!("{}, {}", change.path, change.kind.word());
                let button = Button::selectable(change.path == shown.path, words).truncate();
                if ui.add(button).clicked() {
                    outbox.send(Message::View(ViewMessage::ShowFile(change.path.clone())));
                }
            }
        });
    });
}

/// The difference without its head, which says what stands above already.
fn lines_ui(ui: &mut Ui, change: &Change) {
    let lines: Vec<&str> = change.diff.lines().skip(2).collect();
    let font = FontId::monospace(TEXT_MONO);
    let height = ui.fonts_mut(|fonts| fonts.row_height(&font));
    ui.spacing_mut().item_spacing.y = 0.0;
    let area = ScrollArea::both()
        .id_salt(("difference", &change.path))
        .auto_shrink(false);
    area.show_rows(ui, height, lines.len(), |ui, visible| {
        let tokens = Tokens::of(ui.visuals());
        for line in lines.get(visible).unwrap_or_default() {
            let format = TextFormat::simple(font.clone(), colour(line, tokens));
            let job = LayoutJob::single_section((*line).to_owned(), format);
            ui.add(Label::new(job).extend().selectable(true));
        }
    });
}

fn colour(line: &str, tokens: &Tokens) -> Color32 {
    match line.chars().next() {
        Some('+') => tokens.ok,
        Some('-') => tokens.error,
        Some('@') => tokens.text_weak,
        _ => tokens.text,
    }
}
