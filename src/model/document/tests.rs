//! Documents under many commands: undone and redone they are the same, byte by byte.

use proptest::prelude::*;

use super::*;
use crate::model::topology::{Downstreams, Port, ServerName, notation};

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
