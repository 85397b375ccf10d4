//! In which language the lesson is told, where it is told in more than one.

use egui::Ui;

use crate::app::{LessonMessage, OpenLesson, Outbox};
use crate::model::desk::ENGLISH;
use crate::model::lessons::languages;

use super::super::parts::note_ui;
use super::send;

/// As its speakers call it.
fn name_of(code: &str) -> &str {
    match code {
        ENGLISH => "English",
        "de" => "Deutsch",
        other => other,
    }
}

pub(super) fn language_ui(ui: &mut Ui, open: &OpenLesson, outbox: &mut Outbox) {
    let mut others = languages(&open.lesson.name).peekable();
    if open.file.is_some() || others.peek().is_none() {
        return;
    }
    let now = open.told.as_ref().map_or(ENGLISH, |told| told.language.as_str());
    ui.horizontal_wrapped(|ui| {
        for code in std::iter::once(ENGLISH).chain(others) {
            let chosen = ui.selectable_label(code == now, name_of(code));
            if chosen
                .on_hover_text("Tell lessons in this language, where they have it")
                .clicked()
                && code != now
            {
                send(outbox, LessonMessage::Language(code.to_owned()));
            }
        }
    });
    let Some(told) = &open.told else { return };
    note_ui(
        ui,
        "Only the lesson is translated: what pgcascade itself says is English.",
    );
    if told.is_outdated {
        note_ui(
            ui,
            "The English words have changed since this translation was made.",
        );
    }
}
