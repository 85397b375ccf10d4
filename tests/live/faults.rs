//! Faults, tried for real. After each: nothing is left, or a journal that finishes the job; a PostgreSQL that is not
//! ours still has all its rows; and the report names the cause, where there is one in the server's own words.
//!
//! | fault | its test | its sentence |
//! | --- | --- | --- |
//! | port taken between preflight and start | `deploy::a_foreign_server_on_a_port_survives` | "X ended while it was starting", with the log's "Address already in use" |
//! | disk full in each phase | `a_disk_that_fills_up_in_any_phase_is_named`, `a_disk_that_others_fill…`, `a_limit_on_the_size_of_files…` | "The disk is full (N MB are free): make room, …" |
//! | programs missing, of another major, or gone after the check | `programs_that_…` | "DIR does not have PostgreSQL's initdb, pg_ctl and postgres", `wrong-major`, "initdb could not be started" |
//! | a server that dies at its start | `a_server_that_dies_at_its_start_says_why` | "X ended while it was starting", with its log's last lines |
//! | a standby that never streams | `a_standby_that_never_streams_says_why` | "X does not stream from Y in time", with both logs' last lines |
//! | read-only folder | `a_folder_that_cannot_be_written_to…` | "cannot be written to", "could not be claimed" |
//! | locale missing | `the_environments_locale_does_not_matter`, and `a_server_that_dies…` for one in the design | the log's "invalid value for parameter" |
//! | clock set back | `a_clock_that_was_set_loses_no_server`; preflight's `clock` | none needed: no server is lost |
//! | SIGINT, SIGTERM, kill -9 | `rounds` | "Cancelled: unwinding what was done"; "was left half built", `pgcascade resume` |
//! | two pgcascades on one folder | `safety`, `record::lock` | "Another pgcascade (process N) is at work on DIR" |
//! | terminal or window gone | `a_terminal_that_goes_away…`, `worker::a_window_closed_during…` | none can be read: all is undone |

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use pgcascade::engine::cluster;
use pgcascade::engine::deploy::{Cancel, Run};
use pgcascade::model::bundle;
use pgcascade::model::document::Document;
use pgcascade::model::plan::{Action, EventKind, Outcome, RunEvent, Serve};
use pgcascade::model::topology::Edit;
use tokio_util::sync::CancellationToken;

use crate::bystander::Bystander;
use crate::cli::{Place, is_hangup_ignored, last_event, signal, wait_for_end};
use crate::scene::{Scene, assert_gone, deployed, failed, free_ports, perform, perform_and, prepare, seed};

/// What a kernel says of a disk that is full.
const FULL: &str = "No space left on device";

/// A hint in which the server itself says so.
#[track_caller]
fn assert_said(hints: &[String], server: &str, words: &str) {
    let own = format!("log of {server}: ");
    let is_it = |hint: &&String| hint.starts_with(&own) && hint.contains(words);
    assert!(hints.iter().any(|hint| is_it(&hint)), "{hints:#?}");
}

/// A disk of its own of so many megabytes. Only root may mount one, and not in every container.
struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    fn mount(at: &Path, megabytes: u32) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let size = format!("size={megabytes}m,mode=755");
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &size, "pgcascade-test"])
            .arg(at)
            .stderr(Stdio::null());
        let is_mounted = mount.status().is_ok_and(|status| status.success());
        is_mounted.then(|| Self { at: at.to_owned() })
    }

    fn read_only(&self) {
        let remounted = Command::new("mount")
            .args(["-o", "remount,ro"])
            .arg(&self.at)
            .status();
        assert!(remounted.unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a test that failed may have left something open on it.
        let _ = Command::new("umount").arg("--lazy").arg(&self.at).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fills_up_in_any_phase_is_named() {
    let mut bystander = Bystander::new().await;
    let document = seed(free_ports()).await;
    // In initdb, in the first start, in the copies one after another, in the servers' start, in their work.
    for megabytes in [1, 12, 30, 41, 60, 120, 180, 186, 188, 189, 190, 191, 192] {
        let scene = Scene::new();
        let Some(disk) = SmallDisk::mount(&scene.path().join("disk"), megabytes) else {
            return println!("no disk can be mounted here; the limit on files stands for it");
        };
        let folder = disk.at.join("c");
        let (checks, run) = prepare(&document, &folder).await;
        let full = checks.iter().find(|check| check.id == "disk-full").unwrap();
        assert!(!full.ok && full.fix.is_some(), "{full:?}");
        let (outcome, _) = perform(run, Cancel::default()).await;
        if outcome == Outcome::Done {
            println!("{megabytes} MB: enough");
            cluster::teardown(&folder, CancellationToken::new())
                .await
                .unwrap();
        } else {
            let (reason, hints) = failed(outcome);
            println!("{megabytes} MB: {reason} {hints:?}");
            let is_named = |text: &String| text.contains(FULL) || text.contains("disk is full");
            assert!(
                is_named(&reason) || hints.iter().any(is_named),
                "{reason}: {hints:#?}"
            );
        }
        assert_gone(&folder);
    }
    bystander.assert_untouched().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_others_fill_while_servers_start_is_named() {
    let document = seed(free_ports()).await;
    for title in [
        "Install pg_hba.conf of master",
        "Start master",
        "Create the slot of slave1 on master",
    ] {
        let scene = Scene::new();
        let Some(disk) = SmallDisk::mount(&scene.path().join("disk"), 400) else {
            return println!("no disk can be mounted here");
        };
        let folder = disk.at.join("c");
        let (_, mut run) = prepare(&document, &folder).await;
        wait_less(&mut run);
        let at = run.plan.steps.iter().find(|step| step.title == title).unwrap().id;
        let disk_at = disk.at.clone();
        let fill = move |event: &RunEvent| {
            if matches!(event.kind, EventKind::StepFinished { step, .. } if step == at) {
                fill(&disk_at);
            }
        };
        let (outcome, _) = perform_and(run, Cancel::default(), fill).await;
        println!("full after \"{title}\": {outcome:?}");
        if outcome == Outcome::Done {
            // What was written already was enough.
            cluster::teardown(&folder, CancellationToken::new())
                .await
                .unwrap();
        } else {
            let (_, hints) = failed(outcome);
            assert!(
                hints.iter().any(|hint| hint.contains("disk is full")),
                "{hints:#?}"
            );
        }
        assert_gone(&folder);
        assert!(disk.at.join("theirs").exists());
    }
}

/// Somebody else's file takes all the room there is.
fn fill(disk: &Path) {
    let filled = Command::new("dd")
        .args([
            "if=/dev/zero",
            "bs=64k",
            &format!("of={}", disk.join("theirs").display()),
        ])
        .stderr(Stdio::null())
        .status();
    assert!(!filled.unwrap().success(), "the disk is to be full");
    // What is smaller than a block of that.
    let rest = Command::new("dd")
        .args([
            "if=/dev/zero",
            "bs=4k",
            &format!("of={}", disk.join("theirs, too").display()),
        ])
        .stderr(Stdio::null())
        .status();
    assert!(!rest.unwrap().success(), "the disk is to be full");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_on_a_full_disk_can_be_torn_down() {
    let scene = Scene::new();
    let Some(disk) = SmallDisk::mount(&scene.path().join("disk"), 400) else {
        return println!("no disk can be mounted here");
    };
    let folder = disk.at.join("c");
    deployed(&seed(free_ports()).await, &folder).await;
    fill(&disk.at);
    let stopped = cluster::stop(&folder, &[], CancellationToken::new()).await;
    stopped.unwrap_or_else(|report| panic!("{report}"));
    let done = cluster::teardown(&folder, CancellationToken::new()).await;
    done.unwrap_or_else(|report| panic!("{report}"));
    assert_gone(&folder);
    assert!(disk.at.join("theirs").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_on_the_size_of_files_is_an_error_and_no_end() {
    const LIMIT: &str = "--fsize=1000000";
    let mut bystander = Bystander::new().await;
    let place = Place::on(free_ports());

    // From the beginning: initdb cannot write its first large file.
    let plain = place.command(&["deploy", "seed.toml", "--dir", "d"]);
    let mut limited = Command::new("prlimit");
    limited.arg(LIMIT).arg(plain.get_program()).args(plain.get_args());
    limited.current_dir(plain.get_current_dir().unwrap());
    for (name, value) in plain.get_envs() {
        limited.env(name, value.unwrap());
    }
    let answer = limited.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&answer.stderr).into_owned();
    assert_eq!(answer.status.code(), Some(1), "{said}");
    assert!(
        said.contains("initdb failed") && said.contains("Everything was rolled back"),
        "{said}"
    );
    place.assert_nothing_is_left();

    // From the copies on: it is pgcascade itself that cannot write.
    let mut child = place.deploy_until(12);
    // By anyone who it is now: root has gone on as the servers' user.
    let whose = fs::metadata(place.path("d")).unwrap();
    let limit = Command::new("prlimit")
        .args([LIMIT, "--pid", &child.id().to_string()])
        .uid(whose.uid())
        .gid(whose.gid())
        .status();
    assert!(limit.unwrap().success());
    let last = last_event(&mut child);
    assert_eq!(wait_for_end(&mut child), Some(1), "{last}");
    assert!(
        last["outcome"]["reason"]
            .as_str()
            .unwrap()
            .contains("File too large"),
        "{last}"
    );
    place.assert_nothing_is_left();
    bystander.assert_untouched().await;
}

#[test]
fn programs_that_are_missing_or_of_another_major_are_named() {
    let place = Place::on(free_ports());
    fs::create_dir(place.path("half")).unwrap();
    fs::write(place.path("half/postgres"), "").unwrap();
    for bin in ["nowhere", "half"] {
        let answer = place.run(&["deploy", "seed.toml", "--dir", "d", "--bin", bin]);
        assert_eq!(answer.code, Some(1), "{}", answer.err);
        let sentence = format!("{bin} does not have PostgreSQL's initdb, pg_ctl and postgres");
        assert!(answer.err.contains(&sentence), "{}", answer.err);
    }
    let design = fs::read_to_string(place.path("seed.toml")).unwrap();
    let version = design
        .lines()
        .find(|line| line.starts_with("postgres = "))
        .unwrap();
    fs::write(
        place.path("seed.toml"),
        design.replace(version, "postgres = \"9.3\""),
    )
    .unwrap();
    let answer = place.run(&["deploy", "seed.toml", "--dir", "d"]);
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    assert!(
        answer
            .err
            .contains("wrong-major: The design is for PostgreSQL 9.3"),
        "{}",
        answer.err
    );
    assert!(answer.err.contains("fix: "), "{}", answer.err);
    place.assert_nothing_is_left();
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_go_after_the_check_are_named() {
    let scene = Scene::new();
    let folder = scene.folder();
    let (_, mut run) = prepare(&seed(free_ports()).await, &folder).await;
    run.machine.tools[0].bin = scene.path().join("uninstalled").display().to_string();
    let (reason, _) = failed(perform(run, Cancel::default()).await.0);
    assert!(reason.starts_with("initdb could not be started"), "{reason}");
    assert_gone(&folder);
}

/// The seed, with a setting of one server of its own.
async fn seed_with(server: &str, name: &str, value: &str) -> Document {
    let mut topology = seed(free_ports()).await.topology().clone();
    let server = topology.by_name(server).unwrap().id();
    let set = Edit::SetSetting {
        server: Some(server),
        name: name.to_owned(),
        value: Some(value.to_owned()),
    };
    topology.apply(&set).unwrap();
    Document::new(topology)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_at_its_start_says_why() {
    let mut bystander = Bystander::new().await;
    for (server, name, value, words) in [
        (
            "slave12",
            "shared_preload_libraries",
            "nowhere",
            "could not access file \"nowhere\"",
        ),
        (
            "slave1",
            "lc_messages",
            "xx_YY",
            "invalid value for parameter \"lc_messages\": \"xx_YY\"",
        ),
        (
            "master",
            "shared_buffers",
            "8000GB",
            "could not map anonymous shared memory",
        ),
    ] {
        let scene = Scene::new();
        let folder = scene.folder();
        let document = seed_with(server, name, value).await;
        let (_, run) = prepare(&document, &folder).await;
        let (reason, hints) = failed(perform(run, Cancel::default()).await.0);
        let sentence = format!("{server} ended while it was starting");
        assert!(reason.starts_with(&sentence), "{reason}: {hints:#?}");
        assert_said(&hints, server, words);
        assert_gone(&folder);
    }
    bystander.assert_untouched().await;
}

/// A proof's due is a minute; ten seconds are enough to see what will never be.
fn wait_less(run: &mut Run) {
    for step in &mut run.plan.steps {
        if matches!(
            step.action,
            Action::Serve(Serve::WaitStreaming { .. } | Serve::ProveRow { .. })
        ) {
            step.deadline_secs = 10;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_never_streams_says_why() {
    let mut bystander = Bystander::new().await;
    let scene = Scene::new();
    let folder = scene.folder();
    let document = seed(free_ports()).await;
    let (_, mut run) = prepare(&document, &folder).await;
    let port = |name: &str| document.topology().by_name(name).unwrap().port();
    let [nobody] = free_ports();
    run.bundle = bundle::generate(&document);
    for file in &mut run.bundle.files {
        if file.path.starts_with("servers/slave11/") {
            let (right, wrong) = (format!("port={}", port("slave1")), format!("port={nobody}"));
            file.contents = file.contents.replace(&right, &wrong);
        }
    }
    wait_less(&mut run);
    let (reason, hints) = failed(perform(run, Cancel::default()).await.0);
    assert_eq!(
        reason,
        "slave11 does not yet stream from slave1: slave1 has no row for it."
    );
    assert_said(&hints, "slave11", "Connection refused");
    assert_gone(&folder);
    bystander.assert_untouched().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_written_to_is_refused_before_and_during_a_run() {
    let scene = Scene::new();
    let document = seed(free_ports()).await;
    let above = scene.path().join("disk");
    let folder = above.join("c");
    let disk = SmallDisk::mount(&above, 400);
    let (checks, run) = prepare(&document, &folder).await;
    assert!(checks.iter().all(|check| check.ok), "{checks:#?}");
    match &disk {
        Some(disk) => disk.read_only(),
        None => fs::set_permissions(&above, fs::Permissions::from_mode(0o555)).unwrap(),
    }
    let (reason, _) = failed(perform(run, Cancel::default()).await.0);
    assert!(reason.contains("could not be claimed"), "{reason}");
    assert!(!folder.exists());
    let (checks, _) = prepare(&document, &folder).await;
    let refused: Vec<_> = checks.iter().filter(|check| !check.ok).collect();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0].id, "folder-unusable");
    assert!(refused[0].message.contains("cannot be written to"), "{refused:?}");
}

#[test]
fn the_environments_locale_does_not_matter() {
    let place = Place::on(free_ports());
    let mut command = place.command(&["deploy", "seed.toml", "--dir", "d"]);
    let answer = command.envs([
        ("LC_ALL", "xx_YY.UTF-8"),
        ("LANG", "yy_ZZ"),
        ("PGPORT", "1"),
        ("PGDATA", "/"),
    ]);
    let answer = answer.output().unwrap();
    assert!(
        answer.status.success(),
        "{}",
        String::from_utf8_lossy(&answer.stderr)
    );
    place.succeeds(&["teardown", "d"]);
    place.assert_nothing_is_left();
}

/// The kernel's boot time, from which a process's start is counted, moves with the clock; what postmaster.pid says
/// does not. The clock of this machine is others' too, so it is the file that is moved here.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_set_loses_no_server() {
    let mut bystander = Bystander::new().await;
    for seconds in [-86_400_i64, 7_200] {
        let scene = Scene::new();
        let folder = scene.folder();
        deployed(&seed(free_ports()).await, &folder).await;
        for server in ["master", "slave1", "slave2", "slave11", "slave12"] {
            let file = folder.join(format!("servers/{server}/data/postmaster.pid"));
            let text = fs::read_to_string(&file).unwrap();
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines[2] = (lines[2].parse::<i64>().unwrap() + seconds).to_string();
            fs::write(&file, lines.join("\n") + "\n").unwrap();
        }
        cluster::verify(&folder, CancellationToken::new()).await.unwrap();
        let done = cluster::stop(&folder, &["slave2".to_owned()], CancellationToken::new()).await;
        assert_eq!(done.unwrap(), ["slave2 was stopped."]);
        let done = cluster::teardown(&folder, CancellationToken::new())
            .await
            .unwrap();
        assert!(done.contains(&"master was stopped.".to_owned()), "{done:?}");
        assert_gone(&folder);
    }
    bystander.assert_untouched().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_goes_away_with_its_window_leaves_nothing() {
    let mut bystander = Bystander::new().await;
    let place = Place::on(free_ports());
    for output in [["--json"].as_slice(), &[]] {
        let mut command = place.command(&["deploy", "seed.toml", "--dir", "d"]);
        let mut child = command
            .args(output)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        wait_until(|| place.path("d/servers/master/data/PG_VERSION").exists());
        // Nobody reads any more, and then the hang-up comes.
        drop((child.stdout.take(), child.stderr.take()));
        let hang_up = if is_hangup_ignored() {
            Signal::SIGTERM
        } else {
            Signal::SIGHUP
        };
        signal(&child, hang_up);
        assert_eq!(wait_for_end(&mut child), Some(130));
        place.assert_nothing_is_left();
    }
    bystander.assert_untouched().await;
}

#[track_caller]
fn wait_until(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < deadline, "it never happened");
        std::thread::sleep(Duration::from_millis(2));
    }
}
