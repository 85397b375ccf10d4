//! What one frame of the drawing costs the processor, beside a plain egui_graphs view of the same tree, for 10 to 10,000 servers.
//!
//! A frame is egui's pass and its tessellation: everything that pgcascade and egui decide about, without the graphics
//! card. Ours and the plain view take turns frame by frame, and what counts is the time that this thread had on a
//! processor, so that whatever else the machine does meets both alike. `make bench` runs it (a release build).

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "it prints figures, or fails"
)]

mod figures;
mod plain;
mod scene;

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use pgcascade::app::{DesignMessage, Message, Session, update};
use pgcascade::model::document::Command;
use pgcascade::model::topology::Edit;

use figures::{Figures, Limit};
use plain::Plain;
use scene::{Canvas, Scene, View, Window, design};

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
/// Frames of each, for one figure.
const FRAMES: usize = 60;

/// What is shown while frames are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Whole,
    Near,
    DragWhole,
    DragNear,
}

impl Case {
    const ALL: [Self; 4] = [Self::Whole, Self::Near, Self::DragWhole, Self::DragNear];

    fn words(self) -> &'static str {
        match self {
            Self::Whole => "whole tree",
            Self::Near => "zoomed in",
            Self::DragWhole => "whole tree, a subtree is dragged",
            Self::DragNear => "zoomed in, a subtree is dragged",
        }
    }

    fn is_near(self) -> bool {
        matches!(self, Self::Near | Self::DragNear)
    }

    fn is_drag(self) -> bool {
        matches!(self, Self::DragWhole | Self::DragNear)
    }

    /// The most that one frame may take, in milliseconds, and how many times more a plain view must take.
    fn limit(self, size: usize) -> Limit {
        match (self.is_near(), size) {
            (false, 1_000) => Limit {
                millis: Some(4.0),
                ratio: Some(2.0),
            },
            (false, 10_000) => Limit {
                millis: Some(16.0),
                ratio: Some(2.0),
            },
            (true, 10_000) => Limit {
                millis: Some(1.0),
                ratio: Some(2.0),
            },
            _ => Limit::default(),
        }
    }
}

fn main() {
    // Benchmarks are compiled and started by `cargo test --benches`, too; the figures are for `cargo bench` alone.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let only: Option<usize> = std::env::var("PGCASCADE_BENCH_SIZE")
        .ok()
        .and_then(|text| text.parse().ok());
    let mut figures = Figures::default();
    for size in SIZES
        .into_iter()
        .filter(|size| only.is_none_or(|only| only == *size))
    {
        let document = design(size);
        for case in Case::ALL {
            let mut canvas = Canvas::on(&document);
            let mut window = Window::on(&document);
            let mut plain = Plain::on(&document);
            for scene in [&mut canvas as &mut dyn Scene, &mut window, &mut plain] {
                scene.look(if case.is_near() { View::Near } else { View::Whole });
                if !scene.settles() {
                    figures.complain(format!("{}, {size} servers: never at rest", case.words()));
                }
                if case.is_drag() {
                    scene.grab();
                }
            }
            let mut took = [const { Vec::new() }; 3];
            for round in 0..FRAMES {
                took[0].push(canvas.frame(round));
                took[1].push(plain.frame(round));
                took[2].push(window.frame(round));
            }
            let [ours, plain, window] = took.map(median);
            figures.add(size, case.words(), [ours, plain, window], case.limit(size));
        }
        figures.add_edit(size, edit_millis(&document));
    }
    if !figures.print() {
        std::process::exit(1);
    }
}

/// One edit in the window: a server gets another port, and everything derived is computed again.
fn edit_millis(document: &pgcascade::model::document::Document) -> f64 {
    let mut session = Session::new(document.clone(), None);
    let server = document.topology().servers().last().unwrap().id();
    let mut rounds = Vec::new();
    for round in 0..5_u16 {
        let port = pgcascade::model::topology::Port::new(60_000 + round).unwrap();
        let command = Command::Edit(Edit::SetPort { server, port });
        let begun = processor_millis();
        update(&mut session, Message::Design(DesignMessage::Do(command)));
        rounds.push(processor_millis() - begun);
    }
    median(rounds)
}

/// What this thread has had of a processor so far, in milliseconds.
fn processor_millis() -> f64 {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap();
    Duration::from(time).as_secs_f64() * 1_000.0
}

fn median(mut millis: Vec<f64>) -> f64 {
    millis.sort_by(f64::total_cmp);
    millis[millis.len() / 2]
}
