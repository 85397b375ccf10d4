//! What stands in the way of a run, in words; shared by `plan`, `deploy`, `apply` and `demo`.

use nix::unistd::{User, geteuid};

use super::print;
use crate::engine::deploy::Request;
use crate::model::plan::{self, Check, EventKind, Machine, Outcome, RunEvent};
use crate::model::quoting::shell_path;
use crate::model::topology::Topology;
use crate::model::words::counted;

/// The preflight, in words that know what was asked for: a user or a folder that was named and is not there.
pub(super) fn checks(topology: &Topology, machine: &Machine, request: &Request) -> Vec<Check> {
    let mut checks = plan::preflight(topology, machine);
    for check in checks.iter_mut().filter(|check| !check.ok) {
        match (check.id, &request.bin, &request.run_as) {
            ("no-programs", Some(bin), _) => {
                let bin = bin.display();
                check.message = format!("{bin} does not have PostgreSQL's initdb, pg_ctl and postgres");
                check.fix = Some("Name the folder that has all three with --bin, or omit --bin".to_owned());
            }
            ("no-user-for-root", _, Some(user)) => {
                check.message =
                    format!("Servers cannot run as \"{user}\": this machine has no such ordinary user");
                check.fix = Some("Name another user with --run-as, or omit it".to_owned());
            }
            ("folder-has-cluster", ..) => {
                check.fix = Some(format!(
                    "Remove it with: pgcascade teardown {}, or choose another folder",
                    shell_path(&request.folder)
                ));
            }
            ("folder-has-unfinished", ..) => {
                let folder = shell_path(&request.folder);
                check.fix = Some(format!(
                    "Finish it with: pgcascade resume {folder}, or remove it with: pgcascade teardown \
                     {folder}"
                ));
            }
            _ => {}
        }
    }
    if let Some(user) = request
        .run_as
        .as_deref()
        .filter(|user| !machine.is_root && !is_me(user))
    {
        checks.push(Check {
            id: "run-as-needs-root",
            ok: false,
            message: format!("Only root can run servers as another user (\"{user}\")"),
            fix: Some("Omit --run-as: the servers run as you".to_owned()),
        });
    }
    checks
}

fn is_me(user: &str) -> bool {
    let me = User::from_uid(geteuid()).ok().flatten();
    me.is_some_and(|me| me.name == user)
}

/// The checks that are not ok.
pub(super) fn failed(checks: &[Check]) -> Vec<&Check> {
    checks.iter().filter(|check| !check.ok).collect()
}

/// Every failed check with its fix, for people; `cannot` says what cannot be done.
pub(super) fn explain(cannot: &str, failed: &[&Check]) {
    let things = counted(failed.len(), "check");
    print::note(format_args!(
        "error: {cannot}: {things} failed; nothing was changed"
    ));
    for check in failed {
        print::note(format_args!("  {}: {}", check.id, check.message));
        if let Some(fix) = &check.fix {
            print::note(format_args!("    fix: {fix}"));
        }
    }
}

/// What a deployment that did not begin is called.
pub(super) fn cannot_deploy(cluster: &str, folder: &str) -> String {
    format!("\"{cluster}\" cannot be deployed into {folder}")
}

/// What is fine, and worth a word all the same.
pub(super) fn advise(checks: &[Check]) {
    for check in checks.iter().filter(|check| check.ok) {
        if let Some(advice) = &check.fix {
            print::note(format_args!("note: {}: {advice}", check.message));
        }
    }
}

/// The same as the events of a run without steps, so that anyone who reads events always gets a last one.
pub(super) fn as_events(run: u64, cluster: &str, folder: &str, failed: &[&Check]) -> [RunEvent; 2] {
    let event = |number, kind| RunEvent {
        run,
        number,
        elapsed_ms: 0,
        kind,
    };
    let reasons: Vec<&str> = failed.iter().map(|check| check.message.as_str()).collect();
    let started = EventKind::Started {
        cluster: cluster.to_owned(),
        folder: folder.to_owned(),
        steps: Vec::new(),
    };
    let outcome = Outcome::Failed {
        reason: reasons.join("; "),
        hints: failed.iter().filter_map(|check| check.fix.clone()).collect(),
        remains: Vec::new(),
    };
    [event(0, started), event(1, EventKind::Finished { outcome })]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    #[test]
    fn only_root_may_name_another_user() {
        let topology = notation::parse("m 5432\n").unwrap();
        let mut machine = Machine::portable("/tmp/c");
        let asks_too_much = |machine: &Machine, user: &str| {
            let request = Request {
                folder: "/tmp/c".into(),
                bin: None,
                run_as: Some(user.to_owned()),
            };
            checks(&topology, machine, &request)
                .iter()
                .any(|check| check.id == "run-as-needs-root")
        };
        assert!(asks_too_much(&machine, "no such user"));
        let me = User::from_uid(geteuid()).unwrap().unwrap().name;
        assert!(!asks_too_much(&machine, &me));
        machine.is_root = true;
        assert!(!asks_too_much(&machine, "no such user"));
    }
}
