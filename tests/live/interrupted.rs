//! A change that does not come to its end: it fails, is cancelled, or its program is killed.

use crate::apply::{all_at_once, change, check_whole, edited, performed, planned, teardown, write_rows};
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use pgcascade::engine::cluster;
use pgcascade::engine::deploy::{self, Cancel, Change};
use pgcascade::model::document::Document;
use pgcascade::model::plan::{Action, Alter, EventKind, Outcome, RunEvent};
use pgcascade::model::topology::Edit;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::scene::{Scene, deployed, failed, free_ports, seed, take_back};

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_fails_or_is_cancelled_is_taken_back() {
    let scene = Scene::new();
    let folder = scene.folder();
    let ports = free_ports::<5>();
    let [new, other] = free_ports::<2>();
    let first = seed(ports).await;
    deployed(&first, &folder).await;
    write_rows(&folder, first.topology()).await;

    // A setting with which no server starts: found out only by the restart.
    let mut topology = first.topology().clone();
    let server = Some(topology.by_name("slave2").unwrap().id());
    let (name, value) = ("shared_buffers".to_owned(), Some("8000GB".to_owned()));
    topology.apply(&Edit::SetSetting { server, name, value }).unwrap();
    let (_, outcome, _) = performed(&folder, &Document::new(topology), Cancel::default()).await;
    let (reason, hints) = failed(outcome);
    assert!(reason.contains("slave2 ended while it was starting"), "{reason}");
    assert!(
        hints.iter().any(|hint| hint.contains("log of slave2")),
        "{hints:?}"
    );
    check_whole(&folder, &first).await;

    // Somebody takes the new server's port between the look and its start.
    let wanted = all_at_once(&first, ports, new, other);
    let (found, plan) = planned(&folder, &wanted).await;
    let taken = TcpListener::bind(("127.0.0.1", new)).unwrap();
    let (sender, mut receiver) = mpsc::channel(64);
    let reading = tokio::spawn(async move { while receiver.recv().await.is_some() {} });
    let change = Change {
        number: 1,
        plan: plan.plan,
        found,
        wanted: wanted.clone(),
    };
    let outcome = deploy::apply_here(change, sender, Cancel::default()).await;
    reading.await.unwrap();
    drop(taken);
    failed(outcome);
    check_whole(&folder, &first).await;

    // Cancelled wherever it is.
    let (_, plan) = planned(&folder, &wanted).await;
    let settles = plan
        .plan
        .steps
        .iter()
        .position(|step| step.action == Action::Alter(Alter::Settle));
    for at in (1..settles.unwrap()).step_by(4) {
        let (found, plan) = planned(&folder, &wanted).await;
        let cancel = Cancel::default();
        let (sender, mut receiver) = mpsc::channel(1);
        let hearing = cancel.clone();
        let reading = tokio::spawn(async move {
            while let Some(event) = receiver.recv().await {
                if matches!(event, RunEvent { kind: EventKind::StepStarted { step }, .. } if step.0 == at) {
                    hearing.soft.cancel();
                }
            }
        });
        let change = Change {
            number: 1,
            plan: plan.plan,
            found,
            wanted: wanted.clone(),
        };
        let outcome = deploy::apply_here(change, sender, cancel).await;
        reading.await.unwrap();
        assert_eq!(outcome, Outcome::Cancelled { remains: Vec::new() }, "at {at}");
        check_whole(&folder, &first).await;
    }
    teardown(&folder).await;
}

/// `pgcascade apply`, killed as soon as this step is done; false: it ended before.
pub(crate) fn killed_after(step: usize, design: &Path, folder: &Path) -> bool {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pgcascade"))
        .arg("apply")
        .arg(design)
        .arg("--dir")
        .arg(folder)
        .arg("--json")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut is_hit = false;
    for line in lines {
        let event: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        if event["event"] == "step-finished" && event["step"] == step {
            is_hit = true;
            child.kill().unwrap();
            break;
        }
    }
    child.wait().unwrap();
    take_back(folder);
    is_hit
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_it_goes_on_goes_back_or_is_torn_down() {
    let scene = Scene::new();
    let folder = scene.folder();
    let ports = free_ports::<5>();
    let [new, other] = free_ports::<2>();
    let first = seed(ports).await;
    deployed(&first, &folder).await;
    write_rows(&folder, first.topology()).await;
    let wanted = all_at_once(&first, ports, new, other);
    let (a, b) = (scene.path().join("a.toml"), scene.path().join("b.toml"));
    std::fs::write(&a, first.text()).unwrap();
    std::fs::write(&b, wanted.text()).unwrap();
    let stranger = edited(&first, &[change("slave2 ", "nobody ")]);
    let (_, plan) = planned(&folder, &wanted).await;
    let steps = plan.plan.steps.len();
    let settles = plan
        .plan
        .steps
        .iter()
        .position(|step| step.action == Action::Alter(Alter::Settle));
    for (round, at) in (0..steps - 1).step_by(4).enumerate() {
        assert!(killed_after(at, &b, &folder), "at {at}");
        if at < settles.unwrap() {
            let report = cluster::verify(&folder, CancellationToken::new())
                .await
                .unwrap_err();
            assert!(report.headline.contains("between two designs"), "{report}");
            let report = deploy::look(&folder, &stranger).await.unwrap_err();
            assert!(report.headline.contains("this is neither"), "{report}");
        }
        let goes_on = round % 2 == 0 || at >= settles.unwrap();
        // Undone, and that killed, too: a little further on each time. It is undone again, or resumed.
        let changes_its_mind = !goes_on && killed_after(at + round, &a, &folder) && round % 4 == 1;
        if goes_on || changes_its_mind {
            let (_, outcome, events) = performed(&folder, &wanted, Cancel::default()).await;
            assert_eq!(outcome, Outcome::Done, "at {at}: {events:#?}");
            check_whole(&folder, &wanted).await;
        }
        let (_, outcome, events) = performed(&folder, &first, Cancel::default()).await;
        assert_eq!(outcome, Outcome::Done, "at {at}: {events:#?}");
        check_whole(&folder, &first).await;
    }
    assert!(killed_after(settles.unwrap() / 2, &b, &folder));
    teardown(&folder).await;
}
