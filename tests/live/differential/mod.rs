//! Random clusters under random faults: what was predicted is what real servers show, and what commits on them do.
//!
//! 15 cases by default; `PGCASCADE_CASES=300` tries so many, `PGCASCADE_SEED=n` other ones, and `PGCASCADE_BIN` names the
//! programs of another major version. A disagreement is made as small as it gets before it is printed.

mod case;
mod real;
mod shrink;

use std::collections::BTreeSet;
use std::time::Duration;

use pgcascade::model::simulate::predict;
use pgcascade::model::topology::{CommitLevel, Edit, ServerId, SyncPolicy, Topology};

use crate::random::{Random, number};
use crate::scene::{major, some_ports};
use case::{Case, Fault};
use real::Real;

/// Until the servers show what was predicted: they have to notice, to come up and to connect.
const SHOWS: Duration = Duration::from_secs(40);
/// The same while a case is made smaller, where most tries are in vain.
const SHOWS_SMALLER: Duration = Duration::from_secs(10);

/// What was compared, for whoever wants to know how much that was.
#[derive(Default)]
struct Compared {
    boards: usize,
    commits: usize,
    hung: usize,
}

#[tokio::test(flavor = "multi_thread")]
async fn random_faults_on_random_clusters_do_what_was_predicted() {
    let cases = number("PGCASCADE_CASES").unwrap_or(15);
    let mut compared = Compared::default();
    for number in 0..cases {
        let case = Case::random(&mut Random::new(number));
        if let Err(why) = agree(&case, SHOWS, &mut compared).await {
            println!("case {number} disagrees, and is made smaller:\n{case}{why}");
            let still = async |case: &Case| agree(case, SHOWS_SMALLER, &mut Compared::default()).await.err();
            let (smallest, why) = shrink::shrink(case, why, still).await;
            panic!("case {number}, made as small as it gets:\n{smallest}{why}");
        }
        println!("{} of {cases} agree", number + 1);
    }
    let Compared {
        boards,
        commits,
        hung,
    } = compared;
    println!("{cases} clusters: {boards} boards and {commits} commits as predicted, {hung} commits hung");
}

/// Runs the case; the error is what differs from the prediction.
async fn agree(case: &Case, patience: Duration, compared: &mut Compared) -> Result<(), String> {
    let topology = case.topology(major().await, &some_ports(case.servers.len()));
    let real = Real::deploy(case, &topology).await?;
    let outcome = follow(case, &topology, &real, patience, compared).await;
    real.teardown().await;
    outcome
}

async fn follow(
    case: &Case,
    topology: &Topology,
    real: &Real,
    patience: Duration,
    compared: &mut Compared,
) -> Result<(), String> {
    let ids = case.ids(topology);
    let mut down = BTreeSet::new();
    for (number, step) in std::iter::once(&Vec::new()).chain(&case.steps).enumerate() {
        let after = |why| format!("after step {number}: {why}");
        real.strike(step).await.map_err(after)?;
        for (place, fault) in step {
            if *fault == Fault::Start {
                down.remove(&ids[*place]);
            } else {
                down.insert(ids[*place]);
            }
        }
        compare(topology, &down, real, patience, compared)
            .await
            .map_err(after)?;
    }
    Ok(())
}

/// The rows before and after commits at every level, and what became of those.
async fn compare(
    topology: &Topology,
    down: &BTreeSet<ServerId>,
    real: &Real,
    patience: Duration,
    compared: &mut Compared,
) -> Result<(), String> {
    let board = predict(topology, down);
    real.shows(&board, patience).await?;
    compared.boards += 1;
    if board.commits.outcome == "no-primary" {
        return Ok(());
    }
    let predicted: Vec<(CommitLevel, String)> = CommitLevel::ALL
        .map(|level| (level, predict(&at_level(topology, level), down).commits.outcome))
        .into();
    let hanging = predicted
        .iter()
        .filter(|(_, outcome)| outcome == "waiting")
        .map(|(level, _)| *level);
    let happened = real.commits(topology.primary().id(), &hanging.collect()).await;
    for ((level, predicted), (_, happened)) in predicted.iter().zip(&happened) {
        if predicted != happened {
            return Err(format!(
                "a commit at {}: predicted {predicted}, but {happened}",
                level.word()
            ));
        }
        compared.commits += 1;
        compared.hung += usize::from(predicted == "waiting");
    }
    // The commits have changed nothing, nor had the first look come too early.
    real.shows(&board, patience).await
}

/// The same cluster with another synchronous_commit.
fn at_level(topology: &Topology, commit: CommitLevel) -> Topology {
    let mut topology = topology.clone();
    let edit = if let Some(policy) = topology.sync().cloned() {
        Edit::SetSync(Some(SyncPolicy { commit, ..policy }))
    } else {
        Edit::SetSetting {
            server: None,
            name: "synchronous_commit".to_owned(),
            value: Some(commit.word().to_owned()),
        }
    };
    topology.apply(&edit).unwrap();
    topology
}
