//! Ports that something already listens on, and who has the design's.

use std::fs;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};

use crate::engine::system::processes;
use crate::model::plan::{OwnHost, PortUse};
use crate::model::topology::Topology;

/// The ports in use, each once: the design's in its order, then all others, so that none of them is proposed.
pub(super) fn in_use(topology: &Topology, own_hosts: &[OwnHost]) -> Vec<PortUse> {
    let mut found: Vec<PortUse> = Vec::new();
    for server in topology.servers() {
        let port = server.port().number();
        let mut addresses = vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        addresses.extend(server.host().as_str().parse::<IpAddr>());
        let own = own_hosts.iter().filter(|own| own.host == server.host().as_str());
        addresses.extend(own.flat_map(|own| &own.addresses));
        let is_taken = addresses.into_iter().any(|address| is_taken(address, port));
        if is_taken && !found.iter().any(|one| one.port == port) {
            found.push(PortUse {
                port,
                by: holder(port),
            });
        }
    }
    let listening = sockets().into_iter().filter(|socket| socket.listens);
    for port in listening.map(|socket| socket.port) {
        if !found.iter().any(|one| one.port == port) {
            found.push(PortUse { port, by: None });
        }
    }
    found
}

/// The only sure test is to try; the socket is closed again at once.
fn is_taken(address: IpAddr, port: u16) -> bool {
    // An address that this machine does not have is not taken.
    TcpListener::bind((address, port)).is_err_and(|error| error.kind() == ErrorKind::AddrInUse)
}

/// Who has the port, as far as we may see it: "postgres (pid 812)".
fn holder(port: u16) -> Option<String> {
    let sockets: Vec<Socket> = sockets()
        .into_iter()
        .filter(|socket| socket.port == port)
        .collect();
    let owner = |listens: bool| {
        let of_kind = sockets.iter().filter(|socket| socket.listens == listens);
        let links: Vec<&str> = of_kind.map(|socket| socket.link.as_str()).collect();
        if links.is_empty() {
            None
        } else {
            process_with(&links)
        }
    };
    if sockets.iter().any(|socket| socket.listens) {
        return owner(true);
    }
    // The system gives ports of its upper half to outgoing connections, and keeps them for a minute after their end.
    sockets.first()?;
    Some(owner(false).map_or_else(
        || "a closed connection; free again within a minute".to_owned(),
        |process| format!("a connection of {process}"),
    ))
}

/// The process that has one of these sockets open.
fn process_with(links: &[&str]) -> Option<String> {
    processes::all().into_iter().find_map(|pid| {
        let mut files = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
        let has_it = files.any(|file| {
            file.ok()
                .and_then(|file| fs::read_link(file.path()).ok())
                .is_some_and(|link| links.iter().any(|socket| link.as_os_str() == *socket))
        });
        has_it.then(|| format!("{} (pid {pid})", processes::name(pid).unwrap_or_default()))
    })
}

/// A TCP socket of this machine.
#[derive(Debug, PartialEq, Eq)]
struct Socket {
    port: u16,
    listens: bool,
    /// As processes name it: `socket:[INODE]`.
    link: String,
}

fn sockets() -> Vec<Socket> {
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| table.lines().filter_map(socket).collect::<Vec<_>>())
        .collect()
}

/// A line of `/proc/net/tcp`.
fn socket(line: &str) -> Option<Socket> {
    /// `TCP_LISTEN`, as the table writes it.
    const LISTEN: &str = "0A";
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [_, local, _, state, _, _, _, _, _, inode, ..] = fields.as_slice() else {
        return None;
    };
    let (_, number) = local.rsplit_once(':')?;
    Some(Socket {
        port: u16::from_str_radix(number, 16).ok()?,
        listens: *state == LISTEN,
        link: format!("socket:[{inode}]"),
    })
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn a_listener_is_found_and_named() {
        let listening = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listening.local_addr().unwrap().port();
        assert!(is_taken(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
        let by = holder(port).unwrap();
        assert!(by.contains(&format!("(pid {})", std::process::id())), "{by}");
        let (outgoing, incoming) = (
            TcpStream::connect(("127.0.0.1", port)).unwrap(),
            listening.accept(),
        );
        let own = outgoing.local_addr().unwrap().port();
        let by = holder(own).unwrap();
        assert!(by.starts_with("a connection of "), "{by}");
        // Anyone who ends it first keeps the port for a while.
        drop(outgoing);
        drop(incoming);
        drop(listening);
        assert!(!is_taken(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    }
}
