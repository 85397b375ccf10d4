//! What was seen of several servers last, and how old it is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Moment, Observation, State, Up};

/// The latest observation of every server, by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed(BTreeMap<String, Seen>);

/// What is known of one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub latest: Arc<Observation>,
    /// The last one in which it answered, if it ever did.
    pub answered: Option<Arc<Observation>>,
    /// It is as it is (answering, not answering, down) since then, as far as anybody looked.
    pub since: Moment,
}

impl Seen {
    /// True unless it gave no answer. Of one that is known to be down, nobody expects any.
    pub fn answers(&self) -> bool {
        matches!(self.latest.state, State::Up(_) | State::Closed)
    }

    /// What it said last, also where it does not answer any more.
    pub fn last_up(&self) -> Option<&Up> {
        match &self.answered.as_ref()?.state {
            State::Up(up) => Some(up),
            _ => None,
        }
    }

    /// How old the latest observation is.
    pub fn age(&self, now: Moment) -> Duration {
        now.since(self.latest.at)
    }

    /// For how long it has not answered; `None`: it does, or is down.
    pub fn silent_for(&self, now: Moment) -> Option<Duration> {
        matches!(self.latest.state, State::Unreachable(_)).then(|| now.since(self.since))
    }
}

impl Observed {
    /// Takes note of an observation, unless a later one of the same server is there.
    pub fn note(&mut self, observation: &Arc<Observation>) {
        let before = self.0.get(&observation.server);
        if before.is_some_and(|before| before.latest.at > observation.at) {
            return;
        }
        let is_up = matches!(observation.state, State::Up(_));
        let answered = if is_up {
            Some(Arc::clone(observation))
        } else {
            before.and_then(|before| before.answered.clone())
        };
        let kind = std::mem::discriminant(&observation.state);
        let since = match before {
            Some(before) if std::mem::discriminant(&before.latest.state) == kind => before.since,
            // From its last answer on nobody knows.
            Some(before) if matches!(observation.state, State::Unreachable(_)) => before.latest.at,
            _ => observation.at.before(observation.took),
        };
        let seen = Seen {
            latest: Arc::clone(observation),
            answered,
            since,
        };
        self.0.insert(observation.server.clone(), seen);
    }

    pub fn get(&self, server: &str) -> Option<&Seen> {
        self.0.get(server)
    }

    /// How many servers were looked at.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Seen)> {
        self.0.iter().map(|(name, seen)| (name.as_str(), seen))
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::model::health::{Role, Unreachable};

    fn seconds(number: u64) -> Moment {
        Moment::since_1970(Duration::from_secs(number))
    }

    fn at(second: u64, state: State) -> Arc<Observation> {
        Arc::new(Observation {
            server: "a".to_owned(),
            at: seconds(second),
            took: Duration::from_secs(1),
            state,
        })
    }

    #[test]
    fn silence_counts_from_the_last_answer_and_what_was_said_stays_known() {
        let mut observed = Observed::default();
        let silent = || State::Unreachable(Unreachable::Silent);
        observed.note(&at(10, sample::up(Role::Standby)));
        observed.note(&at(11, sample::up(Role::Standby)));
        let seen = observed.get("a").unwrap();
        assert!(seen.answers());
        assert_eq!(seen.age(seconds(13)), Duration::from_secs(2));
        assert_eq!(seen.silent_for(seconds(13)), None);

        observed.note(&at(13, silent()));
        observed.note(&at(20, State::Unreachable(Unreachable::Refused)));
        let seen = observed.get("a").unwrap();
        assert!(!seen.answers());
        assert_eq!(seen.silent_for(seconds(21)), Some(Duration::from_secs(10)));
        assert_eq!(seen.last_up().unwrap().role, Role::Standby);

        observed.note(&at(22, State::Down));
        let seen = observed.get("a").unwrap();
        assert_eq!((seen.answers(), seen.silent_for(seconds(30))), (false, None));
        assert_eq!(observed.count(), 1);
    }

    #[test]
    fn one_that_never_answered_is_silent_since_it_was_asked() {
        let mut observed = Observed::default();
        observed.note(&at(10, State::Unreachable(Unreachable::Silent)));
        let seen = observed.get("a").unwrap();
        assert_eq!(seen.silent_for(seconds(12)), Some(Duration::from_secs(3)));
        assert_eq!(seen.last_up(), None);
    }

    #[test]
    fn an_older_observation_changes_nothing() {
        let mut observed = Observed::default();
        observed.note(&at(10, State::Down));
        observed.note(&at(9, sample::up(Role::Primary)));
        assert_eq!(observed.get("a").unwrap().latest.state, State::Down);
    }
}
