//! What-if in words: what has become of the cluster, why, what one would do now, and the story so far.

mod in_time;
mod moments;
mod reality;
mod stories;
mod survives;
mod time_line;

pub use in_time::speed_rows;
pub use moments::moments_ui;
pub use time_line::time_line_ui;

use egui::{Color32, Label, RichText, ScrollArea, Ui};

use crate::app::Outbox;
use crate::app::{Look, Message, Session, ViewMessage, WhatIf, WhatIfMessage};
use crate::model::simulate::verdict::{Advice, CommitVerdict, Said, Verdict, glossary};
use crate::model::simulate::world::{CommitFate, World};
use crate::model::words::as_sentence;
use crate::ui::theme::{GAP, GAP_SMALL, TEXT_HEADING, TEXT_SMALL, Tokens};

use self::in_time::in_time_ui;
use self::reality::reality_ui;
use self::stories::kept_ui;
use self::survives::survives_ui;
use super::live::remedy_ui;
use super::parts::{note_ui, section_ui};

pub fn what_if_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    let Some(what_if) = session.what_if() else {
        return;
    };
    ui.horizontal(|ui| {
        for (look, words) in [
            (Look::Verdict, "Now"),
            (Look::Survives, "Survives"),
            (Look::Time, "Timeline"),
        ] {
            if ui.selectable_label(what_if.look == look, words).clicked() {
                outbox.send(Message::WhatIf(WhatIfMessage::Look(look)));
            }
        }
    });
    ui.add_space(GAP);
    if what_if.look == Look::Survives {
        survives_ui(ui, what_if, outbox);
        return;
    }
    if let Some(time) = what_if.in_time() {
        in_time_ui(ui, session, what_if, time, outbox);
        return;
    }
    let moment = what_if.moment();
    ScrollArea::vertical()
        .id_salt("what-if")
        .auto_shrink(false)
        .show(ui, |ui| {
            headline_ui(ui, &moment.world);
            if moment.incident.is_none() {
                // A lesson may begin in trouble.
                let lesson = session.lesson.as_ref();
                let first = if lesson.is_some_and(|open| !open.lesson.given.is_empty()) {
                    "This is how you find the cluster."
                } else {
                    "Nothing has happened yet: the cluster runs as drawn."
                };
                let then = "Right-click a server or a link, or use \"…\" in the list of servers.";
                note_ui(ui, format!("{first} {then}"));
            }
            verdict_ui(ui, session, &moment.verdict, what_if, outbox);
            kept_ui(ui, session, what_if, outbox);
        });
}

fn verdict_ui(ui: &mut Ui, session: &Session, verdict: &Verdict, what_if: &WhatIf, outbox: &mut Outbox) {
    ui.add_space(GAP_SMALL);
    said_all_ui(ui, "summary", &verdict.summary);
    said_all_ui(ui, "lost", &verdict.lost);
    if session.is_advice_folded() {
        note_ui(
            ui,
            "This lesson hides the program's advice; its panel can show it.",
        );
    } else if !verdict.advice.is_empty() {
        section_ui(ui, "What to do now");
        for (place, advice) in verdict.advice.iter().enumerate() {
            advice_ui(ui, session, place, advice, what_if.world(), outbox);
        }
    }
    reality_ui(ui, session, what_if.world());
    section_ui(ui, "Each server");
    said_all_ui(ui, "servers", verdict.servers.iter().map(|server| &server.said));
    if !verdict.commits.is_empty() {
        section_ui(ui, "Commits at each synchronous_commit level");
    }
    for (place, commit) in verdict.commits.iter().enumerate() {
        commit_ui(ui, place, commit);
    }
    if !verdict.heirs.is_empty() {
        section_ui(ui, "Candidates for promotion, best first");
        for (place, heir) in verdict.heirs.iter().enumerate() {
            let sentence = format!("{}. \"{}\" {}", place + 1, heir.name, heir.said.sentence);
            said_ui(ui, ("heirs", place), &sentence, &heir.said.why, None);
        }
    }
    egui::CollapsingHeader::new(RichText::new("Glossary").size(TEXT_SMALL))
        .id_salt("words")
        .show(ui, |ui| {
            for (word, meaning) in glossary::words_in(&verdict.text()) {
                note_ui(ui, format!("{word}: {meaning}"));
            }
        });
    section_ui(ui, "What has happened");
    story_ui(ui, what_if, outbox);
}

/// What becomes of writes, in a line that one sees from afar: sign, words and colour say the same.
fn headline_ui(ui: &mut Ui, world: &World) {
    let tokens = Tokens::of(ui.visuals());
    let leaders = world.leaders().len();
    let (sign, words, colour) = match world.cluster_fate() {
        _ if leaders > 1 => ("⊗", "Two histories: more than one primary", tokens.error),
        CommitFate::Acknowledged => ("✔", "Commits go on", tokens.ok),
        CommitFate::Hangs => ("⚠", "Commits hang", tokens.warning),
        CommitFate::Fails => ("⊗", "No primary: writes fail", tokens.error),
    };
    let text = RichText::new(format!("{sign} {words}"))
        .size(TEXT_HEADING)
        .strong();
    ui.add(Label::new(text.color(colour)).wrap());
}

pub fn said_all_ui<'a>(ui: &mut Ui, salt: &str, said: impl IntoIterator<Item = &'a Said>) {
    for (place, said) in said.into_iter().enumerate() {
        said_ui(ui, (salt, place), &said.sentence, &said.why, None);
    }
}

/// A sentence that can be asked why.
pub fn said_ui(ui: &mut Ui, salt: (&str, usize), sentence: &str, why: &str, colour: Option<Color32>) {
    let id = ui.make_persistent_id(("why", salt));
    let is_open = ui.data(|data| data.get_temp(id).unwrap_or(false));
    ui.horizontal_wrapped(|ui| {
        let mut text = RichText::new(as_sentence(sentence));
        if let Some(colour) = colour {
            text = text.color(colour);
        }
        ui.label(text);
        if !why.is_empty() && ui.link(RichText::new("why?").size(TEXT_SMALL)).clicked() {
            ui.data_mut(|data| data.insert_temp(id, !is_open));
        }
    });
    if is_open {
        ui.indent(id, |ui| note_ui(ui, as_sentence(why)));
    }
    ui.add_space(GAP_SMALL);
}

/// The configured level comes first to the eye: the others step back.
fn commit_ui(ui: &mut Ui, place: usize, commit: &CommitVerdict) {
    let tokens = Tokens::of(ui.visuals());
    let (sign, colour) = match commit.fate {
        CommitFate::Acknowledged => ("✔", tokens.ok),
        CommitFate::Hangs => ("⚠", tokens.warning),
        CommitFate::Fails => ("⊗", tokens.error),
    };
    let as_set = if commit.is_configured { " (as set)" } else { "" };
    let level = commit.level.word();
    let sentence = format!("{sign} {level}{as_set}: {}", commit.said.sentence);
    said_ui(ui, ("commit", place), &sentence, &commit.said.why, Some(colour));
}

/// One thing to do: a button where What-if can do it, and the commands that a person would run.
fn advice_ui(
    ui: &mut Ui,
    session: &Session,
    place: usize,
    advice: &Advice,
    world: &World,
    outbox: &mut Outbox,
) {
    let sentence = format!("{}. {}", place + 1, advice.said.sentence);
    said_ui(ui, ("advice", place), &sentence, &advice.said.why, None);
    ui.horizontal_wrapped(|ui| {
        if let Some(action) = advice.action {
            let can = world.judge(action).is_ok();
            let button = ui.add_enabled(can, egui::Button::new("Do it"));
            let button = button.on_hover_text("Try it in What-if, not on a server");
            if button
                .on_disabled_hover_text("First do the steps above")
                .clicked()
            {
                outbox.send(Message::WhatIf(WhatIfMessage::Do(action)));
            }
        }
        for_real_ui(ui, session, advice, outbox);
    });
    if !advice.commands.is_empty() {
        egui::CollapsingHeader::new(RichText::new("Commands").size(TEXT_SMALL))
            .id_salt(("commands", place))
            .show(ui, |ui| {
                for command in &advice.commands {
                    ui.add(Label::new(RichText::new(command).monospace().size(TEXT_SMALL)).wrap());
                }
            });
    }
    ui.add_space(GAP);
}

/// The same on the cluster that runs, where that is an operation of pgcascade; else its commands to copy.
fn for_real_ui(ui: &mut Ui, session: &Session, advice: &Advice, outbox: &mut Outbox) {
    match session.on_cluster(advice) {
        Some(Ok(remedy)) => remedy_ui(ui, session, &remedy, outbox),
        Some(Err(reason)) => {
            let button = egui::Button::new("Do it on the cluster…");
            ui.add_enabled(false, button).on_disabled_hover_text(reason);
        }
        None if advice.commands.is_empty() => {}
        None => {
            let words = if advice.commands.len() == 1 {
                "Copy the command"
            } else {
                "Copy the commands"
            };
            let button = ui.button(words);
            if button
                .on_hover_text("Copy the commands as you would type them")
                .clicked()
            {
                let text = advice.commands.join("\n");
                outbox.send(Message::View(ViewMessage::CopyText(text)));
            }
        }
    }
}

/// Every moment, to look at it again; and the other stories.
fn story_ui(ui: &mut Ui, what_if: &WhatIf, outbox: &mut Outbox) {
    let (stories, shown) = what_if.stories();
    if stories > 1 {
        ui.horizontal_wrapped(|ui| {
            for story in 0..stories {
                let words = format!("Story {}", story + 1);
                if ui.selectable_label(story == shown, words).clicked() {
                    outbox.send(Message::WhatIf(WhatIfMessage::Tell(story)));
                }
            }
        });
    }
    let (moments, at) = what_if.moments();
    for (number, moment) in moments.iter().enumerate() {
        let words = format!("{number}. {}", as_sentence(moment.sentence()));
        let button = egui::Button::selectable(number == at, words).wrap();
        if ui.add(button).clicked() {
            outbox.send(Message::WhatIf(WhatIfMessage::GoTo(number)));
        }
    }
}
