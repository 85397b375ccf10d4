//! CloudNativePG: a Cluster is one server or several, of which the first leads; a replica Cluster follows another.

use std::collections::BTreeMap;

use super::yaml::Leaves;
use super::{OfTools, conninfo};
use crate::model::import::facts::{Facts, Upstream, is_on};
use crate::model::import::{Loss, hba_file};
use crate::model::topology::PgMajor;
use crate::model::topology::terms::SegmentSize;

/// What a manifest is allowed to multiply into.
const MOST_INSTANCES: usize = 50;

pub fn read(documents: &[Leaves]) -> OfTools {
    let mut found = OfTools::default();
    let clusters: Vec<Leaves> = documents
        .iter()
        .filter(|leaves| {
            leaves.get(&["kind"]) == Some("Cluster")
                && leaves
                    .get(&["apiVersion"])
                    .is_some_and(|version| version.starts_with("postgresql.cnpg.io/"))
        })
        .cloned()
        .collect();
    // By the Cluster's name: the place of its first instance.
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    let mut sources: Vec<(usize, String)> = Vec::new();
    for mut leaves in clusters {
        let name = leaves.take(&["metadata", "name"]).unwrap_or_default();
        let label = leaves.take(&["metadata", "labels", "pgcascade/cluster"]);
        found.name = found.name.or(label).or_else(|| Some(name.clone()));
        let at = found.facts.len();
        first.insert(name.clone(), at);
        let source = instances(&name, leaves, &mut found.facts);
        sources.extend(source.map(|source| (at, source)));
    }
    for (at, source) in sources {
        let upstream = first.get(&source).copied().filter(|upstream| *upstream != at);
        if let (Some(facts), Some(upstream)) = (found.facts.get_mut(at), upstream) {
            facts.follows = Some(Upstream::At(upstream));
        }
    }
    found
}

/// All instances of a Cluster; whom the first one follows, by the name of its Cluster.
fn instances(name: &str, mut leaves: Leaves, all: &mut Vec<Facts>) -> Option<String> {
    let at = all.len();
    let place = leaves.file.clone();
    let mut facts = Facts {
        place: format!("{place}: {name}"),
        label: name.to_owned(),
        is_partial: true,
        sees_link: true,
        address: Some((format!("{name}-rw"), 5432)),
        ..Facts::default()
    };
    facts.set("port", "5432", place.clone());
    facts.major = major(&mut leaves);
    facts.is_major_guessed = facts.major.is_none();
    let own = leaves.take(&["metadata", "annotations", "pgcascade/server"]);
    facts.set("cluster_name", own.as_deref().unwrap_or(name), place.clone());
    for (key, value) in leaves.take_below(&["spec", "postgresql", "parameters"]) {
        let place = leaves.place(&["spec", "postgresql", "parameters", &key]);
        facts.set(&key, &value, place);
    }
    for (number, text) in leaves.take_below(&["spec", "postgresql", "pg_hba"]) {
        let place = leaves.place(&["spec", "postgresql", "pg_hba"]);
        facts
            .access
            .extend(hba_file::of_line(&place, number.parse().unwrap_or(0), &text));
    }
    facts.sees_access = !facts.access.is_empty();
    initdb(&mut leaves, &mut facts);
    let count = leaves
        .take(&["spec", "instances"])
        .and_then(|text| text.parse::<usize>().ok())
        .unwrap_or(1);
    if let Some(list) = synchronous(&mut leaves, name, count) {
        let place = leaves.place(&["spec", "postgresql", "synchronous"]);
        facts.set("synchronous_standby_names", &list, place);
    }
    let is_replica = leaves
        .take(&["spec", "replica", "enabled"])
        .is_some_and(|text| is_on(&text));
    let source = leaves.take(&["spec", "replica", "source"]);
    let source = source.or_else(|| leaves.take(&["spec", "bootstrap", "pg_basebackup", "source"]));
    let source = source.filter(|_| is_replica);
    let _ = leaves.take(&["spec", "bootstrap", "pg_basebackup", "source"]);
    let mut upstream = None;
    if let Some(source) = &source {
        facts.is_standby = true;
        upstream = follow(&mut leaves, source, &mut facts);
    }
    for key in [["apiVersion"], ["kind"]] {
        let _ = leaves.take(&key);
    }
    facts
        .losses
        .extend(leaves.losses(|_| "It is for the operator, and a design has no place for it.".to_owned()));
    let others: Vec<Facts> = (2..=count.min(MOST_INSTANCES))
        .map(|number| instance(name, number, at, &facts))
        .collect();
    all.push(facts);
    all.extend(others);
    upstream
}

/// Another instance of the same Cluster: it streams from the first one by a slot that the operator makes.
fn instance(name: &str, number: usize, at: usize, first: &Facts) -> Facts {
    let own = format!("{name}-{number}");
    let mut facts = Facts {
        place: first.place.clone(),
        label: own.clone(),
        major: first.major,
        is_major_guessed: first.is_major_guessed,
        is_standby: true,
        is_partial: true,
        sees_link: true,
        follows: Some(Upstream::At(at)),
        address: Some((own.clone(), 5432)),
        ..Facts::default()
    };
    let shared = first.settings.iter();
    facts.settings = shared
        .filter(|(key, _)| {
            !matches!(
                key.as_str(),
                "cluster_name" | "primary_conninfo" | "primary_slot_name" | "synchronous_standby_names"
            )
        })
        .map(|(key, given)| (key.clone(), given.clone()))
        .collect();
    let link = conninfo(&[
        ("host", Some(&format!("{name}-rw"))),
        ("port", Some("5432")),
        ("user", Some("streaming_replica")),
        ("application_name", Some(&own)),
    ]);
    facts.set("cluster_name", &own, first.place.clone());
    facts.set("primary_conninfo", &link, first.place.clone());
    let slot = format!("_cnpg_{}", own.replace('-', "_"));
    facts.set("primary_slot_name", &slot, first.place.clone());
    facts
}

/// The link to the source, as it stands among the external clusters; the name of the Cluster that it means.
fn follow(leaves: &mut Leaves, source: &str, facts: &mut Facts) -> Option<String> {
    if let Some(delay) = leaves.take(&["spec", "replica", "minApplyDelay"]) {
        let place = leaves.place(&["spec", "replica", "minApplyDelay"]);
        match from_go(&delay) {
            Some(millis) => facts.set("recovery_min_apply_delay", &format!("{millis}ms"), place),
            None => facts.losses.push(Loss {
                place,
                line: format!("minApplyDelay: {delay}"),
                message: "This is not a length of time as the operator reads one.".to_owned(),
            }),
        }
    }
    let mut numbers = leaves.keys(&["spec", "externalClusters"]).into_iter();
    let number =
        numbers.find(|number| leaves.get(&["spec", "externalClusters", number, "name"]) == Some(source))?;
    let way = ["spec", "externalClusters", number.as_str()];
    let _ = leaves.take(&[way[0], way[1], way[2], "name"]);
    let mut words = leaves.take_below(&[way[0], way[1], way[2], "connectionParameters"]);
    // Its own name is what synchronous lists use.
    words.retain(|(key, _)| key != "replication");
    if let Some((_, name)) = words.iter().find(|(key, _)| key == "application_name") {
        let place = leaves.place(&way);
        facts.set("cluster_name", name, place);
    }
    let host = words
        .iter()
        .find(|(key, _)| key == "host")
        .map(|(_, host)| host.clone());
    let pairs: Vec<(&str, Option<&str>)> = words
        .iter()
        .map(|(key, value)| (key.as_str(), Some(value.as_str())))
        .collect();
    let place = leaves.place(&way);
    facts.set("primary_conninfo", &conninfo(&pairs), place);
    let host = host.unwrap_or_else(|| source.to_owned());
    let host = host.split('.').next().unwrap_or_default().to_owned();
    let service = ["-rw", "-ro", "-r"]
        .iter()
        .find_map(|ending| host.strip_suffix(ending));
    Some(service.map_or(host.clone(), str::to_owned))
}

fn major(leaves: &mut Leaves) -> Option<PgMajor> {
    let of_catalogue = leaves.take(&["spec", "imageCatalogRef", "major"]);
    let image = leaves.take(&["spec", "imageName"]);
    let of_image = image.as_deref().and_then(|image| {
        let (_, tag) = image.rsplit_once(':')?;
        tag.split(['.', '-', '@']).next()
    });
    PgMajor::parse(of_catalogue.as_deref().or(of_image)?).ok()
}

fn initdb(leaves: &mut Leaves, facts: &mut Facts) {
    let mut take = |key: &str| leaves.take(&["spec", "bootstrap", "initdb", key]);
    facts.initdb.encoding = take("encoding");
    let (collate, kind) = (take("localeCollate"), take("localeCType"));
    let locale = take("locale");
    facts.initdb.locale = locale.or_else(|| collate.clone().filter(|collate| kind.as_ref() == Some(collate)));
    facts.initdb.data_checksums = take("dataChecksums").map(|text| is_on(&text));
    facts.initdb.wal_segment_size = take("walSegmentSize").and_then(|size| SegmentSize::parse(&size).ok());
}

/// The list that the operator writes: names from outside before and behind those of its own instances.
fn synchronous(leaves: &mut Leaves, name: &str, count: usize) -> Option<String> {
    let way = ["spec", "postgresql", "synchronous"];
    let method = leaves.take(&[way[0], way[1], way[2], "method"])?;
    let number = leaves.take(&[way[0], way[1], way[2], "number"])?;
    let most = leaves
        .take(&[way[0], way[1], way[2], "maxStandbyNamesFromCluster"])
        .and_then(|most| most.parse::<usize>().ok());
    let mut named = |key: &str| -> Vec<String> {
        let names = leaves.take_below(&[way[0], way[1], way[2], key]);
        names.into_iter().map(|(_, name)| name).collect()
    };
    let mut names = named("standbyNamesPre");
    let own = (2..=count.min(MOST_INSTANCES)).map(|number| format!("{name}-{number}"));
    names.extend(own.take(most.unwrap_or(MOST_INSTANCES)));
    names.extend(named("standbyNamesPost"));
    let names: Vec<String> = names
        .iter()
        .map(|name| format!("\"{}\"", name.replace('"', "\"\"")))
        .collect();
    let method = if method == "any" { "ANY" } else { "FIRST" };
    (!names.is_empty()).then(|| format!("{method} {number} ({})", names.join(", ")))
}

/// `1h30m` in milliseconds.
fn from_go(text: &str) -> Option<u64> {
    let mut millis: u64 = 0;
    let mut number = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter.is_ascii_digit() {
            number.push(letter);
            continue;
        }
        let unit = match letter {
            'h' => 3_600_000,
            'm' if letters.next_if_eq(&'s').is_some() => 1,
            'm' => 60_000,
            's' => 1_000,
            _ => return None,
        };
        millis = millis.checked_add(number.parse::<u64>().ok()?.checked_mul(unit)?)?;
        number.clear();
    }
    (number.is_empty() || number == "0").then_some(millis)
}
