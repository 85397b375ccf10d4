//! What can be done with a server, as messages: the same words and the same edits wherever they are offered.

use crate::app::{DesignMessage, Message, Session, ViewMessage};
use crate::model::document::Command;
use crate::model::topology::{Edit, Refusal, Server, ServerId, SyncPolicy, Topology};
use crate::model::words::counted;

pub fn edit(edit: Edit) -> Message {
    Message::Design(DesignMessage::Do(Command::Edit(edit)))
}

pub fn select(server: ServerId) -> Message {
    Message::View(ViewMessage::Select(Some(server)))
}

/// A standby under the only one of these servers, or under the primary.
pub fn add_standby(session: &Session, servers: &[ServerId]) -> Message {
    let topology = session.desk.document.topology();
    let upstream = match servers {
        [server] if topology.server(*server).is_some() => *server,
        _ => topology.primary().id(),
    };
    edit(add_standby_under(upstream))
}

/// A standby with the next free name and port.
pub fn add_standby_under(upstream: ServerId) -> Edit {
    Edit::AddStandby {
        upstream,
        name: None,
        port: None,
    }
}

/// Every other server with the answer to "may it follow that one?": what changes besides, or why not.
pub fn targets(
    topology: &Topology,
    server: ServerId,
) -> Vec<(ServerId, String, Result<Vec<String>, Refusal>)> {
    topology
        .in_tree_order()
        .into_iter()
        .filter(|target| *target != server)
        .filter_map(|target| {
            let name = topology.server(target)?.name().to_string();
            Some((target, name, topology.judge_attach(server, target)))
        })
        .collect()
}

/// Synchronous on or off for one standby.
///
/// # Errors
///
/// With the reason why it cannot be synchronous where it stands.
pub fn toggle_synchronous(topology: &Topology, id: ServerId) -> Result<Message, String> {
    let standby = topology.server(id).and_then(|server| server.standby());
    let Some(standby) = standby else {
        return Err("The primary itself cannot be synchronous".to_owned());
    };
    if standby.sync_priority().is_some() {
        return Ok(edit(Edit::SetSyncPriority {
            server: id,
            priority: None,
        }));
    }
    if standby.upstream() != topology.primary().id() {
        return Err("Only a server directly under the primary can be synchronous".to_owned());
    }
    let last = topology
        .servers()
        .iter()
        .filter_map(|server| server.standby()?.sync_priority())
        .max();
    let priority = Edit::SetSyncPriority {
        server: id,
        priority: Some(last.unwrap_or(0).saturating_add(1)),
    };
    if topology.sync().is_some() {
        return Ok(edit(priority));
    }
    let name = topology.server(id).map_or("", |server| server.name().as_str());
    Ok(Message::Design(DesignMessage::Do(Command::Edits {
        label: format!("Make {name} synchronous"),
        edits: vec![Edit::SetSync(Some(SyncPolicy::default())), priority],
    })))
}

/// All of these standbys synchronous, behind those that are, in this order; or none, if all of them are already.
///
/// # Errors
///
/// With the reason why one of them cannot be synchronous where it stands.
pub fn synchronous_together(topology: &Topology, standbys: &[&Server]) -> Result<Message, String> {
    let is_synchronous =
        |server: &&&Server| server.standby().is_some_and(|own| own.sync_priority().is_some());
    let gets_priority = !standbys.iter().all(|server| is_synchronous(&server));
    let primary = topology.primary().id();
    let is_below = |server: &&&Server| server.upstream() != Some(primary);
    // A priority that means nothing there can be taken away everywhere.
    if let Some(below) = standbys.iter().find(is_below).filter(|_| gets_priority) {
        return Err(format!(
            "Only a server directly under the primary can be synchronous: {} is not",
            below.name()
        ));
    }
    let priorities = topology
        .servers()
        .iter()
        .filter_map(|server| server.standby()?.sync_priority());
    let last = priorities.max().unwrap_or(0);
    let changed = standbys
        .iter()
        .filter(|server| is_synchronous(server) != gets_priority);
    let mut edits: Vec<Edit> = changed
        .zip(1..)
        .map(|(server, number)| Edit::SetSyncPriority {
            server: server.id(),
            priority: gets_priority.then(|| last.saturating_add(number)),
        })
        .collect();
    if gets_priority && topology.sync().is_none() {
        edits.insert(0, Edit::SetSync(Some(SyncPolicy::default())));
    }
    let how = if gets_priority {
        "synchronous"
    } else {
        "asynchronous"
    };
    Ok(Message::Design(DesignMessage::Do(Command::Edits {
        label: format!("Make {} {how}", counted(standbys.len(), "standby")),
        edits,
    })))
}

/// The slots of all of these standbys.
pub fn slots_together(standbys: &[&Server], slot: bool) -> Message {
    let edits = standbys.iter().map(|server| Edit::SetSlot {
        server: server.id(),
        slot: Some(slot),
    });
    let what = if slot {
        "Give a slot to"
    } else {
        "Remove the slot of"
    };
    Message::Design(DesignMessage::Do(Command::Edits {
        label: format!("{what} {}", counted(standbys.len(), "standby")),
        edits: edits.collect(),
    }))
}

/// What [`toggle_synchronous`] and [`synchronous_together`] do to these servers.
pub fn toggle_words(topology: &Topology, servers: &[ServerId]) -> &'static str {
    let standbys = servers.iter().filter_map(|id| topology.server(*id)?.standby());
    let mut has_priority = standbys
        .map(|standby| standby.sync_priority().is_some())
        .peekable();
    if has_priority.peek().is_some() && has_priority.all(|has| has) {
        "Make asynchronous"
    } else {
        "Make synchronous"
    }
}

/// What [`add_standby`] does with these servers: "Add standby under slave1".
pub fn add_words(session: &Session, servers: &[ServerId]) -> String {
    let topology = session.desk.document.topology();
    let upstream = match servers {
        [server] => topology.server(*server),
        _ => None,
    };
    format!(
        "Add standby under {}",
        upstream.unwrap_or_else(|| topology.primary()).name()
    )
}

/// With an ellipsis where it asks what becomes of the downstreams.
pub fn remove_words(session: &Session, servers: &[ServerId]) -> &'static str {
    let topology = session.desk.document.topology();
    if servers.iter().any(|server| topology.is_relay(*server)) {
        "Remove…"
    } else {
        "Remove"
    }
}

/// The place in the list of synchronous standbys, if it has one: below a standby a priority means nothing.
pub fn priority_that_counts(topology: &Topology, id: ServerId) -> Option<u32> {
    topology.sync()?;
    let standby = topology.server(id)?.standby()?;
    standby
        .sync_priority()
        .filter(|_| standby.upstream() == topology.primary().id())
}

/// "standby of slave1, asynchronous": what a server is, in words.
pub fn role_in_words(topology: &Topology, id: ServerId) -> String {
    let Some(server) = topology.server(id) else {
        return String::new();
    };
    let Some(standby) = server.standby() else {
        return "primary".to_owned();
    };
    let upstream = topology
        .server(standby.upstream())
        .map_or("?", |upstream| upstream.name().as_str());
    if server.is_receiver() {
        return format!("WAL receiver of {upstream}");
    }
    if server.is_fed_by_archive() {
        return format!("standby of {upstream}, fed by the archive");
    }
    match priority_that_counts(topology, id) {
        Some(priority) => format!("standby of {upstream}, synchronous with priority {priority}"),
        None => format!("standby of {upstream}, asynchronous"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    #[test]
    fn several_change_together_and_a_priority_below_a_relay_can_always_go() {
        let text = "m 5432 sync first 1\n  a 5433 priority 1\n    b 5434 priority 2\n    c 5435\n  d 5436\n";
        let topology = notation::parse(text).unwrap();
        let together = |names: &[&str]| {
            let standbys: Vec<&Server> = names.iter().map(|name| topology.by_name(name).unwrap()).collect();
            match synchronous_together(&topology, &standbys)? {
                Message::Design(DesignMessage::Do(Command::Edits { label, edits })) => {
                    let mut after = topology.clone();
                    for edit in &edits {
                        after.apply(edit).unwrap();
                    }
                    let priority = |server: &Server| server.standby()?.sync_priority();
                    Ok((label, after.servers().iter().map(priority).collect::<Vec<_>>()))
                }
                other => panic!("{other:?}"),
            }
        };
        let gone = ("Make 2 standbys asynchronous".to_owned(), vec![None; 5]);
        assert_eq!(together(&["a", "b"]), Ok(gone));
        let given = vec![None, Some(1), Some(2), None, Some(3)];
        assert_eq!(
            together(&["a", "d"]),
            Ok(("Make 2 standbys synchronous".to_owned(), given))
        );
        let refused: Result<_, String> = together(&["c", "d"]);
        assert!(refused.is_err_and(|reason| reason.ends_with("c is not")));
    }

    #[test]
    fn only_servers_under_the_primary_change_between_synchronous_and_asynchronous() {
        let topology =
            notation::parse("m 5432 sync first 1\n  a 5433 priority 3\n    b 5434\n  c 5435\n").unwrap();
        let server = |name: &str| topology.by_name(name).unwrap().id();
        let set = |name, priority| {
            Ok(edit(Edit::SetSyncPriority {
                server: server(name),
                priority,
            }))
        };
        assert!(toggle_synchronous(&topology, server("m")).is_err());
        assert!(toggle_synchronous(&topology, server("b")).is_err());
        assert_eq!(toggle_synchronous(&topology, server("a")), set("a", None));
        assert_eq!(toggle_synchronous(&topology, server("c")), set("c", Some(4)));
    }
}
