//! Every version that can be had, with four shapes: deployed by the engine and from the bundle's scripts, proved,
//! promoted, torn down. The other servers come from `packaging/versions.sh`; `make test-versions` runs all of it.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use pgcascade::engine::cluster;
use pgcascade::engine::deploy::{self, Request};
use pgcascade::model::bundle;
use pgcascade::model::document::Document;
use pgcascade::model::topology::{Archive, Edit, Finding, PgMajor, Severity, Topology, check, notation};
use pgcascade::report::Report;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

use crate::bundle::Place;
use crate::logs;
use crate::scene::{Scene, assert_gone, deployed_with, free_ports, session};
use crate::template::copies_have_their_own_identity;

/// The folders of programs, as in PATH: `…/10/bin:…/11/bin`.
const BINS: &str = "PGCASCADE_TEST_BINS";
/// Every major has fifty ports of its own from here on, every shape ten of them.
const FIRST_PORT: u16 = 29_500;
/// Behind those: ten for each major's changes of a running cluster.
pub const FIRST_PORT_OF_CHANGES: u16 = 29_950;
/// For what has to come: a row, a promotion, a segment in the archive.
const SOON: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// A design, and what is tried with it.
struct Shape {
    name: &'static str,
    /// The notation; ports count from 0 and are written `+0`.
    text: &'static str,
    has_archive: bool,
    has_tls: bool,
    /// The relay that is promoted; everything below it must follow.
    promoted: &'static str,
}

const SHAPES: [Shape; 5] = [
    Shape {
        name: "seed",
        text: "master +0 sync first 1\n  slave1 +1 priority 1\n    slave11 +2\n    slave12 +3\n  slave2 +4 priority 2\n",
        has_archive: false,
        has_tls: false,
        promoted: "slave1",
    },
    Shape {
        name: "chain of four",
        text: "primary +0\n  standby1 +1\n    standby2 +2\n      standby3 +3\n",
        has_archive: false,
        has_tls: false,
        promoted: "standby1",
    },
    Shape {
        name: "quorum of three",
        text: "north +0 sync any 2\n  south +1 priority 1\n    branch +2\n  west +3 priority 2\n  east +4 priority 3\n",
        has_archive: false,
        has_tls: false,
        promoted: "south",
    },
    // The late one hangs on the server that stays: it looks for a new timeline only when its delay is over.
    Shape {
        name: "delayed, with an archive",
        text: "primary +0\n  standby +1\n    leaf +2\n  late +3 delay 10min\n",
        has_archive: true,
        has_tls: false,
        promoted: "standby",
    },
    // Certificates must name the host as libpq of that version compares it.
    Shape {
        name: "encrypted",
        text: "primary +0 host 127.0.0.1\n  standby +1 host localhost\n    leaf +2 host 127.0.0.1\n",
        has_archive: false,
        has_tls: true,
        promoted: "standby",
    },
];

macro_rules! versions {
    ($($test:ident $major:ident $place:literal),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread")]
        #[ignore = "needs servers that Debian does not have: make test-versions brings them"]
        async fn $test() {
            every_shape(PgMajor::$major, FIRST_PORT + 50 * $place).await;
        }
    )+};
}

versions! {
    postgres_10 V10 0,
    postgres_11 V11 1,
    postgres_12 V12 2,
    postgres_13 V13 3,
    postgres_14 V14 4,
    postgres_15 V15 5,
    postgres_16 V16 6,
    postgres_17 V17 7,
    postgres_18 V18 8,
    // No registry has a server of it yet: `make test-newest BIN=…/19/bin` tries one that was built from source, by itself.
    postgres_19 V19 0,
}

#[allow(
    clippy::print_stdout,
    reason = "the times of each version are half of what one runs this for"
)]
async fn every_shape(major: PgMajor, first_port: u16) {
    let bin = programs(major);
    for (shape, port) in SHAPES.iter().zip((first_port..).step_by(10)) {
        let document = shape.document(major, port);
        let findings = check(document.topology());
        let is_error = |finding: &Finding| finding.severity == Severity::Error;
        assert!(!findings.iter().any(is_error), "{findings:#?}");
        let begun = Instant::now();
        by_engine(shape, &document, &bin).await;
        let engine = begun.elapsed();
        let begun = Instant::now();
        by_scripts(shape, &document, &bin);
        println!(
            "PostgreSQL {major}, {}: engine {:.1} s, scripts {:.1} s",
            shape.name,
            engine.as_secs_f32(),
            begun.elapsed().as_secs_f32()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs servers that Debian does not have: make test-versions brings them"]
#[allow(clippy::print_stdout, reason = "as above")]
async fn a_kept_directory_is_a_cluster_of_its_own_on_every_major() {
    for major in PgMajor::ALL
        .into_iter()
        .filter(|major| (PgMajor::V10..=PgMajor::V18).contains(major))
    {
        copies_have_their_own_identity(major, Some(&programs(major)), free_ports()).await;
        println!("PostgreSQL {major}: copied, restarted, streaming, and the other cluster's standby refused");
    }
}

/// The folder of a major's programs; that it is missing is a failure, never a skip.
pub fn programs(major: PgMajor) -> PathBuf {
    let bins =
        std::env::var_os(BINS).unwrap_or_else(|| panic!("{BINS} is not set: make test-versions does it"));
    std::env::split_paths(&bins)
        .find(|bin| bin.ends_with(format!("{major}/bin")) && bin.join("postgres").exists())
        .unwrap_or_else(|| panic!("PostgreSQL {major} is not in {BINS}: {}", bins.display()))
}

impl Shape {
    fn document(&self, major: PgMajor, first_port: u16) -> Document {
        let mut text = self.text.to_owned();
        for number in 0..10 {
            text = text.replace(&format!("+{number}"), &(first_port + number).to_string());
        }
        let mut topology = notation::parse(&format!("postgres {major}\n{text}")).unwrap();
        if self.has_archive {
            let archive = Archive::new("archive").unwrap();
            topology.apply(&Edit::SetArchive(Some(archive))).unwrap();
        }
        topology.apply(&Edit::SetTls(self.has_tls)).unwrap();
        Document::new(topology)
    }

    /// A delayed standby that is started again connects only when its delay is over.
    fn has_delay(&self) -> bool {
        self.text.contains("delay")
    }
}

/// A failed test leaves no server behind: it would have this version's ports in the next run.
struct Unwind<'a>(&'a Path);

impl Drop for Unwind<'_> {
    fn drop(&mut self) {
        let teardown = || {
            let runtime = tokio::runtime::Runtime::new()?;
            let _ = runtime.block_on(cluster::teardown(self.0, CancellationToken::new()));
            std::io::Result::Ok(())
        };
        if self.0.exists() {
            // A runtime cannot be waited for inside another one.
            let _ = std::thread::scope(|scope| scope.spawn(teardown).join());
        }
    }
}

async fn by_engine(shape: &Shape, document: &Document, bin: &Path) {
    let scene = Scene::new();
    let folder = scene.folder();
    let _unwind = Unwind(&folder);
    deployed_with(document, &folder, Some(bin)).await;
    let proved = cluster::verify(&folder, CancellationToken::new()).await;
    proved.unwrap_or_else(|report| panic!("{}: {report}", shape.name));
    if shape.has_archive {
        archives(document.topology(), &folder).await;
    }
    logs::assert_clean(&folder, 0);
    if !shape.has_delay() {
        stop_and_start(shape, &folder).await;
        logs::assert_clean(&folder, 1);
    }
    // Not before: a session of the test's own could be thrown out by the stop, which is an error in the log.
    if shape.has_tls {
        links_are_encrypted(document.topology(), &folder).await;
    }

    promote(shape, document.topology(), &folder, bin).await;
    logs::assert_sane(&folder);
    let done = cluster::teardown(&folder, CancellationToken::new()).await;
    done.unwrap_or_else(|report| panic!("{}: {report}", shape.name));
    assert_gone(&folder);
}

fn by_scripts(shape: &Shape, document: &Document, bin: &Path) {
    let mut place = Place::new(&bundle::generate(document));
    place.bin = Some(bin.to_owned());
    place.expect("up", 0);
    let said = place.expect("verify", 0);
    let standbys = document.topology().servers().len() - 1;
    let expected = if shape.has_archive {
        format!("read on {} standbys and received by 1 delayed one", standbys - 1)
    } else {
        format!("read on {standbys} standbys")
    };
    assert!(said.contains(&expected), "{}: {said}", shape.name);
    logs::assert_clean(&place.cluster(), 0);
    place.expect("down", 0);
    place.nothing_is_left();
}

/// The rest of a clean run.
async fn stop_and_start(shape: &Shape, folder: &Path) {
    let cancel = CancellationToken::new;
    let failed = |report: Report| -> Vec<String> { panic!("{}: {report}", shape.name) };
    cluster::stop(folder, &[], cancel()).await.unwrap_or_else(failed);
    cluster::start(folder, &[], cancel()).await.unwrap_or_else(failed);
    cluster::verify(folder, cancel()).await.unwrap_or_else(failed);
}

/// A finished segment arrives in the archive at the first try.
async fn archives(topology: &Topology, folder: &Path) {
    let primary = session(folder, topology.primary().port().number(), None)
        .await
        .unwrap();
    primary
        .batch_execute("CREATE TABLE segment (n int); SELECT pg_switch_wal()")
        .await
        .unwrap();
    until(
        &primary,
        "SELECT archived_count > 0 FROM pg_stat_archiver",
        "a segment is archived",
    )
    .await;
    let failed = "SELECT failed_count = 0 FROM pg_stat_archiver";
    until(&primary, failed, "the archive takes it at the first try").await;
}

/// Every sender shows each of its downstreams as one that came over TLS, and no older than 1.2.
async fn links_are_encrypted(topology: &Topology, folder: &Path) {
    for sender in topology.servers() {
        let downstreams = topology.downstreams(sender.id()).count();
        let session = session(folder, sender.port().number(), None).await.unwrap();
        let encrypted = format!(
            "SELECT count(*) = {downstreams} FROM pg_stat_replication JOIN pg_stat_ssl USING (pid) \
             WHERE ssl AND version >= 'TLSv1.2'"
        );
        until(&session, &encrypted, "its downstreams stream over TLS").await;
    }
}

/// Makes the relay a primary: what is below it follows it to its new timeline, without a restart.
async fn promote(shape: &Shape, topology: &Topology, folder: &Path, bin: &Path) {
    let relay = topology.by_name(shape.promoted).unwrap();
    let request = Request {
        folder: folder.to_owned(),
        bin: Some(bin.to_owned()),
        run_as: None,
    };
    let mut pg_ctl = Command::new(bin.join("pg_ctl"));
    pg_ctl.args(["promote", "-w", "-D"]).arg(
        folder
            .join("servers")
            .join(topology.folder(relay.id()))
            .join("data"),
    );
    if let Some(user) = deploy::discover(topology, &request).await.run_as {
        pg_ctl.uid(user.uid).gid(user.gid);
    }
    let said = pg_ctl.current_dir("/").output().unwrap();
    assert!(said.status.success(), "{}: {said:?}", shape.name);

    let promoted = session(folder, relay.port().number(), None).await.unwrap();
    until(&promoted, "SELECT NOT pg_is_in_recovery()", "it is a primary").await;
    let write = promoted.batch_execute("CREATE TABLE after_promotion (n int)");
    let written = tokio::time::timeout(SOON, write).await;
    written
        .unwrap_or_else(|_| panic!("{}: a commit on the new primary hangs", shape.name))
        .unwrap();
    for id in topology
        .subtree(relay.id())
        .into_iter()
        .filter(|id| *id != relay.id())
    {
        let server = topology.server(id).unwrap();
        let what = format!("{}: {} follows {}", shape.name, server.name(), relay.name());
        let standby = session(folder, server.port().number(), None).await.unwrap();
        let has_row = "SELECT pg_is_in_recovery() AND to_regclass('after_promotion') IS NOT NULL";
        until(&standby, has_row, &what).await;
    }
    let streaming = format!(
        "SELECT count(*) = {} FROM pg_stat_replication WHERE state = 'streaming'",
        topology.downstreams(relay.id()).count()
    );
    until(&promoted, &streaming, "its downstreams stream from it").await;
}

/// Asks again until the answer is true.
async fn until(client: &Client, question: &str, what: &str) {
    let begun = Instant::now();
    while !client.query_one(question, &[]).await.unwrap().get::<_, bool>(0) {
        assert!(begun.elapsed() < SOON, "waited in vain until {what}");
        tokio::time::sleep(POLL).await;
    }
}
