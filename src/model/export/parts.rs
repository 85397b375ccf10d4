//! Pieces that several targets are made of: files, the servers in the order in which they are built, their configuration.

use super::ExportFile;
use crate::model::configuration::Configuration;
use crate::model::topology::terms::Listen;
use crate::model::topology::{Edit, HbaAddress, Host, Port, Server, ServerId, Topology};

pub fn plain(path: impl Into<String>, contents: impl Into<String>) -> ExportFile {
    ExportFile {
        path: path.into(),
        contents: contents.into(),
        executable: false,
    }
}

pub fn script(path: impl Into<String>, contents: impl Into<String>) -> ExportFile {
    ExportFile {
        executable: true,
        ..plain(path, contents)
    }
}

/// The servers that run PostgreSQL, upstreams before downstreams.
pub fn in_order(topology: &Topology) -> Vec<&Server> {
    let order = topology.in_tree_order().into_iter();
    order
        .filter_map(|id| topology.server(id))
        .filter(|server| !server.is_receiver())
        .collect()
}

/// The design's name as a word that needs no quoting, and that starts with a letter.
pub fn cluster_word(topology: &Topology) -> String {
    let plain: String = topology
        .name()
        .chars()
        .map(|c| c.to_ascii_lowercase())
        .map(|c| {
            if c.is_ascii_lowercase() || c.is_ascii_digit() {
                c
            } else {
                '-'
            }
        })
        .collect();
    let parts: Vec<&str> = plain.split('-').filter(|part| !part.is_empty()).collect();
    let word: String = parts.join("-").chars().take(40).collect();
    let word = word.trim_end_matches('-');
    if word.starts_with(|c: char| c.is_ascii_lowercase()) {
        word.to_owned()
    } else {
        format!("cluster{}{word}", if word.is_empty() { "" } else { "-" })
    }
}

/// The slots that a server has to have: of its downstreams, and those that the design asks for besides.
pub fn slots_at(topology: &Topology, server: &Server) -> Vec<String> {
    topology
        .slots_at(server.id())
        .into_iter()
        .map(|(name, _)| name)
        .collect()
}

/// Where a target puts a server that the design drew elsewhere.
#[derive(Clone, Debug)]
pub struct Address {
    pub host: String,
    pub port: u16,
}

/// The same cluster at other addresses, where every server listens on all of them and lets everybody's address in: inside a
/// network of its own that is the network.
pub fn moved(topology: &Topology, to: impl Fn(&Server) -> Address) -> Topology {
    let mut moved = topology.clone();
    let servers: Vec<(ServerId, Address)> = topology
        .servers()
        .iter()
        .map(|server| (server.id(), to(server)))
        .collect();
    for (server, address) in servers {
        let Some(mut terms) = moved.server(server).map(|server| server.terms().clone()) else {
            continue;
        };
        terms.listen = Listen::parse(&["*".to_owned()]).unwrap_or_default();
        terms.hba_address = terms.hba_address.or_else(|| HbaAddress::parse("all").ok());
        let mut edits = vec![Edit::SetServerTerms { server, terms }];
        edits.extend(
            Host::parse(&address.host)
                .ok()
                .map(|host| Edit::SetHost { server, host }),
        );
        edits.extend(
            Port::new(address.port)
                .ok()
                .map(|port| Edit::SetPort { server, port }),
        );
        for edit in &edits {
            // A host, a port and terms are taken for every server that is there.
            let _ = moved.apply(edit);
        }
    }
    moved
}

/// A server's configuration files, by name and text.
pub fn files_of(configuration: &Configuration<'_>, server: &Server) -> Vec<(&'static str, String)> {
    let files = configuration.files(server).into_iter();
    files.map(|(name, file)| (name, file.contents)).collect()
}
