//! `watch`: a running cluster, read again and again: a screen on a terminal, else a line for whatever changes, or JSON.

use std::path::Path;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::live::life;
use super::screen::screen;
use super::signals::Signals;
use super::terminal::{self, Screen};
use super::{Ending, print, status, target};
use crate::engine::monitor::{self, Latest, Snapshot};
use crate::model::drift::Drift;
use crate::report::Report;

/// Between two readings.
const EVERY: Duration = Duration::from_secs(1);

pub(super) async fn watch(dir: &Path, as_json: bool) -> Result<Ending, Report> {
    let folder = target::absolute(dir)?;
    let mut signals = Signals::catch()?;
    let (sender, mut latest) = watch::channel(None);
    let cancel = CancellationToken::new();
    let watching = tokio::spawn(monitor::watch(folder, EVERY, sender, cancel.clone()));
    let mut shown = if as_json { Shown::Json } else { Shown::best() };
    let mut keys = matches!(shown, Shown::Screen(_)).then(terminal::keys);
    let ending = tokio::select! {
        () = signals.next() => Ok(()),
        () = quit(&mut keys) => Ok(()),
        report = follow(&mut latest, &mut shown) => Err(report),
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

    fn show(&mut self, snapshot: &Snapshot, drift: &[Drift]) {
        match self {
            Self::Json => status::print_json(snapshot, drift),
            Self::Screen(_) => Screen::draw(&screen(snapshot, drift, Screen::size())),
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
                    print::line(format!("{}  Everything is as designed.", snapshot.now));
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
async fn follow(latest: &mut watch::Receiver<Latest>, shown: &mut Shown) -> Report {
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
            Some(Ok(snapshot)) => shown.show(&snapshot, &snapshot.drift()),
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
