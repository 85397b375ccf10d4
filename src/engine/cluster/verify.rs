//! Proves that what runs is what was drawn.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Cluster;
use crate::engine::postgres::proof;
use crate::engine::postgres::server::Target;
use crate::engine::postgres::sessions::Sessions;
use crate::engine::system::wait::{Failure, Wait};
use crate::model::plan::expected_rows;
use crate::model::topology::{Server, ServerId};
use crate::report::Report;

/// For one server's rows: a standby that reconnects may need a moment.
const ROWS: Duration = Duration::from_secs(15);
/// For one row on its way through the whole tree.
const ROW: Duration = Duration::from_secs(30);

pub(super) async fn verify(cluster: &Cluster, cancel: CancellationToken) -> Result<Vec<String>, Report> {
    let sessions = Sessions::new(cluster.site.clone());
    let proved = prove(cluster, &sessions, cancel).await;
    sessions.close().await;
    proved
}

async fn prove(
    cluster: &Cluster,
    sessions: &Sessions,
    cancel: CancellationToken,
) -> Result<Vec<String>, Report> {
    let topology = cluster.design.topology();
    let mut proved = Vec::new();
    for target in cluster.targets() {
        match cluster.site.running(&target.folder) {
            Ok(Some(_)) => {}
            Ok(None) => {
                return Err(
                    Report::new(format!("{} does not run.", target.name)).hint(format!(
                        "`pgcascade start {}` starts it.",
                        cluster.site.folder.display()
                    )),
                );
            }
            Err(doubt) => return Err(Report::of(format!("{} is not proved.", target.name), &doubt)),
        }
    }
    let mut asked = topology.in_tree_order();
    asked.retain(|id| topology.answers_queries(*id));
    // All at once: each is asked in its turn, and again for the row.
    for target in asked.iter().filter_map(|id| cluster.target(*id)) {
        sessions.prepare(&target);
    }
    for id in asked {
        let Some(target) = cluster.target(id) else {
            continue;
        };
        let rows = expected_rows(topology, id);
        let wait = Wait::new(ROWS, cancel.clone());
        proof::wait_rows(sessions, &target, &rows, &wait)
            .await
            .map_err(|failure| {
                let mut report = failure.into_report();
                report.hints.extend(delay_hint(cluster, id));
                report
            })?;
        let is_encrypted = topology.has_tls() && topology.postgres().has_stat_ssl() && !rows.is_empty();
        if is_encrypted {
            proof::prove_encrypted(sessions, &target, &wait)
                .await
                .map_err(Failure::into_report)?;
        }
        for row in &rows {
            let name = &row.application_name;
            proved.push(match row.sync_priority {
                0 => format!("{name} streams from {} ({}).", target.name, row.sync_state),
                priority => format!(
                    "{name} streams from {} ({}, priority {priority}).",
                    target.name, row.sync_state
                ),
            });
        }
        if is_encrypted {
            proved.push(format!("Every link of {} is encrypted.", target.name));
        }
    }
    let primary = topology.primary();
    let Some(from) = cluster.target(primary.id()) else {
        return Ok(proved);
    };
    let (delayed, readers): (Vec<&Server>, Vec<&Server>) = topology
        .servers()
        .iter()
        // Of one that answers no query the rows above are all the proof there is.
        .filter(|server| !server.is_primary() && topology.answers_queries(server.id()))
        .partition(|server| server.is_delayed());
    let targets = |servers: &[&Server]| -> Vec<Target> {
        servers
            .iter()
            .filter_map(|server| cluster.target(server.id()))
            .collect()
    };
    let (readers, delayed) = (targets(&readers), targets(&delayed));
    proof::prove_row(sessions, &from, &readers, &delayed, &Wait::new(ROW, cancel))
        .await
        .map_err(Failure::into_report)?;
    for reader in readers {
        proved.push(format!(
            "A row written on {} was read on {}.",
            from.name, reader.name
        ));
    }
    for standby in delayed {
        proved.push(format!(
            "The WAL of a row written on {} is on {}, which applies it later.",
            from.name, standby.name
        ));
    }
    Ok(proved)
}

/// Why a standby of this server may be missing though nothing is wrong. Tried on 15: started again, a standby asks its
/// upstream for more only when it has applied what it had, and with a delay that takes as long as the delay.
pub(super) fn delay_hint(cluster: &Cluster, upstream: ServerId) -> Option<String> {
    let topology = cluster.design.topology();
    topology.servers().iter().find_map(|server| {
        let standby = server.standby().filter(|standby| standby.upstream() == upstream)?;
        let delay = standby.apply_delay().filter(|_| server.is_delayed())?;
        Some(format!(
            "{} applies WAL {} late: after a start it connects only when it has applied what it had received before.",
            server.name(),
            delay.as_str()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::cluster::site::Site;
    use crate::model::document::Document;
    use crate::model::topology::notation;

    #[test]
    fn a_delayed_standby_is_named_to_who_misses_it() {
        let topology = notation::parse("m 1\n  a 2 delay 10min\n    b 3 delay 0\n").unwrap();
        let cluster = Cluster {
            site: Site {
                id: String::new(),
                folder: "/d".into(),
                bin: "/bin".into(),
                owner: None,
                major: topology.postgres(),
                uses_passwords: false,
            },
            design: Document::new(topology),
        };
        let hint = |name: &str| {
            let server = cluster.design.topology().by_name(name).unwrap();
            delay_hint(&cluster, server.id())
        };
        assert!(hint("m").unwrap().starts_with("a applies WAL 10min late"));
        assert_eq!(hint("a"), None);
    }
}
