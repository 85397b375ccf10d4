//! Where a server is asked, and as whom: all that a session needs, whether pgcascade made the server or not.
//!
//! Nothing here allows more than asking: only what pgcascade made is ever signalled (see `ownership`).

use std::fs;
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::engine::cluster::site::Site;
use crate::model::configuration::ClusterFolder;

/// A server to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub address: Address,
    pub login: Login,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A name or an address.
    Tcp { host: String, port: u16 },
    /// The folder that holds `.s.PGSQL.PORT`.
    Socket { folder: PathBuf, port: u16 },
}

/// As whom, and where the password is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    pub user: String,
    pub database: String,
    pub secret: Secret,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// No password is asked for.
    None,
    /// A file with nothing but the password.
    File(PathBuf),
    /// A file as libpq has it, with a line for each server.
    PassFile(PathBuf),
}

/// Why a password cannot be used.
#[derive(Debug, Error)]
pub enum SecretError {
    #[error("the password file {file} cannot be read: {source}", file = file.display())]
    Unreadable { file: PathBuf, source: io::Error },
    #[error("the password file {} can be read by others: chmod 600 makes it usable", .0.display())]
    Exposed(PathBuf),
    #[error("the password file {} has no line for this server, database and user", .0.display())]
    NoLine(PathBuf),
}

impl Endpoint {
    /// A server of a cluster that pgcascade made, as its superuser.
    pub(in crate::engine) fn of_site(site: &Site, address: IpAddr, port: u16) -> Self {
        let file = || site.path(ClusterFolder::SUPERUSER_PASSWORD);
        Self {
            address: Address::Tcp {
                host: address.to_string(),
                port,
            },
            login: Login {
                user: ClusterFolder::SUPERUSER.to_owned(),
                database: "postgres".to_owned(),
                secret: if site.uses_passwords {
                    Secret::File(file())
                } else {
                    Secret::None
                },
            },
        }
    }

    /// The password, read now: it may have been changed since the last session.
    ///
    /// # Errors
    ///
    /// If its file cannot be read.
    pub fn password(&self) -> Result<Option<String>, SecretError> {
        match &self.login.secret {
            Secret::None => Ok(None),
            Secret::File(file) => Ok(Some(read(file)?.trim_end_matches('\n').to_owned())),
            Secret::PassFile(file) => {
                let text = read(file)?;
                let wanted = [
                    self.address.host_in_pass_file(),
                    self.address.port().to_string(),
                    self.login.database.clone(),
                    self.login.user.clone(),
                ];
                let mut passwords = text.lines().filter_map(|line| password_in(line, &wanted));
                let first = passwords.next();
                first.map(Some).ok_or_else(|| SecretError::NoLine(file.clone()))
            }
        }
    }
}

impl Address {
    pub fn port(&self) -> u16 {
        match self {
            Self::Tcp { port, .. } | Self::Socket { port, .. } => *port,
        }
    }

    /// The same server on another port.
    #[must_use]
    pub fn at_port(&self, port: u16) -> Self {
        let mut address = self.clone();
        match &mut address {
            Self::Tcp { port: own, .. } | Self::Socket { port: own, .. } => *own = port,
        }
        address
    }

    /// A server's socket is `localhost` there, if it is in the default folder, else the folder (libpq).
    fn host_in_pass_file(&self) -> String {
        match self {
            Self::Tcp { host, .. } => host.clone(),
            Self::Socket { folder, .. }
                if folder == Path::new("/tmp") || folder == Path::new("/var/run/postgresql") =>
            {
                "localhost".to_owned()
            }
            Self::Socket { folder, .. } => folder.to_string_lossy().into_owned(),
        }
    }
}

/// The text of a file that nobody else can read.
fn read(file: &Path) -> Result<String, SecretError> {
    let unreadable = |source| SecretError::Unreadable {
        file: file.to_owned(),
        source,
    };
    let there = fs::metadata(file).map_err(unreadable)?;
    if !there.is_file() {
        return Err(unreadable(ErrorKind::InvalidInput.into()));
    }
    if there.permissions().mode() & 0o077 != 0 {
        return Err(SecretError::Exposed(file.to_owned()));
    }
    fs::read_to_string(file).map_err(unreadable)
}

/// The password of a line `host:port:database:user:password`, if it is for this server: `*` stands for everything, and
/// `\` takes the next character as it is.
fn password_in(line: &str, wanted: &[String; 4]) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let mut letters = line.chars();
    for wanted in wanted {
        let (mut field, mut is_escaped) = (String::new(), false);
        loop {
            match letters.next()? {
                '\\' => {
                    is_escaped = true;
                    field.push(letters.next()?);
                }
                ':' => break,
                letter => field.push(letter),
            }
        }
        let is_any = field == "*" && !is_escaped;
        if !is_any && field != *wanted {
            return None;
        }
    }
    let mut password = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => password.extend(letters.next()),
            // libpq takes what is behind another colon for something else.
            ':' => break,
            letter => password.push(letter),
        }
    }
    Some(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(secret: Secret) -> Endpoint {
        Endpoint {
            address: Address::Tcp {
                host: "db1.example".to_owned(),
                port: 5432,
            },
            login: Login {
                user: "monitor".to_owned(),
                database: "postgres".to_owned(),
                secret,
            },
        }
    }

    fn file(text: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    #[test]
    fn a_password_comes_only_from_a_file_that_others_cannot_read() {
        let (_keep, path) = file("hunter2\n", 0o600);
        let found = endpoint(Secret::File(path.clone())).password().unwrap();
        assert_eq!(found.as_deref(), Some("hunter2"));
        for mode in [0o640, 0o604, 0o660, 0o644] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            for secret in [Secret::File(path.clone()), Secret::PassFile(path.clone())] {
                let error = endpoint(secret).password().unwrap_err();
                assert!(matches!(error, SecretError::Exposed(_)), "{mode:o}: {error}");
                assert!(!error.to_string().contains("hunter2"));
            }
        }
        assert_eq!(endpoint(Secret::None).password().unwrap(), None);
        let nowhere = endpoint(Secret::File("/nowhere/at/all".into())).password();
        assert!(matches!(nowhere, Err(SecretError::Unreadable { .. })));
    }

    #[test]
    fn the_first_line_that_fits_counts() {
        let found = |text: &str| {
            let (_keep, path) = file(text, 0o600);
            endpoint(Secret::PassFile(path)).password().ok().flatten()
        };
        for (text, password) in [
            ("db1.example:5432:postgres:monitor:one\n*:*:*:*:two", Some("one")),
            (
                "# db1.example:5432:postgres:monitor:no\n*:*:*:monitor:two\n",
                Some("two"),
            ),
            ("db1.example:5432:postgres:other:one", None),
            ("db1.example:5433:*:*:one", None),
            ("\\*:5432:*:*:one", None),
            ("*:*:*:*:a\\:b\\\\c", Some("a:b\\c")),
            ("*:*:*", None),
            ("", None),
        ] {
            assert_eq!(found(text).as_deref(), password, "{text}");
        }
    }

    #[test]
    fn a_socket_is_called_as_libpq_calls_it() {
        let socket = |folder: &str| Address::Socket {
            folder: folder.into(),
            port: 5432,
        };
        assert_eq!(socket("/tmp").host_in_pass_file(), "localhost");
        assert_eq!(socket("/my/sockets").host_in_pass_file(), "/my/sockets");
        assert_eq!(socket("/tmp").at_port(5433).port(), 5433);
    }
}
