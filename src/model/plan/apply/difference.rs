//! What differs between the design that runs and the one that is wanted, server by server.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::configuration::{self, Effective};
use crate::model::drift::Repair;
use crate::model::plan::Means;
use crate::model::topology::catalogue::{Known, lookup};
use crate::model::topology::{PgMajor, Server, ServerId, Topology, not_below_primary};

/// What says which standbys a commit waits for, and how long: changed by steps of its own.
pub const SYNC: [&str; 2] = ["synchronous_standby_names", "synchronous_commit"];
/// Where a server is and whom it follows: changed in its turn, also where sizes are raised before that.
const PLACE: [&str; 3] = ["port", "listen_addresses", "cluster_name"];
/// A standby that reads other values of these leaves its upstream, if only to come back at once.
const LINK: [&str; 2] = ["primary_conninfo", "primary_slot_name"];

/// A server of both designs.
#[derive(Debug)]
pub struct Kept<'a> {
    pub was: &'a Server,
    pub is: &'a Server,
    pub folder_was: String,
    pub folder: String,
    /// Beside [`SYNC`], every setting that the server reads otherwise.
    pub settings: Vec<SettingChange>,
    /// Of those, what it gets by a restart of its own before all else, where limits are raised.
    pub early: Vec<(String, Option<String>)>,
    /// What somebody did to it since, and what undoes that.
    pub repairs: Vec<Repair>,
    /// How it comes to read its new files; `None`: they are the same.
    pub means: Option<Means>,
}

/// A setting that differs; `None`: it does not stand in the file.
#[derive(Debug, PartialEq, Eq)]
pub struct SettingChange {
    pub name: String,
    pub was: Option<String>,
    pub is: Option<String>,
    pub needs_restart: bool,
}

impl SettingChange {
    /// True for what is read at the start only, and says how much of something there is.
    pub fn is_size(&self) -> bool {
        let is_of_link = ["primary_", "restore_", "recovery_", "archive_", "standby_"]
            .iter()
            .any(|begin| self.name.starts_with(begin));
        self.needs_restart && !is_of_link && !PLACE.contains(&self.name.as_str())
    }
}

impl Kept<'_> {
    pub fn restarts(&self) -> bool {
        self.means == Some(Means::Restart) || !self.early.is_empty()
    }

    /// True if it leaves its upstream for a moment, or for good.
    pub fn leaves_upstream(&self) -> bool {
        self.restarts() || self.settings.iter().any(|one| LINK.contains(&one.name.as_str()))
    }

    /// True if its downstreams reach it in another place than before.
    pub fn is_elsewhere(&self) -> bool {
        self.was.port() != self.is.port() || self.was.host() != self.is.host()
    }
}

/// In which order servers get settings that a standby may not have lower than the primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limits {
    /// No standby comes below the primary whatever the order.
    Indifferent,
    /// The primary gets more: standbys first.
    Raised,
    /// The primary gets less: it first, and the standbys once they have applied that.
    Lowered,
    /// Some are raised and others are lowered.
    Both,
}

#[derive(Debug)]
pub struct Difference<'a> {
    pub running: &'a Topology,
    pub wanted: &'a Topology,
    /// In the order of the wanted tree.
    pub kept: Vec<Kept<'a>>,
    pub added: Vec<&'a Server>,
    pub removed: Vec<&'a Server>,
    /// The primary's [`SYNC`] settings before and after.
    pub sync_was: Vec<(&'static str, Option<String>)>,
    pub sync: Vec<(&'static str, Option<String>)>,
    pub limits: Limits,
    effective: (BTreeMap<ServerId, Effective>, BTreeMap<ServerId, Effective>),
}

impl<'a> Difference<'a> {
    pub fn of(running: &'a Topology, wanted: &'a Topology) -> Self {
        let effective = (
            configuration::effective(running),
            configuration::effective(wanted),
        );
        let (folders_were, folders) = (running.folders(), wanted.folders());
        let pairs = pairs(running, wanted);
        let mut kept = Vec::new();
        let mut added = Vec::new();
        for is in wanted
            .in_tree_order()
            .into_iter()
            .filter_map(|id| wanted.server(id))
        {
            let Some(was) = pairs.get(&is.id()).and_then(|id| running.server(*id)) else {
                added.push(is);
                continue;
            };
            let mut one = Kept {
                was,
                is,
                folder_was: folders_were.get(&was.id()).cloned().unwrap_or_default(),
                folder: folders.get(&is.id()).cloned().unwrap_or_default(),
                settings: Vec::new(),
                early: Vec::new(),
                repairs: Vec::new(),
                means: None,
            };
            if let (Some(before), Some(after)) = (effective.0.get(&was.id()), effective.1.get(&is.id())) {
                one.settings = changes(before, after, wanted.postgres());
                one.means = means(&one, before, after);
            }
            kept.push(one);
        }
        let stays: BTreeSet<ServerId> = pairs.values().copied().collect();
        let removed = running
            .servers()
            .iter()
            .filter(|server| !stays.contains(&server.id()));
        let sync_of = |effective: &BTreeMap<ServerId, Effective>, topology: &Topology| {
            let primary = effective.get(&topology.primary().id());
            SYNC.map(|name| (name, primary.and_then(|one| one.settings.get(name).cloned())))
                .to_vec()
        };
        let mut difference = Self {
            running,
            wanted,
            kept,
            added,
            removed: removed.collect(),
            sync_was: sync_of(&effective.0, running),
            sync: sync_of(&effective.1, wanted),
            limits: Limits::Indifferent,
            effective,
        };
        difference.limits = difference.limits();
        if difference.limits == Limits::Raised {
            difference.raise_early();
        }
        if difference.sync != difference.sync_was {
            // The primary's file is written with its new sync settings anyway, as the last thing.
            for one in difference.kept.iter_mut().filter(|one| one.is.is_primary()) {
                one.means = one.means.filter(|means| *means != Means::Write);
            }
        }
        difference
    }

    /// Takes out of each server's turn what it gets before.
    fn raise_early(&mut self) {
        for one in &mut self.kept {
            let (Some(before), Some(after)) = (
                self.effective.0.get(&one.was.id()),
                self.effective.1.get(&one.is.id()),
            ) else {
                continue;
            };
            let early = one.settings.iter().filter(|setting| setting.is_size());
            one.early = early
                .map(|setting| (setting.name.clone(), setting.is.clone()))
                .collect();
            one.means = means(one, before, after);
        }
    }

    /// True if no server reads anything new, comes or goes.
    pub fn is_none(&self) -> bool {
        self.added.is_empty()
            && self.removed.is_empty()
            && self.sync == self.sync_was
            && self.kept.iter().all(|one| one.means.is_none())
    }

    /// True if links are encrypted in one of the designs only.
    pub fn switches_tls(&self) -> bool {
        self.running.has_tls() != self.wanted.has_tls()
    }

    /// The pair of the primary, if it stays the primary.
    pub fn primary(&self) -> Option<&Kept<'a>> {
        self.kept
            .iter()
            .find(|one| one.is.is_primary() && one.was.is_primary())
    }

    pub fn kept_as(&self, id: ServerId) -> Option<&Kept<'a>> {
        self.kept.iter().find(|one| one.is.id() == id)
    }

    /// What became of a server of the design that runs.
    pub fn kept_from(&self, id: ServerId) -> Option<&Kept<'a>> {
        self.kept.iter().find(|one| one.was.id() == id)
    }

    /// True if the standby follows another server than before.
    pub fn has_moved(&self, one: &Kept<'_>) -> bool {
        let before = one.was.upstream().and_then(|id| self.kept_from(id));
        before.map(|upstream| upstream.is.id()) != one.is.upstream()
    }

    /// True if a commit that waits for standbys could come to wait for one that is away for a moment: fewer of the
    /// candidates than it waits for stay connected all the time.
    pub fn must_loosen(&self) -> bool {
        let waits = self.running.sync().filter(|policy| policy.commit.waits());
        let Some(policy) = waits.filter(|_| !self.running.synchronous_standby_names().is_empty()) else {
            return false;
        };
        let stays = |server: &&Server| {
            self.kept_from(server.id())
                .is_some_and(|one| !one.leaves_upstream())
        };
        let steady = self.running.sync_candidates().iter().filter(|s| stays(s)).count();
        let several = self.running.postgres().has_several_sync();
        let count = if several {
            usize::try_from(policy.count).unwrap_or(usize::MAX)
        } else {
            1
        };
        steady < count || self.primary().is_some_and(Kept::restarts)
    }

    /// Standbys that are given less of a setting than the WAL that they still apply may ask for.
    pub fn lowered_standbys(&self) -> Vec<&Kept<'a>> {
        let Some(primary) = self.primary() else {
            return Vec::new();
        };
        let is_lowered = |one: &&Kept<'_>| {
            limits_of(self.wanted.postgres()).any(|(name, default)| {
                value(&self.effective.1, one.is.id(), name, default)
                    < value(&self.effective.0, primary.was.id(), name, default)
            })
        };
        let standbys = self.kept.iter().filter(|one| !one.is.is_primary());
        standbys.filter(is_lowered).collect()
    }

    fn limits(&self) -> Limits {
        let Some(primary) = self.primary() else {
            return Limits::Indifferent;
        };
        let standbys = || self.kept.iter().filter(|one| !one.is.is_primary());
        let raised = limits_of(self.wanted.postgres()).any(|(name, default)| {
            let needed = value(&self.effective.1, primary.is.id(), name, default);
            standbys().any(|one| value(&self.effective.0, one.was.id(), name, default) < needed)
        });
        match (raised, !self.lowered_standbys().is_empty()) {
            (false, false) => Limits::Indifferent,
            (true, false) => Limits::Raised,
            (false, true) => Limits::Lowered,
            (true, true) => Limits::Both,
        }
    }
}

/// A server's setting as a number.
fn value(effective: &BTreeMap<ServerId, Effective>, id: ServerId, name: &str, default: i64) -> i64 {
    effective
        .get(&id)
        .and_then(|one| one.settings.get(name)?.trim().parse().ok())
        .unwrap_or(default)
}

/// What a standby may not have lower than the primary, with what it is if nothing is said.
fn limits_of(major: PgMajor) -> impl Iterator<Item = (&'static str, i64)> {
    // The files always say it.
    let senders = major.counts_senders_apart().then_some(("max_wal_senders", 0));
    not_below_primary(major).into_iter().chain(senders)
}

/// Which server of the wanted design is which of the one that runs: of the same name, else in the same place.
fn pairs(running: &Topology, wanted: &Topology) -> BTreeMap<ServerId, ServerId> {
    let mut pairs: BTreeMap<ServerId, ServerId> = BTreeMap::new();
    for is in wanted.servers() {
        if let Some(was) = running.by_name(is.name().as_str()) {
            pairs.insert(is.id(), was.id());
        }
    }
    for is in wanted.servers() {
        let in_place = running.servers().iter().find(|was| {
            was.port() == is.port()
                && was.host() == is.host()
                && was.is_primary() == is.is_primary()
                && !pairs.values().any(|id| *id == was.id())
        });
        if let Some(was) = in_place.filter(|_| !pairs.contains_key(&is.id())) {
            pairs.insert(is.id(), was.id());
        }
    }
    pairs
}

fn changes(before: &Effective, after: &Effective, major: PgMajor) -> Vec<SettingChange> {
    let names: BTreeSet<&String> = before.settings.keys().chain(after.settings.keys()).collect();
    names
        .into_iter()
        .filter(|name| !SYNC.contains(&name.as_str()))
        .filter_map(|name| {
            let (was, is) = (before.settings.get(name), after.settings.get(name));
            (was != is).then(|| SettingChange {
                name: name.clone(),
                was: was.cloned(),
                is: is.cloned(),
                needs_restart: needs_restart(name, major),
            })
        })
        .collect()
}

fn needs_restart(name: &str, major: PgMajor) -> bool {
    match lookup(name, major) {
        Known::Here(parameter) | Known::Perhaps(parameter) => parameter.context == "postmaster",
        // Before 12 these stand in recovery.conf, which is read at the start only.
        Known::Elsewhere { .. } => true,
        // An extension's own.
        Known::Nowhere => false,
    }
}

fn means(one: &Kept<'_>, before: &Effective, after: &Effective) -> Option<Means> {
    let is_early = |setting: &&SettingChange| one.early.iter().any(|(name, _)| *name == setting.name);
    let mut rest = one
        .settings
        .iter()
        .filter(|setting| !is_early(setting))
        .peekable();
    let has_rest = rest.peek().is_some();
    if one.folder_was != one.folder || rest.any(|setting| setting.needs_restart) {
        Some(Means::Restart)
    } else if has_rest || before.access != after.access {
        Some(Means::Reload)
    } else {
        (before.text != after.text).then_some(Means::Write)
    }
}
