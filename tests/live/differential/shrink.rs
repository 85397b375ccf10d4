//! The smallest case that still disagrees: ever less is tried, and what still disagrees is kept.

use super::case::{Case, Fault, Server, Sync};

/// How many smaller cases are tried at most; each is a cluster built and torn down.
const TRIES: usize = 70;

/// Makes a case smaller while `disagrees` says why it still does. Returns the smallest with its reason.
pub async fn shrink(
    mut case: Case,
    mut why: String,
    mut disagrees: impl AsyncFnMut(&Case) -> Option<String>,
) -> (Case, String) {
    let mut tries = 0;
    'smaller: loop {
        for candidate in smaller(&case) {
            tries += 1;
            if tries > TRIES {
                return (case, why);
            }
            if let Some(still) = disagrees(&candidate).await {
                (case, why) = (candidate, still);
                continue 'smaller;
            }
        }
        return (case, why);
    }
}

/// The cases that are one thing less, what removes most first.
fn smaller(case: &Case) -> Vec<Case> {
    let mut all = Vec::new();
    let mut changed = |change: &dyn Fn(&mut Case)| {
        let mut candidate = case.clone();
        change(&mut candidate);
        if candidate != *case {
            all.push(candidate);
        }
    };
    for place in (1..case.servers.len()).rev() {
        changed(&|case| without(case, place));
    }
    for step in (0..case.steps.len()).rev() {
        changed(&|case| {
            case.steps.remove(step);
        });
    }
    for (number, step) in case.steps.iter().enumerate() {
        for fault in 0..step.len() {
            changed(&|case| {
                case.steps[number].remove(fault);
                case.steps.retain(|step| !step.is_empty());
            });
        }
    }
    changed(&|case| case.doomed.clear());
    for place in 0..case.doomed.len() {
        changed(&|case| {
            case.doomed.remove(place);
        });
    }
    changed(&|case| case.sync = Sync::Off);
    for place in 0..case.servers.len() {
        changed(&|case| case.servers[place].name = format!("s{place}"));
        changed(&|case| case.servers[place].priority = None);
        changed(&|case| case.servers[place].has_slot = true);
        changed(&|case| case.servers[place].upstream = 0);
    }
    all
}

/// Without a server; who followed it follows its upstream, and what befell it does not happen.
fn without(case: &mut Case, gone: usize) {
    let above = case.servers[gone].upstream;
    let moved = |place: usize| place - usize::from(place > gone);
    case.servers.remove(gone);
    for Server { upstream, .. } in &mut case.servers {
        *upstream = moved(if *upstream == gone { above } else { *upstream });
    }
    for step in &mut case.steps {
        step.retain(|(place, fault)| {
            let with = matches!(fault, Fault::Repoint(other) | Fault::MakeSlot(other) if *other == gone);
            *place != gone && !with
        });
        for (place, fault) in step {
            *place = moved(*place);
            if let Fault::Repoint(other) | Fault::MakeSlot(other) = fault {
                *other = moved(*other);
            }
        }
    }
    case.steps.retain(|step| !step.is_empty());
    case.doomed.retain(|place| *place != gone);
    for place in &mut case.doomed {
        *place = moved(*place);
    }
}

#[tokio::test]
async fn what_does_not_matter_is_left_out() {
    use pgcascade::model::topology::PgMajor;

    use crate::random::Random;

    // What "disagrees" here is a kill of a server below another standby, and nothing else of the case.
    let faulty = |case: &Case| {
        let mut kills = case
            .steps
            .iter()
            .flatten()
            .filter(|(_, fault)| *fault == Fault::Kill);
        kills.any(|(place, _)| case.servers[*place].upstream != 0)
    };
    let mut found = 0;
    for number in 0..200 {
        let case = Case::random(&mut Random::new(number), PgMajor::V15);
        if !faulty(&case) {
            continue;
        }
        found += 1;
        let why = async |case: &Case| faulty(case).then(|| "a relay".to_owned());
        let (smallest, _) = shrink(case.clone(), String::new(), why).await;
        assert_eq!(
            smallest.to_string(),
            "\"s0\" 1\n  \"s1\" 2\n    \"s2\" 3\nstep 1: kill \"s2\"\n",
            "from\n{case}"
        );
    }
    assert!(found > 20, "{found} of 200 cases had something to find");
}
