//! README.md of a bundle: the tree, how to build it, how to connect, how to use the files on real hosts.

use std::fmt::Write as _;

use super::tls_guide;
use crate::model::configuration::ClusterFolder;
use crate::model::health::ReplicationRow;
use crate::model::plan::ExpectedRows;
use crate::model::topology::{Auth, Server, Topology};
use crate::model::words::counted_in_text;

pub fn readme(topology: &Topology) -> String {
    let mut text = format!(
        "# {}\n\nA PostgreSQL {} replication cluster of {}, made by pgcascade.\n\n",
        topology.name().trim(),
        topology.postgres(),
        counted_in_text(topology.servers().len(), "server")
    );
    text.push_str("```text\n");
    let expected = ExpectedRows::of(topology);
    // The drawing in characters: WAL flows from left to right.
    for (branch, server) in topology.branches() {
        let _ = writeln!(text, "{branch}{}", label(topology, &expected, server));
    }
    text.push_str("```\n\n");
    text.push_str(&commits(topology));
    if topology.is_all_loopback() {
        text.push_str(&building(topology));
    } else {
        text.push_str(ELSEWHERE);
    }
    text.push_str(&connecting(topology));
    text.push_str(&files(topology));
    text.push_str(&real_hosts(topology));
    if topology.has_tls() {
        text.push_str(&tls_guide::section(topology));
    }
    text
}

fn label(topology: &Topology, expected: &ExpectedRows, server: &Server) -> String {
    let mut words = vec![
        server.name().to_string(),
        if server.host().as_str().contains(':') {
            format!("[{}]:{}", server.host(), server.port())
        } else {
            format!("{}:{}", server.host(), server.port())
        },
    ];
    words.push(match server.upstream() {
        None => "primary".to_owned(),
        Some(upstream) => sync_word(expected.row(upstream, &server.name().in_view(topology.postgres()))),
    });
    if let Some(delay) = server.standby().and_then(|standby| standby.apply_delay()) {
        words.push(format!("{delay} behind"));
    }
    words.join("  ")
}

/// What pg_stat_replication will show of it: "sync 1", "async".
fn sync_word(row: Option<&ReplicationRow>) -> String {
    row.map_or_else(String::new, |row| match row.sync_priority {
        0 => row.sync_state.clone(),
        priority => format!("{} {priority}", row.sync_state),
    })
}

fn commits(topology: &Topology) -> String {
    let names = topology.synchronous_standby_names();
    match topology.sync() {
        Some(policy) if !names.is_empty() && policy.commit.waits() => format!(
            "Commits on the primary wait for standbys (`synchronous_standby_names = '{quoted}'`) \
             at the level `synchronous_commit = {}`.\n\n",
            policy.commit.word(),
            quoted = names.replace('\'', "''"),
        ),
        _ => "Commits on the primary do not wait for a standby.\n\n".to_owned(),
    }
}

/// `up` refuses such a design.
const ELSEWHERE: &str = "## Build it\n\nThe servers are drawn on hosts of their own, and `./up` builds on one machine only: see \"Use it on real hosts\" below.\n\n";

fn building(topology: &Topology) -> String {
    let major = topology.postgres();
    format!(
        "## Build it on this machine\n\n\
         You need bash and the programs of PostgreSQL {major} (initdb, pg_ctl, postgres; psql as well). They are looked for in \
         `$PGBIN`, then in `PATH`, then in `/usr/lib/postgresql/{major}/bin`. Run as an ordinary user: PostgreSQL refuses root.\n\n\
         ```sh\n\
         ./up              # build and start the cluster in ./cluster (or: ./up FOLDER)\n\
         ./verify          # check that it is as drawn: links, sync states, a row read on every standby\n\
         ./status          # what pg_stat_replication shows on every server\n\
         ./down            # stop it and remove what ./up made, nothing else\n\
         ```\n\n\
         If something fails, or you press Ctrl-C, `up` rolls back everything that it did.\n\n{}",
        trust(topology)
    )
}

/// Only where the design brings something that runs.
fn trust(topology: &Topology) -> &'static str {
    if topology.hazards().is_empty() {
        ""
    } else {
        "The design runs commands or libraries of its own, which the first lines of `up` name. If you know what they do and trust \
         them: `./up --trust`.\n\n"
    }
}

fn connecting(topology: &Topology) -> String {
    let primary = topology.primary();
    let mut text = "## Connect\n\n".to_owned();
    let password = if topology.effective_auth() == Auth::Trust {
        text.push_str("No password is needed (trust).\n\n");
        String::new()
    } else {
        text.push_str(
            "Building the cluster generates two passwords. They are in files below `cluster/secrets` that \
             only you can read; psql finds the password file through `PGPASSFILE`.\n\n",
        );
        format!("PGPASSFILE=cluster/{} ", ClusterFolder::PGPASS)
    };
    let _ = write!(
        text,
        "```sh\n{password}psql -h {} -p {} -U {} postgres\n```\n\n| server | host | port | folder |\n| --- | --- | --- | --- |\n",
        primary.host(),
        primary.port(),
        ClusterFolder::SUPERUSER
    );
    let folders = topology.folders();
    for server in topology.servers() {
        let _ = writeln!(
            text,
            "| {} | {} | {} | servers/{} |",
            server.name().as_str().replace('|', "\\|"),
            server.host(),
            server.port(),
            folders.get(&server.id()).map_or("", String::as_str)
        );
    }
    text.push('\n');
    text
}

fn files(topology: &Topology) -> String {
    let standby_file = if topology.postgres().has_standby_signal() {
        "`servers/*/standby.signal` | empty: its presence makes the server a standby"
    } else {
        "`servers/*/recovery.conf` | makes the server a standby and sets its upstream"
    };
    format!(
        "## What each file is\n\n\
         | file | what it is |\n| --- | --- |\n\
         | `design.toml` | the design; open it with `pgcascade design.toml` |\n\
         | `up`, `down`, `status`, `verify` | the scripts above, one line per step with its reason |\n\
         | `servers/*/postgresql.conf` | the server's settings, each with its reason |\n\
         | `servers/*/pg_hba.conf` | who may connect from where |\n\
         | {standby_file} |\n\
         | `MANIFEST.sha256` | checksums of all files; `verify` checks them first |\n\n"
    )
}

fn real_hosts(topology: &Topology) -> String {
    let major = topology.postgres();
    let role = topology.replication_role();
    let line = format!("`*:*:*:{role}:PASSWORD`");
    let password = if topology.effective_auth() == Auth::Trust {
        String::new()
    } else if major.has_passfile() {
        format!(
            "   Put a password file with the line {line} (mode 0600) where `passfile` in `primary_conninfo` says: \
             `{}/{}` from the data directory, or change the path.\n",
            ClusterFolder::UP_FROM_DATA,
            ClusterFolder::REPLICATION_PGPASS
        )
    } else {
        format!(
            "   Put a password file with the line {line} (mode 0600) beside it, and start the server with \
             `PGPASSFILE` naming it.\n"
        )
    };
    let slots = if major.has_slots() {
        let reserved = if major.can_reserve_at_slot() { ", true" } else { "" };
        format!(
            "4. Make the slots of its downstreams there: `SELECT pg_create_physical_replication_slot('…'{reserved})`, with the names in \
             their `primary_slot_name`.\n"
        )
    } else {
        String::new()
    };
    let next = if major.has_slots() { 5 } else { 4 };
    let first = if topology.is_all_loopback() {
        "First give each server its `host` in the design, and make this bundle again: as they are drawn, all servers listen on this \
         machine only, and look for their upstreams here.\n\n"
    } else {
        ""
    };
    let copy = if major.can_reserve_at_slot() {
        "pg_basebackup -S SLOT"
    } else {
        "pg_basebackup"
    };
    let (not_yet, later) = if topology.synchronous_standby_names().is_empty() {
        ("", String::new())
    } else {
        (
            "   Leave `synchronous_standby_names` out of the primary's file for now: every commit, including those of step 3, would wait for \
             standbys that are not running yet.\n",
            format!(
                "{}. Once the standbys stream, put `synchronous_standby_names` into the primary's file, and reload it.\n",
                next + 2
            ),
        )
    };
    format!(
        "## Use it on real hosts\n\n\
         {first}`pgcascade export {design} --to hosts -o DIR` writes a folder and a script for each host, which do all of this in the right \
         order; there are systemd units, containers, Ansible, Patroni, repmgr and CloudNativePG as well \
         (`pgcascade export --list`). By hand, with the files of this bundle:\n\n\
         1. On the primary: `initdb -U {superuser} -A scram-sha-256 --pwfile=FILE`, so that the superuser has a password that `pg_hba.conf` asks for.\n\
         2. Put the files of `servers/NAME` into the data directory. Paths in them are relative to it: \
         `{up}/{sockets}` for the sockets must be there, or be changed.\n{not_yet}{password}\
         3. Start it, and make the role on the primary: `CREATE ROLE {role} LOGIN REPLICATION`, with a password.\n{slots}\
         {next}. Then set up each standby, upstreams first: make its data directory with `{copy}` from its own upstream, put its files \
         over those that come with it (step 2), start it{and_slots}.\n\
         {compare}. Compare `pg_stat_replication` with the tree above.\n{later}\n\
         Set `shared_buffers` for each host: what is good for a test is too small for a real server. A host \
         name in `pg_hba.conf` must resolve in both directions; `hba_address` in the design specifies an address or a network instead.\n",
        design = ClusterFolder::DESIGN,
        superuser = ClusterFolder::SUPERUSER,
        up = ClusterFolder::UP_FROM_DATA,
        sockets = ClusterFolder::SOCKETS,
        and_slots = if major.has_slots() {
            ", and make the slots of its downstreams (step 4)"
        } else {
            ""
        },
        compare = next + 1,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    #[test]
    fn the_tree_is_drawn_as_it_is() {
        let topology =
            notation::parse("m 1 sync first 1\n  a 2 priority 1\n    b 3 delay 10min\n  c 4\n").unwrap();
        let text = readme(&topology);
        let expected = "\
m  localhost:1  primary
├─ a  localhost:2  sync 1
│  └─ b  localhost:3  async  10min behind
└─ c  localhost:4  async
";
        assert!(text.contains(expected), "{text}");
    }
}
