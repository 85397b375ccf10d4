//! What a design may say that cannot be done for all servers on one machine: each with the reason, and where it can be.

use super::{Check, stop};
use crate::model::plan::{LINKS_AT_MOST, proxy_links};
use crate::model::topology::{Server, Topology};
use crate::model::words::listed;

pub(super) fn only_on_hosts(topology: &Topology) -> Vec<Check> {
    const EXPORT: &str = "Export the design for its hosts (pgcascade export), or deploy a copy without it";
    let names = |which: &dyn Fn(&Server) -> bool| -> Vec<String> {
        let servers = topology.servers().iter().filter(|server| which(server));
        servers.map(|server| format!("\"{}\"", server.name())).collect()
    };
    let mut found = Vec::new();
    let mut say = |id, who: Vec<String>, what: &str| {
        if !who.is_empty() {
            found.push(stop(id, format!("{} {what}", listed(&who)), EXPORT));
        }
    };
    say(
        "receiver-elsewhere",
        names(&Server::is_receiver),
        "receives WAL and is not a server: pgcascade starts PostgreSQL servers, not pg_receivewal or Barman",
    );
    say(
        "archive-only-elsewhere",
        names(&Server::is_fed_by_archive),
        "gets WAL from the archive alone, so a deployment here could not see it stream and prove the design",
    );
    say(
        "tablespaces-elsewhere",
        names(&|server| !server.terms().tablespaces.is_empty()),
        "has tablespaces, and on one machine a standby would create each at the path where the primary's lies",
    );
    if topology.has_tls() && topology.terms().tls.files.is_some() {
        found.push(stop(
            "certificates-elsewhere",
            "The design names certificates of its hosts, and a deployment here makes its own: the files would be \
             those of another place",
            "Write tls = true for a deployment here, or export the design for its hosts (pgcascade export)",
        ));
    }
    found.extend(laboratory(topology));
    found
}

/// What the proxy of a laboratory needs.
fn laboratory(topology: &Topology) -> Vec<Check> {
    const WITHOUT: &str = "Leave `links = true` out of [lab]";
    if !topology.terms().has_lab_links {
        return Vec::new();
    }
    let mut found = Vec::new();
    let everywhere = topology.servers().iter().find(|server| {
        let entries = server.terms().listen.entries();
        entries
            .iter()
            .any(|entry| matches!(entry.as_str(), "*" | "0.0.0.0" | "::"))
    });
    if let Some(server) = everywhere {
        found.push(stop(
            "lab-links-taken",
            format!(
                "\"{}\" listens on all addresses of this machine, also on those where the proxy of the laboratory \
                 listens for its standbys",
                server.name()
            ),
            "Leave `listen` out for a laboratory, or leave `links = true` out of [lab]",
        ));
    }
    let links = proxy_links(topology).len();
    if links > LINKS_AT_MOST {
        found.push(stop(
            "lab-links-too-many",
            format!(
                "A laboratory of so many servers has {links} links, and its proxy carries {LINKS_AT_MOST}"
            ),
            WITHOUT,
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::document::format;

    #[test]
    fn only_what_one_machine_cannot_do_is_refused() {
        let ids = |more: &str, server: &str| {
            let text = format!(
                "format = 1\npostgres = 15\n{more}\n[[server]]\nname = \"m\"\nport = 5432\n\n[[server]]\nname = \"s\"\nport = 5433\nfollows = \"m\"\n{server}\n"
            );
            let document = format::read(&text).unwrap();
            only_on_hosts(document.topology())
                .into_iter()
                .map(|check| check.id)
                .collect::<Vec<_>>()
        };
        assert!(
            ids(
                "[security]\nrole = \"r\"\ntls = { mode = \"require\" }",
                "slot = \"x\""
            )
            .is_empty()
        );
        assert_eq!(ids("", "receiver = true"), ["receiver-elsewhere"]);
        assert_eq!(ids("", "by = \"archive\""), ["archive-only-elsewhere"]);
        assert_eq!(
            ids("", "tablespaces = { fast = \"/mnt/x\" }"),
            ["tablespaces-elsewhere"]
        );
        let files = "[security]\ntls = { ca = \"/a\", cert = \"/b\", key = \"/c\" }";
        assert_eq!(ids(files, ""), ["certificates-elsewhere"]);
        assert!(ids("[lab]\nlinks = true", "").is_empty());
        assert_eq!(ids("[lab]\nlinks = true", "listen = \"*\""), ["lab-links-taken"]);
        let many: String = (0..21)
            .map(|number| {
                format!(
                    "[[server]]\nname = \"s{number}\"\nport = {}\nfollows = \"m\"\n",
                    6000 + number
                )
            })
            .collect();
        assert_eq!(ids("[lab]\nlinks = true", &many), ["lab-links-too-many"]);
    }
}
