//! The certificates of a design with TLS: for every server one that names where it is reached, so that a standby can
//! tell its upstream from anybody else (`sslmode=verify-full`), and an upstream its standbys.

use core::net::IpAddr;

use serde::Serialize;

use crate::model::topology::Topology;

/// What the certificate of one server says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// The server's own folder name, which its files are called by.
    pub folder: String,
    /// The names and addresses under which the server is reached, its drawn host first.
    pub hosts: Vec<String>,
}

impl Certificate {
    /// Ten years: a laboratory's authority ends with its cluster, and nobody wants to find it expired.
    pub const DAYS: u32 = 3650;
    /// For people who look into a certificate.
    pub const AUTHORITY: &'static str = "authority of a pgcascade cluster";
    /// The addresses at which every server is also reached from its own machine.
    const HERE: [&'static str; 3] = ["localhost", "127.0.0.1", "::1"];
    /// What X.509 allows for a common name (RFC 5280, ub-common-name).
    const COMMON_NAME_CHARS: usize = 64;

    /// One for each server, in the design's order.
    pub fn of_each(topology: &Topology) -> Vec<Self> {
        let folders = topology.folders();
        topology
            .servers()
            .iter()
            .map(|server| {
                let host = server.host().as_str();
                let also = Self::HERE.into_iter().filter(|here| *here != host);
                Self {
                    folder: folders.get(&server.id()).cloned().unwrap_or_default(),
                    hosts: std::iter::once(host).chain(also).map(str::to_owned).collect(),
                }
            })
            .collect()
    }

    /// The subject: the drawn host, since libpq before 9.5 looks at nothing else.
    pub fn common_name(&self) -> &str {
        let host = self.hosts.first().map_or("", String::as_str);
        // As Server::certificate_name says it of the server.
        if host.chars().count() > Self::COMMON_NAME_CHARS {
            "server"
        } else {
            host
        }
    }

    /// The subject's other names as openssl(1) takes them. An address stands there twice: as an address, which libpq
    /// compares from 15 on, and as a name, with which it compares any host before.
    pub fn alternative_names(&self) -> String {
        let names: Vec<String> = self
            .hosts
            .iter()
            .map(|host| match host.parse::<IpAddr>() {
                Ok(_) => format!("DNS:{host},IP:{host}"),
                Err(_) => format!("DNS:{host}"),
            })
            .collect();
        names.join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    #[test]
    fn a_certificate_names_the_drawn_host_first() {
        let long = "h".repeat(65);
        let text = format!("m 1\n  a 2 host db1.example\n  b 3 host 10.0.0.7\n  c 4 host {long}\n");
        let certificates = Certificate::of_each(&notation::parse(&text).unwrap());
        let here = "DNS:127.0.0.1,IP:127.0.0.1,DNS:::1,IP:::1";
        let told: Vec<_> = certificates
            .iter()
            .map(|one| (one.folder.as_str(), one.common_name(), one.alternative_names()))
            .collect();
        assert_eq!(
            told,
            [
                ("m", "localhost", format!("DNS:localhost,{here}")),
                (
                    "a",
                    "db1.example",
                    format!("DNS:db1.example,DNS:localhost,{here}")
                ),
                (
                    "b",
                    "10.0.0.7",
                    format!("DNS:10.0.0.7,IP:10.0.0.7,DNS:localhost,{here}")
                ),
                ("c", "server", format!("DNS:{long},DNS:localhost,{here}")),
            ]
        );
    }
}
