//! What lessons say of servers is so: each solution is deployed, and its goals are asked of what runs.

use pgcascade::engine::cluster;
use pgcascade::model::document::{Command, Document};
use pgcascade::model::lessons::{Bench, Lesson, Live, On, lessons};
use pgcascade::model::topology::{Edit, Port, Server, Severity, check};
use tokio_util::sync::CancellationToken;

use crate::drift::Place;
use crate::scene::{Scene, assert_gone, deployed, major, session, some_ports, take_back};

/// The design that the solution ends with.
fn solved(lesson: &Lesson) -> Document {
    let mut bench = Bench::new(lesson);
    bench.answer_all();
    for step in &lesson.solution {
        bench.play(&step.text).unwrap();
    }
    bench.document().clone()
}

/// The same for this machine: its version, and ports that are free.
async fn for_this_machine(document: &Document) -> Document {
    let mut own = document.in_version(major().await);
    let servers: Vec<_> = own.topology().servers().iter().map(Server::id).collect();
    for (server, port) in servers.iter().zip(some_ports(servers.len())) {
        let port = Port::new(port).unwrap();
        let edit = Edit::SetPort {
            server: *server,
            port,
        };
        own.apply(&Command::Edit(edit)).unwrap();
    }
    own
}

#[tokio::test(flavor = "multi_thread")]
async fn every_lesson_that_asks_servers_is_proved_by_its_solution() {
    let mut proved = 0;
    for lesson in lessons().iter().filter(|lesson| lesson.asks_servers()) {
        let document = solved(lesson);
        let own = for_this_machine(&document).await;
        let findings = check(own.topology());
        if findings.iter().any(|finding| finding.severity == Severity::Error) {
            // This version does not have what the lesson is about.
            continue;
        }
        let scene = Scene::new();
        let folder = scene.folder();
        deployed(&own, &folder).await;
        let board = cluster::observe(&folder).await.unwrap().board();
        let mut bench = Bench::on(lesson, document);
        bench.answer_all();
        bench.look_at_servers(&Live {
            board: &board,
            is_proved: true,
        });
        let goals = lesson.goals.iter().zip(&bench.state().goals);
        for (_, state) in goals.filter(|(goal, _)| goal.on == On::Servers) {
            assert!(state.is_met, "{}: {:?} {board:#?}", lesson.name, state.found);
        }
        take_back(&folder);
        cluster::teardown(&folder, CancellationToken::new())
            .await
            .unwrap();
        assert_gone(&folder);
        proved += 1;
    }
    assert!(proved >= 5, "{proved}");
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
