//! `hosts`: a folder and a script for each host, run in the order of the tree; passwords and keys are drawn beside the export.

mod layout;
mod send;

use std::fmt::Write as _;

use super::ExportFile;
use super::parts::{files_of, in_order, plain, script, slots_at};
use crate::model::bundle::certificate_recipe;
use crate::model::quoting::shell_word;
use crate::model::topology::{Archive, Auth, Server, ServerId, Topology};

pub use layout::{HostLayout, Hosts};
pub use send::remote;

/// What every script does; the variables above it say for whom.
const INSTALL: &str = include_str!("install.bash");
const PASSWORDS: &str = include_str!("passwords.bash");

pub fn files(topology: &Topology, layout: HostLayout) -> Vec<ExportFile> {
    let hosts = Hosts::of(topology, layout);
    let mut files = preparation(topology);
    files.push(script("send", send::script(topology, layout)));
    for (id, path) in host_folders(topology) {
        if let Some(server) = topology.server(id) {
            files.extend(of_server(&hosts, server, &path, &topology.folder(id)));
        }
    }
    files
}

/// The name of each server's folder, in the order in which they are built.
pub fn host_folders(topology: &Topology) -> Vec<(ServerId, String)> {
    let folders = topology.folders();
    let servers = in_order(topology).into_iter().enumerate();
    servers
        .map(|(number, server)| {
            let folder = folders.get(&server.id()).map_or("", String::as_str);
            (server.id(), format!("hosts/{:02}-{folder}", number + 1))
        })
        .collect()
}

/// What is drawn once, on one's own machine: passwords, and certificates if the design brings none.
pub fn preparation(topology: &Topology) -> Vec<ExportFile> {
    let mut files = Vec::new();
    if topology.effective_auth() != Auth::Trust {
        files.push(script("passwords", PASSWORDS));
    }
    if topology.has_tls() && topology.terms().tls.files.is_none() {
        let text = format!(
            "#!/usr/bin/env bash\n\
             # Makes an authority and a certificate for each server in FOLDER, if they are not there: ./certificates FOLDER\n\
             # ca.key signs more certificates later; keep it, and copy it to no server.\n\
             set -euo pipefail\n\
             mkdir -p -- \"${{1:?say the folder: ./certificates FOLDER}}\"\nchmod 700 -- \"$1\"\n\
             cd -- \"$1\"\n\
             {}",
            certificate_recipe(topology)
        );
        files.push(script("certificates", text));
    }
    files
}

/// The configuration of one server and its script.
pub fn of_server(hosts: &Hosts<'_>, server: &Server, path: &str, folder: &str) -> Vec<ExportFile> {
    let conf = files_of(hosts.configuration(server), server);
    let mut files: Vec<ExportFile> = conf
        .into_iter()
        .map(|(name, text)| plain(format!("{path}/{name}"), text))
        .collect();
    files.push(script(format!("{path}/install"), install(hosts, server, folder)));
    files
}

fn install(hosts: &Hosts<'_>, server: &Server, folder: &str) -> String {
    let Hosts { topology, layout, .. } = *hosts;
    let major = topology.postgres();
    let mut text = String::new();
    let names: Vec<String> = topology.name().split_whitespace().map(str::to_owned).collect();
    let _ = writeln!(
        text,
        "#!/usr/bin/env bash\n# Builds the server \"{}\" of the cluster \"{}\" on this host, as the user that it runs as.\n\
         #   ./install    build it, start it, make its slots; a second run does what is missing\n\
         #   ./install finish    on the primary, last of all: switch synchronous replication on\n\
         # {}PGBIN and SECRETS may be set in the environment.",
        server.name(),
        names.join(" "),
        if layout == HostLayout::Folder {
            "ROOT, "
        } else {
            ""
        }
    );
    let mut set = |name: &str, value: &str| {
        let _ = writeln!(text, "{name}={}", shell_word(value));
    };
    set("name", server.name().as_str());
    set("folder", folder);
    set("major", &major.to_string());
    set("port", &server.port().to_string());
    set("role", topology.replication_role());
    set("layout", layout.word());
    set("cluster", &hosts.cluster(server));
    set("default_root", &layout.root(topology, folder));
    set("auth", topology.effective_auth().hba_method());
    let way = if topology.streams_by_certificate() {
        "cert"
    } else {
        topology.effective_auth().word()
    };
    set("streams_by", way);
    let upstream = server.upstream().and_then(|id| topology.server(id));
    set(
        "upstream_host",
        upstream.map_or("", |upstream| upstream.host().as_str()),
    );
    set(
        "upstream_port",
        &upstream.map_or_else(String::new, |upstream| upstream.port().to_string()),
    );
    let slot = if topology.uses_slot(server.id()) {
        topology.slot_name(server.id())
    } else {
        String::new()
    };
    set("slot", &slot);
    set(
        "standby_file",
        if server.is_primary() {
            ""
        } else {
            major.standby_file()
        },
    );
    set("streams", if topology.streams(server.id()) { "yes" } else { "" });
    let tls = &topology.terms().tls;
    let made = if topology.has_tls() && tls.files.is_none() {
        "made"
    } else {
        ""
    };
    set(
        "tls",
        if topology.has_tls() && tls.files.is_some() {
            "own"
        } else {
            made
        },
    );
    set("sslmode", if topology.has_tls() { tls.mode().word() } else { "" });
    let files = tls.files.as_ref();
    set(
        "tls_ca",
        files.and_then(|files| files.ca.as_deref()).unwrap_or(""),
    );
    set("tls_cert", files.map_or("", |files| &files.cert));
    set("tls_key", files.map_or("", |files| &files.key));
    let archive = topology.archive().and_then(Archive::directory).unwrap_or("");
    set("archive", archive);
    set("has_passfile", if major.has_passfile() { "yes" } else { "" });
    set("reserves", if major.can_reserve_at_slot() { "yes" } else { "" });
    set(
        "has_wal_receiver",
        if major.has_receiver_view() { "yes" } else { "" },
    );
    let list = |items: Vec<String>| {
        items
            .iter()
            .map(|item| shell_word(item))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let mut options = vec!["-E".to_owned(), "UTF8".to_owned()];
    options.extend(topology.terms().initdb.options(major));
    let _ = writeln!(text, "initdb_options=({})", list(options));
    let _ = writeln!(text, "slots=({})", list(slots_at(topology, server)));
    let _ = writeln!(
        text,
        "tablespaces=({})",
        list(tablespaces(topology, server, upstream))
    );
    text.push_str(INSTALL);
    text
}

/// `-T FROM=TO` for each tablespace that lies elsewhere than at the upstream; of the primary the folders themselves.
fn tablespaces(topology: &Topology, server: &Server, upstream: Option<&Server>) -> Vec<String> {
    let primary = topology.primary();
    let own = &server.terms().tablespaces;
    own.iter()
        .map(|(name, path)| match upstream {
            None => path.as_str().to_owned(),
            Some(upstream) => {
                let there = upstream.terms().tablespaces.get(name);
                let there = there.or_else(|| primary.terms().tablespaces.get(name));
                let from = there.map_or(path.as_str(), |there| there.as_str());
                // `=` would end the path that it stands in.
                format!(
                    "{}={}",
                    from.replace('=', "\\="),
                    path.as_str().replace('=', "\\=")
                )
            }
        })
        .collect()
}
