//! Between two designs: where a change begins if the one before it was ended in the middle.
//!
//! The record names both: the one that was wanted, and the one it came from, which is that of design.toml unless the
//! change was itself taking one back. Each server may be what either says; so the next change goes to one of the two,
//! begins at the other, and does again all that differs between them.

use crate::engine::cluster::record::{ClusterState, Stored};
use crate::model::configuration::ClusterFolder;
use crate::model::document::{Document, format};
use crate::model::topology::Topology;
use crate::report::Report;

/// The design at which a change to `wanted` begins, if the cluster is between two. `recorded` is that of design.toml.
pub(super) fn begins_at(
    stored: &Stored,
    recorded: &Document,
    wanted: &Document,
) -> Result<Option<Document>, Report> {
    let text = stored
        .wanted
        .as_deref()
        .filter(|_| stored.record.state == ClusterState::Changing);
    let Some(text) = text else {
        return Ok(None);
    };
    let (begun, wanted) = (read(text)?, read(&wanted.text())?);
    let from = stored.from.as_deref().map(read).transpose()?;
    if from.is_none() && recorded.topology().has_same_configuration(begun.topology()) {
        // It was settled, and its record was not written any more.
        return Ok(None);
    }
    let from = from.unwrap_or_else(|| recorded.clone());
    match end(from.topology(), begun.topology(), wanted.topology()) {
        Some(End::Begun) => Ok(Some(from)),
        Some(End::From) => Ok(Some(begun)),
        None => Err(neither(stored)),
    }
}

/// The two designs that a cluster is between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    From,
    Begun,
}

/// Which of the two a change goes to.
pub(super) fn end(from: &Topology, begun: &Topology, to: &Topology) -> Option<End> {
    if to.has_same_configuration(begun) {
        Some(End::Begun)
    } else {
        to.has_same_configuration(from).then_some(End::From)
    }
}

/// The design that was being made when pgcascade was ended.
pub(super) fn read_wanted(stored: &Stored) -> Result<Option<Document>, Report> {
    stored.wanted.as_deref().map(read).transpose()
}

fn read(text: &str) -> Result<Document, Report> {
    format::read(text).map_err(|problems| {
        Report::of_problems(
            "The design of the interrupted change can no longer be read.",
            &problems,
        )
    })
}

fn neither(stored: &Stored) -> Report {
    let folder = &stored.record.folder;
    Report::new(format!(
        "The cluster in {} is between two designs, and this is neither of them: pgcascade was interrupted \
         while applying a change.",
        folder.display()
    ))
    .hint("Apply the design of that change again to finish the change.")
    .hint(format!(
        "Or undo it: pgcascade apply {} --dir {}",
        folder.join(ClusterFolder::DESIGN).display(),
        folder.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::cluster::record::ClusterRecord;

    fn design(port: u16) -> Document {
        let text =
            format!("format = 1\nname = \"d\"\npostgres = 15\n[[server]]\nname = \"m\"\nport = {port}\n");
        format::read(&text).unwrap()
    }

    /// Where changes to designs 1, 2 and 3 begin; `Some(0)`: nowhere in between.
    fn begins(from: Option<u16>, wanted: u16, recorded: u16) -> [Option<u16>; 3] {
        let mut stored = Stored::of(ClusterRecord::sample("/c", ClusterState::Changing));
        stored.wanted = Some(design(wanted).text());
        stored.from = from.map(|port| design(port).text());
        [1, 2, 3].map(|to| {
            let begins = begins_at(&stored, &design(recorded), &design(to)).ok()?;
            Some(begins.map_or(0, |design| design.topology().primary().port().number()))
        })
    }

    #[test]
    fn a_change_begins_at_the_other_of_the_two_designs() {
        assert_eq!(begins(None, 2, 1), [Some(2), Some(1), None]);
        // Undone, and ended in the middle again: it is not done because design.toml says so.
        assert_eq!(begins(Some(2), 1, 1), [Some(2), Some(1), None]);
        assert_eq!(begins(None, 2, 2), [Some(0); 3], "settled");
    }

    #[test]
    fn a_cluster_that_is_whole_is_between_no_designs() {
        let mut stored = Stored::of(ClusterRecord::sample("/c", ClusterState::Complete));
        stored.wanted = Some(design(2).text());
        assert_eq!(begins_at(&stored, &design(1), &design(3)), Ok(None));
    }
}
