//! Is what runs what is drawn? Asked before somebody relies on it, and before an old primary is started beside a new one.

use std::time::Duration;

use super::Cluster;
use crate::engine::monitor;
use crate::engine::system::wait::{Failure, Wait};
use crate::model::drift::{ARCHIVE_FAILING, Drift};
use crate::model::plan::Scope;
use crate::model::topology::{Server, ServerId};
use crate::model::words::listed;
use crate::report::Report;

/// Between two looks at a cluster that may still get what it lacks.
const REST: Duration = Duration::from_millis(200);

/// Waits until nothing differs from the design, as far as the scope goes; what does not go away by itself is not waited for.
///
/// # Errors
///
/// If something differs, with every sentence and what helps; and if it is cancelled.
pub(super) async fn see(cluster: &Cluster, scope: Scope, wait: &Wait) -> Result<(), Failure> {
    loop {
        let mut found = wait.hear(monitor::observe(cluster)).await?.drift();
        found.retain(|one| match scope {
            Scope::Servers => one.is_of_servers(),
            Scope::All => true,
            Scope::AllButArchive => one.rule != ARCHIVE_FAILING,
        });
        if found.is_empty() {
            return Ok(());
        }
        if !found.iter().all(Drift::may_pass) || !wait.next().await? {
            return Err(report(&found).into());
        }
        wait.hear(tokio::time::sleep(REST)).await?;
    }
}

/// The differences as one report: what the others follow from first.
fn report(found: &[Drift]) -> Report {
    let mut found: Vec<&Drift> = found.iter().collect();
    found.sort_by_key(|one| one.rank());
    let Some((first, rest)) = found.split_first() else {
        return Report::new("The running cluster differs from the design.");
    };
    let more = match rest.len() {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    let mut report = Report::new(format!(
        "The running cluster differs from the design: {}{more}",
        first.message
    ));
    report.hints.extend(first.fix.clone());
    for one in rest {
        let fix = one.fix.as_deref().unwrap_or_default();
        report
            .hints
            .push(format!("{} {fix}", one.message).trim_end().to_owned());
    }
    report
}

/// Refuses to start a server that would take writes beside another one: an old primary after a promotion. What a server
/// becomes is said by its files: the one that makes it a standby is taken away by a promotion.
///
/// # Errors
///
/// If one of these servers would be a second primary.
pub(super) fn refuse_second_primary(cluster: &Cluster, chosen: &[ServerId]) -> Result<(), Report> {
    let topology = cluster.topology();
    let (mut running, mut starting): (Vec<&Server>, Vec<&Server>) = (Vec::new(), Vec::new());
    for server in topology
        .servers()
        .iter()
        .filter(|server| takes_writes(cluster, server))
    {
        let folder = topology.folder(server.id());
        if matches!(cluster.site.running(&folder), Ok(Some(_))) {
            running.push(server);
        } else if chosen.contains(&server.id()) {
            starting.push(server);
        }
    }
    if starting.is_empty() || running.len() + starting.len() < 2 {
        return Ok(());
    }
    let names = |servers: &[&Server]| -> Vec<String> {
        servers.iter().map(|server| server.name().to_string()).collect()
    };
    let dir = cluster.folder();
    let others = topology
        .servers()
        .iter()
        .filter(|server| !takes_writes(cluster, server));
    let others = names(&others.collect::<Vec<_>>()).join(" ");
    let old = listed(&names(&starting));
    let report =
        match running.as_slice() {
            [] => Report::new(format!(
                "Nothing was started: {old} would all accept writes independently (split brain)."
            ))
            .hint(format!(
                "A standby was promoted. Start only the server whose data you want to keep: pgcascade start \
             {dir} NAME"
            )),
            now => {
                let new = listed(&names(now));
                Report::new(format!(
                "Nothing was started: {new} was promoted and accepts writes, and {old} would accept writes \
                 as well (split brain)."
            ))
            .hint(format!("To keep {new}: leave {old} down and copy it again as a standby of {new}."))
            .hint(format!(
                "To go back to {old}: stop {new} first (pgcascade stop {dir} {}); everything written there \
                 is lost.",
                names(now).join(" ")
            ))
            }
        };
    Err(if others.is_empty() {
        report
    } else {
        report.hint(format!(
            "To start only the standbys: pgcascade start {dir} {others}"
        ))
    })
}

/// The servers that run and take writes.
pub(super) fn writers(cluster: &Cluster) -> Vec<String> {
    let topology = cluster.topology();
    let is_writer = |server: &&Server| {
        takes_writes(cluster, server)
            && matches!(cluster.site.running(&topology.folder(server.id())), Ok(Some(_)))
    };
    let writers = topology.servers().iter().filter(is_writer);
    let mut writers: Vec<String> = writers.map(|server| server.name().to_string()).collect();
    let beside = cluster.beside.iter().filter(|one| {
        files_take_writes(cluster, &one.folder) && matches!(cluster.site.running(&one.folder), Ok(Some(_)))
    });
    writers.extend(beside.map(|one| one.name.clone()));
    writers
}

/// True if the server's files make it a primary.
fn takes_writes(cluster: &Cluster, server: &Server) -> bool {
    files_take_writes(cluster, &cluster.topology().folder(server.id()))
}

fn files_take_writes(cluster: &Cluster, folder: &str) -> bool {
    let data = cluster.site.own_data(folder);
    let standby_file = cluster.site.major.standby_file();
    data.is_some_and(|data| data.join("PG_VERSION").exists() && !data.join(standby_file).exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_is_in_the_report() {
        let one = |rule: &'static str, message: &str, fix: Option<&str>| Drift {
            rule,
            server: None,
            message: message.to_owned(),
            fix: fix.map(str::to_owned),
            repair: None,
            slot: None,
        };
        let slot = || one("slot-inactive", "A.", Some("Do a."));
        let single = report(&[slot()]);
        assert_eq!(single.headline, "The running cluster differs from the design: A.");
        assert_eq!(single.hints, ["Do a."]);
        let both = report(&[slot(), one("server-down", "B.", None)]);
        assert_eq!(
            both.headline,
            "The running cluster differs from the design: B. (and 1 more)"
        );
        assert_eq!(both.hints, ["A. Do a."]);
    }
}
