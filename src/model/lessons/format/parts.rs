//! The tables of a lesson file: pages, questions, goals and wrong attempts.

use std::collections::BTreeSet;
use std::ops::Range;

use toml_edit::{Item, TableLike};

use super::{ASK_KEYS, BEGINNING, GOAL_KEYS, LessonReader, PAGE_KEYS, WRONG_KEYS};
use crate::model::lessons::ask::TRUTHS;
use crate::model::lessons::{Ask, Goal, On, Page, Truth, Wrong};

impl LessonReader {
    pub(super) fn pages(
        &mut self,
        top: &dyn TableLike,
        asks: &[(Ask, Option<Range<usize>>)],
        goals: &[(Goal, Option<Range<usize>>)],
    ) -> Vec<Page> {
        let mut pages = Vec::new();
        let mut shown: BTreeSet<String> = BTreeSet::new();
        for (table, span) in self.tables(top, "page") {
            self.0.only_known(table, "a page", &PAGE_KEYS);
            let text = self.needed(table, "text", "a page", span.clone());
            let ask = self.0.text_at(table, "ask");
            if let Some(id) = &ask
                && !asks.iter().any(|(known, _)| known.id == *id)
            {
                let message = format!("the lesson has no question \"{id}\"");
                let fix = Some(format!("add [[ask]] with id = \"{id}\""));
                self.0
                    .problem("bad-value", table.get("ask").and_then(Item::span), message, fix);
            }
            let on_page = self.texts(table, "goals");
            let after = self.0.text_at(table, "after");
            let at = |key: &str| table.get(key).and_then(Item::span);
            for id in &on_page {
                self.known_goal(id, goals, at("goals"));
            }
            if let Some(id) = &after {
                self.known_goal(id, goals, at("after"));
            }
            shown.extend(on_page.iter().cloned());
            shown.extend(ask.iter().map(|id| format!("?{id}")));
            pages.push(Page {
                text: text.unwrap_or_default(),
                ask,
                goals: on_page,
                after,
                demo: self.steps(table, "demo"),
                line: self.line(span),
            });
        }
        if pages.is_empty() {
            let fix = Some("add [[page]] with text = \"…\"".to_owned());
            self.0.problem(
                "missing-key",
                Some(BEGINNING),
                "a lesson needs a page".to_owned(),
                fix,
            );
        }
        for (goal, span) in goals
            .iter()
            .filter(|(goal, _)| !goal.is_guard && goal.on != On::Servers)
        {
            if !shown.contains(&goal.id) {
                let fix = Some(format!("add \"{}\" to the goals of a page", goal.id));
                self.0.problem(
                    "bad-value",
                    span.clone(),
                    format!("no page shows the goal \"{}\"", goal.id),
                    fix,
                );
            }
        }
        for (ask, span) in asks {
            if !shown.contains(&format!("?{}", ask.id)) {
                let fix = Some(format!("add ask = \"{}\" to a page", ask.id));
                self.0.problem(
                    "bad-value",
                    span.clone(),
                    format!("no page asks the question \"{}\"", ask.id),
                    fix,
                );
            }
        }
        pages
    }

    pub(super) fn asks(&mut self, top: &dyn TableLike) -> Vec<(Ask, Option<Range<usize>>)> {
        let mut asks: Vec<(Ask, Option<Range<usize>>)> = Vec::new();
        for (table, span) in self.tables(top, "ask") {
            self.0.only_known(table, "a question", &ASK_KEYS);
            let id = self.needed(table, "id", "a question", span.clone());
            let text = self.needed(table, "text", "a question", span.clone());
            let truth = self.needed(table, "truth", "a question", span.clone());
            let parsed = truth.as_deref().and_then(Truth::parse);
            if let (Some(truth), None) = (&truth, &parsed) {
                let message = format!("truth = \"{truth}\" cannot be computed");
                let fix = Some(format!("use one of {}", TRUTHS.join(", ")));
                self.0
                    .problem("bad-value", table.get("truth").and_then(Item::span), message, fix);
            }
            let (options, right) = (self.texts(table, "options"), self.0.text_at(table, "right"));
            let because = self.0.text_at(table, "because");
            if parsed == Some(Truth::Choice) {
                let is_whole =
                    right.as_ref().is_some_and(|right| options.contains(right)) && because.is_some();
                if !is_whole {
                    let message = "a choice needs options, right (one of them) and because".to_owned();
                    self.0.problem("missing-key", span.clone(), message, None);
                }
            }
            let after = self.texts(table, "after");
            let of = self.0.word_at(table, "of", &["start", "solution"]);
            let expect = self.texts(table, "expect");
            let (Some(id), Some(text), Some(truth)) = (id, text, parsed) else {
                continue;
            };
            self.once(
                &id,
                asks.iter().map(|(ask, _)| ask.id.as_str()),
                "questions",
                span.clone(),
            );
            let ask = Ask {
                id,
                text,
                truth,
                after,
                of_solution: of.as_deref() == Some("solution"),
                options,
                right,
                because,
                expect,
                line: self.line(span.clone()),
            };
            asks.push((ask, span));
        }
        asks
    }

    pub(super) fn goals(&mut self, top: &dyn TableLike) -> Vec<(Goal, Option<Range<usize>>)> {
        let mut goals: Vec<(Goal, Option<Range<usize>>)> = Vec::new();
        for (table, span) in self.tables(top, "goal") {
            self.0.only_known(table, "a goal", &GOAL_KEYS);
            let id = self.needed(table, "id", "a goal", span.clone());
            let text = self.needed(table, "text", "a goal", span.clone());
            self.0.required(table, "on", "a goal", span.clone());
            let on = self.0.word_at(table, "on", &On::ALL.map(On::word));
            let on = on.as_deref().and_then(On::parse).unwrap_or(On::Design);
            let keep = self.0.word_at(table, "keep", &["now", "once"]);
            let is_once = keep.map_or(on != On::Design, |keep| keep == "once");
            let (holds, any) = (self.predicates(table, "holds"), self.predicates(table, "any"));
            if !table.contains_key("holds") && !table.contains_key("any") {
                self.0.required(table, "holds", "a goal", span.clone());
            }
            for predicate in holds.iter().chain(&any).filter(|predicate| !predicate.fits(on)) {
                let message = format!(
                    "\"{}\" cannot be asked of on = \"{}\"",
                    predicate.text(),
                    on.word()
                );
                let fix =
                    Some("the guide's page \"Write a lesson\" says which predicate fits where".to_owned());
                self.0
                    .problem("bad-value", table.get("holds").and_then(Item::span), message, fix);
            }
            let is_guard = self.0.switch_at(table, "guard").unwrap_or(false);
            let hints = self.texts(table, "hints");
            let (Some(id), Some(text)) = (id, text) else {
                continue;
            };
            self.once(
                &id,
                goals.iter().map(|(goal, _)| goal.id.as_str()),
                "goals",
                span.clone(),
            );
            let goal = Goal {
                id,
                text,
                on,
                is_once,
                is_guard,
                holds,
                any,
                hints,
                line: self.line(span.clone()),
            };
            goals.push((goal, span));
        }
        goals
    }

    pub(super) fn wrong(&mut self, top: &dyn TableLike) -> Vec<(Wrong, Option<Range<usize>>)> {
        let mut all = Vec::new();
        for (table, span) in self.tables(top, "wrong") {
            self.0.only_known(table, "a wrong attempt", &WRONG_KEYS);
            self.0.required(table, "when", "a wrong attempt", span.clone());
            let when = self.predicates(table, "when");
            let says = self.needed(table, "says", "a wrong attempt", span.clone());
            let on = self.0.word_at(table, "on", &On::ALL.map(On::word));
            // Where all of it can be asked.
            let fits = |on: &On| when.iter().all(|predicate| predicate.fits(*on));
            let on = on
                .as_deref()
                .and_then(On::parse)
                .or_else(|| On::ALL.into_iter().find(fits));
            let wrong = Wrong {
                on: on.unwrap_or(On::Design),
                when,
                says: says.unwrap_or_default(),
                after: self.0.text_at(table, "after"),
                attempt: self.steps(table, "try"),
                line: self.line(span.clone()),
            };
            all.push((wrong, span));
        }
        all
    }
}
