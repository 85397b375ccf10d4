//! What each server has otherwise than drawn: port, slot, delay, the list of synchronous standbys, and settings.

use super::super::settings::{SYNC_NAMES, delay};
use super::super::view::View;
use super::super::{Drift, Repair, drift};
use super::Draft;
use crate::model::health::{ReceiverState, Setting};
use crate::model::simulate::StandbyNames;
use crate::model::topology::{ApplyDelay, CommitLevel, Edit, Port, Server, ServerId, SyncMethod, SyncPolicy};

pub(super) fn draw(draft: &mut Draft<'_>) {
    for server in draft.now.clone().servers() {
        port(draft, server);
        slot(draft, server);
    }
    for found in drift(&draft.now, draft.observed) {
        match found.rule {
            "other-sync-names" => sync(draft, &found),
            "other-apply-delay" => late(draft, &found),
            "setting-differs" | "setting-undrawn" => setting(draft, &found),
            _ => {}
        }
    }
}

fn port(draft: &mut Draft<'_>, server: &Server) {
    let runs = draft.observed.port(server);
    if runs != server.port().number()
        && let Ok(port) = Port::new(runs)
    {
        let change = format!("{} listens on port {runs}", server.name());
        let server = server.id();
        draft.edit(Edit::SetPort { server, port }, change);
    }
}

fn slot(draft: &mut Draft<'_>, server: &Server) {
    let Some(receiver) = draft.observed.up(server).and_then(|up| up.receiving.receiver()) else {
        return;
    };
    let drawn = draft.now.uses_slot(server.id());
    let uses = receiver.slot.is_some();
    if receiver.state != Some(ReceiverState::Streaming) || uses == drawn {
        return;
    }
    let change = if uses {
        format!("{} uses a slot", server.name())
    } else {
        format!("{} streams without a slot", server.name())
    };
    let (server, slot) = (server.id(), Some(uses));
    draft.edit(Edit::SetSlot { server, slot }, change);
}

/// The server that a difference is about.
fn of<'a>(draft: &'a Draft<'_>, found: &Drift) -> Option<&'a Server> {
    draft.now.by_name(found.server.as_deref()?)
}

fn late(draft: &mut Draft<'_>, found: &Drift) {
    let Some(server) = of(draft, found) else { return };
    let Some(runs) = draft.observed.up(server).and_then(delay) else {
        return;
    };
    let change = format!("{} applies WAL {runs} ms late", server.name());
    let delay = if runs > 0.0 {
        let Ok(delay) = ApplyDelay::parse(&format!("{runs}ms")) else {
            return;
        };
        Some(delay)
    } else {
        None
    };
    let server = server.id();
    draft.settle(vec![Edit::SetApplyDelay { server, delay }], found, change);
}

/// The list that the primary has; one of a standby counts only later, and cannot be drawn.
fn sync(draft: &mut Draft<'_>, found: &Drift) {
    let view = View::of(&draft.now, draft.observed);
    let Some((primary, up)) = view.only_primary() else {
        return;
    };
    if found.server.as_deref() != Some(primary.name().as_str()) {
        return;
    }
    let value = |name: &str| up.settings.as_ref().and_then(|all| all.value(name));
    let major = view.major(up);
    let Ok(names) = StandbyNames::parse(value(SYNC_NAMES).unwrap_or_default(), major) else {
        return;
    };
    let Some(names) = names else {
        let change = "Commits wait for no standby".to_owned();
        draft.settle(vec![Edit::SetSync(None)], found, change);
        return;
    };
    let below: Vec<&Server> = draft.now.downstreams(primary.id()).collect();
    let named = |member: &&str| -> Option<ServerId> {
        let is_it = |server: &&&Server| server.name().in_list(major).eq_ignore_ascii_case(member);
        below.iter().find(is_it).map(|server| server.id())
    };
    let members = names.members();
    let Some(order) = members.iter().map(named).collect::<Option<Vec<ServerId>>>() else {
        return;
    };
    let method = if names.is_quorum() {
        SyncMethod::Any
    } else {
        SyncMethod::First
    };
    let count = names.count();
    let commit = value("synchronous_commit")
        .and_then(CommitLevel::parse)
        .unwrap_or(CommitLevel::On);
    let policy = SyncPolicy {
        method,
        count,
        commit,
    };
    let change = format!(
        "Commits wait for {} {count} of {}",
        method.word(),
        members.join(", ")
    );
    let edits = vec![Edit::SetSync(Some(policy)), Edit::OrderSync(order)];
    draft.settle(edits, found, change);
}

/// A setting that the drawing leaves to people.
fn setting(draft: &mut Draft<'_>, found: &Drift) {
    let (Some(server), Some(Repair::Setting { name, .. })) = (of(draft, found), &found.repair) else {
        return;
    };
    let running = draft.observed.up(server).and_then(|up| up.settings.as_ref());
    let Some(setting) = running.and_then(|all| all.get(name)) else {
        return;
    };
    let Some(value) = written(setting) else { return };
    let change = format!("{name} is {value} on {}", server.name());
    let edit = Edit::SetSetting {
        server: Some(server.id()),
        name: name.clone(),
        value: Some(value),
    };
    draft.settle(vec![edit], found, change);
}

/// The value as a file says it: "16MB", where pg_settings has 2048 and "8kB".
fn written(setting: &Setting) -> Option<String> {
    let value = setting.value.clone()?;
    let Some(unit) = setting.unit.as_deref() else {
        return Some(value);
    };
    let Some(number) = value.parse::<u64>().ok().filter(|number| *number > 0) else {
        return Some(value);
    };
    let digits = unit.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
    let (factor, unit) = unit.split_at(digits);
    let factor: u64 = factor.parse().unwrap_or(1);
    let number = number.checked_mul(factor)?;
    Some(match unit {
        "kB" if number % 1024 == 0 => format!("{}MB", number / 1024),
        _ => format!("{number}{unit}"),
    })
}
