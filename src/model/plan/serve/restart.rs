//! Servers are restarted, read their configuration again, or pause their replay.

use super::{Planner, START_SECS, STREAM_SECS, all};
use crate::model::plan::steps::New;
use crate::model::plan::{Action, Kind, Phase, Plan, Serve};
use crate::model::topology::{Server, ServerId, Topology};

/// For a signal or one short question.
const SHORT_SECS: u32 = 15;

/// Restarts these servers. `rolling`: standbys before their upstreams, each only when the one before streams again, so that
/// at most one is down at any time; else all stop, and then all start.
pub fn plan_restart(topology: &Topology, folder: &str, servers: &[ServerId], rolling: bool) -> Plan {
    let mut planner = Planner::of(topology);
    planner.try_all(servers);
    planner.steps.enter(Phase::Stop);
    planner.note(true, servers);
    let order = planner.in_tree_order(servers);
    if rolling {
        for server in order.into_iter().rev() {
            planner.steps.enter(Phase::Stop);
            planner.stop(server);
            planner.steps.enter(Phase::Start);
            planner.start(server);
            planner.steps.enter(Phase::Stream);
            planner.link(server);
            for standby in topology.downstreams(server.id()) {
                planner.link(standby);
            }
        }
    } else {
        for server in order.iter().rev() {
            planner.stop(server);
        }
        planner.steps.enter(Phase::Start);
        for server in order {
            planner.start(server);
        }
    }
    if all(topology).iter().all(|id| servers.contains(id)) {
        planner.steps.enter(Phase::Stream);
        planner.compare(STREAM_SECS, true);
    }
    planner.end_note();
    planner.plan(Kind::Restart, folder)
}

/// Lets these servers read their configuration again.
pub fn plan_reload(topology: &Topology, folder: &str, servers: &[ServerId]) -> Plan {
    let mut planner = Planner::of(topology);
    planner.try_all(servers);
    planner.steps.enter(Phase::Change);
    for server in planner.in_tree_order(servers) {
        planner.add(New {
            server: Some(server),
            title: format!("Reload {}", server.name()),
            why: "No session is disconnected; settings that need a restart keep their values (pg_ctl reload)"
                .to_owned(),
            action: Action::Serve(Serve::Reload {
                server: server.name().to_string(),
                folder: topology.folder(server.id()),
            }),
            deadline_secs: SHORT_SECS,
            ..New::default()
        });
    }
    planner.plan(Kind::Reload, folder)
}

/// Lets a standby stop applying WAL, or go on.
pub fn plan_set_replay(topology: &Topology, folder: &str, server: &Server, pauses: bool) -> Plan {
    let mut planner = Planner::of(topology);
    planner.steps.enter(Phase::Change);
    let (title, why) = if pauses {
        (
            format!("Pause the replay of {}", server.name()),
            "It still receives WAL, but does not apply it: queries there see an older state",
        )
    } else {
        (
            format!("Resume the replay of {}", server.name()),
            "It applies what it has received meanwhile",
        )
    };
    planner.add(New {
        server: Some(server),
        title,
        why: why.to_owned(),
        action: Action::Serve(Serve::SetReplay {
            server: server.name().to_string(),
            folder: topology.folder(server.id()),
            port: server.port().number(),
            pauses,
        }),
        deadline_secs: SHORT_SECS,
        ..New::default()
    });
    planner.plan(if pauses { Kind::Pause } else { Kind::ResumeReplay }, folder)
}

impl<'a> Planner<'a> {
    /// All of them before the first is touched.
    fn try_all(&mut self, servers: &[ServerId]) {
        self.steps.enter(Phase::Prepare);
        for server in self.in_tree_order(servers) {
            self.add(New {
                server: Some(server),
                title: format!("Try the configuration of {}", server.name()),
                why: "PostgreSQL reads its files and checks every value (postgres -C): with one that it refuses, the \
                      server would not start again"
                    .to_owned(),
                action: Action::Serve(Serve::TryConfiguration {
                    server: server.name().to_string(),
                    folder: self.topology.folder(server.id()),
                }),
                deadline_secs: SHORT_SECS,
                ..New::default()
            });
        }
    }

    /// A standby streams again. A late one connects when it has applied what it has: nobody waits for that.
    fn link(&mut self, standby: &'a Server) {
        let topology = self.topology;
        let Some(sender) = standby.upstream().and_then(|id| topology.server(id)) else {
            return;
        };
        if standby.is_delayed() || !topology.answers_queries(sender.id()) {
            return;
        }
        self.add(New {
            server: Some(standby),
            title: format!("Wait until {} streams from {}", standby.name(), sender.name()),
            why: "The next server is restarted only when this one is back".to_owned(),
            action: Action::Serve(Serve::WaitStreaming {
                server: sender.name().to_string(),
                folder: topology.folder(sender.id()),
                port: sender.port().number(),
                standby: standby.name().in_view(topology.postgres()),
            }),
            deadline_secs: START_SECS,
            ..New::default()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::lines::line;
    use crate::model::topology::notation;

    fn lines(plan: &Plan) -> String {
        plan.steps.iter().map(line).collect()
    }

    fn seed() -> Topology {
        notation::parse("postgres 15\nm 1 sync first 1\n  a 2 priority 1\n    b 3\n").unwrap()
    }

    #[test]
    fn a_rolling_restart_begins_at_the_bottom() {
        let topology = seed();
        let ids = all(&topology);
        assert_eq!(
            lines(&plan_restart(&topology, "/c", &ids[..2], true)),
            "0 try m\n1 try a < 0\n2 note start m a < 1\n3 stop a < 2\n4 start a < 3\n5 ready a < 4\n\
             6 streaming a from m < 5\n7 streaming b from a < 6\n8 stop m < 7\n9 start m < 8\n10 ready m < 9\n\
             11 streaming a from m < 10\n12 note end < 11\n"
        );
        assert_eq!(
            lines(&plan_restart(&topology, "/c", &ids[1..], false)),
            "0 try a\n1 try b < 0\n2 note start a b < 1\n3 stop b < 2\n4 stop a < 3\n5 start a < 4\n6 ready a < 5\n\
             7 start b < 6\n8 ready b < 7\n9 note end < 8\n"
        );
    }

    #[test]
    fn a_reload_and_a_pause_touch_only_who_is_named() {
        let topology = seed();
        let ids = all(&topology);
        assert_eq!(
            lines(&plan_reload(&topology, "/c", &ids[1..])),
            "0 try a\n1 try b < 0\n2 reload a < 1\n3 reload b < 2\n"
        );
        let b = topology.by_name("b").unwrap();
        assert_eq!(lines(&plan_set_replay(&topology, "/c", b, true)), "0 pause b\n");
        assert_eq!(lines(&plan_set_replay(&topology, "/c", b, false)), "0 resume b\n");
    }
}
