//! Which of the installed programs run, and what is known of their release.

use super::{advice, ok, stop};
use crate::model::plan::{Check, Machine, Tools};
use crate::model::topology::Topology;

pub(super) fn found(topology: &Topology, machine: &Machine) -> Check {
    let id = "no-programs";
    let Some((chosen, others)) = machine.tools.split_first() else {
        return stop(
            id,
            "No PostgreSQL was found on this machine: initdb, pg_ctl and postgres are needed",
            format!(
                "Install PostgreSQL {} (on Debian and Ubuntu the package postgresql-{0}), or name its \
                 program folder with --bin",
                topology.postgres()
            ),
        );
    };
    let message = format!("PostgreSQL {} was found in {}", chosen.version, chosen.bin);
    if others.is_empty() {
        return ok(id, message);
    }
    let others: Vec<String> = others
        .iter()
        .map(|other| format!("{} in {}", other.version, other.bin))
        .collect();
    ok(
        id,
        format!("{message}; also available with --bin: {}", others.join(", ")),
    )
}

pub(super) fn major(topology: &Topology, tools: &Tools) -> Check {
    let id = "wrong-major";
    let wanted = topology.postgres();
    if tools.major == wanted {
        ok(
            id,
            format!("The programs are PostgreSQL {wanted}, like the design"),
        )
    } else {
        stop(
            id,
            format!(
                "The design is for PostgreSQL {wanted}, but the programs in {} are PostgreSQL {}",
                tools.bin, tools.major
            ),
            format!(
                "Change the design to PostgreSQL {}, or install PostgreSQL {wanted}",
                tools.major
            ),
        )
    }
}

/// Only a design that wants TLS asks for it.
pub(super) fn tls(topology: &Topology, tools: &Tools) -> Option<Check> {
    let id = "no-tls";
    topology.has_tls().then(|| {
        if tools.has_tls == Some(false) {
            stop(
                id,
                format!(
                    "The design encrypts its links, but the programs in {} were built without TLS",
                    tools.bin
                ),
                "Use programs built with OpenSSL, such as those from Debian or postgresql.org, or switch \
                 TLS off in the design",
            )
        } else {
            ok(id, "The programs can encrypt links")
        }
    })
}

/// What this very release is known for: it runs, and one should know.
pub(super) fn minor(topology: &Topology, tools: &Tools) -> Check {
    let id = "minor-release";
    let version = &tools.version;
    if version.contains(|c: char| c.is_ascii_alphabetic()) {
        return advice(
            id,
            format!("PostgreSQL {version} is not a final release"),
            format!(
                "Use a final release of PostgreSQL {} for important data",
                tools.major
            ),
        );
    }
    let number = version.rsplit('.').next().and_then(|number| number.parse().ok());
    if let Some(defect) = number.and_then(|number| tools.major.defect_of_minor(number)) {
        return advice(
            id,
            format!("PostgreSQL {version} {}", defect.what),
            format!("Install {}.{} or later", tools.major, defect.mended_in),
        );
    }
    let has_cascade = topology
        .servers()
        .iter()
        .any(|server| topology.level(server.id()) > 1);
    let mended = tools
        .major
        .cascade_archive_fix()
        .and_then(|fix| fix.rsplit('.').next()?.parse().ok());
    if topology.archive().is_some()
        && has_cascade
        && number
            .zip(mended)
            .is_some_and(|(has, needs): (u32, u32)| has < needs)
    {
        return advice(
            id,
            format!(
                "PostgreSQL {version}: a cascaded standby that has read from the archive may fail to \
                 reconnect to its upstream, again and again"
            ),
            format!("Install {}.{} or later", tools.major, mended.unwrap_or_default()),
        );
    }
    ok(
        id,
        format!("No bug of PostgreSQL {version} that pgcascade knows of affects this design"),
    )
}
