//! The settings of a running server that decide its replication, as pg_settings has them.

use std::collections::BTreeMap;

use super::Conninfo;

/// Those that are asked for anyone who set them; of all others, those that somebody set. A version that does not know one has
/// no row for it; before 12, what stands in recovery.conf is not a setting.
pub const SETTINGS: [&str; 23] = [
    "archive_command",
    "archive_mode",
    "cluster_name",
    "hot_standby",
    "hot_standby_feedback",
    "listen_addresses",
    "max_replication_slots",
    "max_slot_wal_keep_size",
    "max_wal_senders",
    "port",
    PRIMARY_CONNINFO,
    "primary_slot_name",
    "recovery_min_apply_delay",
    "recovery_target_timeline",
    "restore_command",
    "ssl",
    "synchronous_commit",
    "synchronous_standby_names",
    "wal_keep_segments",
    "wal_keep_size",
    "wal_level",
    "wal_receiver_timeout",
    "wal_sender_timeout",
];

const PRIMARY_CONNINFO: &str = "primary_conninfo";

/// By name; what is not in it is not known: not to this version, or not to be seen by this role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<String, Setting>);

/// One setting, and where its value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Without a unit: in the unit that pg_settings counts in. A connection string has no secret in it, and is `None` if
    /// it cannot be read.
    pub value: Option<String>,
    pub unit: Option<String>,
    pub source: Source,
    /// The file and line, where the source is one and the role may see it.
    pub file: Option<String>,
    pub line: Option<u32>,
    /// Another value stands in a file, and needs a restart (9.5 and later).
    pub pending_restart: Option<bool>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Default,
    File,
    CommandLine,
    Environment,
    Database,
    User,
    /// Set for our own session only: the server's is another.
    Session,
    /// The server's own doing, whatever a file says: wal_buffers worked out from -1, transaction_isolation in every session.
    Override,
    /// A word that a later version may have, or one that says nothing about the server.
    Other(String),
}

impl Source {
    pub fn of(word: &str) -> Self {
        match word {
            "default" => Self::Default,
            "configuration file" => Self::File,
            "command line" => Self::CommandLine,
            "environment variable" => Self::Environment,
            "database" => Self::Database,
            "user" | "database user" => Self::User,
            "client" | "session" | "interactive" => Self::Session,
            "override" => Self::Override,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl Settings {
    /// Keeps a setting; whatever is secret in it stays outside.
    pub fn put(&mut self, name: String, setting: Setting) {
        let mut setting = setting;
        if name == PRIMARY_CONNINFO {
            let read = setting.value.as_deref().and_then(Conninfo::parse);
            setting.value = read.map(|conninfo| conninfo.text());
        }
        self.0.insert(name, setting);
    }

    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.0.get(name)
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        self.get(name)?.value.as_deref()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.0.iter().map(|(name, setting)| (name.as_str(), setting))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(value: &str) -> Setting {
        Setting {
            value: Some(value.to_owned()),
            unit: None,
            source: Source::of("configuration file"),
            file: None,
            line: None,
            pending_restart: None,
        }
    }

    #[test]
    fn no_password_is_kept() {
        let mut settings = Settings::default();
        let conninfo = "host=127.0.0.1 port=5432 user=r password=hunter2";
        settings.put(PRIMARY_CONNINFO.to_owned(), setting(conninfo));
        assert_eq!(
            settings.value(PRIMARY_CONNINFO),
            Some("host=127.0.0.1 port=5432 user=r")
        );
        settings.put(PRIMARY_CONNINFO.to_owned(), setting("hunter2"));
        assert!(settings.get(PRIMARY_CONNINFO).is_some());
        assert_eq!(settings.value(PRIMARY_CONNINFO), None);
        settings.put("synchronous_standby_names".to_owned(), setting("a, b"));
        assert_eq!(settings.value("synchronous_standby_names"), Some("a, b"));
        assert_eq!(settings.value("wal_level"), None);
        assert_eq!(settings.iter().count(), 2);
    }

    #[test]
    fn the_names_are_sorted_and_there_once() {
        assert!(SETTINGS.is_sorted());
        assert_eq!(Source::of("command line"), Source::CommandLine);
        assert_eq!(Source::of("override"), Source::Override);
        assert_eq!(Source::of("test"), Source::Other("test".to_owned()));
    }
}
