//! Designs that trigger the rules on terms, addresses and archives, and designs that nearly do.

use super::super::super::terms::{HbaLine, SegmentSize, TablespaceFolder, TlsFiles};
use super::super::super::{
    Archive, Auth, Edit, HbaAddress, LinkTerms, PgMajor, Server, SlotName, Topology, notation,
};
use super::{QUIET, on_hosts, set};

/// The quiet design with what triggers the rule, or with as little as does not.
pub fn design(rule: &str, triggers: bool) -> Option<Topology> {
    let mut quiet = notation::parse(QUIET).unwrap();
    let id = |topology: &Topology, name: &str| topology.by_name(name).map(Server::id).unwrap();
    let (m, a, b, c) = (id(&quiet, "m"), id(&quiet, "a"), id(&quiet, "b"), id(&quiet, "c"));
    let link = |change: &dyn Fn(&mut LinkTerms)| {
        let mut link = LinkTerms::default();
        change(&mut link);
        link
    };
    let hba = |line: &str| {
        let mut terms = quiet.terms().clone();
        terms.hba.push(HbaLine::parse(line).unwrap());
        Edit::SetClusterTerms(terms)
    };
    let postgres = |major| Edit::SetPostgres(major);
    let commands =
        |push: Option<&str>, get: Option<&str>| Edit::SetArchive(Archive::of_commands(push, get).ok());
    let one_of = |when: Vec<Edit>, near: Vec<Edit>| if triggers { when } else { near };
    let edits = match rule {
        "host-is-written-wrong" => {
            let host = if triggers { "10.0.7" } else { "10.0.0.7" };
            return Some(on_hosts([host, "db2", "db3", "db4"]));
        }
        "hba-by-name" => {
            let mut topology = on_hosts(["10.0.0.1", "10.0.0.2", "10.0.0.3", "db4"]);
            if !triggers {
                let mut terms = topology.by_name("b").unwrap().terms().clone();
                terms.hba_address = HbaAddress::parse("10.0.0.0/24").ok();
                topology
                    .apply(&Edit::SetServerTerms { server: b, terms })
                    .unwrap();
            }
            return Some(topology);
        }
        "hba-line-not-known" => {
            let line = hba("hostgssenc all all 10.0.0.0/8 gss");
            one_of(
                vec![line.clone(), postgres(PgMajor::V11)],
                vec![line, postgres(PgMajor::V12)],
            )
        }
        "cert-without-tls" => {
            let cert = Edit::SetAuth(Some(Auth::Cert));
            one_of(vec![cert.clone()], vec![cert, Edit::SetTls(true)])
        }
        "segment-size-before-11" => {
            let mut terms = quiet.terms().clone();
            terms.initdb.wal_segment_size = SegmentSize::parse("64MB").ok();
            let size = Edit::SetClusterTerms(terms);
            one_of(
                vec![size.clone(), postgres(PgMajor::V10)],
                vec![size, postgres(PgMajor::V11)],
            )
        }
        "conninfo-option-not-known" => {
            let own = link(&|link| drop(link.conninfo.insert("sslsni".to_owned(), "0".to_owned())));
            let edit = Edit::SetLinkTerms { server: a, link: own };
            one_of(
                vec![edit.clone(), postgres(PgMajor::V13)],
                vec![edit, postgres(PgMajor::V14)],
            )
        }
        "fallback-before-10" => {
            let edit = Edit::SetLinkTerms {
                server: c,
                link: link(&|link| link.also_follows.push(m)),
            };
            one_of(
                vec![edit.clone(), postgres(PgMajor::V9_6)],
                vec![edit, postgres(PgMajor::V10)],
            )
        }
        "fallback-is-below" => {
            let other = if triggers { c } else { b };
            vec![Edit::SetLinkTerms {
                server: a,
                link: link(&|link| link.also_follows.push(other)),
            }]
        }
        "fallback-without-slot" => {
            let mut terms = quiet.primary().terms().clone();
            terms.slots.push(SlotName::parse("c").unwrap());
            let slot = Edit::SetServerTerms { server: m, terms };
            let edit = Edit::SetLinkTerms {
                server: c,
                link: link(&|link| link.also_follows.push(m)),
            };
            one_of(vec![edit.clone()], vec![edit, slot])
        }
        "slot-name-used-twice" => {
            let server = if triggers { b } else { c };
            vec![Edit::SetLinkTerms {
                server,
                link: link(&|link| link.slot_name = SlotName::parse("a").ok()),
            }]
        }
        "receiver-has-downstreams" => {
            let server = if triggers { a } else { c };
            vec![Edit::SetLinkTerms {
                server,
                link: link(&|link| link.is_receiver = true),
            }]
        }
        "archive-only-cannot-stream" => {
            let edit = Edit::SetLinkTerms {
                server: c,
                link: link(&|link| link.is_by_archive = true),
            };
            one_of(
                vec![edit.clone()],
                vec![edit, Edit::SetArchive(Archive::new("/srv/wal").ok())],
            )
        }
        "slot-sync-incomplete" => {
            let (on, level) = (
                set(Some(a), "sync_replication_slots", "on"),
                set(None, "wal_level", "logical"),
            );
            one_of(
                vec![postgres(PgMajor::V17), on.clone()],
                vec![postgres(PgMajor::V17), on, level],
            )
        }
        "slot-waited-for-is-not-there" => {
            let name = if triggers { "c" } else { "a, b" };
            vec![
                postgres(PgMajor::V17),
                set(Some(m), "synchronized_standby_slots", name),
            ]
        }
        "archive-sides-differ" => {
            let get = if triggers {
                "cp /srv/arch/%f %p"
            } else {
                "pgbackrest --stanza=main archive-get %f %p"
            };
            vec![commands(
                Some("pgbackrest --stanza=main archive-push %p"),
                Some(get),
            )]
        }
        "hba-line-never-reached" => {
            let second = if triggers {
                "hostssl app app 10.1.0.0/16 md5"
            } else {
                "host app all 10.1.0.0/16 md5"
            };
            let mut terms = quiet.terms().clone();
            terms.hba = ["host app app 10.0.0.0/8 md5", second]
                .map(|line| HbaLine::parse(line).unwrap())
                .into();
            vec![Edit::SetClusterTerms(terms)]
        }
        "hba-line-opens-door" => vec![hba(if triggers {
            "host app app 10.0.0.0/8 trust"
        } else {
            "host app app 10.0.0.0/8 scram-sha-256"
        })],
        "hba-line-needs-tls" => {
            let line = hba("hostssl app app 10.0.0.0/8 scram-sha-256");
            one_of(vec![line.clone()], vec![line, Edit::SetTls(true)])
        }
        "tablespace-is-missing" => {
            let place = |server| {
                let mut terms = quiet.primary().terms().clone();
                let folder = TablespaceFolder::parse("/mnt/fast").unwrap();
                terms.tablespaces.insert("fast".to_owned(), folder);
                Edit::SetServerTerms { server, terms }
            };
            one_of(vec![place(m)], [m, a, b, c].map(place).into())
        }
        _ => return None,
    };
    for edit in edits {
        quiet.apply(&edit).unwrap();
    }
    Some(quiet)
}

#[test]
fn certificates_of_ones_own_need_an_authority_to_be_checked() {
    let mut topology = notation::parse(QUIET).unwrap();
    topology.apply(&Edit::SetTls(true)).unwrap();
    topology.apply(&Edit::SetAuth(Some(Auth::Cert))).unwrap();
    assert_eq!(super::found(&topology, "cert-without-tls"), 0);
    let mut terms = topology.terms().clone();
    terms.tls.files = Some(TlsFiles {
        ca: None,
        cert: "/c".to_owned(),
        key: "/k".to_owned(),
    });
    topology.apply(&Edit::SetClusterTerms(terms)).unwrap();
    assert_eq!(super::found(&topology, "cert-without-tls"), 1);
}
