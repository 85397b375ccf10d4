//! What servers that run can be told: whom to follow, who takes over. A server's menu, a drop on the drawing and advice ask
//! here, so that all of them say the same, and in the same words.

use std::collections::BTreeMap;

use super::{Mode, Session};
use crate::model::plan::Wish;
use crate::model::topology::{Server, ServerId, Topology};
use crate::model::words::as_sentence;

const NOT_AS_DRAWN: &str =
    "The drawing is not the design that was deployed: apply or undo your changes first";

/// The servers of the watched cluster, as they were last seen.
#[derive(Clone, Debug)]
pub struct Running {
    topology: Topology,
    servers: BTreeMap<ServerId, Seen>,
    /// Why none of them can be told anything now.
    hindrance: Option<String>,
}

/// What was last seen of a server.
#[derive(Clone, Debug)]
struct Seen {
    name: String,
    runs: bool,
    answers: bool,
    is_primary: bool,
    is_paused: bool,
    /// Whom it streams from, by name.
    upstream: Option<String>,
}

/// What a wish is called wherever it is offered; the dots say that its plan is shown first.
pub fn wish_words(wish: &Wish) -> String {
    match wish {
        Wish::Follow { server, upstream } => format!("Let {server} follow {upstream}…"),
        Wish::Switchover { heir } => format!("Switch over to {heir}…"),
        Wish::Failover { heir: Some(heir) } => format!("Let {heir} take over…"),
        Wish::Failover { heir: None } => "Let a standby take over…".to_owned(),
        Wish::Rejoin { server } => format!("Rejoin {server}…"),
    }
}

impl Session {
    /// The servers that run; `None`: no cluster is watched, or one that pgcascade did not make and only looks at.
    pub fn running(&self) -> Option<Running> {
        let cluster = self
            .live
            .cluster
            .as_ref()
            .filter(|cluster| cluster.foreign.is_none())?;
        let hindrance = if cluster.busy.is_some() {
            Some("The cluster is busy".to_owned())
        } else if let Some(locked) = self.kept_in_design() {
            Some(locked.sentence().to_owned())
        } else {
            self.differs_from_deployed().then(|| NOT_AS_DRAWN.to_owned())
        };
        let topology = self.desk.document.topology();
        let seen = |server: &Server| {
            let reading = self.reading(server.id())?;
            let told = cluster.seen.as_ref()?.told(&reading.name);
            Some(Seen {
                name: reading.name.clone(),
                runs: reading.running,
                answers: reading.answers,
                is_primary: reading.role == "primary",
                is_paused: told.is_some_and(|told| told.is_paused),
                upstream: reading.upstream.clone(),
            })
        };
        let servers = topology.servers().iter();
        Some(Running {
            servers: servers
                .filter_map(|server| Some((server.id(), seen(server)?)))
                .collect(),
            topology: topology.clone(),
            hindrance,
        })
    }

    /// True where a drop tells a server that runs what to do; else it edits the drawing. Several servers at once are moved in
    /// the drawing, and so is everything in a drawing that is not deployed as it is, or that does not run.
    pub fn drops_steer(&self, servers: &[ServerId]) -> bool {
        let seen = self.live.cluster.as_ref().and_then(|one| one.seen.as_ref());
        matches!(self.mode, Mode::Design)
            && servers.len() == 1
            && seen.is_some_and(|seen| !seen.is_stopped())
            && !self.differs_from_deployed()
    }
}

impl Running {
    /// That this one follows that one, with what changes besides.
    ///
    /// # Errors
    ///
    /// With the reason why it cannot.
    pub fn may_follow(&self, server: ServerId, upstream: ServerId) -> Result<(Wish, Vec<String>), String> {
        let name = &self.standby(server)?.name;
        let besides = self.topology.judge_attach(server, upstream);
        let besides = besides.map_err(|refusal| as_sentence(&refusal.to_string()))?;
        let from = &self.up(upstream)?.name;
        if self.is_receiver(upstream) {
            return Err(format!("{from} takes WAL and sends none"));
        }
        let wish = Wish::Follow {
            server: name.clone(),
            upstream: from.clone(),
        };
        Ok((wish, besides))
    }

    /// That this one can follow another server at all.
    ///
    /// # Errors
    ///
    /// With the reason why it cannot.
    pub fn may_be_moved(&self, server: ServerId) -> Result<(), String> {
        self.standby(server).map(drop)
    }

    /// That this standby becomes the primary: planned while the primary runs, else because that one is gone.
    ///
    /// # Errors
    ///
    /// With the reason why it cannot.
    pub fn may_take_over(&self, server: ServerId) -> Result<Wish, String> {
        let Seen { name, is_paused, .. } = self.standby(server)?;
        if self.is_receiver(server) {
            return Err(format!("{name} is not a server, so it cannot take over"));
        }
        let primary = self.servers.get(&self.topology.primary().id());
        if primary.is_some_and(|primary| !primary.runs || !primary.answers) {
            return Ok(Wish::Failover {
                heir: Some(name.clone()),
            });
        }
        if *is_paused {
            return Err(format!("{name} does not apply WAL: resume its replay first"));
        }
        if self.topology.server(server).is_some_and(Server::is_delayed) {
            return Err(format!(
                "{name} applies WAL late, and would have to apply all of it first: choose another standby"
            ));
        }
        Ok(Wish::Switchover { heir: name.clone() })
    }

    /// That the best standby takes over from a primary that is gone.
    ///
    /// # Errors
    ///
    /// With the reason why none does.
    pub fn may_fail_over(&self) -> Result<Wish, String> {
        self.is_free()?;
        let primary = self.topology.primary();
        let seen = self.servers.get(&primary.id());
        let seen = seen.ok_or_else(|| format!("{} has not been read yet", primary.name()))?;
        if seen.runs && seen.answers {
            return Err(format!("{} runs: switch over to a standby instead", seen.name));
        }
        Ok(Wish::Failover { heir: None })
    }

    /// That a server that is down is started again: its name.
    ///
    /// # Errors
    ///
    /// With the reason why it is not.
    pub fn may_start(&self, server: ServerId) -> Result<String, String> {
        self.is_free()?;
        let seen = self.seen(server)?;
        if seen.runs {
            return Err(format!("{} runs", seen.name));
        }
        let other = self
            .servers
            .iter()
            .find(|(id, one)| **id != server && one.is_primary && one.runs);
        match other.filter(|_| self.topology.primary().id() == server) {
            Some((_, other)) => Err(format!("{} accepts writes now", other.name)),
            None => Ok(seen.name.clone()),
        }
    }

    /// True if it runs and accepts writes.
    pub fn leads(&self, server: ServerId) -> bool {
        let seen = self.servers.get(&server);
        seen.is_some_and(|seen| seen.runs && seen.answers && seen.is_primary)
    }

    /// That a server comes back that is down, or runs and does not stream as drawn.
    ///
    /// # Errors
    ///
    /// With the reason why it cannot.
    pub fn may_rejoin(&self, server: ServerId) -> Result<Wish, String> {
        self.is_free()?;
        let seen = self.seen(server)?;
        if self.topology.primary().id() == server {
            return Err(format!("{} is the primary of the design", seen.name));
        }
        if self.is_receiver(server) {
            return Err(format!("{} is not a server: start it again instead", seen.name));
        }
        let drawn = self.topology.server(server).and_then(Server::upstream);
        let drawn = drawn.and_then(|upstream| self.servers.get(&upstream));
        let follows = drawn.is_some_and(|drawn| seen.upstream.as_deref() == Some(&drawn.name));
        if seen.runs && seen.answers && !seen.is_primary && follows {
            return Err(format!("{} streams as drawn", seen.name));
        }
        Ok(Wish::Rejoin {
            server: seen.name.clone(),
        })
    }

    fn is_free(&self) -> Result<(), String> {
        self.hindrance.clone().map_or(Ok(()), Err)
    }

    fn is_receiver(&self, server: ServerId) -> bool {
        self.topology.server(server).is_some_and(Server::is_receiver)
    }

    fn seen(&self, server: ServerId) -> Result<&Seen, String> {
        self.servers.get(&server).ok_or_else(|| {
            let name = self.topology.server(server).map(Server::name);
            name.map_or_else(
                || "The server is gone".to_owned(),
                |name| format!("{name} has not been read yet"),
            )
        })
    }

    fn up(&self, server: ServerId) -> Result<&Seen, String> {
        let seen = self.seen(server)?;
        if !seen.runs {
            return Err(format!("{} is down: start it first", seen.name));
        }
        if !seen.answers {
            return Err(format!("{} does not answer: look at its log", seen.name));
        }
        Ok(seen)
    }

    /// A standby of the design that runs as one.
    fn standby(&self, server: ServerId) -> Result<&Seen, String> {
        self.is_free()?;
        let seen = self.up(server)?;
        if self.topology.primary().id() == server {
            return Err(format!(
                "{} is the primary: let a standby switch over first",
                seen.name
            ));
        }
        if seen.is_primary {
            return Err(format!(
                "{} is drawn as a standby and accepts writes: adopt what runs first",
                seen.name
            ));
        }
        Ok(seen)
    }
}
