//! A drop in What-if: upon a server, it is told to follow that one. Nothing of the drawing changes.

use super::{Dropped, Judge, Outcome, Target, Verdict, Zone};
use crate::app::{Message, WhatIfMessage};
use crate::model::simulate::world::{Incident, World};
use crate::model::topology::{Fix, ServerId, Topology};

const STAYS: &str = "Cards cannot be moved in What-if; drop one on a server to re-parent it";

/// Where one server of a world can be pointed to.
#[derive(Debug)]
pub(super) struct Judging {
    world: World,
    server: Option<ServerId>,
}

impl Judging {
    /// One server at a time is told whom to follow: the first.
    pub(super) fn of(world: &World, servers: &[ServerId]) -> Self {
        Self {
            world: world.clone(),
            server: servers.first().copied(),
        }
    }

    fn action(&self, upstream: ServerId) -> Option<Incident> {
        let server = self.server?;
        Some(Incident::Repoint { server, upstream })
    }
}

impl Judge for Judging {
    fn topology(&self) -> &Topology {
        self.world.topology()
    }

    fn judge(&self, target: ServerId, _: Zone) -> Verdict {
        let Some(action) = self.action(target) else {
            return Err(STAYS.to_owned());
        };
        match self.world.judge(action) {
            Ok(_) => Ok(Vec::new()),
            Err(refusal) => Err(refusal.to_string()),
        }
    }

    fn hint(&self) -> &'static str {
        "Drop on a server to follow it; Esc cancels"
    }

    fn can_take_place(&self) -> bool {
        false
    }

    fn along(&self) -> Vec<ServerId> {
        Vec::new()
    }

    /// No fix of the design helps in a world.
    fn fix(&self, _: ServerId, _: Zone) -> Option<Fix> {
        None
    }

    fn act(&self, dropped: &Dropped) -> Outcome {
        let refused = |reason| Outcome::Refused { reason, fix: None };
        let Target::Server(target, zone) = dropped.target else {
            return refused(STAYS.to_owned());
        };
        match (self.judge(target, zone), self.action(target)) {
            (Ok(_), Some(action)) => Outcome::Do(Box::new(Message::WhatIf(WhatIfMessage::Do(action)))),
            (Err(reason), _) => refused(reason),
            (Ok(_), None) => refused(STAYS.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    #[test]
    fn a_drop_repoints_one_server_or_says_why_not() {
        let topology = notation::parse("m 1\n  a 2\n    c 3\n  b 4\n").unwrap();
        let id = |name: &str| topology.by_name(name).unwrap().id();
        let judging = Judging::of(&World::new(&topology), &[id("a")]);
        let dropped = |target| Dropped {
            servers: vec![id("a")],
            target,
            with_fix: true,
        };
        let (server, upstream) = (id("a"), id("b"));
        let told = Message::WhatIf(WhatIfMessage::Do(Incident::Repoint { server, upstream }));
        assert_eq!(
            judging.act(&dropped(Target::Server(upstream, Zone::Below))),
            Outcome::Do(Box::new(told))
        );
        // Below itself: there is no fix in a world, whatever key is held.
        match judging.act(&dropped(Target::Server(id("c"), Zone::Below))) {
            Outcome::Refused { fix: None, .. } => {}
            other => panic!("{other:?}"),
        }
        let stays = Outcome::Refused {
            reason: STAYS.to_owned(),
            fix: None,
        };
        assert_eq!(judging.act(&dropped(Target::Canvas(Vec::new()))), stays);
    }
}
