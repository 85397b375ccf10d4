//! What a server is told while it runs: a signal, or one short sentence.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Servers;
use crate::engine::postgres::server::Target;
use crate::engine::run::Work;
use crate::engine::system::wait::Failure;
use crate::report::Report;

impl Servers {
    /// Lets a server read its configuration again, once it is proved to be ours.
    pub(in crate::engine) fn reload(&self, target: &Target) -> Result<(), Report> {
        self.signal(target, Signal::SIGHUP)
    }

    /// Sends a signal to a server, once it is proved to be ours.
    pub(in crate::engine) fn signal(&self, target: &Target, signal: Signal) -> Result<(), Report> {
        let headline = || match signal {
            Signal::SIGHUP => format!("{} could not be told to reload.", target.name),
            _ => format!("{} could not be sent {}.", target.name, signal.as_str()),
        };
        let running = self
            .site
            .running(&target.folder)
            .map_err(|doubt| Report::of(headline(), &doubt))?
            .ok_or_else(|| Report::new(headline()).hint("It is no longer running."))?;
        let pid = i32::try_from(running.pid).map_err(|error| Report::of(headline(), &error))?;
        kill(Pid::from_raw(pid), signal).map_err(|error| Report::of(headline(), &error))
    }

    /// Lets a standby stop applying WAL, or go on.
    pub(super) async fn set_replay(&self, target: &Target, pauses: bool, work: &Work) -> Result<(), Failure> {
        let major = self.site.major;
        let function = if pauses {
            major.pause_function()
        } else {
            major.resume_function()
        };
        let asked = async {
            self.sessions
                .with(target)
                .await?
                .run(&format!("SELECT {function}()"))
                .await
        };
        work.wait.hear(asked).await?.map_err(|error| {
            let what = if pauses { "paused" } else { "resumed" };
            Report::of(
                format!("The replay of {} could not be {what}.", target.name),
                &error,
            )
            .into()
        })
    }
}
