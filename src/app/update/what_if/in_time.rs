//! What-if in time: play, pause, step, scrub, fork, and another seed, workload or network.

use super::super::super::{InTime, TimeMessage};
use crate::report::Report;

/// Lets it happen; what could not be done is said.
pub(super) fn update(time: &mut InTime, message: TimeMessage) -> Option<Report> {
    match message {
        TimeMessage::Play(plays) => time.play(plays),
        TimeMessage::Frame(passed) => time.frame(passed),
        TimeMessage::Pace(pace) => time.pace = pace,
        TimeMessage::Tick { on } => time.tick(on),
        TimeMessage::NextCommit => {
            if !time.next_commit() {
                return Some(
                    Report::new("No commit finished; playback stopped here")
                        .hint("Either every client waits in vain for an answer, or there are no clients"),
                );
            }
        }
        TimeMessage::GoTo(moment) => time.go_to(moment),
        TimeMessage::Fork => time.fork(),
        TimeMessage::Tell(story) => time.tell(story),
        TimeMessage::Seed(seed) => time.change(|scenario| scenario.seed = seed),
        TimeMessage::Workload(workload) => time.change(|scenario| scenario.workload = workload),
        TimeMessage::Network(speed) => time.change(|scenario| scenario.speed = speed),
        TimeMessage::Link(standby, Some(speed)) => time.change(|scenario| {
            scenario.speeds.insert(standby, speed);
        }),
        TimeMessage::Link(standby, None) => time.change(|scenario| {
            scenario.speeds.remove(&standby);
        }),
    }
    None
}
