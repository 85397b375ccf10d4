//! What lies where in a cluster's folder, `deploy --dir DIR`: the same for the engine, the scripts and every path in a conf file.
//!
//! ```text
//! DIR/
//!   README.md          how to connect
//!   design.toml        the design as it was deployed
//!   .pgcascade/        the marker and record: what pgcascade made here
//!   secrets/           password files, 0600
//!   tls/               the authority and the servers' certificates, 0600, if the design has TLS
//!   run/               the servers' sockets
//!   archive/           the WAL archive, if the design has one
//!   servers/NAME/data  a data directory, 0700
//!   servers/NAME/log   what the server said
//! ```
//! Configuration files name these by paths relative to the data directory, which is every server's working
//! directory: a cluster can be built anywhere from the same files.

/// Paths relative to the cluster's folder, always with `/`.
#[derive(Clone, Copy, Debug)]
pub struct ClusterFolder;

impl ClusterFolder {
    pub const README: &'static str = "README.md";
    pub const DESIGN: &'static str = "design.toml";
    pub const MARKER_FOLDER: &'static str = ".pgcascade";
    pub const SECRETS: &'static str = "secrets";
    /// The superuser's password alone in a line: what `initdb --pwfile` reads.
    pub const SUPERUSER_PASSWORD: &'static str = "secrets/superuser";
    /// The replication role's password alone in a line.
    pub const REPLICATION_PASSWORD: &'static str = "secrets/replication";
    /// libpq's password file for people: every server, superuser.
    pub const PGPASS: &'static str = "secrets/pgpass";
    /// libpq's password file for the standbys: every server, replication role.
    pub const REPLICATION_PGPASS: &'static str = "secrets/replication.pgpass";
    pub const TLS: &'static str = "tls";
    /// What both ends of a link trust: anyone who shows a certificate must have it from this authority.
    pub const AUTHORITY_CERTIFICATE: &'static str = "tls/ca.crt";
    /// Signs certificates for servers that come later; no server reads it.
    pub const AUTHORITY_KEY: &'static str = "tls/ca.key";
    pub const SOCKETS: &'static str = "run";
    /// What the proxy of a laboratory is told, what it answers, and what it says when it fails.
    pub const PROXY_ORDERS: &'static str = "run/proxy.json";
    pub const PROXY_ANSWER: &'static str = "run/proxy.answer.json";
    pub const PROXY_LOG: &'static str = "run/proxy.log";
    pub const SERVERS: &'static str = "servers";
    /// From a data directory up to the cluster's folder.
    pub const UP_FROM_DATA: &'static str = "../../..";
    pub const SUPERUSER: &'static str = "postgres";
    pub const REPLICATION_ROLE: &'static str = "replicator";

    /// The server's own folder; `folder` is [`Topology::folder`](crate::model::topology::Topology::folder).
    pub fn server(folder: &str) -> String {
        format!("servers/{folder}")
    }

    pub fn data(folder: &str) -> String {
        format!("servers/{folder}/data")
    }

    pub fn log(folder: &str) -> String {
        format!("servers/{folder}/log")
    }

    /// The server's certificate, for both ends of its links.
    pub fn certificate(folder: &str) -> String {
        format!("tls/server-{folder}.crt")
    }

    /// The private key that belongs to the certificate.
    pub fn certificate_key(folder: &str) -> String {
        format!("tls/server-{folder}.key")
    }

    /// The folders to make for an archive inside the cluster's folder, outermost first; empty for one that is
    /// outside, or that would lie in a folder of the cluster itself: such a folder is not ours to make or remove.
    pub fn archive_folders(directory: &str) -> Vec<String> {
        const TAKEN: [&str; 7] = [
            ClusterFolder::README,
            ClusterFolder::DESIGN,
            ClusterFolder::MARKER_FOLDER,
            ClusterFolder::SECRETS,
            ClusterFolder::TLS,
            ClusterFolder::SOCKETS,
            ClusterFolder::SERVERS,
        ];
        let parts: Vec<&str> = directory
            .split('/')
            .filter(|part| !matches!(*part, "" | "."))
            .collect();
        // Also on file systems that do not tell capitals apart.
        let is_taken = |part: &&str| TAKEN.iter().any(|taken| taken.eq_ignore_ascii_case(part));
        if directory.starts_with('/') || parts.contains(&"..") || parts.first().is_some_and(is_taken) {
            return Vec::new();
        }
        (1..=parts.len())
            .filter_map(|length| parts.get(..length))
            .map(|parts| parts.join("/"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rules on files that settings name know the same folder, from a floor below.
    #[test]
    fn no_setting_may_name_what_is_the_clusters_own() {
        use crate::model::topology::{CLUSTER_OWN, DATA_DEPTH};
        for own in CLUSTER_OWN {
            assert!(ClusterFolder::archive_folders(own).is_empty(), "{own}");
        }
        assert_eq!(ClusterFolder::data("m").split('/').count(), DATA_DEPTH);
        assert_eq!(ClusterFolder::UP_FROM_DATA.split('/').count(), DATA_DEPTH);
    }

    #[test]
    fn only_folders_inside_the_cluster_are_made() {
        assert_eq!(ClusterFolder::archive_folders("wal/./old/"), ["wal", "wal/old"]);
        for outside in [
            "/srv/wal",
            "../wal",
            "a/../../b",
            "servers/x",
            "Secrets",
            "tls/old",
            ".",
        ] {
            assert!(ClusterFolder::archive_folders(outside).is_empty(), "{outside}");
        }
    }
}
