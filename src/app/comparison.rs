//! What the files are compared with: another version, what was exported last, what is deployed.

use super::Session;
use crate::model::bundle::{self, Bundle, Change};
use crate::model::document::Document;
use crate::model::topology::PgMajor;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// The same design for another version.
    Version(PgMajor),
    LastExport,
    /// The design that the running cluster was deployed from, or changed to last.
    Deployment,
}

/// What differs between the drawing's files and others.
#[derive(Debug)]
pub struct Comparison {
    pub against: Against,
    /// The other design, as it was when this was worked out.
    with: Document,
    pub changes: Vec<Change>,
}

impl Against {
    /// "the last export", "PostgreSQL 12".
    pub fn words(self) -> String {
        match self {
            Self::Version(major) => format!("PostgreSQL {major}"),
            Self::LastExport => "the last export".to_owned(),
            Self::Deployment => "the deployment".to_owned(),
        }
    }
}

impl Comparison {
    /// Another version's files are what would become of these; an export and a deployment are what these come from.
    pub(super) fn of(against: Against, with: Document, own: &Bundle) -> Self {
        let other = bundle::generate(&with);
        let changes = match against {
            Against::Version(_) => bundle::difference(own, &other),
            Against::LastExport | Against::Deployment => bundle::difference(&other, own),
        };
        Self {
            against,
            with,
            changes,
        }
    }
}

impl Session {
    /// The design that this stands for now, if there is one.
    pub fn counterpart(&self, against: Against) -> Option<Document> {
        match against {
            Against::Version(major) => Some(self.desk.document.in_version(major)),
            Against::LastExport => self.desk.last_export.clone(),
            Against::Deployment => self.live.cluster.as_ref().map(|cluster| cluster.deployed.clone()),
        }
    }

    /// True if there is something to compare with.
    pub fn can_compare(&self, against: Against) -> bool {
        match against {
            Against::Version(major) => major != self.desk.document.topology().postgres(),
            Against::LastExport => self.desk.last_export.is_some(),
            Against::Deployment => self.live.cluster.is_some(),
        }
    }

    /// True if what is shown was worked out for what is to be compared now; the drawing is looked at elsewhere.
    pub(super) fn is_comparison_fresh(&self) -> bool {
        match (&self.derived.comparison, self.looks.compared) {
            (None, None) => true,
            (None, Some(against)) => !self.can_compare(against),
            (Some(_), None) => false,
            (Some(shown), Some(against)) => {
                let is_same = match against {
                    Against::Version(_) => true,
                    Against::LastExport => self.desk.last_export.as_ref() == Some(&shown.with),
                    Against::Deployment => {
                        let cluster = self.live.cluster.as_ref();
                        cluster.is_some_and(|cluster| cluster.deployed == shown.with)
                    }
                };
                shown.against == against && is_same
            }
        }
    }
}
