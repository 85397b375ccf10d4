//! For tests: a step in one line.

use super::{Action, Configure, Step};

/// A step in one line: number, what, about what, after which steps.
pub fn line(step: &Step) -> String {
    let what = what(&step.action);
    let after: Vec<String> = step.after.iter().map(|id| id.0.to_string()).collect();
    if after.is_empty() {
        format!("{} {what}\n", step.id.0)
    } else {
        format!("{} {what} < {}\n", step.id.0, after.join(" "))
    }
}

/// What an action does, in a few words.
pub fn what(action: &Action) -> String {
    match action {
        Action::ClaimFolder => "claim".to_owned(),
        Action::ReleaseFolder => "release".to_owned(),
        Action::MakeFolder { path } => format!("folder {path}"),
        Action::RemoveFolder { path } => format!("remove {path}"),
        Action::MakeSecrets { ports } => format!("secrets for {} ports", ports.len()),
        Action::MakeCertificates { certificates } => format!("{} certificates", certificates.len()),
        Action::RemoveCertificates { folders } => format!("remove {} certificates", folders.len()),
        Action::SignCertificate { certificate } => format!("certificate {}", certificate.folder),
        Action::RemoveCertificate { folder } => format!("remove certificate {folder}"),
        Action::RemoveTls => "remove tls".to_owned(),
        Action::Initdb {
            data, auth_method, ..
        } => format!("initdb {data} {auth_method}"),
        Action::CreateRole { data, options, .. } => format!("role {data} {}", options.join(" ")),
        Action::CopyData { from, to } => format!("copy {from} {to}"),
        Action::InstallFile { to, held_back, .. } => match held_back {
            Some(setting) => format!("install {to} without {setting}"),
            None => format!("install {to}"),
        },
        Action::Start { server, .. } => format!("start {server}"),
        Action::Stop { server, .. } => format!("stop {server}"),
        Action::WaitReady { server, .. } => format!("ready {server}"),
        Action::CreateSlot { server, slot, .. } => format!("slot {slot} on {server}"),
        Action::WaitStreaming { server, standby, .. } => format!("streaming {standby} from {server}"),
        Action::Reload { server, .. } => format!("reload {server}"),
        Action::ProveTls { server, .. } => format!("encrypted {server}"),
        Action::WaitRows { server, rows, .. } => {
            let rows: Vec<_> = rows
                .iter()
                .map(|row| {
                    format!(
                        "{} {} {}",
                        row.application_name, row.sync_priority, row.sync_state
                    )
                })
                .collect();
            format!("rows of {server}: {}", rows.join(", "))
        }
        Action::ProveRow {
            server,
            readers,
            delayed,
            ..
        } => {
            format!(
                "row from {server} to {} and {} delayed",
                readers.len(),
                delayed.len()
            )
        }
        Action::Complete => "complete".to_owned(),
        Action::BeginChange => "begin".to_owned(),
        Action::ForgetChange => "forget".to_owned(),
        Action::WritePassFiles { ports } => format!("passwords for {} ports", ports.len()),
        Action::CopyRunning { server, to, .. } => format!("copy running {server} {to}"),
        Action::Configure(one) => configure(one),
        Action::DropSlot { server, slot, .. } => format!("drop {slot} on {server}"),
        Action::RemoveServer { server, .. } => format!("remove server {server}"),
        Action::Settle => "settle".to_owned(),
    }
}

fn configure(one: &Configure) -> String {
    let mut text = format!("{:?} {} {:?}", one.by, one.server, one.design).to_lowercase();
    if one.folder != one.folder_before {
        text += &format!(" from {} to {}", one.folder_before, one.folder);
    }
    for (setting, value) in &one.held {
        text += &format!(" {setting}={}", value.as_deref().unwrap_or_default());
    }
    text
}
