//! What What-if says of the faults that were made in the laboratory, beside what the servers show.

use serde::Serialize;

use super::print;
use crate::engine::monitor::Snapshot;
use crate::model::fault::Fault;
use crate::model::simulate::world::World;
use crate::model::simulate::{Beside, beside};
use crate::model::words::listed;

#[derive(Serialize)]
pub(super) struct BesideWhatIf {
    /// What was done to the servers, in its order.
    faults: Vec<String>,
    /// Those of them that What-if does not know or cannot do: what it says is without them.
    left_out: Vec<String>,
    rows: Vec<Beside>,
}

impl BesideWhatIf {
    pub(super) fn of(faults: Vec<String>, snapshot: &Snapshot) -> Self {
        let mut world = World::new(&snapshot.topology);
        let mut left_out = Vec::new();
        for fault in &faults {
            let read = Fault::parse(fault, &snapshot.topology).ok();
            let incident = read.and_then(|fault| fault.foretold(&snapshot.topology));
            if incident.is_none_or(|incident| world.apply(incident).is_err()) {
                left_out.push(fault.clone());
            }
        }
        Self {
            rows: beside(&world.board(), &snapshot.board()),
            faults,
            left_out,
        }
    }

    pub(super) fn print(&self) {
        print::line(format_args!("\nAfter {}:", listed(&self.faults)));
        let differing: Vec<&Beside> = self.rows.iter().filter(|row| !row.agrees).collect();
        for row in &differing {
            print::line(format_args!(
                "  {}: What-if says \"{}\", seen is \"{}\"",
                row.of, row.foretold, row.seen
            ));
        }
        let agreeing = self.rows.len() - differing.len();
        if differing.is_empty() {
            print::line("  every server shows what What-if says, and commits do");
        } else if agreeing > 0 {
            let agreeing: Vec<String> = self
                .rows
                .iter()
                .filter(|row| row.agrees)
                .map(|row| row.of.clone())
                .collect();
            print::line(format_args!("  as What-if says: {}", listed(&agreeing)));
        }
        if !self.left_out.is_empty() {
            print::line(format_args!(
                "  left out, because What-if cannot do it here: {}",
                listed(&self.left_out)
            ));
        }
    }
}
