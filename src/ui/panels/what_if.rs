//! What-if in words: what became of commits, what followed from the last thing that happened and why, and the story.

use egui::{Color32, Label, RichText, ScrollArea, Ui};

use crate::app::{Message, Moment, Session, WhatIf, WhatIfMessage};
use crate::model::simulate::world::{CommitFate, Consequence, LevelOutcome, World};
use crate::model::topology::{ServerId, Topology};
use crate::ui::Outbox;
use crate::ui::drafts::as_sentence;
use crate::ui::theme::{GAP, GAP_SMALL, TEXT_HEADING, TEXT_SMALL, Tokens};

use super::parts::{counted, note_ui, section_ui};

pub fn what_if_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    let Some(what_if) = &session.what_if else {
        return;
    };
    ScrollArea::vertical()
        .id_salt("what-if")
        .auto_shrink(false)
        .show(ui, |ui| {
            headline_ui(ui, what_if.world());
            consequences_ui(ui, what_if.moment());
            section_ui(ui, "A commit, at each synchronous_commit");
            commits_ui(ui, what_if.world());
            section_ui(ui, "What has happened");
            story_ui(ui, what_if, outbox);
        });
}

/// What becomes of writes, in a line that one sees from afar: sign, words and colour say the same.
fn headline_ui(ui: &mut Ui, world: &World) {
    let (sign, words, colour) = fate_in_words(ui, world.cluster_fate());
    let text = RichText::new(format!("{sign} {words}"))
        .size(TEXT_HEADING)
        .strong();
    ui.add(Label::new(text.color(colour)).wrap());
    let leaders = world.leaders();
    if leaders.len() > 1 {
        let tokens = Tokens::of(ui.visuals());
        let words = format!(
            "⚠ {} take writes at once, each on a history of its own: {}",
            counted(leaders.len(), "server"),
            names(world.topology(), &leaders)
        );
        ui.add(Label::new(RichText::new(words).color(tokens.error)).wrap());
    }
}

fn fate_in_words(ui: &Ui, fate: CommitFate) -> (&'static str, &'static str, Color32) {
    let tokens = Tokens::of(ui.visuals());
    match fate {
        CommitFate::Acknowledged => ("✔", "Commits go on", tokens.ok),
        CommitFate::Hangs => ("⚠", "Commits hang", tokens.warning),
        CommitFate::Fails => ("⊗", "No primary: writes fail", tokens.error),
    }
}

/// What followed from the last thing that happened, each with its reason.
fn consequences_ui(ui: &mut Ui, moment: &Moment) {
    ui.add_space(GAP_SMALL);
    if moment.action.is_none() {
        note_ui(
            ui,
            "Nothing has happened yet: the cluster runs as it is drawn. Right click on a server or a link, or use \"…\" in the list of servers.",
        );
    }
    for (place, consequence) in moment.consequences.iter().enumerate() {
        consequence_ui(ui, place, consequence);
    }
}

fn consequence_ui(ui: &mut Ui, place: usize, consequence: &Consequence) {
    ui.add_space(GAP_SMALL);
    ui.add(Label::new(as_sentence(&consequence.sentence)).wrap());
    why_ui(ui, place, consequence.reason);
}

/// "Why?", to be opened.
fn why_ui(ui: &mut Ui, salt: usize, reason: &str) {
    egui::CollapsingHeader::new(RichText::new("Why?").size(TEXT_SMALL))
        .id_salt(("why", salt))
        .show(ui, |ui| {
            note_ui(ui, as_sentence(reason));
        });
}

/// A row for each level; the configured one is marked.
fn commits_ui(ui: &mut Ui, world: &World) {
    let leaders = world.leaders();
    let Some(leader) = leaders.first().copied() else {
        note_ui(ui, "There is no primary to commit on");
        return;
    };
    let configured = world.configured_level(leader);
    egui::Grid::new("levels")
        .num_columns(2)
        .spacing([GAP, GAP_SMALL])
        .show(ui, |ui| {
            for outcome in world.commits_on(leader) {
                let mut level = RichText::new(outcome.level.word()).monospace();
                if configured == Some(outcome.level) {
                    level = level.strong();
                }
                ui.label(level);
                let (sign, words, colour) = level_in_words(ui, world.topology(), &outcome);
                ui.add(Label::new(RichText::new(format!("{sign} {words}")).color(colour)).wrap());
                ui.end_row();
            }
        });
    if let Some(configured) = configured {
        note_ui(ui, format!("{} is what the design says", configured.word()));
    }
}

fn level_in_words(ui: &Ui, topology: &Topology, outcome: &LevelOutcome) -> (&'static str, String, Color32) {
    let tokens = Tokens::of(ui.visuals());
    let waits_for = names(topology, &outcome.waits_for);
    match outcome.fate {
        CommitFate::Acknowledged if outcome.needed == 0 => {
            ("✔", "acknowledged, waits for nobody".to_owned(), tokens.ok)
        }
        CommitFate::Acknowledged if outcome.is_late => {
            ("✔", format!("acknowledged late, by {waits_for}"), tokens.warning)
        }
        CommitFate::Acknowledged => ("✔", format!("acknowledged by {waits_for}"), tokens.ok),
        CommitFate::Hangs if !outcome.silent.is_empty() => {
            let silent = names(topology, &outcome.silent);
            ("⚠", format!("hangs: {silent} does not apply"), tokens.warning)
        }
        CommitFate::Hangs => {
            let words = format!("hangs: needs {}, has {}", outcome.needed, outcome.waits_for.len());
            ("⚠", words, tokens.warning)
        }
        CommitFate::Fails => ("⊗", "fails".to_owned(), tokens.error),
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
        let words = match moment.consequences.first() {
            None => "The cluster as it is drawn".to_owned(),
            Some(first) => format!("{number}. {}", as_sentence(&first.sentence)),
        };
        let button = egui::Button::selectable(number == at, words).wrap();
        if ui.add(button).clicked() {
            outbox.send(Message::WhatIf(WhatIfMessage::GoTo(number)));
        }
    }
}

fn names(topology: &Topology, servers: &[ServerId]) -> String {
    let names = servers.iter().filter_map(|id| topology.server(*id));
    let names: Vec<&str> = names.map(|server| server.name().as_str()).collect();
    names.join(", ")
}
