//! The table of features and targets, a function for each target: what it keeps, and what that means.
//!
//! `hosts` is the plainest: the others say where they differ from it. To add a feature, add it to the list, and a row wherever
//! it is not as drawn.

use super::Target;
use super::fate::Fate;
use super::feature::Feature;

const AS_DRAWN: (Fate, &str) = (Fate::Exact, "as drawn");

/// The row of a feature in a target.
pub(super) fn row(feature: Feature, target: Target) -> (Fate, &'static str) {
    match target {
        Target::Hosts => on_hosts(feature),
        Target::Systemd => by_systemd(feature),
        Target::Ansible => by_ansible(feature),
        Target::Compose => in_containers(feature),
        Target::Patroni => by_patroni(feature),
        Target::Repmgr => by_repmgr(feature),
        Target::CloudNativePg => in_kubernetes(feature),
    }
}

fn on_hosts(feature: Feature) -> (Fate, &'static str) {
    use Fate::{Approximated, Exact, Lost};
    match feature {
        Feature::ArchiveDirectory => (
            Approximated,
            "the folder must be mounted on every host at the same path; a relative one is a folder of each server's own, so \
             standbys find nothing there. Use the absolute path of a shared folder, or commands of pgBackRest, WAL-G or Barman.",
        ),
        Feature::Receiver => (
            Approximated,
            "its pg_hba.conf line, its WAL sender and its slot are there; you start the program that receives (pg_receivewal, Barman)",
        ),
        Feature::Tablespaces => (
            Approximated,
            "the folders are made and copies put them where the design says; you run CREATE TABLESPACE itself on the primary",
        ),
        Feature::Certificates => (
            Exact,
            "./certificates creates a CA and the certificates beside the export",
        ),
        Feature::Site => (
            Lost,
            "no file says where a server is located; the design in the export does",
        ),
        Feature::Drawing => (
            Lost,
            "the target has no place for positions and comments; only design.toml, which is part of the export, keeps them",
        ),
        Feature::Scenarios => (
            Lost,
            "stories of What-if are documentation, and stay in design.toml",
        ),
        Feature::LabLinks => (
            Lost,
            "links that can be cut are a laboratory on one machine, never part of an export",
        ),
        _ => AS_DRAWN,
    }
}

fn by_systemd(feature: Feature) -> (Fate, &'static str) {
    use Fate::{Exact, Lost};
    match feature {
        Feature::Host => (
            Lost,
            "all units are for one host. For several, take `hosts` or `ansible`, which build the same servers where they are drawn.",
        ),
        Feature::RelayLoss => (
            Exact,
            "a server that dies is started again by systemd after 5 s; nobody looks for another upstream",
        ),
        _ => on_hosts(feature),
    }
}

fn by_ansible(feature: Feature) -> (Fate, &'static str) {
    match feature {
        Feature::Host => (
            Fate::Exact,
            "ansible_host; a server on localhost is built without ssh",
        ),
        _ => on_hosts(feature),
    }
}

fn in_containers(feature: Feature) -> (Fate, &'static str) {
    use Fate::{Approximated, Exact, Lost};
    match feature {
        Feature::Port => (
            Approximated,
            "inside the network every server has port 5432; the drawn port PORT is published on 127.0.0.1",
        ),
        Feature::Host => (
            Lost,
            "all containers run on one machine, and find one another by their service names",
        ),
        Feature::Listen => (
            Approximated,
            "every server listens on all addresses of its container; only 127.0.0.1 of the host is published",
        ),
        Feature::HbaAddress => (
            Approximated,
            "as the design says; servers without one are let in from every address of the network",
        ),
        Feature::RelayLoss => (
            Exact,
            "a container that dies is started again; nobody looks for another upstream",
        ),
        Feature::ArchiveDirectory => (
            Approximated,
            "a relative folder is a volume that all servers share; an absolute one is the host's, and its containers' user must \
             be able to write to it",
        ),
        Feature::ArchiveCommands => (
            Approximated,
            "the commands are kept; the image must have their program (PGCASCADE_IMAGE), and its configuration must be mounted",
        ),
        Feature::OwnCertificates => (
            Approximated,
            "the mode is kept; ca.crt, server-NAME.crt and server-NAME.key are read from ./secrets, whatever path the design says",
        ),
        Feature::Tablespaces => (
            Lost,
            "a container has one volume: the folders are not there. Mount volumes by hand, or take `hosts`.",
        ),
        _ => on_hosts(feature),
    }
}

fn by_patroni(feature: Feature) -> (Fate, &'static str) {
    use Fate::{Approximated, Exact, Lost};
    match feature {
        Feature::Tree => (
            Exact,
            "replicatefrom tags make the cascade; patronictl topology shows it",
        ),
        Feature::Primary => (
            Approximated,
            "only its file may create the cluster; afterwards the leader is the one that holds the lock in etcd",
        ),
        Feature::RelayLoss => (
            Lost,
            "the design leaves its downstreams waiting; Patroni makes them follow the leader after about 30 s, and the relay again \
             when it is back",
        ),
        Feature::PromotionByHand => (
            Approximated,
            "nofailover: true on every standby leaves promotion to people; to change that, remove the tag from the members' files and \
             run patronictl reload",
        ),
        Feature::SyncPriority | Feature::SyncQuorum | Feature::SyncSpare => (
            Exact,
            "synchronous_standby_names is written as drawn, with synchronous_mode: false; with true Patroni would pick the names itself",
        ),
        Feature::SyncWaits => (
            Exact,
            "commits hang while too few standbys are there, since Patroni does not touch the list",
        ),
        Feature::HbaLines => (Exact, "after the lines that let every member and Patroni in"),
        Feature::HbaAddress => (Exact, "in the lines of every member's pg_hba"),
        Feature::Slot => (
            Approximated,
            "slots are named by Patroni after the members, on the drawn links (member_slots_ttl: 0, from Patroni 4.0 on); one is \
             dropped when its member is away longer than the ttl",
        ),
        Feature::NoSlot => (
            Lost,
            "use_slots is for all members or none: this link gets a slot as well",
        ),
        Feature::SlotName => (
            Lost,
            "Patroni names slots after members; monitoring must look for that name",
        ),
        Feature::ExtraSlots => (
            Lost,
            "Patroni drops slots that it does not know: name them under slots with patronictl edit-config",
        ),
        Feature::SlotSynchronisation => (
            Approximated,
            "the setting is kept; Patroni writes primary_conninfo itself, with dbname from Patroni 3.3 on",
        ),
        Feature::ArchiveOnly => (
            Lost,
            "a member streams from the leader or from its replicatefrom; none can restore from the archive alone",
        ),
        Feature::Receiver => (
            Approximated,
            "its pg_hba.conf line is there; Patroni drops its slot unless it is named under slots",
        ),
        Feature::FallBack => (
            Lost,
            "Patroni writes primary_conninfo for one upstream, and changes it itself when that one is gone",
        ),
        Feature::LinkOptions => (
            Lost,
            "Patroni writes primary_conninfo: keepalives and timeouts of links have no place in its file",
        ),
        Feature::Authentication => (Exact, "AUTH, and a third role, rewinder, for pg_rewind"),
        Feature::ClusterSettings => (
            Exact,
            "in the cluster-wide parameters of the first start (bootstrap.dcs)",
        ),
        Feature::ServerSettings => (
            Lost,
            "Patroni controls this setting for all members alike: the server's own value is ignored, the cluster's holds",
        ),
        Feature::Tablespaces => (
            Lost,
            "Patroni clones with pg_basebackup without a mapping: add it under postgresql.basebackup",
        ),
        Feature::ArchiveDirectory => (
            Approximated,
            "the folder must be mounted on every host; Patroni keeps archive_command in the parameters and restore_command in recovery_conf",
        ),
        _ => on_hosts(feature),
    }
}

fn by_repmgr(feature: Feature) -> (Fate, &'static str) {
    use Fate::{Approximated, Exact, Lost};
    match feature {
        Feature::RelayLoss => (
            Approximated,
            "as drawn while repmgrd does not run: its downstreams wait. With repmgrd and failover=automatic they would follow the \
             relay's own upstream.",
        ),
        Feature::PromotionByHand => (
            Exact,
            "failover=manual; repmgr standby switchover and promote are commands for people",
        ),
        Feature::SyncPriority
        | Feature::SyncQuorum
        | Feature::SyncSpare
        | Feature::SyncWaits
        | Feature::CommitLevel => (
            Exact,
            "in postgresql.conf, which repmgr does not touch; after a switchover the new primary has no list until somebody writes it",
        ),
        Feature::Slot | Feature::SlotName => (
            Approximated,
            "the servers are built with the drawn slots; repmgr creates its own slots (repmgr_slot_N) when it clones or follows",
        ),
        Feature::NoSlot => (
            Approximated,
            "use_replication_slots=no in that server's file; cloned by repmgr from a relay, it inherits the relay's primary_slot_name",
        ),
        Feature::Authentication => (Exact, "AUTH, and repmgr's own role, repmgr, which is a superuser"),
        Feature::ClusterSettings | Feature::ServerSettings => {
            (Exact, "as drawn, with repmgr among the libraries that are loaded")
        }
        Feature::HbaLines => (Exact, "after the derived lines, before those for the role repmgr"),
        Feature::ArchiveOnly => (
            Lost,
            "repmgr registers standbys that stream; this one is built and not registered as streaming",
        ),
        Feature::Host => (Exact, "in each node's conninfo"),
        _ => on_hosts(feature),
    }
}

fn in_kubernetes(feature: Feature) -> (Fate, &'static str) {
    use Fate::{Approximated, Exact, Lost};
    match feature {
        Feature::Tree => (
            Exact,
            "a Cluster for each server, each standby a replica of its upstream's Cluster",
        ),
        Feature::Primary => (Exact, "the one Cluster without .spec.replica"),
        Feature::RelayLoss => (Exact, "its replicas wait for it; the operator starts it again"),
        Feature::PromotionByHand => (
            Approximated,
            "the operator restarts an instance by itself; promotion means editing .spec.replica, which cannot be undone",
        ),
        Feature::SyncPriority | Feature::SyncSpare => {
            (Exact, "the drawn names in their order (standbyNamesPre)")
        }
        Feature::SyncQuorum => (Exact, "method: any, with the drawn names"),
        Feature::SyncWaits => (
            Exact,
            "dataDurability: required, which is the default, lets commits wait",
        ),
        Feature::CommitLevel => (Exact, "synchronous_commit in the parameters"),
        Feature::Port => (Lost, "every Cluster has port 5432 behind its Service NAME-rw"),
        Feature::Host => (
            Lost,
            "Kubernetes decides on which node a server runs; control it with .spec.affinity",
        ),
        Feature::Listen => (Lost, "the operator sets listen_addresses"),
        Feature::HbaAddress => (Lost, "pods are let in by their certificate, from every address"),
        Feature::HbaLines => (
            Approximated,
            "in .spec.postgresql.pg_hba, after the operator's own; lines for local are left out",
        ),
        Feature::Slot | Feature::SlotName => (
            Lost,
            "a replica Cluster streams without a slot: wal_keep_size is raised instead, and a replica that was away while more WAL \
             than that was written needs a new copy",
        ),
        Feature::NoSlot => (Exact, "no link between Clusters has a slot"),
        Feature::ExtraSlots => (
            Lost,
            "make them by hand, and list them under replicationSlots.synchronizeReplicas",
        ),
        Feature::SlotSynchronisation => (Lost, "between Clusters there are no slots to synchronise"),
        Feature::ApplyDelay => (Exact, "replica.minApplyDelay, as a Go duration"),
        Feature::ArchiveDirectory | Feature::ArchiveCommands => (
            Lost,
            "the operator sets archive_command: use an object store (the Barman Cloud plugin) and give each Cluster its own folder",
        ),
        Feature::ArchiveOnly => (
            Lost,
            "without an object store this replica streams like the others",
        ),
        Feature::Receiver => (
            Lost,
            "no way in by password: a receiver needs the Secret NAME-replication and the Service NAME-rw",
        ),
        Feature::FallBack => (Lost, "a replica Cluster has one source"),
        Feature::LinkOptions => (Exact, "in connectionParameters, which become primary_conninfo"),
        Feature::Authentication => (
            Lost,
            "the design has AUTH; the operator always uses certificates for replication, and SCRAM for all other users",
        ),
        Feature::Certificates => (
            Approximated,
            "always on, with the operator's own authority for each Cluster",
        ),
        Feature::OwnCertificates => (Lost, "name your Secrets under .spec.certificates of each Cluster"),
        Feature::Role => (Lost, "the role is always streaming_replica"),
        Feature::Initdb => (
            Exact,
            "in bootstrap.initdb of the primary's Cluster; replicas have what they copy",
        ),
        Feature::Tablespaces => (
            Lost,
            "declare them under .spec.tablespaces, with a size instead of a path",
        ),
        Feature::ClusterSettings | Feature::ServerSettings => (
            Lost,
            "the operator decides this setting itself, and its webhook refuses it; it is left out",
        ),
        _ => on_hosts(feature),
    }
}
