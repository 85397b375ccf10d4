//! The only form in which people meet an error: a headline in their words, its causes, and what to do next.
//! The window and the terminal show the same one.

use std::error::Error;
use std::fmt;

use crate::model::document::Problem;
use crate::model::visible::visible_lines;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub headline: String,
    /// From the nearest cause to the farthest.
    pub causes: Vec<String>,
    /// What can be done now.
    pub hints: Vec<String>,
}

impl Report {
    pub fn new(headline: impl Into<String>) -> Self {
        Self {
            headline: headline.into(),
            ..Self::default()
        }
    }

    /// The headline, with every cause that the error carries.
    pub fn of(headline: impl Into<String>, error: &dyn Error) -> Self {
        let mut report = Self::new(headline);
        let mut next = Some(error);
        while let Some(cause) = next {
            let text = cause.to_string();
            // An error that repeats its source in its own text would say everything twice.
            if report.causes.last().is_none_or(|last| !last.contains(&text)) {
                report.causes.push(text);
            }
            next = cause.source();
        }
        report
    }

    /// The headline, everything that is wrong with a design with its line, and what to do about it.
    pub fn of_problems(headline: impl Into<String>, problems: &[Problem]) -> Self {
        let mut report = Self::new(headline);
        for problem in problems {
            report.causes.push(match problem.line {
                Some(line) => format!("line {line}: {}", problem.message),
                None => problem.message.clone(),
            });
            // The same fix for two lines is said once.
            if let Some(fix) = problem.fix.as_ref().filter(|fix| !report.hints.contains(fix)) {
                report.hints.push(fix.clone());
            }
        }
        report
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A server's text or a path can hold what a terminal would obey.
        f.write_str(&visible_lines(&self.headline))?;
        for cause in &self.causes {
            write!(f, "\n  because: {}", visible_lines(cause))?;
        }
        for hint in &self.hints {
            write!(f, "\n  hint: {}", visible_lines(hint))?;
        }
        Ok(())
    }
}
