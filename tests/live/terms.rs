//! What the error-level rules on terms say is true: on lines of pg_hba.conf, certificates, options of links, fallback upstreams,
//! names of slots, receivers and hosts. As in `rules`, the servers get the files that the bundle has for them.

use std::process::{Child, Stdio};

use pgcascade::model::topology::terms::HbaLine;
use pgcascade::model::topology::{Auth, Edit, LinkTerms, PgMajor, SlotName, Topology};

use crate::lab::{Lab, SENDERS, as_user, programs, template};

fn link(topology: &mut Topology, server: &str, change: impl Fn(&Topology, &mut LinkTerms)) {
    let server = topology.by_name(server).unwrap();
    let mut link = server.standby().unwrap().link().clone();
    change(topology, &mut link);
    let server = server.id();
    topology.apply(&Edit::SetLinkTerms { server, link }).unwrap();
}

#[test]
fn a_line_of_an_older_version_is_refused() {
    let _template = template();
    let lab = Lab::edited("hba-line-not-known", 70, "m 1\n", |topology| {
        let mut terms = topology.terms().clone();
        let line = "hostssl all all 10.0.0.0/8 scram-sha-256 clientcert=1";
        terms.hba.push(HbaLine::parse(line).unwrap());
        topology.apply(&Edit::SetClusterTerms(terms)).unwrap();
    });
    let log = lab.start("m").unwrap_err();
    assert!(log.contains("invalid value for clientcert: \"1\""), "{log}");
    assert!(log.contains("could not load"), "{log}");
}

/// The lines for certificates are for connections that there are none of.
#[test]
fn certificates_without_tls_let_nobody_in() {
    let _template = template();
    let lab = Lab::with_auth(Auth::Cert, "cert-without-tls", 71, "m 1\n  s 2 no-slot\n", &[]);
    lab.start("m").unwrap();
    lab.start("s").unwrap();
    lab.expect_log("m", &["hostssl record cannot match because SSL is disabled"]);
    lab.expect_log("s", &["no pg_hba.conf entry for replication connection"]);
}

#[test]
fn an_option_of_a_newer_libpq_never_connects() {
    if programs().1 >= PgMajor::V18 {
        return;
    }
    let _template = template();
    let text = "m 1\n  s 2 no-slot\n";
    let lab = Lab::edited("conninfo-option-not-known", 72, text, |topology| {
        link(topology, "s", |_, link| {
            link.conninfo
                .insert("min_protocol_version".to_owned(), "3.0".to_owned());
        });
    });
    lab.up();
    lab.expect_log("s", &["invalid connection option \"min_protocol_version\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fall_back_below_is_a_loop() {
    let _template = template();
    let text = "m 1\n  a 2 no-slot set wal_retrieve_retry_interval=100ms\n    c 3 no-slot\n";
    let lab = Lab::edited("fallback-is-below", 73, text, |topology| {
        link(topology, "a", |topology, link| {
            link.also_follows.push(topology.by_name("c").unwrap().id());
        });
    });
    lab.up();
    lab.expect("m", SENDERS, "a 0 async").await;
    lab.expect("a", SENDERS, "c 0 async").await;
    lab.stop("m");
    // Each of them shows the other one streaming, and nobody makes WAL.
    lab.expect("c", SENDERS, "a 0 async").await;
    lab.expect("a", SENDERS, "c 0 async").await;
    for server in ["a", "c"] {
        lab.expect(server, "SELECT pg_is_in_recovery()::text", "true")
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_serves_one_standby() {
    let _template = template();
    let lab = Lab::edited("slot-name-used-twice", 74, "m 1\n  a 2\n  b 3\n", |topology| {
        for server in ["a", "b"] {
            link(topology, server, |_, link| {
                link.slot_name = SlotName::parse("both").ok();
            });
        }
    });
    lab.start("m").unwrap();
    let client = lab.session("m").await;
    let sql = "SELECT pg_create_physical_replication_slot('both')";
    client.batch_execute(sql).await.unwrap();
    lab.start("a").unwrap();
    lab.expect("m", SENDERS, "a 0 async").await;
    lab.start("b").unwrap();
    lab.expect_log("b", &["replication slot \"both\" is active for PID"]);
    lab.expect("m", SENDERS, "a 0 async").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_archive_there_is_nothing_to_replay() {
    let _template = template();
    let text = "m 1\n  late 2 no-slot\n";
    let lab = Lab::edited("archive-only-cannot-stream", 75, text, |topology| {
        link(topology, "late", |_, link| link.is_by_archive = true);
    });
    lab.up();
    lab.expect_log(
        "late",
        // The newest quote the names.
        &[
            "specified neither primary_conninfo nor restore_command",
            "specified neither \"primary_conninfo\" nor \"restore_command\"",
        ],
    );
    let client = lab.session("m").await;
    client
        .batch_execute("CREATE TABLE t (); SELECT pg_switch_wal()")
        .await
        .unwrap();
    lab.expect("m", SENDERS, "").await;
    lab.expect("late", "SELECT (to_regclass('t') IS NULL)::text", "true")
        .await;
}

/// `pg_receivewal` as it runs beside the servers of a design.
struct Receiver(Child);

impl Drop for Receiver {
    fn drop(&mut self) {
        // One that has ended needs no signal.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_follows_a_receiver() {
    let _template = template();
    let text = "m 1\n  wal 2 no-slot\n    s 3 no-slot\n";
    let lab = Lab::edited("receiver-has-downstreams", 76, text, |topology| {
        link(topology, "wal", |_, link| link.is_receiver = true);
    });
    lab.start("m").unwrap();
    // Where the server of that name would have its data.
    let port = lab.topology.primary().port().to_string();
    let receiver = as_user(programs().0.join("pg_receivewal"))
        .env("PGAPPNAME", "wal")
        .args(["-h", "127.0.0.1", "-U", "replicator", "-p", &port, "-D"])
        .arg(lab.data("wal"))
        .stderr(Stdio::null())
        .spawn();
    let _receiver = Receiver(receiver.unwrap());
    lab.expect("m", SENDERS, "wal 0 async").await;
    lab.start("s").unwrap();
    lab.expect_log("s", &["Connection refused"]);
}

/// A short address is an address to the server, and one without a mask.
#[test]
fn a_short_address_is_refused() {
    let _template = template();
    let text = "m 1 host 127.1\n  s 2 host 127.1 no-slot\n";
    let lab = Lab::edited("host-is-written-wrong", 77, text, |_| {});
    let log = lab.start("m").unwrap_err();
    assert!(log.contains("invalid IP mask"), "{log}");
    assert!(log.contains("could not load"), "{log}");
}
