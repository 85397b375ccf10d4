//! The connection below a session, over TCP or a Unix socket.
//!
//! A server of a cluster that pgcascade made is asked through the socket in the cluster's own folder. Nobody else can put one
//! there, and the system tells who answers: it must be the user whom the folder belongs to.

use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::geteuid;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::client::TlsStream;

use super::endpoint::{Address, SslMode};
use super::guard::{Guard, Least};
use super::tls::{Spoken, speak};

/// One end of a connection, on which a server may not ask for a password as it likes.
#[derive(Debug)]
pub struct Socket {
    stream: Stream,
    guard: Guard,
}

/// The same without that.
#[derive(Debug)]
pub enum Stream {
    Tcp(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    Unix(UnixStream),
}

/// A socket whose queue is full is tried again after so long: unlike TCP, the system does not wait.
const QUEUE: Duration = Duration::from_millis(20);

impl Socket {
    /// A connection to the server, and its socket a second time: anyone who holds that sees the server end its side.
    /// `has_password`: one would be sent if the server asks for it.
    pub async fn connect(address: &Address, has_password: bool) -> io::Result<(Self, Stream)> {
        let (stream, twin, least) = match address {
            Address::Tcp { host, port } => {
                let (stream, twin) = tcp(TcpStream::connect((host.as_str(), *port)).await?)?;
                (stream, twin, Least::Scram)
            }
            Address::Named {
                host,
                port,
                takes_md5,
                tls,
            } => {
                let least = if *takes_md5 { Least::Md5 } else { Least::Scram };
                let (stream, twin) = tcp(TcpStream::connect((host.as_str(), *port)).await?)?;
                let Stream::Tcp(stream) = stream else {
                    return Err(ErrorKind::Unsupported.into());
                };
                match speak(stream, host, tls).await {
                    Ok(Spoken::Encrypted(stream)) => (Stream::Tls(stream), twin, least),
                    Ok(Spoken::Plain(stream)) => (Stream::Tcp(stream), twin, least),
                    // As libpq does: TLS was only preferred.
                    Err(_) if tls.mode == SslMode::Prefer => {
                        let (stream, twin) = tcp(TcpStream::connect((host.as_str(), *port)).await?)?;
                        (stream, twin, least)
                    }
                    Err(error) => return Err(error),
                }
            }
            Address::Socket { folder, port } => {
                let (stream, twin) = unix(connect_in_turn(&socket_in(folder, *port)).await?)?;
                (stream, twin, Least::Scram)
            }
            Address::Own { run, loopback, port } => match (own_socket(run, *port).await, loopback) {
                (Err(error), Some(loopback)) if is_no_way_in(&error) => {
                    tracing::info!("the socket for port {port} in {}: {error}", run.display());
                    let (stream, twin) = tcp(to_loopback(*loopback, *port).await?)?;
                    (stream, twin, Least::Scram)
                }
                (stream, _) => {
                    let (stream, twin) = unix(stream?)?;
                    // Anyone who answers here can read the password file by itself.
                    (stream, twin, Least::Md5)
                }
            },
        };
        let guard = Guard::new(has_password.then_some(least));
        Ok((Self { stream, guard }, twin))
    }
}

/// There is none, or the design lets no one use it (unix_socket_permissions): the system's word, not ours.
fn is_no_way_in(error: &io::Error) -> bool {
    let is_one = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied);
    is_one && error.raw_os_error().is_some()
}

/// Never to another machine, whatever a file says.
async fn to_loopback(address: IpAddr, port: u16) -> io::Result<TcpStream> {
    if !address.is_loopback() {
        return Err(ErrorKind::AddrNotAvailable.into());
    }
    TcpStream::connect((address, port)).await
}

fn tcp(stream: TcpStream) -> io::Result<(Stream, Stream)> {
    stream.set_nodelay(true)?;
    let stream = stream.into_std()?;
    let twin = TcpStream::from_std(stream.try_clone()?)?;
    Ok((Stream::Tcp(TcpStream::from_std(stream)?), Stream::Tcp(twin)))
}

fn unix(stream: UnixStream) -> io::Result<(Stream, Stream)> {
    let stream = stream.into_std()?;
    let twin = UnixStream::from_std(stream.try_clone()?)?;
    Ok((Stream::Unix(UnixStream::from_std(stream)?), Stream::Unix(twin)))
}

fn socket_in(folder: &Path, port: u16) -> PathBuf {
    folder.join(format!(".s.PGSQL.{port}"))
}

/// The socket in a cluster's own folder, if it is one and the folder's owner answers.
async fn own_socket(run: &Path, port: u16) -> io::Result<UnixStream> {
    let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_RDONLY | OFlag::O_CLOEXEC;
    let folder = std::fs::File::from(open(run, flags, Mode::empty()).map_err(|error| match error {
        Errno::ELOOP => io::Error::from(ErrorKind::NotADirectory),
        error => error.into(),
    })?);
    let there = folder.metadata()?;
    let us = geteuid();
    if there.mode() & 0o022 != 0 || !us.is_root() && there.uid() != us.as_raw() {
        return Err(denied(format!(
            "other users can create sockets in {}",
            run.display()
        )));
    }
    let folder = OwnedFd::from(folder);
    // By its descriptor: what was looked at is what is gone into, and the path is never too long.
    let within = if cfg!(target_os = "linux") {
        PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd()))
    } else {
        run.to_owned()
    };
    let stream = connect_in_turn(&socket_in(&within, port)).await?;
    let peer = stream.peer_cred()?.uid();
    if peer != there.uid() {
        return Err(denied(format!(
            "the socket in {} does not belong to its owner: user {peer} answers",
            run.display()
        )));
    }
    Ok(stream)
}

fn denied(why: String) -> io::Error {
    io::Error::new(ErrorKind::PermissionDenied, why)
}

/// Connects as soon as the server has room in its queue. The deadline is the caller's.
async fn connect_in_turn(path: &Path) -> io::Result<UnixStream> {
    loop {
        match UnixStream::connect(path).await {
            Err(error) if error.kind() == ErrorKind::WouldBlock => tokio::time::sleep(QUEUE).await,
            connected => return connected,
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, guard } = self.get_mut();
        guard.poll_read(Pin::new(stream), cx, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().stream {
            Stream::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::net::Ipv4Addr;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::sync::{Arc, Mutex};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, UnixListener};

    use super::*;
    use crate::engine::postgres::endpoint::{Endpoint, Login, Secret};
    use crate::engine::postgres::sql::{Purpose, Session};

    /// All that was said to a server that is none.
    type Heard = Arc<Mutex<Vec<u8>>>;

    /// Asks anyone who comes for this proof, and writes down all that it hears.
    async fn asks(mut stream: impl AsyncRead + AsyncWrite + Unpin, asked: &[u8], heard: &Heard) {
        let mut bytes = [0; 1024];
        let mut is_first = true;
        while let Ok(count @ 1..) = stream.read(&mut bytes).await {
            heard.lock().unwrap().extend_from_slice(&bytes[..count]);
            if is_first {
                let length = u32::try_from(asked.len() + 4).unwrap().to_be_bytes();
                let _ = stream.write_all(&[b"R", &length[..], asked].concat()).await;
            }
            is_first = false;
        }
    }

    fn own(run: &Path, loopback: Option<IpAddr>, port: u16, secret: &Path) -> Endpoint {
        Endpoint {
            address: Address::Own {
                run: run.to_owned(),
                loopback,
                port,
            },
            login: Login {
                user: "postgres".to_owned(),
                database: "postgres".to_owned(),
                secret: Secret::File(secret.to_owned()),
            },
        }
    }

    /// What is said, and whether it is for good.
    async fn says(endpoint: &Endpoint) -> (String, bool) {
        let look = Purpose::Look(Duration::from_secs(1));
        let opened = tokio::time::timeout(Duration::from_secs(2), Session::open_at(endpoint, look)).await;
        match opened.expect("no answer is waited for") {
            Ok(_) => panic!("it is no server"),
            Err(error) => (error.to_string(), error.stays()),
        }
    }

    fn base() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let base = tempfile::tempdir().unwrap();
        let (run, secret) = (base.path().join("run"), base.path().join("secret"));
        fs::create_dir(&run).unwrap();
        mode(&run, 0o700);
        fs::write(&secret, "hunter2\n").unwrap();
        mode(&secret, 0o600);
        (base, run, secret)
    }

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[tokio::test]
    async fn who_took_the_port_is_not_told_the_password() {
        let (_keep, run, secret) = base();
        for (asked, word) in [
            (&[0, 0, 0, 3][..], "clear text"),
            (&[0, 0, 0, 5, 1, 2, 3, 4], "MD5"),
        ] {
            let heard = Heard::default();
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let hears = Arc::clone(&heard);
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    asks(stream, asked, &hears).await;
                }
            });
            let (said, stays) = says(&own(&run, Some(Ipv4Addr::LOCALHOST.into()), port, &secret)).await;
            assert!(said.contains(word) && stays, "{said}");
            let heard = std::mem::take(&mut *heard.lock().unwrap());
            let text = String::from_utf8_lossy(&heard);
            assert!(text.contains("postgres"), "it was asked for its user");
            assert!(!text.contains("hunter2") && !text.contains("md5"), "{text}");

            // What is not a loopback address is not even asked.
            says(&own(&run, None, port, &secret)).await;
            let elsewhere: IpAddr = "192.0.2.1".parse().unwrap();
            says(&own(&run, Some(elsewhere), port, &secret)).await;
        }
    }

    #[tokio::test]
    async fn the_socket_is_the_folder_s_owner_s_and_in_a_folder_that_others_cannot_write_to() {
        let (base, run, secret) = base();
        let deep = run.join("a".repeat(100));
        fs::create_dir(&deep).unwrap();
        mode(&deep, 0o700);
        let heard = Heard::default();
        let listener = UnixListener::bind(run.join(".s.PGSQL.1")).unwrap();
        fs::rename(run.join(".s.PGSQL.1"), deep.join(".s.PGSQL.1")).unwrap();
        let hears = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // MD5, as servers before 10 do: it is the cluster's own user who asks.
                asks(stream, &[0, 0, 0, 5, 1, 2, 3, 4], &hears).await;
            }
        });
        let ask = async |run: &Path| {
            let endpoint = own(run, None, 1, &secret);
            let opened = Session::open_at(&endpoint, Purpose::Work);
            let opened = tokio::time::timeout(Duration::from_millis(300), opened).await;
            let heard = std::mem::take(&mut *heard.lock().unwrap());
            let said = opened.map_or(String::new(), |opened| opened.unwrap_err().to_string());
            (said, String::from_utf8_lossy(&heard).contains("md5"))
        };
        assert_eq!(ask(&deep).await, (String::new(), true), "the path may be long");

        let link = base.path().join("link");
        symlink(&deep, &link).unwrap();
        assert!(!ask(&link).await.1);
        mode(&deep, 0o770);
        let (said, told) = ask(&deep).await;
        assert!(said.contains("other users can create sockets") && !told, "{said}");
        mode(&deep, 0o700);
        if geteuid().is_root() {
            std::os::unix::fs::chown(&deep, Some(65534), None).unwrap();
            let (said, told) = ask(&deep).await;
            assert!(said.contains("user 0 answers") && !told, "{said}");
        }
    }
}
