//! The end of a server's log, followed; what is a warning or worse stands out, or alone.

use egui::{Label, RichText, ScrollArea, Ui};

use crate::app::{ClusterMessage, Dialog, Message, Outbox};
use crate::model::visible::visible;
use crate::ui::theme::{GAP_SMALL, TEXT_SMALL, Tokens};

use super::super::parts::note_ui;
use super::{close_ui, title_ui};

/// How much of the window's height the lines have.
const HEIGHT: f32 = 0.6;

/// How bad a line is, by the word that PostgreSQL puts before a message (manual, "Message Severity Levels").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Plain,
    Warning,
    Error,
}

pub(super) fn log_ui(
    ui: &mut Ui,
    server: &str,
    lines: &[String],
    only_problems: bool,
    dialog: &Dialog,
    outbox: &mut Outbox,
) {
    title_ui(ui, &format!("The log of {server}"));
    let mut only = only_problems;
    if ui.checkbox(&mut only, "Only warnings and errors").clicked() {
        outbox.send(Message::Cluster(ClusterMessage::OnlyProblems(only)));
    }
    ui.add_space(GAP_SMALL);
    let height = ui.ctx().content_rect().height() * HEIGHT;
    ScrollArea::vertical()
        .max_height(height)
        .min_scrolled_height(height)
        .auto_shrink([false, true])
        .stick_to_bottom(true)
        .show(ui, |ui| {
            let shown = levels(lines).filter(|(_, level)| !only_problems || *level > Level::Plain);
            let mut count = 0;
            for (line, level) in shown {
                count += 1;
                let tokens = Tokens::of(ui.visuals());
                let text = RichText::new(visible(line)).monospace().size(TEXT_SMALL);
                let text = match level {
                    Level::Plain => text,
                    Level::Warning => text.color(tokens.warning),
                    Level::Error => text.color(tokens.error).strong(),
                };
                ui.add(Label::new(text).wrap());
            }
            if count == 0 {
                note_ui(ui, "No lines yet");
            }
        });
    close_ui(ui, dialog, outbox);
}

/// Each line with its level; what follows a message (DETAIL, HINT, STATEMENT) has that of its message.
fn levels(lines: &[String]) -> impl Iterator<Item = (&str, Level)> {
    const GOES_ON: [&str; 5] = ["DETAIL:  ", "HINT:  ", "STATEMENT:  ", "CONTEXT:  ", "QUERY:  "];
    let mut last = Level::Plain;
    lines.iter().map(move |line| {
        let is = |words: &[&str]| words.iter().any(|word| line.contains(word));
        last = if is(&["ERROR:  ", "FATAL:  ", "PANIC:  "]) {
            Level::Error
        } else if is(&["WARNING:  "]) {
            Level::Warning
        } else if is(&GOES_ON) || line.starts_with('\t') {
            last
        } else {
            Level::Plain
        };
        (line.as_str(), last)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_an_error_stands_with_it() {
        let lines = [
            "2026 LOG:  starting",
            "2026 ERROR:  no such slot",
            "2026 STATEMENT:  START_REPLICATION",
            "\tand more of it",
            "2026 WARNING:  late",
            "2026 LOG:  ERROR: is only a word here",
        ]
        .map(str::to_owned);
        let found: Vec<bool> = levels(&lines).map(|(_, level)| level == Level::Error).collect();
        assert_eq!(found, [false, true, true, true, false, false]);
    }
}
