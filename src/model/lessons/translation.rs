//! The words of a lesson in another language: only texts, by page number and by id. What is missing stays English; what was
//! made of other English words is shown, and said to be outdated.

use std::collections::BTreeMap;

use toml_edit::{Item, TableLike};

use super::{Lesson, checksum};
use crate::model::document::Problem;
use crate::model::document::format::fields::Reader;

/// What a translation's file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Translation {
    /// The sum of the English words that it was made of.
    of: String,
    title: Option<String>,
    kills: Option<String>,
    learnt: Option<String>,
    /// In their order; an empty text is not translated yet. So with all lists.
    pages: Vec<String>,
    hints: Vec<String>,
    says: Vec<String>,
    asks: BTreeMap<String, String>,
    goals: BTreeMap<String, String>,
}

const KEYS: [&str; 9] = [
    "of", "title", "kills", "learnt", "pages", "hints", "says", "asks", "goals",
];

impl Translation {
    /// Reads the words for a lesson.
    ///
    /// # Errors
    ///
    /// With everything that is wrong with the text, each with its line: an id that the lesson does not have, a page too many.
    pub fn read(text: &str, lesson: &Lesson) -> Result<Self, Vec<Problem>> {
        let parsed = Reader::parse(text)?;
        let top = parsed.as_table();
        let mut reader = Reader::new(text);
        reader.only_known(top, "a translation", &KEYS);
        reader.required(top, "of", "a translation", Some(0..0));
        let hints = lesson.all_hints().count();
        let asks: Vec<&str> = lesson.asks.iter().map(|ask| ask.id.as_str()).collect();
        let goals: Vec<&str> = lesson.goals.iter().map(|goal| goal.id.as_str()).collect();
        let said =
            |reader: &mut Reader, key: &str| reader.text_at(top, key).filter(|text| !text.trim().is_empty());
        let translation = Self {
            of: reader.text_at(top, "of").unwrap_or_default(),
            title: said(&mut reader, "title"),
            kills: said(&mut reader, "kills"),
            learnt: said(&mut reader, "learnt"),
            pages: list(&mut reader, top, "pages", lesson.pages.len()),
            hints: list(&mut reader, top, "hints", hints),
            says: list(&mut reader, top, "says", lesson.wrong.len()),
            asks: by_id(&mut reader, top, "asks", &asks),
            goals: by_id(&mut reader, top, "goals", &goals),
        };
        if reader.problems.is_empty() {
            Ok(translation)
        } else {
            Err(reader.problems)
        }
    }

    /// True if the English words have changed since.
    pub fn is_outdated(&self, lesson: &Lesson) -> bool {
        self.of != sum_of(lesson)
    }

    /// The lesson in these words. What is checked stays as it is.
    #[must_use]
    pub fn of(&self, lesson: &Lesson) -> Lesson {
        let mut told = lesson.clone();
        let put = |to: &mut String, from: Option<&String>| {
            if let Some(text) = from.filter(|text| !text.trim().is_empty()) {
                text.trim().clone_into(to);
            }
        };
        put(&mut told.title, self.title.as_ref());
        put(&mut told.kills, self.kills.as_ref());
        put(&mut told.learnt, self.learnt.as_ref());
        for (page, text) in told.pages.iter_mut().zip(&self.pages) {
            put(&mut page.text, Some(text));
        }
        for (wrong, text) in told.wrong.iter_mut().zip(&self.says) {
            put(&mut wrong.says, Some(text));
        }
        let hints = told.hints.iter_mut();
        let hints = hints.chain(told.goals.iter_mut().flat_map(|goal| &mut goal.hints));
        for (hint, text) in hints.zip(&self.hints) {
            put(hint, Some(text));
        }
        for ask in &mut told.asks {
            put(&mut ask.text, self.asks.get(&ask.id));
        }
        for goal in &mut told.goals {
            put(&mut goal.text, self.goals.get(&goal.id));
        }
        told
    }
}

/// The frame of a translation: every English text as a comment above the place for the other one.
pub fn template(lesson: &Lesson, language: &str) -> String {
    let mut text = format!(
        "# \"{}\" in {language}. What stays empty is shown in English; keys and ids stay as they are.\nof = \"{}\"\n",
        lesson.title,
        sum_of(lesson)
    );
    let comment = |text: &str| {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("\n# {words}\n")
    };
    for (key, words) in [
        ("title", &lesson.title),
        ("kills", &lesson.kills),
        ("learnt", &lesson.learnt),
    ] {
        text.push_str(&format!("{}{key} = \"\"\n", comment(words)));
    }
    let pages: Vec<&str> = lesson.pages.iter().map(|page| page.text.as_str()).collect();
    let hints: Vec<&str> = lesson.all_hints().map(String::as_str).collect();
    let says: Vec<&str> = lesson.wrong.iter().map(|wrong| wrong.says.as_str()).collect();
    for (key, texts) in [("pages", pages), ("hints", hints), ("says", says)] {
        text.push_str(&format!("\n{key} = ["));
        for words in texts {
            text.push_str(&format!(
                "{}    \"\",",
                comment(words).replacen("\n#", "\n    #", 1)
            ));
        }
        text.push_str("\n]\n");
    }
    let asks = lesson.asks.iter().map(|ask| (ask.id.as_str(), ask.text.as_str()));
    let goals = lesson
        .goals
        .iter()
        .map(|goal| (goal.id.as_str(), goal.text.as_str()));
    for (key, texts) in [
        ("asks", asks.collect::<Vec<_>>()),
        ("goals", goals.collect::<Vec<_>>()),
    ] {
        text.push_str(&format!("\n[{key}]"));
        for (id, words) in texts {
            text.push_str(&format!("{}\"{id}\" = \"\"", comment(words)));
        }
        text.push('\n');
    }
    text
}

/// The sum of all English words of a lesson.
fn sum_of(lesson: &Lesson) -> String {
    let texts = [&lesson.title, &lesson.kills, &lesson.learnt].into_iter();
    let texts = texts.chain(lesson.pages.iter().map(|page| &page.text));
    let texts = texts.chain(lesson.all_hints());
    let texts = texts.chain(lesson.wrong.iter().map(|wrong| &wrong.says));
    let texts = texts.chain(lesson.asks.iter().map(|ask| &ask.text));
    let texts = texts.chain(lesson.goals.iter().map(|goal| &goal.text));
    format!("{:016x}", checksum(texts))
}

fn list(reader: &mut Reader, top: &dyn TableLike, key: &str, most: usize) -> Vec<String> {
    let Some(item) = top.get(key) else {
        return Vec::new();
    };
    let Some(array) = item.as_array() else {
        reader.wrong_type(item, key, "a list of strings, [\"…\", \"…\"]");
        return Vec::new();
    };
    if let Some(more) = array.get(most) {
        let message = format!("\"{key}\" has {} texts, and the lesson has {most}", array.len());
        let fix = Some("write an empty text for what is not translated, and none beyond".to_owned());
        reader.problem("bad-value", more.span(), message, fix);
    }
    let mut texts = Vec::new();
    for value in array {
        if let Some(text) = value.as_str() {
            texts.push(text.to_owned());
        } else {
            let message = format!("an entry of \"{key}\" is not a string");
            let fix = Some("write it in quotes".to_owned());
            reader.problem("bad-value", value.span(), message, fix);
        }
    }
    texts
}

fn by_id(reader: &mut Reader, top: &dyn TableLike, key: &str, known: &[&str]) -> BTreeMap<String, String> {
    let Some(item) = top.get(key) else {
        return BTreeMap::new();
    };
    let Some(table) = item.as_table_like() else {
        reader.wrong_type(item, key, "a table of texts by id");
        return BTreeMap::new();
    };
    let mut texts = BTreeMap::new();
    for (id, item) in table.iter() {
        if !known.contains(&id) {
            let what = if key == "asks" { "question" } else { "goal" };
            let near = reader.guesses.nearest(id, known.iter().copied());
            let fix = near.map(|near| format!("did you mean \"{near}\"?"));
            let message = format!("the lesson has no {what} \"{id}\"");
            reader.problem("bad-value", Item::span(item), message, fix);
        }
        match item.as_str() {
            Some(text) => drop(texts.insert(id.to_owned(), text.to_owned())),
            None => reader.wrong_type(item, id, "a string in quotes"),
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::super::{find, lessons};
    use super::*;

    #[test]
    fn the_frame_of_every_lesson_is_a_translation_that_says_nothing_yet() {
        for lesson in lessons() {
            let frame = template(lesson, "de");
            let read = Translation::read(&frame, lesson).unwrap_or_else(|all| panic!("{all:#?}\n{frame}"));
            assert!(!read.is_outdated(lesson));
            assert_eq!(read.of(lesson), *lesson, "{frame}");
        }
    }

    #[test]
    fn words_take_the_place_of_english_ones_and_what_is_checked_stays() {
        let lesson = find("second-hop").unwrap();
        let text = template(lesson, "de")
            .replacen("title = \"\"", "title = \"Der zweite Sprung\"", 1)
            .replace("\"tree\" = \"\"", "\"tree\" = \"slave11 folgt slave1\"");
        let told = Translation::read(&text, lesson).unwrap().of(lesson);
        assert_eq!(told.title, "Der zweite Sprung");
        assert_eq!(told.goal("tree").unwrap().text, "slave11 folgt slave1");
        assert_eq!(
            told.goal("answers").unwrap().text,
            lesson.goal("answers").unwrap().text
        );
        assert_eq!(
            (told.checksum, &told.solution),
            (lesson.checksum, &lesson.solution)
        );
        let old = text.replacen("of = \"", "of = \"0", 1);
        assert!(Translation::read(&old, lesson).unwrap().is_outdated(lesson));
    }

    #[test]
    fn an_id_that_the_lesson_does_not_have_has_its_line() {
        let lesson = find("second-hop").unwrap();
        let good = template(lesson, "de");
        for (from, to, words) in [
            ("\"tree\" =", "\"tre\" =", "no goal \"tre\""),
            ("\"whom\" =", "\"who\" =", "no question \"who\""),
            ("of = ", "off = ", "no key \"off\""),
            ("pages = [", "pages = [\"\", ", "\"pages\" has 4 texts"),
        ] {
            let problems = Translation::read(&good.replacen(from, to, 1), lesson).unwrap_err();
            let it = problems.iter().find(|problem| problem.message.contains(words));
            let it = it.unwrap_or_else(|| panic!("{words}: {problems:#?}"));
            assert!(it.line.is_some(), "{words}");
        }
    }
}
