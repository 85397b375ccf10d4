//! `verify`: the files of the bundle, every link and its state, a row read on every standby.

use std::fmt::Write as _;

use super::actions::{do_lines, rows_text};
use super::{ASK, OWN, TLS_ASK, VERIFY, head, lsn_functions};
use crate::model::plan::{Action, Plan, Serve};
use crate::model::quoting::shell_word;
use crate::model::topology::Topology;
use crate::model::words::counted;

pub(super) fn verify(topology: &Topology, plan: &Plan) -> String {
    let mut text = head(
        topology,
        "verify",
        "proves the drawing: the bundle's files, every link and its sync state, a row read on every standby.",
    );
    let _ = write!(
        text,
        "{}deadline=0\n{OWN}\n{ASK}\n{asking}{VERIFY}\ncheck_manifest\nfind_programs\nfind_psql\n[[ -n $psql ]] || fail \"psql is missing: the servers are asked with it\"\nenter_cluster\n",
        lsn_functions(topology.postgres()),
        asking = if topology.has_tls() {
            format!("{TLS_ASK}\n")
        } else {
            String::new()
        },
    );
    let folders = topology.folders();
    for server in topology.servers() {
        let _ = writeln!(
            text,
            "check_runs {} {}",
            shell_word(server.name().as_str()),
            shell_word(folders.get(&server.id()).map_or("", String::as_str))
        );
    }
    for step in &plan.steps {
        match &step.action {
            Action::Serve(Serve::WaitRows {
                server, port, rows, ..
            }) => {
                let _ = writeln!(
                    text,
                    "check_rows {} {port} {}",
                    shell_word(server),
                    rows_text(rows)
                );
            }
            Action::Serve(Serve::ProveTls { server, .. }) => {
                let said = shell_word(&format!("Every link of {server} is encrypted"));
                let _ = writeln!(
                    text,
                    "{}say {said}",
                    do_lines(topology, &step.action).unwrap_or_default()
                );
            }
            Action::Serve(Serve::ProveRow { readers, delayed, .. }) => {
                let _ = write!(
                    text,
                    "\ndeadline=$((SECONDS + {}))\n{}say \"A row written on the primary was {}\"\n",
                    step.deadline_secs,
                    do_lines(topology, &step.action).unwrap_or_default(),
                    seen_where(readers.len(), delayed.len()),
                );
            }
            _ => {}
        }
    }
    text.push_str("say \"The cluster is as designed.\"\n");
    text
}

/// "read on 3 standbys and received by 1 delayed one", without what there is none of.
fn seen_where(readers: usize, delayed: usize) -> String {
    let read = format!("read on {}", counted(readers, "standby"));
    let received = format!("received by {}", counted(delayed, "delayed one"));
    match (readers, delayed) {
        (0, 0) => "kept".to_owned(),
        (_, 0) => read,
        (0, _) => received,
        _ => format!("{read} and {received}"),
    }
}
