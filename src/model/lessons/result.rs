//! Work that is handed in: a design by itself, or a result with its steps. What it says of itself is not believed.

use super::{Bench, Lesson, On, State};
use crate::model::document::format::fields::Reader;
use crate::model::document::{Document, Problem};
use crate::model::simulate::time::Scenario;
use crate::model::topology::Topology;

/// A result as its file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultFile {
    pub lesson: String,
    /// Who handed it in, if that was said.
    pub name: String,
    pub checksum: u64,
    pub hints: u32,
    pub is_shown: bool,
    pub steps: Vec<String>,
}

const KEYS: [&str; 8] = [
    "result", "lesson", "checksum", "version", "name", "hints", "shown", "steps",
];

/// `None`: the text is not a result, perhaps a design.
///
/// # Errors
///
/// With everything that is wrong with a text that is a result.
pub fn read_result(text: &str) -> Option<Result<ResultFile, Vec<Problem>>> {
    let parsed = Reader::parse(text).ok()?;
    let top = parsed.as_table();
    top.get("result")?;
    let mut reader = Reader::new(text);
    reader.only_known(top, "a result", &KEYS);
    reader.required(top, "lesson", "a result", Some(0..0));
    let checksum = reader.text_at(top, "checksum").unwrap_or_default();
    let mut steps = Vec::new();
    match top.get("steps").map(|item| (item, item.as_array())) {
        Some((_, Some(array))) => {
            steps.extend(array.iter().filter_map(|step| step.as_str().map(str::to_owned)));
        }
        Some((item, None)) => reader.wrong_type(item, "steps", "a list of strings"),
        None => drop(reader.required(top, "steps", "a result", Some(0..0))),
    }
    let file = ResultFile {
        lesson: reader.text_at(top, "lesson").unwrap_or_default(),
        name: reader.text_at(top, "name").unwrap_or_default(),
        checksum: u64::from_str_radix(&checksum, 16).unwrap_or(0),
        hints: top
            .get("hints")
            .and_then(toml_edit::Item::as_integer)
            .and_then(|hints| u32::try_from(hints).ok())
            .unwrap_or(0),
        is_shown: reader.switch_at(top, "shown").unwrap_or(false),
        steps,
    };
    Some(if reader.problems.is_empty() {
        Ok(file)
    } else {
        Err(reader.problems)
    })
}

/// What came of handing something in.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    pub state: State,
    /// What could not be done or does not count, a sentence each.
    pub remarks: Vec<String>,
    /// The places of wrong attempts whose words apply.
    pub steps: usize,
}

impl Checked {
    pub fn is_solved(&self) -> bool {
        self.state.is_solved && self.remarks.is_empty()
    }
}

/// Plays the steps again.
pub fn check_result(lesson: &Lesson, result: &ResultFile) -> Checked {
    let mut bench = Bench::new(lesson);
    let mut remarks = Vec::new();
    for (place, step) in result.steps.iter().enumerate() {
        if let Err(error) = bench.play(step) {
            remarks.push(format!("step {}, \"{step}\", cannot be done: {error}", place + 1));
            break;
        }
    }
    if result.is_shown {
        remarks.push("the solution was shown, so this does not count as solved".to_owned());
    }
    Checked {
        state: bench.state().clone(),
        remarks,
        steps: bench.steps(),
    }
}

/// Looks at a design: its drawing, and each scenario that it keeps, as a story and in time.
pub fn check_design(lesson: &Lesson, document: &Document) -> Checked {
    let mut bench = Bench::on(lesson, document.clone());
    let mut remarks = Vec::new();
    if lesson.is_locked && !is_same(document.topology(), lesson.start.topology()) {
        remarks.push(
            "the drawing was changed, and in this lesson it stays as it is: only What-if changes anything"
                .to_owned(),
        );
    }
    bench.answer_all();
    let has = |on: On| lesson.goals.iter().any(|goal| goal.on == on);
    for kept in document.scenarios() {
        let (scenario, problems) = Scenario::read(&kept.text, document.topology());
        remarks.extend(
            problems
                .iter()
                .map(|problem| format!("scenario \"{}\": {problem}", kept.name)),
        );
        if has(On::Story) && bench.play("what-if").is_ok() {
            for event in &scenario.events {
                let text = event.incident.text(document.topology());
                if let Err(error) = bench.play(&text) {
                    remarks.push(format!(
                        "scenario \"{}\": \"{text}\" cannot happen: {error}",
                        kept.name
                    ));
                    break;
                }
            }
        }
        if has(On::Time) {
            const AFTERWARDS: u64 = 5_000_000;
            let last = scenario.events.last().map_or(0, |event| event.at);
            bench.watch(scenario, last + AFTERWARDS);
        }
    }
    Checked {
        state: bench.state().clone(),
        remarks,
        steps: bench.steps(),
    }
}

/// The same cluster, wherever its cards stand and whatever its file looks like.
fn is_same(one: &Topology, other: &Topology) -> bool {
    let text = |topology: &Topology| Document::new(topology.clone()).text();
    text(one) == text(other)
}
