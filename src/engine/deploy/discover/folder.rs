//! What is in the cluster's folder, or whether it can be made.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use nix::unistd::{AccessFlags, access};

use crate::engine::cluster::record;
use crate::engine::servers_user::keeper;
use crate::engine::system::files::{self, Owner};
use crate::model::plan::FolderState;

/// What the folder is to a deployment whose servers run as `owner` (`None`: as ourselves).
pub(super) fn state(folder: &Path, owner: Option<Owner>) -> FolderState {
    let unusable = |why: String| FolderState::Unusable(why);
    if folder.to_str().is_none() {
        return unusable("its name is not UTF-8 and cannot be written into a configuration file".to_owned());
    }
    if folder
        .as_os_str()
        .as_encoded_bytes()
        .iter()
        .any(u8::is_ascii_control)
    {
        return unusable("its name contains a control character".to_owned());
    }
    match fs::metadata(folder) {
        Ok(there) if !there.is_dir() => unusable(format!("{} is not a folder", folder.display())),
        // An empty one of root's, which only root can hand over.
        Ok(_)
            if access(folder, AccessFlags::R_OK | AccessFlags::X_OK).is_err()
                && keeper::look(folder).is_ok() =>
        {
            FolderState::Empty
        }
        Ok(_) => match record::read_marker(folder) {
            Ok(Some(stored)) if stored.record.is_unfinished() => FolderState::Unfinished,
            Ok(Some(_)) => FolderState::Ours,
            Err(report) => unusable(report.headline),
            Ok(None) => match fs::read_dir(folder) {
                Err(error) => unusable(format!("{} cannot be read: {error}", folder.display())),
                Ok(mut entries) => match entries.next() {
                    Some(_) => FolderState::Foreign,
                    None => usable((folder, folder), folder.parent(), owner).unwrap_or(FolderState::Empty),
                },
            },
        },
        Err(_) => {
            let nearest = folder.ancestors().skip(1).find(|ancestor| ancestor.exists());
            nearest.map_or_else(
                || unusable(format!("{} cannot be created", folder.display())),
                |nearest| usable((folder, nearest), Some(nearest), owner).unwrap_or(FolderState::Absent),
            )
        }
    }
}

/// Why a folder cannot be used that stands in, or is, `written`; the servers' user must come through `crossed`
/// (the folder itself is given to that user).
fn usable(
    (folder, written): (&Path, &Path),
    crossed: Option<&Path>,
    owner: Option<Owner>,
) -> Option<FolderState> {
    if !written.is_dir() {
        return Some(FolderState::Unusable(format!(
            "{} is not a folder",
            written.display()
        )));
    }
    if access(written, AccessFlags::W_OK | AccessFlags::X_OK).is_err() {
        // Where root called, root may be able to make it.
        let why = match keeper::look(folder) {
            Ok(()) => return None,
            Err(error) if error.kind() == ErrorKind::PermissionDenied => error.to_string(),
            Err(_) => format!("{} cannot be written to", written.display()),
        };
        return Some(FolderState::Unusable(why));
    }
    let closed = files::can_traverse(crossed?, owner?).err()?;
    Some(FolderState::Unusable(format!(
        "the servers' user cannot enter {}",
        closed.display()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_is_told_from_the_others() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("c");
        let check = |folder: &Path| state(folder, None);
        assert_eq!(check(&folder), FolderState::Absent);
        assert_eq!(check(&folder.join("deeper")), FolderState::Absent);
        fs::create_dir(&folder).unwrap();
        assert_eq!(check(&folder), FolderState::Empty);
        fs::write(folder.join("x"), "").unwrap();
        assert_eq!(check(&folder), FolderState::Foreign);
        assert!(matches!(check(&folder.join("x")), FolderState::Unusable(_)));
        assert!(matches!(check(&folder.join("x/y")), FolderState::Unusable(_)));
    }

    #[test]
    fn a_way_that_is_closed_to_the_servers_user_is_named() {
        let base = tempfile::tempdir().unwrap();
        let closed = base.path().join("closed");
        files::make_folder(&closed, None).unwrap();
        let stranger = Owner {
            uid: 4_000_000,
            gid: 4_000_000,
        };
        let FolderState::Unusable(why) = state(&closed.join("c"), Some(stranger)) else {
            panic!("it is closed");
        };
        assert!(why.contains("cannot enter"), "{why}");
    }
}
