//! Plans for a complete cluster: to start servers, to stop them, to prove that they are as drawn.
//!
//! None of them undoes anything: a server that was started stays up, and the same command can be called again.

mod restart;

pub use restart::{plan_reload, plan_restart, plan_set_replay};

use super::steps::{New, Steps};
use super::{Action, ExpectedRows, Head, Kind, Note, Phase, Plan, Scope, Serve, StepId, proof, proxy};
use crate::model::topology::{Auth, Server, ServerId, Topology};

/// From the start of a server until it accepts connections: a crash recovery may lie between.
const START_SECS: u32 = 60;
/// The immediate stop after a fast one that hangs included.
const STOP_SECS: u32 = 60;
/// From "all are ready" until all stream again.
const STREAM_SECS: u32 = 30;
/// For one server's rows: a standby that reconnects may need a moment.
const ROWS_SECS: u32 = 15;
/// For what differs and may go away by itself: a standby that reconnects.
const DRAWN_SECS: u32 = 15;
/// From the end of a WAL segment until it is in the archive.
const ARCHIVE_SECS: u32 = 30;
/// For one row on its way through the whole tree.
const ROW_SECS: u32 = 30;

/// Starts these servers, upstreams before downstreams; with all of them, waits until all stream.
pub fn plan_start(topology: &Topology, folder: &str, servers: &[ServerId]) -> Plan {
    let mut planner = Planner::of(topology);
    planner.steps.enter(Phase::Start);
    planner.note(true, servers);
    if let Some(open) = proxy::open(&[topology]) {
        planner.add(New { undo: None, ..open });
    }
    for server in planner.in_tree_order(servers) {
        planner.start(server);
    }
    if topology
        .servers()
        .iter()
        .all(|server| servers.contains(&server.id()))
    {
        planner.steps.enter(Phase::Stream);
        planner.compare(STREAM_SECS, true);
    }
    planner.end_note();
    planner.plan(Kind::Start, folder)
}

/// Stops these servers, downstreams before their upstreams. The other way round every standby asks the server that is
/// gone again and again, and fills its log with errors (tried on 10 to 18). Anyone who wants standbys that have the
/// primary's very last record, so that one can take over without a rewind of the old primary, stops the primary by
/// name, first.
pub fn plan_stop(topology: &Topology, folder: &str, servers: &[ServerId]) -> Plan {
    let mut planner = Planner::of(topology);
    planner.steps.enter(Phase::Stop);
    planner.note(false, servers);
    for server in planner.in_tree_order(servers).into_iter().rev() {
        planner.stop(server);
    }
    let stops_all = planner.in_tree_order(servers).len() == topology.servers().len();
    if let Some(close) = proxy::close(topology).filter(|_| stops_all) {
        planner.add(close);
    }
    planner.end_note();
    planner.plan(Kind::Stop, folder)
}

/// Proves the design on the running servers: nothing differs, links, sync states, a row read on every standby, the archive.
pub fn plan_verify(topology: &Topology, folder: &str) -> Plan {
    let mut planner = Planner::of(topology);
    planner.steps.enter(Phase::Prove);
    let archive = proof::archive(topology);
    // First: where a server has taken over, the rest would only say what follows from that.
    if topology.has_tls() {
        // A link that is open says more than the setting that opened it.
        planner.as_drawn(Scope::Servers);
        planner.encrypted(ROWS_SECS);
    }
    planner.as_drawn(if archive.is_some() {
        Scope::AllButArchive
    } else {
        Scope::All
    });
    for server in planner.in_tree_order(&all(topology)) {
        planner.add(New {
            server: Some(server),
            title: format!("Check that {} is running", server.name()),
            why: "Its postmaster.pid must name a process that works in its data directory and was started \
                 for this cluster"
                .to_owned(),
            action: Action::Serve(Serve::SeeRunning {
                server: server.name().to_string(),
                folder: topology.folder(server.id()),
            }),
            ..New::default()
        });
    }
    planner.compare(ROWS_SECS, false);
    planner.add(New {
        why: "Streaming alone proves nothing: a standby can receive WAL without applying it".to_owned(),
        deadline_secs: ROW_SECS,
        ..proof::one_row(topology)
    });
    if let Some(archive) = archive {
        planner.add(New {
            deadline_secs: ARCHIVE_SECS,
            ..archive
        });
    }
    planner.plan(Kind::Verify, folder)
}

fn all(topology: &Topology) -> Vec<ServerId> {
    topology.servers().iter().map(Server::id).collect()
}

/// The list as it grows: one thing at a time, each step after the one before.
struct Planner<'a> {
    topology: &'a Topology,
    steps: Steps,
    last: Option<StepId>,
}

impl<'a> Planner<'a> {
    fn of(topology: &'a Topology) -> Self {
        Self {
            topology,
            steps: Steps::default(),
            last: None,
        }
    }

    fn add(&mut self, new: New<'_>) {
        let after = self.last.into_iter().collect();
        self.last = Some(self.steps.add(New { after, ..new }));
    }

    fn in_tree_order(&self, servers: &[ServerId]) -> Vec<&'a Server> {
        let order = self.topology.in_tree_order().into_iter();
        order
            .filter(|id| servers.contains(id))
            .filter_map(|id| self.topology.server(id))
            .collect()
    }

    fn note(&mut self, starts: bool, servers: &[ServerId]) {
        let names = self.in_tree_order(servers);
        self.add(New {
            title: format!(
                "Record which servers are being {}",
                if starts { "started" } else { "stopped" }
            ),
            why: "If pgcascade is interrupted, it can resume later".to_owned(),
            action: Action::Note(Note::BeginSwitch {
                starts,
                servers: names.iter().map(|server| server.name().to_string()).collect(),
            }),
            ..New::default()
        });
    }

    fn end_note(&mut self) {
        self.add(New {
            title: "Record that nothing is in progress".to_owned(),
            why: "Everything requested is done".to_owned(),
            action: Action::Note(Note::EndSwitch),
            ..New::default()
        });
    }

    fn stop(&mut self, server: &'a Server) {
        self.add(New {
            server: Some(server),
            title: format!("Stop {}", server.name()),
            why: "A fast shutdown: sessions end, and all commits are on disk (pg_ctl stop -m fast)"
                .to_owned(),
            action: Action::Serve(Serve::Stop {
                server: server.name().to_string(),
                folder: self.topology.folder(server.id()),
            }),
            deadline_secs: STOP_SECS,
            ..New::default()
        });
    }

    fn start(&mut self, server: &'a Server) {
        let topology = self.topology;
        let (name, folder) = (server.name().to_string(), topology.folder(server.id()));
        let port = server.port().number();
        let uses_passwords = topology.effective_auth() != Auth::Trust;
        self.add(New {
            server: Some(server),
            title: format!("Start {name}"),
            why: match server.upstream().and_then(|id| topology.server(id)) {
                None => "The primary comes first: standbys that find it connect at once".to_owned(),
                Some(upstream) => format!("It comes after {}, from which it streams", upstream.name()),
            },
            action: Action::Serve(Serve::Start {
                server: name.clone(),
                folder: folder.clone(),
                port,
                pass_file_in_environment: uses_passwords && !topology.postgres().has_passfile(),
            }),
            deadline_secs: START_SECS,
            ..New::default()
        });
        // Before 10 nothing tells when a standby with hot_standby off has begun.
        if topology.postgres().reports_ready_in_pid_file() || topology.answers_queries(server.id()) {
            self.add(New {
                server: Some(server),
                title: format!("Wait until {name} is ready"),
                why: "It first runs crash recovery or, as a standby, reaches a consistent state".to_owned(),
                action: Action::Serve(Serve::WaitReady {
                    server: name,
                    folder,
                    port,
                }),
                deadline_secs: START_SECS,
                ..New::default()
            });
        }
    }

    fn as_drawn(&mut self, scope: Scope) {
        self.add(New {
            deadline_secs: DRAWN_SECS,
            ..proof::as_drawn(scope)
        });
    }

    /// Every sender's links over TLS.
    fn encrypted(&mut self, deadline_secs: u32) {
        let topology = self.topology;
        for sender in topology
            .in_tree_order()
            .into_iter()
            .filter_map(|id| topology.server(id))
        {
            let sends = topology.downstreams(sender.id()).next().is_some();
            if sends && topology.answers_queries(sender.id()) {
                let encrypted = proof::see_encrypted(topology, sender, topology.folder(sender.id()));
                if let Some(encrypted) = encrypted {
                    self.add(New {
                        deadline_secs,
                        ..encrypted
                    });
                }
            }
        }
    }

    /// What every server that answers shows of its downstreams, compared with the design.
    fn compare(&mut self, deadline_secs: u32, sees_encryption: bool) {
        let topology = self.topology;
        let expected = ExpectedRows::of(topology);
        let mut asked = topology.in_tree_order();
        asked.retain(|id| topology.answers_queries(*id));
        for sender in asked.into_iter().filter_map(|id| topology.server(id)) {
            let (rows, folder) = (expected.at(sender.id()), topology.folder(sender.id()));
            self.add(New {
                deadline_secs,
                ..proof::compare(sender, folder.clone(), rows)
            });
            let is_asked = sees_encryption && !rows.is_empty();
            let encrypted = proof::see_encrypted(topology, sender, folder).filter(|_| is_asked);
            if let Some(encrypted) = encrypted {
                self.add(New {
                    deadline_secs,
                    ..encrypted
                });
            }
        }
    }

    fn plan(self, kind: Kind, folder: &str) -> Plan {
        Plan {
            cluster: self.topology.name().to_owned(),
            folder: folder.to_owned(),
            head: Head {
                needs_secrets: self.topology.effective_auth() != Auth::Trust,
                ..Head::of(kind)
            },
            steps: self.steps.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::Step;
    use crate::model::plan::lines::line;
    use crate::model::topology::{Archive, Edit, notation};

    fn check(steps: &[Step], expected: &str) {
        let shown: String = steps.iter().map(line).collect();
        assert_eq!(shown, expected);
    }

    fn seed() -> Topology {
        notation::parse("postgres 15\nm 1 sync first 1\n  a 2 priority 1\n    b 3\n").unwrap()
    }

    #[test]
    fn servers_start_from_the_top_and_stop_from_the_bottom() {
        let topology = seed();
        let ids = all(&topology);
        check(
            &plan_start(&topology, "/c", &ids).steps,
            "0 note start m a b\n1 start m < 0\n2 ready m < 1\n3 start a < 2\n4 ready a < 3\n5 start b < 4\n6 ready b < 5\n\
             7 rows of m: a 1 sync < 6\n8 rows of a: b 0 async < 7\n9 rows of b:  < 8\n10 note end < 9\n",
        );
        check(
            &plan_start(&topology, "/c", &ids[1..2]).steps,
            "0 note start a\n1 start a < 0\n2 ready a < 1\n3 note end < 2\n",
        );
        check(
            &plan_stop(&topology, "/c", &ids[1..]).steps,
            "0 note stop a b\n1 stop b < 0\n2 stop a < 1\n3 note end < 2\n",
        );
    }

    #[test]
    fn what_is_proved_is_what_a_deployment_proves() {
        check(
            &plan_verify(&seed(), "/c").steps,
            "0 as drawn\n1 runs m < 0\n2 runs a < 1\n3 runs b < 2\n4 rows of m: a 1 sync < 3\n5 rows of a: b 0 async < 4\n\
             6 rows of b:  < 5\n7 row from m to 2 and 0 delayed < 6\n",
        );
        let mut archived = seed();
        let archive = Archive::new("archive").unwrap();
        archived.apply(&Edit::SetArchive(Some(archive))).unwrap();
        let steps = plan_verify(&archived, "/c").steps;
        assert_eq!(line(steps.last().unwrap()), "8 archive of m < 7\n");
    }
}
