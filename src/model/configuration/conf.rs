//! postgresql.conf of one server: what the drawing decides, each line with its reason, then what was set by hand.
//!
//! To add a setting, add a line in the function of its subject. Which version knows what is asked of
//! [`PgMajor`](crate::model::topology::PgMajor), nothing here compares version numbers.

use super::Decision;
use super::archive;
use super::layout::Layout;
use super::recovery;
use super::replication::{feedback, replication, synchronous};
use super::setting::{Setting, render};
use super::sizes::Sizes;
use super::sourced::Sourced;
use crate::model::topology::terms::TlsFiles;
use crate::model::topology::{Auth, Server, Settings, Topology};

/// The whole file.
pub fn postgresql_conf(sizes: &Sizes<'_>, server: &Server) -> Sourced {
    let topology = sizes.topology;
    let role = match server.upstream().and_then(|id| topology.server(id)) {
        None => "the primary".to_owned(),
        Some(upstream) => format!("a standby of \"{}\"", upstream.name()),
    };
    let head = format!(
        "postgresql.conf of \"{}\", {role}, for PostgreSQL {}\nMade by pgcascade from the design \"{}\". Paths are relative to the data directory.",
        server.name(),
        topology.postgres(),
        one_line(topology.name()),
    );
    render(&head, settings(sizes, server))
}

/// Every setting of the file, in its order; each name stands once.
pub fn settings(sizes: &Sizes<'_>, server: &Server) -> Vec<Setting> {
    let topology = sizes.topology;
    let mut settings = connections(sizes, server);
    settings.extend(encryption(sizes, server));
    settings.extend(replication(sizes, server));
    settings.extend(wal_sizes(topology));
    settings.extend(feedback(sizes, server));
    settings.extend(synchronous(topology, server));
    settings.extend(archiving(sizes, server));
    if !server.is_primary() && topology.postgres().has_standby_signal() {
        settings.extend(recovery::settings(sizes, server));
    }
    settings.extend(laboratory(sizes));
    by_hand(topology, server, settings)
}

/// What a directory is started with once before it is copied, as "name=value": the settings that go into pg_control,
/// where a copy compares them with its own, and the way passwords are stored.
pub fn primed(topology: &Topology) -> Vec<String> {
    const IN_PG_CONTROL: [&str; 7] = [
        "max_connections",
        "max_locks_per_transaction",
        "max_prepared_transactions",
        "max_wal_senders",
        "max_worker_processes",
        "password_encryption",
        "wal_level",
    ];
    settings(&Sizes::of(topology, Layout::cluster_folder()), topology.primary())
        .into_iter()
        .filter(|setting| IN_PG_CONTROL.contains(&setting.name.to_ascii_lowercase().as_str()))
        .map(|setting| format!("{}={}", setting.name, setting.value))
        .collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn connections(sizes: &Sizes<'_>, server: &Server) -> Vec<Setting> {
    let topology = sizes.topology;
    let major = topology.postgres();
    let mut settings = vec![
        Setting::new(
            Decision::Listen.for_server(server.id()),
            "listen_addresses",
            sizes.layout.listen.addresses(server),
            if !server.terms().listen.entries().is_empty() {
                "Listen where the design says; pg_hba.conf decides who gets in."
            } else if server.host().is_loopback() {
                "Accept connections from this machine only, as drawn."
            } else {
                "Listen on the server's host, as drawn, and on this machine's loopback address only."
            },
        ),
        Setting::new(
            Decision::Port.for_server(server.id()),
            "port",
            server.port().to_string(),
            "The drawn port; it is also part of the socket's name.",
        ),
        Setting::new(
            Decision::Sockets.for_cluster(),
            major.socket_setting(),
            sizes.layout.sockets.of(sizes.folder(server.id())),
            "A separate folder for this cluster's sockets, so they cannot clash with another server's.",
        ),
    ];
    if major.has_cluster_name() {
        settings.push(Setting::new(
            Decision::ProcessName.for_server(server.id()),
            "cluster_name",
            server.name().as_str(),
            "Shown in the process list (ps), to distinguish the servers on one machine.",
        ));
    }
    if topology.effective_auth() == Auth::Scram && major.has_scram() && !major.stores_scram_unasked() {
        settings.push(Setting::new(
            Decision::Passwords.for_cluster(),
            "password_encryption",
            "scram-sha-256",
            "How new passwords are stored; up to 13 the default is md5, which scram-sha-256 in pg_hba.conf \
             rejects.",
        ));
    }
    settings
}

/// Both ends of every link prove who they are, so a server's certificate is also what it shows to its upstream.
fn encryption(sizes: &Sizes<'_>, server: &Server) -> Vec<Setting> {
    const CERTIFICATE: &str = "The server's own certificate, which names the host that its downstreams connect to, and its private key, which only its owner may read.";
    let topology = sizes.topology;
    if !topology.has_tls() {
        return Vec::new();
    }
    if let Some(files) = &topology.terms().tls.files {
        return own_encryption(sizes, server, files);
    }
    let folder = sizes.folder(server.id());
    let own = |name: &str, path: String| {
        let origin = Decision::Encryption.for_server(server.id());
        Setting::new(origin, name, path, CERTIFICATE)
    };
    let mut settings = vec![
        Setting::new(
            Decision::Encryption.for_cluster(),
            "ssl",
            "on",
            "Links are encrypted, as drawn; pg_hba.conf rejects downstreams without TLS.",
        ),
        own("ssl_cert_file", sizes.layout.certificate.of(folder)),
        own("ssl_key_file", sizes.layout.certificate_key.of(folder)),
        Setting::new(
            Decision::Encryption.for_cluster(),
            "ssl_ca_file",
            sizes.layout.authority_certificate.of(folder),
            "The authority of the cluster: a downstream must show a certificate that comes from it.",
        ),
    ];
    settings.extend(least_version(topology));
    settings
}

fn least_version(topology: &Topology) -> Option<Setting> {
    topology.postgres().has_min_tls_version().then(|| {
        Setting::new(
            Decision::Encryption.for_cluster(),
            "ssl_min_protocol_version",
            "TLSv1.2",
            "No older protocol: 1.0 and 1.1 are broken. It is the default from 13 on.",
        )
    })
}

/// With certificates of the site, which lie where the design says.
fn own_encryption(sizes: &Sizes<'_>, server: &Server, files: &TlsFiles) -> Vec<Setting> {
    const FILES: &str = "The site's own certificate for this host, and its private key, which only the server's user may read: the design says where they lie.";
    let mut settings = vec![Setting::new(
        Decision::Encryption.for_cluster(),
        "ssl",
        "on",
        "Links are encrypted, as drawn; pg_hba.conf rejects downstreams without TLS.",
    )];
    for (name, path) in [("ssl_cert_file", &files.cert), ("ssl_key_file", &files.key)] {
        settings.push(Setting::new(
            Decision::Encryption.for_server(server.id()),
            name,
            path,
            FILES,
        ));
    }
    settings.extend(files.ca.as_ref().map(|ca| {
        Setting::new(
            Decision::Encryption.for_cluster(),
            "ssl_ca_file",
            ca,
            "The site's authority: a downstream must show a certificate that comes from it.",
        )
    }));
    settings.extend(least_version(sizes.topology));
    settings
}

fn archiving(sizes: &Sizes<'_>, server: &Server) -> Vec<Setting> {
    let Some(archive) = sizes.topology.archive().filter(|archive| archive.takes_wal()) else {
        return Vec::new();
    };
    let (command, reason) = match (archive.directory(), archive.archive_command()) {
        (Some(directory), _) => (
            archive::archive_command(&sizes.layout, directory, sizes.folder(server.id())),
            "Copies each segment into the archive's folder of this cluster, which is called by its system identifier (in pg_control). A segment appears under its name only when all of it is on disk. One that is there already must be the same; another one is never overwritten: then the command fails, is tried again, and says so in the log.",
        ),
        (None, own) => (
            own.unwrap_or_default().to_owned(),
            "The design's own command. It has succeeded only when the segment is safe: the server removes its copy after that.",
        ),
    };
    vec![
        Setting::new(
            Decision::Archive.for_cluster(),
            "archive_mode",
            "on",
            "Completed WAL segments are copied to the archive. On a standby, this starts after a promotion.",
        ),
        Setting::new(
            Decision::Archive.for_cluster(),
            "archive_command",
            command,
            reason,
        ),
    ]
}

/// As initdb writes them: 5 and 64 segments, since the server's own numbers are for segments of 16 MB.
fn wal_sizes(topology: &Topology) -> Vec<Setting> {
    const SIZES: &str =
        "WAL segments have another size than usual, as the design says: these are 5 and 64 of them.";
    let Some(size) = topology.terms().initdb.wal_segment_size else {
        return Vec::new();
    };
    let megabytes = u32::from(size.megabytes());
    [("min_wal_size", 5), ("max_wal_size", 64)]
        .map(|(name, count)| {
            let value = format!("{}MB", megabytes * count);
            Setting::new(Decision::WalSize.for_cluster(), name, value, SIZES)
        })
        .into()
}

/// What makes a whole cluster fit on one machine, and only there.
fn laboratory(sizes: &Sizes<'_>) -> Vec<Setting> {
    if !sizes.is_laboratory() {
        return Vec::new();
    }
    let mut settings = vec![Setting::new(
        Decision::Laboratory.for_cluster(),
        "shared_buffers",
        "16MB",
        "Kept small so that the whole cluster fits on one machine; on a dedicated machine, about a quarter of the memory is usual.",
    )];
    if sizes.topology.postgres().has_retry_interval() {
        settings.push(Setting::new(
            Decision::Laboratory.for_cluster(),
            "wal_retrieve_retry_interval",
            "100ms",
            "A standby reconnects quickly when its upstream is back; by default it retries only every 5 s.",
        ));
    }
    settings
}

/// Puts what was set by hand behind the rest, in place of what the drawing would say: the server's own before the
/// cluster's. PostgreSQL does not tell capitals apart in names.
fn by_hand(topology: &Topology, server: &Server, mut settings: Vec<Setting>) -> Vec<Setting> {
    let has = |settings: &Settings, name: &str| settings.keys().any(|own| own.eq_ignore_ascii_case(name));
    settings
        .retain(|setting| !has(topology.settings(), &setting.name) && !has(server.settings(), &setting.name));
    for (name, value) in topology.settings() {
        if !has(server.settings(), name) {
            settings.push(Setting::new(
                Decision::ByHand.for_cluster(),
                name,
                value,
                "Set by hand in the design, for every server.",
            ));
        }
    }
    for (name, value) in server.settings() {
        settings.push(Setting::new(
            Decision::ByHand.for_server(server.id()),
            name,
            value,
            "Set by hand in the design, for this server.",
        ));
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::{Edit, notation};

    #[track_caller]
    fn value(topology: &Topology, server: &str, name: &str) -> Option<String> {
        let server = topology.by_name(server).unwrap();
        let found: Vec<_> = settings(&Sizes::of(topology, Layout::cluster_folder()), server)
            .into_iter()
            .filter(|setting| setting.name == name)
            .collect();
        assert!(found.len() <= 1, "{name} stands {} times", found.len());
        found.into_iter().next().map(|setting| setting.value)
    }

    fn set(topology: &mut Topology, server: Option<&str>, name: &str, value: &str) {
        let server = server.map(|name| topology.by_name(name).unwrap().id());
        let (name, value) = (name.to_owned(), Some(value.to_owned()));
        topology.apply(&Edit::SetSetting { server, name, value }).unwrap();
    }

    #[test]
    fn what_is_set_by_hand_wins_and_stands_once() {
        let mut topology = notation::parse("m 1\n  s 2\n").unwrap();
        set(&mut topology, None, "shared_buffers", "32MB");
        set(&mut topology, Some("s"), "shared_buffers", "64MB");
        assert_eq!(value(&topology, "m", "shared_buffers").as_deref(), Some("32MB"));
        assert_eq!(value(&topology, "s", "shared_buffers").as_deref(), Some("64MB"));
        let conf = postgresql_conf(
            &Sizes::of(&topology, Layout::cluster_folder()),
            topology.by_name("s").unwrap(),
        )
        .contents;
        assert_eq!(conf.matches("shared_buffers =").count(), 1);
        assert!(conf.trim_end().ends_with("shared_buffers = '64MB'"));
    }

    #[test]
    fn senders_fit_between_downstreams_and_connections() {
        let many = |major: &str, count: u32| {
            let mut text = format!("postgres {major}\nm 1\n");
            for number in 0..count {
                text += &format!("  s{number} {}\n", 100 + number);
            }
            notation::parse(&text).unwrap()
        };
        assert_eq!(
            value(&many("15", 2), "m", "max_wal_senders").as_deref(),
            Some("10")
        );
        assert_eq!(
            value(&many("15", 20), "s0", "max_wal_senders").as_deref(),
            Some("25")
        );
        assert_eq!(value(&many("11", 20), "m", "max_connections"), None);
        assert_eq!(
            value(&many("11", 100), "m", "max_connections").as_deref(),
            Some("205")
        );
        assert_eq!(value(&many("12", 100), "m", "max_connections"), None);
        let mut few = many("9.6", 2);
        set(&mut few, None, "max_connections", "10");
        assert_eq!(value(&few, "m", "max_wal_senders").as_deref(), Some("6"));
        assert!(primed(&few).contains(&"max_connections=10".to_owned()));
    }

    #[test]
    fn only_one_machine_gets_the_settings_of_a_laboratory() {
        let here = notation::parse("m 1\n  s 2\n").unwrap();
        assert!(value(&here, "m", "shared_buffers").is_some());
        let apart = notation::parse("m 1 host db1\n  s 2 host db2\n").unwrap();
        assert!(value(&apart, "m", "shared_buffers").is_none());
        assert_eq!(
            value(&apart, "m", "listen_addresses").as_deref(),
            Some("localhost, db1")
        );
    }

    #[test]
    fn wal_is_kept_where_a_downstream_has_no_slot() {
        let topology = notation::parse("m 1\n  a 2 no-slot\n  b 3\n    c 4\n").unwrap();
        assert!(value(&topology, "m", "wal_keep_size").is_some());
        assert!(value(&topology, "b", "wal_keep_size").is_none());
        let old = notation::parse("postgres 9.3\nm 1\n  a 2\n").unwrap();
        assert!(value(&old, "m", "wal_keep_segments").is_some());
        assert!(value(&old, "m", "max_replication_slots").is_none());
    }
}
