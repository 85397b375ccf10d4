//! One server takes over from another, on this machine.

use std::path::Path;

use nix::sys::signal::Signal;
use tokio::time::Instant;

use super::change::ChangeHost;
use super::tool::{self, Lines};
use crate::engine::cluster::remover::OwnHand;
use crate::engine::cluster::{record, removal};
use crate::engine::postgres::control;
use crate::engine::postgres::server::{self, Target};
use crate::engine::postgres::sql::SqlError;
use crate::engine::run::Work;
use crate::engine::system::wait::Failure;
use crate::engine::system::{files, plain};
use crate::model::configuration::ClusterFolder;
use crate::model::health::Lsn;
use crate::model::plan::{Place, Takeover};
use crate::report::Report;

/// What `pg_ctl promote` leaves for a server before 12.
const PROMOTE_FILE: &str = "promote";
/// Makes a server a standby at its start, from 12 on.
const STANDBY_SIGNAL: &str = "standby.signal";
/// What ALTER SYSTEM wrote: each server has its own.
const AUTO_CONF: &str = "postgresql.auto.conf";

impl ChangeHost {
    pub(super) async fn take_over(&self, action: &Takeover, work: &Work) -> Result<(), Failure> {
        match action {
            Takeover::Checkpoint { at } => self.checkpoint(&self.target(at), work).await,
            Takeover::WaitCaughtUp { primary, heir } => self.wait_caught_up(primary, heir, work).await,
            Takeover::ProveLast { old, heir } => self.prove_last(old, heir, work).await,
            Takeover::BecomePrimaryAgain {
                configure,
                standby_file,
            } => {
                self.configure(configure, work).await?;
                let path = format!("{}/{standby_file}", ClusterFolder::data(&configure.folder));
                let removed = files::remove_file(&self.bench.inside(&path)?);
                removed.map_err(|error| Report::of(format!("{path} could not be removed."), &error).into())
            }
            Takeover::Promote { at } => self.promote(at, work).await,
            Takeover::StayStandby {
                at,
                pass_file_in_environment,
            } => self.stay_standby(at, *pass_file_in_environment, work).await,
            Takeover::StopDead { at } => {
                work.waiting(format!("{} to end", at.server)).await;
                server::kill_dead(&self.bench.site, &self.target(at), &work.wait).await
            }
            Takeover::RemoveData { at } => {
                let (stored, folder) = (self.bench.claim().stored.clone(), at.folder.clone());
                let removed =
                    tokio::task::spawn_blocking(move || removal::remove_data(&OwnHand, &stored, &folder));
                removed
                    .await
                    .map_err(|error| Report::of("Removing failed because of an internal error.", &error))?
                    .map_err(Failure::from)
            }
            Takeover::Rewind { at, source } => self.rewind(at, source, work).await,
        }
    }

    fn target(&self, at: &Place) -> Target {
        self.bench.servers.target(&at.server, &at.folder, at.port)
    }

    async fn checkpoint(&self, at: &Target, work: &Work) -> Result<(), Failure> {
        work.waiting(format!("a checkpoint on {}", at.name)).await;
        let left = work.wait.deadline.saturating_duration_since(Instant::now());
        let asked = async {
            let session = self.bench.servers.sessions.with(at).await?;
            session.answer_within("CHECKPOINT", left).await
        };
        let done = work.wait.hear(asked).await?;
        done.map(drop)
            .map_err(|error| Report::of(format!("{} did not complete a checkpoint.", at.name), &error).into())
    }

    /// The heir has applied what the primary had written by now.
    async fn wait_caught_up(&self, primary: &Place, heir: &Place, work: &Work) -> Result<(), Failure> {
        let (primary, heir) = (self.target(primary), self.target(heir));
        let asked = async { self.bench.servers.sessions.with(&primary).await?.written().await };
        let written = work.wait.hear(asked).await?.map_err(|error| {
            Report::of(
                format!("{} does not say how far it has written.", primary.name),
                &error,
            )
        })?;
        self.wait_applied(&heir, written, work).await
    }

    async fn wait_applied(&self, heir: &Target, position: Lsn, work: &Work) -> Result<(), Failure> {
        work.waiting(format!("{} to apply WAL up to {position}", heir.name))
            .await;
        loop {
            let asked = async { self.bench.servers.sessions.with(heir).await?.replayed().await };
            let seen = match work.wait.hear(asked).await? {
                Ok(Some(applied)) if applied >= position => return Ok(()),
                Ok(Some(applied)) => format!("it is at {applied}"),
                Ok(None) => "it has applied nothing".to_owned(),
                Err(error) => error.to_string(),
            };
            if !work.wait.next().await? {
                return Err(Report::new(format!(
                    "{} has not applied WAL up to {position} in time: {seen}.",
                    heir.name
                ))
                .hint("It is too far behind to take over now: wait until its lag is small, then try again.")
                .into());
            }
        }
    }

    /// The control file of the old primary says where its last record is; the heir has applied it.
    async fn prove_last(&self, old: &Place, heir: &Place, work: &Work) -> Result<(), Failure> {
        let data = self.bench.inside(&ClusterFolder::data(&old.folder))?;
        let control = control::read(&data).map_err(|error| {
            Report::of(
                format!("The control file of {} cannot be read.", old.server),
                &error,
            )
        })?;
        if !control.is_shut_down {
            return Err(Report::new(format!(
                "{} was not shut down cleanly: it is not known where its WAL ends.",
                old.server
            ))
            .hint("A standby that does not answer can keep it from shutting down; see its log.")
            .into());
        }
        // What was applied is told as the end of a record, so it is beyond the beginning of the last one.
        let beyond = Lsn::new(control.checkpoint.byte() + 1);
        self.wait_applied(&self.target(heir), beyond, work).await
    }

    async fn promote(&self, at: &Place, work: &Work) -> Result<(), Failure> {
        let target = self.target(at);
        let failed = |error: &dyn std::error::Error| {
            Report::of(format!("{} could not be promoted.", at.server), error)
        };
        work.waiting(format!("{} to end its recovery", at.server)).await;
        if self.bench.site.major.has_promote_function() {
            let asked = async {
                let session = self.bench.servers.sessions.with(&target).await?;
                if session.is_in_recovery().await? {
                    session.run("SELECT pg_promote(false)").await?;
                }
                Ok::<(), SqlError>(())
            };
            work.wait.hear(asked).await?.map_err(|error| failed(&error))?;
        } else if self.is_in_recovery(&target, work).await?.unwrap_or(true) {
            // What `pg_ctl promote` does.
            let path = format!("{}/{PROMOTE_FILE}", ClusterFolder::data(&at.folder));
            self.bench.write(&path, "")?;
            self.bench.servers.signal(&target, Signal::SIGUSR1)?;
        }
        loop {
            if self.is_in_recovery(&target, work).await? == Some(false) {
                return Ok(());
            }
            if !work.wait.next().await? {
                return Err(Report::new(format!("{} is still a standby.", at.server))
                    .hint("It may have much WAL left to apply; see its log.")
                    .into());
            }
        }
    }

    /// `None`: it does not answer.
    async fn is_in_recovery(&self, target: &Target, work: &Work) -> Result<Option<bool>, Failure> {
        let asked = async {
            self.bench
                .servers
                .sessions
                .with(target)
                .await?
                .is_in_recovery()
                .await
        };
        Ok(work.wait.hear(asked).await?.ok())
    }

    /// A promotion that was asked for is forgotten by a restart; one that happened is not undone.
    async fn stay_standby(&self, at: &Place, pass_file: bool, work: &Work) -> Result<(), Failure> {
        let target = self.target(at);
        let promoted = || {
            Report::new(format!("{} accepts writes: it was promoted.", at.server))
                .hint("Finish what was begun with `pgcascade resume`.")
        };
        if self.is_in_recovery(&target, work).await? == Some(false) {
            return Err(promoted().into());
        }
        // It stops its server first, which is where a promotion that is under way comes to its end.
        self.bench.servers.start(&target, pass_file, work).await?;
        self.bench.servers.sessions.forget(target.port);
        self.bench.servers.wait_ready(&target, work).await?;
        match self.is_in_recovery(&target, work).await? {
            Some(true) => Ok(()),
            Some(false) => Err(promoted().into()),
            None => Err(Report::new(format!("{} does not say whether it was promoted.", at.server)).into()),
        }
    }

    /// Undoes what the source does not have. Until it is done the data are a mixture: the record says so.
    async fn rewind(&self, at: &Place, source: &Place, work: &Work) -> Result<(), Failure> {
        let site = &self.bench.site;
        let data = self.bench.inside(&ClusterFolder::data(&at.folder))?;
        let auto_conf = plain::read(&data.join(AUTO_CONF), plain::SMALL_BYTES).ok();
        self.note_torn(&at.folder, true)?;
        let target = self.target(source);
        let socket = site
            .path(ClusterFolder::SOCKETS)
            .join(format!(".s.PGSQL.{}", target.port));
        let host = if socket.exists() {
            site.path(ClusterFolder::SOCKETS).display().to_string()
        } else {
            target.address.to_string()
        };
        let words = [
            ("host", host),
            ("port", target.port.to_string()),
            ("user", ClusterFolder::SUPERUSER.to_owned()),
            ("dbname", "postgres".to_owned()),
        ];
        let conninfo: Vec<String> = words
            .iter()
            .map(|(name, value)| format!("{name}={}", crate::model::quoting::conninfo(value)))
            .collect();
        let mut command = site.program("pg_rewind", &site.folder);
        command
            .arg("-D")
            .arg(&data)
            .arg(format!("--source-server={}", conninfo.join(" ")));
        if site.uses_passwords {
            command.env("PGPASSFILE", site.path(ClusterFolder::PGPASS));
        }
        let each = |line: &str| work.output(line);
        let is_fenced = unfence_for_recovery(&at.folder, &data)?;
        let rewound = tool::run("pg_rewind", command, None, Lines::All(&each), work).await;
        if is_fenced {
            self.bench.write(
                &format!("{}/{STANDBY_SIGNAL}", ClusterFolder::data(&at.folder)),
                "",
            )?;
        }
        rewound?;
        let path = format!("{}/{AUTO_CONF}", ClusterFolder::data(&at.folder));
        if let Some(text) = auto_conf.and_then(|bytes| plain::text(bytes).ok()) {
            self.bench.write(&path, &text)?;
        }
        self.note_torn(&at.folder, false)?;
        Ok(())
    }

    fn note_torn(&self, folder: &str, is_torn: bool) -> Result<(), Report> {
        let mut claim = self.bench.claim();
        let torn = &mut claim.stored.torn;
        torn.retain(|one| one != folder);
        if is_torn {
            torn.push(folder.to_owned());
        }
        record::save(&claim.stored)
    }
}

/// pg_rewind lets a server that was killed recover first, in single-user mode, and that refuses the data of a standby:
/// "standby mode is not supported by single-user servers". The file that keeps an old primary from accepting writes makes it
/// look like one; while the change is under way the record keeps it from being started. True if it has to be written again.
fn unfence_for_recovery(folder: &str, data: &Path) -> Result<bool, Report> {
    let signal = data.join(STANDBY_SIGNAL);
    let needs_recovery = control::read(data).is_ok_and(|control| control.needs_recovery);
    if !needs_recovery || plain::open(&signal).is_err() {
        return Ok(false);
    }
    let removed = files::remove_file(&signal);
    removed
        .map_err(|error| Report::of(format!("{folder}/{STANDBY_SIGNAL} could not be removed."), &error))?;
    Ok(true)
}
