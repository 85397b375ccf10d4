//! `watch`: a running cluster, read again and again: a screen on a terminal, else a line for whatever changes, or JSON.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::live::life;
use super::screen::screen;
use super::signals::Signals;
use super::terminal::{self, Screen};
use super::{Ending, import, print, status, target};
use crate::engine::import::{Source, from_servers, points_of, source_of};
use crate::engine::monitor::{self, Latest, Snapshot};
use crate::model::drift::Drift;
use crate::report::Report;

/// Between two readings.
const EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct WatchArgs {
    /// The cluster's folder; or any server of a cluster that you already run, as a connection string or a URI
    #[arg(value_name = "DIR|CONNINFO")]
    pub(super) source: PathBuf,
    /// Another address where a server of that cluster may answer
    #[arg(long, value_name = "HOST:PORT")]
    also: Vec<String>,
    /// Print one JSON object per reading
    #[arg(long)]
    json: bool,
}

impl WatchArgs {
    /// The server to begin at, where no folder is meant.
    pub(super) fn foreign(&self) -> Option<&str> {
        let word = self.source.to_str()?;
        matches!(source_of(word), Ok(Source::Connection(_))).then_some(word)
    }
}

/// What a reading is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Against {
    /// The design that was deployed.
    Design,
    /// The cluster as it was found: pgcascade has no design of it.
    Found,
}

impl Against {
    pub(super) const fn same(self) -> &'static str {
        match self {
            Self::Design => "Everything is as designed.",
            Self::Found => "Nothing has changed since the cluster was found.",
        }
    }

    pub(super) const fn differences(self) -> &'static str {
        match self {
            Self::Design => "Differences from the design",
            Self::Found => "Differences from the cluster as it was found",
        }
    }

    fn drift(self, snapshot: &Snapshot) -> Vec<Drift> {
        let mut drift = snapshot.drift();
        if self == Self::Found {
            // Commands of pgcascade's own work only on what it made.
            for one in &mut drift {
                one.fix = one.fix.take().filter(|fix| !fix.contains("pgcascade "));
            }
        }
        drift
    }
}

pub(super) async fn watch(args: &WatchArgs) -> Result<Ending, Report> {
    let folder = target::absolute(&args.source)?;
    let (sender, latest) = watch::channel(None);
    let cancel = CancellationToken::new();
    let watching = monitor::watch(folder, EVERY, sender, cancel.clone());
    shown(watching, latest, &cancel, Against::Design, args.json).await
}

/// Finds the cluster from one of its servers, then only reads.
pub(super) async fn watch_foreign(server: &str, args: &WatchArgs) -> Result<Ending, Report> {
    let brought = from_servers(server, &args.also).await?;
    for one in &brought.unreached {
        print::note(format_args!(
            "Not reached: {}{}",
            import::tell_place(one),
            one.message
        ));
    }
    let topology = brought.document.topology();
    let points = points_of(server, topology, &brought.facts, &brought.names)?;
    let (sender, latest) = watch::channel(None);
    let cancel = CancellationToken::new();
    let topology = Arc::new(topology.clone());
    let watching = monitor::watch_foreign(topology, points, EVERY, sender, cancel.clone());
    shown(watching, latest, &cancel, Against::Found, args.json).await
}

/// Shows what is read until the user has seen enough, or nothing can be read any more.
async fn shown(
    watching: impl Future<Output = ()> + Send + 'static,
    mut latest: watch::Receiver<Latest>,
    cancel: &CancellationToken,
    against: Against,
    as_json: bool,
) -> Result<Ending, Report> {
    let mut signals = Signals::catch()?;
    let watching = tokio::spawn(watching);
    let mut shown = if as_json { Shown::Json } else { Shown::best() };
    let mut keys = matches!(shown, Shown::Screen(_)).then(terminal::keys);
    let ending = tokio::select! {
        () = signals.next() => Ok(()),
        () = quit(&mut keys) => Ok(()),
        report = follow(&mut latest, &mut shown, against) => Err(report),
    };
    // The terminal comes back first: whatever follows is told on it.
    drop(shown);
    cancel.cancel();
    let _ = watching.await;
    ending.map(|()| Ending::Fine)
}

/// How readings are shown.
enum Shown {
    Json,
    Screen(#[allow(dead_code, reason = "it gives the terminal back when it is dropped")] Screen),
    /// What was told last, line by line.
    Lines(Vec<String>),
}

impl Shown {
    fn best() -> Self {
        Screen::open().map_or(Self::Lines(Vec::new()), Self::Screen)
    }

    fn show(&mut self, snapshot: &Snapshot, drift: &[Drift], against: Against) {
        match self {
            Self::Json => status::print_json(snapshot, drift, None),
            Self::Screen(_) => Screen::draw(&screen(snapshot, drift, against, Screen::size())),
            Self::Lines(told) => {
                let lines = lines(snapshot, drift);
                for line in lines.iter().filter(|line| !told.contains(line)) {
                    print::line(format!("{}  {line}", snapshot.now));
                }
                let is_over = |line: &&String| line.starts_with("- ") && !lines.contains(line);
                for line in told.iter().filter(is_over) {
                    print::line(format!(
                        "{}  over: {}",
                        snapshot.now,
                        line.trim_start_matches("- ")
                    ));
                }
                if drift.is_empty() && (told.is_empty() || told.iter().any(|line| line.starts_with("- "))) {
                    print::line(format!("{}  {}", snapshot.now, against.same()));
                }
                *told = lines;
            }
        }
    }
}

/// What is worth a line each time that it changes; not how far behind a standby is, which changes all the time.
fn lines(snapshot: &Snapshot, drift: &[Drift]) -> Vec<String> {
    let board = snapshot.board();
    let mut lines: Vec<String> = board
        .servers
        .iter()
        .map(|reading| {
            let life = life(reading, snapshot);
            let life = life.split([',', '(']).next().unwrap_or_default().trim();
            format!("{}: {}, {life}", reading.name, reading.role)
        })
        .collect();
    lines.push(status::commits(&board));
    lines.extend(drift.iter().map(|one| format!("- {}", one.message)));
    lines
}

/// Shows the latest reading once a second, until the cluster can be watched no more.
async fn follow(latest: &mut watch::Receiver<Latest>, shown: &mut Shown, against: Against) -> Report {
    let mut ticks = tokio::time::interval_at(Instant::now(), EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        // The first one as soon as it is there.
        let is_new = latest.wait_for(Option::is_some).await.is_ok();
        if !is_new {
            return Report::new("The cluster is no longer being watched.");
        }
        ticks.tick().await;
        let now = latest.borrow_and_update().clone();
        match now {
            Some(Ok(snapshot)) => shown.show(&snapshot, &against.drift(&snapshot), against),
            Some(Err(report)) => return report,
            None => {}
        }
    }
}

/// Waits for a `q`; forever where there is no keyboard.
async fn quit(keys: &mut Option<mpsc::Receiver<u8>>) {
    if let Some(keys) = keys {
        while let Some(key) = keys.recv().await {
            if matches!(key, b'q' | b'Q') {
                return;
            }
        }
    }
    std::future::pending::<()>().await;
}
