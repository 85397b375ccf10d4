//! What the window decides: its whole state, and the one function that changes it.
//!
//! No egui and no IO here, so that the behaviour of the window is tested at the speed of a unit test.
//! `session` is the state, `message` what can happen, `effect` what is to be done outside, `update` the only
//! function that changes a Session; `worker` performs effects in the background and answers with messages.

pub mod actions;
pub mod breaking;
pub mod cards;
mod comparison;
pub mod drafts;
pub mod dropping;
pub mod edits;
mod effect;
mod exporting;
mod folding;
pub mod glance;
mod importing;
mod in_time;
pub mod job;
mod lesson;
pub mod load;
mod locked;
mod message;
mod mode;
mod outbox;
pub mod phases;
pub mod picks;
mod queries;
pub mod remedy;
pub mod running;
mod session;
mod start;
mod survives;
mod text_draft;
pub mod trail;
mod tree;
mod update;
mod what_if;
mod worker;

pub use comparison::{Against, Comparison};
pub use effect::{Effect, PathPurpose};
pub use exporting::{ExportMessage, Exporting, Shown};
pub use folding::Folding;
pub use importing::{ImportMessage, ImportSource, ImportStage, Imported, Importing, ReportStyle};
pub use in_time::{InTime, Pace, TimeMessage};
pub use lesson::{Learning, LessonFile, Looked, OpenLesson, OwnFile, Proof, Quiz, Told};
pub use locked::Locked;
pub use message::{
    ClusterMessage, DesignMessage, FileMessage, LessonMessage, Message, OnDisk, RunMessage, StartMessage,
    ViewMessage, WhatIfMessage,
};
pub use mode::Mode;
pub use outbox::Outbox;
pub use session::{
    ClusterView, Derived, Desk, Dialog, HostsPlan, Live, Looks, Notice, NoticeKind, Pending, Pick, RunView,
    Session, Tab, ToHosts,
};
pub use start::Start;
pub use survives::{MOST_FOR_DOUBLE, Survives};
pub use text_draft::TextDraft;
pub use tree::{Tree, TreeRow};
pub use update::update;
pub use what_if::{Look, Moment, WhatIf};
pub use worker::{Worker, first_session};
