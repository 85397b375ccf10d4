//! Edits, undo and redo, findings, selection, notices.

use super::*;
use crate::app::{Dialog, ViewMessage};
use crate::model::topology::{Downstreams, Severity};

#[test]
fn a_standby_dragged_onto_another_server_follows_it_and_undo_takes_it_back() {
    let mut session = seed();
    let before = drawn(&session);
    let revision = session.desk.revision;
    let message = attach(&session, "slave12", "slave2");
    let effects = update(&mut session, message);
    assert_eq!(upstream_of(&session, "slave12"), "slave2");
    assert_ne!(session.desk.revision, revision);
    assert_eq!(session.derived.revision, session.desk.revision);
    assert_eq!(
        session.desk.history.undo_label(),
        Some("Move slave12 under slave2")
    );
    assert_eq!(
        effects,
        [Effect::Autosave {
            path: None,
            text: Some(session.derived.text.clone())
        }]
    );

    let after = drawn(&session);
    update(&mut session, Message::Design(DesignMessage::Undo));
    assert_eq!(drawn(&session), before);
    update(&mut session, Message::Design(DesignMessage::Redo));
    assert_eq!(drawn(&session), after);
    // Nothing more to redo: nothing happens.
    assert_eq!(update(&mut session, Message::Design(DesignMessage::Redo)), []);
}

#[test]
fn what_can_never_be_true_leaves_everything_as_it_was_and_says_why() {
    let mut session = seed();
    let before = drawn(&session);
    let message = attach(&session, "slave1", "slave12");
    assert_eq!(update(&mut session, message), []);
    assert_eq!(drawn(&session), before);
    assert_eq!(session.desk.history.undo_label(), None);
    assert_eq!(session.desk.revision, 0);
    let (kind, headline) = notice(&session);
    assert_eq!(kind, NoticeKind::Problem);
    assert!(headline.contains("loop"), "{headline}");
}

#[test]
fn a_command_that_changes_nothing_is_no_undo_step() {
    let mut session = seed();
    let port = session.desk.document.topology().primary().port();
    let server = id(&session, "master");
    assert_eq!(update(&mut session, edit(Edit::SetPort { server, port })), []);
    assert_eq!(session.desk.history.undo_label(), None);
    assert!(session.notices.is_empty());
}

#[test]
fn consequences_of_an_edit_are_told() {
    let mut session = seed();
    let message = attach(&session, "slave2", "slave1");
    update(&mut session, message);
    let (kind, headline) = notice(&session);
    assert_eq!(kind, NoticeKind::Info);
    assert!(
        headline.starts_with("\"slave2\" becomes asynchronous"),
        "{headline}"
    );
}

#[test]
fn the_selection_goes_to_the_new_server_and_up_from_one_that_is_gone() {
    let mut session = seed();
    let slave2 = id(&session, "slave2");
    let add = Edit::AddStandby {
        upstream: slave2,
        name: None,
        port: None,
    };
    update(&mut session, edit(add));
    let added = session.selected_server().unwrap();
    assert_eq!(added.upstream(), Some(slave2));
    update(&mut session, Message::Design(DesignMessage::Undo));
    assert_eq!(session.looks.selected, Some(slave2));
    // A server that is not there cannot be selected.
    let gone = id(&seed(), "slave12");
    update(
        &mut session,
        edit(Edit::Remove {
            server: gone,
            downstreams: Downstreams::Remove,
        }),
    );
    update(&mut session, Message::View(ViewMessage::Select(Some(gone))));
    assert_eq!(session.looks.selected, None);
}

#[test]
fn removing_asks_only_where_others_are_concerned() {
    let mut session = seed();
    let [master, slave1, slave2] = ["master", "slave1", "slave2"].map(|name| id(&session, name));

    update(
        &mut session,
        Message::Design(DesignMessage::AskRemove(vec![master])),
    );
    assert!(
        notice(&session)
            .1
            .contains("is the primary and cannot be removed")
    );

    update(
        &mut session,
        Message::Design(DesignMessage::AskRemove(vec![slave2])),
    );
    assert!(session.desk.document.topology().server(slave2).is_none());
    assert_eq!(session.dialog, None);

    update(
        &mut session,
        Message::Design(DesignMessage::AskRemove(vec![slave1])),
    );
    assert_eq!(
        session.dialog,
        Some(Dialog::Remove {
            servers: vec![slave1]
        })
    );
    let remove = DesignMessage::Remove {
        servers: vec![slave1],
        downstreams: Downstreams::Reattach,
        remembers: true,
    };
    update(&mut session, Message::Design(remove));
    assert_eq!(session.dialog, None);
    assert_eq!(upstream_of(&session, "slave11"), "master");
}

#[test]
fn a_fix_removes_its_finding_in_one_step() {
    let mut session = seed();
    let slave11 = id(&session, "slave11");
    let priority = Some(3);
    update(
        &mut session,
        edit(Edit::SetSyncPriority {
            server: slave11,
            priority,
        }),
    );
    let (index, finding) = session.findings_of(slave11).next().unwrap();
    assert_eq!(finding.rule, "sync-on-cascaded-standby");
    let label = finding.fix.clone().unwrap().label;
    update(&mut session, Message::Design(DesignMessage::Fix(index)));
    assert_eq!(session.count(Severity::Error), 0);
    assert_eq!(session.desk.history.undo_label(), Some(label.as_str()));
}

#[test]
fn the_file_shown_goes_with_its_server() {
    let mut session = seed();
    let files = &session.bundle().files;
    let path = files
        .iter()
        .find(|file| file.path.contains("slave12"))
        .unwrap()
        .path
        .clone();
    update(&mut session, Message::View(ViewMessage::ShowFile(path.clone())));
    assert_eq!(session.looks.shown_file, Some(path));
    let slave12 = id(&session, "slave12");
    update(
        &mut session,
        Message::Design(DesignMessage::AskRemove(vec![slave12])),
    );
    assert_eq!(session.looks.shown_file, None);
}

#[test]
fn the_same_notice_is_not_shown_twice_and_the_oldest_goes() {
    let mut session = seed();
    for _ in 0..3 {
        let message = attach(&session, "slave1", "slave12");
        update(&mut session, message);
    }
    assert_eq!(session.notices.len(), 1);
    for number in 0..20 {
        let report = crate::report::Report::new(format!("problem {number}"));
        update(&mut session, Message::Failed(report));
    }
    assert_eq!(session.notices.len(), super::super::notices::NOTICES);
    assert_eq!(notice(&session).1, "problem 19");
    let number = session.notices[0].number;
    update(&mut session, Message::View(ViewMessage::CloseNotice(number)));
    assert!(session.notices.iter().all(|notice| notice.number != number));
}

#[test]
fn one_action_says_everything_in_one_notice() {
    let mut session = seed();
    // Both become asynchronous, and each is told.
    let slave1 = id(&session, "slave1");
    let edits = ["slave1", "slave2"].map(|name| Edit::SetSyncPriority {
        server: id(&session, name),
        priority: None,
    });
    let command = Command::Edits {
        label: "x".to_owned(),
        edits: edits.to_vec(),
    };
    update(&mut session, Message::Design(DesignMessage::Do(command)));
    let said = session.notices.len();
    assert!(said <= 1, "{:?}", session.notices);
    for _ in 0..2 {
        let refused = Edit::Attach {
            server: slave1,
            upstream: slave1,
        };
        update(&mut session, edit(refused));
    }
    assert_eq!(session.notices.len(), said + 1);
    assert_eq!(session.notices.last().unwrap().repeats, 1);
    update(&mut session, Message::View(ViewMessage::CloseNotices));
    assert!(session.notices.is_empty());
}

#[test]
fn a_standby_added_again_comes_beside_the_one_before() {
    let mut session = seed();
    let slave2 = id(&session, "slave2");
    update(&mut session, Message::View(ViewMessage::Select(Some(slave2))));
    let add = |session: &mut Session| {
        let does = crate::app::actions::does(crate::app::actions::ActionId::AddStandby, session);
        let Some(crate::app::actions::Does::Send(message)) = does else {
            panic!("{does:?}");
        };
        update(session, message);
    };
    add(&mut session);
    add(&mut session);
    assert_eq!(upstream_of(&session, "standby1"), "slave2");
    assert_eq!(upstream_of(&session, "standby2"), "slave2");
    // Whatever is selected by hand gets its own.
    let standby2 = id(&session, "standby2");
    update(&mut session, Message::View(ViewMessage::Select(Some(standby2))));
    add(&mut session);
    assert_eq!(upstream_of(&session, "standby3"), "standby2");
}

#[test]
fn an_answer_about_downstreams_is_not_remembered_unasked() {
    let mut session = seed();
    let slave1 = id(&session, "slave1");
    let remove = DesignMessage::Remove {
        servers: vec![slave1],
        downstreams: Downstreams::Remove,
        remembers: false,
    };
    update(&mut session, Message::Design(remove));
    assert_eq!(session.preferences.removal, None);
}

/// All notices, the latest last.
fn headlines(session: &Session) -> Vec<&str> {
    let notices = session.notices.iter();
    notices.map(|notice| notice.report.headline.as_str()).collect()
}

#[test]
fn what_was_answered_about_downstreams_is_remembered_until_one_asks_to_be_asked() {
    let mut session = seed();
    let slave1 = id(&session, "slave1");
    let remove = DesignMessage::Remove {
        servers: vec![slave1],
        downstreams: Downstreams::Remove,
        remembers: true,
    };
    update(&mut session, Message::Design(remove));
    update(&mut session, Message::Design(DesignMessage::Undo));
    update(
        &mut session,
        Message::Design(DesignMessage::AskRemove(vec![slave1])),
    );
    assert_eq!(session.dialog, None);
    assert_eq!(
        drawn(&session),
        "postgres 15\nmaster 5432 sync first 1\n  slave2 15433 priority 2\n"
    );
    assert_eq!(notice(&session).1, "Their downstreams were removed as well");
    update(&mut session, Message::Design(DesignMessage::Undo));
    update(&mut session, Message::Design(DesignMessage::AskAgain));
    update(
        &mut session,
        Message::Design(DesignMessage::AskRemove(vec![slave1])),
    );
    assert_eq!(
        session.dialog,
        Some(Dialog::Remove {
            servers: vec![slave1]
        })
    );
}

#[test]
fn nothing_is_asked_about_downstreams_that_are_removed_themselves() {
    let mut session = seed();
    let all = ["master", "slave1", "slave11", "slave12"].map(|name| id(&session, name));
    update(
        &mut session,
        Message::Design(DesignMessage::AskRemove(all.to_vec())),
    );
    assert_eq!(session.dialog, None);
    assert_eq!(
        drawn(&session),
        "postgres 15\nmaster 5432 sync first 1\n  slave2 15433 priority 2\n"
    );
    assert_eq!(session.desk.history.undo_label(), Some("Remove 3 servers"));
    update(&mut session, Message::Design(DesignMessage::Undo));
    assert_eq!(drawn(&session), drawn(&seed()));
}

#[test]
fn the_selection_grows_shrinks_and_forgets_what_is_gone() {
    let mut session = seed();
    let [slave1, slave2, slave12] = ["slave1", "slave2", "slave12"].map(|name| id(&session, name));
    for server in [slave1, slave12, slave2] {
        update(&mut session, Message::View(ViewMessage::Toggle(server)));
    }
    assert_eq!(
        session.looks.selected,
        Some(slave2),
        "the last one is in the inspector"
    );
    assert_eq!(session.selection(), [slave1, slave12, slave2]);
    update(&mut session, Message::View(ViewMessage::Toggle(slave2)));
    assert_eq!(session.selection(), [slave1, slave12]);
    update(
        &mut session,
        Message::Design(DesignMessage::AskRemove(vec![slave12])),
    );
    assert_eq!(session.selection(), [slave1]);
    update(
        &mut session,
        Message::View(ViewMessage::SelectMany(vec![slave2, slave12, slave1])),
    );
    assert_eq!(
        (session.looks.selected, session.selection()),
        (Some(slave2), vec![slave1, slave2])
    );
    update(&mut session, Message::View(ViewMessage::Select(None)));
    assert!(session.selection().is_empty());
    // Looking at servers is not a step, and changes nothing.
    assert_eq!(session.desk.history.undo_label(), Some("Remove slave12"));
}

#[test]
fn what_is_cut_can_be_pasted_elsewhere_and_is_what_it_was() {
    let mut session = seed();
    let [slave1, slave2] = ["slave1", "slave2"].map(|name| id(&session, name));
    let setting = Edit::SetSetting {
        server: Some(slave1),
        name: "work_mem".to_owned(),
        value: Some("64MB".to_owned()),
    };
    update(&mut session, edit(setting));
    let effects = without_autosave(update(
        &mut session,
        Message::Design(DesignMessage::Cut(vec![slave1])),
    ));
    let [Effect::CopyText(text)] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(session.desk.history.undo_label(), Some("Cut 3 servers"));
    update(&mut session, Message::View(ViewMessage::Select(Some(slave2))));
    update(&mut session, Message::Design(DesignMessage::Paste(text.clone())));
    let tree = "  slave2 15433 priority 2\n    slave1 15432\n      slave11 25432\n      slave12 25433\n";
    assert!(drawn(&session).ends_with(tree), "{}", drawn(&session));
    let pasted = session.desk.document.topology().by_name("slave1").unwrap();
    assert_eq!(pasted.settings()["work_mem"], "64MB");
    assert_eq!(session.looks.selected, Some(pasted.id()));
    assert!(
        notice(&session).1.starts_with("Asynchronous here"),
        "{:?}",
        headlines(&session)
    );
}

#[test]
fn a_duplicate_stands_beside_the_original_and_the_primary_has_none() {
    let mut session = seed();
    let [master, slave1] = ["master", "slave1"].map(|name| id(&session, name));
    update(
        &mut session,
        Message::Design(DesignMessage::Duplicate(vec![slave1])),
    );
    assert_eq!(upstream_of(&session, "slave1-2"), "master");
    assert_eq!(upstream_of(&session, "slave12-2"), "slave1-2");
    let before = drawn(&session);
    update(
        &mut session,
        Message::Design(DesignMessage::Duplicate(vec![master])),
    );
    update(&mut session, Message::Design(DesignMessage::Cut(vec![master])));
    update(
        &mut session,
        Message::Design(DesignMessage::Paste("no notation".to_owned())),
    );
    assert_eq!(drawn(&session), before);
    let last = headlines(&session);
    assert!(
        last.iter()
            .any(|headline| headline.contains("a design has only one")),
        "{last:?}"
    );
    assert_eq!(
        *last.last().unwrap(),
        "The clipboard does not contain any servers"
    );
}

#[test]
fn while_the_design_is_locked_servers_can_be_copied_and_nothing_else() {
    let mut session = seed();
    let slave2 = id(&session, "slave2");
    session.live.run = crate::app::RunView::Run {
        run: 1,
        job: crate::app::job::Job::Plan(crate::model::plan::Plan {
            cluster: "seed".to_owned(),
            folder: "/nowhere".to_owned(),
            head: crate::model::plan::Head::of(crate::model::plan::Kind::Deploy),
            steps: Vec::new(),
        }),
        progress: crate::model::plan::Progress::default(),
        cancelling: false,
    };
    let copied = update(&mut session, Message::Design(DesignMessage::Copy(vec![slave2])));
    assert_eq!(copied, [Effect::CopyText("slave2 15433 priority 2\n".to_owned())]);
    for refused in [
        Message::Design(DesignMessage::Cut(vec![slave2])),
        Message::Design(DesignMessage::Duplicate(vec![slave2])),
        Message::View(ViewMessage::Rename(Some(slave2))),
    ] {
        assert_eq!(update(&mut session, refused), []);
    }
    assert_eq!((drawn(&session), session.looks.renaming), (drawn(&seed()), None));
}
