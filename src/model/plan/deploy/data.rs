//! The data directories: one made, the others copied, each with its files.

use super::Planner;
use crate::model::configuration;
use crate::model::configuration::ClusterFolder;
use crate::model::plan::steps::New;
use crate::model::plan::{Action, Build, Make, StepId};
use crate::model::topology::Server;

impl Planner<'_> {
    /// The primary's data directory, and a copy of it for every standby.
    pub(super) fn data(&mut self, folders: Vec<StepId>) {
        let (topology, primary) = (self.topology, self.topology.primary());
        let major = topology.postgres();
        let data = self.data_folder(primary);
        let password_file = |path: &str| self.uses_passwords.then(|| path.to_owned());
        let superuser = password_file(ClusterFolder::SUPERUSER_PASSWORD);
        let replication = password_file(ClusterFolder::REPLICATION_PASSWORD);
        let initdb = self.steps.add(New {
            server: Some(primary),
            title: format!("Create the data directory of {}", primary.name()),
            why: "initdb creates the database cluster from which every other data directory is copied; \
                 without fsync (-N), since a crash now would lose no one's data"
                .to_owned(),
            undo: Some(Action::Make(Make::RemoveFolder { path: data.clone() })),
            lasts: true,
            action: Action::Build(Build::Initdb {
                data: data.clone(),
                auth_method: topology.effective_auth().hba_method().to_owned(),
                password_file: superuser,
                no_sync: major.has_initdb_no_sync(),
                options: topology.terms().initdb.options(major),
            }),
            after: folders,
            deadline_secs: 180,
            ..New::default()
        });
        let why = if major.needs_priming() {
            "One start in single-user mode, where no other session can interfere: it creates the role that \
             standbys use and writes wal_level into pg_control, without which a copy could not be a hot \
             standby"
        } else {
            "One start in single-user mode, where no other session can interfere: it creates the role that \
             standbys use (REPLICATION and nothing else)"
        };
        let role = self.steps.add(New {
            server: Some(primary),
            title: format!("Create the replication role on {}", primary.name()),
            why: why.to_owned(),
            lasts: true,
            action: Action::Build(Build::CreateRole {
                data: data.clone(),
                options: configuration::primed(topology),
                role: topology.replication_role().to_owned(),
                password_file: replication,
            }),
            after: vec![initdb],
            deadline_secs: 60,
            ..New::default()
        });
        self.copied.push(role);
        for standby in self.servers() {
            if standby.is_primary() {
                continue;
            }
            let to = self.data_folder(standby);
            let copy = self.steps.add(New {
                server: Some(standby),
                title: format!("Copy {} to {}", primary.name(), standby.name()),
                why: "A cold copy (a file-system-level backup of a stopped server) is a complete base \
                     backup: it starts at the shutdown checkpoint and streams the rest"
                    .to_owned(),
                undo: Some(Action::Make(Make::RemoveFolder { path: to.clone() })),
                lasts: true,
                action: Action::Build(Build::CopyData {
                    from: data.clone(),
                    to,
                }),
                after: vec![role],
                deadline_secs: 180,
                ..New::default()
            });
            self.copied.push(copy);
            self.installed.insert(standby.id(), vec![copy]);
        }
        // The primary may start only when nobody copies from it any more.
        self.installed.insert(primary.id(), self.copied.clone());
    }

    /// The files of the bundle, over those that initdb made.
    pub(super) fn files(&mut self) {
        let major = self.topology.postgres();
        for server in self.servers() {
            let (hold, before) = (
                self.held_back(server),
                self.installed.remove(&server.id()).unwrap_or_default(),
            );
            let mut files = vec![
                (
                    "postgresql.conf",
                    "Its settings, each with a comment that explains it; paths are relative to the data \
                     directory, so the folder can be anywhere",
                ),
                (
                    "pg_hba.conf",
                    "Host-based authentication: who may connect from where, with replication lines for the \
                     designed downstreams only",
                ),
            ];
            if self.topology.streams_by_certificate() {
                files.push((
                    "pg_ident.conf",
                    "User name maps: whose certificate may stream as the replication role",
                ));
            }
            if !server.is_primary() {
                files.push(if major.has_standby_signal() {
                    (
                        "standby.signal",
                        "Its presence makes the server a standby; without it, the copy would \
                         come up as a second primary",
                    )
                } else {
                    (
                        "recovery.conf",
                        "Makes the server a standby and sets its upstream; without it, the \
                         copy would come up as a second primary",
                    )
                });
            }
            let mut last = before.clone();
            for (name, why) in files {
                let is_conf = name == "postgresql.conf";
                last.push(self.steps.add(New {
                    server: Some(server),
                    title: format!("Install {name} of {}", server.name()),
                    why: if is_conf && hold.is_some() {
                        format!(
                            "{why}; synchronous_standby_names is added only once the standbys stream, \
                             since commits would wait for them"
                        )
                    } else {
                        why.to_owned()
                    },
                    action: self.install(server, name, hold.clone().filter(|_| is_conf)),
                    // The first is enough for all but the primary, whose directory is still being copied.
                    after: before.clone(),
                    ..New::default()
                }));
            }
            self.installed.insert(server.id(), last);
        }
    }

    pub(super) fn install(&self, server: &Server, name: &str, held_back: Option<String>) -> Action {
        Action::Make(Make::InstallFile {
            bundle_path: format!("{}/{name}", ClusterFolder::server(&self.folder(server))),
            to: format!("{}/{name}", self.data_folder(server)),
            held_back,
        })
    }

    /// The setting of the primary that is switched on last. 9.2 to 9.4 get it at once: there a sender that has
    /// nothing to do looks at a changed file only after up to 10 s.
    pub(super) fn held_back(&self, server: &Server) -> Option<String> {
        let late = server.is_primary()
            && self.topology.postgres().has_retry_interval()
            && !self.topology.synchronous_standby_names().is_empty();
        late.then(|| "synchronous_standby_names".to_owned())
    }
}
