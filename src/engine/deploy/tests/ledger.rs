//! The real plan of real designs, on a host that only keeps books: what was made, what runs. It fails at every step in
//! turn, before and after it did its half; afterwards the books must be empty.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;

use super::super::Cancel;
use crate::engine::run::run;
use crate::engine::run::{Host, Work};
use crate::engine::system::wait::Failure;
use crate::model::configuration::ClusterFolder;
use crate::model::plan::{Action, Build, Machine, Make, Outcome, Serve, plan_deploy};
use crate::model::topology::{Archive, Edit, Topology, notation};
use crate::report::Report;

/// Stands in the books for all of them.
const CERTIFICATES: &str = "tls/certificates";

/// What there is: paths in the folder, and servers that run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Books {
    pub(super) paths: BTreeSet<String>,
    /// Data directories with the replication role.
    pub(super) roles: BTreeSet<String>,
    pub(super) running: BTreeSet<String>,
    pub(super) is_claimed: bool,
    performed: usize,
}

struct Bookkeeper {
    /// Fails at this one, counted as they come.
    at: usize,
    /// Did what it was told before it failed.
    after_doing: bool,
    books: Mutex<Books>,
}

impl Host for Bookkeeper {
    async fn perform(&self, action: &Action, _: &Work) -> Result<(), Failure> {
        let mut books = self.books.lock().unwrap();
        let is_undo = matches!(
            action,
            Action::Build(Build::ReleaseFolder)
                | Action::Make(Make::RemoveFolder { .. } | Make::RemoveCertificates { .. })
                | Action::Serve(Serve::Stop { .. } | Serve::CloseProxy)
        );
        let number = books.performed;
        books.performed += usize::from(!is_undo);
        let fails = !is_undo && number == self.at;
        if !fails || self.after_doing {
            books.enter(action);
        }
        if fails {
            Err(Report::new("it broke").into())
        } else {
            Ok(())
        }
    }
}

impl Books {
    pub(super) fn enter(&mut self, action: &Action) {
        assert!(
            self.is_claimed || matches!(action, Action::Build(Build::ClaimFolder | Build::ReleaseFolder)),
            "before the claim, or after its release: {action:?}"
        );
        match action {
            Action::Build(Build::ClaimFolder) => self.is_claimed = true,
            Action::Build(Build::ReleaseFolder) => {
                assert!(
                    self.running.is_empty(),
                    "released under running servers: {:?}",
                    self.running
                );
                // As the real one: what `complete` wrote goes with the marker.
                self.paths.remove(ClusterFolder::README);
                self.is_claimed = false;
            }
            Action::Make(Make::MakeFolder { path }) | Action::Build(Build::Initdb { data: path, .. }) => {
                assert!(self.paths.insert(path.clone()), "{path} is there already");
            }
            Action::Build(Build::CopyData { from, to }) => {
                assert!(
                    self.roles.contains(from) && self.running.is_empty(),
                    "{from} cannot be copied"
                );
                assert!(self.paths.insert(to.clone()), "{to} is there already");
            }
            Action::Build(Build::CreateRole { data, .. }) => {
                assert!(self.paths.contains(data), "{data} is not there");
                assert!(self.roles.insert(data.clone()), "{data} has its role already");
            }
            Action::Make(Make::InstallFile { to, .. }) => drop(self.paths.insert(to.clone())),
            Action::Build(Build::MakeSecrets { .. }) => {
                self.paths.insert(ClusterFolder::PGPASS.to_owned());
            }
            Action::Make(Make::MakeCertificates { .. }) => drop(self.paths.insert(CERTIFICATES.to_owned())),
            Action::Make(Make::RemoveCertificates { .. }) => drop(self.paths.remove(CERTIFICATES)),
            Action::Make(Make::RemoveFolder { path }) => {
                let of_server = |folder: &String| ClusterFolder::data(folder).starts_with(path.as_str());
                assert!(
                    !self.running.iter().any(of_server),
                    "{path} is removed under its server"
                );
                let inside = format!("{path}/");
                self.roles.remove(path);
                self.paths
                    .retain(|there| there != path && !there.starts_with(&inside));
            }
            Action::Serve(Serve::Start { folder, .. }) => {
                assert!(
                    self.paths.contains(&ClusterFolder::data(folder)),
                    "{folder} has no data yet"
                );
                self.running.insert(folder.clone());
            }
            Action::Serve(Serve::Stop { folder, .. }) => drop(self.running.remove(folder)),
            Action::Make(Make::Complete) => drop(self.paths.insert(ClusterFolder::README.to_owned())),
            Action::Alter(_)
            | Action::Takeover(_)
            | Action::Note(_)
            | Action::Remove(_)
            | Action::Serve(Serve::DropSlot { .. }) => {
                panic!("{action:?} is not a step of a deployment")
            }
            Action::Serve(_) => {}
        }
    }
}

pub(super) fn designs() -> Vec<Topology> {
    let seed = "m 1 sync first 1\n  a 2 priority 1\n    b 3\n    c 4\n  d 5 priority 2\n";
    let texts = [
        seed.to_owned(),
        format!("postgres 9.4\n{seed}"),
        "m 1\n".to_owned(),
    ];
    let mut designs: Vec<Topology> = texts.iter().map(|text| notation::parse(text).unwrap()).collect();
    let mut archived = designs[0].clone();
    let archive = Archive::new("wal/archive").unwrap();
    archived.apply(&Edit::SetArchive(Some(archive))).unwrap();
    let mut encrypted = designs[0].clone();
    encrypted.apply(&Edit::SetTls(true)).unwrap();
    designs.extend([archived, encrypted]);
    designs
}

#[tokio::test]
async fn a_real_plan_that_fails_at_any_step_leaves_nothing() {
    for topology in designs() {
        let plan = plan_deploy(&topology, &Machine::portable("/c"));
        for (at, after_doing) in (0..=plan.steps.len()).flat_map(|at| [(at, false), (at, true)]) {
            let host = Arc::new(Bookkeeper {
                at,
                after_doing,
                books: Mutex::default(),
            });
            let (events, mut told) = mpsc::channel(64);
            let reading = tokio::spawn(async move { while told.recv().await.is_some() {} });
            let outcome = run(1, &plan, Arc::clone(&host), events, Cancel::default()).await;
            reading.await.unwrap();
            let books = host.books.lock().unwrap();
            if at == plan.steps.len() {
                assert_eq!(outcome, Outcome::Done);
                assert_eq!(books.running.len(), topology.servers().len());
                continue;
            }
            assert!(
                matches!(&outcome, Outcome::Failed { remains, .. } if remains.is_empty()),
                "{outcome:?}"
            );
            assert!(books.running.is_empty(), "after step {at}: {:?}", books.running);
            assert!(books.paths.is_empty(), "after step {at}: {:?}", books.paths);
            assert!(!books.is_claimed, "after step {at}");
        }
    }
}
