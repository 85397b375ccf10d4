//! Gathers the facts about this machine that a plan and its preflight need. Changes nothing.

mod disk;
mod folder;
mod libraries;
mod locales;
mod own_hosts;
mod ports;
mod room;
mod tools;
mod trial;

use std::path::Path;

use nix::unistd::geteuid;

use super::Request;
use crate::engine::desk::trust;
use crate::engine::servers_user;
use crate::engine::system::files::{self, Owner};
use crate::model::plan::{Machine, RunAs, names_locales};
use crate::model::topology::Topology;

pub(super) async fn machine(topology: &Topology, request: &Request) -> Machine {
    let is_root = geteuid().is_root();
    let run_as = if is_root {
        run_as(request.run_as.as_deref())
    } else {
        None
    };
    let owner = run_as.as_ref().map(|user| Owner {
        uid: user.uid,
        gid: user.gid,
    });
    let folder = files::real(&request.folder);
    let tools = tools::find(topology.postgres(), request.bin.as_deref(), owner).await;
    let program = tools.first().map(|tools| Path::new(&tools.bin).join("postgres"));
    let is_of_design = tools
        .first()
        .is_some_and(|tools| tools.major == topology.postgres());
    let tried = match program.as_deref().filter(|_| is_of_design) {
        Some(program) => trial::settings(topology, program, owner).await,
        None => trial::Tried::default(),
    };
    let own_hosts = own_hosts::of(topology).await;
    let mut looked_at = vec![folder.as_path()];
    looked_at.extend(program.as_deref());
    Machine {
        folder: folder.to_string_lossy().into_owned(),
        folder_state: folder::state(&folder, owner),
        clock_behind_secs: disk::clock_behind_secs(&looked_at),
        tools,
        is_root,
        run_as,
        ports_in_use: ports::in_use(topology, &own_hosts),
        own_hosts,
        free_disk_bytes: files::free_bytes(&folder),
        file_system: disk::file_system(&folder),
        room: room::room(owner),
        trusted: trust::trusted(),
        missing_libraries: libraries::missing(topology, program.as_deref()),
        refused_settings: tried.refused,
        untried_settings: tried.unknown,
        locales: if names_locales(topology) {
            locales::installed().await
        } else {
            None
        },
    }
}

/// The named user, or the first ordinary one that exists; never root.
fn run_as(named: Option<&str>) -> Option<RunAs> {
    servers_user::choose(named).map(|user| RunAs {
        user: user.name,
        uid: user.uid.as_raw(),
        gid: user.gid.as_raw(),
    })
}
