//! Designs as files, and the files as designs again.

use proptest::prelude::*;

use super::random_tests::{designs, said};
use super::*;
use crate::model::configuration::{Configuration, Layout};
use crate::model::topology::terms::{HbaLine, RoleName};
use crate::model::topology::{Edit, LinkTerms, notation};

/// The files of every server, in folders `servers/NAME`.
fn files_of(topology: &Topology) -> InMemory {
    let mut files = InMemory::default();
    let configuration = Configuration::in_cluster_folder(topology);
    for server in topology.servers() {
        for (name, file) in configuration.files(server) {
            let folder = configuration.folder(server.id());
            files.add(&format!("servers/{folder}/{name}"), file.contents.into_bytes());
        }
    }
    files
}

/// The same as an export for hosts has them.
fn files_of_hosts(topology: &Topology) -> InMemory {
    let mut files = InMemory::default();
    let configuration = Configuration::of(topology, Layout::host_folder());
    for (number, server) in topology.servers().iter().enumerate() {
        for (name, file) in configuration.files(server) {
            let folder = configuration.folder(server.id());
            files.add(
                &format!("servers/hosts/{number:02}-{folder}/{name}"),
                file.contents.into_bytes(),
            );
        }
    }
    files
}

fn import(files: &InMemory) -> Imported {
    let found = find(files, "servers").unwrap();
    draw("cluster", &found.servers).unwrap()
}

#[track_caller]
fn comes_back(topology: &Topology) {
    let imported = import(&files_of(topology));
    assert_eq!(said(&imported.topology), said(topology), "{:?}", imported.losses);
    assert_eq!(imported.losses, [], "{:?}", imported.losses);
    assert_eq!(imported.unreached, []);
}

#[test]
fn a_design_comes_back_from_its_files() {
    for major in ["9.2", "9.4", "9.6", "10", "11", "12", "13", "15", "17", "18"] {
        for design in [
            "master 5432 sync first 1\n  slave1 15432 priority 1\n    slave11 25432\n    slave12 25433\n  slave2 15433 priority 2\n",
            "db1 5432 host db1\n  db2 5432 host db2\n    db3 5432 host db3\n  db4 5432 host 10.0.0.4\n",
            "m 1\n  \"it's \\ \"\"x\"\"\" 2 delay 5min\n    \"café é\" 3 no-slot\n",
            "alone 5432\n",
        ] {
            let topology = notation::parse(&format!("postgres {major}\n{design}")).unwrap();
            if topology.postgres().has_apply_delay() || !design.contains("delay") {
                comes_back(&topology);
            }
        }
    }
}

#[test]
fn what_only_some_servers_let_in_stays_a_loss() {
    let mut topology =
        notation::parse("m 1 host db1\n  a 2 host db2\n  b 3 host db3\n    c 4 host db4\n").unwrap();
    let mut terms = topology.terms().clone();
    terms.role = RoleName::parse("repuser").ok();
    terms.hba = [
        "host replication barman 10.1.1.1/32 md5",
        "host \"my db\" app samenet md5",
    ]
    .map(|line| HbaLine::parse(line).unwrap())
    .to_vec();
    topology.apply(&Edit::SetClusterTerms(terms)).unwrap();
    comes_back(&topology);
    let mut files = files_of(&topology);
    let hba = String::from_utf8(files.read("servers/b/pg_hba.conf").unwrap()).unwrap();
    files.add(
        "servers/b/pg_hba.conf",
        format!("{hba}host app app 0.0.0.0/0 trust\n").into_bytes(),
    );
    files.add(
        "servers/a/pg_ident.conf",
        b"# map\nlocal root postgres\n".to_vec(),
    );
    let imported = import(&files);
    assert_eq!(said(&imported.topology), said(&topology));
    let lost: Vec<&str> = imported.losses.iter().map(|loss| loss.line.as_str()).collect();
    assert_eq!(lost, ["local root postgres", "host app app 0.0.0.0/0 trust"]);
    assert!(imported.losses[1].message.contains("not on all of them"));
}

#[test]
fn one_address_for_many_is_found_again() {
    let mut topology =
        notation::parse("m 5432 host db1\n  a 5432 host db2\n    c 5432 host 10.0.0.9\n  b 5432 host db3\n")
            .unwrap();
    for (name, address) in [("c", "10.0.0.0/24"), ("a", "192.168.1.7"), ("m", "samenet")] {
        let server = topology.by_name(name).unwrap();
        let mut terms = server.terms().clone();
        terms.hba_address = crate::model::topology::HbaAddress::parse(address).ok();
        let server = server.id();
        topology.apply(&Edit::SetServerTerms { server, terms }).unwrap();
    }
    comes_back(&topology);
}

#[test]
fn whom_a_standby_turns_to_comes_back_and_a_stranger_is_a_loss() {
    let mut topology = notation::parse("m 1\n  a 2\n    b 3\n  c 4\n").unwrap();
    let [b, a, m, c] = ["b", "a", "m", "c"].map(|name| topology.by_name(name).unwrap().id());
    let link = LinkTerms {
        also_follows: vec![c, m],
        ..LinkTerms::default()
    };
    topology.apply(&Edit::SetLinkTerms { server: b, link }).unwrap();
    let _ = a;
    comes_back(&topology);
    let mut files = files_of(&topology);
    let conf = String::from_utf8(files.read("servers/b/postgresql.conf").unwrap()).unwrap();
    let changed = conf
        .replace("localhost,localhost,localhost", "localhost,localhost,far.example")
        .replace("2,4,1", "2,4,9");
    assert_ne!(conf, changed);
    files.add("servers/b/postgresql.conf", changed.into_bytes());
    let imported = import(&files);
    let is_told = |loss: &Loss| loss.message == "The design does not turn to far.example:9.";
    assert!(imported.losses.iter().any(is_told), "{:?}", imported.losses);
}

#[test]
fn files_of_its_own_are_known_again() {
    let mut topology = notation::parse("m 1\n  a 2\n    b 3\n").unwrap();
    topology.apply(&Edit::SetTls(true)).unwrap();
    let found = find(&files_of(&topology), "servers").unwrap();
    assert!(is_written_by(&topology, &found.servers));
    topology.apply(&Edit::SetTls(false)).unwrap();
    assert!(!is_written_by(&topology, &found.servers));
}

fn server_files(files: &mut InMemory, name: &str, given: &[(&str, &str)]) {
    for (file, text) in given {
        files.add(&format!("servers/{name}/{file}"), text.as_bytes().to_vec());
    }
}

#[test]
fn a_foreign_cluster_keeps_its_settings_and_loses_in_words() {
    let mut files = InMemory::default();
    server_files(
        &mut files,
        "db1",
        &[
            ("PG_VERSION", "14\n"),
            (
                "postgresql.conf",
                "listen_addresses='*'\nmax_connections = 200\nshared_buffers = 1GB\narchive_mode = on\n\
                 archive_command = 'cp %p /srv/wal/%f'\nsynchronous_standby_names = 'db2, ghost'\nwork_mem = 1MB\nwork_mem = 8MB\n",
            ),
            ("pg_hba.conf", "host replication all 0.0.0.0/0 md5\n"),
        ],
    );
    server_files(
        &mut files,
        "db2",
        &[
            ("PG_VERSION", "14\n"),
            ("standby.signal", ""),
            (
                "postgresql.conf",
                "listen_addresses='*'\nmax_connections = 100\nshared_buffers = 1GB\nhot_standby_feedback = on\n",
            ),
            (
                "postgresql.auto.conf",
                "primary_conninfo = 'user=rep password=hunter2 host=db1 port=5432 application_name=db2 sslmode=prefer'\n",
            ),
        ],
    );
    let imported = import(&files);
    assert!(!format!("{imported:?}").contains("hunter2"));
    assert_eq!(
        said(&imported.topology),
        "14 Some(SyncPolicy { method: First, count: 1, commit: On }) [None, Some(\"cp %p /srv/wal/%f\"), None] Some(Md5) false \
         {\"shared_buffers\": \"1GB\"}\nrole rep\nhba host replication all 0.0.0.0/0 md5\n\
         db1 db1:5432 None None slot None None {\"max_connections\": \"200\", \"wal_keep_size\": \"0\", \"work_mem\": \"8MB\"} \
         listen [\"*\"]\n\
         db2 db2:5432 Some(\"db1\") Some(0) slot None None {\"max_connections\": \"100\"} listen [\"*\"]\n"
    );
    let told = |word: &str| imported.losses.iter().any(|loss| loss.message.contains(word));
    for word in ["ghost", "overrides", "password"] {
        assert!(told(word), "{word}: {:#?}", imported.losses);
    }
    // Where db2 runs, and what its pg_hba.conf says.
    assert_eq!(imported.asked.len(), 2, "{:?}", imported.asked);
}

#[test]
fn an_upstream_that_nobody_found_becomes_a_place_holder() {
    let mut files = InMemory::default();
    let text = "primary_conninfo = 'host=db1.example port=5433 application_name=a'\nlisten_addresses = '*'\n";
    server_files(
        &mut files,
        "a",
        &[
            ("PG_VERSION", "15"),
            ("postgresql.conf", text),
            ("standby.signal", ""),
        ],
    );
    let imported = import(&files);
    assert_eq!(imported.topology.primary().name().as_str(), "db1.example");
    assert_eq!(imported.topology.primary().port().number(), 5433);
    assert_eq!(imported.unreached[0].server.as_deref(), Some("db1.example"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_designs_come_back_from_their_files(topology in designs()) {
        for files in [files_of(&topology), files_of_hosts(&topology)] {
            let imported = import(&files);
            prop_assert_eq!(said(&imported.topology), said(&topology), "{:?}", imported.losses);
            prop_assert_eq!(&imported.losses, &vec![]);
        }
    }

    #[test]
    fn no_text_makes_the_import_panic(text in "(?s).{0,300}", hba in "(?s).{0,200}", link in ".{0,80}") {
        let mut files = InMemory::default();
        let conf = format!("{text}\nport = 5433\n");
        server_files(&mut files, "m", &[("postgresql.conf", &conf), ("pg_hba.conf", &hba)]);
        let conf = format!("primary_conninfo = {}\n{text}", crate::model::quoting::conf(&link.replace(char::is_control, "")));
        server_files(&mut files, "s", &[("postgresql.conf", &conf), ("standby.signal", "")]);
        let found = find(&files, "servers").unwrap();
        let _ = draw("x", &found.servers);
    }
}
