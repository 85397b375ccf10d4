//! A drop on the drawing: it attaches, takes a place, or moves cards. The judge is the topology's own, which also
//! decides on the edit.

use super::{Dropped, Judge, Outcome, Target, Verdict, Zone};
use crate::app::{DesignMessage, Message};
use crate::model::document::Command;
use crate::model::topology::{Edit, Fix, Refusal, ServerId, Topology};

/// Where servers of the design can be put.
#[derive(Debug)]
pub(super) struct Judging {
    topology: Topology,
    servers: Vec<ServerId>,
}

impl Judging {
    pub(super) fn of(topology: &Topology, servers: &[ServerId]) -> Self {
        Self {
            topology: topology.clone(),
            servers: servers.to_vec(),
        }
    }

    fn edit(&self, target: ServerId, zone: Zone) -> Edit {
        match (zone, self.servers.as_slice()) {
            (Zone::Above, [server]) => Edit::TakePlace {
                server: *server,
                place: target,
            },
            (_, [server]) => Edit::Attach {
                server: *server,
                upstream: target,
            },
            (_, servers) => Edit::AttachAll {
                servers: servers.to_vec(),
                upstream: target,
            },
        }
    }
}

impl Judge for Judging {
    fn topology(&self) -> &Topology {
        &self.topology
    }

    fn judge(&self, target: ServerId, zone: Zone) -> Verdict {
        let judged = match (zone, self.servers.first()) {
            (Zone::Above, Some(server)) => self.topology.judge_place(*server, target),
            _ => self.topology.judge_attach_all(&self.servers, target),
        };
        judged.map_err(|refusal: Refusal| refusal.to_string())
    }

    fn hint(&self) -> &'static str {
        if self.can_take_place() {
            "Drop on the lower half of a card to follow that server, on the upper half to swap, beside the cards to \
             move; Esc cancels"
        } else {
            "Drop on a server to follow it, beside the cards to move; Esc cancels"
        }
    }

    /// One server alone may.
    fn can_take_place(&self) -> bool {
        self.servers.len() == 1
    }

    /// All that is below them.
    fn along(&self) -> Vec<ServerId> {
        let heads = self.topology.heads(&self.servers);
        let below = heads.iter().flat_map(|head| self.topology.subtree(*head));
        below.filter(|id| !self.servers.contains(id)).collect()
    }

    fn fix(&self, target: ServerId, zone: Zone) -> Option<Fix> {
        match zone {
            Zone::Above => None,
            Zone::Below => self.topology.fix_attach(&self.servers, target),
        }
    }

    fn act(&self, dropped: &Dropped) -> Outcome {
        let command = match &dropped.target {
            Target::Canvas(places) => Command::Move(places.clone()),
            Target::Server(target, zone) => match self.judge(*target, *zone) {
                Ok(_) => Command::Edit(self.edit(*target, *zone)),
                Err(reason) => match self.fix(*target, *zone) {
                    Some(fix) if dropped.with_fix => Command::Edits {
                        label: fix.label,
                        edits: fix.edits,
                    },
                    fix => {
                        let fix = fix.map(|fix| fix.label);
                        return Outcome::Refused { reason, fix };
                    }
                },
            },
        };
        Outcome::Do(Box::new(Message::Design(DesignMessage::Do(command))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    fn seed() -> Topology {
        notation::parse("master 5432\n  slave1 15432\n    slave11 25432\n  slave2 15433\n").unwrap()
    }

    fn id(name: &str) -> ServerId {
        seed().by_name(name).unwrap().id()
    }

    /// What comes of slave1 dropped there.
    fn outcome(target: Target, with_fix: bool) -> Outcome {
        let servers = vec![id("slave1")];
        Judging::of(&seed(), &servers).act(&Dropped {
            servers,
            target,
            with_fix,
        })
    }

    fn below(name: &str) -> Target {
        Target::Server(id(name), Zone::Below)
    }

    fn does(command: Command) -> Outcome {
        Outcome::Do(Box::new(Message::Design(DesignMessage::Do(command))))
    }

    #[test]
    fn on_empty_canvas_it_moves() {
        let places = vec![(id("slave1"), [180.0, 150.0])];
        let moved = Command::Move(places.clone());
        assert_eq!(outcome(Target::Canvas(places), false), does(moved));
    }

    #[test]
    fn low_on_a_server_it_attaches_and_high_it_takes_the_place() {
        let (server, other) = (id("slave1"), id("slave2"));
        let attach = Edit::Attach {
            server,
            upstream: other,
        };
        assert_eq!(outcome(below("slave2"), false), does(Command::Edit(attach)));
        let place = Edit::TakePlace { server, place: other };
        let above = Target::Server(other, Zone::Above);
        assert_eq!(outcome(above, false), does(Command::Edit(place)));
    }

    #[test]
    fn several_are_attached_as_one_edit() {
        let servers = vec![id("slave1"), id("slave11")];
        let upstream = id("slave2");
        let all = Edit::AttachAll {
            servers: servers.clone(),
            upstream,
        };
        let dropped = Dropped {
            servers: servers.clone(),
            target: below("slave2"),
            with_fix: false,
        };
        let judging = Judging::of(&seed(), &servers);
        assert!(!judging.can_take_place());
        assert_eq!(judging.act(&dropped), does(Command::Edit(all)));
    }

    #[test]
    fn a_refused_drop_says_why() {
        for (target, word) in [("slave11", "loop"), ("master", "already follows")] {
            match outcome(below(target), false) {
                Outcome::Refused { reason, .. } => assert!(reason.contains(word), "{reason}"),
                Outcome::Do(message) => panic!("{target}: {message:?}"),
            }
        }
    }

    #[test]
    fn a_refused_drop_is_done_with_its_fix_if_that_is_wanted() {
        const FIX: &str = "First move slave11 under master";
        match outcome(below("slave11"), false) {
            Outcome::Refused { fix, .. } => assert_eq!(fix.as_deref(), Some(FIX)),
            Outcome::Do(message) => panic!("{message:?}"),
        }
        let Outcome::Do(message) = outcome(below("slave11"), true) else {
            panic!("nothing was done");
        };
        let Message::Design(DesignMessage::Do(Command::Edits { label, edits })) = *message else {
            panic!("{message:?}");
        };
        assert_eq!(label, FIX);
        let mut after = seed();
        for edit in &edits {
            after.apply(edit).unwrap();
        }
        assert_eq!(after.upstreams(id("slave1")), [id("slave11"), id("master")]);
        // Where there is no fix, wanting one changes nothing.
        let refused = outcome(below("master"), true);
        assert!(
            matches!(refused, Outcome::Refused { fix: None, .. }),
            "{refused:?}"
        );
    }
}
