//! The four scripts of a bundle: `up` is [`plan_deploy`](crate::model::plan::plan_deploy) as shell, `down` its undo,
//! `status` and `verify` ask what the plan's last steps ask.
//!
//! What does not depend on the design stands in the `.bash` files beside this one, written to be read;
//! `actions.rs` turns each action into one call of a function there. A script is whole in itself.
//!
//! Commands are substituted with backquotes, never with `$(…)` or `<(…)`: bash 5.2 reads those anew each time, and a
//! trapped signal that arrives meanwhile is parsed as a part of them ("trap: unexpected EOF while looking for matching
//! `)'"), so that a cancel would look like a broken script. Measured with 16,000 signals in 20 seconds: 137 such
//! errors, with backquotes none.
//! Needs bash, the PostgreSQL programs and the system's basic tools (cp, mkdir, rm, od, sleep) in /usr/bin or /bin; for a
//! design with TLS openssl(1) besides, since a bundle holds no key.

mod actions;

use std::fmt::Write as _;

use self::actions::{do_line, rows_text, undo_line};
use super::BundleFile;
use crate::model::configuration::ClusterFolder;
use crate::model::configuration::{Decision, Provenance, comment};
use crate::model::plan::{Action, Certificate, Machine, Plan, plan_deploy, preflight};
use crate::model::quoting::shell_word;
use crate::model::topology::{Archive, PgMajor, Server, Topology};
use crate::model::words::counted;

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
        "#!/usr/bin/env bash\n{about}\n# shellcheck disable=SC2016 # texts stand in single quotes, so that nothing in a name is expanded\n\
         # shellcheck disable=SC2006 # a signal that is trapped while bash reads a substitution in parentheses breaks it (bash 5.2)\n"
    )
}

/// What every script begins with.
fn head(topology: &Topology, name: &str, what: &str) -> String {
    let usage = format!(
        "usage: {name} [FOLDER]\n{what}\nFOLDER is the cluster's, by default \"cluster\" beside this script."
    );
    format!(
        "{}\nusage={}\nmajor={}\n\n{COMMON}\n",
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

fn up(topology: &Topology, plan: &Plan) -> String {
    const WHAT: &str = "builds the cluster in FOLDER and starts it; if anything fails, all is taken back.";
    if let Some(obstacle) = obstacle(topology) {
        let refusal = shell_word(&format!("up: {obstacle}"));
        return format!(
            "{}\nprintf '%s\\n' {refusal} >&2\nexit 1\n",
            title(topology, "up", WHAT)
        );
    }
    let major = topology.postgres();
    let mut text = head(topology, "up", WHAT);
    let _ = write!(
        text,
        "steps={}\nreports_ready={}\n{}{OWN}\n{undo}\n{ASK}\n{UP}\n",
        plan.steps.len(),
        if major.reports_ready_in_pid_file() {
            "yes"
        } else {
            "''"
        },
        lsn_functions(major),
        undo = undo_functions(topology),
    );
    if topology.has_tls() {
        let _ = write!(text, "days={}\n\n{TLS}\n{TLS_ASK}\n", Certificate::DAYS);
    }
    let has_slots = plan
        .steps
        .iter()
        .any(|step| matches!(step.action, Action::CreateSlot { .. }));
    let needs_psql = has_slots || !major.reports_ready_in_pid_file();
    text.push_str(&before(topology, has_slots, needs_psql));
    let mut reason_above = "";
    for step in &plan.steps {
        if step.why != reason_above {
            text.push('\n');
            text.push_str(&comment(&step.why));
        }
        reason_above = &step.why;
        let undo = match &step.undo {
            // The claim notes its own undo, once it knows whether the folder was there.
            None | Some(Action::ReleaseFolder) => String::new(),
            Some(action) => actions::undo(action).map_or_else(String::new, |(function, argument)| {
                let words = [Some(function.to_owned()), argument];
                let words: Vec<String> = words.into_iter().flatten().collect();
                format!(" {}", shell_word(&words.join(" ")))
            }),
        };
        let _ = writeln!(
            text,
            "step {} {}{undo}",
            step.deadline_secs,
            shell_word(&step.title)
        );
        let line = do_line(topology, &step.action);
        if !needs_psql && asks(&step.action) {
            let _ = writeln!(text, "if can_ask; then\n{}fi", indented(&line));
        } else {
            text.push_str(&line);
        }
    }
    text.push_str("\ncomplete=yes\nsay \"The cluster runs in `pwd -P`.\"\n");
    text.push_str(&how_to_connect(topology));
    text
}

/// What takes the steps back, whatever the design makes.
fn undo_functions(topology: &Topology) -> String {
    if topology.has_tls() {
        format!("{UNDO}\n{TLS_UNDO}")
    } else {
        UNDO.to_owned()
    }
}

fn indented(lines: &str) -> String {
    lines
        .lines()
        .fold(String::new(), |text, line| text + "    " + line + "\n")
}

/// True for what needs psql.
fn asks(action: &Action) -> bool {
    matches!(
        action,
        Action::CreateSlot { .. }
            | Action::WaitStreaming { .. }
            | Action::WaitRows { .. }
            | Action::ProveTls { .. }
            | Action::ProveRow { .. }
    )
}

/// What the design alone already decides: this design cannot be built on one machine.
fn obstacle(topology: &Topology) -> Option<String> {
    const OF_DESIGN: [&str; 4] = [
        "design-has-errors",
        "host-elsewhere",
        "too-many-servers",
        "archive-elsewhere",
    ];
    preflight(topology, &Machine::portable("/"))
        .into_iter()
        .find(|check| !check.ok && OF_DESIGN.contains(&check.id))
        .map(|check| check.message)
}

/// What is looked at before step 1.
fn before(topology: &Topology, has_slots: bool, needs_psql: bool) -> String {
    let mut text = "# Before anything is made.\n".to_owned();
    text.push_str(REFUSE_ROOT);
    text.push_str("find_programs\nfind_psql\n");
    if needs_psql {
        let why = if has_slots {
            "the replication slots are made with it"
        } else {
            "this version's readiness is asked with it"
        };
        let _ = writeln!(text, "[[ -n $psql ]] || fail \"psql is missing: {why}\"");
    } else {
        text.push_str(
            "can_ask() {\n    [[ -z $psql ]] || return 0\n    say \"    not looked at, since there is no psql\"\n    return 1\n}\n",
        );
    }
    if topology.has_tls() {
        text.push_str("require_tls\n");
    }
    text.push_str("require_folder\n");
    for server in topology.servers() {
        let _ = writeln!(
            text,
            "require_port {} {}",
            shell_word(server.name().as_str()),
            server.port()
        );
    }
    if let Some(archive) = topology
        .archive()
        .map(Archive::directory)
        .filter(|path| path.starts_with('/'))
    {
        let path = shell_word(archive);
        let _ = writeln!(
            text,
            "[[ -d {path} && -w {path} ]] || fail \"the archive is not there, or cannot be written to: \"{path}"
        );
    }
    text
}

fn how_to_connect(topology: &Topology) -> String {
    let primary = topology.primary();
    let command = format!(
        "psql -h localhost -p {} -U {} postgres",
        primary.port(),
        ClusterFolder::SUPERUSER
    );
    if topology.effective_auth() == crate::model::topology::Auth::Trust {
        format!("say {}\n", shell_word(&format!("Connect: {command}")))
    } else {
        format!(
            "pgpass=\"`pwd -P`/{}\"\npgpass=\"`printf '%q' \"$pgpass\"`\"\nsay \"Connect: PGPASSFILE=$pgpass {command}\"\n",
            ClusterFolder::PGPASS
        )
    }
}

fn down(topology: &Topology, plan: &Plan) -> String {
    let mut text = head(
        topology,
        "down",
        "stops the cluster in FOLDER and removes what up made there, nothing else.",
    );
    let _ = write!(
        text,
        "{OWN}\n{undo}\n{REFUSE_ROOT}find_programs\nenter_cluster\n\n# What takes the steps of up back, last first.\n",
        undo = undo_functions(topology)
    );
    for step in plan.steps.iter().rev() {
        if let Some(undo) = step.undo.as_ref().and_then(undo_line) {
            let _ = writeln!(text, "{undo}");
        }
    }
    text.push_str("\nif ((${#left[@]} > 0)); then\n    say_left\nelse\n    say \"The cluster is taken down; nothing is left in $cluster.\"\nfi\n");
    text
}

fn status(topology: &Topology) -> String {
    let mut text = head(
        topology,
        "status",
        "tells which servers run, and what pg_stat_replication shows on each.",
    );
    let _ = write!(
        text,
        "{OWN}\n{ROWS}\n{STATUS}find_programs\nfind_psql\nenter_cluster\n",
        ROWS = asking_only()
    );
    text.push_str("[[ -n $psql ]] || say \"There is no psql, so pg_stat_replication cannot be shown.\"\n");
    let folders = topology.folders();
    for server in topology.servers() {
        let _ = writeln!(
            text,
            "show {} {} {} {}{}",
            shell_word(server.name().as_str()),
            shell_word(&role(topology, server)),
            shell_word(folders.get(&server.id()).map_or("", String::as_str)),
            server.port(),
            if topology.answers_queries(server.id()) {
                ""
            } else {
                " yes"
            }
        );
    }
    text.push_str("[[ -z $unanswered ]]\n");
    text
}

/// The two functions of [`ASK`] that only ask.
fn asking_only() -> String {
    let parts: Vec<&str> = ASK.split("\n\n").collect();
    let wanted = |part: &&str| {
        part.contains("\nreadonly SESSION=")
            || part.contains("\nsql() {")
            || part.contains("\nfind_psql() {")
            || part.starts_with("rows_of() {")
    };
    parts
        .into_iter()
        .filter(wanted)
        .fold(String::new(), |text, part| text + part + "\n\n")
}

fn role(topology: &Topology, server: &Server) -> String {
    match server.upstream().and_then(|id| topology.server(id)) {
        None => "primary".to_owned(),
        Some(upstream) => format!("standby of {}", upstream.name()),
    }
}

fn verify(topology: &Topology, plan: &Plan) -> String {
    let mut text = head(
        topology,
        "verify",
        "proves the drawing: the bundle's files, every link and its sync state, a row read on every standby.",
    );
    let _ = write!(
        text,
        "{}deadline=0\n{OWN}\n{ASK}\n{asking}{VERIFY}\ncheck_manifest\nfind_programs\nfind_psql\n[[ -n $psql ]] || fail \"psql is missing: the servers are asked with it\"\nenter_cluster\n",
        lsn_functions(topology.postgres()),
        asking = if topology.has_tls() {
            format!("{TLS_ASK}\n")
        } else {
            String::new()
        },
    );
    let folders = topology.folders();
    for server in topology.servers() {
        let _ = writeln!(
            text,
            "check_runs {} {}",
            shell_word(server.name().as_str()),
            shell_word(folders.get(&server.id()).map_or("", String::as_str))
        );
    }
    for step in &plan.steps {
        match &step.action {
            Action::WaitRows {
                server, port, rows, ..
            } => {
                let _ = writeln!(
                    text,
                    "check_rows {} {port} {}",
                    shell_word(server),
                    rows_text(rows)
                );
            }
            Action::ProveTls { server, .. } => {
                let said = shell_word(&format!("Every link of {server} is encrypted"));
                let _ = writeln!(text, "{}say {said}", do_line(topology, &step.action));
            }
            Action::ProveRow { readers, delayed, .. } => {
                let _ = write!(
                    text,
                    "\ndeadline=$((SECONDS + {}))\n{}say \"A row written on the primary was {}\"\n",
                    step.deadline_secs,
                    do_line(topology, &step.action),
                    seen_where(readers.len(), delayed.len()),
                );
            }
            _ => {}
        }
    }
    text.push_str("say \"The cluster is as designed.\"\n");
    text
}

/// "read on 3 standbys and received by 1 delayed one", without what there is none of.
fn seen_where(readers: usize, delayed: usize) -> String {
    let read = format!("read on {}", counted(readers, "standby"));
    let received = format!("received by {}", counted(delayed, "delayed one"));
    match (readers, delayed) {
        (0, 0) => "kept".to_owned(),
        (_, 0) => read,
        (0, _) => received,
        _ => format!("{read} and {received}"),
    }
}
