//! Kills and cancels at seeded moments, again and again: nothing is left, or a journal from which the job is finished or
//! taken away; and a PostgreSQL that is not ours answers with all its rows after each.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::bystander::Bystander;
use crate::cli::{Place, last_event, signal, wait_for_end};
use crate::random::{Random, number};
use crate::scene::{free_ports, processes_of};

/// How often each is done.
const ROUNDS: &str = "PGCASCADE_FAULT_ROUNDS";
const FEW_ROUNDS: u64 = 6;

fn rounds() -> u64 {
    number(ROUNDS).unwrap_or(FEW_ROUNDS)
}

/// A moment of a run: so many of its steps are done, and a little later.
fn moment(random: &mut Random, steps: usize) -> (usize, Duration) {
    let after = u64::try_from(random.below(60)).unwrap();
    (1 + random.below(steps - 1), Duration::from_millis(after))
}

fn count_of_steps(place: &Place, arguments: &[&str]) -> usize {
    let plan = place.succeeds(arguments);
    let plan: Value = serde_json::from_str(&plan).unwrap();
    plan["steps"].as_array().unwrap().len()
}

fn count_of_deployment(place: &Place) -> usize {
    count_of_steps(place, &["plan", "seed.toml", "--dir", "d", "--json"])
}

/// Killed so many steps and a moment later, wherever it is then.
fn killed(place: &Place, arguments: &[&str], (steps, later): (usize, Duration)) {
    let (mut child, _) = place.until(arguments, steps);
    std::thread::sleep(later);
    signal(&child, Signal::SIGKILL);
    child.wait().unwrap();
}

/// What the list says of the only cluster there is.
fn listed(place: &Place) -> String {
    let listed = place.list();
    listed.trim_end().lines().last().unwrap_or_default().to_owned()
}

/// Killed this soon after its start, without a word.
fn killed_after(place: &Place, arguments: &[&str], millis: usize) {
    let mut command = place.command(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    std::thread::sleep(Duration::from_millis(u64::try_from(millis).unwrap()));
    signal(&child, Signal::SIGKILL);
    child.wait().unwrap();
}

/// Built, whether or not its servers run.
fn is_whole(listed: &str) -> bool {
    [" running ", " stopped "]
        .iter()
        .any(|word| listed.contains(word))
        && !listed.contains("interrupted")
}

/// Goes on if there is anything to continue, and sees that all is as designed.
fn go_on(place: &Place, round: u64) {
    let state = listed(place);
    if state.contains("interrupted") {
        let answer = place.run(&["resume", "d"]);
        assert_eq!(
            answer.code,
            Some(0),
            "round {round}: {}{}",
            answer.out,
            answer.err
        );
    } else {
        assert!(is_whole(&state), "round {round}: {state}");
    }
    assert!(is_whole(&listed(place)), "round {round}");
    place.succeeds(&["verify", "d"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_moment_leaves_a_journal_that_finishes_the_job() {
    let mut bystander = Bystander::new().await;
    let place = Place::on(free_ports());
    let all = count_of_deployment(&place);
    let mut random = Random::new(5);
    for round in 0..rounds() {
        let moment = moment(&mut random, all);
        killed(&place, &["deploy", "seed.toml", "--dir", "d", "--json"], moment);
        let state = listed(&place);
        println!(
            "round {round}: killed {:?} after {} steps: {state}",
            moment.1, moment.0
        );
        // It may have been done by then.
        assert!(state.contains("interrupted") || is_whole(&state), "{state}");
        match random.below(4) {
            // Every other time the teardown is killed, too, and a second one goes on from there.
            0 | 1 => {
                if random.below(2) == 0 {
                    killed_after(&place, &["teardown", "d"], random.below(250));
                }
            }
            which => {
                if which == 3 && state.contains("interrupted") {
                    let again = self::moment(&mut random, all);
                    killed(&place, &["resume", "d", "--json"], again);
                    println!(
                        "  gone on with, killed after {} steps: {}",
                        again.0,
                        listed(&place)
                    );
                }
                go_on(&place, round);
                println!("  gone on with: {}", listed(&place));
            }
        }
        let answer = place.run(&["teardown", "d"]);
        assert!(
            answer.code == Some(0) || !place.path("d").exists(),
            "{}",
            answer.err
        );
        place.assert_nothing_is_left();
        bystander.assert_untouched().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_at_a_random_moment_leaves_nothing() {
    let mut bystander = Bystander::new().await;
    let place = Place::on(free_ports());
    let all = count_of_deployment(&place);
    let mut random = Random::new(6);
    for round in 0..rounds() {
        let (steps, later) = moment(&mut random, all);
        let mut child = place.deploy_until(steps);
        std::thread::sleep(later);
        let how = [Signal::SIGINT, Signal::SIGTERM][random.below(2)];
        // It may have ended this moment; its number is ours until it is waited for.
        kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), how).unwrap();
        let last = last_event(&mut child);
        let code = wait_for_end(&mut child);
        println!("round {round}: {how} {later:?} after {steps} steps: exit {code:?}");
        if last["outcome"]["outcome"] == "done" {
            place.succeeds(&["teardown", "d"]);
        } else {
            assert_eq!(code, Some(130), "{last}");
            assert_eq!(last["outcome"]["remains"], json!([]), "{last}");
        }
        place.assert_nothing_is_left();
        assert!(processes_of(&place.path("d")).is_empty());
        bystander.assert_untouched().await;
    }
}

/// The seed's design with slave12 under slave2, and a quorum.
fn changed_design(place: &Place) {
    let text = fs::read_to_string(place.path("seed.toml")).unwrap();
    let (before, slave12) = text.split_once("name = \"slave12\"").unwrap();
    let moved = slave12.replacen("follows = \"slave1\"", "follows = \"slave2\"", 1);
    assert_ne!(slave12, moved);
    let text = format!("{before}name = \"slave12\"{moved}");
    fs::write(
        place.path("moved.toml"),
        text.replace("method = \"first\"", "method = \"any\""),
    )
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_a_stop_and_a_start_that_are_killed_are_gone_on_with() {
    let mut bystander = Bystander::new().await;
    let place = Place::on(free_ports());
    changed_design(&place);
    place.succeeds(&["deploy", "seed.toml", "--dir", "d"]);
    let mut random = Random::new(7);
    for round in 0..rounds() {
        let file = ["moved.toml", "seed.toml"][usize::try_from(round % 2).unwrap()];
        let all = count_of_steps(&place, &["apply", file, "--dir", "d", "--plan", "--json"]);
        let moment = moment(&mut random, all);
        killed(&place, &["apply", file, "--dir", "d", "--json"], moment);
        println!(
            "round {round}: {file} killed after {} of {all} steps: {}",
            moment.0,
            listed(&place)
        );
        go_on(&place, round);
        // What was cleared away by halves is so at the latest now.
        place.succeeds(&["apply", file, "--dir", "d"]);
        let plan = place.succeeds(&["apply", file, "--dir", "d", "--plan"]);
        assert!(plan.contains("No changes"), "{plan}");

        killed_after(&place, &["stop", "d"], random.below(300));
        println!("  a stop was killed: {}", listed(&place));
        if listed(&place).contains("interrupted") {
            place.succeeds(&["resume", "d"]);
            let board: Value = serde_json::from_str(&place.run(&["status", "d", "--json"]).out).unwrap();
            let mut servers = board["servers"].as_array().unwrap().iter();
            assert!(servers.all(|server| server["running"] == false), "{board}");
        }
        killed_after(&place, &["start", "d"], random.below(300));
        println!("  a start was killed: {}", listed(&place));
        if listed(&place).contains("interrupted") {
            place.succeeds(&["resume", "d"]);
        }
        place.succeeds(&["start", "d"]);
        place.succeeds(&["verify", "d"]);
        bystander.assert_untouched().await;
    }
    place.succeeds(&["teardown", "d"]);
    place.assert_nothing_is_left();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_is_not_offered_and_can_be_gone_on_with_all_the_same() {
    let place = Place::on(free_ports());
    let nothing = place.run(&["resume", "d"]);
    assert!(
        nothing.err.contains("There is no pgcascade cluster"),
        "{}",
        nothing.err
    );
    killed(
        &place,
        &["deploy", "seed.toml", "--dir", "d", "--json"],
        (20, Duration::ZERO),
    );
    let refused = place.run(&["deploy", "seed.toml", "--dir", "d"]);
    assert_eq!(refused.code, Some(1));
    // Anyone who copies the command may be somewhere else by then.
    let folder = place.path("d");
    for command in ["resume", "teardown"] {
        let words = format!("pgcascade {command} {}", folder.display());
        assert!(refused.err.contains(&words), "{}", refused.err);
    }
    assert!(refused.err.contains("folder-has-unfinished"), "{}", refused.err);
    let status = place.run(&["status", "d"]);
    assert!(
        status.err.contains("only half built") && status.err.contains("pgcascade resume"),
        "{}",
        status.err
    );
    assert!(place.succeeds(&["keep", "d"]).contains("stays as it is"));
    assert!(listed(&place).contains("kept as is"), "{}", listed(&place));
    let twice = place.run(&["resume", "d"]);
    assert_eq!(twice.code, Some(0), "{}", twice.err);
    assert!(twice.err.contains("steps are already done"), "{}", twice.err);
    place.succeeds(&["verify", "d"]);
    let whole = place.run(&["resume", "d"]);
    assert!(whole.err.contains("the cluster is complete"), "{}", whole.err);
    let whole = place.run(&["keep", "d"]);
    assert!(whole.err.contains("nothing to keep"), "{}", whole.err);
    place.succeeds(&["teardown", "d"]);
    place.assert_nothing_is_left();
}
