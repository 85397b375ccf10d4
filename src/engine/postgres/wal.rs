//! Where the WAL of a server that does not run ends, and what its successors' histories say about that: read from its files.
//!
//! A record counts if its checksum holds and it names the one before it, which is also how a server that recovers from a
//! crash finds the end (manual, "WAL Internals"; xlogreader.c). Tried against pg_waldump and running servers of 10 to 18.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::control::Control;
use crate::engine::system::{files, plain};
use crate::model::health::Lsn;

/// Sizes in bytes of a record's header, and of a page's: the first page of a segment has a longer one.
const RECORD: usize = 24;
const PAGE_HEADER: u64 = 24;
const LONG_HEADER: u64 = 40;
/// Flags of a page: it continues a record of the page before; its header is the long one.
const CONTINUES: u16 = 1;
const LONG: u16 = 2;
/// Records begin at multiples of this.
const ALIGNED: u64 = 8;
/// No record is longer (XLogRecordMaxSize from 16 on, and memory before).
const LONGEST: u32 = 1020 * 1024 * 1024;
/// The record after which the rest of a segment is unused: of the XLOG resource manager.
const XLOG: u8 = 0;
const SWITCH: u8 = 0x40;

/// Where the WAL ends that follows the last checkpoint, on the newest timeline that the server has WAL of: after a promotion
/// pg_control still names the one before, until the first checkpoint. `None`: that record is not there.
pub fn end(wal: &Path, control: &Control) -> Option<Lsn> {
    let newest = newest_timeline(wal)?.max(control.timeline);
    let mut reader = Reader::open(wal, newest, control.checkpoint)?;
    let mut at = control.checkpoint.byte();
    let mut end = None;
    let mut before = None;
    while let Some(record) = reader.record(at) {
        if before.is_some_and(|before| record.before != before) {
            break;
        }
        before = Some(at);
        end = Some(Lsn::new(record.end));
        at = if record.is_switch {
            let segment = reader.segment_bytes;
            // Its end is told as the end of the segment.
            let next = (at / segment + 1) * segment;
            end = Some(Lsn::new(next));
            next
        } else {
            record.end
        };
        at = reader.after_header(at);
    }
    end
}

/// One server's history: where each timeline before its own ended, by timeline.
pub type History = BTreeMap<u32, Lsn>;

/// The history of a timeline, as its first server wrote it; empty for the first timeline.
///
/// # Errors
///
/// If it is not there, or cannot be read.
pub fn history(wal: &Path, timeline: u32) -> io::Result<History> {
    if timeline <= 1 {
        return Ok(History::new());
    }
    let bytes = plain::read(&wal.join(format!("{timeline:08X}.history")), plain::SMALL_BYTES)?;
    Ok(parse_history(&plain::text(bytes)?))
}

fn parse_history(text: &str) -> History {
    let line = |line: &str| {
        let mut words = line.split('#').next()?.split_whitespace();
        Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

/// The highest timeline of which a server has WAL.
pub fn newest_timeline(wal: &Path) -> Option<u32> {
    let names = files::names_in(wal);
    let timelines = names.iter().filter_map(|name| segment_timeline(name));
    timelines.max()
}

/// True if a server has the segment with this position, of this timeline or an earlier one.
pub fn has_segment(wal: &Path, at: Lsn, timeline: u32) -> bool {
    let names = files::names_in(wal);
    let Some(segment_bytes) = names
        .iter()
        .find(|name| segment_timeline(name).is_some())
        .and_then(|name| segment_bytes(&wal.join(name)))
    else {
        return false;
    };
    let place = place_of(at.byte() / segment_bytes, segment_bytes);
    names.iter().any(|name| {
        segment_timeline(name).is_some_and(|of| of <= timeline) && name.get(8..) == Some(place.as_str())
    })
}

fn segment_timeline(name: &str) -> Option<u32> {
    let is_segment = name.len() == 24 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_segment.then(|| u32::from_str_radix(name.get(..8)?, 16).ok())?
}

/// The name of a segment, without its timeline.
fn place_of(number: u64, segment_bytes: u64) -> String {
    let each = 0x1_0000_0000 / segment_bytes;
    format!("{:08X}{:08X}", number / each, number % each)
}

fn segment_bytes(path: &Path) -> Option<u64> {
    let mut header = [0; 40];
    plain::open(path).ok()?.read_exact_at(&mut header, 0).ok()?;
    let bytes = u64::from(u32::from_ne_bytes(header.get(32..36)?.try_into().ok()?));
    let is_possible = bytes.is_power_of_two() && (1 << 20..=1 << 30).contains(&bytes);
    is_possible.then_some(bytes)
}

/// A record that holds.
struct Record {
    end: u64,
    before: u64,
    is_switch: bool,
}

/// Reads the WAL of a timeline and of those before it, page by page.
struct Reader {
    wal: PathBuf,
    /// Of its segments.
    names: Vec<String>,
    timeline: u32,
    segment_bytes: u64,
    page_bytes: u64,
    magic: u16,
    open: Option<(u64, File)>,
    /// The page that was read last, and where it begins.
    page: Vec<u8>,
    page_at: Option<u64>,
}

impl Reader {
    fn open(wal: &Path, timeline: u32, near: Lsn) -> Option<Self> {
        // All segments of a cluster have one size: any of them tells it.
        let mut names = files::names_in(wal);
        names.retain(|name| segment_timeline(name).is_some());
        let path = wal.join(names.first()?);
        let segment_bytes = segment_bytes(&path)?;
        let mut header = [0; 40];
        plain::open(&path).ok()?.read_exact_at(&mut header, 0).ok()?;
        let page_bytes = u64::from(u32::from_ne_bytes(header.get(36..40)?.try_into().ok()?));
        if !page_bytes.is_power_of_two() || !(1024..=65536).contains(&page_bytes) || near.byte() == 0 {
            return None;
        }
        Some(Self {
            wal: wal.to_owned(),
            names,
            timeline,
            segment_bytes,
            page_bytes,
            magic: u16::from_ne_bytes(header.get(..2)?.try_into().ok()?),
            open: None,
            page: vec![0; usize::try_from(page_bytes).ok()?],
            page_at: None,
        })
    }

    /// Where a record can begin: not within a page's header.
    fn after_header(&self, at: u64) -> u64 {
        if !at.is_multiple_of(self.page_bytes) {
            at
        } else if at.is_multiple_of(self.segment_bytes) {
            at + LONG_HEADER
        } else {
            at + PAGE_HEADER
        }
    }

    /// The page that begins at `at`, if it is really that one.
    fn page(&mut self, at: u64) -> Option<&[u8]> {
        if self.page_at != Some(at) {
            self.page_at = None;
            let number = at / self.segment_bytes;
            if self.open.as_ref().is_none_or(|(open, _)| *open != number) {
                let place = place_of(number, self.segment_bytes);
                // The segment of a promotion is there twice; the newer one has the beginning of the older.
                let timelines = self
                    .names
                    .iter()
                    .filter(|name| name.get(8..) == Some(place.as_str()));
                let newest = timelines
                    .filter(|name| segment_timeline(name) <= Some(self.timeline))
                    .max()?;
                self.open = Some((number, plain::open(&self.wal.join(newest)).ok()?));
            }
            let (_, file) = self.open.as_ref()?;
            file.read_exact_at(&mut self.page, at % self.segment_bytes).ok()?;
            let magic = u16::from_ne_bytes(self.page.get(..2)?.try_into().ok()?);
            let address = u64::from_ne_bytes(self.page.get(8..16)?.try_into().ok()?);
            if magic != self.magic || address != at {
                return None;
            }
            self.page_at = Some(at);
        }
        Some(&self.page)
    }

    /// The record that begins at `at`; `None`: there is none that holds.
    fn record(&mut self, at: u64) -> Option<Record> {
        let page_bytes = self.page_bytes;
        let mut page_at = at - at % page_bytes;
        let begin = usize::try_from(at - page_at).ok()?;
        let length = u32::from_ne_bytes(self.page(page_at)?.get(begin..begin + 4)?.try_into().ok()?);
        let total = usize::try_from(length).ok()?;
        if total < RECORD || length > LONGEST {
            return None;
        }
        let mut bytes = Vec::with_capacity(total.min(1 << 16));
        let mut from = begin;
        let end = loop {
            let page = self.page(page_at)?;
            let missing = total - bytes.len();
            let there = page.get(from..)?;
            if there.len() >= missing {
                bytes.extend_from_slice(there.get(..missing)?);
                break page_at + u64::try_from(from + missing).ok()?;
            }
            bytes.extend_from_slice(there);
            page_at += page_bytes;
            let left = u32::try_from(total - bytes.len()).ok()?;
            let next = self.page(page_at)?;
            let flags = u16::from_ne_bytes(next.get(2..4)?.try_into().ok()?);
            let remaining = u32::from_ne_bytes(next.get(16..20)?.try_into().ok()?);
            if flags & CONTINUES == 0 || remaining != left {
                return None;
            }
            let header = if flags & LONG == 0 {
                PAGE_HEADER
            } else {
                LONG_HEADER
            };
            from = usize::try_from(header).ok()?;
        };
        let sum = u32::from_ne_bytes(bytes.get(20..24)?.try_into().ok()?);
        let body = crc32c::crc32c(bytes.get(RECORD..)?);
        if crc32c::crc32c_append(body, bytes.get(..20)?) != sum {
            return None;
        }
        Some(Record {
            end: end.next_multiple_of(ALIGNED),
            before: u64::from_ne_bytes(bytes.get(8..16)?.try_into().ok()?),
            is_switch: bytes.get(17) == Some(&XLOG)
                && bytes.get(16).is_some_and(|info| info & 0xf0 == SWITCH),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEGMENT: usize = 1 << 20;
    const PAGE: usize = 8192;

    /// A small WAL writer: a segment at 16 MB with records of these lengths, and where each begins and ends.
    fn write(wal: &Path, lengths: &[usize]) -> Vec<(u64, u64)> {
        let base = 16 * SEGMENT as u64;
        let mut bytes = vec![0_u8; SEGMENT];
        let header = |bytes: &mut [u8], page: usize, flags: u16, left: u32| {
            let at = page * PAGE;
            bytes[at..at + 2].copy_from_slice(&0xd110_u16.to_ne_bytes());
            let long = if page == 0 { LONG } else { 0 };
            bytes[at + 2..at + 4].copy_from_slice(&(flags | long).to_ne_bytes());
            bytes[at + 8..at + 16].copy_from_slice(&(base + at as u64).to_ne_bytes());
            bytes[at + 16..at + 20].copy_from_slice(&left.to_ne_bytes());
            if page == 0 {
                bytes[32..36].copy_from_slice(&u32::try_from(SEGMENT).unwrap().to_ne_bytes());
                bytes[36..40].copy_from_slice(&u32::try_from(PAGE).unwrap().to_ne_bytes());
            }
        };
        header(&mut bytes, 0, 0, 0);
        let (mut at, mut before, mut places) = (40_usize, 0_u64, Vec::new());
        for length in lengths {
            if at % PAGE == 0 {
                header(&mut bytes, at / PAGE, 0, 0);
                at += 24;
            }
            let mut record: Vec<u8> = (0..*length).map(|n| u8::try_from(n % 200).unwrap()).collect();
            record[..4].copy_from_slice(&u32::try_from(*length).unwrap().to_ne_bytes());
            record[8..16].copy_from_slice(&before.to_ne_bytes());
            record[16..18].copy_from_slice(&[0, 9]);
            let sum = crc32c::crc32c_append(crc32c::crc32c(&record[24..]), &record[..20]);
            record[20..24].copy_from_slice(&sum.to_ne_bytes());
            let begin = base + at as u64;
            let mut rest: &[u8] = &record;
            loop {
                let room = PAGE - at % PAGE;
                let part = rest.len().min(room);
                bytes[at..at + part].copy_from_slice(&rest[..part]);
                at += part;
                rest = &rest[part..];
                if rest.is_empty() {
                    break;
                }
                header(
                    &mut bytes,
                    at / PAGE,
                    CONTINUES,
                    u32::try_from(rest.len()).unwrap(),
                );
                at += 24;
            }
            at = at.next_multiple_of(8);
            before = begin;
            places.push((begin, base + at as u64));
        }
        std::fs::write(wal.join("000000010000000000000010"), &bytes).unwrap();
        places
    }

    fn control(at: u64) -> Control {
        Control {
            is_shut_down: false,
            needs_recovery: false,
            checkpoint: Lsn::new(at),
            timeline: 1,
        }
    }

    #[test]
    fn the_end_is_where_the_last_record_ends_that_holds() {
        let folder = tempfile::tempdir().unwrap();
        let wal = folder.path();
        // Within a page, over one border and over several, to the very end of a page.
        let to_border = PAGE - 40 - 64 - 104;
        let places = write(wal, &[64, 100, to_border, 30_000, 24, 9000, 57]);
        assert_eq!(places[2].1 % PAGE as u64, 0, "the third ends with its page");
        for (begin, _) in &places {
            assert_eq!(end(wal, &control(*begin)), Some(Lsn::new(places[6].1)));
        }
        // A byte of a record is wrong: the one before is the last.
        let path = wal.join("000000010000000000000010");
        let whole = std::fs::read(&path).unwrap();
        for (number, (begin, _)) in places.iter().enumerate().skip(1) {
            let mut damaged = whole.clone();
            let at = usize::try_from(begin - 16 * SEGMENT as u64).unwrap() + 18;
            damaged[at] ^= 1;
            std::fs::write(&path, &damaged).unwrap();
            let seen = end(wal, &control(places[0].0));
            assert_eq!(seen, Some(Lsn::new(places[number - 1].1)), "{number}");
        }
        assert_eq!(
            end(wal, &control(places[0].0 + 8)),
            None,
            "no record begins there"
        );
        std::fs::write(&path, &whole[..100]).unwrap();
        assert_eq!(end(wal, &control(places[0].0)), None);
    }

    #[test]
    fn segments_and_histories_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let wal = folder.path();
        write(wal, &[64]);
        let here: Lsn = "0/1000100".parse().unwrap();
        assert!(has_segment(wal, here, 1) && has_segment(wal, here, 3));
        assert!(!has_segment(wal, "0/900000".parse().unwrap(), 1));
        std::fs::write(wal.join("000000030000000000000011"), "x").unwrap();
        assert_eq!(newest_timeline(wal), Some(3));
        let text = "1\t0/1641A68\tno recovery target specified\n# x\n\n2\t0/2000000\tbefore 2000-01-01\n";
        std::fs::write(wal.join("00000003.history"), text).unwrap();
        let history = history(wal, 3).unwrap();
        assert_eq!(history.get(&1), "0/1641A68".parse().ok().as_ref());
        assert_eq!(history.get(&2), "0/2000000".parse().ok().as_ref());
        assert!(super::history(wal, 2).is_err());
        assert!(super::history(wal, 1).unwrap().is_empty());
    }

    #[test]
    fn after_a_promotion_the_newer_timeline_counts() {
        let folder = tempfile::tempdir().unwrap();
        let wal = folder.path();
        let path = |timeline: u32| wal.join(format!("{timeline:08X}0000000000000010"));
        let after = write(wal, &[64, 100, 200, 64]);
        std::fs::rename(path(1), path(2)).unwrap();
        let before = write(wal, &[64, 100]);
        assert_eq!(before[..], after[..2]);
        // pg_control is as it was before the promotion.
        assert_eq!(end(wal, &control(before[0].0)), Some(Lsn::new(after[3].1)));
        std::fs::remove_file(path(2)).unwrap();
        assert_eq!(end(wal, &control(before[0].0)), Some(Lsn::new(before[1].1)));
    }
}
