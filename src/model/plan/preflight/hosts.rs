//! Where the servers of a design are: a deployment only uses this machine, under whichever of its names.

use core::net::IpAddr;

use super::{Check, advice, ok, stop};
use crate::model::plan::{Machine, OwnHost};
use crate::model::topology::{Edit, Finding, Host, Server, Severity, Topology, check};
use crate::model::words::listed;

/// Rules that ask more of servers that share a machine than of servers on hosts of their own.
const OF_ONE_MACHINE: [&str; 2] = ["file-outside-folder", "port-used-twice"];
const ELSEWHERE: &str = "host-elsewhere";

/// What is known of this machine, and the hosts of what runs on it already.
pub(super) fn own(running: &Topology, machine: &Machine) -> Vec<OwnHost> {
    let mut own: Vec<OwnHost> = machine.own_hosts.clone();
    own.retain(|one| !one.addresses.is_empty());
    for host in running.servers().iter().map(Server::host) {
        if !host.is_loopback() && of(host, &own).is_none() {
            own.push(OwnHost {
                host: host.to_string(),
                addresses: vec![IpAddr::V4(core::net::Ipv4Addr::LOCALHOST)],
            });
        }
    }
    own
}

fn of<'a>(host: &Host, own: &'a [OwnHost]) -> Option<&'a OwnHost> {
    own.iter()
        .find(|one| one.host.eq_ignore_ascii_case(host.as_str()))
}

pub(super) fn checks(topology: &Topology, own: &[OwnHost]) -> Vec<Check> {
    let away = || {
        topology
            .servers()
            .iter()
            .filter(|server| !server.host().is_loopback())
    };
    for server in away() {
        match of(server.host(), own) {
            None => return vec![elsewhere(server)],
            Some(one) if one.addresses.is_empty() => return vec![leads_nowhere(server)],
            Some(_) => {}
        }
    }
    let mut named: Vec<&OwnHost> = away().filter_map(|server| of(server.host(), own)).collect();
    named.dedup();
    let Some(first) = named.first() else {
        return vec![ok(ELSEWHERE, "Every server is on this machine")];
    };
    let mut found: Vec<Check> = two_names(topology, first).into_iter().collect();
    found.extend(of_one_machine(topology));
    if found.is_empty() {
        found.push(here(topology, &named));
    }
    found
}

fn elsewhere(server: &Server) -> Check {
    stop(
        ELSEWHERE,
        format!(
            "A deployment only uses this machine, but \"{}\" is on host {}",
            server.name(),
            server.host()
        ),
        "Rehearse it here (pgcascade deploy --here), or export it for the real hosts (pgcascade export)",
    )
}

fn leads_nowhere(server: &Server) -> Check {
    stop(
        ELSEWHERE,
        format!(
            "\"{}\" is on {}, as this machine calls itself, but the name does not lead to an address of this machine",
            server.name(),
            server.host()
        ),
        format!("Add {} to /etc/hosts, or write localhost", server.host()),
    )
}

/// Within a machine, a connection comes from the address that it goes to: pg_hba.conf of a server that has another one would
/// not let it in.
fn two_names(topology: &Topology, first: &OwnHost) -> Option<Check> {
    let mut servers = topology.servers().iter();
    let other = servers.find(|server| {
        !server.host().as_str().eq_ignore_ascii_case(&first.host) && server.terms().hba_address.is_none()
    })?;
    Some(stop(
        "one-machine-two-hosts",
        format!(
            "\"{}\" is on {}, others are on {}, and both are this machine: pg_hba.conf expects a connection from one of them, \
             and it comes from the other",
            other.name(),
            other.host(),
            first.host
        ),
        format!("Write {} for every server", first.host),
    ))
}

/// What is an error because the servers share this machine with us, whatever the design calls it.
fn of_one_machine(topology: &Topology) -> Option<Check> {
    let mut shared = topology.clone();
    for server in topology.servers() {
        let edit = Edit::SetHost {
            server: server.id(),
            host: Host::default(),
        };
        if let Err(refusal) = shared.apply(&edit) {
            return Some(stop(
                "design-has-errors",
                format!("On one machine, the design has an error: {refusal}"),
                "Change the design",
            ));
        }
    }
    let is_one =
        |finding: &Finding| finding.severity == Severity::Error && OF_ONE_MACHINE.contains(&finding.rule);
    let finding = check(&shared).into_iter().find(is_one)?;
    Some(stop(
        "design-has-errors",
        format!("On one machine, the design has an error: {}", finding.message),
        super::fix_of(&finding),
    ))
}

/// Who draws an address that others can reach wants to be reached; it is said all the same.
fn here(topology: &Topology, named: &[&OwnHost]) -> Check {
    let mut names: Vec<String> = named.iter().map(|one| one.host.clone()).collect();
    names.dedup();
    let message = format!("Every server is on this machine, which is {}", listed(&names));
    let mut open: Vec<String> = Vec::new();
    for address in named.iter().flat_map(|one| &one.addresses) {
        let address = address.to_string();
        if !open.contains(&address) && !address.parse::<IpAddr>().is_ok_and(|one| one.is_loopback()) {
            open.push(address);
        }
    }
    let listens_as_drawn = |server: &Server| server.terms().listen.entries().is_empty();
    if open.is_empty() || !topology.servers().iter().any(listens_as_drawn) {
        return ok(ELSEWHERE, message);
    }
    advice(
        ELSEWHERE,
        message,
        format!(
            "they listen on {} as well, where other machines can reach them; write localhost to keep them to this one",
            listed(&open)
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    fn own(hosts: &[(&str, &str)]) -> Vec<OwnHost> {
        let one = |(host, addresses): &(&str, &str)| OwnHost {
            host: (*host).to_owned(),
            addresses: addresses
                .split_whitespace()
                .map(|one| one.parse().unwrap())
                .collect(),
        };
        hosts.iter().map(one).collect()
    }

    #[track_caller]
    fn says(design: &str, hosts: &[(&str, &str)], expected: &[(&str, bool)]) -> Vec<Check> {
        let topology = notation::parse(design).unwrap();
        let found = checks(&topology, &own(hosts));
        let short: Vec<(&str, bool)> = found.iter().map(|check| (check.id, check.ok)).collect();
        assert_eq!(short, expected, "{found:#?}");
        found
    }

    #[test]
    fn the_machines_own_names_and_addresses_are_here() {
        const OK: [(&str, bool); 1] = [("host-elsewhere", true)];
        let vm = [("vm", "127.0.1.1")];
        let quiet = says("a 5432 host vm\n  b 5433 host VM\n", &vm, &OK);
        assert_eq!(quiet[0].fix, None, "a name of the loopback needs no word");
        let lan = [("10.0.0.5", "10.0.0.5")];
        let open = says("a 5432 host 10.0.0.5\n  b 5433 host 10.0.0.5\n", &lan, &OK);
        assert!(
            open[0].fix.as_deref().unwrap().contains("listen on 10.0.0.5"),
            "{open:#?}"
        );
        says("a 5432 host 127.0.0.2\n  b 5433 host ::1\n", &[], &OK);
    }

    #[test]
    fn what_is_not_here_is_refused() {
        const ELSEWHERE: [(&str, bool); 1] = [("host-elsewhere", false)];
        let vm = [("vm", "127.0.1.1")];
        says("a 5432 host vm\n  b 5433 host db2\n", &vm, &ELSEWHERE);
        let lost = says("a 5432 host vm\n  b 5433 host vm\n", &[("vm", "")], &ELSEWHERE);
        assert!(
            lost[0].fix.as_deref().unwrap().contains("/etc/hosts"),
            "{lost:#?}"
        );
    }

    #[test]
    fn two_names_of_one_machine_are_refused_together() {
        let both = [("vm", "127.0.1.1"), ("10.0.0.5", "10.0.0.5")];
        let expected = [("one-machine-two-hosts", false)];
        says("a 5432 host vm\n  b 5433 host 10.0.0.5\n", &both, &expected);
        let twice = [("one-machine-two-hosts", false), ("design-has-errors", false)];
        says("a 5432 host vm\n  b 5432 host 10.0.0.5\n", &both, &twice);
    }

    #[test]
    fn files_are_as_safe_as_at_localhost() {
        let mut topology = notation::parse("a 5432 host vm\n  b 5433 host vm\n").unwrap();
        let edit = Edit::SetSetting {
            server: None,
            name: "log_directory".to_owned(),
            value: Some("/etc".to_owned()),
        };
        topology.apply(&edit).unwrap();
        let found = checks(&topology, &own(&[("vm", "127.0.1.1")]));
        assert_eq!(found.len(), 1);
        assert!(!found[0].ok && found[0].message.contains("/etc"), "{found:#?}");
    }

    #[test]
    fn the_hosts_of_what_runs_here_are_here() {
        let topology = notation::parse("a 5432 host vm\n  b 5433 host vm\n").unwrap();
        let lost = Machine {
            own_hosts: own(&[("vm", "")]),
            ..Machine::portable("/c")
        };
        let known = super::own(&topology, &lost);
        assert!(checks(&topology, &known).iter().all(|check| check.ok));
    }
}
