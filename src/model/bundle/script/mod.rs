//! The four scripts of a bundle: `up` is [`plan_deploy`](crate::model::plan::plan_deploy) as shell, `down` its undo,
//! `status` and `verify` ask what the plan's last steps ask.
//!
//! What does not depend on the design stands in the `.bash` files beside this one, written to be read;
//! `actions.rs` turns each action into one call of a function there, and a file for each script puts them together. A script is whole in itself.
//!
//! Commands are substituted with backquotes, never with `$(…)` or `<(…)`: bash 5.2 reads those again each time, and a
//! trapped signal that arrives meanwhile is parsed as a part of them ("trap: unexpected EOF while looking for matching
//! `)'"), so that a cancel would look like a broken script. Measured with 16,000 signals in 20 seconds: 137 such
//! errors, with backquotes none.
//! Needs bash, the PostgreSQL programs and the system's basic tools (cp, mkdir, rm, od, sleep) in /usr/bin or /bin; for a
//! design with TLS openssl(1) besides, since a bundle holds no key.

mod actions;
mod down;
mod status;
mod trust;
mod up;
mod verify;

use self::down::down;
use self::status::status;
use self::up::up;
use self::verify::verify;
use super::BundleFile;
use crate::model::configuration::{Decision, Provenance, comment};
use crate::model::plan::{Machine, plan_deploy};
use crate::model::quoting::shell_word;
use crate::model::topology::{PgMajor, Topology};

const COMMON: &str = include_str!("common.bash");
const OWN: &str = include_str!("own.bash");
const UNDO: &str = include_str!("undo.bash");
const ASK: &str = include_str!("ask.bash");
const UP: &str = include_str!("up.bash");
const STATUS: &str = include_str!("status.bash");
const VERIFY: &str = include_str!("verify.bash");
/// Only in the scripts of a design with TLS.
const TLS: &str = include_str!("tls.bash");
const TLS_ASK: &str = include_str!("tls_ask.bash");
const TLS_UNDO: &str = include_str!("tls_undo.bash");

const REFUSE_ROOT: &str =
    "((EUID != 0)) || fail \"PostgreSQL refuses to run as root; run this as an ordinary user\"\n";

/// `up`, `down`, `status` and `verify`.
pub fn scripts(topology: &Topology) -> Vec<BundleFile> {
    let plan = plan_deploy(topology, &Machine::portable(""));
    vec![
        file("up", up(topology, &plan)),
        file("down", down(topology, &plan)),
        file("status", status(topology)),
        file("verify", verify(topology, &plan)),
    ]
}

fn file(name: &str, contents: String) -> BundleFile {
    BundleFile {
        path: name.to_owned(),
        contents,
        executable: true,
        provenance: Provenance::Whole {
            origin: Decision::Scripts.for_cluster(),
            reason:
                "A deployment without pgcascade: the plan's steps, what undoes them, and what proves them."
                    .into(),
        },
    }
}

/// The first lines: what the script is, for whom.
fn title(topology: &Topology, name: &str, what: &str) -> String {
    let design: Vec<&str> = topology.name().split_whitespace().collect();
    let about = comment(&format!(
        "{name}: {what}\nOf the design \"{}\", for PostgreSQL {}; made by pgcascade.",
        design.join(" "),
        topology.postgres()
    ));
    format!(
        "#!/usr/bin/env bash\n{about}\n# shellcheck disable=SC2016 # texts are in single quotes, so that \
         nothing in a name is expanded\n\
         # shellcheck disable=SC2006 # a signal that is trapped while bash reads a substitution in parentheses breaks it (bash 5.2)\n"
    )
}

/// What every script begins with.
fn head(topology: &Topology, name: &str, what: &str) -> String {
    head_with(topology, name, what, "", "")
}

/// The same with an option, and what reads it.
fn head_with(topology: &Topology, name: &str, what: &str, option: &str, reads: &str) -> String {
    let usage = format!(
        "usage: {name} {option}[FOLDER]\n{what}\nFOLDER is the cluster's, by default \"cluster\" beside this script."
    );
    format!(
        "{}{reads}\nusage={}\nmajor={}\n\n{COMMON}\n",
        title(topology, name, what),
        shell_word(&usage),
        topology.postgres()
    )
}

/// The names of the functions that tell how far the WAL is.
fn lsn_functions(major: PgMajor) -> String {
    format!(
        "current_lsn={}\nreceived_lsn={}\n\n",
        major.current_lsn_function(),
        major.received_lsn_function()
    )
}

/// What takes the steps back, whatever the design makes.
fn undo_functions(topology: &Topology) -> String {
    if topology.has_tls() {
        format!("{UNDO}\n{TLS_UNDO}")
    } else {
        UNDO.to_owned()
    }
}
