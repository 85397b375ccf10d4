//! The Learn menu.

use super::super::{Message, Session, StartMessage, Tab, ViewMessage};
use super::guards::{send, untyped};
use super::{Answer, Does, Turn};
use crate::model::desk::TextSize;
use crate::model::topology::ServerId;

pub fn show_lesson(session: &Session, _: &[ServerId]) -> Answer {
    if session.lesson.is_none() {
        return Err("No lesson is open".to_owned());
    }
    send(Message::View(ViewMessage::Show(Tab::Lesson)))
}

pub fn lessons(session: &Session, _: &[ServerId]) -> Answer {
    untyped(session)?;
    if session.start.is_shown {
        return Err("The lessons are on this page".to_owned());
    }
    send(Message::Start(StartMessage::Show))
}

pub fn turn(session: &Session, turn: Turn) -> Answer {
    if session.lesson.is_none() {
        return Err("No lesson is open".to_owned());
    }
    Ok(Does::Turn(turn))
}

pub fn larger_text(session: &Session, _: &[ServerId]) -> Answer {
    let larger = session.preferences.lesson_text.larger();
    text_size(larger.ok_or("The text of lessons is as large as it can be")?)
}

pub fn smaller_text(session: &Session, _: &[ServerId]) -> Answer {
    let smaller = session.preferences.lesson_text.smaller();
    text_size(smaller.ok_or("The text of lessons has its normal size")?)
}

fn text_size(size: TextSize) -> Answer {
    send(Message::View(ViewMessage::LessonText(size)))
}
