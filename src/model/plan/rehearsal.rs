//! A design of other hosts, rehearsed on one machine: what has to be different there, as edits, with a sentence each.

use std::collections::BTreeSet;

use crate::model::topology::{
    Archive, Downstreams, Edit, Host, LinkTerms, Port, Server, ServerTerms, Topology,
};
use crate::model::words::listed;

/// Below these only root may listen.
const FIRST_PORT: u16 = 1024;
/// The archive of a rehearsal, in the cluster's folder.
const ARCHIVE: &str = "archive";

/// What is replaced so that all servers run on this machine. The design itself is not touched.
pub fn rehearsal(topology: &Topology) -> (Vec<Edit>, Vec<String>) {
    let mut rehearsal = Rehearsal {
        now: topology.clone(),
        edits: Vec::new(),
        told: Vec::new(),
    };
    rehearsal.receivers(topology);
    rehearsal.hosts();
    rehearsal.ports();
    rehearsal.servers();
    rehearsal.cluster();
    (rehearsal.edits, rehearsal.told)
}

struct Rehearsal {
    now: Topology,
    edits: Vec<Edit>,
    told: Vec<String>,
}

impl Rehearsal {
    fn edit(&mut self, edit: Edit) -> bool {
        let is_done = self.now.apply(&edit).is_ok();
        if is_done {
            self.edits.push(edit);
        }
        is_done
    }

    fn servers_that(&self, is: impl Fn(&Server) -> bool) -> Vec<Server> {
        self.now
            .servers()
            .iter()
            .filter(|server| is(server))
            .cloned()
            .collect()
    }

    fn tell(&mut self, servers: &[Server], what: &str) {
        if !servers.is_empty() {
            let names: Vec<String> = servers.iter().map(|server| server.name().to_string()).collect();
            self.told.push(format!("{}: {what}", listed(&names)));
        }
    }

    /// What takes WAL and is not a server is left out.
    fn receivers(&mut self, topology: &Topology) {
        let receivers =
            self.servers_that(|server| topology.server(server.id()).is_some_and(Server::is_receiver));
        for server in &receivers {
            self.edit(Edit::Remove {
                server: server.id(),
                downstreams: Downstreams::Remove,
            });
        }
        self.tell(&receivers, "left out, since it is not a server");
    }

    fn hosts(&mut self) {
        let elsewhere = self.servers_that(|server| !server.host().is_loopback());
        for server in &elsewhere {
            self.edit(Edit::SetHost {
                server: server.id(),
                host: Host::default(),
            });
        }
        self.tell(&elsewhere, "on this machine (localhost) instead of its host");
    }

    /// One machine has each port once.
    fn ports(&mut self) {
        let mut used: BTreeSet<u16> = BTreeSet::new();
        let all = self.servers_that(|_| true);
        let every: BTreeSet<u16> = all.iter().map(|server| server.port().number()).collect();
        for server in all {
            let port = server.port().number();
            if used.insert(port) {
                continue;
            }
            let free = (port.max(FIRST_PORT)..=u16::MAX)
                .chain(FIRST_PORT..port)
                .find(|one| !used.contains(one) && !every.contains(one));
            let Some(port) = free.and_then(|one| Port::new(one).ok()) else {
                continue;
            };
            used.insert(port.number());
            if self.edit(Edit::SetPort {
                server: server.id(),
                port,
            }) {
                self.told.push(format!(
                    "{}: port {port}, since another server has {}",
                    server.name(),
                    server.port()
                ));
            }
        }
    }

    /// What belongs to a server's own host.
    fn servers(&mut self) {
        let fed = self.servers_that(Server::is_fed_by_archive);
        for server in &fed {
            let link = server.standby().map(|standby| LinkTerms {
                is_by_archive: false,
                ..standby.link().clone()
            });
            if let Some(link) = link {
                self.edit(Edit::SetLinkTerms {
                    server: server.id(),
                    link,
                });
            }
        }
        self.tell(
            &fed,
            "streams, so that the deployment can prove that it has everything",
        );
        let own = self.servers_that(|server| {
            let terms = server.terms();
            !terms.tablespaces.is_empty()
                || terms.hba_address.is_some()
                || terms.listen != ServerTerms::default().listen
        });
        for server in &own {
            self.edit(Edit::SetServerTerms {
                server: server.id(),
                terms: ServerTerms {
                    slots: server.terms().slots.clone(),
                    ..ServerTerms::default()
                },
            });
        }
        self.tell(&own, "without the addresses and tablespaces of its host");
    }

    fn cluster(&mut self) {
        let mut terms = self.now.terms().clone();
        if terms.tls.files.take().is_some() && self.edit(Edit::SetClusterTerms(terms)) {
            self.told
                .push("Certificates of its own instead of the design's".to_owned());
        }
        let is_elsewhere = |archive: &Archive| archive.directory().is_none_or(|folder| folder != ARCHIVE);
        if self.now.archive().is_some_and(is_elsewhere)
            && let Ok(archive) = Archive::new(ARCHIVE)
            && self.edit(Edit::SetArchive(Some(archive)))
        {
            self.told
                .push("WAL is archived in the cluster's folder instead".to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::document::format;
    use crate::model::plan::{Machine, preflight};

    const DESIGN: &str = r#"format = 1
name = "prod"
postgres = 15
[archive]
archive_command = "pgbackrest --stanza=main archive-push %p"
restore_command = "pgbackrest --stanza=main archive-get %f %p"
[[server]]
name = "db1"
port = 5432
host = "db1.example.org"
listen = "*"
[[server]]
name = "db2"
port = 5432
host = "db2.example.org"
follows = "db1"
hba_address = "10.0.0.0/24"
[[server]]
name = "db3"
port = 5432
host = "db3.example.org"
follows = "db2"
[[server]]
name = "barman"
port = 5432
host = "backup.example.org"
follows = "db1"
receiver = true
"#;

    #[test]
    fn a_design_of_other_hosts_can_be_deployed_here() {
        let design = format::read(DESIGN).unwrap();
        let (edits, told) = rehearsal(design.topology());
        let mut here = design.topology().clone();
        for edit in &edits {
            here.apply(edit).unwrap();
        }
        let refused: Vec<_> = preflight(&here, &Machine::portable("/c"))
            .into_iter()
            .filter(|check| !check.ok && !matches!(check.id, "no-programs"))
            .collect();
        assert_eq!(refused, []);
        let ports: Vec<u16> = here
            .servers()
            .iter()
            .map(|server| server.port().number())
            .collect();
        assert_eq!(ports, [5432, 5433, 5434]);
        assert_eq!(told.len(), 6, "{told:#?}");
        assert!(here.servers().iter().all(|server| server.host().is_loopback()));
        assert_eq!(
            rehearsal(&here),
            (Vec::new(), Vec::new()),
            "nothing is left to replace"
        );
    }
}
