//! Ansible as the engine beyond one machine: a project beside the design, and ansible-playbook as a child whose events become
//! those of a run.
//!
//! [`Project`] is the folder: the exported project, the secrets beside it, the design that the last complete run made.
//! [`Prospect`] says what a run would do, [`play`] runs it.

mod child;
mod project;
mod prospect;

pub use child::{Play, play};
pub use project::Project;
pub use prospect::{Access, Prospect};
