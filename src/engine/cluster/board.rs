//! Reads what all servers show, at once and with a short patience.

use std::collections::BTreeMap;

use tokio::task::JoinSet;

use super::Cluster;
use crate::engine::postgres::server::Target;
use crate::engine::postgres::sessions::Sessions;
use crate::engine::postgres::sql::{Session, SqlError};
use crate::model::health::{Board, Reading, ReplicationRow};
use crate::model::simulate;
use crate::model::topology::{Server, ServerId, Topology};

/// Reads a cluster again and again; sessions stay open between readings.
#[derive(Debug)]
pub(in crate::engine) struct Watcher {
    sessions: Sessions,
    topology: Topology,
    targets: BTreeMap<ServerId, Target>,
}

/// What one server answered.
struct Answer {
    is_standby: bool,
    upstream_port: Option<u16>,
    replication: Vec<ReplicationRow>,
}

impl Watcher {
    pub(in crate::engine) fn new(cluster: &Cluster) -> Self {
        let topology = cluster.design.topology().clone();
        let targets = topology
            .servers()
            .iter()
            .filter_map(|server| Some((server.id(), cluster.target(server.id())?)))
            .collect();
        Self {
            sessions: Sessions::new(cluster.site.clone()),
            topology,
            targets,
        }
    }

    /// One reading of all servers.
    pub(in crate::engine) async fn board(&self) -> Board {
        let mut asking = JoinSet::new();
        for (id, target) in &self.targets {
            let (id, sessions, target) = (*id, self.sessions.clone(), target.clone());
            let answers = self.topology.answers_queries(id);
            asking.spawn(async move { (id, ask(&sessions, &target, answers).await) });
        }
        let mut answers = BTreeMap::new();
        while let Some(asked) = asking.join_next().await {
            if let Ok((id, Some(answer))) = asked {
                answers.insert(id, answer);
            }
        }
        let servers: Vec<Reading> = self
            .topology
            .servers()
            .iter()
            .map(|server| self.reading(server.id(), answers.remove(&server.id())))
            .collect();
        let commits = simulate::commits(&self.topology, &servers);
        Board { servers, commits }
    }

    /// Ends its sessions.
    pub(in crate::engine) async fn close(self) {
        self.sessions.close().await;
    }

    /// What is shown of a server: its answer, or the design's word where it gives none.
    fn reading(&self, id: ServerId, answer: Option<Answer>) -> Reading {
        let name_of = |id: ServerId| self.topology.server(id).map(|server| server.name().to_string());
        let drawn = self.topology.server(id).and_then(Server::upstream);
        let (running, is_standby) = match &answer {
            Some(answer) => (true, answer.is_standby),
            None => (false, drawn.is_some()),
        };
        let real = answer
            .as_ref()
            .and_then(|answer| answer.upstream_port)
            .and_then(|port| {
                let upstream = self
                    .topology
                    .servers()
                    .iter()
                    .find(|server| server.port().number() == port)?;
                Some(upstream.id())
            });
        Reading {
            name: name_of(id).unwrap_or_default(),
            running,
            role: if is_standby { "standby" } else { "primary" }.to_owned(),
            upstream: real.or(drawn).filter(|_| is_standby).and_then(name_of),
            replication: answer.map(|answer| answer.replication).unwrap_or_default(),
        }
    }
}

/// Asks one server; `None`: it does not run, or does not answer. One that answers no query only has to run.
async fn ask(sessions: &Sessions, target: &Target, answers: bool) -> Option<Answer> {
    // Somebody else's server may have the port by now: only one that runs on our directory is asked.
    if !matches!(sessions.site.running(&target.folder), Ok(Some(_))) {
        return None;
    }
    if !answers {
        return Some(Answer {
            is_standby: true,
            upstream_port: None,
            replication: Vec::new(),
        });
    }
    let session = sessions.with(target).await.ok()?;
    answer(&session).await.ok()
}

async fn answer(session: &Session) -> Result<Answer, SqlError> {
    let is_standby = session.is_standby().await?;
    Ok(Answer {
        is_standby,
        upstream_port: if is_standby {
            session.upstream_port().await?
        } else {
            None
        },
        replication: session.replication().await?,
    })
}
