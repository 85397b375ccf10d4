//! What lessons say of servers is so: each is proved as its panel does it, and some of its sentences one by one.

use std::path::PathBuf;
use std::time::Instant;

use pgcascade::engine::cluster;
use pgcascade::engine::deploy::Cancel;
use pgcascade::engine::proof;
use pgcascade::model::lessons::{Lesson, On, ProofStep, find, lessons};
use pgcascade::model::topology::PgMajor;
use tokio::sync::Mutex;

use crate::drift::Place;
use crate::scene::{Scene, assert_gone, session};

/// A proof looks for free ports of the machine: two at once could find the same.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// What a lesson does to servers is done, and they show what it says; nothing is left of them.
async fn is_proved(lesson: &Lesson, bin: Option<PathBuf>) {
    let _turn = ONE_AT_A_TIME.lock().await;
    let scene = Scene::named("pgc-proof-");
    let place = proof::Place {
        folder: scene.folder(),
        bin,
        cache: None,
        keeps: false,
    };
    let (sender, mut steps) = tokio::sync::mpsc::channel::<ProofStep>(16);
    let listen = async {
        let mut done = Vec::new();
        while let Some(step) = steps.recv().await {
            done.extend(step.is_done.then_some(step.text));
        }
        done
    };
    let (proved, done) = tokio::join!(proof::prove(lesson, &place, sender, Cancel::default()), listen);
    let found = proved.unwrap_or_else(|report| panic!("{}: {report}\ndone: {done:#?}", lesson.name));
    let asked = lesson.goals.iter().filter(|goal| goal.on == On::Servers).count();
    assert_eq!(found.len(), asked, "{}", lesson.name);
    assert_eq!(done.len(), lesson.lab.len() + 3, "{}: {done:#?}", lesson.name);
    assert_gone(&scene.folder());
}

fn own_programs() -> Option<PathBuf> {
    std::env::var_os("PGCASCADE_BIN").map(PathBuf::from)
}

macro_rules! proved {
    ($($test:ident $lesson:literal),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $test() {
            is_proved(find($lesson).unwrap(), own_programs()).await;
        }
    )+

        const PROVED: &[&str] = &[$($lesson),+];
    };
}

proved! {
    lesson_1 "first-standby",
    lesson_2 "nobody-takes-over",
    lesson_3 "streaming-is-not-current",
    lesson_4 "the-commit-that-waits",
    lesson_5 "two-names",
    lesson_6 "quorum",
    lesson_7 "how-much-to-wait-for",
    lesson_8 "second-hop",
    lesson_9 "article-of-2011",
    lesson_10 "relay-dies",
    lesson_11 "away",
    lesson_12 "late-on-purpose",
    lesson_13 "readers-hold-back",
    lesson_14 "follow-the-promotion",
    lesson_15 "right-heir",
    lesson_16 "second-primary",
    lesson_17 "switch-over",
    lesson_18 "disaster-drill",
}

#[test]
fn every_lesson_is_proved_here() {
    let all: Vec<&str> = lessons().iter().map(|lesson| lesson.name.as_str()).collect();
    assert_eq!(PROVED, all);
    assert!(lessons().iter().all(Lesson::asks_servers));
}

/// `make test-versions`: the oldest and the newest that lessons speak of.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs servers that Debian does not have: make test-versions brings them"]
#[allow(clippy::print_stdout, reason = "the times are half of what one runs this for")]
async fn lessons_on_other_versions() {
    for major in [PgMajor::V12, PgMajor::V18] {
        for lesson in lessons() {
            let begun = Instant::now();
            is_proved(lesson, Some(crate::versions::programs(major))).await;
            println!(
                "PostgreSQL {major}, {}: {:.1} s",
                lesson.name,
                begun.elapsed().as_secs_f32()
            );
        }
    }
}

/// A cancel leaves nothing, and a step that cannot be done says which.
#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_fails_or_is_cancelled_leaves_nothing() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let lesson = find("second-hop").unwrap();
    let mut wrong = lesson.clone();
    wrong.name = "my-own".to_owned();
    wrong.lab.truncate(1);
    wrong.lab[0].text = "fail pause nobody".to_owned();
    let scene = Scene::named("pgc-proof-");
    let place = proof::Place {
        folder: scene.folder(),
        bin: own_programs(),
        cache: None,
        keeps: false,
    };
    let (sender, _) = tokio::sync::mpsc::channel::<ProofStep>(16);
    let report = proof::prove(&wrong, &place, sender, Cancel::default())
        .await
        .unwrap_err();
    assert!(report.headline.contains("fail pause nobody"), "{report}");
    assert_gone(&scene.folder());

    wrong.lab[0].text = "expect down slave1".to_owned();
    let cancel = Cancel::default();
    let (sender, mut steps) = tokio::sync::mpsc::channel::<ProofStep>(16);
    let listen = async {
        while let Some(step) = steps.recv().await {
            if step.step == 2 {
                cancel.request();
            }
        }
    };
    let (proved, ()) = tokio::join!(proof::prove(&wrong, &place, sender, cancel.clone()), listen);
    proved.unwrap_err();
    assert_gone(&scene.folder());
}

/// Lesson 1: a standby refuses every write, with the code and the words that the page has.
#[tokio::test(flavor = "multi_thread")]
async fn a_standby_refuses_a_write_as_the_first_lesson_says() {
    let place = Place::of("primary +\n  standby +\n", |_| {}).await;
    place.ask("primary", "CREATE TABLE t (n int)").await;
    let client = session(&place.folder(), place.ports["standby"], None)
        .await
        .unwrap();
    // Whether the table has arrived does not matter to it.
    let error = client.batch_execute("CREATE TABLE u (n int)").await.unwrap_err();
    let error = error.as_db_error().unwrap();
    assert_eq!(error.code().code(), "25006");
    assert!(error.message().contains("in a read-only transaction"), "{error}");
    drop(client);
    place.end().await;
}

/// Lesson 4: the synchronous standby is stopped, and commits hang until it is back.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_waits_for_its_standby_as_the_fourth_lesson_says() {
    let place = Place::of("primary + sync first 1\n  standby + priority 1\n", |_| {}).await;
    place.control("standby", &["-m", "immediate", "stop"]);
    let waits = async || {
        let board = cluster::observe(&place.folder()).await.unwrap().board();
        board.commits.outcome
    };
    let begun = std::time::Instant::now();
    while waits().await != "waiting" {
        assert!(begun.elapsed().as_secs() < 30);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    place.end().await;
}

/// The terminal says it, too: solved before, it is proved afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn the_terminal_asks_a_cluster_about_a_lesson() {
    let text = "master + sync first 1\n  slave1 + priority 1\n    slave11 +\n";
    let place = Place::of(text, |_| {}).await;
    let folder = place.folder();
    let ask = |lesson: &str| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_pgcascade"))
            .args(["lesson", lesson, "--servers"])
            .arg(&folder)
            .env("XDG_STATE_HOME", place.scene.path().join("state"))
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let (code, said) = ask("second-hop");
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = ask("two-names");
    assert_eq!(code, Some(1), "{said}");
    place.end().await;
}
