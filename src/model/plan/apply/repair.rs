//! What somebody did to the running servers since their design was deployed: a change undoes what it manages, and refuses
//! to build on what it cannot.

use super::Standing;
use super::difference::{Difference, Kept};
use super::steps::{Planner, WAIT_SECS};
use crate::model::drift::{Drift, Repair};
use crate::model::plan::preflight::stop;
use crate::model::plan::steps::New;
use crate::model::plan::{Action, Alter, Check, DesignOf, Means, Serve};
use crate::model::words::listed;

/// Differences on which no change can build: who is whose upstream is not what its steps begin with.
const BLOCKING: [&str; 10] = [
    "server-silent",
    "two-primaries",
    "no-primary",
    "standby-promoted",
    "primary-is-standby",
    "ring",
    "other-port",
    "stale-copy",
    "other-upstream",
    "link-missing",
];

/// Puts to each server of both designs what undoes what was done to it.
pub fn take(difference: &mut Difference<'_>, drift: &[Drift]) {
    // What it follows it reads at its start only.
    let starts = !difference.wanted.postgres().reloads_upstream();
    for one in &mut difference.kept {
        let name = one.was.name().as_str();
        let is_link = |found: &Drift| matches!(found.rule, "link-missing" | "other-upstream");
        let follows = drift
            .iter()
            .all(|found| found.server.as_deref() != Some(name) || !is_link(found));
        let own = drift.iter().filter(|found| found.server.as_deref() == Some(name));
        for repair in own.filter_map(|found| found.repair.clone()) {
            let means = match &repair {
                Repair::Setting { restarts: true, .. } => Some(Means::Restart),
                Repair::Files if starts && !follows => Some(Means::Restart),
                Repair::Setting { rewrites: true, .. } | Repair::Files => Some(Means::Reload),
                Repair::Setting { .. } | Repair::Slot(_) => None,
            };
            one.means = one.means.max(means);
            one.repairs.push(repair);
        }
    }
}

/// What nobody can build on, unless the change takes it away by itself.
pub fn refusals(difference: &Difference<'_>, standing: &Standing) -> Vec<Check> {
    let blocks = |found: &&Drift| {
        if !BLOCKING.contains(&found.rule) {
            return false;
        }
        // A standby that is down stops the change already, with a better reason.
        let Some(name) = &found.server else {
            return found.rule != "no-primary" || standing.down.is_empty();
        };
        let Some(one) = difference.kept.iter().find(|one| one.was.name().as_str() == name) else {
            return false;
        };
        let is_link = matches!(found.rule, "link-missing" | "other-upstream");
        !(is_link && (difference.has_moved(one) || is_repaired(difference, one)))
    };
    let drift = standing.drift.iter().filter(blocks);
    drift
        .map(|found| {
            let fix = found
                .fix
                .clone()
                .unwrap_or_else(|| "See pgcascade status".to_owned());
            stop(
                "drifts",
                found.message.trim_end_matches('.').to_owned(),
                fix.trim_end_matches('.'),
            )
        })
        .collect()
}

fn rewrites(repair: &Repair) -> bool {
    matches!(repair, Repair::Files | Repair::Setting { rewrites: true, .. })
}

/// True if what keeps the standby from its upstream is undone at either end of the link.
fn is_repaired(difference: &Difference<'_>, one: &Kept<'_>) -> bool {
    let slot = difference.running.slot_name(one.was.id());
    let upstream = one.was.upstream().and_then(|id| difference.kept_from(id));
    let has_slot = upstream.is_some_and(|upstream| upstream.repairs.contains(&Repair::Slot(slot)));
    let is_link = |repair: &Repair| match repair {
        Repair::Setting { name, .. } => name.starts_with("primary_"),
        Repair::Files => true,
        Repair::Slot(_) => false,
    };
    has_slot || one.repairs.iter().any(is_link)
}

/// What is undone, a sentence each.
pub fn words(difference: &Difference<'_>) -> Vec<String> {
    let mut told = Vec::new();
    for one in &difference.kept {
        let name = one.was.name();
        for repair in &one.repairs {
            told.push(match repair {
                Repair::Setting { name: setting, .. } => {
                    format!("{setting} of {name} was changed by hand and is reset to the design")
                }
                Repair::Files => format!("The files of {name} say what it does"),
                Repair::Slot(slot) => format!("The slot {slot} is created again on {name}"),
            });
        }
    }
    told
}

impl Planner<'_> {
    /// First of all, so that the running design is what runs.
    pub(super) fn repair(&mut self) {
        for one in &self.difference.kept {
            let mut settings: Vec<String> = Vec::new();
            for repair in &one.repairs {
                match repair {
                    Repair::Setting {
                        name, resets: true, ..
                    } => settings.push(name.clone()),
                    Repair::Setting { .. } | Repair::Files => {}
                    Repair::Slot(slot) => self.make_slot_again(one, slot),
                }
            }
            if settings.is_empty() {
                continue;
            }
            if one.repairs.iter().any(rewrites) {
                self.add(New {
                    server: Some(one.was),
                    title: format!("Write the files of {}", one.was.name()),
                    why: "Once the other values are reset, the server reads these: they have to be the design's by then".to_owned(),
                    action: Action::Alter(Alter::Configure(self.configure(one, DesignOf::Before))),
                    ..New::default()
                });
            }
            self.disturbed
                .extend((!one.is.is_primary()).then_some(one.is.id()));
            self.add(New {
                server: Some(one.was),
                title: format!("Reset {} of {}", listed(&settings), one.was.name()),
                why: "It was set with ALTER SYSTEM, and postgresql.auto.conf overrides the design's \
                     postgresql.conf"
                    .to_owned(),
                action: Action::Alter(Alter::Reset {
                    server: one.was.name().to_string(),
                    folder: one.folder_was.clone(),
                    port: one.was.port().number(),
                    settings,
                }),
                deadline_secs: WAIT_SECS,
                ..New::default()
            });
        }
    }

    fn make_slot_again(&mut self, one: &Kept<'_>, slot: &str) {
        self.add(New {
            server: Some(one.was),
            title: format!("Create the slot {slot} on {} again", one.was.name()),
            why: "It was dropped; without it, WAL that its standby has not received yet may be removed"
                .to_owned(),
            action: Action::Serve(Serve::CreateSlot {
                server: one.was.name().to_string(),
                folder: one.folder_was.clone(),
                port: one.was.port().number(),
                slot: slot.to_owned(),
            }),
            deadline_secs: WAIT_SECS,
            ..New::default()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::lines::what;
    use crate::model::plan::{Machine, plan_apply};
    use crate::model::topology::{Topology, notation};

    fn found(rule: &'static str, server: &str, repair: Option<Repair>) -> Drift {
        Drift {
            rule,
            server: Some(server.to_owned()),
            message: format!("{server} differs."),
            fix: None,
            repair,
            slot: None,
        }
    }

    fn setting(name: &str, (resets, rewrites, restarts): (bool, bool, bool)) -> Repair {
        let name = name.to_owned();
        Repair::Setting {
            name,
            resets,
            rewrites,
            restarts,
        }
    }

    /// What is done, or the reasons why nothing is.
    fn plan(wanted: &str, drift: Vec<Drift>) -> Result<Vec<String>, Vec<String>> {
        let read = |text: &str| -> Topology { notation::parse(text).unwrap() };
        let standing = Standing {
            drift,
            ..Standing::default()
        };
        let machine = Machine::portable("/c");
        let plan = plan_apply(&read(RUNNING), &read(wanted), &machine, &standing);
        plan.map(|plan| plan.plan.steps.iter().map(|step| what(&step.action)).collect())
            .map_err(|checks| checks.into_iter().map(|check| check.message).collect())
    }

    const RUNNING: &str = "m 1025\n  a 1026\n  b 1027\n";

    #[test]
    fn what_somebody_set_or_dropped_is_undone_first() {
        let drift = vec![
            found(
                "other-sync-names",
                "m",
                Some(setting("synchronous_standby_names", (true, false, false))),
            ),
            found("slot-missing", "m", Some(Repair::Slot("b".to_owned()))),
            found("link-missing", "b", None),
            found(
                "setting-differs",
                "a",
                Some(setting("max_wal_senders", (true, false, true))),
            ),
            // Nobody's business here.
            found("archive-failing", "m", None),
        ];
        let steps = plan(RUNNING, drift).unwrap();
        assert_eq!(
            steps[..5],
            [
                "begin",
                "slot b on m",
                "reset synchronous_standby_names on m",
                "reset max_wal_senders on a",
                "restart a after"
            ],
            "{steps:?}"
        );
        let rewritten = vec![found(
            "setting-differs",
            "b",
            Some(setting("shared_buffers", (false, true, false))),
        )];
        assert_eq!(
            plan(RUNNING, rewritten).unwrap()[..2],
            ["begin", "reload b after"]
        );
        assert_eq!(plan(RUNNING, Vec::new()).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn nothing_is_built_on_a_cluster_that_is_another_one() {
        let promoted = vec![found("standby-promoted", "a", None)];
        assert_eq!(plan(RUNNING, promoted).unwrap_err(), ["a differs"]);
        let away = || vec![found("link-missing", "b", None)];
        assert_eq!(
            plan("m 1025\n  a 1026\n  b 1027\n    c 1028\n", away()).unwrap_err(),
            ["b differs"]
        );
        // What the change takes away, or puts elsewhere, is not a reason.
        plan("m 1025\n  a 1026\n", away()).unwrap();
        plan("m 1025\n  a 1026\n    b 1027\n", away()).unwrap();
    }
}
