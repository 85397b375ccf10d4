//! The verdicts of every drop, as tables to be read: each server upon each other one, below it and into its place.

use pgcascade::model::topology::{ServerId, Topology, notation};

const SEED: &str = "\
postgres 15
master 5432 sync first 1
  slave1 15432 priority 1
    slave11 25432
    slave12 25433
  slave2 15433 priority 2
";

/// Two sites, a relay in the far one; a late copy and a server below it.
const TWO_SITES: &str = "\
postgres 17
primary 5432 sync any 1
  near1 5433 priority 1
  near2 5434 priority 2
    report 5435
  far-relay 5432 host far.example
    far1 5433 host far.example
      far11 5434 host far.example
    far2 5435 host far.example
      late 5436 host far.example delay 1h
";

fn verdict(judged: Result<Vec<String>, impl ToString>) -> String {
    match judged {
        Ok(consequences) if consequences.is_empty() => "yes".to_owned(),
        Ok(consequences) => format!("yes: {}", consequences.join("; ")),
        Err(refusal) => format!("no: {}", refusal.to_string()),
    }
}

fn table(text: &str) -> String {
    let topology = notation::parse(text).unwrap();
    let name = |id: ServerId| topology.server(id).unwrap().name().to_string();
    let ids = |topology: &Topology| topology.in_tree_order();
    let mut table = String::new();
    for server in ids(&topology) {
        for other in ids(&topology) {
            table += &format!("{} onto {}\n", name(server), name(other));
            table += &format!("  follow: {}\n", verdict(topology.judge_attach(server, other)));
            if let Some(fix) = topology.fix_attach(&[server], other) {
                table += &format!("     fix: {}\n", fix.label);
            }
            table += &format!("  place:  {}\n", verdict(topology.judge_place(server, other)));
        }
    }
    table
}

#[test]
fn all_pairs_of_the_seed() {
    let table = table(SEED);
    assert_eq!(table.matches(" onto ").count(), 25);
    insta::assert_snapshot!(table);
}

#[test]
fn all_pairs_of_nine_servers_in_two_sites() {
    let table = table(TWO_SITES);
    assert_eq!(table.matches(" onto ").count(), 81);
    insta::assert_snapshot!(table);
}
