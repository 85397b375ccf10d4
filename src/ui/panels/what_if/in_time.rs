//! What-if in time, in words: what goes on now, the last commits, how far each server is, and what is simulated.

use egui::{DragValue, Label, RichText, ScrollArea, Sense, Stroke, Ui, WidgetInfo, WidgetType, pos2, vec2};

use crate::app::Outbox;
use crate::app::{InTime, Message, Session, TimeMessage, WhatIf, WhatIfMessage};
use crate::model::simulate::time::{Commit, Ending, MOST_SESSIONS, Micros, Run, Speed, Workload, in_words};
use crate::model::words::as_sentence;
use crate::ui::theme::{GAP, GAP_SMALL, TEXT_SMALL, Tokens};

use super::super::parts::{form_ui, note_ui, section_ui};
use super::stories::kept_ui;
use super::{said_all_ui, said_ui};

/// So many commits are drawn, and so many are told.
const DRAWN: usize = 56;
const TOLD: usize = 6;
const CHART_HEIGHT: f32 = 54.0;
/// Of more servers only those that are behind are told.
const MOST_SERVERS: usize = 40;

pub fn in_time_ui(ui: &mut Ui, session: &Session, what_if: &WhatIf, time: &InTime, outbox: &mut Outbox) {
    ScrollArea::vertical()
        .id_salt("in time")
        .auto_shrink(false)
        .show(ui, |ui| {
            let run = time.run();
            said_all_ui(ui, "told", &run.told());
            section_ui(ui, "Latest commits");
            commits_ui(ui, run);
            section_ui(ui, "Each server");
            servers_ui(ui, run);
            section_ui(ui, "What is simulated");
            simulated_ui(ui, time, outbox);
            section_ui(ui, "Stories");
            stories_ui(ui, time, outbox);
            kept_ui(ui, session, what_if, outbox);
        });
}

/// A bar for each commit, as long as its client waited; those that wait now stand at the right.
fn commits_ui(ui: &mut Ui, run: &Run) {
    let ended: Vec<&Commit> = run.ended().collect();
    let waiting: Vec<&Commit> = run.waiting().collect();
    let all: Vec<&Commit> = ended.iter().chain(&waiting).copied().collect();
    let drawn = &all[all.len().saturating_sub(DRAWN)..];
    if drawn.is_empty() {
        note_ui(ui, "No client has committed yet");
        return;
    }
    chart_ui(ui, run.now(), drawn);
    ui.add_space(GAP_SMALL);
    for commit in all.iter().rev().take(TOLD) {
        let (sign, words, colour) = outcome(run.now(), commit, Tokens::of(ui.visuals()));
        let text = RichText::new(format!("{sign} {}: {words}", commit.number)).size(TEXT_SMALL);
        ui.add(Label::new(text.color(colour)).wrap())
            .on_hover_text(why(commit));
    }
}

fn chart_ui(ui: &mut Ui, now: Micros, commits: &[&Commit]) {
    let tokens = Tokens::of(ui.visuals());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), CHART_HEIGHT), Sense::hover());
    let longest = commits
        .iter()
        .map(|commit| waited(now, commit))
        .max()
        .unwrap_or(1)
        .max(1);
    response.widget_info(|| {
        let words = format!(
            "Wait times of the last {} commits, at most {}",
            commits.len(),
            in_words(longest)
        );
        WidgetInfo::labeled(WidgetType::Image, true, words)
    });
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 4.0, tokens.field);
    let step = (rect.width() - 8.0) / DRAWN as f32;
    let mut hovered = None;
    for (place, commit) in commits.iter().enumerate() {
        let share = waited(now, commit) as f32 / longest as f32;
        let left = step.mul_add(place as f32, rect.left() + 4.0);
        let bottom = rect.bottom() - 3.0;
        let top = (CHART_HEIGHT - 18.0).mul_add(-share, bottom - 1.5);
        let bar = egui::Rect::from_min_max(pos2(left, top), pos2(left + step * 0.72, bottom));
        let (_, _, colour) = outcome(now, commit, tokens);
        if commit.ending.is_none() || commit.lost.is_some() {
            // Told apart without colour: those that wait, and those that are lost, are hollow.
            painter.rect_stroke(bar, 1.0, Stroke::new(1.3, colour), egui::StrokeKind::Inside);
        } else {
            painter.rect_filled(bar, 1.0, colour);
        }
        let column = egui::Rect::from_x_y_ranges(left..=left + step, rect.y_range());
        if response.hover_pos().is_some_and(|at| column.contains(at)) {
            hovered = Some(*commit);
        }
    }
    let font = egui::FontId::proportional(TEXT_SMALL - 1.0);
    let most = if longest > 1 {
        format!("{} at most", in_words(longest))
    } else {
        "no wait".to_owned()
    };
    painter.text(
        rect.left_top() + vec2(5.0, 2.0),
        egui::Align2::LEFT_TOP,
        most,
        font,
        tokens.text_weak,
    );
    if let Some(commit) = hovered {
        let (sign, words, _) = outcome(now, commit, tokens);
        response.on_hover_text_at_pointer(format!("{sign} Commit {}: {words}", commit.number));
    }
}

fn waited(now: Micros, commit: &Commit) -> Micros {
    commit
        .ending
        .map_or(now, |(at, _)| at)
        .saturating_sub(commit.asked)
}

/// Sign, words and colour of what became of a commit.
fn outcome(now: Micros, commit: &Commit, tokens: &Tokens) -> (&'static str, String, egui::Color32) {
    let time = in_words(waited(now, commit));
    // Nobody had to answer.
    let after = match waited(now, commit) {
        0 => "at once".to_owned(),
        _ => format!("after {time}"),
    };
    match (commit.ending, commit.lost) {
        (Some((_, Ending::Acknowledged)), Some(_)) => {
            ("✖", format!("acknowledged {after}, then lost"), tokens.error)
        }
        (Some((_, Ending::Acknowledged)), None) => ("✔", format!("acknowledged {after}"), tokens.ok),
        (Some((_, Ending::Unknown)), Some(_)) => {
            ("✖", format!("interrupted after {time}, and lost"), tokens.error)
        }
        (Some((_, Ending::Unknown)), None) => (
            "?",
            format!("interrupted after {time}; it may or may not exist"),
            tokens.warning,
        ),
        (None, _) => ("…", format!("waiting for {time}"), tokens.warning),
    }
}

fn why(commit: &Commit) -> String {
    let level = commit.level.word();
    let words = match (commit.ending, commit.lost) {
        (Some((_, Ending::Acknowledged)), Some(_)) => {
            "its client was told that it is safe, but the current primary was promoted without it".to_owned()
        }
        (Some((_, Ending::Acknowledged)), None) => {
            format!("synchronous_commit = {level}: everything it waits for was confirmed")
        }
        (Some((_, Ending::Unknown)), _) => {
            "its primary failed while the client waited: the client cannot know".to_owned()
        }
        (None, _) => {
            format!("synchronous_commit = {level}: not everything that it waits for has been confirmed")
        }
    };
    as_sentence(&words)
}

fn servers_ui(ui: &mut Ui, run: &Run) {
    let servers = run.world().topology().servers();
    let is_told = |behind: bool| servers.len() <= MOST_SERVERS || behind;
    let mut told = 0;
    for server in servers {
        let behind = run.lag(server.id()).unwrap_or(0) > 0;
        let Some(said) = run
            .lag_said(server.id())
            .filter(|_| is_told(behind) && told < MOST_SERVERS)
        else {
            continue;
        };
        told += 1;
        let sentence = format!("\"{}\": {}", server.name(), said.sentence);
        said_ui(
            ui,
            ("lag", usize::try_from(server.id().number()).unwrap_or(0)),
            &sentence,
            &said.why,
            None,
        );
    }
    if told < servers.len() {
        note_ui(
            ui,
            format!(
                "Showing {} of {} servers, those behind first",
                told,
                servers.len()
            ),
        );
    }
}

fn simulated_ui(ui: &mut Ui, time: &InTime, outbox: &mut Outbox) {
    let scenario = time.scenario();
    let mut send = |message| outbox.send(Message::WhatIf(WhatIfMessage::Time(message)));
    let Workload {
        mut sessions,
        think,
        bytes,
    } = scenario.workload;
    let (mut think_ms, mut kilobytes) = (think as f64 / 1e3, bytes as f64 / 1024.0);
    let (mut speed, mut seed) = (scenario.speed, scenario.seed);
    form_ui(ui, "simulated", |ui| {
        let mut changed = false;
        let label = ui.label("Clients");
        changed |= ui
            .add(DragValue::new(&mut sessions).range(0..=MOST_SESSIONS))
            .labelled_by(label.id)
            .changed();
        ui.end_row();
        let label = ui.label("Each client's pause");
        let value = DragValue::new(&mut think_ms)
            .range(0.0..=3_600_000.0)
            .suffix(" ms")
            .speed(1.0)
            .max_decimals(3);
        changed |= ui
            .add(value)
            .labelled_by(label.id)
            .on_hover_text("Between an answer and the next commit, on average")
            .changed();
        ui.end_row();
        let label = ui.label("WAL per commit");
        let value = DragValue::new(&mut kilobytes)
            .range(0.0..=1_048_576.0)
            .suffix(" kB")
            .speed(1.0)
            .max_decimals(3);
        changed |= ui
            .add(value)
            .labelled_by(label.id)
            .on_hover_text("On average")
            .changed();
        ui.end_row();
        if changed {
            send(TimeMessage::Workload(Workload {
                sessions,
                think: (think_ms * 1e3).round() as Micros,
                bytes: (kilobytes * 1024.0).round() as u64,
            }));
        }
        if speed_rows(ui, &mut speed) {
            send(TimeMessage::Network(speed));
        }
        let label = ui.label("Random seed");
        let hint = "The same seed gives the same run";
        if ui
            .add(DragValue::new(&mut seed))
            .labelled_by(label.id)
            .on_hover_text(hint)
            .changed()
        {
            send(TimeMessage::Seed(seed));
        }
        ui.end_row();
    });
    note_ui(
        ui,
        "Applies from the beginning: the story is played again. Right-click a link to set its own latency \
         and bandwidth.",
    );
    let topology = time.run().world().topology();
    for (standby, own) in &scenario.speeds {
        let name = topology
            .server(*standby)
            .map_or("", |server| server.name().as_str());
        ui.horizontal_wrapped(|ui| {
            ui.label(format!(
                "Link to {name}: {} one way, {} Mbit/s",
                in_words(own.latency),
                megabits(*own)
            ));
            if ui.small_button("Use the default").clicked() {
                send(TimeMessage::Link(*standby, None));
            }
        });
    }
}

/// Two rows of a form; true if something was changed.
pub fn speed_rows(ui: &mut Ui, speed: &mut Speed) -> bool {
    let (mut latency, mut width) = (speed.latency as f64 / 1e3, megabits(*speed));
    let label = ui.label("Latency, one way");
    let value = DragValue::new(&mut latency)
        .range(0.0..=60_000.0)
        .suffix(" ms")
        .speed(0.1)
        .max_decimals(3);
    let mut changed = ui.add(value).labelled_by(label.id).changed();
    ui.end_row();
    let label = ui.label("Bandwidth");
    let value = DragValue::new(&mut width)
        .range(0.001..=1_000_000.0)
        .suffix(" Mbit/s")
        .speed(1.0)
        .max_decimals(3);
    changed |= ui.add(value).labelled_by(label.id).changed();
    ui.end_row();
    if changed {
        *speed = Speed {
            latency: (latency * 1e3).round() as Micros,
            bytes_per_second: ((width * 125_000.0).round() as u64).max(1),
        };
    }
    changed
}

fn megabits(speed: Speed) -> f64 {
    speed.bytes_per_second as f64 / 125_000.0
}

fn stories_ui(ui: &mut Ui, time: &InTime, outbox: &mut Outbox) {
    let (stories, shown) = time.stories();
    let mut send = |message| outbox.send(Message::WhatIf(WhatIfMessage::Time(message)));
    if stories > 1 {
        ui.horizontal_wrapped(|ui| {
            for story in 0..stories {
                let words = format!("Story {}", story + 1);
                if ui.selectable_label(story == shown, words).clicked() {
                    send(TimeMessage::Tell(story));
                }
            }
        });
    }
    let events = &time.scenario().events;
    if events.is_empty() {
        note_ui(ui, "Only commits happen in this story");
    }
    let topology = time.run().world().topology();
    for event in events {
        let words = format!("{}  {}", in_words(event.at), event.incident.text(topology));
        let is_past = event.at <= time.now();
        let button = egui::Button::selectable(is_past, words).wrap();
        if ui.add(button).on_hover_text("Go to this moment").clicked() {
            send(TimeMessage::GoTo(event.at));
        }
    }
    ui.add_space(GAP);
}
