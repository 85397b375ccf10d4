//! What a learner has done, by the lessons' names: what the file of progress holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Lesson;

/// How far one lesson is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    New,
    Begun,
    Solved,
    /// Real servers said so, too.
    Proved,
}

impl Mark {
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Begun => "begun",
            Self::Solved => "solved",
            Self::Proved => "proved",
        }
    }
}

/// One lesson.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// Of what was checked when it was solved.
    pub checksum: u64,
    pub begun: bool,
    pub solved: bool,
    pub proved: bool,
    /// The solution was shown.
    pub shown: bool,
    pub hints: usize,
    pub steps: usize,
    /// The fewest steps of all solutions; 0: never solved.
    pub best: usize,
    /// The first guess of each question: right or not.
    pub answers: BTreeMap<String, bool>,
    /// The design as it was left.
    pub work: String,
}

/// All lessons that were ever opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Progress(pub BTreeMap<String, Record>);

impl Record {
    pub fn mark(&self) -> Mark {
        match (self.proved, self.solved, self.begun) {
            (true, _, _) => Mark::Proved,
            (_, true, _) => Mark::Solved,
            (_, _, true) => Mark::Begun,
            _ => Mark::New,
        }
    }
}

impl Progress {
    pub fn of(&self, lesson: &str) -> Option<&Record> {
        self.0.get(lesson)
    }

    pub fn mark(&self, lesson: &str) -> Mark {
        self.of(lesson).map_or(Mark::New, Record::mark)
    }

    /// True if what the lesson checks is not what it checked when it was solved.
    pub fn is_changed(&self, lesson: &Lesson) -> bool {
        self.of(&lesson.name)
            .is_some_and(|record| record.solved && record.checksum != lesson.checksum)
    }

    pub fn begin(&mut self, lesson: &str) -> &mut Record {
        let record = self.0.entry(lesson.to_owned()).or_default();
        record.begun = true;
        record
    }

    /// It was solved in so many steps.
    pub fn solve(&mut self, lesson: &Lesson, steps: usize, is_proved: bool) {
        let record = self.begin(&lesson.name);
        record.solved = true;
        record.proved |= is_proved;
        record.checksum = lesson.checksum;
        record.steps = steps;
        record.best = if record.best == 0 {
            steps
        } else {
            record.best.min(steps)
        };
    }

    /// The better of two counts, for an import.
    pub fn merge(&mut self, other: Self) {
        for (name, theirs) in other.0 {
            let own = self.0.entry(name).or_default();
            let best = [own.best, theirs.best].into_iter().filter(|best| *best > 0).min();
            if theirs.mark() > own.mark() {
                *own = theirs;
            }
            own.best = best.unwrap_or(0);
        }
    }

    /// Forgets a lesson, or (`None`) everything; true if there was anything to forget.
    pub fn forget(&mut self, lesson: Option<&str>) -> bool {
        match lesson {
            Some(lesson) => self.0.remove(lesson).is_some(),
            None => !std::mem::take(&mut self.0).is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::find;
    use super::*;

    #[test]
    fn the_better_of_two_counts() {
        let (hop, names) = (find("second-hop").unwrap(), find("two-names").unwrap());
        let mut own = Progress::default();
        own.solve(hop, 5, false);
        own.begin("two-names").work = "mine".to_owned();
        own.begin("away");
        let mut other = Progress::default();
        other.solve(hop, 3, true);
        other.solve(names, 4, false);
        other.begin("quorum");
        own.merge(other.clone());
        assert_eq!(
            (own.mark("second-hop"), own.of("second-hop").unwrap().best),
            (Mark::Proved, 3)
        );
        assert_eq!(own.mark("two-names"), Mark::Solved);
        assert_eq!((own.mark("away"), own.mark("quorum")), (Mark::Begun, Mark::Begun));
        // The other way round nothing is lost either.
        let mut back = other;
        back.merge(own.clone());
        assert_eq!(back.mark("second-hop"), Mark::Proved);
        assert!(own.forget(Some("away")) && !own.forget(Some("away")));
        assert!(own.forget(None) && !own.forget(None));
        assert_eq!(own.mark("second-hop"), Mark::New);
    }
}
