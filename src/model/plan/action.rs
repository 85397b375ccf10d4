//! What a step does: the closed list of what a run can do, as data that can be shown, compared and saved.

use serde::Serialize;

use super::{Certificate, ProxyLink, Takeover};
use crate::model::health::ReplicationRow;
use crate::model::topology::Server;

/// What one step does, in groups: a host performs whole groups. Paths are relative to the cluster's folder; `folder` is a
/// server's own folder name.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Action {
    Build(Build),
    Make(Make),
    Alter(Alter),
    Serve(Serve),
    Takeover(Takeover),
    Note(Note),
    Remove(Remove),
}

/// Makes a cluster from nothing.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Build {
    /// Make the cluster's folder (0700) with marker and record; nothing else is done before that.
    ClaimFolder,
    /// Remove the marker and what [`Make::Complete`] wrote, and the cluster's folder if the claim made it.
    ReleaseFolder,
    /// Draw two passwords and write the four files of `secrets/`, 0600.
    MakeSecrets { ports: Vec<u16> },
    /// `initdb` of the primary's data directory.
    Initdb {
        data: String,
        auth_method: String,
        password_file: Option<String>,
        no_sync: bool,
        /// What the design says of it.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        options: Vec<String>,
    },
    /// One single-user start of a directory that never ran: `options` ("name=value", given with `-c`) go into its
    /// pg_control, and the replication role is made; `password_file` holds its password (`None`: without one).
    CreateRole {
        data: String,
        options: Vec<String>,
        role: String,
        password_file: Option<String>,
    },
    /// Copy a data directory that does not run: without postmaster.pid and the content of pg_replslot, mode 0700.
    CopyData { from: String, to: String },
}

/// Makes what a new cluster and a changed one both get.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Make {
    /// Make a folder, 0700.
    MakeFolder { path: String },
    /// Remove a folder and everything in it; nothing, if it is not there.
    RemoveFolder { path: String },
    /// Make an authority of the cluster's own, and a key and a certificate from it for each server; all 0600.
    MakeCertificates { certificates: Vec<Certificate> },
    /// Remove the authority, and the keys and certificates of the servers with these folders.
    RemoveCertificates { folders: Vec<String> },
    /// Write a file of the bundle (0600); a setting named in `held_back` is left out of it for now.
    InstallFile {
        bundle_path: String,
        to: String,
        held_back: Option<String>,
    },
    /// Write README.md and design.toml, and note in the record that the cluster is complete.
    Complete,
}

/// Makes a running cluster what another design says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Alter {
    /// Give a server a key of its own and a certificate from the cluster's authority, in place of what it had; 0600.
    SignCertificate { certificate: Certificate },
    /// Remove a server's key and certificate; nothing, if they are not there.
    RemoveCertificate { folder: String },
    /// Remove the authority and all keys and certificates, once no server uses them; nothing, if they are not there.
    RemoveTls,
    /// Note in the record that a change to another design begins, with all that it may make; before any of it.
    BeginChange,
    /// Note that there is no change: the design that was recorded holds.
    ForgetChange,
    /// Write both password files again, for these ports.
    WritePassFiles { ports: Vec<u16> },
    /// Copy the data directory of a running primary, between the calls that begin and end a backup: mode 0700,
    /// without WAL, slots and what belongs to a run, with the backup's label.
    CopyRunning {
        server: String,
        folder: String,
        port: u16,
        to: String,
    },
    /// Give a server the files of a design, and let it read them.
    Configure(Configure),
    /// Take these settings out of a server's postgresql.auto.conf, where they beat its own file, and let it read that.
    Reset {
        server: String,
        folder: String,
        port: u16,
        settings: Vec<String>,
    },
    /// Stop a server that is no longer in the design, and remove its folder; nothing, if it is not there.
    RemoveServer { server: String, folder: String },
    /// Write README.md and design.toml of the new design and record it: from here on nothing is undone.
    Settle,
}

/// Starts, stops, awaits and asks servers that are there.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Serve {
    /// Let the proxy of a laboratory carry these links; it is started if it does not run.
    OpenProxy { links: Vec<ProxyLink> },
    /// End the proxy of a laboratory; nothing, if it does not run.
    CloseProxy,
    /// Start a server in the background.
    Start {
        server: String,
        folder: String,
        port: u16,
        pass_file_in_environment: bool,
    },
    /// Stop it (fast), once it is proved to be ours.
    Stop { server: String, folder: String },
    /// Wait until it accepts connections.
    WaitReady {
        server: String,
        folder: String,
        port: u16,
    },
    /// Let the real program read its files: a server that does not take one of its settings is not stopped for it.
    TryConfiguration { server: String, folder: String },
    /// See that it runs, and that it is ours.
    SeeRunning { server: String, folder: String },
    /// Make a replication slot.
    CreateSlot {
        server: String,
        folder: String,
        port: u16,
        slot: String,
    },
    /// Drop a replication slot, once nobody uses it; nothing, if it is not there.
    DropSlot {
        server: String,
        folder: String,
        port: u16,
        slot: String,
    },
    /// Wait until `standby` (as the sender shows it) streams from `server`.
    WaitStreaming {
        server: String,
        folder: String,
        port: u16,
        standby: String,
    },
    /// Let it read its configuration again.
    Reload { server: String, folder: String },
    /// Let a standby stop applying WAL, or continue it.
    SetReplay {
        server: String,
        folder: String,
        port: u16,
        pauses: bool,
    },
    /// Wait until pg_stat_replication shows exactly these rows.
    WaitRows {
        server: String,
        folder: String,
        port: u16,
        rows: Vec<ReplicationRow>,
    },
    /// Ask pg_stat_ssl whether every downstream of the server came over TLS.
    ProveTls {
        server: String,
        folder: String,
        port: u16,
    },
    /// See that what runs differs in nothing from what is drawn, as far as the scope goes.
    SeeAsDrawn { scope: Scope },
    /// Finish a WAL segment, and see it arrive in the archive.
    ProveArchive {
        server: String,
        folder: String,
        port: u16,
    },
    /// Write a row on the primary and read it on every server named in `readers`; `delayed` ones need only have its WAL.
    ProveRow {
        server: String,
        port: u16,
        readers: Vec<Reader>,
        delayed: Vec<Reader>,
    },
}

/// What the record says while servers of a complete cluster are started or stopped.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Note {
    /// That these servers, by name, are being started, or else stopped: should pgcascade be ended, the next one can resume.
    BeginSwitch { starts: bool, servers: Vec<String> },
    /// That nothing is under way any more.
    EndSwitch,
}

/// Takes a cluster away: what was made for it, and nothing else.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Remove {
    /// Note in the record that the cluster is being removed; after that only a teardown can follow.
    BeginRemoval,
    /// Stop every server that is proved to be ours, and every tool that an earlier run left.
    StopAll,
    /// Remove a server's data directory.
    RemoveData { server: String, folder: String },
    /// Remove passwords, certificates, logs, sockets and the archive.
    RemoveContents,
    /// Remove the marker, and the cluster's folder if pgcascade made it and nothing else is in it.
    RemoveMarker,
    /// Forget a cluster whose folder has no marker any more, once nothing of it runs.
    Forget,
}

/// The files of one server, and how it comes to read them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Configure {
    pub server: String,
    /// Its folder, and its port, in the design whose files it gets.
    pub folder: String,
    pub port: u16,
    /// The folder it may still be in: it is moved while the server is down.
    pub folder_before: String,
    pub design: DesignOf,
    /// Names of files in its data directory.
    pub files: Vec<String>,
    /// Settings that keep another value for now; `None`: they are left out.
    pub held: Vec<(String, Option<String>)>,
    pub by: Means,
    pub pass_file_in_environment: bool,
}

/// Which of the two designs of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DesignOf {
    Before,
    After,
}

/// How a server comes to read its files, the least disturbing first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Means {
    /// Not at all: only comments differ.
    Write,
    Reload,
    /// Stopped and started, until it accepts connections.
    Restart,
}

/// What is compared with the design.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Who runs, who takes writes, who follows whom.
    Servers,
    /// All that servers say.
    All,
    /// The same, but for an archive that fails: it is proved by a step of its own.
    AllButArchive,
}

/// A server on which a row is read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reader {
    pub server: String,
    pub port: u16,
}

impl Reader {
    pub fn of(server: &Server) -> Self {
        Self {
            server: server.name().to_string(),
            port: server.port().number(),
        }
    }
}
