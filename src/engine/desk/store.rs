//! Reads and writes files: whole or not at all.

use std::fs;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::engine::system::{files, trusted};
use crate::model::diagram::{Container, embedded};
use crate::model::document::{Document, Problem, format};
use crate::report::Report;

/// Why a design could not be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// The file could not be read.
    File(Report),
    /// The file was read, but is no design.
    Design(Vec<Problem>),
}

/// A design is written by hand: what is larger is something else, opened by mistake.
const LARGEST_DESIGN_BYTES: u64 = 4 * 1024 * 1024;

/// A picture with its design inside: a thousand servers as PNG take a tenth of this.
const LARGEST_PICTURE_BYTES: u64 = 64 * 1024 * 1024;

/// A design's text, and where it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    pub text: String,
    /// It came out of a picture, which a save must not replace.
    pub is_picture: bool,
}

/// Opens a design, or the design in a picture of one. Never changes the file.
///
/// # Errors
///
/// If the file cannot be read, or is not a design: then with everything that is wrong with it.
pub fn open(path: &Path) -> Result<Document, OpenError> {
    let loaded = load(path).map_err(OpenError::File)?;
    format::read(&loaded.text).map_err(OpenError::Design)
}

/// The text of a design file, or of the design in a picture that pgcascade exported.
///
/// # Errors
///
/// If the file cannot be read, is too large, is not text, or is a picture without a design in it.
pub fn load(path: &Path) -> Result<Loaded, Report> {
    let headline = || format!("{} could not be opened.", path.display());
    let bytes = read_at_most(path, LARGEST_PICTURE_BYTES).map_err(|error| {
        let report = Report::of(headline(), &error);
        match error.kind() {
            ErrorKind::NotFound => report.hint("`pgcascade new -o FILE` writes a design to start from."),
            ErrorKind::IsADirectory => report.hint("Name the design file in it."),
            ErrorKind::PermissionDenied => {
                report.hint("Make it readable, or work as the user it belongs to.")
            }
            _ => report,
        }
    })?;
    let size = bytes.len() as u64;
    let container = Container::of(&bytes).filter(|_| size <= LARGEST_PICTURE_BYTES);
    if container.is_none() && size > LARGEST_DESIGN_BYTES {
        return Err(Report::new(headline()).hint("It is far larger than a design: is it the right file?"));
    }
    let Some(container) = container else {
        let text = text_of(bytes).map_err(|cause| {
            let mut report = Report::new(headline());
            report.causes = vec![cause];
            report.hint("A design is a text file (TOML, UTF-8).")
        })?;
        return Ok(Loaded {
            text,
            is_picture: false,
        });
    };
    let text = match container {
        Container::Png => embedded::in_png(&bytes),
        Container::Svg => std::str::from_utf8(&bytes).ok().and_then(embedded::in_svg),
    };
    let text = text.ok_or_else(|| {
        Report::new(headline()).hint(
            "It is a picture without a design inside. SVG and PNG that pgcascade exports hold theirs; other programs \
             may leave it out when they save the picture.",
        )
    })?;
    Ok(Loaded {
        text,
        is_picture: true,
    })
}

/// One byte more than `most` tells that there is more.
fn read_at_most(path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn text_of(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = before.filter(|byte| **byte == b'\n').count() + 1;
        format!("Line {line} is not UTF-8 text: {error}")
    })
}

/// Writes a file beside and renames it, so that there is never half a file; keeps the mode of one that was there.
///
/// # Errors
///
/// If a folder of that name is there, or the file cannot be written; what was there is then unchanged.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Report> {
    let headline = || format!("{} could not be written.", path.display());
    // A link to the design is the user's arrangement: what it points to is written, not the link replaced.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let there = fs::metadata(&target).ok();
    if there.as_ref().is_some_and(fs::Metadata::is_dir) {
        return Err(Report::new(headline()).hint("A folder of that name is there; choose another name."));
    }
    let mode = there.map_or(0o666 & !umask(), |there| there.mode() & 0o777);
    files::write_durably(&target, bytes, mode).map_err(|error| Report::of(headline(), &error))
}

/// The folder for autosaves and the list of clusters: `$XDG_STATE_HOME/pgcascade`. `None`: there is none that only we can
/// write to. What is in it says which folders to remove, so a list in the home of somebody else (`sudo -E`) is neither
/// read nor written: root then uses its own home.
pub fn state_folder() -> Option<PathBuf> {
    let named = dirs::state_dir().or_else(dirs::data_local_dir);
    let own_home = || {
        let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten();
        user.map(|user| user.dir.join(".local/state"))
    };
    let is_ours = |folder: &PathBuf| trusted::hole_above(folder).is_none();
    named
        .map(|folder| folder.join("pgcascade"))
        .filter(is_ours)
        .or_else(|| own_home().map(|folder| folder.join("pgcascade")).filter(is_ours))
}

/// The folder for what can be made again: `$XDG_CACHE_HOME/pgcascade`.
pub fn cache_folder() -> Option<PathBuf> {
    dirs::cache_dir().map(|folder| folder.join("pgcascade"))
}

/// Makes a folder below the state folder, closed to others.
pub(in crate::engine) fn state_subfolder(state: &Path, name: &str) -> std::io::Result<PathBuf> {
    let folder = state.join(name);
    files::make_private_folders(&folder)?;
    Ok(folder)
}

/// What the user wants new files to be closed for; the kernel tells without it being set, which would race.
fn umask() -> u32 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("Umask:"))
        .and_then(|mask| u32::from_str_radix(mask.trim(), 8).ok())
        .unwrap_or(0o022)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn writing_keeps_the_mode_and_follows_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("design.toml");
        write_whole(&path, b"one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let link = folder.path().join("link.toml");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        write_whole(&link, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(write_whole(folder.path(), b"x").is_err(), "a folder is no file");
    }

    #[test]
    fn a_picture_opens_as_its_design_and_a_strange_one_says_why_not() {
        use crate::engine::desk::picture;
        use crate::model::diagram::{PictureFormat, PictureStyle};
        let folder = tempfile::tempdir().unwrap();
        let text = crate::model::document::templates::find("seed").unwrap().text;
        let document = format::read(text).unwrap();
        for format in [PictureFormat::Svg, PictureFormat::Png] {
            let path = folder.path().join("seed.toml");
            let picture = picture::render(&document, format, PictureStyle::default()).unwrap();
            write_whole(&path, &picture).unwrap();
            let loaded = load(&path).unwrap();
            assert_eq!((loaded.text.as_str(), loaded.is_picture), (text, true));
            assert_eq!(open(&path).unwrap().text(), text);
        }
        let strange = folder.path().join("strange.svg");
        fs::write(&strange, "<svg xmlns='http://www.w3.org/2000/svg'/>").unwrap();
        let report = load(&strange).unwrap_err();
        assert!(
            report.hints[0].starts_with("It is a picture without a design"),
            "{report:?}"
        );
    }

    #[test]
    fn what_is_no_design_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("design.toml");
        assert!(matches!(open(&path), Err(OpenError::File(report)) if !report.hints.is_empty()));
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(matches!(open(&path), Err(OpenError::File(_))));
        fs::write(&path, "format = 1\nnonsense").unwrap();
        assert!(matches!(open(&path), Err(OpenError::Design(problems)) if !problems.is_empty()));
        let seed = include_str!("../../../assets/templates/seed.toml");
        fs::write(&path, seed).unwrap();
        assert_eq!(open(&path).unwrap().topology().servers().len(), 5);
    }
}
