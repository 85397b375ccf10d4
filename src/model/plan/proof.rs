//! The steps that prove a design on running servers. A deployment and a change end with the same; each says what its own
//! wait for, and how long they may take.

use std::collections::BTreeSet;

use super::steps::New;
use super::{Action, Reader, Scope, Serve};
use crate::model::health::ReplicationRow;
use crate::model::topology::{Server, ServerId, Topology};

/// Compares what a server shows of its downstreams with what is drawn.
pub(super) fn compare<'a>(sender: &'a Server, folder: String, rows: &[ReplicationRow]) -> New<'a> {
    New {
        server: Some(sender),
        title: format!("Compare {} with the design", sender.name()),
        why: "pg_stat_replication must show exactly the designed downstreams, each with the designed \
             sync_priority and sync_state"
            .to_owned(),
        action: Action::Serve(Serve::WaitRows {
            server: sender.name().to_string(),
            folder,
            port: sender.port().number(),
            rows: rows.to_vec(),
        }),
        ..New::default()
    }
}

/// Sees that every downstream of a server came over TLS, where the design wants that and the server tells it.
pub(super) fn see_encrypted<'a>(topology: &Topology, sender: &'a Server, folder: String) -> Option<New<'a>> {
    let is_told = topology.has_tls() && topology.postgres().has_stat_ssl();
    is_told.then(|| New {
        server: Some(sender),
        title: format!("Check that the links of {} are encrypted", sender.name()),
        why: "pg_stat_ssl shows whether a connection uses TLS: every downstream's connection must".to_owned(),
        action: Action::Serve(Serve::ProveTls {
            server: sender.name().to_string(),
            folder,
            port: sender.port().number(),
        }),
        ..New::default()
    })
}

/// Compares what the servers say with the design.
pub(super) fn as_drawn(scope: Scope) -> New<'static> {
    let (title, why) = match scope {
        Scope::Servers => (
            "Check that every server has its designed role",
            "If another server has taken over, all later checks would only report the consequences",
        ),
        Scope::All | Scope::AllButArchive => (
            "Check that nothing differs from the design",
            "Compares the servers' current roles, links, slots and settings, which may have changed since \
             the deployment",
        ),
    };
    New {
        title: title.to_owned(),
        why: why.to_owned(),
        action: Action::Serve(Serve::SeeAsDrawn { scope }),
        ..New::default()
    }
}

/// Sees that the archive takes WAL, where the design has one and the version tells.
pub(super) fn archive(topology: &Topology) -> Option<New<'_>> {
    let primary = topology.primary();
    let is_told = topology.archive().is_some() && topology.postgres().has_archiver_view();
    is_told.then(|| New {
        server: Some(primary),
        title: "Complete a WAL segment and check that it arrives in the archive".to_owned(),
        why: "If archiving fails, WAL piles up on the primary, and a standby that falls behind cannot catch \
             up"
        .to_owned(),
        action: Action::Serve(Serve::ProveArchive {
            server: primary.name().to_string(),
            folder: topology.folder(primary.id()),
            port: primary.port().number(),
        }),
        ..New::default()
    })
}

/// Writes a row on the primary and reads it on every standby that answers queries.
pub(super) fn one_row(topology: &Topology) -> New<'_> {
    one_row_but(topology, &BTreeSet::new())
}

/// The same, on all but these.
pub(super) fn one_row_but<'a>(topology: &'a Topology, cut: &BTreeSet<ServerId>) -> New<'a> {
    let primary = topology.primary();
    // Of one that answers no query the compared rows are all the proof there is.
    let standbys = topology
        .servers()
        .iter()
        .filter(|server| !server.is_primary() && topology.answers_queries(server.id()))
        .filter(|server| !cut.contains(&server.id()));
    let (delayed, readers): (Vec<&Server>, Vec<&Server>) = standbys.partition(|server| server.is_delayed());
    New {
        server: Some(primary),
        title: "Write a row and read it everywhere".to_owned(),
        action: Action::Serve(Serve::ProveRow {
            server: primary.name().to_string(),
            port: primary.port().number(),
            readers: readers.into_iter().map(Reader::of).collect(),
            delayed: delayed.into_iter().map(Reader::of).collect(),
        }),
        ..New::default()
    }
}
