//! pg_hba.conf of one server: people from this machine, the drawn downstreams, and the upstream for the day when roles
//! are swapped; nobody else.

use core::net::IpAddr;
use std::collections::BTreeMap;

use super::sourced::{Sourced, Writer};
use super::{ClusterFolder, Decision, Element};
use crate::model::topology::{Auth, Server, Topology};

/// The addresses that `localhost` can be.
const LOOPBACK: [&str; 2] = ["127.0.0.1/32", "::1/128"];

pub fn pg_hba_conf(topology: &Topology, server: &Server) -> Sourced {
    const ROLES_SWAPPED: &str =
        "Its upstream: if this server is promoted, the old one can come back as its standby.";
    let downstreams = if topology.streams_by_certificate() {
        "The drawn downstreams stream WAL as this role, over TLS only (hostssl), and prove who they are by a certificate (cert). A line for \"all\" databases does not match replication."
    } else if topology.has_tls() {
        "The drawn downstreams stream WAL as this role, over TLS only (hostssl), and show a certificate of the cluster's authority besides (clientcert). A line for \"all\" databases does not match replication."
    } else {
        "The drawn downstreams stream WAL as this role. A line for \"all\" databases does not match replication."
    };
    let auth = topology.effective_auth();
    let method = auth.hba_method();
    let mut file = Writer::default();
    file.comment(&format!(
        "pg_hba.conf of \"{}\": who may connect from where, and how they prove who they are.\nThe first \
         matching line decides; if none matches, the connection is refused.",
        server.name()
    ));
    file.comment_line("# TYPE  DATABASE     USER        ADDRESS                  METHOD");
    file.blank();
    let people = match (auth, topology.has_tls()) {
        (Auth::Trust, _) => "People on this machine, without a password (trust), as drawn.",
        (Auth::Md5 | Auth::Scram | Auth::Cert, false) => "People on this machine, with their password.",
        (Auth::Md5 | Auth::Scram | Auth::Cert, true) => {
            "People on this machine, with their password; with or without TLS, since their traffic does not \
             leave the machine."
        }
    };
    file.comment(people);
    let everyone = |kind: &str, address: &str| line(kind, "all", "all", address, method);
    let here = std::iter::once(everyone("local", ""));
    for text in here.chain(LOOPBACK.map(|address| everyone("host", address))) {
        file.statement(&text, Decision::PeopleAccess.for_cluster(), people);
    }
    let (kind, method) = for_standbys(topology);
    let role = topology.replication_role();
    let entries = standby_addresses(topology, server);
    let (now, one_day): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .partition(|(_, decision, _)| *decision == Decision::DownstreamAccess);
    for (reason, entries) in [(downstreams, now), (ROLES_SWAPPED, one_day)] {
        if !entries.is_empty() {
            file.blank();
            file.comment(reason);
        }
        if entries.iter().any(|(address, ..)| address.starts_with('"')) {
            file.comment(BY_NAME);
        }
        for (address, decision, links) in entries {
            let text = line(kind, "replication", role, &address, &method);
            file.statement(&text, decision.of(links), reason);
        }
    }
    let with_database = databases(topology, server);
    if !with_database.is_empty() {
        file.blank();
        file.comment(SLOT_SYNC);
    }
    for (database, address, link) in with_database {
        let text = line(kind, &database, role, &address, &method);
        file.statement(&text, Decision::DownstreamAccess.of(vec![link]), SLOT_SYNC);
    }
    let own = &topology.terms().hba;
    if !own.is_empty() {
        file.blank();
        file.comment(OWN_LINES);
    }
    for own in own {
        file.statement(own.text(), Decision::OwnAccess.for_cluster(), OWN_LINES);
    }
    file.finish()
}

const BY_NAME: &str = "A name fits only if the address that a connection comes from leads back to the name (reverse DNS), and the name to the address. Where it does not, say the address or the network: hba_address = \"10.0.0.0/24\" in the design.";
const SLOT_SYNC: &str = "A standby that synchronizes logical slots asks its upstream in an ordinary database too: \"replication\" does not match that.";
const OWN_LINES: &str = "The design's own lines come last: the first line that matches decides.";

/// pg_ident.conf where standbys come by certificate alone: which certificates of the cluster's authority are the
/// replication role's. `None`: the design has certificates of its own, whose names are the role's.
pub fn pg_ident_conf(topology: &Topology, server: &Server) -> Option<Sourced> {
    const REASON: &str = "A certificate of the cluster's authority names its server's host; here the hosts of those that may stream become the replication role.";
    if !topology.streams_by_certificate() || topology.terms().tls.files.is_some() {
        return None;
    }
    let mut file = Writer::default();
    file.comment(&format!(
        "pg_ident.conf of \"{}\": whose certificate stands for which role.",
        server.name()
    ));
    file.comment_line("# MAPNAME      SYSTEM-USERNAME            PG-USERNAME");
    file.blank();
    file.comment(REASON);
    let mut known = std::collections::BTreeSet::new();
    let upstream = server.upstream().and_then(|id| topology.server(id));
    let below = topology
        .downstreams(server.id())
        .chain(topology.followers_in_need(server.id()));
    for other in below.chain(upstream) {
        if known.insert(other.certificate_name()) {
            let name = format!("\"{}\"", other.certificate_name());
            let text = format!("{CERTIFICATE_MAP:<14} {name:<26} {}", topology.replication_role());
            let link = Element::Link {
                downstream: if Some(other.id()) == server.upstream() {
                    server.id()
                } else {
                    other.id()
                },
            };
            file.statement(&text, Decision::CertificateNames.of(vec![link]), REASON);
        }
    }
    Some(file.finish())
}

const CERTIFICATE_MAP: &str = "pgcascade";

/// The databases that standbys of this server ask besides replication, each with the address that they come from.
fn databases(topology: &Topology, server: &Server) -> Vec<(String, String, Element)> {
    let below = topology
        .downstreams(server.id())
        .chain(topology.followers_in_need(server.id()));
    let asking = below.filter(|standby| topology.synchronises_slots(standby));
    asking
        .filter_map(|standby| Some((standby, topology.link_database(standby)?)))
        .flat_map(|(standby, database)| {
            let downstream = standby.id();
            let database = quoted_word(&database);
            addresses(standby)
                .into_iter()
                .map(move |address| (database.clone(), address, Element::Link { downstream }))
        })
        .collect()
}

/// A name that pg_hba.conf takes for itself is quoted.
fn quoted_word(name: &str) -> String {
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_plain
        && !matches!(
            name,
            "all" | "replication" | "sameuser" | "samerole" | "samegroup"
        )
    {
        name.to_owned()
    } else {
        format!("\"{name}\"")
    }
}

/// The lines that let in `pg_rewind`, which reads its source as the superuser; none where both share a machine, whose own
/// users are let in already.
pub fn lines_that_let_rewind_in(topology: &Topology, server: &Server) -> Vec<String> {
    if server.host().is_loopback() {
        return Vec::new();
    }
    let kind = if topology.has_tls() { "hostssl" } else { "host" };
    let method = topology.effective_auth().hba_method();
    let user = ClusterFolder::SUPERUSER;
    let addresses = addresses(server).into_iter();
    addresses
        .map(|address| line(kind, "postgres", user, &address, method))
        .collect()
}

/// The lines that let one more standby in, for anyone who puts them there by hand.
pub fn lines_that_let_in(topology: &Topology, standby: &Server) -> Vec<String> {
    let (kind, method) = for_standbys(topology);
    let addresses = addresses(standby).into_iter();
    addresses
        .map(|address| {
            line(
                kind,
                "replication",
                topology.replication_role(),
                &address,
                &method,
            )
        })
        .collect()
}

/// The kind of connection that standbys come by, and how they prove who they are.
fn for_standbys(topology: &Topology) -> (&'static str, String) {
    let method = topology.effective_auth().hba_method();
    if topology.streams_by_certificate() {
        let map = match topology.terms().tls.files {
            None => format!(" map={CERTIFICATE_MAP}"),
            Some(_) => String::new(),
        };
        return ("hostssl", format!("cert{map}"));
    }
    // Without an authority there is nothing that a certificate could be checked with.
    if topology.has_tls()
        && topology
            .terms()
            .tls
            .files
            .as_ref()
            .is_some_and(|files| files.ca.is_none())
    {
        return ("hostssl", method.to_owned());
    }
    if topology.has_tls() {
        let certificate = topology.postgres().wants_client_certificate();
        ("hostssl", format!("{method} {certificate}"))
    } else {
        ("host", method.to_owned())
    }
}

/// An address that standbys come from, why they are let in, and which links that is for.
type Entry = (String, Decision, Vec<Element>);

/// Every address that a standby comes from, once: the downstreams in the design's order, then the upstream, which may
/// become one of them.
fn standby_addresses(topology: &Topology, server: &Server) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut add = |of: &Server, decision: Decision, elements: &[Element]| {
        let within = is_within_named_host(of, server).then(|| SAME_HOST.to_owned());
        for address in addresses(of).into_iter().chain(within) {
            let place = *places.entry(address.clone()).or_insert(entries.len());
            match entries.get_mut(place) {
                Some((_, made_by, all)) if *made_by == decision => all.extend(elements),
                // Who is let in today needs no word about one day.
                Some(_) => {}
                None => entries.push((address, decision, elements.to_vec())),
            }
        }
    };
    let streaming = topology
        .downstreams(server.id())
        .filter(|standby| topology.streams(standby.id()));
    for standby in streaming.chain(topology.followers_in_need(server.id())) {
        let downstream = standby.id();
        add(
            standby,
            Decision::DownstreamAccess,
            &[Element::Link { downstream }],
        );
    }
    if let Some(upstream) = server.upstream().and_then(|id| topology.server(id)) {
        let downstream = server.id();
        let elements = [Element::Link { downstream }, Element::Server(upstream.id())];
        add(upstream, Decision::TakeoverAccess, &elements);
    }
    entries
}

fn line(kind: &str, database: &str, user: &str, address: &str, method: &str) -> String {
    format!("{kind:<7} {database:<12} {user:<11} {address:<24} {method}")
}

/// Every address of the server's own machine.
const SAME_HOST: &str = "samehost";

/// True for two servers on one host that has a name: such a name often leads to an address of the loopback (127.0.1.1), and a
/// connection to it comes from 127.0.0.1, which is not what the name leads to.
fn is_within_named_host(standby: &Server, server: &Server) -> bool {
    let host = standby.host();
    let is_name = !host.is_loopback() && host.as_str().parse::<IpAddr>().is_err();
    is_name
        && standby.terms().hba_address.is_none()
        && host.as_str().eq_ignore_ascii_case(server.host().as_str())
}

/// Addresses have a mask, names have none.
fn addresses(server: &Server) -> Vec<String> {
    if let Some(said) = &server.terms().hba_address {
        return vec![if said.is_name() {
            format!("\"{}\"", said.as_str())
        } else {
            said.as_str().to_owned()
        }];
    }
    let host = server.host();
    if host.is_loopback() {
        return LOOPBACK.map(str::to_owned).to_vec();
    }
    vec![match host.as_str().parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => format!("{address}/32"),
        Ok(IpAddr::V6(address)) => format!("{address}/128"),
        // A word such as `all` or `samenet` would mean something else; in quotes it is a name only.
        Err(_) => format!("\"{}\"", host.as_str()),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::{Edit, notation};

    #[track_caller]
    fn check(design: &str, server: &str, expected: &str) {
        let topology = notation::parse(design).unwrap();
        let text = pg_hba_conf(&topology, topology.by_name(server).unwrap()).contents;
        let lines: String = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n")
            .collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn with_tls_a_downstream_gets_in_by_it_alone() {
        for (major, option) in [("11", "clientcert=1"), ("12", "clientcert=verify-ca")] {
            let design = format!("postgres {major}\nm 1 host db1\n  a 2 host db2\n");
            let mut topology = notation::parse(&design).unwrap();
            topology.apply(&Edit::SetTls(true)).unwrap();
            let text = pg_hba_conf(&topology, topology.primary()).contents;
            let last = text.lines().next_back().unwrap().split_whitespace();
            let line = format!("hostssl replication replicator \"db2\" scram-sha-256 {option}");
            assert_eq!(last.collect::<Vec<_>>().join(" "), line);
        }
    }

    const PEOPLE: &str = "local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\nhost all all ::1/128 scram-sha-256\n";

    #[test]
    fn the_drawn_links_have_a_way_in_and_their_reverse() {
        let design = "m 1 host db1\n  a 2 host db1\n  b 3 host db3\n    c 4 host db4\n";
        let from = |host: &str| format!("host replication replicator \"{host}\" scram-sha-256\n");
        // Within a host, from whichever address its name leads to.
        let within = "host replication replicator samehost scram-sha-256\n";
        check(
            design,
            "m",
            &format!("{PEOPLE}{}{within}{}", from("db1"), from("db3")),
        );
        check(design, "a", &format!("{PEOPLE}{}{within}", from("db1")));
        check(design, "b", &format!("{PEOPLE}{}{}", from("db4"), from("db1")));
        check(design, "c", &format!("{PEOPLE}{}", from("db3")));
        let design = "m 1\n  a 2\n    b 3\n";
        let standbys = "host replication replicator 127.0.0.1/32 scram-sha-256\nhost replication replicator ::1/128 scram-sha-256\n";
        check(design, "m", &format!("{PEOPLE}{standbys}"));
        // Once for both, where all come from one address.
        check(design, "a", &format!("{PEOPLE}{standbys}"));
        check(design, "b", &format!("{PEOPLE}{standbys}"));
    }

    #[test]
    fn each_host_gets_its_line() {
        check(
            "m 1 host db1\n  a 2 host 10.0.0.2\n  b 3 host fd00::3\n  c 4 host db2.example\n  d 5 host 10.0.0.2\n",
            "m",
            &format!(
                "{PEOPLE}host replication replicator 10.0.0.2/32 scram-sha-256\nhost replication replicator fd00::3/128 scram-sha-256\nhost replication replicator \"db2.example\" scram-sha-256\n"
            ),
        );
    }
}
