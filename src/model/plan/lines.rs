//! For tests: a step in one line.

use super::{Action, Alter, Build, Configure, Make, Note, Serve, Step, Takeover};

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
        Action::Build(Build::ClaimFolder) => "claim".to_owned(),
        Action::Build(Build::ReleaseFolder) => "release".to_owned(),
        Action::Make(Make::MakeFolder { path }) => format!("folder {path}"),
        Action::Make(Make::RemoveFolder { path }) => format!("remove {path}"),
        Action::Build(Build::MakeSecrets { ports }) => format!("secrets for {} ports", ports.len()),
        Action::Make(Make::MakeCertificates { certificates }) => {
            format!("{} certificates", certificates.len())
        }
        Action::Make(Make::RemoveCertificates { folders }) => {
            format!("remove {} certificates", folders.len())
        }
        Action::Alter(Alter::SignCertificate { certificate }) => {
            format!("certificate {}", certificate.folder)
        }
        Action::Alter(Alter::RemoveCertificate { folder }) => format!("remove certificate {folder}"),
        Action::Alter(Alter::Reset { server, settings, .. }) => {
            format!("reset {} on {server}", settings.join(" "))
        }
        Action::Alter(Alter::RemoveTls) => "remove tls".to_owned(),
        Action::Build(Build::Initdb {
            data, auth_method, ..
        }) => format!("initdb {data} {auth_method}"),
        Action::Build(Build::CreateRole { data, options, .. }) => {
            format!("role {data} {}", options.join(" "))
        }
        Action::Build(Build::CopyData { from, to }) => format!("copy {from} {to}"),
        Action::Make(Make::InstallFile { to, held_back, .. }) => match held_back {
            Some(setting) => format!("install {to} without {setting}"),
            None => format!("install {to}"),
        },
        Action::Serve(Serve::OpenProxy { links }) => format!("proxy for {} links", links.len()),
        Action::Serve(Serve::CloseProxy) => "close proxy".to_owned(),
        Action::Serve(Serve::Start { server, .. }) => format!("start {server}"),
        Action::Serve(Serve::Stop { server, .. }) => format!("stop {server}"),
        Action::Serve(Serve::WaitReady { server, .. }) => format!("ready {server}"),
        Action::Serve(Serve::CreateSlot { server, slot, .. }) => format!("slot {slot} on {server}"),
        Action::Serve(Serve::WaitStreaming { server, standby, .. }) => {
            format!("streaming {standby} from {server}")
        }
        Action::Serve(Serve::TryConfiguration { server, .. }) => format!("try {server}"),
        Action::Serve(Serve::Reload { server, .. }) => format!("reload {server}"),
        Action::Serve(Serve::SeeAsDrawn { .. }) => "as drawn".to_owned(),
        Action::Serve(Serve::ProveArchive { server, .. }) => format!("archive of {server}"),
        Action::Serve(Serve::ProveTls { server, .. }) => format!("encrypted {server}"),
        Action::Serve(Serve::WaitRows { server, rows, .. }) => {
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
        Action::Serve(Serve::ProveRow {
            server,
            readers,
            delayed,
            ..
        }) => {
            format!(
                "row from {server} to {} and {} delayed",
                readers.len(),
                delayed.len()
            )
        }
        Action::Make(Make::Complete) => "complete".to_owned(),
        Action::Alter(Alter::BeginChange) => "begin".to_owned(),
        Action::Alter(Alter::ForgetChange) => "forget".to_owned(),
        Action::Alter(Alter::WritePassFiles { ports }) => format!("passwords for {} ports", ports.len()),
        Action::Alter(Alter::CopyRunning { server, to, .. }) => format!("copy running {server} {to}"),
        Action::Alter(Alter::Configure(one)) => configure(one),
        Action::Serve(Serve::DropSlot { server, slot, .. }) => format!("drop {slot} on {server}"),
        Action::Alter(Alter::RemoveServer { server, .. }) => format!("remove server {server}"),
        Action::Alter(Alter::Settle) => "settle".to_owned(),
        Action::Serve(Serve::SeeRunning { server, .. }) => format!("runs {server}"),
        Action::Note(Note::BeginSwitch { starts, servers }) => {
            format!(
                "note {} {}",
                if *starts { "start" } else { "stop" },
                servers.join(" ")
            )
        }
        Action::Note(Note::EndSwitch) => "note end".to_owned(),
        Action::Serve(Serve::SetReplay { server, pauses, .. }) => {
            format!("{} {server}", if *pauses { "pause" } else { "resume" })
        }
        Action::Takeover(action) => takeover(action),
        Action::Remove(action) => format!("{action:?}"),
    }
}

fn takeover(action: &Takeover) -> String {
    match action {
        Takeover::Checkpoint { at } => format!("checkpoint {}", at.server),
        Takeover::WaitCaughtUp { primary, heir } => {
            format!("{} caught up with {}", heir.server, primary.server)
        }
        Takeover::ProveLast { old, heir } => format!("{} has all of {}", heir.server, old.server),
        Takeover::BecomePrimaryAgain { configure, .. } => format!("primary again {}", configure.server),
        Takeover::Promote { at } => format!("promote {}", at.server),
        Takeover::StayStandby { at, .. } => format!("stay standby {}", at.server),
        Takeover::StopDead { at } => format!("kill {}", at.server),
        Takeover::RemoveData { at } => format!("remove data {}", at.server),
        Takeover::Rewind { at, source } => format!("rewind {} to {}", at.server, source.server),
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
