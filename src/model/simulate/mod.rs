//! What PostgreSQL will do with a design, without a server: who streams, who is synchronous, what becomes of a commit.
//!
//! Everything begins with the text that the bundle writes, read as the server reads it, so that a slip of the
//! generator shows in the prediction too. Start with [`predict`]; the grammar of synchronous_standby_names, which
//! changed with the versions, is in `standby_names.rs`. What all of it promises, in words, is in `promise`. `health` asks the same questions about running servers.

mod configured;
mod predict;
pub mod promise;
mod standby_names;
pub mod survives;
pub mod time;
pub mod verdict;
mod why;
pub mod world;

pub use configured::Configured;
pub use predict::{name_in_view, predict, rows};
pub use standby_names::{NamesError, StandbyNames};
pub use why::{Reason, why};
