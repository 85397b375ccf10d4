//! Links that are cut: nobody is told, so each end notices only after its time limit, and commits wait until then.

use super::link::Progress;
use super::story::What;
use super::{Micros, Run};
use crate::model::simulate::world::{End, Silence};
use crate::model::topology::ServerId;

/// A connection over a network that is cut, in which one of its ends at least still believes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quiet {
    standby: ServerId,
    upstream: ServerId,
    since: Micros,
    /// The last that the upstream heard of the standby.
    known: Progress,
}

impl Quiet {
    fn is(&self, standby: ServerId, upstream: ServerId) -> bool {
        (self.standby, self.upstream) == (standby, upstream)
    }
}

impl Run {
    /// When the upstream gives up a standby of which it hears nothing, and does not know yet. The first `None`: it hears
    /// it, or knows; the second: never.
    pub fn gives_up_at(&self, standby: ServerId, upstream: ServerId) -> Option<Option<Micros>> {
        if !self.world.is_silent(standby, upstream) {
            return None;
        }
        let quiet = self.quiet.iter().find(|quiet| quiet.is(standby, upstream))?;
        Some(self.due(quiet, End::Sender))
    }

    /// Takes note of the links that have been cut, and forgets those that both ends know of or that work again.
    pub(super) fn fall_quiet(&mut self) {
        let silences: Vec<Silence> = self.world.silences().to_vec();
        self.quiet.retain(|quiet| {
            silences
                .iter()
                .any(|silence| quiet.is(silence.standby, silence.upstream))
        });
        for Silence {
            standby, upstream, ..
        } in silences
        {
            if self.quiet.iter().any(|quiet| quiet.is(standby, upstream)) {
                continue;
            }
            let place = self.place(standby);
            self.quiet.push(Quiet {
                standby,
                upstream,
                since: self.now,
                known: place.map_or_else(Progress::default, |place| self.links[place].known),
            });
        }
    }

    /// Anyone who has waited long enough by now notices.
    pub(super) fn notice_due(&mut self) {
        for quiet in self.quiet.clone() {
            let (standby, upstream) = (quiet.standby, quiet.upstream);
            for end in [End::Sender, End::Receiver] {
                let is_due = self.due(&quiet, end).is_some_and(|due| due <= self.now);
                if is_due && self.world.believes_in(standby, upstream, end) {
                    let consequences = self.world.notice(standby, upstream, end);
                    self.tell(
                        What::Noticed {
                            standby,
                            upstream,
                            end,
                        },
                        Ok(consequences),
                    );
                    self.fall_quiet();
                }
            }
        }
    }

    /// What the upstream knows of a standby: of a silent one what it last heard, wherever that one is by now.
    pub(super) fn known(&self, place: usize, upstream: usize) -> Progress {
        let (standby, upstream) = (self.id(place), self.id(upstream));
        let mut quiet = self.quiet.iter();
        let heard =
            quiet.find(|quiet| quiet.is(standby, upstream) && self.world.is_silent(standby, upstream));
        heard.map_or(self.links[place].known, |quiet| quiet.known)
    }

    fn due(&self, quiet: &Quiet, end: End) -> Option<Micros> {
        let server = match end {
            End::Sender => quiet.upstream,
            End::Receiver => quiet.standby,
        };
        Some(quiet.since.saturating_add(self.world.patience(server, end)?))
    }
}
