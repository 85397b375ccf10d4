//! What a server shows of its archive: the row of pg_stat_archiver.

use super::Moment;

/// Counted since the server's statistics were reset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Archiver {
    pub archived: u64,
    pub failed: u64,
    /// The file that was put away last, and the one that could not be; when, by the server's clock.
    pub last_archived: Option<(String, Moment)>,
    pub last_failed: Option<(String, Moment)>,
}

impl Archiver {
    /// The last thing that was tried did not succeed.
    pub fn fails(&self) -> Option<&str> {
        let (file, failed_at) = self.last_failed.as_ref()?;
        let archived_at = self.last_archived.as_ref().map(|(_, at)| *at);
        (archived_at < Some(*failed_at)).then_some(file.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_failure_counts_until_something_is_archived_again() {
        let at = |second| ("1".to_owned(), Moment::since_1970(Duration::from_secs(second)));
        let archiver = |archived: Option<u64>, failed: Option<u64>| Archiver {
            last_archived: archived.map(at),
            last_failed: failed.map(at),
            ..Archiver::default()
        };
        assert_eq!(archiver(None, None).fails(), None);
        assert_eq!(archiver(Some(5), None).fails(), None);
        assert_eq!(archiver(None, Some(5)).fails(), Some("1"));
        assert_eq!(archiver(Some(4), Some(5)).fails(), Some("1"));
        assert_eq!(archiver(Some(6), Some(5)).fails(), None);
    }
}
