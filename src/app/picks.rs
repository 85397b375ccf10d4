//! What can be picked from a list by typing: the rows for each kind of question, and which of them match.
//! Plain data; the window's picker draws it.

use crate::app::actions::{ACTIONS, ActionId, Answer, Does};
use crate::app::edits::{edit, role_in_words};
use crate::app::running::wish_words;
use crate::app::{ClusterMessage, DesignMessage, FileMessage, Message, Pick, Session};
use crate::model::document::Command;
use crate::model::document::templates::{EMPTY, TEMPLATES};
use crate::model::topology::{Edit, PgMajor, Refusal, Server, ServerId, SiteName};
use crate::model::words::{as_sentence, counted};

/// One row of the list.
#[derive(Debug)]
pub struct Row {
    pub words: String,
    /// What it is or does, or, where it cannot be picked, why.
    pub detail: String,
    /// The action it is, whose keys are shown.
    pub action: Option<ActionId>,
    pub answer: Answer,
    /// Found too by these words.
    also: String,
}

/// What stands above the list.
pub fn title(pick: &Pick, session: &Session) -> String {
    let name = |id: &ServerId| {
        let server = session.desk.document.topology().server(*id);
        server.map_or_else(String::new, |server| server.name().to_string())
    };
    match pick {
        Pick::Action => "What do you want to do?".to_owned(),
        Pick::Server => "Which server?".to_owned(),
        Pick::Upstream(servers) => match servers.as_slice() {
            [server] => format!("Choose a new upstream for {}", name(server)),
            _ => format!("Choose a new upstream for these {}", servers.len()),
        },
        Pick::Follow(server) => format!("Choose the running server that {} is to follow", name(server)),
        Pick::Place(server) => format!("Choose a server to swap with {}", name(server)),
        Pick::Site(servers) => match servers.as_slice() {
            [server] => format!("Choose the site of {}", name(server)),
            _ => format!("Choose the site of these {}", servers.len()),
        },
        Pick::Template => "Choose a design to start from".to_owned(),
        Pick::Version => "Which version of PostgreSQL?".to_owned(),
    }
}

/// The rows that match what was typed: those that begin with it first, and what cannot be picked last.
pub fn rows(pick: &Pick, session: &Session, typed: &str) -> Vec<Row> {
    let as_typed = typed.trim();
    let typed = as_typed.to_lowercase();
    let mut ranked: Vec<((bool, u8), Row)> = all_rows(pick, session)
        .into_iter()
        .filter_map(|row| Some(((row.answer.is_err(), rank(&row, &typed)?), row)))
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let new_site = match pick {
        Pick::Site(servers) => new_site_row(session, servers, as_typed),
        _ => None,
    };
    ranked.into_iter().map(|(_, row)| row).chain(new_site).collect()
}

/// What is said where no row matches.
pub fn nothing_words(pick: &Pick, typed: &str) -> String {
    match (pick, typed.trim()) {
        (Pick::Site(_), "") => "Type a name; Enter makes the site".to_owned(),
        (_, typed) => format!("Nothing matches \"{typed}\""),
    }
}

/// How well the row matches; `None`: not at all. Every typed word must be somewhere in it.
fn rank(row: &Row, typed: &str) -> Option<u8> {
    let words = row.words.to_lowercase();
    let everything = format!("{words} {} {}", row.detail, row.also).to_lowercase();
    if !typed.split_whitespace().all(|word| everything.contains(word)) {
        return None;
    }
    Some(match () {
        () if words == typed => 0,
        () if words.starts_with(typed) => 1,
        () if words.split(' ').any(|word| word.starts_with(typed)) => 2,
        () if words.contains(typed) => 3,
        () => 4,
    })
}

fn all_rows(pick: &Pick, session: &Session) -> Vec<Row> {
    match pick {
        Pick::Action => action_rows(session),
        Pick::Server => server_rows(session),
        Pick::Upstream(servers) => upstream_rows(session, servers),
        Pick::Follow(server) => follow_rows(session, *server),
        Pick::Place(server) => place_rows(session, *server),
        Pick::Site(servers) => site_rows(session, servers),
        Pick::Template => template_rows(),
        Pick::Version => version_rows(session),
    }
}

fn action_rows(session: &Session) -> Vec<Row> {
    ACTIONS
        .iter()
        .filter(|action| action.id != ActionId::Palette)
        .map(|action| {
            let answer = action.now(session);
            Row {
                words: action.words_now(session),
                detail: match &answer {
                    Ok(_) => action.explained.to_owned(),
                    Err(reason) => reason.clone(),
                },
                action: Some(action.id),
                answer,
                also: format!("{} {} {}", action.menu.words(), action.words, action.explained),
            }
        })
        .collect()
}

fn server_rows(session: &Session) -> Vec<Row> {
    let topology = session.desk.document.topology();
    let row = |server: &Server| Row {
        words: server.name().to_string(),
        detail: format!(
            "{} · {}:{}",
            role_in_words(topology, server.id()),
            server.host(),
            server.port()
        ),
        action: None,
        answer: Ok(Does::Centre(server.id())),
        also: format!("port {}", server.port()),
    };
    let order = topology.in_tree_order();
    order
        .into_iter()
        .filter_map(|id| topology.server(id))
        .map(row)
        .collect()
}

/// Each server with the verdict of a drop upon it; then what would make room for those that are refused.
fn upstream_rows(session: &Session, servers: &[ServerId]) -> Vec<Row> {
    let topology = session.desk.document.topology();
    let (mut rows, mut fixes) = (Vec::new(), Vec::new());
    for target in topology.in_tree_order() {
        let Some(upstream) = topology.server(target).filter(|_| !servers.contains(&target)) else {
            continue;
        };
        let attach = match servers {
            [server] => Edit::Attach {
                server: *server,
                upstream: target,
            },
            _ => Edit::AttachAll {
                servers: servers.to_vec(),
                upstream: target,
            },
        };
        let verdict = topology.judge_attach_all(servers, target);
        rows.push(judged(upstream.name().to_string(), verdict, edit(attach)));
        if let Some(fix) = topology.fix_attach(servers, target) {
            let detail = format!("They will follow {}", upstream.name());
            let command = Command::Edits {
                label: fix.label.clone(),
                edits: fix.edits,
            };
            let message = Message::Design(DesignMessage::Do(command));
            fixes.push(simple(fix.label, detail, Ok(Does::Send(message))));
        }
    }
    rows.extend(fixes);
    rows
}

/// The servers that run, each with what a drop upon it would say.
fn follow_rows(session: &Session, server: ServerId) -> Vec<Row> {
    let topology = session.desk.document.topology();
    let Some(running) = session.running() else {
        return Vec::new();
    };
    let others = topology.in_tree_order().into_iter().filter(|id| *id != server);
    others
        .filter_map(|upstream| {
            let name = topology.server(upstream)?.name().to_string();
            Some(match running.may_follow(server, upstream) {
                Ok((wish, besides)) => {
                    let detail = if besides.is_empty() {
                        wish_words(&wish)
                    } else {
                        as_sentence(&besides.join(" · "))
                    };
                    let steer = Message::Cluster(ClusterMessage::AskSteer(wish));
                    simple(name, detail, Ok(Does::Send(steer)))
                }
                Err(reason) => simple(name, reason.clone(), Err(reason)),
            })
        })
        .collect()
}

fn place_rows(session: &Session, server: ServerId) -> Vec<Row> {
    let topology = session.desk.document.topology();
    let others = topology.in_tree_order().into_iter().filter(|id| *id != server);
    others
        .filter_map(|place| {
            let name = topology.server(place)?.name().to_string();
            let verdict = topology.judge_place(server, place);
            Some(judged(name, verdict, edit(Edit::TakePlace { server, place })))
        })
        .collect()
}

/// The design's sites, and none; a new one is typed.
fn site_rows(session: &Session, servers: &[ServerId]) -> Vec<Row> {
    let topology = session.desk.document.topology();
    let stand_at = |site: Option<&SiteName>| {
        let mut stand = servers.iter().filter_map(|id| topology.server(*id));
        stand.all(|server| server.site() == site)
    };
    let set = |site: Option<SiteName>| {
        edit(Edit::SetSite {
            servers: servers.to_vec(),
            site,
        })
    };
    let known = topology.sites().into_iter().map(|(site, there)| {
        let answer = if stand_at(Some(site)) {
            Err("Already at this site".to_owned())
        } else {
            Ok(Does::Send(set(Some(site.clone()))))
        };
        simple(
            site.to_string(),
            format!("{} there", counted(there.len(), "server")),
            answer,
        )
    });
    let mut rows: Vec<Row> = known.collect();
    if !stand_at(None) {
        let detail = "Clear the site".to_owned();
        rows.push(simple("No site".to_owned(), detail, Ok(Does::Send(set(None)))));
    }
    rows
}

/// What is typed and no site yet.
fn new_site_row(session: &Session, servers: &[ServerId], typed: &str) -> Option<Row> {
    let sites = session.desk.document.topology().sites();
    if typed.is_empty() || sites.keys().any(|site| site.as_str() == typed) {
        return None;
    }
    let words = format!("New site \"{typed}\"");
    Some(match SiteName::parse(typed) {
        Ok(site) => {
            let message = edit(Edit::SetSite {
                servers: servers.to_vec(),
                site: Some(site),
            });
            simple(
                words,
                "The first servers at this site".to_owned(),
                Ok(Does::Send(message)),
            )
        }
        Err(bad) => simple(
            words,
            as_sentence(&bad.to_string()),
            Err(as_sentence(&bad.to_string())),
        ),
    })
}

/// A server with what changes besides if it is taken, or why it cannot be.
fn judged(name: String, verdict: Result<Vec<String>, Refusal>, message: Message) -> Row {
    match verdict {
        Ok(consequences) => simple(
            name,
            as_sentence(&consequences.join(" · ")),
            Ok(Does::Send(message)),
        ),
        Err(refusal) => {
            let reason = as_sentence(&refusal.to_string());
            simple(name, reason.clone(), Err(reason))
        }
    }
}

fn template_rows() -> Vec<Row> {
    let all = std::iter::once(&EMPTY).chain(&TEMPLATES);
    all.into_iter()
        .map(|template| {
            let message = Message::File(FileMessage::New(template.name.to_owned()));
            let answer = Ok(Does::Send(message));
            simple(template.name.to_owned(), template.summary.to_owned(), answer)
        })
        .collect()
}

fn version_rows(session: &Session) -> Vec<Row> {
    let current = session.desk.document.topology().postgres();
    let row = |major: PgMajor| {
        let answer = if major == current {
            Err("The design already uses this version".to_owned())
        } else {
            Ok(Does::Send(edit(Edit::SetPostgres(major))))
        };
        let detail = answer.as_ref().err().cloned().unwrap_or_default();
        simple(format!("PostgreSQL {major}"), detail, answer)
    };
    PgMajor::ALL.into_iter().rev().map(row).collect()
}

fn simple(words: String, detail: String, answer: Answer) -> Row {
    Row {
        words,
        detail,
        action: None,
        answer,
        also: String::new(),
    }
}

#[cfg(test)]
mod tests;
