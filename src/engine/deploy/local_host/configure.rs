//! A server gets the files of another design, and reads them: by a signal, or stopped and started again.

use std::fs;

use super::change::ChangeHost;
use crate::engine::postgres::server::{self, Target};
use crate::engine::run::Work;
use crate::engine::system::wait::Failure;
use crate::model::configuration::ClusterFolder;
use crate::model::configuration::with;
use crate::model::plan::{Configure, DesignOf, Means};
use crate::report::Report;

impl ChangeHost {
    /// Gives a server the files of one of the designs, and lets it read them.
    pub(super) async fn configure(&self, one: &Configure, work: &Work) -> Result<(), Failure> {
        let bundle = match one.design {
            DesignOf::Before => &self.before.bundle,
            DesignOf::After => &self.bench.bundle,
        };
        let target = self.bench.servers.target(&one.server, &one.folder, one.port);
        if one.by == Means::Restart {
            self.stop_and_move(&target, &one.folder_before, work).await?;
        }
        for name in &one.files {
            let path = format!("{}/{name}", ClusterFolder::server(&one.folder));
            let file = bundle.file(&path).ok_or_else(|| {
                Report::new(format!(
                    "The bundle has no file {path}: this is a bug in pgcascade."
                ))
            })?;
            let held = one.held.iter().filter(|_| name == "postgresql.conf");
            let text = held.fold(file.contents.clone(), |text, (setting, value)| {
                with(&text, setting, value.as_deref())
            });
            self.bench
                .write(&format!("{}/{name}", ClusterFolder::data(&one.folder)), &text)?;
        }
        match one.by {
            Means::Write => Ok(()),
            Means::Reload => self.bench.servers.reload(&target).map_err(Failure::from),
            Means::Restart => {
                self.bench
                    .servers
                    .start(&target, one.pass_file_in_environment, work)
                    .await?;
                self.bench.servers.wait_ready(&target, work).await
            }
        }
    }

    /// Stops the server where it is, and moves its folder to where it will be.
    async fn stop_and_move(&self, target: &Target, folder_before: &str, work: &Work) -> Result<(), Failure> {
        let is_there = self.bench.site.own_data(folder_before).is_some();
        let at = Target {
            folder: if is_there { folder_before } else { &target.folder }.to_owned(),
            ..target.clone()
        };
        work.waiting(format!("{} to stop", target.name)).await;
        let started = self.bench.servers.started_at(&at.folder);
        server::stop(
            &self.bench.site,
            &at,
            started.as_ref(),
            server::FAST_STOP,
            &work.wait,
        )
        .await?;
        self.bench.servers.sessions.forget(target.port);
        if at.folder != target.folder {
            let (from, to) = (
                self.bench.inside(&ClusterFolder::server(&at.folder))?,
                self.bench.inside(&ClusterFolder::server(&target.folder))?,
            );
            let cannot = || format!("The folder of {} could not be moved.", target.name);
            if fs::symlink_metadata(&to).is_ok() {
                return Err(Report::new(cannot())
                    .hint(format!("{} already exists.", to.display()))
                    .into());
            }
            fs::rename(&from, &to).map_err(|error| Report::of(cannot(), &error))?;
        }
        Ok(())
    }
}
