//! Where a file is to go: what is suggested, and who is asked.

use std::path::{Path, PathBuf};

use super::super::{Effect, PathPurpose, Session};
use super::desk::file_name;
use crate::model::diagram::PictureFormat;

pub(super) fn ask_path(session: &Session, purpose: PathPurpose) -> Effect {
    Effect::AskPath {
        purpose,
        suggested: suggested_name(session, purpose),
    }
}

/// A file name; for a design to open there is none to suggest.
pub(super) fn suggested_name(session: &Session, purpose: PathPurpose) -> String {
    let stem = session.file_stem();
    match purpose {
        PathPurpose::OpenDesign
        | PathPurpose::CompareDesign
        | PathPurpose::OpenStory
        | PathPurpose::OpenLesson
        | PathPurpose::ImportProgress
        | PathPurpose::ExportFolder(_)
        | PathPurpose::Import { .. } => String::new(),
        PathPurpose::ExportProgress => "lessons.json".to_owned(),
        PathPurpose::SaveReport(style) => format!("{stem}-audit.{}", style.extension()),
        PathPurpose::SaveStory => format!("{stem}-what-if.txt"),
        PathPurpose::SaveDesign => session
            .desk
            .path
            .as_deref()
            .map_or_else(|| format!("{stem}.toml"), file_name),
        PathPurpose::ExportBundle => format!("{stem}.tar.gz"),
        PathPurpose::ExportPicture(format, _) => picture_name(session, format),
    }
}

pub(super) fn picture_name(session: &Session, format: PictureFormat) -> String {
    let extension = format.extensions().first().copied().unwrap_or_default();
    format!("{}.{extension}", session.file_stem())
}

/// Where a typed path starts: beside the design's file, or where the last file went.
pub(super) fn files_folder(session: &Session) -> PathBuf {
    let beside = session.desk.path.as_deref().and_then(Path::parent);
    beside.unwrap_or(&session.files_folder).to_owned()
}

/// The next file is suggested where this one went.
pub(super) fn note_folder(session: &mut Session, of: &Path) {
    if let Some(folder) = of.parent().filter(|folder| folder.is_absolute()) {
        folder.clone_into(&mut session.files_folder);
    }
}
