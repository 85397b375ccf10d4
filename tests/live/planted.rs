//! A deployed cluster in whose folder somebody has put what does not belong there, and a stranger who waits on its addresses:
//! no command reads or touches what is outside, none gives the password away, none waits longer than it may.
//!
//! A seeded few by default; `PGCASCADE_CASES=100` tries so many, `PGCASCADE_SEED=n` other ones.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::cli::{Answer, Place};
use crate::random::{Random, number};
use crate::scene::{assert_gone, free_ports};

const CASES: u64 = 24;
/// More than any command takes that meets what it did not expect.
const AT_MOST: Duration = Duration::from_secs(100);
/// What only its owner may read.
const PRECIOUS: &str = "a-word-that-nobody-may-see";
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

    // Without its socket a server is looked for on the loopback address: whoever answers there learns nothing.
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

/// What is put in the place of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    LinkToFile,
    LinkToFolder,
    LinkToNothing,
    LinkToDevice,
    Fifo,
    Socket,
    Folder,
    /// A file of somebody else's.
    Foreign,
    /// A file of many gigabytes, none of which is on disk.
    Huge,
}

const KINDS: [Kind; 9] = [
    Kind::LinkToFile,
    Kind::LinkToFolder,
    Kind::LinkToNothing,
    Kind::LinkToDevice,
    Kind::Fifo,
    Kind::Socket,
    Kind::Folder,
    Kind::Foreign,
    Kind::Huge,
];

/// What a command reads, writes or goes through. PORT is the primary's.
const PLACES: [&str; 16] = [
    ".pgcascade",
    ".pgcascade/cluster.json",
    ".pgcascade/journal",
    ".pgcascade/lock",
    "README.md",
    "design.toml",
    "run",
    "run/.s.PGSQL.PORT",
    "secrets",
    "secrets/pgpass",
    "secrets/replication",
    "secrets/superuser",
    "servers/master/data/postmaster.pid",
    "servers/master/log",
    "servers/slave1",
    "servers/slave1/data",
];

#[test]
fn nothing_that_was_planted_is_followed_or_waited_for() {
    let place = Place::on(free_ports());
    deploy(&place);
    let treasure = Treasure::in_(&place);
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
        let planted = Planted::put(&place, random.pick(&PLACES), random.pick(&KINDS), &treasure);
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
            treasure.is_untouched(&answer, &format!("{case}: {command:?} with a {}", planted.what));
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
        let mut places = PLACES.to_vec();
        random.shuffle(&mut places);
        for at in places {
            // Nothing goes into what is planted itself, or is removed already.
            let is_there = place.path(FOLDER).join(at).parent().is_some_and(Path::is_dir);
            if is_there && planted.len() < 3 && !planted.iter().any(|one| one.is_around(at)) {
                planted.push(Planted::put(&place, at, random.pick(&KINDS), &treasure));
            }
        }
        let answer = run(&place, &["teardown", FOLDER]);
        let what: Vec<&str> = planted.iter().map(|one| one.what.as_str()).collect();
        treasure.is_untouched(&answer, &format!("teardown with {what:?}"));
        let is_gone = !place.path(FOLDER).exists();
        drop(planted);
        if is_gone || !place.path(FOLDER).join("servers").exists() {
            break;
        }
    }
    let folder = place.path(FOLDER);
    let last = run(&place, &["teardown", FOLDER]);
    if last.err.contains("There is no cluster") && folder.exists() {
        // All went but what had been moved aside and came back since.
        fs::remove_dir_all(&folder).unwrap();
    }
    assert_gone(&folder);
}

/// What lies outside the cluster's folder, and is nobody's business.
struct Treasure {
    file: PathBuf,
    folder: PathBuf,
    was: Vec<(u64, u32, u32, i64, i64)>,
}

impl Treasure {
    fn in_(place: &Place) -> Self {
        let (file, folder) = (place.path("precious"), place.path("treasure"));
        fs::create_dir(&folder).unwrap();
        for file in [&file, &folder.join("superuser"), &folder.join("cluster.json")] {
            fs::write(file, format!("{PRECIOUS}\n")).unwrap();
            fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let mut treasure = Self {
            file,
            folder,
            was: Vec::new(),
        };
        treasure.was = treasure.facts();
        treasure
    }

    fn facts(&self) -> Vec<(u64, u32, u32, i64, i64)> {
        let within = ["superuser", "cluster.json"].map(|name| self.folder.join(name));
        [&self.file, &self.folder]
            .into_iter()
            .chain(&within)
            .map(|path| {
                let there = fs::symlink_metadata(path).unwrap();
                (
                    there.ino(),
                    there.mode(),
                    there.uid(),
                    there.ctime(),
                    there.ctime_nsec(),
                )
            })
            .collect()
    }

    #[track_caller]
    fn is_untouched(&self, answer: &Answer, what: &str) {
        assert_eq!(self.facts(), self.was, "{what}");
        assert!(!answer.out.contains(PRECIOUS), "{what}: {}", answer.out);
        assert!(!answer.err.contains(PRECIOUS), "{what}: {}", answer.err);
    }
}

/// Something in the place of what was there, which waits aside.
struct Planted {
    what: String,
    at: &'static str,
    path: PathBuf,
    aside: PathBuf,
}

impl Planted {
    fn put(place: &Place, at: &'static str, kind: Kind, treasure: &Treasure) -> Self {
        let port = place.ports[0].to_string();
        let path = place.path(FOLDER).join(at.replace("PORT", &port));
        let aside = place.path(&format!("aside{}", at.replace('/', "-")));
        let was = fs::symlink_metadata(&path).ok();
        if was.is_some() {
            fs::rename(&path, &aside).unwrap();
        }
        match kind {
            Kind::LinkToFile => symlink(&treasure.file, &path).unwrap(),
            Kind::LinkToFolder => symlink(&treasure.folder, &path).unwrap(),
            Kind::LinkToNothing => symlink(treasure.folder.join("nothing"), &path).unwrap(),
            Kind::LinkToDevice => symlink("/dev/zero", &path).unwrap(),
            Kind::Fifo => nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap(),
            Kind::Socket => drop(UnixListener::bind(short(place, &path)).unwrap()),
            Kind::Folder => fs::create_dir(&path).unwrap(),
            Kind::Foreign => {
                fs::write(&path, format!("{PRECIOUS}\n")).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            }
            Kind::Huge => fs::File::create(&path).unwrap().set_len(1 << 36).unwrap(),
        }
        // As whoever may write there would have put it.
        if nix::unistd::geteuid().is_root() && kind != Kind::Foreign && !path.is_symlink() {
            let owner = was.map_or(0, |was| was.uid());
            chown(&path, Some(owner), None).unwrap();
        } else if nix::unistd::geteuid().is_root() && kind == Kind::Foreign {
            chown(&path, Some(65534), None).unwrap();
        }
        Self {
            what: format!("{kind:?} as {at}"),
            at,
            path,
            aside,
        }
    }

    fn is_around(&self, at: &str) -> bool {
        Path::new(at).starts_with(self.at) || Path::new(self.at).starts_with(at)
    }
}

impl Drop for Planted {
    /// Takes it back: what was there is there again.
    fn drop(&mut self) {
        match fs::symlink_metadata(&self.path) {
            Ok(there) if there.is_dir() => fs::remove_dir_all(&self.path).unwrap(),
            Ok(_) => fs::remove_file(&self.path).unwrap(),
            Err(_) => {}
        }
        let is_aside = fs::symlink_metadata(&self.aside).is_ok();
        if is_aside && self.path.parent().is_some_and(Path::exists) {
            fs::rename(&self.aside, &self.path).unwrap();
        }
    }
}

/// A path that is not too long for a socket.
fn short(place: &Place, path: &Path) -> PathBuf {
    let link = place.path("l");
    let _ = fs::remove_file(&link);
    symlink(path.parent().unwrap(), &link).unwrap();
    link.join(path.file_name().unwrap())
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

/// Runs the program, which is to end in time.
#[track_caller]
fn run(place: &Place, arguments: &[&str]) -> Answer {
    let begun = Instant::now();
    let output = |name: &str| fs::File::create(place.path(name)).unwrap();
    let mut child = place
        .command(arguments)
        .stdout(Stdio::from(output("out")))
        .stderr(Stdio::from(output("err")))
        .spawn()
        .unwrap();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > AT_MOST {
            let _ = child.kill();
            let _ = child.wait();
            panic!("{arguments:?} waits");
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let text = |name: &str| String::from_utf8_lossy(&fs::read(place.path(name)).unwrap()).into_owned();
    Answer {
        code: status.code(),
        out: text("out"),
        err: text("err"),
    }
}
