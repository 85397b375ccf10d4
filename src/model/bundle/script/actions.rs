//! One action of a plan as one call of a function in the `.bash` files.

use std::fmt::Write as _;

use crate::model::configuration::ClusterFolder;
use crate::model::health::ReplicationRow;
use crate::model::plan::{Action, Build, Certificate, Make, Reader, Serve};
use crate::model::quoting::{literal, shell_word};
use crate::model::topology::{Auth, Topology};

/// What does the action, as whole lines; `None` for what no deployment does.
pub fn do_lines(topology: &Topology, action: &Action) -> Option<String> {
    match action {
        Action::Build(action) => Some(build(action)),
        Action::Make(action) => Some(make(topology, action)),
        Action::Serve(action) => serve(action),
        Action::Alter(_) | Action::Takeover(_) | Action::Note(_) | Action::Remove(_) => None,
    }
}

fn build(action: &Build) -> String {
    let line = match action {
        Build::ClaimFolder => "claim_folder".to_owned(),
        Build::ReleaseFolder => "release_folder".to_owned(),
        Build::MakeSecrets { ports } => words("make_secrets", ports.iter().map(u16::to_string)),
        Build::Initdb {
            data,
            auth_method,
            password_file,
            no_sync,
            options,
        } => {
            let mut line = format!("make_data {} {auth_method}", shell_word(data));
            if let Some(file) = password_file {
                let _ = write!(line, " --pwfile={}", shell_word(file));
            }
            if *no_sync {
                line.push_str(" -N");
            }
            for option in options {
                let _ = write!(line, " {}", shell_word(option));
            }
            line
        }
        Build::CreateRole {
            data,
            options,
            role,
            password_file,
        } => words(
            &format!(
                "create_role {} {} {}",
                shell_word(data),
                shell_word(role),
                shell_word(password_file.as_deref().unwrap_or_default())
            ),
            options.iter().cloned(),
        ),
        Build::CopyData { from, to } => format!("copy_data {} {}", shell_word(from), shell_word(to)),
    };
    line + "\n"
}

fn make(topology: &Topology, action: &Make) -> String {
    let line = match action {
        Make::MakeFolder { path } => format!("make_folder {}", shell_word(path)),
        Make::RemoveFolder { path } => format!("remove_folder {}", shell_word(path)),
        Make::MakeCertificates { certificates } => return make_certificates(certificates),
        // No blank is in a folder's name, so that many of them are one argument.
        Make::RemoveCertificates { folders } => {
            format!("remove_certificates {}", shell_word(&folders.join(" ")))
        }
        Make::InstallFile {
            bundle_path,
            to,
            held_back,
        } => words(
            &format!("install_file {} {}", shell_word(bundle_path), shell_word(to)),
            held_back.iter().cloned(),
        ),
        Make::Complete => return complete(topology),
    };
    line + "\n"
}

fn serve(action: &Serve) -> Option<String> {
    let line = match action {
        Serve::Start {
            folder,
            pass_file_in_environment,
            ..
        } => {
            let file = pass_file_in_environment.then(|| ClusterFolder::REPLICATION_PGPASS.to_owned());
            words(&format!("start {}", shell_word(folder)), file.into_iter())
        }
        Serve::Stop { folder, .. } => format!("stop {}", shell_word(folder)),
        Serve::WaitReady { server, folder, port } => {
            format!("wait_ready {} {} {port}", shell_word(server), shell_word(folder))
        }
        Serve::CreateSlot { port, slot, .. } => format!("create_slot {port} {}", shell_word(slot)),
        Serve::WaitStreaming {
            server,
            port,
            standby,
            ..
        } => format!(
            "wait_until {} streams {port} {}",
            shell_word(&format!("{standby} streams from {server}")),
            shell_word(&literal(standby))
        ),
        Serve::Reload { folder, .. } => format!("reload {}", shell_word(folder)),
        Serve::WaitRows {
            server, port, rows, ..
        } => format!("wait_rows {} {port} {}", shell_word(server), rows_text(rows)),
        Serve::ProveTls { server, port, .. } => format!("prove_tls {} {port}", shell_word(server)),
        Serve::ProveRow {
            port,
            readers,
            delayed,
            ..
        } => return Some(prove(*port, readers, delayed)),
        // Only a deployment by pgcascade has a laboratory; a new cluster has no slot to drop, and `up` has just started what there is.
        Serve::OpenProxy { .. }
        | Serve::CloseProxy
        | Serve::DropSlot { .. }
        | Serve::SetReplay { .. }
        | Serve::TryConfiguration { .. }
        | Serve::SeeRunning { .. }
        | Serve::SeeAsDrawn { .. }
        | Serve::ProveArchive { .. } => return None,
    };
    Some(line + "\n")
}

/// What undoes a step, as `step` notes it: a function and its argument.
pub fn undo(action: &Action) -> Option<(&'static str, Option<String>)> {
    match action {
        Action::Build(Build::ReleaseFolder) => Some(("release_folder", None)),
        Action::Make(Make::RemoveFolder { path }) => Some(("remove_folder", Some(path.clone()))),
        // No blank is in a folder's name, so that many of them are one argument.
        Action::Make(Make::RemoveCertificates { folders }) => {
            Some(("remove_certificates", Some(folders.join(" "))))
        }
        Action::Serve(Serve::Stop { folder, .. }) => Some(("stop", Some(folder.clone()))),
        _ => None,
    }
}

/// The same as a line.
pub fn undo_line(action: &Action) -> Option<String> {
    undo(action).map(|(function, argument)| words(function, argument.into_iter()))
}

/// The rows as psql prints them, one per line, as one word.
pub fn rows_text(rows: &[ReplicationRow]) -> String {
    let lines: Vec<String> = rows
        .iter()
        .map(|row| {
            format!(
                "{}|{}|{}|{}",
                row.application_name, row.state, row.sync_priority, row.sync_state
            )
        })
        .collect();
    shell_word(&lines.join("\n"))
}

fn words(start: &str, more: impl Iterator<Item = String>) -> String {
    more.fold(start.to_owned(), |line, word| {
        format!("{line} {}", shell_word(&word))
    })
}

fn make_certificates(certificates: &[Certificate]) -> String {
    let mut text = format!("make_authority {}\n", shell_word(Certificate::AUTHORITY));
    for one in certificates {
        let line = words(
            "make_certificate",
            [
                one.folder.clone(),
                one.common_name().to_owned(),
                one.alternative_names(),
            ]
            .into_iter(),
        );
        text.push_str(&line);
        text.push('\n');
    }
    text
}

fn prove(port: u16, readers: &[Reader], delayed: &[Reader]) -> String {
    let mut text = format!("write_row {port}\n");
    for (function, servers) in [("read_row", readers), ("receive_row", delayed)] {
        for reader in servers {
            let _ = writeln!(text, "{function} {} {}", shell_word(&reader.server), reader.port);
        }
    }
    text.push_str("prove_done\n");
    text
}

/// The cluster's own README says how to connect; the bundle's says everything else.
fn complete(topology: &Topology) -> String {
    let mut readme = format!(
        "# {}\n\nA PostgreSQL {} cluster, built by the script \"up\" of a bundle; its script \"down\" takes it away.\n\n",
        topology.name().trim(),
        topology.postgres()
    );
    if topology.effective_auth() != Auth::Trust {
        let _ = writeln!(
            readme,
            "The passwords are in `{}`, which psql reads if PGPASSFILE names it.\n",
            ClusterFolder::PGPASS
        );
    }
    if topology.has_tls() {
        let _ = writeln!(
            readme,
            "Links go over TLS; `{}` is the authority, for `sslmode=verify-full sslrootcert=…`.\n",
            ClusterFolder::AUTHORITY_CERTIFICATE
        );
    }
    for server in topology.servers() {
        let _ = writeln!(
            readme,
            "- {}: psql -h localhost -p {} -U {} postgres",
            server.name(),
            server.port(),
            ClusterFolder::SUPERUSER
        );
    }
    format!(
        ": >.pgcascade/complete\nprintf '%s' {} >{}\ninstall_file {design} {design}\n",
        shell_word(&readme),
        ClusterFolder::README,
        design = ClusterFolder::DESIGN
    )
}
