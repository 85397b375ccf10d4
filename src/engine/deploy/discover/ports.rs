//! Ports that something already listens on, and who has the design's.

use std::fs;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};

use crate::engine::{processes, site};
use crate::model::plan::PortUse;
use crate::model::topology::Topology;

/// The ports in use, each once: the design's in its order, then all others, so that none of them is proposed.
pub(super) fn in_use(topology: &Topology) -> Vec<PortUse> {
    let mut found: Vec<PortUse> = Vec::new();
    for server in topology.servers() {
        let port = server.port().number();
        let mut addresses = vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        addresses.push(site::address(server.host()));
        let is_taken = addresses.into_iter().any(|address| is_taken(address, port));
        if is_taken && !found.iter().any(|one| one.port == port) {
            found.push(PortUse {
                port,
                by: listener(port),
            });
        }
    }
    for port in listening().into_iter().map(|(port, _)| port) {
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

/// Who listens on the port, as far as we may see it: "postgres (pid 812)".
fn listener(port: u16) -> Option<String> {
    let sockets: Vec<String> = listening()
        .into_iter()
        .filter(|(number, _)| *number == port)
        .map(|(_, socket)| socket)
        .collect();
    if sockets.is_empty() {
        return None;
    }
    processes::all().into_iter().find_map(|pid| {
        let mut files = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
        let has_it = files.any(|file| {
            file.ok()
                .and_then(|file| fs::read_link(file.path()).ok())
                .is_some_and(|link| sockets.iter().any(|socket| link.as_os_str() == socket.as_str()))
        });
        has_it.then(|| format!("{} (pid {pid})", processes::name(pid).unwrap_or_default()))
    })
}

/// Every TCP port that is listened on, with its socket: `socket:[INODE]`.
fn listening() -> Vec<(u16, String)> {
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| table.lines().filter_map(listening_socket).collect::<Vec<_>>())
        .collect()
}

/// A line of `/proc/net/tcp`, if it is of a socket that listens.
fn listening_socket(line: &str) -> Option<(u16, String)> {
    /// `TCP_LISTEN`, as the table writes it.
    const LISTEN: &str = "0A";
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [_, local, _, state, _, _, _, _, _, inode, ..] = fields.as_slice() else {
        return None;
    };
    let (_, number) = local.rsplit_once(':')?;
    let port = u16::from_str_radix(number, 16).ok()?;
    (*state == LISTEN).then(|| (port, format!("socket:[{inode}]")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_found_and_named() {
        let listening = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listening.local_addr().unwrap().port();
        assert!(is_taken(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
        let by = listener(port).unwrap();
        assert!(by.contains(&format!("(pid {})", std::process::id())), "{by}");
        drop(listening);
        assert!(!is_taken(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    }
}
