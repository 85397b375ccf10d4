//! What each advice is made of: the operations, as plain data, that carry it out.

use super::advice::Advice;
use super::{Said, name};
use crate::model::configuration::{
    ClusterFolder, Configuration, lines_that_let_in, lines_that_let_rewind_in,
};
use crate::model::operation::{Deed, Operation};
use crate::model::quoting;
use crate::model::simulate::world::{Flow, Incident, Life, World};
use crate::model::topology::{Server, ServerId};

/// An action with what it is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doing {
    pub(super) action: Incident,
    pub(super) what: &'static str,
    why: &'static str,
}

impl Doing {
    pub(super) fn new(action: Incident, what: &'static str, why: &'static str) -> Self {
        Self { action, what, why }
    }
}

pub(super) fn advice(world: &World, configuration: &Configuration<'_>, doing: &Doing) -> Advice {
    let (server, other) = doing.action.servers();
    let quoted = |server: Option<ServerId>| server.map_or_else(String::new, |server| name(world, server));
    let what = doing.what.replace("{server}", &quoted(server));
    let said = Said {
        sentence: what.replace("{other}", &quoted(other)),
        why: doing.why.to_owned(),
    };
    let operations = operations(world, configuration, doing.action);
    Advice::new(world, configuration, Some(doing.action), said, operations)
}

/// What carries an action out; nothing for what is not the business of PostgreSQL: a network, a disk.
fn operations(world: &World, configuration: &Configuration<'_>, action: Incident) -> Vec<Operation> {
    let find = |id| world.topology().server(id);
    let both = |server, upstream| find(server).zip(find(upstream));
    match action {
        Incident::Stop(server) => on(world, server, [Deed::Stop]),
        Incident::ComeBack(server) => on(world, server, [Deed::Start]),
        Incident::Resume(server) => on(world, server, [Deed::ResumeReplay]),
        Incident::Promote(server) => on(world, server, [Deed::Promote]),
        Incident::MakeSlot { server, upstream } => find(server).map_or_else(Vec::new, |server| {
            let slot = configuration.slot_name(server).to_owned();
            let is_lost = world.has_lost_slot(upstream, server.id());
            let drop = is_lost.then(|| Deed::DropSlot { slot: slot.clone() });
            on(
                world,
                upstream,
                drop.into_iter().chain([Deed::CreateSlot { slot }]),
            )
        }),
        Incident::LetIn { server, upstream } => find(server).map_or_else(Vec::new, |server| {
            let lines = lines_that_let_in(world.topology(), server);
            let deeds = lines.iter().map(|line| let_in(line)).chain([Deed::Reload]);
            on(world, upstream, deeds)
        }),
        Incident::Repoint { server, upstream } => both(server, upstream)
            .map_or_else(Vec::new, |(server, upstream)| {
                repoint(world, configuration, server, upstream)
            }),
        Incident::Rebuild { server, upstream } => both(server, upstream)
            .map_or_else(Vec::new, |(server, upstream)| {
                rebuild(world, configuration, server, upstream)
            }),
        _ => Vec::new(),
    }
}

fn repoint(
    world: &World,
    configuration: &Configuration<'_>,
    server: &Server,
    upstream: &Server,
) -> Vec<Operation> {
    let conninfo = configuration.conninfo(server, upstream);
    let read_again = if world.topology().postgres().reloads_upstream() {
        Deed::Reload
    } else {
        Deed::Restart
    };
    on(world, server.id(), [Deed::SetUpstream { conninfo }, read_again])
}

/// As it is where it was stopped cleanly and has nothing that the upstream lacks; by pg_rewind where only the end of its WAL
/// is wrong, else by a base backup.
fn rebuild(
    world: &World,
    configuration: &Configuration<'_>,
    server: &Server,
    upstream: &Server,
) -> Vec<Operation> {
    let topology = world.topology();
    let major = topology.postgres();
    let state = world.state(server.id());
    let has_data =
        state.is_some_and(|state| !matches!(state.flow, Flow::WalGone | Flow::SlotLost | Flow::CannotFollow));
    let was_stopped = state.is_some_and(|state| state.life == Life::Stopped);
    let mut source = upstream;
    let tls = configuration.tls_options(server).into_iter();
    let mut before = Vec::new();
    let mut deeds = vec![Deed::StopIfRunning];
    if was_stopped && major.follows_promotions() && world.can_go_on(server.id(), upstream.id()) {
        deeds.clear();
    } else if has_data && major.has_rewind() {
        source = rewind_source(world, upstream);
        let lines = lines_that_let_rewind_in(topology, server);
        if !lines.is_empty() {
            before.extend(lines.iter().map(|line| let_in(line)));
            before.push(Deed::Reload);
        }
        // Right after a promotion the source's control file still has the old timeline: up to 15 pg_rewind then says
        // "no rewind required", and is wrong (tried on 15).
        before.push(Deed::Checkpoint);
        let mut reached = format!(
            "host={} port={} user={} dbname=postgres",
            quoting::conninfo(source.host().as_str()),
            source.port().number(),
            ClusterFolder::SUPERUSER
        );
        for (option, value) in tls {
            reached.push_str(&format!(" {option}={}", quoting::conninfo(&value)));
        }
        // Before 13 it does not recover a server that crashed: a start and a clean stop do.
        if !major.recovers_at_rewind() && state.is_some_and(|state| state.life == Life::Crashed) {
            deeds = vec![Deed::Recover];
        }
        deeds.extend([Deed::Rewind { source: reached }, Deed::RestoreOwnFiles]);
    } else {
        deeds.push(Deed::Copy {
            host: upstream.host().as_str().to_owned(),
            port: upstream.port().number(),
            role: topology.replication_role().to_owned(),
            tls: tls.map(|(option, value)| (option.to_owned(), value)).collect(),
        });
    }
    let conninfo = configuration.conninfo(server, upstream);
    deeds.extend([Deed::BecomeStandby { conninfo }, Deed::Start]);
    let mut operations = on(world, source.id(), before);
    operations.extend(on(world, server.id(), deeds));
    operations
}

/// Before 14 pg_rewind refuses a standby: "source server must not be in recovery mode" (tried on 11 and 13).
fn rewind_source<'a>(world: &'a World, upstream: &'a Server) -> &'a Server {
    let is_refused = !world.topology().postgres().rewinds_from_standbys();
    match world.leaders().as_slice() {
        [leader] if is_refused => world.topology().server(*leader).unwrap_or(upstream),
        _ => upstream,
    }
}

fn let_in(line: &str) -> Deed {
    Deed::LetIn {
        line: line.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// Commits hang, and nothing else can be done for the standbys: fewer are waited for, by decision.
pub(super) fn shorter_list(world: &World, configuration: &Configuration<'_>, leader: ServerId) -> Advice {
    Advice::new(
        world,
        configuration,
        None,
        Said {
            sentence: format!(
                "If writes cannot wait for a synchronous standby, switch off synchronous replication on {}; \
                 from then on, a crash can lose commits.",
                name(world, leader)
            ),
            why: "with an empty synchronous_standby_names, commits wait for no standby; a reload releases \
                 those that are waiting"
                .to_owned(),
        },
        set_names(world, leader, String::new()),
    )
}

/// A new primary has no list of its own: who streams from it could be on it.
pub(super) fn new_list(world: &World, configuration: &Configuration<'_>, leader: ServerId) -> Advice {
    let names: Vec<String> = world
        .servers()
        .filter(|(_, state)| state.upstream == Some(leader) && state.flow == Flow::Streams)
        .map(|(server, _)| quoting::identifier(&server.name().in_list(world.topology().postgres())))
        .collect();
    let whom = if names.is_empty() {
        ""
    } else {
        ", as on the old primary"
    };
    Advice::new(
        world,
        configuration,
        None,
        Said {
            sentence: format!(
                "On {}, commits do not wait for a standby, so a crash can lose some. Make them wait \
                 again{whom}.",
                name(world, leader)
            ),
            why: "synchronous_standby_names is set per server, and only the designed primary had it"
                .to_owned(),
        },
        if names.is_empty() {
            Vec::new()
        } else {
            set_names(world, leader, names.join(", "))
        },
    )
}

fn set_names(world: &World, leader: ServerId, names: String) -> Vec<Operation> {
    on(world, leader, [Deed::SetSyncNames { names }, Deed::Reload])
}

fn on(world: &World, server: ServerId, deeds: impl IntoIterator<Item = Deed>) -> Vec<Operation> {
    let server = world.topology().server(server);
    let name = server.map_or("", |server| server.name().as_str());
    let deeds = deeds.into_iter();
    deeds.map(|deed| Operation::new(name, deed)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::simulate::verdict::Verdict;
    use crate::model::topology::notation;

    /// The source of each pg_rewind that is advised, by its port.
    fn sources(major: &str) -> Vec<String> {
        let text = format!(
            "postgres {major}\nm 5001 sync first 1\n  a 5002 priority 1\n    c 5003\n  b 5004 priority 2\n"
        );
        let topology = notation::parse(&text).unwrap();
        let mut world = World::new(&topology);
        for incident in ["crash m", "promote b"] {
            world
                .apply(Incident::parse(incident, &topology).unwrap())
                .unwrap();
        }
        let verdict = Verdict::of(&world);
        let lines = verdict.advice.iter().flat_map(|advice| &advice.commands);
        let source = |line: &String| {
            let (server, rest) = line.split_once(": pg_rewind ")?;
            let port = rest.split_once("port=")?.1.split_whitespace().next()?;
            Some(format!("{server} from {port}"))
        };
        lines.filter_map(source).collect()
    }

    #[test]
    fn before_14_only_a_primary_is_rewound_from() {
        assert_eq!(sources("13"), ["a from 5004", "c from 5004", "m from 5004"]);
        assert_eq!(sources("14"), ["a from 5004", "c from 5002", "m from 5004"]);
    }
}
