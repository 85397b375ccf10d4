//! What may not happen whatever people do to a cluster's folder: nothing foreign is stopped or removed, and nothing of
//! ours is lost sight of.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pgcascade::engine::cluster;
use pgcascade::engine::cluster::record;
use pgcascade::engine::deploy::Cancel;
use pgcascade::model::document::Document;
use pgcascade::model::plan::Outcome;
use pgcascade::model::topology::{Archive, Edit};
use tokio_util::sync::CancellationToken;

use crate::scene::{Scene, assert_gone, deployed, design, free_ports, perform, prepare, processes_of};

async fn one_server(name: &str) -> Document {
    let [port] = free_ports();
    design(&format!("{name} {port}\n")).await
}

async fn teardown(folder: &Path) -> Result<Vec<String>, String> {
    let done = cluster::teardown(folder, CancellationToken::new()).await;
    done.map_err(|report| report.to_string())
}

fn is_left_over(folder: &Path) -> bool {
    record::left_over().iter().any(|record| record.folder == folder)
}

fn pid(folder: &Path, server: &str) -> String {
    let file = folder.join(format!("servers/{server}/data/postmaster.pid"));
    let text = fs::read_to_string(file).unwrap();
    text.lines().next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_a_foreign_server_leads_nowhere() {
    let scene = Scene::new();
    let (ours, theirs) = (scene.path().join("ours"), scene.path().join("theirs"));
    let (document, other) = (one_server("m").await, one_server("m").await);
    deployed(&document, &ours).await;
    deployed(&other, &theirs).await;
    let bystander = pid(&theirs, "m");
    let cancel = CancellationToken::new;
    cluster::stop(&ours, &[], cancel()).await.unwrap();
    // As the servers' user, or anyone who is tired of a full disk, may do.
    let data = ours.join("servers/m/data");
    fs::rename(&data, scene.path().join("aside")).unwrap();
    symlink(theirs.join("servers/m/data"), &data).unwrap();

    let done = cluster::stop(&ours, &[], cancel()).await.unwrap();
    assert_eq!(done, ["m was not running."]);
    let report = cluster::start(&ours, &[], cancel()).await.unwrap_err();
    assert!(report.to_string().contains("not the directory"), "{report}");
    let done = teardown(&ours).await.unwrap();
    assert!(
        done.iter().any(|line| line.contains("servers/m/data was kept")),
        "{done:?}"
    );

    assert_eq!(pid(&theirs, "m"), bystander);
    cluster::verify(&theirs, cancel()).await.unwrap();
    teardown(&theirs).await.unwrap();
    assert_gone(&theirs);
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_whose_folder_was_removed_are_found_and_ended() {
    let scene = Scene::new();
    let folder = scene.folder();
    deployed(&one_server("m").await, &folder).await;
    fs::remove_dir_all(&folder).unwrap();
    assert!(!processes_of(&folder).is_empty());
    assert!(is_left_over(&folder));
    let done = teardown(&folder).await.unwrap();
    assert!(
        done[0].contains("was stopped") || done[0].contains("were stopped"),
        "{done:?}"
    );
    assert_gone(&folder);
    assert!(!is_left_over(&folder));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_cluster_is_neither_forgotten_nor_ended() {
    let scene = Scene::new();
    let (folder, moved) = (scene.folder(), scene.path().join("moved"));
    deployed(&one_server("m").await, &folder).await;
    fs::rename(&folder, &moved).unwrap();
    let running = pid(&moved, "m");
    for at in [&folder, &moved] {
        let report = teardown(at).await.unwrap_err();
        assert!(report.contains("it was moved."), "{report}");
        assert!(report.contains(folder.to_str().unwrap()), "{report}");
    }
    assert!(is_left_over(&folder));

    fs::rename(&moved, &folder).unwrap();
    assert!(!is_left_over(&folder));
    cluster::verify(&folder, CancellationToken::new()).await.unwrap();
    assert_eq!(pid(&folder, "m"), running);
    teardown(&folder).await.unwrap();
    assert_gone(&folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_cluster_is_refused_and_the_cluster_goes_on() {
    let scene = Scene::new();
    let (folder, copy) = (scene.folder(), scene.path().join("copy"));
    deployed(&one_server("m").await, &folder).await;
    let running = pid(&folder, "m");
    let copied = Command::new("cp").arg("-a").arg(&folder).arg(&copy).status();
    assert!(copied.unwrap().success());
    let stop = cluster::stop(&copy, &[], CancellationToken::new()).await;
    for report in [teardown(&copy).await.unwrap_err(), stop.unwrap_err().to_string()] {
        assert!(report.contains("has been moved or copied"), "{report}");
    }
    assert!(copy.join("servers/m/data/PG_VERSION").exists());
    assert_eq!(pid(&folder, "m"), running);
    teardown(&folder).await.unwrap();
    assert_gone(&folder);
}

/// A folder seen at a second place, until it is dropped. Only root may do that, and not in every container.
struct Bound(PathBuf);

impl Bound {
    fn new(from: &Path, to: &Path) -> Option<Self> {
        fs::create_dir_all(to).unwrap();
        let mut mount = Command::new("mount");
        mount.arg("--bind").arg(from).arg(to).stderr(Stdio::null());
        let is_bound = mount.status().is_ok_and(|status| status.success());
        is_bound.then(|| Self(to.to_owned()))
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_removed_through_a_bind_mount() {
    let scene = Scene::new();
    let (folder, theirs) = (scene.folder(), scene.path().join("theirs"));
    deployed(&one_server("m").await, &folder).await;
    let Some(second) = Bound::new(&folder, &scene.path().join("second")) else {
        teardown(&folder).await.unwrap();
        return println!("nothing can be mounted here");
    };
    let report = teardown(&second.0).await.unwrap_err();
    assert!(report.contains("has been moved or copied"), "{report}");
    drop(second);

    // Somebody's own folder in the place of the data.
    fs::create_dir(&theirs).unwrap();
    fs::write(theirs.join("precious"), "theirs").unwrap();
    cluster::stop(&folder, &[], CancellationToken::new())
        .await
        .unwrap();
    let data = folder.join("servers/m/data");
    let bound = Bound::new(&theirs, &data).unwrap();
    let report = teardown(&folder).await.unwrap_err();
    assert!(
        report.contains("is mounted at") && report.contains("umount"),
        "{report}"
    );
    assert_eq!(fs::read(theirs.join("precious")).unwrap(), b"theirs");
    drop(bound);
    teardown(&folder).await.unwrap();
    assert_gone(&folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_server_on_the_port_is_never_asked_or_stopped() {
    let scene = Scene::new();
    let (ours, theirs) = (scene.path().join("ours"), scene.path().join("theirs"));
    let document = one_server("m").await;
    deployed(&document, &ours).await;
    cluster::stop(&ours, &[], CancellationToken::new()).await.unwrap();
    // The same port, another cluster.
    deployed(&document, &theirs).await;
    let bystander = pid(&theirs, "m");
    let board = cluster::status(&ours).await.unwrap();
    assert!(!board.servers[0].running);
    let done = cluster::stop(&ours, &[], CancellationToken::new()).await.unwrap();
    assert_eq!(done, ["m was not running."]);
    let report = cluster::start(&ours, &[], CancellationToken::new())
        .await
        .unwrap_err();
    assert!(report.to_string().contains("Address already in use"), "{report}");
    teardown(&ours).await.unwrap();
    assert_gone(&ours);
    assert_eq!(pid(&theirs, "m"), bystander);
    cluster::verify(&theirs, CancellationToken::new()).await.unwrap();
    teardown(&theirs).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_put_among_ours_stays_and_is_named() {
    let scene = Scene::new();
    let folder = scene.folder();
    let mut topology = one_server("m").await.topology().clone();
    topology
        .apply(&Edit::SetArchive(Some(Archive::new("archive").unwrap())))
        .unwrap();
    deployed(&Document::new(topology), &folder).await;
    let theirs = [
        "archive/notes",
        "servers/m/notes",
        "servers/own/notes",
        "secrets/notes",
        "notes",
    ];
    fs::create_dir(folder.join("servers/own")).unwrap();
    for path in theirs {
        fs::write(folder.join(path), "theirs").unwrap();
    }
    let done = teardown(&folder).await.unwrap();
    for path in theirs {
        assert!(folder.join(path).exists(), "{path}");
        // A folder of theirs is named as one.
        let named = format!(
            "{} was kept",
            folder.join(path.replace("own/notes", "own")).display()
        );
        assert!(done.iter().any(|line| line.contains(&named)), "{named}: {done:?}");
    }
    let named = done.iter().filter(|line| line.contains(" was kept: ")).count();
    assert_eq!(named, theirs.len(), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_deployments_into_one_folder_leave_one_whole_cluster() {
    let scene = Scene::new();
    let folder = scene.path().join("deep/cluster");
    let (one, other) = (one_server("m").await, one_server("m").await);
    let ((_, one), (_, other)) = tokio::join!(prepare(&one, &folder), prepare(&other, &folder));
    let ((one, _), (other, _)) =
        tokio::join!(perform(one, Cancel::default()), perform(other, Cancel::default()));
    let done = [&one, &other]
        .iter()
        .filter(|outcome| ***outcome == Outcome::Done)
        .count();
    assert_eq!(done, 1, "{one:?} {other:?}");
    cluster::verify(&folder, CancellationToken::new()).await.unwrap();
    teardown(&folder).await.unwrap();
    assert_gone(&folder);
    assert!(
        !folder.parent().unwrap().exists(),
        "the folder above was made for it, too"
    );
}
