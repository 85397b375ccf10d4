//! What follows a promotion, or undoes what came before one: every server becomes what it will be.

use super::{Turn, is_down, place};
use crate::model::plan::apply::Standing;
use crate::model::plan::apply::difference::Kept;
use crate::model::plan::apply::handover::Stage;
use crate::model::plan::apply::steps::RESTART_SECS;
use crate::model::plan::steps::New;
use crate::model::plan::{Action, Alter, Configure, DesignOf, Means, Takeover};
use crate::model::topology::{Server, ServerId};

impl<'a> Turn<'a> {
    /// The primary of before runs again as the primary.
    pub(super) fn back(&mut self, standing: &Standing) {
        let primary = self.heir;
        let configure = self.planner.configure(primary, DesignOf::After);
        let is_down = is_down(standing, primary.was);
        if is_down {
            self.stay_standby();
            let standby_file = self.wanted().postgres().standby_file().to_owned();
            self.planner.add(New {
                server: Some(primary.is),
                title: format!("Make {} the primary again", primary.is.name()),
                why: "No other server was promoted: what would have made it a standby is removed".to_owned(),
                action: Action::Takeover(Takeover::BecomePrimaryAgain {
                    configure: configure.clone(),
                    standby_file,
                }),
                ..New::default()
            });
        }
    }

    /// With the old primary down, the heir may have been told to promote itself a moment ago. Nobody can see that before it
    /// has happened, so it is restarted as what it is; if it was promoted after all, this goes no further.
    fn stay_standby(&mut self) {
        let heir = self.old;
        let configure = self.planner.configure(heir, DesignOf::Before);
        self.planner.add(New {
            server: Some(heir.was),
            title: format!("Restart {} as the standby that it still is", heir.was.name()),
            why: "It may have been told to take over, and a restart forgets that: two servers that accept writes \
                  would drift apart (split brain)"
                .to_owned(),
            action: Action::Takeover(Takeover::StayStandby {
                at: place(heir.was, &heir.folder_was),
                pass_file_in_environment: configure.pass_file_in_environment,
            }),
            deadline_secs: RESTART_SECS,
            ..New::default()
        });
    }

    /// Every server becomes what it will be, upstreams first; who is up before those who have to be started, since commits
    /// may wait for it.
    pub(super) fn rest(&mut self, standing: &Standing) {
        let difference = self.planner.difference;
        let old = difference.kept_from(self.old.was.id()).map(|one| one.is.id());
        let is_below_old = |id: &ServerId| {
            Some(*id) == old || old.is_some_and(|old| self.wanted().upstreams(*id).contains(&old))
        };
        let (late, soon): (Vec<ServerId>, Vec<ServerId>) =
            self.wanted().in_tree_order().into_iter().partition(is_below_old);
        for id in soon.into_iter().chain(late) {
            let Some(one) = difference.kept_as(id) else {
                continue;
            };
            let is_heir = one.is.id() == self.heir.is.id();
            if self.planner.absent.contains(&id) {
                self.write(one);
            } else if is_heir || one.was.is_primary() || is_down(standing, one.was) {
                self.whole(one, standing);
            } else if self.planner.ready.contains(&id) {
                // Moved before the promotion.
            } else if one.means.is_some() {
                self.planner.change(one);
            } else {
                self.planner.ready.insert(id);
                self.planner.slots_at(one.is);
                self.planner.wait_streaming();
            }
        }
    }

    /// One that is down and stays so gets its files: it follows its new upstream when it is rejoined.
    fn write(&mut self, one: &'a Kept<'a>) {
        self.planner.add(New {
            server: Some(one.is),
            title: format!("Rewrite the files of {}", one.is.name()),
            why: "It is down: it will follow its new upstream once it is started or rejoined".to_owned(),
            action: Action::Alter(Alter::Configure(self.planner.configure(one, DesignOf::After))),
            ..New::default()
        });
    }

    /// The new primary reads the rest of its configuration; what is down is started with its own.
    fn whole(&mut self, one: &'a Kept<'a>, standing: &Standing) {
        let is_heir = one.is.id() == self.heir.is.id();
        let name = one.is.name();
        let starts =
            !is_heir && (one.was.is_primary() && self.stage != Stage::Back) || is_down(standing, one.was);
        let upstream = one.is.upstream().and_then(|id| self.wanted().server(id));
        let (title, why) = match upstream {
            None if starts => (
                format!("Start {name}"),
                "It is the primary again: standbys that find it connect at once",
            ),
            None => (
                format!("Reload {name} with its new configuration"),
                "It is the primary now: what it needed as a standby is removed",
            ),
            Some(upstream) if starts => (
                format!("Start {name} as a standby of {}", upstream.name()),
                "Its WAL ends where the new primary's begins: it follows without a new copy",
            ),
            Some(_) => (
                format!("Reload {name} with its previous configuration"),
                "It was not promoted: it still is the standby that it was",
            ),
        };
        self.planner.add(New {
            server: Some(one.is),
            title,
            why: why.to_owned(),
            action: Action::Alter(Alter::Configure(Configure {
                by: if starts { Means::Restart } else { Means::Reload },
                ..self.planner.configure(one, DesignOf::After)
            })),
            deadline_secs: RESTART_SECS,
            ..New::default()
        });
        let planner = &mut self.planner;
        planner.ready.insert(one.is.id());
        if !is_heir {
            planner.disturbed.insert(one.is.id());
        }
        let below = planner.wanted.downstreams(one.is.id()).map(Server::id);
        planner.disturbed.extend(below);
        if !(is_heir && self.stage == Stage::Begin) {
            planner.slots_at(one.is);
        }
        planner.wait_streaming();
    }

    /// What runs is what is drawn, but for servers that are left and for late ones, which connect again when they have
    /// applied what they have.
    pub(super) fn prove(&mut self) {
        self.planner.prove();
    }
}
