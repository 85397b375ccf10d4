//! The last minutes of a link that runs: the WAL's way stage by stage, the lag as a small plot, what happened.

use egui::{Align2, Color32, FontId, Mesh, Rect, RichText, Sense, Shape, Stroke, Ui, WidgetInfo, WidgetType};
use egui::{Pos2, pos2, vec2};

use crate::app::Session;
use crate::app::glance::{Glance, Told, missing_words};
use crate::app::trail::{Event, SPAN, Trail};
use crate::model::topology::{Server, ServerId};
use crate::model::words::{counted, size};
use crate::ui::theme::{GAP, GAP_SMALL, RADIUS_WIDGET, TEXT_SMALL, Tokens};

use super::super::parts::{note_ui, section_ui};

const HEIGHT: f32 = 84.0;
/// Inside the plot's frame.
const INSET: f32 = 8.0;
/// Above the line and below it, for words.
const WORDS: f32 = 15.0;
/// So many events are listed.
const LISTED: usize = 8;

/// What a link that runs shows, by the standby at its lower end; draws nothing if no cluster is watched, or if it runs nowhere.
pub(in crate::ui::panels) fn link_runs_ui(ui: &mut Ui, session: &Session, below: ServerId) {
    let Some((seen, name)) = running(session, below) else {
        return;
    };
    section_ui(ui, "How it runs");
    if let Some(told) = seen.told(name) {
        stages_ui(ui, told);
    }
    plot_ui(ui, &seen.trail, name);
    events_ui(ui, &seen.trail, Some(name));
}

/// What is seen of the cluster, and what a drawn standby is called there.
fn running(session: &Session, drawn: ServerId) -> Option<(&Glance, &str)> {
    let cluster = session.live.cluster.as_ref()?;
    let drawn: &Server = session.desk.document.topology().server(drawn)?;
    Some((cluster.seen.as_ref()?, cluster.running_name(drawn)?))
}

/// Sent, written, flushed, replayed: what is missing at each, in bytes and in time.
fn stages_ui(ui: &mut Ui, told: &Told) {
    if told.stages.is_empty() {
        note_ui(ui, "Its upstream shows no position of it now");
        return;
    }
    let weak = Tokens::of(ui.visuals()).text_weak;
    egui::Grid::new("stages")
        .num_columns(2)
        .spacing([GAP * 1.5, GAP_SMALL])
        .show(ui, |ui| {
            for head in ["WAL is", "behind its upstream"] {
                ui.label(RichText::new(head).size(TEXT_SMALL).color(weak));
            }
            ui.end_row();
            for stage in &told.stages {
                ui.label(stage.name);
                ui.label(missing_words(stage.bytes, stage.time));
                ui.end_row();
            }
            if let Some(rate) = told.rate_words() {
                ui.label("Rate");
                ui.label(rate);
                ui.end_row();
            }
        });
    ui.add_space(GAP_SMALL);
}

/// The lag of the last minutes; a gap where nobody could tell it.
fn plot_ui(ui: &mut Ui, trail: &Trail, name: &str) {
    let stretches = trail.stretches(name);
    if stretches.is_empty() {
        note_ui(ui, "Nobody has told how far it is yet");
        return;
    }
    let tokens = Tokens::of(ui.visuals());
    let (frame, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::hover());
    let plot = Plot::of(frame.shrink(INSET), &stretches, trail.until());
    let words = described(name, &stretches, &plot);
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Image, true, words.as_str()));
    let painter = ui.painter_at(frame);
    painter.rect_filled(frame, RADIUS_WIDGET, tokens.canvas);
    let bottom = plot.room.bottom();
    let base = Stroke::new(1.0, tokens.text_weak.gamma_multiply(0.4));
    painter.hline(plot.room.x_range(), bottom, base);
    for stretch in &stretches {
        let line: Vec<Pos2> = stretch.iter().map(|point| plot.point(*point)).collect();
        if let [only] = line.as_slice() {
            painter.circle_filled(*only, 1.6, tokens.accent);
        }
        // Not as polygons, whose soft edges stick out where the line is steep.
        let fill = tokens.accent.gamma_multiply(0.16);
        let mut area = Mesh::default();
        for pair in line.windows(2) {
            if let [from, to] = pair {
                let first = area.vertices.len() as u32;
                for corner in [*from, *to, pos2(to.x, bottom), pos2(from.x, bottom)] {
                    area.colored_vertex(corner, fill);
                }
                area.add_triangle(first, first + 1, first + 2);
                area.add_triangle(first, first + 2, first + 3);
            }
        }
        painter.add(area);
        painter.add(Shape::line(line, Stroke::new(1.6, tokens.accent)));
    }
    let label = |at, align, text: &str, colour: Color32| {
        painter.text(at, align, text, FontId::proportional(TEXT_SMALL - 1.0), colour);
    };
    let inner = frame.shrink(INSET);
    let top = if plot.most == 0 {
        "no lag".to_owned()
    } else {
        format!("lag, at most {}", lag_words(plot.most))
    };
    label(inner.left_top(), Align2::LEFT_TOP, &top, tokens.text_weak);
    label(
        inner.left_bottom(),
        Align2::LEFT_BOTTOM,
        "10 minutes ago",
        tokens.text_weak,
    );
    label(
        inner.right_bottom(),
        Align2::RIGHT_BOTTOM,
        "now",
        tokens.text_weak,
    );
    response.on_hover_text(words);
}

/// What happened to a server, or to all of them, the latest first; draws nothing if nothing did.
pub(super) fn events_ui(ui: &mut Ui, trail: &Trail, about: Option<&str>) {
    let is_about = |what: &String| about.is_none_or(|name| what.split([' ', ',']).any(|word| word == name));
    let mut events = trail.events().filter(|event| event.what.iter().any(is_about));
    let listed: Vec<String> = events.by_ref().take(LISTED).map(Event::words).collect();
    if listed.is_empty() {
        return;
    }
    section_ui(ui, "What happened (UTC)");
    for words in listed {
        ui.add(egui::Label::new(RichText::new(words).size(TEXT_SMALL)).wrap());
    }
    let more = events.count();
    if more > 0 {
        note_ui(ui, format!("{} before that", counted(more, "event")));
    }
}

fn lag_words(bytes: u64) -> String {
    if bytes == 0 {
        "none".to_owned()
    } else {
        size(bytes)
    }
}

/// What the plot shows, for who does not see it.
fn described(name: &str, stretches: &[Vec<(u64, u64)>], plot: &Plot) -> String {
    let last = stretches.last().and_then(|stretch| stretch.last());
    let now = match last {
        Some((second, bytes)) if *second == plot.until => lag_words(*bytes),
        _ => "unknown".to_owned(),
    };
    let gaps = match stretches.len() - 1 + usize::from(now == "unknown") {
        0 => String::new(),
        gaps => format!("; {}", counted(gaps, "gap")),
    };
    format!(
        "Lag of {name} in the last 10 minutes: now {now}, at most {}{gaps}",
        lag_words(plot.most)
    )
}

/// Where seconds and bytes lie.
struct Plot {
    room: Rect,
    until: u64,
    most: u64,
}

impl Plot {
    fn of(frame: Rect, stretches: &[Vec<(u64, u64)>], until: u64) -> Self {
        let most = stretches.iter().flatten().map(|(_, bytes)| *bytes).max();
        let room = Rect::from_min_max(frame.min + vec2(0.0, WORDS), frame.max - vec2(0.0, WORDS));
        Self {
            room,
            until,
            most: most.unwrap_or(0),
        }
    }

    fn point(&self, (second, bytes): (u64, u64)) -> Pos2 {
        let ago = self.until.saturating_sub(second).min(SPAN) as f32 / SPAN as f32;
        let share = bytes as f32 / self.most.max(1) as f32;
        pos2(
            self.room.right() - self.room.width() * ago,
            self.room.bottom() - self.room.height() * share,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn now_is_on_the_right_and_nothing_at_the_bottom() {
        let frame = Rect::from_min_size(pos2(0.0, 0.0), vec2(600.0, 90.0));
        let stretches = [vec![(1_000, 0), (1_300, 64)], vec![(1_600, 32)]];
        let plot = Plot::of(frame, &stretches, 1_600);
        assert_eq!(plot.point((1_000, 0)), pos2(0.0, 75.0));
        assert_eq!(plot.point((1_300, 64)), pos2(300.0, 15.0));
        assert_eq!(plot.point((1_600, 32)), pos2(600.0, 45.0));
        assert_eq!(
            described("a", &stretches, &plot),
            "Lag of a in the last 10 minutes: now 32 bytes, at most 64 bytes; 1 gap"
        );
        let later = Plot::of(frame, &stretches, 1_700);
        assert!(described("a", &stretches, &later).contains("now unknown"));
        // Of an idle cluster.
        let idle = [vec![(1_000, 0), (1_600, 0)]];
        let plot = Plot::of(frame, &idle, 1_600);
        assert_eq!(plot.point((1_300, 0)).y, 75.0);
        assert!(described("a", &idle, &plot).ends_with("now none, at most none"));
    }
}
