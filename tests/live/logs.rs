//! What the servers' logs may say. A clean run is: deploy, verify, stop, start, teardown, with nothing wrong and nobody
//! promoted.

use std::fs;
use std::path::Path;

/// Never in any run: a setting that the version does not know, a server that gave up.
const NEVER: [&str; 2] = ["unrecognized", "PANIC: "];
const NOT_IN_A_CLEAN_RUN: [&str; 2] = ["FATAL: ", "ERROR: "];
/// The one bad line of a clean run, and all that is excused. PostgreSQL itself always writes it when a standby that
/// streams is stopped: its WAL receiver is ended with SIGTERM, and these are that process's last words
/// (`ProcessWalRcvInterrupts` in src/backend/replication/walreceiver.c; seen on 10 to 18).
const RECEIVER_ENDED: &str = "FATAL:  terminating walreceiver process due to administrator command";

/// Every server's log after a clean run in which every server was stopped so often.
#[track_caller]
pub fn assert_clean(cluster: &Path, stops: usize) {
    for log in all(cluster) {
        let ends: Vec<&String> = log
            .messages
            .iter()
            .filter(|message| message.ends_with(RECEIVER_ENDED))
            .collect();
        assert!(
            ends.len() <= stops,
            "{} says more often than it was stopped: {RECEIVER_ENDED}",
            log.path
        );
        let rest = log.messages.iter().filter(|message| !ends.contains(message));
        log.assert_without(rest, &[NEVER, NOT_IN_A_CLEAN_RUN].concat());
    }
}

/// Every server's log after whatever happened.
#[track_caller]
pub fn assert_sane(cluster: &Path) {
    for log in all(cluster) {
        log.assert_without(log.messages.iter(), &NEVER);
    }
}

/// What one server said, a message each.
struct Log {
    path: String,
    messages: Vec<String>,
}

impl Log {
    #[track_caller]
    fn assert_without<'a>(&self, mut messages: impl Iterator<Item = &'a String>, words: &[&str]) {
        let bad = messages.find(|message| words.iter().any(|word| message.contains(word)));
        assert_eq!(bad, None, "{}:\n{}", self.path, self.messages.join("\n"));
    }
}

/// The log of every server of the cluster; each has said something.
#[track_caller]
fn all(cluster: &Path) -> Vec<Log> {
    let servers = fs::read_dir(cluster.join("servers")).unwrap();
    let log = |server: fs::DirEntry| {
        let path = server.path().join("log");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(!text.is_empty(), "{} says nothing", path.display());
        // A message may go on in lines that begin with a tab.
        let messages = text.replace("\n\t", " ").lines().map(str::to_owned).collect();
        let path = path.display().to_string();
        Log { path, messages }
    };
    servers.map(|server| log(server.unwrap())).collect()
}
