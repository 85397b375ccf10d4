//! The rules on encrypted links: where they are quiet, and what goes with encrypting them.

use super::super::super::{PgMajor, Severity, Topology, check, notation};
use super::{QUIET, encrypted, found, on_hosts, set};

#[test]
fn rules_on_tls_are_quiet_where_they_do_not_hold() {
    let quiet = |topology: &Topology, rule: &str| assert_eq!(found(topology, rule), 0, "{rule}");
    let with = |topology: &Topology, server: Option<&str>, name: &str, value: &str| {
        let mut topology = topology.clone();
        let server = server.map(|server| topology.by_name(server).unwrap().id());
        topology.apply(&set(server, name, value)).unwrap();
        topology
    };
    for major in PgMajor::ALL
        .into_iter()
        .filter(|major| major.has_min_tls_version())
    {
        let text = QUIET.replace("postgres 15", &format!("postgres {major}"));
        assert_eq!(check(&encrypted(notation::parse(&text).unwrap())), [], "{major}");
    }
    let here = encrypted(notation::parse(QUIET).unwrap());
    let apart = encrypted(on_hosts(["db1", "db2", "db3", "db4"]));
    quiet(&with(&here, None, "ssl", "on"), "tls-off-by-hand");
    quiet(&with(&here, None, "ssl", "on"), "ssl-without-certificate");
    // Nobody follows a leaf, which may offer what it likes.
    quiet(&with(&here, Some("c"), "ssl", "off"), "tls-off-by-hand");
    quiet(
        &with(&notation::parse(QUIET).unwrap(), None, "ssl", "off"),
        "tls-off-by-hand",
    );
    // On hosts of their own the certificates are the site's affair.
    quiet(
        &with(&apart, None, "ssl_ca_file", "/etc/ssl/ca.crt"),
        "tls-file-by-hand",
    );
    quiet(
        &with(&here, None, "ssl_max_protocol_version", "TLSv1.2"),
        "tls-no-version-left",
    );
    let older = with(&here, None, "ssl_min_protocol_version", "TLSv1");
    quiet(
        &with(&older, None, "ssl_max_protocol_version", "TLSv1.1"),
        "tls-no-version-left",
    );
    for value in ["TLSv1.2", "tlsv1.3"] {
        quiet(
            &with(&here, None, "ssl_min_protocol_version", value),
            "tls-version-by-hand",
        );
    }
    // Nobody connects to a leaf; and 127.0.0.1 is in every certificate that a deployment makes.
    quiet(
        &encrypted(on_hosts(["db1", "db2", "10.0.0.3", "10.0.0.4"])),
        "tls-host-is-address",
    );
    quiet(&encrypted(on_hosts(["127.0.0.1"; 4])), "tls-host-is-address");
    quiet(&here, "tls-without-least-version");
    quiet(&apart, "links-in-the-clear");
    quiet(
        &on_hosts(["localhost", "127.0.0.1", "::1", "127.0.0.2"]),
        "links-in-the-clear",
    );
    quiet(&on_hosts(["db1", "DB1", "db1", "db1"]), "links-in-the-clear");
}

#[test]
fn encrypting_the_links_takes_away_what_was_set_against_it() {
    let mut topology = on_hosts(["db1", "db2", "db3", "db4"]);
    let server = topology.by_name("a").unwrap().id();
    for edit in [
        set(None, "ssl", "off"),
        set(Some(server), "SSL", "no"),
        set(Some(server), "ssl_max_protocol_version", "TLSv1"),
    ] {
        topology.apply(&edit).unwrap();
    }
    let finding = check(&topology)
        .into_iter()
        .find(|finding| finding.rule == "links-in-the-clear");
    for edit in finding.unwrap().fix.unwrap().edits {
        topology.apply(&edit).unwrap();
    }
    assert!(topology.has_tls());
    assert!(
        check(&topology)
            .iter()
            .all(|finding| finding.severity != Severity::Error)
    );
}

#[test]
fn every_file_of_tls_by_hand_is_found() {
    let mut topology = encrypted(notation::parse(QUIET).unwrap());
    for name in ["ssl_cert_file", "ssl_key_file"] {
        topology.apply(&set(None, name, "/etc/ssl/s")).unwrap();
    }
    let server = topology.by_name("a").unwrap().id();
    topology
        .apply(&set(Some(server), "ssl_ca_file", "/etc/ssl/ca"))
        .unwrap();
    assert_eq!(found(&topology, "tls-file-by-hand"), 3);
}
