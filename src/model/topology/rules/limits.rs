//! Rules on settings by hand with which a server refuses to start, or loses data or WAL.

use super::super::findings::Found;
use super::super::terms::SegmentSize;
use super::super::{Edit, Server, Topology};
use super::{by_hand, standbys};

pub(super) fn ssl_without_certificate(topology: &Topology) -> Vec<Found> {
    if topology.has_tls() {
        // The design brings them.
        return Vec::new();
    }
    let has_file = |server: &Server, name: &str| {
        by_hand::on(topology, server, name).is_some_and(|hand| hand.value.trim().starts_with('/'))
    };
    let instead = if topology.is_all_loopback() {
        "encrypt the links in the design (tls = true), so the deployment creates certificates"
    } else {
        "set ssl_cert_file and ssl_key_file to absolute paths"
    };
    at_owners(topology, |server| {
        let ssl = by_hand::on(topology, server, "ssl").filter(|hand| hand.is_on())?;
        let is_complete = has_file(server, "ssl_cert_file") && has_file(server, "ssl_key_file");
        (!is_complete).then(|| {
            (
                ssl,
                format!(
                    "With ssl on, a server needs a certificate to start, and a new data directory has \
                     none: {instead}"
                ),
            )
        })
    })
}

pub(super) fn no_connection_left(topology: &Topology) -> Vec<Found> {
    at_owners(topology, |server| {
        let connections = by_hand::on(topology, server, "max_connections")?;
        let reserved = reserved(topology, server);
        (connections.number()? <= reserved).then(|| {
            (
                connections,
                format!(
                    "All of max_connections = {} is reserved for superusers (superuser_reserved_connections \
                     = {reserved}): the server refuses to start",
                    connections.value
                ),
            )
        })
    })
}

fn reserved(topology: &Topology, server: &Server) -> i64 {
    const BY_DEFAULT: i64 = 3;
    by_hand::on(topology, server, "superuser_reserved_connections")
        .and_then(by_hand::ByHand::number)
        .unwrap_or(BY_DEFAULT)
}

pub(super) fn senders_fill_connections(topology: &Topology) -> Vec<Found> {
    let major = topology.postgres();
    if major.counts_senders_apart() {
        return Vec::new();
    }
    at_owners(topology, |server| {
        let senders = by_hand::on(topology, server, "max_wal_senders")?;
        let connections =
            by_hand::on(topology, server, "max_connections").map_or(Some(100), by_hand::ByHand::number)?;
        let beside = if major.reserves_beside_senders() {
            reserved(topology, server)
        } else {
            0
        };
        (senders.number()? + beside >= connections).then(|| {
            (
                senders,
                format!(
                    "PostgreSQL {major} counts WAL senders as connections: max_wal_senders = {} must be \
                     less than max_connections = {connections}, or the server refuses to start",
                    senders.value
                ),
            )
        })
    })
}

pub(super) fn log_stats_exclude(topology: &Topology) -> Vec<Found> {
    const STAGES: [&str; 3] = ["log_parser_stats", "log_planner_stats", "log_executor_stats"];
    let is_on = |server, name| by_hand::on(topology, server, name).filter(|hand| hand.is_on());
    at_owners(topology, |server| {
        let whole = is_on(server, "log_statement_stats")?;
        let stage = STAGES.into_iter().find_map(|name| is_on(server, name))?;
        Some((
            whole,
            format!(
                "{} and {} are mutually exclusive: with both on, the server refuses to start",
                whole.name, stage.name
            ),
        ))
    })
}

pub(super) fn wal_size_too_small(topology: &Topology) -> Vec<Found> {
    // Also where it is set by hand, which is another finding: both are fixed at once then.
    let by_hand =
        by_hand::named(topology, "wal_segment_size").find_map(|hand| SegmentSize::parse(hand.value).ok());
    let said = topology.terms().initdb.segment_megabytes();
    let two_segments = 2 * by_hand.map_or(said, |size| i64::from(size.megabytes()));
    ["min_wal_size", "max_wal_size"]
        .into_iter()
        .flat_map(|name| by_hand::named(topology, name))
        .filter(|hand| hand.megabytes().is_some_and(|size| size < two_segments))
        .map(|hand| {
            hand.found(format!(
                "{} = {} is less than two segments of WAL ({two_segments} MB): the server refuses to start",
                hand.name, hand.value
            ))
        })
        .collect()
}

/// What the rule says of each server, once for each setting that it blames: a setting of the cluster is one finding.
pub(super) fn at_owners<'a>(
    topology: &'a Topology,
    find: impl Fn(&'a Server) -> Option<(by_hand::ByHand<'a>, String)>,
) -> Vec<Found> {
    let mut of_cluster = false;
    topology
        .servers()
        .iter()
        .filter_map(|server| {
            let (hand, message) = find(server)?;
            let is_again = hand.owner.is_none() && std::mem::replace(&mut of_cluster, true);
            (!is_again).then(|| hand.found(message))
        })
        .collect()
}

pub(super) fn fsync_off(topology: &Topology) -> Vec<Found> {
    by_hand::named(topology, "fsync")
        .filter(|hand| hand.is_off())
        .map(|hand| {
            hand.found(format!(
                "With {} off, no commit is safe on disk: a machine crash can destroy the \
                 data, and a synchronous standby confirms data that it may lose",
                hand.name
            ))
        })
        .collect()
}

pub(super) fn full_page_writes_off(topology: &Topology) -> Vec<Found> {
    by_hand::named(topology, "full_page_writes")
        .filter(|hand| hand.is_off())
        .map(|hand| {
            hand.found(format!(
                "With {} off, a crash can leave half-written pages that WAL cannot repair, \
                 and a standby cannot be used for base backups",
                hand.name
            ))
        })
        .collect()
}

/// Less than this is gone before a restart is over: four segments of the usual size.
const LEAST_KEPT_MEGABYTES: i64 = 64;

pub(super) fn wal_keep_too_small(topology: &Topology) -> Vec<Found> {
    if topology.archive().is_some() {
        return Vec::new();
    }
    standbys(topology)
        .filter(|server| topology.streams(server.id()) && !topology.uses_slot(server.id()))
        .filter_map(|server| {
            let upstream = server.upstream().and_then(|id| topology.server(id))?;
            let (hand, megabytes) = kept(topology, upstream)?;
            (megabytes < LEAST_KEPT_MEGABYTES).then(|| {
                hand.without(Found::server(
                    server.id(),
                    format!(
                        "\"{}\" keeps only {megabytes} MB of WAL for \"{}\", which has no slot: after a \
                         short outage, it needs a new base backup",
                        upstream.name(),
                        server.name()
                    ),
                ))
            })
        })
        .collect()
}

/// What is kept by hand for downstreams without a slot, and how many megabytes that is.
fn kept<'a>(topology: &'a Topology, server: &'a Server) -> Option<(by_hand::ByHand<'a>, i64)> {
    if topology.postgres().has_wal_keep_size() {
        let hand = by_hand::on(topology, server, "wal_keep_size")?;
        Some((hand, hand.megabytes()?))
    } else {
        let hand = by_hand::on(topology, server, "wal_keep_segments")?;
        Some((
            hand,
            hand.number()?
                .checked_mul(topology.terms().initdb.segment_megabytes())?,
        ))
    }
}

pub(super) fn slot_limit_too_small(topology: &Topology) -> Vec<Found> {
    if topology.archive().is_some() {
        return Vec::new();
    }
    standbys(topology)
        .filter(|server| topology.uses_slot(server.id()))
        .filter_map(|server| {
            let upstream = server.upstream().and_then(|id| topology.server(id))?;
            let limit = by_hand::on(topology, upstream, "max_slot_wal_keep_size")?;
            let megabytes = limit.megabytes()?;
            (0..LEAST_KEPT_MEGABYTES).contains(&megabytes).then(|| {
                limit.without(Found::server(
                    server.id(),
                    format!(
                        "The slot of \"{}\" retains at most {megabytes} MB of WAL: a short outage \
                         invalidates it, and the standby needs a new base backup",
                        server.name()
                    ),
                ))
            })
        })
        .collect()
}

pub(super) fn candidate_has_too_few_slots(topology: &Topology) -> Vec<Found> {
    if topology.sync().is_none() {
        return Vec::new();
    }
    let primary = topology.primary().id();
    let needed = topology
        .downstreams(primary)
        .filter(|server| topology.uses_slot(server.id()))
        .count();
    topology
        .sync_candidates()
        .into_iter()
        .filter_map(|server| {
            let hand = by_hand::on(topology, server, "max_replication_slots")?;
            let own = topology
                .downstreams(server.id())
                .filter(|below| topology.uses_slot(below.id()))
                .count();
            let given = usize::try_from(hand.number()?).ok()?;
            // As the primary it would have its own downstreams, and the others of the old one.
            let needed = needed + own;
            (given < needed).then(|| {
                Found::server(
                    server.id(),
                    format!(
                        "If \"{}\" took over from the primary, it would need {needed} replication slots but \
                         has room for {given}",
                        server.name()
                    ),
                )
                .fix(
                    format!("Set {} to {needed}", hand.name),
                    Edit::SetSetting {
                        server: hand.owner,
                        name: hand.name.to_owned(),
                        value: Some(needed.to_string()),
                    },
                )
            })
        })
        .collect()
}
