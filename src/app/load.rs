//! The load that this window puts on its cluster, second by second, and what came of it.

use std::path::PathBuf;

use crate::model::health::{Loaded, Second};
use crate::model::words::counted;
use crate::report::Report;

/// So many seconds are kept to be shown.
const KEPT: usize = 180;

/// Without an acknowledged commit for as long, in milliseconds, a gap is worth a mark.
pub const GAP_MS: u64 = 250;

/// A load that runs, or ran.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadView {
    pub folder: PathBuf,
    seconds: Vec<Second>,
    pub is_stopping: bool,
    /// `None`: it runs.
    pub ended: Option<Result<Loaded, Report>>,
}

impl LoadView {
    pub fn begun(folder: PathBuf) -> Self {
        Self {
            folder,
            seconds: Vec::new(),
            is_stopping: false,
            ended: None,
        }
    }

    pub fn runs(&self) -> bool {
        self.ended.is_none()
    }

    pub fn take(&mut self, second: Second) {
        if self.runs() {
            self.seconds.push(second);
            let more = self.seconds.len().saturating_sub(KEPT);
            self.seconds.drain(..more);
        }
    }

    /// The latest ones, the oldest first.
    pub fn seconds(&self) -> &[Second] {
        &self.seconds
    }

    /// How it goes, or what came of it. That nothing is lost is said only after all rows were looked at.
    pub fn sentence(&self) -> String {
        match &self.ended {
            None if self.is_stopping => "Stopping: counting the rows that are there".to_owned(),
            None => match self.seconds.last() {
                None => "Starting".to_owned(),
                Some(now) => {
                    let waiting = match now.waiting {
                        0 => String::new(),
                        waiting => format!(", {waiting} waiting"),
                    };
                    let commits = usize::try_from(now.acknowledged).unwrap_or(usize::MAX);
                    format!("{} in the last second{waiting}", counted(commits, "commit"))
                }
            },
            Some(Ok(loaded)) if loaded.lost == 0 => format!(
                "Every acknowledged row is there: {} commits, the longest gap {}",
                loaded.acknowledged,
                gap_words(loaded.longest_gap_ms)
            ),
            Some(Ok(loaded)) => format!(
                "{} of {} acknowledged rows are lost",
                loaded.lost, loaded.acknowledged
            ),
            Some(Err(report)) => format!(
                "Nobody has looked whether every acknowledged row is there: {}",
                report.headline
            ),
        }
    }

    /// The longest gap of what is kept, if it is worth a mark.
    pub fn longest_gap(&self) -> Option<Second> {
        let gaps = self.seconds.iter().filter(|second| second.gap_ms >= GAP_MS);
        gaps.max_by_key(|second| second.gap_ms).copied()
    }
}

/// "0.48 s".
pub fn gap_words(milliseconds: u64) -> String {
    format!("{:.2} s", milliseconds as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(number: u64, gap_ms: u64) -> Second {
        Second {
            second: number,
            acknowledged: 200,
            gap_ms,
            ..Second::default()
        }
    }

    fn ended(lost: u64) -> Loaded {
        Loaded {
            acknowledged: 900,
            failed: 0,
            waiting: 0,
            longest_gap_ms: 481,
            per_second: 100.0,
            lost,
            unacknowledged: 0,
        }
    }

    #[test]
    fn that_nothing_is_lost_is_said_only_once_it_was_looked_at() {
        let mut view = LoadView::begun("/b".into());
        view.take(second(1, 5));
        let said = |view: &LoadView| view.sentence().contains("row is there");
        assert!(!said(&view));
        view.is_stopping = true;
        assert!(!said(&view), "{}", view.sentence());
        view.ended = Some(Err(Report::new("No server accepts writes.")));
        assert!(view.sentence().starts_with("Nobody has looked"));
        view.ended = Some(Ok(ended(2)));
        assert_eq!(view.sentence(), "2 of 900 acknowledged rows are lost");
        view.ended = Some(Ok(ended(0)));
        assert!(said(&view) && view.sentence().contains("0.48 s"));
    }

    #[test]
    fn only_the_latest_seconds_are_kept_and_the_longest_gap_stands_out() {
        let mut view = LoadView::begun("/b".into());
        for number in 0..300 {
            view.take(second(number, if number == 250 { 700 } else { 10 }));
        }
        assert_eq!(view.seconds().len(), KEPT);
        assert_eq!(view.seconds().last().unwrap().second, 299);
        assert_eq!(view.longest_gap().unwrap().second, 250);
        view.ended = Some(Ok(ended(0)));
        view.take(second(300, 0));
        assert_eq!(view.seconds().last().unwrap().second, 299, "it has ended");
    }
}
