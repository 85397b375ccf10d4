//! What can be done to a topology: one closed list of edits, applied whole or refused with a sentence.
//!
//! `attach` judges and does what moves servers in the tree, `graft` sets copied subtrees in, `text` writes edits as lines.

mod attach;
mod graft;
mod terms;
mod text;

pub use text::{BadEdit, EDIT_USAGES, edit_verbs};

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ApplyDelay, Archive, Auth, BadValue, ClusterTerms, DraftServer, Host, LinkTerms, PgMajor, Port, Refusal,
    Role, Server, ServerId, ServerName, ServerTerms, Settings, SiteName, Standby, SyncPolicy, Topology,
    check_setting_name, check_setting_value,
};

/// One change of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// The design's own name.
    SetClusterName(String),
    SetPostgres(PgMajor),
    /// `None` makes every standby asynchronous.
    SetSync(Option<SyncPolicy>),
    SetArchive(Option<Archive>),
    /// `None` is the best the version has.
    SetAuth(Option<Auth>),
    /// Encrypts every link, or none.
    SetTls(bool),
    /// A setting of one server, or (`server: None`) of all; `value: None` takes it away.
    SetSetting {
        server: Option<ServerId>,
        name: String,
        value: Option<String>,
    },
    /// A new standby under `upstream`; what is left out is chosen: "standby3", the next free port.
    AddStandby {
        upstream: ServerId,
        name: Option<ServerName>,
        port: Option<Port>,
    },
    Remove {
        server: ServerId,
        downstreams: Downstreams,
    },
    Rename {
        server: ServerId,
        name: ServerName,
    },
    SetHost {
        server: ServerId,
        host: Host,
    },
    SetPort {
        server: ServerId,
        port: Port,
    },
    /// Where these servers stand; `None`: that is not said.
    SetSite {
        servers: Vec<ServerId>,
        site: Option<SiteName>,
    },
    /// The server and its whole subtree follow `upstream` from now on.
    Attach {
        server: ServerId,
        upstream: ServerId,
    },
    /// Several servers, each with its subtree, follow `upstream` from now on; those that already do stay.
    AttachAll {
        servers: Vec<ServerId>,
        upstream: ServerId,
    },
    /// Two servers change places in the tree: upstream, downstreams, priority, slot and delay.
    TakePlace {
        server: ServerId,
        place: ServerId,
    },
    /// A copied subtree is set in under `upstream`, with names and ports that are free.
    Graft {
        upstream: ServerId,
        servers: Vec<DraftServer>,
    },
    /// The standby becomes the primary; the servers on the way up turn round and follow it.
    Promote {
        server: ServerId,
    },
    SetSyncPriority {
        server: ServerId,
        priority: Option<u32>,
    },
    /// These standbys get the priorities 1, 2, 3 …; every other standby becomes asynchronous.
    OrderSync(Vec<ServerId>),
    /// `None`: a slot where the version has slots.
    SetSlot {
        server: ServerId,
        slot: Option<bool>,
    },
    SetApplyDelay {
        server: ServerId,
        delay: Option<ApplyDelay>,
    },
    /// What the design says besides the drawing, of all servers.
    SetClusterTerms(ClusterTerms),
    /// The same of one server.
    SetServerTerms {
        server: ServerId,
        terms: ServerTerms,
    },
    /// The same of the link to a standby's upstream; a slot's name switches the slot on.
    SetLinkTerms {
        server: ServerId,
        link: LinkTerms,
    },
}

/// What becomes of the downstreams of a server that is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Downstreams {
    /// They follow the removed server's upstream.
    Reattach,
    /// They go with it.
    Remove,
}

/// What an accepted edit did besides what it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The server that was made.
    pub created: Option<ServerId>,
    /// Consequences in words, for a notice.
    pub consequences: Vec<String>,
}

impl Topology {
    /// Does the edit, or refuses it and leaves everything as it was.
    ///
    /// # Errors
    ///
    /// If the edit is impossible, with the reason in words.
    pub fn apply(&mut self, edit: &Edit) -> Result<Applied, Refusal> {
        match edit {
            Edit::SetClusterName(name) => self.name = one_line(name),
            Edit::SetPostgres(major) => self.postgres = *major,
            Edit::SetSync(policy) => {
                if policy.as_ref().is_some_and(|policy| policy.count == 0) {
                    return Err(Refusal::CountZero);
                }
                self.sync.clone_from(policy);
            }
            Edit::SetArchive(archive) => self.archive.clone_from(archive),
            Edit::SetAuth(auth) => self.auth = *auth,
            Edit::SetTls(tls) => self.set_tls(*tls),
            Edit::SetSetting { server, name, value } => self.set_setting(*server, name, value.as_deref())?,
            Edit::AddStandby { upstream, name, port } => {
                return self.add_standby(*upstream, name.clone(), *port);
            }
            Edit::Remove { server, downstreams } => return self.remove(*server, *downstreams),
            Edit::Rename { server, name } => {
                if self
                    .by_name(name.as_str())
                    .is_some_and(|other| other.id != *server)
                {
                    return Err(Refusal::NameTaken(name.clone()));
                }
                self.find_mut(*server)?.name = name.clone();
            }
            Edit::SetHost { server, host } => self.find_mut(*server)?.host = host.clone(),
            Edit::SetPort { server, port } => self.find_mut(*server)?.port = *port,
            Edit::SetSite { servers, site } => {
                for server in servers {
                    self.find(*server)?;
                }
                for server in servers {
                    self.find_mut(*server)?.site.clone_from(site);
                }
            }
            Edit::Attach { server, upstream } => return self.attach(*server, *upstream),
            Edit::AttachAll { servers, upstream } => return self.attach_all(servers, *upstream),
            Edit::TakePlace { server, place } => return self.take_place(*server, *place),
            Edit::Graft { upstream, servers } => return self.graft(*upstream, servers),
            Edit::Promote { server } => return self.promote(*server),
            Edit::SetSyncPriority { server, priority } => {
                if *priority == Some(0) {
                    return Err(Refusal::PriorityZero);
                }
                self.find_standby_mut(*server)?.sync_priority = *priority;
            }
            Edit::OrderSync(order) => self.order_sync(order)?,
            Edit::SetSlot { server, slot } => self.set_slot(*server, *slot)?,
            Edit::SetClusterTerms(terms) => *self.terms = terms.clone(),
            Edit::SetServerTerms { server, terms } => self.find_mut(*server)?.terms = terms.clone(),
            Edit::SetLinkTerms { server, link } => self.set_link(*server, link)?,
            Edit::SetApplyDelay { server, delay } => {
                self.find_standby_mut(*server)?.apply_delay.clone_from(delay);
            }
        }
        Ok(Applied::default())
    }

    /// A name that no server has, made from `base`: "standby1", "standby2" …
    pub fn free_name(&self, base: &str) -> Option<ServerName> {
        (1..=u32::MAX)
            .filter_map(|number| ServerName::parse(&format!("{base}{number}")).ok())
            .find(|name| self.by_name(name.as_str()).is_none())
    }

    fn find(&self, id: ServerId) -> Result<&Server, Refusal> {
        self.server(id).ok_or(Refusal::NoSuchServer)
    }

    fn find_mut(&mut self, id: ServerId) -> Result<&mut Server, Refusal> {
        let place = self.servers.place(id).ok_or(Refusal::NoSuchServer)?;
        self.servers.get_mut(place).ok_or(Refusal::NoSuchServer)
    }

    fn find_standby_mut(&mut self, id: ServerId) -> Result<&mut Standby, Refusal> {
        let server = self.find_mut(id)?;
        match &mut server.role {
            Role::Standby(standby) => Ok(standby),
            Role::Primary => Err(Refusal::OnlyStandby(server.name.clone())),
        }
    }

    fn set_setting(
        &mut self,
        server: Option<ServerId>,
        name: &str,
        value: Option<&str>,
    ) -> Result<(), Refusal> {
        check_setting_name(name)?;
        if let Some(value) = value {
            check_setting_value(name, value)?;
        }
        let settings: &mut Settings = match server {
            Some(id) => &mut self.find_mut(id)?.settings,
            None => &mut self.settings,
        };
        match value {
            Some(value) => drop(settings.insert(name.to_owned(), value.to_owned())),
            None => drop(settings.remove(name)),
        }
        Ok(())
    }

    fn add_standby(
        &mut self,
        upstream: ServerId,
        name: Option<ServerName>,
        port: Option<Port>,
    ) -> Result<Applied, Refusal> {
        let above = self.find(upstream)?;
        let (host, site) = (above.host.clone(), above.site.clone());
        let above_port = above.port.number();
        if let Some(name) = name.as_ref().filter(|name| self.by_name(name.as_str()).is_some()) {
            return Err(Refusal::NameTaken(name.clone()));
        }
        let name = name
            .or_else(|| self.free_name("standby"))
            .ok_or(BadValue::EmptyName)?;
        let port = port
            .or_else(|| self.free_port_from(above_port))
            .or_else(|| self.free_port_from(1024))
            .ok_or(Refusal::NoPortLeft)?;
        let id = self.take_id();
        let standby = Standby {
            upstream,
            sync_priority: None,
            slot: None,
            apply_delay: None,
            link: LinkTerms::default(),
        };
        self.servers.push(Server {
            id,
            name,
            host,
            port,
            site,
            settings: Settings::new(),
            terms: ServerTerms::default(),
            role: Role::Standby(standby),
        });
        Ok(Applied {
            created: Some(id),
            consequences: Vec::new(),
        })
    }

    fn remove(&mut self, id: ServerId, downstreams: Downstreams) -> Result<Applied, Refusal> {
        let server = self.find(id)?;
        let Some(upstream) = server.upstream() else {
            return Err(Refusal::RemovePrimary(server.name.clone()));
        };
        match downstreams {
            Downstreams::Remove => {
                let gone: BTreeSet<ServerId> = self.subtree(id).into_iter().collect();
                self.servers.retain(|server| !gone.contains(&server.id));
            }
            Downstreams::Reattach => {
                self.servers.retain(|server| server.id != id);
                for server in &mut self.servers {
                    if let Role::Standby(standby) = &mut server.role
                        && standby.upstream == id
                    {
                        standby.upstream = upstream;
                    }
                }
            }
        }
        self.forget_gone_fallbacks();
        Ok(Applied::default())
    }

    /// Every link on the way from the new primary up to the old one turns round; all other links stay.
    fn promote(&mut self, id: ServerId) -> Result<Applied, Refusal> {
        let server = self.find(id)?;
        if server.is_primary() {
            return Err(Refusal::AlreadyPrimary(server.name.clone()));
        }
        let path = self.upstreams(id);
        self.find_mut(id)?.role = Role::Primary;
        let mut below = id;
        for turned in path {
            let server = self.find_mut(turned)?;
            let standby = match &server.role {
                Role::Standby(standby) => Standby {
                    upstream: below,
                    sync_priority: None,
                    ..standby.clone()
                },
                Role::Primary => Standby {
                    upstream: below,
                    sync_priority: None,
                    slot: None,
                    apply_delay: None,
                    link: LinkTerms::default(),
                },
            };
            server.role = Role::Standby(standby);
            below = turned;
        }
        let mut consequences = Vec::new();
        for server in &mut self.servers {
            if let Role::Standby(standby) = &mut server.role
                && standby.upstream != id
                && standby.sync_priority.take().is_some()
            {
                consequences.push(format!(
                    "\"{}\" becomes asynchronous: it is no longer directly under the primary",
                    server.name
                ));
            }
        }
        Ok(Applied {
            created: None,
            consequences,
        })
    }

    fn order_sync(&mut self, order: &[ServerId]) -> Result<(), Refusal> {
        for id in order {
            let server = self.find(*id)?;
            if server.is_primary() {
                return Err(Refusal::OnlyStandby(server.name.clone()));
            }
        }
        let places: BTreeMap<ServerId, u32> = order.iter().copied().zip(1..).collect();
        for server in &mut self.servers {
            if let Role::Standby(standby) = &mut server.role {
                standby.sync_priority = places.get(&server.id).copied();
            }
        }
        Ok(())
    }
}

/// A cluster's name stands in comments and titles, so it is one line.
pub(super) fn one_line(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests;
