//! Paths inside configuration files: relative to the data directory, which is every server's working directory
//! (tried on 15: sockets, password file, archive and restore commands all take them so).

use crate::model::plan::ClusterLayout;

pub const SOCKETS: &str = ClusterLayout::SOCKETS;
pub const REPLICATION_PGPASS: &str = ClusterLayout::REPLICATION_PGPASS;

pub const AUTHORITY_CERTIFICATE: &str = ClusterLayout::AUTHORITY_CERTIFICATE;

/// A path of the cluster's folder, as a server in its data directory sees it.
pub fn from_data(path: &str) -> String {
    format!("{}/{path}", ClusterLayout::UP_FROM_DATA)
}

/// The archive's folder, with a `/` behind it, as one word of an archive_command or restore_command, where `%` begins
/// a placeholder.
pub fn archive(directory: &str) -> String {
    let directory = directory.trim_end_matches('/');
    let path = if directory.starts_with('/') || directory.is_empty() {
        directory.to_owned()
    } else {
        from_data(directory)
    };
    shell_word(&format!("{}/", path.replace('%', "%%")))
}

/// The text as one word of a POSIX shell: bare if it is plain, else in single quotes.
pub fn shell_word(text: &str) -> String {
    let is_plain = !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '%' | ':' | '=' | ','));
    if is_plain {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
