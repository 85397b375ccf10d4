//! The bundle: every file that the drawing stands for, as a tree and as text.

use egui::text::{LayoutJob, TextFormat};
use egui::{Button, Frame, Label, Margin, RichText, ScrollArea, Ui};

use crate::app::{FileMessage, Message, Session, ViewMessage};
use crate::model::bundle::{Bundle, BundleFile};
use crate::ui::Outbox;
use crate::ui::theme::{GAP, GAP_SMALL, RADIUS_WIDGET, TEXT_MONO, Tokens};

use super::parts::{counted, main_button, note_ui};

/// The share of the height that the tree may take.
const TREE_SHARE: f32 = 0.36;

pub fn files_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    let Some(bundle) = &session.derived.bundle else {
        note_ui(ui, "There are no files yet");
        return;
    };
    ui.horizontal(|ui| {
        if main_button(ui, true, "Export…").clicked() {
            outbox.send(Message::File(FileMessage::Export));
        }
        note_ui(
            ui,
            format!(
                "{} as {}.tar.gz",
                counted(bundle.files.len(), "file"),
                bundle.name
            ),
        );
    });
    ui.add_space(GAP_SMALL);
    let shown = session
        .shown_file
        .as_ref()
        .and_then(|path| bundle.file(path))
        .or_else(|| bundle.files.first());
    let tree_height = ui.available_height() * TREE_SHARE;
    ScrollArea::vertical()
        .id_salt("bundle tree")
        .max_height(tree_height)
        .auto_shrink([false, true])
        .show(ui, |ui| tree_ui(ui, bundle, shown, outbox));
    ui.add_space(GAP_SMALL);
    ui.separator();
    if let Some(file) = shown {
        file_ui(ui, file, outbox);
    }
}

/// Folders as headings, files below them.
fn tree_ui(ui: &mut Ui, bundle: &Bundle, shown: Option<&BundleFile>, outbox: &mut Outbox) {
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.spacing_mut().button_padding.y = 3.0;
    let mut folder = "";
    for file in &bundle.files {
        let (in_folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
        if in_folder != folder {
            folder = in_folder;
            ui.add_space(GAP_SMALL);
            ui.label(RichText::new(format!("{folder}/")).color(Tokens::of(ui.visuals()).text_weak));
        }
        ui.horizontal(|ui| {
            if !in_folder.is_empty() {
                ui.add_space(GAP);
            }
            let is_shown = shown.is_some_and(|shown| shown.path == file.path);
            let response = ui.add(Button::selectable(is_shown, name));
            let response = response.on_hover_text(file.path.as_str());
            if response.clicked() {
                outbox.send(Message::View(ViewMessage::ShowFile(file.path.clone())));
            }
        });
    }
}

fn file_ui(ui: &mut Ui, file: &BundleFile, outbox: &mut Outbox) {
    ui.horizontal(|ui| {
        if ui.button("Copy").on_hover_text("Copy the file's text").clicked() {
            outbox.send(Message::View(ViewMessage::CopyText(file.contents.clone())));
        }
        ui.add(Label::new(RichText::new(&file.path).strong()).truncate());
    });
    let tokens = Tokens::of(ui.visuals());
    Frame::new()
        .fill(tokens.field)
        .stroke(egui::Stroke::new(1.0, tokens.line))
        .corner_radius(RADIUS_WIDGET)
        .inner_margin(Margin::same(8))
        .show(ui, |ui| {
            ScrollArea::both()
                .id_salt(("file", &file.path))
                .auto_shrink(false)
                .show(ui, |ui| {
                    let text = coloured(&file.contents, tokens);
                    ui.add(Label::new(text).extend().selectable(true));
                });
        });
}

/// Comments stand back, so that the settings are seen first.
fn coloured(contents: &str, tokens: &Tokens) -> LayoutJob {
    let font = egui::FontId::monospace(TEXT_MONO);
    let mut job = LayoutJob::default();
    for line in contents.split_inclusive('\n') {
        let comment_at = comment_start(line).unwrap_or(line.len());
        let (code, comment) = line.split_at(comment_at);
        for (text, colour) in [(code, tokens.text), (comment, tokens.text_weak)] {
            if !text.is_empty() {
                job.append(text, 0.0, TextFormat::simple(font.clone(), colour));
            }
        }
    }
    job
}

/// A `#` at the start of a line or after a blank, outside quotes.
fn comment_start(line: &str) -> Option<usize> {
    let mut quote = None;
    let mut before = ' ';
    for (at, letter) in line.char_indices() {
        match (quote, letter) {
            (None, '#') if before.is_whitespace() => return Some(at),
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), letter) if open == letter => quote = None,
            _ => {}
        }
        before = letter;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::comment_start;

    #[test]
    fn a_comment_begins_outside_quotes() {
        assert_eq!(comment_start("# all"), Some(0));
        assert_eq!(comment_start("port = 5432  # why"), Some(13));
        assert_eq!(comment_start("a = 'x # y'"), None);
        assert_eq!(comment_start("echo ${#list}"), None);
    }
}
