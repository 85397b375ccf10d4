//! From one server to all of its cluster: up by what each standby receives from, down by what each server sends to.
//!
//! Downwards no view names a port, so the ports that are known are tried: those of the others, 5432, those that were given, and
//! on this machine those of its sockets. A server belongs to the cluster only if its system identifier is the same.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::dial::Dialling;
use super::local;
use super::rows::{is_physical, is_tool, standby_name, strangers_of};
use super::visit::{Visit, visit};
use crate::model::health::{Conninfo, Sender, Unreachable};
use crate::model::import::dialled;
use crate::report::Report;

/// For the whole walk, whichever servers do not answer.
const ALL: Duration = Duration::from_secs(8);
/// For one server; most answer in milliseconds.
const ONE: Duration = Duration::from_millis(3200);
/// A tree is not deeper, and a cluster not larger: whatever sends us on from there goes in circles.
const MOST_ROUNDS: usize = 32;
const MOST_SERVERS: usize = 1000;

/// A host, or a folder of sockets, and a port.
pub(super) type Place = (String, u16);

/// All that was found.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub visits: Vec<Visit>,
    /// Which visit an address led to.
    pub aliases: BTreeMap<Place, usize>,
    /// By the place of the standby: its upstream, where that was visited.
    pub follows: BTreeMap<usize, usize>,
    /// Rows of a server that belong to nobody who was visited.
    pub strangers: Vec<(usize, Sender)>,
    /// Rows of what takes WAL and is not a server, such as pg_receivewal.
    pub tools: Vec<(usize, Sender)>,
    /// Whom somebody named and who did not answer.
    pub silent: Vec<(Place, Unreachable)>,
    /// Addresses of other clusters that somebody named.
    pub foreign: Vec<Place>,
    pub is_cut_short: bool,
}

struct Walker {
    dialling: Dialling,
    also: Vec<Place>,
    walked: Walked,
    tried: BTreeSet<Place>,
    local_ports: BTreeSet<u16>,
}

/// Walks from the places of the connection string.
pub(super) async fn walk(dialling: Dialling, also: Vec<Place>) -> Result<Walked, Report> {
    let until = Instant::now() + ALL;
    let mut walker = Walker {
        also,
        walked: Walked::default(),
        tried: BTreeSet::new(),
        local_ports: local::ports(),
        dialling,
    };
    let start = walker.dialling.places.clone();
    walker
        .go(start.into_iter().map(|place| (place, true)).collect(), until)
        .await;
    if walker.walked.visits.is_empty() {
        return Err(walker.not_reached());
    }
    let also = walker.also.clone();
    walker
        .go(also.into_iter().map(|place| (place, true)).collect(), until)
        .await;
    for _ in 0..MOST_ROUNDS {
        let next = walker.next();
        if next.is_empty() || Instant::now() >= until || walker.walked.visits.len() >= MOST_SERVERS {
            walker.walked.is_cut_short = !next.is_empty();
            break;
        }
        walker.go(next, until).await;
    }
    walker.settle();
    Ok(walker.walked)
}

impl Walker {
    /// Visits all of these at once. With each: whether a person or a server of the cluster named it.
    async fn go(&mut self, places: Vec<(Place, bool)>, until: Instant) {
        let mut under_way = JoinSet::new();
        for (place, is_told) in places {
            if !self.tried.insert(place.clone()) {
                continue;
            }
            let (host, port) = place.clone();
            let endpoint = self.dialling.at(&host, port, is_told);
            let limit = until.min(Instant::now() + ONE);
            under_way.spawn(async move {
                let answer = tokio::time::timeout_at(limit, visit(&host, port, endpoint)).await;
                (place, is_told, answer.unwrap_or(Err(Unreachable::Silent)))
            });
        }
        let mut answers = Vec::new();
        while let Some(answer) = under_way.join_next().await {
            answers.extend(answer);
        }
        // In an order that does not depend on who was faster.
        answers.sort_by(|(one, _, _), (other, _, _)| one.cmp(other));
        for (place, is_told, answer) in answers {
            match answer {
                Ok(visit) => self.take(place, visit, is_told),
                Err(why) => {
                    if is_told {
                        self.walked.silent.push((place, why));
                    }
                }
            }
        }
    }

    /// Keeps a visit, or notes that the address leads to a server that is known already.
    fn take(&mut self, place: Place, visit: Visit, is_told: bool) {
        let cluster = |visit: &Visit| visit.up.system_identifier;
        let identity = |visit: &Visit| {
            let port = visit
                .up
                .settings
                .as_ref()
                .and_then(|all| all.value("port").map(str::to_owned));
            (cluster(visit), visit.up.started, port)
        };
        if let Some(first) = self.walked.visits.first()
            && let (Some(own), Some(other)) = (cluster(first), cluster(&visit))
            && own != other
        {
            if is_told {
                self.walked.foreign.push(place);
            }
            return;
        }
        let known = self
            .walked
            .visits
            .iter()
            .position(|one| identity(one) == identity(&visit));
        let at = known.unwrap_or_else(|| {
            self.walked.visits.push(visit);
            self.walked.visits.len() - 1
        });
        self.walked.aliases.insert(place, at);
    }

    /// Addresses that nobody has tried yet.
    fn next(&mut self) -> Vec<(Place, bool)> {
        self.settle();
        let mut next: BTreeMap<Place, bool> = BTreeMap::new();
        for visit in &self.walked.visits {
            for place in upstreams(visit) {
                next.insert(place, true);
            }
        }
        let known: BTreeSet<u16> = self
            .walked
            .visits
            .iter()
            .map(|visit| visit.port)
            .chain(self.also.iter().map(|(_, port)| *port))
            .chain([5432])
            .collect();
        for (at, row) in &self.walked.strangers {
            let Some(visit) = self.walked.visits.get(*at) else {
                continue;
            };
            for host in hosts_of(visit, row.client.as_deref()) {
                let is_local = is_here(&host);
                for port in known.iter().chain(self.local_ports.iter().filter(|_| is_local)) {
                    let is_told = known.contains(port);
                    next.entry((host.clone(), *port)).or_insert(is_told && !is_local);
                }
            }
        }
        next.into_iter()
            .filter(|(place, _)| !self.tried.contains(place))
            .collect()
    }

    /// Who follows whom, and which rows are left over.
    fn settle(&mut self) {
        let walked = &mut self.walked;
        walked.follows.clear();
        for (at, visit) in walked.visits.iter().enumerate() {
            let upstream = upstreams(visit)
                .into_iter()
                .find_map(|place| walked.aliases.get(&place).copied());
            if let Some(upstream) = upstream.filter(|upstream| *upstream != at) {
                walked.follows.insert(at, upstream);
            }
        }
        // Who may not see its own link is still known by its name, if one server sends to one of that name.
        for (at, visit) in walked.visits.iter().enumerate() {
            if visit.up.replay.is_none() || walked.follows.contains_key(&at) || !upstreams(visit).is_empty() {
                continue;
            }
            let Some(name) = standby_name(visit) else { continue };
            let sends = |(place, other): (usize, &Visit)| {
                let rows = other.up.senders.as_deref().unwrap_or_default();
                (place != at && rows.iter().any(|row| row.application_name == name)).then_some(place)
            };
            let found: Vec<usize> = walked.visits.iter().enumerate().filter_map(sends).collect();
            if let [only] = found.as_slice() {
                walked.follows.insert(at, *only);
            }
        }
        walked.strangers.clear();
        walked.tools.clear();
        for (at, visit) in walked.visits.iter().enumerate() {
            let below: Vec<&Visit> = walked
                .follows
                .iter()
                .filter(|(_, upstream)| **upstream == at)
                .filter_map(|(standby, _)| walked.visits.get(*standby))
                .collect();
            let rows = strangers_of(visit, &below);
            walked.strangers.extend(rows.into_iter().map(|row| (at, row)));
            let rows = visit.up.senders.iter().flatten();
            let tools = rows.filter(|row| is_tool(row) && is_physical(visit, row));
            walked.tools.extend(tools.map(|row| (at, row.clone())));
        }
    }

    /// Nobody answered: in words, with what to do.
    fn not_reached(&self) -> Report {
        let silent = &self.walked.silent;
        let places: Vec<String> = silent
            .iter()
            .map(|((host, port), _)| shown(host, *port))
            .collect();
        let mut report = Report::new(format!("{} could not be queried.", places.join(", ")));
        report.causes = silent.iter().map(|(_, why)| why.to_string()).collect();
        let user = self.dialling.user();
        for (_, why) in silent {
            let hint = match why {
                Unreachable::Login(words) | Unreachable::Failed(words) if words.contains("password") => format!(
                    "Check the password of \"{user}\" in ~/.pgpass (mode 0600), in PGPASSFILE or in PGPASSWORD."
                ),
                Unreachable::Login(_) => format!(
                    "Check the role \"{user}\", the database, and the server's pg_hba.conf. To create a role that can only \
                     look: CREATE ROLE monitor LOGIN PASSWORD '…' IN ROLE pg_monitor."
                ),
                Unreachable::Refused => {
                    "Nobody listens there: check host and port, and that the server runs and listens on that address \
                     (listen_addresses)."
                        .to_owned()
                }
                Unreachable::Silent | Unreachable::Frozen => {
                    "The server does not answer in time: it may be frozen, overloaded, or behind a firewall. Name another server \
                     of the cluster."
                        .to_owned()
                }
                Unreachable::NotNow(_) => "Try again when the server has started.".to_owned(),
                _ => "Name another server of the cluster, or import from its files.".to_owned(),
            };
            if !report.hints.contains(&hint) {
                report.hints.push(hint);
            }
        }
        report
    }
}

pub(super) fn shown(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

pub(super) fn is_here(host: &str) -> bool {
    host.starts_with('/') || matches!(host, "" | "localhost" | "::1") || host.starts_with("127.")
}

/// Where a standby's upstream may be dialled from here, the likeliest first.
pub(super) fn upstreams(visit: &Visit) -> Vec<Place> {
    let receiver = visit.up.receiving.receiver();
    let of_receiver = receiver.and_then(|one| Some((one.host.clone()?, one.port?)));
    let setting = || {
        let text = visit.up.settings.as_ref()?.value("primary_conninfo")?;
        Conninfo::parse(text)
    };
    let link = setting().or_else(|| visit.more.link.as_deref().map(Conninfo::of_view));
    let of_link = link
        .filter(|_| visit.up.replay.is_some())
        .map(|link| dialled(&link))
        .unwrap_or_default();
    let of_link = of_link.into_iter().map(|one| (one.host, one.port));
    let all = of_receiver.into_iter().chain(of_link);
    let mut places: Vec<Place> = Vec::new();
    for (host, port) in all {
        let hosts = if is_here(&host) {
            local_names(visit, &host)
        } else {
            vec![host]
        };
        for host in hosts {
            if !places.contains(&(host.clone(), port)) {
                places.push((host, port));
            }
        }
    }
    places
}

/// What `localhost` or a socket on the server's machine is from here.
fn local_names(visit: &Visit, host: &str) -> Vec<String> {
    if !is_here(&visit.host) {
        return vec![visit.host.clone()];
    }
    let mut names = vec![visit.host.clone()];
    if host.starts_with("127.") || host == "::1" {
        names.insert(0, host.to_owned());
    }
    if !names.iter().any(|name| name == "localhost") {
        names.push("localhost".to_owned());
    }
    names
}

/// Where the standby of a row may be.
fn hosts_of(visit: &Visit, client: Option<&str>) -> Vec<String> {
    match client {
        Some(client) if !is_here(client) => vec![client.to_owned()],
        client => local_names(visit, client.unwrap_or_default()),
    }
}
