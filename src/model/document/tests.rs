//! Documents under many commands: undone and redone they are the same, byte by byte.

use proptest::prelude::*;

use super::*;
use crate::model::topology::{Downstreams, Port, ServerName, SiteName, notation};

/// A random gesture; servers are chosen by number among those there are.
#[derive(Clone, Debug)]
enum Gesture {
    Add(usize),
    Attach(usize, usize),
    Remove(usize, bool),
    Promote(usize),
    Rename(usize, u8),
    Port(usize, u16),
    Priority(usize, Option<u32>),
    Move(usize, i16),
    Tidy,
    AttachAll(usize, usize, usize),
    TakePlace(usize, usize),
    Duplicate(usize, usize),
    TidyBelow(usize),
    Site(usize, usize, Option<u8>),
}

fn gesture() -> impl Strategy<Value = Gesture> {
    let server = || 0..40_usize;
    prop_oneof![
        3 => server().prop_map(Gesture::Add),
        3 => (server(), server()).prop_map(|(one, other)| Gesture::Attach(one, other)),
        1 => (server(), any::<bool>()).prop_map(|(server, with)| Gesture::Remove(server, with)),
        1 => server().prop_map(Gesture::Promote),
        1 => (server(), any::<u8>()).prop_map(|(server, name)| Gesture::Rename(server, name)),
        1 => (server(), 1..u16::MAX).prop_map(|(server, port)| Gesture::Port(server, port)),
        1 => (server(), prop::option::of(0..5_u32)).prop_map(|(server, rank)| Gesture::Priority(server, rank)),
        1 => (server(), any::<i16>()).prop_map(|(server, x)| Gesture::Move(server, x)),
        1 => Just(Gesture::Tidy),
        1 => (server(), server(), server()).prop_map(|(one, two, to)| Gesture::AttachAll(one, two, to)),
        2 => (server(), server()).prop_map(|(one, other)| Gesture::TakePlace(one, other)),
        1 => (server(), server()).prop_map(|(of, under)| Gesture::Duplicate(of, under)),
        1 => server().prop_map(Gesture::TidyBelow),
        1 => (server(), server(), prop::option::of(0..4_u8)).prop_map(|(one, two, site)| Gesture::Site(one, two, site)),
    ]
}

fn command(document: &Document, gesture: &Gesture) -> Command {
    let servers = document.topology().servers();
    let id = |number: usize| servers[number % servers.len()].id();
    Command::Edit(match gesture {
        Gesture::Add(under) => Edit::AddStandby {
            upstream: id(*under),
            name: None,
            port: None,
        },
        Gesture::Attach(server, upstream) => Edit::Attach {
            server: id(*server),
            upstream: id(*upstream),
        },
        Gesture::Remove(server, with) => Edit::Remove {
            server: id(*server),
            downstreams: if *with {
                Downstreams::Remove
            } else {
                Downstreams::Reattach
            },
        },
        Gesture::Promote(server) => Edit::Promote { server: id(*server) },
        Gesture::Rename(server, name) => Edit::Rename {
            server: id(*server),
            name: ServerName::parse(&format!("name {name}'\"")).unwrap(),
        },
        Gesture::Port(server, port) => Edit::SetPort {
            server: id(*server),
            port: Port::new(*port).unwrap(),
        },
        Gesture::Priority(server, priority) => Edit::SetSyncPriority {
            server: id(*server),
            priority: *priority,
        },
        Gesture::Move(server, x) => return Command::Move(vec![(id(*server), [f32::from(*x), 0.5])]),
        Gesture::Tidy => return Command::Tidy,
        Gesture::TidyBelow(server) => return Command::TidyBelow(id(*server)),
        Gesture::AttachAll(one, two, upstream) => Edit::AttachAll {
            servers: vec![id(*one), id(*two)],
            upstream: id(*upstream),
        },
        Gesture::Site(one, two, site) => Edit::SetSite {
            servers: vec![id(*one), id(*two)],
            site: site.map(|number| SiteName::parse(&format!("it's \"{number}\" #")).unwrap()),
        },
        Gesture::TakePlace(server, place) => Edit::TakePlace {
            server: id(*server),
            place: id(*place),
        },
        // Of a large design only a leaf, or a thousand copies of copies would be all that is tried.
        Gesture::Duplicate(of, under) => {
            let mut servers = document.topology().cutting(&[id(*of)]);
            servers.truncate(if document.topology().servers().len() > 60 {
                1
            } else {
                9
            });
            Edit::Graft {
                upstream: id(*under),
                servers,
            }
        }
    })
}

/// What must hold of every topology, whatever was done to it.
fn assert_is_a_tree(topology: &Topology) {
    assert_eq!(
        topology
            .servers()
            .iter()
            .filter(|server| server.is_primary())
            .count(),
        1
    );
    assert_eq!(
        topology.in_tree_order().len(),
        topology.servers().len(),
        "every server hangs below the primary"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn undo_all_is_the_first_text_and_redo_all_the_last(gestures in prop::collection::vec(gesture(), 1..120)) {
        let mut document = Document::new(notation::parse("m 5432\n  a 5433 priority 1\n    b 5434\n").unwrap());
        let mut history = History::default();
        let mut texts = vec![document.text()];
        for gesture in &gestures {
            let before = document.clone();
            let command = command(&document, gesture);
            if document.apply(&command).is_err() {
                prop_assert_eq!(&document, &before, "a refusal changes nothing");
                continue;
            }
            assert_is_a_tree(document.topology());
            let text = document.text();
            let again = format::read(&text).expect("what is written can be read");
            prop_assert_eq!(notation::print(again.topology()), notation::print(document.topology()));
            history.record(before, command.label(document.topology()));
            texts.push(text);
        }
        for text in texts.iter().rev().skip(1) {
            document = history.undo(&document).unwrap();
            prop_assert_eq!(&document.text(), text);
        }
        prop_assert!(history.undo(&document).is_none());
        for text in texts.iter().skip(1) {
            document = history.redo(&document).unwrap();
            prop_assert_eq!(&document.text(), text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_thousand_commands_are_taken_back_and_done_again(gestures in prop::collection::vec(gesture(), 1000)) {
        let mut document = Document::new(notation::parse("m 5432\n  a 5433 priority 1\n    b 5434\n").unwrap());
        let mut history = History::default();
        let first = document.text();
        let mut steps = 0;
        for gesture in &gestures {
            let before = document.clone();
            let command = command(&document, gesture);
            if document.apply(&command).is_err() {
                continue;
            }
            assert_is_a_tree(document.topology());
            if matches!(command, Command::Move(_) | Command::Tidy | Command::TidyBelow(_)) {
                prop_assert_eq!(document.topology(), before.topology(), "a place is no configuration");
            }
            history.record(before, command.label(document.topology()));
            steps += 1;
        }
        let last = document.text();
        for _ in 0..steps {
            document = history.undo(&document).expect("every step is kept");
        }
        prop_assert_eq!(document.text(), first);
        for _ in 0..steps {
            document = history.redo(&document).unwrap();
        }
        prop_assert_eq!(document.text(), last);
    }
}

/// A tree of this many servers: each follows one before it, and has a priority or a delay now and then.
fn tree(upstreams: &[(usize, Option<u32>, bool)]) -> Topology {
    let mut topology = notation::parse("s0 5000 sync first 1\n").unwrap();
    for (number, (upstream, priority, is_late)) in upstreams.iter().enumerate() {
        let upstream = topology.servers()[upstream % (number + 1)].id();
        let server = topology
            .apply(&Edit::AddStandby {
                upstream,
                name: None,
                port: None,
            })
            .unwrap()
            .created
            .unwrap();
        topology
            .apply(&Edit::SetSyncPriority {
                server,
                priority: *priority,
            })
            .unwrap();
        if *is_late {
            let delay = crate::model::topology::ApplyDelay::parse("10min").unwrap();
            topology
                .apply(&Edit::SetApplyDelay {
                    server,
                    delay: Some(delay),
                })
                .unwrap();
        }
    }
    topology
}

/// The servers that have a priority, in words that a consequence has for losing it.
fn lost_priority(before: &Topology, after: &Topology) -> Vec<String> {
    let priority = |topology: &Topology, id| topology.server(id)?.standby()?.sync_priority();
    let lost = |server: &&crate::model::topology::Server| {
        priority(before, server.id()).is_some() && priority(after, server.id()).is_none()
    };
    before
        .servers()
        .iter()
        .filter(lost)
        .map(|server| format!("\"{}\"", server.name()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_judged_is_what_is_done(
        upstreams in prop::collection::vec((0..20_usize, prop::option::of(1..9_u32), any::<bool>()), 1..12)
    ) {
        let topology = tree(&upstreams);
        let ids: Vec<ServerId> = topology.servers().iter().map(crate::model::topology::Server::id).collect();
        for one in &ids {
            for other in &ids {
                let (one, other, next) = (*one, *other, ids[(one.number() as usize + 1) % ids.len()]);
                for (judged, edit) in [
                    (topology.judge_attach(one, other), Edit::Attach { server: one, upstream: other }),
                    (
                        topology.judge_attach_all(&[one, next], other),
                        Edit::AttachAll { servers: vec![one, next], upstream: other },
                    ),
                    (topology.judge_place(one, other), Edit::TakePlace { server: one, place: other }),
                ] {
                    let mut after = topology.clone();
                    let done = after.apply(&edit);
                    prop_assert_eq!(&judged, &done.map(|applied| applied.consequences));
                    assert_is_a_tree(&after);
                    match &judged {
                        Err(_) => prop_assert_eq!(&after, &topology),
                        Ok(consequences) => {
                            prop_assert_ne!(&after, &topology, "what is allowed does something");
                            for name in lost_priority(&topology, &after) {
                                let is_told = consequences.iter().any(|sentence| {
                                    sentence.starts_with(&name) && (sentence.contains("asynchronous") || sentence.ends_with("primary"))
                                });
                                prop_assert!(is_told, "{name} in {consequences:?}");
                            }
                        }
                    }
                }
                // A fix does what was refused.
                if let Some(fix) = topology.fix_attach(&[one], other) {
                    prop_assert!(topology.judge_attach(one, other).is_err());
                    let mut after = topology.clone();
                    for edit in &fix.edits {
                        prop_assert!(after.apply(edit).is_ok());
                    }
                    assert_is_a_tree(&after);
                    prop_assert!(after.upstreams(one).contains(&other), "{}", fix.label);
                } else if topology.upstreams(other).contains(&one) {
                    prop_assert!(false, "a loop has no fix: {one:?} under {other:?}");
                }
            }
        }
    }
}

#[test]
fn a_swapped_pair_of_cards_changes_places_on_the_canvas_too() {
    let mut document = Document::new(notation::parse("m 1\n  a 2\n    b 3\n  c 4\n").unwrap());
    let id = |name: &str| document.topology().by_name(name).unwrap().id();
    let (a, c) = (id("a"), id("c"));
    document.apply(&Command::Move(vec![(a, [7.0, 8.0])])).unwrap();
    document
        .apply(&Command::Edit(Edit::TakePlace { server: c, place: a }))
        .unwrap();
    assert_eq!(document.layout().get(&c), Some(&[7.0, 8.0]));
    assert_eq!(document.layout().get(&a), None);
    assert_eq!(
        notation::print(document.topology()),
        "postgres 15\nm 1\n  a 2\n  c 4\n    b 3\n"
    );
}

#[test]
fn a_subtree_is_tidied_around_its_head_and_other_cards_stay() {
    let mut document = Document::new(notation::parse("m 1\n  a 2\n    b 3\n    c 4\n  d 5\n").unwrap());
    let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| document.topology().by_name(name).unwrap().id());
    let tidy = document.positions();
    let moves = vec![(a, [1000.0, 500.0]), (b, [0.0, 0.0]), (d, [3.0, 4.0])];
    document.apply(&Command::Move(moves)).unwrap();
    document.apply(&Command::TidyBelow(a)).unwrap();
    let after = document.positions();
    assert_eq!((after[&a], after[&d]), ([1000.0, 500.0], [3.0, 4.0]));
    for below in [b, c] {
        for axis in 0..2 {
            assert_eq!(
                after[&below][axis] - after[&a][axis],
                tidy[&below][axis] - tidy[&a][axis]
            );
        }
    }
}

#[test]
fn a_graft_takes_free_names_ports_and_priorities() {
    let mut document = Document::new(
        notation::parse("m 5432 sync first 1\n  a 5433 priority 1\n    b 5434 host far delay 1min\n")
            .unwrap(),
    );
    let id = |name: &str| document.topology().by_name(name).unwrap().id();
    let (m, a, b) = (id("m"), id("a"), id("b"));
    let graft = |upstream, of: &[ServerId]| {
        Command::Edit(Edit::Graft {
            upstream,
            servers: document.topology().cutting(of),
        })
    };
    let (under_primary, under_standby) = (graft(m, &[a]), graft(b, &[a, b]));
    let mut copy = document.clone();
    copy.apply(&under_primary).unwrap();
    let tree = notation::print(copy.topology());
    assert!(
        tree.ends_with("  a-2 5435 priority 2\n    b-2 5436 delay 1min host far\n"),
        "{tree}"
    );
    let applied = document.apply(&under_standby).unwrap();
    let tree = notation::print(document.topology());
    assert!(
        tree.ends_with("      a-2 5435\n        b-2 5436 delay 1min host far\n"),
        "{tree}"
    );
    assert_eq!(
        applied.consequences,
        [
            "these names were taken: a → a-2, b → b-2",
            "these ports were taken: a-2: 5433 → 5435, b-2: 5434 → 5436",
            "asynchronous here, because only a server directly under the primary can be synchronous: a-2",
        ]
    );
}

#[test]
fn what_the_canvas_judges_is_what_a_drop_does() {
    let document = Document::new(
        notation::parse("m 1\n  a 2 priority 1\n    b 3\n    c 4\n  d 5 priority 2\n").unwrap(),
    );
    for server in document.topology().servers() {
        for upstream in document.topology().servers() {
            let verdict = document.topology().judge_attach(server.id(), upstream.id());
            let mut dropped = document.clone();
            let done = dropped.apply(&Command::Edit(Edit::Attach {
                server: server.id(),
                upstream: upstream.id(),
            }));
            assert_eq!(verdict, done.map(|applied| applied.consequences));
        }
    }
}
