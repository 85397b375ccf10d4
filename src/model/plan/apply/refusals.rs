//! What cannot be changed while a cluster runs, and what to do instead.

use super::Standing;
use super::difference::{Difference, Kept, Limits};
use super::repair;
use crate::model::plan::preflight::{libraries, of_design, settings, stop, trust};
use crate::model::plan::{Check, Machine};
use crate::model::topology::{Edit, Server, Topology};

/// What helps where a cluster cannot be changed.
const REDEPLOY: &str = "Tear the cluster down and deploy the design again";

/// Every reason, each with what to do; none: the change can be planned.
pub fn refusals(difference: &Difference<'_>, machine: &Machine, standing: &Standing) -> Vec<Check> {
    let (running, wanted) = (difference.running, difference.wanted);
    let mut found: Vec<Check> = of_design(wanted, running, machine)
        .into_iter()
        .filter(|check| !check.ok)
        .collect();
    found.extend(other_cluster(running, wanted));
    if found.is_empty() {
        found.extend(primary(difference));
    }
    if !standing.resumes {
        found.extend(down(difference, standing));
    }
    found.extend(repair::refusals(difference, standing));
    found.extend(tls(difference));
    found.extend(backup(difference));
    found.extend(limits(difference));
    found.extend(delayed(difference));
    found.extend(folders(difference));
    found.extend(ports(difference, machine));
    found.extend(settings(machine).into_iter().filter(|check| !check.ok));
    found.extend(libraries(machine));
    found.extend(trust(wanted, machine).into_iter().filter(|check| !check.ok));
    found
}

/// The reasons that hold on any machine, where the change is not made by a plan of this one.
pub fn anywhere(difference: &Difference<'_>) -> Vec<Check> {
    let (running, wanted) = (difference.running, difference.wanted);
    let mut found = other_cluster(running, wanted);
    if running.has_tls() != wanted.has_tls() {
        found.push(stop(
            "tls-elsewhere",
            "TLS is switched on or off through the whole tree in several rounds, which only a cluster on one machine does by itself",
            REDEPLOY,
        ));
    }
    found
}

fn other_cluster(running: &Topology, wanted: &Topology) -> Vec<Check> {
    let mut found = Vec::new();
    if running.postgres() != wanted.postgres() {
        found.push(stop(
            "other-major",
            format!(
                "The cluster runs PostgreSQL {}, and the design is for {}: a data directory only works with \
                 its own major version",
                running.postgres(),
                wanted.postgres()
            ),
            REDEPLOY,
        ));
    }
    found.extend(made_once(running, wanted));
    if running.effective_auth() != wanted.effective_auth()
        || running.streams_by_certificate() != wanted.streams_by_certificate()
    {
        found.push(stop(
            "other-auth",
            format!(
                "The cluster was made with {} authentication, and the design asks for {}: its passwords are \
                 only stored for the first",
                running.effective_auth().word(),
                wanted.effective_auth().word()
            ),
            REDEPLOY,
        ));
    }
    found
}

/// What was decided when the data directories were made.
fn made_once(running: &Topology, wanted: &Topology) -> Vec<Check> {
    let mut found = Vec::new();
    if running.replication_role() != wanted.replication_role() {
        let message = format!(
            "The standbys stream as the role {}, and the design asks for {}: a role is made when the cluster is",
            running.replication_role(),
            wanted.replication_role()
        );
        found.push(stop("other-role", message, REDEPLOY));
    }
    if running.terms().initdb != wanted.terms().initdb {
        let message = "The design asks initdb for other choices, and initdb made the data directories when the \
                       cluster was deployed";
        found.push(stop("other-initdb", message, REDEPLOY));
    }
    found
}

/// TLS is switched file by file through the whole tree: nothing else may move meanwhile.
fn tls(difference: &Difference<'_>) -> Option<Check> {
    let (running, wanted) = (difference.running, difference.wanted);
    if !difference.switches_tls() {
        return None;
    }
    let mut switched = running.clone();
    let mut terms = running.terms().clone();
    terms.tls = wanted.terms().tls.clone();
    // Terms are taken as they are.
    let _ = switched.apply(&Edit::SetClusterTerms(terms));
    let is_alone =
        switched.apply(&Edit::SetTls(wanted.has_tls())).is_ok() && switched.has_same_configuration(wanted);
    (!is_alone).then(|| {
        let word = if wanted.has_tls() { "on" } else { "off" };
        stop(
            "tls-at-once",
            format!(
                "TLS is switched {word} together with other changes, but nothing else can change while \
                 the links are switched"
            ),
            format!("Apply the running design with only TLS switched {word}; then apply the rest"),
        )
    })
}

/// The primary has to stay the primary.
fn primary(difference: &Difference<'_>) -> Option<Check> {
    if difference.primary().is_some() {
        return None;
    }
    let (was, is) = (difference.running.primary(), difference.wanted.primary());
    let id = "other-primary";
    Some(if difference.running.by_name(is.name().as_str()).is_some() {
        stop(
            id,
            format!(
                "\"{}\" is a standby of \"{}\" but the primary in the design: apply does not promote",
                is.name(),
                was.name()
            ),
            format!("Keep \"{}\" as the primary; or: {REDEPLOY}", was.name()),
        )
    } else {
        stop(
            id,
            format!(
                "The design's primary is \"{}\" on port {}, and the cluster's is \"{}\" on port {}: this is \
                 the design of another cluster, or both the name and the port of the primary have changed",
                is.name(),
                is.port(),
                was.name(),
                was.port()
            ),
            "Change the primary's name and port in two separate steps, or deploy the design into a new \
             folder",
        )
    })
}

fn down<'a>(difference: &'a Difference<'_>, standing: &'a Standing) -> impl Iterator<Item = Check> + 'a {
    let kept = difference.kept.iter().map(|one| one.was.name().as_str());
    kept.filter(|name| standing.down.iter().any(|down| down == name))
        .map(|name| {
            stop(
                "server-down",
                format!("\"{name}\" is not running, and changes can only be applied to running servers"),
                "Start it first (pgcascade start), or remove it from the design",
            )
        })
}

fn backup(difference: &Difference<'_>) -> Option<Check> {
    let new = difference.added.first()?;
    let major = difference.wanted.postgres();
    major.backup_calls().is_none().then(|| {
        stop(
            "no-base-backup",
            format!(
                "\"{}\" is new, but pgcascade does not copy a running PostgreSQL {major}: before 9.6, a \
                 base backup leaves traces in the primary",
                new.name()
            ),
            REDEPLOY,
        )
    })
}

/// Settings that a standby may not have lower than the primary.
fn limits(difference: &Difference<'_>) -> Option<Check> {
    let id = "limits-at-once";
    let one_after_another = "Change them in two designs, and apply one after the other";
    match difference.limits {
        Limits::Indifferent | Limits::Raised => None,
        Limits::Both => Some(stop(
            id,
            "Among the settings that a standby may not have lower than the primary (such as \
             max_connections), one is raised and another lowered: raising starts with the standbys, \
             lowering with the primary",
            one_after_another,
        )),
        Limits::Lowered => {
            let has_moved = |one: &&Kept<'_>| {
                one.is_elsewhere() && difference.wanted.downstreams(one.is.id()).next().is_some()
            };
            if let Some(moved) = difference.kept.iter().find(has_moved) {
                return Some(stop(
                    id,
                    format!(
                        "The port of \"{}\" changes while a setting that its standbys may not have lower \
                         than the primary is lowered: they must receive that change over the old port first",
                        moved.is.name()
                    ),
                    one_after_another,
                ));
            }
            let late = difference
                .lowered_standbys()
                .into_iter()
                .find(|one| one.was.is_delayed())?;
            Some(stop(
                id,
                format!(
                    "\"{}\" applies WAL late and cannot have a lower value than the primary had when that \
                     WAL was written",
                    late.was.name()
                ),
                "First remove its delay and apply that, then lower the setting",
            ))
        }
    }
}

/// A delayed standby that lost its upstream asks for more only when it has applied what it has: nobody waits that long.
fn delayed<'a>(difference: &'a Difference<'_>) -> impl Iterator<Item = Check> + 'a {
    let loses_upstream = |one: &Kept<'_>| {
        let upstream = one.was.upstream().and_then(|id| difference.kept_from(id));
        one.leaves_upstream() || upstream.is_some_and(Kept::restarts)
    };
    let late = difference
        .kept
        .iter()
        .filter(move |one| one.was.is_delayed() && one.is.is_delayed() && loses_upstream(one));
    late.map(|one| {
        stop(
            "delayed-standby",
            format!(
                "\"{}\" would lose its upstream for a moment and, since it applies WAL late, would not \
                 stream again until it has applied the WAL it already has",
                one.was.name()
            ),
            "Remove its delay and apply that; then make this change; then restore the delay",
        )
    })
}

/// A folder that another server still has.
fn folders<'a>(difference: &'a Difference<'_>) -> impl Iterator<Item = Check> + 'a {
    let (before, after) = (difference.running.folders(), difference.wanted.folders());
    difference.wanted.servers().iter().filter_map(move |server| {
        let folder = after.get(&server.id())?;
        let owner = before
            .iter()
            .find(|(_, other)| other.eq_ignore_ascii_case(folder))?;
        let is_own = difference
            .kept_as(server.id())
            .is_some_and(|one| one.was.id() == *owner.0);
        let owner = difference.running.server(*owner.0)?;
        (!is_own).then(|| {
            stop(
                "folder-taken",
                format!(
                    "\"{}\" would get the folder servers/{folder}, which \"{}\" still uses",
                    server.name(),
                    owner.name()
                ),
                "Use another name, or apply the other server's change first",
            )
        })
    })
}

/// New ports must be free, or be let go of by a server that is removed.
fn ports(difference: &Difference<'_>, machine: &Machine) -> Vec<Check> {
    let of_server = |server| kept_port(difference, server).or_else(|| used_port(difference, machine, server));
    difference.wanted.servers().iter().filter_map(of_server).collect()
}

fn holder<'a>(difference: &Difference<'a>, server: &Server) -> Option<&'a Server> {
    let running = difference.running.servers().iter();
    running.into_iter().find(|was| was.port() == server.port())
}

/// A port that another server has, and will not let go of before its own turn.
fn kept_port(difference: &Difference<'_>, server: &Server) -> Option<Check> {
    let was = holder(difference, server)?;
    let other = difference
        .kept_from(was.id())
        .filter(|one| one.is.id() != server.id())?;
    Some(stop(
        "port-taken",
        format!(
            "\"{}\" would get port {}, which \"{}\" still uses",
            server.name(),
            server.port(),
            other.was.name()
        ),
        format!(
            "Apply the new port of \"{}\" first, then that of \"{}\"; to swap two ports, go through a third \
             one",
            other.is.name(),
            server.name()
        ),
    ))
}

fn used_port(difference: &Difference<'_>, machine: &Machine, server: &Server) -> Option<Check> {
    if holder(difference, server).is_some() {
        return None;
    }
    let port = server.port();
    let mut used = machine.ports_in_use.iter();
    let used = used.find(|used| used.port == port.number())?;
    let by = used.by.as_deref().unwrap_or("another program");
    Some(stop(
        "port-in-use",
        format!(
            "Port {port}, the new port of \"{}\", is in use by {by}",
            server.name()
        ),
        "Choose another port, or stop the program that uses it",
    ))
}
