//! Random clusters under random faults: what was predicted is what real servers show, and what commits on them do. Then
//! some standbys are imagined lost with the primary: a commit could be lost if, and only if, it is confirmed while all
//! the others, which would be left, receive nothing.
//!
//! 15 cases by default; `PGCASCADE_CASES=300` tries so many, `PGCASCADE_FIRST=29` begins with that one, `PGCASCADE_SEED=n`
//! makes other ones, and `PGCASCADE_BIN` names the programs of another major version. A disagreement is made as small as it gets before it is printed.

mod case;
mod real;
mod shrink;

use std::collections::BTreeSet;
use std::time::Duration;

use pgcascade::model::simulate::survives::survival;
use pgcascade::model::simulate::world::{CommitFate, Flow, Incident, LevelOutcome, Loss, State, World};
use pgcascade::model::topology::{CommitLevel, Server, ServerId, Topology};

use crate::random::{Random, number};
use crate::scene::{major, some_ports};
use case::{Case, ties};
use real::Real;

/// Until the servers show what was predicted: they have to notice, to come up and to connect.
const SHOWS: Duration = Duration::from_secs(40);
/// The same while a case is made smaller, where most tries are in vain.
const SHOWS_SMALLER: Duration = Duration::from_secs(10);

/// What was compared, for anyone who wants to know how much that was.
#[derive(Default)]
struct Compared {
    boards: usize,
    commits: usize,
    hung: usize,
    /// Losses of a primary with some of its standbys: where nothing is lost, and where something may be.
    safe: usize,
    at_risk: usize,
    /// Boards with a quorum of which a member is not connected, with `*` in the list, and with equal names below one server.
    quorums: usize,
    stars: usize,
    equals: usize,
}

impl Compared {
    /// What is special about the list of a primary, and those that it matches.
    fn note(&mut self, world: &World, primary: ServerId) {
        let configured = world.state(primary).and_then(|state| state.configured.as_ref());
        let Some(names) = configured.and_then(|configured| configured.names.as_ref()) else {
            return;
        };
        let postgres = world.topology().postgres();
        let is_dead_member = |(server, state): (&Server, &State)| {
            let is_below = server.upstream() == Some(primary);
            is_below && !state.is_up() && names.priority(&server.name().in_list(postgres)) > 0
        };
        self.quorums += usize::from(names.is_quorum() && world.servers().any(is_dead_member));
        self.stars += usize::from(names.priority("matched by nothing else") > 0);
        let rows = world.rows(primary);
        let different: BTreeSet<String> = rows
            .iter()
            .map(|row| row.application_name.to_ascii_lowercase())
            .collect();
        self.equals += usize::from(different.len() < rows.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn random_faults_on_random_clusters_do_what_was_predicted() {
    let cases = number("PGCASCADE_CASES").unwrap_or(15);
    let mut compared = Compared::default();
    let first = number("PGCASCADE_FIRST").unwrap_or(0);
    for number in first..first + cases {
        let case = Case::random(&mut Random::new(number), major().await);
        let found = agree(&case, SHOWS, &mut compared).await;
        if let Some(why) = found.unwrap_or_else(|why| panic!("case {number} is not deployed: {why}\n{case}"))
        {
            println!("case {number} disagrees, and is made smaller:\n{case}{why}");
            // What cannot be tried, since a port is taken for example, says nothing.
            let still = async |case: &Case| {
                let found = agree(case, SHOWS_SMALLER, &mut Compared::default()).await;
                found.unwrap_or_default()
            };
            let (smallest, why) = shrink::shrink(case, why, still).await;
            panic!("case {number}, made as small as it gets:\n{smallest}{why}");
        }
        println!("case {number}: {} of {cases} agree", number + 1 - first);
    }
    let Compared {
        boards,
        commits,
        hung,
        safe,
        at_risk,
        quorums,
        stars,
        equals,
    } = compared;
    println!(
        "{cases} clusters: {boards} boards and {commits} commits as predicted, {hung} commits hung; {safe} losses without and {at_risk} with a commit that may be lost; of the boards {quorums} had a quorum with a member that is dead, {stars} a list with *, {equals} equal names"
    );
}

/// Runs the case: what differs from the prediction, if anything does. The error is why it could not be deployed.
async fn agree(case: &Case, patience: Duration, compared: &mut Compared) -> Result<Option<String>, String> {
    let mut tries = 3;
    let (topology, real) = loop {
        let topology = case.topology(major().await, &some_ports(case.servers.len()));
        match Real::deploy(case, &topology).await {
            Ok(real) => break (topology, real),
            // Somebody else has taken a port that was free a moment ago.
            Err(why) if tries > 1 && why.contains("already in use") => tries -= 1,
            Err(why) => return Err(why),
        }
    };
    let outcome = follow(case, &topology, &real, patience, compared).await;
    real.teardown().await;
    Ok(outcome.err())
}

async fn follow(
    case: &Case,
    topology: &Topology,
    real: &Real,
    patience: Duration,
    compared: &mut Compared,
) -> Result<(), String> {
    let ids = case.ids(topology);
    let mut world = World::new(topology);
    for (number, step) in std::iter::once(&Vec::new()).chain(&case.steps).enumerate() {
        let after = |why| format!("after step {number}: {why}");
        let mut faults = step.iter().map(|(place, fault)| fault.action(*place, &ids));
        if faults.any(|action| world.apply(action).is_err()) {
            // Made smaller, the case asks for what cannot be any more.
            return Ok(());
        }
        real.strike(step).await.map_err(after)?;
        compare(&world, real, patience, compared).await.map_err(after)?;
        let doomed: Vec<ServerId> = case.doomed.iter().map(|place| ids[*place]).collect();
        lose(&world, &doomed, real, compared).await.map_err(after)?;
        real.shows(&world.board(), &flickering(&world), patience)
            .await
            .map_err(after)?;
    }
    Ok(())
}

/// The rows before and after commits at every level on every primary, and what became of those.
async fn compare(
    world: &World,
    real: &Real,
    patience: Duration,
    compared: &mut Compared,
) -> Result<(), String> {
    let board = world.board();
    let flickering = flickering(world);
    real.shows(&board, &flickering, patience).await?;
    compared.boards += 1;
    for primary in world.leaders() {
        compared.note(world, primary);
        let predicted = world.commits_on(primary);
        let hangs = |outcome: &&LevelOutcome| outcome.fate == CommitFate::Hangs;
        let hanging = predicted.iter().filter(hangs).map(|outcome| outcome.level);
        let happened = real.commits(primary, &hanging.collect()).await;
        for (predicted, (level, happened)) in predicted.iter().zip(happened) {
            if predicted.level == level && is_open(world, primary, predicted) {
                continue;
            }
            if (predicted.level, predicted.fate) != (level, happened) {
                return Err(format!("predicted {predicted:?}, but it is {happened:?}"));
            }
            compared.commits += 1;
            compared.hung += usize::from(happened == CommitFate::Hangs);
        }
    }
    // The commits have changed nothing, nor had the first look come too early.
    real.shows(&board, &flickering, patience).await
}

/// True if it is open whether a commit that has to be applied hangs: some of those that are paused are as good as others,
/// and the order of connecting decides which of them it waits for.
fn is_open(world: &World, primary: ServerId, outcome: &LevelOutcome) -> bool {
    let rows = world.rows(primary);
    let tied = ties(&rows);
    let postgres = world.topology().postgres();
    let mut paused = world
        .servers()
        .filter(|(_, state)| state.is_paused && state.upstream == Some(primary));
    outcome.level == CommitLevel::RemoteApply
        && paused.any(|(server, _)| {
            let name = server.name().in_view(postgres);
            rows.iter()
                .any(|row| row.application_name == name && tied.contains(&row.sync_priority))
        })
}

/// Would a commit be lost with the only primary and these standbys? The others stand still, and it is tried.
async fn lose(
    world: &World,
    doomed: &[ServerId],
    real: &Real,
    compared: &mut Compared,
) -> Result<(), String> {
    let leaders = world.leaders();
    let [primary] = leaders[..] else {
        return Ok(());
    };
    if !flickering(world).is_empty() {
        return Ok(());
    }
    let Some(level) = world.configured_level(primary) else {
        return Ok(());
    };
    let outcome = world.commit_on(primary, level);
    let is_doomed =
        |server: &ServerId| doomed.contains(server) && world.state(*server).is_some_and(State::is_up);
    let crashes: Vec<Incident> = std::iter::once(primary)
        .chain(doomed.iter().copied().filter(is_doomed))
        .map(Incident::Crash)
        .collect();
    let mut after = world.clone();
    after.apply_each(&crashes);
    let left: Vec<ServerId> = after
        .servers()
        .filter(|(_, state)| state.is_up())
        .map(|(server, _)| server.id())
        .collect();
    let Some(loss) = left.iter().map(|server| after.loss_of(*server)).min() else {
        return Ok(());
    };
    let holds = survival(world, &crashes).nothing_lost.holds;
    assert_eq!(holds, loss <= Loss::NothingIfFarthest, "{loss:?}");
    // What was lost before says nothing of this moment, and where the order of connecting decides, it may be safe by chance.
    let is_of_before = matches!(loss, Loss::OtherHistory)
        || matches!(loss, Loss::Since(step) if step <= world.incidents().len());
    let by_chance = !holds && !ties(&world.rows(primary)).is_empty();
    if is_of_before || by_chance || is_open(world, primary, &outcome) {
        return Ok(());
    }
    let expected = if holds {
        CommitFate::Hangs
    } else {
        CommitFate::Acknowledged
    };
    let happened = real.commit_without(primary, level, &left, holds).await;
    if happened != expected {
        return Err(format!(
            "with the primary and {doomed:?} lost, {loss:?} was predicted, but while the others stand still a commit is {happened:?}"
        ));
    }
    *(if holds {
        &mut compared.safe
    } else {
        &mut compared.at_risk
    }) += 1;
    Ok(())
}

/// The rows that no look can be sure of: a standby behind the fork of its upstream's timeline asks ten times a second,
/// is sent what both have, and is turned away. By name: of the server that shows it, and in the row.
fn flickering(world: &World) -> Vec<(String, String)> {
    let topology = world.topology();
    let forked = world.servers().filter(|(_, state)| state.flow == Flow::Forked);
    forked
        .filter_map(|(server, state)| {
            let upstream = topology.server(state.upstream?)?.name().to_string();
            Some((upstream, server.name().in_view(topology.postgres())))
        })
        .collect()
}
