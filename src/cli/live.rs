//! What only running servers have, in words: how fresh, how far behind, what differs from the design.

use std::time::Duration;

use super::print;
use super::status::alive_or_down;
use crate::engine::monitor::Snapshot;
use crate::model::drift::Drift;
use crate::model::health::{Reading, Replay, State, Timeline, Up};
use crate::model::words::{counted, size};

/// What is older than this is said to be: with a reading each second, one may be nearly two old.
const FRESH: Duration = Duration::from_secs(2);

/// What a server of the board says now.
pub(super) fn up<'a>(reading: &Reading, snapshot: &'a Snapshot) -> Option<&'a Up> {
    let server = snapshot.topology.by_name(&reading.name)?;
    snapshot.observed.up(server)
}

/// The timeline that a server is surely on.
pub(super) fn timeline(up: &Up) -> Option<u32> {
    match up.timeline {
        Some(Timeline::Is(timeline)) => Some(timeline),
        Some(Timeline::AtLeast(_)) | None => None,
    }
}

/// How a server is, with the time where it matters: "does not answer (for 3 s, nothing came back in time)".
pub(super) fn life(reading: &Reading, snapshot: &Snapshot) -> String {
    let seen = snapshot.observed.get(&reading.name);
    if let Some(State::Unreachable(why)) = seen.map(|seen| &seen.latest.state) {
        return match snapshot.silent_for(&reading.name).filter(|time| *time >= FRESH) {
            Some(time) => format!("does not answer (for {}, {why})", seconds(time)),
            None => format!("does not answer ({why})"),
        };
    }
    let life = match snapshot.age(&reading.name).filter(|age| *age > FRESH) {
        Some(age) => format!("{} ({} ago)", alive_or_down(reading), seconds(age)),
        None => alive_or_down(reading),
    };
    let more = up(reading, snapshot)
        .map(|up| progress(reading, up, snapshot))
        .unwrap_or_default();
    format!("{life}{more}")
}

/// "1.5 s", "75 s".
fn seconds(time: Duration) -> String {
    let tenths = (time.as_millis() + 50) / 100;
    match (tenths / 10, tenths % 10) {
        (whole, rest) if whole < 10 && rest > 0 => format!("{whole}.{rest} s"),
        (whole, _) => format!("{whole} s"),
    }
}

/// How far a standby is: ", current", ", 64.0 MB behind (3.1 s), replay paused, on timeline 1".
fn progress(reading: &Reading, up: &Up, snapshot: &Snapshot) -> String {
    let mut words = Vec::new();
    if let Some(lag) = snapshot.lag(&reading.name) {
        words.push(match (lag.bytes, lag.time) {
            (0, _) => "current".to_owned(),
            (bytes, None) => format!("{} behind", size(bytes)),
            (bytes, Some(time)) => format!("{} behind ({})", size(bytes), seconds(time)),
        });
    }
    match up.replay {
        Some(Replay::Paused) => words.push("replay paused".to_owned()),
        Some(Replay::PauseRequested) => words.push("replay about to pause".to_owned()),
        Some(Replay::Goes) | None => {}
    }
    // The cluster's is the newest one; most of the time it is everybody's.
    let servers = snapshot.topology.servers().iter();
    let newest = servers
        .filter_map(|server| timeline(snapshot.observed.up(server)?))
        .max();
    if let Some(own) = timeline(up).filter(|own| Some(*own) != newest) {
        words.push(format!("on timeline {own}"));
    }
    words.into_iter().map(|word| format!(", {word}")).collect()
}

/// What differs from the design, each with what helps below it.
pub(super) fn print_drift(drift: &[Drift]) {
    print::line("");
    if drift.is_empty() {
        print::line("Everything is as designed.");
        return;
    }
    print::line(format!(
        "Differences from the design ({}):",
        counted(drift.len(), "finding")
    ));
    for one in drift {
        print::line(format!("- {}", one.message));
        if let Some(fix) = &one.fix {
            print::line(format!("    {fix}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::cli::status::heading;
    use crate::model::health::{Lsn, Moment, Observation, Observed, Positions, Role, Unreachable, sample};
    use crate::model::topology::notation;

    /// What is said of `a` three seconds after it was looked at; that took 1.5 s.
    fn told(states: &[State]) -> String {
        let topology = Arc::new(notation::parse("m 1\n  a 2\n").unwrap());
        let mut observed = Observed::default();
        for (second, state) in (10..).zip(states) {
            observed.note(&Arc::new(Observation {
                server: "a".to_owned(),
                at: Moment::since_1970(Duration::from_secs(second)),
                took: Duration::from_millis(1500),
                state: state.clone(),
            }));
        }
        let now = Moment::since_1970(Duration::from_secs(9 + states.len() as u64 + 3));
        let snapshot = Snapshot {
            topology,
            observed,
            beside: Vec::new(),
            to_rejoin: Vec::new(),
            faults: Vec::new(),
            now,
        };
        let board = snapshot.board();
        heading(&board.servers[1], &life(&board.servers[1], &snapshot))
    }

    #[test]
    fn silence_is_not_called_down_and_has_a_time() {
        let silent = || State::Unreachable(Unreachable::Silent);
        assert_eq!(
            told(&[silent()]),
            "a: standby of m, does not answer (for 4.5 s, nothing came back in time)"
        );
        assert_eq!(
            told(&[sample::up(Role::Standby), silent(), silent()]),
            "a: standby of m, does not answer (for 5 s, nothing came back in time)"
        );
        assert_eq!(told(&[State::Down]), "a: standby of m, down (3 s ago)");
        assert_eq!(
            told(&[sample::up(Role::Standby)]),
            "a: standby of m, running (3 s ago)"
        );
        assert_eq!(told(&[State::Closed]), "a: standby of m, running (3 s ago)");
    }

    #[test]
    fn a_standby_says_how_far_it_is() {
        let at = |byte| Some(Lsn::new(byte));
        let mut primary = sample::said(Role::Primary);
        primary.positions.written = at(64 << 20);
        primary.timeline = Some(Timeline::Is(2));
        let mut standby = sample::said(Role::Standby);
        let told = |primary: &Up, standby: &Up| {
            let mut observed = Observed::default();
            for (server, up) in [("m", primary), ("a", standby)] {
                observed.note(&Arc::new(Observation {
                    server: server.to_owned(),
                    at: Moment::default(),
                    took: Duration::ZERO,
                    state: State::Up(Box::new(up.clone())),
                }));
            }
            let snapshot = Snapshot {
                topology: Arc::new(notation::parse("m 1\n  a 2\n").unwrap()),
                observed,
                beside: Vec::new(),
                to_rejoin: Vec::new(),
                faults: Vec::new(),
                now: Moment::default(),
            };
            life(&snapshot.board().servers[1], &snapshot)
        };
        assert_eq!(told(&primary, &standby), "running", "it does not say");
        standby.positions = Positions {
            replayed: at(64 << 20),
            ..Positions::default()
        };
        standby.timeline = Some(Timeline::Is(2));
        assert_eq!(told(&primary, &standby), "running, current");
        standby.timeline = Some(Timeline::Is(1));
        standby.positions.replayed = at(0);
        standby.replay = Some(Replay::Paused);
        standby.clock = Some(Moment::since_1970(Duration::from_millis(5100)));
        standby.committed = Some(Moment::since_1970(Duration::from_secs(2)));
        assert_eq!(
            told(&primary, &standby),
            "running, 64.0 MB behind (3.1 s), replay paused, on timeline 1"
        );
    }
}
