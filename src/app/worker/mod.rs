//! The worker: performs effects in the background and answers with messages. Everything slow happens here.
//!
//! `Worker` is what the window holds: it never blocks, but for its end. Below it, each file is one kind of work:
//! `deployment` (a run and its cancel), `runs` (who performs it), `hosts` (by Ansible), `watch` (boards of the running cluster),
//! `autosave` (the unsaved design, a moment after its last change), `first` (what a window opens with), `proof` (a lesson on real
//! servers), `breaking` (faults on purpose), `end` (the window is closed), `clusters` and
//! `tasks` (everything with one question and one answer); `file_watch` follows the design's file.

mod answers;
mod autosave;
mod breaking;
mod clusters;
mod deployment;
mod end;
mod file_watch;
mod first;
mod hosts;
mod imports;
mod load;
mod proof;
mod runs;
mod tasks;
#[cfg(test)]
mod tests;
mod watch;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio_util::sync::{CancellationToken, DropGuard};

use self::answers::Answers;
use self::autosave::{Autosaver, Change, Store};
use self::deployment::Deployment;
use self::watch::Watch;
use super::trail::Trail;
use super::{Effect, Message};
use crate::engine::deploy::{self, Cancel};
use crate::engine::desk::store;
use crate::model::plan::{Outcome, RunEvent};

pub use first::first_session;

/// Enough for the engine and its probes; the machine belongs to the servers.
const THREADS: usize = 2;

/// Messages that wait for the window. A run that is faster than the window waits, and drops lines of output.
const MESSAGES: usize = 1024;

/// Owns the runtime. Dropped, it lets nothing be half done: a running deployment is taken back, a teardown
/// comes to its end, an autosave is written. A cluster that runs goes on running.
///
/// Must not be dropped inside another async runtime.
#[derive(Debug)]
pub struct Worker {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    messages: mpsc::Receiver<Message>,
    answers: Answers,
    deployment: Option<Deployment>,
    watch: Option<Watch>,
    /// What happened to the cluster that was watched last, until it is watched again.
    trail: Option<(PathBuf, Arc<Trail>)>,
    discovery: Option<AbortHandle>,
    /// The look at the design's file, again and again.
    file_watch: Option<AbortHandle>,
    /// A load on a cluster: dropped, it ends and counts.
    load: Option<DropGuard>,
    /// What is being broken on purpose, or repaired.
    breaking: Option<CancellationToken>,
    /// The reading of a server's log.
    log: Option<AbortHandle>,
    /// A cluster that is being imported.
    import: Option<AbortHandle>,
    autosaver: Autosaver,
    /// A lesson that is shown on real servers.
    proof: Option<CancellationToken>,
    /// What must come to its end before the program does.
    tasks: JoinSet<()>,
    /// Raised when the tasks are given up.
    give_up: CancellationToken,
}

impl Worker {
    /// `wake` is called, on a thread of the worker, whenever there is something to drain.
    ///
    /// # Errors
    ///
    /// If the threads of the worker cannot be started.
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("pgcascade-worker")
            .enable_all()
            .build()?;
        let (sender, messages) = mpsc::channel(MESSAGES);
        let answers = Answers::new(sender, wake);
        let autosaver = Autosaver::new(&runtime, answers.clone(), Store::ENGINE);
        Ok(Self {
            runtime: Some(runtime),
            messages,
            answers,
            deployment: None,
            watch: None,
            trail: None,
            discovery: None,
            file_watch: None,
            load: None,
            breaking: None,
            log: None,
            proof: None,
            import: None,
            autosaver,
            tasks: JoinSet::new(),
            give_up: CancellationToken::new(),
        })
    }

    /// Begins what the effect asks for; the answer comes by [`Worker::drain`]. What is for the window is left to it.
    pub fn perform(&mut self, effect: Effect) {
        let answers = self.answers.clone();
        match effect {
            // The window's own: see `Effect::is_for_window`.
            Effect::AskPath { .. } | Effect::CopyText(_) | Effect::Close => {}
            Effect::LookAt { purpose, path } => drop(self.start(tasks::look_at(purpose, path, answers))),
            Effect::Read(path) => drop(self.start(tasks::read(path, answers))),
            Effect::Write {
                purpose,
                path,
                bytes,
                text,
                expected,
            } => self.finish(tasks::write(purpose, path, (bytes, text, expected), answers)),
            Effect::WritePicture {
                purpose,
                path,
                document,
                format,
                style,
            } => self.finish(tasks::write_picture(
                purpose,
                path,
                (document, format, style),
                answers,
            )),
            Effect::WriteExport { folder, export } => {
                self.finish(tasks::write_export(folder, *export, answers));
            }
            Effect::Import { number, source } => {
                self.end_import();
                self.import = self.start(imports::import(number, *source, answers));
            }
            Effect::CancelImport => self.end_import(),
            Effect::NoteConnection(text) => self.finish(imports::note_connection(text, answers)),
            Effect::ForgetConnection(text) => self.finish(imports::forget_connection(text, answers)),
            Effect::FindConnections => drop(self.start(imports::find_connections(answers))),
            Effect::Autosave { path, text } => self.autosaver.perform(match text {
                Some(text) => Change::Keep(path, text),
                None => Change::Drop(path),
            }),
            Effect::ForgetUnsaved(id) => self.autosaver.perform(Change::ForgetLeft(id)),
            Effect::KeepPreferences(preferences) => self.autosaver.perform(Change::Prefer(preferences)),
            Effect::KeepProgress(progress) => self.autosaver.perform(Change::Learnt(progress)),
            Effect::ReadLesson(path) => drop(self.start(tasks::read_lesson(path, answers))),
            Effect::ReadProgress(path) => drop(self.start(tasks::read_progress(path, answers))),
            Effect::Prove { name, lesson, folder } => {
                let cancel = self.give_up.child_token();
                self.proof = Some(cancel.clone());
                self.finish(proof::prove(name, lesson, folder, cancel, answers));
            }
            Effect::CancelProof => {
                if let Some(cancel) = self.proof.take() {
                    cancel.cancel();
                }
            }
            Effect::FindProgress => drop(self.start(tasks::find_progress(answers))),
            Effect::LookAtFile(path) => drop(self.start(tasks::look_at_file(path, answers))),
            Effect::FollowFile(path) => {
                if let Some(watch) = self.file_watch.take() {
                    watch.abort();
                }
                self.file_watch = path.and_then(|path| self.start(file_watch::follow(path, answers)));
            }
            Effect::FindFonts(letters) => drop(self.start(tasks::find_fonts(letters, answers))),
            Effect::NoteRecent(path) => self.autosaver.perform(Change::NoteRecent(path)),
            Effect::ForgetRecent(path) => self.autosaver.perform(Change::ForgetRecent(path)),
            Effect::FindRecent => drop(self.start(tasks::find_recent(answers))),
            Effect::ListClusters => drop(self.start(clusters::list_clusters(answers))),
            Effect::KeepExport { path, text } => self.finish(tasks::keep_export(path, text, answers)),
            Effect::FindExport(path) => drop(self.start(tasks::find_export(path, answers))),
            Effect::FindRecoverable => drop(self.start(tasks::find_recoverable(answers))),
            Effect::FindLeftOver => drop(self.start(clusters::find_left_over(answers))),
            Effect::Discover { document, folder } => {
                // Only the latest question matters.
                self.stop_discovery();
                self.discovery = self.start(tasks::discover(document, folder, answers));
            }
            Effect::RememberTrust(sum) => self.finish(tasks::remember_trust(sum, answers)),
            Effect::StartRun {
                run: number,
                plan,
                machine,
                bundle,
                document,
            } => {
                let run = deploy::Run {
                    number,
                    plan: *plan,
                    machine: *machine,
                    bundle: *bundle,
                    document: *document,
                    cache: store::cache_folder(),
                };
                self.begin(number, |events, cancel| runs::deploy(run, events, cancel));
            }
            Effect::LookForChange { document, folder } => {
                self.stop_discovery();
                self.discovery = self.start(tasks::look_for_change(document, folder, answers));
            }
            Effect::StartChange(change) => {
                let number = change.number;
                self.begin(number, |events, cancel| runs::apply(*change, events, cancel));
            }
            Effect::LookToHosts { document, asked } => {
                self.stop_discovery();
                self.discovery = self.start(hosts::look(document, asked, answers));
            }
            Effect::StartPlaybook { run: number, planned } => {
                self.begin(number, |events, cancel| {
                    hosts::run(number, *planned, events, cancel)
                });
            }
            Effect::LookAtLeftOver { folder, run } => {
                drop(self.start(clusters::look_at_left_over(folder, run, answers)));
            }
            Effect::StartResumed(resumed) => {
                let number = resumed.run.number;
                self.begin(number, |events, cancel| runs::go_on(*resumed, events, cancel));
            }
            Effect::KeepLeftOver(folder) => drop(self.start(clusters::keep_left_over(folder, answers))),
            Effect::Switch {
                folder,
                starts,
                servers,
            } => self.finish(clusters::switch(
                folder,
                starts,
                servers,
                self.give_up.clone(),
                answers,
            )),
            Effect::CancelRun => {
                if let Some(deployment) = &self.deployment {
                    deployment.cancel();
                }
            }
            Effect::Watch(folder) => {
                self.end_watch();
                let before = self.trail.take().filter(|(of, _)| *of == folder);
                let trail = before.map(|(_, trail)| trail).unwrap_or_default();
                if let Some(runtime) = &self.runtime {
                    self.watch = Some(Watch::start(runtime, folder, trail, answers));
                }
            }
            Effect::WatchForeign { key, imported } => {
                if let Some(runtime) = &self.runtime {
                    self.watch = Some(Watch::foreign(runtime, key, imported, answers));
                }
            }
            Effect::Unwatch => self.end_watch(),
            Effect::StartCluster(folder) => {
                self.finish(clusters::start_cluster(folder, self.give_up.clone(), answers));
            }
            Effect::StopCluster(folder) => {
                self.finish(clusters::stop_cluster(folder, self.give_up.clone(), answers));
            }
            Effect::Teardown(folder) => {
                self.trail = None;
                self.finish(clusters::teardown(folder, self.give_up.clone(), answers));
            }
            Effect::Attach(folder) => drop(self.start(clusters::attach(folder, answers))),
            Effect::FollowLog { folder, server } => {
                self.end_log();
                self.log = self.start(clusters::follow_log(folder, server, answers));
            }
            Effect::EndLog => self.end_log(),
            Effect::LookToAdopt(folder) => drop(self.start(clusters::look_to_adopt(folder, answers))),
            Effect::Adopt(adopting) => self.finish(clusters::adopt(*adopting, answers)),
            Effect::LookToSteer(folder, wish) => {
                drop(self.start(clusters::look_to_steer(folder, wish, answers)));
            }
            Effect::StartLoad { folder, rate } => {
                let cancel = CancellationToken::new();
                self.finish(load::load(folder, rate, cancel.clone(), answers));
                self.load = Some(cancel.drop_guard());
            }
            Effect::StopLoad => self.load = None,
            Effect::Break { folder, fault } => {
                let cancel = self.give_up.child_token();
                self.breaking = Some(cancel.clone());
                self.finish(breaking::make(folder, fault, cancel, answers));
            }
            Effect::Repair { folder, fault } => {
                let cancel = self.give_up.child_token();
                self.breaking = Some(cancel.clone());
                self.finish(breaking::repair(folder, fault, cancel, answers));
            }
            Effect::CancelBreaking => {
                if let Some(cancel) = self.breaking.take() {
                    cancel.cancel();
                }
            }
            Effect::ShowLog => drop(self.start(tasks::show_log(answers))),
            Effect::OpenFolder(folder) => drop(self.start(tasks::open_folder(folder, answers))),
        }
    }

    /// Every message that has arrived since the last call, in order; the latest board last.
    pub fn drain(&mut self) -> Vec<Message> {
        let mut arrived = Vec::new();
        while let Ok(message) = self.messages.try_recv() {
            arrived.push(message);
        }
        arrived.extend(self.watch.as_mut().and_then(Watch::latest));
        arrived
    }

    /// Begins a run of this number.
    fn begin<F>(&mut self, number: u64, run: impl FnOnce(mpsc::Sender<RunEvent>, Cancel) -> F)
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        if let Some(runtime) = &self.runtime {
            let deployment = Deployment::start(runtime, number, self.answers.clone(), run);
            self.deployment = Some(deployment);
        }
    }

    /// Begins work that may be dropped when the program ends.
    fn start(&self, work: impl Future<Output = ()> + Send + 'static) -> Option<AbortHandle> {
        let runtime = self.runtime.as_ref()?;
        Some(runtime.spawn(work).abort_handle())
    }

    /// Begins work that is waited for when the program ends.
    fn finish(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        while self.tasks.try_join_next().is_some() {}
        if let Some(runtime) = &self.runtime {
            self.tasks.spawn_on(work, runtime.handle());
        }
    }

    fn end_watch(&mut self) {
        if let Some(watch) = self.watch.take() {
            self.trail = Some(watch.trail());
        }
    }

    fn end_log(&mut self) {
        if let Some(log) = self.log.take() {
            log.abort();
        }
    }

    fn end_import(&mut self) {
        if let Some(import) = self.import.take() {
            import.abort();
        }
    }

    fn stop_discovery(&mut self) {
        if let Some(discovery) = self.discovery.take() {
            discovery.abort();
        }
    }
}
