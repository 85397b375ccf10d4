//! Trust in what the design runs of its own: given once for the list that was shown, then the plan runs.

use super::super::{Dialog, Effect, RunView, Session};
use super::{change, deploy};
use crate::model::plan::lacks_only_trust;
use crate::model::topology::digest;

/// The user has read the list and trusts it; what else stands in the way is not overcome by that.
pub(super) fn give(session: &mut Session) -> Vec<Effect> {
    if session.dialog == Some(Dialog::Trust) {
        session.dialog = None;
    }
    let lacks_only_it = match &session.live.run {
        RunView::Planned { checks, .. }
        | RunView::ChangePlanned {
            plan: Err(checks), ..
        } => lacks_only_trust(checks),
        _ => false,
    };
    if !lacks_only_it {
        return Vec::new();
    }
    let sum = digest(&session.desk.document.topology().hazards());
    let begun = match std::mem::take(&mut session.live.run) {
        RunView::Planned { mut machine, .. } => {
            machine.trusted.push(sum.clone());
            deploy::judge(session, machine);
            deploy::confirm(session)
        }
        RunView::ChangePlanned { mut found, .. } => {
            found.machine.trusted.push(sum.clone());
            change::judge(session, *found);
            change::confirm(session)
        }
        other => {
            session.live.run = other;
            return Vec::new();
        }
    };
    let mut effects = vec![Effect::RememberTrust(sum)];
    effects.extend(begun);
    effects
}
