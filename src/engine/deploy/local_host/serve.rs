//! Everything with running servers: start, stop, wait, slots, reload, and the proofs.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::LocalHost;
use crate::engine::deploy::host::Work;
use crate::engine::postgres::proof;
use crate::engine::postgres::server::{self, Target};
use crate::engine::system::wait::Failure;
use crate::engine::system::wait::Wait;
use crate::model::health::ReplicationRow;
use crate::model::plan::Reader;
use crate::report::Report;

impl LocalHost {
    pub(super) async fn start(
        &self,
        target: &Target,
        pass_file_in_environment: bool,
        work: &Work,
    ) -> Result<(), Failure> {
        if self.before.is_some() {
            // Taking back a stop that was given up: the server may be on its way down still.
            self.stop(target, work).await?;
        }
        let started = server::start(&self.site, target, pass_file_in_environment, &work.wait).await?;
        self.started().insert(target.folder.clone(), started);
        Ok(())
    }

    pub(super) async fn stop(&self, target: &Target, work: &Work) -> Result<(), Failure> {
        let started = self.started_at(&target.folder);
        server::stop(
            &self.site,
            target,
            started.as_ref(),
            server::FAST_STOP_FOR_GOOD,
            &work.wait,
        )
        .await?;
        Ok(())
    }

    pub(super) async fn wait_ready(&self, target: &Target, work: &Work) -> Result<(), Failure> {
        work.waiting(format!("{} to accept connections", target.name))
            .await;
        let started = self.started_at(&target.folder);
        server::wait_ready(&self.site, target, started.as_ref(), &work.wait).await?;
        // A change may stop the server again, a deployment asks every server that answers.
        if self.before.is_none() && self.answers(target) {
            self.sessions.prepare(target);
        }
        Ok(())
    }

    fn answers(&self, target: &Target) -> bool {
        let topology = self.document.topology();
        let server = topology.by_name(&target.name);
        server.is_some_and(|server| topology.answers_queries(server.id()))
    }

    pub(super) async fn create_slot(&self, target: &Target, slot: &str, work: &Work) -> Result<(), Failure> {
        let failed = |error: &dyn std::error::Error| {
            Report::of(
                format!("The slot {slot} could not be made on {}.", target.name),
                error,
            )
        };
        let make = async {
            let session = self.sessions.with(target).await?;
            // At a server that is in use, WAL could be gone before the standby comes for it.
            let reserves = self.before.is_some() && self.site.major.can_reserve_at_slot();
            session.create_slot(slot, reserves).await
        };
        work.wait.hear(make).await?.map_err(|error| failed(&error).into())
    }

    pub(super) async fn wait_streaming(
        &self,
        sender: &Target,
        standby: &str,
        work: &Work,
    ) -> Result<(), Failure> {
        work.waiting(format!("{standby} to stream from {}", sender.name))
            .await;
        let receiver = self.shown_as(standby);
        let mut both = vec![sender.clone()];
        both.extend(receiver);
        let proof = proof::wait_streaming(&self.sessions, sender, standby, &work.wait);
        self.unless_dead(&both, proof, &work.wait).await
    }

    pub(super) async fn wait_rows(
        &self,
        target: &Target,
        rows: &[ReplicationRow],
        work: &Work,
    ) -> Result<(), Failure> {
        work.waiting(format!("{} to show its designed rows", target.name))
            .await;
        let mut all = vec![target.clone()];
        all.extend(rows.iter().filter_map(|row| self.shown_as(&row.application_name)));
        let proof = proof::wait_rows(&self.sessions, target, rows, &work.wait);
        self.unless_dead(&all, proof, &work.wait).await
    }

    pub(super) async fn prove_row(
        &self,
        primary: &Target,
        readers: &[Reader],
        delayed: &[Reader],
        work: &Work,
    ) -> Result<(), Failure> {
        work.waiting("a row to arrive on every standby").await;
        let targets = |readers: &[Reader]| -> Vec<Target> {
            readers.iter().map(|reader| self.reader(reader)).collect()
        };
        let (readers, delayed) = (targets(readers), targets(delayed));
        proof::prove_row(&self.sessions, primary, &readers, &delayed, &work.wait).await
    }

    /// Lets a server read its configuration again, once it is proved to be ours.
    pub(super) fn reload(&self, target: &Target) -> Result<(), Report> {
        let headline = || format!("{} was not told to reload.", target.name);
        let running = self
            .site
            .running(&target.folder)
            .map_err(|doubt| Report::of(headline(), &doubt))?
            .ok_or_else(|| Report::new(headline()).hint("It does not run any more."))?;
        let pid = i32::try_from(running.pid).map_err(|error| Report::of(headline(), &error))?;
        kill(Pid::from_raw(pid), Signal::SIGHUP).map_err(|error| Report::of(headline(), &error))
    }

    /// A proof waits in vain for a server that died: whoever of `servers` does so ends it, with its last words.
    async fn unless_dead(
        &self,
        servers: &[Target],
        proof: impl Future<Output = Result<(), Failure>>,
        wait: &Wait,
    ) -> Result<(), Failure> {
        let death = async {
            loop {
                for server in servers {
                    if let Some(how) = self.started_at(&server.folder).and_then(|one| one.ended()) {
                        return Failure::from(Report::new(format!("{} ended ({how}).", server.name)));
                    }
                }
                if !matches!(wait.next().await, Ok(true)) {
                    // The proof has the same deadline and ear, and says more.
                    std::future::pending::<()>().await;
                }
            }
        };
        let result = tokio::select! {
            biased;
            result = proof => result,
            failure = death => Err(failure),
        };
        result.map_err(|failure| match failure {
            Failure::Failed(mut report) => {
                for server in servers {
                    report.hints.extend(server::log_hints(&self.site, server));
                }
                Failure::Failed(report)
            }
            Failure::Cancelled => Failure::Cancelled,
        })
    }
}
