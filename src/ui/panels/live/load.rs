//! A load on the cluster that runs: started and stopped here, with a small plot of what its clients are told.

use egui::{Align2, Color32, FontId, Rect, RichText, Sense, Shape, Stroke, Ui, WidgetInfo, WidgetType};
use egui::{pos2, vec2};

use crate::app::load::{GAP_MS, LoadView, gap_words};
use crate::app::{ClusterMessage, Message, Outbox, Session};
use crate::model::health::Second;
use crate::ui::theme::{GAP_SMALL, RADIUS_WIDGET, TEXT_SMALL, Tokens};

use super::super::parts::{note_ui, section_ui};

/// Commits a second, of all clients together, of a load that leaves the machine to others.
const GENTLE: f64 = 200.0;
const HEIGHT: f32 = 96.0;
/// At least so many seconds lie side by side.
const LEAST_SECONDS: usize = 60;
/// Inside the plot's frame.
const INSET: f32 = 8.0;

/// What is there of a load; `offers`: one can be started here.
pub fn load_ui(ui: &mut Ui, session: &Session, offers: bool, outbox: &mut Outbox) {
    let load = session.live.load.as_ref();
    let cluster = session.live.cluster.as_ref();
    let is_of_this = |load: &&LoadView| cluster.is_none_or(|cluster| cluster.folder == load.folder);
    let load = load.filter(is_of_this);
    if load.is_none() && !offers {
        return;
    }
    section_ui(ui, "Load");
    if let Some(load) = load {
        plot_ui(ui, load);
        sentence_ui(ui, load);
    }
    let runs = load.is_some_and(LoadView::runs);
    ui.horizontal_wrapped(|ui| {
        if runs {
            let stop = egui::Button::new("Stop the load");
            let can = load.is_some_and(|load| !load.is_stopping);
            let hover = "End it, and count whether every acknowledged row is there";
            if ui.add_enabled(can, stop).on_hover_text(hover).clicked() {
                outbox.send(Message::Cluster(ClusterMessage::StopLoad));
            }
        } else if offers {
            start_ui(ui, session, outbox);
        }
    });
    if load.is_none() {
        note_ui(
            ui,
            "Clients commit small rows through the primary, follow it to another server, and count at the end what is there.",
        );
    }
}

fn start_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    let board = session.live.cluster.as_ref().and_then(|cluster| cluster.board());
    let can = board.is_some_and(|board| {
        let mut servers = board.servers.iter();
        servers.any(|server| server.running && server.answers && server.role == "primary")
    });
    for (words, rate, hover) in [
        (
            "Start a load",
            Some(GENTLE),
            "Commit 200 rows a second, from 4 clients",
        ),
        (
            "As fast as possible",
            None,
            "Commit as many rows as 4 clients can",
        ),
    ] {
        let button = ui.add_enabled(can, egui::Button::new(words));
        let button = button
            .on_hover_text(hover)
            .on_disabled_hover_text("No server accepts writes now");
        if button.clicked() {
            outbox.send(Message::Cluster(ClusterMessage::StartLoad(rate)));
        }
    }
}

fn sentence_ui(ui: &mut Ui, load: &LoadView) {
    let tokens = Tokens::of(ui.visuals());
    let (sign, colour) = match &load.ended {
        None => ("", tokens.text_weak),
        Some(Ok(loaded)) if loaded.lost == 0 => ("✔ ", tokens.ok),
        Some(Ok(_)) => ("⊗ ", tokens.error),
        Some(Err(_)) => ("⚠ ", tokens.warning),
    };
    let words = RichText::new(format!("{sign}{}", load.sentence())).color(colour);
    ui.add(egui::Label::new(words).wrap());
    ui.add_space(GAP_SMALL);
}

/// Acknowledged commits of every second as a line over its area, commits that wait below it, gaps as bands.
fn plot_ui(ui: &mut Ui, load: &LoadView) {
    let tokens = Tokens::of(ui.visuals());
    let (frame, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::hover());
    let words = described(load);
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Image, true, words.as_str()));
    let painter = ui.painter_at(frame);
    painter.rect_filled(frame, RADIUS_WIDGET, tokens.canvas);
    let seconds = load.seconds();
    let plot = Plot::of(frame.shrink(INSET), seconds);
    let label = |at, align, text: String, colour: Color32| {
        painter.text(at, align, text, FontId::proportional(TEXT_SMALL - 1.0), colour);
    };
    for second in seconds.iter().filter(|second| second.gap_ms >= GAP_MS) {
        // The longest one is what one looks for.
        let share = if Some(*second) == load.longest_gap() {
            0.45
        } else {
            0.15
        };
        painter.rect_filled(plot.gap(second), 0.0, tokens.error.gamma_multiply(share));
    }
    let line: Vec<_> = seconds.iter().map(|second| plot.point(second)).collect();
    for pair in line.windows(2) {
        if let [from, to] = pair {
            let area = vec![
                *from,
                *to,
                pos2(to.x, plot.room.bottom()),
                pos2(from.x, plot.room.bottom()),
            ];
            painter.add(Shape::convex_polygon(
                area,
                tokens.ok.gamma_multiply(0.18),
                Stroke::NONE,
            ));
        }
    }
    painter.add(Shape::line(line, Stroke::new(1.6, tokens.ok)));
    for second in seconds
        .iter()
        .filter(|second| second.waiting > 0 && second.acknowledged == 0)
    {
        painter.rect_filled(plot.waiting(second), 0.0, tokens.warning);
    }
    label(
        plot.room.left_top(),
        Align2::LEFT_TOP,
        format!("{} commits/s", plot.most),
        tokens.text_weak,
    );
    if let Some(longest) = load.longest_gap() {
        label(
            plot.room.right_top(),
            Align2::RIGHT_TOP,
            format!("longest gap {}", gap_words(longest.gap_ms)),
            tokens.error,
        );
    }
}

/// What the plot shows, for who does not see it.
fn described(load: &LoadView) -> String {
    let gap = load.longest_gap().map_or_else(String::new, |second| {
        format!("; longest gap {}", gap_words(second.gap_ms))
    });
    format!("Acknowledged commits per second: {}{gap}", load.sentence())
}

/// Where seconds and numbers lie.
struct Plot {
    room: Rect,
    first: u64,
    /// How wide one second is.
    step: f32,
    /// The top of the scale.
    most: u64,
}

impl Plot {
    fn of(room: Rect, seconds: &[Second]) -> Self {
        let first = seconds.first().map_or(0, |second| second.second);
        let last = seconds.last().map_or(0, |second| second.second);
        let span = usize::try_from(last - first)
            .unwrap_or(usize::MAX)
            .max(LEAST_SECONDS);
        let most = seconds.iter().map(|second| second.acknowledged).max();
        Self {
            room,
            first,
            step: room.width() / span as f32,
            most: most.unwrap_or(0).max(1),
        }
    }

    fn x(&self, second: u64) -> f32 {
        self.room.left() + second.saturating_sub(self.first) as f32 * self.step
    }

    fn point(&self, second: &Second) -> egui::Pos2 {
        let share = second.acknowledged as f32 / self.most as f32;
        // Room above it for the words.
        let height = (self.room.height() - 14.0) * share;
        pos2(self.x(second.second), self.room.bottom() - height)
    }

    /// As wide as the gap was long, up to the end of its second.
    fn gap(&self, second: &Second) -> Rect {
        let end = self.x(second.second);
        let width = (second.gap_ms as f32 / 1000.0 * self.step).max(2.0);
        let begin = (end - width).max(self.room.left());
        Rect::from_min_max(
            pos2(begin, self.room.top()),
            pos2(end.max(begin + 2.0), self.room.bottom()),
        )
    }

    fn waiting(&self, second: &Second) -> Rect {
        let end = self.x(second.second);
        let bottom = self.room.bottom();
        Rect::from_min_max(pos2(end - self.step, bottom - 3.0), pos2(end, bottom))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_lies_where_it_was_and_is_as_wide_as_it_was_long() {
        let room = Rect::from_min_size(pos2(0.0, 0.0), vec2(600.0, 80.0));
        let second = |number, acknowledged, gap_ms| Second {
            second: number,
            acknowledged,
            gap_ms,
            ..Second::default()
        };
        let seconds = [second(1, 200, 5), second(2, 100, 500), second(3, 200, 4)];
        let plot = Plot::of(room, &seconds);
        assert_eq!((plot.step, plot.most), (10.0, 200));
        let gap = plot.gap(&seconds[1]);
        assert_eq!((gap.left(), gap.right()), (5.0, 10.0));
        assert!(plot.point(&seconds[1]).y > plot.point(&seconds[0]).y, "it dips");
        let long: Vec<Second> = (0..=120).map(|number| second(number, 1, 0)).collect();
        assert_eq!(Plot::of(room, &long).step, 5.0);
    }
}
