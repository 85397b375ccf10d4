//! Where a server is asked, and as whom: all that a session needs, whether pgcascade made the server or not.
//!
//! Nothing here allows more than asking: only what pgcascade made is ever signalled (see `ownership`).

use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use thiserror::Error;

pub use super::tls::{SslMode, Tls};
use crate::engine::cluster::site::Site;
use crate::engine::system::plain;
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
    /// A server that somebody else made, as its people dial it: with TLS as they wish, and by MD5 where a person or a server
    /// of the cluster named it.
    Named {
        host: String,
        port: u16,
        takes_md5: bool,
        tls: Tls,
    },
    /// The folder that holds `.s.PGSQL.PORT`.
    Socket { folder: PathBuf, port: u16 },
    /// A server that pgcascade made: its socket in the cluster's own folder. Where none is there, this address, if it is
    /// one of this machine's loopback: no file that a cluster's user can write leads the question anywhere else.
    Own {
        run: PathBuf,
        loopback: Option<IpAddr>,
        port: u16,
    },
}

/// As whom, and where the password is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    pub user: String,
    pub database: String,
    pub secret: Secret,
}

/// A password that was typed; it shows in no text.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(String);

impl Hidden {
    pub fn new(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(hidden)")
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// No password is asked for.
    None,
    /// Part of a connection string that a person typed.
    Given(Hidden),
    /// A file with nothing but the password.
    File(PathBuf),
    /// The superuser's password of the cluster in this folder.
    Own(PathBuf),
    /// A file as libpq has it, with a line for each server.
    PassFile(PathBuf),
}

/// Why a password cannot be used.
#[derive(Debug, Error)]
pub enum SecretError {
    #[error("the password file {file} cannot be read: {source}", file = file.display())]
    Unreadable { file: PathBuf, source: io::Error },
    #[error("the password file {} is readable by others: run chmod 600 on it", .0.display())]
    Exposed(PathBuf),
    #[error("the password file {} belongs to another user", .0.display())]
    Foreign(PathBuf),
    #[error("the password file {} has no line for this server, database and user", .0.display())]
    NoLine(PathBuf),
}

impl Endpoint {
    /// A server of a cluster that pgcascade made, as its superuser.
    pub(in crate::engine) fn of_site(site: &Site, address: IpAddr, port: u16) -> Self {
        Self {
            address: Address::Own {
                run: site.path(ClusterFolder::SOCKETS),
                loopback: Some(address).filter(IpAddr::is_loopback),
                port,
            },
            login: Login {
                user: ClusterFolder::SUPERUSER.to_owned(),
                database: "postgres".to_owned(),
                secret: if site.uses_passwords {
                    Secret::Own(site.folder.clone())
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
            Secret::Given(Hidden(password)) => Ok(Some(password.clone())),
            Secret::File(file) => Ok(Some(in_one_line(&named(file)?))),
            Secret::Own(folder) => Ok(Some(in_one_line(&own(folder)?))),
            Secret::PassFile(file) => {
                let text = named(file)?;
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
            Self::Tcp { port, .. }
            | Self::Named { port, .. }
            | Self::Socket { port, .. }
            | Self::Own { port, .. } => *port,
        }
    }

    /// The same server on another port.
    #[must_use]
    pub fn at_port(&self, port: u16) -> Self {
        let mut address = self.clone();
        match &mut address {
            Self::Tcp { port: own, .. }
            | Self::Named { port: own, .. }
            | Self::Socket { port: own, .. }
            | Self::Own { port: own, .. } => {
                *own = port;
            }
        }
        address
    }

    /// A server's socket is `localhost` there, if it is in the default folder, else the folder (libpq).
    fn host_in_pass_file(&self) -> String {
        match self {
            Self::Tcp { host, .. } | Self::Named { host, .. } => host.clone(),
            Self::Socket { folder, .. }
                if folder == Path::new("/tmp") || folder == Path::new("/var/run/postgresql") =>
            {
                "localhost".to_owned()
            }
            Self::Socket { folder, .. } | Self::Own { run: folder, .. } => {
                folder.to_string_lossy().into_owned()
            }
        }
    }
}

/// The text of a file that a person names, and nobody else can read.
fn named(path: &Path) -> Result<String, SecretError> {
    secret(path, plain::open_named(path).and_then(with_facts)).map(|(text, _)| text)
}

/// The text of the cluster's own: it belongs to us, or to the user whom the folder belongs to.
fn own(folder: &Path) -> Result<String, SecretError> {
    let path = folder.join(ClusterFolder::SUPERUSER_PASSWORD);
    let opened = plain::open_below(folder, ClusterFolder::SUPERUSER_PASSWORD).and_then(with_facts);
    let (text, owner) = secret(&path, opened)?;
    let is_ours = owner == geteuid().as_raw()
        || std::fs::metadata(folder).is_ok_and(|folder| folder.uid() == owner && geteuid().is_root());
    is_ours.then_some(text).ok_or(SecretError::Foreign(path))
}

/// An open file, its mode and its owner.
type Opened = (File, u32, u32);

fn with_facts(file: File) -> io::Result<Opened> {
    let there = file.metadata()?;
    Ok((file, there.mode(), there.uid()))
}

/// The text of a file that nobody else can read, and its owner.
fn secret(path: &Path, opened: io::Result<Opened>) -> Result<(String, u32), SecretError> {
    let unreadable = |source| SecretError::Unreadable {
        file: path.to_owned(),
        source,
    };
    let (file, mode, owner) = opened.map_err(unreadable)?;
    if mode & 0o077 != 0 {
        return Err(SecretError::Exposed(path.to_owned()));
    }
    let text = plain::all(file, plain::SMALL_BYTES).and_then(plain::text);
    Ok((text.map_err(unreadable)?, owner))
}

fn in_one_line(text: &str) -> String {
    text.trim_end_matches('\n').to_owned()
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
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

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
    fn the_cluster_s_own_password_is_a_file_of_the_cluster_s() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join(ClusterFolder::SUPERUSER_PASSWORD);
        let secrets = path.parent().unwrap();
        fs::create_dir(secrets).unwrap();
        let of_cluster = || endpoint(Secret::Own(base.path().to_owned())).password();
        let private = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        let precious = base.path().join("precious");
        for file in [&path, &precious] {
            fs::write(file, "hunter2\n").unwrap();
            private(file);
        }
        assert_eq!(of_cluster().unwrap().as_deref(), Some("hunter2"));

        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(&precious, &path).unwrap();
        let said = of_cluster().unwrap_err().to_string();
        assert!(
            said.contains("symbolic link") && !said.contains("hunter2"),
            "{said}"
        );
        fs::remove_file(&path).unwrap();
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let said = of_cluster().unwrap_err().to_string();
        assert!(said.contains("named pipe"), "{said}");

        // The folder itself a link to another one.
        fs::rename(secrets, base.path().join("elsewhere")).unwrap();
        std::os::unix::fs::symlink("elsewhere", secrets).unwrap();
        of_cluster().unwrap_err();
        fs::remove_file(secrets).unwrap();
        fs::create_dir(secrets).unwrap();
        fs::write(&path, "hunter2").unwrap();
        private(&path);
        if geteuid().is_root() {
            std::os::unix::fs::chown(&path, Some(65534), None).unwrap();
            assert!(matches!(of_cluster(), Err(SecretError::Foreign(_))));
        }
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
