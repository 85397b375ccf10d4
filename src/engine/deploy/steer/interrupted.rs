//! A switchover, a failover or a rejoin that was ended in the middle: finished if the heir was promoted, else undone; nothing
//! else is safe. Who was promoted is said by the files: a promotion takes away what makes a server a standby.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::rejoin::{slots_on_disk, way_of};
use crate::engine::cluster;
use crate::engine::cluster::record::Stored;
use crate::engine::cluster::site::Site;
use crate::engine::deploy::apply::Change;
use crate::engine::deploy::interrupted::read_wanted;
use crate::engine::deploy::look;
use crate::engine::system::wait::{Failure, Wait};
use crate::model::document::{Document, format};
use crate::model::plan::{
    ApplyPlan, Check, Rejoining, Stage, Steering, plan_apply, plan_handover, plan_rejoin,
};
use crate::report::Report;

/// A promotion that was asked for is over within this time, unless much WAL is left to apply; then a step of the plan sees to
/// it that none is under way.
const PROMOTION: Duration = Duration::from_secs(2);

/// The plan of the rest. `None`: what was interrupted is an ordinary change.
pub(in crate::engine::deploy) async fn interrupted(
    stored: &Stored,
    number: u64,
) -> Result<Option<Change>, Report> {
    let Some(steering) = &stored.steering else {
        return Ok(None);
    };
    let recorded = cluster::design_of(stored)?;
    let begun = read_wanted(stored)?.unwrap_or_else(|| recorded.clone());
    let change = match steering {
        Steering::Rejoin { server, by } => rejoin(stored, begun, server, *by, number).await?,
        Steering::Switchover { heir, .. } | Steering::Failover { heir, .. } => {
            let from = match &stored.from {
                Some(text) => read(text)?,
                None => recorded,
            };
            handover(stored, [from, begun], heir, steering, number).await?
        }
    };
    Ok(Some(change))
}

async fn handover(
    stored: &Stored,
    designs: [Document; 2],
    heir: &str,
    steering: &Steering,
    number: u64,
) -> Result<Change, Report> {
    let has_heir = |design: &Document| design.topology().primary().name().as_str() == heir;
    let [from, begun] = designs;
    let (before, after) = if has_heir(&begun) {
        (from, begun)
    } else {
        (begun, from)
    };
    let stage = rest(steering, may_be_promoted(stored, &before, &after, heir).await?);
    let wanted = if stage == Stage::Back { before } else { after };
    let found = look(&stored.record.folder, &wanted).await?;
    let running = found.running.topology();
    let plan = if running.primary().name() == wanted.topology().primary().name() {
        // It was settled, and its record was not written any more: only what nobody uses is left.
        plan_apply(running, wanted.topology(), &found.machine, &found.standing)
    } else {
        plan_handover(
            running,
            wanted.topology(),
            &found.machine,
            &found.standing,
            steering,
            stage,
        )
    };
    Ok(Change {
        number,
        plan: unless_refused(stored, plan)?.plan,
        found,
        wanted,
    })
}

async fn rejoin(
    stored: &Stored,
    design: Document,
    name: &str,
    by: Rejoining,
    number: u64,
) -> Result<Change, Report> {
    let site = Site::of(&stored.record)?;
    let topology = design.topology();
    let server = topology
        .by_name(name)
        .ok_or_else(|| Report::new(format!("The cluster has no server called {name}.")))?;
    let folder = topology.folder(server.id());
    let primary = topology.folder(topology.primary().id());
    // What was begun by copying is copied: its data are incomplete, or those of before.
    let again = way_of(&site, stored.torn.contains(&folder), &folder, &primary, name).by;
    let found = look(&stored.record.folder, &design).await?;
    let by = if by == Rejoining::Start {
        again
    } else {
        by.max(again)
    };
    let slots = slots_on_disk(&site, &folder, by);
    let plan = plan_rejoin(topology, &found.machine, &found.standing, server, by, &slots);
    Ok(Change {
        number,
        plan: unless_refused(stored, plan)?.plan,
        found,
        wanted: design.clone(),
    })
}

/// What is left to do: a switchover without a promotion is undone, a failover begins again, since nobody else is there.
pub(in crate::engine::deploy) fn rest(steering: &Steering, is_promoted: bool) -> Stage {
    match (is_promoted, steering) {
        (true, _) => Stage::Promoted,
        (false, Steering::Failover { .. }) => Stage::Begin,
        (false, _) => Stage::Back,
    }
}

/// The same, once it is certain: with the old primary down, the heir may have been told to promote itself just before
/// pgcascade was ended, which its files say only when it is done.
async fn may_be_promoted(
    stored: &Stored,
    before: &Document,
    after: &Document,
    heir: &str,
) -> Result<bool, Report> {
    let site = Site::of(&stored.record)?;
    let runs = |folder: &str| matches!(site.running(folder), Ok(Some(_)));
    let wait = Wait::new(PROMOTION, CancellationToken::new());
    let old = before.topology().folder(before.topology().primary().id());
    let heirs = after.topology().folder(after.topology().primary().id());
    loop {
        let is_promoted = is_promoted(stored, after, heir)?;
        if is_promoted || runs(&old) || !runs(&heirs) {
            return Ok(is_promoted);
        }
        if !wait.next().await.map_err(Failure::into_report)? {
            return Ok(false);
        }
    }
}

/// True if the heir's files do not make it a standby any more.
fn is_promoted(stored: &Stored, design: &Document, heir: &str) -> Result<bool, Report> {
    let site = Site::of(&stored.record)?;
    let topology = design.topology();
    let data = topology
        .by_name(heir)
        .and_then(|server| site.own_data(&topology.folder(server.id())))
        .ok_or_else(|| Report::new(format!("The data directory of {heir} is gone.")))?;
    Ok(!data.join(site.major.standby_file()).exists())
}

fn read(text: &str) -> Result<Document, Report> {
    format::read(text).map_err(|problems| {
        Report::of_problems(
            "The design of the interrupted change can no longer be read.",
            &problems,
        )
    })
}

fn unless_refused(stored: &Stored, plan: Result<ApplyPlan, Vec<Check>>) -> Result<ApplyPlan, Report> {
    plan.map_err(|checks| {
        let mut report = Report::new(format!(
            "What was interrupted in {} cannot be resumed.",
            stored.record.folder.display()
        ));
        for check in checks {
            report.causes.push(check.message);
            report.hints.extend(check.fix);
        }
        report
    })
}
