//! `fail` and `repair`: what What-if imagines, done to the servers of a cluster, and undone.

use std::path::PathBuf;

use super::signals::Signals;
use super::{Ending, print, target};
use crate::engine::deploy::Cancel;
use crate::engine::lab;
use crate::report::Report;

#[derive(Debug, clap::Args)]
pub(super) struct FailArgs {
    /// The cluster's folder
    pub(super) dir: PathBuf,
    /// What happens: "crash slave1", "stop slave1", "stop-immediate slave1", "freeze slave1", "pause slave1", "drop-slot slave1",
    /// "fill-disk slave1", "fill-archive", "outgrow-slots"; if the design has links = true under [lab], also "cut master slave1",
    /// "stall master slave1", "slow master slave1 200ms", "thin master slave1 100kB"
    fault: String,
    /// Print what was done as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct RepairArgs {
    /// The cluster's folder
    pub(super) dir: PathBuf,
    /// The fault to undo, as it was given to `fail` [default: all]
    #[arg(value_name = "WHAT")]
    fault: Option<String>,
    /// Print what was done as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn fail(args: &FailArgs) -> Result<Ending, Report> {
    let dir = target::absolute(&args.dir)?;
    let cancel = Cancel::default();
    let _watcher = Signals::catch()?.cancels(&cancel, "Cancelled", "Stopping at once");
    let said = lab::fail(&dir, &args.fault, cancel.soft.clone()).await?;
    tell(&said, args.json);
    Ok(Ending::Fine)
}

pub(super) async fn repair(args: &RepairArgs) -> Result<Ending, Report> {
    let dir = target::absolute(&args.dir)?;
    let cancel = Cancel::default();
    let _watcher = Signals::catch()?.cancels(&cancel, "Cancelled", "Stopping at once");
    let said = lab::repair(&dir, args.fault.as_deref(), cancel.soft.clone()).await?;
    if said.is_empty() && !args.json {
        print::note("There is nothing to repair");
    }
    tell(&said, args.json);
    Ok(Ending::Fine)
}

fn tell(said: &[String], as_json: bool) {
    if as_json {
        print::json(&serde_json::json!({ "done": said }));
    } else {
        said.iter().for_each(print::line);
    }
}
