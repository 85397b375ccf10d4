//! A cluster whose folder was moved: it runs where its processes work, and is found by them.

use std::path::{Path, PathBuf};

use super::ClusterRecord;
use super::disk::read_marker;
use crate::engine::postgres::ownership;
use crate::engine::system::processes;
use crate::report::Report;

/// Where a cluster's processes work, if its folder went on under another name: they moved with it.
pub(in crate::engine) fn moved_to(record: &ClusterRecord) -> Option<PathBuf> {
    let has_it = |folder: &Path| {
        folder != record.folder
            && matches!(read_marker(folder), Ok(Some(stored)) if stored.record.id == record.id)
    };
    ownership::helpers(&[], &record.id)
        .into_iter()
        .filter_map(processes::working_directory)
        .find_map(|at| at.ancestors().find(|folder| has_it(folder)).map(Path::to_owned))
}

/// What is said of a cluster that runs in another folder than it was made in.
pub(in crate::engine) fn moved(record: &ClusterRecord, place: &Path) -> Report {
    Report::new(format!(
        "The cluster made in {} runs in {}: it was moved.",
        record.folder.display(),
        place.display()
    ))
    .hint(format!(
        "Move it back to {}, then try again.",
        record.folder.display()
    ))
}
