//! What a data directory says about itself in pg_control, read without a server: whether it was shut down cleanly, and where
//! its last checkpoint is.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::engine::system::plain;
use crate::model::health::Lsn;

/// Where things are, the same from 9.2 to 19 (facts of the manual's pg_controldata, tried on 10 to 19).
const STATE: usize = 16;
const CHECKPOINT: usize = 32;
/// The copy of the last checkpoint begins here, or 8 bytes later where the one before it has a field (up to 10).
const COPY: usize = 40;
/// From this version of pg_control on (11) that field is gone.
const WITHOUT_PREVIOUS: u32 = 1100;
/// It has 8 KB.
const MOST_BYTES: u64 = 64 * 1024;
const SHUT_DOWN: u32 = 1;
const SHUT_DOWN_IN_RECOVERY: u32 = 2;

/// The part of pg_control that counts here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control {
    /// It was a primary, and was shut down cleanly: its last record is its last checkpoint.
    pub is_shut_down: bool,
    /// It was killed, or it runs.
    pub needs_recovery: bool,
    /// Where the record of its last checkpoint begins.
    pub checkpoint: Lsn,
    pub timeline: u32,
}

/// Reads it; the server may run.
///
/// # Errors
///
/// If it cannot be read, or is too short.
pub fn read(data: &Path) -> io::Result<Control> {
    let bytes = plain::read(&data.join("global/pg_control"), MOST_BYTES)?;
    parse(&bytes).ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "pg_control is too short"))
}

fn parse(bytes: &[u8]) -> Option<Control> {
    let version = number(bytes, 8)?;
    let copy = if version >= WITHOUT_PREVIOUS {
        COPY
    } else {
        COPY + 8
    };
    let state = number(bytes, STATE)?;
    Some(Control {
        is_shut_down: state == SHUT_DOWN,
        needs_recovery: ![SHUT_DOWN, SHUT_DOWN_IN_RECOVERY].contains(&state),
        checkpoint: Lsn::new(u64::from_ne_bytes(
            bytes.get(CHECKPOINT..CHECKPOINT + 8)?.try_into().ok()?,
        )),
        // After the place from which it would redo.
        timeline: number(bytes, copy + 8)?,
    })
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        for (version, timeline_at) in [(942_u32, 56), (1002, 56), (1100, 48), (1300, 48), (1800, 48)] {
            let mut bytes = vec![0; 300];
            bytes[8..12].copy_from_slice(&version.to_ne_bytes());
            bytes[16..20].copy_from_slice(&1_u32.to_ne_bytes());
            bytes[32..40].copy_from_slice(&0x1_0000_0028_u64.to_ne_bytes());
            bytes[timeline_at..timeline_at + 4].copy_from_slice(&7_u32.to_ne_bytes());
            let control = parse(&bytes).unwrap();
            assert_eq!(control.timeline, 7, "{version}");
            assert_eq!(control.checkpoint.to_string(), "1/28");
            assert!(control.is_shut_down);
            assert_eq!(parse(&bytes[..40]), None);
        }
    }
}
