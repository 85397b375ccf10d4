//! `demo`: the seed's cluster in a folder of its own: built, shown, and gone again.

use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use super::args::Demo;
use super::signals::Signals;
use super::table::replication;
use super::{Ending, deploy, print, tree};
use crate::engine::{cluster, deploy as engine};
use crate::model::document::{Command, Document, format, templates};
use crate::model::plan::{FolderState, Machine};
use crate::model::topology::{Edit, Server, Topology};
use crate::report::Report;

/// Rounds of moving ports out of the way of other programs.
const PORT_ROUNDS: usize = 32;

/// Names that are tried for a folder of its own.
const FOLDERS: u32 = 100;

pub(super) async fn demo(demo: &Demo) -> Result<Ending, Report> {
    let signals = Signals::catch()?;
    // Hears every signal too: while the cluster is built it means cancel, from then on teardown.
    let mut end = Signals::catch()?;
    let mut document = seed()?;
    let (folder, machine) = folder_of_its_own(demo, document.topology()).await?;
    take_installed_version(&mut document, &machine)?;
    let request = demo.programs.request(&folder)?;
    take_free_ports(&mut document, &request, machine).await?;
    print::line(tree::heading(document.topology()));
    print::line("");
    print::line(tree::tree(document.topology()));
    print::line("");
    let built = deploy::run(&document, &request, demo.programs.cache(), false, signals).await;
    if built != Ending::Fine {
        return Ok(built);
    }
    let shown = show(&document, &folder).await;
    if shown.is_ok() && !demo.once {
        print::line(format_args!(
            "The cluster in {} keeps running until you press Ctrl-C",
            folder.display()
        ));
        end.next().await;
        print::line("");
    }
    let removed = tear_down(&folder).await;
    shown.and(removed).map(|()| Ending::Fine)
}

fn seed() -> Result<Document, Report> {
    let missing = || Report::new("The built-in design \"seed\" cannot be read");
    let template = templates::find("seed").ok_or_else(missing)?;
    format::read(template.text).map_err(|_| missing())
}

/// A folder that is not there yet, in the first temporary folder that servers can reach; and what the machine is like.
async fn folder_of_its_own(demo: &Demo, topology: &Topology) -> Result<(PathBuf, Machine), Report> {
    let mut why_not = Vec::new();
    let bases = [
        std::env::temp_dir(),
        PathBuf::from("/tmp"),
        PathBuf::from("/var/tmp"),
    ];
    for base in bases {
        let Some(folder) = unused_name(&base) else {
            continue;
        };
        let machine = engine::discover(topology, &demo.programs.request(&folder)?).await;
        match &machine.folder_state {
            FolderState::Unusable(reason) => why_not.push(reason.clone()),
            _ => return Ok((folder, machine)),
        }
    }
    let mut report = Report::new("The demo needs a temporary folder, and none is usable")
        .hint("Choose another one with: TMPDIR=DIR pgcascade demo");
    why_not.dedup();
    report.causes = why_not;
    Err(report)
}

fn unused_name(base: &Path) -> Option<PathBuf> {
    let process = std::process::id();
    (0..FOLDERS)
        .map(|number| base.join(format!("pgcascade-demo-{process}-{number}")))
        .find(|folder| folder.symlink_metadata().is_err())
}

/// The seed is a design for 15; where that is not installed, the newest version that is will do as well.
fn take_installed_version(document: &mut Document, machine: &Machine) -> Result<(), Report> {
    let wanted = document.topology().postgres();
    if machine.tools.iter().any(|tools| tools.major == wanted) {
        return Ok(());
    }
    let Some(newest) = machine.tools.iter().map(|tools| tools.major).max() else {
        // The preflight says it, with what to install.
        return Ok(());
    };
    print::note(format_args!(
        "PostgreSQL {wanted} is not installed here: the demo uses {newest}"
    ));
    edit(document, Edit::SetPostgres(newest))
}

/// Moves every server whose port is taken to the next free one.
async fn take_free_ports(
    document: &mut Document,
    request: &engine::Request,
    mut machine: Machine,
) -> Result<(), Report> {
    for _ in 0..PORT_ROUNDS {
        let is_free = |server: &Server| {
            let port = server.port().number();
            machine.ports_in_use.iter().all(|taken| taken.port != port)
        };
        if document.topology().servers().iter().all(is_free) {
            break;
        }
        for taken in &machine.ports_in_use {
            let topology = document.topology();
            let server = topology
                .servers()
                .iter()
                .find(|server| server.port().number() == taken.port);
            let next = taken
                .port
                .checked_add(1)
                .and_then(|from| topology.free_port_from(from));
            if let (Some(server), Some(port)) = (server, next) {
                let server = server.id();
                edit(document, Edit::SetPort { server, port })?;
            }
        }
        machine = engine::discover(document.topology(), request).await;
    }
    let seed = seed()?;
    for (before, after) in seed
        .topology()
        .servers()
        .iter()
        .zip(document.topology().servers())
    {
        if before.port() != after.port() {
            print::note(format_args!(
                "Port {} is in use: {} gets {}",
                before.port(),
                after.name(),
                after.port()
            ));
        }
    }
    Ok(())
}

fn edit(document: &mut Document, edit: Edit) -> Result<(), Report> {
    document
        .apply(&Command::Edit(edit))
        .map(|_| ())
        .map_err(|refusal| Report::of("The seed cannot be adapted to this machine", &refusal))
}

/// The article's three checks: who streams from the primary, who streams from the relay, a row on a leaf.
async fn show(document: &Document, folder: &Path) -> Result<(), Report> {
    let board = cluster::status(folder).await?;
    for reading in board
        .servers
        .iter()
        .filter(|reading| !reading.replication.is_empty())
    {
        let port = document
            .topology()
            .by_name(&reading.name)
            .map(|server| server.port().to_string())
            .unwrap_or_default();
        print::line(format_args!(
            "On {} (port {port}): select application_name, state, sync_priority, sync_state from pg_stat_replication",
            reading.name
        ));
        print::line(replication(&reading.replication));
        print::line("");
    }
    for sentence in cluster::verify(folder, CancellationToken::new()).await? {
        print::line(sentence);
    }
    Ok(())
}

async fn tear_down(folder: &Path) -> Result<(), Report> {
    for sentence in cluster::teardown(folder, CancellationToken::new()).await? {
        print::line(sentence);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::Tools;
    use crate::model::topology::PgMajor;

    fn version_with(installed: &[PgMajor]) -> PgMajor {
        let tools = installed.iter().map(|major| Tools {
            bin: format!("/usr/lib/postgresql/{major}/bin"),
            major: *major,
            version: format!("{major}.1"),
            has_tls: Some(true),
        });
        let mut machine = Machine::portable("/tmp/demo");
        machine.tools = tools.collect();
        let mut document = seed().unwrap();
        take_installed_version(&mut document, &machine).unwrap();
        document.topology().postgres()
    }

    #[test]
    fn the_demo_takes_the_newest_version_only_where_the_seeds_is_missing() {
        assert_eq!(version_with(&[PgMajor::V17, PgMajor::V15]), PgMajor::V15);
        assert_eq!(
            version_with(&[PgMajor::V13, PgMajor::V17, PgMajor::V16]),
            PgMajor::V17
        );
        assert_eq!(version_with(&[]), PgMajor::V15);
    }
}
