//! Exports of many designs: golden files of every version, and random designs to every target with names that want to be more.
//!
//! `PGCASCADE_EXPORTS=200` tries as many designs; `PGCASCADE_EXPORTS_KEEP=DIR` keeps the files, for the parsers of `make test-exports`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use pgcascade::model::document::{Document, format};
use pgcascade::model::export::{Export, Feature, HostLayout, Target, export, export_in, losses};
use pgcascade::model::topology::{Edit, PgMajor, Severity, check, notation};
use similar::TextDiff;

#[test]
fn hosts_and_patroni_give_every_version_what_it_knows() {
    for (target, oldest) in [(Target::Hosts, "9.2"), (Target::Patroni, "10")] {
        let mut told = String::new();
        let mut before: Option<String> = None;
        for major in PgMajor::ALL {
            let text = text_of(target, major);
            let Some(text) = text else {
                let _ = writeln!(told, "====== PostgreSQL {major}: refused\n");
                continue;
            };
            match &before {
                None => {
                    assert_eq!(major.to_string(), oldest);
                    let _ = writeln!(told, "====== PostgreSQL {major}\n\n{text}");
                }
                Some(old) => {
                    let _ = writeln!(told, "====== PostgreSQL {major}\n\n{}", difference(old, &text));
                }
            }
            before = Some(text);
        }
        insta::assert_snapshot!(format!("golden_export_{}", target.word()), told);
    }
}

/// Every file of the export of one small design; the version itself, which is in many lines, is a word.
fn text_of(target: Target, major: PgMajor) -> Option<String> {
    const DRAWN: &str = "master 5432 sync first 1 host 10.0.0.1\n  slave1 5432 priority 1 host 10.0.0.2\n    leaf 5432 host 10.0.0.3\n";
    let mut topology = notation::parse(DRAWN).unwrap();
    topology.apply(&Edit::SetPostgres(major)).unwrap();
    let made = export(&Document::new(topology), target).ok()?;
    let mut text = String::new();
    let version = major.to_string();
    for file in made.files.iter().filter(|file| file.path != "design.toml") {
        // The scripts' common part is the same for all versions.
        let own = file
            .contents
            .split("\nset -euo pipefail")
            .next()
            .unwrap_or_default();
        let own = own
            .replace(&format!("PostgreSQL {version}"), "PostgreSQL VERSION")
            .replace(&format!("postgresql/{version}/"), "postgresql/VERSION/")
            .replace(&format!("major={version}\n"), "major=VERSION\n");
        let _ = writeln!(text, "=== {}\n{own}", file.path);
    }
    Some(text)
}

fn difference(old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    let mut text = String::new();
    for group in diff.grouped_ops(1) {
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let _ = write!(text, "{}{change}", change.tag());
        }
    }
    text
}

/// Two servers on one host, whose name often leads to its loopback, and one beside them.
const SHARED: &str =
    "a 5432 host db1\n  b 5433 host DB1\n  c 5432 host db2\n  d 5432 host 10.0.0.4\n  e 5433 host 10.0.0.4\n";

#[test]
fn servers_of_one_named_host_let_each_other_in_from_any_address_of_it() {
    let topology = notation::parse(SHARED).unwrap();
    let made = export(&Document::new(topology), Target::Hosts).unwrap();
    let lets_in = |folder: &str| -> Vec<String> {
        let path = format!("hosts/{folder}/pg_hba.conf");
        let file = made.files.iter().find(|file| file.path == path);
        let lines = file.unwrap_or_else(|| panic!("{path}")).contents.lines();
        let addresses = lines.filter(|line| line.starts_with("host ") && line.contains(" replication "));
        addresses
            .map(|line| line.split_whitespace().nth(3).unwrap().to_owned())
            .collect()
    };
    assert_eq!(lets_in("01-a"), ["\"DB1\"", "samehost", "\"db2\"", "10.0.0.4/32"]);
    assert_eq!(lets_in("02-b"), ["\"db1\"", "samehost"]);
    assert_eq!(lets_in("03-c"), ["\"db1\""], "another host");
    assert_eq!(lets_in("05-e"), ["\"db1\""], "an address is where it comes from");
}

#[test]
fn clusters_of_one_host_have_names_of_their_own_and_the_readme_says_them() {
    let readme = |drawn: &str, layout: HostLayout| {
        let document = Document::new(notation::parse(drawn).unwrap());
        let made = export_in(&document, Target::Hosts, layout).unwrap();
        let clusters: BTreeSet<String> = made
            .files
            .iter()
            .filter(|file| file.path.ends_with("/install"))
            .map(|file| {
                file.contents
                    .lines()
                    .find_map(|line| line.strip_prefix("cluster="))
                    .unwrap()
                    .to_owned()
            })
            .collect();
        let file = made
            .files
            .into_iter()
            .find(|file| file.path == "README.md")
            .unwrap();
        (file.contents, clusters)
    };
    const ALONE: &str = "a 5432 host db1\n  b 5433 host db2\n";
    const SHARE: &str = "a 5432 host db1\n  b 5433 host db1\n  c 5432 host db2\n";
    for (layout, usual) in [(HostLayout::Debian, "main"), (HostLayout::Rhel, "data")] {
        let (alone, clusters) = readme(ALONE, layout);
        assert_eq!(clusters, BTreeSet::from([usual.to_owned()]));
        assert!(
            alone.contains(&format!("/{usual}")) && !alone.contains("CLUSTER"),
            "{alone}"
        );
        let (shared, clusters) = readme(SHARE, layout);
        assert_eq!(clusters, ["a", "b", usual].map(str::to_owned).into());
        let said = format!("(CLUSTER is `{usual}`, and `a` of \"a\" and `b` of \"b\", which share a host)");
        assert!(shared.contains(&said), "{shared}");
    }
}

#[test]
fn random_designs_go_to_every_target() {
    const IN_CI: u64 = 24;
    let many = std::env::var("PGCASCADE_EXPORTS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(IN_CI);
    let keep = std::env::var_os("PGCASCADE_EXPORTS_KEEP").map(PathBuf::from);
    let mut exported = 0_u64;
    for case in 0..many {
        let text = Random(case).design();
        let document =
            format::read(&text).unwrap_or_else(|problems| panic!("case {case}: {problems:?}\n{text}"));
        let mut has_gone = false;
        for target in Target::ALL {
            let told = losses(&document, target);
            for feature in Feature::ALL {
                let known: Vec<&str> = told
                    .iter()
                    .filter(|kept| kept.feature == feature)
                    .map(|kept| kept.place.as_str())
                    .collect();
                assert_eq!(
                    known,
                    feature.places(&document),
                    "case {case}: {feature:?} {target:?}"
                );
            }
            for layout in HostLayout::ALL {
                if layout != HostLayout::Folder && target != Target::Hosts {
                    continue;
                }
                if let Ok(made) = export_in(&document, target, layout) {
                    has_gone |= target == Target::Hosts;
                    is_valid(&made, case);
                    if let Some(keep) = &keep {
                        write(
                            &made,
                            &keep.join(format!("{case}-{}-{}", target.word(), layout.word())),
                        );
                    }
                }
            }
        }
        if has_gone {
            exported += 1;
        } else {
            let errors = check(document.topology())
                .into_iter()
                .filter(|finding| finding.severity == Severity::Error);
            assert!(
                errors.count() > 0,
                "case {case}: refused, and no error is found\n{text}"
            );
        }
    }
    assert!(
        exported * 2 > many,
        "only {exported} of {many} designs are without errors"
    );
}

fn is_valid(made: &Export, case: u64) {
    let paths: BTreeSet<&str> = made.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(
        paths.len(),
        made.files.len(),
        "case {case}: a path is there twice"
    );
    for file in &made.files {
        let place = format!("case {case}, {:?}, {}", made.target, file.path);
        assert!(
            !file.path.starts_with('/') && !file.path.contains(".."),
            "{place}"
        );
        if file.executable {
            is_shell(&file.contents, &place);
        }
        if file.path.starts_with("units/") {
            is_unit(&file.contents, &place);
        }
        if file.path.starts_with("repmgr/") {
            let is_line = |line: &str| line.is_empty() || line.starts_with('#') || line.contains('=');
            assert!(file.contents.lines().all(is_line), "{place}");
        }
        // Ansible would evaluate a name that looks like a template, wherever it is.
        if made.target == Target::Ansible && file.path.ends_with("inventory.yml") {
            for line in file
                .contents
                .lines()
                .filter(|line| line.contains("{{") || line.contains("{%"))
            {
                assert!(line.contains("!unsafe "), "{place}: {line}");
            }
        }
    }
}

fn is_shell(text: &str, place: &str) {
    let mut bash = Command::new("bash")
        .arg("-n")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    bash.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let answer = bash.wait_with_output().unwrap();
    assert!(
        answer.status.success() && answer.stderr.is_empty(),
        "{place}: {}",
        String::from_utf8_lossy(&answer.stderr)
    );
}

fn is_unit(text: &str, place: &str) {
    for line in text.lines().filter(|line| !line.is_empty()) {
        let is_known = line.starts_with('#') || line.starts_with('[') || line.contains('=');
        assert!(is_known, "{place}: {line}");
    }
}

fn write(made: &Export, folder: &std::path::Path) {
    for file in &made.files {
        let path = folder.join(&file.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &file.contents).unwrap();
    }
}

/// Designs from a number: the same for the same one.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }

    fn design(&mut self) -> String {
        let majors = [
            "9.2", "9.4", "9.6", "10", "11", "12", "13", "14", "15", "16", "17", "18",
        ];
        let major = self.pick(&majors);
        let number: f64 = major.parse().unwrap();
        let name = format!("{} {}", self.pick(&NAMES), self.below(100));
        let quoted_major = if number < 10.0 {
            quoted(major)
        } else {
            major.to_owned()
        };
        let mut text = format!(
            "format = 1\nname = {}\npostgres = {quoted_major}\n",
            quoted(&name)
        );
        let servers = 1 + self.below(9);
        let is_sync = servers > 1 && !self.one_in(3);
        if is_sync {
            let method = if number >= 10.0 && self.one_in(2) {
                "any"
            } else {
                "first"
            };
            let commit = if number >= 9.6 {
                self.pick(&["on", "remote_write", "remote_apply"])
            } else {
                "on"
            };
            let _ = write!(
                text,
                "\n[sync]\nmethod = \"{method}\"\ncount = 1\ncommit = \"{commit}\"\n"
            );
        }
        let auth = if number >= 10.0 {
            self.pick(&["scram", "md5", "trust"])
        } else {
            self.pick(&["md5", "trust"])
        };
        let _ = write!(text, "\n[security]\nauth = \"{auth}\"\n");
        if self.one_in(3) {
            text.push_str("tls = true\n");
        }
        if self.one_in(3) {
            text.push_str("role = \"stream_role\"\n");
        }
        if self.one_in(4) {
            text.push_str("hba = [\"host app app 10.0.0.0/8 md5\"]\n");
        }
        match self.below(5) {
            0 => text.push_str("\n[archive]\ndirectory = \"/srv/it's a/100% archive\"\n"),
            1 => text.push_str(
                "\n[archive]\narchive_command = \"pgbackrest --stanza=main archive-push %p\"\nrestore_command = \"pgbackrest --stanza=main archive-get %f \\\"%p\\\"\"\n",
            ),
            _ => {}
        }
        if self.one_in(2) {
            let _ = write!(
                text,
                "\n[settings]\nwork_mem = \"8MB\"\nlog_line_prefix = {}\n",
                quoted("%m '[%p]' {{ x }} $HOME ")
            );
        }
        let upstreams: Vec<u64> = (0..servers).map(|server| self.below(server.max(1))).collect();
        let names: Vec<String> = (0..servers)
            .map(|server| format!("{}{server}", self.pick(&NAMES)))
            .collect();
        for server in 0..servers {
            self.server(&mut text, server, &names, &upstreams, is_sync, number);
        }
        text
    }

    fn server(
        &mut self,
        text: &mut String,
        server: u64,
        names: &[String],
        upstreams: &[u64],
        is_sync: bool,
        major: f64,
    ) {
        let index = usize::try_from(server).unwrap();
        let host = match self.below(3) {
            0 => format!("10.1.{server}.1"),
            1 => format!("fd00::{server:x}"),
            _ => format!("db{server}.example"),
        };
        let _ = write!(
            text,
            "\n[[server]]\nname = {}\nport = {}\nhost = \"{host}\"\n",
            quoted(&names[index]),
            5432 + server
        );
        if self.one_in(4) {
            text.push_str("listen = \"*\"\n");
        }
        if self.one_in(3) {
            text.push_str("hba_address = \"10.0.0.0/8\"\n");
        }
        if self.one_in(4) {
            let _ = writeln!(text, "site = {}", quoted(self.pick(&NAMES)));
        }
        if server == 0 {
            return;
        }
        let upstream = upstreams[index];
        let _ = writeln!(
            text,
            "follows = {}",
            quoted(&names[usize::try_from(upstream).unwrap()])
        );
        if is_sync && upstream == 0 {
            let _ = writeln!(text, "sync_priority = {server}");
        }
        if major >= 9.4 {
            match self.below(4) {
                0 => text.push_str("slot = false\n"),
                1 => {
                    let _ = writeln!(text, "slot = \"slot_{server}\"");
                }
                _ => {}
            }
        }
        if major >= 9.4 && self.one_in(5) {
            text.push_str("apply_delay = \"10min\"\n");
        }
        if self.one_in(5) {
            text.push_str("[server.conninfo]\nkeepalives_idle = \"30\"\n");
        }
        if self.one_in(5) {
            text.push_str("[server.settings]\nwork_mem = \"16MB\"\n");
        }
    }
}

const NAMES: [&str; 16] = [
    "master",
    "{{ x }}",
    "{% raw %}",
    "it's",
    "\"quoted\"",
    "$(reboot)",
    "`id`",
    "no: yes",
    "- dash",
    "# hash",
    "%n a|b",
    "été",
    "漢字",
    "back\\slash",
    "all",
    "a;b&c<d>",
];

/// As TOML has it; JSON's strings are the same but for what no name has.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}
