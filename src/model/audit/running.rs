//! What the servers show: of the kinds of drift those that are wrong with any cluster.

use std::sync::Arc;
use std::time::Duration;

use super::files::of;
use super::{Found, Subject};
use crate::model::drift::{Drift, drift};
use crate::model::health::{Moment, Observation, Observed, Slot, State, Up};
use crate::model::quoting::literal;
use crate::model::topology::{PgMajor, Severity};
use crate::model::words::size;

/// Kinds of drift that need no design of pgcascade's own, and how bad they are.
const KINDS: [(&str, Severity); 16] = [
    ("two-primaries", Severity::Error),
    ("no-primary", Severity::Error),
    ("ring", Severity::Error),
    ("commits-differ", Severity::Error),
    ("stale-copy", Severity::Error),
    ("other-timeline", Severity::Error),
    ("link-missing", Severity::Error),
    ("slot-lost", Severity::Error),
    ("archive-failing", Severity::Error),
    ("other-version", Severity::Warning),
    ("slot-endangered", Severity::Warning),
    ("link-silent", Severity::Warning),
    ("standby-behind", Severity::Warning),
    ("replay-paused", Severity::Warning),
    ("extra-sender", Severity::Note),
    ("slot-inactive", Severity::Warning),
];

pub(super) fn findings(subject: &Subject<'_>) -> Vec<Found> {
    let topology = subject.document.topology();
    let mut observed = Observed::default();
    for (name, up) in seen(subject) {
        let observation = Observation {
            server: name.clone(),
            at: up.clock.unwrap_or_else(|| Moment::since_1970(Duration::ZERO)),
            took: Duration::ZERO,
            state: State::Up(Box::new(up.clone())),
        };
        observed.note(&Arc::new(observation));
    }
    if observed.count() == 0 {
        return Vec::new();
    }
    let mut found: Vec<Found> = drift(topology, &observed)
        .into_iter()
        .filter_map(|one| of_drift(subject, one))
        .collect();
    for (name, up) in seen(subject) {
        for slot in up.slots.iter().flatten() {
            found.extend(unused(name, up, slot));
        }
        found.extend(minor(name, up));
    }
    found
}

pub(super) fn seen<'a>(subject: &'a Subject<'_>) -> impl Iterator<Item = (&'a String, &'a Up)> {
    let pairs = subject.names.iter().zip(subject.seen);
    pairs.filter_map(|(name, up)| Some((name, up.as_deref()?)))
}

fn of_drift(subject: &Subject<'_>, drift: Drift) -> Option<Found> {
    let (_, severity) = KINDS.iter().find(|(rule, _)| *rule == drift.rule)?;
    // Slots are looked at by their own names, which a design does not have.
    if drift.rule == "slot-inactive" {
        return None;
    }
    // Of a server that nobody could ask, nothing is missing that was seen.
    let is_unreached = drift.server.as_ref().is_some_and(|name| {
        let place = subject.names.iter().position(|own| own == name);
        place.is_none_or(|at| subject.seen.get(at).is_none_or(Option::is_none))
    });
    if is_unreached {
        return None;
    }
    Some(of(
        drift.rule,
        *severity,
        drift.server,
        drift.message,
        drift.fix.map(|fix| without_our_commands(&fix)),
    ))
}

/// The cluster is not one of ours: what `pgcascade … DIR` would do, a person does by hand.
fn without_our_commands(fix: &str) -> String {
    let mut text = fix.to_owned();
    while let Some(start) = text.find(" (pgcascade ")
        && let Some(length) = text.get(start..).and_then(|rest| rest.find(')'))
    {
        text.replace_range(start..=start + length, "");
    }
    text
}

/// A slot that nobody uses retains WAL.
fn unused(name: &str, up: &Up, slot: &Slot) -> Option<Found> {
    if slot.is_active || slot.is_temporary || slot.restart.is_none() {
        return None;
    }
    // A standby of the design that streams without its slot, or is away: either way the WAL piles up.
    let kept = match (up.positions.have(), slot.restart) {
        (Some(now), Some(from)) => u64::try_from(now.ahead_of(from)).ok(),
        _ => None,
    };
    let retained = kept
        .map(|bytes| format!(" and retains {} of WAL", size(bytes)))
        .unwrap_or_default();
    let since = slot
        .inactive_since
        .map(|at| format!(" since {at}"))
        .unwrap_or_default();
    let mut found = of(
        "slot-inactive",
        Severity::Warning,
        Some(name.to_owned()),
        format!("The slot {} on {name} is unused{since}{retained}", slot.name),
        Some(format!(
            "If no standby comes back for it, on {name}: SELECT pg_drop_replication_slot({});",
            literal(&slot.name)
        )),
    );
    found.evidence.push(format!(
        "on {name}: slot {}: active = false, wal_status = {}",
        slot.name,
        slot.wal_status.as_ref().map_or("unknown", |status| status.word())
    ));
    Some(found)
}

/// Minor releases that are better not used.
fn minor(name: &str, up: &Up) -> Option<Found> {
    let major = PgMajor::of_server(&up.version)?;
    let number: String = up
        .version
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    let minor: u32 = number.rsplit('.').next()?.parse().ok()?;
    let defect = major.defect_of_minor(minor)?;
    Some(of(
        "minor-release",
        Severity::Warning,
        Some(name.to_owned()),
        format!("{name} runs PostgreSQL {number}, which {}", defect.what),
        Some(format!("Update {name} to {major}.{} or later.", defect.mended_in)),
    ))
}
