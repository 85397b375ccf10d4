//! What somebody puts into or around a cluster's folder to harm anyone who works there, what lies outside and must stay as it
//! is, and a program that is called beside it and must end in time.

use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use nix::unistd::{User, geteuid, mkfifo};

use crate::cli::{Answer, Place};

/// More than any command takes that meets what it did not expect.
const AT_MOST: Duration = Duration::from_secs(100);
/// What only its owner may read.
const PRECIOUS: &str = "a-word-that-nobody-may-see";
/// The user `nobody`.
pub const NOBODY: u32 = 65_534;

/// What is put in the place of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    LinkToFile,
    /// Whose owner is the one whom servers run as: only who follows no link leaves it alone.
    LinkToTheirFile,
    LinkToFolder,
    LinkToTheirFolder,
    LinkToNothing,
    LinkToDevice,
    Fifo,
    Socket,
    Folder,
    /// A file of somebody else's.
    Foreign,
    ForeignFolder,
    /// A file of many gigabytes, none of which is on disk.
    Huge,
    /// One that never ends.
    Device,
    /// The same folder, of whom the servers run as, also here.
    BindFolder,
    BindFile,
}

/// Those that anybody can make.
const KINDS: [Kind; 10] = [
    Kind::LinkToFile,
    Kind::LinkToTheirFile,
    Kind::LinkToFolder,
    Kind::LinkToTheirFolder,
    Kind::LinkToNothing,
    Kind::LinkToDevice,
    Kind::Fifo,
    Kind::Socket,
    Kind::Folder,
    Kind::Huge,
];

/// Those that only root can make.
const KINDS_OF_ROOTS: [Kind; 5] = [
    Kind::Foreign,
    Kind::ForeignFolder,
    Kind::Device,
    Kind::BindFolder,
    Kind::BindFile,
];

/// All that these tests can make as whom they run.
pub fn kinds() -> Vec<Kind> {
    let mut kinds = KINDS.to_vec();
    if geteuid().is_root() {
        kinds.extend(KINDS_OF_ROOTS);
    }
    kinds
}

/// What a command reads, writes or goes through, in a cluster of a primary and a standby with these names. PORT is the
/// primary's.
pub fn places(primary: &str, standby: &str) -> Vec<String> {
    [
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
        "servers/PRIMARY/data/postmaster.pid",
        "servers/PRIMARY/data/base/more",
        "servers/PRIMARY/log",
        "servers/STANDBY",
        "servers/STANDBY/data",
    ]
    .map(|place| place.replace("PRIMARY", primary).replace("STANDBY", standby))
    .to_vec()
}

/// How far something outside may be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    None,
    /// A folder is listed by anyone who looks whether the one that was typed is empty.
    Listed,
    /// What root has mounted inside is inside.
    Read,
}

/// What is known of a path without reading it: number, mode, owner, size, and when it was read and changed.
type Facts = (PathBuf, (u64, u32, u32, u32, u64), [i64; 6]);

/// What lies outside the cluster's folder, and is nobody's business.
pub struct Treasure {
    paths: Vec<PathBuf>,
    pub file: PathBuf,
    pub folder: PathBuf,
    /// Of the user whom servers run as, as what follows.
    pub their_file: PathBuf,
    pub their_folder: PathBuf,
    was: RefCell<Vec<Facts>>,
}

impl Treasure {
    pub fn in_(place: &Place) -> Self {
        let base = place.path("outside");
        let (folder, their_folder) = (base.join("roots"), base.join("theirs"));
        let of_cluster = ["superuser", "cluster.json", "servers/m/data/postgresql.conf"];
        for folder in [&folder, &their_folder] {
            for file in of_cluster {
                let file = folder.join(file);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(&file, format!("{PRECIOUS}\n")).unwrap();
            }
        }
        let (file, their_file) = (base.join("precious"), base.join("their-precious"));
        for file in [&file, &their_file] {
            fs::write(file, format!("{PRECIOUS}\n")).unwrap();
            fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
        }
        if geteuid().is_root() {
            let user = User::from_name("postgres").unwrap().unwrap();
            let theirs = everything(&their_folder).into_iter().chain([their_file.clone()]);
            for path in theirs {
                chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
            }
        }
        let paths = everything(&base);
        let treasure = Self {
            paths,
            file,
            folder,
            their_file,
            their_folder,
            was: RefCell::default(),
        };
        treasure.forget();
        treasure
    }

    fn facts(&self) -> Vec<Facts> {
        // What comes is seen by its folder's times.
        let of = |path: &PathBuf| {
            let there =
                fs::symlink_metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let is = (there.ino(), there.mode(), there.uid(), there.gid(), there.size());
            let times = [
                (there.atime(), there.atime_nsec()),
                (there.mtime(), there.mtime_nsec()),
                (there.ctime(), there.ctime_nsec()),
            ];
            let times = times.map(|(seconds, more)| [seconds, more]).concat();
            (path.clone(), is, times.try_into().unwrap())
        };
        self.paths.iter().map(of).collect()
    }

    /// Not changed, not shown, and not looked at further than that.
    #[track_caller]
    pub fn is_not_more_than(&self, look: Look, answer: &Answer, what: &str) {
        for path in &self.paths {
            assert!(
                fs::symlink_metadata(path).is_ok(),
                "{what}: {} is gone: {}{}",
                path.display(),
                answer.out,
                answer.err
            );
        }
        for (mut is, was) in self.facts().into_iter().zip(&*self.was.borrow()) {
            if look == Look::Read || (look == Look::Listed && is.0.is_dir()) {
                is.2[..2].copy_from_slice(&was.2[..2]);
            }
            assert_eq!(&is, was, "{what}: {}{}", answer.out, answer.err);
        }
        if look != Look::None {
            self.forget();
        }
        assert!(!answer.out.contains(PRECIOUS), "{what}: {}", answer.out);
        assert!(!answer.err.contains(PRECIOUS), "{what}: {}", answer.err);
    }

    /// Whatever became of it, from here on this is what it is.
    pub fn forget(&self) {
        never_read(&self.paths);
        self.was.replace(self.facts());
    }

    /// Every file still says what it said. Reads them, so it comes last.
    #[track_caller]
    pub fn is_whole(&self) {
        for path in self.paths.iter().filter(|path| path.is_file()) {
            assert_eq!(fs::read_to_string(path).unwrap(), format!("{PRECIOUS}\n"));
        }
    }

    /// No small file below the folder says what only these say; nothing is looked into that stands at `but`.
    #[track_caller]
    pub fn is_not_copied_to(folder: &Path, but: &[&Path], what: &str) {
        /// More than any of these; a table is larger.
        const SMALL: u64 = 4096;
        for path in below(folder, but) {
            let there = fs::symlink_metadata(&path).unwrap();
            if there.is_file() && there.size() < SMALL {
                let text = fs::read(&path).unwrap_or_default();
                let is_there = text
                    .windows(PRECIOUS.len())
                    .any(|word| word == PRECIOUS.as_bytes());
                assert!(!is_there, "{what}: copied to {}", path.display());
            }
        }
    }
}

/// Says that they were read long before they were written: so the system notes anyone who reads one.
fn never_read(paths: &[PathBuf]) {
    let long_ago = SystemTime::now() - Duration::from_secs(100_000);
    for path in paths {
        let times = fs::FileTimes::new().set_accessed(long_ago);
        fs::File::open(path).unwrap().set_times(times).unwrap();
    }
}

/// The folder, and all below it.
fn everything(folder: &Path) -> Vec<PathBuf> {
    below(folder, &[])
}

fn below(folder: &Path, but: &[&Path]) -> Vec<PathBuf> {
    let mut all = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        // What runs beside may remove it meanwhile.
        let Ok(there) = fs::symlink_metadata(&path) else {
            continue;
        };
        if but.contains(&path.as_path()) {
            continue;
        }
        if there.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        all.push(path);
    }
    all
}

/// Something in the place of what was there, which waits aside.
pub struct Planted {
    pub what: String,
    pub at: String,
    pub kind: Kind,
    pub path: PathBuf,
    aside: PathBuf,
    is_mounted: bool,
}

impl Kind {
    /// What may be looked at that it leads to.
    pub fn look(self) -> Look {
        match self {
            Self::BindFolder | Self::BindFile => Look::Read,
            _ => Look::None,
        }
    }
}

impl Planted {
    /// Below the folder; its parent is there.
    pub fn put(place: &Place, folder: &Path, at: &str, kind: Kind, treasure: &Treasure) -> Self {
        let path = folder.join(at.replace("PORT", &place.ports[0].to_string()));
        let aside = place.path(&format!("aside{}", at.replace('/', "-")));
        let was = fs::symlink_metadata(&path).ok();
        if was.is_some() {
            fs::rename(&path, &aside).unwrap();
        }
        match kind {
            Kind::LinkToFile => symlink(&treasure.file, &path).unwrap(),
            Kind::LinkToTheirFile => symlink(&treasure.their_file, &path).unwrap(),
            Kind::LinkToFolder => symlink(&treasure.folder, &path).unwrap(),
            Kind::LinkToTheirFolder => symlink(&treasure.their_folder, &path).unwrap(),
            Kind::LinkToNothing => symlink(treasure.folder.join("nothing"), &path).unwrap(),
            Kind::LinkToDevice => symlink("/dev/zero", &path).unwrap(),
            Kind::Fifo => mkfifo(&path, Mode::S_IRWXU).unwrap(),
            Kind::Socket => drop(UnixListener::bind(short(place, &path)).unwrap()),
            Kind::Folder | Kind::ForeignFolder | Kind::BindFolder => fs::create_dir(&path).unwrap(),
            Kind::Foreign | Kind::BindFile => {
                fs::write(&path, "somebody else's\n").unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            }
            Kind::Huge => fs::File::create(&path).unwrap().set_len(1 << 36).unwrap(),
            Kind::Device => mknod(&path, SFlag::S_IFCHR, Mode::S_IRWXU, makedev(1, 5)).unwrap(),
        }
        // As anyone who may write there would have put it.
        if geteuid().is_root() && !path.is_symlink() {
            let owner = match kind {
                Kind::Foreign | Kind::ForeignFolder => NOBODY,
                _ => was.map_or(0, |was| was.uid()),
            };
            chown(&path, Some(owner), None).unwrap();
        }
        let mounted = match kind {
            Kind::BindFolder => Some(&treasure.their_folder),
            Kind::BindFile => Some(&treasure.their_file),
            _ => None,
        };
        let mut planted = Self {
            what: format!("{kind:?} as {at}"),
            at: at.to_owned(),
            kind,
            path,
            aside,
            is_mounted: false,
        };
        if let Some(source) = mounted {
            let mount = Command::new("mount")
                .arg("--bind")
                .args([source, &planted.path])
                .status();
            assert!(mount.unwrap().success(), "{}", planted.what);
            planted.is_mounted = true;
        }
        planted
    }

    pub fn is_around(&self, at: &str) -> bool {
        Path::new(at).starts_with(&self.at) || Path::new(&self.at).starts_with(at)
    }
}

impl Drop for Planted {
    /// Takes it back: what was there is there again.
    fn drop(&mut self) {
        if self.is_mounted {
            let unmounted = Command::new("umount").arg(&self.path).status();
            if !unmounted.is_ok_and(|status| status.success()) {
                // Nothing that is mounted still is removed.
                return;
            }
        }
        match fs::symlink_metadata(&self.path) {
            Ok(there) if there.is_dir() => fs::remove_dir_all(&self.path).unwrap(),
            Ok(_) => fs::remove_file(&self.path).unwrap(),
            Err(_) => {}
        }
        let is_aside = fs::symlink_metadata(&self.aside).is_ok();
        if is_aside && self.path.parent().is_some_and(Path::exists) {
            fs::rename(&self.aside, &self.path).unwrap();
        } else if self.aside.is_dir() && !self.aside.is_symlink() {
            fs::remove_dir_all(&self.aside).unwrap();
        } else if is_aside {
            fs::remove_file(&self.aside).unwrap();
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

/// Runs the program, which is to end in time.
#[track_caller]
pub fn run(place: &Place, arguments: &[&str]) -> Answer {
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
