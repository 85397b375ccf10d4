//! A connection string as libpq would take it, with what the environment, a service file and a password file add to it.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use nix::unistd::{User, geteuid};

use crate::engine::postgres::endpoint::{Address, Endpoint, Hidden, Login, Secret, SslMode, Tls};
use crate::model::health::conninfo::with_secrets;
use crate::report::Report;

/// How one server after another is asked: the same role, database and keys.
#[derive(Clone, Debug)]
pub(super) struct Dialling {
    /// In their order: a folder of sockets begins with `/`.
    pub places: Vec<(String, u16)>,
    user: String,
    database: String,
    password: Option<Hidden>,
    pass_file: Option<PathBuf>,
    /// True: it was named, so that a fault of it is one.
    is_pass_file_named: bool,
    tls: Tls,
}

/// The variables of libpq, by the word that they stand for.
const VARIABLES: [(&str, &str); 14] = [
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("dbname", "PGDATABASE"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("passfile", "PGPASSFILE"),
    ("service", "PGSERVICE"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("options", "PGOPTIONS"),
];

/// Words that libpq knows; another one is a typing error.
const WORDS: [&str; 47] = [
    "application_name",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "dbname",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "max_protocol_version",
    "min_protocol_version",
    "options",
    "passfile",
    "password",
    "port",
    "replication",
    "require_auth",
    "requirepeer",
    "requiressl",
    "scram_client_key",
    "scram_server_key",
    "service",
    "servicefile",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslkey",
    "sslkeylogfile",
    "sslmode",
    "sslnegotiation",
    "sslpassword",
    "sslrootcert",
    "sslsni",
    "tcp_user_timeout",
    "user",
];

impl Dialling {
    /// Reads the string; what it leaves out comes from the service file, the environment and libpq's own defaults.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or names what is not there.
    pub(super) fn of(text: &str) -> Result<Self, Report> {
        let refused = |why: &str| {
            Report::new("The connection string cannot be used.").hint(format!(
                "{why} Write it as libpq reads it, for example 'host=db1 port=5432 user=monitor' or \
                 'postgresql://monitor@db1:5432/'."
            ))
        };
        let pairs = with_secrets(text).ok_or_else(|| refused("It cannot be read."))?;
        let mut said: BTreeMap<String, String> = BTreeMap::new();
        for (key, value) in pairs {
            if !WORDS.contains(&key.as_str()) {
                let near = crate::model::topology::nearest(&key, WORDS);
                let near = near
                    .map(|near| format!(" Did you mean \"{near}\"?"))
                    .unwrap_or_default();
                return Err(refused(&format!("libpq does not know the word \"{key}\".{near}")));
            }
            said.insert(key, value);
        }
        let variable = |word: &str| {
            let name = VARIABLES
                .iter()
                .find(|(known, _)| *known == word)
                .map(|(_, name)| *name)?;
            env::var(name).ok().filter(|value| !value.is_empty())
        };
        if let Some(service) = said.get("service").cloned().or_else(|| variable("service")) {
            for (key, value) in service_of(&service)? {
                said.entry(key).or_insert(value);
            }
        }
        let get = |word: &str| {
            said.get(word)
                .filter(|value| !value.is_empty())
                .cloned()
                .or_else(|| variable(word))
        };
        let user = get("user").unwrap_or_else(system_user);
        let named = get("passfile");
        let tls = Tls {
            mode: match get("sslmode").as_deref() {
                None => SslMode::Prefer,
                Some(word) => {
                    SslMode::parse(word).ok_or_else(|| refused(&format!("\"{word}\" is not an sslmode.")))?
                }
            },
            root: get("sslrootcert")
                .map(PathBuf::from)
                .or_else(|| in_home(".postgresql/root.crt")),
            certificate: get("sslcert")
                .map(PathBuf::from)
                .or_else(|| in_home(".postgresql/postgresql.crt")),
            key: get("sslkey")
                .map(PathBuf::from)
                .or_else(|| in_home(".postgresql/postgresql.key")),
        };
        Ok(Self {
            places: places(&get)?,
            // People look at a cluster, not at a database of their own.
            database: get("dbname").unwrap_or_else(|| "postgres".to_owned()),
            password: get("password").map(Hidden::new),
            is_pass_file_named: named.is_some(),
            pass_file: named.map(PathBuf::from).or_else(|| in_home(".pgpass")),
            tls,
            user,
        })
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }

    /// How the server at this place is asked. `is_told`: a person or a server of the cluster named it; one that was only found
    /// on this machine is shown nothing that could be tried against guesses.
    pub(super) fn at(&self, host: &str, port: u16, is_told: bool) -> Endpoint {
        let address = if host.starts_with('/') {
            Address::Socket {
                folder: PathBuf::from(host),
                port,
            }
        } else {
            Address::Named {
                host: host.to_owned(),
                port,
                takes_md5: is_told,
                tls: self.tls.clone(),
            }
        };
        let mut endpoint = Endpoint {
            address,
            login: Login {
                user: self.user.clone(),
                database: self.database.clone(),
                secret: Secret::None,
            },
        };
        endpoint.login.secret = match (&self.password, &self.pass_file) {
            (Some(password), _) => Secret::Given(password.clone()),
            (None, Some(file)) => {
                endpoint.login.secret = Secret::PassFile(file.clone());
                // A file without a line for this server is as good as none, to libpq, too.
                if self.is_pass_file_named || endpoint.password().is_ok() {
                    Secret::PassFile(file.clone())
                } else {
                    Secret::None
                }
            }
            (None, None) => Secret::None,
        };
        if matches!(
            endpoint.password(),
            Err(crate::engine::postgres::endpoint::SecretError::NoLine(_))
        ) {
            endpoint.login.secret = Secret::None;
        }
        endpoint
    }
}

fn places(get: &impl Fn(&str) -> Option<String>) -> Result<Vec<(String, u16)>, Report> {
    let hosts = get("hostaddr")
        .or_else(|| get("host"))
        .unwrap_or_else(default_host);
    let ports = get("port").unwrap_or_default();
    let ports: Vec<&str> = ports.split(',').map(str::trim).collect();
    let mut places = Vec::new();
    for (at, host) in hosts.split(',').map(str::trim).enumerate() {
        let text = if ports.len() == 1 {
            ports.first()
        } else {
            ports.get(at)
        };
        let port = match text.copied().unwrap_or_default() {
            "" => 5432,
            text => text.parse().map_err(|_| {
                Report::new(format!("\"{text}\" is not a port.")).hint("A port is a number from 1 to 65535.")
            })?,
        };
        let host = if host.is_empty() {
            default_host()
        } else {
            host.to_owned()
        };
        places.push((host, port));
    }
    Ok(places)
}

/// The folder of the system's own socket, where there is one.
fn default_host() -> String {
    let folders = ["/var/run/postgresql", "/tmp"];
    let has_socket = |folder: &&str| {
        fs::read_dir(folder).is_ok_and(|entries| {
            entries
                .flatten()
                .any(|entry| entry.file_name().to_string_lossy().starts_with(".s.PGSQL."))
        })
    };
    folders
        .into_iter()
        .find(has_socket)
        .unwrap_or("localhost")
        .to_owned()
}

fn system_user() -> String {
    let user = User::from_uid(geteuid()).ok().flatten();
    user.map_or_else(|| "postgres".to_owned(), |user| user.name)
}

fn in_home(name: &str) -> Option<PathBuf> {
    let path = dirs::home_dir()?.join(name);
    path.is_file().then_some(path)
}

/// What the service file says of a service: `PGSERVICEFILE`, `~/.pg_service.conf`, then the system's.
fn service_of(service: &str) -> Result<Vec<(String, String)>, Report> {
    let files = [
        env::var("PGSERVICEFILE").ok().map(PathBuf::from),
        in_home(".pg_service.conf"),
        env::var("PGSYSCONFDIR")
            .ok()
            .map(|folder| Path::new(&folder).join("pg_service.conf")),
        Some(PathBuf::from("/etc/postgresql-common/pg_service.conf")),
    ];
    let texts = files
        .into_iter()
        .flatten()
        .filter_map(|file| fs::read_to_string(file).ok());
    texts
        .into_iter()
        .find_map(|text| section(&text, service))
        .ok_or_else(|| {
            Report::new(format!("The service \"{service}\" is not in a service file."))
                .hint("Write it into ~/.pg_service.conf, or name the file in PGSERVICEFILE.")
        })
}

fn section(text: &str, service: &str) -> Option<Vec<(String, String)>> {
    let mut pairs = None;
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            if pairs.is_some() {
                break;
            }
            pairs = (name == service).then(Vec::new);
        } else if let (Some(pairs), Some((key, value))) = (&mut pairs, line.split_once('='))
            && !line.starts_with('#')
        {
            pairs.push((key.trim().to_owned(), value.trim().to_owned()));
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_string_names_its_places() {
        let places = |text: &str| Dialling::of(text).map(|dialling| dialling.places);
        let of = |host: &str, port| (host.to_owned(), port);
        assert_eq!(places("host=db1 user=m").unwrap(), [of("db1", 5432)]);
        assert_eq!(
            places("postgresql://m:hunter2@a:1,b:2/x").unwrap(),
            [of("a", 1), of("b", 2)]
        );
        assert_eq!(
            places("host=/run/x,b port=7 user=m").unwrap(),
            [of("/run/x", 7), of("b", 7)]
        );
        for (text, word) in [
            ("host=db1 prot=1", "port"),
            ("host=db1 port=x", "not a port"),
            ("hunter2", "cannot be read"),
            ("host=db1 sslmode=on", "sslmode"),
            ("service=nobody-has-this", "service"),
        ] {
            let said = places(text).unwrap_err().to_string();
            assert!(said.contains(word) && !said.contains("hunter2"), "{said}");
        }
        let shown = format!("{:?}", Dialling::of("host=a password=hunter2 user=m").unwrap());
        assert!(!shown.contains("hunter2"));
        let text = "# x\n[a]\nhost=1\n[b]\nhost = 2\n#port=9\nport=3\n[c]\nhost=4\n";
        let expected = [
            ("host".to_owned(), "2".to_owned()),
            ("port".to_owned(), "3".to_owned()),
        ];
        assert_eq!(section(text, "b").unwrap(), expected);
    }
}
