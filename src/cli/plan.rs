//! `plan`: the dry run.

use serde::Serialize;

use super::target::Target;
use super::{Ending, preflight, print};
use crate::engine::deploy;
use crate::model::document::Document;
use crate::model::plan::{self, Check, Head, Kind, Plan};
use crate::model::words::counted;
use crate::report::Report;

/// The plan and what was checked before it; without steps if the design itself is not possible.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    plan: Plan,
    checks: Vec<Check>,
}

pub(super) async fn plan(target: &Target, document: &Document, as_json: bool) -> Result<Ending, Report> {
    let topology = document.topology();
    let request = target.request()?;
    let machine = deploy::discover(topology, &request).await;
    let checks = preflight::checks(topology, &machine, &request);
    let failed = preflight::failed(&checks);
    let ending = if failed.is_empty() {
        Ending::Fine
    } else {
        Ending::Failed
    };
    // What stands in the way on this machine, today, hides no step of a design that is sound.
    let plan = if failed.iter().any(|check| check.id == "design-has-errors") {
        Plan {
            cluster: topology.name().to_owned(),
            folder: machine.folder.clone(),
            head: Head::of(Kind::Deploy),
            steps: Vec::new(),
        }
    } else {
        plan::plan_deploy(topology, &machine)
    };
    if as_json {
        print::json(&Answer { plan, checks });
        return Ok(ending);
    }
    if !plan.steps.is_empty() {
        print_plan(&plan);
    }
    if failed.is_empty() {
        preflight::advise(&checks);
    } else {
        let cannot = preflight::cannot_deploy(topology.name(), &machine.folder);
        preflight::explain(&cannot, &failed);
    }
    Ok(ending)
}

fn print_plan(plan: &Plan) {
    print::line(format_args!(
        "{} to deploy \"{}\" into {}",
        counted(plan.steps.len(), "step"),
        plan.cluster,
        plan.folder
    ));
    print_steps(plan);
}

/// Every step with its reason.
pub(super) fn print_steps(plan: &Plan) {
    let width = plan.steps.len().to_string().len();
    for (place, step) in plan.steps.iter().enumerate() {
        print::line(format_args!("{:>width$}. {}", place + 1, step.title));
        print::line(format_args!("{:width$}  {}", "", step.why));
    }
}
