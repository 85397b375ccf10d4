//! Processes that stand still: what a server sees of a network that is cut is that nothing comes any more.

use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::scene::session;

/// Processes that stand still for a while, and go on whatever happens.
pub struct Frozen(Vec<Pid>);

impl Frozen {
    /// The WAL receivers of the standbys on these ports.
    pub async fn receivers(folder: &Path, ports: &[u16]) -> Self {
        let mut frozen = Self(Vec::new());
        for port in ports {
            frozen
                .freeze(folder, *port, "SELECT pid FROM pg_stat_wal_receiver")
                .await;
        }
        frozen
    }

    /// The WAL senders of the server on this port that send to one of that name.
    pub async fn senders(folder: &Path, port: u16, standby: &str) -> Self {
        let mut frozen = Self(Vec::new());
        let senders = format!("SELECT pid FROM pg_stat_replication WHERE application_name = '{standby}'");
        frozen.freeze(folder, port, &senders).await;
        frozen
    }

    async fn freeze(&mut self, folder: &Path, port: u16, pids: &str) {
        let client = session(folder, port, None).await.unwrap();
        for row in client.query(pids, &[]).await.unwrap() {
            let pid = Pid::from_raw(row.get(0));
            // It may have ended meanwhile, where it asks in vain.
            if kill(pid, Signal::SIGSTOP).is_ok() {
                self.0.push(pid);
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// They are to end as soon as they go on, so that nothing more arrives.
    pub fn end(self) {
        for pid in &self.0 {
            let _ = kill(*pid, Signal::SIGTERM);
        }
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        for pid in &self.0 {
            let _ = kill(*pid, Signal::SIGCONT);
        }
    }
}
