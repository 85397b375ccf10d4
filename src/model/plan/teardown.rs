//! The plan that takes a cluster away: what was made for it, and nothing else.
//!
//! Nothing of it is undone: a teardown that is cancelled or fails is finished by the next one.

use super::steps::{New, Steps};
use super::{Action, Head, Kind, Phase, Plan, Remove, StepId};
use crate::model::words::counted_in_text;

/// For one server, or all that an earlier run left, three times over.
const STOP_SECS: u32 = 360;
/// Data directories can be large.
const REMOVE_SECS: u32 = 1800;

/// What a record says of a cluster that is to be removed, complete or half built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// The design's name.
    pub cluster: String,
    /// Absolute.
    pub folder: String,
    /// Each server, by name, with its folder.
    pub servers: Vec<(String, String)>,
    /// The folder has the marker that proves it is ours. Without it there is nothing to remove but the entry in the list.
    pub has_marker: bool,
}

pub fn plan_teardown(removed: &Removed) -> Plan {
    let mut steps = Steps::default();
    let mut last: Option<StepId> = None;
    let mut add = |phase: Phase, new: New<'_>| {
        steps.enter(phase);
        let after = last.into_iter().collect();
        last = Some(steps.add(New { after, ..new }));
    };
    if removed.has_marker {
        add(
            Phase::Prepare,
            New {
                title: "Record that the cluster is being removed".to_owned(),
                why: "If this is interrupted, the next teardown finds the rest".to_owned(),
                action: Action::Remove(Remove::BeginRemoval),
                ..New::default()
            },
        );
        add(
            Phase::Stop,
            New {
                title: format!(
                    "Stop {} and all other processes of the cluster",
                    counted_in_text(removed.servers.len(), "server")
                ),
                why: "All at the same time, since none is needed any more; only processes that were started \
                     for this cluster"
                    .to_owned(),
                action: Action::Remove(Remove::StopAll),
                deadline_secs: STOP_SECS,
                ..New::default()
            },
        );
        for (server, folder) in &removed.servers {
            add(
                Phase::Remove,
                New {
                    title: format!("Remove the data directory of {server}"),
                    why: "pgcascade made it".to_owned(),
                    action: Action::Remove(Remove::RemoveData {
                        server: server.clone(),
                        folder: folder.clone(),
                    }),
                    deadline_secs: REMOVE_SECS,
                    ..New::default()
                },
            );
        }
        add(
            Phase::Remove,
            New {
                title: "Remove logs, passwords, certificates, sockets and the archive".to_owned(),
                why: "Only files with names that pgcascade and the servers use; all others are kept"
                    .to_owned(),
                action: Action::Remove(Remove::RemoveContents),
                deadline_secs: REMOVE_SECS,
                ..New::default()
            },
        );
        add(
            Phase::Remove,
            New {
                title: "Remove the marker and the folder".to_owned(),
                why: "The marker is removed last: until then, teardown can be retried. A folder with other \
                     files in it is kept"
                    .to_owned(),
                action: Action::Remove(Remove::RemoveMarker),
                ..New::default()
            },
        );
    } else {
        add(
            Phase::Remove,
            New {
                title: "Forget the cluster".to_owned(),
                why: "Its folder has no pgcascade marker (any more): its processes are stopped, and only \
                     empty folders are removed"
                    .to_owned(),
                action: Action::Remove(Remove::Forget),
                deadline_secs: STOP_SECS,
                ..New::default()
            },
        );
    }
    Plan {
        cluster: removed.cluster.clone(),
        folder: removed.folder.clone(),
        head: Head::of(Kind::Teardown),
        steps: steps.finish(),
    }
}
