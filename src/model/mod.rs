//! What pgcascade knows: plain data and functions, without files, clocks, sockets, async or windows.
//!
//! There is no IO anywhere below this module, so nothing here can fail for a reason of the machine.
//! Reading order: `topology` (the cluster), `document` (the design file), `bundle` (its configuration),
//! `plan` (the steps that build it), `health` (what running servers show), `simulate` (what they will show),
//! `diagram` (the drawing as a picture).

pub mod bundle;
pub mod diagram;
pub mod document;
pub mod health;
pub mod plan;
pub mod simulate;
pub mod topology;
