//! Ctrl-C, a polite end from outside and a terminal that goes away: each is a request to cancel.
//!
//! The first one unwinds, the second one stops waiting.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::print;
use crate::engine::deploy::Cancel;
use crate::report::Report;

/// SIGINT, SIGTERM and SIGHUP, caught from the moment this was made.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// `None` under `nohup`: anyone who started it that way wants it to outlive the terminal.
    hang_up: Option<Signal>,
}

impl Signals {
    pub(super) fn catch() -> Result<Self, Report> {
        let catch =
            |kind| signal(kind).map_err(|error| Report::of("Cannot catch signals such as Ctrl-C", &error));
        Ok(Self {
            interrupt: catch(SignalKind::interrupt())?,
            terminate: catch(SignalKind::terminate())?,
            hang_up: if hang_up_is_ignored() {
                None
            } else {
                Some(catch(SignalKind::hangup())?)
            },
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) {
        let hang_up = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = hang_up => {}
        }
    }

    /// From now on every signal is a request to `cancel`, told in these words.
    pub(super) fn cancels(mut self, cancel: &Cancel, first: &'static str, second: &'static str) -> Watcher {
        let cancel = cancel.clone();
        Watcher(tokio::spawn(async move {
            loop {
                self.next().await;
                print::note(if cancel.soft.is_cancelled() { second } else { first });
                cancel.request();
            }
        }))
    }
}

/// Listens until it is dropped.
pub(super) struct Watcher(tokio::task::JoinHandle<()>);

impl Drop for Watcher {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Reads which signals are ignored from /proc: what `nohup` sets before it starts a program.
fn hang_up_is_ignored() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| ignores_hang_up(&status))
}

fn ignores_hang_up(status: &str) -> bool {
    const SIGHUP_BIT: u64 = 1;
    status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & SIGHUP_BIT != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nohup_is_seen_in_the_mask_of_ignored_signals() {
        assert!(ignores_hang_up("Name:\tx\nSigIgn:\t0000000000001001\n"));
        assert!(!ignores_hang_up("SigIgn:\t0000000000001000\n"));
        assert!(!ignores_hang_up(""));
    }
}
