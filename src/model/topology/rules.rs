//! The table of rules: what is unwise or broken in a design that can be drawn.
//!
//! A rule is one row: id, severity, title, the source it rests on, and the function that looks for it.
//! To add one, write the function below and its row; the suite asks for a design that triggers it.
//! "tried" in a source means: tried on real servers of the versions it names.

use super::findings::{Found, repeated};
use super::sync::knows_level;
use super::{
    Auth, CommitLevel, Edit, NAME_BYTES, Server, ServerId, Severity, SyncMethod, SyncPolicy, Topology,
};

pub struct Rule {
    pub id: &'static str,
    pub severity: Severity,
    /// What the rule is about, in a few words.
    pub title: &'static str,
    /// Why it holds: a manual page or a server's own error text.
    pub source: &'static str,
    pub find: fn(&Topology) -> Vec<Found>,
}

use Severity::{Error, Note, Warning};

#[rustfmt::skip]
pub static RULES: [Rule; 27] = [
    Rule { id: "port-used-twice", severity: Error, title: "Two servers on one host have the same port",
        source: "server: could not bind IPv4 address \"127.0.0.1\": Address already in use", find: port_used_twice },
    Rule { id: "sync-on-cascaded-standby", severity: Error, title: "A standby below a standby is marked synchronous",
        source: "manual, Cascading Replication: \"Cascading replication is currently asynchronous\"; tried on 9.2 to 18: it shows async, 0", find: sync_on_cascaded_standby },
    Rule { id: "sync-priority-used-twice", severity: Error, title: "Two standbys have the same synchronous priority",
        source: "manual, synchronous_standby_names: the priority is the place in the list", find: sync_priority_used_twice },
    Rule { id: "sync-count-above-candidates", severity: Error, title: "Commits wait for more standbys than there are",
        source: "tried on 9.6 to 18: FIRST 3 (a, b) is accepted without a word and every commit hangs", find: sync_count_above_candidates },
    Rule { id: "sync-any-before-10", severity: Error, title: "Quorum commit in a version without it",
        source: "release notes 10: \"Allow quorum-based synchronous replication\"", find: sync_any_before_10 },
    Rule { id: "sync-count-before-9.6", severity: Error, title: "Several synchronous standbys in a version that has one",
        source: "release notes 9.6: \"Allow synchronous replication to support multiple simultaneous synchronous standby servers\"", find: sync_count_before_9_6 },
    Rule { id: "commit-level-unknown", severity: Error, title: "A commit level that the version does not know",
        source: "server: invalid value for parameter \"synchronous_commit\": \"remote_apply\" (before 9.6)", find: commit_level_unknown },
    Rule { id: "remote-apply-waits-for-delay", severity: Error, title: "Commits wait for a delayed standby to apply",
        source: "manual, recovery_min_apply_delay: \"Synchronous replication is affected by this setting when synchronous_commit is set to remote_apply\"", find: remote_apply_waits_for_delay },
    Rule { id: "delay-before-9.4", severity: Error, title: "A delayed standby in a version without delays",
        source: "server: unrecognized recovery parameter \"recovery_min_apply_delay\" (before 9.4)", find: delay_before_9_4 },
    Rule { id: "slot-before-9.4", severity: Error, title: "A replication slot in a version without slots",
        source: "server: unrecognized recovery parameter \"primary_slot_name\" (9.2, 9.3)", find: slot_before_9_4 },
    Rule { id: "scram-before-10", severity: Error, title: "SCRAM in a version without it",
        source: "server: invalid authentication method \"scram-sha-256\" (before 10)", find: scram_before_10 },
    Rule { id: "setting-is-managed", severity: Error, title: "A setting by hand that the drawing decides",
        source: "the last line of postgresql.conf wins: the servers would no longer be the drawn ones", find: setting_is_managed },
    Rule { id: "hot-standby-off-on-relay", severity: Error, title: "A relay that accepts no connections",
        source: "tried on 9.2 to 18: its downstreams get \"the database system is starting up\" for ever", find: hot_standby_off_on_relay },
    Rule { id: "wal-level-minimal", severity: Error, title: "WAL without what standbys need",
        source: "server: WAL streaming (max_wal_senders > 0) requires wal_level \"replica\" or \"logical\"", find: wal_level_minimal },
    Rule { id: "too-few-wal-senders", severity: Error, title: "Fewer WAL senders than downstreams",
        source: "server: number of requested standby connections exceeds max_wal_senders", find: too_few_wal_senders },
    Rule { id: "too-few-slots", severity: Error, title: "Fewer replication slots than downstreams",
        source: "server: all replication slots are in use; increase max_replication_slots", find: too_few_slots },
    Rule { id: "standby-setting-below-primary", severity: Error, title: "A standby with less room than its primary",
        source: "server: hot standby is not possible because of insufficient parameter settings (manual, Administrator's Overview of Hot Standby)", find: standby_setting_below_primary },
    Rule { id: "sync-names-equal-but-for-case", severity: Error, title: "Two names that PostgreSQL cannot tell apart",
        source: "manual, synchronous_standby_names: names are compared without regard to case; tried on 9.2 to 18", find: names_equal_but_for_case },
    Rule { id: "sync-name-cut", severity: Warning, title: "A name longer than 63 bytes",
        source: "the sender cuts application_name to 63 bytes (tried on 9.2 to 18)", find: name_cut },
    Rule { id: "name-not-ascii", severity: Warning, title: "A name that servers show otherwise",
        source: "manual, application_name: other characters are replaced (by ? before 16, by \\xHH since)", find: name_not_ascii },
    Rule { id: "sync-priority-without-policy", severity: Warning, title: "Priorities without synchronous replication",
        source: "manual, synchronous_standby_names: empty means no synchronous replication", find: sync_priority_without_policy },
    Rule { id: "sync-without-candidates", severity: Warning, title: "Synchronous replication with nobody to wait for",
        source: "manual, synchronous_standby_names: without names nothing is synchronous", find: sync_without_candidates },
    Rule { id: "sync-needs-all-candidates", severity: Warning, title: "One lost standby stops every commit",
        source: "manual, Synchronous Replication: commits wait until enough standbys answer", find: sync_needs_all_candidates },
    Rule { id: "no-slot-nor-archive", severity: Warning, title: "Nothing keeps WAL for a standby that is away",
        source: "server: requested WAL segment … has already been removed", find: no_slot_nor_archive },
    Rule { id: "trust-lets-anyone-in", severity: Warning, title: "No password at all",
        source: "manual, Trust Authentication: anyone who can connect is authorized as whatever user they name", find: trust_lets_anyone_in },
    Rule { id: "port-below-1024", severity: Warning, title: "A port that only root may open",
        source: "ip(7): ports below 1024 are privileged, and PostgreSQL refuses to run as root", find: port_below_1024 },
    Rule { id: "nothing-replicates", severity: Note, title: "A cluster of one",
        source: "a primary without standbys replicates to nobody", find: nothing_replicates },
];

/// Settings that the generator writes from the drawing; by hand they would silently undo it.
pub const MANAGED_SETTINGS: [&str; 24] = [
    "archive_cleanup_command",
    "archive_command",
    "archive_library",
    "archive_mode",
    "cluster_name",
    "config_file",
    "data_directory",
    "external_pid_file",
    "hba_file",
    "ident_file",
    "listen_addresses",
    "port",
    "primary_conninfo",
    "primary_slot_name",
    "promote_trigger_file",
    "recovery_min_apply_delay",
    "recovery_target_timeline",
    "restore_command",
    "standby_mode",
    "synchronous_commit",
    "synchronous_standby_names",
    "trigger_file",
    "unix_socket_directories",
    "unix_socket_directory",
];

fn standbys(topology: &Topology) -> impl Iterator<Item = &Server> {
    topology.servers().iter().filter(|server| !server.is_primary())
}

fn port_used_twice(topology: &Topology) -> Vec<Found> {
    let place = |server: &Server| {
        let host = if server.host().is_loopback() {
            "localhost"
        } else {
            server.host().as_str()
        };
        (host.to_owned(), server.port())
    };
    repeated(topology.servers().iter(), place)
        .into_iter()
        .map(|server| {
            let first = topology
                .servers()
                .iter()
                .find(|other| place(other) == place(server))
                .unwrap_or(server);
            let found = Found::server(
                server.id(),
                format!(
                    "\"{}\" and \"{}\" both want port {} on {}: the second one cannot start",
                    first.name(),
                    server.name(),
                    server.port(),
                    server.host()
                ),
            );
            match topology.free_port_from(server.port().number()) {
                Some(port) => found.fix(
                    format!("Use port {port}"),
                    Edit::SetPort {
                        server: server.id(),
                        port,
                    },
                ),
                None => found,
            }
        })
        .collect()
}

fn sync_on_cascaded_standby(topology: &Topology) -> Vec<Found> {
    let primary = topology.primary();
    standbys(topology)
        .filter(|server| server.upstream() != Some(primary.id()))
        .filter(|server| server.standby().is_some_and(|standby| standby.sync_priority().is_some()))
        .map(|server| {
            Found::server(
                server.id(),
                format!(
                    "\"{}\" cannot be synchronous: it follows a standby, and only servers directly under the primary \"{}\" can make a commit wait",
                    server.name(), primary.name()
                ),
            )
            .fix("Make it asynchronous", Edit::SetSyncPriority { server: server.id(), priority: None })
        })
        .collect()
}

fn sync_priority_used_twice(topology: &Topology) -> Vec<Found> {
    let with_priority: Vec<&Server> = topology.sync_candidates();
    let priority = |server: &Server| server.standby().and_then(super::Standby::sync_priority);
    let next = with_priority
        .iter()
        .filter_map(|server| priority(server))
        .max()
        .unwrap_or(0)
        .saturating_add(1);
    repeated(with_priority.iter().copied(), |server| priority(server))
        .into_iter()
        .map(|server| {
            let taken = priority(server).unwrap_or_default();
            Found::server(
                server.id(),
                format!(
                    "\"{}\" has priority {taken}, which another standby has too: which of them comes first?",
                    server.name()
                ),
            )
            .fix(
                format!("Give it priority {next}"),
                Edit::SetSyncPriority {
                    server: server.id(),
                    priority: Some(next),
                },
            )
        })
        .collect()
}

fn sync_count_above_candidates(topology: &Topology) -> Vec<Found> {
    let candidates = u32::try_from(topology.sync_candidates().len()).unwrap_or(u32::MAX);
    match topology.sync() {
        Some(policy) if candidates > 0 && policy.count > candidates => vec![
            Found::cluster(format!(
                "Every commit would hang: it waits for {} standbys, and only {candidates} of those directly under the primary have a priority",
                policy.count
            ))
            .fix(format!("Wait for {candidates}"), Edit::SetSync(Some(SyncPolicy { count: candidates, ..policy.clone() }))),
        ],
        _ => Vec::new(),
    }
}

fn sync_any_before_10(topology: &Topology) -> Vec<Found> {
    match topology.sync() {
        Some(policy) if policy.method == SyncMethod::Any && !topology.postgres().has_quorum() => vec![
            Found::cluster(format!(
                "PostgreSQL {} has no quorum commit (ANY): it came with 10",
                topology.postgres()
            ))
            .fix(
                "Choose by priority (FIRST)",
                Edit::SetSync(Some(SyncPolicy {
                    method: SyncMethod::First,
                    ..policy.clone()
                })),
            ),
        ],
        _ => Vec::new(),
    }
}

fn sync_count_before_9_6(topology: &Topology) -> Vec<Found> {
    match topology.sync() {
        Some(policy) if policy.count > 1 && !topology.postgres().has_several_sync() => vec![
            Found::cluster(format!(
                "PostgreSQL {} waits for one synchronous standby at a time: several came with 9.6",
                topology.postgres()
            ))
            .fix(
                "Wait for 1",
                Edit::SetSync(Some(SyncPolicy {
                    count: 1,
                    ..policy.clone()
                })),
            ),
        ],
        _ => Vec::new(),
    }
}

fn commit_level_unknown(topology: &Topology) -> Vec<Found> {
    match topology.sync() {
        Some(policy) if !knows_level(topology.postgres(), policy.commit) => vec![
            Found::cluster(format!(
                "PostgreSQL {} does not know synchronous_commit = {} and would not start",
                topology.postgres(),
                policy.commit.word()
            ))
            .fix(
                "Use on",
                Edit::SetSync(Some(SyncPolicy {
                    commit: CommitLevel::On,
                    ..policy.clone()
                })),
            ),
        ],
        _ => Vec::new(),
    }
}

fn remote_apply_waits_for_delay(topology: &Topology) -> Vec<Found> {
    if topology
        .sync()
        .is_none_or(|policy| policy.commit != CommitLevel::RemoteApply)
    {
        return Vec::new();
    }
    topology
        .sync_candidates()
        .into_iter()
        .filter_map(|server| Some((server, server.standby()?.apply_delay()?)))
        .map(|(server, delay)| {
            Found::server(
                server.id(),
                format!("Commits would wait {delay} for \"{}\": remote_apply waits until a delayed standby has applied them", server.name()),
            )
            .fix("Take the delay away", Edit::SetApplyDelay { server: server.id(), delay: None })
        })
        .collect()
}

fn delay_before_9_4(topology: &Topology) -> Vec<Found> {
    if topology.postgres().has_apply_delay() {
        return Vec::new();
    }
    standbys(topology)
        .filter(|server| {
            server
                .standby()
                .is_some_and(|standby| standby.apply_delay().is_some())
        })
        .map(|server| {
            Found::server(
                server.id(),
                format!(
                    "PostgreSQL {} cannot delay \"{}\": recovery_min_apply_delay came with 9.4",
                    topology.postgres(),
                    server.name()
                ),
            )
            .fix(
                "Take the delay away",
                Edit::SetApplyDelay {
                    server: server.id(),
                    delay: None,
                },
            )
        })
        .collect()
}

fn slot_before_9_4(topology: &Topology) -> Vec<Found> {
    if topology.postgres().has_slots() {
        return Vec::new();
    }
    standbys(topology)
        .filter(|server| {
            server
                .standby()
                .is_some_and(|standby| standby.slot() == Some(true))
        })
        .map(|server| {
            Found::server(
                server.id(),
                format!(
                    "PostgreSQL {} has no replication slots, so \"{}\" cannot use one: they came with 9.4",
                    topology.postgres(),
                    server.name()
                ),
            )
            .fix(
                "Go without a slot",
                Edit::SetSlot {
                    server: server.id(),
                    slot: None,
                },
            )
        })
        .collect()
}

fn scram_before_10(topology: &Topology) -> Vec<Found> {
    if topology.auth() != Some(Auth::Scram) || topology.postgres().has_scram() {
        return Vec::new();
    }
    vec![
        Found::cluster(format!(
            "PostgreSQL {} does not know SCRAM passwords: they came with 10",
            topology.postgres()
        ))
        .fix("Use md5", Edit::SetAuth(Some(Auth::Md5))),
    ]
}

/// Every setting given by hand: of the cluster (`None`), then of each server.
fn hand_settings(topology: &Topology) -> impl Iterator<Item = (Option<ServerId>, &str, &str)> {
    let own = topology.servers().iter().flat_map(|server| {
        server
            .settings()
            .iter()
            .map(move |(name, value)| (Some(server.id()), name.as_str(), value.as_str()))
    });
    topology
        .settings()
        .iter()
        .map(|(name, value)| (None, name.as_str(), value.as_str()))
        .chain(own)
}

fn at_setting(server: Option<ServerId>, name: &str, message: String) -> Found {
    let found = match server {
        Some(id) => Found::server(id, message),
        None => Found::cluster(message),
    };
    found.fix(
        format!("Remove {name}"),
        Edit::SetSetting {
            server,
            name: name.to_owned(),
            value: None,
        },
    )
}

fn setting_is_managed(topology: &Topology) -> Vec<Found> {
    hand_settings(topology)
        .filter(|(_, name, _)| MANAGED_SETTINGS.contains(&name.to_ascii_lowercase().as_str()))
        .map(|(server, name, _)| {
            at_setting(
                server,
                name,
                format!("\"{name}\" comes from the drawing; set by hand it would undo what is drawn"),
            )
        })
        .collect()
}

/// True if PostgreSQL would read the text as the boolean `off` (any unambiguous beginning counts).
fn is_off(value: &str) -> bool {
    let value = value.trim().to_ascii_lowercase();
    matches!(
        value.as_str(),
        "of" | "off" | "0" | "f" | "fa" | "fal" | "fals" | "false" | "n" | "no"
    )
}

fn hot_standby_off_on_relay(topology: &Topology) -> Vec<Found> {
    standbys(topology)
        .filter(|server| topology.is_relay(server.id()))
        .filter(|server| {
            topology
                .setting_of(server.id(), "hot_standby")
                .is_some_and(is_off)
        })
        .map(|server| {
            let owner = server
                .settings()
                .contains_key("hot_standby")
                .then_some(server.id());
            let mut found = at_setting(
                owner,
                "hot_standby",
                format!(
                    "With hot_standby off, \"{}\" accepts no connections, so nothing below it ever streams",
                    server.name()
                ),
            );
            found.subject = super::Subject::Server(server.id());
            found
        })
        .collect()
}

fn wal_level_minimal(topology: &Topology) -> Vec<Found> {
    let is_minimal = |value: &str| value.trim().eq_ignore_ascii_case("minimal");
    hand_settings(topology)
        .filter(|(_, name, value)| *name == "wal_level" && is_minimal(value))
        .map(|(server, name, _)| {
            at_setting(server, name, "wal_level = minimal writes too little WAL for any standby, and the server refuses to start with it".to_owned())
        })
        .collect()
}

/// Servers whose setting by hand is a number below what their downstreams need.
fn too_few(topology: &Topology, setting: &str, needed: impl Fn(&Server) -> usize, word: &str) -> Vec<Found> {
    topology
        .servers()
        .iter()
        .filter_map(|server| {
            let given: usize = topology.setting_of(server.id(), setting)?.trim().parse().ok()?;
            let needed = needed(server);
            (given < needed).then(|| {
                Found::server(
                    server.id(),
                    format!(
                        "\"{}\" has {needed} downstreams but {setting} = {given}: {} of them cannot {word}",
                        server.name(),
                        needed - given
                    ),
                )
                .fix(
                    format!("Set {setting} to {needed}"),
                    Edit::SetSetting {
                        server: Some(server.id()),
                        name: setting.to_owned(),
                        value: Some(needed.to_string()),
                    },
                )
            })
        })
        .collect()
}

fn too_few_wal_senders(topology: &Topology) -> Vec<Found> {
    too_few(
        topology,
        "max_wal_senders",
        |server| topology.downstreams(server.id()).count(),
        "connect",
    )
}

fn too_few_slots(topology: &Topology) -> Vec<Found> {
    let slots = |server: &Server| {
        topology
            .downstreams(server.id())
            .filter(|below| topology.uses_slot(below.id()))
            .count()
    };
    too_few(topology, "max_replication_slots", slots, "get a slot")
}

/// What a standby may not have lower than the primary, and what the primary has if nothing is said.
const NOT_BELOW_PRIMARY: [(&str, i64); 5] = [
    ("max_connections", 100),
    ("max_prepared_transactions", 0),
    ("max_locks_per_transaction", 64),
    ("max_worker_processes", 8),
    ("max_wal_senders", 10),
];

fn standby_setting_below_primary(topology: &Topology) -> Vec<Found> {
    let number = |id, name| {
        topology
            .setting_of(id, name)
            .and_then(|value| value.trim().parse::<i64>().ok())
    };
    let mut found = Vec::new();
    for (name, default) in NOT_BELOW_PRIMARY {
        if name == "max_wal_senders" && !topology.postgres().counts_senders_apart() {
            continue;
        }
        let needed = number(topology.primary().id(), name).unwrap_or(default);
        for server in standbys(topology) {
            let Some(given) = number(server.id(), name).or((needed > default).then_some(default)) else {
                continue;
            };
            if given < needed {
                found.push(
                    Found::server(
                        server.id(),
                        format!("\"{}\" has {name} = {given}, below the primary's {needed}: it stops, or stops applying WAL", server.name()),
                    )
                    .fix(
                        format!("Set {name} to {needed}"),
                        Edit::SetSetting { server: Some(server.id()), name: name.to_owned(), value: Some(needed.to_string()) },
                    ),
                );
            }
        }
    }
    found
}

fn names_equal_but_for_case(topology: &Topology) -> Vec<Found> {
    let shown = |server: &Server| server.name().shown(topology.postgres()).to_ascii_lowercase();
    let candidates: Vec<_> = topology.sync_candidates();
    let is_candidate = |server: &Server| candidates.iter().any(|candidate| candidate.id() == server.id());
    let direct: Vec<&Server> = topology.downstreams(topology.primary().id()).collect();
    repeated(direct.iter().copied(), |server| shown(server))
        .into_iter()
        .filter(|server| direct.iter().any(|other| shown(other) == shown(server) && is_candidate(other)))
        .map(|server| {
            let found = Found::server(
                server.id(),
                format!("PostgreSQL takes \"{}\" for another server of the same name: names are compared without regard to case, after cutting at 63 bytes", server.name()),
            );
            match topology.free_name("standby") {
                Some(name) => found.fix(format!("Call it \"{name}\""), Edit::Rename { server: server.id(), name }),
                None => found,
            }
        })
        .collect()
}

fn name_cut(topology: &Topology) -> Vec<Found> {
    standbys(topology)
        .filter(|server| server.name().as_str().len() > NAME_BYTES)
        .map(|server| {
            let found = Found::server(
                server.id(),
                format!(
                    "\"{}\" is longer than 63 bytes: servers cut it, and show only its beginning",
                    server.name()
                ),
            );
            match topology.free_name("standby") {
                Some(name) => found.fix(
                    format!("Call it \"{name}\""),
                    Edit::Rename {
                        server: server.id(),
                        name,
                    },
                ),
                None => found,
            }
        })
        .collect()
}

fn name_not_ascii(topology: &Topology) -> Vec<Found> {
    standbys(topology)
        .filter(|server| !server.name().as_str().is_ascii())
        .map(|server| {
            Found::server(
                server.id(),
                format!(
                    "pg_stat_replication will show \"{}\" as \"{}\": servers replace what is not ASCII",
                    server.name(),
                    server.name().shown(topology.postgres())
                ),
            )
        })
        .collect()
}

fn sync_priority_without_policy(topology: &Topology) -> Vec<Found> {
    if topology.sync().is_some() {
        return Vec::new();
    }
    topology
        .sync_candidates()
        .first()
        .map(|server| {
            Found::server(
                server.id(),
                format!(
                    "\"{}\" has a priority, but the design has no [sync]: every standby is asynchronous",
                    server.name()
                ),
            )
            .fix(
                "Wait for one synchronous standby",
                Edit::SetSync(Some(SyncPolicy::default())),
            )
        })
        .into_iter()
        .collect()
}

fn sync_without_candidates(topology: &Topology) -> Vec<Found> {
    if topology.sync().is_none() || !topology.sync_candidates().is_empty() {
        return Vec::new();
    }
    let found = Found::cluster(
        "Synchronous replication is on, but no server directly under the primary has a priority: nothing is synchronous",
    );
    let first = topology.downstreams(topology.primary().id()).next();
    vec![match first {
        Some(server) => found.fix(
            format!("Make \"{}\" synchronous", server.name()),
            Edit::SetSyncPriority {
                server: server.id(),
                priority: Some(1),
            },
        ),
        None => found.fix("Make everything asynchronous", Edit::SetSync(None)),
    }]
}

fn sync_needs_all_candidates(topology: &Topology) -> Vec<Found> {
    let candidates = topology.sync_candidates().len();
    match topology.sync() {
        Some(policy)
            if policy.commit.waits() && candidates > 0 && usize::try_from(policy.count) == Ok(candidates) =>
        {
            vec![Found::cluster(format!(
                "Every commit waits for all {candidates} synchronous standbys: as soon as one is away, writing stops; give one more standby a priority"
            ))]
        }
        _ => Vec::new(),
    }
}

fn no_slot_nor_archive(topology: &Topology) -> Vec<Found> {
    let keeps_wal = |id| {
        ["wal_keep_size", "wal_keep_segments"]
            .iter()
            .any(|name| topology.setting_of(id, name).is_some())
    };
    if topology.archive().is_some() {
        return Vec::new();
    }
    standbys(topology)
        .filter(|server| topology.postgres().has_slots() && !topology.uses_slot(server.id()))
        .filter(|server| server.upstream().is_some_and(|upstream| !keeps_wal(upstream)))
        .map(|server| {
            Found::server(
                server.id(),
                format!(
                    "Nothing keeps WAL for \"{}\": if it is away for long it must be copied anew",
                    server.name()
                ),
            )
            .fix(
                "Use a slot",
                Edit::SetSlot {
                    server: server.id(),
                    slot: None,
                },
            )
        })
        .collect()
}

fn trust_lets_anyone_in(topology: &Topology) -> Vec<Found> {
    if topology.auth() != Some(Auth::Trust) {
        return Vec::new();
    }
    vec![
        Found::cluster("With trust, everyone who reaches a port is let in as any user, superuser included")
            .fix("Use passwords", Edit::SetAuth(None)),
    ]
}

fn port_below_1024(topology: &Topology) -> Vec<Found> {
    topology
        .servers()
        .iter()
        .filter(|server| server.port().number() < 1024)
        .map(|server| {
            let found = Found::server(
                server.id(),
                format!("\"{}\" cannot open port {}: ports below 1024 are for root, and PostgreSQL does not run as root", server.name(), server.port()),
            );
            match topology.free_port_from(5432) {
                Some(port) => found.fix(format!("Use port {port}"), Edit::SetPort { server: server.id(), port }),
                None => found,
            }
        })
        .collect()
}

fn nothing_replicates(topology: &Topology) -> Vec<Found> {
    if topology.servers().len() > 1 {
        return Vec::new();
    }
    let primary = topology.primary();
    vec![
        Found::server(
            primary.id(),
            format!("\"{}\" has no standby: nothing is replicated yet", primary.name()),
        )
        .fix(
            "Add a standby",
            Edit::AddStandby {
                upstream: primary.id(),
                name: None,
                port: None,
            },
        ),
    ]
}
