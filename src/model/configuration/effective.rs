//! What each server reads of its files, without comments and order: what two designs are compared by.

use std::collections::BTreeMap;

use super::layout::Layout;
use super::sizes::Sizes;
use super::{conf, hba, recovery};
use crate::model::topology::{ServerId, Topology};

/// One server's files, as the server understands them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// Names in small letters, values unquoted; also those of a recovery.conf.
    pub settings: BTreeMap<String, String>,
    /// The lines of pg_hba.conf.
    pub access: Vec<String>,
    /// All files in one, with their comments: whether they have to be written at all.
    pub text: String,
}

/// The files of every server, as a deployment and a bundle write them.
pub fn effective(topology: &Topology) -> BTreeMap<ServerId, Effective> {
    effective_in(topology, &Layout::cluster_folder())
}

/// The files of every server where its things lie as this layout has them.
pub fn effective_in(topology: &Topology, layout: &Layout) -> BTreeMap<ServerId, Effective> {
    let sizes = Sizes::of(topology, layout.clone());
    let of_server = |server| {
        let mut settings = conf::settings(&sizes, server);
        if !topology.postgres().has_standby_signal() {
            settings.extend(recovery::settings(&sizes, server));
        }
        let access = hba::pg_hba_conf(topology, server).contents;
        let mut text = conf::postgresql_conf(&sizes, server).contents + &access;
        if let Some((_, recovery)) = recovery::file(&sizes, server) {
            text += &recovery.contents;
        }
        Effective {
            settings: settings
                .into_iter()
                .map(|setting| (setting.name.to_ascii_lowercase(), setting.value))
                .collect(),
            access: access
                .lines()
                .filter(|line| !line.is_empty() && !line.starts_with('#'))
                .map(str::to_owned)
                .collect(),
            text,
        }
    };
    topology
        .servers()
        .iter()
        .map(|server| (server.id(), of_server(server)))
        .collect()
}
