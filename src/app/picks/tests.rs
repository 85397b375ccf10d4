//! What the picker offers for what is typed, and why not.

use super::*;
use crate::model::document::{format, templates};

fn seed() -> Session {
    Session::new(format::read(templates::find("seed").unwrap().text).unwrap(), None)
}

fn found(pick: &Pick, typed: &str) -> Vec<String> {
    let rows = rows(pick, &seed(), typed);
    rows.into_iter().map(|row| row.words).collect()
}

#[test]
fn servers_are_found_by_name_port_and_host() {
    assert_eq!(found(&Pick::Server, "slave12"), ["slave12"]);
    assert_eq!(found(&Pick::Server, "25433"), ["slave12"]);
    assert_eq!(found(&Pick::Server, "localhost").len(), 5);
    // The one that is called so stands before those that only follow it.
    assert_eq!(found(&Pick::Server, "Slave1")[0], "slave1");
    assert!(found(&Pick::Server, "nobody").is_empty());
}

#[test]
fn what_begins_with_the_typed_word_comes_first_and_what_cannot_be_done_last() {
    assert_eq!(found(&Pick::Action, "save")[..2], ["Save", "Save as…"]);
    assert_eq!(found(&Pick::Action, "layout"), ["Tidy layout"]);
    let session = seed();
    let all = rows(&Pick::Action, &session, "");
    assert_eq!(all.len(), ACTIONS.len() - 1);
    assert!(all.is_sorted_by_key(|row| row.answer.is_err()));
}

#[test]
fn sites_are_picked_and_new_ones_typed() {
    let mut session = seed();
    let id = |session: &Session, name: &str| session.desk.document.topology().by_name(name).unwrap().id();
    let slave1 = id(&session, "slave1");
    let pick = Pick::Site(vec![slave1]);
    let words = |session: &Session, typed: &str| -> Vec<(String, bool)> {
        let rows = rows(&pick, session, typed);
        rows.into_iter()
            .map(|row| (row.words, row.answer.is_ok()))
            .collect()
    };
    assert_eq!(words(&session, ""), []);
    assert_eq!(words(&session, "Oslo"), [("New site \"Oslo\"".to_owned(), true)]);
    let set = Edit::SetSite {
        servers: vec![slave1],
        site: SiteName::parse("Oslo").ok(),
    };
    crate::app::update(&mut session, edit(set));
    assert_eq!(
        words(&session, ""),
        [("No site".to_owned(), true), ("Oslo".to_owned(), false)]
    );
    assert_eq!(
        words(&session, "osl"),
        [("Oslo".to_owned(), false), ("New site \"osl\"".to_owned(), true)]
    );
    let long = "x".repeat(64);
    assert_eq!(words(&session, &long), [(format!("New site \"{long}\""), false)]);
}

#[test]
fn every_upstream_is_offered_or_says_why_not() {
    let session = seed();
    let slave1 = session.desk.document.topology().by_name("slave1").unwrap().id();
    let rows = rows(&Pick::Upstream(vec![slave1]), &session, "");
    let offered = rows.iter().filter(|row| row.answer.is_ok());
    let offered: Vec<&str> = offered.map(|row| row.words.as_str()).collect();
    let fixes = [
        "slave2",
        "First move slave11 under master",
        "First move slave12 under master",
    ];
    assert!(fixes.iter().all(|fix| offered.contains(fix)), "{offered:?}");
    assert_eq!(offered.len(), 3);
    assert!(rows.iter().all(|row| !row.detail.is_empty()));
}
