//! The lesson file: TOML in, a [`Lesson`] or all of its problems by line out. Read as designs are, with the same reader.

mod parts;

use std::ops::Range;

use toml_edit::{Item, TableLike};

use super::{Ask, Goal, LabStep, Lesson, Line, Predicate, Step, checksum};
use crate::model::document::format::fields::Reader;
use crate::model::document::{Document, Problem, format, templates};
use crate::model::simulate::time::Scenario;
use crate::model::simulate::world::{Incident, World};
use crate::model::topology::{ServerName, Topology, notation};

/// A commented frame to write one's own lesson in.
pub const FRAME: &str = include_str!("../../../assets/lessons/frame.toml");

const TOP_KEYS: [&str; 22] = [
    "format", "name", "title", "chapter", "minutes", "kills", "learnt", "sources", "advice", "drawing",
    "given", "scenario", "tree", "start", "solution", "picture", "lab", "hints", "page", "ask", "goal",
    "wrong",
];
const PAGE_KEYS: [&str; 5] = ["text", "ask", "goals", "after", "demo"];
const ASK_KEYS: [&str; 9] = [
    "id", "text", "truth", "after", "of", "options", "right", "because", "expect",
];
const GOAL_KEYS: [&str; 8] = ["id", "text", "on", "keep", "guard", "holds", "any", "hints"];
const WRONG_KEYS: [&str; 5] = ["on", "when", "says", "after", "try"];

/// Reads a lesson.
///
/// # Errors
///
/// With everything that is wrong with the text, each with its line.
pub fn read(text: &str) -> Result<Lesson, Vec<Problem>> {
    let parsed = Reader::parse(text)?;
    let mut reader = LessonReader(Reader::new(text));
    let lesson = reader.lesson(parsed.as_table());
    let LessonReader(mut reader) = reader;
    match lesson {
        Some(lesson) if reader.problems.is_empty() => Ok(lesson),
        _ => {
            reader
                .problems
                .sort_by_key(|problem| problem.line.unwrap_or(usize::MAX));
            Err(reader.problems)
        }
    }
}

const BEGINNING: Range<usize> = 0..0;

struct LessonReader(Reader);

type Tables<'t> = Vec<(&'t dyn TableLike, Option<Range<usize>>)>;

impl LessonReader {
    fn lesson(&mut self, top: &dyn TableLike) -> Option<Lesson> {
        self.0.only_known(top, "a lesson", &TOP_KEYS);
        if let Some(item) = top.get("format")
            && item.as_integer() != Some(1)
        {
            let fix = Some("write format = 1, or open it with a newer pgcascade".to_owned());
            let message = "this pgcascade reads lesson files of format 1".to_owned();
            self.0.problem("unknown-format", item.span(), message, fix);
        }
        let text = |reader: &mut Self, key: &str| reader.needed(top, key, "a lesson", Some(BEGINNING));
        let (name, title) = (text(self, "name"), text(self, "title"));
        if let Some(name) = &name
            && !is_plain(name)
        {
            let fix = Some("write for example name = \"second-hop\"".to_owned());
            let message = "a lesson's name has only a to z, 0 to 9 and hyphens".to_owned();
            self.0
                .problem("bad-value", top.get("name").and_then(Item::span), message, fix);
        }
        let learnt = text(self, "learnt");
        let (asks, goals, wrong) = (self.asks(top), self.goals(top), self.wrong(top));
        let pages = self.pages(top, &asks, &goals);
        for goal in wrong
            .iter()
            .filter_map(|wrong| wrong.0.after.as_ref().map(|goal| (goal, wrong.1.clone())))
        {
            self.known_goal(goal.0, &goals, goal.1);
        }
        let start = self.start(top);
        let given = self.lines_at(top, "given");
        let is_locked = self.0.word_at(top, "drawing", &["open", "locked"]).as_deref() == Some("locked");
        if !given.is_empty() && !is_locked {
            let fix = Some("add a line drawing = \"locked\"".to_owned());
            let message =
                "what is given happens to the drawing as it is, so the drawing must be locked".to_owned();
            self.0
                .problem("bad-value", top.get("given").and_then(Item::span), message, fix);
        }
        let scenario = self.0.text_at(top, "scenario").unwrap_or_default();
        if let Some(start) = &start {
            self.given(top, &given, start.topology());
            self.scenario(top, &scenario, start.topology());
        }
        let solution = self.steps(top, "solution");
        if solution.is_empty() && !top.contains_key("solution") {
            self.0.required(top, "solution", "a lesson", Some(BEGINNING));
        }
        let lab = self.lab(top);
        let is_pictured =
            self.0.word_at(top, "picture", &["solution", "none"]).as_deref() == Some("solution");
        if goals.is_empty() {
            let fix = Some("add [[goal]] with id, text, on and holds".to_owned());
            self.0.problem(
                "missing-key",
                Some(BEGINNING),
                "a lesson needs a goal".to_owned(),
                fix,
            );
        }
        let minutes = self.0.count_at(top, "minutes", "how long it takes").unwrap_or(5);
        let is_folded = self.0.word_at(top, "advice", &["folded", "shown"]).as_deref() != Some("shown");
        let start = start?;
        let goals: Vec<Goal> = goals.into_iter().map(|(goal, _)| goal).collect();
        let asks: Vec<Ask> = asks.into_iter().map(|(ask, _)| ask).collect();
        let checked = goals
            .iter()
            .flat_map(|goal| goal.holds.iter().chain(&goal.any).map(Predicate::text));
        let checksum = checksum(checked.chain([start.text().as_str(), scenario.as_str()]));
        Some(Lesson {
            name: name?,
            title: title?,
            chapter: self.0.text_at(top, "chapter").unwrap_or_default(),
            minutes,
            kills: self.0.text_at(top, "kills").unwrap_or_default(),
            learnt: learnt?,
            sources: self
                .lines_at(top, "sources")
                .into_iter()
                .map(|line| line.text)
                .collect(),
            is_folded,
            is_locked,
            start,
            given,
            scenario,
            solution,
            is_pictured,
            lab,
            hints: self.texts(top, "hints"),
            pages,
            asks,
            goals,
            wrong: wrong.into_iter().map(|(wrong, _)| wrong).collect(),
            checksum,
        })
    }

    fn needed(
        &mut self,
        table: &dyn TableLike,
        key: &str,
        what: &str,
        span: Option<Range<usize>>,
    ) -> Option<String> {
        self.0.required(table, key, what, span)?;
        let text = self.0.text_at(table, key).map(|text| text.trim().to_owned())?;
        if text.is_empty() {
            let message = format!("\"{key}\" of {what} is empty");
            let fix = Some("write at least a word".to_owned());
            self.0
                .problem("bad-value", table.get(key).and_then(Item::span), message, fix);
        }
        Some(text)
    }

    /// A list of strings, each with its line.
    fn lines_at(&mut self, table: &dyn TableLike, key: &str) -> Vec<Line> {
        let Some(item) = table.get(key) else {
            return Vec::new();
        };
        let Some(array) = item.as_array() else {
            self.0.wrong_type(item, key, "a list of strings, [\"…\", \"…\"]");
            return Vec::new();
        };
        let mut lines = Vec::new();
        for value in array {
            match value.as_str() {
                Some(text) => lines.push(Line {
                    text: text.trim().to_owned(),
                    number: value.span().map_or(0, |span| self.0.lines.of(span.start)),
                }),
                None => self.0.problem(
                    "bad-value",
                    value.span(),
                    format!("an entry of \"{key}\" is not a string"),
                    Some("write it in quotes".to_owned()),
                ),
            }
        }
        lines
    }

    fn texts(&mut self, table: &dyn TableLike, key: &str) -> Vec<String> {
        self.lines_at(table, key)
            .into_iter()
            .map(|line| line.text)
            .collect()
    }

    /// At a line of the file.
    fn at_line(&mut self, number: usize, message: String, fix: Option<String>) {
        self.0.problems.push(Problem {
            rule: "bad-value",
            line: (number > 0).then_some(number),
            server: None,
            message,
            fix,
        });
    }

    fn steps(&mut self, table: &dyn TableLike, key: &str) -> Vec<Line> {
        let lines = self.lines_at(table, key);
        for line in &lines {
            if let Err(error) = Step::check(&line.text) {
                let fix = Some("the guide's page \"Write a lesson\" lists the steps".to_owned());
                self.at_line(line.number, format!("{key}: {error}"), fix);
            }
        }
        lines
    }

    fn lab(&mut self, top: &dyn TableLike) -> Vec<Line> {
        let lines = self.lines_at(top, "lab");
        for line in &lines {
            if let Err(error) = LabStep::parse(&line.text) {
                self.at_line(line.number, format!("lab: {error}"), None);
            }
        }
        lines
    }

    fn predicates(&mut self, table: &dyn TableLike, key: &str) -> Vec<Predicate> {
        let mut read = Vec::new();
        for line in self.lines_at(table, key) {
            match Predicate::parse(&line.text) {
                Ok(predicate) => read.push(predicate),
                Err(error) => {
                    let fix = Some("the guide's page \"Write a lesson\" lists the predicates".to_owned());
                    self.at_line(line.number, format!("{key}: {error}"), fix);
                }
            }
        }
        read
    }

    fn start(&mut self, top: &dyn TableLike) -> Option<Document> {
        let (tree, start) = (top.get("tree"), top.get("start"));
        let fix = || Some("write tree = '''primary 5432''', or start = \"seed\"".to_owned());
        match (tree, start) {
            (Some(item), None) => {
                let text = self.0.text_at(top, "tree")?;
                let first = self.first_line(item);
                match notation::parse(&text) {
                    Ok(topology) => Some(Document::new(topology)),
                    Err(error) => {
                        self.at_line(first + error.line - 1, format!("tree: {}", error.problem), None);
                        None
                    }
                }
            }
            (None, Some(item)) => {
                let text = self.0.text_at(top, "start")?;
                if let Some(template) = templates::find(text.trim()) {
                    return format::read(template.text).ok();
                }
                let first = self.first_line(item);
                match format::read(&text) {
                    Ok(document) => Some(document),
                    Err(problems) => {
                        for problem in problems {
                            let line = first + problem.line.unwrap_or(1) - 1;
                            self.at_line(line, format!("start: {}", problem.message), problem.fix);
                        }
                        None
                    }
                }
            }
            (None, None) => {
                let message =
                    "a lesson needs \"tree\" or \"start\", the design that it begins with".to_owned();
                self.0.problem("missing-key", Some(BEGINNING), message, fix());
                None
            }
            (Some(_), Some(item)) => {
                let message = "a lesson has either \"tree\" or \"start\"".to_owned();
                self.0.problem("bad-value", item.span(), message, fix());
                None
            }
        }
    }

    /// The line of the file in which the first line of a text of several lines is.
    fn first_line(&self, item: &Item) -> usize {
        let is_long = item.as_str().is_some_and(|text| text.contains('\n'));
        let line = item.span().map_or(1, |span| self.0.lines.of(span.start));
        line + usize::from(is_long)
    }

    fn given(&mut self, top: &dyn TableLike, given: &[Line], topology: &Topology) {
        let mut world = World::new(topology);
        for line in given {
            let outcome = Incident::parse(&line.text, topology)
                .map_err(|error| error.to_string())
                .and_then(|incident| world.apply(incident).map_err(|refusal| refusal.sentence));
            if let Err(message) = outcome {
                self.at_line(line.number, format!("given: {message}"), None);
            }
        }
        let _ = top;
    }

    fn scenario(&mut self, top: &dyn TableLike, text: &str, topology: &Topology) {
        let first = top.get("scenario").map_or(1, |item| self.first_line(item));
        for error in Scenario::read(text, topology).1 {
            self.at_line(
                first + error.line - 1,
                format!("scenario: {}", error.problem),
                None,
            );
        }
    }

    fn known_goal(&mut self, id: &str, goals: &[(Goal, Option<Range<usize>>)], span: Option<Range<usize>>) {
        if !goals.iter().any(|(goal, _)| goal.id == id) {
            let near = self
                .0
                .guesses
                .nearest(id, goals.iter().map(|(goal, _)| goal.id.as_str()));
            let fix = near.map(|near| format!("did you mean \"{near}\"?"));
            self.0
                .problem("bad-value", span, format!("the lesson has no goal \"{id}\""), fix);
        }
    }

    fn tables<'t>(&mut self, top: &'t dyn TableLike, key: &str) -> Tables<'t> {
        self.0.tables(top, key)
    }

    fn once<'a>(
        &mut self,
        id: &str,
        mut known: impl Iterator<Item = &'a str>,
        what: &str,
        span: Option<Range<usize>>,
    ) {
        if known.any(|known| known == id) {
            let fix = Some("give it another id".to_owned());
            self.0
                .problem("bad-value", span, format!("two {what} are called \"{id}\""), fix);
        }
    }

    fn line(&self, span: Option<Range<usize>>) -> usize {
        span.map_or(0, |span| self.0.lines.of(span.start))
    }
}

/// A name that is the same in every shell, path and address.
fn is_plain(name: &str) -> bool {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty() && name.chars().all(good) && ServerName::parse(name).is_ok()
}
