//! How a server comes back, the cheapest way that is right: as it is, with pg_rewind, or copied again.

use std::path::Path;

use super::{Looked, Refused, Steered, steered};
use crate::engine::cluster::site::Site;
use crate::engine::deploy::look;
use crate::engine::postgres::control;
use crate::engine::postgres::wal::{self, History};
use crate::engine::system::files;
use crate::model::health::{Lsn, Role, WalStatus};
use crate::model::plan::{Rejoining, plan_rejoin};
use crate::model::topology::{PgMajor, Server};
use crate::report::Report;

/// Plans that a standby of the design comes back.
pub(super) async fn rejoin(looked: Looked, name: &str, number: u64) -> Result<Steered, Refused> {
    let server = looked.server(name)?;
    if let Some(up) = looked.seen.observed.up(server) {
        let upstream = looked
            .seen
            .observed
            .upstream(looked.cluster.design.topology(), up);
        if up.role == Role::Standby && upstream.map(Server::id) == server.upstream() {
            return Err(
                Report::new(format!("{name} streams as designed: there is nothing to rejoin.")).into(),
            );
        }
    }
    let primary = looked.cluster.design.topology().primary();
    if looked
        .seen
        .observed
        .up(primary)
        .is_none_or(|up| up.role != Role::Primary)
    {
        return Err(Report::new(format!(
            "{}, the design's primary, does not accept writes now, so there is nothing to follow.",
            primary.name()
        ))
        .hint(format!(
            "See who does: pgcascade status {}",
            looked.folder().display()
        ))
        .into());
    }
    let way = way(&looked, server);
    let found = look(looked.folder(), &looked.cluster.design).await?;
    let design = looked.cluster.design.clone();
    let topology = design.topology();
    let Some(server) = topology.by_name(name) else {
        return Err(Report::new(format!("The cluster has no server called {name}.")).into());
    };
    let slots = slots_on_disk(&looked.cluster.site, &topology.folder(server.id()), way.by);
    let plan = plan_rejoin(topology, &found.machine, &found.standing, server, way.by, &slots)?;
    let mut steered = steered(plan, found, design.clone(), Vec::new(), number);
    steered.told.notes.push(way.because);
    if way.by != Rejoining::Start
        && looked
            .seen
            .observed
            .up(server)
            .is_some_and(|up| up.role == Role::Primary)
    {
        steered.told.consent = Some(format!(
            "{name} accepts writes: what was written there since it left is lost"
        ));
    }
    Ok(steered)
}

/// The slots that it will have when it starts again: neither a copy nor the server that it follows gives it others.
pub(super) fn slots_on_disk(site: &Site, folder: &str, by: Rejoining) -> Vec<String> {
    let data = site.own_data(folder).filter(|_| by != Rejoining::Copy);
    data.map_or_else(Vec::new, |data| files::names_in(&data.join("pg_replslot")))
}

/// How, and why so.
pub(super) struct Way {
    pub(super) by: Rejoining,
    because: String,
}

/// Decides by the files: where the server's WAL ends, and what its upstream makes of that place.
pub(super) fn way_of(site: &Site, stored_torn: bool, folder: &str, primary: &str, name: &str) -> Way {
    let way = |by, because: String| Way { by, because };
    let copy = |because: String| way(Rejoining::Copy, because);
    let Some(data) = site.own_data(folder) else {
        return copy(format!("{name} has no data directory"));
    };
    let Ok(own) = control::read(&data) else {
        return copy(format!("The data directory of {name} is not complete"));
    };
    if stored_torn {
        return copy(format!(
            "An interrupted pg_rewind left the data of {name} half changed"
        ));
    }
    let Some(upstream) = site.own_data(primary) else {
        return copy("The primary's data directory cannot be read".to_owned());
    };
    let wal_folder = site.major.wal_folder();
    let (wal, its) = (data.join(wal_folder), upstream.join(wal_folder));
    let end = site
        .major
        .has_readable_wal()
        .then(|| wal::end(&wal, &own))
        .flatten();
    let Some(end) = end else {
        return copy(format!("Nobody knows where the WAL of {name} ends"));
    };
    let Some(timeline) = wal::newest_timeline(&its) else {
        return copy("The primary's WAL cannot be read".to_owned());
    };
    let Ok(history) = wal::history(&its, timeline) else {
        return copy("The primary's history cannot be read".to_owned());
    };
    let newest = wal::newest_timeline(&wal).unwrap_or(own.timeline);
    if let Some(because) = diverged(
        name,
        own.timeline,
        newest.max(own.timeline),
        end,
        timeline,
        &history,
    ) {
        return match rewind(site, &data, own.is_shut_down, site.major) {
            Ok(()) => way(Rejoining::Rewind, because),
            Err(why) => copy(format!("{because}, and {why}")),
        };
    }
    if !wal::has_segment(&its, end, timeline) {
        return copy(format!(
            "The primary does not keep the WAL from {end} on any more, which {name} needs"
        ));
    }
    way(
        Rejoining::Start,
        format!("The WAL of {name} ends at {end}, where the primary's goes on: it can follow as it is"),
    )
}

fn way(looked: &Looked, server: &Server) -> Way {
    let topology = looked.cluster.design.topology();
    let name = server.name().as_str();
    let folder = topology.folder(server.id());
    if let Some(lost) = lost_slot(looked, server) {
        return Way {
            by: Rejoining::Copy,
            because: lost,
        };
    }
    let torn = looked.stored.torn.contains(&folder);
    let primary = topology.folder(topology.primary().id());
    way_of(&looked.cluster.site, torn, &folder, &primary, name)
}

/// The slot that kept the standby's WAL has lost it.
fn lost_slot(looked: &Looked, server: &Server) -> Option<String> {
    let topology = looked.cluster.design.topology();
    let upstream = topology.server(server.upstream()?)?;
    let slot = topology.slot_name(server.id());
    let slots = looked.seen.observed.up(upstream)?.slots.as_ref()?;
    let its = slots.iter().find(|one| one.name == slot)?;
    (its.wal_status == Some(WalStatus::Lost)).then(|| {
        format!(
            "The slot {slot} on {} has lost WAL that {} needs",
            upstream.name(),
            server.name()
        )
    })
}

/// Why a server cannot follow the primary's history; `None`: it can.
fn diverged(name: &str, own: u32, newest: u32, end: Lsn, timeline: u32, history: &History) -> Option<String> {
    let is_known = |one: u32| one == timeline || history.contains_key(&one);
    if !is_known(own) || !is_known(newest) {
        let strange = if is_known(own) { newest } else { own };
        return Some(format!(
            "{name} has WAL of timeline {strange}, which is not in the primary's history"
        ));
    }
    let fork = history.get(&newest)?;
    (end > *fork)
        .then(|| format!("{name} has WAL up to {end}, and the primary's timeline {timeline} began at {fork}"))
}

/// Whether pg_rewind can be used, or why not.
fn rewind(site: &Site, data: &Path, is_shut_down: bool, major: PgMajor) -> Result<(), String> {
    if !site.bin.join("pg_rewind").exists() {
        return Err("there is no pg_rewind beside the server's programs".to_owned());
    }
    if !is_shut_down && !major.recovers_at_rewind() {
        return Err(format!(
            "pg_rewind of PostgreSQL {major} needs a server that was shut down cleanly"
        ));
    }
    let said = site
        .program("pg_controldata", &site.folder)
        .arg(data)
        .as_std_mut()
        .output()
        .ok()
        .filter(|said| said.status.success())
        .map(|said| String::from_utf8_lossy(&said.stdout).into_owned())
        .unwrap_or_default();
    let value = |name: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim_start_matches(':').trim().to_owned())
    };
    let has_hints = value("wal_log_hints setting").is_some_and(|value| value == "on");
    let has_sums = value("Data page checksum version").is_some_and(|value| value != "0");
    if has_hints || has_sums {
        Ok(())
    } else {
        Err("pg_rewind needs data checksums or wal_log_hints = on before the failure".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_wal_beyond_the_fork_stands_in_the_way() {
        let history: History = [(1, Lsn::new(100)), (2, Lsn::new(200))].into();
        let said = |own, newest, end| diverged("a", own, newest, Lsn::new(end), 3, &history);
        assert_eq!(said(1, 1, 100), None);
        assert!(said(1, 1, 101).is_some());
        assert_eq!(said(2, 2, 150), None);
        assert_eq!(said(3, 3, 900), None, "the same timeline");
        assert!(said(1, 2, 201).is_some(), "promoted, and no checkpoint since");
        assert!(
            said(4, 4, 1).is_some() && said(1, 5, 50).is_some(),
            "of another branch"
        );
    }
}
