//! A lesson that is shown on real servers, while the window goes on. Root gives the work to the command line, which gives root up.

use std::ffi::OsString;
use std::path::PathBuf;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::answers::Answers;
use crate::app::{LessonMessage, Message};
use crate::engine::deploy::Cancel;
use crate::engine::desk::store;
use crate::engine::proof::{self, Place};
use crate::engine::servers_user::by_child;
use crate::model::lessons::Lesson;

/// Steps on their way to the window.
const STEPS: usize = 16;

pub(super) async fn prove(
    name: String,
    lesson: Box<Lesson>,
    folder: PathBuf,
    give_up: CancellationToken,
    answers: Answers,
) {
    let (sender, mut steps) = mpsc::channel(STEPS);
    let cancel = Cancel {
        soft: give_up,
        hard: CancellationToken::new(),
    };
    let work = async {
        if by_child::is_needed() {
            let arguments: Vec<OsString> = vec![
                "lesson".into(),
                name.into(),
                "--prove".into(),
                folder.into(),
                "--json".into(),
            ];
            let goals = lesson.goals.iter();
            let asked = goals.filter(|goal| goal.on == crate::model::lessons::On::Servers);
            let shown: Vec<String> = asked.map(|goal| goal.text.clone()).collect();
            return by_child::answers(&arguments, sender, cancel)
                .await
                .map(|()| shown);
        }
        let place = Place {
            folder,
            bin: None,
            cache: store::cache_folder(),
            keeps: false,
        };
        proof::prove(&lesson, &place, sender, cancel).await
    };
    let told = async {
        while let Some(step) = steps.recv().await {
            answers
                .send(Message::Lesson(LessonMessage::ProofStep(step)))
                .await;
        }
    };
    let (ended, ()) = tokio::join!(work, told);
    answers
        .send(Message::Lesson(LessonMessage::ProofEnded(ended)))
        .await;
}
