//! How a server fares in What-if, in a word: the same on its card and in the outline.

use crate::model::simulate::world::{Flow, Life, State};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    Well,
    /// It works, and something does not arrive.
    Waits,
    /// It runs, and somebody has to do something.
    Stuck,
    Down,
}

pub fn outlook_of(state: &State) -> (Outlook, &'static str) {
    match (state.life, state.flow) {
        (Life::Stopped, _) => (Outlook::Down, "stopped"),
        (Life::Crashed, _) => (Outlook::Down, "crashed"),
        (Life::Refused, _) => (Outlook::Down, "does not start"),
        (Life::Up, Flow::Streams | Flow::Starves) if state.is_paused => (Outlook::Waits, "paused"),
        (Life::Up, flow) => match flow {
            Flow::Leads => (Outlook::Well, "running"),
            Flow::Streams => (Outlook::Well, "streaming"),
            Flow::Starves => (Outlook::Waits, "no new data"),
            Flow::Silent => (Outlook::Waits, "silent"),
            Flow::ByArchive => (Outlook::Well, "from the archive"),
            Flow::Cut => (Outlook::Stuck, "cut off"),
            Flow::UpstreamDown => (Outlook::Stuck, "orphaned"),
            Flow::AwaitsResume => (Outlook::Stuck, "disconnected"),
            Flow::NotLetIn => (Outlook::Stuck, "rejected by upstream"),
            Flow::SlotMissing => (Outlook::Stuck, "slot missing"),
            Flow::SlotLost => (Outlook::Stuck, "slot lost"),
            Flow::WalGone => (Outlook::Stuck, "WAL gone"),
            Flow::StaysOnTimeline | Flow::PausedOnTimeline | Flow::UpstreamBehind | Flow::CannotFollow => {
                (Outlook::Stuck, "other timeline")
            }
            Flow::Forked => (Outlook::Stuck, "forked off"),
            Flow::Down => (Outlook::Down, "down"),
        },
    }
}
