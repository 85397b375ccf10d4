//! A base backup of the running primary, by the server's own calls: PostgreSQL's manual, "Making a Base Backup Using
//! the Low Level API". Needs no program but the server, and no password but the superuser's.
//!
//! What is copied may change meanwhile: the WAL from the backup's start on, which the new standby streams from its
//! upstream, makes it whole. So no WAL is copied, and the label says where that begins.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::change::ChangeHost;
use super::copy::{give, is_link};
use crate::engine::postgres::server::Target;
use crate::engine::postgres::sql::{Session, SqlError};
use crate::engine::run::Work;
use crate::engine::system::files::{self, Owner};
use crate::engine::system::plain;
use crate::engine::system::wait::Failure;
use crate::report::Report;

/// Files of a run, or of another backup.
const LEFT_OUT: [&str; 7] = [
    "postmaster.pid",
    "postmaster.opts",
    "backup_label",
    "backup_manifest",
    "tablespace_map",
    "standby.signal",
    "recovery.signal",
];
/// Folders at the top whose content is made again at every start, or comes by streaming.
const EMPTIED: [&str; 8] = [
    "pg_wal",
    "pg_replslot",
    "pg_dynshmem",
    "pg_notify",
    "pg_serial",
    "pg_snapshots",
    "pg_stat_tmp",
    "pg_subtrans",
];
/// Made where the server does not make it by itself.
const ARCHIVE_STATUS: &str = "pg_wal/archive_status";
/// Read last: it says how far the rest is.
const CONTROL: &str = "global/pg_control";
/// Caches and temporary files, wherever they are.
const PASSING: [&str; 2] = ["pg_internal.init", "pgsql_tmp"];
/// Names of what ends the backup, once the files are copied.
const STOP: Duration = Duration::from_mins(1);

impl ChangeHost {
    pub(super) async fn copy_running(&self, from: &Target, to: &str, work: &Work) -> Result<(), Failure> {
        let failed = |error: &dyn std::error::Error| {
            Failure::from(Report::of(
                format!("{} could not be copied while running.", from.name),
                error,
            ))
        };
        let Some((start, stop)) = self.bench.site.major.backup_calls() else {
            return Err(Report::new("This version cannot be copied while running.").into());
        };
        let source = self.bench.site.own_data(&from.folder).ok_or_else(|| {
            Report::new(format!(
                "The data directory of {} is not the one that pgcascade made.",
                from.name
            ))
        })?;
        if !files::names_in(&source.join("pg_tblspc")).is_empty() {
            return Err(
                Report::new(format!("{} has tablespaces, which are not copied.", from.name))
                    .hint("Two servers on one machine cannot share a tablespace; move its tables back first.")
                    .into(),
            );
        }
        let target = self.bench.inside(to)?;
        // A session of its own: the backup ends with it, whatever happens.
        let opened = Session::open(&self.bench.site, from.address, from.port);
        let session = work.wait.hear(opened).await?.map_err(|error| failed(&error))?;
        let left = || work.wait.deadline.saturating_duration_since(Instant::now());
        work.waiting("the checkpoint at which the copy begins").await;
        let start = format!("SELECT {start}");
        let begin = session.answer_within(&start, left());
        work.wait.hear(begin).await?.map_err(|error| failed(&error))?;
        work.waiting(format!("the files of {}", from.name)).await;
        self.copy_files(from, source, target.clone(), work).await?;
        let label = work.wait.hear(session.answer_within(stop, STOP)).await?;
        let label = label.and_then(|label| label.ok_or(SqlError::Form));
        let label = label.map_err(|error| failed(&error))?;
        self.bench
            .write(&format!("{to}/backup_label"), &label)
            .map_err(Failure::from)
    }

    async fn copy_files(
        &self,
        from: &Target,
        source: PathBuf,
        target: PathBuf,
        work: &Work,
    ) -> Result<(), Failure> {
        // The copy hears this one: also when nobody waits for it any more.
        let stop = work.wait.cancel.child_token();
        let guard = stop.clone().drop_guard();
        let owner = self.bench.site.owner;
        let copying = tokio::task::spawn_blocking(move || copy_live(&source, &target, owner, &stop));
        let result = tokio::time::timeout_at(work.wait.deadline, copying).await;
        drop(guard);
        match result {
            Ok(Ok(Ok(true))) => Ok(()),
            Ok(Ok(Ok(false))) => Err(Failure::Cancelled),
            Ok(Ok(Err(error))) => {
                Err(Report::of(format!("The files of {} could not be copied.", from.name), &error).into())
            }
            Ok(Err(error)) => Err(Report::of("The copy failed because of an internal error.", &error).into()),
            Err(_) => {
                Err(Report::new(format!("Copying {} took longer than its deadline.", from.name)).into())
            }
        }
    }
}

/// Copies what a base backup is made of; `Ok(false)`: it was told to stop. A file that vanishes meanwhile was dropped,
/// and the WAL says so.
fn copy_live(from: &Path, to: &Path, owner: Option<Owner>, stop: &CancellationToken) -> io::Result<bool> {
    files::make_folder(to, owner)?;
    let mut open = vec![PathBuf::new()];
    while let Some(below) = open.pop() {
        let Some(entries) = unless_gone(fs::read_dir(from.join(&below)))? else {
            continue;
        };
        for entry in entries {
            if stop.is_cancelled() {
                return Ok(false);
            }
            let entry = entry?;
            let name = entry.file_name();
            let (text, path) = (name.to_string_lossy(), below.join(&name));
            let is_top = below.as_os_str().is_empty();
            if is_top && LEFT_OUT.contains(&&*text)
                || PASSING.iter().any(|passing| text.starts_with(passing))
                || path == Path::new(CONTROL)
            {
                continue;
            }
            let Some(there) = unless_gone(fs::symlink_metadata(entry.path()))? else {
                continue;
            };
            if is_top && EMPTIED.contains(&&*text) {
                // A pg_wal elsewhere is a link: the standby gets one of its own.
                files::make_folder(&to.join(&path), owner)?;
            } else if there.is_dir() {
                files::make_folder(&to.join(&path), owner)?;
                open.push(path);
            } else if there.is_symlink() {
                return Err(is_link(&entry.path()));
            } else if there.is_file() && unless_gone(copy_file(&entry.path(), &to.join(&path)))?.is_some() {
                give(&to.join(&path), owner)?;
            }
        }
    }
    files::make_folder(&to.join(ARCHIVE_STATUS), owner)?;
    let control = read_still(&from.join(CONTROL))?;
    files::write_whole(&to.join(CONTROL), &control, files::PRIVATE_FILE, owner)?;
    Ok(true)
}

/// A file's bytes and mode, to where none is.
fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = plain::open(from)?;
    let mut target = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(files::PRIVATE_FILE)
        .open(to)?;
    io::copy(&mut source, &mut target)?;
    target.set_permissions(source.metadata()?.permissions())
}

/// The control file, read until two readings agree: the server may be writing it.
fn read_still(path: &Path) -> io::Result<Vec<u8>> {
    const READINGS: usize = 100;
    /// It has 8 KB.
    const MOST_BYTES: u64 = 64 * 1024;
    let mut last = plain::read(path, MOST_BYTES)?;
    for _ in 0..READINGS {
        let again = plain::read(path, MOST_BYTES)?;
        if again == last {
            return Ok(last);
        }
        last = again;
    }
    Err(io::Error::new(
        ErrorKind::Interrupted,
        "pg_control changes all the time",
    ))
}

fn unless_gone<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(done) => Ok(Some(done)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_a_running_directory_has_no_wal_and_no_slots() {
        let base = tempfile::tempdir().unwrap();
        let from = base.path().join("from");
        for folder in [
            "base/1",
            "pg_wal/archive_status",
            "pg_replslot/a",
            "global",
            "pg_stat_tmp",
        ] {
            fs::create_dir_all(from.join(folder)).unwrap();
        }
        let files = [
            "PG_VERSION",
            "postmaster.pid",
            "standby.signal",
            "base/1/2",
            "base/1/pg_internal.init",
            "base/1/pg_wal",
            "base/pgsql_tmp7",
            "pg_wal/000000010000000000000001",
            "pg_replslot/a/state",
            "pg_stat_tmp/x",
            "global/pg_control",
        ];
        for file in files {
            fs::write(from.join(file), file).unwrap();
        }
        nix::unistd::mkfifo(&from.join("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        // pg_notify elsewhere, which matters as little as what is in it.
        std::os::unix::fs::symlink(base.path(), from.join("pg_notify")).unwrap();
        let to = base.path().join("to");
        assert!(copy_live(&from, &to, None, &CancellationToken::new()).unwrap());
        let names = |below: &str| files::names_in(&to.join(below));
        assert_eq!(
            names(""),
            [
                "PG_VERSION",
                "base",
                "global",
                "pg_notify",
                "pg_replslot",
                "pg_stat_tmp",
                "pg_wal"
            ]
        );
        assert_eq!(
            names("base/1"),
            ["2", "pg_wal"],
            "only folders at the top are emptied"
        );
        assert_eq!(names("base"), ["1"]);
        assert_eq!(names("pg_wal"), ["archive_status"]);
        assert!(names("pg_replslot").is_empty() && names("pg_stat_tmp").is_empty());
        assert_eq!(
            fs::read(to.join("global/pg_control")).unwrap(),
            b"global/pg_control"
        );

        // What is behind a link stays there: of a file, of a folder, in place of pg_control.
        let precious = base.path().join("precious");
        fs::create_dir(&precious).unwrap();
        fs::write(precious.join("shadow"), "precious").unwrap();
        for (link, place) in [
            ("base/1/3", "shadow"),
            ("base/3", ""),
            ("global/pg_control", "shadow"),
        ] {
            let link = from.join(link);
            let _ = fs::remove_file(&link);
            std::os::unix::fs::symlink(precious.join(place), &link).unwrap();
            let to = tempfile::tempdir_in(base.path()).unwrap();
            let said = copy_live(&from, &to.path().join("to"), None, &CancellationToken::new());
            assert!(said.unwrap_err().to_string().contains("symbolic link"));
            fs::remove_file(&link).unwrap();
        }
    }
}
