//! Where the servers' files lie: as a deployment, an export for hosts, or one for containers puts them, if one of these made them.

use super::facts::Facts;
use crate::model::configuration::Layout;

/// The layout that the files were written for. Those that pgcascade did not write are compared with a deployment's.
pub fn layout_of(facts: &[Facts]) -> Layout {
    let hosts = Layout::host_folder();
    let sockets = hosts.sockets.of("");
    if facts.iter().any(|one| one.is_in_container) {
        Layout::container()
    } else if facts
        .iter()
        .any(|one| one.value("unix_socket_directories") == Some(&sockets))
        || facts
            .iter()
            .any(|one| one.value("unix_socket_directory") == Some(&sockets))
    {
        hosts
    } else {
        Layout::cluster_folder()
    }
}
