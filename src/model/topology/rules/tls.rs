//! Rules on encrypted links: what by hand works against them, what certificates must name, and where they are missing.

use core::net::IpAddr;

use super::super::findings::Found;
use super::super::{Edit, Fix, Host, Server, Topology};
use super::limits::at_owners;
use super::{by_hand, standbys};

/// What both ends of a link are told to show and to trust.
const FILES: [&str; 3] = ["ssl_cert_file", "ssl_key_file", "ssl_ca_file"];

const VERSIONS: [&str; 4] = ["tlsv1", "tlsv1.1", "tlsv1.2", "tlsv1.3"];
/// What the drawing asks for, by its place there: TLS 1.2.
const OLDEST: usize = 2;

fn version(value: &str) -> Option<usize> {
    let value = value.trim().to_ascii_lowercase();
    VERSIONS.iter().position(|known| *known == value)
}

pub(super) fn tls_off_by_hand(topology: &Topology) -> Vec<Found> {
    if !topology.has_tls() {
        return Vec::new();
    }
    at_owners(topology, |server| {
        let off = by_hand::on(topology, server, "ssl").filter(|hand| hand.is_off())?;
        let message = format!(
            "The design encrypts its links, but {} = {} is set by hand: the server does not offer TLS, and \
             no downstream can connect",
            off.name, off.value
        );
        topology.downstreams(server.id()).next().map(|_| (off, message))
    })
}

/// On hosts of their own the files may well be others, from an authority that all know. Here the deployment makes the
/// authority, so that nothing which was there before can come from it.
pub(super) fn tls_file_by_hand(topology: &Topology) -> Vec<Found> {
    if !topology.has_tls() || !topology.is_all_loopback() {
        return Vec::new();
    }
    FILES
        .into_iter()
        .flat_map(|name| {
            at_owners(topology, |server| {
                let file = by_hand::on(topology, server, name)?;
                let message = format!(
                    "The deployment creates the certificates, but {} is set by hand to another file: its \
                     certificate does not come from the cluster's authority, and the other end of a link \
                     rejects it",
                    file.name
                );
                Some((file, message))
            })
        })
        .collect()
}

pub(super) fn tls_no_version_left(topology: &Topology) -> Vec<Found> {
    if !topology.has_tls() || !topology.postgres().has_min_tls_version() {
        return Vec::new();
    }
    at_owners(topology, |server| {
        let most = by_hand::on(topology, server, "ssl_max_protocol_version")?;
        let least = by_hand::on(topology, server, "ssl_min_protocol_version");
        let least = least.and_then(|hand| version(hand.value)).unwrap_or(OLDEST);
        (version(most.value)? < least).then(|| {
            let message = format!(
                "{} = '{}' leaves no TLS version that the server may use: it refuses to start",
                most.name, most.value
            );
            (most, message)
        })
    })
}

pub(super) fn tls_version_by_hand(topology: &Topology) -> Vec<Found> {
    if !topology.has_tls() {
        return Vec::new();
    }
    let is_old = |value: &str| version(value).is_some_and(|version| version < OLDEST);
    by_hand::named(topology, "ssl_min_protocol_version")
        .filter(|hand| is_old(hand.value))
        .map(|hand| {
            hand.found(format!(
                "{} = '{}' allows a link to use TLS 1.0 or 1.1, which are broken",
                hand.name, hand.value
            ))
        })
        .collect()
}

pub(super) fn tls_without_least_version(topology: &Topology) -> Vec<Found> {
    let major = topology.postgres();
    if !topology.has_tls() || major.has_min_tls_version() {
        return Vec::new();
    }
    vec![Found::cluster(format!(
        "PostgreSQL {major} has no setting to refuse TLS 1.0 and 1.1: each host's OpenSSL decides \
         (MinProtocol in openssl.cnf)"
    ))]
}

pub(super) fn tls_host_is_address(topology: &Topology) -> Vec<Found> {
    if !topology.has_tls() {
        return Vec::new();
    }
    let major = topology.postgres();
    let is_sender = |server: &&Server| topology.downstreams(server.id()).next().is_some();
    let is_address = |server: &&Server| server.host().as_str().parse::<IpAddr>().is_ok();
    topology
        .servers()
        .iter()
        .filter(|server| !server.host().is_loopback())
        .filter(is_address)
        .filter(is_sender)
        .map(|server| {
            let how = if major.compares_addresses_in_certificates() {
                "as an IP address among its alternative names (IP:…), which few authorities sign"
            } else {
                "as a DNS name (DNS:…), which few authorities sign, because libpq compares IP addresses only from version 15 on"
            };
            Found::server(
                server.id(),
                format!(
                    "The downstreams of \"{}\" connect to the address {}: its certificate must contain it \
                     {how}; a host name avoids that",
                    server.name(),
                    server.host()
                ),
            )
        })
        .collect()
}

pub(super) fn links_in_the_clear(topology: &Topology) -> Vec<Found> {
    if topology.has_tls() {
        return Vec::new();
    }
    let leaves_its_host = |server: &&Server| {
        let upstream = server.upstream().and_then(|id| topology.server(id));
        upstream.is_some_and(|upstream| !is_same(upstream.host(), server.host()))
    };
    let links = match standbys(topology).filter(leaves_its_host).count() {
        0 => return Vec::new(),
        1 => "One link between hosts is".to_owned(),
        count => format!("{count} links between hosts are"),
    };
    let mut found = Found::cluster(format!(
        "{links} unencrypted: anyone listening on the network can read every row that is \
         written"
    ));
    found.fix = Some(Fix {
        label: "Encrypt the links".to_owned(),
        edits: encrypt(topology),
    });
    vec![found]
}

fn is_same(one: &Host, other: &Host) -> bool {
    one.as_str().eq_ignore_ascii_case(other.as_str()) || (one.is_loopback() && other.is_loopback())
}

/// What switches TLS on, and takes away what was set by hand against it.
fn encrypt(topology: &Topology) -> Vec<Edit> {
    let mut edits = vec![Edit::SetTls(true)];
    let mut encrypted = topology.clone();
    if encrypted.apply(&Edit::SetTls(true)).is_ok() {
        let against = tls_off_by_hand(&encrypted)
            .into_iter()
            .chain(tls_no_version_left(&encrypted));
        edits.extend(against.filter_map(|found| found.fix).flat_map(|fix| fix.edits));
    }
    edits
}
