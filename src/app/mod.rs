//! What the window decides: its whole state, and the one function that changes it.
//!
//! No egui and no IO here, so that the behaviour of the window is tested at the speed of a unit test.
//! `session` is the state, `message` what can happen, `effect` what is to be done outside, `update` the only
//! function that changes a Session; `worker` performs effects in the background and answers with messages.

pub mod actions;
pub mod cards;
mod comparison;
pub mod drafts;
pub mod dropping;
pub mod edits;
mod effect;
mod folding;
mod in_time;
mod message;
mod outbox;
pub mod phases;
pub mod picks;
mod queries;
mod session;
mod start;
mod survives;
mod tree;
mod typed;
mod update;
mod what_if;
mod worker;

pub use comparison::{Against, Comparison};
pub use effect::{Effect, PathPurpose};
pub use folding::Folding;
pub use in_time::{InTime, Pace};
pub use message::{
    ClusterMessage, DesignMessage, FileMessage, Message, OnDisk, RunMessage, StartMessage, TimeMessage,
    ViewMessage, WhatIfMessage,
};
pub use outbox::Outbox;
pub use session::{ClusterView, Derived, Dialog, Notice, NoticeKind, Pick, RunView, Session, Tab};
pub use start::Start;
pub use survives::{MOST_FOR_DOUBLE, Survives};
pub use tree::{Tree, TreeRow};
pub use typed::Typed;
pub use update::update;
pub use what_if::{Look, Moment, WhatIf};
pub use worker::{Worker, first_session};
