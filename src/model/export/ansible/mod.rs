//! `ansible`: a small project of plain modules: an inventory whose groups are the levels of the tree, one play a level, then
//! synchronous replication, then the proof.

mod playbook;
mod site;

use std::collections::BTreeMap;

use super::ExportFile;
use super::names::{Spelling, derived};
use super::parts::{cluster_word, files_of, in_order, plain, slots_at};
use super::yaml::Yaml;
use crate::model::configuration::{Configuration, Layout, without};
use crate::model::plan::ExpectedRows;
use crate::model::quoting::shell_word;
use crate::model::topology::{Archive, Auth, Server, ServerId, Topology};

pub use playbook::{EVENTS, EVENTS_NAME, Group, Playbook};

const SERVER: &str = include_str!("server.yml");
const PROVE: &str = include_str!("prove.yml");
const SYNC: &str = include_str!("sync.yml");
const CLEAR: &str = include_str!("clear.yml");

pub fn files(topology: &Topology) -> Vec<ExportFile> {
    let names = host_names(topology);
    let name = |server: &Server| names.get(&server.id()).cloned().unwrap_or_default();
    let mut files = vec![
        plain("ansible.cfg", CFG),
        plain("inventory.yml", inventory(topology, &name).print()),
        plain("group_vars/all/cluster.yml", variables(topology).print()),
        plain("site.yml", site::site(topology)),
        plain("tasks/server.yml", SERVER),
        plain("tasks/sync.yml", SYNC),
        plain("tasks/prove.yml", PROVE),
        plain("tasks/clear.yml", CLEAR),
    ];
    files.extend(super::hosts::preparation(topology));
    let configuration = Configuration::of(topology, Layout::host_folder());
    for server in in_order(topology) {
        for (file, text) in files_of(&configuration, server) {
            let at_first = (file == "postgresql.conf").then(|| without(&text, "synchronous_standby_names"));
            if let Some(at_first) = at_first.filter(|at_first| *at_first != text) {
                files.push(plain(format!("files/{}/postgresql.conf", name(server)), at_first));
                files.push(plain(
                    format!("files/{}/postgresql.sync.conf", name(server)),
                    text,
                ));
            } else {
                files.push(plain(format!("files/{}/{file}", name(server)), text));
            }
        }
    }
    files
}

const CFG: &str = "\
[defaults]
inventory = inventory.yml
forks = 20
# The proof of a cluster is its own message.
display_skipped_hosts = false

[ssh_connection]
# Without it, becoming another ordinary user needs setfacl on every host.
pipelining = True
";

/// The servers' names in the inventory; those that would be ambiguous there are others.
pub fn host_names(topology: &Topology) -> BTreeMap<ServerId, String> {
    derived(
        topology,
        Spelling::Word,
        &["all", "ungrouped", "localhost", "pgcascade"],
    )
}

/// The slots that the first design has on a server of the second one, and the second one has not: by name in the inventory.
pub fn left_slots(before: &Topology, after: &Topology) -> BTreeMap<String, Vec<String>> {
    let names = host_names(after);
    let mut left = BTreeMap::new();
    for server in in_order(after) {
        let Some(old) = before.by_name(server.name().as_str()) else {
            continue;
        };
        let now = slots_at(after, server);
        let gone: Vec<String> = slots_at(before, old)
            .into_iter()
            .filter(|slot| !now.contains(slot))
            .collect();
        if let Some(name) = names.get(&server.id()).filter(|_| !gone.is_empty()) {
            left.insert(name.clone(), gone);
        }
    }
    left
}

/// The servers by their level of the tree, the primary's first.
fn levels<'a>(topology: &'a Topology) -> Vec<Vec<&'a Server>> {
    let mut levels: Vec<Vec<&'a Server>> = Vec::new();
    for server in in_order(topology) {
        let level = topology.level(server.id());
        while levels.len() <= level {
            levels.push(Vec::new());
        }
        if let Some(group) = levels.get_mut(level) {
            group.push(server);
        }
    }
    levels
}

fn inventory(topology: &Topology, name: &dyn Fn(&Server) -> String) -> Yaml {
    let group = cluster_word(topology).replace('-', "_");
    let expected = ExpectedRows::of(topology);
    let groups = levels(topology).into_iter().enumerate().map(|(level, servers)| {
        let hosts = servers
            .into_iter()
            .map(|server| (name(server), host(topology, server, &expected, name)));
        let group = format!("{group}_level{level}");
        (group, Yaml::map([("hosts", Yaml::Map(hosts.collect()))]))
    });
    Yaml::map([(
        "all",
        Yaml::map([(
            "children",
            Yaml::Map(vec![(
                group.clone(),
                Yaml::map([("children", Yaml::Map(groups.collect()))]),
            )]),
        )]),
    )])
}

fn host(
    topology: &Topology,
    server: &Server,
    expected: &ExpectedRows,
    name: &dyn Fn(&Server) -> String,
) -> Yaml {
    let upstream = server.upstream().and_then(|id| topology.server(id));
    let rows = expected.at(server.id()).iter().map(|row| {
        // As psql prints it: unaligned, with | between.
        format!(
            "{}|{}|{}|{}",
            row.application_name, row.state, row.sync_priority, row.sync_state
        )
    });
    let slot = topology
        .uses_slot(server.id())
        .then(|| Yaml::text(topology.slot_name(server.id())));
    let mut files = vec!["postgresql.conf".to_owned(), "pg_hba.conf".to_owned()];
    if topology.streams_by_certificate() && topology.terms().tls.files.is_none() {
        files.push("pg_ident.conf".to_owned());
    }
    if !server.is_primary() {
        files.push(topology.postgres().standby_file().to_owned());
    }
    let mut own = Yaml::map([
        ("ansible_host", Yaml::text(server.host().as_str())),
        ("pg_port", Yaml::Number(i64::from(server.port().number()))),
        ("pg_folder", Yaml::text(name(server))),
        ("pg_certificate", Yaml::text(topology.folder(server.id()))),
        ("pg_files", Yaml::list(files)),
        ("pg_slots", Yaml::list(slots_at(topology, server))),
        // No template looks into it: a name may hold anything.
        ("pg_rows", Yaml::Unsafe(rows.collect())),
    ]);
    if server.host().is_loopback() {
        own = own.with("ansible_connection", Yaml::text("local"));
    }
    own.with_some(
        "pg_upstream_host",
        upstream.map(|upstream| Yaml::text(upstream.host().as_str())),
    )
    .with_some(
        "pg_upstream_port",
        upstream.map(|upstream| Yaml::Number(i64::from(upstream.port().number()))),
    )
    .with_some("pg_slot", slot)
    .with_some("pg_tablespaces", tablespaces(topology, server, upstream))
    .with_some(
        "pg_streams",
        (!server.is_primary()).then(|| Yaml::Switch(topology.streams(server.id()))),
    )
    .with_some(
        "pg_reads_at_once",
        (!server.is_primary()).then(|| Yaml::Switch(topology.streams(server.id()) && !server.is_delayed())),
    )
}

/// Where a copy puts each tablespace.
fn tablespaces(topology: &Topology, server: &Server, upstream: Option<&Server>) -> Option<Yaml> {
    let own = &server.terms().tablespaces;
    if own.is_empty() {
        return None;
    }
    let there = upstream.unwrap_or(topology.primary());
    let each = own.iter().map(|(name, path)| {
        let from = there.terms().tablespaces.get(name).unwrap_or(path);
        Yaml::map([
            ("from", Yaml::text(from.as_str())),
            ("to", Yaml::text(path.as_str())),
        ])
    });
    Some(Yaml::List(each.collect()))
}

/// What holds for every host; passwords are read from files beside the project.
fn variables(topology: &Topology) -> Yaml {
    let major = topology.postgres();
    let mut options = vec!["-E".to_owned(), "UTF8".to_owned()];
    options.extend(topology.terms().initdb.options(major));
    let auth = topology.effective_auth();
    let has_password = auth != Auth::Trust;
    let tls = &topology.terms().tls;
    let secret = |name: &str| {
        let path = format!("{{{{ pg_secrets }}}}/{name}");
        Yaml::text(format!(
            "{{{{ lookup('ansible.builtin.file', '{}') }}}}",
            path.replace("{{ pg_secrets }}", "' ~ pg_secrets ~ '")
        ))
    };
    let archive = topology.archive().and_then(Archive::directory);
    Yaml::map([
        ("pg_major", Yaml::text(major.to_string())),
        ("pg_bin", Yaml::text(format!("/usr/lib/postgresql/{major}/bin"))),
        (
            "pg_base",
            Yaml::text(format!(
                "/var/lib/postgresql/pgcascade/{}",
                cluster_word(topology)
            )),
        ),
        ("pg_user", Yaml::text("postgres")),
        ("pg_role", Yaml::text(topology.replication_role())),
        ("pg_auth", Yaml::text(auth.hba_method())),
        ("pg_has_password", Yaml::Switch(has_password)),
        (
            "pg_streams_by_password",
            Yaml::Switch(has_password && !topology.streams_by_certificate()),
        ),
        ("pg_has_passfile", Yaml::Switch(major.has_passfile())),
        ("pg_reserves", Yaml::Switch(major.can_reserve_at_slot())),
        ("pg_follows_by_reload", Yaml::Switch(major.reloads_upstream())),
        ("pg_has_receiver_view", Yaml::Switch(major.has_receiver_view())),
        (
            "pg_initdb_options",
            Yaml::text(
                options
                    .iter()
                    .map(|one| shell_word(one))
                    .collect::<Vec<_>>()
                    .join(" "),
            ),
        ),
        (
            "pg_sslmode",
            Yaml::text(if topology.has_tls() { tls.mode().word() } else { "" }),
        ),
        (
            "pg_makes_certificates",
            Yaml::Switch(topology.has_tls() && tls.files.is_none()),
        ),
        (
            "pg_ssl_ca",
            Yaml::text(
                tls.files
                    .as_ref()
                    .and_then(|files| files.ca.clone())
                    .unwrap_or_default(),
            ),
        ),
        (
            "pg_ssl_cert",
            Yaml::text(
                tls.files
                    .as_ref()
                    .map(|files| files.cert.clone())
                    .unwrap_or_default(),
            ),
        ),
        (
            "pg_ssl_key",
            Yaml::text(
                tls.files
                    .as_ref()
                    .map(|files| files.key.clone())
                    .unwrap_or_default(),
            ),
        ),
        ("pg_archive", Yaml::text(archive.unwrap_or_default())),
        // ./passwords FOLDER draws them; a vault of your own may hold them instead.
        ("pg_secrets", Yaml::text("{{ playbook_dir }}/../secrets")),
        ("pg_superuser_password", secret("superuser")),
        ("pg_replication_password", secret("replication")),
    ])
}
