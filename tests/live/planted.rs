//! A deployed cluster in whose folder somebody has put what does not belong there, and a stranger who waits on its addresses:
//! no command reads or touches what is outside, none gives the password away, none waits longer than it may.
//!
//! A seeded few by default; `PGCASCADE_CASES=100` tries so many, `PGCASCADE_SEED=n` other ones.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::cli::Place;
use crate::plants::{Planted, Treasure, kinds, places, run};
use crate::random::{Random, number};
use crate::scene::{assert_gone, free_ports};

const CASES: u64 = 24;
/// The deployed cluster.
const FOLDER: &str = "d";

/// A stranger who takes every connection, asks for the password in clear text, and writes down what comes.
fn stranger(address: (&str, u16)) -> Arc<Mutex<Vec<u8>>> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listener = TcpListener::bind(address).unwrap();
    let hears = Arc::clone(&heard);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            listen(stream.unwrap(), &hears);
        }
    });
    heard
}

fn listen(mut stream: TcpStream, heard: &Mutex<Vec<u8>>) {
    let mut bytes = [0; 1024];
    let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
    for asked in [&b"R\0\0\0\x08\0\0\0\x03"[..], b""] {
        match stream.read(&mut bytes) {
            Ok(count) => heard.lock().unwrap().extend_from_slice(&bytes[..count]),
            Err(_) => return,
        }
        let _ = stream.write_all(asked);
    }
}

#[test]
fn no_stranger_is_asked_whom_a_design_names() {
    let place = Place::on(free_ports());
    deploy(&place);
    let design = place.path(FOLDER).join("design.toml");
    let text = fs::read_to_string(&design).unwrap();
    let strangers = place.ports.map(|port| stranger(("127.0.0.2", port)));
    let named = text.replace("\nport = ", "\nhost = \"127.0.0.2\"\nport = ");
    assert_ne!(named, text);
    overwrite(&design, &named);
    let status = run(&place, &["status", FOLDER]);
    // The file is not the one that was deployed, and that is said.
    assert!(matches!(status.code, Some(0 | 3)), "{}{}", status.out, status.err);
    assert!(status.out.contains("streaming"), "{}", status.out);
    run(&place, &["verify", FOLDER]);
    for heard in &strangers {
        assert!(heard.lock().unwrap().is_empty(), "they were asked");
    }

    // Without its socket a server is looked for on the loopback address: anyone who answers there learns nothing.
    let run_folder = place.path(FOLDER).join("run");
    fs::rename(&run_folder, run_folder.with_file_name("aside")).unwrap();
    let status = run(&place, &["status", FOLDER]);
    assert!(status.out.contains("clear text"), "{}{}", status.out, status.err);
    let password = fs::read_to_string(place.path(FOLDER).join("secrets/superuser")).unwrap();
    for heard in &strangers {
        let heard = String::from_utf8_lossy(&heard.lock().unwrap()).into_owned();
        assert!(heard.contains("postgres"), "they were not asked");
        assert!(!heard.contains(password.trim()), "they were told");
    }
    fs::rename(run_folder.with_file_name("aside"), &run_folder).unwrap();
    overwrite(&design, &text);
    teardown(&place);
}

#[test]
fn nothing_that_was_planted_is_followed_or_waited_for() {
    let place = Place::on(free_ports());
    deploy(&place);
    let treasure = Treasure::in_(&place);
    let (kinds, places) = (kinds(), places("master", "slave1"));
    let seed = fs::read_to_string(place.path("seed.toml")).unwrap();
    fs::write(
        place.path("changed.toml"),
        seed.replace("commit = \"on\"", "commit = \"local\""),
    )
    .unwrap();
    let commands: [&[&str]; 6] = [
        &["status", FOLDER],
        &["verify", FOLDER],
        &["start", FOLDER],
        &["stop", FOLDER, "slave2"],
        &["apply", "changed.toml", "--dir", FOLDER, "--plan"],
        &["apply", "changed.toml", "--dir", FOLDER],
    ];
    for case in 0..number("PGCASCADE_CASES").unwrap_or(CASES) {
        let mut random = Random::new(case);
        let (at, kind) = (&places[random.below(places.len())], random.pick(&kinds));
        let planted = Planted::put(&place, &place.path(FOLDER), at, kind, &treasure);
        // Who does not answer is waited for as long as a start may take; who stops leaves its lock aside.
        let is_silent = planted.at.starts_with("run");
        for command in commands {
            if is_silent && command[0] != "status" && !command.contains(&"--plan") {
                continue;
            }
            let begun = Instant::now();
            let answer = run(&place, command);
            if begun.elapsed() > Duration::from_secs(2) {
                println!(
                    "{case} {} {command:?} {:?}\n{}{}",
                    planted.what,
                    begun.elapsed(),
                    answer.out,
                    answer.err
                );
            }
            treasure.is_not_more_than(
                kind.look(),
                &answer,
                &format!("{case}: {command:?} with a {}", planted.what),
            );
        }
        drop(planted);
        // Whatever became of it, this is what was deployed.
        let back = run(&place, &["apply", "seed.toml", "--dir", FOLDER]);
        let start = run(&place, &["start", FOLDER]);
        assert_eq!(start.code, Some(0), "{case}: {}{}", back.err, start.err);
    }
    let verified = run(&place, &["verify", FOLDER]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.out, verified.err);

    // In the end, with something in each of three places.
    for case in 0..6 {
        let mut random = Random::new(1000 + case);
        let mut planted: Vec<Planted> = Vec::new();
        let mut places = places.clone();
        random.shuffle(&mut places);
        for at in &places {
            // Nothing goes into what is planted itself, or is removed already.
            let is_there = place.path(FOLDER).join(at).parent().is_some_and(Path::is_dir);
            if is_there && planted.len() < 3 && !planted.iter().any(|one| one.is_around(at)) {
                planted.push(Planted::put(
                    &place,
                    &place.path(FOLDER),
                    at,
                    random.pick(&kinds),
                    &treasure,
                ));
            }
        }
        let answer = run(&place, &["teardown", FOLDER]);
        let what: Vec<&str> = planted.iter().map(|one| one.what.as_str()).collect();
        let look = planted.iter().map(|one| one.kind.look()).max().unwrap();
        treasure.is_not_more_than(look, &answer, &format!("teardown with {what:?}"));
        let is_gone = !place.path(FOLDER).exists();
        drop(planted);
        if is_gone || !place.path(FOLDER).join("servers").exists() {
            break;
        }
    }
    let folder = place.path(FOLDER);
    let last = run(&place, &["teardown", FOLDER]);
    if last.err.contains("There is no pgcascade cluster") && folder.exists() {
        // All went but what had been moved aside and came back since.
        fs::remove_dir_all(&folder).unwrap();
    }
    assert_gone(&folder);
    treasure.is_whole();
}

/// The same file with another content: its owner stays.
fn overwrite(path: &Path, text: &str) {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(path)
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn deploy(place: &Place) {
    let deployed = run(place, &["deploy", "seed.toml", "--dir", FOLDER]);
    assert_eq!(deployed.code, Some(0), "{}{}", deployed.out, deployed.err);
}

fn teardown(place: &Place) {
    let folder = place.path(FOLDER);
    if folder.exists() {
        let gone = run(place, &["teardown", FOLDER]);
        assert_eq!(gone.code, Some(0), "{}{}", gone.out, gone.err);
    }
    assert_gone(&folder);
}
