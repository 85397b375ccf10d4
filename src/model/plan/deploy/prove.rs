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
            why: "The full postgresql.conf, now with synchronous_standby_names: every standby is streaming, \
                 so no commit waits for a missing one"
                .to_owned(),
            action: self.install(primary, "postgresql.conf", None),
            after: self.streams.values().copied().collect(),
            ..New::default()
        });
        self.sync_on = Some(self.steps.add(New {
            server: Some(primary),
            title: format!("Reload {}", primary.name()),
            why: "synchronous_standby_names needs no restart, only a reload (pg_ctl reload)".to_owned(),
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
            why: "Streaming alone proves nothing: a standby can receive WAL without applying it; a row \
                 committed on the primary must be readable on every standby (hot_standby)"
                .to_owned(),
            after: proved,
            deadline_secs: 60,
            ..proof::one_row(topology)
        });
        self.steps.add(New {
            title: "Record that the cluster is complete".to_owned(),
            why: "The folder gets the deployed design and a README with the connection commands".to_owned(),
            action: Action::Make(Make::Complete),
            after: vec![row],
            ..New::default()
        });
    }
}
