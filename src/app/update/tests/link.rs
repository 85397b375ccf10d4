//! The selected link as messages: what it takes the selection from, and when it is no longer there.

use super::*;
use crate::app::ViewMessage;
use crate::model::topology::Downstreams;

fn view(session: &mut Session, message: ViewMessage) {
    assert_eq!(update(session, Message::View(message)), []);
}

#[test]
fn a_link_is_selected_instead_of_servers_and_that_is_no_step() {
    let mut session = seed();
    let [master, slave1, slave12] = ["master", "slave1", "slave12"].map(|name| id(&session, name));
    view(&mut session, ViewMessage::SelectMany(vec![slave1, slave12]));
    view(&mut session, ViewMessage::SelectLink(slave12));
    assert_eq!(
        (session.looks.link, session.selection()),
        (Some(slave12), Vec::new())
    );
    assert_eq!(session.desk.history.undo_label(), None);
    view(&mut session, ViewMessage::Select(Some(slave1)));
    assert_eq!(session.looks.link, None);
    view(&mut session, ViewMessage::SelectLink(master));
    assert_eq!(session.looks.link, None, "nothing leads to the primary");
}

#[test]
fn a_link_that_is_gone_or_hidden_is_not_selected() {
    let mut session = seed();
    let [slave1, slave11, slave12] = ["slave1", "slave11", "slave12"].map(|name| id(&session, name));
    view(&mut session, ViewMessage::SelectLink(slave12));
    let message = attach(&session, "slave12", "slave2");
    drop(update(&mut session, message));
    assert_eq!(session.looks.link, Some(slave12), "it leads elsewhere now");
    view(&mut session, ViewMessage::Fold(slave1, true));
    view(&mut session, ViewMessage::SelectLink(slave11));
    assert!(
        !session.looks.folding.is_folded(slave1),
        "the way to it is unfolded"
    );
    view(&mut session, ViewMessage::Fold(slave1, true));
    assert_eq!(session.looks.link, None);
    view(&mut session, ViewMessage::SelectLink(slave1));
    let remove = DesignMessage::Remove {
        servers: vec![slave1],
        downstreams: Downstreams::Remove,
        remembers: true,
    };
    drop(update(&mut session, Message::Design(remove)));
    assert_eq!(session.looks.link, None);
}
