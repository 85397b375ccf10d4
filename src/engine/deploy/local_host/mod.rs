//! The hosts that perform plans on this machine: `build` makes a cluster, `change` changes one that runs.
//!
//! Both stand at a `workbench`: the record and what was made, the files (`make`), and the servers. `claim` begins and ends a
//! deployment with the folder, `tool` runs initdb and single-user starts, `template` keeps what initdb made, `copy` copies
//! data directories, `early_copy` before they are finished, `backup` those of running servers; `settle` is what the record
//! says in the course of a change, `configure` how a server gets new files.

mod backup;
mod build;
mod change;
mod claim;
mod configure;
mod copy;
mod early_copy;
mod make;
mod settle;
mod takeover;
mod template;
mod tool;
mod workbench;

pub(super) use build::BuildHost;
pub(super) use change::ChangeHost;
