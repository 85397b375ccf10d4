//! The file of the log: it is for its owner alone, holds whole lines, and never grows beyond a bound. Several processes
//! write to it at once, so anyone who finds it full renames it, and the others notice by its inode.

use std::fs::{self, Metadata};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::sys::resource::{Resource, getrlimit};

use crate::engine::system::files;

/// The file's name; older ones end with `.1`, `.2`, ….
pub(super) const NAME: &str = "pgcascade.log";
/// Bytes from which on a new file is begun: some ten thousand lines.
pub(super) const FULL: u64 = 1 << 20;
/// Older files that are kept.
const OLDER: usize = 3;

/// The value behind this word is not written.
const SECRET: &str = "password";
const HIDDEN: &str = "***";

#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    full: u64,
    file: fs::File,
    /// Device and inode.
    id: (u64, u64),
}

impl LogFile {
    pub(super) fn open(folder: &Path, full: u64) -> io::Result<Self> {
        let path = folder.join(NAME);
        let file = files::open_log(&path, None)?;
        let id = id(&file.metadata()?);
        Ok(Self { path, full, file, id })
    }

    /// Goes to a new file where this one is full, or where another process has already begun one.
    fn renew(&mut self) -> io::Result<()> {
        let is_there = fs::symlink_metadata(&self.path).is_ok_and(|there| id(&there) == self.id);
        if is_there {
            // Where the lock is taken, another process is renaming: this line is its old file's last.
            if self.file.metadata()?.len() < self.full.min(room()) || self.file.try_lock().is_err() {
                return Ok(());
            }
            // Between the look and the lock another process may have done it.
            let is_still_there = fs::symlink_metadata(&self.path).is_ok_and(|there| id(&there) == self.id);
            if is_still_there {
                for number in (1..OLDER).rev() {
                    let _ = fs::rename(self.older(number), self.older(number + 1));
                }
                fs::rename(&self.path, self.older(1))?;
            }
        }
        let folder = self.path.parent().unwrap_or(Path::new("."));
        *self = Self::open(folder, self.full)?;
        Ok(())
    }

    fn older(&self, number: usize) -> PathBuf {
        self.path.with_file_name(format!("{NAME}.{number}"))
    }
}

/// Where a limit on the size of files is set, the kernel ends a process that writes beyond it: the log stays well below.
fn room() -> u64 {
    getrlimit(Resource::RLIMIT_FSIZE).map_or(u64::MAX, |(soft, _)| soft / 2)
}

fn id(of: &Metadata) -> (u64, u64) {
    (of.dev(), of.ino())
}

impl Write for LogFile {
    /// Takes one event, which becomes one line.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        // A file that cannot be renamed is still one to write to.
        let _ = self.renew();
        self.file.write_all(line(event).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The event as one line without secrets. No event should hold one; this is the second lock on the door.
pub(super) fn line(event: &[u8]) -> String {
    let text = String::from_utf8_lossy(event);
    let mut line = without_secrets(text.trim_end()).replace('\n', "\\n");
    line.push('\n');
    line
}

/// `password=x`, `PASSWORD 'x'` and the like, with the value hidden.
fn without_secrets(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let (mut shown, mut from) = (String::new(), 0);
    while let Some(at) = lower.get(from..).and_then(|rest| rest.find(SECRET)) {
        let end = from + at + SECRET.len();
        let (word, rest) = text.split_at(end);
        shown.push_str(&word[from..]);
        from = end;
        let value = rest.trim_start_matches([' ', '=', ':']);
        let between = &rest[..rest.len() - value.len()];
        let quoted = value.trim_start_matches(['E', 'e']);
        let length = match quoted.chars().next() {
            Some(quote @ ('\'' | '"')) => value.len() - quoted.len() + quoted_length(quoted, quote),
            _ if between.contains('=') => value.find(char::is_whitespace).unwrap_or(value.len()),
            _ => continue,
        };
        shown.push_str(between);
        shown.push_str(HIDDEN);
        from += between.len() + length;
    }
    shown.push_str(&text[from..]);
    shown
}

/// Bytes of the text up to the quote that closes it; a doubled or escaped one does not.
fn quoted_length(text: &str, quote: char) -> usize {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' || (c == quote && chars.peek().is_some_and(|(_, next)| *next == quote)) {
            chars.next();
        } else if c == quote {
            return at + c.len_utf8();
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// As a subscriber does it: an event is one piece.
    fn tell(log: &mut LogFile, event: &str) {
        log.write_all(event.as_bytes()).unwrap();
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names = files::names_in(folder);
        names.sort();
        names
    }

    #[test]
    fn a_full_file_makes_room_and_only_so_many_stay() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let mut log = LogFile::open(folder, 100).unwrap();
        for number in 0..200 {
            tell(&mut log, &format!("line {number:>4}"));
        }
        let all = ["", ".1", ".2", ".3"].map(|end| format!("{NAME}{end}"));
        assert_eq!(names(folder), all);
        let mut text = String::new();
        for name in all.iter().rev() {
            let about = fs::metadata(folder.join(name)).unwrap();
            assert_eq!(about.permissions().mode() & 0o777, 0o600, "{name}");
            assert!(about.len() < 100 + 10, "{name} has {} bytes", about.len());
            text += &fs::read_to_string(folder.join(name)).unwrap();
        }
        // The newest lines, without a hole.
        let kept: Vec<&str> = text.lines().collect();
        let first = 200 - kept.len();
        for (number, line) in (first..).zip(&kept) {
            assert_eq!(*line, format!("line {number:>4}"));
        }
        assert!(kept.len() >= 30, "{text}");
    }

    #[test]
    fn two_processes_share_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut logs = [(); 2].map(|()| LogFile::open(folder.path(), 100).unwrap());
        for number in 0..30 {
            let [one, other] = &mut logs;
            tell(one, &format!("one   {number:>3}"));
            tell(other, &format!("other {number:>3}"));
        }
        let newest = fs::read_to_string(folder.path().join(NAME)).unwrap();
        let lines: Vec<&str> = newest.lines().rev().take(2).collect();
        assert_eq!(lines, ["other  29", "one    29"]);
        for name in names(folder.path()) {
            let about = fs::metadata(folder.path().join(&name)).unwrap();
            assert!(about.len() < 100 + 20, "{name} has {} bytes", about.len());
        }
    }

    #[test]
    fn a_link_in_its_place_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("other");
        fs::write(&other, "kept").unwrap();
        std::os::unix::fs::symlink(&other, folder.path().join(NAME)).unwrap();
        assert!(LogFile::open(folder.path(), FULL).is_err());
        assert_eq!(fs::read_to_string(&other).unwrap(), "kept");
    }

    #[test]
    fn an_event_is_one_line_and_holds_no_secret() {
        for (event, written) in [
            ("plain\n", "plain\n"),
            ("two\nlines\n", "two\\nlines\n"),
            ("host=h password=se'cret user=u", "host=h password=*** user=u\n"),
            (
                "ALTER ROLE r PASSWORD 'it''s \\' x' VALID",
                "ALTER ROLE r PASSWORD *** VALID\n",
            ),
            (
                "PASSWORD E'a\\\\b', password: \"x\"",
                "PASSWORD ***, password: ***\n",
            ),
            ("password='open", "password=***\n"),
            (
                "The password in secrets/x cannot be read",
                "The password in secrets/x cannot be read\n",
            ),
            ("PGPASSWORD=x é", "PGPASSWORD=*** é\n"),
        ] {
            assert_eq!(line(event.as_bytes()), written);
        }
    }
}
