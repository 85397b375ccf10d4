//! `up`: the steps of the plan in their order, each with its undo, and what is looked at before them.

use std::fmt::Write as _;

use super::actions::do_lines;
use super::{
    ASK, OWN, REFUSE_ROOT, TLS, TLS_ASK, UP, actions, head, head_with, lsn_functions, title, trust,
    undo_functions,
};
use crate::model::configuration::{ClusterFolder, comment};
use crate::model::plan::{Action, Build, Certificate, Machine, Plan, Serve, preflight};
use crate::model::quoting::shell_word;
use crate::model::topology::{Archive, Topology};

pub(super) fn up(topology: &Topology, plan: &Plan) -> String {
    const WHAT: &str = "builds the cluster in FOLDER and starts it; if anything fails, everything is rolled \
         back.";
    if let Some(obstacle) = obstacle(topology) {
        let refusal = shell_word(&format!("up: {obstacle}"));
        return format!(
            "{}\nprintf '%s\\n' {refusal} >&2\nexit 1\n",
            title(topology, "up", WHAT)
        );
    }
    let major = topology.postgres();
    let mut text = match trust::ask(topology) {
        Some(reads) => head_with(topology, "up", WHAT, "[--trust] ", &reads),
        None => head(topology, "up", WHAT),
    };
    let _ = write!(
        text,
        "steps={}\nreports_ready={}\n{}{OWN}\n{undo}\n{ASK}\n{up}\n",
        plan.steps.len(),
        if major.reports_ready_in_pid_file() {
            "yes"
        } else {
            "''"
        },
        lsn_functions(major),
        undo = undo_functions(topology),
        up = UP.replace(":replicator:%s", &format!(":{}:%s", topology.replication_role())),
    );
    if topology.has_tls() {
        let _ = write!(text, "days={}\n\n{TLS}\n{TLS_ASK}\n", Certificate::DAYS);
    }
    let has_slots = plan
        .steps
        .iter()
        .any(|step| matches!(step.action, Action::Serve(Serve::CreateSlot { .. })));
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
            None | Some(Action::Build(Build::ReleaseFolder)) => String::new(),
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
        let line = do_lines(topology, &step.action).unwrap_or_default();
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

fn indented(lines: &str) -> String {
    lines
        .lines()
        .fold(String::new(), |text, line| text + "    " + line + "\n")
}

/// True for what needs psql.
fn asks(action: &Action) -> bool {
    matches!(
        action,
        Action::Serve(
            Serve::CreateSlot { .. }
                | Serve::WaitStreaming { .. }
                | Serve::WaitRows { .. }
                | Serve::ProveTls { .. }
                | Serve::ProveRow { .. }
        )
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
    text.extend(trust::refuse(topology));
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
        .and_then(Archive::directory)
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
