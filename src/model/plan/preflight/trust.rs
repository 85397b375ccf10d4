//! What the design would run on this machine, a sentence each: fine once the user trusts exactly this list.

use std::collections::BTreeSet;

use super::{advice, stop};
use crate::model::plan::{Check, Machine};
use crate::model::topology::{Server, Topology, check, digest, libraries as in_list};
use crate::model::words::listed;

/// The id of the checks that only lack trust.
pub const UNTRUSTED: &str = "design-not-trusted";

/// One check for each hazard of the design.
pub fn trust(topology: &Topology, machine: &Machine) -> Vec<Check> {
    let hazards = topology.hazards();
    let is_trusted = machine.trusted.contains(&digest(&hazards));
    let judged = |hazard| {
        let message = format!("Runs on this machine: {hazard}");
        if is_trusted {
            advice(UNTRUSTED, message, "You chose to trust it")
        } else {
            stop(
                UNTRUSTED,
                message,
                "If you know what it does and trust it, confirm that: with --trust in the terminal, or in \
                 the window's dialog",
            )
        }
    };
    hazards.iter().map(judged).collect()
}

/// Rules on settings that make it easier to get in, or can cost data: a plan says once more what they found.
const RISKS: [&str; 5] = [
    "setting-opens-door",
    "setting-risks-data",
    "fsync-off",
    "full-page-writes-off",
    "tls-version-by-hand",
];

/// What runs nothing, and is a risk all the same.
pub fn risks(topology: &Topology) -> Vec<Check> {
    check(topology)
        .into_iter()
        .filter(|finding| RISKS.contains(&finding.rule))
        .map(|finding| {
            let fix = finding
                .fix
                .map_or_else(|| "Change the design".to_owned(), |fix| fix.label);
            advice("design-is-risky", finding.message, format!("Otherwise: {fix}"))
        })
        .collect()
}

/// True if nothing stands in the way but that the user was not asked yet.
pub fn lacks_only_trust(checks: &[Check]) -> bool {
    let mut failed = checks.iter().filter(|check| !check.ok).peekable();
    failed.peek().is_some() && failed.all(|check| check.id == UNTRUSTED)
}

/// The libraries of the lists that a server loads when it or a session starts, as they stand there; none where the
/// design says by itself where they are looked for.
pub fn named_libraries(topology: &Topology) -> BTreeSet<String> {
    const LISTS: [&str; 3] = [
        "archive_library",
        "session_preload_libraries",
        "shared_preload_libraries",
    ];
    let settings = || {
        let own = topology.servers().iter().flat_map(Server::settings);
        topology.settings().iter().chain(own)
    };
    if settings().any(|(name, _)| name.eq_ignore_ascii_case("dynamic_library_path")) {
        return BTreeSet::new();
    }
    settings()
        .filter(|(name, _)| LISTS.iter().any(|list| list.eq_ignore_ascii_case(name)))
        .flat_map(|(_, value)| in_list(value))
        .map(str::to_owned)
        .collect()
}

/// PostgreSQL itself read the settings, and does not take them, or it could not be asked.
pub fn settings(machine: &Machine) -> Vec<Check> {
    let program = machine
        .tools
        .first()
        .map_or_else(String::new, |tools| format!("PostgreSQL {}", tools.version));
    let untried = (!machine.untried_settings.is_empty()).then(|| {
        advice(
            "settings-untried",
            format!(
                "{program} did not say whether it takes the settings of {}",
                listed(&machine.untried_settings)
            ),
            "If a server does not start, its log says which setting it refuses",
        )
    });
    let refused = machine.refused_settings.iter();
    refused
        .map(|refused| {
            stop(
                "settings-refused",
                format!(
                    "{program} would not start \"{}\" with its settings: {}",
                    refused.server,
                    refused.why.join("; ")
                ),
                "Correct the value, or remove the setting",
            )
        })
        .chain(untried)
        .collect()
}

/// What PostgreSQL could not be asked, in words for a plan.
pub fn untried(machine: &Machine) -> Vec<String> {
    let advices = settings(machine).into_iter().filter(|check| check.ok);
    advices
        .map(|check| match check.fix {
            Some(fix) => format!("{}. {fix}", check.message),
            None => check.message,
        })
        .collect()
}

/// A library that is not there lets no server start.
pub fn libraries(machine: &Machine) -> Vec<Check> {
    let bin = machine.tools.first().map_or("", |tools| tools.bin.as_str());
    let missing = machine.missing_libraries.iter();
    missing
        .map(|library| {
            stop(
                "library-missing",
                format!(
                    "The design loads the library \"{library}\", which the PostgreSQL in {bin} does not \
                     have: its servers would not start"
                ),
                "Install the extension for this PostgreSQL, or remove the library from the setting",
            )
        })
        .collect()
}
