//! Reads the files of a desk: designs, and designs in pictures. `output` writes what a person names.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::engine::system::{files, trusted};
use crate::model::diagram::embedded::LARGEST_DESIGN_BYTES;
use crate::model::diagram::{Container, embedded};
use crate::model::document::{Document, Problem, format};
use crate::model::quoting::shell_path;
use crate::report::Report;

/// Why a design could not be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// The file could not be read.
    File(Report),
    /// The file was read, but is not a design.
    Design(Vec<Problem>),
}

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

/// A server's own file is not a design, but can become one.
fn configuration(path: &Path) -> Option<Report> {
    let name = path.file_name()?.to_str()?;
    let is_conf = path.extension().is_some_and(|ending| ending == "conf") || name == "recovery.done";
    is_conf.then(|| {
        Report::new(format!(
            "{} is a configuration file of a server, not a design.",
            path.display()
        ))
        .hint(format!(
            "Make a design of the cluster: pgcascade import {}",
            shell_path(path)
        ))
    })
}

/// The text of a design file, or of the design in a picture that pgcascade exported.
///
/// # Errors
///
/// If the file cannot be read, is too large, is not text, or is a picture without a design in it.
pub fn load(path: &Path) -> Result<Loaded, Report> {
    let headline = || format!("{} could not be opened.", path.display());
    let bytes = files::read_at_most(path, LARGEST_PICTURE_BYTES + 1).map_err(|error| {
        let report = Report::of(headline(), &error);
        match error.kind() {
            ErrorKind::NotFound => report.hint("Create a design with `pgcascade new -o FILE`."),
            ErrorKind::IsADirectory => Report::new(format!("{} is a folder.", path.display()))
                .hint("Name the design file inside it."),
            ErrorKind::PermissionDenied => report.hint("Make it readable, or run pgcascade as its owner."),
            _ => report,
        }
    })?;
    let size = bytes.len() as u64;
    let container = Container::of(&bytes).filter(|_| size <= LARGEST_PICTURE_BYTES);
    if container.is_none() && size > LARGEST_DESIGN_BYTES as u64 {
        return Err(Report::new(headline()).hint("It is far too large for a design: is it the right file?"));
    }
    let Some(container) = container else {
        let text = text_of(bytes).map_err(|cause| {
            let mut report = Report::new(headline());
            report.causes = vec![cause];
            report.hint("It is neither a design (TOML, UTF-8) nor a picture exported by pgcascade.")
        })?;
        if let Some(report) = configuration(path)
            && format::read(&text).is_err()
        {
            return Err(report);
        }
        return Ok(Loaded {
            text,
            is_picture: false,
        });
    };
    let text = match container {
        Container::Png => embedded::in_png(&bytes),
        Container::Svg => std::str::from_utf8(&bytes).map_or(Ok(None), embedded::in_svg),
    };
    let text = text.map_err(|error| Report::of(headline(), &error))?;
    let text = text.ok_or_else(|| {
        Report::new(headline()).hint(
            "It is a picture without an embedded design. SVG and PNG files exported by pgcascade embed \
             theirs; other programs may drop it when they save the picture.",
        )
    })?;
    Ok(Loaded {
        text,
        is_picture: true,
    })
}

fn text_of(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = before.filter(|byte| **byte == b'\n').count() + 1;
        format!("Line {line} is not UTF-8 text.")
    })
}

/// The folder for autosaves and the list of clusters: `$XDG_STATE_HOME/pgcascade`. `None`: there is none that only we can
/// write to. What is in it says which folders to remove, so a list in the home of somebody else (`sudo -E`) is neither
/// read nor written: root then uses its own home, and so does the servers' user that root goes on as.
pub fn state_folder() -> Option<PathBuf> {
    own_folder(dirs::state_dir().or_else(dirs::data_local_dir), ".local/state")
}

/// The folder for what can be made again: `$XDG_CACHE_HOME/pgcascade`; whose it may be is as for the state.
pub fn cache_folder() -> Option<PathBuf> {
    own_folder(dirs::cache_dir(), ".cache")
}

/// Our folder in the one that the environment names, if only we can write there; else in our own home.
fn own_folder(named: Option<PathBuf>, in_home: &str) -> Option<PathBuf> {
    let own_home = || {
        let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten();
        user.map(|user| user.dir.join(in_home))
    };
    let is_ours = |folder: &PathBuf| trusted::hole_above(folder).is_none() && files::is_ours_to_write(folder);
    named
        .map(|folder| folder.join("pgcascade"))
        .filter(is_ours)
        .or_else(|| own_home().map(|folder| folder.join("pgcascade")).filter(is_ours))
}

/// A text that a person names, such as a scenario: no larger than a design.
///
/// # Errors
///
/// If the file cannot be read, is larger than a design may be, or is not UTF-8 text.
pub fn text(path: &Path) -> std::io::Result<String> {
    let bytes = files::read_at_most(path, LARGEST_DESIGN_BYTES as u64 + 1)?;
    if bytes.len() > LARGEST_DESIGN_BYTES {
        return Err(std::io::Error::new(
            ErrorKind::FileTooLarge,
            "it is larger than 4 MB",
        ));
    }
    String::from_utf8(bytes).map_err(|error| std::io::Error::new(ErrorKind::InvalidData, error))
}

/// Makes a folder below the state folder, closed to others.
pub(in crate::engine) fn state_subfolder(state: &Path, name: &str) -> std::io::Result<PathBuf> {
    let folder = state.join(name);
    files::make_private_folders(&folder)?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

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
            fs::write(&path, &picture).unwrap();
            let loaded = load(&path).unwrap();
            assert_eq!((loaded.text.as_str(), loaded.is_picture), (text, true));
            assert_eq!(open(&path).unwrap().text(), text);
        }
        let strange = folder.path().join("strange.svg");
        fs::write(&strange, "<svg xmlns='http://www.w3.org/2000/svg'/>").unwrap();
        let report = load(&strange).unwrap_err();
        assert!(
            report.hints[0].starts_with("It is a picture without an embedded design"),
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
