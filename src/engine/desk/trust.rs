//! Which lists of hazards the user trusts, by their sums, in the state folder: asked once for the same list, as direnv
//! does. Anyone who could write this file could trust for the user, so only the user's own is believed.

use std::fs::OpenOptions;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use nix::fcntl::OFlag;
use nix::unistd::geteuid;

use crate::engine::desk::store::state_folder;
use crate::engine::system::files;
use crate::report::Report;

const FILE: &str = "trusted.json";

/// The oldest is asked for again when there are more.
const MOST: usize = 1000;
/// A sum with its quotes and comma takes 67 bytes.
const LARGEST_BYTES: u64 = 1 << 20;

/// Every list that is trusted, the latest first.
pub fn trusted() -> Vec<String> {
    state_folder().map_or_else(Vec::new, |state| trusted_in(&state))
}

/// From now on the list of this sum is trusted.
///
/// # Errors
///
/// If there is no state folder, or it cannot be written to.
pub fn remember(sum: &str) -> Result<(), Report> {
    let state = state_folder().ok_or_else(|| {
        Report::new("Your trust cannot be saved: there is no folder for it.")
            .hint("Set HOME or XDG_STATE_HOME to a folder of your own.")
    })?;
    remember_in(&state, sum)
}

fn remember_in(state: &Path, sum: &str) -> Result<(), Report> {
    let headline = "Your trust in this design could not be saved.";
    let mut sums = trusted_in(state);
    sums.retain(|known| known != sum);
    sums.insert(0, sum.to_owned());
    sums.truncate(MOST);
    let bytes = serde_json::to_vec(&sums).map_err(|error| Report::of(headline, &error))?;
    files::make_private_folders(state)
        .and_then(|()| files::write_whole(&state.join(FILE), &bytes, files::PRIVATE_FILE, None))
        .map_err(|error| Report::of(headline, &error))
}

/// A file that is not only ours, or cannot be read, trusts nothing: it is asked for again.
fn trusted_in(state: &Path) -> Vec<String> {
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
        .open(state.join(FILE));
    let Ok(file) = opened else {
        return Vec::new();
    };
    let is_ours = file
        .metadata()
        .is_ok_and(|there| there.is_file() && there.uid() == geteuid().as_raw() && there.mode() & 0o022 == 0);
    let mut bytes = Vec::new();
    if !is_ours || file.take(LARGEST_BYTES).read_to_end(&mut bytes).is_err() {
        return Vec::new();
    }
    serde_json::from_slice(&bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_list_that_was_trusted_once_is_trusted_again() {
        let state = tempfile::tempdir().unwrap();
        for sum in ["a", "b", "a"] {
            remember_in(state.path(), sum).unwrap();
        }
        assert_eq!(trusted_in(state.path()), ["a", "b"]);
        let mode = fs::metadata(state.path().join(FILE)).unwrap().mode() & 0o777;
        assert_eq!(mode, 0o600);
        for number in 0..MOST {
            // As a whole: a thousand files are written in no time, but not a thousand times flushed.
            remember_in(state.path(), &number.to_string()).unwrap();
        }
        let sums = trusted_in(state.path());
        assert_eq!((sums.len(), sums[0].as_str()), (MOST, "999"));
    }

    #[test]
    fn what_others_may_write_trusts_nothing() {
        let state = tempfile::tempdir().unwrap();
        let file = state.path().join(FILE);
        remember_in(state.path(), "a").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o620)).unwrap();
        assert_eq!(trusted_in(state.path()), Vec::<String>::new());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(trusted_in(state.path()), ["a"]);
        let other = state.path().join("other");
        fs::rename(&file, &other).unwrap();
        std::os::unix::fs::symlink(&other, &file).unwrap();
        assert_eq!(trusted_in(state.path()), Vec::<String>::new(), "through a link");
        fs::remove_file(&file).unwrap();
        nix::unistd::mkfifo(&file, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(
            trusted_in(state.path()),
            Vec::<String>::new(),
            "from a pipe, without waiting"
        );
        fs::remove_file(&file).unwrap();
        fs::write(&file, "{").unwrap();
        assert_eq!(trusted_in(state.path()), Vec::<String>::new());
    }
}
