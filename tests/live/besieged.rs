//! Random hostile folders under every command: a deployment onto one, a cluster in one, and what a deployment or a change
//! left there that was ended in the middle. Links, FIFOs, sockets, devices, others' files and folders, mounts, and a parent
//! that is swapped while the command runs. Nothing outside is changed, read or shown, and no command waits forever.
//!
//! A seeded few by default; `PGCASCADE_HOSTILE=100` tries so many, `PGCASCADE_SEED=n` other ones.

#![allow(
    clippy::print_stdout,
    reason = "which round failed, and what is slow, is half of what one runs this for"
)]

use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::unistd::{User, geteuid};

use crate::cli::{Answer, Place};
use crate::plants::{Kind, Look, NOBODY, Planted, Treasure, kinds, places, run};
use crate::random::{Random, number};
use crate::root::{Swapping, end_everything_of};
use crate::scene::{assert_gone, free_ports};

const ROUNDS: u64 = 6;
/// What is slow is told, for anyone who looks for what waits.
const SLOW: Duration = Duration::from_secs(5);

/// The folders below are called so in what follows.
const ABOVE: &str = "above";
const FOLDER: &str = "above/d";

/// Each works on the cluster in the folder, whatever is there. To try another command: a line here.
const COMMANDS: [&[&str]; 10] = [
    &["adopt", FOLDER],
    &["status", FOLDER],
    &["verify", FOLDER],
    &["start", FOLDER],
    &["stop", FOLDER, "s"],
    &["apply", "more.toml", "--dir", FOLDER, "--plan"],
    &["apply", "more.toml", "--dir", FOLDER],
    &["resume", FOLDER],
    &["deploy", "small.toml", "--dir", FOLDER],
    &["teardown", FOLDER],
];

/// A place, what is drawn in it, and what lies outside.
struct Siege {
    place: Place,
    treasure: Treasure,
    kinds: Vec<Kind>,
    places: Vec<String>,
}

impl Siege {
    fn new() -> Self {
        let place = Place::on(free_ports());
        let seed = fs::read_to_string(place.path("seed.toml")).unwrap();
        let version = seed.lines().find(|line| line.starts_with("postgres = ")).unwrap();
        let [m, s, more, ..] = place.ports;
        let server = |name: &str, port: u16, more: &str| {
            format!("\n[[server]]\nname = \"{name}\"\nport = {port}\n{more}")
        };
        let standby = "follows = \"m\"\n";
        let small = format!(
            "name = \"small\"\n{version}\n{}{}",
            server("m", m, ""),
            server("s", s, standby)
        );
        let larger = format!("{small}{}", server("more", more, standby));
        fs::write(place.path("small.toml"), &small).unwrap();
        fs::write(place.path("more.toml"), larger).unwrap();
        let treasure = Treasure::in_(&place);
        Self {
            place,
            treasure,
            kinds: kinds(),
            places: places("m", "s"),
        }
    }

    fn folder(&self) -> PathBuf {
        self.place.path(FOLDER)
    }

    fn calls(&self, command: &[&str], what: &str) {
        self.calls_looking(command, what, Look::None);
    }

    fn calls_looking(&self, command: &[&str], what: &str, look: Look) {
        let answer = self.answer(command, what);
        self.treasure
            .is_not_more_than(look, &answer, &format!("{what}: {command:?}"));
    }

    fn answer(&self, command: &[&str], what: &str) -> Answer {
        let begun = Instant::now();
        let answer = run(&self.place, command);
        if begun.elapsed() > SLOW {
            println!("{what}: {command:?} took {:?}", begun.elapsed());
        }
        assert!(!answer.err.contains("panicked"), "{what}: {}", answer.err);
        answer
    }

    fn deploys(&self) {
        let answer = run(&self.place, &["deploy", "small.toml", "--dir", FOLDER]);
        assert_eq!(answer.code, Some(0), "{}{}", answer.out, answer.err);
    }

    /// Ends a command in the middle, after so many of its steps.
    fn is_ended(&self, command: &[&str], steps: usize) {
        let (mut child, _) = self.place.until(command, steps);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Puts one to three things into the folder, wherever there is room for them.
    fn plants(&self, random: &mut Random) -> Vec<Planted> {
        let mut planted: Vec<Planted> = Vec::new();
        let most = 1 + random.below(3);
        let mut places = self.places.clone();
        random.shuffle(&mut places);
        for at in places {
            let is_there = self.folder().join(&at).parent().is_some_and(Path::is_dir);
            if is_there && planted.len() < most && !planted.iter().any(|one| one.is_around(&at)) {
                let kind = random.pick(&self.kinds);
                planted.push(Planted::put(
                    &self.place,
                    &self.folder(),
                    &at,
                    kind,
                    &self.treasure,
                ));
            }
        }
        planted
    }

    /// Some of the commands, in some order, with something in the folder; then all as it was.
    fn besieged(&self, random: &mut Random, what: &str) {
        let planted = self.plants(random);
        let names: Vec<&str> = planted.iter().map(|one| one.what.as_str()).collect();
        let what = format!("{what} with {names:?}");
        // Anyone who has no socket to ask is waited for as long as a start may take.
        let is_silent = planted.iter().any(|one| one.at.starts_with("run"));
        let mut commands = COMMANDS.to_vec();
        random.shuffle(&mut commands);
        for command in commands.iter().take(5) {
            let waits =
                !matches!(command[0], "status" | "teardown" | "deploy") && !command.contains(&"--plan");
            if !(is_silent && waits) {
                self.calls_looking(command, &what, look_of(&planted));
            }
        }
        let stands: Vec<&Path> = planted.iter().map(|one| one.path.as_path()).collect();
        if self.folder().is_dir() {
            Treasure::is_not_copied_to(&self.folder(), &stands, &what);
        }
        drop(planted);
        // What a change was that stands half-way is known again.
        self.calls(&["resume", FOLDER], &what);
    }

    /// Swaps the folder for a link while a command runs.
    fn swapped(&self, random: &mut Random, look: Look, what: &str) {
        let command = random.pick(&COMMANDS);
        // Not for a folder of their own: anyone who can swap it can do there what the command could.
        let swapping = Swapping::begin(&self.folder(), &self.treasure.folder);
        let answer = self.answer(command, what);
        swapping.end();
        let what = format!("{what} that is swapped: {command:?}");
        self.treasure.is_not_more_than(look, &answer, &what);
    }

    /// Nothing of the cluster stays: by its teardown, and what was never the cluster's by hand.
    fn ends(&self, is_lost: bool, what: &str) {
        let folder = self.folder();
        if fs::symlink_metadata(&folder).is_ok() {
            let gone = run(&self.place, &["teardown", FOLDER]);
            let is_none = gone.err.contains("There is no pgcascade cluster");
            assert!(
                is_lost || is_none || gone.code == Some(0),
                "{what}: {}{}",
                gone.out,
                gone.err
            );
        }
        if is_lost {
            end_everything_of(&self.place.path(ABOVE));
        }
        if folder.is_dir() {
            fs::remove_dir_all(&folder).unwrap();
        }
        assert_gone(&folder);
    }
}

/// The folder above, which whom servers run as may change.
fn makes_above(place: &Place) {
    let above = place.path(ABOVE);
    let _ = fs::remove_dir_all(&above);
    fs::create_dir(&above).unwrap();
    if geteuid().is_root() {
        let user = User::from_name("postgres").unwrap().unwrap();
        chown(&above, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
    }
}

/// Where a deployment is to go, there is something.
fn deploys_onto(siege: &Siege, random: &mut Random, round: &str) {
    let deploy = ["deploy", "small.toml", "--dir", FOLDER];
    match random.below(3) {
        0 => {
            let kind = random.pick(&siege.kinds);
            let planted = Planted::put(&siege.place, &siege.place.path(ABOVE), "d", kind, &siege.treasure);
            siege.calls_looking(
                &deploy,
                &format!("{round}, {}", planted.what),
                // Whether the one that was typed is empty is looked at.
                planted.kind.look().max(Look::Listed),
            );
            if kind == Kind::Folder {
                siege.ends(false, round);
            }
        }
        1 => {
            // A folder with something in it, be it a cluster's file.
            fs::create_dir_all(siege.folder().join(".pgcascade")).unwrap();
            if random.one_in(2) {
                for more in ["secrets", "run", "servers/m/data/base", "servers/s/data"] {
                    fs::create_dir_all(siege.folder().join(more)).unwrap();
                }
            }
            let planted = siege.plants(random);
            let names: Vec<&str> = planted.iter().map(|one| one.what.as_str()).collect();
            for command in [&deploy[..], &["resume", FOLDER], &["teardown", FOLDER]] {
                let what = format!("{round}, a folder with {names:?}");
                siege.calls_looking(command, &what, look_of(&planted));
            }
        }
        _ => {
            // Somebody else's link leads on.
            let above = siege.place.path(ABOVE);
            let targets = [&siege.treasure.folder, &siege.treasure.their_folder];
            for (link, target) in ["l", "k"].iter().zip(targets) {
                symlink(target, above.join(link)).unwrap();
            }
            if geteuid().is_root() {
                let is_theirs = random.one_in(2);
                if !is_theirs {
                    chown(&above, Some(NOBODY), None).unwrap();
                }
                // Whom servers run as may lead to what is theirs.
                let links = if is_theirs { &["l"][..] } else { &["l", "k"] };
                let dir = format!(
                    "{ABOVE}/{}/{}",
                    random.pick(links),
                    random.pick(&["m", "servers"])
                );
                let what = format!("{round}, through a link, {is_theirs}");
                for command in [
                    ["deploy", "small.toml", "--dir", &dir],
                    ["plan", "small.toml", "--dir", &dir],
                ] {
                    siege.calls_looking(&command, &what, Look::Listed);
                }
            }
            for link in ["l", "k"] {
                fs::remove_file(above.join(link)).unwrap();
            }
        }
    }
    siege.ends(false, round);
}

fn look_of(planted: &[Planted]) -> Look {
    planted
        .iter()
        .map(|one| one.kind.look())
        .max()
        .unwrap_or(Look::None)
}

/// One round; each fifth is of the same kind.
fn round(siege: &Siege, round: u64) {
    let mut random = Random::new(9000 + round);
    makes_above(&siege.place);
    let mut is_lost = false;
    let deploy = ["deploy", "small.toml", "--dir", FOLDER, "--json"];
    let what = match round % 5 {
        0 => {
            let what = format!("{round}: onto something");
            deploys_onto(siege, &mut random, &what);
            what
        }
        1 => {
            let what = format!("{round}: an ended deployment");
            siege.is_ended(&deploy, 1 + random.below(14));
            siege.besieged(&mut random, &what);
            what
        }
        2 => {
            let what = format!("{round}: an ended change");
            siege.deploys();
            let apply = ["apply", "more.toml", "--dir", FOLDER, "--json"];
            siege.is_ended(&apply, 1 + random.below(10));
            siege.besieged(&mut random, &what);
            what
        }
        3 => {
            let what = format!("{round}: a cluster");
            siege.deploys();
            siege.besieged(&mut random, &what);
            what
        }
        _ => {
            let what = format!("{round}: a parent");
            let look = if random.one_in(3) {
                siege.is_ended(&deploy, 1 + random.below(14));
                // A tool that was left alone goes on, and reads where it was told to.
                Look::Read
            } else {
                siege.deploys();
                Look::Listed
            };
            if geteuid().is_root() {
                siege.swapped(&mut random, look, &what);
            }
            is_lost = true;
            what
        }
    };
    siege.ends(is_lost, &what);
}

#[test]
fn hostile_folders_lead_no_command_outside() {
    let siege = Siege::new();
    let mut failed = Vec::new();
    let first = number("PGCASCADE_CASE").unwrap_or(0);
    for number in first..first + number("PGCASCADE_HOSTILE").unwrap_or(ROUNDS) {
        // All are tried, whatever one of them does: a run tells all that is wrong.
        if catch_unwind(AssertUnwindSafe(|| round(&siege, number))).is_err() {
            println!("round {number} failed, see above");
            failed.push(number);
            siege.treasure.forget();
            end_everything_of(&siege.place.path(""));
            siege.ends(true, "after a failure");
        }
    }
    assert!(failed.is_empty(), "rounds {failed:?} failed, see above");
    siege.treasure.is_whole();
}
