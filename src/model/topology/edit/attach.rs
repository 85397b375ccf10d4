//! Who may follow whom: the one place that judges a server put under another one, or into another one's place.
//!
//! The canvas asks while a card is dragged, and [`Topology::apply`] asks again on the drop, so the two cannot
//! disagree. A refusal that can be got round has a [`Fix`]: the edits that make room first.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Fix, Refusal, Role, Server, ServerId, Standby, Topology};
use super::{Applied, Edit};

impl Topology {
    /// May `server` follow `upstream`? If so, what else will change (empty: nothing).
    ///
    /// # Errors
    ///
    /// If it may not, with the reason in words.
    pub fn judge_attach(&self, server: ServerId, upstream: ServerId) -> Result<Vec<String>, Refusal> {
        let moved = self.find(server)?;
        let target = self.find(upstream)?;
        if server == upstream {
            return Err(Refusal::Itself(moved.name.clone()));
        }
        let Some(standby) = moved.standby() else {
            return Err(Refusal::PrimaryFollows(moved.name.clone()));
        };
        if standby.upstream == upstream {
            return Err(Refusal::AlreadyThere {
                server: moved.name.clone(),
                upstream: target.name.clone(),
            });
        }
        if self.upstreams(upstream).contains(&server) {
            return Err(Refusal::Loop {
                server: moved.name.clone(),
                upstream: target.name.clone(),
            });
        }
        let mut consequences = Vec::new();
        if standby.sync_priority.is_some() && !target.is_primary() {
            consequences.push(format!(
                "\"{}\" becomes asynchronous: only a server directly under the primary can be synchronous",
                moved.name
            ));
        }
        Ok(consequences)
    }

    /// May these servers, each with its subtree, follow `upstream`? Those that already do stay where they are.
    ///
    /// # Errors
    ///
    /// If one of them may not, with the reason in words.
    pub fn judge_attach_all(&self, servers: &[ServerId], upstream: ServerId) -> Result<Vec<String>, Refusal> {
        let mut consequences = Vec::new();
        for head in self.moving(servers, upstream)? {
            consequences.extend(self.judge_attach(head, upstream)?);
        }
        Ok(consequences)
    }

    /// May `server` and the one in `place` change places: whom they follow, who follows them, priority, slot and
    /// delay? If so, what changes by it.
    ///
    /// # Errors
    ///
    /// If they may not, with the reason in words.
    pub fn judge_place(&self, server: ServerId, place: ServerId) -> Result<Vec<String>, Refusal> {
        let (comes, goes) = (self.find(server)?, self.find(place)?);
        if server == place {
            return Err(Refusal::OwnPlace(comes.name.clone()));
        }
        let has_downstreams = |id| self.downstreams(id).next().is_some();
        if comes.role == goes.role && !has_downstreams(server) && !has_downstreams(place) {
            return Err(Refusal::SamePlace {
                server: comes.name.clone(),
                other: goes.name.clone(),
            });
        }
        let name = |id: ServerId| {
            self.server(exchanged(id, server, place))
                .map_or("?", |of| of.name.as_str())
        };
        let mut consequences = Vec::new();
        for (one, other) in [(comes, goes), (goes, comes)] {
            let Some(standby) = other.standby() else {
                consequences.push(format!("\"{}\" becomes the primary", one.name));
                continue;
            };
            let mut sentence = format!("\"{}\" follows \"{}\"", one.name, name(standby.upstream));
            match (
                one.standby().and_then(Standby::sync_priority),
                standby.sync_priority,
            ) {
                (before, after) if before == after => {}
                (_, Some(priority)) => sentence += &format!(", with priority {priority}"),
                (_, None) => sentence += ", asynchronous",
            }
            let delay = |server: &Server| server.standby().and_then(|standby| standby.apply_delay.clone());
            match (delay(one), delay(other)) {
                (before, after) if before == after => {}
                (_, Some(after)) => sentence += &format!(", {after} late"),
                (_, None) => sentence += ", without a delay",
            }
            consequences.push(sentence);
        }
        Ok(consequences)
    }

    /// What would let a refused [`Edit::AttachAll`] be done after all: first the target goes out of the way.
    pub fn fix_attach(&self, servers: &[ServerId], upstream: ServerId) -> Option<Fix> {
        let target = self.server(upstream)?;
        let above = self.upstreams(upstream);
        let in_the_way = self
            .heads(servers)
            .into_iter()
            .find(|head| above.contains(head))?;
        let blocking = self.server(in_the_way)?;
        let fix = match blocking.upstream() {
            // A chain turns round as a whole, so that the old primary may follow the new one only indirectly.
            None => Fix {
                label: format!(
                    "Make {} the primary, so that {} can follow it",
                    target.name, blocking.name
                ),
                edits: vec![
                    Edit::Promote { server: upstream },
                    Edit::AttachAll {
                        servers: servers.to_vec(),
                        upstream,
                    },
                ],
            },
            Some(out) => Fix {
                label: format!("First move {} under {}", target.name, self.server(out)?.name),
                edits: vec![
                    Edit::Attach {
                        server: upstream,
                        upstream: out,
                    },
                    Edit::AttachAll {
                        servers: servers.to_vec(),
                        upstream,
                    },
                ],
            },
        };
        // Promoting alone may have done it.
        let tried = |edits: &[Edit]| {
            let mut after = self.clone();
            edits
                .iter()
                .try_for_each(|edit| after.apply(edit).map(drop))
                .is_ok()
        };
        if tried(&fix.edits) {
            return Some(fix);
        }
        let first = fix.edits.into_iter().take(1).collect::<Vec<_>>();
        tried(&first).then_some(Fix {
            label: fix.label,
            edits: first,
        })
    }

    /// Those of the servers that stand below none of the others, each once.
    pub fn heads(&self, servers: &[ServerId]) -> Vec<ServerId> {
        let all: BTreeSet<ServerId> = servers.iter().copied().collect();
        let mut seen = BTreeSet::new();
        // Whether a server stands below one of them. Kept for the whole way up, so that no link is followed twice.
        let mut known: BTreeMap<ServerId, bool> = BTreeMap::new();
        let mut is_below = |id: ServerId| {
            let mut way = Vec::new();
            let mut next = id;
            let found = loop {
                if let Some(known) = known.get(&next) {
                    break *known;
                }
                way.push(next);
                match self.server(next).and_then(Server::upstream) {
                    None => break false,
                    Some(above) if all.contains(&above) => break true,
                    Some(above) => next = above,
                }
            };
            known.extend(way.into_iter().map(|on_way| (on_way, found)));
            found
        };
        let mut is_head = |id: &ServerId| !is_below(*id) && self.server(*id).is_some() && seen.insert(*id);
        servers.iter().copied().filter(|id| is_head(id)).collect()
    }

    pub(super) fn attach(&mut self, id: ServerId, upstream: ServerId) -> Result<Applied, Refusal> {
        let consequences = self.judge_attach(id, upstream)?;
        let becomes_async = !self.find(upstream)?.is_primary();
        let standby = self.find_standby_mut(id)?;
        standby.upstream = upstream;
        if becomes_async {
            standby.sync_priority = None;
        }
        Ok(Applied {
            created: None,
            consequences,
        })
    }

    pub(super) fn attach_all(
        &mut self,
        servers: &[ServerId],
        upstream: ServerId,
    ) -> Result<Applied, Refusal> {
        let consequences = self.judge_attach_all(servers, upstream)?;
        for head in self.moving(servers, upstream)? {
            self.attach(head, upstream)?;
        }
        Ok(Applied {
            created: None,
            consequences,
        })
    }

    pub(super) fn take_place(&mut self, server: ServerId, place: ServerId) -> Result<Applied, Refusal> {
        let consequences = self.judge_place(server, place)?;
        let roles = [self.find(place)?.role.clone(), self.find(server)?.role.clone()];
        for (id, role) in [server, place].into_iter().zip(roles) {
            self.find_mut(id)?.role = role;
        }
        // The tree keeps its shape; only these two stand elsewhere in it.
        for standing in &mut self.servers {
            if let Role::Standby(standby) = &mut standing.role {
                standby.upstream = exchanged(standby.upstream, server, place);
            }
        }
        Ok(Applied {
            created: None,
            consequences,
        })
    }

    /// The heads that are not there yet; refused if none is left.
    fn moving(&self, servers: &[ServerId], upstream: ServerId) -> Result<Vec<ServerId>, Refusal> {
        let heads = self.heads(servers);
        let moving: Vec<ServerId> = heads
            .iter()
            .copied()
            .filter(|head| self.server(*head).and_then(Server::upstream) != Some(upstream))
            .collect();
        match (moving.is_empty(), heads.first()) {
            (true, Some(first)) => self.judge_attach(*first, upstream).map(|_| Vec::new()),
            (true, None) => Err(Refusal::NoSuchServer),
            (false, _) => Ok(moving),
        }
    }
}

/// One of the two for the other.
fn exchanged(id: ServerId, one: ServerId, other: ServerId) -> ServerId {
    match id {
        id if id == one => other,
        id if id == other => one,
        id => id,
    }
}
