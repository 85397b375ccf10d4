//! The replication slots of a server: the drawn ones, and those that hold WAL for nobody.

use super::view::{View, of};
use super::{Drift, Repair};
use crate::model::health::{Role, Slot, Up, WalStatus};
use crate::model::quoting::literal;
use crate::model::topology::Server;

pub(super) fn server(view: &View<'_>, server: &Server, found: &mut Vec<Drift>) {
    let Some(up) = view.up(server) else { return };
    let Some(slots) = &up.slots else { return };
    let name = server.name();
    let users = view
        .topology
        .downstreams(server.id())
        .filter(|standby| view.topology.uses_slot(standby.id()));
    let mut drawn: Vec<&str> = Vec::new();
    for standby in users {
        let slot = view.configuration().slot_name(standby);
        drawn.push(slot);
        match slots.iter().find(|one| one.name == slot) {
            None => {
                let message = format!(
                    "{name} has no slot {slot}, which the design has for {}.",
                    standby.name()
                );
                let fix = create(view, server, up, slot);
                found.push(
                    of("slot-missing", server, message, fix).repaired_by(Repair::Slot(slot.to_owned())),
                );
            }
            Some(one) => drawn_slot(view, server, standby, one, found),
        }
    }
    for own in &server.terms().slots {
        let own = own.as_str();
        if !drawn.contains(&own) && !slots.iter().any(|one| one.name == own) {
            let message = format!("{name} has no slot {own}, which the design asks for.");
            let fix = create(view, server, up, own);
            found.push(of("slot-missing", server, message, fix).repaired_by(Repair::Slot(own.to_owned())));
        }
        drawn.push(own);
    }
    let extra = slots
        .iter()
        .filter(|slot| slot.is_physical && !slot.is_temporary && !drawn.contains(&slot.name.as_str()));
    for slot in extra {
        let (holds, fix) = if slot.is_active {
            (" and is in use", None)
        } else {
            let sql = format!("SELECT pg_drop_replication_slot({});", literal(&slot.name));
            (
                " and retains WAL that nobody reads",
                Some(format!("If it is not needed, on {name}: {sql}")),
            )
        };
        let message = format!(
            "{name} has a slot {}, which is not in the design{holds}.",
            slot.name
        );
        found.push(Drift {
            slot: Some(slot.name.clone()),
            ..of("slot-extra", server, message, fix)
        });
    }
}

fn drawn_slot(view: &View<'_>, server: &Server, standby: &Server, slot: &Slot, found: &mut Vec<Drift>) {
    let (name, own, its) = (server.name(), &slot.name, standby.name());
    let is_lost = slot.wal_status == Some(WalStatus::Lost) || slot.invalidation.is_some();
    if is_lost {
        found.push(of(
            "slot-lost",
            server,
            format!("The slot {own} on {name} has lost WAL that {its} needs."),
            format!(
                "Copy {its} again from {name}, unless it finds the WAL in an archive; then drop the \
                 slot and create it again."
            ),
        ));
        return;
    }
    if slot.wal_status == Some(WalStatus::Unreserved) {
        found.push(of(
            "slot-endangered",
            server,
            format!("The slot {own} on {name} loses WAL that {its} needs at the next checkpoint."),
            format!(
                "Get {its} to catch up now, or raise max_slot_wal_keep_size on {name} if the disk has room."
            ),
        ));
    }
    if !slot.is_active {
        let fix = if view.is_down(standby) {
            None
        } else if view.up(standby).is_some_and(|up| up.role == Role::Primary) {
            Some(format!(
                "If {its} does not come back below {name}, on {name}: SELECT pg_drop_replication_slot({});",
                literal(own)
            ))
        } else if view.rows(server, standby).next().is_some() {
            Some(format!(
                "{its} streams without it: check primary_slot_name of {its}."
            ))
        } else {
            Some(format!("It comes into use again once {its} streams from {name}."))
        };
        found.push(of(
            "slot-inactive",
            server,
            format!("The slot {own} on {name} is unused and retains WAL for {its}."),
            fix,
        ));
    }
}

/// How a slot is made again, so that it keeps WAL from now on.
pub(super) fn create(view: &View<'_>, server: &Server, up: &Up, slot: &str) -> String {
    let reserve = if view.major(up).can_reserve_at_slot() {
        ", true"
    } else {
        ""
    };
    format!(
        "On {}: SELECT pg_create_physical_replication_slot({}{reserve});",
        server.name(),
        literal(slot)
    )
}
