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

/// What the program says of the settings of every server, in the order of the design; nothing of those it takes.
#[derive(Default)]
pub(super) struct Tried {
    pub(super) refused: Vec<RefusedSettings>,
    /// It did not answer for these, or did not say what it has against them.
    pub(super) unknown: Vec<String>,
}

/// Lets the program read the settings of every server that has some of the design's own.
pub(super) async fn settings(topology: &Topology, program: &Path, owner: Option<Owner>) -> Tried {
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
        asking.spawn(async move { (at, name, trial::of_text(&file.contents, &program, owner).await) });
    }
    let mut answers = asking.join_all().await;
    answers.sort_by_key(|(at, _, _)| *at);
    let mut tried = Tried::default();
    for (_, server, verdict) in answers {
        match verdict {
            Verdict::Taken => {}
            Verdict::Refused(why) => tried.refused.push(RefusedSettings { server, why }),
            Verdict::Unknown => tried.unknown.push(server),
        }
    }
    tried
}
