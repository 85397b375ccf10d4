//! A drop on the drawing of a cluster that runs: the server is told to follow another one, or takes over. The plan is shown
//! first, and the drawing follows once it is done. With the key held only the drawing changes.

use super::{Dropped, Judge, Outcome, Target, Verdict, Zone, design};
use crate::app::running::{Running, wish_words};
use crate::app::{ClusterMessage, Message};
use crate::model::plan::Wish;
use crate::model::topology::{Fix, ServerId, Topology};

/// What one server that runs can be told by a drop.
#[derive(Debug)]
pub(super) struct Judging {
    running: Running,
    server: ServerId,
    /// The same as an edit of the drawing.
    drawing: design::Judging,
}

impl Judging {
    pub(super) fn of(running: Running, drawing: design::Judging, server: ServerId) -> Self {
        Self {
            running,
            server,
            drawing,
        }
    }

    fn wish(&self, target: ServerId, zone: Zone) -> Result<(Wish, Vec<String>), String> {
        let primary = self.topology().primary();
        match zone {
            Zone::Below => self.running.may_follow(self.server, target),
            Zone::Above if target == primary.id() => {
                Ok((self.running.may_take_over(self.server)?, Vec::new()))
            }
            Zone::Above => Err(format!(
                "While the servers run, only the place of the primary ({}) can be taken: drop lower to follow this one",
                primary.name()
            )),
        }
    }
}

impl Judge for Judging {
    fn topology(&self) -> &Topology {
        self.drawing.topology()
    }

    fn judge(&self, target: ServerId, zone: Zone) -> Verdict {
        self.wish(target, zone).map(|(_, besides)| besides)
    }

    fn title(&self, target: ServerId, zone: Zone) -> String {
        self.wish(target, zone).map_or_else(
            |_| self.drawing.title(target, zone),
            |(wish, _)| wish_words(&wish),
        )
    }

    fn hint(&self) -> &'static str {
        "Drop low on a card: the running server follows that one; high on the primary's: it takes over. The plan \
         comes first. With Ctrl only the drawing changes; Esc cancels"
    }

    fn only_drawing(&self, target: ServerId, zone: Zone) -> Option<(String, Verdict)> {
        let title = format!("Only in the drawing: {}", self.drawing.title(target, zone));
        Some((title, self.drawing.judge(target, zone)))
    }

    /// The upper part of the primary's card, also where the lower one is refused.
    fn invites(&self, target: ServerId) -> bool {
        self.wish(target, Zone::Above).is_ok()
    }

    fn can_take_place(&self) -> bool {
        true
    }

    fn along(&self) -> Vec<ServerId> {
        self.drawing.along()
    }

    /// What runs is not put in order by an edit.
    fn fix(&self, _: ServerId, _: Zone) -> Option<Fix> {
        None
    }

    fn act(&self, dropped: &Dropped) -> Outcome {
        let Target::Server(target, zone) = dropped.target else {
            return self.drawing.act(dropped);
        };
        if dropped.with_fix {
            return self.drawing.act(dropped);
        }
        match self.wish(target, zone) {
            Ok((wish, _)) => Outcome::Do(Box::new(Message::Cluster(ClusterMessage::AskSteer(wish)))),
            Err(reason) => Outcome::Refused { reason, fix: None },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::glance::Glance;
    use crate::app::{DesignMessage, Session, update};
    use crate::model::document::{Command, Document};
    use crate::model::health::{Board, Commits, Reading};
    use crate::model::topology::{Edit, Server, notation};

    /// The seed, deployed; these servers are down.
    fn watching(down: &[&str]) -> Session {
        let mut session = Session::new(Document::new(notation::parse(notation::SEED).unwrap()), None);
        let deployed = Box::new(session.desk.document.clone());
        let send = |session: &mut Session, message| drop(update(session, Message::Cluster(message)));
        send(&mut session, ClusterMessage::Attached("/b".into(), deployed));
        let topology = session.desk.document.topology();
        let reading = |server: &Server| Reading {
            name: server.name().to_string(),
            running: !down.contains(&server.name().as_str()),
            answers: !down.contains(&server.name().as_str()),
            role: if server.is_primary() { "primary" } else { "standby" }.to_owned(),
            upstream: None,
            replication: Vec::new(),
        };
        let board = Board {
            servers: topology.servers().iter().map(reading).collect(),
            commits: Commits {
                outcome: "acknowledged".to_owned(),
                waits_for: Vec::new(),
            },
        };
        let seen = ClusterMessage::Seen("/b".into(), Box::new(Glance::from(board)));
        send(&mut session, seen);
        session
    }

    fn dropped(session: &Session, server: &str, target: &str, zone: Zone, with_fix: bool) -> Outcome {
        let id = |name| session.desk.document.topology().by_name(name).unwrap().id();
        session.outcome(&Dropped {
            servers: vec![id(server)],
            target: Target::Server(id(target), zone),
            with_fix,
        })
    }

    fn asks(wish: Wish) -> Outcome {
        Outcome::Do(Box::new(Message::Cluster(ClusterMessage::AskSteer(wish))))
    }

    fn reason(outcome: Outcome) -> String {
        match outcome {
            Outcome::Refused { reason, fix: None } => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_drop_tells_a_server_that_runs_whom_to_follow_or_lets_it_take_over() {
        let session = watching(&[]);
        let follow = Wish::Follow {
            server: "slave12".to_owned(),
            upstream: "slave2".to_owned(),
        };
        let low = dropped(&session, "slave12", "slave2", Zone::Below, false);
        assert_eq!(low, asks(follow));
        let heir = "slave1".to_owned();
        let high = dropped(&session, "slave1", "master", Zone::Above, false);
        assert_eq!(high, asks(Wish::Switchover { heir }));
        let heir = Some("slave1".to_owned());
        let gone = watching(&["master"]);
        let high = dropped(&gone, "slave1", "master", Zone::Above, false);
        assert_eq!(high, asks(Wish::Failover { heir }));
    }

    #[test]
    fn what_cannot_be_says_why() {
        let session = watching(&["slave2"]);
        for (server, target, zone, word) in [
            ("slave12", "slave2", Zone::Below, "slave2 is down"),
            ("slave2", "slave1", Zone::Below, "slave2 is down"),
            ("master", "slave1", Zone::Below, "is the primary"),
            ("slave1", "slave11", Zone::Below, "loop"),
            ("slave1", "slave2", Zone::Above, "only the place of the primary"),
        ] {
            let why = reason(dropped(&session, server, target, zone, false));
            assert!(why.contains(word), "{server} on {target}: {why}");
        }
    }

    #[test]
    fn with_the_key_or_a_drawing_that_is_not_deployed_only_the_drawing_changes() {
        let mut session = watching(&[]);
        let is_edit = |outcome: Outcome| match outcome {
            Outcome::Do(message) => matches!(
                *message,
                Message::Design(DesignMessage::Do(Command::Edit(Edit::Attach { .. })))
            ),
            Outcome::Refused { .. } => false,
        };
        assert!(is_edit(dropped(&session, "slave12", "slave2", Zone::Below, true)));
        let [slave11, slave2] =
            ["slave11", "slave2"].map(|name| session.desk.document.topology().by_name(name).unwrap().id());
        let command = Command::Edit(Edit::Attach {
            server: slave11,
            upstream: slave2,
        });
        update(&mut session, Message::Design(DesignMessage::Do(command)));
        assert!(is_edit(dropped(
            &session,
            "slave12",
            "slave2",
            Zone::Below,
            false
        )));
        let all = ["master", "slave1", "slave2", "slave11", "slave12"];
        let stopped = watching(&all);
        assert!(is_edit(dropped(
            &stopped,
            "slave12",
            "slave2",
            Zone::Below,
            false
        )));
    }

    #[test]
    fn the_card_of_the_primary_invites_where_its_upper_part_takes() {
        let session = watching(&[]);
        let id = |name| session.desk.document.topology().by_name(name).unwrap().id();
        let verdicts = session.verdicts(vec![id("slave1")], true);
        assert!(
            verdicts.on(id("master"), Zone::Below).unwrap().is_err(),
            "it follows it already"
        );
        assert!(matches!(
            verdicts.mood(id("master"), None),
            crate::app::dropping::Mood::Allowed { is_hit: false, .. }
        ));
        assert_eq!(
            verdicts.title(id("master"), Zone::Above),
            "Switch over to slave1…"
        );
        let (title, verdict) = verdicts.only_drawing(id("slave2"), Zone::Below).unwrap();
        assert!(title.contains("Only in the drawing") && verdict.is_ok());
    }
}
