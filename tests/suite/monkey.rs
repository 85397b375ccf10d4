//! A monkey at the window: random pointers and keys, over window sizes and scales. Nothing panics or hangs, and undoing
//! everything leads back to the first bytes.
//!
//! `PGCASCADE_MONKEY=20000` lets it do so many things, and `PGCASCADE_MONKEY_SEED` other ones; the test's own run is short. It
//! pastes more and more servers, over 500 in a long run: that takes a release build (`cargo test --release`), as users have.

use std::time::{Duration, Instant};

use egui::{Event, Key, Modifiers, MouseWheelUnit, PointerButton, Pos2, Vec2, pos2, vec2};
use pgcascade::app::actions::{ActionId, action};
use pgcascade::app::{DesignMessage, Message, StartMessage, Tab, ViewMessage, WhatIfMessage, update};

use crate::window::Window;

const USUAL_EVENTS: u64 = 1_200;
/// In a long run no frame may take longer. A short one shares the machine with other tests.
const LONGEST_FRAME: Duration = Duration::from_secs(1);

const SIZES: [Vec2; 4] = [
    vec2(800.0, 500.0),
    vec2(1024.0, 700.0),
    vec2(1280.0, 800.0),
    vec2(1920.0, 1080.0),
];
const SCALES: [f32; 4] = [1.0, 1.25, 1.5, 2.0];

const KEYS: [Key; 44] = [
    Key::ArrowUp,
    Key::ArrowDown,
    Key::ArrowLeft,
    Key::ArrowRight,
    Key::Tab,
    Key::Enter,
    Key::Escape,
    Key::Space,
    Key::Insert,
    Key::Delete,
    Key::Backspace,
    Key::Home,
    Key::End,
    Key::F2,
    Key::F5,
    Key::F6,
    Key::F7,
    Key::F8,
    Key::Plus,
    Key::Minus,
    Key::Num0,
    Key::Num1,
    Key::Num2,
    Key::Num4,
    Key::A,
    Key::B,
    Key::C,
    Key::D,
    Key::E,
    Key::F,
    Key::G,
    Key::I,
    Key::J,
    Key::K,
    Key::L,
    Key::M,
    Key::P,
    Key::R,
    Key::S,
    Key::T,
    Key::U,
    Key::V,
    Key::X,
    Key::Z,
];

const TEXTS: [&str; 8] = ["a", "7", "é", "slave2", " = ", "\"", "[[server]]", "日本"];

/// SplitMix64: the same numbers for the same seed, everywhere.
struct Monkey(u64);

impl Monkey {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }

    fn modifiers(&mut self) -> Modifiers {
        const COMMAND: Modifiers = Modifiers::COMMAND.plus(Modifiers::CTRL);
        match self.below(10) {
            0 | 1 => COMMAND,
            2 => COMMAND.plus(Modifiers::SHIFT),
            3 => Modifiers::SHIFT,
            4 => Modifiers::ALT,
            _ => Modifiers::NONE,
        }
    }

    fn place(&mut self, size: Vec2) -> Pos2 {
        pos2(
            self.below(size.x as usize) as f32,
            self.below(size.y as usize) as f32,
        )
    }

    /// One thing that a hand does; what it holds afterwards.
    fn act(&mut self, window: &mut Window, size: Vec2, held: &mut Option<PointerButton>, at: &mut Pos2) {
        let button = |pos, button, pressed, modifiers| Event::PointerButton {
            pos,
            button,
            pressed,
            modifiers,
        };
        let harness = &window.harness;
        let modifiers = self.modifiers();
        match self.below(20) {
            0..=5 => {
                *at = self.place(size);
                harness.event(Event::PointerMoved(*at));
            }
            // Twice as often as a press elsewhere: a click where the pointer is.
            6..=9 => {
                for pressed in [true, false] {
                    harness
                        .event_modifiers(button(*at, PointerButton::Primary, pressed, modifiers), modifiers);
                }
                *held = None;
            }
            10 | 11 => {
                if let Some(was) = held.take() {
                    harness.event(button(*at, was, false, Modifiers::NONE));
                } else {
                    let which = self.pick(&[
                        PointerButton::Primary,
                        PointerButton::Primary,
                        PointerButton::Secondary,
                        PointerButton::Middle,
                    ]);
                    harness.event(button(*at, which, true, Modifiers::NONE));
                    *held = Some(which);
                }
            }
            12 => {
                let unit = self.pick(&[MouseWheelUnit::Line, MouseWheelUnit::Point]);
                let delta = vec2(self.below(5) as f32 - 2.0, self.below(9) as f32 - 4.0);
                harness.event(Event::MouseWheel {
                    unit,
                    delta,
                    modifiers: Modifiers::NONE,
                    phase: egui::TouchPhase::Move,
                });
            }
            13 | 14 => harness.event(Event::Text(self.pick(&TEXTS).to_owned())),
            15 => harness.event(Event::Paste("copied 40001\n  below 40002\n".to_owned())),
            _ => {
                let key = self.pick(&KEYS);
                harness.key_press_modifiers(modifiers, key);
            }
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// What can be undone, and what the design reads like once all of it is.
fn undone(window: &mut Window) -> String {
    let session = &mut window.harness.state_mut().session;
    drop(update(session, Message::View(ViewMessage::Dialog(None))));
    drop(update(session, Message::WhatIf(WhatIfMessage::Leave)));
    drop(update(session, Message::Start(StartMessage::Leave)));
    drop(update(session, Message::View(ViewMessage::Show(Tab::Inspector))));
    let mut steps = 0;
    while action(ActionId::Undo).unwrap().now(session).is_ok() {
        drop(update(session, Message::Design(DesignMessage::Undo)));
        steps += 1;
        assert!(steps < 100_000, "Undo never comes to an end");
    }
    session.text().to_owned()
}

#[test]
#[allow(
    clippy::print_stdout,
    reason = "the slowest frame is half of what one runs this for"
)]
fn whatever_is_pressed_nothing_breaks_and_undo_leads_back() {
    let asked = number("PGCASCADE_MONKEY");
    let events = asked.unwrap_or(USUAL_EVENTS);
    let mut monkey = Monkey(number("PGCASCADE_MONKEY_SEED").unwrap_or(20_120_910));
    let mut window = Window::seed();
    let (mut held, mut at) = (None, Pos2::ZERO);
    let mut size = SIZES[2];
    // The design that undo leads back to: another one when it is replaced, by New for example.
    let mut first = window.session().text().to_owned();
    let (mut edits, mut revision) = (0, 0);
    let (mut slowest, mut slow) = (Duration::ZERO, String::new());
    for number in 0..events {
        if number % 400 == 200 {
            let scale = monkey.pick(&SCALES);
            // As large as the same screen is in points.
            size = (monkey.pick(&SIZES) / scale).max(SIZES[0]);
            window.harness.set_pixels_per_point(scale);
            window.harness.set_size(size);
        }
        monkey.act(&mut window, size, &mut held, &mut at);
        let begun = Instant::now();
        window.harness.step();
        let took = begun.elapsed();
        let session = window.session();
        if took > slowest {
            slowest = took;
            slow = format!(
                "event {number}, {} servers, {:?}",
                session.desk.document.topology().servers().len(),
                session.looks.tab,
            );
        }
        edits += usize::from(session.desk.revision != revision);
        revision = session.desk.revision;
        if session.desk.history.undo_label().is_none() && session.desk.typed.is_none() {
            first = session.text().to_owned();
        }
    }
    println!("{events} events, {edits} edits, slowest frame {slowest:?} ({slow})");
    assert!(edits > events as usize / 200, "only {edits} edits");
    assert!(asked.is_none() || slowest < LONGEST_FRAME, "{slowest:?}: {slow}");
    assert_eq!(undone(&mut window), first);
}
