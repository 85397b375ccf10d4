//! What pgcascade does: the only place where plain data meets files, processes and servers.
//!
//! `run` performs plans. `ansible` runs playbooks on other hosts. `deploy` is what makes and changes clusters. `cluster` works on
//! a deployed one: its record on disk, start, stop, verify, teardown, the list of all of them. `proof` has a lesson shown by real
//! servers. `monitor` reads what servers show. `desk` is what a person keeps between sessions. `servers_user` is whom all of it is
//! done as, if root calls. `lab` breaks servers on purpose, and `proxy` carries the links
//! of such a laboratory. Below them: `postgres` is
//! one server (start, sessions, proof, ownership), `system` the operating system.

pub mod ansible;
pub mod cluster;
pub mod deploy;
pub mod desk;
pub mod import;
pub mod lab;
pub mod load;
pub mod monitor;
#[cfg(test)]
mod mutated_tests;
mod postgres;
pub mod proof;
pub mod proxy;
pub mod run;
pub mod servers_user;
mod system;
