//! When a transition holds: what several rows of the table ask of a world and an incident.

use super::transition::Deed;
use super::{Slot, World};

pub(super) fn always(_: &World, _: &Deed) -> bool {
    true
}

pub(super) fn is_up(world: &World, deed: &Deed) -> bool {
    world.at(deed.server).is_up()
}

pub(super) fn is_down(world: &World, deed: &Deed) -> bool {
    !is_up(world, deed)
}

pub(super) fn is_primary(world: &World, deed: &Deed) -> bool {
    world.at(deed.server).upstream.is_none()
}

pub(super) fn is_paused(world: &World, deed: &Deed) -> bool {
    world.at(deed.server).is_paused
}

pub(super) fn has_leader(world: &World, _: &Deed) -> bool {
    !world.leaders().is_empty()
}

pub(super) fn is_same(_: &World, deed: &Deed) -> bool {
    deed.server == deed.other
}

pub(super) fn is_link_ill(world: &World, deed: &Deed) -> bool {
    let (one, other) = (world.id_at(deed.server), world.id_at(deed.other));
    world.is_cut_between(one, other) || world.is_slow_between(one, other)
}

/// True if the other server is the server itself, or gets its WAL from it, now or when a pause ends.
pub(super) fn is_loop(world: &World, deed: &Deed) -> bool {
    let mut next = vec![deed.other];
    while let Some(place) = next.pop() {
        if place == deed.server {
            return true;
        }
        let state = world.at(place);
        let above = state.upstream.into_iter().chain(state.next_upstream);
        next.extend(above.filter_map(|id| world.facts.place(id)));
    }
    false
}

/// True if a reload with another upstream is not acted upon before the replay goes on.
pub(super) fn keeps_connection(world: &World, deed: &Deed) -> bool {
    let state = world.at(deed.server);
    let by_reload = world.topology().postgres().reloads_upstream();
    by_reload && state.is_up() && state.is_halted && state.flow.is_connected()
}

pub(super) fn cannot_have_slot(world: &World, deed: &Deed) -> bool {
    let upstream = world.at(deed.other);
    let slot = upstream.slots.get(&world.id_at(deed.server));
    // One that was given up is dropped, and made again.
    let has = slot.is_some_and(|slot| *slot != Slot::Lost);
    is_same(world, deed) || has || !upstream.is_up() || !world.topology().postgres().has_slots()
}
