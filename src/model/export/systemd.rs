//! `systemd`: a template unit for the servers, a target for all of them, and the order in which they start; beside the scripts
//! that build the servers once.

use std::fmt::Write as _;

use super::ExportFile;
use super::hosts::{self, HostLayout, Hosts};
use super::names::{Spelling, derived};
use super::parts::{cluster_word, in_order, plain, script};
use crate::model::topology::{PgMajor, Topology};

pub fn files(topology: &Topology) -> Vec<ExportFile> {
    let names = derived(topology, Spelling::Word, &[]);
    let name = |id| names.get(&id).map_or("", String::as_str);
    let stem = format!("pgcascade-{}", cluster_word(topology));
    let hosts = Hosts::of(topology, HostLayout::Folder);
    let mut files = hosts::preparation(topology);
    for (number, server) in in_order(topology).into_iter().enumerate() {
        let path = format!("servers/{:02}-{}", number + 1, name(server.id()));
        files.extend(hosts::of_server(&hosts, server, &path, name(server.id())));
    }
    let servers = in_order(topology);
    let instances: Vec<String> = servers
        .iter()
        .map(|server| format!("{stem}@{}.service", name(server.id())))
        .collect();
    files.push(plain(
        format!("units/{stem}.target"),
        format!(
            "# All servers of the cluster; systemctl start {stem}.target\n[Unit]\nDescription=PostgreSQL cascade {}\nWants={}\n\n\
             [Install]\nWantedBy=multi-user.target\n",
            cluster_word(topology),
            instances.join(" ")
        ),
    ));
    files.push(plain(format!("units/{stem}@.service"), unit(topology, &stem)));
    for server in &servers {
        let Some(upstream) = server.upstream() else {
            continue;
        };
        let text = format!(
            "# The order only: a standby must also start without its upstream (no Requires=).\n[Unit]\nAfter={stem}@{}.service\n",
            name(upstream)
        );
        files.push(plain(
            format!("units/{stem}@{}.service.d/order.conf", name(server.id())),
            text,
        ));
    }
    files.push(script("take-over", take_over(topology, &stem, &instances)));
    files
}

fn unit(topology: &Topology, stem: &str) -> String {
    let major = topology.postgres();
    // A server before 9.6 cannot tell systemd that it is ready.
    let kind = if major >= PgMajor::V9_6 {
        "notify"
    } else {
        "simple"
    };
    let environment = if major.has_passfile() {
        String::new()
    } else {
        format!(
            "Environment=PGPASSFILE={}/%i/replication.pgpass\n",
            root(topology)
        )
    };
    format!(
        "# One server; the instance's name is its folder below {root}\n[Unit]\n\
         Description=PostgreSQL {major}, server %i of the cascade {cluster}\n\
         After=network-online.target\nWants=network-online.target\nPartOf={stem}.target\nStartLimitIntervalSec=0\n\n\
         [Service]\n# notify needs a server built with --with-systemd (packages of Debian and of postgresql.org are)\n\
         Type={kind}\nUser=postgres\nGroup=postgres\n\
         ExecStart=/usr/lib/postgresql/{major}/bin/postgres -D {root}/%i/data\n\
         ExecReload=/bin/kill -HUP $MAINPID\nKillMode=mixed\nKillSignal=SIGINT\n\
         # A standby that replays a lot takes as long as it takes\nTimeoutStartSec=infinity\nTimeoutStopSec=120\n\
         Restart=on-failure\nRestartSec=5\nOOMScoreAdjust=-900\n\
         Environment=PG_OOM_ADJUST_FILE=/proc/self/oom_score_adj PG_OOM_ADJUST_VALUE=0\n{environment}UMask=0077\n",
        root = root(topology),
        cluster = cluster_word(topology),
    )
}

fn root(topology: &Topology) -> String {
    HostLayout::Folder.base(topology)
}

/// From pg_ctl, by which the servers were built, to systemd.
fn take_over(topology: &Topology, stem: &str, instances: &[String]) -> String {
    let major = topology.postgres();
    let mut text = "#!/usr/bin/env bash\n# Run as root, once all servers are built: installs the units, stops the servers and starts them by systemd.\n\
         set -euo pipefail\nhere=\"$(cd -- \"$(dirname -- \"$0\")\" && pwd -P)\"\n\
         [[ $(id -u) == 0 ]] || { echo \"run this as root\" >&2; exit 1; }\n\
         cp -R -- \"$here/units/.\" /etc/systemd/system/\nsystemctl daemon-reload\n"
    .to_owned();
    for instance in instances.iter().rev() {
        let folder = instance
            .split('@')
            .nth(1)
            .and_then(|rest| rest.strip_suffix(".service"))
            .unwrap_or_default();
        let _ = writeln!(
            text,
            "runuser -u postgres -- /usr/lib/postgresql/{major}/bin/pg_ctl -D {}/{folder}/data -m fast stop",
            root(topology)
        );
    }
    let _ = writeln!(
        text,
        "systemctl enable --now {stem}.target\nsystemctl --no-pager list-units '{stem}@*'"
    );
    text
}
