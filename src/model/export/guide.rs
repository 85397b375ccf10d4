//! README.md of an export: one screen that says what is there, what to do in which order, and what is lost.

use std::fmt::Write as _;

use super::Target;
use super::hosts::{HostLayout, Hosts, host_folders, remote};
use super::names::{Spelling, derived};
use super::parts::{cluster_word, in_order};
use crate::model::plan::ExpectedRows;
use crate::model::quoting::shell_word;
use crate::model::topology::{Auth, Server, Topology};
use crate::model::words::{counted_in_text, listed};

pub fn readme(topology: &Topology, target: Target, layout: HostLayout) -> String {
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
        Target::Hosts => hosts(topology, layout),
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

/// True if something is drawn beside the export.
pub fn has_secrets(topology: &Topology) -> bool {
    has_password(topology) || makes_certificates(topology)
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

fn hosts(topology: &Topology, layout: HostLayout) -> String {
    let base = layout.base(topology);
    let mut text = "## Build it\n\n1. On your machine, in this folder".to_owned();
    if has_secrets(topology) {
        text.push_str(
            ". The secrets stay beside it: no host gets the whole folder, and `ca.key` stays with you",
        );
    }
    let given = if has_secrets(topology) { " ../secrets" } else { "" };
    let lines = format!("{}./send{given}\n", drawn(topology, "../secrets"));
    let _ = write!(
        text,
        ".\n\n   ```sh\n   {}\n   ```\n\n   `send` needs ssh to each host as root, or as a user who may use sudo without a \
         password (`SSH=\"ssh -l USER\"`). It puts everything into `{base}`, mode 0700, of the user postgres.\n",
        lines.trim_end().replace('\n', "\n   ")
    );
    text.push_str(&before_building(layout).replace("VERSION", &topology.postgres().to_string()));
    text.push_str(
        "2. Build the servers **in this order**; each line waits until its server streams.\n\n   ```sh\n",
    );
    let mut first = String::new();
    for (id, folder) in host_folders(topology) {
        let Some(server) = topology.server(id) else {
            continue;
        };
        let run = format!("{}sudo -u postgres {base}/{folder}/install", by_ssh(server));
        let _ = writeln!(text, "   {run}    # \"{}\"", one_line(server.name().as_str()));
        if first.is_empty() {
            first = run;
        }
    }
    if !topology.synchronous_standby_names().is_empty() {
        let _ = writeln!(text, "   {first} finish    # commits wait from here on");
    }
    let root = layout.root(topology, &topology.folder(topology.primary().id()));
    let sockets = match layout {
        HostLayout::Folder => format!("{root}/run"),
        HostLayout::Debian | HostLayout::Rhel => "/var/run/postgresql".to_owned(),
    };
    let pass_file = if has_password(topology) {
        format!("env PGPASSFILE={root}/superuser.pgpass ")
    } else {
        String::new()
    };
    let _ = write!(
        text,
        "   ```\n\n{}A second run does what is missing. The superuser gets in, on the host of \"{}\", with\n\n```sh\n\
         sudo -u postgres {pass_file}psql -h {sockets} -p {} -U postgres postgres\n```\n\n",
        whereabouts(topology, layout),
        one_line(topology.primary().name().as_str()),
        topology.primary().port(),
    );
    text.push_str(
        "Set `shared_buffers` and the like under `[settings]` of the design before: the files take what a host has by \
         PostgreSQL's defaults.\n\n",
    );
    text
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How a line of the README gets to the server's host.
fn by_ssh(server: &Server) -> String {
    remote(server.host()).map_or_else(String::new, |host| format!("ssh {} ", shell_word(&host)))
}

/// What a distribution's package left on the hosts.
fn before_building(layout: HostLayout) -> &'static str {
    match layout {
        HostLayout::Folder => {
            "   Debian's package starts a cluster of its own on port 5432: if it is empty, `sudo pg_dropcluster --stop VERSION main` \
             makes room, or export with `--layout debian`.\n"
        }
        HostLayout::Debian => {
            "   Debian's package made an empty cluster `main` on each host. `install` does not touch it: if it holds nothing, remove it \
             with `sudo pg_dropcluster --stop VERSION main`.\n"
        }
        HostLayout::Rhel => {
            "   Do not run `postgresql-VERSION-setup initdb`: `install` makes the data directory.\n"
        }
    }
}

/// Where things are, once built.
fn whereabouts(topology: &Topology, layout: HostLayout) -> String {
    let major = topology.postgres();
    let root = layout.root(topology, "SERVER");
    let (cluster, called) = clusters(topology, layout);
    let unit = if called.is_empty() {
        String::new()
    } else {
        format!(
            "; a server that shares its host needs a copy of that unit with `Environment=PGDATA=/var/lib/pgsql/{major}/CLUSTER`"
        )
    };
    match layout {
        HostLayout::Folder => format!(
            "Each server lies in `{root}` (or `ROOT=…`) with its data directory, sockets and log; PostgreSQL's programs are looked for \
             in Debian's and RHEL's places (or `PGBIN=…`). "
        ),
        HostLayout::Debian => format!(
            "Each server is a cluster of Debian's: `pg_lsclusters` lists it, its settings are in \
             `/etc/postgresql/{major}/{cluster}/conf.d/pgcascade.conf`{called}, its password files in `{root}`. `pg_ctlcluster` \
             started it; systemd does so from the next boot on. "
        ),
        HostLayout::Rhel => format!(
            "Each server lies in `/var/lib/pgsql/{major}/{cluster}`{called}, its password files in `{root}`. pg_ctl started it: stop it, \
             and `systemctl enable --now postgresql-{major}` hands it over to systemd{unit}. "
        ),
    }
}

/// The name of the servers' clusters, and which they are where servers share a host: no two of one host have one.
fn clusters(topology: &Topology, layout: HostLayout) -> (&'static str, String) {
    let usual = layout.usual();
    let hosts = Hosts::of(topology, layout);
    let servers = in_order(topology).into_iter();
    let named: Vec<(String, String)> = servers
        .map(|server| (one_line(server.name().as_str()), hosts.cluster(server)))
        .collect();
    let shared: Vec<String> = named
        .iter()
        .filter(|(_, cluster)| cluster != usual)
        .map(|(name, cluster)| format!("`{cluster}` of \"{name}\""))
        .collect();
    if shared.is_empty() {
        return (usual, String::new());
    }
    let alone = if shared.len() == named.len() {
        String::new()
    } else {
        format!("`{usual}`, and ")
    };
    let why = if shared.len() == 1 {
        "which is not alone on its host"
    } else {
        "which share a host"
    };
    (
        "CLUSTER",
        format!(" (CLUSTER is {alone}{}, {why})", listed(&shared)),
    )
}

fn systemd(topology: &Topology) -> String {
    let names = derived(topology, Spelling::Word, &[]);
    let secrets = format!("{}/secrets", HostLayout::Folder.base(topology));
    let mut text = "## Build it\n\n```sh\n".to_owned();
    for line in drawn(topology, "../secrets").lines() {
        let _ = writeln!(text, "{line}");
    }
    if has_secrets(topology) {
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
    if has_secrets(topology) {
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
         `-e pg_bin=…`, `-e pg_base=…` and `-e pg_secrets=…` say where things are, if not where `group_vars/all/cluster.yml` says.\n\n",
        topology.postgres()
    );
    if has_secrets(topology) {
        let mut files: Vec<&str> = Vec::new();
        if has_password(topology) {
            files.extend(["../secrets/superuser", "../secrets/replication"]);
        }
        if makes_certificates(topology) {
            files.push("../secrets/*.key");
        }
        let _ = write!(
            text,
            "The secrets are read from `../secrets`. A vault keeps them encrypted there, and Ansible decrypts them on the way:\n\n\
             ```sh\nansible-vault encrypt {}\nansible-playbook site.yml --ask-vault-pass\n```\n\n",
            files.join(" ")
        );
    }
    if has_password(topology) {
        text.push_str(
            "A vault of yours can define `pg_superuser_password` and `pg_replication_password` instead: \
             `group_vars/all/vault.yml`, or `-e @FILE`.\n\n",
        );
    }
    text
}

fn patroni(topology: &Topology) -> String {
    format!(
        "**Patroni fails over by itself; the design does not.** Every standby has `nofailover: true`, so promotion is left to people until you remove the tag.\n\n## Run it\n\n```sh\n{}./secrets-into ../patroni ../secrets    # the same files, with passwords\n\
         ```\n\nSay in each file where etcd is (`etcd3: hosts:`), copy it to its host with mode 0600, and start the member of the primary \
         (`{}`) first: only its file may create the cluster. Then the others, in any order:\n\n```sh\npatroni --validate-config FILE && \
         patroni FILE\npatronictl -c FILE topology    # the drawn tree\n```\n\n`topology` draws the tags; pg_stat_replication is the proof.\n\n",
        drawn(topology, "../secrets"),
        topology.primary().name(),
    )
}

fn repmgr(topology: &Topology) -> String {
    format!(
        "**Promotion stays a command of people** (`failover=manual`).\n\n{}After that, on each host a file `{}` (0600, of the user postgres) \
         with `*:*:*:repmgr:PASSWORD`, and then, as postgres and with that password in a file:\n\n```sh\n\
         REPMGR_PASSWORD_FILE=FILE ./register.sh\n```\n\nThe library of repmgr must be installed before the servers start: \
         `shared_preload_libraries` names it. `repmgr cluster show` equals the drawing; move a standby with \
         `repmgr standby follow --upstream-node-id=N`.\n\n",
        hosts(topology, HostLayout::Folder),
        super::repmgr::pass_file(topology)
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
