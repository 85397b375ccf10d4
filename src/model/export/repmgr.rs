//! `repmgr`: the servers as `hosts` builds them, a configuration file for each node, and the calls that register the tree.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::ExportFile;
use super::hosts::{self, HostLayout};
use super::parts::{in_order, plain, script};
use crate::model::quoting::{conninfo, shell_word};
use crate::model::topology::{Auth, Server, ServerId, Topology};

pub fn files(topology: &Topology) -> Vec<ExportFile> {
    let with_repmgr = prepared(topology);
    let mut files = hosts::files(&with_repmgr, HostLayout::Folder);
    let candidates: BTreeSet<ServerId> = topology.sync_candidates().into_iter().map(Server::id).collect();
    for (number, server) in in_order(topology).into_iter().enumerate() {
        let folder = topology.folder(server.id());
        let promoted = server.is_primary() || candidates.contains(&server.id());
        files.push(plain(
            format!("repmgr/{folder}.conf"),
            node(
                topology,
                server,
                &folder,
                number + 1,
                if promoted { 100 } else { 0 },
            ),
        ));
    }
    files.push(script("register.sh", register(topology)));
    files
}

/// The design with the library that repmgr needs; its own libraries stay in front.
fn prepared(topology: &Topology) -> Topology {
    let mut with = topology.clone();
    let known = topology.settings().get("shared_preload_libraries");
    let value = match known
        .map(|libraries| libraries.trim())
        .filter(|libraries| !libraries.is_empty())
    {
        Some(libraries) if libraries.split(',').any(|one| one.trim() == "repmgr") => libraries.to_owned(),
        Some(libraries) => format!("{libraries}, repmgr"),
        None => "repmgr".to_owned(),
    };
    let edit = crate::model::topology::Edit::SetSetting {
        server: None,
        name: "shared_preload_libraries".to_owned(),
        value: Some(value),
    };
    // A setting of a good name and value is taken.
    let _ = with.apply(&edit);
    let mut terms = with.terms().clone();
    let method = topology.effective_auth().hba_method();
    let mut lines = vec![format!("host repmgr repmgr 127.0.0.1/32 {method}")];
    for server in topology.servers() {
        let said = server.terms().hba_address.as_ref();
        let address = said
            .cloned()
            .or_else(|| crate::model::topology::HbaAddress::parse(server.host().as_str()).ok());
        if let Some(address) = address.filter(|_| !server.host().is_loopback()) {
            let address = if address.is_name() {
                format!("\"{}\"", address.as_str())
            } else {
                address.as_str().to_owned()
            };
            lines.push(format!("host repmgr repmgr {address} {method}"));
        }
    }
    let known: BTreeSet<String> = terms.hba.iter().map(|line| line.text().to_owned()).collect();
    for line in lines.into_iter().filter(|line| !known.contains(line)) {
        terms
            .hba
            .extend(crate::model::topology::terms::HbaLine::parse(&line));
    }
    let _ = with.apply(&crate::model::topology::Edit::SetClusterTerms(terms));
    with
}

/// A value of repmgr.conf: in single quotes, a quote doubled.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// How every node reaches this one; the password file has the same path on all hosts, since each reads this of the others.
fn connection(topology: &Topology, server: &Server) -> String {
    let mut text = format!(
        "host={} port={} user=repmgr dbname=repmgr connect_timeout=2",
        conninfo(server.host().as_str()),
        server.port()
    );
    if topology.effective_auth() != Auth::Trust {
        let _ = write!(text, " passfile={}", conninfo(&pass_file(topology)));
    }
    text
}

pub fn pass_file(topology: &Topology) -> String {
    format!("{}/repmgr.pgpass", HostLayout::Folder.base(topology))
}

fn node(topology: &Topology, server: &Server, folder: &str, number: usize, priority: u8) -> String {
    let major = topology.postgres();
    let root = HostLayout::Folder.root(topology, folder);
    let bin = format!("/usr/lib/postgresql/{major}/bin");
    let pg_ctl = |words: &str| {
        quoted(&format!(
            "{bin}/pg_ctl -D {} -l {} {words}",
            shell_word(&format!("{root}/data")),
            shell_word(&format!("{root}/log"))
        ))
    };
    let mut text = format!(
        "# repmgr's node {number}. Its upstream is in register.sh: it is an option of the command line, not of this file.\n\
         node_id={number}\n\
         # The application_name: the synchronous list uses it.\n\
         node_name={}\nconninfo={}\ndata_directory={}\npg_bindir={}\nuse_replication_slots={}\n",
        quoted(server.name().as_str()),
        quoted(&connection(topology, server)),
        quoted(&format!("{root}/data")),
        quoted(&bin),
        if topology.uses_slot(server.id()) || server.is_primary() {
            "yes"
        } else {
            "no"
        },
    );
    if topology.effective_auth() != Auth::Trust {
        let _ = writeln!(text, "passfile={}", quoted(&pass_file(topology)));
    }
    let _ = write!(
        text,
        "# Promotion is left to people: repmgr standby promote, or repmgr standby switchover.\nfailover=manual\npriority={priority}\n"
    );
    if let Some(delay) = server.standby().and_then(|standby| standby.apply_delay()) {
        let _ = writeln!(text, "recovery_min_apply_delay={delay}");
    }
    let _ = write!(
        text,
        "service_start_command={}\nservice_stop_command={}\nservice_restart_command={}\nservice_reload_command={}\n",
        pg_ctl("-w start"),
        pg_ctl("-w -m fast stop"),
        pg_ctl("-w restart"),
        pg_ctl("reload"),
    );
    text
}

/// Parents before children, each with its upstream: without `--upstream-node-id` repmgr takes the primary for it.
fn register(topology: &Topology) -> String {
    let folders = topology.folders();
    let servers = in_order(topology);
    let numbers: BTreeMap<ServerId, usize> = servers.iter().map(|server| server.id()).zip(1..).collect();
    let primary = topology.primary();
    let root = HostLayout::Folder.root(topology, folders.get(&primary.id()).map_or("", String::as_str));
    let mut text = format!(
        "#!/usr/bin/env bash\n# Registers the tree with repmgr, once every server is installed: ./register.sh CONF\n\
         # CONF is the folder with repmgr's files; run it where the servers' sockets and CONF are, or copy each line to its host.\n\
         set -euo pipefail\nconf=\"${{1:-$(cd -- \"$(dirname -- \"$0\")\" && pwd -P)/repmgr}}\"\n\
         repmgr=\"${{REPMGR:-repmgr}}\"\n\
         # The role and the database of repmgr; the password is in repmgr.pgpass on each host.\n\
         export PGPASSFILE=\"${{PGPASSFILE:-{root}/superuser.pgpass}}\"\n\
         socket=\"${{SOCKET:-{root}/run}}\"\n\
         ask() {{ psql -XqAt -v ON_ERROR_STOP=1 -h \"$socket\" -p {port} -U postgres -d postgres \"$@\"; }}\n\
         if [[ $(ask -c \"SELECT count(*) FROM pg_roles WHERE rolname = 'repmgr'\") == 0 ]]; then\n    \
         {{\n        printf 'SET log_statement = none; SET synchronous_commit = local;\\n'\n        \
         printf \"CREATE ROLE repmgr LOGIN SUPERUSER REPLICATION PASSWORD '%s';\\n\" \"$(head -n 1 -- \"${{REPMGR_PASSWORD_FILE:?say where the password of the role repmgr is: REPMGR_PASSWORD_FILE=FILE}}\" | sed \"s/'/''/g\")\"\n    \
         }} | ask\n    ask -c 'CREATE DATABASE repmgr OWNER repmgr'\nfi\nunset PGPASSFILE\n",
        port = primary.port(),
    );
    for server in &servers {
        let file = format!(
            "$conf/{}.conf",
            folders.get(&server.id()).map_or("", String::as_str)
        );
        let _ = match server.upstream() {
            None => writeln!(text, "\"$repmgr\" -f \"{file}\" primary register --force"),
            Some(upstream) => writeln!(
                text,
                "\"$repmgr\" -f \"{file}\" standby register --upstream-node-id={} --force",
                numbers.get(&upstream).copied().unwrap_or_default()
            ),
        };
    }
    let _ = writeln!(
        text,
        "\"$repmgr\" -f \"$conf/{}.conf\" cluster show",
        folders.get(&primary.id()).map_or("", String::as_str)
    );
    text
}
