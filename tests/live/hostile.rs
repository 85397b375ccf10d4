//! Random designs with hostile names and settings: whatever the checks have nothing against starts, streams exactly as
//! drawn, and goes without a trace; built by the engine, and by the bundle's scripts.
//!
//! A seeded few by default; `PGCASCADE_CASES=200` tries so many, `PGCASCADE_CASE=n` only that one, `PGCASCADE_SEED=n`
//! makes other ones. A failure prints the design.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use pgcascade::engine::cluster;
use pgcascade::model::bundle::generate;
use pgcascade::model::document::Document;
use pgcascade::model::simulate::predict;
use pgcascade::model::topology::{Severity, check};
use tokio_util::sync::CancellationToken;

use crate::bundle::Place;
use crate::designs::MOST_WITH_ERRORS;
use crate::lab::programs;
use crate::predict::wait_until_shown;
use crate::random::{Random, number};
use crate::scene::{Scene, assert_gone, deployed, some_ports};

const CASES: u64 = 20;
/// Every so many designs are built by their scripts as well.
const BY_SCRIPTS: u64 = 5;

/// The designs of this run that the checks find no error in, by their number; and how many there were.
fn sound_designs() -> (Vec<(u64, Document, &'static str)>, usize) {
    let cases: Vec<u64> = match number("PGCASCADE_CASE") {
        Some(case) => vec![case],
        None => (0..number("PGCASCADE_CASES").unwrap_or(CASES)).collect(),
    };
    let (_, major) = programs();
    let count = cases.len();
    let sound: Vec<_> = cases
        .into_iter()
        .map(|case| {
            let mut random = Random::new(case);
            let document = random.design(major, some_ports);
            (case, document, random.folder())
        })
        .filter(|(_, document, _)| {
            !check(document.topology())
                .iter()
                .any(|finding| finding.severity == Severity::Error)
        })
        .collect();
    assert!(
        count == 1 || (count - sound.len()) * 100 <= MOST_WITH_ERRORS * count,
        "only {} of {count} designs can be tried",
        sound.len()
    );
    (sound, count)
}

/// All are tried, whatever one of them does: a run tells all that is wrong.
#[allow(
    clippy::print_stdout,
    reason = "how many were tried is half of what one runs this for"
)]
#[track_caller]
fn tell(tried: usize, failed: &[u64], builder: &str) {
    println!("{tried} designs built by {builder}");
    assert!(failed.is_empty(), "cases {failed:?} failed, see above");
}

#[tokio::test(flavor = "multi_thread")]
async fn designs_without_errors_run_as_they_are_drawn() {
    let (sound, count) = sound_designs();
    println!("{} of {count} designs have errors", count - sound.len());
    let mut failed = Vec::new();
    for (case, document, folder) in &sound {
        let scene = Scene::named("pgc-hostile-");
        let folder = scene.path().join(folder);
        let (own, at) = (document.clone(), folder.clone());
        if let Err(panic) = tokio::spawn(async move { runs_as_drawn(&own, &at).await }).await {
            println!(
                "case {case} in {}: {panic}\n{}",
                folder.display(),
                document.text()
            );
            let _ = cluster::teardown(&folder, CancellationToken::new()).await;
            failed.push(*case);
        }
    }
    tell(sound.len(), &failed, "the engine");
}

async fn runs_as_drawn(document: &Document, folder: &Path) {
    let topology = document.topology();
    deployed(document, folder).await;
    wait_until_shown(folder, &predict(topology, &BTreeSet::new()), "all running").await;
    cluster::verify(folder, CancellationToken::new())
        .await
        .unwrap_or_else(|report| panic!("{report}"));
    cluster::teardown(folder, CancellationToken::new())
        .await
        .unwrap_or_else(|report| panic!("{report}"));
    assert_gone(folder);
}

#[test]
fn their_scripts_build_the_same() {
    let (mut sound, count) = sound_designs();
    sound.retain(|(case, ..)| count == 1 || case % BY_SCRIPTS == 0);
    let mut failed = Vec::new();
    for (case, document, folder) in &sound {
        if std::panic::catch_unwind(|| scripts_build(document, folder)).is_err() {
            println!("case {case} in {folder:?}:\n{}", document.text());
            failed.push(*case);
        }
    }
    tell(sound.len(), &failed, "their scripts");
}

/// What `up` says at its end is a command that works as it stands, whatever the folder is called.
fn connects_as_told(said: &str) {
    let command = said.lines().find_map(|line| line.strip_prefix("Connect: "));
    let connect = format!("{} -Atc 'SELECT 40 + 2'", command.expect("how to connect"));
    let path = format!("{}:/usr/bin:/bin", programs().0.display());
    let output = Command::new("bash")
        .args(["-c", &connect])
        .env("PATH", path)
        .output()
        .unwrap();
    assert_eq!(output.stdout, b"42\n", "{connect}: {output:?}");
}

fn scripts_build(document: &Document, folder: &str) {
    let place = Place::within(&generate(document), folder);
    let said = place.expect("up", 0);
    connects_as_told(&said);
    place.expect("verify", 0);
    let status = place.expect("status", 0);
    for reading in predict(document.topology(), &BTreeSet::new()).servers {
        for row in reading.replication {
            let line = format!(
                "    {}: {}, sync_priority {}, sync_state {}\n",
                row.application_name, row.state, row.sync_priority, row.sync_state
            );
            assert!(status.contains(&line), "{line:?} is not in:\n{status}");
        }
    }
    place.expect("down", 0);
    place.nothing_is_left();
}
