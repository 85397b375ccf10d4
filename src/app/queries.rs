//! What panels and the canvas ask of a Session: questions over its public state, nothing is remembered here.

use crate::model::bundle;
use crate::model::health::{Reading, ReplicationRow};
use crate::model::topology::{Finding, Server, ServerId, Severity, Subject};

use super::Session;

impl Session {
    /// The selected servers, in the order of the tree.
    pub fn selection(&self) -> Vec<ServerId> {
        if self.looks.also_selected.is_empty() {
            return self.looks.selected.into_iter().collect();
        }
        if self.derived.revision == self.desk.revision {
            let mut selection: Vec<ServerId> = self.looks.selected.into_iter().collect();
            selection.extend(&self.looks.also_selected);
            selection.sort_by_key(|id| self.derived.tree.place(*id));
            return selection;
        }
        // In the middle of a change.
        let mut order = self.desk.document.topology().in_tree_order();
        order.retain(|id| self.is_selected(*id));
        order
    }

    /// What the actions on links are about: the selected servers, or the one at the lower end of the selected link.
    pub fn selection_or_link(&self) -> Vec<ServerId> {
        self.looks
            .link
            .map_or_else(|| self.selection(), |below| vec![below])
    }

    pub fn is_selected(&self, server: ServerId) -> bool {
        self.looks.selected == Some(server) || self.looks.also_selected.contains(&server)
    }

    /// The selected servers if this is one of them, else this one: what its menu is about.
    pub fn selection_around(&self, server: ServerId) -> Vec<ServerId> {
        if self.is_selected(server) {
            self.selection()
        } else {
            vec![server]
        }
    }

    pub fn selected_server(&self) -> Option<&Server> {
        self.desk.document.topology().server(self.looks.selected?)
    }

    /// What the rules found at this server, worst first, each with its place for `DesignMessage::Fix`.
    pub fn findings_of(&self, server: ServerId) -> impl Iterator<Item = (usize, &Finding)> {
        let findings = self.derived.findings.iter().enumerate();
        findings.filter(move |(_, finding)| finding.subject == Subject::Server(server))
    }

    /// How many findings are as bad as this.
    pub fn count(&self, severity: Severity) -> usize {
        let findings = self.derived.findings.iter();
        findings.filter(|finding| finding.severity == severity).count()
    }

    /// What the deployed server of this name last showed.
    pub fn reading(&self, server: ServerId) -> Option<&Reading> {
        let drawn = self.desk.document.topology().server(server)?;
        let cluster = self.live.cluster.as_ref()?;
        let name = cluster.running_name(drawn)?;
        let mut servers = cluster.board()?.servers.iter();
        servers.find(|reading| reading.name == name)
    }

    /// The row that the server's drawn upstream shows of it: the state of the drawn link. None if no such link
    /// runs, also where the server streams from another upstream than the drawn one.
    pub fn replication_row(&self, server: ServerId) -> Option<&ReplicationRow> {
        let cluster = self.live.cluster.as_ref()?;
        let drawn = self.desk.document.topology().server(server)?;
        let deployed = cluster.deployed.topology();
        let runs = deployed.by_name(cluster.running_name(drawn)?)?;
        let shown = runs.name().in_view(deployed.postgres());
        let above = self.reading(drawn.upstream()?)?;
        above.replication.iter().find(|row| row.application_name == shown)
    }

    /// The design's name as a file name without ending, as its bundle is called.
    pub fn file_stem(&self) -> String {
        bundle::name_of(self.desk.document.topology())
    }
}
