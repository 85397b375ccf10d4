//! Where a server's files say that things are: sockets, password file, certificates, the archive; which addresses it
//! listens on, how it is started, and whether it has a machine to itself.
//!
//! The layout is a value. Everything that is written for a server asks it, so the same design can be written for
//! a cluster's folder on one machine and for hosts whose files lie elsewhere.

use std::borrow::Cow;

use super::folder::ClusterFolder;
use crate::model::quoting::shell_word;
use crate::model::topology::Server;

/// A path as the files of one server name it; `{server}` stands for the server's own folder name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(Cow<'static, str>);

impl Place {
    pub fn new(pattern: impl Into<Cow<'static, str>>) -> Self {
        Self(pattern.into())
    }

    /// The path for the server with this folder name.
    pub fn of(&self, folder: &str) -> String {
        self.0.replace("{server}", folder)
    }

    /// The folder name of the server that has this path; `Some("")` where the path is the same for all.
    pub fn whose<'a>(&self, path: &'a str) -> Option<&'a str> {
        let Some((before, after)) = self.0.split_once("{server}") else {
            return (path == self.0).then_some("");
        };
        let folder = path.strip_prefix(before)?.strip_suffix(after)?;
        (!folder.is_empty() && !folder.contains('/')).then_some(folder)
    }

    /// What of a path lies below this place of any server.
    pub fn rest_of<'a>(&self, path: &'a str) -> Option<&'a str> {
        let Some((before, after)) = self.0.split_once("{server}") else {
            return path.strip_prefix(&*self.0)?.strip_prefix('/');
        };
        let (_, rest) = path.strip_prefix(before)?.split_once('/')?;
        match after.strip_prefix('/') {
            None => Some(rest),
            Some(after) => rest.strip_prefix(after)?.strip_prefix('/'),
        }
    }
}

/// Which addresses a server listens on (`listen_addresses`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    /// Its drawn host and loopback, nothing else.
    AsDrawn,
}

/// How people start, stop and reload a server of this layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// `pg_ctl`, with the data directory in `$PGDATA`.
    PgCtl,
}

/// How much of its machine a server may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// A laboratory's sizes where every server is drawn on loopback, so that all fit on one machine; else a server's own.
    AsDrawn,
    /// A machine of its own, wherever it is drawn: the server's own sizes.
    Own,
}

/// All of that for one kind of installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The data directory, from where the whole installation is managed.
    pub data: Place,
    /// `unix_socket_directories`.
    pub sockets: Place,
    /// libpq's password file of a standby, from 10 on part of its primary_conninfo.
    pub password_file: Place,
    pub authority_certificate: Place,
    pub certificate: Place,
    pub certificate_key: Place,
    /// What a relative archive directory is relative to.
    pub archive_base: Place,
    pub listen: Listen,
    pub control: Control,
    pub room: Room,
}

impl Layout {
    /// Everything in one folder on one machine. Paths are relative to the data directory, which is every server's
    /// working directory (tried on 15: sockets, password file, archive and restore commands all take them so).
    pub fn cluster_folder() -> Self {
        let from_data = |path: &str| Place::new(format!("{}/{path}", ClusterFolder::UP_FROM_DATA));
        Self {
            data: Place::new(ClusterFolder::data("{server}")),
            sockets: from_data(ClusterFolder::SOCKETS),
            password_file: from_data(ClusterFolder::REPLICATION_PGPASS),
            authority_certificate: from_data(ClusterFolder::AUTHORITY_CERTIFICATE),
            certificate: from_data(&ClusterFolder::certificate("{server}")),
            certificate_key: from_data(&ClusterFolder::certificate_key("{server}")),
            archive_base: Place::new(ClusterFolder::UP_FROM_DATA),
            listen: Listen::AsDrawn,
            control: Control::PgCtl,
            room: Room::AsDrawn,
        }
    }

    /// Everything of one server in a folder of its own, beside its data directory: `data`, `run`, `tls`, password files. Paths
    /// are relative to the data directory, so the folder can be anywhere on any host.
    pub fn host_folder() -> Self {
        Self {
            data: Place::new("data"),
            sockets: Place::new("../run"),
            password_file: Place::new("../replication.pgpass"),
            authority_certificate: Place::new("../tls/ca.crt"),
            certificate: Place::new("../tls/server.crt"),
            certificate_key: Place::new("../tls/server.key"),
            archive_base: Place::new(".."),
            listen: Listen::AsDrawn,
            control: Control::PgCtl,
            room: Room::Own,
        }
    }

    /// A server where a distribution's packages have theirs: sockets in their common folder, password file and certificates in
    /// `root`, which is absolute and may say `{server}`.
    pub fn packaged(data: String, root: &str) -> Self {
        let below = |path: &str| Place::new(format!("{root}/{path}"));
        Self {
            data: Place::new(data),
            sockets: Place::new("/var/run/postgresql"),
            password_file: below("replication.pgpass"),
            authority_certificate: below("tls/ca.crt"),
            certificate: below("tls/server.crt"),
            certificate_key: below("tls/server.key"),
            archive_base: Place::new(root.to_owned()),
            listen: Listen::AsDrawn,
            control: Control::PgCtl,
            room: Room::Own,
        }
    }

    /// Everything of one server in a container, whose volume is `/var/lib/postgresql`.
    pub fn container() -> Self {
        Self {
            data: Place::new("/var/lib/postgresql/server"),
            sockets: Place::new("/var/run/postgresql"),
            password_file: Place::new("/var/lib/postgresql/pgpass"),
            authority_certificate: Place::new("/var/lib/postgresql/tls/ca.crt"),
            certificate: Place::new("/var/lib/postgresql/tls/server.crt"),
            certificate_key: Place::new("/var/lib/postgresql/tls/server.key"),
            archive_base: Place::new("/archive"),
            listen: Listen::AsDrawn,
            control: Control::PgCtl,
            room: Room::Own,
        }
    }

    /// The folder of a WAL archive with a `/` behind it, as one word of an archive_command or restore_command, where
    /// `%` begins a placeholder.
    pub fn archive(&self, directory: &str, server_folder: &str) -> String {
        let directory = directory.trim_end_matches('/');
        let path = if directory.starts_with('/') || directory.is_empty() {
            directory.to_owned()
        } else {
            format!("{}/{directory}", self.archive_base.of(server_folder))
        };
        shell_word(&format!("{}/", path.replace('%', "%%")))
    }
}

impl Listen {
    /// The value of `listen_addresses`. IPv6 loopback is named only where it is drawn: a machine without it could not
    /// start a server that lists it.
    pub fn addresses(self, server: &Server) -> String {
        let said = server.terms().listen.entries();
        if !said.is_empty() {
            return said.join(", ");
        }
        match self {
            Self::AsDrawn => match server.host().as_str() {
                "localhost" | "127.0.0.1" => "localhost".to_owned(),
                "::1" => "127.0.0.1, ::1".to_owned(),
                other => format!("localhost, {other}"),
            },
        }
    }
}

impl Control {
    pub fn start(self) -> &'static str {
        match self {
            Self::PgCtl => "pg_ctl start -w -D \"$PGDATA\"",
        }
    }

    pub fn stop(self) -> &'static str {
        match self {
            Self::PgCtl => "pg_ctl stop -m fast -D \"$PGDATA\"",
        }
    }

    pub fn restart(self) -> &'static str {
        match self {
            Self::PgCtl => "pg_ctl restart -w -D \"$PGDATA\"",
        }
    }

    pub fn reload(self) -> &'static str {
        match self {
            Self::PgCtl => "pg_ctl reload -D \"$PGDATA\"",
        }
    }

    pub fn promote(self) -> &'static str {
        match self {
            Self::PgCtl => "pg_ctl promote -D \"$PGDATA\"",
        }
    }
}
