//! `load`: commits rows through the primary, and says at the end whether every acknowledged one is there.

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;

use super::signals::Signals;
use super::values::time;
use super::{Ending, print, target};
use crate::engine::deploy::Cancel;
use crate::engine::load::{Demand, Loaded, Second, load as run_load};
use crate::model::simulate::time::Micros;
use crate::report::Report;

/// Seconds on their way to be shown.
const SECONDS: usize = 16;

#[derive(Debug, clap::Args)]
pub(super) struct LoadArgs {
    /// The cluster's folder
    pub(super) dir: PathBuf,
    /// How many clients commit at the same time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=500))]
    clients: u32,
    /// Commits per second, of all clients together [default: as many as possible]
    #[arg(long, value_name = "R", value_parser = rate)]
    rate: Option<f64>,
    /// How long, for example 30s or 2min
    #[arg(long = "for", value_name = "TIME", default_value = "10s", value_parser = time)]
    time: Micros,
    /// Print one JSON object per second, and one at the end
    #[arg(long)]
    json: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && (0.1..=1e6).contains(&rate) => Ok(rate),
        _ => Err("give a number of commits per second from 0.1 to 1000000".to_owned()),
    }
}

pub(super) async fn load(args: &LoadArgs) -> Result<Ending, Report> {
    let dir = target::absolute(&args.dir)?;
    let signals = Signals::catch()?;
    let cancel = Cancel::default();
    let _watcher = signals.cancels(&cancel, "Stopping: counting what is there", "Stopping at once");
    let demand = Demand {
        clients: args.clients,
        rate: args.rate,
        time: Duration::from_micros(args.time),
    };
    let (seconds, mut told) = mpsc::channel::<Second>(SECONDS);
    let show = async {
        while let Some(second) = told.recv().await {
            show(&second, args.json);
        }
    };
    let (loaded, ()) = tokio::join!(run_load(&dir, demand, seconds, cancel.soft.clone()), show);
    let loaded = loaded?;
    if args.json {
        print::json(&loaded);
    } else {
        summary(&loaded);
    }
    Ok(if loaded.lost == 0 {
        Ending::Fine
    } else {
        Ending::Failed
    })
}

fn show(second: &Second, as_json: bool) {
    if as_json {
        print::json(second);
        return;
    }
    let failed = match second.failed {
        0 => String::new(),
        failed => format!(", {failed} failed"),
    };
    print::line(format_args!(
        "{:>4} s  {} commits{failed}, {} waiting, slowest {} ms",
        second.second, second.acknowledged, second.waiting, second.slowest_ms
    ));
}

fn summary(loaded: &Loaded) {
    print::line(format_args!(
        "{} commits acknowledged ({:.0} per second), {} failed, {} not answered",
        loaded.acknowledged, loaded.per_second, loaded.failed, loaded.waiting
    ));
    print::line(format_args!(
        "Longest time without an acknowledged commit: {} ms",
        loaded.longest_gap_ms
    ));
    if loaded.unacknowledged > 0 {
        print::line(format_args!(
            "Rows that are there although no client was told so: {}",
            loaded.unacknowledged
        ));
    }
    print::line(if loaded.lost == 0 {
        "Every acknowledged row is there.".to_owned()
    } else {
        format!("{} acknowledged rows are lost.", loaded.lost)
    });
}
