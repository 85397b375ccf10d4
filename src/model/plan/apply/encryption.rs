//! TLS on every link or on none: file by file through the whole tree, so that at each moment both ends of a link agree.

use super::difference::Kept;
use super::steps::{Planner, RESTART_SECS, WAIT_SECS};
use crate::model::configuration::ClusterFolder;
use crate::model::plan::steps::New;
use crate::model::plan::{Action, Alter, Certificate, Configure, DesignOf, Make, Means};
use crate::model::topology::Server;

/// What of a server is changed at once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Whether it can speak TLS: postgresql.conf.
    Server,
    /// How it asks its upstream: the file with primary_conninfo.
    Link,
    /// How its downstreams have to come: pg_hba.conf.
    Access,
}

impl Planner<'_> {
    /// The authority and the certificates of a cluster that had none. Those of a change that was ended in the middle stay
    /// whatever happens: servers may use them by now.
    pub(super) fn first_certificates(&mut self) {
        let path = ClusterFolder::TLS.to_owned();
        self.head.makes.push(path.clone());
        self.add(New {
            title: format!("Create the folder {path}/"),
            why: "Keys are in files that only their owner can read (mode 0600): PostgreSQL and libpq refuse \
                 a key that others can read"
                .to_owned(),
            undo: (!self.resumes).then(|| Action::Make(Make::RemoveFolder { path: path.clone() })),
            action: Action::Make(Make::MakeFolder { path }),
            ..New::default()
        });
        let certificates = Certificate::of_each(self.wanted);
        let folders = certificates.iter().map(|one| one.folder.clone()).collect();
        self.add(New {
            title: "Create an authority and certificates for all servers".to_owned(),
            why: "Both ends of a link prove their identity with a certificate signed by the cluster's own \
                 authority"
                .to_owned(),
            undo: (!self.resumes).then_some(Action::Make(Make::RemoveCertificates { folders })),
            action: Action::Make(Make::MakeCertificates { certificates }),
            ..New::default()
        });
    }

    /// Who is asked learns it before those who ask, and nobody is obliged to anything that not all can do.
    pub(super) fn switch_tls(&mut self) {
        let mut parts = [Part::Server, Part::Link, Part::Access];
        if !self.wanted.has_tls() {
            parts.reverse();
        }
        let difference = self.difference;
        self.ready.extend(difference.kept.iter().map(|one| one.is.id()));
        for part in parts {
            for one in &difference.kept {
                if part != Part::Link || !one.is.is_primary() {
                    self.switch(one, part);
                }
            }
        }
    }

    fn links_in_main_file(&self) -> bool {
        self.wanted.postgres().has_standby_signal()
    }

    /// The file with primary_conninfo.
    fn link_file(&self) -> &'static str {
        if self.links_in_main_file() {
            "postgresql.conf"
        } else {
            self.wanted.postgres().standby_file()
        }
    }

    fn switch(&mut self, one: &Kept<'_>, part: Part) {
        let on = self.wanted.has_tls();
        let name = one.is.name();
        let (file, title, why) = match (part, on) {
            (Part::Server, true) => (
                "postgresql.conf",
                format!("Enable TLS on {name}"),
                "It accepts connections with and without TLS: existing connections are not affected",
            ),
            (Part::Server, false) => (
                "postgresql.conf",
                format!("Disable TLS on {name}"),
                "No link uses it any more; existing connections are not affected",
            ),
            (Part::Link, true) => (
                self.link_file(),
                format!("Make {name} stream over TLS only"),
                "Its upstream now accepts TLS; from PostgreSQL 13, a reload is enough for primary_conninfo",
            ),
            (Part::Link, false) => (
                self.link_file(),
                format!("Make {name} stream without TLS"),
                "Its upstream now accepts it without TLS; from PostgreSQL 13, a reload is enough for \
                 primary_conninfo",
            ),
            (Part::Access, true) => (
                "pg_hba.conf",
                format!("Accept standbys on {name} over TLS only"),
                "All of them already use TLS; existing connections stay",
            ),
            (Part::Access, false) => (
                "pg_hba.conf",
                format!("Accept standbys on {name} without TLS"),
                "This comes before any of them switches; connections over TLS stay",
            ),
        };
        let restarts = one.settings.iter().any(|setting| {
            let is_of_link = setting.name == "primary_conninfo";
            setting.needs_restart && part != Part::Access && is_of_link == (part == Part::Link)
        });
        let by = if restarts { Means::Restart } else { Means::Reload };
        let sync = if one.is.is_primary() {
            self.held()
        } else {
            Vec::new()
        };
        let configure = |design, held: &[(String, Option<String>)]| {
            Action::Alter(Alter::Configure(Configure {
                by,
                files: vec![file.to_owned()],
                held: sync.iter().chain(held).cloned().collect(),
                ..self.configure(one, design)
            }))
        };
        // From 12 on one file says both what it can speak and how it asks: what comes later stays as it was.
        let both = file == "postgresql.conf" && !one.is.is_primary() && self.links_in_main_file();
        let kept = |of_link: bool| -> Vec<(String, Option<String>)> {
            let other = one
                .settings
                .iter()
                .filter(|one| (one.name == "primary_conninfo") == of_link);
            other.map(|one| (one.name.clone(), one.was.clone())).collect()
        };
        let is_first = (part == Part::Server) == on;
        let (action, undo) = match (both, is_first) {
            (false, _) => (configure(DesignOf::After, &[]), configure(DesignOf::Before, &[])),
            (true, true) => (
                configure(DesignOf::After, &kept(part == Part::Server)),
                configure(DesignOf::Before, &[]),
            ),
            (true, false) => (
                configure(DesignOf::After, &[]),
                configure(DesignOf::After, &kept(part == Part::Link)),
            ),
        };
        let new = New {
            server: Some(one.is),
            title,
            why: why.to_owned(),
            action,
            undo: Some(undo),
            deadline_secs: if restarts { RESTART_SECS } else { WAIT_SECS },
            ..New::default()
        };
        self.add(new);
        if !one.is.is_primary() && (restarts || part == Part::Link) {
            self.disturbed.insert(one.is.id());
        }
        if restarts {
            self.disturbed
                .extend(self.wanted.downstreams(one.is.id()).map(Server::id));
        }
        self.wait_streaming();
    }
}
