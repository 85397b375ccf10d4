//! What a data directory says beside its configuration files: slots, tablespaces, how initdb was called.

use super::Loss;
use super::facts::{Facts, Given};
use super::files::{Files, join};
use crate::model::topology::terms::SegmentSize;

/// Where pg_control has `floatFormat`, whatever the version: this number, and behind it the sizes.
const FLOAT_FORMAT: f64 = 1_234_567.0;
/// What stands where behind it, in bytes. Since 19 the size of an SLRU segment and what initdb said of checksums stand in between (`src/include/catalog/pg_control.h`).
const LAYOUTS: [Layout; 2] = [
    Layout {
        since: 0,
        segment_size_at: 20,
        checksums_at: 44,
    },
    Layout {
        since: 1900,
        segment_size_at: 24,
        checksums_at: 52,
    },
];
/// Where every version says which layout it has: 1300, 1903 …
const VERSION_AT: usize = 8;
/// The name of a slot in its state file, and the database behind it: none for a physical one.
const SLOT_NAME_AT: usize = 16;
const SLOT_NAME_BYTES: usize = 64;

struct Layout {
    since: u32,
    segment_size_at: usize,
    checksums_at: usize,
}

/// Looks at the data directory, if it is one.
pub fn look(files: &dyn Files, data: &str, facts: &mut Facts) {
    if let Ok(control) = files.read(&join(data, "global/pg_control")) {
        control_says(&control, facts);
    }
    let slots = files.list(&join(data, "pg_replslot")).unwrap_or_default();
    for slot in slots.into_iter().filter(|entry| entry.is_folder) {
        let state = files.read(&join(data, &format!("pg_replslot/{}/state", slot.name)));
        if state.is_ok_and(|state| is_physical(&state)) {
            facts.slots.push(slot.name);
        }
    }
    facts.slots.sort();
    let spaces = files.list(&join(data, "pg_tblspc")).unwrap_or_default();
    for space in spaces {
        let path = join(data, &format!("pg_tblspc/{}", space.name));
        facts.losses.push(Loss {
            place: path,
            line: String::new(),
            message: "It is a tablespace: its name is only in the catalog, so it is missing in the design. Import from the \
                      running server, or write [server.tablespaces]."
                .to_owned(),
        });
    }
}

/// The lines of a pg_ident.conf.
pub fn identities(files: &dyn Files, path: &str) -> Vec<Given> {
    let Ok(text) = files.read(path) else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines = text.lines().zip(1..).filter_map(|(line, number)| {
        let line = line.trim();
        (!line.is_empty() && !line.starts_with('#')).then(|| Given {
            name: "pg_ident.conf".to_owned(),
            value: line.to_owned(),
            place: format!("{path}:{number}"),
        })
    });
    lines.collect()
}

fn control_says(control: &[u8], facts: &mut Facts) {
    let mark = FLOAT_FORMAT.to_ne_bytes();
    let Some(at) = control.windows(mark.len()).position(|bytes| bytes == mark) else {
        return;
    };
    let number = |at: usize| {
        let bytes = control.get(at..at + 4)?;
        Some(u32::from_ne_bytes(bytes.try_into().ok()?))
    };
    let version = number(VERSION_AT);
    let known = |layout: &&Layout| version.is_some_and(|version| version >= layout.since);
    let Some(layout) = LAYOUTS.iter().rev().find(known) else {
        return;
    };
    let megabytes = number(at + layout.segment_size_at).map(|bytes| bytes / (1024 * 1024));
    facts.initdb.wal_segment_size =
        megabytes.and_then(|megabytes| SegmentSize::parse(&format!("{megabytes}MB")).ok());
    facts.initdb.data_checksums = number(at + layout.checksums_at)
        .filter(|version| *version <= 1)
        .map(|version| version == 1);
}

fn is_physical(state: &[u8]) -> bool {
    let at = SLOT_NAME_AT + SLOT_NAME_BYTES;
    state.get(at..at + 4) == Some(&[0; 4])
}

#[cfg(test)]
mod tests {
    use super::super::files::InMemory;
    use super::*;

    #[test]
    fn a_slot_of_a_database_is_not_physical() {
        let mut state = vec![7; 200];
        assert!(!is_physical(&state) && !is_physical(&[]));
        state[80..84].fill(0);
        let mut files = InMemory::default();
        files.add("d/pg_replslot/standby_7/state", state);
        files.add("d/pg_replslot/logical/state", vec![7; 200]);
        let mut facts = Facts::default();
        look(&files, "d", &mut facts);
        assert_eq!(facts.slots, ["standby_7"]);
    }

    #[test]
    fn control_is_read_behind_its_mark_in_the_layout_of_its_version() {
        let said = |version: u32, numbers: &[(usize, u32)]| {
            let mut control = vec![0; 300];
            control[8..12].copy_from_slice(&version.to_ne_bytes());
            control[100..108].copy_from_slice(&FLOAT_FORMAT.to_ne_bytes());
            for (at, number) in numbers {
                control[*at..at + 4].copy_from_slice(&number.to_ne_bytes());
            }
            let mut facts = Facts::default();
            control_says(&control, &mut facts);
            let megabytes = facts.initdb.wal_segment_size.map(SegmentSize::megabytes);
            (megabytes, facts.initdb.data_checksums)
        };
        let segment = 64 * 1024 * 1024;
        assert_eq!(said(1300, &[(120, segment), (144, 1)]), (Some(64), Some(true)));
        // initdb had made checksums (148), and somebody has switched them off since (152).
        let new = [(120, 8192), (124, segment), (144, 1), (148, 1), (152, 0)];
        assert_eq!(said(1903, &new), (Some(64), Some(false)));
    }
}
