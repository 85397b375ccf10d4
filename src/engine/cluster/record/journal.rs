//! The journal of a deployment: a line for every step that begins, is done, or is undone, in the marker's folder. What
//! a later pgcascade goes on from.
//!
//! It counts for this plan and this boot of the machine: nothing that a deployment makes is flushed to disk, so after
//! a crash of the machine nothing is proven done.

use std::fs::{self, File, OpenOptions};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

use super::disk::has_marker_folder;
use crate::engine::system::{files, plain};
use crate::model::configuration::ClusterFolder;
use crate::model::plan::{Journal, Plan, StepId};

const JOURNAL: &str = "journal";
/// A few lines of a dozen bytes for each step.
const LARGEST_BYTES: u64 = 64 * 1024 * 1024;

/// The journal that is being written.
#[derive(Debug)]
pub(in crate::engine) struct JournalFile(File);

impl JournalFile {
    /// Begins the journal of this plan, or continues it.
    pub(in crate::engine) fn open(folder: &Path, plan: &Plan) -> io::Result<Self> {
        let is_ours = read(folder, plan).is_some();
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(files::PRIVATE_FILE)
            .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
            .open(path(folder))?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(ErrorKind::InvalidData, "it is not a regular file"));
        }
        if is_ours {
            // A line that was cut off would spoil the next one.
            let text = text(folder)?;
            let whole = text.rfind('\n').map_or(0, |end| end + 1);
            file.set_len(u64::try_from(whole).unwrap_or_default())?;
        } else {
            file.set_len(0)?;
            writeln!(file, "{}", heading(plan))?;
        }
        Ok(Self(file))
    }

    /// What earlier runs of this plan wrote; of another plan, or another boot, nothing counts.
    pub(in crate::engine) fn read(folder: &Path, plan: &Plan) -> Journal {
        read(folder, plan).unwrap_or_default()
    }

    /// Before a step does anything, also before it is undone.
    pub(in crate::engine) fn begins(&self, step: StepId) -> io::Result<()> {
        self.note("begins", step)
    }

    pub(in crate::engine) fn is_done(&self, step: StepId) -> io::Result<()> {
        self.note("done", step)
    }

    /// It was undone whole.
    pub(in crate::engine) fn is_gone(&self, step: StepId) -> io::Result<()> {
        self.note("gone", step)
    }

    /// One write for each line, so that steps that run at once do not mix theirs. A journal that cannot be written holds
    /// nothing any more: better to do too much again than to keep what is not whole.
    fn note(&self, what: &str, step: StepId) -> io::Result<()> {
        let line = format!("{what} {}\n", step.0);
        (&self.0).write_all(line.as_bytes()).inspect_err(|_| {
            let _ = self.0.set_len(0);
        })
    }

    /// Where it is.
    pub(in crate::engine) fn path(folder: &Path) -> PathBuf {
        path(folder)
    }

    /// Removes it: the cluster is complete.
    pub(in crate::engine) fn remove(folder: &Path) -> io::Result<()> {
        if has_marker_folder(folder) {
            files::remove_file(&path(folder))?;
        }
        Ok(())
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join(ClusterFolder::MARKER_FOLDER).join(JOURNAL)
}

fn read(folder: &Path, plan: &Plan) -> Option<Journal> {
    if !has_marker_folder(folder) {
        return None;
    }
    let text = text(folder).ok()?;
    let mut lines = text.split_inclusive('\n');
    if lines.next()?.trim_end() != heading(plan) {
        return None;
    }
    let mut journal = Journal::default();
    // A line that was cut off is not a line.
    for line in lines.filter_map(|line| line.strip_suffix('\n')) {
        let (what, number) = line.split_once(' ')?;
        let step = StepId(number.parse().ok()?);
        journal.begun.remove(&step);
        journal.done.remove(&step);
        match what {
            "begins" => drop(journal.begun.insert(step)),
            "done" => {
                journal.begun.insert(step);
                journal.done.insert(step);
            }
            "gone" => {}
            _ => return None,
        }
    }
    Some(journal)
}

/// All that is written there.
fn text(folder: &Path) -> io::Result<String> {
    plain::read(&path(folder), LARGEST_BYTES).and_then(plain::text)
}

/// The plan, by its content, and the boot.
fn heading(plan: &Plan) -> String {
    let mut hasher = DefaultHasher::new();
    // What cannot be written as JSON does not occur; then all plans would be the same, and the folder tells them apart.
    serde_json::to_string(plan).unwrap_or_default().hash(&mut hasher);
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    format!("plan {:016x} boot {}", hasher.finish(), boot.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::{Machine, plan_deploy};
    use crate::model::topology::notation;

    fn plan(text: &str) -> Plan {
        plan_deploy(&notation::parse(text).unwrap(), &Machine::portable("/c"))
    }

    #[test]
    fn what_was_noted_is_read_again_for_the_same_plan_only() {
        let folder = tempfile::tempdir().unwrap();
        let plans = [plan("m 1\n"), plan("m 2\n")];
        let read = |plan: &Plan| JournalFile::read(folder.path(), plan);
        assert_eq!(read(&plans[0]), Journal::default());
        fs::create_dir(folder.path().join(ClusterFolder::MARKER_FOLDER)).unwrap();
        let file = JournalFile::open(folder.path(), &plans[0]).unwrap();
        for step in 0..3 {
            file.begins(StepId(step)).unwrap();
        }
        file.is_done(StepId(0)).unwrap();
        file.is_done(StepId(1)).unwrap();
        file.begins(StepId(1)).unwrap();
        file.is_done(StepId(2)).unwrap();
        file.is_gone(StepId(2)).unwrap();
        drop(file);
        // Killed in the middle of a line.
        let text = fs::read_to_string(path(folder.path())).unwrap();
        fs::write(path(folder.path()), format!("{text}done 1")).unwrap();
        let journal = read(&plans[0]);
        assert_eq!(journal.begun, [StepId(0), StepId(1)].into());
        assert_eq!(
            journal.done,
            [StepId(0)].into(),
            "what is rolled back is done no more"
        );
        let again = JournalFile::open(folder.path(), &plans[0]).unwrap();
        again.is_done(StepId(4)).unwrap();
        assert_eq!(read(&plans[0]).done, [StepId(0), StepId(4)].into());
        assert_eq!(read(&plans[1]), Journal::default());

        // Another plan begins again, and so would another boot.
        drop(JournalFile::open(folder.path(), &plans[1]).unwrap());
        assert_eq!(read(&plans[0]), Journal::default());
        let text = fs::read_to_string(path(folder.path())).unwrap();
        fs::write(path(folder.path()), text.replace("boot ", "boot x") + "done 1\n").unwrap();
        assert_eq!(read(&plans[1]), Journal::default());
        JournalFile::remove(folder.path()).unwrap();
        assert!(!path(folder.path()).exists());
    }
}
