//! A cluster from one of its servers: the walk, and the design of what it found.

use super::dial::Dialling;
use super::facts::facts_of;
use super::sources::{Brought, not_drawn};
use super::walk::{Place, shown, walk};
use crate::model::document::Document;
use crate::model::import::{self, Loss, Unreached};
use crate::report::Report;

/// Walks from the server of a connection string; `also` are other addresses, `host:port` or connection strings.
///
/// # Errors
///
/// If no server answers, with what to do, or if what answers forms no tree.
pub async fn from_servers(text: &str, also: &[String]) -> Result<Brought, Report> {
    let dialling = Dialling::of(text)?;
    let mut others = Vec::new();
    for word in also {
        others.extend(places_of(word)?);
    }
    let user = dialling.user().to_owned();
    let walked = walk(dialling, others).await?;
    let mut told = facts_of(&walked, &user);
    let mut imported = import::draw("imported", &told.facts).map_err(|error| not_drawn(&error))?;
    imported.asked.append(&mut told.asked);
    for ((host, port), why) in &walked.silent {
        // Some of what was only tried is another name for a server that answered.
        let is_placed = imported
            .unreached
            .iter_mut()
            .find(|one| one.host.as_deref() == Some(host) && one.port == Some(*port));
        match is_placed {
            Some(one) => one.message = format!("{} ({why})", one.message),
            None => imported.unreached.push(Unreached {
                server: None,
                host: Some(host.clone()),
                port: Some(*port),
                message: format!("It was tried, and did not answer: {why}."),
            }),
        }
    }
    imported.unreached.append(&mut told.unreached);
    for (host, port) in &walked.foreign {
        imported.losses.push(Loss {
            place: shown(host, *port),
            line: String::new(),
            message: "It belongs to another cluster: its system identifier differs.".to_owned(),
        });
    }
    if walked.is_cut_short {
        imported.losses.push(Loss {
            place: String::new(),
            line: String::new(),
            message: "The walk was cut short after 8 s: servers may be missing.".to_owned(),
        });
    }
    let name = imported.topology.primary().name().to_string();
    let mut document = Document::new(imported.topology);
    let renamed = crate::model::topology::Edit::SetClusterName(name);
    // A name never refuses.
    let _ = document.apply(&crate::model::document::Command::Edit(renamed));
    let seen = walked.visits.iter().map(|visit| Some(Box::new(visit.up.clone())));
    let mut seen: Vec<_> = seen.collect();
    seen.resize(told.facts.len(), None);
    Ok(Brought {
        document,
        asked: imported.asked,
        losses: imported.losses,
        unreached: imported.unreached,
        facts: told.facts,
        names: imported.names,
        seen,
    })
}

/// `db2:5433`, `[::1]:5433`, `db2`, or a connection string.
fn places_of(word: &str) -> Result<Vec<Place>, Report> {
    if word.contains('=') || word.contains("://") {
        return Dialling::of(word).map(|dialling| dialling.places);
    }
    let bad = || {
        Report::new(format!("\"{word}\" is not an address."))
            .hint("Write a host and a port, for example db2:5432.")
    };
    let (host, port) = match word.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':').unwrap_or("5432")),
        None => word.rsplit_once(':').unwrap_or((word, "5432")),
    };
    let port: u16 = port.parse().map_err(|_| bad())?;
    if host.is_empty() || port == 0 {
        return Err(bad());
    }
    Ok(vec![(host.to_owned(), port)])
}
