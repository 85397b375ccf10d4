//! What PostgreSQL refuses is found by PostgreSQL before anything is stopped for it.

use std::fs;
use std::process::{Command, Stdio};

use pgcascade::engine::cluster;
use pgcascade::model::document::Document;
use pgcascade::model::topology::Edit;

use crate::drift::Place;
use crate::scene::session;

const CASCADE: &str = "m +\n  a +\n    b +\n";

/// When each server was started, in its own words.
async fn started(place: &Place) -> Vec<String> {
    let mut all = Vec::new();
    for port in place.ports.values() {
        let client = session(&place.folder(), *port, None).await.unwrap();
        let asked = "SELECT pg_postmaster_start_time()::text";
        all.push(client.query_one(asked, &[]).await.unwrap().get(0));
    }
    all
}

fn pgcascade(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_pgcascade"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_server_is_stopped_for_files_that_it_would_not_start_with() {
    let place = Place::of(CASCADE, |_| {}).await;
    let before = started(&place).await;
    let file = place.folder().join("servers/a/data/postgresql.conf");
    let whole = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{whole}\nwork_mem = '3 bananas'\n")).unwrap();
    for arguments in [&["restart"] as &[&str], &["restart", "--rolling"], &["reload"]] {
        let (code, said) = place.run(arguments);
        assert_eq!(code, Some(1), "{arguments:?}: {said}");
        assert!(
            said.contains("the configuration of a") && said.contains("3 bananas"),
            "{said}"
        );
    }
    assert_eq!(started(&place).await, before);
    // Who is not asked to read it does not suffer.
    let (code, said) = place.run(&["restart", "b"]);
    assert_eq!(code, Some(0), "{said}");
    fs::write(&file, whole).unwrap();
    let (code, said) = place.run(&["restart"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        started(&place)
            .await
            .iter()
            .zip(&before)
            .all(|(now, then)| now != then)
    );
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_design_is_not_begun_with_a_value_that_only_postgresql_knows_to_be_wrong() {
    let place = Place::of(CASCADE, |_| {}).await;
    let before = started(&place).await;
    let mut topology = cluster::design(&place.folder()).unwrap().topology().clone();
    let edit = Edit::SetSetting {
        server: Some(topology.by_name("b").unwrap().id()),
        name: "timezone".to_owned(),
        value: Some("Mars/Olympus".to_owned()),
    };
    topology.apply(&edit).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("design.toml");
    fs::write(&file, Document::new(topology).text()).unwrap();
    let (file, dir) = (file.to_str().unwrap(), place.folder());
    let (code, said) = pgcascade(&["apply", file, "--dir", dir.to_str().unwrap()]);
    assert_eq!(code, Some(1), "{said}");
    let is_named =
        |said: &str| said.contains("settings-refused") && said.contains("\"b\"") && said.contains("Mars");
    assert!(is_named(&said) && !said.contains("\"a\""), "{said}");
    assert_eq!(started(&place).await, before);
    place.end().await;

    let dir = folder.path().join("d");
    let (code, said) = pgcascade(&["deploy", file, "--dir", dir.to_str().unwrap()]);
    assert_eq!(code, Some(1), "{said}");
    assert!(is_named(&said) && !dir.exists(), "{said}");
}
