//! repmgr: a file for each node. Whom a node follows stands in none of them, but in repmgr's own table, or in the calls that
//! register the nodes.

use std::collections::BTreeMap;

use super::{OfTools, conninfo};
use crate::model::health::Conninfo;
use crate::model::import::facts::{Facts, Upstream, is_on};
use crate::model::import::files::last_part;
use crate::model::import::{Asked, Loss, redact};
use crate::model::topology::PgMajor;

struct Node {
    path: String,
    id: String,
    said: BTreeMap<String, String>,
}

/// What makes a node of a design, and the rest.
const READ: [&str; 8] = [
    "node_id",
    "node_name",
    "node",
    "conninfo",
    "pg_bindir",
    "use_replication_slots",
    "recovery_min_apply_delay",
    "replication_user",
];

pub fn read(texts: &[(String, String)]) -> OfTools {
    let mut found = OfTools::default();
    let nodes: Vec<Node> = texts
        .iter()
        .filter(|(path, _)| last_part(path).contains(".conf"))
        .filter_map(|(path, text)| node(path, text))
        .collect();
    if nodes.is_empty() {
        return found;
    }
    let calls: Vec<&str> = texts
        .iter()
        .filter(|(path, _)| last_part(path).contains(".sh"))
        .flat_map(|(_, text)| text.lines())
        .collect();
    let called = |node: &Node, words: &str| {
        let file = last_part(&node.path).to_owned();
        let mut calls = calls.iter();
        calls
            .find(|line| {
                line.contains(words) && line.contains(&format!("/{file}\""))
                    || line.contains(words) && line.contains(&format!(" {file} "))
            })
            .map(|line| (*line).to_owned())
    };
    let registered = nodes
        .iter()
        .position(|node| called(node, "primary register").is_some());
    let primary = registered.unwrap_or_else(|| {
        let number = |node: &Node| node.id.parse::<u64>().unwrap_or(u64::MAX);
        let least = nodes.iter().enumerate().min_by_key(|(_, node)| number(node));
        let at = least.map_or(0, |(at, _)| at);
        found.asked.push(Asked {
            server: nodes.get(at).map(Node::name),
            question: "Which node is the primary? The files of repmgr do not say: see `repmgr cluster show`."
                .to_owned(),
            guess: nodes.get(at).map(Node::name).unwrap_or_default(),
        });
        at
    });
    for (at, node) in nodes.iter().enumerate() {
        let call = called(node, "standby register");
        let id = call.as_deref().and_then(|line| {
            let (_, after) = line.split_once("--upstream-node-id")?;
            after
                .trim_start_matches(['=', ' '])
                .split_whitespace()
                .next()
                .map(str::to_owned)
        });
        let upstream = id.and_then(|id| nodes.iter().position(|other| other.id == id));
        if at != primary && upstream.is_none() {
            found.asked.push(Asked {
                server: Some(node.name()),
                question: format!(
                    "Which node does \"{}\" follow? The files of repmgr do not say: see `repmgr cluster show`.",
                    node.name()
                ),
                guess: nodes.get(primary).map(Node::name).unwrap_or_default(),
            });
        }
        let upstream = (at != primary).then(|| upstream.filter(|other| *other != at).unwrap_or(primary));
        found.facts.push(facts(node, upstream, &nodes));
    }
    let first = nodes.get(primary).map(Node::name);
    found.name = first;
    found
}

impl Node {
    fn get(&self, key: &str) -> Option<&str> {
        self.said
            .get(key)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    fn name(&self) -> String {
        let name = self.get("node_name").or_else(|| {
            self.get("node")
                .filter(|_| self.id != self.get("node").unwrap_or(""))
        });
        name.map_or_else(|| format!("node{}", self.id), str::to_owned)
    }

    fn link(&self) -> Option<Conninfo> {
        self.get("conninfo").and_then(Conninfo::parse)
    }
}

/// `None`: it is not a file of repmgr.
fn node(path: &str, text: &str) -> Option<Node> {
    let mut said = BTreeMap::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some((key, value)) = line.split_once('=') {
            said.insert(key.trim().to_owned(), unquoted(value.trim()));
        }
    }
    let id = said
        .get("node_id")
        .or_else(|| said.get("node").filter(|_| said.contains_key("cluster")))?;
    let id = id.clone();
    said.contains_key("conninfo").then(|| Node {
        path: path.to_owned(),
        id,
        said,
    })
}

/// In single quotes with doubled ones inside, or up to a comment.
fn unquoted(value: &str) -> String {
    match value.strip_prefix('\'') {
        Some(rest) => {
            let mut text = String::new();
            let mut letters = rest.chars().peekable();
            while let Some(letter) = letters.next() {
                if letter == '\'' && letters.next_if_eq(&'\'').is_none() {
                    break;
                }
                text.push(letter);
            }
            text
        }
        None => value
            .split('#')
            .next()
            .unwrap_or_default()
            .trim()
            .trim_matches('"')
            .to_owned(),
    }
}

fn facts(node: &Node, upstream: Option<usize>, nodes: &[Node]) -> Facts {
    let name = node.name();
    let place = |key: &str| format!("{}: {key}", node.path);
    let mut facts = Facts {
        place: node.path.clone(),
        label: name.clone(),
        is_standby: upstream.is_some(),
        is_partial: true,
        sees_link: true,
        follows: upstream.map(Upstream::At),
        ..Facts::default()
    };
    let major = node
        .get("pg_bindir")
        .and_then(|bin| bin.split(['/', '-']).find_map(|part| PgMajor::parse(part).ok()));
    facts.major = major;
    facts.is_major_guessed = major.is_none();
    let at = |node: &Node| {
        let link = node.link()?;
        let port = link.get("port").unwrap_or("5432").to_owned();
        Some((
            link.get("host").or_else(|| link.get("hostaddr"))?.to_owned(),
            port,
        ))
    };
    if let Some((host, port)) = at(node) {
        facts.set("port", &port, place("conninfo"));
        facts.address = port.parse().ok().map(|port| (host, port));
    }
    facts.set("cluster_name", &name, place("node_name"));
    if let Some(delay) = node
        .get("recovery_min_apply_delay")
        .filter(|_| upstream.is_some())
    {
        facts.set(
            "recovery_min_apply_delay",
            delay,
            place("recovery_min_apply_delay"),
        );
    }
    if let Some(above) = upstream.and_then(|upstream| nodes.get(upstream)) {
        let (host, port) = at(above).unzip();
        let user = node.get("replication_user").map(str::to_owned).or_else(|| {
            let link = above.link()?;
            link.get("user").map(str::to_owned)
        });
        let link = conninfo(&[
            ("host", host.as_deref()),
            ("port", port.as_deref()),
            ("user", user.as_deref()),
            ("application_name", Some(&name)),
        ]);
        facts.set("primary_conninfo", &link, place("conninfo"));
        if node.get("use_replication_slots").is_some_and(is_on) {
            let slot = format!("repmgr_slot_{}", node.id);
            facts.set("primary_slot_name", &slot, place("use_replication_slots"));
        }
    }
    for (key, value) in &node.said {
        if !READ.contains(&key.as_str()) {
            facts.losses.push(Loss {
                place: place(key),
                line: if key.contains("password") {
                    format!("{key}=***")
                } else {
                    format!("{key}={}", redact::masked(value))
                },
                message: "It is for repmgr itself, and a design has no place for it.".to_owned(),
            });
        }
    }
    facts
}
