//! A design to show to strangers: the same tree, policy and numbers, with nothing in it that somebody named.
//!
//! Servers are called by their place, hosts and sites are numbered, ports stay (they say nothing of a place that 5432 does not),
//! settings stay where their value is a number or a plain word of the parameter's own, comments of the file go.

use std::collections::BTreeMap;

use crate::model::document::{Command, Document};
use crate::model::topology::catalogue::{self, Kind, Known};
use crate::model::topology::{
    Archive, Edit, Host, PgMajor, Server, ServerId, ServerName, Settings, SiteName, Topology,
};

/// The archive's folder in an anonymous design.
const FOLDER: &str = "archive";

pub fn anonymous(document: &Document) -> Document {
    let mut topology = document.topology().clone();
    for edit in edits(document.topology()) {
        // Nothing here can be refused; what were, would stay out of the picture rather than end it.
        let _ = topology.apply(&edit);
    }
    let mut anonymous = Document::new(topology);
    let moves = document.layout().iter().map(|(id, at)| (*id, *at)).collect();
    let _ = anonymous.apply(&Command::Move(moves));
    anonymous
}

fn edits(topology: &Topology) -> Vec<Edit> {
    let mut edits = vec![Edit::SetClusterName("design".to_owned())];
    if topology.archive().is_some() {
        edits.push(Edit::SetArchive(Archive::new(FOLDER).ok()));
    }
    let strange = settings_to_forget(topology.settings(), topology.postgres());
    edits.extend(strange.map(|name| forget(None, name)));
    let mut hosts: BTreeMap<&Host, usize> = BTreeMap::new();
    for server in topology.servers() {
        let strange = settings_to_forget(server.settings(), topology.postgres());
        edits.extend(strange.map(|name| forget(Some(server.id()), name)));
        if !server.host().is_loopback() {
            let count = hosts.len() + 1;
            let number = *hosts.entry(server.host()).or_insert(count);
            if let Ok(host) = Host::parse(&format!("host{number}.example")) {
                edits.push(Edit::SetHost {
                    server: server.id(),
                    host,
                });
            }
        }
    }
    edits.extend(sites(topology));
    edits.extend(renames(topology));
    edits
}

/// Sites are numbered in the order in which the design comes to them.
fn sites(topology: &Topology) -> Vec<Edit> {
    let mut sites: Vec<(ServerId, Vec<ServerId>)> = topology
        .sites()
        .into_values()
        .filter_map(|servers| Some((*servers.first()?, servers)))
        .collect();
    sites.sort_unstable();
    let numbered = sites.into_iter().zip(1..);
    numbered
        .map(|((_, servers), number)| Edit::SetSite {
            servers,
            site: SiteName::parse(&format!("site{number}")).ok(),
        })
        .collect()
}

fn forget(server: Option<ServerId>, name: &str) -> Edit {
    Edit::SetSetting {
        server,
        name: name.to_owned(),
        value: None,
    }
}

/// Free text can hold anything; a number, a size, a duration, a switch and a word of the parameter's own list cannot.
fn settings_to_forget(settings: &Settings, major: PgMajor) -> impl Iterator<Item = &str> {
    let is_plain = move |name: &str, value: &str| match catalogue::lookup(name, major) {
        Known::Here(parameter) => {
            parameter.kind != Kind::Text && parameter.judge(value, major, false).is_ok()
        }
        _ => false,
    };
    settings
        .iter()
        .filter(move |(name, value)| !is_plain(name, value))
        .map(|(name, _)| name.as_str())
}

/// First to names that nobody has, then to the final ones: a final name may be another server's old one.
fn renames(topology: &Topology) -> Vec<Edit> {
    let is_taken = |name: &str| topology.by_name(name).is_some();
    let mut aside = "x".to_owned();
    while (0..topology.servers().len()).any(|number| is_taken(&format!("{aside}{number}"))) {
        aside.push('x');
    }
    let rename = |server: &Server, name: &str| {
        let server = server.id();
        Some(Edit::Rename {
            server,
            name: ServerName::parse(name).ok()?,
        })
    };
    let servers = || topology.servers().iter().enumerate();
    let away = servers().filter_map(|(number, server)| rename(server, &format!("{aside}{number}")));
    let mut count = 0;
    let back = servers().filter_map(|(_, server)| {
        if server.is_primary() {
            return rename(server, "primary");
        }
        count += 1;
        rename(server, &format!("standby{count}"))
    });
    away.chain(back).collect()
}
