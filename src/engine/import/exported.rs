//! A folder that an export of pgcascade's own wrote: if nobody changed a file of it, its design is the import.

use crate::model::document::{Document, format};
use crate::model::export::{Export, Target, export};
use crate::model::import::{Files, Found};

/// The design of an export whose files still say what it says.
pub(super) fn own_export(files: &dyn Files, found: &Found) -> Option<Document> {
    let (path, text) = found.design.as_ref()?;
    let folder = path.strip_suffix("design.toml")?;
    let document = format::read(text).ok()?;
    let is_its = |export: &Export| {
        let files_of = export.files.iter().filter(|file| counts(&file.path));
        let mut files_of = files_of.peekable();
        files_of.peek().is_some()
            && files_of.all(|file| {
                let there = files.read(&format!("{folder}{}", file.path));
                there.is_ok_and(|bytes| bytes == file.contents.as_bytes())
            })
    };
    let made = Target::ALL
        .into_iter()
        .filter_map(|target| export(&document, target).ok());
    made.into_iter().any(|export| is_its(&export)).then_some(document)
}

/// What decides how servers run: not what people read, and not what a tarball leaves out.
fn counts(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    matches!(ending, "conf" | "signal" | "yml" | "yaml" | "env") || name == "install"
}
