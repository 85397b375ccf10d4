//! What a drop of servers would do, and does.

mod verdicts;

pub use verdicts::{Mood, Verdict, Verdicts, Zone};
