//! `status`: which servers run, and what the view shows on each.

use std::fmt::Write as _;

use super::{ASK, OWN, STATUS, head};
use crate::model::quoting::shell_word;
use crate::model::topology::{Server, Topology};

pub(super) fn status(topology: &Topology) -> String {
    let mut text = head(
        topology,
        "status",
        "tells which servers run, and what pg_stat_replication shows on each.",
    );
    let _ = write!(
        text,
        "{OWN}\n{ROWS}\n{STATUS}find_programs\nfind_psql\nenter_cluster\n",
        ROWS = asking_only()
    );
    text.push_str("[[ -n $psql ]] || say \"There is no psql, so pg_stat_replication cannot be shown.\"\n");
    let folders = topology.folders();
    for server in topology.servers() {
        let _ = writeln!(
            text,
            "show {} {} {} {}{}",
            shell_word(server.name().as_str()),
            shell_word(&role(topology, server)),
            shell_word(folders.get(&server.id()).map_or("", String::as_str)),
            server.port(),
            if topology.answers_queries(server.id()) {
                ""
            } else {
                " yes"
            }
        );
    }
    text.push_str("[[ -z $unanswered ]]\n");
    text
}

/// The two functions of [`ASK`] that only ask.
fn asking_only() -> String {
    let parts: Vec<&str> = ASK.split("\n\n").collect();
    let wanted = |part: &&str| {
        part.contains("\nreadonly SESSION=")
            || part.contains("\nsql() {")
            || part.contains("\nfind_psql() {")
            || part.starts_with("rows_of() {")
    };
    parts
        .into_iter()
        .filter(wanted)
        .fold(String::new(), |text, part| text + part + "\n\n")
}

fn role(topology: &Topology, server: &Server) -> String {
    match server.upstream().and_then(|id| topology.server(id)) {
        None => "primary".to_owned(),
        Some(upstream) => format!("standby of {}", upstream.name()),
    }
}
