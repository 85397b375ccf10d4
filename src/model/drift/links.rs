//! The links: does each standby stream from the server it is drawn below, and does nobody else?

use std::time::Duration;

use super::Drift;
use super::view::{View, behind, of};
use crate::model::health::{
    Conninfo, Receiver, ReceiverState, Receiving, SenderState, State, Timeline, Up, WalStatus,
};
use crate::model::topology::Server;
use crate::model::words::size;

/// A standby that misses more WAL than this (64 MB, four segments) is far behind.
pub const FAR_BEHIND: u64 = 64 << 20;

/// An upstream that is well says something each 30 s, also when there is nothing to say (tried on 10 to 18).
const QUIET: Duration = Duration::from_secs(35);

/// A base backup's own connections come and go.
const BACKUP: &str = "pg_basebackup";

/// The link of a standby to the server that it is drawn below.
pub(super) fn to_upstream(view: &View<'_>, server: &Server, found: &mut Vec<Drift>) {
    let Some(upstream) = view.drawn_upstream(server) else {
        return;
    };
    match view.state(server) {
        Some(State::Up(_)) => {
            if let Some(up) = view.standby(server) {
                of_standby(view, server, upstream, up, found);
            }
        }
        // It does not say itself: its upstream does.
        Some(State::Closed | State::Unreachable(_)) | None => {
            let is_told = view.up(upstream).is_some_and(|up| up.senders.is_some());
            if is_told
                && !view
                    .rows(upstream, server)
                    .any(|row| row.state == Some(SenderState::Streaming))
            {
                let (name, from) = (server.name(), upstream.name());
                let message = format!("{name} does not stream from {from}, which has no row for it.");
                found.push(of("link-missing", server, message, None));
            }
        }
        Some(State::Down) => {}
    }
}

fn of_standby(view: &View<'_>, server: &Server, upstream: &Server, up: &Up, found: &mut Vec<Drift>) {
    let (name, from) = (server.name(), upstream.name());
    let receiver = match &up.receiving {
        // Before 9.6 only the sender tells.
        Receiving::Unknown => {
            let is_told = view.up(upstream).is_some_and(|up| up.senders.is_some());
            if is_told && view.rows(upstream, server).next().is_none() {
                missing(view, server, upstream, up, found);
            }
            return;
        }
        Receiving::Nothing => None,
        // Without the right to see it, only that it is there is known.
        Receiving::From(receiver) if receiver.state.is_none() => return,
        Receiving::From(receiver) => Some(receiver).filter(|one| one.state == Some(ReceiverState::Streaming)),
    };
    let Some(receiver) = receiver else {
        missing(view, server, upstream, up, found);
        return;
    };
    let real = view.observed.upstream(view.topology, up);
    // Where nobody tells which of several it chose, the drawn one is not contradicted.
    let may_be_drawn = real.is_none()
        && receiver.choice.as_ref().is_some_and(|choice| {
            let candidates = view.observed.candidates(view.topology, choice);
            candidates.iter().any(|one| one.id() == upstream.id())
        });
    if !may_be_drawn && real.is_none_or(|real| real.id() != upstream.id()) {
        let real = real.map_or_else(|| place(receiver), |real| real.name().to_string());
        found.push(of(
            "other-upstream",
            server,
            format!("{name} streams from {real}, not from {from} as drawn."),
            back(view, server, up, &real),
        ));
        return;
    }
    // One that is refused calls itself streaming for a moment at each try: its upstream knows better.
    if is_unknown_to(view, upstream, server) {
        missing(view, server, upstream, up, found);
        return;
    }
    if may_be_drawn {
        return;
    }
    if let (Some(heard), Some(clock)) = (receiver.heard, up.clock)
        && clock.since(heard) > QUIET
    {
        found.push(of(
            "link-silent",
            server,
            format!(
                "{name} has heard nothing from {from} for more than {} s.",
                QUIET.as_secs()
            ),
            format!("Check whether {from} is frozen or the network between them is down."),
        ));
    }
    let Some(row) = view.row(upstream, server) else {
        return;
    };
    let have = view.up(upstream).and_then(|up| up.positions.have());
    let missing = behind(have, row.flushed.max(up.positions.have()));
    let unapplied = behind(have, row.replayed.max(up.positions.replayed));
    let is_late = super::wal::is_paused(up) || super::settings::delay(up).unwrap_or(0.0) > 0.0;
    let (bytes, what) = match (missing, unapplied) {
        (Some(bytes), _) if bytes >= FAR_BEHIND => (bytes, "behind"),
        (_, Some(bytes)) if bytes >= FAR_BEHIND && !is_late => (bytes, "behind in replay"),
        _ => return,
    };
    found.push(of(
        "standby-behind",
        server,
        format!("{name} streams from {from} and is {} {what}.", size(bytes)),
        format!(
            "It catches up by itself if the network and disk are fast enough. Until then, a failover to \
             {name} loses that much or takes longer."
        ),
    ));
}

/// True if the upstream shows all its links, and none of them can be this standby's under another name.
fn is_unknown_to(view: &View<'_>, upstream: &Server, standby: &Server) -> bool {
    let Some(rows) = view.up(upstream).and_then(|up| up.senders.as_ref()) else {
        return false;
    };
    let postgres = view.topology.postgres();
    let others: Vec<String> = view
        .topology
        .downstreams(upstream.id())
        .filter(|other| other.id() != standby.id())
        .map(|other| other.name().in_view(postgres))
        .collect();
    rows.iter()
        .all(|row| row.application_name == BACKUP || others.contains(&row.application_name))
}

/// A standby that does not stream, and why, as far as anybody can see.
fn missing(view: &View<'_>, server: &Server, upstream: &Server, up: &Up, found: &mut Vec<Drift>) {
    let (name, from) = (server.name(), upstream.name());
    let (why, fix) = reason(view, server, upstream, up).unzip();
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    found.push(of(
        "link-missing",
        server,
        format!("{name} does not stream from {from}{why}."),
        fix.unwrap_or_else(|| Some(format!("See the end of {name}'s log for the reason."))),
    ));
}

fn reason(view: &View<'_>, server: &Server, upstream: &Server, up: &Up) -> Option<(String, Option<String>)> {
    let from = upstream.name();
    let said = up.settings.as_ref().and_then(|all| all.get("primary_conninfo"));
    if let Some(running) = said.and_then(|setting| setting.value.as_deref())
        && let Some(conninfo) = Conninfo::parse(running)
        && conninfo.get("port") != Some(upstream.port().to_string().as_str())
    {
        let asks = match (conninfo.get("host"), conninfo.get("port")) {
            (None, None) => "it has no upstream configured".to_owned(),
            (host, port) => format!(
                "it connects to {}:{}",
                host.unwrap_or("?"),
                port.unwrap_or("5432")
            ),
        };
        return Some((
            format!("{asks} (primary_conninfo)"),
            back(view, server, up, from.as_str()),
        ));
    }
    let its = match view.state(upstream) {
        Some(State::Up(its)) => its,
        Some(State::Down) => return Some((format!("{from} is down"), None)),
        Some(State::Closed) => return None,
        _ => return Some((format!("{from} does not answer"), None)),
    };
    if let (Some(own), Some(other)) = (up.system_identifier, its.system_identifier)
        && own != other
    {
        return Some((
            "they belong to different clusters".to_owned(),
            Some(format!("Copy {} again from {from}.", server.name())),
        ));
    }
    if view.topology.uses_slot(server.id())
        && let Some(slots) = &its.slots
    {
        let slot = view.configuration().slot_name(server);
        match slots.iter().find(|one| one.name == slot) {
            None => {
                let fix = super::slots::create(view, upstream, its, slot);
                return Some((format!("its slot {slot} is missing"), Some(fix)));
            }
            Some(one) if one.wal_status == Some(WalStatus::Lost) => {
                let fix = format!("Copy {} again from {from}.", server.name());
                return Some((format!("its slot {slot} has lost WAL that it needs"), Some(fix)));
            }
            Some(_) => {}
        }
    }
    if let (Some(Timeline::Is(its)), Some(Timeline::Is(own) | Timeline::AtLeast(own))) =
        (its.timeline, up.timeline)
        && own != its
    {
        let fix = format!(
            "If {0} has WAL that {from} never had, rewind it or copy it again; otherwise it follows by \
             itself.",
            server.name()
        );
        return Some((
            format!("it is on timeline {own}, and {from} on timeline {its}"),
            Some(fix),
        ));
    }
    None
}

/// How a standby gets back below the server that it is drawn below.
fn back(view: &View<'_>, server: &Server, up: &Up, real: &str) -> Option<String> {
    if view.has_failed_over() {
        return Some(format!("To keep it there, draw {} below {real}.", server.name()));
    }
    let setting = up.settings.as_ref()?.get("primary_conninfo")?;
    let is_overruled = setting
        .file
        .as_deref()
        .is_some_and(|file| file.ends_with(super::settings::AUTO_CONF));
    let major = view.major(up);
    Some(if is_overruled {
        super::settings::reset(server, "primary_conninfo", !major.reloads_upstream())
    } else {
        format!(
            "Draw it below its real upstream, or set primary_conninfo of {} back to the designed value.",
            server.name()
        )
    })
}

/// "db2:5432", or "one of db2:5432, db3:5432".
fn place(receiver: &Receiver) -> String {
    if let Some(choice) = &receiver.choice {
        let places = choice.places.iter().map(|(host, port)| format!("{host}:{port}"));
        return format!("one of {}", places.collect::<Vec<_>>().join(", "));
    }
    let host = receiver.host.as_deref().unwrap_or("an unknown host");
    match receiver.port {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Whom a server sends to although nobody drew it.
pub(super) fn downwards(view: &View<'_>, server: &Server, found: &mut Vec<Drift>) {
    let Some(senders) = view.up(server).and_then(|up| up.senders.as_ref()) else {
        return;
    };
    let major = view.topology.postgres();
    let mut drawn: Vec<String> = view
        .topology
        .downstreams(server.id())
        .map(|one| one.name().in_view(major))
        .collect();
    for row in senders {
        if let Some(place) = drawn.iter().position(|name| *name == row.application_name) {
            drawn.swap_remove(place);
            continue;
        }
        // Of one that says so itself, its own difference tells.
        let is_told = view.topology.servers().iter().any(|other| {
            let real = view
                .standby(other)
                .and_then(|up| view.observed.upstream(view.topology, up));
            other.name().in_view(major) == row.application_name
                && real.is_some_and(|real| real.id() == server.id())
                && other.upstream() != Some(server.id())
        });
        if is_told || row.application_name == BACKUP || row.state == Some(SenderState::Backup) {
            continue;
        }
        let at = row
            .client
            .as_deref()
            .map(|client| format!(" at {client}"))
            .unwrap_or_default();
        found.push(of(
            "extra-sender",
            server,
            format!(
                "{} sends to \"{}\"{at}, which the design does not have below it.",
                server.name(),
                row.application_name
            ),
            format!("Draw it below {}, or stop it where it runs.", server.name()),
        ));
    }
}
