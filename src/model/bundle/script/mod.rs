use super::BundleFile;
use crate::model::topology::Topology;

pub fn scripts(_topology: &Topology) -> Vec<BundleFile> {
    Vec::new()
}
