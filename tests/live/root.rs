//! Called by root, the program gives root up before it touches a cluster's folder: what the servers' user can lead
//! elsewhere leads to nothing that this user could not reach alone.
//!
//! Only root can try this. Where the tests run as somebody else, they say so and try nothing.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::unistd::{User, geteuid};

use crate::cli::{Answer, Place, wait_for_end};
use crate::random::number;
use crate::scene::free_ports;

/// Times a parent is swapped under each command; `PGCASCADE_SWAPS=50` for more.
const SWAPS: u64 = 6;
/// What only root may read.
const PRECIOUS: &str = "precious-words-of-roots";

#[allow(clippy::print_stdout, reason = "nothing is skipped quietly")]
fn is_root() -> bool {
    let is_root = geteuid().is_root();
    if !is_root {
        println!("only root can try this: skipped");
    }
    is_root
}

fn postgres() -> User {
    User::from_name("postgres").unwrap().unwrap()
}

fn give(path: &Path, user: &User) {
    chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
}

fn owner_and_mode(path: &Path) -> (u32, u32) {
    let there = fs::symlink_metadata(path).unwrap();
    (there.uid(), there.mode() & 0o7777)
}

/// The real, effective and saved user of a process.
fn users_of(process: u32) -> Vec<u32> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap();
    line.split_whitespace().map(|uid| uid.parse().unwrap()).collect()
}

/// Waits for the first line of events: from then on the program is at work.
fn at_work(child: &mut Child) {
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.contains("started"), "{line}");
}

fn fails(answer: &Answer, words: &str) {
    assert_eq!(answer.code, Some(1), "{}{}", answer.out, answer.err);
    assert!(answer.err.contains(words), "{}", answer.err);
}

#[test]
fn root_is_given_up_for_good_and_makes_and_removes_one_folder() {
    if !is_root() {
        return;
    }
    let place = Place::on(free_ports());
    let user = postgres().uid.as_raw();
    // Nothing on the way is the servers' user's: only root can make and remove it.
    let deep = place.path("a/b/d");
    let at = deep.to_str().unwrap();
    let mut deploying = place
        .command(&["deploy", "seed.toml", "--dir", at, "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    at_work(&mut deploying);
    assert_eq!(users_of(deploying.id()), [user; 4]);
    // Nobody of the servers' user can look into the process that was root's, and so not at its terminal either.
    assert_eq!(
        owner_and_mode(&PathBuf::from(format!("/proc/{}/fd", deploying.id()))).0,
        0
    );
    std::io::copy(deploying.stdout.as_mut().unwrap(), &mut std::io::sink()).unwrap();
    assert_eq!(wait_for_end(&mut deploying), Some(0));
    assert_eq!(owner_and_mode(&deep), (user, 0o700));
    assert_eq!(owner_and_mode(&place.path("a/b")), (0, 0o755));
    for inside in [
        ".pgcascade",
        ".pgcascade/cluster.json",
        "secrets/superuser",
        "design.toml",
    ] {
        assert_eq!(owner_and_mode(&deep.join(inside)).0, user, "{inside}");
    }
    assert!(place.succeeds(&["list"]).contains(at));
    place.succeeds(&["teardown", at]);
    assert!(
        !place.path("a").exists(),
        "with the parents that were made for it"
    );

    // An empty folder of root's is handed over, and undone as it was.
    let own = place.path("own");
    fs::create_dir(&own).unwrap();
    fs::set_permissions(&own, Permissions::from_mode(0o750)).unwrap();
    place.succeeds(&["deploy", "seed.toml", "--dir", "own"]);
    assert_eq!(owner_and_mode(&own), (user, 0o700));
    place.succeeds(&["teardown", "own"]);
    assert_eq!(owner_and_mode(&own), (0, 0o750));
}

#[test]
fn a_folder_that_another_user_can_swap_is_refused() {
    if !is_root() {
        return;
    }
    let place = Place::on(free_ports());
    let theirs = place.path("theirs");
    fs::create_dir(&theirs).unwrap();
    give(&theirs, &User::from_name("nobody").unwrap().unwrap());
    fails(
        &place.run(&["deploy", "seed.toml", "--dir", "theirs/d"]),
        "another user can write to",
    );
    fs::set_permissions(&theirs, Permissions::from_mode(0o755)).unwrap();
    // A link of theirs leads root to a folder of root's.
    let precious = precious(&place);
    symlink(&precious, theirs.join("link")).unwrap();
    let before = everything(&precious);
    for command in [
        &["deploy", "seed.toml", "--dir", "theirs/link/d"][..],
        &["plan", "seed.toml", "--dir", "theirs/link/d"],
        &["teardown", "theirs/link"],
    ] {
        fails(&place.run(command), "a link that another user can change");
    }
    assert_eq!(everything(&precious), before);
    fs::create_dir(theirs.join("d")).unwrap();
    give(&theirs.join("d"), &User::from_name("nobody").unwrap().unwrap());
    let answer = place.run(&["deploy", "seed.toml", "--dir", "theirs/d"]);
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    assert_eq!(owner_and_mode(&theirs.join("d")).0, 65_534, "it stays theirs");
    fails(
        &place.run(&["status", "theirs/d"]),
        "There is no pgcascade cluster",
    );
}

/// Swaps the cluster's folder for a link to root's as fast as it can, until it is dropped.
pub struct Swapping {
    ends: std::sync::Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<u64>>,
}

impl Swapping {
    pub fn begin(folder: &Path, target: &Path) -> Self {
        let ends = std::sync::Arc::new(AtomicBool::new(false));
        let (folder, target, ended) = (folder.to_owned(), target.to_owned(), ends.clone());
        let aside = folder.with_extension("aside");
        let link = folder.with_extension("link");
        symlink(&target, &link).unwrap();
        let thread = std::thread::spawn(move || {
            let mut swaps = 0;
            while !ended.load(Ordering::Relaxed) {
                if fs::rename(&folder, &aside).is_ok() && fs::rename(&link, &folder).is_ok() {
                    swaps += 1;
                }
                let _ = fs::rename(&folder, &link);
                let _ = fs::rename(&aside, &folder);
            }
            let _ = fs::rename(&folder, &link);
            let _ = fs::rename(&aside, &folder);
            let _ = fs::remove_file(&link);
            swaps
        });
        Self {
            ends,
            thread: Some(thread),
        }
    }

    pub fn end(mut self) -> u64 {
        self.ends.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap()
    }
}

/// A folder of root's, which looks like a cluster.
fn precious(place: &Place) -> PathBuf {
    let precious = place.path("roots");
    for folder in ["", "servers/master/data", "secrets", ".pgcascade", "run"] {
        fs::create_dir_all(precious.join(folder)).unwrap();
    }
    for file in ["secrets/superuser", "servers/master/data/PG_VERSION", "README.md"] {
        fs::write(precious.join(file), PRECIOUS).unwrap();
        fs::set_permissions(precious.join(file), Permissions::from_mode(0o600)).unwrap();
    }
    precious
}

/// A path, whose it is with which mode, and a file's content.
type Seen = (PathBuf, (u32, u32), Option<Vec<u8>>);

/// Every path below a folder with its owner, mode and content.
fn everything(folder: &Path) -> Vec<Seen> {
    let mut all = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        let there = fs::symlink_metadata(&path).unwrap();
        if there.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        let content = there.is_file().then(|| fs::read(&path).unwrap());
        all.push((path.clone(), owner_and_mode(&path), content));
    }
    all.sort();
    all
}

/// The folder above belongs to the servers' user, who swaps the cluster's folder for a link to one of root's while root works
/// on it: nothing of root's is touched, whatever becomes of the command.
#[test]
fn a_parent_that_swaps_the_folder_leads_to_nothing_of_roots() {
    if !is_root() {
        return;
    }
    let place = Place::on(free_ports());
    let above = place.path("above");
    fs::create_dir(&above).unwrap();
    give(&above, &postgres());
    let folder = above.join("d");
    let at = folder.to_str().unwrap();
    let precious = precious(&place);
    let before = everything(&precious);
    let mut swapped = 0;
    for round in 0..number("PGCASCADE_SWAPS").unwrap_or(SWAPS) {
        let command: &[&str] = match round % 3 {
            0 => &["deploy", "seed.toml", "--dir", at, "--json"],
            1 => &["teardown", at, "--json"],
            _ => &["stop", at, "--json"],
        };
        if round % 3 != 0 && !folder.exists() {
            place.run(&["deploy", "seed.toml", "--dir", at]);
        }
        let mut child = place
            .command(command)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let swapping = Swapping::begin(&folder, &precious);
        std::io::copy(child.stdout.as_mut().unwrap(), &mut std::io::sink()).unwrap();
        wait_for_end(&mut child);
        swapped += swapping.end();
        assert_eq!(everything(&precious), before, "{command:?}");
        place.run(&["teardown", at]);
    }
    assert!(swapped > 0, "it was never swapped");
    end_everything_of(&above);
}

/// Servers that were started through a swapped folder, and whose records the swapping lost.
pub fn end_everything_of(folder: &Path) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let left: Vec<i32> = fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter(|pid: &i32| {
                let at = fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
                at.starts_with(folder)
            })
            .collect();
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "still there: {left:?}");
        for pid in left {
            let _ =
                nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGQUIT);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A superuser of the cluster puts links to what only root may read into the folder: it is not read, not copied, not sent.
#[test]
fn links_below_the_folder_show_nothing_that_only_root_may_read() {
    if !is_root() {
        return;
    }
    let ports: [u16; 6] = free_ports();
    let [one, two, three, four, five, six] = ports;
    let place = Place::on([one, two, three, four, five]);
    let precious = place.path("precious");
    fs::write(&precious, PRECIOUS).unwrap();
    fs::set_permissions(&precious, Permissions::from_mode(0o600)).unwrap();
    place.succeeds(&["deploy", "seed.toml", "--dir", "d"]);
    let folder = place.path("d");
    symlink(&precious, folder.join("servers/master/data/base/shadow")).unwrap();
    symlink(
        place.path("roots"),
        folder.join("servers/master/data/pg_wal/roots"),
    )
    .unwrap();

    // A standby is copied from the primary.
    let design = fs::read_to_string(place.path("seed.toml")).unwrap();
    let more = format!("{design}\n[[server]]\nname = \"more\"\nport = {six}\nfollows = \"master\"\n");
    fs::write(place.path("more.toml"), more).unwrap();
    let answer = place.run(&["apply", "more.toml", "--dir", "d"]);
    assert!(!(answer.out + &answer.err).contains(PRECIOUS));
    let copy = folder.join("servers/more/data");
    if copy.exists() {
        for (path, _, content) in everything(&copy) {
            let is_shown = content.is_some_and(|content| content == PRECIOUS.as_bytes());
            assert!(!is_shown, "{} was copied", path.display());
        }
    }

    for secret in ["secrets/superuser", "secrets/replication"] {
        let (path, kept) = (folder.join(secret), folder.join(format!("{secret}.kept")));
        fs::rename(&path, &kept).unwrap();
        symlink(&precious, &path).unwrap();
        for command in [
            &["status", "d"][..],
            &["verify", "d"],
            &["apply", "seed.toml", "--dir", "d", "--plan"],
        ] {
            let answer = place.run(command);
            assert!(!(answer.out + &answer.err).contains(PRECIOUS), "{command:?}");
        }
        fs::remove_file(&path).unwrap();
        fs::rename(&kept, &path).unwrap();
    }
    place.succeeds(&["teardown", "d"]);
    assert_eq!(fs::read_to_string(&precious).unwrap(), PRECIOUS);
}
