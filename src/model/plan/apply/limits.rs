//! What a standby may not have less of than the primary: raised on the standbys first, lowered on the primary first.

use super::difference::Kept;
use super::steps::{Planner, RESTART_SECS, WAIT_SECS};
use crate::model::plan::steps::New;
use crate::model::plan::{Action, Alter, Configure, DesignOf, Means, Reader, Serve};

impl Planner<'_> {
    /// More of what a standby may not have less of than the primary: standbys first, those without downstreams before
    /// all others; in the files of before, so that nobody looks for a server where it is not yet.
    pub(super) fn raise(&mut self) {
        let mut first: Vec<&Kept<'_>> = self.difference.kept.iter().collect();
        first.retain(|one| !one.early.is_empty());
        first.sort_by_key(|one| std::cmp::Reverse(self.difference.running.level(one.was.id())));
        for one in first {
            let is_primary = one.was.is_primary();
            if is_primary {
                self.standbys_apply();
            }
            let held = if is_primary && self.loosened {
                self.held()
            } else {
                Vec::new()
            };
            let restart = |held| {
                Action::Alter(Alter::Configure(Configure {
                    held,
                    by: Means::Restart,
                    ..self.configure(one, DesignOf::Before)
                }))
            };
            let names: Vec<&str> = one.early.iter().map(|(name, _)| name.as_str()).collect();
            let new = New {
                server: Some(one.was),
                title: format!("Restart {} with more of {}", one.was.name(), names.join(", ")),
                why: "Read only at startup, and no standby may have a lower value than its primary: \
                     standbys first, the primary last"
                    .to_owned(),
                action: restart(one.early.iter().cloned().chain(held.clone()).collect()),
                undo: Some(restart(held)),
                deadline_secs: RESTART_SECS,
                ..New::default()
            };
            self.add(new);
            if !is_primary {
                self.disturbed.insert(one.is.id());
            }
        }
    }

    /// Before the primary gets more; would that be undone, the standbys have to apply it before they have less.
    pub(super) fn standbys_apply(&mut self) {
        let primary = self.difference.running.primary();
        let standbys = self.difference.kept.iter();
        let running = self.difference.running;
        let raised = standbys.filter(|one| {
            !one.early.is_empty() && !one.was.is_primary() && running.answers_queries(one.was.id())
        });
        let prove = Action::Serve(Serve::ProveRow {
            server: primary.name().to_string(),
            port: primary.port().number(),
            readers: raised.map(|one| Reader::of(one.was)).collect(),
            delayed: Vec::new(),
        });
        self.add(New {
            server: Some(primary),
            title: "Check that every standby applies what the primary writes".to_owned(),
            why: "They can handle the primary's new limits".to_owned(),
            undo: Some(prove.clone()),
            action: prove,
            deadline_secs: WAIT_SECS,
            ..New::default()
        });
    }

    /// A standby that is given less must first have applied that the primary has less.
    pub(super) fn wait_applied(&mut self) {
        let primary = self.wanted.primary();
        let mut lowered = self.difference.lowered_standbys();
        lowered.retain(|one| self.wanted.answers_queries(one.is.id()));
        self.add(New {
            server: Some(primary),
            title: "Wait until the standbys have the primary's lower settings".to_owned(),
            why: "A standby refuses to run with lower values than the primary's, which it learns from WAL \
                 (manual, Hot Standby, Administrator's Overview)"
                .to_owned(),
            action: Action::Serve(Serve::ProveRow {
                server: primary.name().to_string(),
                port: primary.port().number(),
                readers: lowered.into_iter().map(|one| Reader::of(one.was)).collect(),
                delayed: Vec::new(),
            }),
            deadline_secs: WAIT_SECS,
            ..New::default()
        });
    }
}
