//! Patroni: a YAML file for each member, and what `patronictl show-config` prints, which counts before the files.

use super::yaml::Leaves;
use super::{OfTools, conninfo, place_of};
use crate::model::import::facts::{Facts, Upstream, is_on};
use crate::model::import::hba_file;
use crate::model::import::{Asked, Loss};
use crate::model::topology::terms::SegmentSize;
use crate::model::topology::{NAME_BYTES, PgMajor};

/// What the whole cluster has, and no single member may set.
const CONTROLLED: [&str; 12] = [
    "hot_standby",
    "max_connections",
    "max_locks_per_transaction",
    "max_prepared_transactions",
    "max_replication_slots",
    "max_wal_senders",
    "max_worker_processes",
    "track_commit_timestamp",
    "wal_keep_segments",
    "wal_keep_size",
    "wal_level",
    "wal_log_hints",
];

struct Member {
    leaves: Leaves,
    name: String,
    facts: Facts,
    replicates_from: Option<String>,
    user: Option<String>,
    options: Vec<(String, String)>,
    is_without_stream: bool,
}

pub fn read(documents: &[Leaves]) -> OfTools {
    let mut found = OfTools::default();
    let mut members: Vec<Member> = documents
        .iter()
        .filter(|leaves| leaves.has(&["scope"]) && leaves.has(&["postgresql"]))
        .map(|leaves| member(leaves.clone()))
        .collect();
    if members.is_empty() {
        return found;
    }
    found.name = members
        .first()
        .and_then(|one| one.leaves.get(&["scope"]).map(str::to_owned));
    // What runs: `patronictl show-config`; else what the first start of the cluster took.
    let shown = documents.iter().find(|leaves| is_dynamic(leaves)).cloned();
    let is_shown = shown.is_some();
    let leader = leader(&members, &mut found);
    let mut dynamic = shown.unwrap_or_default();
    let mut way: &[&str] = &[];
    if !is_shown
        && let Some(first) = members
            .iter_mut()
            .find(|one| one.leaves.has(&["bootstrap", "dcs"]))
    {
        dynamic = first.leaves.clone();
        way = &["bootstrap", "dcs"];
        found.losses.push(Loss {
            place: first.leaves.place(way),
            line: String::new(),
            message: "It counts at the cluster's first start only, and was read as if it still held: give the output of `patronictl \
                      show-config` besides."
                .to_owned(),
        });
    }
    cluster_wide(&mut dynamic, way, &mut members, leader, &mut found);
    links(&mut members, leader, &mut found);
    if is_shown {
        found.losses.extend(dynamic.losses(|_| PATRONIS.to_owned()));
    }
    for member in members {
        let mut facts = member.facts;
        facts.losses.extend(member.leaves.losses(|first| match first {
            "bootstrap" if is_shown => {
                "It counted at the first start only: the dynamic configuration holds now.".to_owned()
            }
            _ => PATRONIS.to_owned(),
        }));
        found.facts.push(facts);
    }
    found
}

const PATRONIS: &str = "It is for Patroni itself, and a design has no place for it.";

fn is_dynamic(leaves: &Leaves) -> bool {
    (leaves.has(&["ttl"]) || leaves.has(&["loop_wait"]))
        && !leaves.has(&["scope"])
        && !leaves.has(&["bootstrap"])
}

fn member(mut leaves: Leaves) -> Member {
    let name = leaves.take(&["name"]).unwrap_or_default();
    let mut facts = Facts {
        place: leaves.file.clone(),
        label: name.clone(),
        is_standby: true,
        sees_link: true,
        is_partial: true,
        ..Facts::default()
    };
    facts.address = leaves
        .take(&["postgresql", "connect_address"])
        .and_then(|text| place_of(&text));
    if let Some((listen, port)) = leaves.take(&["postgresql", "listen"]).and_then(|text| {
        text.rsplit_once(':')
            .map(|(listen, port)| (listen.to_owned(), port.to_owned()))
    }) {
        let place = leaves.place(&["postgresql", "listen"]);
        facts.set("listen_addresses", &listen.replace(['[', ']'], ""), place.clone());
        facts.set("port", &port, place);
    }
    if let Some(bin) = leaves.get(&["postgresql", "bin_dir"]) {
        let major = bin.split(['/', '-']).find_map(|part| PgMajor::parse(part).ok());
        facts.major = major;
    }
    facts.is_major_guessed = facts.major.is_none();
    for (key, value) in leaves.take_below(&["postgresql", "parameters"]) {
        let place = leaves.place(&["postgresql", "parameters", &key]);
        if CONTROLLED.contains(&key.to_ascii_lowercase().as_str()) {
            facts.losses.push(Loss {
                place,
                line: format!("{key}: {value}"),
                message: "Patroni ignores it here: it sets this for all members alike.".to_owned(),
            });
        } else {
            facts.set(&key, &value, place);
        }
    }
    for section in ["recovery_conf", "recovery"] {
        for (key, value) in leaves.take_below(&["postgresql", section]) {
            let place = leaves.place(&["postgresql", section, &key]);
            facts.set(&key, &value, place);
        }
    }
    for (number, text) in leaves.take_below(&["postgresql", "pg_hba"]) {
        let place = leaves.place(&["postgresql", "pg_hba"]);
        facts
            .access
            .extend(hba_file::of_line(&place, number.parse().unwrap_or(0), &text));
    }
    facts.sees_access = !facts.access.is_empty();
    let user = leaves.take(&["postgresql", "authentication", "replication", "username"]);
    let options = ["sslmode", "sslrootcert", "sslcert", "sslkey"];
    let options = options.into_iter().filter_map(|key| {
        let value = leaves.take(&["postgresql", "authentication", "replication", key])?;
        Some((key.to_owned(), value))
    });
    let options = options.collect();
    let replicates_from = leaves.take(&["tags", "replicatefrom"]);
    let is_without_stream = leaves.take(&["tags", "nostream"]).is_some_and(|tag| is_on(&tag));
    Member {
        leaves,
        name,
        facts,
        replicates_from,
        user,
        options,
        is_without_stream,
    }
}

/// Which member leads stands in no file: the one that the cluster was made from, or that nothing keeps from leading.
fn leader(members: &[Member], found: &mut OfTools) -> usize {
    let only = |is: &dyn Fn(&Member) -> bool| {
        let mut fitting = members.iter().enumerate().filter(|(_, one)| is(one));
        match (fitting.next(), fitting.next()) {
            (Some((at, _)), None) => Some(at),
            _ => None,
        }
    };
    let may_lead = |one: &Member| {
        one.replicates_from.is_none() && !one.leaves.get(&["tags", "nofailover"]).is_some_and(is_on)
    };
    if let Some(at) = only(&may_lead) {
        return at;
    }
    let at = only(&|one| one.leaves.has(&["bootstrap", "initdb"]))
        .or_else(|| members.iter().position(may_lead))
        .unwrap_or(0);
    found.asked.push(Asked {
        server: members.get(at).map(|one| one.name.clone()),
        question: "Which member is the leader? Patroni decides it while it runs: see `patronictl list`."
            .to_owned(),
        guess: members.get(at).map(|one| one.name.clone()).unwrap_or_default(),
    });
    at
}

/// Parameters, slots and the synchronous mode that hold for all members.
fn cluster_wide(
    dynamic: &mut Leaves,
    way: &[&str],
    members: &mut [Member],
    leader: usize,
    found: &mut OfTools,
) {
    let below =
        |rest: &[&'static str]| -> Vec<&str> { way.iter().copied().chain(rest.iter().copied()).collect() };
    let parameters = dynamic.take_below(&below(&["postgresql", "parameters"]));
    for member in members.iter_mut() {
        // The file that the dynamic configuration was read from has it as well.
        let _ = member.leaves.take_below(&below(&["postgresql", "parameters"]));
        for (key, value) in &parameters {
            let is_own = member.facts.value(&key.to_ascii_lowercase()).is_some();
            if !is_own {
                let place = format!(
                    "{}: {}.{key}",
                    dynamic.file,
                    below(&["postgresql", "parameters"]).join(".")
                );
                member.facts.set(key, value, place);
            }
        }
    }
    let uses_slots = dynamic
        .take(&below(&["postgresql", "use_slots"]))
        .is_none_or(|text| is_on(&text));
    let mode = dynamic.take(&below(&["synchronous_mode"])).unwrap_or_default();
    let count = dynamic
        .take(&below(&["synchronous_node_count"]))
        .unwrap_or_else(|| "1".to_owned());
    for name in dynamic.keys(&below(&["slots"])) {
        let mut kind = below(&["slots"]);
        kind.extend([name.as_str(), "type"]);
        if dynamic.take(&kind).as_deref() == Some("physical")
            && let Some(member) = members.get_mut(leader)
        {
            member.facts.slots.push(name.clone());
        }
    }
    for key in ["use_slots", "synchronous_mode", "synchronous_node_count"] {
        for member in members.iter_mut() {
            let way = match key {
                "use_slots" => below(&["postgresql", "use_slots"]),
                "synchronous_mode" => below(&["synchronous_mode"]),
                _ => below(&["synchronous_node_count"]),
            };
            let _ = member.leaves.take(&way);
        }
    }
    if is_on(&mode) || mode == "quorum" {
        let names: Vec<String> = members
            .iter()
            .enumerate()
            .filter(|(at, one)| {
                *at != leader
                    && one.replicates_from.is_none()
                    && !one.leaves.get(&["tags", "nosync"]).is_some_and(is_on)
            })
            .map(|(_, one)| format!("\"{}\"", one.name.replace('"', "\"\"")))
            .collect();
        let list = if mode == "quorum" {
            format!("ANY {count} ({})", names.join(", "))
        } else {
            format!("{count} ({})", names.join(", "))
        };
        let place = format!("{}: {}", dynamic.file, below(&["synchronous_mode"]).join("."));
        found.losses.push(Loss {
            place: place.clone(),
            line: format!("synchronous_mode: {mode}"),
            message: "Patroni chooses the synchronous standbys while it runs: the design names all that it may choose, in the order of \
                      the files."
                .to_owned(),
        });
        if let Some(member) = members.get_mut(leader).filter(|_| !names.is_empty()) {
            member.facts.set("synchronous_standby_names", &list, place);
        }
    }
    initdb(members, leader);
    if let Some(host) = dynamic.take(&below(&["standby_cluster", "host"])) {
        let port = dynamic.take(&below(&["standby_cluster", "port"]));
        let slot = dynamic.take(&below(&["standby_cluster", "primary_slot_name"]));
        if let Some(member) = members.get_mut(leader) {
            let place = format!("{}: {}", dynamic.file, below(&["standby_cluster"]).join("."));
            let link = conninfo(&[
                ("host", Some(&host)),
                ("port", port.as_deref()),
                ("user", member.user.as_deref()),
                ("application_name", Some(&member.name)),
            ]);
            member.facts.set("primary_conninfo", &link, place.clone());
            if let Some(slot) = slot {
                member.facts.set("primary_slot_name", &slot, place);
            }
        }
    } else if let Some(member) = members.get_mut(leader) {
        member.facts.is_standby = false;
    }
    for member in members.iter_mut().filter(|_| uses_slots) {
        if member.facts.value("primary_slot_name").is_none()
            && member.facts.is_standby
            && !member.is_without_stream
        {
            let slot = slot_of(&member.name);
            let place = member.leaves.file.clone();
            member.facts.set("primary_slot_name", &slot, place);
        }
    }
}

fn initdb(members: &mut [Member], leader: usize) {
    for (at, member) in members.iter_mut().enumerate() {
        let mut said: Vec<(String, String)> = member.leaves.take_below(&["bootstrap", "initdb"]);
        for number in member.leaves.keys(&["bootstrap", "initdb"]) {
            said.extend(member.leaves.take_below(&["bootstrap", "initdb", &number]));
        }
        if at != leader {
            continue;
        }
        for (key, value) in said {
            let own = &mut member.facts.initdb;
            match (key.as_str(), value.as_str()) {
                ("encoding", _) => own.encoding = Some(value),
                ("locale", _) => own.locale = Some(value),
                ("wal-segsize", size) => own.wal_segment_size = SegmentSize::parse(size).ok(),
                ("data-checksums", _) | (_, "data-checksums") => own.data_checksums = Some(true),
                _ => {}
            }
        }
    }
}

/// Who follows whom, and by which connection string: Patroni writes it itself.
fn links(members: &mut [Member], leader: usize, found: &mut OfTools) {
    let places: Vec<(String, Option<(String, u16)>)> = members
        .iter()
        .map(|one| (one.name.clone(), one.facts.address.clone()))
        .collect();
    for (at, member) in members.iter_mut().enumerate() {
        let place = member.leaves.file.clone();
        if member.facts.value("cluster_name").is_none() && !member.name.is_empty() {
            member
                .facts
                .set("cluster_name", &member.name.clone(), place.clone());
        }
        if at == leader {
            continue;
        }
        let named = member.replicates_from.as_ref();
        let upstream = named.and_then(|name| places.iter().position(|(other, _)| other == name));
        if let (Some(name), None) = (named, upstream) {
            found.losses.push(Loss {
                place: place.clone(),
                line: format!("replicatefrom: {name}"),
                message: "No member has this name, so Patroni ignores it: the member follows the leader."
                    .to_owned(),
            });
        }
        let upstream = upstream.filter(|upstream| *upstream != at).unwrap_or(leader);
        if member.is_without_stream {
            continue;
        }
        member.facts.follows = Some(Upstream::At(upstream));
        let address = places.get(upstream).and_then(|(_, address)| address.clone());
        let (host, port) = address.unzip();
        let port = port.map(|port| port.to_string());
        let mut words = vec![
            ("host", host.as_deref()),
            ("port", port.as_deref()),
            ("user", member.user.as_deref()),
        ];
        words.extend(
            member
                .options
                .iter()
                .map(|(key, value)| (key.as_str(), Some(value.as_str()))),
        );
        words.push(("application_name", Some(member.name.as_str())));
        let link = conninfo(&words);
        member.facts.set("primary_conninfo", &link, place);
    }
}

/// As Patroni names a member's slot.
fn slot_of(name: &str) -> String {
    let mut slot = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            'a'..='z' | '0'..='9' | '_' => slot.push(letter),
            '-' | '.' => slot.push('_'),
            other => slot.push_str(&format!("u{:04}", u32::from(other))),
        }
    }
    slot.chars().take(NAME_BYTES).collect()
}
