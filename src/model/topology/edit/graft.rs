//! Cuttings: subtrees taken out as plain data, and set in elsewhere with names and ports that are free there.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{
    DraftServer, Host, LinkTerms, Port, Refusal, Role, Server, ServerId, ServerName, SlotName, Standby,
    Topology,
};
use super::Applied;

/// So many renamings are told one by one.
const TOLD: usize = 4;

impl Topology {
    /// These servers and everything below them, upstreams first; the first of each branch follows nobody.
    pub fn cutting(&self, servers: &[ServerId]) -> Vec<DraftServer> {
        let heads = self.heads(servers);
        let is_head: BTreeSet<ServerId> = heads.iter().copied().collect();
        let subtrees = heads.iter().flat_map(|head| self.subtree(*head));
        subtrees
            .filter_map(|id| self.server(id))
            .map(|server| {
                let standby = server.standby();
                let upstream = server.upstream().filter(|_| !is_head.contains(&server.id));
                DraftServer {
                    name: server.name.clone(),
                    host: server.host.clone(),
                    port: server.port,
                    site: server.site.clone(),
                    follows: upstream
                        .and_then(|upstream| self.server(upstream))
                        .map(|upstream| upstream.name.to_string()),
                    sync_priority: standby.and_then(Standby::sync_priority),
                    slot: standby.and_then(Standby::slot),
                    apply_delay: standby.and_then(Standby::apply_delay).cloned(),
                    settings: server.settings.clone(),
                    terms: server.terms.clone(),
                    link: standby.map(|standby| standby.link.clone()).unwrap_or_default(),
                    also_follows: standby
                        .iter()
                        .flat_map(|standby| &standby.link.also_follows)
                        .filter_map(|id| self.server(*id))
                        .map(|other| other.name.to_string())
                        .collect(),
                }
            })
            .collect()
    }

    /// Sets a cutting in under `upstream`. Taken names, ports and priorities become the next free ones.
    pub(super) fn graft(&mut self, upstream: ServerId, cutting: &[DraftServer]) -> Result<Applied, Refusal> {
        let is_under_primary = self.find(upstream)?.is_primary();
        let mut applied = Applied::default();
        let mut made: BTreeMap<&str, ServerId> = BTreeMap::new();
        let (mut renamed, mut moved, mut made_async) = (Vec::new(), Vec::new(), Vec::new());
        for draft in cutting {
            let above = draft.follows.as_deref().and_then(|name| made.get(name)).copied();
            let name = self.free_name_like(&draft.name)?;
            let port = self.free_port_on(&draft.host, draft.port)?;
            let priority = draft
                .sync_priority
                .filter(|_| is_under_primary && above.is_none());
            if name != draft.name {
                renamed.push(format!("{} → {name}", draft.name));
            }
            if port != draft.port {
                moved.push(format!("{name}: {} → {port}", draft.port));
            }
            if draft.sync_priority.is_some() && priority.is_none() {
                made_async.push(name.to_string());
            }
            let id = self.take_id();
            made.insert(draft.name.as_str(), id);
            applied.created = applied.created.or(Some(id));
            let standby = Standby {
                upstream: above.unwrap_or(upstream),
                sync_priority: priority.map(|priority| self.free_priority_from(priority)),
                slot: draft.slot,
                apply_delay: draft.apply_delay.clone(),
                link: self.grafted(draft, &made),
            };
            self.servers.push(Server {
                id,
                name,
                host: draft.host.clone(),
                port,
                site: draft.site.clone(),
                settings: draft.settings.clone(),
                terms: draft.terms.clone(),
                role: Role::Standby(standby),
            });
        }
        for (what, list) in [
            ("these names were taken", renamed),
            ("these ports were taken", moved),
            (
                "asynchronous here, because only a server directly under the primary can be synchronous",
                made_async,
            ),
        ] {
            if !list.is_empty() {
                applied.consequences.push(format!("{what}: {}", some_of(&list)));
            }
        }
        Ok(applied)
    }

    /// The link's own terms. A copy does not use the slot of the one that it is a copy of, and turns to servers that are
    /// there, or are made before it.
    fn grafted(&self, draft: &DraftServer, made: &BTreeMap<&str, ServerId>) -> LinkTerms {
        let known = |name: &String| {
            let made = made.get(name.as_str()).copied();
            made.or_else(|| self.by_name(name).map(|server| server.id))
        };
        let is_taken = |name: &SlotName| self.slot_names().values().any(|taken| taken == name.as_str());
        LinkTerms {
            slot_name: draft.link.slot_name.clone().filter(|name| !is_taken(name)),
            also_follows: draft.also_follows.iter().filter_map(known).collect(),
            ..draft.link.clone()
        }
    }

    /// The name, or if a server has it, the same with the first free number: "slave1-2".
    fn free_name_like(&self, name: &ServerName) -> Result<ServerName, Refusal> {
        if self.by_name(name.as_str()).is_none() {
            return Ok(name.clone());
        }
        let base = match name.as_str().rsplit_once('-') {
            Some((base, number)) if !base.is_empty() && number.parse::<u32>().is_ok() => base,
            _ => name.as_str(),
        };
        (2..=u32::MAX)
            .filter_map(|number| ServerName::parse(&format!("{base}-{number}")).ok())
            .find(|name| self.by_name(name.as_str()).is_none())
            .ok_or_else(|| Refusal::NameTaken(name.clone()))
    }

    /// The port, or if a server of that host has it, the next one that none has.
    fn free_port_on(&self, host: &Host, port: Port) -> Result<Port, Refusal> {
        let is_same_host = |other: &Host| other == host || (other.is_loopback() && host.is_loopback());
        let is_taken = |server: &Server| server.port == port && is_same_host(&server.host);
        if !self.servers.iter().any(is_taken) {
            return Ok(port);
        }
        self.free_port_from(port.number())
            .or_else(|| self.free_port_from(1024))
            .ok_or(Refusal::NoPortLeft)
    }

    /// The priority, or if a standby has it, the one after the last.
    fn free_priority_from(&self, priority: u32) -> u32 {
        let taken = || {
            self.servers
                .iter()
                .filter_map(|server| server.standby()?.sync_priority)
        };
        if taken().any(|other| other == priority) {
            taken().max().unwrap_or(0).saturating_add(1)
        } else {
            priority
        }
    }
}

fn some_of(list: &[String]) -> String {
    let told = list.iter().take(TOLD).cloned().collect::<Vec<_>>().join(", ");
    match list.len().checked_sub(TOLD) {
        Some(more) if more > 0 => format!("{told} and {more} more"),
        _ => told,
    }
}
