//! What the design survives: a row for each failure, with what goes on in spite of it; another design beside it.

use egui::{Label, RichText, Sense, TextStyle, Ui, WidgetInfo, WidgetType};

use crate::app::Outbox;
use crate::app::{MOST_FOR_DOUBLE, Message, Survives, WhatIf, WhatIfMessage};
use crate::model::simulate::survives::{Cell, Survival};
use crate::model::simulate::world::Verb;
use crate::model::topology::notation;
use crate::model::words::as_sentence;
use crate::ui::theme::{GAP, GAP_SMALL, TEXT_SMALL, Tokens};

use super::super::parts::note_ui;

const COLUMNS: [&str; 3] = ["writes", "reads", "kept"];
const CELL_WIDTH: f32 = 38.0;
const ROW_HEIGHT: f32 = 24.0;

pub fn survives_ui(ui: &mut Ui, what_if: &WhatIf, outbox: &mut Outbox) {
    let Some(survives) = &what_if.survives else {
        return;
    };
    choices_ui(ui, what_if, survives, outbox);
    note_ui(
        ui,
        "From the cluster as drawn, if nobody intervenes. Writes: commits are acknowledged; reads: some server answers; kept: no acknowledged commit \
         is lost, should the best standby be promoted. Click a failure to see it happen.",
    );
    let sides: Vec<&Survives> = std::iter::once(survives).chain(&what_if.compared).collect();
    for side in &sides {
        summary_ui(ui, side, what_if.double);
    }
    ui.add_space(GAP_SMALL);
    table_ui(ui, &sides, what_if.double, outbox);
}

fn choices_ui(ui: &mut Ui, what_if: &WhatIf, survives: &Survives, outbox: &mut Outbox) {
    let mut send = |message| outbox.send(Message::WhatIf(message));
    ui.horizontal_wrapped(|ui| {
        if ui.selectable_label(!what_if.double, "One failure").clicked() {
            send(WhatIfMessage::Double(false));
        }
        ui.add_enabled_ui(survives.has_double(), |ui| {
            let button = ui.selectable_label(what_if.double, "Two at once");
            let why_not = format!("Available for up to {MOST_FOR_DOUBLE} servers: more would take too long");
            if button.on_disabled_hover_text(why_not).clicked() {
                send(WhatIfMessage::Double(true));
            }
        });
        if what_if.compared.is_some() {
            if ui.button("Stop comparing").clicked() {
                send(WhatIfMessage::StopComparing);
            }
        } else if ui.button("Compare with…").clicked() {
            send(WhatIfMessage::Compare);
        }
    });
    ui.add_space(GAP_SMALL);
}

/// "seed: of 9 failures, writes go on after 8, …".
fn summary_ui(ui: &mut Ui, survives: &Survives, double: bool) {
    let rows = survives.rows(double);
    let counts: Vec<usize> = (0..COLUMNS.len())
        .map(|column| rows.iter().filter(|row| row.cells()[column].holds).count())
        .collect();
    let words = format!(
        "{}: of {} {}, writes go on in {}, reads in {}, and nothing is lost in {}",
        survives.name,
        rows.len(),
        if double { "pairs of failures" } else { "failures" },
        counts[0],
        counts[1],
        counts[2]
    );
    ui.add(Label::new(words).wrap());
}

/// Only the rows in view are drawn: of two failures at once there are thousands.
fn table_ui(ui: &mut Ui, sides: &[&Survives], double: bool, outbox: &mut Outbox) {
    let rows = all_rows(sides, double);
    // A line for each failure: cut off, many pairs would look the same.
    let line = ui.text_style_height(&TextStyle::Body);
    let height = if double { 2.0 * line + GAP } else { ROW_HEIGHT };
    let cells = CELL_WIDTH * (COLUMNS.len() * sides.len()) as f32 + GAP * sides.len() as f32;
    let name_width = (ui.available_width() - cells - GAP).max(90.0);
    let tokens = Tokens::of(ui.visuals());
    let small = |words: &str| RichText::new(words).size(TEXT_SMALL).color(tokens.text_weak);
    ui.spacing_mut().item_spacing.x = 0.0;
    ui.horizontal(|ui| {
        ui.add_space(name_width);
        for _ in sides {
            ui.add_space(GAP);
            for column in COLUMNS {
                ui.add_sized(
                    [CELL_WIDTH, ROW_HEIGHT],
                    Label::new(small(column)).selectable(false),
                );
            }
        }
    });
    egui::ScrollArea::vertical()
        .id_salt("survives")
        .auto_shrink(false)
        .show_rows(ui, height, rows.len(), |ui, shown| {
            for row in &rows[shown] {
                ui.horizontal(|ui| row_ui(ui, row, egui::vec2(name_width, height), outbox));
            }
        });
}

/// A failure on each side; none where the other design has no such server or link.
type Row<'a> = Vec<Option<&'a Survival>>;

/// The design's own failures in its order, then those that only the other has.
fn all_rows<'a>(sides: &[&'a Survives], double: bool) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = Vec::new();
    let mut places = std::collections::BTreeMap::new();
    for (number, side) in sides.iter().enumerate() {
        for survival in side.rows(double) {
            let place = *places.entry(&survival.failure).or_insert(rows.len());
            if place == rows.len() {
                rows.push(vec![None; sides.len()]);
            }
            rows[place][number] = Some(survival);
        }
    }
    rows
}

/// "cut master → slave1": which names belong together is seen at once.
fn shown(failure: &str) -> String {
    match notation::split(failure).as_deref() {
        Ok([verb, one, other]) if verb == Verb::Cut.word() => {
            format!("{verb} {} → {}", notation::quote(one), notation::quote(other))
        }
        _ => failure.to_owned(),
    }
}

fn row_ui(ui: &mut Ui, row: &Row<'_>, size: egui::Vec2, outbox: &mut Outbox) {
    let Some(first) = row.iter().flatten().next() else {
        return;
    };
    let is_own = row.first().is_some_and(Option::is_some);
    let failures: Vec<String> = first.failure.iter().map(|failure| shown(failure)).collect();
    let words = as_sentence(&failures.join(",\n"));
    let lines = failures.len() as f32 * ui.text_style_height(&TextStyle::Body);
    ui.allocate_ui_with_layout(size, egui::Layout::top_down(egui::Align::Min), |ui| {
        ui.set_min_size(size);
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.add_space((size.y - lines) / 2.0);
        for line in words.lines() {
            let line = Label::new(line).truncate().selectable(false);
            let response = ui.add(line.sense(Sense::click()));
            if is_own && response.on_hover_text("See it happen").clicked() {
                outbox.send(Message::WhatIf(WhatIfMessage::Try(first.faults.clone())));
            }
        }
    });
    for survival in row {
        ui.add_space(GAP);
        for (place, column) in COLUMNS.into_iter().enumerate() {
            let cell = survival.map(|survival| survival.cells()[place]);
            cell_ui(ui, column, cell);
        }
    }
}

/// A sign, so that it can be told without colour; the sentence and its reason on hover.
fn cell_ui(ui: &mut Ui, column: &str, cell: Option<&Cell>) {
    let tokens = Tokens::of(ui.visuals());
    let (sign, colour) = match cell {
        Some(cell) if cell.holds => ("✔", tokens.ok),
        Some(_) => ("✖", tokens.error),
        None => ("·", tokens.text_weak),
    };
    let label = Label::new(RichText::new(sign).color(colour)).selectable(false);
    let response = ui.add_sized([CELL_WIDTH, ROW_HEIGHT], label.sense(Sense::hover()));
    let sentence = cell.map_or("not in this design", |cell| cell.said.sentence.as_str());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, format!("{column}: {sentence}")));
    response.on_hover_ui(|ui| {
        ui.label(as_sentence(sentence));
        if let Some(cell) = cell {
            note_ui(ui, as_sentence(&cell.said.why));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_link_is_shown_as_one() {
        assert_eq!(shown("cut master slave1"), "cut master → slave1");
        assert_eq!(shown("cut \"a b\" \"c d\""), "cut \"a b\" → \"c d\"");
        assert_eq!(shown("crash master"), "crash master");
        assert_eq!(shown("lose the site A"), "lose the site A");
    }
}
