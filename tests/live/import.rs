//! Clusters that run, imported from every server of theirs: equal to their design, and never a hang.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use std::process::Stdio;

use pgcascade::engine::import::{Brought, from_files, from_servers};
use pgcascade::model::topology::terms::{HbaLine, Initdb, Listen, RoleName, SegmentSize, SlotName};
use pgcascade::model::topology::{Archive, Auth, Edit, LinkTerms, Server, ServerTerms, Topology};
use pgcascade::report::Report;

use crate::drift::Place;
use crate::lab::{as_user, programs};
use crate::scene::major;

/// What a design says, without its name, its order and the numbers of its priorities.
fn said(topology: &Topology) -> String {
    let archive = topology.archive();
    let terms = topology.terms();
    let mut text = format!(
        "{} {:?} {:?} {:?} {:?} {} {:?}\n{} {:?} {:?}\n",
        topology.postgres(),
        topology.sync(),
        archive.map(Archive::directory),
        archive.map(|one| (one.archive_command(), one.restore_command())),
        topology.effective_auth(),
        topology.has_tls(),
        topology.settings(),
        topology.replication_role(),
        terms.hba.iter().map(HbaLine::text).collect::<Vec<_>>(),
        terms.initdb,
    );
    let candidates = topology.sync_candidates();
    let slots = topology.slot_names();
    let mut lines: Vec<String> = Vec::new();
    for server in topology.servers() {
        let upstream = server.upstream().and_then(|id| topology.server(id));
        let others = topology.fallbacks(server.id());
        lines.push(format!(
            "{} {}:{} follows {:?} sync {:?} slot {:?} delay {:?} {:?} {:?} also {:?} {:?} {} {}",
            server.name(),
            server.host(),
            server.port(),
            upstream.map(|one| one.name().to_string()),
            candidates.iter().position(|one| one.id() == server.id()),
            topology.uses_slot(server.id()).then(|| &slots[&server.id()]),
            server
                .standby()
                .and_then(|one| one.apply_delay())
                .map(ToString::to_string),
            server.settings(),
            server.terms(),
            others
                .iter()
                .map(|other| other.name().as_str())
                .collect::<Vec<_>>(),
            server.standby().map(|one| &one.link().conninfo),
            server.is_fed_by_archive(),
            server.is_receiver(),
        ));
    }
    lines.sort();
    for line in lines {
        let _ = writeln!(text, "{line}");
    }
    text
}

/// As a person on this machine comes: over the loopback, with the cluster's own password file.
async fn ask(place: &Place, port: u16, more: &str) -> Result<Brought, Report> {
    let pass_file = place.folder().join("secrets/pgpass");
    let user = if more.contains("user=") {
        ""
    } else {
        "user=postgres"
    };
    let file = if pass_file.exists() && !more.contains("password=") {
        format!(
            "passfile={}",
            pgcascade::model::quoting::conninfo(&pass_file.to_string_lossy())
        )
    } else {
        String::new()
    };
    let begun = Instant::now();
    let answer = from_servers(&format!("host=localhost port={port} {user} {file} {more}"), &[]).await;
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    answer
}

#[track_caller]
fn is_equal(brought: &Brought, place: &Place, from: &str) {
    assert_eq!(
        said(brought.document.topology()),
        said(&place.topology),
        "from {from}: {:#?}",
        brought.losses
    );
    assert!(brought.unreached.is_empty(), "{:?}", brought.unreached);
    // What nobody can know: whose an inactive slot is.
    let is_known = |asked: &&pgcascade::model::import::Asked| !asked.question.contains("barman_of_m");
    assert_eq!(brought.asked.iter().find(is_known), None);
}

async fn from_everywhere(text: &str, change: impl FnOnce(&mut Topology)) {
    let place = Place::of(text, change).await;
    for (name, port) in &place.ports {
        let brought = ask(&place, *port, "").await.unwrap();
        is_equal(&brought, &place, name);
        assert_eq!(brought.losses, [], "from {name}");
    }
    // Its folder says the same.
    let brought = from_files(&[place.folder()], &[]).unwrap();
    assert_eq!(said(brought.document.topology()), said(&place.topology));
    let data = place.folder().join("servers");
    let brought = from_files(&[data], &[]).unwrap();
    assert_eq!(said(brought.document.topology()), said(&place.topology));
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_seed_and_deep_cascades_come_back_from_every_server() {
    from_everywhere(
        "master + sync first 1\n  slave1 + priority 1\n    slave11 +\n    slave12 +\n  slave2 + priority 2\n",
        |_| {},
    )
    .await;
    from_everywhere(
        "a +\n  b +\n    c +\n      d + delay 1h\n        e + no-slot\n",
        |_| {},
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quorums_and_names_of_all_kinds_come_back() {
    from_everywhere(
        "\"north pole\" + sync any 2\n  \"it's \\ \"\"x\"\"\" + priority 1\n  \"café 漢\" + priority 2\n    FIRST +\n  db-4.eu + priority 3\n",
        |topology| {
            topology.apply(&Edit::SetArchive(Archive::new("wal archive").ok())).unwrap();
            let (name, value) = ("work_mem".to_owned(), Some("8MB".to_owned()));
            topology.apply(&Edit::SetSetting { server: None, name, value }).unwrap();
            let server = topology.by_name("FIRST").map(pgcascade::model::topology::Server::id);
            let (name, value) = ("log_min_duration_statement".to_owned(), Some("2s".to_owned()));
            topology.apply(&Edit::SetSetting { server, name, value }).unwrap();
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_design_says_besides_its_drawing_comes_back() {
    let wal = tempfile::tempdir().unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(wal.path(), open).unwrap();
    let folder = wal.path().display().to_string();
    from_everywhere(
        "m + sync first 1\n  a + priority 1\n    b +\n  c + priority 2\n",
        |topology| {
            let mut terms = topology.terms().clone();
            terms.role = RoleName::parse("repuser").ok();
            terms.hba = [
                "host app app 10.0.0.0/8 md5",
                "host \"my db\",all app 10.0.0.7/32 reject",
            ]
            .map(|line| HbaLine::parse(line).unwrap())
            .to_vec();
            terms.initdb = Initdb {
                wal_segment_size: SegmentSize::parse("4MB")
                    .ok()
                    .filter(|_| topology.postgres().has_segment_sizes()),
                data_checksums: Some(!topology.postgres().has_checksums_unasked()),
                ..Initdb::default()
            };
            topology.apply(&Edit::SetClusterTerms(terms)).unwrap();
            let archive = format!("test ! -f {folder}/%f && cp %p {folder}/%f");
            let restore = format!("cp {folder}/%f \"%p\"");
            let archive = Archive::of_commands(Some(&archive), Some(&restore));
            topology.apply(&Edit::SetArchive(Some(archive.unwrap()))).unwrap();
            let id = |name: &str| topology.by_name(name).unwrap().id();
            let (m, b, c) = (id("m"), id("b"), id("c"));
            let slot = SlotName::parse("standby_b").unwrap();
            let options = [("keepalives_idle", "30"), ("options", "-c work_mem=1MB")];
            let link = LinkTerms {
                slot_name: Some(slot.clone()),
                also_follows: vec![c],
                conninfo: options
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .into(),
                ..LinkTerms::default()
            };
            topology.apply(&Edit::SetLinkTerms { server: b, link }).unwrap();
            for (server, slot) in [(c, slot), (m, SlotName::parse("barman_of_m").unwrap())] {
                let terms = ServerTerms {
                    slots: vec![slot],
                    listen: Listen::parse(&["*".to_owned()]).unwrap(),
                    ..ServerTerms::default()
                };
                topology.apply(&Edit::SetServerTerms { server, terms }).unwrap();
            }
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_wal_and_is_no_server_is_drawn_as_that() {
    // Other versions come without it, and it streams from no server that is newer than itself.
    let (bin, newest) = programs();
    if newest < major().await {
        println!("not tried: pg_receivewal {newest} is older than the servers");
        return;
    }
    let place = Place::of("m +\n  a +\n", |_| {}).await;
    let wal = tempfile::tempdir().unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(wal.path(), open).unwrap();
    place
        .ask("m", "SELECT pg_create_physical_replication_slot('keep')")
        .await;
    let port = place.ports["m"];
    let file = place.folder().join("secrets/replication.pgpass");
    let file = pgcascade::model::quoting::conninfo(&file.to_string_lossy());
    let mut receiving = as_user(bin.join("pg_receivewal"))
        .args(["--no-loop", "-S", "keep", "-D"])
        .arg(wal.path())
        .arg("-d")
        .arg(format!(
            "host=localhost port={port} user=replicator passfile={file}"
        ))
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    let topology = loop {
        let brought = ask(&place, place.ports["a"], "").await.unwrap();
        let topology = brought.document.topology();
        if topology.by_name("pg_receivewal").is_some_and(Server::is_receiver) {
            assert!(
                brought.unreached.is_empty() && brought.asked.is_empty(),
                "{:?}",
                brought.asked
            );
            break topology.clone();
        }
        assert!(Instant::now() < until, "{}", brought.document.text());
    };
    receiving.kill().unwrap();
    receiving.wait().unwrap();
    let receiver = topology.by_name("pg_receivewal").unwrap();
    assert_eq!(receiver.upstream(), Some(topology.primary().id()));
    assert_eq!(topology.slot_name(receiver.id()), "keep");
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_and_trust_come_back() {
    from_everywhere("m +\n  a +\n    b +\n", |topology| {
        topology.apply(&Edit::SetTls(true)).unwrap();
    })
    .await;
    from_everywhere("m +\n  a + no-slot\n", |topology| {
        topology.apply(&Edit::SetAuth(Some(Auth::Trust))).unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_is_told_what_it_may_not_see() {
    let place = Place::of("m + sync first 1\n  a + priority 1\n    b +\n", |_| {}).await;
    let sql = "CREATE ROLE mon LOGIN PASSWORD 'x' IN ROLE pg_monitor; CREATE ROLE nobody LOGIN PASSWORD 'x'";
    place.ask("m", sql).await;
    for name in ["m", "a", "b"] {
        place.ask(name, "ALTER SYSTEM SET log_statement = 'all'").await;
        place.ask(name, "SELECT pg_reload_conf()").await;
    }
    let port = place.ports["m"];
    let until = Instant::now() + Duration::from_secs(20);
    // The role has to arrive on the last standby.
    while ask(&place, place.ports["b"], "user=mon password=x")
        .await
        .is_err()
    {
        assert!(Instant::now() < until);
    }
    for name in ["m", "a", "b"] {
        place.ask(name, "ALTER SYSTEM RESET log_statement").await;
    }
    for (name, port) in &place.ports {
        let brought = ask(&place, *port, "user=mon password=x").await.unwrap();
        is_equal_but_for_log_statement(&brought, &place, name);
        assert!(
            brought
                .losses
                .iter()
                .all(|loss| loss.message.contains("pg_hba") || loss.message.contains("recovery.conf")),
            "{:?}",
            brought.losses
        );
    }
    let brought = ask(&place, port, "user=nobody password=x").await.unwrap();
    assert_eq!(brought.document.topology().servers().len(), 3);
    let is_told = brought
        .losses
        .iter()
        .any(|loss| loss.message.contains("GRANT pg_monitor TO \"nobody\""));
    assert!(is_told, "{:?}", brought.losses);
    let report = ask(&place, port, "user=mon password=wrong")
        .await
        .unwrap_err()
        .to_string();
    assert!(
        report.contains("password") && !report.contains("wrong"),
        "{report}"
    );
    let report = ask(&place, 1, "").await.unwrap_err().to_string();
    assert!(report.contains("listen"), "{report}");
    // One that no network leads to: `ask` has the limit of time.
    let report = ask(&place, port, "host=192.0.2.1").await.unwrap_err().to_string();
    assert!(report.contains("could not be queried"), "{report}");
    // All that was asked reads only, on every server.
    for name in ["m", "a", "b"] {
        let log = place.folder().join("servers").join(name).join("log");
        only_reads(&std::fs::read_to_string(log).unwrap());
    }
    place.end().await;
}

#[track_caller]
fn only_reads(log: &str) {
    let asked: Vec<&str> = log
        .lines()
        .filter_map(|line| {
            line.split_once("execute <unnamed>: ")
                .or_else(|| line.split_once("statement: "))
        })
        .map(|(_, sql)| sql)
        .collect();
    assert!(asked.len() > 5, "{log}");
    for sql in asked {
        let is_ours = sql.starts_with("ALTER SYSTEM") || sql.starts_with("SELECT pg_reload_conf");
        assert!(
            is_ours || sql.starts_with("SELECT ") || sql.starts_with("WITH "),
            "{sql}"
        );
    }
}

#[track_caller]
fn is_equal_but_for_log_statement(brought: &Brought, place: &Place, from: &str) {
    let mut topology = brought.document.topology().clone();
    let servers: Vec<_> = topology
        .servers()
        .iter()
        .map(|server| Some(server.id()))
        .chain([None])
        .collect();
    for server in servers {
        let name = "log_statement".to_owned();
        let _ = topology.apply(&Edit::SetSetting {
            server,
            name,
            value: None,
        });
    }
    assert_eq!(
        said(&topology),
        said(&place.topology),
        "from {from}: {:#?}",
        brought.losses
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_away_or_frozen_is_a_card_and_no_hang() {
    let place = Place::of(
        "m + sync first 1\n  a + priority 1\n    b +\n  c + priority 2\n",
        |_| {},
    )
    .await;
    place.control("b", &["-w", "-m", "fast", "stop"]);
    let brought = ask(&place, place.ports["m"], "").await.unwrap();
    let topology = brought.document.topology();
    assert_eq!(topology.servers().len(), 4, "{:?}", brought.unreached);
    let b = topology.by_name("b").expect("it has a slot, so it is drawn");
    assert_eq!(
        topology.server(b.upstream().unwrap()).unwrap().name().as_str(),
        "a"
    );
    assert_eq!(brought.unreached.len(), 1);

    // A frozen postmaster takes connections into its queue and says nothing.
    let pid = std::fs::read_to_string(place.folder().join("servers/a/data/postmaster.pid")).unwrap();
    let pid = nix::unistd::Pid::from_raw(pid.lines().next().unwrap().parse().unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGSTOP).unwrap();
    let from_frozen = ask(&place, place.ports["a"], "").await;
    let from_primary = ask(&place, place.ports["m"], "").await;
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGCONT).unwrap();
    let report = from_frozen.unwrap_err().to_string();
    assert!(report.contains("does not answer in time"), "{report}");
    let brought = from_primary.unwrap();
    let topology = brought.document.topology();
    assert!(
        topology
            .by_name("a")
            .is_some_and(|a| a.standby().unwrap().sync_priority() == Some(1))
    );
    assert!(
        brought
            .unreached
            .iter()
            .any(|one| one.server.as_deref() == Some("a")),
        "{:?}",
        brought.unreached
    );
    place.control("b", &["-w", "-l", "/dev/null", "start"]);
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twins_with_one_name_are_told_apart() {
    let place = Place::of("m + sync first 1\n  a + priority 1\n  b +\n    c +\n", |_| {}).await;
    // Somebody copied a's line: both call themselves "a".
    let major = place.topology.postgres();
    let file = if major.has_standby_signal() {
        "postgresql.conf"
    } else {
        "recovery.conf"
    };
    let path = place.folder().join("servers/b/data").join(file);
    let before = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, before.replace("application_name=b", "application_name=a")).unwrap();
    place.control("b", &["-w", "-m", "fast", "-l", "/dev/null", "restart"]);
    let until = Instant::now() + Duration::from_secs(20);
    for (name, port) in &place.ports {
        let topology = loop {
            let brought = ask(&place, *port, "").await.unwrap();
            let topology = brought.document.topology().clone();
            if topology.servers().len() == 4 && brought.unreached.is_empty() {
                let is_told = brought
                    .losses
                    .iter()
                    .any(|loss| loss.message.contains("has the name \"a\""));
                assert!(is_told, "from {name}: {:?}", brought.losses);
                break topology;
            }
            assert!(Instant::now() < until, "from {name}: {:?}", brought.unreached);
        };
        let follows = |name: &str| {
            let server = topology.by_name(name).unwrap();
            topology
                .server(server.upstream().unwrap())
                .unwrap()
                .name()
                .to_string()
        };
        let c = topology.by_name("c").unwrap();
        let relay = topology.server(c.upstream().unwrap()).unwrap();
        assert_eq!(relay.port().number(), place.ports["b"], "from {name}");
        assert_eq!(follows(relay.name().as_str()), "m");
    }
    std::fs::write(&path, before).unwrap();
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_wants_tls_gets_it_and_has_to_show_who_it_is() {
    let place = Place::of("m +\n  a +\n", |topology| {
        topology.apply(&Edit::SetTls(true)).unwrap();
    })
    .await;
    for server in ["m", "a"] {
        let hba = place.folder().join(format!("servers/{server}/data/pg_hba.conf"));
        let text = std::fs::read_to_string(&hba).unwrap();
        std::fs::write(&hba, text.replace("host    all ", "hostssl all ")).unwrap();
        place.control(server, &["reload"]);
    }
    let port = place.ports["m"];
    let root = place.folder().join("tls/ca.crt");
    let root = format!(
        "sslrootcert={}",
        pgcascade::model::quoting::conninfo(&root.to_string_lossy())
    );
    for more in [
        "sslmode=require".to_owned(),
        format!("sslmode=verify-full {root}"),
        format!("sslmode=verify-ca {root}"),
    ] {
        let brought = ask(&place, port, &more).await.unwrap();
        assert_eq!(brought.document.topology().servers().len(), 2, "{more}");
    }
    for (more, word) in [
        ("sslmode=disable".to_owned(), "pg_hba.conf"),
        ("sslmode=verify-full".to_owned(), "sslrootcert"),
        (format!("sslmode=verify-full host=127.0.0.1 {root}"), ""),
    ] {
        match ask(&place, port, &more).await {
            Err(report) => assert!(report.to_string().contains(word), "{more}: {report}"),
            Ok(_) => assert!(word.is_empty(), "{more}"),
        }
    }
    place.end().await;
}
