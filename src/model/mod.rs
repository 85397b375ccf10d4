//! What pgcascade knows: plain data and functions, without files, clocks, sockets, async or windows.
//!
//! There is no IO anywhere below this module, so nothing here can fail for a reason of the machine.
//! The folders below are floors: each uses only those before it in
//! `topology` (the cluster) ← `document` (the design file), `configuration` (what its servers' files say), `health` (what
//! running servers show) ← `simulate` (what they will show) ← `plan` (the steps that build and change it) ← `bundle` (all
//! files as a tarball), `diagram` (the drawing as a picture). `tests/suite/architecture.rs` holds them to it.

pub mod bundle;
pub mod configuration;
pub mod diagram;
pub mod document;
pub mod health;
pub mod plan;
pub mod quoting;
pub mod simulate;
pub mod topology;
pub mod visible;
