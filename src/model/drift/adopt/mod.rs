//! What runs becomes the drawing: the edits after which the design says what the servers say.
//!
//! `tree` draws who is the primary and who follows whom, `values` what each server has otherwise. What no drawing can say is
//! not hidden: it stays a difference, and is told.

mod tree;
mod values;

use super::view::View;
use super::{Drift, Repair, drift};
use crate::model::configuration;
use crate::model::health::{Observed, Role};
use crate::model::topology::{Edit, Severity, Topology, check};

/// Without these, nobody knows what runs, or there is not one cluster to draw.
const NOT_DRAWABLE: [&str; 6] = [
    "two-primaries",
    "no-primary",
    "ring",
    super::SILENT,
    "stale-copy",
    "other-version",
];

/// The drawing of what runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Adoption {
    /// From the design that was drawn to the one that is now; none: nothing differs that could be drawn.
    pub edits: Vec<Edit>,
    /// What they change, a sentence each.
    pub changes: Vec<String>,
    /// Servers that do not run and leave the drawing, by name; their data stay.
    pub leaving: Vec<String>,
    pub adopted: Topology,
    /// Replication slots (server, slot) that the old drawing put there, and nobody uses now.
    pub left_slots: Vec<(String, String)>,
    /// What the servers' files say, brought in line with the new drawing; no server does anything else for it.
    pub tidies: Vec<Drift>,
    /// What differs still.
    pub stays: Vec<Drift>,
}

/// Draws what runs in place of what is drawn.
///
/// # Errors
///
/// With the differences that a person has to settle first: a server that does not answer, two that take writes, none that
/// does, a ring, a copy of another cluster.
pub fn adopt(topology: &Topology, observed: &Observed) -> Result<Adoption, Vec<Drift>> {
    let mut reasons = drift(topology, observed);
    reasons.retain(|one| NOT_DRAWABLE.contains(&one.rule));
    if !reasons.is_empty() {
        return Err(reasons);
    }
    let mut draft = Draft {
        drawn: topology,
        observed,
        now: topology.clone(),
        edits: Vec::new(),
        changes: Vec::new(),
        leaving: Vec::new(),
    };
    tree::draw(&mut draft);
    values::draw(&mut draft);
    Ok(draft.finish())
}

/// The drawing on its way.
struct Draft<'a> {
    drawn: &'a Topology,
    observed: &'a Observed,
    now: Topology,
    edits: Vec<Edit>,
    changes: Vec<String>,
    leaving: Vec<String>,
}

impl Draft<'_> {
    /// Draws one thing; false: a design cannot say it.
    fn edit(&mut self, edit: Edit, change: impl Into<Option<String>>) -> bool {
        if self.now.apply(&edit).is_err() {
            return false;
        }
        self.edits.push(edit);
        self.changes.extend(change.into());
        true
    }

    /// Draws something if that makes this difference go, and the design no worse.
    fn settle(&mut self, edits: Vec<Edit>, differs: &Drift, change: String) -> bool {
        let mut tried = self.now.clone();
        if edits.iter().any(|edit| tried.apply(edit).is_err()) {
            return false;
        }
        let errors = |topology: &Topology| -> usize {
            let findings = check(topology).into_iter();
            findings.filter(|one| one.severity == Severity::Error).count()
        };
        // In other words, since what is drawn has changed.
        let is_same = |one: &Drift| {
            one.rule == differs.rule && one.server == differs.server && one.repair == differs.repair
        };
        // What runs a command or loads code needs somebody's trust first.
        let is_worse = errors(&tried) > errors(&self.now) || tried.hazards().len() > self.now.hazards().len();
        if is_worse || drift(&tried, self.observed).iter().any(is_same) {
            return false;
        }
        self.now = tried;
        self.edits.extend(edits);
        self.changes.push(change);
        true
    }

    fn finish(self) -> Adoption {
        let mut found = drift(&self.now, self.observed);
        let left_slots = self.left_slots(&mut found);
        let (mut tidies, stays): (Vec<Drift>, Vec<Drift>) = found
            .into_iter()
            .partition(|one| self.is_tidied(one) && one.repair.is_some());
        tidies.extend(self.other_files());
        let mut changes = self.changes.clone();
        let dropped = left_slots.iter();
        changes.extend(dropped.map(|(server, slot)| {
            format!("The slot {slot} on {server}, which nobody uses any more, will be dropped")
        }));
        Adoption {
            edits: self.edits,
            changes,
            leaving: self.leaving,
            adopted: self.now,
            left_slots,
            tidies,
            stays,
        }
    }

    /// Slots of the old drawing that nobody uses where they are; their difference goes with them.
    fn left_slots(&self, found: &mut Vec<Drift>) -> Vec<(String, String)> {
        let names = self.drawn.slot_names();
        let mut left = Vec::new();
        for standby in self
            .drawn
            .servers()
            .iter()
            .filter(|one| self.drawn.uses_slot(one.id()))
        {
            let (Some(slot), Some(server)) = (
                names.get(&standby.id()),
                standby.upstream().and_then(|id| self.drawn.server(id)),
            ) else {
                continue;
            };
            let slots = self.observed.up(server).and_then(|up| up.slots.as_ref());
            let is_unused = slots
                .into_iter()
                .flatten()
                .any(|one| one.name == *slot && !one.is_active);
            let name = server.name().as_str();
            let is_extra = |one: &Drift| {
                one.rule == "slot-extra"
                    && one.server.as_deref() == Some(name)
                    && one.slot.as_deref() == Some(slot.as_str())
            };
            if is_unused && found.iter().any(is_extra) {
                found.retain(|one| !is_extra(one));
                left.push((name.to_owned(), slot.clone()));
            }
        }
        left
    }

    /// True for what is in line again without anybody noticing: a value that is the design's already, and a link to the
    /// server that is drawn now.
    fn is_tidied(&self, one: &Drift) -> bool {
        let is_link = matches!(
            &one.repair,
            Some(Repair::Setting { name, .. }) if super::settings::LINK.contains(&name.as_str())
        );
        let server = one.server.as_deref().and_then(|name| self.now.by_name(name));
        let is_standby = server
            .and_then(|server| self.observed.up(server))
            .is_some_and(|up| up.role == Role::Standby);
        let streams_as_drawn = || {
            let view = View::of(&self.now, self.observed);
            server.is_some_and(|server| {
                tree::upstream(&view, server).map(crate::model::topology::Server::id) == server.upstream()
            })
        };
        one.rule == super::OVERRULED || is_link && is_standby && streams_as_drawn()
    }

    /// The servers whose files are to say something else from now on.
    fn other_files(&self) -> Vec<Drift> {
        let before = configuration::effective(self.drawn);
        let after = configuration::effective(&self.now);
        let servers = self.now.servers().iter();
        let others = servers.filter(|server| before.get(&server.id()) != after.get(&server.id()));
        others
            .map(|server| super::stale(server.name().as_str()))
            .collect()
    }
}
