//! A new identity for a data directory that does not run: the system identifier, by which a standby refuses to follow
//! another cluster's primary, in pg_control and in the WAL.
//!
//! Tried on 10 to 18 (`make test-versions`): the server takes what was stamped, shows the new identifier, streams with
//! it, and refuses the old one. What does not look exactly as expected is left alone.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use crc32c::crc32c;

/// The identifier is the first thing in pg_control …
const IN_CONTROL: std::ops::Range<usize> = 0..8;
/// … and here in the header of every WAL segment's first page.
const IN_SEGMENT: u64 = 24;
/// Where the checksum of pg_control may stand: at 280 (11), 288 (10, 12 to 17) or 292 (18); it covers all before it.
const CHECKSUM_AT: std::ops::Range<usize> = 200..400;

/// Gives the data directory an identifier of its own.
pub fn renew(data: &Path) -> io::Result<()> {
    stamp(data, new_identifier()?)
}

/// As servers draw it: the time in the upper half, so that it tells when; chance in the lower.
fn new_identifier() -> io::Result<u64> {
    let mut chance = [0_u8; 4];
    getrandom::fill(&mut chance).map_err(|error| io::Error::other(error.to_string()))?;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_secs());
    Ok((now << 32) | u64::from(u32::from_ne_bytes(chance)))
}

fn stamp(data: &Path, identifier: u64) -> io::Result<()> {
    let path = data.join("global/pg_control");
    let mut control = fs::read(&path)?;
    let old = stamp_control(&mut control, identifier).ok_or_else(|| unknown(&path))?;
    for entry in fs::read_dir(data.join("pg_wal"))? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            stamp_segment(&entry.path(), old, identifier)?;
        }
    }
    // Last: until then the old checksum and the old WAL belong together.
    OpenOptions::new()
        .write(true)
        .open(&path)?
        .write_all_at(&control, 0)
}

/// Puts the identifier and the checksum in; gives the old identifier, `None` if the checksum is not where one is known.
fn stamp_control(control: &mut [u8], identifier: u64) -> Option<u64> {
    let at = checksum_at(control)?;
    let old = u64::from_ne_bytes(control.get(IN_CONTROL)?.try_into().ok()?);
    control
        .get_mut(IN_CONTROL)?
        .copy_from_slice(&identifier.to_ne_bytes());
    let sum = crc32c(control.get(..at)?);
    control.get_mut(at..at + 4)?.copy_from_slice(&sum.to_ne_bytes());
    Some(old)
}

/// Where the checksum of all bytes before it stands.
fn checksum_at(control: &[u8]) -> Option<usize> {
    CHECKSUM_AT.step_by(4).find(|at| {
        let (Some(before), Some(sum)) = (control.get(..*at), control.get(*at..at + 4)) else {
            return false;
        };
        sum == crc32c(before).to_ne_bytes()
    })
}

fn stamp_segment(path: &Path, old: u64, identifier: u64) -> io::Result<()> {
    let segment = OpenOptions::new().read(true).write(true).open(path)?;
    let mut there = [0_u8; 8];
    segment.read_exact_at(&mut there, IN_SEGMENT)?;
    if u64::from_ne_bytes(there) != old {
        return Err(unknown(path));
    }
    segment.write_all_at(&identifier.to_ne_bytes(), IN_SEGMENT)
}

fn unknown(path: &Path) -> io::Error {
    let sentence = format!("{} is not the expected server", path.display());
    io::Error::new(ErrorKind::InvalidData, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pg_control as 15 writes it, as far as it counts here.
    fn control(identifier: u64) -> Vec<u8> {
        let mut bytes: Vec<u8> = (0..8192_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
        bytes[..8].copy_from_slice(&identifier.to_ne_bytes());
        let sum = crc32c(&bytes[..288]);
        bytes[288..292].copy_from_slice(&sum.to_ne_bytes());
        bytes
    }

    #[test]
    fn the_checksum_is_the_one_that_everybody_computes() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn only_what_is_recognised_is_stamped() {
        let data = tempfile::tempdir().unwrap();
        for folder in ["global", "pg_wal/archive_status"] {
            fs::create_dir_all(data.path().join(folder)).unwrap();
        }
        let (path, segment) = (
            data.path().join("global/pg_control"),
            data.path().join("pg_wal/000000010000000000000001"),
        );
        fs::write(&path, control(7)).unwrap();
        let mut wal = vec![9_u8; 64];
        wal[24..32].copy_from_slice(&7_u64.to_ne_bytes());
        fs::write(&segment, &wal).unwrap();
        stamp(data.path(), 8).unwrap();
        assert_eq!(fs::read(&path).unwrap(), control(8));
        wal[24..32].copy_from_slice(&8_u64.to_ne_bytes());
        assert_eq!(fs::read(&segment).unwrap(), wal);

        // A segment of another cluster, then a checksum that does not hold.
        wal[24] = 77;
        fs::write(&segment, &wal).unwrap();
        assert_eq!(stamp(data.path(), 9).unwrap_err().kind(), ErrorKind::InvalidData);
        assert_eq!(fs::read(&path).unwrap(), control(8));
        fs::write(&path, vec![1; 8192]).unwrap();
        assert_eq!(stamp(data.path(), 9).unwrap_err().kind(), ErrorKind::InvalidData);
    }

    #[test]
    fn identifiers_differ_and_tell_the_time() {
        let (one, other) = (new_identifier().unwrap(), new_identifier().unwrap());
        assert_ne!(one, other);
        assert!(other >> 32 >= one >> 32 && one >> 32 > 1_700_000_000);
    }
}
