//! `patroni`: a YAML file for each server, with the drawn synchronous list, the cascade by tags, and promotion left to people.

use std::collections::BTreeSet;

use super::ExportFile;
use super::hosts::HostLayout;
use super::parts::{cluster_word, in_order, plain, script};
use super::yaml::Yaml;
use crate::model::configuration::{Configuration, Layout, lines_that_let_in};
use crate::model::topology::{Archive, Auth, HbaAddress, Server, Topology};

const SECRETS: &str = include_str!("patroni_secrets.bash");
/// What Patroni sets itself, on every member alike: a value in one server's file is silently ignored.
const CONTROLLED: [&str; 14] = [
    "cluster_name",
    "hot_standby",
    "listen_addresses",
    "max_connections",
    "max_locks_per_transaction",
    "max_prepared_transactions",
    "max_replication_slots",
    "max_wal_senders",
    "max_worker_processes",
    "port",
    "track_commit_timestamp",
    "wal_keep_size",
    "wal_level",
    "wal_log_hints",
];

pub fn files(topology: &Topology) -> Vec<ExportFile> {
    let folders = topology.folders();
    let configuration = Configuration::of(topology, Layout::host_folder());
    let hba = hba(topology);
    let mut files = Vec::new();
    for (number, server) in in_order(topology).into_iter().enumerate() {
        let folder = folders.get(&server.id()).map_or("", String::as_str);
        let yaml = member(topology, &configuration, &hba, server, number).print();
        let head = "# Without passwords: ./secrets-into FOLDER writes each file with them, mode 0600, outside this export.\n";
        files.push(plain(format!("patroni/{folder}.yml"), format!("{head}{yaml}")));
    }
    files.push(script("secrets-into", SECRETS));
    files.extend(super::hosts::preparation(topology));
    files
}

/// True for a setting that can only be the same on every member.
pub fn is_controlled(name: &str) -> bool {
    CONTROLLED
        .iter()
        .any(|controlled| controlled.eq_ignore_ascii_case(name))
        || name.eq_ignore_ascii_case("wal_keep_segments")
}

/// Several servers of one machine share its name; Patroni refuses a loopback name, and another loopback address is one.
fn address(server: &Server) -> String {
    match server.host().as_str() {
        "localhost" | "127.0.0.1" | "::1" => "127.0.0.2".to_owned(),
        other if other.contains(':') => format!("[{other}]"),
        other => other.to_owned(),
    }
}

fn member(
    topology: &Topology,
    configuration: &Configuration<'_>,
    hba: &[String],
    server: &Server,
    number: usize,
) -> Yaml {
    let major = topology.postgres();
    let address = address(server);
    let rest = 8008 + i64::try_from(number).unwrap_or(0);
    let root = HostLayout::Folder.root(topology, configuration.folder(server.id()));
    let rest_address = format!("{address}:{rest}");
    let mut own = Yaml::map([
        ("scope", Yaml::text(cluster_word(topology))),
        ("namespace", Yaml::text("/service/")),
        ("name", Yaml::text(server.name().as_str())),
        (
            "restapi",
            Yaml::map([
                ("listen", Yaml::text(rest_address.clone())),
                ("connect_address", Yaml::text(rest_address)),
            ]),
        ),
        ("etcd3", Yaml::map([("hosts", Yaml::text("127.0.0.1:2379"))])),
    ]);
    if server.is_primary() {
        own = own.with("bootstrap", bootstrap(topology, configuration));
    }
    let all = configuration.settings(server);
    let local = all
        .iter()
        .filter(|setting| !is_controlled(&setting.name) && !is_patronis(&setting.name))
        .map(|setting| {
            (
                setting.name.clone(),
                Yaml::text(setting.value.replace("../", &format!("{root}/"))),
            )
        });
    // The folder that PostgreSQL's packages make; nobody would make one of our own.
    let sockets = Yaml::text("/var/run/postgresql");
    let parameters = local.chain([("unix_socket_directories".to_owned(), sockets)]);
    let replication = topology.replication_role();
    let mut postgresql = Yaml::map([
        ("listen", Yaml::text(listen(server, &address))),
        (
            "connect_address",
            Yaml::text(format!("{address}:{}", server.port())),
        ),
        ("data_dir", Yaml::text(format!("{root}/data"))),
        ("bin_dir", Yaml::text(format!("/usr/lib/postgresql/{major}/bin"))),
        ("pgpass", Yaml::text(format!("{root}/patroni.pgpass"))),
        (
            "authentication",
            Yaml::map([
                ("superuser", person(topology, "postgres", "SUPERUSER_PASSWORD")),
                ("replication", replication_of(topology, replication, &root)),
                ("rewind", person(topology, "rewinder", "REWIND_PASSWORD")),
            ]),
        ),
        ("parameters", Yaml::Map(parameters.collect())),
        ("pg_hba", Yaml::list(hba.iter().cloned())),
    ]);
    let recovery = recovery(topology, server, configuration);
    if recovery != Yaml::Map(Vec::new()) {
        postgresql = postgresql.with("recovery_conf", recovery);
    }
    own = own.with("postgresql", postgresql);
    own.with_some("tags", tags(topology, server))
}

/// Loopback besides, so that people on the host and Patroni itself get in.
fn listen(server: &Server, address: &str) -> String {
    let said = server.terms().listen.entries();
    let addresses = if said.is_empty() {
        format!("127.0.0.1,{}", address.trim_matches(['[', ']']))
    } else {
        said.join(",")
    };
    format!("{addresses}:{}", server.port())
}

/// What Patroni writes itself, or that stands elsewhere in its file.
fn is_patronis(name: &str) -> bool {
    const ELSEWHERE: [&str; 12] = [
        "primary_conninfo",
        "primary_slot_name",
        "recovery_min_apply_delay",
        "recovery_target_timeline",
        "restore_command",
        "standby_mode",
        "synchronous_commit",
        "synchronous_standby_names",
        "unix_socket_directories",
        "unix_socket_directory",
        "hba_file",
        "max_slot_wal_keep_size",
    ];
    ELSEWHERE.iter().any(|own| own.eq_ignore_ascii_case(name))
}

fn bootstrap(topology: &Topology, configuration: &Configuration<'_>) -> Yaml {
    let primary = topology.primary();
    let everywhere = configuration.settings(primary).into_iter();
    let mut parameters: Vec<(String, Yaml)> = everywhere
        .filter(|setting| is_controlled(&setting.name) || setting.name == "max_slot_wal_keep_size")
        .filter(|setting| {
            !matches!(
                setting.name.as_str(),
                "port" | "listen_addresses" | "cluster_name"
            )
        })
        .map(|setting| (setting.name, number_or_text(&setting.value)))
        .collect();
    parameters.push(("wal_log_hints".to_owned(), Yaml::text("on")));
    for name in ["synchronous_commit", "synchronous_standby_names"] {
        parameters.extend(
            configuration
                .value(primary, name)
                .map(|value| (name.to_owned(), Yaml::text(value))),
        );
    }
    let mut initdb = vec![Yaml::map([("encoding", Yaml::text("UTF8"))])];
    let said = &topology.terms().initdb;
    if let Some(encoding) = &said.encoding {
        initdb = vec![Yaml::map([("encoding", Yaml::text(encoding.as_str()))])];
    }
    initdb.extend(
        said.locale
            .as_ref()
            .map(|locale| Yaml::map([("locale", Yaml::text(locale.as_str()))])),
    );
    initdb.extend(
        said.wal_segment_size
            .map(|size| Yaml::map([("wal-segsize", Yaml::text(size.megabytes().to_string()))])),
    );
    // pg_rewind needs them, or wal_log_hints.
    if said.data_checksums != Some(false) {
        initdb.push(Yaml::text("data-checksums"));
    }
    let any_slot = topology
        .servers()
        .iter()
        .any(|server| topology.uses_slot(server.id()));
    Yaml::map([
        (
            "dcs",
            Yaml::map([
                ("ttl", Yaml::Number(30)),
                ("loop_wait", Yaml::Number(10)),
                ("retry_timeout", Yaml::Number(10)),
                ("maximum_lag_on_failover", Yaml::Number(1_048_576)),
                // The drawn list is written as it is; with true Patroni would choose the names.
                ("synchronous_mode", Yaml::Switch(false)),
                // Only the drawn slots, and not one for each member on each possible leader.
                ("member_slots_ttl", Yaml::Number(0)),
                (
                    "postgresql",
                    Yaml::map([
                        ("use_pg_rewind", Yaml::Switch(true)),
                        ("use_slots", Yaml::Switch(any_slot)),
                        ("parameters", Yaml::Map(parameters)),
                    ]),
                ),
            ]),
        ),
        ("initdb", Yaml::List(initdb)),
    ])
}

fn number_or_text(value: &str) -> Yaml {
    value.parse().map_or_else(|_| Yaml::text(value), Yaml::Number)
}

fn person(topology: &Topology, name: &str, placeholder: &str) -> Yaml {
    let password = (topology.effective_auth() != Auth::Trust).then(|| Yaml::text(format!("@{placeholder}@")));
    Yaml::map([("username", Yaml::text(name))]).with_some("password", password)
}

fn replication_of(topology: &Topology, role: &str, root: &str) -> Yaml {
    let mut own = if topology.streams_by_certificate() {
        Yaml::map([("username", Yaml::text(role))])
    } else {
        person(topology, role, "REPLICATION_PASSWORD")
    };
    if topology.has_tls() {
        let tls = &topology.terms().tls;
        own = own.with("sslmode", Yaml::text(tls.mode().word()));
        let files = match &tls.files {
            Some(files) => [
                files.ca.clone(),
                Some(files.cert.clone()),
                Some(files.key.clone()),
            ],
            None => ["ca.crt", "server.crt", "server.key"].map(|file| Some(format!("{root}/tls/{file}"))),
        };
        for (key, file) in ["sslrootcert", "sslcert", "sslkey"].into_iter().zip(files) {
            own = own.with_some(key, file.map(Yaml::text));
        }
    }
    own
}

/// The same on every member, since each may lead: every member may come to stream from every other.
fn hba(topology: &Topology) -> Vec<String> {
    let method = topology.effective_auth().hba_method();
    let mut lines = vec![
        format!("local all all {method}"),
        format!("host all all 127.0.0.0/8 {method}"),
        format!("host all all ::1/128 {method}"),
    ];
    let kind = if topology.has_tls() { "hostssl" } else { "host" };
    for server in topology.servers() {
        let let_in = lines_that_let_in(topology, server).into_iter();
        lines.extend(let_in.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")));
        // Patroni and pg_rewind ask members as ordinary clients.
        let said = server
            .terms()
            .hba_address
            .as_ref()
            .map(|address| address.as_str().to_owned());
        let address = said.or_else(|| {
            let address = HbaAddress::parse(server.host().as_str()).ok()?;
            Some(if address.is_name() {
                format!("\"{}\"", address.as_str())
            } else {
                address.as_str().to_owned()
            })
        });
        let address = address.filter(|_| !server.host().is_loopback());
        for role in ["postgres", "rewinder"] {
            lines.extend(
                address
                    .iter()
                    .map(|address| format!("{kind} all {role} {address} {method}")),
            );
        }
    }
    if topology
        .servers()
        .iter()
        .any(|server| server.host().is_loopback())
    {
        lines.push(format!(
            "host replication {} 127.0.0.0/8 {method}",
            topology.replication_role()
        ));
    }
    let mut seen = BTreeSet::new();
    lines.retain(|line| seen.insert(line.clone()));
    lines.extend(topology.terms().hba.iter().map(|line| line.text().to_owned()));
    lines
}

fn recovery(topology: &Topology, server: &Server, configuration: &Configuration<'_>) -> Yaml {
    let delay = server.standby().and_then(|standby| standby.apply_delay());
    let archive = topology.archive();
    // A folder's command is made for the layout; a command of the design's own is the same everywhere.
    let restore = archive
        .and_then(Archive::restore_command)
        .map(str::to_owned)
        .or_else(|| {
            archive?.directory()?;
            configuration.value(server, "restore_command")
        });
    Yaml::Map(Vec::new())
        .with_some(
            "recovery_min_apply_delay",
            delay.map(|delay| Yaml::text(delay.as_str())),
        )
        .with_some("restore_command", restore.map(Yaml::text))
}

fn tags(topology: &Topology, server: &Server) -> Option<Yaml> {
    let upstream = server.upstream().and_then(|id| topology.server(id))?;
    let mut tags = Yaml::map([("nofailover", Yaml::Switch(true))]);
    if !upstream.is_primary() {
        // The leader needs no tag: every member follows it.
        tags = tags.with("replicatefrom", Yaml::text(upstream.name().as_str()));
    }
    if topology.is_relay(server.id()) {
        tags = tags.with("clonefrom", Yaml::Switch(true));
    }
    Some(tags)
}
