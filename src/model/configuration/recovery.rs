//! What makes a server a standby: from 12 on settings in postgresql.conf beside an empty `standby.signal`,
//! before that a `recovery.conf`.

use super::archive;
use super::setting::{Setting, render};
use super::sizes::Sizes;
use super::sourced::Sourced;
use super::{Decision, Element};
use crate::model::quoting;
use crate::model::topology::terms::TlsMode;
use crate::model::topology::{Archive, Auth, Server};

/// The file in a standby's data directory, by name and content; `None` for the primary.
pub fn file(sizes: &Sizes<'_>, server: &Server) -> Option<(&'static str, Sourced)> {
    let topology = sizes.topology;
    let upstream = server.upstream().and_then(|id| topology.server(id))?;
    if topology.postgres().has_standby_signal() {
        let origin = Decision::Standby.for_link(server.id());
        let why = "Its presence alone makes the server a standby; it is empty.";
        return Some(("standby.signal", Sourced::whole("", origin, why)));
    }
    let head = format!(
        "recovery.conf of \"{}\", a standby of \"{}\", for PostgreSQL {}",
        server.name(),
        upstream.name(),
        topology.postgres()
    );
    let mut settings = vec![Setting::new(
        Decision::Standby.for_link(server.id()),
        "standby_mode",
        "on",
        "The server stays in recovery and streams, instead of becoming a primary when its WAL ends.",
    )];
    settings.extend(self::settings(sizes, server));
    Some(("recovery.conf", render(&head, settings)))
}

/// The same settings, wherever they stand.
pub fn settings(sizes: &Sizes<'_>, server: &Server) -> Vec<Setting> {
    let topology = sizes.topology;
    let (Some(standby), Some(upstream)) = (
        server.standby(),
        server.upstream().and_then(|id| topology.server(id)),
    ) else {
        return Vec::new();
    };
    let major = topology.postgres();
    let link = Element::Link {
        downstream: server.id(),
    };
    let mut settings = Vec::new();
    let has_own_files = topology.terms().tls.files.is_some();
    let streams = topology.streams(server.id());
    settings.extend(streams.then(|| Setting::new(
        // The host and the port in it are the upstream's own.
        Decision::Upstream.of(vec![link, Element::Server(upstream.id())]),
        "primary_conninfo",
        conninfo(sizes, server, upstream),
        if !topology.fallbacks(server.id()).is_empty() {
            "Where it streams from: the drawn upstream first, then the others in this order, while the one before does not answer. It stays with the one that it reached until that connection ends. The application_name is what pg_stat_replication shows there, and what synchronous_standby_names is compared with."
        } else if topology.has_tls() && (has_own_files || topology.terms().tls.mode() != TlsMode::VerifyFull) {
            "Where it streams from: the drawn upstream. The application_name is what pg_stat_replication shows there, and what synchronous_standby_names is compared with. The link is encrypted, and its certificates are checked as the design says (sslmode)."
        } else if topology.has_tls() {
            "Where it streams from: the drawn upstream. The application_name is what pg_stat_replication shows there, and what synchronous_standby_names is compared with. The link is encrypted, and only with a server whose certificate names this host and comes from the cluster's authority (verify-full); its own certificate is what it shows there."
        } else {
            "Where it streams from: the drawn upstream. The application_name is what pg_stat_replication shows there, and what synchronous_standby_names is compared with."
        },
    )));
    if topology.uses_slot(server.id()) {
        settings.push(Setting::new(
            Decision::Slot.for_link(server.id()),
            "primary_slot_name",
            sizes.slot_name(server.id()),
            "Its replication slot at the upstream, which retains the WAL that it has not received yet.",
        ));
    }
    if let Some(command) = topology.archive().and_then(Archive::restore_command) {
        settings.push(Setting::new(
            Decision::Restore.for_cluster(),
            "restore_command",
            command,
            "The design's own command: where it finds WAL that its upstream no longer has. It fails with an exit code from 1 to 125 where the archive has no such segment; more than that stops the standby.",
        ));
    }
    if let Some(directory) = topology.archive().and_then(Archive::directory) {
        settings.push(Setting::new(
            Decision::Restore.for_cluster(),
            "restore_command",
            archive::restore_command(&sizes.layout, directory, sizes.folder(server.id())),
            "Where it finds WAL that its upstream no longer has: in this cluster's folder in the archive, \
             named after its system identifier. A missing segment is not an error (exit code 1).",
        ));
    }
    if major.needs_timeline_latest() {
        settings.push(Setting::new(
            Decision::Timeline.for_link(server.id()),
            "recovery_target_timeline",
            "latest",
            "After a promotion above it, it follows the new timeline; up to 11, the default is to stay \
             behind.",
        ));
    }
    if let Some(delay) = standby.apply_delay().filter(|_| major.has_apply_delay()) {
        settings.push(Setting::new(
            Decision::Delay.for_server(server.id()),
            "recovery_min_apply_delay",
            delay.as_str(),
            "It receives WAL at once and applies it later, as drawn, which leaves time to notice a mistake.",
        ));
    }
    settings
}

/// The connection to the upstream. The password is never in it, but in a password file: named here from 10 on,
/// before that in the environment (PGPASSFILE) when the server is started.
pub(super) fn conninfo(sizes: &Sizes<'_>, server: &Server, upstream: &Server) -> String {
    let topology = sizes.topology;
    let mut hosts = vec![upstream.host().as_str()];
    let mut ports = vec![upstream.port().to_string()];
    for other in topology.fallbacks(server.id()) {
        if other.id() != upstream.id() {
            hosts.push(other.host().as_str());
            ports.push(other.port().to_string());
        }
    }
    let count = hosts.len();
    let mut words = vec![format!("host={}", quoting::conninfo(&hosts.join(",")))];
    // In a laboratory the link leads through the proxy; libpq still looks for the password by the host's name.
    let through = topology.proxy_address(server);
    words.extend(through.map(|address| format!("hostaddr={}", vec![address.to_string(); count].join(","))));
    words.extend([
        format!("port={}", ports.join(",")),
        format!("user={}", topology.replication_role()),
    ]);
    let has_password = topology.effective_auth() != Auth::Trust && !topology.streams_by_certificate();
    if has_password && topology.postgres().has_passfile() {
        let file = sizes.layout.password_file.of(sizes.folder(server.id()));
        words.push(format!("passfile={}", quoting::conninfo(&file)));
    }
    let tls = tls_options(sizes, server).into_iter();
    words.extend(tls.map(|(word, value)| format!("{word}={}", quoting::conninfo(&value))));
    words.push(format!(
        "application_name={}",
        quoting::conninfo(server.name().as_str())
    ));
    if let Some(database) = topology.link_database(server) {
        words.push(format!("dbname={}", quoting::conninfo(&database)));
    }
    let options = server
        .standby()
        .into_iter()
        .flat_map(|standby| &standby.link().conninfo);
    let options = options
        .filter(|(name, _)| name.as_str() != "dbname" && (through.is_none() || name.as_str() != "hostaddr"));
    words.extend(options.map(|(name, value)| format!("{name}={}", quoting::conninfo(value))));
    words.join(" ")
}

/// How a server proves itself at others, and they at it: options of libpq; none without TLS.
pub(super) fn tls_options(sizes: &Sizes<'_>, server: &Server) -> Vec<(&'static str, String)> {
    let topology = sizes.topology;
    if !topology.has_tls() {
        return Vec::new();
    }
    let mut options = vec![("sslmode", topology.terms().tls.mode().word().to_owned())];
    if let Some(files) = &topology.terms().tls.files {
        options.extend(files.ca.as_ref().map(|ca| ("sslrootcert", ca.clone())));
        options.extend([("sslcert", files.cert.clone()), ("sslkey", files.key.clone())]);
    } else {
        let folder = sizes.folder(server.id());
        let made = [
            ("sslrootcert", &sizes.layout.authority_certificate),
            ("sslcert", &sizes.layout.certificate),
            ("sslkey", &sizes.layout.certificate_key),
        ];
        options.extend(made.map(|(word, place)| (word, place.of(folder))));
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::configuration::Layout;
    use crate::model::topology::{Edit, notation};

    #[track_caller]
    fn recovery_conf(design: &str, server: &str) -> String {
        let topology = notation::parse(design).unwrap();
        let (_, file) = file(
            &Sizes::of(&topology, Layout::cluster_folder()),
            topology.by_name(server).unwrap(),
        )
        .unwrap();
        file.contents
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .map(|line| format!("{line}\n"))
            .collect()
    }

    #[test]
    fn a_name_is_quoted_for_libpq_and_for_the_file() {
        assert_eq!(
            recovery_conf(
                "postgres 9.4\nm 1\n  \"it's \\ \"\"x\"\"\" 2 delay 5min\n",
                "it's \\ \"x\""
            ),
            r#"standby_mode = on
primary_conninfo = 'host=localhost port=1 user=replicator application_name=''it\\''s \\\\ "x"'''
primary_slot_name = 'it_s____x_'
recovery_target_timeline = latest
recovery_min_apply_delay = '5min'
"#
        );
    }

    #[test]
    fn with_tls_both_ends_prove_who_they_are() {
        let mut topology = notation::parse("postgres 9.6\nm 1 host db1\n  \"a b\" 2 host db2\n").unwrap();
        topology.apply(&Edit::SetTls(true)).unwrap();
        let (_, file) = file(
            &Sizes::of(&topology, Layout::cluster_folder()),
            topology.by_name("a b").unwrap(),
        )
        .unwrap();
        let line = file
            .contents
            .lines()
            .find(|line| line.starts_with("primary_conninfo"));
        assert_eq!(
            line.unwrap(),
            "primary_conninfo = 'host=db1 port=1 user=replicator sslmode=verify-full sslrootcert=../../../tls/ca.crt \
             sslcert=../../../tls/server-a_b.crt sslkey=../../../tls/server-a_b.key application_name=''a b'''"
        );
    }

    #[test]
    fn each_version_gets_what_it_knows() {
        let old = recovery_conf("postgres 9.3\nm 1\n  s 2 delay 5min\n", "s");
        assert!(!old.contains("primary_slot_name") && !old.contains("delay") && !old.contains("passfile"));
        let ten = recovery_conf("postgres 10\nm 1\n  s 2\n", "s");
        assert!(ten.contains("passfile=../../../secrets/replication.pgpass"));
        let topology = notation::parse("postgres 12\nm 1\n  s 2\n").unwrap();
        let (name, signal) = file(
            &Sizes::of(&topology, Layout::cluster_folder()),
            topology.by_name("s").unwrap(),
        )
        .unwrap();
        assert_eq!((name, signal.contents.as_str()), ("standby.signal", ""));
        assert_eq!(
            file(
                &Sizes::of(&topology, Layout::cluster_folder()),
                topology.primary()
            ),
            None
        );
    }
}
