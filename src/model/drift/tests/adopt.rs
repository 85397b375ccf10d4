//! What runs, drawn; and what cannot be.

use super::*;
use crate::model::drift::adopt::{Adoption, adopt};
use crate::model::health::Unreachable;

fn adopted(scene: &Scene) -> Adoption {
    adopt(&scene.topology, &scene.observed()).unwrap()
}

/// Moves a standby to another upstream, as far as anybody sees it.
fn moves(scene: &mut Scene, standby: &str, from: &str, to: &str) {
    let port = scene.topology.by_name(to).unwrap().port().number();
    let row = scene.up(from).senders.as_ref().unwrap().clone();
    let row = row
        .into_iter()
        .find(|row| row.application_name == standby)
        .unwrap();
    scene.lets_go(from, standby);
    scene.up(to).senders.as_mut().unwrap().push(row);
    if let Receiving::From(receiver) = &mut scene.up(standby).receiving {
        receiver.port = Some(port);
        receiver.slot = None;
    }
}

#[test]
fn as_drawn_there_is_nothing_to_adopt() {
    let adoption = adopted(&Scene::of(SEED));
    assert_eq!(adoption.edits, []);
    assert_eq!(adoption.stays, []);
    assert_eq!(adoption.tidies, []);
}

#[test]
fn a_standby_that_was_moved_is_drawn_where_it_streams_and_its_slot_goes() {
    let mut scene = Scene::of(SEED);
    moves(&mut scene, "c", "a", "b");
    let adoption = adopted(&scene);
    let dropped = "The slot c on a, which nobody uses any more, will be dropped";
    assert_eq!(
        adoption.changes,
        ["c follows b", "c streams without a slot", dropped]
    );
    assert_eq!(adoption.left_slots, [("a".to_owned(), "c".to_owned())]);
    assert_eq!(
        notation::print(&adoption.adopted),
        "postgres 15\nm 1025 sync first 1\n  a 1026 priority 1\n  b 1028 priority 2\n    c 1027 no-slot\n"
    );
}

#[test]
fn a_promoted_standby_is_the_primary_and_who_is_gone_leaves() {
    let mut scene = Scene::of("m 1025\n  a 1026\n    c 1027\n  b 1028\n");
    scene.is("m", State::Down);
    scene.promotes("a");
    scene.up("b").receiving = Receiving::Nothing;
    let adoption = adopted(&scene);
    assert_eq!(
        adoption.changes,
        [
            "a is the primary, not m",
            "b streams from nobody now, and is drawn below a",
            "m does not run and leaves the design; its data stay where they are"
        ]
    );
    assert_eq!(adoption.leaving, ["m"]);
    assert!(adoption.stays.iter().any(|one| one.rule == "link-missing"));
}

#[test]
fn a_setting_becomes_the_servers_own_and_what_runs_code_does_not() {
    let mut scene = Scene::of("m 1025\n  a 1026\n");
    scene.sets("a", "wal_sender_timeout", "7000");
    scene.sets("m", "restore_command", "/tmp/evil %f %p");
    scene.sets("a", "restore_command", "/tmp/evil %f %p");
    let adoption = adopted(&scene);
    assert_eq!(adoption.changes, ["wal_sender_timeout is 7000 on a"]);
    let stays: Vec<&str> = adoption.stays.iter().map(|one| one.rule).collect();
    assert_eq!(stays, ["setting-undrawn"]);
    assert_eq!(adoption.tidies.len(), 2, "{:?}", adoption.tidies);
}

#[test]
fn the_list_of_the_primary_is_drawn_if_its_names_are_those_of_standbys() {
    let mut scene = Scene::of("m 1025\n  a 1026\n  b 1028\n");
    scene.sets("m", "synchronous_standby_names", "ANY 1 (b, a)");
    let adoption = adopted(&scene);
    assert_eq!(adoption.changes, ["Commits wait for any 1 of b, a"]);
    assert_eq!(adoption.adopted.synchronous_standby_names(), "ANY 1 (b, a)");
    scene.sets("m", "synchronous_standby_names", "ghost");
    let adoption = adopted(&scene);
    assert_eq!(adoption.edits, []);
    assert!(adoption.stays.iter().any(|one| one.rule == "other-sync-names"));
}

#[test]
fn what_nobody_knows_or_somebody_has_to_settle_is_refused() {
    let refused = |change: &dyn Fn(&mut Scene)| -> Vec<&'static str> {
        let mut scene = Scene::of(SEED);
        change(&mut scene);
        let reasons = adopt(&scene.topology, &scene.observed()).unwrap_err();
        reasons.into_iter().map(|one| one.rule).collect()
    };
    assert_eq!(refused(&|scene| scene.promotes("b")), ["two-primaries"]);
    assert_eq!(
        refused(&|scene| scene.is("c", State::Unreachable(Unreachable::Silent))),
        ["server-silent"]
    );
    assert_eq!(refused(&|scene| scene.is("m", State::Down)), ["no-primary"]);
    assert_eq!(
        refused(&|scene| scene.up("b").system_identifier = Some(8)),
        ["stale-copy"]
    );
}
