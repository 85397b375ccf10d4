//! `show`: the tree of a design, with ports, roles and what is synchronous.

use std::fmt::Write as _;
use std::path::Path;

use super::table::{padded, width};
use super::{Ending, designs, print};
use crate::model::plan::ExpectedRows;
use crate::model::simulate::promise::promise;
use crate::model::topology::{Server, SyncMethod, Topology};
use crate::model::visible::visible;
use crate::model::words::counted;
use crate::report::Report;

pub(super) fn show(file: &Path) -> Result<Ending, Report> {
    let document = designs::open(file)?;
    print::line(heading(document.topology()));
    print::line("");
    print::line(tree(document.topology()));
    print::line("");
    print::line(promised(document.topology()));
    Ok(Ending::Fine)
}

/// "seed: PostgreSQL 15, 5 servers, a commit waits for the first 1 of slave1, slave2".
pub(super) fn heading(topology: &Topology) -> String {
    let mut text = format!(
        "{}: PostgreSQL {}, {}",
        topology.name(),
        topology.postgres(),
        counted(topology.servers().len(), "server")
    );
    let candidates: Vec<String> = topology
        .sync_candidates()
        .iter()
        .map(|server| server.name().to_string())
        .collect();
    match topology.sync() {
        Some(policy) if policy.commit.waits() && !candidates.is_empty() => {
            let method = match policy.method {
                SyncMethod::First => "the first",
                SyncMethod::Any => "any",
            };
            let _ = write!(
                text,
                ", commits wait for {method} {} of {}",
                policy.count,
                candidates.join(", ")
            );
        }
        _ => text.push_str(", asynchronous"),
    }
    if topology.has_tls() {
        text.push_str(", links over TLS");
    }
    text
}

/// The setting, and what it promises: the same words as in the window.
fn promised(topology: &Topology) -> String {
    let promise = promise(topology);
    let sentences = [
        promise.setting,
        promise.commit,
        promise.survives,
        promise.waits,
        promise.lost,
    ];
    let lines: Vec<String> = sentences
        .into_iter()
        .chain(promise.notes)
        .map(|line| print::in_one_line(&line))
        .collect();
    lines.join("\n")
}

/// One line a server, its downstreams below it; without a line end at the end.
pub(super) fn tree(topology: &Topology) -> String {
    let lines: Vec<(String, &Server)> = topology
        .branches()
        .into_iter()
        .map(|(before, server)| (visible(&format!("{before}{}", server.name())), server))
        .collect();
    let name_width = width(lines.iter().map(|(name, _)| name.as_str()));
    let ports = topology
        .servers()
        .iter()
        .map(|server| server.port().to_string().len());
    let port_width = ports.max().unwrap_or(0);
    let expected = ExpectedRows::of(topology);
    lines
        .iter()
        .map(|(name, server)| {
            let port = server.port().to_string();
            let details = details(topology, &expected, server);
            let name = padded(name, name_width);
            format!("{name}  {port:>port_width$}  {details}")
        })
        .collect::<Vec<String>>()
        .join("\n")
}

/// "standby, sync, priority 1".
fn details(topology: &Topology, expected: &ExpectedRows, server: &Server) -> String {
    let role = if server.is_primary() {
        "primary"
    } else if topology.is_relay(server.id()) {
        "relay"
    } else {
        "standby"
    };
    let mut words = vec![role.to_owned()];
    if let Some(standby) = server.standby() {
        let shown = server.name().in_view(topology.postgres());
        let state = expected.row(standby.upstream(), &shown);
        words.extend(state.map(|row| row.sync_state.clone()));
        words.extend(
            standby
                .sync_priority()
                .map(|priority| format!("priority {priority}")),
        );
        words.extend(standby.apply_delay().map(|delay| format!("applies {delay} late")));
        if topology.postgres().has_slots() && !topology.uses_slot(server.id()) {
            words.push("no slot".to_owned());
        }
    }
    if !server.host().is_loopback() {
        words.push(format!("on {}", server.host()));
    }
    words.extend(server.site().map(|site| format!("in {site}")));
    visible(&words.join(", "))
}
