//! The scenario that a command is to play: one that the design keeps, or a file.

use std::path::Path;

use super::print;
use crate::engine::desk::store;
use crate::model::document::{Document, KeptScenario};
use crate::model::simulate::time::Scenario;
use crate::report::Report;

/// The design's own of that name, else the file's.
pub(super) fn find(which: &Path, document: &Document) -> Result<Scenario, Report> {
    let kept = which.to_str().and_then(|name| document.scenario(name));
    match kept {
        Some(kept) => Ok(of_design(kept, document)),
        None => of_file(which, document),
    }
}

/// The design may have changed since it was kept: lines that no longer mean anything are told and left out.
fn of_design(kept: &KeptScenario, document: &Document) -> Scenario {
    let (scenario, problems) = Scenario::read(&kept.text, document.topology());
    for problem in problems {
        print::note(format_args!(
            "Scenario \"{}\", {problem}; skipping the line",
            kept.name
        ));
    }
    scenario
}

fn of_file(path: &Path, document: &Document) -> Result<Scenario, Report> {
    let text = store::text(path).map_err(|error| {
        let report = Report::of(format!("\"{}\" cannot be read", path.display()), &error);
        let names: Vec<&str> = document
            .scenarios()
            .iter()
            .map(|kept| kept.name.as_str())
            .collect();
        if names.is_empty() {
            report
        } else {
            report.hint(format!("The design has these scenarios: {}", names.join(", ")))
        }
    })?;
    Scenario::parse(&text, document.topology()).map_err(|error| {
        let headline = format!("\"{}\" is not a scenario of this design", path.display());
        Report::of(headline, &error).hint("Example line: at 2s crash slave1")
    })
}
