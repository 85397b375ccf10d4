//! As root, pgcascade becomes the user that servers run as before it touches a cluster's folder.
//!
//! A cluster's folder belongs to that user, and so to every superuser of its servers: whatever root does there by path can
//! be led elsewhere by a link. So [`take_on`] gives root up for good, as initdb, pg_ctlcluster and systemd's `User=` do,
//! and everything after it can reach no more than the servers can.
//!
//! It happens in the same process, not in a new one: the process keeps its number (signals, locks and anyone who waits for it
//! go on as before), it costs nothing, and the kernel lets no one of the new user trace a process that was root's
//! (ptrace(2), "dumpable"), so the terminal of root that it still holds is out of their reach.
//!
//! What only root may do is left to a second process that stays root ([`keeper`]): to make a missing folder below parents
//! that only root can write to, and to take it away again. It does that for one path, the one that root typed.

pub mod by_child;
mod hand_over;
pub mod keeper;
mod known;
pub mod own_session;
pub mod program;
mod provide;

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use nix::unistd::{User, geteuid, getuid, initgroups, setgid, setuid};

use crate::engine::system::files::Owner;
use crate::engine::system::way;
use crate::model::configuration::ClusterFolder;
use crate::report::Report;

pub(in crate::engine) use known::ask_each;
pub use provide::serve;

/// Whom servers run as if we are root and nobody was named: the first that exists.
const ORDINARY_USERS: [&str; 4] = ["postgres", "pgsql", "_postgres", "nobody"];

/// What becomes of the cluster's folder itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is there, and stays.
    Stays,
    /// It may have to be made, or to be removed.
    MayComeOrGo,
}

/// As root, goes on as the servers' user: the one that the cluster in `folder` belongs to, else the one that is `named`,
/// else the first ordinary one that exists. Anybody else goes on as before; so does root where there is no such user, which
/// the preflight then says.
///
/// Must be called before threads are started that count on being root, and before anything below the folder is read.
///
/// # Errors
///
/// If the cluster belongs to another user than the one that is named, if another user can change a link on the way to the
/// folder, or if the system does not let root become that user.
pub fn take_on(folder: &Path, named: Option<&str>, fate: Fate) -> Result<(), Report> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let way = way::to(folder);
    let folder = way.real;
    let user = match owner_of_cluster(&folder)? {
        Some(owner) => match named.filter(|named| **named != owner.name) {
            None => Some(owner),
            Some(named) => {
                let whose = format!(
                    "The cluster in {} belongs to the user {}, not to {named}.",
                    folder.display(),
                    owner.name
                );
                return Err(Report::new(whose).hint("Omit --run-as."));
            }
        },
        None => choose(named),
    };
    let Some(user) = user else {
        return Ok(());
    };
    let owner = numbers_of(&user);
    // A link that the servers' user may change leads to no more than that user could reach alone; not so anybody else's.
    if let Some(link) = way
        .foreign_link
        .as_ref()
        .filter(|_| !way.led_by.are_only(owner.uid))
    {
        let through = format!(
            "The way there leads through {}, a link that another user can change.",
            link.display()
        );
        return Err(Report::new(through).hint(format!("Name the folder itself: {}", folder.display())));
    }
    let is_handed_over = hand_over::old_marker(&folder, owner)?;
    if named.is_some() || is_handed_over {
        // Anyone who owns a folder that root looks at once is not somebody that root deploys as.
        known::note(&user.name);
    }
    // Nor does root make or remove what it was led to.
    if fate == Fate::MayComeOrGo && way.foreign_link.is_none() {
        keeper::start(&folder, owner)?;
    }
    become_user(&user)
}

/// The same where no cluster's folder is known yet.
///
/// # Errors
///
/// If the system does not let root become that user.
pub fn take_on_any(named: Option<&str>) -> Result<(), Report> {
    match choose(named) {
        Some(user) if geteuid().is_root() => become_user(&user),
        _ => Ok(()),
    }
}

/// The named user, or the first ordinary one that exists; never root.
pub(in crate::engine) fn choose(named: Option<&str>) -> Option<User> {
    let find = |name: &str| {
        let user = User::from_name(name).ok()??;
        (!user.uid.is_root()).then_some(user)
    };
    match named {
        Some(name) => find(name),
        None => ORDINARY_USERS.iter().find_map(|name| find(name)),
    }
}

/// Whose cluster is in a folder, by whom its marker belongs to. `None`: there is none, or root's.
fn owner_of_cluster(folder: &Path) -> Result<Option<User>, Report> {
    let marker = folder.join(ClusterFolder::MARKER_FOLDER);
    let owner = |path: &Path| {
        let there = fs::symlink_metadata(path).ok()?;
        there.is_dir().then_some(there.uid())
    };
    // A marker of root's is of an earlier pgcascade; its folder was the servers' user's then, too.
    let uid = match (owner(&marker), owner(folder)) {
        (None, _) | (Some(0), None | Some(0)) => return Ok(None),
        (Some(0), Some(uid)) | (Some(uid), _) => uid,
    };
    match User::from_uid(uid.into()) {
        Ok(Some(user)) => Ok(Some(user)),
        _ => Err(Report::new(format!(
            "The cluster in {} belongs to user ID {uid}, which does not exist.",
            folder.display(),
        ))),
    }
}

fn numbers_of(user: &User) -> Owner {
    Owner {
        uid: user.uid.as_raw(),
        gid: user.gid.as_raw(),
    }
}

/// All of the process becomes the user: groups first, since only root may change them.
fn become_user(user: &User) -> Result<(), Report> {
    let failed = |error: &dyn std::error::Error| {
        Report::of(
            format!("pgcascade could not become the user {}.", user.name),
            error,
        )
    };
    let name = std::ffi::CString::new(user.name.as_str()).map_err(|error| failed(&error))?;
    initgroups(&name, user.gid).map_err(|error| failed(&error))?;
    setgid(user.gid).map_err(|error| failed(&error))?;
    setuid(user.uid).map_err(|error| failed(&error))?;
    // By setuid(2) there is no way back from here; one that is left would undo all of the above.
    if getuid() != user.uid || setuid(0.into()).is_ok() {
        return Err(Report::new(format!(
            "pgcascade could not become the user {} for good.",
            user.name
        )));
    }
    tracing::info!("root goes on as {}", user.name);
    Ok(())
}
