//! Where a server lies on a host of its own: a folder that is all ours, or where the packages of a distribution have clusters.

use crate::model::configuration::Layout;
use crate::model::topology::{Server, Topology};

use super::super::parts::cluster_word;

/// How a host's files lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum HostLayout {
    /// Data directory, sockets, log and password files in one folder of pgcascade's, started by pg_ctl.
    #[default]
    Folder,
    /// A cluster of Debian's and Ubuntu's: /etc/postgresql, pg_ctlcluster, conf.d.
    Debian,
    /// Where the packages of postgresql.org put it on RHEL and its kin.
    Rhel,
}

impl HostLayout {
    pub const ALL: [Self; 3] = [Self::Folder, Self::Debian, Self::Rhel];

    /// As the command line spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::Debian => "debian",
            Self::Rhel => "rhel",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.word() == word)
    }

    /// The home of the servers' user, where the export keeps its own files.
    fn home(self) -> &'static str {
        match self {
            Self::Folder | Self::Debian => "/var/lib/postgresql",
            Self::Rhel => "/var/lib/pgsql",
        }
    }

    /// What all servers of the cluster have on a host: the folders that were sent, and the secrets.
    pub fn base(self, topology: &Topology) -> String {
        format!("{}/pgcascade/{}", self.home(), cluster_word(topology))
    }

    /// A server's own password files and certificates; in a folder of ours everything else too.
    pub fn root(self, topology: &Topology, folder: &str) -> String {
        format!("{}/{folder}", self.base(topology))
    }

    /// The name of the cluster as the distribution has it: the usual one where the server has its host to itself.
    pub fn cluster(self, topology: &Topology, server: &Server) -> String {
        let is_alone = topology
            .servers()
            .iter()
            .filter(|other| !other.is_receiver() && other.host() == server.host())
            .count()
            == 1;
        match self {
            Self::Folder => String::new(),
            Self::Debian if is_alone => "main".to_owned(),
            Self::Rhel if is_alone => "data".to_owned(),
            Self::Debian | Self::Rhel => topology.folder(server.id()),
        }
    }

    /// The same as the configuration asks for it.
    pub fn configured(self, topology: &Topology, server: &Server) -> Layout {
        let major = topology.postgres();
        let cluster = self.cluster(topology, server);
        let root = self.root(topology, "{server}");
        match self {
            Self::Folder => Layout::host_folder(),
            Self::Debian => Layout::packaged(format!("/var/lib/postgresql/{major}/{cluster}"), &root),
            Self::Rhel => Layout::packaged(format!("/var/lib/pgsql/{major}/{cluster}"), &root),
        }
    }
}
