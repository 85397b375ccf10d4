//! The last steps: synchronous replication on, the drawing compared with what runs, one row through the whole tree.

use super::Planner;
use crate::model::plan::steps::New;
use crate::model::plan::{Action, ExpectedRows, Make, Serve, StepId, proof};

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
            action: Action::Serve(Serve::Reload {
                server: primary.name().to_string(),
                folder: self.folder(primary),
            }),
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
                after,
                deadline_secs: 60,
                ..proof::compare(sender, self.folder(sender), expected)
            });
            proved.push(rows);
            if let Some(encrypted) = proof::see_encrypted(topology, sender, self.folder(sender)) {
                proved.push(self.steps.add(New {
                    after: vec![rows],
                    deadline_secs: 30,
                    ..encrypted
                }));
            }
        }
        if proved.is_empty() {
            proved.extend(self.ready.get(&topology.primary().id()));
        }
        let row = self.steps.add(New {
            why: "Streaming alone is no proof: a standby can receive WAL and not apply it; a row that was committed on the primary must be read on every standby (hot_standby)".to_owned(),
            after: proved,
            deadline_secs: 60,
            ..proof::one_row(topology)
        });
        self.steps.add(New {
            title: "Note that the cluster is complete".to_owned(),
            why: "The folder gets a README that says how to connect, and the design it was built from"
                .to_owned(),
            action: Action::Make(Make::Complete),
            after: vec![row],
            ..New::default()
        });
    }
}
