//! What a learner did, as steps: plain data that can be played again.

use super::Lesson;

/// The steps so far, and what was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    pub steps: Vec<String>,
    /// How many hints were shown.
    pub hints: usize,
    pub is_shown: bool,
}

impl Journal {
    /// Notes a step; time that goes on is one step.
    pub fn push(&mut self, step: String) {
        let micros = |step: &str| {
            step.strip_prefix("play ")?
                .strip_suffix("us")?
                .parse::<u64>()
                .ok()
        };
        if let (Some(more), Some(last)) = (micros(&step), self.steps.last_mut())
            && let Some(before) = micros(last)
        {
            *last = format!("play {}us", before.saturating_add(more));
            return;
        }
        self.steps.push(step);
    }

    /// The result for a teacher: nobody has to believe it, it is played again.
    pub fn result(&self, lesson: &Lesson, who: &str) -> String {
        let mut document = toml_edit::DocumentMut::new();
        let mut steps = toml_edit::Array::new();
        for step in &self.steps {
            steps.push_formatted(toml_edit::Value::from(step.as_str()).decorated("\n  ", ""));
        }
        steps.set_trailing("\n");
        steps.set_trailing_comma(true);
        document["result"] = toml_edit::value(1);
        document["lesson"] = toml_edit::value(lesson.name.as_str());
        document["checksum"] = toml_edit::value(format!("{:016x}", lesson.checksum));
        document["version"] = toml_edit::value(env!("CARGO_PKG_VERSION"));
        if !who.is_empty() {
            document["name"] = toml_edit::value(who);
        }
        document["hints"] = toml_edit::value(i64::try_from(self.hints).unwrap_or(i64::MAX));
        document["shown"] = toml_edit::value(self.is_shown);
        document["steps"] = toml_edit::value(steps);
        document.to_string()
    }
}
