//! `kill -9` in the middle of a deployment: teardown finishes the job.

use std::process::{Command, Stdio};
use std::time::Duration;

use pgcascade::engine::cluster;
use pgcascade::engine::cluster::record;
use pgcascade::engine::deploy::Cancel;
use tokio_util::sync::CancellationToken;

use crate::scene::{Scene, assert_gone, free_ports, perform, prepare, seed};

/// Tells the child where to build, and on which ports.
const CHILD: &str = "PGC_TEST_CHILD";

/// The pgcascade that is killed: this same program, run again for this test alone.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "the pgcascade that the test below starts and kills"]
async fn child_that_is_killed() {
    let Ok(told) = std::env::var(CHILD) else {
        return;
    };
    let mut words = told.split('\n');
    let folder = words.next().unwrap().to_owned();
    let ports: Vec<u16> = words.map(|word| word.parse().unwrap()).collect();
    let document = seed(ports.try_into().unwrap()).await;
    let (_, run) = prepare(&document, folder.as_ref()).await;
    perform(run, Cancel::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn teardown_finishes_what_a_kill_left() {
    for millis in [
        5, 20, 30, 40, 50, 60, 200, 400, 600, 800, 900, 1000, 1300, 1800, 2500, 3500, 5000,
    ] {
        let scene = Scene::new();
        let folder = scene.folder();
        let ports = free_ports::<5>();
        let told = std::iter::once(folder.display().to_string())
            .chain(ports.iter().map(u16::to_string))
            .collect::<Vec<_>>()
            .join("\n");
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "crash::child_that_is_killed",
                "--ignored",
                "--nocapture",
            ])
            .env(CHILD, told)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(millis));
        child.kill().unwrap();
        child.wait().unwrap();
        let was_listed = record::left_over().iter().any(|record| record.folder == folder);
        let files = std::fs::read_dir(&folder).map_or(0, Iterator::count);
        println!(
            "killed after {millis} ms: {files} entries, {} processes, listed: {was_listed}",
            crate::scene::processes_of(&folder).len()
        );
        match cluster::teardown(&folder, CancellationToken::new()).await {
            Ok(done) => println!("  {done:?}"),
            Err(report) => assert!(!folder.exists(), "{report}"),
        }
        assert_gone(&folder);
        assert!(record::left_over().iter().all(|record| record.folder != folder));
    }
}
