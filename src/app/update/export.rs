//! The design goes out in other forms: its bundle, a picture of it.

use std::path::{Path, PathBuf};

use super::super::{Effect, NoticeKind, PathPurpose, Session};
use super::desk::file_name;
use super::notices::{notify, notify_with_folder};
use crate::model::bundle;
use crate::model::diagram::{PictureFormat, PictureStyle};
use crate::model::document::format;
use crate::model::topology::Severity;
use crate::model::words::counted;
use crate::report::Report;

/// Writes the bundle. Its text comes back with what was written: it is what later exports are compared with.
pub(super) fn write_bundle(session: &Session, path: PathBuf) -> Vec<Effect> {
    vec![Effect::Write {
        purpose: PathPurpose::ExportBundle,
        path,
        bytes: bundle::pack(session.bundle()),
        text: Some(session.derived.text.clone()),
        expected: None,
    }]
}

pub(super) fn write_picture(session: &mut Session, path: PathBuf, style: PictureStyle) -> Vec<Effect> {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    let Some(format) = PictureFormat::of_extension(&extension) else {
        let report = Report::new(format!("\"{}\" does not name a picture format", file_name(&path)));
        let report = report.hint("Use a name that ends in .svg, .png, .mmd or .dot");
        notify(session, NoticeKind::Problem, report);
        return Vec::new();
    };
    vec![Effect::WritePicture {
        purpose: PathPurpose::ExportPicture(format, style),
        path,
        document: Box::new(session.desk.document.clone()),
        format,
        style,
    }]
}

/// What was exported is what the files can be compared with, also in a later session if the design has a file.
pub(super) fn remember_export(session: &mut Session, text: Option<String>) -> Vec<Effect> {
    let Some(text) = text else {
        return Vec::new();
    };
    session.desk.last_export = format::read(&text).ok();
    let keep = |path| Effect::KeepExport { path, text };
    session.desk.path.clone().map(keep).into_iter().collect()
}

pub(super) fn exported(session: &mut Session, path: &Path) {
    let mut report = Report::new(format!("Exported {}", file_name(path)));
    let errors = session.count(Severity::Error);
    if errors > 0 {
        let found = counted(errors, "error");
        report = report.hint(format!(
            "The design has {found}: the cluster will not work as drawn"
        ));
    }
    if session.is_text_broken() {
        report = report.hint("The text has an error: this is the last valid drawing");
    }
    let folder = path.parent().map(Path::to_owned);
    notify_with_folder(session, NoticeKind::Done, report, folder);
}
