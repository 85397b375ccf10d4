//! The user's design: a topology, where its servers stand on the canvas, and the file it came from.
//!
//! Start with [`Document`]; `format` reads and writes the design file, `history` is undo and redo,
//! `arrange` is the tidy tree, `sites` where the sites lie, `templates` the built-in designs, `scenarios` the stories in
//! time that are kept with it.

pub mod arrange;
pub mod format;
mod history;
mod scenarios;
pub mod sites;
pub mod templates;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use format::{KINDS, Kind, Problem, Source};
pub use history::History;
pub use scenarios::KeptScenario;

use super::topology::{Applied, Edit, PgMajor, Refusal, ServerId, Topology};
use crate::model::words::counted;

/// A point on the canvas, in canvas units (a card is [`arrange::CARD`] large).
pub type PointOnCanvas = [f32; 2];

/// A design as the user sees it. Cloned whole for every undo step: small, and shared where it can be.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    topology: Topology,
    layout: BTreeMap<ServerId, PointOnCanvas>,
    /// Told in What-if, never part of the configuration.
    scenarios: Arc<Vec<KeptScenario>>,
    source: Arc<Source>,
}

/// One finished gesture of the user.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Edit(Edit),
    /// A fix: several edits as one step, under its own words.
    Edits {
        label: String,
        edits: Vec<Edit>,
    },
    /// Cards put somewhere else by hand.
    Move(Vec<(ServerId, PointOnCanvas)>),
    /// Every card goes to its place in the tidy tree.
    Tidy,
    /// Everything below this server goes to its place in a tidy tree under it; all other cards stay.
    TidyBelow(ServerId),
    /// Keeps a scenario with the design, in place of the one of that name.
    KeepScenario(KeptScenario),
    /// Removes the scenario of that name.
    DropScenario(String),
}

impl Document {
    /// A design that no file has yet; its cards stand in the tidy tree.
    pub fn new(topology: Topology) -> Self {
        Self {
            topology,
            layout: BTreeMap::new(),
            scenarios: Arc::default(),
            source: Arc::new(Source::default()),
        }
    }

    /// The same design for another version. Every version can be chosen for every design; what it lacks is a finding.
    #[must_use]
    pub fn in_version(&self, major: PgMajor) -> Self {
        let mut document = self.clone();
        let applied = document.apply(&Command::Edit(Edit::SetPostgres(major)));
        debug_assert!(applied.is_ok(), "{applied:?}");
        document
    }

    /// The same design for others: without what is for this machine's laboratory.
    #[must_use]
    pub fn without_lab(&self) -> Self {
        let mut document = self.clone();
        if self.topology.terms().has_lab_links {
            let terms = self.topology.without_lab().terms().clone();
            let applied = document.apply(&Command::Edit(Edit::SetClusterTerms(terms)));
            debug_assert!(applied.is_ok(), "{applied:?}");
        }
        document
    }

    pub(super) fn from_parts(
        topology: Topology,
        layout: BTreeMap<ServerId, PointOnCanvas>,
        scenarios: Vec<KeptScenario>,
        source: Source,
    ) -> Self {
        Self {
            topology,
            layout,
            scenarios: Arc::new(scenarios),
            source: Arc::new(source),
        }
    }

    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// Positions given by hand or by the file; a server without one stands in the tidy tree.
    pub fn layout(&self) -> &BTreeMap<ServerId, PointOnCanvas> {
        &self.layout
    }

    /// The scenarios that are kept with it, in the order of the file.
    pub fn scenarios(&self) -> &[KeptScenario] {
        &self.scenarios
    }

    pub fn scenario(&self, name: &str) -> Option<&KeptScenario> {
        self.scenarios.iter().find(|kept| kept.name == name)
    }

    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Where every server stands: by hand where it was put, else in the tidy tree.
    pub fn positions(&self) -> BTreeMap<ServerId, PointOnCanvas> {
        self.positions_of(|_| true)
    }

    /// The same for those that are shown; the tidy tree keeps no room for the others.
    pub fn positions_of(&self, is_shown: impl Fn(ServerId) -> bool) -> BTreeMap<ServerId, PointOnCanvas> {
        let mut positions = arrange::tidy_shown(&self.topology, &is_shown);
        let by_hand = self.layout.iter();
        positions.extend(by_hand.filter(|(id, _)| self.topology.server(**id).is_some() && is_shown(**id)));
        positions
    }

    /// The design file's text: the text it was read from, with only what differs changed.
    pub fn text(&self) -> String {
        format::write(self)
    }

    /// After the text was saved, it is what later saves change as little as possible of.
    pub fn saved_as(&mut self, text: &str) {
        self.source = Arc::new(Source::of_saved(text, &self.topology));
    }

    /// The design that a text typed in place of this one's is: servers keep their ids where they keep their names or places.
    ///
    /// # Errors
    ///
    /// With everything that is wrong with the text, each with its line.
    pub fn retyped(&self, text: &str) -> Result<Self, Vec<Problem>> {
        let read = format::read(text)?;
        let (topology, became) = read.topology.identified_as_in(&self.topology);
        let layout = read.layout.iter();
        let layout = layout
            .filter_map(|(id, at)| Some((*became.get(id)?, *at)))
            .collect();
        let source = Source::of_saved(text, &topology);
        Ok(Self {
            topology,
            layout,
            scenarios: read.scenarios,
            source: Arc::new(source),
        })
    }

    /// The same with the ids that another design has for the servers of the same names or places.
    #[must_use]
    pub fn identified_as_in(&self, other: &Self) -> Self {
        let (topology, became) = self.topology.identified_as_in(&other.topology);
        let layout = self.layout.iter();
        Self {
            layout: layout
                .filter_map(|(id, at)| Some((*became.get(id)?, *at)))
                .collect(),
            topology,
            ..self.clone()
        }
    }

    /// The same file with another cluster in it: comments, order and places stay for the servers that stay.
    #[must_use]
    pub fn redrawn(&self, topology: &Topology) -> Self {
        let (topology, _) = topology.identified_as_in(&self.topology);
        let mut redrawn = self.clone();
        redrawn.layout.retain(|id, _| topology.server(*id).is_some());
        redrawn.topology = topology;
        redrawn
    }

    /// Does the command whole, or refuses it and leaves everything as it was.
    ///
    /// # Errors
    ///
    /// If the topology refuses an edit, or a server to be moved does not exist.
    pub fn apply(&mut self, command: &Command) -> Result<Applied, Refusal> {
        match command {
            Command::Edit(edit) => self.edit(std::slice::from_ref(edit)),
            Command::Edits { edits, .. } => self.edit(edits),
            Command::Move(moves) => {
                for (id, to) in moves {
                    if self.topology.server(*id).is_none() {
                        return Err(Refusal::NoSuchServer);
                    }
                    self.layout.insert(*id, *to);
                }
                Ok(Applied::default())
            }
            Command::Tidy => {
                self.layout.clear();
                Ok(Applied::default())
            }
            Command::TidyBelow(head) => self.tidy_below(*head),
            Command::KeepScenario(kept) => {
                scenarios::keep(Arc::make_mut(&mut self.scenarios), kept);
                Ok(Applied::default())
            }
            Command::DropScenario(name) => {
                Arc::make_mut(&mut self.scenarios).retain(|kept| kept.name != *name);
                Ok(Applied::default())
            }
        }
    }

    fn edit(&mut self, edits: &[Edit]) -> Result<Applied, Refusal> {
        let mut topology = self.topology.clone();
        let mut scenarios = Arc::clone(&self.scenarios);
        let mut applied = Applied::default();
        for edit in edits {
            let old_name = match edit {
                Edit::Rename { server, .. } if !scenarios.is_empty() => {
                    topology.server(*server).map(|server| server.name().to_string())
                }
                _ => None,
            };
            let one = topology.apply(edit)?;
            if let (Some(old), Edit::Rename { name, .. }) = (old_name, edit) {
                let scenarios = Arc::<Vec<_>>::make_mut(&mut scenarios);
                scenarios::rename(scenarios, &old, name.as_str());
            }
            applied.created = one.created.or(applied.created);
            applied.consequences.extend(one.consequences);
        }
        for edit in edits {
            match edit {
                Edit::Attach { server, .. } => self.forget_places(&topology, &[*server]),
                Edit::AttachAll { servers, .. } => self.forget_places(&topology, servers),
                Edit::TakePlace { server, place } => {
                    let [at, there] = [server, place].map(|id| self.layout.remove(id));
                    self.layout.extend(there.map(|at| (*server, at)));
                    self.layout.extend(at.map(|at| (*place, at)));
                }
                _ => {}
            }
        }
        self.layout.retain(|id, _| topology.server(*id).is_some());
        self.topology = topology;
        self.scenarios = scenarios;
        Ok(applied)
    }

    /// A server put under another one goes to its place there; its old place would draw the link across.
    fn forget_places(&mut self, topology: &Topology, moved: &[ServerId]) {
        for head in topology.heads(moved) {
            for id in topology.subtree(head) {
                self.layout.remove(&id);
            }
        }
    }

    /// The head of the subtree stays where it is, and the tidy tree below it with it.
    fn tidy_below(&mut self, head: ServerId) -> Result<Applied, Refusal> {
        if self.topology.server(head).is_none() {
            return Err(Refusal::NoSuchServer);
        }
        let tidy = arrange::tidy(&self.topology);
        let moved_by_hand = self.layout.get(&head).zip(tidy.get(&head));
        let shift = moved_by_hand.map(|([x, y], [tidy_x, tidy_y])| [x - tidy_x, y - tidy_y]);
        for id in self.topology.subtree(head).into_iter().skip(1) {
            match (shift, tidy.get(&id)) {
                (Some([dx, dy]), Some([x, y])) => drop(self.layout.insert(id, [x + dx, y + dy])),
                _ => drop(self.layout.remove(&id)),
            }
        }
        Ok(Applied::default())
    }
}

impl Command {
    /// What Undo and Redo call it: "Attach slave12 to slave2".
    pub fn label(&self, topology: &Topology) -> String {
        let name = |id: &ServerId| {
            topology
                .server(*id)
                .map_or("a server", |server| server.name().as_str())
        };
        match self {
            Self::Edits { label, .. } => label.clone(),
            Self::Tidy => "Tidy layout".to_owned(),
            Self::TidyBelow(head) => format!("Tidy below {}", name(head)),
            Self::KeepScenario(kept) => format!("Save the scenario \"{}\"", kept.name),
            Self::DropScenario(name) => format!("Remove the scenario \"{name}\""),
            Self::Move(moves) => match moves.as_slice() {
                [(id, _)] => format!("Move {}", name(id)),
                _ => format!("Move {}", counted(moves.len(), "server")),
            },
            Self::Edit(edit) => match edit {
                Edit::SetClusterName(_) => "Rename the design".to_owned(),
                Edit::SetPostgres(major) => format!("Change to PostgreSQL {major}"),
                Edit::SetSync(_) => "Change synchronous replication".to_owned(),
                Edit::SetArchive(_) => "Change the archive".to_owned(),
                Edit::SetAuth(_) => "Change authentication".to_owned(),
                Edit::SetTls(true) => "Encrypt the links".to_owned(),
                Edit::SetTls(false) => "Stop encrypting the links".to_owned(),
                Edit::SetSetting { name, .. } => format!("Set {name}"),
                Edit::AddStandby { upstream, .. } => format!("Add a standby under {}", name(upstream)),
                Edit::Remove { server, .. } => format!("Remove {}", name(server)),
                Edit::Rename { server, .. } => format!("Rename {}", name(server)),
                Edit::SetHost { server, .. } => format!("Change the host of {}", name(server)),
                Edit::SetPort { server, .. } => format!("Change the port of {}", name(server)),
                Edit::SetSite { servers, .. } => match servers.as_slice() {
                    [server] => format!("Change the site of {}", name(server)),
                    _ => format!("Change the site of {}", counted(servers.len(), "server")),
                },
                Edit::Attach { server, upstream } => {
                    format!("Move {} under {}", name(server), name(upstream))
                }
                Edit::AttachAll { servers, upstream } => {
                    format!(
                        "Move {} under {}",
                        counted(servers.len(), "server"),
                        name(upstream)
                    )
                }
                Edit::TakePlace { server, place } => {
                    format!("Swap {} with {}", name(server), name(place))
                }
                Edit::Graft { servers, .. } => format!("Paste {}", counted(servers.len(), "server")),
                Edit::Promote { server } => format!("Make {} the primary", name(server)),
                Edit::SetSyncPriority { server, .. } => format!("Change the priority of {}", name(server)),
                Edit::OrderSync(_) => "Reorder the synchronous standbys".to_owned(),
                Edit::SetSlot { server, .. } => format!("Change the slot of {}", name(server)),
                Edit::SetApplyDelay { server, .. } => format!("Change the delay of {}", name(server)),
                Edit::SetClusterTerms(_) => "Change the terms of the cluster".to_owned(),
                Edit::SetServerTerms { server, .. } => format!("Change the terms of {}", name(server)),
                Edit::SetLinkTerms { server, .. } => format!("Change the link of {}", name(server)),
            },
        }
    }
}

#[cfg(test)]
mod tests;
