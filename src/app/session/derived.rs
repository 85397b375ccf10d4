//! What follows from the design alone, computed in one place.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::app::{Against, Comparison, Tree};
use crate::model::bundle::{self, Bundle};
use crate::model::document::Document;
use crate::model::health::ReplicationRow;
use crate::model::plan::ExpectedRows;
use crate::model::simulate::promise::{Promise, promise};
use crate::model::topology::{self, Finding, Server, ServerId, Topology};

/// What follows from the document alone. Computed in one place, when the revision moves.
#[derive(Debug, Default)]
pub struct Derived {
    pub revision: u64,
    pub findings: Vec<Finding>,
    /// Made when someone looks at it, by [`Session::bundle`](crate::app::Session::bundle): it is most of what there is to compute.
    pub(super) bundle: OnceCell<Bundle>,
    /// What its upstream's pg_stat_replication will show of each standby: canvas and outline say the same.
    pub expected: BTreeMap<ServerId, ReplicationRow>,
    /// The servers as rows of a tree.
    pub tree: Tree,
    /// What synchronous replication promises, in words.
    pub promise: Promise,
    /// The design file's text.
    pub text: String,
    /// What differs from the bundle that is compared with; `None` if nothing is compared.
    pub comparison: Option<Comparison>,
}

impl Derived {
    /// The only place where anything is computed from the document.
    pub(in crate::app) fn of(
        document: &Document,
        compared: Option<(Against, Document)>,
        revision: u64,
    ) -> Self {
        let bundle = OnceCell::new();
        let comparison = compared.map(|(against, with)| {
            let own = bundle.get_or_init(|| bundle::generate(&document.without_lab()));
            Comparison::of(against, with, own)
        });
        Self {
            revision,
            comparison,
            findings: topology::check(document.topology()),
            bundle,
            expected: expected(document.topology()),
            tree: Tree::of(document.topology()),
            promise: promise(document.topology()),
            text: document.text(),
        }
    }
}

/// Every standby with its row, which knows it by name only.
fn expected(topology: &Topology) -> BTreeMap<ServerId, ReplicationRow> {
    let all = ExpectedRows::of(topology);
    let mut rows: BTreeMap<(ServerId, &str), &ReplicationRow> = BTreeMap::new();
    for upstream in topology.servers().iter().map(Server::id) {
        rows.extend(
            all.at(upstream)
                .iter()
                .map(|row| ((upstream, row.application_name.as_str()), row)),
        );
    }
    let row = |server: &Server| {
        let name = server.name().in_view(topology.postgres());
        let row = rows.get(&(server.upstream()?, name.as_str()))?;
        Some((server.id(), (*row).clone()))
    };
    topology.servers().iter().filter_map(row).collect()
}
