//! Takes away what was made for a cluster, and nothing else. What pgcascade did not make stays and is named;
//! no symbolic link is followed. The marker goes last: until then teardown can be tried again.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;

use crate::engine::cluster::record::{self, JournalFile, Lock, RecordedServer, Stored};
use crate::engine::cluster::remover::Hand;
use crate::engine::servers_user::keeper;
use crate::engine::system::files;
use crate::engine::system::mounts;
use crate::model::configuration::ClusterFolder;
use crate::report::Report;

/// What is in a marker folder besides the lock.
const RECORD: &str = "cluster.json";

/// Removes the servers' data, logs, passwords, certificates, sockets and the archive. No server may run any more.
pub(in crate::engine) fn remove_contents(hand: &impl Hand, stored: &Stored) -> Result<(), Report> {
    for server in &stored.record.servers {
        if is_folder(&stored.record.folder.join(ClusterFolder::data(&server.folder))) {
            remove_data(hand, stored, &server.folder)?;
        }
    }
    mounts::none_inside(&stored.record.folder)?;
    for folder in &stored.left_certificates {
        remove_certificate(hand, stored, folder)?;
    }
    // Innermost first, so that an outer one can be empty.
    for made in stored.made.iter().rev() {
        remove_made(hand, stored, made)?;
    }
    Ok(())
}

/// Removes the data directory of one server, which may not run any more.
pub(in crate::engine) fn remove_data(hand: &impl Hand, stored: &Stored, folder: &str) -> Result<(), Report> {
    mounts::none_inside(&stored.record.folder)?;
    remove_tree(hand, &stored.record.folder, &ClusterFolder::data(folder))
}

/// Removes what was made for one server, which may not run any more.
pub(in crate::engine) fn remove_server(
    hand: &impl Hand,
    stored: &Stored,
    folder: &str,
) -> Result<(), Report> {
    mounts::none_inside(&stored.record.folder)?;
    remove_certificate(hand, stored, folder)?;
    remove_sockets(hand, stored, folder)?;
    remove_tree(hand, &stored.record.folder, &ClusterFolder::data(folder))?;
    remove_made(hand, stored, &ClusterFolder::server(folder))
}

/// Removes the socket that a server left which was killed, unless another one has its port now.
fn remove_sockets(hand: &impl Hand, stored: &Stored, folder: &str) -> Result<(), Report> {
    let servers = || stored.record.servers.iter();
    let Some(server) = servers().find(|server| server.folder == folder) else {
        return Ok(());
    };
    if servers().any(|other| other.folder != folder && other.port == server.port) {
        return Ok(());
    }
    sockets(server)
        .iter()
        .try_for_each(|file| remove_file(hand, &stored.record.folder, file))
}

fn sockets(server: &RecordedServer) -> [String; 2] {
    let socket = format!("{}/.s.PGSQL.{}", ClusterFolder::SOCKETS, server.port);
    [format!("{socket}.lock"), socket]
}

/// Removes the key and the certificate of one server.
pub(in crate::engine) fn remove_certificate(
    hand: &impl Hand,
    stored: &Stored,
    folder: &str,
) -> Result<(), Report> {
    for file in [
        ClusterFolder::certificate(folder),
        ClusterFolder::certificate_key(folder),
    ] {
        remove_file(hand, &stored.record.folder, &file)?;
    }
    Ok(())
}

/// Removes the authority and every key and certificate that was made, and their folder.
pub(in crate::engine) fn remove_tls(hand: &impl Hand, stored: &Stored) -> Result<(), Report> {
    if !stored.made.iter().any(|made| made == ClusterFolder::TLS) {
        return Ok(());
    }
    for folder in &stored.left_certificates {
        remove_certificate(hand, stored, folder)?;
    }
    remove_made(hand, stored, ClusterFolder::TLS)
}

/// Removes one of the folders that the plan makes, with the files that pgcascade or its servers write there. If
/// somebody put something else into it, that stays, and the folder with it.
pub(in crate::engine) fn remove_made(hand: &impl Hand, stored: &Stored, made: &str) -> Result<(), Report> {
    let folder = &stored.record.folder;
    let Some(path) = files::inside(folder, made).filter(|path| is_folder(path)) else {
        return Ok(());
    };
    let layout = [
        ClusterFolder::SERVERS,
        ClusterFolder::SECRETS,
        ClusterFolder::TLS,
        ClusterFolder::SOCKETS,
    ];
    let is_of_layout = layout.iter().any(|of| Path::new(made).starts_with(of));
    if is_of_layout {
        let mut ours = files_of_layout(stored);
        ours.retain(|file| Path::new(file).parent() == Some(Path::new(made)));
        for file in ours {
            remove_file(hand, folder, &file)?;
        }
    } else {
        // What else the plan makes is the archive; the archive_command makes a folder in it.
        for cluster in files::names_in(&path).iter().filter(|name| is_identifier(name)) {
            remove_archived(hand, stored, &format!("{made}/{cluster}"))?;
        }
    }
    sweep_temporary(hand, folder, made)?;
    hand.remove_if_empty(&path)
        .map_err(|error| cannot(&path, &error))?;
    Ok(())
}

/// Removes what the servers archived in one folder, and the folder if nothing else is in it.
fn remove_archived(hand: &impl Hand, stored: &Stored, made: &str) -> Result<(), Report> {
    let folder = &stored.record.folder;
    let Some(path) = files::inside(folder, made).filter(|path| is_folder(path)) else {
        return Ok(());
    };
    for name in files::names_in(&path) {
        // The half-written copy of an archive_command is called by its server.
        let part = |server: &RecordedServer| name.strip_suffix(&format!(".{}.part", server.folder));
        let whole = stored.record.servers.iter().find_map(part).unwrap_or(&name);
        if is_archived(whole) {
            remove_file(hand, folder, &format!("{made}/{name}"))?;
        }
    }
    hand.remove_if_empty(&path)
        .map_err(|error| cannot(&path, &error))?;
    Ok(())
}

/// A system identifier: a number of 64 bits.
pub(super) fn is_identifier(name: &str) -> bool {
    name.parse::<u64>().is_ok_and(|number| number.to_string() == name)
}

/// Every file, besides the data directories, in the folders of the layout.
fn files_of_layout(stored: &Stored) -> Vec<String> {
    let mut files: Vec<String> = [
        ClusterFolder::SUPERUSER_PASSWORD,
        ClusterFolder::REPLICATION_PASSWORD,
        ClusterFolder::PGPASS,
        ClusterFolder::REPLICATION_PGPASS,
        ClusterFolder::PROXY_ORDERS,
        ClusterFolder::PROXY_ANSWER,
        ClusterFolder::PROXY_LOG,
    ]
    .map(str::to_owned)
    .to_vec();
    files.extend(certificates(
        stored.record.servers.iter().map(|server| server.folder.as_str()),
    ));
    for server in &stored.record.servers {
        files.push(ClusterFolder::log(&server.folder));
        files.extend(sockets(server));
    }
    files
}

/// Removes the authority, and the keys and certificates of the servers with these folders.
pub(in crate::engine) fn remove_certificates(
    hand: &impl Hand,
    stored: &Stored,
    folders: &[String],
) -> Result<(), Report> {
    for file in certificates(folders.iter().map(String::as_str)) {
        remove_file(hand, &stored.record.folder, &file)?;
    }
    Ok(())
}

fn certificates<'a>(folders: impl Iterator<Item = &'a str>) -> Vec<String> {
    let of_authority =
        [ClusterFolder::AUTHORITY_CERTIFICATE, ClusterFolder::AUTHORITY_KEY].map(str::to_owned);
    let of_servers = folders.flat_map(|folder| {
        [
            ClusterFolder::certificate(folder),
            ClusterFolder::certificate_key(folder),
        ]
    });
    of_authority.into_iter().chain(of_servers).collect()
}

/// True for the names that PostgreSQL gives what it archives: segments (also partial ones), timelines, labels of
/// backups.
pub(super) fn is_archived(name: &str) -> bool {
    let is_hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'))
    };
    match name.split_once('.') {
        None => is_hex(name, 24),
        Some((segment, "partial")) => is_hex(segment, 24),
        Some((timeline, "history")) => is_hex(timeline, 8),
        Some((segment, label)) => {
            is_hex(segment, 24)
                && label
                    .strip_suffix(".backup")
                    .is_some_and(|offset| is_hex(offset, 8))
        }
    }
}

fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|there| there.is_dir())
}

/// Removes the files at the top, the marker, and the folder itself if it was made for the cluster and is empty now.
/// Each sentence names something that stays.
pub(in crate::engine) fn release(
    hand: &impl Hand,
    stored: &Stored,
    lock: Option<&Lock>,
) -> Result<Vec<String>, Report> {
    let folder = &stored.record.folder;
    remove_file(hand, folder, ClusterFolder::README)?;
    remove_file(hand, folder, ClusterFolder::DESIGN)?;
    sweep_temporary(hand, folder, "")?;
    let marker = folder.join(ClusterFolder::MARKER_FOLDER);
    if record::has_marker_folder(folder) {
        sweep_temporary(hand, folder, ClusterFolder::MARKER_FOLDER)?;
        let mut last = vec![JournalFile::path(folder), marker.join(RECORD)];
        last.extend(lock.map(|lock| lock.path().to_owned()));
        for file in last {
            hand.remove_file(&file).map_err(|error| cannot(&file, &error))?;
        }
        hand.remove_if_empty(&marker)
            .map_err(|error| cannot(&marker, &error))?;
    }
    let mut stays: Vec<String> = Vec::new();
    foreign(stored, "", &mut stays);
    let lost = hand
        .state()
        .map_or_else(Vec::new, |state| record::lost_claims(&state, stored));
    if std::iter::once(stored)
        .chain(&lost)
        .any(|claim| claim.record.made_folder)
    {
        if hand
            .remove_if_empty(folder)
            .map_err(|error| cannot(folder, &error))?
        {
            let parents = std::iter::once(stored)
                .chain(&lost)
                .flat_map(|claim| &claim.made_parents);
            // Each lies in the one before it: the innermost is the greatest.
            for parent in parents.collect::<BTreeSet<_>>().into_iter().rev() {
                // One that cannot go, or is used by now, does no harm.
                if !matches!(hand.remove_if_empty(parent), Ok(true)) {
                    break;
                }
            }
        }
    } else if let Some(was) = stored.folder_was {
        // One that was root's only root can undo.
        if chown(folder, Some(was.owner.uid), Some(was.owner.gid)).is_err() {
            let _ = keeper::give_back(folder);
        } else {
            let _ = fs::set_permissions(folder, Permissions::from_mode(was.mode));
        }
    }
    for claim in std::iter::once(stored).chain(&lost) {
        forget(hand, claim);
    }
    Ok(stays
        .into_iter()
        .map(|path| format!("{path} was kept: pgcascade did not make it."))
        .collect())
}

/// Removes the list's entry. One that stays is harmless: without a marker it is not listed.
pub(in crate::engine) fn forget(hand: &impl Hand, stored: &Stored) {
    if let Some(state) = hand.state() {
        let _ = hand.remove_file(&record::entry_of(&state, &stored.record.id));
    }
}

/// Everything that is still below one of our folders (`""`: the cluster's). What somebody else put there is named as
/// one thing, be it a file or a folder.
fn foreign(stored: &Stored, below: &str, found: &mut Vec<String>) {
    /// More names help nobody.
    const MOST: usize = 20;
    let folder = &stored.record.folder;
    for name in files::names_in(&folder.join(below)) {
        let relative = if below.is_empty() {
            name
        } else {
            format!("{below}/{name}")
        };
        let path = folder.join(&relative);
        if stored.made.contains(&relative) && is_folder(&path) {
            foreign(stored, &relative, found);
        } else if found.len() < MOST {
            found.push(path.display().to_string());
        }
    }
}

/// A file that was being written when pgcascade was killed: `.NAME.PID-N.tmp` is a name that only we give.
fn sweep_temporary(hand: &impl Hand, folder: &Path, below: &str) -> Result<(), Report> {
    for name in files::names_in(&folder.join(below)) {
        if files::is_temporary(&name) {
            let relative = Path::new(below).join(name);
            remove_file(hand, folder, &relative.to_string_lossy())?;
        }
    }
    Ok(())
}

fn remove_tree(hand: &impl Hand, folder: &Path, relative: &str) -> Result<(), Report> {
    let Some(path) = files::inside(folder, relative) else {
        return Ok(());
    };
    // A link is not what we made; it stays, and is named at the end.
    if fs::symlink_metadata(&path).is_ok_and(|there| !there.is_dir()) {
        return Ok(());
    }
    hand.remove_tree(&path).map_err(|error| cannot(&path, &error))
}

fn remove_file(hand: &impl Hand, folder: &Path, relative: &str) -> Result<(), Report> {
    let Some(path) = files::inside(folder, relative) else {
        return Ok(());
    };
    if fs::symlink_metadata(&path).is_ok_and(|there| there.is_dir() || there.is_symlink()) {
        return Ok(());
    }
    match hand.remove_file(&path) {
        // Its folder was never made.
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => Ok(()),
        other => other.map_err(|error| cannot(&path, &error)),
    }
}

fn cannot(path: &Path, error: &std::io::Error) -> Report {
    Report::of(format!("{} could not be removed.", path.display()), error)
}
