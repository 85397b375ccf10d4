//! What pgcascade knows: plain data and functions, without files, clocks, sockets, async or windows.
//!
//! There is no IO anywhere below this module, so nothing here can fail for a reason of the machine.
//! The folders below are floors: each uses only those before it in
//! `topology` (the cluster) ← `document` (the design file), `configuration` (what its servers' files say), `health` (what
//! running servers show), `desk` (what lies beside the design) ← `operation` (what is done to one of them) ← `simulate` (what they will show) ←
//! `fault` (what can be done to them on purpose), `drift` (where they differ from the drawing), `import` (a cluster that somebody runs, as a design) ← `plan` (the steps
//! that build and change it) ← `bundle` (all files as a tarball), `diagram` (the drawing as a picture), `lessons` (designs with
//! something to find out) ← `audit` (what is wrong with a cluster that somebody runs). Below all of them:
//! `words` and `quoting`. `tests/suite/architecture.rs` holds them to it.

pub mod audit;
pub mod bundle;
pub mod configuration;
pub mod desk;
pub mod diagram;
pub mod document;
pub mod drift;
pub mod export;
pub mod fault;
pub mod health;
pub mod import;
pub mod lessons;
pub mod operation;
pub mod plan;
pub mod quoting;
pub mod simulate;
pub mod topology;
pub mod visible;
pub mod words;
