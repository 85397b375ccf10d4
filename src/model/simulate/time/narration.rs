//! What goes on at one moment in plain sentences, each with its reason.

use super::{Ending, Run, Waits};
use crate::model::simulate::verdict::Said;
use crate::model::simulate::world::Flow;
use crate::model::topology::{CommitLevel, Server, ServerId};
use crate::model::words::{counted, duration, listed, size};

impl Run {
    /// What goes on now: who waits for what, what was acknowledged, what is lost.
    pub fn told(&self) -> Vec<Said> {
        let mut told = Vec::new();
        if self.world().leaders().is_empty() {
            told.push(said(
                "there is no primary: clients retry every second and fail",
                "standbys are read-only, and none promotes itself",
            ));
        }
        let waits = self.waits();
        told.extend(waits.iter().map(|waits| self.waiting_said(waits)));
        if waits.is_empty() && !self.world().leaders().is_empty() {
            told.push(said("no client is waiting", "the last commit was acknowledged"));
        }
        told.push(self.counted_said());
        if self.lost() > 0 {
            told.push(said(
                &format!(
                    "{} that clients saw confirmed {} lost",
                    counted(self.lost(), "commit"),
                    if self.lost() == 1 { "is" } else { "are" }
                ),
                "the current primary did not have them yet when it was promoted (or they were not on disk \
                 when their primary crashed)",
            ));
        }
        told
    }

    /// How far a server is behind, in a few words; and why.
    pub fn lag_said(&self, server: ServerId) -> Option<Said> {
        let state = self.world().state(server)?;
        let place = self.place(server)?;
        if !state.is_up() {
            return Some(said("is down", state.flow.row().reason));
        }
        let progress = self.progress(server)?;
        if state.leads() {
            let sentence = format!("is the primary, at {}", lsn(progress.written));
            return Some(said(
                &sentence,
                "an LSN is a position in the WAL: the number of bytes written so far",
            ));
        }
        let lag = self.lag(server).unwrap_or(0);
        if lag == 0 {
            return Some(said(
                "has everything",
                "its replay_lsn is where the primary's WAL ends",
            ));
        }
        let why = if state.is_paused {
            "its replay is paused: it receives WAL and does not apply it"
        } else if !matches!(state.flow, Flow::Streams) {
            state.flow.row().reason
        } else if self.delays[place].is_some() {
            "recovery_min_apply_delay: it applies the WAL it has received only after that time"
        } else {
            "WAL is on its way; the standby writes, flushes and replays it on arrival"
        };
        Some(said(&format!("{} behind", size(lag)), why))
    }

    fn waiting_said(&self, waits: &Waits) -> Said {
        let name = self.name(waits.on);
        let who = if waits.count == 1 {
            "1 client waits".to_owned()
        } else {
            format!("{} clients wait", waits.count)
        };
        let since = duration(waits.longest);
        let for_what = self.awaited(waits);
        if !waits.silent.is_empty() {
            return self.silence_said(waits, &format!("{who} at {name}, the longest for {since}"));
        }
        if waits.hangs {
            return said(
                &format!("{who} at {name}, the longest for {since}, and no answer will come: {for_what}"),
                "synchronous replication has no timeout: a commit waits until enough of the standbys in \
                 synchronous_standby_names answer",
            );
        }
        said(
            &format!("{who} at {name}, the longest for {since}: {for_what}"),
            match waits.level {
                _ if waits.needed == 0 => "a commit is acknowledged when it is on the primary's own disk",
                CommitLevel::RemoteWrite => {
                    "synchronous_commit = remote_write: the standby has to have written it"
                }
                CommitLevel::RemoteApply => {
                    "synchronous_commit = remote_apply: the standby has to have replayed it"
                }
                _ => "synchronous_commit = on: the standby has to have flushed it to its disk",
            },
        )
    }

    /// They wait for an answer over a network that is cut, which the primary has not noticed.
    fn silence_said(&self, waits: &Waits, who: &str) -> Said {
        let setting = self.world().topology().postgres().sender_timeout_setting();
        let name = self.name(waits.on);
        let silent: Vec<ServerId> = waits.silent.iter().map(|(id, _)| *id).collect();
        let for_whom = listed(&self.names(&silent));
        let next = waits.silent.iter().filter_map(|(_, due)| *due).min();
        let until = next.map_or_else(
            || "and it never will".to_owned(),
            |due| format!("it will in {}", duration(due.saturating_sub(self.now()))),
        );
        said(
            &format!("{who}: nothing gets through to {for_whom}, and {name} has not noticed; {until}"),
            &format!(
                "{setting}: a network outage does not close a connection; the sender closes it after this \
                 timeout (60 s by default, 0 for never), and until then commits wait for the standby"
            ),
        )
    }

    /// "\"slave1\" has to have it on its disk".
    pub fn awaited(&self, waits: &Waits) -> String {
        if waits.needed == 0 {
            return "it has to be on its own disk".to_owned();
        }
        let what = match waits.level {
            CommitLevel::RemoteWrite => "received it",
            CommitLevel::RemoteApply => "applied it",
            _ => "it on disk",
        };
        if waits.connected.len() < waits.needed {
            let needed = match waits.needed {
                1 => "a synchronous standby has to answer".to_owned(),
                needed => format!("{needed} synchronous standbys have to answer"),
            };
            let connected = match self.names(&waits.connected).as_slice() {
                [] => "none is connected".to_owned(),
                [one] => format!("only {one} is connected"),
                names => format!("only {} are connected", listed(names)),
            };
            return format!("{needed}, and {connected}");
        }
        match self.names(&waits.missing).as_slice() {
            [] => "the answer is on its way".to_owned(),
            names if waits.needed < waits.connected.len() && names.len() > 1 => {
                format!("{} of {} must have {what}", waits.needed, listed(names))
            }
            [one] => format!("{one} must have {what}"),
            names => format!("{} must have {what}", listed(names)),
        }
    }

    fn names(&self, servers: &[ServerId]) -> Vec<String> {
        servers.iter().map(|id| self.name(*id)).collect()
    }

    fn counted_said(&self) -> Said {
        let mut sentence = format!("{} acknowledged so far", counted(self.acknowledged(), "commit"));
        if self.failed() > 0 {
            sentence = format!("{sentence}, {} failed or interrupted", self.failed());
        }
        let last = self
            .ended()
            .filter_map(|commit| Some((commit.asked, commit.ending?)))
            .rfind(|(_, (_, ending))| *ending == Ending::Acknowledged);
        if let Some((asked, (at, _))) = last {
            let when = match at - asked {
                0 => "at once".to_owned(),
                waited => format!("after {}", duration(waited)),
            };
            sentence = format!("{sentence}; the last one {when}");
        }
        said(
            &sentence,
            "a client waits for the trip to the required standbys, their disks, and the trip back",
        )
    }

    fn name(&self, server: ServerId) -> String {
        let server = self.world().topology().server(server).map(Server::name);
        server.map_or_else(String::new, |name| format!("\"{name}\""))
    }
}

fn said(sentence: &str, why: &str) -> Said {
    Said {
        sentence: sentence.to_owned(),
        why: why.to_owned(),
    }
}

/// A position in the WAL as PostgreSQL writes it: `0/3A2F8`.
pub fn lsn(bytes: u64) -> String {
    format!("{:X}/{:X}", bytes >> 32, bytes & 0xffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::simulate::time::{Micros, Scenario};
    use crate::model::topology::notation;

    const SEED: &str =
        "master 5432 sync first 1\n  slave1 15432 priority 1\n    slave11 25432\n  slave2 15433 priority 2\n";

    #[track_caller]
    fn told(design: &str, scenario: &str, until: Micros) -> String {
        let topology = notation::parse(design).unwrap();
        let (scenario, problems) = Scenario::read(scenario, &topology);
        assert_eq!(problems, []);
        let mut run = Run::new(&topology, scenario);
        run.run_until(until);
        let sentences: Vec<String> = run.told().into_iter().map(|said| said.sentence).collect();
        sentences.join("\n")
    }

    #[test]
    fn who_waits_for_whom_is_said() {
        let one = "clients 1 think 0us commit 8kB\nnetwork latency 20ms bandwidth 100MB/s\n";
        assert_eq!(
            told(SEED, one, 30_000),
            "1 client waits at \"master\", the longest for 29 ms: \"slave1\" must have it on disk\n0 \
             commits acknowledged so far"
        );
        let hang = format!("{one}at 100ms crash slave1\nat 101ms crash slave2\n");
        let told_hanging = told(SEED, &hang, 3_000_000);
        assert!(
            told_hanging.contains(
                "s, and no answer will come: a synchronous standby has to answer, and none is connected\n"
            ),
            "{told_hanging}"
        );
        let quorum = SEED.replace("first 1", "any 1 commit remote_apply");
        assert!(told(&quorum, one, 30_000).contains("1 of \"slave1\" and \"slave2\" must have applied it"),);
        let both = SEED.replace("first 1", "first 2");
        let hang = format!("{one}at 100ms crash slave2\n");
        assert!(told(&both, &hang, 3_000_000).contains(
            "no answer will come: 2 synchronous standbys have to answer, and only \"slave1\" is connected"
        ));
    }

    #[test]
    fn without_a_primary_clients_fail_and_what_a_promotion_left_behind_is_counted() {
        let alone = "m 1\n  a 2\n";
        let far = "clients 2 think 10ms commit 8kB\nnetwork latency 200ms bandwidth 100MB/s\nat 1s crash m\n";
        let dead = told(alone, far, 3_000_000);
        assert!(dead.starts_with("there is no primary"), "{dead}");
        assert!(!dead.contains("lost"), "{dead}");
        let led = told(alone, &format!("{far}at 3s promote a\n"), 4_000_000);
        assert!(
            led.contains("commits that clients saw confirmed are lost"),
            "{led}"
        );
        // A synchronous standby has everything.
        let safe = "m 1 sync first 1\n  a 2 priority 1\n";
        let led = told(safe, &format!("{far}at 3s promote a\n"), 4_000_000);
        assert!(!led.contains("lost"), "{led}");
    }

    #[test]
    fn lags_and_positions_are_in_words() {
        let topology = notation::parse(SEED).unwrap();
        let (scenario, _) = Scenario::read("at 1s pause slave1\nat 1s crash slave2\n", &topology);
        let mut run = Run::new(&topology, scenario);
        run.run_until(4_000_000);
        let lag = |name: &str| run.lag_said(topology.by_name(name).unwrap().id()).unwrap();
        assert!(lag("master").sentence.starts_with("is the primary, at 0/"));
        assert!(lag("slave1").sentence.ends_with("kB behind") && lag("slave1").why.contains("paused"));
        assert_eq!(lag("slave2").sentence, "is down");
        assert_eq!((lsn(0x3a2f8).as_str(), lsn(1 << 32).as_str()), ("0/3A2F8", "1/0"));
    }
}
