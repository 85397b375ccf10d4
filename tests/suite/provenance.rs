//! Where lines come from: everything a server reads has an origin, and the origins are true, which is shown by
//! changing one thing of the drawing and looking at the lines that change.

use std::collections::{BTreeMap, BTreeSet};

use pgcascade::model::bundle::{Bundle, BundleFile, generate};
use pgcascade::model::configuration::{Decision, Element, LineOrigin, Provenance};
use pgcascade::model::document::templates::TEMPLATES;
use pgcascade::model::document::{Document, format};
use pgcascade::model::topology::{
    ApplyDelay, Archive, Auth, Edit, Host, PgMajor, Port, ServerId, ServerName, Topology, notation,
};

fn bundle_of(topology: &Topology) -> Bundle {
    generate(&Document::new(topology.clone()))
}

/// With what a design says besides its drawing.
fn terms() -> Topology {
    const TEXT: &str = "format = 1\npostgres = 15\n[security]\nauth = \"cert\"\ntls = true\nhba = [\"host app app 10.0.0.0/8 scram-sha-256\"]\n\
        [initdb]\nwal_segment_size = \"64MB\"\n[[server]]\nname = \"m\"\nport = 1\n[[server]]\nname = \"a\"\nport = 2\nfollows = \"m\"\n";
    format::read(TEXT).unwrap().topology().clone()
}

fn is_configuration(file: &BundleFile) -> bool {
    file.path.starts_with("servers/")
}

/// Every template, and some with what no template has.
fn designs() -> Vec<(String, Topology)> {
    let mut designs: Vec<(String, Topology)> = TEMPLATES
        .iter()
        .map(|template| {
            let document = format::read(template.text).unwrap();
            (template.name.to_owned(), document.topology().clone())
        })
        .collect();
    let mut full = notation::parse(
        "m 1 sync first 1\n  a 2 priority 1\n    b 3 delay 5min\n    c 4 no-slot\n  d 5 host db2.example\n",
    )
    .unwrap();
    let edits = [
        Edit::SetArchive(Some(Archive::new("archive").unwrap())),
        Edit::SetSetting {
            server: None,
            name: "work_mem".to_owned(),
            value: Some("8MB".to_owned()),
        },
        Edit::SetSetting {
            server: Some(full.by_name("b").unwrap().id()),
            name: "Work_Mem".to_owned(),
            value: Some("16MB".to_owned()),
        },
        Edit::SetTls(true),
    ];
    for edit in edits {
        full.apply(&edit).unwrap();
    }
    designs.push(("full".to_owned(), full));
    let mut wide = "m 1\n".to_owned();
    for number in 0..120 {
        wide += &format!("  s{number} {}\n", 100 + number);
    }
    let mut wide = notation::parse(&wide).unwrap();
    wide.apply(&Edit::SetAuth(Some(Auth::Trust))).unwrap();
    designs.push(("wide".to_owned(), wide));
    designs.push(("terms".to_owned(), terms()));
    designs
}

#[test]
fn every_line_that_a_server_reads_has_an_origin() {
    let mut used = BTreeSet::new();
    for (name, mut topology) in designs() {
        for major in PgMajor::ALL {
            topology.apply(&Edit::SetPostgres(major)).unwrap();
            for file in bundle_of(&topology).files {
                let place = format!("{name} {major} {}", file.path);
                check_file(&file, &topology, &place, &mut used);
            }
        }
    }
    let unused: Vec<_> = Decision::ALL
        .iter()
        .filter(|decision| !used.contains(*decision))
        .collect();
    assert!(unused.is_empty(), "no line is made by {unused:?}");
}

fn check_file(file: &BundleFile, topology: &Topology, place: &str, used: &mut BTreeSet<Decision>) {
    let resolves = |element: &Element| match element {
        Element::Cluster => true,
        Element::Server(id) => topology.server(*id).is_some(),
        Element::Link { downstream } => topology
            .server(*downstream)
            .is_some_and(|server| server.upstream().is_some()),
    };
    let origins = match &file.provenance {
        Provenance::Whole { origin, reason } => vec![(origin, reason)],
        Provenance::Lines(lines) => lines.iter().map(|line| (&line.origin, &line.reason)).collect(),
    };
    for (origin, reason) in origins {
        assert!(
            !origin.elements.is_empty() && origin.elements.iter().all(resolves),
            "{place}"
        );
        assert!(!reason.is_empty(), "{place}: {}", origin.decision.id());
        used.insert(origin.decision);
    }
    if !is_configuration(file) || file.contents.is_empty() {
        assert!(matches!(file.provenance, Provenance::Whole { .. }), "{place}");
        return;
    }
    for (number, line) in file.contents.lines().enumerate() {
        let found = file.provenance.of_line(number);
        if line.is_empty() {
            assert_eq!(found, None, "{place}: a blank line belongs to nothing");
        } else if line.starts_with('#') {
            assert!(found.is_none_or(|found| found.line() > number), "{place}: {line}");
        } else {
            assert_eq!(found.map(LineOrigin::line), Some(number), "{place}: {line}");
        }
    }
    let statements = file
        .contents
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    assert_eq!(statements.count(), file.provenance.lines().len(), "{place}");
}

/// Every line that a server reads, with its file, and whether it comes from the server.
fn statements(topology: &Topology, server: ServerId) -> BTreeMap<(String, String), bool> {
    let mut statements = BTreeMap::new();
    for file in bundle_of(topology)
        .files
        .iter()
        .filter(|file| is_configuration(file))
    {
        // A renamed server's folder is called otherwise: the file's last name is enough.
        let name = file.path.rsplit('/').next().unwrap_or_default();
        for (number, line) in file.contents.lines().enumerate() {
            if let Some(found) = file
                .provenance
                .of_line(number)
                .filter(|found| found.line() == number)
            {
                let is_its_own = found.origin.is_of(server);
                statements.insert((name.to_owned(), line.to_owned()), is_its_own);
            }
        }
    }
    statements
}

/// Makes the edit: whatever changes, before and after, must come from the server.
#[track_caller]
fn only_its_own_change(topology: &Topology, server: ServerId, edit: &Edit, least: usize) {
    let before = statements(topology, server);
    let mut edited = topology.clone();
    edited.apply(edit).unwrap();
    let after = statements(&edited, server);
    let gone = before.iter().filter(|(line, _)| !after.contains_key(line));
    let new = after.iter().filter(|(line, _)| !before.contains_key(line));
    let changed: Vec<_> = gone.chain(new).collect();
    assert!(changed.len() >= least, "{edit:?} changes only {changed:?}");
    for ((file, line), is_its_own) in changed {
        assert!(
            *is_its_own,
            "{edit:?} changes {line} in {file}, which does not come from it"
        );
    }
}

#[test]
fn what_changes_with_a_server_comes_from_it() {
    let text = "m 1 host db0 sync first 1\n  a 2 host db1 priority 1\n    b 3 host db2\n    c 4 host db3\n  d 5 host db1\n";
    for (major, tls) in [("9.2", false), ("11", true), ("18", false), ("18", true)] {
        let mut topology = notation::parse(&format!("postgres {major}\n{text}")).unwrap();
        topology.apply(&Edit::SetTls(tls)).unwrap();
        for name in ["m", "a", "b", "d"] {
            let server = topology.by_name(name).unwrap().id();
            let port = Port::new(999).unwrap();
            only_its_own_change(&topology, server, &Edit::SetPort { server, port }, 2);
            let host = Host::parse("db9").unwrap();
            only_its_own_change(&topology, server, &Edit::SetHost { server, host }, 2);
            let new = ServerName::parse("new").unwrap();
            // 9.2 has neither cluster_name nor slots: a primary's name is then in no line at all.
            let least = if name == "m" { 0 } else { 2 };
            only_its_own_change(&topology, server, &Edit::Rename { server, name: new }, least);
            if name != "m" && major != "9.2" {
                let delay = Some(ApplyDelay::parse("5min").unwrap());
                only_its_own_change(&topology, server, &Edit::SetApplyDelay { server, delay }, 1);
            }
            let (own, value) = ("work_mem".to_owned(), Some("8MB".to_owned()));
            let by_hand = Edit::SetSetting {
                server: Some(server),
                name: own,
                value,
            };
            only_its_own_change(&topology, server, &by_hand, 1);
        }
    }
}

#[test]
fn what_changes_with_the_whole_cluster_comes_from_it() {
    let topology = notation::parse("m 1\n  a 2\n    b 3\n").unwrap();
    let of_cluster = |topology: &Topology| -> BTreeSet<(String, String, bool)> {
        let mut found = BTreeSet::new();
        for file in bundle_of(topology)
            .files
            .iter()
            .filter(|file| is_configuration(file))
        {
            for line in file.provenance.lines() {
                let text = file.contents.lines().nth(line.line()).unwrap_or_default();
                let is_clusters = line.origin.elements.contains(&Element::Cluster);
                found.insert((file.path.clone(), text.to_owned(), is_clusters));
            }
        }
        found
    };
    let archive = Some(Archive::new("archive").unwrap());
    let mut edited = topology.clone();
    edited.apply(&Edit::SetArchive(archive)).unwrap();
    let (before, after) = (of_cluster(&topology), of_cluster(&edited));
    let changed: Vec<_> = before.symmetric_difference(&after).collect();
    assert_eq!(
        changed.len(),
        8,
        "two lines for each server, one for each standby"
    );
    assert!(
        changed.iter().all(|(.., is_clusters)| *is_clusters),
        "{changed:?}"
    );
}

#[test]
fn a_servers_share_counts_its_lines_in_all_files() {
    let topology = notation::parse("m 1\n  a 2\n    b 3\n").unwrap();
    let bundle = bundle_of(&topology);
    let id = |name: &str| topology.by_name(name).unwrap().id();
    // listen_addresses, port, cluster_name; primary_conninfo, primary_slot_name, hot_standby_feedback; standby.signal;
    // two lines of access, and two upstream.
    let share = bundle.share_of(id("b"));
    assert_eq!((share.lines, share.files), (11, 4));
    // As much but its own access, which is its downstream's already; and of its downstream's: where it connects to and
    // reports, and two lines of access.
    let share = bundle.share_of(id("a"));
    assert_eq!((share.lines, share.files), (13, 5));
}
