//! Who takes over from the primary: planned, or because it is gone.

use super::{Looked, Refused, Steered, steered};
use crate::engine::deploy::look;
use crate::engine::postgres::{control, wal};
use crate::model::health::{Lsn, Role, State, Unreachable};
use crate::model::plan::{
    Heir, Stage, Steering, after_failover, after_switchover, heirs, plan_handover, switchover_checks,
};
use crate::model::topology::Server;
use crate::model::words::listed;
use crate::report::Report;

/// Plans that a standby and the primary change places.
pub(super) async fn switchover(looked: Looked, heir: &str, number: u64) -> Result<Steered, Refused> {
    let server = looked.server(heir)?;
    let topology = looked.cluster.design.topology();
    if server.is_primary() {
        return Err(Report::new(format!("{heir} is the primary already."))
            .hint("Choose a standby.")
            .into());
    }
    let mut checks = switchover_checks(topology, &looked.seen.observed, server);
    for check in &mut checks {
        check.fix = check
            .fix
            .take()
            .map(|fix| fix.replace("DIR", &looked.folder().display().to_string()));
    }
    if !checks.is_empty() {
        return Err(checks.into());
    }
    let edits = after_switchover(topology, server.id());
    let wanted = looked.edited(&format!("Switch over to {heir}"), &edits)?;
    let found = look(looked.folder(), &wanted).await?;
    let steering = Steering::Switchover {
        heir: heir.to_owned(),
        left: found.standing.down.clone(),
    };
    let plan = plan_handover(
        found.running.topology(),
        wanted.topology(),
        &found.machine,
        &found.standing,
        &steering,
        Stage::Begin,
    )?;
    Ok(steered(plan, found, wanted, edits, number))
}

/// Plans that a standby takes over from a primary that is gone.
pub(super) async fn failover(looked: Looked, heir: Option<&str>, number: u64) -> Result<Steered, Refused> {
    let topology = looked.cluster.design.topology();
    let primary = topology.primary();
    if let Some(heir) = heir {
        looked.server(heir)?;
    }
    is_gone(&looked, primary)?;
    let all = heirs(topology, &looked.seen.observed);
    let heir = chosen(&all, heir)?;
    let end = wal_end(&looked, primary);
    // It does not answer, but what it acknowledges until it is killed nobody has counted.
    let folder = topology.folder(primary.id());
    let still_runs = (!matches!(looked.cluster.site.running(&folder), Ok(None))).then(|| {
        format!("{} does not answer and still runs: it is killed, and what it has acknowledged by then may be lost", primary.name())
    });
    let left = left(&all, heir, primary);
    let Some(server) = topology.by_name(&heir.server) else {
        return Err(Report::new(format!("The cluster has no server called {}.", heir.server)).into());
    };
    let edits = after_failover(topology, server.id());
    let wanted = looked.edited(&format!("Fail over to {}", heir.server), &edits)?;
    let found = look(looked.folder(), &wanted).await?;
    let steering = Steering::Failover {
        heir: heir.server.clone(),
        left: left.clone(),
    };
    let plan = plan_handover(
        found.running.topology(),
        wanted.topology(),
        &found.machine,
        &found.standing,
        &steering,
        Stage::Begin,
    )?;
    let mut steered = steered(plan, found, wanted, edits, number);
    let (loss, asks) = loss(primary, heir, end, still_runs.is_some());
    steered.told.consent = asks.then(|| loss.clone());
    if let Some(runs) = still_runs {
        steered.told.notes.push(runs.clone());
        steered.told.consent = Some(runs);
    }
    steered.told.notes.push(loss);
    steered.told.notes.extend(others(&all, heir));
    Ok(steered)
}

/// Refuses while the primary accepts writes.
fn is_gone(looked: &Looked, primary: &Server) -> Result<(), Report> {
    let name = primary.name();
    let folder = looked.folder().display();
    match looked
        .seen
        .observed
        .get(name.as_str())
        .map(|seen| &seen.latest.state)
    {
        Some(State::Up(up)) if up.role == Role::Primary => Err(Report::new(format!(
            "{name} runs and accepts writes: nothing has failed."
        ))
        .hint(format!(
            "To change the primary without losing anything: pgcascade switchover {folder} SERVER"
        ))
        .hint(format!(
            "If it has to go: stop it first (pgcascade stop {folder} {name})."
        ))),
        Some(State::Up(_)) => Err(
            Report::new(format!("{name}, the designed primary, is a standby now.")).hint(format!(
                "Make what is running the design: pgcascade adopt {folder}"
            )),
        ),
        Some(State::Unreachable(Unreachable::Unproved(why))) => Err(Report::new(format!(
            "It is not certain whose server runs as {name}: {why}."
        ))
        .hint("Two servers that accept writes must never run: find out what runs there first.")),
        Some(State::Unreachable(
            why @ (Unreachable::Login(_)
            | Unreachable::Secret(_)
            | Unreachable::NotNow(_)
            | Unreachable::Failed(_)),
        )) => Err(Report::new(format!(
            "{name} runs, and pgcascade cannot look into it: {why}. Clients may still commit there."
        ))
        .hint("Wait until it has started, or let pgcascade log in; then look again.")
        .hint(format!(
            "If it has to go: stop it first (pgcascade stop {folder} {name})."
        ))),
        Some(State::Down | State::Closed | State::Unreachable(_)) | None => Ok(()),
    }
}

/// The heir that is named, or the best.
fn chosen<'a>(all: &'a [Heir], named: Option<&str>) -> Result<&'a Heir, Refused> {
    let heir = match named {
        Some(name) => all.iter().find(|one| one.server == name),
        None => all.first(),
    };
    let Some(heir) = heir else {
        return Err(match named {
            Some(name) => Report::new(format!(
                "{name} is the primary that is gone, so it cannot take over."
            ))
            .hint("Start it, if it can be started: pgcascade start DIR"),
            None => Report::new("The cluster has no standby that could take over."),
        }
        .into());
    };
    if let Some(why) = &heir.refused {
        let mut report = Report::new(format!("{} cannot take over: {why}.", heir.server));
        let able: Vec<String> = all
            .iter()
            .filter(|one| one.refused.is_none())
            .map(|one| one.server.clone())
            .collect();
        report = if able.is_empty() {
            report.hint("No standby of the cluster answers: start one first (pgcascade start).")
        } else {
            report.hint(format!("Standbys that could: {}.", listed(&able)))
        };
        return Err(report.into());
    }
    Ok(heir)
}

/// Servers that cannot follow the heir as they are: the dead primary, those of which nobody knows what they have, and those
/// that have more.
fn left(all: &[Heir], heir: &Heir, primary: &Server) -> Vec<String> {
    let is_ahead = |one: &&Heir| one.refused.is_some() || one.have > heir.have;
    let mut left = vec![primary.name().to_string()];
    left.extend(all.iter().filter(is_ahead).map(|one| one.server.clone()));
    left
}

/// Where the dead primary's WAL ends; `None`: nobody knows.
fn wal_end(looked: &Looked, primary: &Server) -> Option<Lsn> {
    let site = &looked.cluster.site;
    if !site.major.has_readable_wal() {
        return None;
    }
    let data = site.own_data(&looked.cluster.design.topology().folder(primary.id()))?;
    let control = control::read(&data).ok()?;
    wal::end(&data.join(site.major.wal_folder()), &control)
}

/// What the heir lacks, in a sentence, and whether somebody has to agree to that.
fn loss(primary: &Server, heir: &Heir, end: Option<Lsn>, still_runs: bool) -> (String, bool) {
    let (gone, name) = (primary.name(), &heir.server);
    match (end, heir.have) {
        (Some(end), Some(have)) if have >= end && still_runs => (
            format!("So far nothing is lost: {name} has all WAL that {gone} has written by now"),
            true,
        ),
        (Some(end), Some(have)) if have >= end => {
            (format!("Nothing is lost: {name} has all WAL of {gone}"), false)
        }
        (Some(end), Some(have)) => {
            let bytes = end.byte() - have.byte();
            (
                format!(
                    "{name} lacks the last {bytes} bytes of WAL of {gone} ({have} to {end}): transactions committed \
                     there are lost"
                ),
                true,
            )
        }
        _ => (
            format!("Nobody knows how much is lost: the end of the WAL of {gone} cannot be read"),
            true,
        ),
    }
}

/// What the other standbys have, a sentence for each that says more than the choice.
fn others(all: &[Heir], heir: &Heir) -> Vec<String> {
    let mut told = Vec::new();
    for one in all.iter().filter(|one| one.server != heir.server) {
        if let Some(why) = &one.refused {
            told.push(format!("{why}: it is rejoined later"));
        } else if one.have > heir.have
            && let (Some(more), Some(have)) = (one.have, heir.have)
        {
            told.push(format!(
                "{} has {} bytes more than {}, and would lose them",
                one.server,
                more.byte() - have.byte(),
                heir.server
            ));
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    fn heir(name: &str, have: u64, refused: Option<&str>) -> Heir {
        Heir {
            server: name.to_owned(),
            have: Some(Lsn::new(have)),
            is_sync: false,
            is_delayed: false,
            is_near: true,
            refused: refused.map(str::to_owned),
        }
    }

    #[test]
    fn what_is_lost_is_said_and_agreed_to() {
        let topology = notation::parse("m 1\n  a 2\n  b 3\n").unwrap();
        let primary = topology.primary();
        let a = heir("a", 100, None);
        assert!(!loss(primary, &a, Some(Lsn::new(100)), false).1);
        let (said, asks) = loss(primary, &a, Some(Lsn::new(164)), false);
        assert!(asks && said.contains("64 bytes"), "{said}");
        assert!(loss(primary, &a, None, false).1);
        let (said, asks) = loss(primary, &a, Some(Lsn::new(100)), true);
        assert!(asks && said.starts_with("So far"), "{said}");
    }

    #[test]
    fn who_cannot_follow_is_left() {
        let topology = notation::parse("m 1\n  a 2\n  b 3\n  c 4\n  d 5\n").unwrap();
        let all = [
            heir("a", 100, None),
            heir("b", 90, None),
            heir("c", 80, None),
            heir("d", 0, Some("d is down")),
        ];
        let left = |at: usize| left(&all, &all[at], topology.primary());
        assert_eq!(left(0), ["m", "d"]);
        assert_eq!(left(2), ["m", "a", "b", "d"]);
        assert_eq!(chosen(&all, None).unwrap().server, "a");
        assert_eq!(chosen(&all, Some("b")).unwrap().server, "b");
        assert!(chosen(&all, Some("d")).is_err() && chosen(&all, Some("m")).is_err());
        assert!(chosen(&all[3..], None).is_err());
        let told = others(&all, &all[1]);
        assert_eq!(told.len(), 2, "{told:?}");
    }
}
