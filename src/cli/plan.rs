//! `plan`: the dry run.

use serde::Serialize;

use super::args::Target;
use super::{Ending, designs, preflight, print};
use crate::engine::deploy;
use crate::model::plan::{self, Check, Plan};
use crate::report::Report;

/// The plan and what was checked before it; without steps if a check failed.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    plan: Plan,
    checks: Vec<Check>,
}

pub(super) async fn plan(target: &Target, as_json: bool) -> Result<Ending, Report> {
    let document = designs::open(&target.file)?;
    let topology = document.topology();
    let request = target.request()?;
    let machine = deploy::discover(topology, &request).await;
    let checks = preflight::checks(topology, &machine, &request);
    let failed = preflight::failed(&checks);
    let is_possible = failed.is_empty();
    let plan = if is_possible {
        plan::plan_deploy(topology, &machine)
    } else {
        Plan {
            cluster: topology.name().to_owned(),
            folder: machine.folder.clone(),
            steps: Vec::new(),
        }
    };
    match (as_json, is_possible) {
        (true, _) => print::json(&Answer { plan, checks }),
        (false, true) => print_plan(&plan),
        (false, false) => {
            let cannot = preflight::cannot_deploy(topology.name(), &machine.folder);
            preflight::explain(&cannot, &failed);
        }
    }
    Ok(if is_possible { Ending::Fine } else { Ending::Failed })
}

fn print_plan(plan: &Plan) {
    print::line(format_args!(
        "{} to deploy \"{}\" into {}",
        print::count(plan.steps.len(), "step"),
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
