//! README.md of an export: one screen that says what is there, what to do in which order, and what is lost.

use std::fmt::Write as _;

use super::Target;
use super::hosts::{host_folders, root};
use super::names::{Spelling, derived};
use super::parts::{cluster_word, in_order};
use crate::model::plan::ExpectedRows;
use crate::model::topology::{Auth, Server, Topology};
use crate::model::words::counted_in_text;

pub fn readme(topology: &Topology, target: Target) -> String {
    let mut text = format!(
        "# {} for {}\n\n{}: a PostgreSQL {} cluster of {}, made by pgcascade from `design.toml`. The same design gives the same \
         files. No file holds a password or a key.\n\nIt needs {}. What the target does not keep of the design: \
         `pgcascade export design.toml --to {} --losses`.\n\n",
        topology.name().split_whitespace().collect::<Vec<_>>().join(" "),
        target.word(),
        target.title(),
        topology.postgres(),
        counted_in_text(topology.servers().len(), "server"),
        target.needs(),
        target.word(),
    );
    text.push_str(&match target {
        Target::Hosts => hosts(topology),
        Target::Systemd => systemd(topology),
        Target::Compose => compose(topology),
        Target::Ansible => ansible(topology),
        Target::Patroni => patroni(topology),
        Target::Repmgr => repmgr(topology),
        Target::CloudNativePg => cloudnativepg(topology),
    });
    text.push_str(&proof(topology));
    text
}

fn has_password(topology: &Topology) -> bool {
    topology.effective_auth() != Auth::Trust
}

fn makes_certificates(topology: &Topology) -> bool {
    topology.has_tls() && topology.terms().tls.files.is_none()
}

/// What is drawn once, beside the export.
fn drawn(topology: &Topology, target: &str) -> String {
    let mut lines = String::new();
    if has_password(topology) {
        let _ = writeln!(lines, "./passwords {target}");
    }
    if makes_certificates(topology) {
        let _ = writeln!(lines, "./certificates {target}");
    }
    lines
}

fn hosts(topology: &Topology) -> String {
    let mut text = "## Build it\n\n".to_owned();
    let secrets = format!("{}/secrets", root(topology, "").trim_end_matches('/'));
    let lines = drawn(topology, "../secrets");
    if !lines.is_empty() {
        let _ = write!(
            text,
            "1. On your machine, beside this folder:\n\n   ```sh\n   {}   ```\n\n2. Copy that folder to every host as `{secrets}` \
             (mode 0700, files 0600, of the user postgres; `ca.key` stays with you).\n",
            lines.replace('\n', "\n   ").trim_end_matches(' ')
        );
    }
    text.push_str("3. Copy to each host its folder, and run there as the user postgres, **in this order** (each waits until the one before is done):\n\n   ```sh\n");
    for (id, folder) in host_folders(topology) {
        let Some(server) = topology.server(id) else {
            continue;
        };
        let _ = writeln!(
            text,
            "   {folder}/install    # on {}: \"{}\"",
            place(server),
            server.name()
        );
    }
    if !topology.synchronous_standby_names().is_empty() {
        let first = host_folders(topology)
            .into_iter()
            .next()
            .map(|(_, folder)| folder)
            .unwrap_or_default();
        let _ = writeln!(
            text,
            "   {first}/install finish    # on {}: commits wait from here on",
            place(topology.primary())
        );
    }
    let folders = topology.folders();
    let folder = folders.get(&topology.primary().id()).map_or("", String::as_str);
    let _ = write!(
        text,
        "   ```\n\nEach server lies in `{}` (or `ROOT=…`) with its data directory, sockets and log; PostgreSQL's programs are looked for \
         in Debian's and RHEL's places (or `PGBIN=…`). A second run does what is missing. The superuser gets in with\n\n```sh\n\
         PGPASSFILE={root}/superuser.pgpass psql -h {root}/run -p {port} -U postgres postgres\n```\n\n",
        root(topology, "SERVER"),
        root = root(topology, folder),
        port = topology.primary().port(),
    );
    text.push_str(
        "Set `shared_buffers` and the like under `[settings]` of the design before: the files take what a host has by \
         PostgreSQL's defaults.\n\n",
    );
    text
}

/// The host as people write it with a port.
fn place(server: &Server) -> String {
    let host = server.host().as_str();
    if host.contains(':') {
        format!("[{host}]:{}", server.port())
    } else {
        format!("{host}:{}", server.port())
    }
}

fn systemd(topology: &Topology) -> String {
    let names = derived(topology, Spelling::Word, &[]);
    let secrets = format!("{}/secrets", root(topology, "").trim_end_matches('/'));
    let mut text = "## Build it\n\n```sh\n".to_owned();
    for line in drawn(topology, "../secrets").lines() {
        let _ = writeln!(text, "{line}");
    }
    if has_password(topology) || makes_certificates(topology) {
        let _ = writeln!(
            text,
            "sudo install -d -m 700 -o postgres -g postgres {secrets}\nsudo install -m 600 -o postgres -g postgres ../secrets/* {secrets}"
        );
    }
    for (number, server) in in_order(topology).into_iter().enumerate() {
        let name = names.get(&server.id()).map_or("", String::as_str);
        let _ = writeln!(text, "sudo -u postgres servers/{:02}-{name}/install", number + 1);
    }
    if !topology.synchronous_standby_names().is_empty() {
        let name = names.get(&topology.primary().id()).map_or("", String::as_str);
        let _ = writeln!(text, "sudo -u postgres servers/01-{name}/install finish");
    }
    let word = cluster_word(topology);
    let _ = write!(
        text,
        "sudo ./take-over    # from pg_ctl to systemd\n```\n\nThen `systemctl status 'pgcascade-{word}@*'`, \
         `systemctl stop 'pgcascade-{word}@*'` (leaves first), `journalctl -u 'pgcascade-{word}@*'`. `Type=notify` needs a server \
         that was built with systemd, as packages are.\n\n"
    );
    text
}

fn compose(topology: &Topology) -> String {
    let mut text = "## Run it\n\n```sh\n".to_owned();
    let word = cluster_word(topology);
    for line in drawn(topology, "../secrets").lines() {
        let _ = writeln!(text, "{line}");
    }
    if has_password(topology) || makes_certificates(topology) {
        text.push_str("cp -R ../secrets secrets    # mode 0600; it stays out of version control\n");
    }
    let primary = topology.primary();
    let _ = write!(
        text,
        "docker compose up -d    # or podman-compose up -d\ndocker compose ps\n```\n\nThe project is `{word}` (`.env`), another image is \
         `PGCASCADE_IMAGE`: any with PostgreSQL {}, bash and setpriv. The primary is published on 127.0.0.1:{}; its data and the \
         standbys' are in volumes, which `down -v` removes. A container that dies is started again; nobody is promoted.\n\n",
        topology.postgres(),
        primary.port(),
    );
    text
}

fn ansible(topology: &Topology) -> String {
    let mut text = "## Run it\n\n```sh\n".to_owned();
    for line in drawn(topology, "../secrets").lines() {
        let _ = writeln!(text, "{line}");
    }
    text.push_str(
        "ansible-playbook site.yml --check    # changes nothing, and needs no server\nansible-playbook site.yml            # a play a level; \
         ends with the proof\nansible-playbook site.yml            # again: changed=0\n```\n\n",
    );
    let _ = write!(
        text,
        "Log in as root, or as a user who may become it (`-u USER -K`). PostgreSQL {} must be installed on each host; \
         `-e pg_bin=…`, `-e pg_base=…` and `-e pg_secrets=…` say where things are, if not where `group_vars/all/cluster.yml` says. The \
         passwords are read from `../secrets`; a vault can define `pg_superuser_password` and `pg_replication_password` instead.\n\n",
        topology.postgres()
    );
    text
}

fn patroni(topology: &Topology) -> String {
    format!(
        "**Patroni fails over by itself; the design does not.** Every standby has `nofailover: true`, so a promotion stays a decision \
         of people until you remove the tag.\n\n## Run it\n\n```sh\n{}./secrets-into ../patroni ../secrets    # the same files, with passwords\n\
         ```\n\nSay in each file where etcd is (`etcd3: hosts:`), copy it to its host with mode 0600, and start the member of the primary \
         (`{}`) first: only its file may create the cluster. Then the others, in any order:\n\n```sh\npatroni --validate-config FILE && \
         patroni FILE\npatronictl -c FILE topology    # the drawn tree\n```\n\n`topology` draws the tags; pg_stat_replication is the proof.\n\n",
        drawn(topology, "../secrets"),
        topology.primary().name(),
    )
}

fn repmgr(topology: &Topology) -> String {
    format!(
        "**Promotion stays a command of people** (`failover=manual`).\n\n{}After that, on each host a file `repmgr.pgpass` (0600) beside the \
         data directory with `*:*:*:repmgr:PASSWORD`, and then, with that password in a file:\n\n```sh\n\
         REPMGR_PASSWORD_FILE=FILE ./register.sh\n```\n\nThe library of repmgr must be installed before the servers start: \
         `shared_preload_libraries` names it. `repmgr cluster show` equals the drawing; move a standby with \
         `repmgr standby follow --upstream-node-id=N`.\n\n",
        hosts(topology)
    )
}

fn cloudnativepg(topology: &Topology) -> String {
    let mut text = "**One Cluster for each server**, since inside one Cluster there is no cascade. The operator restarts instances; it \
                    promotes nobody, since each Cluster has one.\n\n## Run it\n\n```sh\n"
        .to_owned();
    let names = derived(topology, Spelling::Dns { most: 50 }, &[]);
    for (number, server) in in_order(topology).into_iter().enumerate() {
        let name = names.get(&server.id()).map_or("", String::as_str);
        let _ = writeln!(
            text,
            "kubectl apply -f {:02}-{name}.yaml && kubectl wait --for=condition=Ready cluster/{name}",
            number + 1
        );
    }
    text.push_str(
        "```\n\nAll in one namespace: each replica needs the Secrets NAME-replication and NAME-ca of its upstream. Set `storage.size`, resources \
         and `imageName` for your cluster.\n\n",
    );
    text
}

fn proof(topology: &Topology) -> String {
    let expected = ExpectedRows::of(topology);
    let mut text = "## It is right when\n\n`SELECT application_name, state, sync_priority, sync_state FROM pg_stat_replication` shows\n\n\
                    | on | application_name | state | sync_priority | sync_state |\n| --- | --- | --- | --- | --- |\n"
        .to_owned();
    /// More would not fit on a screen.
    const MOST_ROWS: usize = 12;
    let rows = topology
        .servers()
        .iter()
        .flat_map(|server| expected.at(server.id()).iter().map(move |row| (server, row)));
    let cell = |text: &str| text.replace('|', "\\|");
    for (server, row) in rows.take(MOST_ROWS) {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            cell(server.name().as_str()),
            cell(&row.application_name),
            row.state,
            row.sync_priority,
            row.sync_state
        );
    }
    let count: usize = topology
        .servers()
        .iter()
        .map(|server| expected.at(server.id()).len())
        .sum();
    if count > MOST_ROWS {
        let _ = writeln!(
            text,
            "\n… and {} more: `pgcascade predict design.toml`.",
            count - MOST_ROWS
        );
    }
    text
}
