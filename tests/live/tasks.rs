//! start, stop, verify and teardown are plans like all others: shown before, told as events, and, given up at any step,
//! finished by the next call.

use std::process::Child;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::cli::{Place, signal, wait_for_end};
use crate::scene::free_ports;

const COMMANDS: [&str; 4] = ["verify", "stop", "start", "teardown"];

/// A cluster that runs in "d".
fn deployed() -> Place {
    let place = Place::on(free_ports());
    place.succeeds(&["deploy", "seed.toml", "--dir", "d"]);
    place
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Asks it to end, as Ctrl-C does, and gives its exit code.
fn given_up(mut child: Child) -> Option<i32> {
    signal(&child, Signal::SIGINT);
    wait_for_end(&mut child)
}

#[test]
fn each_shows_its_steps_and_does_none_of_them() {
    let place = deployed();
    let running = place.succeeds(&["status", "d"]);
    for command in COMMANDS {
        let shown = place.succeeds(&[command, "d", "--plan"]);
        let plan = json_of(&place.succeeds(&[command, "d", "--plan", "--json"]));
        assert_eq!(plan["kind"], command);
        let steps = plan["steps"].as_array().unwrap();
        for step in steps {
            let title = step["title"].as_str().unwrap();
            assert!(shown.contains(title), "{title} is not in\n{shown}");
        }
        let of_servers = steps.iter().filter(|step| !step["server"].is_null());
        assert!(of_servers.count() >= 5 || command == "teardown", "{shown}");
    }
    assert!(
        place
            .succeeds(&["stop", "d", "slave1", "--plan"])
            .contains("Stop slave1")
    );
    assert_eq!(place.succeeds(&["status", "d"]), running);
    place.succeeds(&["teardown", "d"]);
    let gone = place.run(&["teardown", "d", "--plan"]);
    assert_eq!(gone.code, Some(1));
    assert!(gone.err.contains("There is no pgcascade cluster"), "{}", gone.err);
}

#[test]
fn each_tells_all_it_does_as_events() {
    let place = deployed();
    for command in COMMANDS {
        let told = place.succeeds(&[command, "d", "--json"]);
        let events: Vec<Value> = told.lines().map(json_of).collect();
        let kind = |event: &Value| event["event"].as_str().unwrap().to_owned();
        let steps = events[0]["steps"].as_array().unwrap().len();
        assert_eq!(kind(&events[0]), "started");
        let finished = events.iter().filter(|event| kind(event) == "step-finished");
        assert_eq!(finished.count(), steps, "{told}");
        assert_eq!(events.last().unwrap()["outcome"]["outcome"], "done", "{told}");
        let numbers = events.iter().map(|event| event["number"].as_u64().unwrap());
        assert!(numbers.eq(0..events.len() as u64), "{told}");
    }
    assert!(!place.path("d").exists());
}

#[test]
fn what_is_given_up_at_any_step_is_done_by_the_next_call() {
    let place = deployed();
    let mut cancelled = 0;
    for (command, then) in [("stop", "start"), ("start", "stop"), ("verify", "verify")] {
        if command == "start" {
            place.succeeds(&["stop", "d"]);
        }
        for steps in (1..).step_by(4) {
            let (child, is_on) = place.until(&[command, "d", "--json"], steps);
            let code = given_up(child);
            // It may be over before it hears.
            assert!(matches!(code, Some(0 | 130)), "{command} after {steps}: {code:?}");
            cancelled += usize::from(code == Some(130));
            let list = place.list();
            assert!(!list.contains("interrupted"), "{list}");
            place.succeeds(&[command, "d"]);
            place.succeeds(&[then, "d"]);
            if !is_on {
                break;
            }
        }
        if command == "start" {
            place.succeeds(&["start", "d"]);
        }
    }
    assert!(cancelled > 3, "hardly anything was given up: {cancelled}");
    place.succeeds(&["verify", "d"]);

    for steps in (1..).step_by(2) {
        if !place.path("d").exists() {
            place.succeeds(&["deploy", "seed.toml", "--dir", "d"]);
        }
        let (child, is_on) = place.until(&["teardown", "d", "--json"], steps);
        let code = given_up(child);
        assert!(matches!(code, Some(0 | 130)), "teardown after {steps}: {code:?}");
        if code == Some(130) {
            let list = place.list();
            assert!(
                list.contains("being removed") || list.contains("interrupted"),
                "{list}"
            );
            place.succeeds(&["teardown", "d"]);
        }
        assert!(!place.path("d").exists());
        if !is_on {
            break;
        }
    }
}
