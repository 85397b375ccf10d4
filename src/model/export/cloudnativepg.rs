//! `cloudnativepg`: a Cluster for each server, since inside one there is no cascade; each standby is a replica of its upstream's.

use super::ExportFile;
use super::names::{Spelling, derived};
use super::parts::{cluster_word, in_order, plain};
use super::yaml::Yaml;
use crate::model::topology::{ApplyDelay, Server, Settings, SyncMethod, Topology};

/// Parameters that the operator refuses, or that have another place in its file.
const REFUSED: [&str; 58] = [
    "allow_system_table_mods",
    "archive_cleanup_command",
    "archive_command",
    "archive_mode",
    "bonjour",
    "bonjour_name",
    "cluster_name",
    "config_file",
    "data_directory",
    "data_sync_retry",
    "event_source",
    "external_pid_file",
    "full_page_writes",
    "hba_file",
    "hot_standby",
    "huge_pages",
    "ident_file",
    "jit_provider",
    "listen_addresses",
    "log_destination",
    "log_directory",
    "log_file_mode",
    "log_filename",
    "log_rotation_age",
    "log_rotation_size",
    "log_truncate_on_rotation",
    "logging_collector",
    "port",
    "primary_conninfo",
    "primary_slot_name",
    "promote_trigger_file",
    "recovery_end_command",
    "recovery_min_apply_delay",
    "recovery_target",
    "recovery_target_action",
    "recovery_target_inclusive",
    "recovery_target_lsn",
    "recovery_target_name",
    "recovery_target_time",
    "recovery_target_timeline",
    "recovery_target_xid",
    "restart_after_crash",
    "restore_command",
    "shared_preload_libraries",
    "ssl",
    "ssl_ca_file",
    "ssl_cert_file",
    "ssl_ciphers",
    "ssl_crl_file",
    "ssl_key_file",
    "ssl_passphrase_command",
    "ssl_prefer_server_ciphers",
    "stats_temp_directory",
    "synchronous_standby_names",
    "syslog_facility",
    "unix_socket_directories",
    "unix_socket_group",
    "unix_socket_permissions",
];

pub fn files(topology: &Topology) -> Vec<ExportFile> {
    let names = derived(topology, Spelling::Dns { most: 50 }, &[]);
    let name = |server: &Server| names.get(&server.id()).cloned().unwrap_or_default();
    let mut files = Vec::new();
    for (number, server) in in_order(topology).into_iter().enumerate() {
        let yaml = cluster(topology, server, &name).print();
        files.push(plain(
            format!("{:02}-{}.yaml", number + 1, name(server)),
            format!("---\n{yaml}"),
        ));
    }
    files
}

/// True for a setting that the operator's webhook refuses.
pub fn is_refused(name: &str) -> bool {
    REFUSED.iter().any(|refused| refused.eq_ignore_ascii_case(name))
}

fn cluster(topology: &Topology, server: &Server, name: &dyn Fn(&Server) -> String) -> Yaml {
    let major = topology.postgres();
    let upstream = server.upstream().and_then(|id| topology.server(id));
    let mut spec = Yaml::map([
        ("instances", Yaml::Number(1)),
        (
            "imageName",
            Yaml::text(format!("ghcr.io/cloudnative-pg/postgresql:{major}")),
        ),
        ("storage", Yaml::map([("size", Yaml::text("10Gi"))])),
    ]);
    spec = match upstream {
        None => spec.with("bootstrap", Yaml::map([("initdb", initdb(topology))])),
        Some(upstream) => {
            let source = Yaml::text(name(upstream));
            spec.with(
                "bootstrap",
                Yaml::map([("pg_basebackup", Yaml::map([("source", source)]))]),
            )
        }
    };
    spec = spec.with("postgresql", postgresql(topology, server));
    if let Some(upstream) = upstream {
        let delay = server
            .standby()
            .and_then(|standby| standby.apply_delay())
            .filter(|_| server.is_delayed());
        let replica = Yaml::map([
            ("enabled", Yaml::Switch(true)),
            ("source", Yaml::text(name(upstream))),
        ])
        .with_some("minApplyDelay", delay.map(|delay| Yaml::text(go_duration(delay))));
        spec = spec.with("replica", replica).with(
            "externalClusters",
            Yaml::List(vec![source(topology, server, &name(upstream))]),
        );
    }
    let labels = Yaml::map([("pgcascade/cluster", Yaml::text(cluster_word(topology)))]);
    let annotations = Yaml::map([("pgcascade/server", Yaml::text(server.name().as_str()))]);
    Yaml::map([
        ("apiVersion", Yaml::text("postgresql.cnpg.io/v1")),
        ("kind", Yaml::text("Cluster")),
        (
            "metadata",
            Yaml::map([
                ("name", Yaml::text(name(server))),
                ("labels", labels),
                ("annotations", annotations),
            ]),
        ),
        ("spec", spec),
    ])
}

fn initdb(topology: &Topology) -> Yaml {
    let said = &topology.terms().initdb;
    Yaml::map([("database", Yaml::text("app")), ("owner", Yaml::text("app"))])
        .with_some(
            "encoding",
            said.encoding
                .as_ref()
                .map(|encoding| Yaml::text(encoding.as_str())),
        )
        .with_some(
            "localeCollate",
            said.locale.as_ref().map(|locale| Yaml::text(locale.as_str())),
        )
        .with_some(
            "localeCType",
            said.locale.as_ref().map(|locale| Yaml::text(locale.as_str())),
        )
        .with_some("dataChecksums", said.data_checksums.map(Yaml::Switch))
        .with_some(
            "walSegmentSize",
            said.wal_segment_size
                .map(|size| Yaml::Number(i64::from(size.megabytes()))),
        )
}

/// Values are texts for the operator, also where they are numbers.
fn postgresql(topology: &Topology, server: &Server) -> Yaml {
    let mut parameters = Settings::new();
    for (name, value) in topology.settings().iter().chain(server.settings()) {
        if !is_refused(name) {
            parameters.insert(name.to_ascii_lowercase(), value.clone());
        }
    }
    if let Some(policy) = topology.sync().filter(|_| server.is_primary()) {
        parameters.insert("synchronous_commit".to_owned(), policy.commit.word().to_owned());
    }
    // No slots between Clusters: what a replica missed has to be there still.
    if topology.downstreams(server.id()).next().is_some() {
        parameters
            .entry("wal_keep_size".to_owned())
            .or_insert_with(|| "2GB".to_owned());
    }
    let parameters = parameters
        .into_iter()
        .map(|(name, value)| (name, Yaml::text(value)));
    let own = Yaml::map([("parameters", Yaml::Map(parameters.collect()))]);
    let lines = topology
        .terms()
        .hba
        .iter()
        .filter(|line| line.who().kind != "local");
    let lines: Vec<String> = lines.map(|line| line.text().to_owned()).collect();
    let own = own.with_some("pg_hba", (!lines.is_empty()).then(|| Yaml::list(lines)));
    let names = topology.sync_candidates();
    match topology
        .sync()
        .filter(|_| server.is_primary() && !names.is_empty())
    {
        None => own,
        Some(policy) => own.with(
            "synchronous",
            Yaml::map([
                (
                    "method",
                    Yaml::text(if policy.method == SyncMethod::Any {
                        "any"
                    } else {
                        "first"
                    }),
                ),
                ("number", Yaml::Number(i64::from(policy.count))),
                ("maxStandbyNamesFromCluster", Yaml::Number(0)),
                (
                    "standbyNamesPre",
                    Yaml::list(names.iter().map(|one| one.name().in_list(topology.postgres()))),
                ),
            ]),
        ),
    }
}

fn source(topology: &Topology, server: &Server, upstream: &str) -> Yaml {
    let secret = |kind: &str, key: &str| {
        Yaml::map([
            ("name", Yaml::text(format!("{upstream}-{kind}"))),
            ("key", Yaml::text(key)),
        ])
    };
    let options = server
        .standby()
        .map(|standby| standby.link().conninfo.clone())
        .unwrap_or_default();
    let mut parameters = Yaml::map([
        ("host", Yaml::text(format!("{upstream}-rw"))),
        ("port", Yaml::text("5432")),
        ("user", Yaml::text("streaming_replica")),
        (
            "dbname",
            Yaml::text(
                topology
                    .link_database(server)
                    .unwrap_or_else(|| "postgres".to_owned()),
            ),
        ),
        ("sslmode", Yaml::text("verify-full")),
        ("application_name", Yaml::text(server.name().as_str())),
    ]);
    for (option, value) in options.iter().filter(|(option, _)| option.as_str() != "dbname") {
        parameters = parameters.with(option, Yaml::text(value.as_str()));
    }
    Yaml::map([
        ("name", Yaml::text(upstream)),
        ("connectionParameters", parameters),
        ("sslKey", secret("replication", "tls.key")),
        ("sslCert", secret("replication", "tls.crt")),
        ("sslRootCert", secret("ca", "ca.crt")),
    ])
}

/// `10min` as Go spells it: `10m`.
fn go_duration(delay: &ApplyDelay) -> String {
    let millis = delay.micros() / 1_000;
    let (seconds, rest) = (millis / 1_000, millis % 1_000);
    if rest > 0 {
        return format!("{millis}ms");
    }
    let parts = [
        (seconds / 3_600, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let text: String = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number}{unit}"))
        .collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::PgMajor;

    #[test]
    fn delays_are_spelled_as_go_spells_them() {
        for (text, go) in [
            ("10min", "10m"),
            ("90s", "1m30s"),
            ("1d", "24h"),
            ("500ms", "500ms"),
            ("1h", "1h"),
            ("0", "0s"),
        ] {
            assert_eq!(go_duration(&ApplyDelay::parse(text).unwrap()), go);
        }
        assert!(PgMajor::V14.is_for_cloudnativepg() && !PgMajor::V13.is_for_cloudnativepg());
    }
}
