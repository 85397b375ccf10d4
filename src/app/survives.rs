//! What a design survives, as What-if shows it: one failure at a time, two at once when asked for, beside another design.

use crate::model::simulate::survives::{Survival, double_failures, single_failures};
use crate::model::topology::Topology;

/// Two failures at once are worked out for designs up to here: of n servers they are about 2n².
pub const MOST_FOR_DOUBLE: usize = 40;

/// What one design survives.
#[derive(Clone, Debug)]
pub struct Survives {
    /// The design's name.
    pub name: String,
    topology: Topology,
    single: Vec<Survival>,
    double: Vec<Survival>,
}

impl Survives {
    pub(super) fn of(topology: &Topology, with_double: bool) -> Self {
        let mut survives = Self {
            name: topology.name().to_owned(),
            topology: topology.clone(),
            single: single_failures(topology),
            double: Vec::new(),
        };
        survives.work_out(with_double);
        survives
    }

    /// Two failures at once are worked out only when they are looked at.
    pub(super) fn work_out(&mut self, double: bool) {
        if double && self.double.is_empty() && self.has_double() {
            self.double = double_failures(&self.topology).unwrap_or_default();
        }
    }

    /// True if the design is small enough for two failures at once.
    pub fn has_double(&self) -> bool {
        self.topology.servers().len() <= MOST_FOR_DOUBLE
    }

    pub fn rows(&self, double: bool) -> &[Survival] {
        if double { &self.double } else { &self.single }
    }
}
