//! The clusters that pgcascade knows on this machine, and how they are now.

use super::{Cluster, drawn};
use crate::engine::cluster::record::{self, ClusterRecord, ClusterState};
use crate::engine::cluster::site::Site;
use crate::engine::servers_user;
use crate::model::desk::{Condition, Listed};

/// All of them, by name and folder; for root, also those of the users that root deployed clusters as. Asks only what the
/// processes are, and no server.
pub fn list() -> Vec<Listed> {
    // What vanished with nothing left of it is forgotten there.
    drop(record::left_over());
    let mut all: Vec<Listed> = record::list().iter().map(listed).collect();
    if nix::unistd::geteuid().is_root() {
        // Their lists are theirs to read: root does not go where they can lead it.
        all.extend(of_servers_users());
    }
    all.sort_by(|a, b| (&a.name, &a.folder).cmp(&(&b.name, &b.folder)));
    all
}

fn of_servers_users() -> Vec<Listed> {
    #[derive(serde::Deserialize)]
    struct Answer {
        clusters: Vec<Listed>,
    }
    let answers = servers_user::ask_each(&["list", "--json"]);
    let read = |answer: &Vec<u8>| serde_json::from_slice::<Answer>(answer).ok();
    let all = answers.iter().filter_map(read);
    all.flat_map(|answer| answer.clusters).collect()
}

fn listed(record: &ClusterRecord) -> Listed {
    let servers_up = servers_up(record);
    Listed {
        name: record.name.clone(),
        folder: record.folder.clone(),
        version: record.postgres.clone(),
        state: condition(record, servers_up),
        servers: record.servers.len(),
        servers_up,
        split: split(record),
        is_kept: record.kept,
    }
}

/// By the servers' files: asking each of them would take as long as the slowest.
fn split(record: &ClusterRecord) -> Vec<String> {
    let writers =
        Cluster::load(&record.folder).map_or_else(|_| Vec::new(), |cluster| drawn::writers(&cluster));
    if writers.len() > 1 { writers } else { Vec::new() }
}

fn servers_up(record: &ClusterRecord) -> usize {
    let Ok(site) = Site::of(record) else {
        return 0;
    };
    let runs = |folder: &str| matches!(site.running(folder), Ok(Some(_)));
    let servers = record.servers.iter();
    servers.filter(|server| runs(&server.folder)).count()
}

fn condition(record: &ClusterRecord, servers_up: usize) -> Condition {
    match (record.state, record.is_at_work()) {
        (ClusterState::Complete, false) if record.switching.is_some() => Condition::HalfSwitched,
        (ClusterState::Complete, _) if record.is_left_uncleared() => Condition::NotCleared,
        (ClusterState::Complete, _) if servers_up > 0 => Condition::Running,
        (ClusterState::Complete, _) => Condition::Stopped,
        (ClusterState::Building, true) => Condition::Building,
        (ClusterState::Changing, true) => Condition::Changing,
        (ClusterState::Removing, true) => Condition::Removing,
        (ClusterState::Building, false) => Condition::HalfBuilt,
        (ClusterState::Changing, false) => Condition::BetweenDesigns,
        (ClusterState::Removing, false) => Condition::HalfRemoved,
    }
}
