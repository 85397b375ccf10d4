//! The settings of postgresql.conf by which WAL is sent, kept for those that are away, and waited for.

use super::setting::Setting;
use super::sizes::{RESERVED_CONNECTIONS, Sizes};
use super::{Decision, Element};
use crate::model::topology::{CommitLevel, Server, Topology};

/// What PostgreSQL has if nothing is said.
const DEFAULT_CONNECTIONS: usize = 100;
/// WAL that is kept for downstreams without a slot: 512 MB, in segments of 16 MB before 13.
const KEEP_SIZE: &str = "512MB";
const KEEP_SEGMENTS: &str = "32";
/// WAL that one slot may hold, on a machine that many servers share and on a server's own.
const SLOT_LIMIT_HERE: &str = "1GB";
const SLOT_LIMIT: &str = "10GB";

pub(super) fn replication(sizes: &Sizes<'_>, server: &Server) -> Vec<Setting> {
    let major = sizes.topology.postgres();
    let senders = sizes.senders;
    let mut settings = vec![
        Setting::new(
            Decision::WalLevel.for_cluster(),
            "wal_level",
            major.wal_level(),
            "WAL with everything that a hot standby needs; a relay needs this setting as well.",
        ),
        Setting::new(
            Decision::WalSenders.of(sizes.who_decides_senders()),
            "max_wal_senders",
            senders.to_string(),
            "One WAL sender per drawn downstream, and some to spare for base backups. The same on every server, since a standby may not have fewer than the primary.",
        ),
    ];
    if !major.counts_senders_apart() && senders + RESERVED_CONNECTIONS > DEFAULT_CONNECTIONS {
        settings.push(Setting::new(
            Decision::Connections.of(sizes.who_decides_senders()),
            "max_connections",
            (senders + DEFAULT_CONNECTIONS).to_string(),
            "Up to 11, WAL senders count as connections, and this cluster needs many.",
        ));
    }
    if major.has_slots() {
        settings.push(Setting::new(
            Decision::Slots.of(sizes.who_decides_slots()),
            "max_replication_slots",
            sizes.slots.to_string(),
            "One replication slot per drawn downstream that uses one, and some to spare.",
        ));
    }
    if major.has_slot_limit() && sizes.has_slots {
        settings.push(Setting::new(
            Decision::SlotLimit.for_cluster(),
            "max_slot_wal_keep_size",
            if sizes.is_laboratory() {
                SLOT_LIMIT_HERE
            } else {
                SLOT_LIMIT
            },
            "The slot of a disconnected downstream retains at most this much WAL. Beyond that, the server \
             invalidates it, and the standby must be copied again or catch up from an archive; without a \
             limit, the WAL would fill the disk and stop this server. Set it to what the disk can spare. \
             The same on every server, since each may be promoted.",
        ));
    }
    settings.push(Setting::new(
        Decision::HotStandby.for_cluster(),
        "hot_standby",
        "on",
        "A standby answers queries while it applies WAL; a standby that others follow must have it on. The primary ignores it, and needs it the day it becomes a standby.",
    ));
    if let Some(slotless) = sizes.slotless.get(&server.id()) {
        let (name, value) = if major.has_wal_keep_size() {
            ("wal_keep_size", KEEP_SIZE)
        } else {
            ("wal_keep_segments", KEEP_SEGMENTS)
        };
        let links = slotless.iter().map(|id| Element::Link { downstream: *id });
        settings.push(Setting::new(
            Decision::WalKept.of(links.collect()),
            name,
            value,
            "A downstream without a replication slot can miss this much WAL (512 MB) and still catch up.",
        ));
    }
    settings
}

pub(super) fn feedback(sizes: &Sizes<'_>, server: &Server) -> Option<Setting> {
    let upstream = server.upstream().filter(|_| sizes.reports(server.id()))?;
    let link = Element::Link {
        downstream: server.id(),
    };
    Some(Setting::new(
        Decision::Feedback.of(vec![link, Element::Server(upstream)]),
        "hot_standby_feedback",
        "on",
        "It tells its upstream which rows its queries still see, and so on up to the primary, whose vacuum leaves them there: no query is cancelled here for that. The price: while a query lasts, dead rows stay in the primary's tables.",
    ))
}

pub(super) fn synchronous(topology: &Topology, server: &Server) -> Vec<Setting> {
    let Some(policy) = topology.sync().filter(|_| server.is_primary()) else {
        return Vec::new();
    };
    let mut settings = Vec::new();
    let names = topology.synchronous_standby_names();
    let reason = match policy.commit {
        CommitLevel::Off => "Commits do not wait for any disk: the latest commits can be lost.",
        CommitLevel::Local => "Commits wait only for this server's own disk, not for a standby.",
        _ if names.is_empty() => {
            "No standby is synchronous, so commits wait only for this server's own disk."
        }
        CommitLevel::RemoteWrite => {
            "Commits wait until the synchronous standbys have passed them to their operating system."
        }
        CommitLevel::On => "Commits wait until they are on the disks of the synchronous standbys.",
        CommitLevel::RemoteApply => "Commits wait until queries on the synchronous standbys see them.",
    };
    if !names.is_empty() {
        settings.push(Setting::new(
            Decision::SyncNames.of(candidates(topology)),
            "synchronous_standby_names",
            names,
            "The synchronous candidates, as drawn. Only direct downstreams of the primary can be; a standby ignores this setting.",
        ));
    }
    settings.push(Setting::new(
        Decision::CommitLevel.for_cluster(),
        "synchronous_commit",
        policy.commit.word(),
        reason,
    ));
    settings
}

/// What the list of names comes from: the policy, and the links to those that are named.
fn candidates(topology: &Topology) -> Vec<Element> {
    let links = topology
        .sync_candidates()
        .into_iter()
        .map(|server| Element::Link {
            downstream: server.id(),
        });
    std::iter::once(Element::Cluster).chain(links).collect()
}
