//! Four hosts, each in a network namespace with an address of its own, all on 5432: an import from any of them finds all.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pgcascade::engine::import::from_servers;
use pgcascade::model::document::{Document, format};
use pgcascade::model::export::{Target, export};
use pgcascade::model::topology::Topology;
use serde_json::Value;

use crate::lab::programs;

/// What every one of them is asked by.
const DESIGN: &str = r#"
format = 1
name = "four"
postgres = 15

[sync]
method = "first"
count = 1

[security]
hba = ["host all postgres NET.0/24 scram-sha-256", "host all watcher NET.0/24 trust"]

[[server]]
name = "one"
host = "NET.1"
port = 5432

[[server]]
name = "two"
host = "NET.2"
port = 5432
follows = "one"
sync_priority = 1

[[server]]
name = "three"
host = "NET.3"
port = 5432
follows = "two"

[[server]]
name = "four"
host = "NET.4"
port = 5432
follows = "three"
"#;

/// Namespaces on one bridge; gone with it, and what runs in them.
struct Hosts {
    names: Vec<String>,
    bridge: String,
    net: String,
    folder: tempfile::TempDir,
}

fn ip(arguments: &str) {
    let done = Command::new("ip").args(arguments.split(' ')).output().unwrap();
    assert!(
        done.status.success(),
        "ip {arguments}: {} (this test needs root)",
        String::from_utf8_lossy(&done.stderr)
    );
}

impl Hosts {
    fn new(count: usize) -> Self {
        let own = std::process::id() % 200;
        let (bridge, net) = (format!("pgci{own}"), format!("10.{}.41", own + 20));
        let hosts = Self {
            names: (1..=count).map(|number| format!("pgci{own}-{number}")).collect(),
            folder: tempfile::Builder::new()
                .prefix("pgcascade-hosts")
                .tempdir()
                .unwrap(),
            bridge,
            net,
        };
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        fs::set_permissions(hosts.folder.path(), open).unwrap();
        let (bridge, net) = (&hosts.bridge, &hosts.net);
        ip(&format!("link add {bridge} type bridge"));
        ip(&format!("addr add {net}.254/24 dev {bridge}"));
        ip(&format!("link set {bridge} up"));
        for (number, name) in (1..).zip(&hosts.names) {
            ip(&format!("netns add {name}"));
            ip(&format!(
                "link add {bridge}v{number} type veth peer name eth0 netns {name}"
            ));
            ip(&format!("link set {bridge}v{number} master {bridge} up"));
            ip(&format!("-n {name} addr add {net}.{number}/24 dev eth0"));
            ip(&format!("-n {name} link set eth0 up"));
            ip(&format!("-n {name} link set lo up"));
        }
        hosts
    }

    /// A program on one of the hosts; as the servers' user, or as root.
    fn run(&self, at: usize, user: Option<&str>, program: &Path, arguments: &[&str]) -> String {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.names[at]]);
        if let Some(user) = user {
            command.args(["runuser", "-u", user, "--"]);
        }
        let done = command
            .arg(program)
            .args(arguments)
            .env("ROOT", self.root(at))
            .env("SECRETS", self.folder.path().join("secrets"))
            .env("PGBIN", programs().0)
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{}: {}{}",
            program.display(),
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        );
        String::from_utf8(done.stdout).unwrap()
    }

    fn root(&self, at: usize) -> PathBuf {
        self.folder.path().join(format!("root{at}"))
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        let bin = programs().0;
        for (at, name) in self.names.iter().enumerate() {
            let data = self.root(at).join("data");
            let _ = Command::new("ip")
                .args(["netns", "exec", name, "runuser", "-u", "postgres", "--"])
                .arg(bin.join("pg_ctl"))
                .args(["stop", "-m", "immediate", "-D"])
                .arg(data)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            let _ = Command::new("ip").args(["netns", "delete", name]).status();
        }
        let _ = Command::new("ip").args(["link", "delete", &self.bridge]).status();
    }
}

fn built(hosts: &Hosts) -> Document {
    let major = programs().1;
    let text = DESIGN
        .replace("NET", &hosts.net)
        .replace("postgres = 15", &format!("postgres = {major}"));
    let document = format::read(&text).unwrap();
    let folder = &hosts.folder.path().join("export");
    for file in export(&document, Target::Hosts).unwrap().files {
        let path = folder.join(&file.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &file.contents).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(if file.executable { 0o755 } else { 0o644 });
        fs::set_permissions(&path, mode).unwrap();
    }
    let secrets = hosts.folder.path().join("secrets").display().to_string();
    hosts.run(0, Some("postgres"), &folder.join("passwords"), &[&secrets]);
    for (at, name) in ["01-one", "02-two", "03-three", "04-four"]
        .into_iter()
        .enumerate()
    {
        let install = folder.join("hosts").join(name).join("install");
        hosts.run(at, Some("postgres"), &install, &[]);
    }
    hosts.run(
        0,
        Some("postgres"),
        &folder.join("hosts/01-one/install"),
        &["finish"],
    );
    document
}

fn said(topology: &Topology) -> BTreeMap<String, String> {
    let of = |server: &pgcascade::model::topology::Server| {
        let upstream = server.upstream().and_then(|id| topology.server(id));
        format!(
            "{}:{} < {} {:?} {:?} {:?}",
            server.host(),
            server.port(),
            upstream.map_or("-", |one| one.name().as_str()),
            topology
                .uses_slot(server.id())
                .then(|| topology.slot_name(server.id())),
            server.terms(),
            server.settings(),
        )
    };
    let servers = topology.servers().iter();
    servers
        .map(|server| (server.name().to_string(), of(server)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_from_any_of_four_hosts_finds_all() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("Not tried: only root can make network namespaces.");
        return;
    }
    let hosts = Hosts::new(4);
    let document = built(&hosts);
    let drawn = document.topology();
    let pass_file = hosts.root(0).join("superuser.pgpass").display().to_string();
    for number in 1..=4 {
        let begun = Instant::now();
        let text = format!("host={}.{number} user=postgres passfile={pass_file}", hosts.net);
        let brought = from_servers(&text, &[]).await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(10));
        let topology = brought.document.topology();
        assert_eq!(
            said(topology),
            said(drawn),
            "from {number}: {:#?}",
            brought.losses
        );
        assert_eq!(topology.terms(), drawn.terms(), "from {number}");
        assert_eq!(
            topology.synchronous_standby_names(),
            drawn.synchronous_standby_names()
        );
        assert_eq!((brought.asked, brought.losses), (vec![], vec![]), "from {number}");
        assert!(brought.unreached.is_empty(), "{:?}", brought.unreached);
    }
    // A person on the host itself comes over the loopback, by the program.
    for at in 0..4 {
        let source = format!("host=localhost user=postgres passfile={pass_file}");
        let program = Path::new(env!("CARGO_BIN_EXE_pgcascade"));
        let answer = hosts.run(at, None, program, &["import", &source, "--json"]);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let design = format::read(answer["design"].as_str().unwrap()).unwrap();
        assert_eq!(said(design.topology()), said(drawn), "on host {}", at + 1);
        assert_eq!(answer["asked"], Value::Array(vec![]), "on host {}", at + 1);
        assert_eq!(answer["unreached"], Value::Array(vec![]));
    }
}
