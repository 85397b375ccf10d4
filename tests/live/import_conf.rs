//! Forty configuration folders: `import` reads of each what `postgres -C` says, and refuses what it refuses.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pgcascade::engine::import::from_files;
use pgcascade::model::topology::PgMajor;
use pgcascade::model::topology::catalogue::{Kind, Known, lookup};

use crate::lab::programs;

fn bin() -> PathBuf {
    std::env::var_os("PGCASCADE_BIN").map_or_else(|| programs().0, PathBuf::from)
}

fn major() -> PgMajor {
    let said = Command::new(bin().join("postgres"))
        .arg("--version")
        .output()
        .unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    PgMajor::of_server(said.split(' ').nth(2).unwrap()).unwrap()
}

/// What the server says of a setting; `None`: it refuses the files. Root may ask, if -C comes first.
fn oracle(folder: &Path, name: &str) -> Option<String> {
    let said = Command::new(bin().join("postgres"))
        .args(["-C", name, "-D"])
        .arg(folder)
        .output()
        .unwrap();
    said.status.success().then(|| {
        String::from_utf8(said.stdout)
            .unwrap()
            .trim_end_matches('\n')
            .to_owned()
    })
}

/// A folder of files, and the names to be compared.
struct Case {
    files: Vec<(&'static str, String)>,
    names: Vec<String>,
}

fn case(files: &[(&'static str, &str)]) -> Case {
    let mut names = Vec::new();
    for (_, text) in files {
        for line in text.lines() {
            let name: String = line
                .trim()
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            let name = name.to_ascii_lowercase();
            if matches!(lookup(&name, PgMajor::V15), Known::Here(_)) && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    Case {
        files: files
            .iter()
            .map(|(path, text)| (*path, (*text).to_owned()))
            .collect(),
        names,
    }
}

/// The fifteen kinds of configuration that the facts list, and what else was seen in public ones.
fn kinds() -> Vec<Case> {
    vec![
        case(&[("postgresql.conf", "work_mem=1MB\nWORK_MEM = 3MB\nwork_mem 4MB\n")]),
        case(&[(
            "postgresql.conf",
            "work_mem=5MB#c\ncluster_name = 'a#b' # c\nport\t=\t5433\r\nmax_connections=50",
        )]),
        case(&[(
            "postgresql.conf",
            "cluster_name = 'it''s'\napplication_name = 'it\\'s \\101'\nlog_line_prefix = '%m [%p] '\n",
        )]),
        case(&[(
            "postgresql.conf",
            "cluster_name = prod-1.eu\nlog_filename = a.b-c\nhot_standby = of\nfsync = t\n",
        )]),
        case(&[(
            "postgresql.conf",
            "max_wal_senders=010\nmax_connections=0x40\nwork_mem = '64 MB'\n",
        )]),
        case(&[(
            "postgresql.conf",
            "wal_sender_timeout = 5s\ncheckpoint_timeout = 1h\nwal_keep_size = 1GB\nshared_buffers = 64MB\n",
        )]),
        case(&[(
            "postgresql.conf",
            "wal_level = hot_standby\nsynchronous_commit = Remote_Apply\nlog_statement = ALL\n",
        )]),
        case(&[
            (
                "postgresql.conf",
                "work_mem=1MB\ninclude 'x.conf'\nport = 5434\nINCLUDE_IF_EXISTS 'none.conf'\n",
            ),
            ("x.conf", "work_mem=2MB\nport = 5433\n"),
        ]),
        case(&[
            ("postgresql.conf", "include_dir 'conf.d'\nport = 5433\n"),
            ("conf.d/10.conf", "work_mem=10MB\n"),
            ("conf.d/9.conf", "work_mem=9MB\n"),
            ("conf.d/B.conf", "work_mem=11MB\ninclude '../y.conf'\n"),
            ("conf.d/.h.conf", "work_mem=12MB\n"),
            ("conf.d/z.txt", "work_mem=13MB\n"),
            ("y.conf", "max_connections = 77\n"),
        ]),
        case(&[
            ("postgresql.conf", "primary_conninfo = 'host=a'\nwork_mem = 1MB\n"),
            (
                "postgresql.auto.conf",
                "# Do not edit\nprimary_conninfo = 'host=b port=5433 application_name=''my \"no\\\\''''de'''\nwork_mem = '2MB'\n",
            ),
        ]),
        case(&[(
            "postgresql.conf",
            "listen_addresses = 'localhost, 10.0.0.1'\nsynchronous_standby_names = 'ANY 1 (a, \"B c\")'\nmy.thing = 1\n",
        )]),
        case(&[(
            "postgresql.conf",
            "synchronous_standby_names = 'a'\nsynchronous_standby_names = 'b, c'\nsynchronous_standby_names = '*'\n",
        )]),
        case(&[(
            "postgresql.conf",
            "recovery_min_apply_delay = '1h'\nrestore_command = 'cp \"/wal/%f\" \"%p\" || exit 1'\narchive_mode = on\narchive_command = 'test ! -f /wal/%f && cp %p /wal/%f'\n",
        )]),
        case(&[("postgresql.conf", "port = 5433\nwork_mem = 64 MB\n")]),
        case(&[("postgresql.conf", "\u{feff}port = 5433\n")]),
        case(&[("postgresql.conf", "port = 5433\ninclude 'none.conf'\n")]),
        case(&[("postgresql.conf", "port = 5433\ninclude 'postgresql.conf'\n")]),
        case(&[("postgresql.conf", "port = 5433\nlisten_addresses = *\n")]),
        case(&[("postgresql.conf", "port = 5433\ncluster_name = a.b\n")]),
        case(&[("postgresql.conf", "port = 5433\ncluster_name = 'no end\n")]),
    ]
}

/// Random files: many names, many spellings, includes in any place.
fn random(seed: u64) -> Case {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut pick = |count: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % count
    };
    const LINES: [(&str, &[&str]); 12] = [
        ("work_mem", &["1MB", "'2MB'", "64kB", "4096", "'3 MB'", "0x1000"]),
        ("port", &["5433", "'5434'", "0x1538", "012466"]),
        ("max_connections", &["100", "'50'", "020"]),
        (
            "cluster_name",
            &[
                "a", "'a b'", "'it''s'", "'x\\'y'", "'\\\\'", "''", "a-b.c", "'a#b'",
            ],
        ),
        ("hot_standby_feedback", &["on", "OFF", "tr", "'1'", "no", "y"]),
        ("wal_sender_timeout", &["5s", "'1 min'", "1000", "0", "1h"]),
        ("synchronous_commit", &["on", "local", "Remote_Write", "off"]),
        ("checkpoint_completion_target", &["0.5", ".75", "'0.9'"]),
        ("log_line_prefix", &["'%m '", "'a''b%p'", "''", "\"x\""]),
        ("shared_buffers", &["16MB", "4096", "'1GB'", "131072kB"]),
        ("wal_level", &["replica", "logical", "'REPLICA'"]),
        ("log_min_duration_statement", &["-1", "250ms", "'2s'", "0"]),
    ];
    let mut file = |includes: &str| {
        let mut text = String::new();
        for _ in 0..6 {
            let (name, values) = LINES[pick(LINES.len())];
            // A double quote is not a quote here: such a line is refused.
            let usual = values.len() - usize::from(values.contains(&"\"x\"") && !seed.is_multiple_of(5));
            let value = values[pick(usual)];
            let name = if pick(3) == 0 {
                name.to_uppercase()
            } else {
                name.to_owned()
            };
            text += [" ", "", "\t"][pick(3)];
            text += &name;
            text += [" = ", "=", " ", "\t=  "][pick(4)];
            text += value;
            text += ["\n", " # comment\n", "#c\n", "\r\n", "\n\n"][pick(5)];
            if pick(5) == 0 {
                text += includes;
            }
        }
        text
    };
    let main = file("include 'a.conf'\nInclude_Dir = 'd'\ninclude_if_exists 'none'\n");
    let files = [
        ("postgresql.conf", main),
        ("a.conf", file("include 'd/1.conf'\n")),
        ("d/1.conf", file("")),
        ("d/2.conf", file("")),
        ("postgresql.auto.conf", file("")),
    ];
    Case {
        files: files.into_iter().collect(),
        names: LINES.iter().map(|(name, _)| (*name).to_owned()).collect(),
    }
}

fn check(case: &Case, major: PgMajor) -> usize {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("PG_VERSION"), format!("{major}\n")).unwrap();
    for (path, text) in &case.files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let brought = from_files(&[folder.path().to_owned()], &[]).unwrap();
    let facts = &brought.facts[0];
    let shown: Vec<&String> = case.files.iter().map(|(_, text)| text).collect();
    if oracle(folder.path(), "fsync").is_none() {
        let is_told = facts
            .losses
            .iter()
            .any(|loss| !loss.message.contains("overrides"));
        let is_bad_value = case
            .names
            .iter()
            .any(|name| match (facts.value(name), lookup(name, major)) {
                (Some(value), Known::Here(parameter)) => parameter.judge(value, major, false).is_err(),
                (Some(_), _) => true,
                (None, _) => false,
            });
        assert!(
            is_told || is_bad_value,
            "the server refuses it, and nobody was told: {shown:#?}"
        );
        return 0;
    }
    assert!(
        facts.losses.iter().all(|loss| loss.message.contains("overrides")),
        "{:?}: {shown:#?}",
        facts.losses
    );
    let mut compared = 0;
    for name in &case.names {
        let Known::Here(parameter) = lookup(name, major) else {
            continue;
        };
        let (Some(said), Some(read)) = (oracle(folder.path(), name), facts.value(name)) else {
            continue;
        };
        let is_same = match parameter.kind {
            // From 16 on a name of other letters is escaped, before that they are question marks.
            Kind::Text => read == said,
            _ => parameter.is_shown_as(read, &said, major),
        };
        assert!(
            is_same,
            "{name}: read {read:?}, the server says {said:?}: {shown:#?}"
        );
        compared += 1;
    }
    compared
}

#[test]
fn forty_folders_are_read_as_the_server_reads_them() {
    let major = major();
    let mut compared = 0;
    for case in kinds() {
        compared += check(&case, major);
    }
    for seed in 1..=25 {
        compared += check(&random(seed), major);
    }
    assert!(compared > 150, "{compared}");
}
