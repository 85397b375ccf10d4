//! What one types for an advice, as each version takes it. `$PGDATA` is the server's own data directory.

use super::advice::Advice;
use super::{Said, name};
use crate::model::configuration::{ClusterFolder, Configuration, lines_that_let_in};
use crate::model::quoting::{self, literal, shell_word};
use crate::model::simulate::world::{Action, Flow, World};
use crate::model::topology::{PgMajor, Server, ServerId};

/// An action with what it is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doing {
    pub(super) action: Action,
    pub(super) what: &'static str,
    why: &'static str,
}

impl Doing {
    pub(super) fn new(action: Action, what: &'static str, why: &'static str) -> Self {
        Self { action, what, why }
    }
}

pub(super) fn advice(world: &World, configuration: &Configuration<'_>, doing: &Doing) -> Advice {
    let (server, other) = doing.action.servers();
    let quoted = |server: Option<ServerId>| server.map_or_else(String::new, |server| name(world, server));
    let what = doing.what.replace("{server}", &quoted(server));
    Advice {
        action: Some(doing.action),
        said: Said {
            sentence: what.replace("{other}", &quoted(other)),
            why: doing.why.to_owned(),
        },
        commands: commands(world, configuration, doing.action),
    }
}

fn commands(world: &World, configuration: &Configuration<'_>, action: Action) -> Vec<String> {
    let major = world.topology().postgres();
    let control = configuration.layout().control;
    let find = |id| world.topology().server(id);
    let both = |server, upstream| find(server).zip(find(upstream));
    match action {
        Action::Stop(server) => on(world, server, [control.stop()]),
        Action::ComeBack(server) => on(world, server, [control.start()]),
        Action::Resume(server) => on(world, server, [format!("SELECT {}();", major.resume_function())]),
        Action::Promote(server) if major.has_promote_function() => {
            on(world, server, ["SELECT pg_promote();"])
        }
        Action::Promote(server) => on(world, server, [control.promote()]),
        Action::MakeSlot { server, upstream } => find(server).map_or_else(Vec::new, |server| {
            let slot = literal(configuration.slot_name(server));
            let is_lost = world.has_lost_slot(upstream, server.id());
            let drop = is_lost.then(|| format!("SELECT pg_drop_replication_slot({slot});"));
            let make = format!("SELECT pg_create_physical_replication_slot({slot});");
            on(world, upstream, drop.into_iter().chain([make]))
        }),
        Action::LetIn { server, upstream } => find(server).map_or_else(Vec::new, |server| {
            let lines = lines_that_let_in(world.topology(), server).into_iter();
            let lines = lines.map(|line| {
                let words: Vec<&str> = line.split_whitespace().collect();
                format!("in pg_hba.conf: {}", words.join(" "))
            });
            let reload = std::iter::once("SELECT pg_reload_conf();".to_owned());
            on(world, upstream, lines.chain(reload))
        }),
        Action::Repoint { server, upstream } => both(server, upstream)
            .map_or_else(Vec::new, |(server, upstream)| {
                repoint(world, configuration, server, upstream)
            }),
        Action::Rebuild { server, upstream } => both(server, upstream)
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
) -> Vec<String> {
    let major = world.topology().postgres();
    let conninfo = configuration.conninfo(server, upstream);
    if major.has_standby_signal() {
        let take = if major.reloads_upstream() {
            "SELECT pg_reload_conf();"
        } else {
            configuration.layout().control.restart()
        };
        let set = format!("ALTER SYSTEM SET primary_conninfo = {};", literal(&conninfo));
        return on(world, server.id(), [set.as_str(), take]);
    }
    let line = format!(
        "in recovery.conf: primary_conninfo = {}",
        quoting::conf(&conninfo)
    );
    on(
        world,
        server.id(),
        [line.as_str(), configuration.layout().control.restart()],
    )
}

/// By pg_rewind where only the end of its WAL is wrong, else by a base backup.
fn rebuild(
    world: &World,
    configuration: &Configuration<'_>,
    server: &Server,
    upstream: &Server,
) -> Vec<String> {
    let major = world.topology().postgres();
    let control = configuration.layout().control;
    let has_data = world
        .state(server.id())
        .is_some_and(|state| !matches!(state.flow, Flow::WalGone | Flow::SlotLost | Flow::CannotFollow));
    let (host, port) = (quoting::conninfo(upstream.host().as_str()), upstream.port());
    let mut lines = vec![format!("{}   # if it runs", control.stop())];
    if has_data && major.has_rewind() {
        let source = format!(
            "host={host} port={port} user={} dbname=postgres",
            ClusterFolder::SUPERUSER
        );
        lines.push(format!(
            "pg_rewind --target-pgdata=\"$PGDATA\" --source-server={}   # needs data checksums or wal_log_hints = on; else pg_basebackup into an empty folder",
            shell_word(&source)
        ));
    } else {
        lines.push(format!(
            "pg_basebackup -h {host} -p {port} -U {} -D \"$PGDATA\"   # into an empty folder",
            ClusterFolder::REPLICATION_ROLE
        ));
    }
    if has_data && major.has_rewind() {
        lines.push(
            "put its own postgresql.conf and pg_hba.conf back: pg_rewind brings those of its source"
                .to_owned(),
        );
    }
    lines.extend(standby_file(configuration, major, server, upstream));
    lines.push(control.start().to_owned());
    on(world, server.id(), lines)
}

fn standby_file(
    configuration: &Configuration<'_>,
    major: PgMajor,
    server: &Server,
    upstream: &Server,
) -> Vec<String> {
    let conninfo = quoting::conf(&configuration.conninfo(server, upstream));
    if major.has_standby_signal() {
        vec![
            format!("in postgresql.conf: primary_conninfo = {conninfo}"),
            "touch \"$PGDATA/standby.signal\"".to_owned(),
        ]
    } else {
        vec![
            "in recovery.conf: standby_mode = on".to_owned(),
            format!("in recovery.conf: primary_conninfo = {conninfo}"),
            "in recovery.conf: recovery_target_timeline = latest".to_owned(),
        ]
    }
}

/// Commits hang, and nothing else can be done for the standbys: fewer are waited for, by decision.
pub(super) fn shorter_list(world: &World, configuration: &Configuration<'_>, leader: ServerId) -> Advice {
    Advice {
        action: None,
        said: Said {
            sentence: format!(
                "If writes must go on before a synchronous standby is back, let {} wait for none; from then on a crash can lose commits.",
                name(world, leader)
            ),
            why: "with an empty synchronous_standby_names nothing is waited for; those who wait are let go at the reload".to_owned(),
        },
        commands: set_names(world, configuration, leader, ""),
    }
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
        ", as they did on the old primary"
    };
    Advice {
        action: None,
        said: Said {
            sentence: format!(
                "On {}, commits wait for nobody, so a crash can lose some; let them wait for a standby again{whom}.",
                name(world, leader)
            ),
            why: "synchronous_standby_names is a setting of each server, and only the drawn primary had it"
                .to_owned(),
        },
        commands: if names.is_empty() {
            Vec::new()
        } else {
            set_names(world, configuration, leader, &names.join(", "))
        },
    }
}

fn set_names(world: &World, configuration: &Configuration<'_>, leader: ServerId, names: &str) -> Vec<String> {
    if world.topology().postgres().has_alter_system() {
        let set = format!("ALTER SYSTEM SET synchronous_standby_names = {};", literal(names));
        on(world, leader, [set.as_str(), "SELECT pg_reload_conf();"])
    } else {
        let names = quoting::conf(names);
        let line = format!("in postgresql.conf: synchronous_standby_names = {names}");
        on(
            world,
            leader,
            [line.as_str(), configuration.layout().control.reload()],
        )
    }
}

/// Each line with its server in front.
fn on(world: &World, server: ServerId, lines: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<String> {
    let server = world.topology().server(server);
    let name = server.map_or("", |server| server.name().as_str());
    lines
        .into_iter()
        .map(|line| format!("{name}: {}", line.as_ref()))
        .collect()
}
