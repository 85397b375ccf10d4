//! Random designs with everything that files can say, and what two of them are compared by.

use proptest::prelude::*;

use crate::model::topology::terms::{HbaLine, Listen, RoleName, SegmentSize, TlsMode, TlsTerms};
use crate::model::topology::{
    ApplyDelay, Archive, Auth, CommitLevel, Edit, HbaAddress, Host, PgMajor, Port, ServerId, ServerName,
    SlotName, SyncMethod, SyncPolicy, Topology,
};

/// What a design says, server by server by name, without what no file says: order, numbers of priorities, sites.
pub fn said(topology: &Topology) -> String {
    let archive = topology.archive();
    let archive = [
        archive.and_then(Archive::directory),
        archive.and_then(Archive::archive_command),
        archive.and_then(Archive::restore_command),
    ];
    let mut text = format!(
        "{} {:?} {archive:?} {:?} {} {:?}\n",
        topology.postgres(),
        topology.sync(),
        topology.auth(),
        topology.has_tls(),
        topology.settings()
    );
    let terms = topology.terms();
    if topology.replication_role() != RoleName::USUAL {
        text += &format!("role {}\n", topology.replication_role());
    }
    for line in &terms.hba {
        text += &format!("hba {}\n", line.text());
    }
    if terms.tls != TlsTerms::default() {
        text += &format!("{:?}\n", terms.tls);
    }
    if let Some(size) = terms.initdb.wal_segment_size {
        text += &format!("segments {size}\n");
    }
    let candidates = topology.sync_candidates();
    let slots = topology.slot_names();
    let mut lines: Vec<String> = topology
        .servers()
        .iter()
        .map(|server| {
            let upstream = server.upstream().and_then(|id| topology.server(id));
            let slot = topology.uses_slot(server.id()).then(|| slots.get(&server.id()));
            let mut line = format!(
                "{} {}:{} {:?} {:?} slot {:?} {:?} {:?}",
                server.name(),
                server.host(),
                server.port(),
                upstream.map(|one| one.name().to_string()),
                candidates.iter().position(|one| one.id() == server.id()),
                slot.flatten(),
                server
                    .standby()
                    .and_then(|one| one.apply_delay())
                    .map(ToString::to_string),
                server.settings()
            );
            if !server.terms().listen.entries().is_empty() {
                line += &format!(" listen {:?}", server.terms().listen.entries());
            }
            if let Some(address) = &server.terms().hba_address {
                line += &format!(" from {}", address.as_str());
            }
            if let Some(standby) = server.standby() {
                let link = standby.link();
                let others = topology.fallbacks(server.id());
                let others: Vec<&str> = others.iter().map(|other| other.name().as_str()).collect();
                if !others.is_empty() || !link.conninfo.is_empty() || link.is_by_archive {
                    line += &format!(" also {others:?} {:?} {}", link.conninfo, link.is_by_archive);
                }
            }
            line + "\n"
        })
        .collect();
    lines.sort();
    text.push_str(&lines.concat());
    text
}

fn has_stream(topology: &Topology) -> bool {
    topology
        .servers()
        .iter()
        .any(|server| topology.streams(server.id()))
}

/// What a link may have besides: slot's name, options, other upstreams, no stream at all.
fn special_link(
    topology: &mut Topology,
    server: ServerId,
    [slot, option, turns, archive, address, listen]: [bool; 6],
) {
    let standby = topology.server(server).unwrap();
    let upstream = standby.upstream().unwrap();
    let number = standby.port().number().max(server_number(topology, server));
    let is_on_hosts = !standby.host().is_loopback();
    let mut link = standby.standby().unwrap().link().clone();
    let mut terms = standby.terms().clone();
    // Its name is then in no other place.
    let is_by_archive =
        archive && topology.postgres().has_cluster_name() && upstream == topology.primary().id() && option;
    if is_by_archive {
        link.is_by_archive = true;
    } else {
        if slot && topology.uses_slot(server) {
            link.slot_name = SlotName::parse(&format!("slot_{number}")).ok();
        }
        if option {
            link.conninfo
                .insert("options".to_owned(), "-c work_mem=1MB -c it's".to_owned());
            link.conninfo
                .insert("keepalives_idle".to_owned(), "30".to_owned());
        }
        if turns && topology.postgres().has_several_hosts() {
            let others = topology.servers().iter().map(crate::model::topology::Server::id);
            link.also_follows = others
                .filter(|other| *other != server && *other != upstream)
                .take(2)
                .collect();
        }
        if address && is_on_hosts {
            terms.hba_address = HbaAddress::parse("192.168.7.0/24").ok();
        }
    }
    if listen && is_on_hosts {
        let host = standby.host().to_string();
        terms.listen = Listen::parse(&["127.0.0.1".to_owned(), host]).unwrap();
    } else if listen {
        terms.listen = Listen::parse(&["*".to_owned()]).unwrap();
    }
    topology.apply(&Edit::SetLinkTerms { server, link }).unwrap();
    topology.apply(&Edit::SetServerTerms { server, terms }).unwrap();
}

fn server_number(topology: &Topology, server: ServerId) -> u16 {
    let place = topology.servers().iter().position(|one| one.id() == server);
    u16::try_from(place.unwrap_or(0)).unwrap()
}

/// What the cluster may have besides: role, lines of pg_hba.conf, certificates, size of segments, other commands.
fn special_cluster(
    topology: &mut Topology,
    [role, hba, files, mode, segments, commands, restores, listen]: [bool; 8],
) {
    let streams = has_stream(topology);
    let is_cert = topology.auth() == Some(Auth::Cert);
    let mut terms = topology.terms().clone();
    if role && streams {
        terms.role = RoleName::parse("repuser").ok();
    }
    if hba {
        terms.hba = [
            "host app app 10.0.0.0/8 md5",
            "hostssl all,\"my db\" all samenet md5 clientcert=1",
        ]
        .map(|line| HbaLine::parse(line).unwrap())
        .to_vec();
    }
    if topology.has_tls() {
        let path = |file: &str| Some(format!("/etc/ssl/own/{file}"));
        terms.tls = match (files, mode && streams) {
            (false, false) => TlsTerms::default(),
            (false, true) => TlsTerms::of(Some(TlsMode::VerifyCa), None, None, None).unwrap(),
            (true, true) if !is_cert => {
                TlsTerms::of(Some(TlsMode::Require), None, path("crt"), path("key")).unwrap()
            }
            (true, _) => TlsTerms::of(None, path("ca"), path("crt"), path("key")).unwrap(),
        };
    }
    if segments && topology.postgres().has_segment_sizes() {
        terms.initdb.wal_segment_size = SegmentSize::parse("64MB").ok();
    }
    topology.apply(&Edit::SetClusterTerms(terms)).unwrap();
    let has_standby = topology.servers().len() > 1;
    let needs_archive = topology
        .servers()
        .iter()
        .any(crate::model::topology::Server::is_fed_by_archive);
    if commands || needs_archive && topology.archive().is_none() {
        let restore = (has_standby && restores || needs_archive).then_some("wal-g wal-fetch \"%f\" \"%p\"");
        let archive = Archive::of_commands(Some("test -n 'x' && wal-g wal-push \"%p\""), restore);
        topology.apply(&Edit::SetArchive(archive.ok())).unwrap();
    }
    let primary = topology.primary();
    let is_dialled = topology
        .downstreams(primary.id())
        .any(|below| topology.streams(below.id()));
    if listen && is_dialled {
        let mut terms = primary.terms().clone();
        terms.listen = Listen::parse(&["*".to_owned()]).unwrap();
        let server = primary.id();
        topology.apply(&Edit::SetServerTerms { server, terms }).unwrap();
    }
}

pub fn designs() -> impl Strategy<Value = Topology> {
    let names = prop::sample::select(vec![
        "a",
        "b b",
        "it's",
        "x\"y",
        "back\\slash",
        "db-1.eu",
        "FIRST",
        "é",
        "9",
    ]);
    let server = (
        names,
        any::<prop::sample::Index>(),
        prop::option::of(prop::sample::select(vec!["5min", "1h"])),
        any::<bool>(),
        any::<bool>(),
        any::<[bool; 6]>(),
    );
    (
        prop::sample::select(PgMajor::ALL.to_vec()),
        prop::collection::vec(server, 0..8),
        any::<bool>(),
        prop::option::of((any::<bool>(), 1..3_u32, 0..5_usize)),
        prop::option::of(prop::sample::select(vec!["archive", "/srv/my wal's 100%", "a/b"])),
        any::<bool>(),
        prop::sample::select(vec![None, Some(Auth::Md5), Some(Auth::Trust), Some(Auth::Cert)]),
        prop::collection::btree_map(
            prop::sample::select(vec![
                "work_mem",
                "max_connections",
                "log_line_prefix",
                "shared_buffers",
            ]),
            prop::sample::select(vec!["64MB", "128MB"]),
            0..3,
        ),
        any::<[bool; 8]>(),
    )
        .prop_map(
            |(major, servers, on_hosts, sync, archive, tls, auth, settings, more)| {
                let name = if major.has_cluster_name() {
                    "prim ary"
                } else {
                    "primary"
                };
                let primary = ServerName::parse(name).unwrap();
                let mut topology = Topology::new("cluster", major, primary, Port::new(5432).unwrap());
                let first = topology.primary().id();
                if on_hosts {
                    let host = Host::parse("db0.example").unwrap();
                    topology.apply(&Edit::SetHost { server: first, host }).unwrap();
                }
                for (at, (name, upstream, delay, slot, is_sync, special)) in servers.into_iter().enumerate() {
                    let upstream = upstream.get(topology.servers()).id();
                    let name = ServerName::parse(&format!("{name} {at}")).ok();
                    let port = Port::new(if on_hosts { 5432 } else { 5433 + at as u16 }).ok();
                    topology
                        .apply(&Edit::AddStandby { upstream, name, port })
                        .unwrap();
                    let server = topology.servers().last().unwrap().id();
                    if on_hosts {
                        let host = Host::parse(&format!("10.0.0.{}", at + 1)).unwrap();
                        topology.apply(&Edit::SetHost { server, host }).unwrap();
                    }
                    if let (Some(delay), true) = (delay, major.has_apply_delay()) {
                        let delay = ApplyDelay::parse(delay).ok();
                        topology.apply(&Edit::SetApplyDelay { server, delay }).unwrap();
                    }
                    if slot && major.has_slots() {
                        topology
                            .apply(&Edit::SetSlot {
                                server,
                                slot: Some(false),
                            })
                            .unwrap();
                    }
                    special_link(&mut topology, server, special);
                    if is_sync && sync.is_some() && upstream == first {
                        let priority = Some(at as u32 + 1);
                        topology
                            .apply(&Edit::SetSyncPriority { server, priority })
                            .unwrap();
                    }
                }
                if let Some((is_any, count, commit)) = sync
                    && !topology.sync_candidates().is_empty()
                {
                    let policy = SyncPolicy {
                        method: if is_any && major.has_quorum() {
                            SyncMethod::Any
                        } else {
                            SyncMethod::First
                        },
                        count: if major.has_several_sync() { count } else { 1 },
                        commit: CommitLevel::ALL[commit],
                    };
                    topology.apply(&Edit::SetSync(Some(policy))).unwrap();
                }
                if let Some(archive) = archive {
                    topology
                        .apply(&Edit::SetArchive(Archive::new(archive).ok()))
                        .unwrap();
                }
                topology.apply(&Edit::SetTls(tls)).unwrap();
                let auth = auth.filter(|auth| *auth != Auth::Md5 || major.has_scram());
                let auth = auth.filter(|auth| *auth != Auth::Cert || tls && has_stream(&topology));
                topology.apply(&Edit::SetAuth(auth)).unwrap();
                for (name, value) in settings {
                    let value = if name == "max_connections" { "150" } else { value };
                    let (name, value) = (name.to_owned(), Some(value.to_owned()));
                    topology
                        .apply(&Edit::SetSetting {
                            server: None,
                            name,
                            value,
                        })
                        .unwrap();
                }
                special_cluster(&mut topology, more);
                topology
            },
        )
}
