//! Where a server lies on a host of its own: a folder that is all ours, or where the packages of a distribution have clusters.

use std::collections::BTreeMap;

use crate::model::configuration::{Configuration, Layout};
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

    /// The name of a cluster that has its host to itself, as the distribution has it.
    pub fn usual(self) -> &'static str {
        match self {
            Self::Folder => "",
            Self::Debian => "main",
            Self::Rhel => "data",
        }
    }

    /// Where the files of a server lie whose cluster is called this; `{server}` is the server's own folder name.
    fn places(self, topology: &Topology, cluster: &str) -> Layout {
        let major = topology.postgres();
        let root = self.root(topology, "{server}");
        match self {
            Self::Folder => Layout::host_folder(),
            Self::Debian => Layout::packaged(format!("/var/lib/postgresql/{major}/{cluster}"), &root),
            Self::Rhel => Layout::packaged(format!("/var/lib/pgsql/{major}/{cluster}"), &root),
        }
    }
}

/// The hosts of a design in a layout. Making it looks at all servers once; asking it is cheap.
#[derive(Debug)]
pub struct Hosts<'a> {
    pub topology: &'a Topology,
    pub layout: HostLayout,
    /// How many servers run on each host.
    servers_on: BTreeMap<&'a str, usize>,
    /// Of the servers that have their host to themselves, and of those that share one.
    alone: Configuration<'a>,
    shared: Configuration<'a>,
}

impl<'a> Hosts<'a> {
    pub fn of(topology: &'a Topology, layout: HostLayout) -> Self {
        let mut servers_on = BTreeMap::new();
        for server in topology.servers().iter().filter(|server| !server.is_receiver()) {
            *servers_on.entry(server.host().as_str()).or_default() += 1;
        }
        let configured = |cluster| Configuration::of(topology, layout.places(topology, cluster));
        Self {
            topology,
            layout,
            servers_on,
            alone: configured(layout.usual()),
            shared: configured("{server}"),
        }
    }

    fn is_alone(&self, server: &Server) -> bool {
        self.servers_on.get(server.host().as_str()) == Some(&1)
    }

    /// The name of the server's cluster as the distribution has it: the usual one where it has its host to itself.
    pub fn cluster(&self, server: &Server) -> String {
        if self.layout == HostLayout::Folder || self.is_alone(server) {
            self.layout.usual().to_owned()
        } else {
            self.topology.folder(server.id())
        }
    }

    pub fn configuration(&self, server: &Server) -> &Configuration<'a> {
        if self.is_alone(server) {
            &self.alone
        } else {
            &self.shared
        }
    }
}
