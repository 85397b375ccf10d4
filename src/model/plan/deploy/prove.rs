//! The last steps: synchronous replication on, the drawing compared with what runs, one row through the whole tree.

use super::Planner;
use crate::model::plan::steps::New;
use crate::model::plan::{Action, ExpectedRows, Reader, StepId};
use crate::model::topology::Server;

impl Planner<'_> {
    pub(super) fn switch_on_sync(&mut self) {
        let primary = self.topology.primary();
        if self.held_back(primary).is_none() {
            return;
        }
        let whole = self.steps.add(New {
            server: Some(primary),
            title: "Switch on synchronous replication".to_owned(),
            why: "The whole postgresql.conf, now with synchronous_standby_names: every standby streams, so no commit waits for one that is not there yet".to_owned(),
            action: self.install(primary, "postgresql.conf", None),
            after: self.streams.values().copied().collect(),
            ..New::default()
        });
        self.sync_on = Some(self.steps.add(New {
            server: Some(primary),
            title: format!("Reload {}", primary.name()),
            why: "synchronous_standby_names needs no restart: the server reads its files again at a signal (pg_ctl reload)".to_owned(),
            action: Action::Reload {
                server: primary.name().to_string(),
                folder: self.folder(primary),
            },
            after: vec![whole],
            ..New::default()
        }));
    }

    /// What the drawing says, compared with what the servers say; then one row through the whole tree.
    pub(super) fn prove(&mut self) {
        let topology = self.topology;
        let mut proved: Vec<StepId> = Vec::new();
        let all_expected = ExpectedRows::of(topology);
        for sender in self.servers() {
            let expected = all_expected.at(sender.id());
            if expected.is_empty() {
                continue;
            }
            let mut after: Vec<StepId> = topology
                .downstreams(sender.id())
                .filter_map(|standby| self.streams.get(&standby.id()).copied())
                .collect();
            after.extend(self.sync_on.filter(|_| sender.is_primary()));
            let rows = self.steps.add(New {
                server: Some(sender),
                title: format!("Compare {} with the design", sender.name()),
                why: "pg_stat_replication must show exactly the drawn downstreams, each with the drawn sync_priority and sync_state".to_owned(),
                action: Action::WaitRows {
                    server: sender.name().to_string(),
                    folder: self.folder(sender),
                    port: sender.port().number(),
                    rows: expected.to_vec(),
                },
                after,
                deadline_secs: 60,
                ..New::default()
            });
            proved.push(rows);
            if topology.has_tls() && topology.postgres().has_stat_ssl() {
                proved.push(self.steps.add(New {
                    server: Some(sender),
                    title: format!("See that the links of {} are encrypted", sender.name()),
                    why: "pg_stat_ssl tells of every connection whether it came over TLS: none of a downstream may have come otherwise".to_owned(),
                    action: Action::ProveTls {
                        server: sender.name().to_string(),
                        folder: self.folder(sender),
                        port: sender.port().number(),
                    },
                    after: vec![rows],
                    deadline_secs: 30,
                    ..New::default()
                }));
            }
        }
        let primary = topology.primary();
        if proved.is_empty() {
            proved.extend(self.ready.get(&primary.id()));
        }
        // Of one that answers no query the rows above are all the proof there is.
        let standbys = topology
            .servers()
            .iter()
            .filter(|server| !server.is_primary() && topology.answers_queries(server.id()));
        let (delayed, readers): (Vec<&Server>, Vec<&Server>) =
            standbys.partition(|server| server.is_delayed());
        let row = self.steps.add(New {
            server: Some(primary),
            title: "Write a row and read it everywhere".to_owned(),
            why: "Streaming alone is no proof: a standby can receive WAL and not apply it; a row that was committed on the primary must be read on every standby (hot_standby)".to_owned(),
            action: Action::ProveRow {
                server: primary.name().to_string(),
                port: primary.port().number(),
                readers: readers.into_iter().map(Reader::of).collect(),
                delayed: delayed.into_iter().map(Reader::of).collect(),
            },
            after: proved,
            deadline_secs: 60,
            ..New::default()
        });
        self.steps.add(New {
            title: "Note that the cluster is complete".to_owned(),
            why: "The folder gets a README that says how to connect, and the design it was built from"
                .to_owned(),
            action: Action::Complete,
            after: vec![row],
            ..New::default()
        });
    }
}
