//! Which hosts of a design are this machine: its names, and the addresses of its network interfaces.

use std::net::IpAddr;
use std::time::Duration;

use nix::ifaddrs::getifaddrs;
use nix::unistd::gethostname;

use crate::model::plan::OwnHost;
use crate::model::topology::{Host, Server, Topology};

/// For all names of a design together: the system may ask the network.
const LOOK_UP: Duration = Duration::from_secs(5);

/// The hosts that are this machine and not its loopback, each once. What cannot be found out is elsewhere.
pub(super) async fn of(topology: &Topology) -> Vec<OwnHost> {
    let mut hosts: Vec<&Host> = Vec::new();
    for host in topology.servers().iter().map(Server::host) {
        if !host.is_loopback() && !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    if hosts.is_empty() {
        return Vec::new();
    }
    let interfaces = interfaces();
    let name = gethostname().ok().and_then(|name| name.into_string().ok());
    let until = tokio::time::Instant::now() + LOOK_UP;
    let mut own = Vec::new();
    for host in hosts {
        let host = host.as_str();
        let addresses = match host.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => look_up(host, until).await,
        };
        own.extend(judge(host, addresses, &interfaces, name.as_deref()));
    }
    own
}

/// Here only if every address is: a standby may connect to any of them.
fn judge(
    host: &str,
    mut addresses: Vec<IpAddr>,
    interfaces: &[IpAddr],
    name: Option<&str>,
) -> Option<OwnHost> {
    let is_own = |address: &IpAddr| address.is_loopback() || interfaces.contains(address);
    let is_here = !addresses.is_empty() && addresses.iter().all(is_own);
    let is_own_name = name.is_some_and(|name| name.eq_ignore_ascii_case(host));
    if !is_here {
        addresses.clear();
    }
    (is_here || is_own_name).then(|| OwnHost {
        host: host.to_owned(),
        addresses,
    })
}

/// As PostgreSQL and libpq look it up; nothing, if there is no answer in time.
async fn look_up(host: &str, until: tokio::time::Instant) -> Vec<IpAddr> {
    let found = tokio::time::timeout_at(until, tokio::net::lookup_host((host, 0))).await;
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in found.into_iter().flatten().flatten().map(|found| found.ip()) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

/// By the interfaces themselves: an attempt to bind would also succeed for another machine's address where the system allows that
/// (`net.ipv4.ip_nonlocal_bind`), as beside a virtual address.
fn interfaces() -> Vec<IpAddr> {
    let all = getifaddrs().into_iter().flatten();
    all.filter_map(|interface| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().map(|one| IpAddr::V4(one.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|one| IpAddr::V6(one.ip())))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    fn ip(text: &str) -> Vec<IpAddr> {
        text.split_whitespace().map(|one| one.parse().unwrap()).collect()
    }

    #[test]
    fn a_host_is_here_if_all_its_addresses_are() {
        let here = |host: &str, addresses: &str| {
            let own = judge(host, ip(addresses), &ip("10.0.0.5 fd00::5"), Some("vm"));
            own.map(|own| own.addresses.len())
        };
        assert_eq!(here("10.0.0.5", "10.0.0.5"), Some(1));
        assert_eq!(here("db1.example.org", "127.0.1.1 fd00::5"), Some(2));
        assert_eq!(here("db1.example.org", "10.0.0.5 10.0.0.6"), None);
        assert_eq!(here("db1.example.org", ""), None);
        assert_eq!(here("VM", ""), Some(0), "its own name, which leads nowhere");
        assert_eq!(
            here("vm", "10.0.0.6"),
            Some(0),
            "its own name, which leads elsewhere"
        );
    }

    #[tokio::test]
    async fn this_machine_knows_itself() {
        let named = |host: &str| notation::parse(&format!("a 5432 host {host}\n")).unwrap();
        for address in interfaces().into_iter().filter(|one| !one.is_loopback()) {
            // Addresses of a link need a zone, which a host does not have.
            if matches!(address, IpAddr::V6(one) if one.is_unicast_link_local()) {
                continue;
            }
            let own = of(&named(&address.to_string())).await;
            assert_eq!(own.len(), 1, "{address}");
            assert_eq!(own[0].addresses, [address]);
        }
        // RFC 5737 and RFC 2606: nobody has them.
        for elsewhere in ["203.0.113.77", "no-such-host.invalid"] {
            assert_eq!(of(&named(elsewhere)).await, []);
        }
    }
}
