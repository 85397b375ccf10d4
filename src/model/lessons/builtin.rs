//! The lessons that come with the program, compiled in; `order.txt` names chapters and lessons in their order.

use std::sync::LazyLock;

use super::{Lesson, Translation, read};

const ORDER: &str = include_str!("../../../assets/lessons/order.txt");

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../assets/lessons/", $name, ".toml")))),*]
    };
}

/// Each file with its name.
pub(super) const FILES: &[(&str, &str)] = files![
    "first-standby",
    "nobody-takes-over",
    "streaming-is-not-current",
    "the-commit-that-waits",
    "two-names",
    "quorum",
    "how-much-to-wait-for",
    "second-hop",
    "article-of-2011",
    "relay-dies",
    "away",
    "late-on-purpose",
    "readers-hold-back",
    "follow-the-promotion",
    "right-heir",
    "second-primary",
    "switch-over",
    "disaster-drill",
];

/// Words of lessons in other languages: the language, the lesson, the file.
pub(super) const TRANSLATIONS: &[(&str, &str, &str)] = &[(
    "de",
    "second-hop",
    include_str!("../../../assets/lessons/de/second-hop.toml"),
)];

/// A chapter with the names of its lessons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapter {
    pub id: &'static str,
    pub title: &'static str,
    pub lessons: Vec<&'static str>,
}

static LESSONS: LazyLock<Vec<Lesson>> = LazyLock::new(|| {
    let names = chapters().into_iter().flat_map(|chapter| chapter.lessons);
    // A file that cannot be read fails a test.
    names.filter_map(|name| read(text_of(name)?).ok()).collect()
});

/// In their order.
pub fn lessons() -> &'static [Lesson] {
    &LESSONS
}

/// The languages that a built-in lesson is told in besides English, as codes: "de".
pub fn languages(name: &str) -> impl Iterator<Item = &'static str> {
    let of_lesson = TRANSLATIONS.iter().filter(move |(_, lesson, _)| *lesson == name);
    of_lesson.map(|(language, ..)| *language)
}

/// The words of a built-in lesson in another language; `None`: it is not told in it.
pub fn translation(name: &str, language: &str) -> Option<Translation> {
    let lesson = find(name)?;
    let its = |(code, of, _): &&(&str, &str, &str)| *code == language && *of == name;
    let (.., text) = TRANSLATIONS.iter().find(its)?;
    // A file that cannot be read fails a test.
    Translation::read(text, lesson).ok()
}

/// The built-in lesson of that name.
pub fn find(name: &str) -> Option<&'static Lesson> {
    lessons().iter().find(|lesson| lesson.name == name)
}

/// A chapter is a line at the margin, its id and title; its lessons are indented below it.
pub fn chapters() -> Vec<Chapter> {
    let mut chapters: Vec<Chapter> = Vec::new();
    for line in ORDER
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
    {
        if let (true, Some(chapter)) = (line.starts_with(' '), chapters.last_mut()) {
            chapter.lessons.push(line.trim());
            continue;
        }
        let (id, title) = line.split_once(' ').unwrap_or((line, line));
        chapters.push(Chapter {
            id,
            title: title.trim(),
            lessons: Vec::new(),
        });
    }
    chapters
}

fn text_of(name: &str) -> Option<&'static str> {
    FILES.iter().find(|(own, _)| *own == name).map(|(_, text)| *text)
}
