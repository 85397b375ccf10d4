//! Random designs as odd as can be drawn: names, folders, policies, settings. Most of them are sound, a few are not.

use pgcascade::model::document::Document;
use pgcascade::model::topology::catalogue::{self, Kind, Known, Parameter};
use pgcascade::model::topology::{
    ApplyDelay, Archive, Auth, CommitLevel, Edit, NAME_BYTES, PgMajor, Port, ServerId, ServerName,
    SyncMethod, SyncPolicy, Topology,
};

use crate::random::Random;

/// What has a meaning to some parser on the way: of a list of names, a connection string, a configuration file, a
/// password file, a shell, a row of psql, a path.
const NAMES: [&str; 40] = [
    "slave1",
    "SLAVE1",
    "Slave1",
    "my-node",
    "db1.example.com",
    "my node",
    " leading",
    "trailing ",
    "it's",
    "''",
    "say \"hi\"",
    "\"",
    "back\\slash",
    "\\",
    "ends\\",
    "\\'",
    "$(reboot)",
    "`reboot`",
    "${HOME}",
    "$1",
    "%p",
    "%f.part",
    "100%%",
    "1node",
    "42",
    "FIRST",
    "any",
    "FIRST 1 (a)",
    "(a)",
    "a,b",
    "#hash",
    "a|b",
    "x=y",
    "host=evil port=1",
    "**",
    "-rf",
    "..",
    "a/b",
    "~",
    "é-ü 漢",
];

/// What odd texts are put together from.
pub const PIECES: [&str; 46] = [
    "a", "B", "z", "_", "0", "9", "-", ".", " ", "  ", "'", "''", "\"", "\"\"", "\\", "\\\\", "\\'", "$",
    "$(", ")", "(", "`", "%", "%p", "%%", ",", ";", ":", "#", "|", "&", "<", ">", "=", "*", "?", "[", "]",
    "{", "}", "~", "!", "@", "/", "é", "€",
];

const FOLDERS: [&str; 14] = [
    "my cluster's",
    "a \"quoted\" one",
    "$(reboot)",
    "`reboot`",
    "%p %f",
    "-rf",
    "back\\slash",
    " blanks ",
    "#1",
    "a;b&c|d",
    "é 漢",
    "*?[x]",
    "x=y",
    "~",
];

const ARCHIVES: [&str; 9] = [
    "archive",
    "my archive's",
    "wal/of \"today\"",
    "100% %f %p",
    "$(x) `y`",
    " blanks ",
    "-dash",
    "back\\slash",
    "#é/",
];

/// Settings by hand that are texts or numbers; every version from 10 on takes them.
const SETTINGS: [(&str, &[&str]); 38] = [
    ("search_path", &["", "nowhere", "\"$user\", \"it's\", public"]),
    ("log_line_prefix", &["%m [%p] '%a' \"%u\" \\ # ", "", "$(x) `y` "]),
    ("DateStyle", &["SQL, DMY", "German"]),
    ("TimeZone", &["UTC", "Asia/Kolkata"]),
    ("lc_messages", &["C", "POSIX"]),
    ("client_encoding", &["UTF8", "LATIN1", "SQL_ASCII"]),
    ("statement_timeout", &["0", "10min", "1ms"]),
    ("lock_timeout", &["0", "1s"]),
    ("idle_in_transaction_session_timeout", &["1s", "1d"]),
    ("extra_float_digits", &["-15", "3"]),
    ("work_mem", &["64kB", " 1MB ", "0x1000"]),
    ("maintenance_work_mem", &["1MB", "64MB"]),
    ("temp_buffers", &["100", "1MB"]),
    ("shared_buffers", &["128kB", "16", "64MB"]),
    ("wal_buffers", &["-1", "4", "1MB"]),
    ("max_connections", &["20", "100", "150"]),
    ("superuser_reserved_connections", &["0", "3", "10"]),
    ("max_wal_senders", &["1", "12", "30"]),
    ("max_replication_slots", &["0", "3", "20"]),
    ("max_worker_processes", &["0", "8", "16"]),
    ("max_prepared_transactions", &["0", "5"]),
    ("max_locks_per_transaction", &["10", "64", "128"]),
    ("wal_sender_timeout", &["0", "10s", "1d"]),
    ("wal_receiver_timeout", &["0", "10s"]),
    ("wal_receiver_status_interval", &["0", "1s", "10"]),
    ("wal_retrieve_retry_interval", &["100", "1s"]),
    ("max_standby_streaming_delay", &["-1", "0", "30s"]),
    ("max_standby_archive_delay", &["-1", "0"]),
    ("min_wal_size", &["32MB", "80MB"]),
    ("max_wal_size", &["32MB", "1GB"]),
    ("checkpoint_timeout", &["30s", "1h"]),
    ("archive_timeout", &["0", "1h"]),
    ("autovacuum_naptime", &["1s"]),
    ("authentication_timeout", &["30", "1min"]),
    ("tcp_keepalives_idle", &["0", "60s"]),
    ("wal_level", &["replica", "logical"]),
    ("my.own_setting", &["it's # \\ 'mine'", ""]),
    ("max_files_per_process", &["64", "1000"]),
];

/// Parameters whose value needs what a machine may not have, or that only a core dump would show.
const NOT_EVERYWHERE: [&str; 10] = [
    "bonjour",                   // not built in
    "debug_io_direct",           // the file system may not have it
    "default_toast_compression", // lz4 may not be built in
    "dynamic_shared_memory_type",
    "file_copy_method",
    "huge_pages",
    "io_method",       // io_uring may not be built in
    "jit",             // the library may not be there
    "wal_compression", // lz4 and zstd may not be built in
    "wal_sync_method", // by file system
];

/// How many in a hundred designs, at most, may have a finding of level error: else little would be tried.
pub const MOST_WITH_ERRORS: usize = 40;

impl Random {
    /// A name as a server may have it, whatever it is.
    pub fn name(&mut self) -> ServerName {
        loop {
            let text = match self.below(4) {
                0 | 1 => self.pick(&NAMES).to_owned(),
                2 => {
                    let length = 1 + self.below(12);
                    self.text(&PIECES, length)
                }
                // As long as PostgreSQL keeps it, or a byte more.
                _ => {
                    let mut text = self.text(&PIECES, NAME_BYTES + 2);
                    let most = NAME_BYTES + self.below(2);
                    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end));
                    text.truncate(end.unwrap_or(0));
                    text
                }
            };
            if let Ok(name) = ServerName::parse(&text) {
                return name;
            }
            assert!(
                text == "*" || text.trim().is_empty(),
                "{text:?} is a name for PostgreSQL"
            );
        }
    }

    /// A folder's name.
    pub fn folder(&mut self) -> &'static str {
        self.pick(&FOLDERS)
    }

    /// One to twelve servers, mostly few.
    pub fn design(&mut self, major: PgMajor, ports: impl FnOnce(usize) -> Vec<u16>) -> Document {
        let count = 1 + if self.one_in(8) {
            self.below(12)
        } else {
            1 + self.below(4)
        };
        let mut topology = self.tree(major, &ports(count));
        self.replication(&mut topology);
        self.settings(&mut topology);
        Document::new(topology)
    }

    fn tree(&mut self, major: PgMajor, ports: &[u16]) -> Topology {
        let design = self.name();
        let mut ports = ports.iter().map(|port| Port::new(*port).unwrap());
        let mut topology = Topology::new(design.as_str(), major, self.name(), ports.next().unwrap());
        for port in ports {
            // Half of them directly below the primary, so that there is something to choose from.
            let upstream = if self.one_in(2) {
                topology.primary().id()
            } else {
                let place = self.below(topology.servers().len());
                topology.servers()[place].id()
            };
            let mut name = self.name();
            while topology.by_name(name.as_str()).is_some() {
                name = self.name();
            }
            let (name, port) = (Some(name), Some(port));
            let edit = Edit::AddStandby { upstream, name, port };
            topology.apply(&edit).unwrap();
        }
        topology
    }

    fn replication(&mut self, topology: &mut Topology) {
        let primary = topology.primary().id();
        let standbys: Vec<(ServerId, bool)> = topology
            .servers()
            .iter()
            .filter(|server| !server.is_primary())
            .map(|server| (server.id(), server.upstream() == Some(primary)))
            .collect();
        let mut priorities: Vec<u32> = (1..=12).map(|place| place * 7).collect();
        self.shuffle(&mut priorities);
        let mut candidates = 0;
        for ((server, is_direct), priority) in standbys.into_iter().zip(priorities) {
            if (is_direct && !self.one_in(3)) || self.one_in(60) {
                let priority = Some(if self.one_in(60) { 7 } else { priority });
                let edit = Edit::SetSyncPriority { server, priority };
                topology.apply(&edit).unwrap();
                candidates += 1;
            }
            if self.one_in(3) {
                let slot = self.pick(&[Some(false), Some(true)]);
                topology.apply(&Edit::SetSlot { server, slot }).unwrap();
            }
            if self.one_in(8) {
                let delay = self.pick(&["10min", "0", "24d", "1 h", "3600000", "5000000us"]);
                let delay = Some(ApplyDelay::parse(delay).unwrap());
                topology.apply(&Edit::SetApplyDelay { server, delay }).unwrap();
            }
        }
        if !self.one_in(4) {
            let wished = if self.one_in(40) {
                candidates + 1
            } else {
                1 + self.below(candidates.max(1))
            };
            let policy = SyncPolicy {
                method: self.pick(&SyncMethod::ALL),
                count: u32::try_from(wished).unwrap(),
                commit: self.pick(&CommitLevel::ALL),
            };
            topology.apply(&Edit::SetSync(Some(policy))).unwrap();
        }
        let auth = self.pick(&[None, Some(Auth::Scram), Some(Auth::Md5), Some(Auth::Trust)]);
        topology.apply(&Edit::SetAuth(auth)).unwrap();
        if self.one_in(4) {
            let archive = Archive::new(self.pick(&ARCHIVES)).unwrap();
            topology.apply(&Edit::SetArchive(Some(archive))).unwrap();
        }
        topology.apply(&Edit::SetTls(self.one_in(3))).unwrap();
    }

    /// Up to four settings by hand, for the cluster or for one server.
    fn settings(&mut self, topology: &mut Topology) {
        for _ in 0..self.below(5) {
            let server = if self.one_in(3) {
                let place = self.below(topology.servers().len());
                Some(topology.servers()[place].id())
            } else {
                None
            };
            let (name, value) = if self.one_in(2) {
                let (name, values) = self.pick(&SETTINGS);
                (name.to_owned(), self.pick(values).to_owned())
            } else {
                self.choice(topology.postgres())
            };
            let value = Some(value);
            topology.apply(&Edit::SetSetting { server, name, value }).unwrap();
        }
    }

    /// Any parameter of the catalogue that is a choice between words, with one of them.
    fn choice(&mut self, major: PgMajor) -> (String, String) {
        let choices: Vec<&Parameter> = catalogue::names(major)
            .filter(|name| !NOT_EVERYWHERE.contains(name))
            .filter_map(|name| match catalogue::lookup(name, major) {
                Known::Here(parameter) if !parameter.is_internal() => Some(parameter),
                _ => None,
            })
            .filter(|parameter| matches!(parameter.kind, Kind::Bool | Kind::Enum { .. }))
            .collect();
        let parameter = self.pick(&choices);
        let value = match &parameter.kind {
            Kind::Enum { shown, .. } => self.pick(shown),
            _ => self.pick(&["on", "off"]),
        };
        let name = if self.one_in(4) {
            parameter.name.to_ascii_uppercase()
        } else {
            parameter.name.to_owned()
        };
        (name, value.to_owned())
    }
}
