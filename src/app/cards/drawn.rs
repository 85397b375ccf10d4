//! From the session to cards: design, findings, run and readings go in, one [`Card`] per server comes out.

use std::collections::BTreeMap;

use super::card::{BY_ARCHIVE, Badge, BadgeKind, Card, Life, Link, Trouble, Work};
use super::foreseen::foresee;
use crate::app::glance::Glance;
use crate::app::{ClusterView, Mode, RunView, Session};
use crate::model::health::{Reading, ReplicationRow};
use crate::model::plan::Progress;
use crate::model::topology::{Server, ServerId, Severity, Standby, Subject, SyncMethod, Topology};
use crate::model::words::counted;

/// As many characters surely fit on a card.
pub(super) const NAME_SHOWN: usize = 12;
const HOST_SHOWN: usize = 13;

/// One card for every server of the design, in its order; with the link above it where there is one.
pub fn describe(session: &Session) -> Vec<(Card, Option<Link>)> {
    let topology = session.desk.document.topology();
    match &session.mode {
        Mode::Design => {}
        Mode::WhatIf(what_if) => return foresee(what_if),
    }
    let facts = Facts::of(session, topology);
    let mut downstreams: BTreeMap<ServerId, usize> = BTreeMap::new();
    for upstream in topology.servers().iter().filter_map(Server::upstream) {
        *downstreams.entry(upstream).or_default() += 1;
    }
    let describe_one = |server: &Server| {
        let count = downstreams.get(&server.id()).copied().unwrap_or(0);
        facts.card_and_link(server, count)
    };
    topology.servers().iter().map(describe_one).collect()
}

/// Where a server is: "port 5432", "db2.example:5432".
pub(super) fn place_in_words(server: &Server) -> String {
    if server.host().is_loopback() {
        format!("port {}", server.port())
    } else {
        format!("{}:{}", server.host(), server.port())
    }
}

/// Lookups over the session, made once for all cards.
struct Facts<'a> {
    topology: &'a Topology,
    /// What each standby's upstream will show of it.
    expected: &'a BTreeMap<ServerId, ReplicationRow>,
    cluster: Option<&'a ClusterView>,
    seen: Option<&'a Glance>,
    progress: Option<&'a Progress>,
    /// The cluster is being stopped or torn down.
    ends: bool,
    findings: BTreeMap<ServerId, (Severity, Vec<String>)>,
}

impl<'a> Facts<'a> {
    fn of(session: &'a Session, topology: &'a Topology) -> Self {
        let mut findings: BTreeMap<ServerId, (Severity, Vec<String>)> = BTreeMap::new();
        for finding in &session.derived.findings {
            if let Subject::Server(id) = finding.subject {
                let entry = findings.entry(id).or_insert((finding.severity, Vec::new()));
                entry.0 = entry.0.min(finding.severity);
                entry.1.push(finding.message.clone());
            }
        }
        Self {
            topology,
            expected: &session.derived.expected,
            cluster: session.live.cluster.as_ref(),
            seen: session
                .live
                .cluster
                .as_ref()
                .and_then(|cluster| cluster.seen.as_ref()),
            progress: match &session.live.run {
                RunView::Run { progress, .. } if !progress.is_finished() => Some(progress),
                _ => None,
            },
            ends: session
                .live
                .cluster
                .as_ref()
                .and_then(|cluster| cluster.busy.as_deref())
                .is_some_and(|busy| ["Stopping", "Tearing down"].contains(&busy)),
            findings,
        }
    }

    fn card_and_link(&self, server: &Server, downstreams: usize) -> (Card, Option<Link>) {
        let name = server.name().as_str();
        let role = match (server.is_primary(), downstreams) {
            _ if server.is_receiver() => "receiver",
            (true, _) => "primary",
            (false, 0) => "standby",
            (false, _) => "relay",
        };
        let place = place_in_words(server);
        let running = self.running_name(server);
        let reading = running.and_then(|running| self.reading(running));
        let row = reading.and_then(|reading| self.real_row(server, reading));
        let life = self.life(server, reading, row);
        let badge = self.badge(server, reading, row);
        let work = self
            .progress
            .and_then(|progress| Work::of(progress, name, running.is_some()));
        let (severity, findings) = self.findings(server);
        let link = server
            .standby()
            .map(|standby| self.link(server, standby, reading, &life));

        let mut label = match server.upstream().and_then(|id| self.topology.server(id)) {
            Some(upstream) if server.is_receiver() => {
                format!("{name}, WAL receiver of {}, {place}", upstream.name())
            }
            Some(upstream) => format!("{name}, standby of {}, {place}", upstream.name()),
            None => format!("{name}, primary, {place}"),
        };
        if let Some(site) = server.site() {
            label = format!("{label}, in {site}");
        }
        // Renamed in the drawing, not yet where it runs.
        let other_name = running.filter(|running| *running != name);
        let renamed = other_name.map(|running| format!("runs as {running}"));
        let spoken = [
            Some(badge.spoken()),
            renamed,
            work.map(|work| work.word().to_owned()),
            Some(life.word().to_owned()),
        ];
        for word in spoken.into_iter().flatten().filter(|word| !word.is_empty()) {
            label.push_str(", ");
            label.push_str(&word);
        }
        let mut description = counted(downstreams, "downstream");
        if !findings.is_empty() {
            description = format!("{description}, {}", counted(findings.len(), "finding"));
        }
        let card = Card {
            id: server.id(),
            name: name.to_owned(),
            is_primary: server.is_primary(),
            is_receiver: server.is_receiver(),
            fallbacks: fallbacks(self.topology, server.id()),
            detail: if server.host().is_loopback() {
                format!("{role} · {place}")
            } else {
                // The port must not be what is cut off.
                format!(
                    "{}:{}",
                    shortened(server.host().as_str(), HOST_SHOWN),
                    server.port()
                )
            },
            full: (!server.host().is_loopback() || name.chars().count() > NAME_SHOWN)
                .then(|| format!("{name}\n{role} · {place}")),
            badge,
            life,
            work,
            severity,
            findings,
            fold: None,
            label,
            description,
        };
        (card, link)
    }

    /// What the rules found in the design, and where the real server differs from it; a cluster that is stopped differs in
    /// nothing that is worth a sign on every card.
    fn findings(&self, server: &Server) -> (Option<Severity>, Vec<String>) {
        let (mut severity, mut sentences) = match self.findings.get(&server.id()) {
            Some((severity, sentences)) => (Some(*severity), sentences.clone()),
            None => (None, Vec::new()),
        };
        let seen = self.seen.filter(|seen| !seen.is_stopped());
        let running = self.running_name(server).unwrap_or_default();
        for drift in seen.iter().flat_map(|seen| seen.drift_of(running)) {
            let is_as_bad = if drift.is_grave() {
                Severity::Error
            } else {
                Severity::Warning
            };
            severity = Some(severity.map_or(is_as_bad, |known| known.min(is_as_bad)));
            sentences.push(drift.message.clone());
        }
        (severity, sentences)
    }

    /// What the server is called where it runs.
    fn running_name(&self, server: &Server) -> Option<&'a str> {
        self.cluster?.running_name(server)
    }

    fn reading(&self, name: &str) -> Option<&'a Reading> {
        self.seen?
            .board
            .servers
            .iter()
            .find(|reading| reading.name == name)
    }

    /// The row in which the server's real upstream shows it.
    fn real_row(&self, server: &Server, reading: &Reading) -> Option<&'a ReplicationRow> {
        let upstream = self.reading(reading.upstream.as_deref()?)?;
        let deployed = self.cluster?.deployed.topology();
        let running = deployed.by_name(self.running_name(server)?)?;
        let shown = running.name().in_view(deployed.postgres());
        upstream
            .replication
            .iter()
            .find(|row| row.application_name == shown)
    }

    /// True if the server that would show this one does not answer.
    fn is_below_silence(&self, reading: Option<&Reading>) -> bool {
        let upstream = reading.and_then(|reading| self.reading(reading.upstream.as_deref()?));
        upstream.is_some_and(|upstream| upstream.running && !upstream.answers)
    }

    fn life(&self, server: &Server, reading: Option<&Reading>, row: Option<&ReplicationRow>) -> Life {
        let (seen, reading) = match (self.cluster.is_some(), self.seen, reading) {
            (false, _, _) => return Life::Drawn,
            (true, None, _) => return Life::Unread,
            (true, Some(_), None) => return Life::NotDeployed,
            (true, Some(seen), Some(reading)) => (seen, reading),
        };
        let told = seen.told(&reading.name).cloned().unwrap_or_default();
        let is_primary = reading.role == "primary";
        if !reading.running {
            return if seen.is_stopped() {
                Life::Stopped
            } else {
                Life::Down
            };
        }
        // Until it is gone the last look at it would say that all is well.
        if self.ends {
            return Life::Connected("stopping".to_owned());
        }
        if !reading.answers {
            return Life::Silent(match told.silent {
                Some(seconds) if seconds > 0 => format!("no answer, {seconds} s"),
                _ => "does not answer".to_owned(),
            });
        }
        match (is_primary, server.is_primary()) {
            (true, true) => return Life::Running,
            (true, false) => return Life::Otherwise("accepts writes"),
            (false, true) => return Life::Otherwise("now a standby"),
            (false, false) => {}
        }
        let behind = told.behind();
        match row.map(|row| row.state.as_str()) {
            _ if told.is_paused => Life::Paused(match behind {
                // The time that it is behind grows by itself; how much it is, is what a look tells.
                Some(behind) => format!("paused {}", behind.trim_end_matches(" behind")),
                None => "replay paused".to_owned(),
            }),
            // Its upstream shows nothing at all: whether it is connected nobody knows.
            // Nobody shows who reads the archive.
            None if server.is_fed_by_archive() => Life::Running,
            None if self.is_below_silence(Some(reading)) => Life::Running,
            None => Life::Unconnected,
            Some("streaming") => match behind {
                Some(words) => Life::Behind {
                    words,
                    is_far: told.is_far(),
                },
                None => Life::Streaming,
            },
            Some(state) => Life::Connected(state.to_owned()),
        }
    }

    /// The real state where there is one, else the expected one; the primary shows its policy.
    fn badge(&self, server: &Server, reading: Option<&Reading>, row: Option<&ReplicationRow>) -> Badge {
        if server.is_primary() {
            let Some(policy) = self.topology.sync() else {
                return Badge::of("async only", 0);
            };
            let candidates = self.topology.sync_candidates().len();
            let method = match policy.method {
                SyncMethod::First => "first",
                SyncMethod::Any => "any",
            };
            return Badge {
                kind: BadgeKind::Policy,
                text: format!("{method} {} of {candidates}", policy.count),
            };
        }
        if server.is_fed_by_archive() && row.is_none() {
            return Badge::by_archive();
        }
        // A server that runs, or ran, has the row that is there, or none: what was expected of it would be a promise.
        let is_seen = reading.is_some() && self.seen.is_some_and(|seen| !seen.is_stopped());
        if row.is_none() && is_seen && !self.is_below_silence(reading) {
            return Badge::absent();
        }
        match row.or_else(|| self.expected.get(&server.id())) {
            Some(row) => Badge::of(&row.sync_state, row.sync_priority),
            // A server that is no primary has only asynchronous standbys.
            None => Badge::of("async", 0),
        }
    }

    fn link(&self, server: &Server, standby: &Standby, reading: Option<&Reading>, life: &Life) -> Link {
        let upstream = self.topology.server(standby.upstream());
        let is_candidate = self.topology.sync().is_some()
            && standby.sync_priority().is_some()
            && upstream.is_some_and(Server::is_primary);
        let is_quorum = self
            .topology
            .sync()
            .is_some_and(|policy| policy.method == SyncMethod::Any);
        let mut label = match standby.sync_priority() {
            // Any of the list may answer: the order in it means nothing.
            Some(_) if is_candidate && is_quorum => "quorum".to_owned(),
            Some(priority) if is_candidate => format!("priority {priority}"),
            _ if server.is_fed_by_archive() => BY_ARCHIVE.to_owned(),
            _ => "async".to_owned(),
        };
        // A slot is the rule wherever the version has slots, so only its absence is worth a word.
        if self.topology.postgres().has_slots()
            && !self.topology.uses_slot(server.id())
            && !server.is_fed_by_archive()
        {
            label.push_str(" · no slot");
        }
        if let Some(delay) = standby.apply_delay() {
            label = format!("{label} · delay {delay}");
        }
        // A link that is drawn but not the one that streams is not shown as if it did.
        let real = reading.and_then(|reading| reading.upstream.as_deref());
        let is_drawn_one = real == upstream.and_then(|upstream| self.running_name(upstream));
        let streams = matches!(life, Life::Streaming | Life::Behind { .. } | Life::Paused(_));
        // A link that is drawn and not applied yet is not missing.
        let is_applied = self.is_applied(server, upstream);
        if let Some(real) = real.filter(|_| streams && !is_drawn_one) {
            let word = if is_applied { "really" } else { "now" };
            label = format!("{word} from {real}");
        }
        let is_known_broken = is_applied
            && match life {
                Life::Down | Life::Unconnected | Life::Otherwise(_) => true,
                _ => streams && !is_drawn_one,
            };
        Link {
            upstream: standby.upstream(),
            is_candidate,
            is_by_archive: server.is_fed_by_archive(),
            label,
            is_streaming: is_drawn_one && streams,
            trouble: is_known_broken.then_some(Trouble::Broken),
        }
    }

    /// True if this link is one of the design that was deployed.
    fn is_applied(&self, server: &Server, upstream: Option<&Server>) -> bool {
        let above = || {
            let deployed = self.cluster?.deployed.topology();
            let upstream = deployed.by_name(self.running_name(server)?)?.upstream()?;
            Some(deployed.server(upstream)?.name().as_str())
        };
        above() == upstream.and_then(|upstream| self.running_name(upstream))
    }
}

/// Whom it turns to while its upstream is away.
pub(super) fn fallbacks(topology: &Topology, server: ServerId) -> Vec<ServerId> {
    let fallbacks = topology.fallbacks(server).into_iter();
    fallbacks.map(Server::id).collect()
}

fn shortened(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let begin: String = text.chars().take(longest.saturating_sub(1)).collect();
    format!("{}…", begin.trim_end_matches('.'))
}
