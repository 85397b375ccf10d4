//! Servers that run, told what to do in the window: by a drop, by the menu, by the buttons of what differs; and the load that shows
//! what becomes of commits meanwhile.

use egui::vec2;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pgcascade::app::{ClusterMessage, Dialog, Effect, Message, Pick, Tab, ViewMessage, WhatIfMessage};
use pgcascade::model::drift::Drift;
use pgcascade::model::health::{Loaded, Second};
use pgcascade::model::plan::Wish;
use pgcascade::model::simulate::world::Incident;

use crate::reality::{FOLDER, as_drawn, see, watching};
use crate::window::Window;

fn running() -> Window {
    let mut window = watching();
    see(&mut window, as_drawn());
    window
}

fn wishes(window: &Window) -> Vec<Wish> {
    let performed = window.performed.borrow();
    let wish = |effect: &Effect| match effect {
        Effect::LookToSteer(_, wish) => Some(wish.clone()),
        _ => None,
    };
    performed.iter().filter_map(wish).collect()
}

fn down(server: &str, fix: &str) -> Drift {
    Drift {
        rule: "server-down",
        server: Some(server.to_owned()),
        message: format!("{server} is down."),
        fix: Some(fix.to_owned()),
        repair: None,
        slot: None,
    }
}

#[test]
fn a_card_dropped_on_another_steers_the_servers_and_leaves_the_drawing() {
    let mut window = running();
    let before = window.drawn();
    let (from, to) = (window.card("slave12"), window.card("slave2") + vec2(0.0, 20.0));
    window.drag(from, to);
    let follow = Wish::Follow {
        server: "slave12".to_owned(),
        upstream: "slave2".to_owned(),
    };
    assert_eq!(wishes(&window), std::slice::from_ref(&follow));
    // High on the primary's card, whose lower part has nothing for its own standby.
    let high = window.card_rect("master").center_top() + vec2(0.0, 8.0);
    window.drag(window.card("slave1"), high);
    let heir = "slave1".to_owned();
    assert_eq!(wishes(&window), [follow, Wish::Switchover { heir }]);
    assert_eq!(window.drawn(), before);
}

#[test]
fn the_menu_says_what_a_drop_says() {
    let mut window = running();
    let row = window.row("slave12");
    window.harness.get_by_label(&row).click_secondary();
    window.harness.run_ok();
    assert!(window.has("Switch over to slave12…") && window.has("Rejoin slave12…"));
    window.click("Let slave12 follow…");
    let id = window.id("slave12");
    assert_eq!(window.session().dialog, Some(Dialog::Pick(Pick::Follow(id))));
    assert!(window.has("slave2"));
    let rejoin = window.session().running().unwrap().may_rejoin(id);
    assert!(rejoin.unwrap_err().contains("streams as drawn"));
}

#[test]
fn what_differs_offers_the_operation_that_helps_or_the_command() {
    let mut window = running();
    let mut seen = as_drawn();
    seen.board.servers[3].running = false;
    seen.board.servers[3].answers = false;
    seen.drift = vec![down("slave11", "Start it: pgcascade start DIR slave11")];
    see(&mut window, seen);
    window.send(Message::View(ViewMessage::Show(Tab::Deploy)));
    // In the panel; the line above the drawing has the first one, too.
    let mut buttons = window.harness.get_all_by_label("Start slave11");
    buttons.next_back().unwrap().click();
    drop(buttons);
    window.harness.run_ok();
    assert!(window.performed.borrow().iter().any(
        |effect| matches!(effect, Effect::Switch { starts: true, servers, .. } if *servers == ["slave11"])
    ));
    // It is busy now: nothing else is offered.
    assert!(window.session().remedies(&down("slave11", "Start it")).is_empty());
    let extra = Drift {
        rule: "slot-extra",
        ..down("master", "On master: SELECT pg_drop_replication_slot('x');")
    };
    let sql = "SELECT pg_drop_replication_slot('x');".to_owned();
    let copies: Vec<Message> = window
        .session()
        .remedies(&extra)
        .into_iter()
        .map(|remedy| remedy.message)
        .collect();
    assert_eq!(copies, [Message::View(ViewMessage::CopyText(sql))]);
}

#[test]
fn a_primary_that_is_gone_offers_both_ways() {
    let mut window = running();
    let mut seen = as_drawn();
    seen.board.servers[0].running = false;
    seen.board.servers[0].answers = false;
    seen.drift = vec![down("master", "Start it: pgcascade start DIR master")];
    see(&mut window, seen.clone());
    let remedies = window.session().remedies(&seen.drift[0]);
    let words: Vec<&str> = remedies.iter().map(|remedy| remedy.words.as_str()).collect();
    assert_eq!(words, ["Start master", "Let a standby take over…"]);
    // One that a failover left is rejoined, not started.
    let fenced = down(
        "slave2",
        "Bring it back as a standby: pgcascade rejoin DIR slave2",
    );
    let mut seen = as_drawn();
    seen.board.servers[2].running = false;
    see(&mut window, seen);
    let remedies = window.session().remedies(&fenced);
    let words: Vec<&str> = remedies.iter().map(|remedy| remedy.words.as_str()).collect();
    assert_eq!(words, ["Rejoin slave2…"]);
}

#[test]
fn advice_of_what_if_is_done_on_the_cluster_or_says_why_not_now() {
    let mut window = running();
    window.send(Message::WhatIf(WhatIfMessage::Enter));
    let crash = Incident::parse("crash master", window.session().desk.document.topology()).unwrap();
    window.send(Message::WhatIf(WhatIfMessage::Do(crash)));
    // The primary runs for real.
    let button = window
        .harness
        .get_all_by_label("Do it on the cluster…")
        .next()
        .unwrap();
    assert!(button.accesskit_node().is_disabled());
    let mut seen = as_drawn();
    seen.board.servers[0].running = false;
    seen.board.servers[0].answers = false;
    see(&mut window, seen);
    window.click("Let slave1 take over…");
    assert!(
        window.session().what_if().is_none(),
        "the drawing follows what is done"
    );
    let heir = Some("slave1".to_owned());
    assert_eq!(wishes(&window), [Wish::Failover { heir }]);
}

#[test]
fn a_load_is_started_watched_and_judged_only_at_its_end() {
    let mut window = running();
    window.send(Message::View(ViewMessage::Show(Tab::Deploy)));
    window.click("Start a load");
    let began = |effect: &Effect| matches!(effect, Effect::StartLoad { rate: Some(_), .. });
    assert!(window.performed.borrow().iter().any(began));
    for second in 1..=5 {
        let told = Second {
            second,
            acknowledged: if second == 3 { 90 } else { 200 },
            gap_ms: if second == 3 { 520 } else { 6 },
            ..Second::default()
        };
        window.send(Message::Cluster(ClusterMessage::Loading(FOLDER.into(), told)));
    }
    assert!(window.has("200 commits in the last second"));
    assert!(window.has("longest gap 0.52 s"), "of the plot, in words");
    window.click("Stop the load");
    assert!(window.performed.borrow().contains(&Effect::StopLoad));
    assert!(!window.has("Every acknowledged row is there"));
    let loaded = Loaded {
        acknowledged: 890,
        failed: 0,
        waiting: 0,
        longest_gap_ms: 520,
        per_second: 178.0,
        lost: 0,
        unacknowledged: 0,
    };
    window.send(Message::Cluster(ClusterMessage::Loaded(
        FOLDER.into(),
        Ok(loaded),
    )));
    assert!(window.has("Every acknowledged row is there"));
    assert!(window.has("Start a load"));
}
