//! Files that pgcascade wrote itself, beside their design: if they still say what it says, it is the import.

use super::facts::Facts;
use crate::model::configuration::{ClusterFolder, Configuration, effective};
use crate::model::topology::Topology;

/// True if these are exactly the files of the design's servers, in a bundle or a deployed cluster.
pub fn is_written_by(topology: &Topology, facts: &[Facts]) -> bool {
    let configuration = Configuration::in_cluster_folder(topology);
    let written = effective(topology);
    topology.servers().len() == facts.len()
        && topology.servers().iter().all(|server| {
            let is_its = |one: &&Facts| is_in(&one.place, configuration.folder(server.id()));
            match (facts.iter().find(is_its), written.get(&server.id())) {
                (Some(one), Some(written)) => {
                    let is_set = |(name, value): (&String, &String)| one.value(name) == Some(value.as_str());
                    let access: Vec<String> = written.access.iter().map(|line| plain(line)).collect();
                    one.is_standby != server.is_primary()
                        && one.settings.len() == written.settings.len()
                        && written.settings.iter().all(is_set)
                        && one.access.iter().map(|rule| &rule.text).eq(&access)
                }
                _ => false,
            }
        })
}

/// The names that the design has for the servers in these folders.
pub fn names_in(topology: &Topology, facts: &[Facts]) -> Vec<String> {
    let configuration = Configuration::in_cluster_folder(topology);
    let name = |one: &Facts| {
        let mut servers = topology.servers().iter();
        let server = servers.find(|server| is_in(&one.place, configuration.folder(server.id())));
        server.map_or_else(String::new, |server| server.name().to_string())
    };
    facts.iter().map(name).collect()
}

/// True if the place is the server's folder in a bundle or a cluster.
fn is_in(place: &str, folder: &str) -> bool {
    let ends = [ClusterFolder::server(folder), ClusterFolder::data(folder)];
    ends.iter().any(|end| {
        place == *end
            || place
                .strip_suffix(end.as_str())
                .is_some_and(|before| before.ends_with('/'))
    })
}

fn plain(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}
