//! A scenario as text: what one exports, mails, and reads in again.
//!
//! ```text
//! seed 42
//! clients 4 think 100ms commit 8kB
//! network latency 500us bandwidth 119MB/s
//! link slave1 latency 20ms bandwidth 10MB/s
//! at 2s crash slave1
//! at 4500ms promote slave2
//! ```
//! A line is one thing; every line may be left out, and `#` begins a comment. Times are in us, ms, s or min, sizes in B, kB, MB
//! or GB (of 1024, as in postgresql.conf). Names with blanks stand in double quotes. An incident without a moment, as a story of
//! What-if has them, happens a second after the line before it: a story is a scenario too.

use std::fmt::Write as _;

use thiserror::Error;

use super::{Event, Micros, Scenario, Speed, Workload};
use crate::model::simulate::world::{BadIncident, Incident, Verb};
use crate::model::topology::{ServerId, Topology, nearest, notation};

/// A line that is not a line of a scenario, by its number from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {problem}")]
pub struct ScenarioError {
    pub line: usize,
    pub problem: ScenarioProblem,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ScenarioProblem {
    #[error("\"{word}\" cannot start a scenario line{}; valid are seed, clients, network, link, at, and the \
         events", did_you_mean(near.as_deref()))]
    Line { word: String, near: Option<String> },
    #[error("the syntax is \"{0}\"")]
    Usage(&'static str),
    #[error("\"{0}\" is not a whole number")]
    Number(String),
    #[error("{0} sessions are too many to simulate: at most {MOST_SESSIONS}")]
    Sessions(u64),
    #[error("\"{0}\" is not a time: write a whole number and a unit, for example 20ms (us, ms, s, min)")]
    Time(String),
    #[error("\"{0}\" is not a size: write a whole number and a unit, for example 8kB (B, kB, MB, GB)")]
    Size(String),
    #[error("the design has no server called \"{0}\"")]
    Server(String),
    #[error("a quoted name has no closing quote")]
    OpenQuote,
    #[error(transparent)]
    Incident(#[from] BadIncident),
}

fn did_you_mean(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"))
}

const CLIENTS: &str = "clients NUMBER think TIME commit SIZE";
const NETWORK: &str = "network latency TIME bandwidth SIZE/s";
const LINK: &str = "link SERVER latency TIME bandwidth SIZE/s";
const AT: &str = "at TIME ACTION";

/// Each session is simulated for itself.
pub const MOST_SESSIONS: u32 = 10_000;
const SECOND: Micros = 1_000_000;

const TIMES: [(&str, u64); 4] = [("us", 1), ("ms", 1_000), ("s", 1_000_000), ("min", 60_000_000)];
const SIZES: [(&str, u64); 4] = [("B", 1), ("kB", 1 << 10), ("MB", 1 << 20), ("GB", 1 << 30)];

/// What begins a line, besides the verbs of incidents.
const WORDS: [&str; 5] = ["seed", "clients", "network", "link", "at"];

impl Scenario {
    /// Reads the text; what it leaves out has its default. Of several problems the first.
    ///
    /// # Errors
    ///
    /// At the first line that cannot be read, or that names a server which the topology does not have.
    pub fn parse(text: &str, topology: &Topology) -> Result<Self, ScenarioError> {
        let (scenario, problems) = Self::read(text, topology);
        match problems.into_iter().next() {
            None => Ok(scenario),
            Some(problem) => Err(problem),
        }
    }

    /// Reads what can be read, and says of each other line why it cannot: a scenario outlives changes of the design that it
    /// was made for.
    pub fn read(text: &str, topology: &Topology) -> (Self, Vec<ScenarioError>) {
        let mut reader = Reader {
            scenario: Self::default(),
            topology,
            last: 0,
        };
        let mut problems = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let content = line.trim();
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            if let Err(problem) = reader.line(content) {
                problems.push(ScenarioError {
                    line: index + 1,
                    problem,
                });
            }
        }
        (reader.scenario, problems)
    }

    /// Writes the text; [`Scenario::parse`] reads it back as the same scenario.
    pub fn text(&self, topology: &Topology) -> String {
        let Workload {
            sessions,
            think,
            bytes,
        } = self.workload;
        let mut text = format!(
            "seed {}\nclients {sessions} think {} commit {}\nnetwork {}\n",
            self.seed,
            time(think),
            size(bytes),
            speed(self.speed),
        );
        for (server, own) in &self.speeds {
            let name = topology
                .server(*server)
                .map_or("", |server| server.name().as_str());
            let _ = writeln!(text, "link {} {}", notation::quote(name), speed(*own));
        }
        for event in &self.events {
            let _ = writeln!(text, "at {} {}", time(event.at), event.incident.text(topology));
        }
        text
    }
}

struct Reader<'a> {
    scenario: Scenario,
    topology: &'a Topology,
    /// When the incident of the line before happens.
    last: Micros,
}

impl Reader<'_> {
    fn line(&mut self, line: &str) -> Result<(), ScenarioProblem> {
        let words = notation::split(line).map_err(|_| ScenarioProblem::OpenQuote)?;
        let texts: Vec<&str> = words.iter().map(String::as_str).collect();
        let scenario = &mut self.scenario;
        match texts.as_slice() {
            ["seed", seed] => scenario.seed = number(seed)?,
            ["clients", sessions, "think", think, "commit", bytes] => {
                let sessions = number(sessions)?;
                scenario.workload = Workload {
                    sessions: u32::try_from(sessions)
                        .ok()
                        .filter(|sessions| *sessions <= MOST_SESSIONS)
                        .ok_or(ScenarioProblem::Sessions(sessions))?,
                    think: read_time(think)?,
                    bytes: read_size(bytes)?,
                };
            }
            ["network", "latency", latency, "bandwidth", bandwidth] => {
                scenario.speed = read_speed(latency, bandwidth)?;
            }
            ["link", name, "latency", latency, "bandwidth", bandwidth] => {
                let speed = read_speed(latency, bandwidth)?;
                scenario.speeds.insert(server(name, self.topology)?, speed);
            }
            ["at", at, ..] if words.len() > 2 => self.incident(read_time(at)?, &words[2..])?,
            ["seed", ..] => return Err(ScenarioProblem::Usage("seed NUMBER")),
            ["clients", ..] => return Err(ScenarioProblem::Usage(CLIENTS)),
            ["network", ..] => return Err(ScenarioProblem::Usage(NETWORK)),
            ["link", ..] => return Err(ScenarioProblem::Usage(LINK)),
            ["at", ..] => return Err(ScenarioProblem::Usage(AT)),
            [word, ..] if Verb::parse(word).is_some() => self.incident(self.last + SECOND, &words)?,
            [word, ..] => {
                let known = WORDS.into_iter().chain(Verb::ALL.map(Verb::word));
                return Err(ScenarioProblem::Line {
                    word: (*word).to_owned(),
                    near: nearest(word, known).map(str::to_owned),
                });
            }
            [] => {}
        }
        Ok(())
    }

    fn incident(&mut self, at: Micros, words: &[String]) -> Result<(), ScenarioProblem> {
        let incident = Incident::of_words(words, self.topology)?;
        self.scenario.add(Event { at, incident });
        self.last = at;
        Ok(())
    }
}

fn server(name: &str, topology: &Topology) -> Result<ServerId, ScenarioProblem> {
    let server = topology.by_name(name);
    server
        .map(crate::model::topology::Server::id)
        .ok_or_else(|| ScenarioProblem::Server(name.to_owned()))
}

fn number(text: &str) -> Result<u64, ScenarioProblem> {
    text.parse().map_err(|_| ScenarioProblem::Number(text.to_owned()))
}

/// A time such as `20ms`, in microseconds.
///
/// # Errors
///
/// If the text is not a number with one of the units, or is too large.
pub fn read_time(text: &str) -> Result<Micros, ScenarioProblem> {
    with_unit(text, &TIMES).ok_or_else(|| ScenarioProblem::Time(text.to_owned()))
}

fn read_size(text: &str) -> Result<u64, ScenarioProblem> {
    with_unit(text, &SIZES).ok_or_else(|| ScenarioProblem::Size(text.to_owned()))
}

fn read_speed(latency: &str, bandwidth: &str) -> Result<Speed, ScenarioProblem> {
    let per_second = bandwidth.strip_suffix("/s").unwrap_or(bandwidth);
    Ok(Speed {
        latency: read_time(latency)?,
        bytes_per_second: read_size(per_second)?,
    })
}

/// More than this (years, exabytes) is a slip, and would not fit into sums.
const MOST: u64 = 1 << 50;

fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let (_, factor) = units.iter().find(|(known, _)| *known == unit)?;
    let value = number.parse::<u64>().ok()?.checked_mul(*factor)?;
    (value <= MOST).then_some(value)
}

/// With the largest unit that gives a whole number.
fn in_units(value: u64, units: &[(&str, u64)]) -> String {
    let fits = units
        .iter()
        .rev()
        .find(|(_, factor)| value > 0 && value.is_multiple_of(*factor));
    let (unit, factor) = fits.or(units.first()).copied().unwrap_or(("", 1));
    format!("{}{unit}", value / factor)
}

fn time(micros: Micros) -> String {
    in_units(micros, &TIMES)
}

fn size(bytes: u64) -> String {
    in_units(bytes, &SIZES)
}

fn speed(speed: Speed) -> String {
    format!(
        "latency {} bandwidth {}/s",
        time(speed.latency),
        size(speed.bytes_per_second)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topology() -> Topology {
        notation::parse("master 1\n  slave1 2\n  \"far away\" 3\n").unwrap()
    }

    #[test]
    fn what_is_written_reads_back() {
        let text = "\
seed 42
clients 4 think 100ms commit 8kB
network latency 500us bandwidth 125000000B/s
link \"far away\" latency 20ms bandwidth 10MB/s
at 2s crash slave1
at 4500ms cut master \"far away\"
at 1min promote \"far away\"
";
        let topology = topology();
        let scenario = Scenario::parse(text, &topology).unwrap();
        assert_eq!(scenario.text(&topology), text);
        assert_eq!(
            Scenario::parse("# nothing\n\n", &topology).unwrap(),
            Scenario::default()
        );
        // Lines may stand in any order; what happens is ordered by its moment.
        let mixed = "at 5s crash slave1\nat 1s stop slave1\nat 5s come-back slave1\n";
        let events = Scenario::parse(mixed, &topology).unwrap().events;
        let moments = |events: &[Event]| events.iter().map(|event| event.at).collect::<Vec<_>>();
        assert_eq!(moments(&events), [1_000_000, 5_000_000, 5_000_000]);
        // A story of What-if is one without moments.
        let story = "# What-if on seed\ncrash master\npromote slave1\nat 9s stop slave1\ncome-back slave1\n";
        let events = Scenario::parse(story, &topology).unwrap().events;
        assert_eq!(moments(&events), [1_000_000, 2_000_000, 9_000_000, 10_000_000]);
    }

    #[test]
    fn what_the_design_no_longer_has_is_left_out_and_said() {
        let text = "seed 7\nat 1s crash gone\nat 2s crash slave1\nlink gone latency 1ms bandwidth 1MB/s\n";
        let (scenario, problems) = Scenario::read(text, &topology());
        assert_eq!((scenario.seed, scenario.events.len()), (7, 1));
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            problems,
            [
                "line 2: the design has no server called \"gone\"",
                "line 4: the design has no server called \"gone\"",
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_named_by_its_line() {
        for (text, words) in [
            (
                "sed 1",
                "line 1: \"sed\" cannot start a scenario line; did you mean \"seed\"?",
            ),
            ("\n\nseed x", "line 3: \"x\" is not a whole number"),
            (
                "clients 4",
                "line 1: the syntax is \"clients NUMBER think TIME commit SIZE\"",
            ),
            ("at 5 crash slave1", "line 1: \"5\" is not a time"),
            (
                "at 5s crahs slave1",
                "line 1: \"crahs\" is not a known event; did you mean \"crash\"?",
            ),
            (
                "at 99999999999min crash slave1",
                "line 1: \"99999999999min\" is not a time",
            ),
            ("at 5s", "line 1: the syntax is \"at TIME ACTION\""),
            ("network latency 5ms bandwidth 10", "line 1: \"10\" is not a size"),
            (
                "link slave2 latency 5ms bandwidth 10MB/s",
                "line 1: the design has no server called \"slave2\"",
            ),
            ("at 1s crash \"far", "line 1: a quoted name has no closing quote"),
        ] {
            let problem = Scenario::parse(text, &topology()).unwrap_err().to_string();
            assert!(problem.starts_with(words), "{problem}");
        }
    }
}
