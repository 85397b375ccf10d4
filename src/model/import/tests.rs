//! Designs as files, and the files as designs again.

use proptest::prelude::*;

use super::*;
use crate::model::configuration::Configuration;
use crate::model::topology::{
    ApplyDelay, Archive, Auth, CommitLevel, Edit, Host, PgMajor, Port, ServerName, SyncMethod, SyncPolicy,
    notation,
};

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

fn import(files: &InMemory) -> Imported {
    let found = find(files, "servers").unwrap();
    draw("cluster", &found.servers).unwrap()
}

/// What a design says, server by server by name, without what no file says: order, numbers of priorities, sites.
fn said(topology: &Topology) -> String {
    let mut text = format!(
        "{} {:?} {:?} {:?} {} {:?}\n",
        topology.postgres(),
        topology.sync(),
        topology.archive().and_then(Archive::directory),
        topology.effective_auth(),
        topology.has_tls(),
        topology.settings()
    );
    let candidates = topology.sync_candidates();
    let mut lines: Vec<String> = topology
        .servers()
        .iter()
        .map(|server| {
            let upstream = server.upstream().and_then(|id| topology.server(id));
            format!(
                "{} {}:{} {:?} {:?} slot {} {:?} {:?}\n",
                server.name(),
                server.host(),
                server.port(),
                upstream.map(|one| one.name().to_string()),
                candidates.iter().position(|one| one.id() == server.id()),
                topology.uses_slot(server.id()),
                server
                    .standby()
                    .and_then(|one| one.apply_delay())
                    .map(ToString::to_string),
                server.settings()
            )
        })
        .collect();
    lines.sort();
    text.push_str(&lines.concat());
    text
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
        "14 Some(SyncPolicy { method: First, count: 1, commit: On }) Some(\"/srv/wal\") Md5 false {\"shared_buffers\": \"1GB\"}\n\
         db1 db1:5432 None None slot false None {\"max_connections\": \"200\", \"wal_keep_size\": \"0\", \"work_mem\": \"8MB\"}\n\
         db2 db2:5432 Some(\"db1\") Some(0) slot false None {\"max_connections\": \"100\"}\n"
    );
    let told = |word: &str| imported.losses.iter().any(|loss| loss.message.contains(word));
    for word in [
        "ghost",
        "overrides",
        "password",
        "listen on",
        "own rules",
        "pgcascade's own",
    ] {
        assert!(told(word), "{word}: {:#?}", imported.losses);
    }
    assert_eq!(imported.asked.len(), 1, "{:?}", imported.asked);
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

fn designs() -> impl Strategy<Value = Topology> {
    let names = prop::sample::select(vec![
        "a",
        "b b",
        "it's",
        "x\"y",
        "back\\slash",
        "db-1.eu",
        "FIRST",
        "é",
        "9",
    ]);
    let server = (
        names,
        any::<prop::sample::Index>(),
        prop::option::of(prop::sample::select(vec!["5min", "1h"])),
        any::<bool>(),
        any::<bool>(),
    );
    (
        prop::sample::select(PgMajor::ALL.to_vec()),
        prop::collection::vec(server, 0..8),
        any::<bool>(),
        prop::option::of((any::<bool>(), 1..3_u32, 0..5_usize)),
        prop::option::of(prop::sample::select(vec!["archive", "/srv/my wal's 100%", "a/b"])),
        any::<bool>(),
        prop::sample::select(vec![None, Some(Auth::Md5), Some(Auth::Trust)]),
        prop::collection::btree_map(
            prop::sample::select(vec![
                "work_mem",
                "max_connections",
                "log_line_prefix",
                "shared_buffers",
            ]),
            prop::sample::select(vec!["64MB", "128MB"]),
            0..3,
        ),
    )
        .prop_map(|(major, servers, on_hosts, sync, archive, tls, auth, settings)| {
            let name = if major.has_cluster_name() {
                "prim ary"
            } else {
                "primary"
            };
            let primary = ServerName::parse(name).unwrap();
            let mut topology = Topology::new("cluster", major, primary, Port::new(5432).unwrap());
            let first = topology.primary().id();
            if on_hosts {
                let host = Host::parse("db0.example").unwrap();
                topology.apply(&Edit::SetHost { server: first, host }).unwrap();
            }
            for (at, (name, upstream, delay, slot, is_sync)) in servers.into_iter().enumerate() {
                let upstream = upstream.get(topology.servers()).id();
                let name = ServerName::parse(&format!("{name} {at}")).ok();
                let port = Port::new(if on_hosts { 5432 } else { 5433 + at as u16 }).ok();
                topology
                    .apply(&Edit::AddStandby { upstream, name, port })
                    .unwrap();
                let server = topology.servers().last().unwrap().id();
                if on_hosts {
                    let host = Host::parse(&format!("10.0.0.{}", at + 1)).unwrap();
                    topology.apply(&Edit::SetHost { server, host }).unwrap();
                }
                if let (Some(delay), true) = (delay, major.has_apply_delay()) {
                    let delay = ApplyDelay::parse(delay).ok();
                    topology.apply(&Edit::SetApplyDelay { server, delay }).unwrap();
                }
                if slot && major.has_slots() {
                    topology
                        .apply(&Edit::SetSlot {
                            server,
                            slot: Some(false),
                        })
                        .unwrap();
                }
                if is_sync && sync.is_some() && upstream == first {
                    let priority = Some(at as u32 + 1);
                    topology
                        .apply(&Edit::SetSyncPriority { server, priority })
                        .unwrap();
                }
            }
            if let Some((is_any, count, commit)) = sync
                && !topology.sync_candidates().is_empty()
            {
                let policy = SyncPolicy {
                    method: if is_any && major.has_quorum() {
                        SyncMethod::Any
                    } else {
                        SyncMethod::First
                    },
                    count: if major.has_several_sync() { count } else { 1 },
                    commit: CommitLevel::ALL[commit],
                };
                topology.apply(&Edit::SetSync(Some(policy))).unwrap();
            }
            if let Some(archive) = archive {
                topology
                    .apply(&Edit::SetArchive(Archive::new(archive).ok()))
                    .unwrap();
            }
            topology.apply(&Edit::SetTls(tls)).unwrap();
            let auth = auth.filter(|auth| *auth != Auth::Md5 || major.has_scram());
            topology.apply(&Edit::SetAuth(auth)).unwrap();
            for (name, value) in settings {
                let value = if name == "max_connections" { "150" } else { value };
                let (name, value) = (name.to_owned(), Some(value.to_owned()));
                topology
                    .apply(&Edit::SetSetting {
                        server: None,
                        name,
                        value,
                    })
                    .unwrap();
            }
            topology
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_designs_come_back_from_their_files(topology in designs()) {
        let imported = import(&files_of(&topology));
        prop_assert_eq!(said(&imported.topology), said(&topology), "{:?}", imported.losses);
        prop_assert_eq!(&imported.losses, &vec![]);
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
