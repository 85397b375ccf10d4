//! Files as a stranger may have written them: seeds are damaged again and again, and nothing that reads them panics.
//!
//! Each round is a seed with a few kinds of damage, the same for the same number. A failure prints reader and number;
//! `PGCASCADE_ROUND=n` tries only that one, `PGCASCADE_SEED=n` makes other ones. `make fuzz` does 200,000. What once
//! failed stays in `ONCE_FAILED`.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::cluster::record::{self, ClusterRecord, ClusterState, JournalFile, Stored};
use super::desk::picture;
use super::postgres::endpoint::{Address, Endpoint, Login, Secret};
use super::postgres::ownership;
use crate::model::bundle;
use crate::model::configuration::ClusterFolder;
use crate::model::diagram::{self, PictureFormat, PictureStyle, embedded};
use crate::model::document::templates::TEMPLATES;
use crate::model::document::{Document, format};
use crate::model::health::Conninfo;
use crate::model::plan::{Machine, Plan, StepId, plan_deploy};
use crate::model::simulate::survives::single_failures;
use crate::model::simulate::time::{Player, Scenario};
use crate::model::simulate::{StandbyNames, predict};
use crate::model::topology::{PgMajor, check, notation};

/// What is read, of how many rounds in a hundred.
struct Reader {
    name: &'static str,
    share: u64,
    seeds: fn() -> Vec<Vec<u8>>,
    read: fn(&Place, &[u8]),
}

const READERS: [Reader; 8] = [
    Reader {
        name: "design",
        share: 22,
        seeds: designs,
        read: |_, bytes| design(bytes),
    },
    Reader {
        name: "scenario",
        share: 16,
        seeds: scenarios,
        read: scenario,
    },
    Reader {
        name: "svg",
        share: 10,
        seeds: || pictures(PictureFormat::Svg),
        read: |_, bytes| {
            let _ = std::str::from_utf8(bytes).map(embedded::in_svg);
        },
    },
    Reader {
        name: "png",
        share: 10,
        seeds: || pictures(PictureFormat::Png),
        read: |_, bytes| drop(embedded::in_png(bytes)),
    },
    Reader {
        name: "words",
        share: 22,
        seeds: words,
        read: |_, bytes| small_grammars(bytes),
    },
    Reader {
        name: "journal",
        share: 6,
        seeds: journals,
        read: journal,
    },
    Reader {
        name: "record",
        share: 7,
        seeds: records,
        read: marker,
    },
    Reader {
        name: "lines",
        share: 7,
        seeds: lines,
        read: lines_of_files,
    },
];

/// Inputs that made a reader panic, by its name.
const ONCE_FAILED: [(&str, &[u8]); 0] = [];

/// Where files stand that are read as files.
struct Place {
    folder: tempfile::TempDir,
    seed: Document,
    plan: Plan,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(ClusterFolder::MARKER_FOLDER)).unwrap();
        let seed = format::read(TEMPLATES[0].text).unwrap();
        let plan = plan_deploy(seed.topology(), &Machine::portable("/c"));
        Self { folder, seed, plan }
    }

    fn put(&self, name: &str, bytes: &[u8]) -> std::path::PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }
}

fn designs() -> Vec<Vec<u8>> {
    let more = "format = 1\nname = \"d\"\npostgres = \"9.6\"\n[security]\nauth = \"md5\"\ntls = true\n[archive]\n\
                directory = \"wal\"\n[settings]\nwork_mem = \"64MB\"\narchive_command = '''a 'b' %p'''\n[[server]]\n\
                name = \"\u{6f22}\u{5b57} \\u00e9\"\nport = 1\nhost = \"fd00::3\"\nsettings = { max_connections = 7 }\n[[server]]\n\
                name = \"b\"\nport = 2\nfollows = \"\u{6f22}\u{5b57} \\u00e9\"\napply_delay = \"1h\"\nslot = false\n\
                [[scenario]]\nname = \"x\"\ntext = '''\nat 2s crash b\n'''\n";
    let built_in = TEMPLATES.iter().map(|template| template.text);
    built_in
        .chain([more])
        .map(|text| text.as_bytes().to_vec())
        .collect()
}

fn design(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(document) = format::read(text) else {
        return;
    };
    let topology = document.topology();
    let written = document.text();
    let again = format::read(&written).map(|again| again.text());
    assert_eq!(again, Ok(written), "what is written reads back");
    let _ = check(topology);
    let _ = topology.hazards();
    let _ = predict(topology, &BTreeSet::new());
    // What takes longer, of some.
    if bytes.len().is_multiple_of(8) {
        let _ = bundle::generate(&document);
        let _ = single_failures(topology);
        let _ = plan_deploy(topology, &Machine::portable("/c"));
        let style = PictureStyle::default();
        let _ = diagram::svg(&document, style);
        let _ = diagram::mermaid(&document, style);
        let _ = diagram::dot(&document, style);
    }
}

fn scenarios() -> Vec<Vec<u8>> {
    [
        "seed 42\nclients 4 think 100ms commit 8kB\nnetwork latency 500us bandwidth 119MB/s\nlink slave1 latency 20ms \
         bandwidth 10MB/s\nat 2s crash slave1\nat 4500ms promote slave2\n",
        "# a story\ncrash master\npromote slave1\ncome-back master\n",
        "cut slave1 slave11\nslow master slave1\nat 10s pause slave1\nfill-archive\nat 1min start \"slave2\"\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

fn scenario(place: &Place, bytes: &[u8]) {
    const SECOND: u64 = 1_000_000;
    let topology = place.seed.topology();
    let text = String::from_utf8_lossy(bytes);
    let (read, _) = Scenario::read(&text, topology);
    let written = read.text(topology);
    assert_eq!(
        Scenario::parse(&written, topology).as_ref(),
        Ok(&read),
        "{written}"
    );
    let mut player = Player::new(topology, read);
    player.scrub_within(10 * SECOND, 40);
}

fn pictures(format: PictureFormat) -> Vec<Vec<u8>> {
    let document = format::read(TEMPLATES[1].text).unwrap();
    let whole = picture::render(&document, format, PictureStyle::default()).unwrap();
    // Where the design is, so that damage meets it often.
    let end = whole.len().min(6_000);
    vec![whole[..end].to_vec(), whole]
}

/// Texts that servers show or that people type.
fn words() -> Vec<Vec<u8>> {
    [
        notation::SEED,
        "postgres 9.6\n\"a b\" 1 host db1 sync any 2 commit remote_apply\n  b 2 priority 1 delay 30min\n",
        "FIRST 2 (a, \"b c\", *)",
        "ANY 1 (s1, s2, s3)",
        "2 (a, b)",
        "host=db1 port=5432 user='re plica' password=x application_name=a\\'b",
        "postgresql://u:p%40@h1:1,h2:2/db?application_name=x&sslmode=require",
        "0/15014E0",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

fn small_grammars(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(topology) = notation::parse(&text) {
        let printed = notation::print(&topology);
        assert_eq!(
            notation::parse(&printed).map(|again| notation::print(&again)),
            Ok(printed)
        );
        let _ = check(&topology);
    }
    for major in ["9.2", "9.6", "18"] {
        let _ = StandbyNames::parse(&text, PgMajor::parse(major).unwrap());
    }
    let _ = Conninfo::parse(&text).map(|read| read.text());
    let _ = PgMajor::parse(&text);
    let _ = PgMajor::of_server(&text);
}

fn journals() -> Vec<Vec<u8>> {
    let place = Place::new();
    let journal = JournalFile::open(place.folder.path(), &place.plan).unwrap();
    for step in 0..9 {
        journal.begins(StepId(step)).unwrap();
        journal.is_done(StepId(step)).unwrap();
    }
    journal.is_gone(StepId(3)).unwrap();
    vec![fs::read(JournalFile::path(place.folder.path())).unwrap()]
}

fn journal(place: &Place, bytes: &[u8]) {
    place.put(".pgcascade/journal", bytes);
    let _ = JournalFile::read(place.folder.path(), &place.plan);
}

fn records() -> Vec<Vec<u8>> {
    let mut stored = Stored::of(ClusterRecord::sample("/c", ClusterState::Changing));
    stored.made = vec!["run".to_owned(), "servers".to_owned()];
    stored.wanted = Some(TEMPLATES[1].text.to_owned());
    stored.record.servers = ClusterRecord::servers_of(format::read(TEMPLATES[0].text).unwrap().topology());
    vec![serde_json::to_vec_pretty(&stored).unwrap()]
}

fn marker(place: &Place, bytes: &[u8]) {
    place.put(".pgcascade/cluster.json", bytes);
    let _ = record::read_marker(place.folder.path());
}

fn lines() -> Vec<Vec<u8>> {
    [
        "1234\n/c/servers/m/data\n1764374400\n5432\n/c/run\n127.0.0.1\n  5432001         0\nready   \n",
        "-1234\n/c\n\n",
        "db1:5432:postgres:monitor:one\n*:*:*:*:a\\:b\\\\c\n# no\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

fn lines_of_files(place: &Place, bytes: &[u8]) {
    place.put("postmaster.pid", bytes);
    let _ = ownership::running(place.folder.path(), "no such id");
    let endpoint = Endpoint {
        address: Address::Socket {
            folder: "/tmp".into(),
            port: 5432,
        },
        login: Login {
            user: "monitor".to_owned(),
            database: "postgres".to_owned(),
            secret: Secret::PassFile(place.put("pgpass", bytes)),
        },
    };
    let _ = endpoint.password();
}

/// Damage, the same for the same number (SplitMix64).
struct Damage(u64);

/// What the readers know, and what has surprised readers elsewhere.
const TOKENS: [&str; 40] = [
    "\"",
    "'''",
    "\\",
    "\n",
    "\0",
    "=",
    "[",
    "]]",
    "{",
    "}",
    "#",
    ":",
    ",",
    "*",
    "(",
    ")",
    "%",
    "-",
    "0",
    "99999999999999999999",
    "-1",
    "1e308",
    "nan",
    "true",
    "é",
    "\u{6f22}",
    "\u{202e}",
    "\u{feff}",
    "\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}",
    "[[server]]\n",
    "follows = \"master\"\n",
    "name = \"slave1\"\n",
    "port = 65536\n",
    "[sync]\n",
    "[settings]\n",
    "at 9999999999min ",
    "crash slave1\n",
    "i=",
    "<metadata>",
    "]]>",
];

/// Names and values that are allowed somewhere.
const TEXTS: [&str; 14] = [
    "",
    "*",
    "slave1",
    "SLAVE1",
    "a,b",
    "a\\\"b",
    "é",
    "\u{202e}x",
    "::1",
    "0.0.0.0",
    "10.0.0.1",
    "any",
    "remote_apply",
    "a-very-long-name-that-goes-on-and-on-and-on-until-it-is-far-longer-than-what-postgresql-keeps",
];

impl Damage {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end.max(1) as u64).unwrap_or_default()
    }

    /// Somewhere in it, and up to so much behind that.
    fn range(&mut self, bytes: &[u8], most: usize) -> std::ops::Range<usize> {
        let from = self.below(bytes.len() + 1);
        let length = self.below(most + 1).min(bytes.len() - from);
        from..from + length
    }

    fn line(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let at = self.below(bytes.len());
        let is_end = |byte: &u8| *byte == b'\n';
        let from = bytes[..at].iter().rposition(is_end).map_or(0, |end| end + 1);
        let to = bytes[at..]
            .iter()
            .position(is_end)
            .map_or(bytes.len(), |end| at + end + 1);
        from..to
    }

    fn once(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        match self.below(16) {
            0 => {
                let at = self.below(bytes.len());
                let bit = self.below(8);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
            1 => {
                let range = self.range(bytes, 0);
                bytes.splice(range, [u8::try_from(self.below(256)).unwrap()]);
            }
            2 | 3 => {
                let token = TOKENS[self.below(TOKENS.len())];
                let range = if token.ends_with('\n') {
                    let start = self.line(bytes).start;
                    start..start
                } else {
                    self.range(bytes, 3)
                };
                bytes.splice(range, token.bytes());
            }
            4 => drop(bytes.drain(self.range(bytes, 20))),
            5 => {
                let (from, to) = (self.line(bytes), self.line(bytes).start);
                let line = bytes[from].to_vec();
                bytes.splice(to..to, line);
            }
            6 => drop(bytes.drain(self.line(bytes))),
            7 => {
                let (from, to) = (self.range(other, 60), self.range(bytes, 60));
                bytes.splice(to, other[from].to_vec());
            }
            8 => {
                let range = self.range(bytes, 12);
                let many = bytes[range.clone()].repeat(self.below(60));
                bytes.splice(range, many);
            }
            // What stands in quotes becomes something else, and the quotes stay.
            9..12 => {
                let quotes: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'"').collect();
                let pairs = quotes.len() / 2;
                if pairs > 0 {
                    let (to, from) = (self.below(pairs) * 2, self.below(pairs) * 2);
                    let text = if self.below(3) == 0 {
                        TEXTS[self.below(TEXTS.len())].as_bytes().to_vec()
                    } else {
                        bytes[quotes[from] + 1..quotes[from + 1]].to_vec()
                    };
                    bytes.splice(quotes[to] + 1..quotes[to + 1], text);
                }
            }
            // A number becomes another one.
            _ => {
                let Some(at) = bytes.iter().position(u8::is_ascii_digit) else {
                    return;
                };
                let at = (self.below(bytes.len()).max(at)..bytes.len())
                    .find(|at| bytes[*at].is_ascii_digit())
                    .unwrap_or(at);
                let number =
                    ["0", "-1", "65535", "65536", "4294967296", "18446744073709551616"][self.below(6)];
                bytes.splice(at..=at, number.bytes());
            }
        }
    }
}

fn damaged(seeds: &[Vec<u8>], number: u64) -> Vec<u8> {
    let from = std::env::var("PGCASCADE_SEED").ok();
    let from = from.and_then(|seed| seed.parse().ok()).unwrap_or(20_120_910_u64);
    let mut damage = Damage(from.wrapping_mul(1_000_003).wrapping_add(number));
    let mut bytes = seeds[damage.below(seeds.len())].clone();
    let other = &seeds[damage.below(seeds.len())];
    // Of much damage little is left to read.
    let times = [1, 1, 1, 2, 2, 3, 4, 8];
    for _ in 0..times[damage.below(times.len())] {
        damage.once(&mut bytes, other);
    }
    bytes
}

fn try_all(rounds: u64) {
    let only: Option<u64> = std::env::var("PGCASCADE_ROUND")
        .ok()
        .and_then(|round| round.parse().ok());
    let place = Place::new();
    let mut failed = Vec::new();
    for reader in &READERS {
        let seeds = (reader.seeds)();
        for seed in &seeds {
            (reader.read)(&place, seed);
        }
        let tried = rounds * reader.share / 100;
        for number in only.map_or(0..tried, |only| only..only + 1) {
            let bytes = damaged(&seeds, number);
            let read = AssertUnwindSafe(|| (reader.read)(&place, &bytes));
            if catch_unwind(read).is_err() {
                failed.push(format!("{} {number}: {}", reader.name, bytes.escape_ascii()));
            }
        }
    }
    assert!(failed.is_empty(), "{} failed, first {}", failed.len(), failed[0]);
}

#[test]
fn no_damage_makes_a_reader_panic() {
    try_all(12_000);
}

/// Damage that nothing survives would try the first check of each reader only.
#[test]
fn much_of_what_is_damaged_is_still_a_design() {
    let seeds = designs();
    for seed in &seeds {
        let read = format::read(std::str::from_utf8(seed).unwrap());
        assert_eq!(read.map(drop), Ok(()), "{}", seed.escape_ascii());
    }
    let is_design = |number: &u64| {
        let bytes = damaged(&seeds, *number);
        std::str::from_utf8(&bytes).is_ok_and(|text| format::read(text).is_ok())
    };
    let whole = (0..500).filter(is_design).count();
    assert!(whole > 50, "{whole} of 500");
}

#[test]
#[ignore = "minutes: make fuzz"]
fn nor_does_any_of_very_many() {
    try_all(200_000);
}

#[test]
fn what_once_failed_is_read() {
    let place = Place::new();
    for (name, bytes) in ONCE_FAILED {
        let reader = READERS.iter().find(|reader| reader.name == name).unwrap();
        (reader.read)(&place, bytes);
    }
}
