//! The bundle compared with another one (another version's, the last export, the deployment): the files that differ, and how.

use egui::text::{LayoutJob, TextFormat};
use egui::{Button, Color32, ComboBox, FontId, Frame, Label, Margin, RichText, ScrollArea, Stroke, Ui};

use crate::app::Outbox;
use crate::app::{Against, Comparison, Message, Session, ViewMessage};
use crate::model::bundle::{Change, ChangeKind};
use crate::model::topology::PgMajor;
use crate::ui::theme::{GAP_SMALL, RADIUS_WIDGET, TEXT_MONO, Tokens};

use super::super::parts::note_ui;
use crate::model::words::counted;

/// All versions are in view at once.
const LONGEST_LIST: f32 = 500.0;
/// The share of the height that the list of files may take.
const LIST_SHARE: f32 = 0.3;
const ROW_HEIGHT: f32 = 24.0;

/// The choice of what to compare with.
pub fn compare_with_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    let versions = PgMajor::ALL.into_iter().rev().map(Against::Version);
    let own = Against::Version(session.desk.document.topology().postgres());
    let others = [Against::LastExport, Against::Deployment]
        .into_iter()
        .chain(versions)
        .filter(|against| *against != own);
    ui.horizontal(|ui| {
        let label = ui.label("Compare with");
        let combo = ComboBox::from_id_salt("compare with")
            .height(LONGEST_LIST)
            .selected_text(words(session.looks.compared));
        let combo = combo.show_ui(ui, |ui| {
            for choice in std::iter::once(None).chain(others.map(Some)) {
                let can = choice.is_none_or(|against| session.can_compare(against));
                let button = Button::selectable(choice == session.looks.compared, words(choice));
                let response = ui.add_enabled(can, button);
                if response.clicked() {
                    outbox.send(Message::View(ViewMessage::Compare(choice)));
                }
                if let Some(against) = choice.filter(|_| !can) {
                    response.on_disabled_hover_text(missing(against));
                }
            }
        });
        combo
            .response
            .on_hover_text("Show what differs in the files")
            .labelled_by(label.id);
    });
}

fn words(against: Option<Against>) -> String {
    against.map_or_else(|| "nothing".to_owned(), Against::words)
}

/// Why there is nothing to compare with.
fn missing(against: Against) -> &'static str {
    match against {
        Against::LastExport => "This design has not been exported yet",
        Against::Deployment => "This design is not deployed yet",
        Against::Version(_) => "This is already the design's version",
    }
}

/// What differs, or that nothing does, or that there is nothing to compare with any more.
pub fn comparison_ui(ui: &mut Ui, session: &Session, against: Against, outbox: &mut Outbox) {
    match &session.derived.comparison {
        Some(comparison) => changes_ui(ui, session, comparison, outbox),
        None => drop(note_ui(ui, missing(against))),
    }
}

/// The files that differ, and the difference of the shown one.
fn changes_ui(ui: &mut Ui, session: &Session, comparison: &Comparison, outbox: &mut Outbox) {
    let changes = comparison.changes.as_slice();
    let shown = session
        .looks
        .shown_file
        .as_ref()
        .and_then(|path| changes.iter().find(|change| change.path == *path))
        .or_else(|| changes.first());
    let with = comparison.against.words();
    let Some(shown) = shown else {
        let nothing = match comparison.against {
            Against::Version(_) => format!("No file changes with {with}"),
            Against::LastExport | Against::Deployment => format!("No differences from {with}"),
        };
        note_ui(ui, nothing);
        return;
    };
    note_ui(ui, summary(comparison, changes));
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

/// "3 files differ from the last export: 1 added, 2 changed".
fn summary(comparison: &Comparison, changes: &[Change]) -> String {
    let files = counted(changes.len(), "file");
    let with = comparison.against.words();
    let one = changes.len() == 1;
    let head = match comparison.against {
        Against::Version(_) => format!("{files} {} with {with}", if one { "changes" } else { "change" }),
        Against::LastExport | Against::Deployment => {
            format!("{files} {} from {with}", if one { "differs" } else { "differ" })
        }
    };
    let kinds = [ChangeKind::Added, ChangeKind::Removed, ChangeKind::Changed];
    let count = |kind: ChangeKind| changes.iter().filter(|change| change.kind == kind).count();
    let kinds = kinds.into_iter().filter(|kind| count(*kind) > 0);
    let counts: Vec<String> = kinds
        .map(|kind| format!("{} {}", count(kind), kind.word()))
        .collect();
    format!("{head}: {}", counts.join(", "))
}

/// "servers/a/postgresql.conf, changed, +1 −2".
fn row_words(change: &Change) -> String {
    let head = format!("{}, {}", change.path, change.kind.word());
    match change.lines() {
        (0, 0) => head,
        (added, 0) => format!("{head}, +{added}"),
        (0, removed) => format!("{head}, −{removed}"),
        (added, removed) => format!("{head}, +{added} −{removed}"),
    }
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
                let button = Button::selectable(change.path == shown.path, row_words(change)).truncate();
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
