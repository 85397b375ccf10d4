//! Rules on hosts as PostgreSQL and DNS read them: what is written another way than it is read, and names in pg_hba.conf.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::findings::Found;
use super::super::{Edit, Fix, Host, Port, Server, Topology};

/// A host that is read as something else, or as nothing: what it is, and what would be right.
struct Slip {
    message: String,
    host: Option<String>,
    port: Option<Port>,
}

pub(super) fn host_is_written_wrong(topology: &Topology) -> Vec<Found> {
    topology
        .servers()
        .iter()
        .filter_map(|server| {
            let slip = slip(server.host().as_str())?;
            let message = format!(
                "The host of \"{}\" is {}: {}",
                server.name(),
                server.host(),
                slip.message
            );
            let mut found = Found::server(server.id(), message);
            let host = slip.host.and_then(|host| Host::parse(&host).ok());
            found.fix = host.map(|host| {
                let port = slip.port.filter(|port| *port != server.port());
                let label = match port {
                    Some(port) => format!("Use the host {host} and the port {port}"),
                    None => format!("Use the host {host}"),
                };
                let server = server.id();
                let mut edits = vec![Edit::SetHost { server, host }];
                edits.extend(port.map(|port| Edit::SetPort { server, port }));
                Fix { label, edits }
            });
            Some(found)
        })
        .collect()
}

fn slip(host: &str) -> Option<Slip> {
    let says = |message: String, host: Option<String>, port| Some(Slip { message, host, port });
    if host == "*" || host.parse::<IpAddr>().is_ok() {
        return None;
    }
    if let Some((inside, behind)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let port = behind.strip_prefix(':').and_then(|port| Port::parse(port).ok());
        return says(
            format!(
                "brackets belong to URLs, and PostgreSQL would look up the name with them; write {inside}"
            ),
            Some(inside.to_owned()),
            port,
        );
    }
    if let Some((address, zone)) = host.split_once('%')
        && address.parse::<Ipv6Addr>().is_ok()
    {
        return says(
            format!(
                "pg_hba.conf knows no zone such as %{zone}, so nobody would be let in by it; use an address that \
                     is not link-local"
            ),
            None,
            None,
        );
    }
    if let Some((name, port)) = host.split_once(':') {
        return if name.contains(':') || port.contains(':') {
            says(
                "it is not an IPv6 address: check its groups".to_owned(),
                None,
                None,
            )
        } else {
            says(
                format!("the port has its own key; write host = \"{name}\" and port = {port}"),
                (!name.is_empty()).then(|| name.to_owned()),
                Port::parse(port).ok(),
            )
        };
    }
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let is_number = last.chars().all(|c| c.is_ascii_digit()) && !last.is_empty() || is_hex(last);
    if !is_number {
        let bad = host
            .chars()
            .find(|c| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '_')));
        let bad = bad.map(|c| format!("a host name cannot contain {c}"));
        let label = host.split('.').find(|label| label.len() > 63 || label.is_empty());
        let long = label
            .filter(|_| !host.ends_with('.') || host.contains(".."))
            .map(|label| {
                if label.is_empty() {
                    "one of its labels is empty".to_owned()
                } else {
                    format!("the label {label} has more than 63 characters")
                }
            });
        return bad.or(long).and_then(|message| says(message, None, None));
    }
    match as_inet_aton(host) {
        Some(meant) => says(
            format!("the system reads it as {meant}, and a server with it in pg_hba.conf refuses to start; write the address in full"),
            Some(meant.to_string()),
            None,
        ),
        None => says(
            "it is not an address: an IPv4 address has four numbers from 0 to 255, and the last part of a host name is never only digits"
                .to_owned(),
            None,
            None,
        ),
    }
}

fn is_hex(text: &str) -> bool {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    digits.is_some_and(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()))
}

/// What the C library reads: fewer parts than four, octal and hexadecimal numbers.
fn as_inet_aton(text: &str) -> Option<Ipv4Addr> {
    let parts: Option<Vec<u32>> = text
        .split('.')
        .map(|part| {
            if let Some(hex) = part.strip_prefix("0x").or_else(|| part.strip_prefix("0X")) {
                u32::from_str_radix(hex, 16).ok()
            } else if part.len() > 1 && part.starts_with('0') {
                u32::from_str_radix(part, 8).ok()
            } else {
                part.parse().ok()
            }
        })
        .collect();
    let parts = parts?;
    let (last, first) = parts.split_last()?;
    if first.len() > 3 || first.iter().any(|part| *part > 255) {
        return None;
    }
    let room = 32 - 8 * u32::try_from(first.len()).ok()?;
    if room < 32 && *last >= 1 << room {
        return None;
    }
    let high = first
        .iter()
        .enumerate()
        .fold(0, |sum, (at, part)| sum | part << (24 - 8 * at));
    Some(Ipv4Addr::from_bits(high | last))
}

pub(super) fn hba_by_name(topology: &Topology) -> Vec<Found> {
    let is_by_name = |server: &Server| {
        let host = server.host();
        match &server.terms().hba_address {
            Some(address) => address.is_name(),
            None => {
                !host.is_loopback()
                    && host.as_str() != "*"
                    && host.as_str().parse::<IpAddr>().is_err()
                    && slip(host.as_str()).is_none()
            }
        }
    };
    topology
        .servers()
        .iter()
        .filter(|server| is_by_name(server))
        .filter_map(|server| {
            let above = server.upstream().and_then(|id| topology.server(id));
            let below = topology.downstreams(server.id()).next();
            let by = above.or(below)?;
            Some(Found::server(
                server.id(),
                format!(
                    "pg_hba.conf of \"{}\" lets \"{}\" in by the name {}: that matches only if a reverse lookup leads from its \
                     address back to this name; where it does not, write hba_address = \"10.0.0.0/24\" (its address or \
                     network)",
                    by.name(),
                    server.name(),
                    server.host()
                ),
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_the_system_reads_them() {
        for (text, meant) in [
            ("10.0.7", Some("10.0.0.7")),
            ("10.7", Some("10.0.0.7")),
            ("167772167", Some("10.0.0.7")),
            ("010.0.0.7", Some("8.0.0.7")),
            ("0x0a.0.0.7", Some("10.0.0.7")),
            ("10.0.0.300", None),
            ("1.2.3.4.5", None),
        ] {
            let address = as_inet_aton(text).map(|address| address.to_string());
            assert_eq!(address.as_deref(), meant, "{text}");
            assert!(slip(text).is_some(), "{text}");
        }
    }

    #[test]
    fn each_slip_has_its_right_form() {
        for (text, host, port) in [
            ("[2001:db8::5]", Some("2001:db8::5"), None),
            ("[2001:db8::5]:5433", Some("2001:db8::5"), Some(5433)),
            ("db3.example.com:5433", Some("db3.example.com"), Some(5433)),
            ("fe80::1%eth0", None, None),
            ("2001:db8::zz", None, None),
            ("db;rm", None, None),
            ("a..b", None, None),
        ] {
            let slip = slip(text).unwrap();
            assert_eq!(
                (slip.host.as_deref(), slip.port.map(Port::number)),
                (host, port),
                "{text}"
            );
        }
        for good in [
            "localhost",
            "db1.example.com.",
            "10.0.0.7",
            "2001:db8::5",
            "db-1_a",
            "1a",
            "müller.example",
        ] {
            assert!(slip(good).is_none(), "{good}");
        }
    }
}
