//! Whether PostgreSQL itself takes the settings of a design: the real program reads them before step 1.
//!
//! What pgcascade decides by itself is loaded by real servers in its tests, so that a design without settings of its own
//! costs no time here.

use std::path::Path;

use tokio::task::JoinSet;

use crate::engine::postgres::trial::{self, Verdict};
use crate::engine::system::files::Owner;
use crate::model::configuration::Configuration;
use crate::model::plan::RefusedSettings;
use crate::model::topology::{Server, Topology};

/// The servers whose settings the program does not take; none where it cannot be asked.
pub(super) async fn refused(
    topology: &Topology,
    program: &Path,
    owner: Option<Owner>,
) -> Vec<RefusedSettings> {
    let has_own = |server: &&Server| {
        let mut settings = topology.settings().iter().chain(server.settings().iter());
        !server.is_receiver() && settings.next().is_some()
    };
    let configuration = Configuration::in_cluster_folder(topology);
    let mut asking = JoinSet::new();
    for (at, server) in topology.servers().iter().filter(has_own).enumerate() {
        let files = configuration.files(server);
        let Some((_, file)) = files.into_iter().find(|(name, _)| *name == "postgresql.conf") else {
            continue;
        };
        let (name, program) = (server.name().to_string(), program.to_owned());
        asking.spawn(async move {
            match trial::of_text(&file.contents, &program, owner).await {
                Verdict::Refused(why) => Some((at, RefusedSettings { server: name, why })),
                Verdict::Taken | Verdict::Unknown => None,
            }
        });
    }
    let mut found: Vec<(usize, RefusedSettings)> = asking.join_all().await.into_iter().flatten().collect();
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, refused)| refused).collect()
}
