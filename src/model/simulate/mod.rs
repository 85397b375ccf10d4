//! What PostgreSQL will do with a design, without a server: who streams, who is synchronous, what becomes of a commit.
//!
//! Everything begins with the settings that the servers' files will have. Start with [`predict`]; the grammar of synchronous_standby_names, which
//! changed with the versions, is in `standby_names.rs`. What all of it promises, in words, is in `promise`. `observed` makes the same board of what running servers show,
//! and `beside` sets the two side by side.

mod beside;
mod commits;
mod configured;
mod observed;
mod predict;
pub mod promise;
mod standby_names;
pub mod survives;
pub mod time;
pub mod verdict;
mod why;
pub mod world;

pub use beside::{Beside, beside};
pub use commits::commits;
pub use configured::Configured;
pub use predict::{predict, rows};
pub use standby_names::{NamesError, StandbyNames};
pub use why::{Reason, why};
