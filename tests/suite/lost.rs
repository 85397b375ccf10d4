//! Nothing is lost, and nothing is touched: sessions with the window's real worker, in processes of their own, so
//! that they can be killed, and have state and config folders of their own.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pgcascade::app::{
    Against, DesignMessage, Effect, FileMessage, Message, PathPurpose, Session, Tab, ViewMessage, Worker,
    update,
};
use pgcascade::engine::desk::picture;
use pgcascade::engine::desk::unsaved;
use pgcascade::model::diagram::{PictureFormat, PictureStyle};
use pgcascade::model::document::{Command, format, templates};
use pgcascade::model::topology::{Downstreams, Edit, PgMajor, Server};

/// What the child of a test is to do: its name, and what it needs to know.
const ROLE: &str = "PGCASCADE_TEST_CHILD";

/// A crash costs no more work than this.
const MOST_LOST: Duration = Duration::from_secs(2);

const ROUNDS: u64 = 10;

/// A child that does not outlive its test.
struct Started(Child);

impl Drop for Started {
    /// SIGKILL: nothing is tidied up.
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A folder for everything that a session writes, and the processes that use it.
struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// This test program once more, as the child that plays the role.
    fn child(&self, role: &str) -> Started {
        let mut process = Process::new(std::env::current_exe().unwrap());
        process
            .args(["--exact", "lost::child", "--ignored", "--nocapture"])
            .env(ROLE, role)
            .current_dir(self.folder.path())
            .stdout(Stdio::null());
        for name in [
            "XDG_STATE_HOME",
            "XDG_CONFIG_HOME",
            "XDG_CACHE_HOME",
            "XDG_DATA_HOME",
        ] {
            process.env(name, self.path(name));
        }
        Started(process.env("HOME", self.folder.path()).spawn().unwrap())
    }

    /// The same, to its end.
    fn play(&self, role: &str) {
        assert!(self.child(role).0.wait().unwrap().success(), "{role}");
    }
}

#[test]
#[ignore = "the part of a session that the other tests here start and kill"]
fn child() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let words: Vec<&str> = role.split(' ').collect();
    match words[..] {
        ["edit", seed] => edit_for_ever(seed.parse().unwrap(), None),
        ["edit", seed, file] => edit_for_ever(seed.parse().unwrap(), Some(file.into())),
        ["left"] => {
            let texts: Vec<String> = unsaved::left().into_iter().map(|left| left.text).collect();
            fs::write("left.json", serde_json::to_vec(&texts).unwrap()).unwrap();
        }
        ["view"] => view_all(),
        _ => panic!("there is no role {role}"),
    }
}

/// Small numbers that look like chance and are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// Edits with the real worker until it is killed; writes down what the design was when, before it is kept.
fn edit_for_ever(seed: u64, file: Option<PathBuf>) {
    let mut worker = Worker::new(|| ()).unwrap();
    let text = templates::find("seed").unwrap().text;
    let mut session = Session::new(format::read(text).unwrap(), file);
    let mut log = fs::File::create("log").unwrap();
    let mut chance = Chance(seed);
    let name = Edit::SetClusterName(format!("round {seed}"));
    let mut message = DesignMessage::Do(Command::Edit(name));
    // Whatever becomes of the test: never forever.
    let begun = std::time::Instant::now();
    while begun.elapsed() < Duration::from_mins(2) {
        for answer in worker.drain() {
            drop(update(&mut session, answer));
        }
        let (at, before) = (now_ms(), session.derived.text.clone());
        let effects = update(&mut session, Message::Design(message));
        if session.derived.text != before {
            let line = serde_json::to_string(&(at, &session.derived.text)).unwrap();
            log.write_all(format!("{line}\n").as_bytes()).unwrap();
        }
        for effect in effects {
            worker.perform(effect);
        }
        std::thread::sleep(Duration::from_millis(chance.below(120) as u64));
        message = next_edit(&session, &mut chance);
    }
}

fn next_edit(session: &Session, chance: &mut Chance) -> DesignMessage {
    let topology = session.desk.document.topology();
    let servers: Vec<_> = topology.servers().iter().map(Server::id).collect();
    let server = servers[chance.below(servers.len())];
    let other = servers[chance.below(servers.len())];
    let edit = |edit| DesignMessage::Do(Command::Edit(edit));
    match chance.below(7) {
        // The first edit stays, so that there always is something to lose.
        0 if session.desk.history.undo_label() != Some("Rename the design") => DesignMessage::Undo,
        1 => DesignMessage::Redo,
        2 => edit(Edit::Attach {
            server,
            upstream: other,
        }),
        3 => DesignMessage::Do(Command::Move(vec![(
            server,
            [chance.below(900) as f32, chance.below(600) as f32],
        )])),
        4 if servers.len() > 8 => edit(Edit::Remove {
            server,
            downstreams: Downstreams::Reattach,
        }),
        _ if servers.len() < 12 => edit(Edit::AddStandby {
            upstream: server,
            name: None,
            port: None,
        }),
        _ => edit(Edit::SetPort {
            server,
            port: pgcascade::model::topology::Port::parse(&(20_000 + chance.below(9_000)).to_string())
                .unwrap(),
        }),
    }
}

#[test]
fn killing_the_window_loses_at_most_the_last_two_seconds() {
    let rounds: Vec<_> = (0..ROUNDS)
        .map(|seed| std::thread::spawn(move || kill_once(seed)))
        .collect();
    let lost: Vec<u64> = rounds.into_iter().map(|round| round.join().unwrap()).collect();
    println!("milliseconds of work lost in each round: {lost:?}");
}

/// One session that is killed in the middle; the milliseconds of work that it cost.
fn kill_once(seed: u64) -> u64 {
    let home = Home::new();
    let file = home.path("seed.toml");
    let design = templates::find("seed").unwrap().text;
    fs::write(&file, design).unwrap();
    let has_file = seed % 2 == 1;
    let role = if has_file {
        format!("edit {seed} {}", file.display())
    } else {
        format!("edit {seed}")
    };
    let session = home.child(&role);
    let begun = std::time::Instant::now();
    while !home.path("log").exists() && begun.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut chance = Chance(seed.wrapping_mul(77).wrapping_add(5));
    std::thread::sleep(Duration::from_millis(200 + chance.below(4_500) as u64));
    let killed_at = now_ms();
    drop(session);

    home.play("left");
    let left: Vec<String> = serde_json::from_slice(&fs::read(home.path("left.json")).unwrap()).unwrap();
    assert!(left.len() <= 1, "one session keeps one design: {}", left.len());
    let log = fs::read_to_string(home.path("log")).unwrap();
    let was: Vec<(u64, String)> = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    assert!(!was.is_empty());
    let kept = left.first().map(|text| {
        let place = was.iter().rposition(|(_, other)| other == text);
        place.unwrap_or_else(|| panic!("round {seed}: no design that ever was:\n{text}"))
    });
    let first_lost = was.get(kept.map_or(0, |place| place + 1));
    let lost = first_lost.map_or(0, |(at, _)| killed_at.saturating_sub(*at));
    assert!(
        lost <= u64::try_from(MOST_LOST.as_millis()).unwrap(),
        "round {seed}: {lost} ms of work are gone; {} edits, kept: {kept:?}",
        was.len()
    );
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        design,
        "only a save writes there"
    );
    lost
}

/// Every kind of file that can be opened, and those that cannot, by their names.
fn files_to_view(folder: &Path) {
    fs::create_dir(folder).unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
    for template in templates::TEMPLATES {
        let by_hand = format!("# by hand\n\n{}\n\n\n", template.text.replace(" = ", "   =  "));
        write(&format!("{}.toml", template.name), template.text.as_bytes());
        write(&format!("{}-by-hand.toml", template.name), by_hand.as_bytes());
    }
    let document = format::read(templates::find("seed").unwrap().text).unwrap();
    for picture_format in PictureFormat::ALL {
        let picture = picture::render(&document, picture_format, PictureStyle::default()).unwrap();
        let name = format!("picture.{}", picture_format.extensions()[0]);
        write(&name, &picture);
        write(&format!("cut-{name}"), &picture[..picture.len() / 2]);
    }
    let crlf = templates::find("chain").unwrap().text.replace('\n', "\r\n");
    write("windows.toml", crlf.as_bytes());
    write("no-newline.toml", document.text().trim_end().as_bytes());
    write("unknown-key.toml", b"format = 1\nname = \"x\"\ncolour = 3\n");
    write("latin1.toml", b"format = 1\nname = \"\xe4\"\n");
    write("empty.toml", b"");
    write("cut.toml", &document.text().as_bytes()[..100]);
    write("nul.toml", b"format = 1\n\0\0\0");
}

/// Opens every file, looks at everything, and closes it again, with the window's logic and its worker.
fn view_all() {
    let mut names: Vec<PathBuf> = fs::read_dir("files")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    let mut worker = Worker::new(|| ()).unwrap();
    let text = templates::find("seed").unwrap().text;
    let mut session = Session::new(format::read(text).unwrap(), None);
    let mut opened = 0;
    for path in names {
        let path = std::path::absolute(path).unwrap();
        let (revision, notices) = (session.desk.revision, session.next_notice);
        let chosen = FileMessage::Chosen(PathPurpose::OpenDesign, Some(path.clone()));
        let mut messages = vec![Message::File(FileMessage::Open), Message::File(chosen)];
        let begun = std::time::Instant::now();
        while session.desk.revision == revision && session.next_notice == notices {
            assert!(begun.elapsed() < Duration::from_mins(1), "{}", path.display());
            step(&mut session, &mut worker, messages.drain(..));
        }
        opened += u32::from(session.desk.revision != revision);
        let first = session.desk.document.topology().primary().id();
        let looks = [Tab::Files, Tab::Deploy, Tab::Inspector].map(ViewMessage::Show);
        let looks = looks.into_iter().chain([
            ViewMessage::Select(Some(first)),
            ViewMessage::ShowFile("README.md".to_owned()),
            ViewMessage::Compare(Some(Against::Version(PgMajor::V12))),
            ViewMessage::Compare(None),
        ]);
        step(&mut session, &mut worker, looks.map(Message::View));
        assert!(!session.is_modified(), "{}", path.display());
    }
    // Nine templates in two spellings, two whole pictures and the half of an SVG that has the design, two more;
    // and four that are meant as designs, which open as text.
    assert_eq!(opened, 27);
    step(&mut session, &mut worker, [Message::Quit]);
}

fn step(session: &mut Session, worker: &mut Worker, messages: impl IntoIterator<Item = Message>) {
    let messages: Vec<Message> = messages.into_iter().chain(worker.drain()).collect();
    for message in messages {
        for effect in update(session, message) {
            assert!(!matches!(effect, Effect::Write { .. }), "nobody saved");
            worker.perform(effect);
        }
    }
    std::thread::sleep(Duration::from_millis(1));
}

#[test]
fn opening_viewing_and_closing_a_file_leaves_its_bytes_and_time_alone() {
    let home = Home::new();
    let folder = home.path("files");
    files_to_view(&folder);
    let old = SystemTime::now() - Duration::from_hours(24);
    let all = || -> Vec<(PathBuf, Vec<u8>, SystemTime)> {
        let mut all: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().path();
                let time = fs::metadata(&path).unwrap().modified().unwrap();
                (path.clone(), fs::read(path).unwrap(), time)
            })
            .collect();
        all.sort();
        all
    };
    for (path, ..) in all() {
        fs::File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_modified(old)
            .unwrap();
    }
    let before = all();
    home.play("view");
    for (path, ..) in &before {
        let path = path.to_str().unwrap();
        for command in [
            &["check", path][..],
            &["show", path],
            &["predict", path],
            &["survives", path],
            &["bundle", path, "-o", "bundle.tar.gz"],
            &["diagram", path, "-o", "diagram.svg"],
        ] {
            // Whether it can is not the point.
            let _ = Process::new(env!("CARGO_BIN_EXE_pgcascade"))
                .args(command)
                .current_dir(home.folder.path())
                .output()
                .unwrap();
        }
    }
    assert!(all() == before, "a file was changed, or one came or went");
}
