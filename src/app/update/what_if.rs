//! What-if: a mode in which things go wrong and the design stays as it is.

use super::super::{Effect, NoticeKind, Session, Tab, WhatIf, WhatIfMessage};
use super::{notify, sentence};
use crate::report::Report;

pub(super) fn update(session: &mut Session, message: WhatIfMessage) -> Vec<Effect> {
    match (message, &mut session.what_if) {
        (WhatIfMessage::Enter, None) if !session.run.is_running() => {
            let topology = session.document.topology();
            session.what_if = Some(WhatIf::new(topology, session.tab));
            session.tab = Tab::WhatIf;
        }
        (WhatIfMessage::Leave, Some(_)) => leave(session),
        (WhatIfMessage::Do(action), Some(what_if)) => {
            if let Err(refusal) = what_if.act(action) {
                let report = Report::new(sentence(&refusal.to_string()));
                notify(session, NoticeKind::Info, report);
            }
        }
        (WhatIfMessage::GoTo(moment), Some(what_if)) => what_if.go_to(moment),
        (WhatIfMessage::Tell(story), Some(what_if)) => what_if.tell(story),
        // Of a mode that is not there, or is there already: sent by a key that was pressed twice.
        _ => {}
    }
    Vec::new()
}

/// Back to the design, which nothing has changed.
pub(super) fn leave(session: &mut Session) {
    if let Some(what_if) = session.what_if.take()
        && session.tab == Tab::WhatIf
    {
        session.tab = what_if.tab_before;
    }
}
