//! The words that people read: phrases that a native reader stumbles over stay out of strings and documents.
//! The rules behind the list are in CONTRIBUTING.md, under *Words*.

use std::fs;
use std::path::{Path, PathBuf};

/// A phrase, and what to write in its place. Case does not matter; a phrase is found between word boundaries only.
const PHRASES: [(&str, &str); 39] = [
    ("anew", "again"),
    ("for ever", "forever"),
    ("whoever", "anyone who"),
    ("take back", "undo, roll back"),
    ("takes back", "undoes, rolls back"),
    ("taken back", "undone, rolled back"),
    ("taking back", "undoing, rolling back"),
    ("took back", "undid, rolled back"),
    ("take it back", "undo it"),
    ("takes it back", "undoes it"),
    ("take everything back", "roll everything back"),
    ("takes everything back", "rolls everything back"),
    ("go on with", "resume, continue"),
    ("goes on with", "resumes, continues"),
    ("going on with", "resuming, continuing"),
    ("gone on with", "resumed"),
    ("mend the", "fix the, repair the"),
    ("mends", "fixes, repairs"),
    ("mended", "fixed, repaired"),
    ("mend what", "fix what"),
    ("let nobody", "do not let anyone"),
    ("lets nobody", "does not let anyone"),
    ("stands in", "is in"),
    ("stand in", "are in"),
    ("stood in", "was in"),
    ("is no such file any more", "no longer exists"),
    ("is there no more", "no longer exists"),
    ("no time limit", "no timeout"),
    ("has no news", "has not changed"),
    ("is an error of pgcascade", "is a bug in pgcascade"),
    ("this is a mistake in", "this is a bug in"),
    ("from now on again", "again"),
    (
        "what is drawn is what runs",
        "the running cluster matches the drawing",
    ),
    (
        "what runs is not what is drawn",
        "the running cluster differs from the design",
    ),
    ("what you prefer", "preferences"),
    ("what was typed", "the typed text"),
    ("what was exported", "the export"),
    ("what is in the clipboard", "the clipboard"),
    ("write over", "overwrite"),
];

/// Words that may follow "is no" and "are no": "no longer" is an adverb.
const AFTER_NO: [&str; 2] = ["longer", "more"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn walk(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, ending, found);
        } else if path.extension().is_some_and(|is| is == ending) {
            found.push(path);
        }
    }
}

/// Whether a source file holds tests only.
fn is_tests_only(path: &Path) -> bool {
    let is = |name: &str| name == "tests" || name == "near" || name.ends_with("_tests");
    path.components()
        .any(|part| is(part.as_os_str().to_str().unwrap().trim_end_matches(".rs")))
}

/// The string literals of Rust text with their lines: comments, characters and what follows `mod tests {` are left
/// out, and a line that is continued with a backslash is one with the next.
fn literals(text: &str) -> Vec<(usize, String)> {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap();
    let letters: Vec<char> = text.chars().collect();
    let (mut at, mut line, mut found) = (0, 1, Vec::new());
    let peek = |at: usize| letters.get(at).copied().unwrap_or('\0');
    while at < letters.len() {
        match (peek(at), peek(at + 1)) {
            ('/', '/') => {
                while at < letters.len() && peek(at) != '\n' {
                    at += 1;
                }
                continue;
            }
            ('\'', '\\') => at += 2,
            ('\'', _) if peek(at + 2) == '\'' => at += 2,
            ('"', _) => {
                let (begun, mut literal) = (line, String::new());
                at += 1;
                while at < letters.len() && peek(at) != '"' {
                    match (peek(at), peek(at + 1)) {
                        ('\\', '\n') => {
                            line += 1;
                            at += 1;
                            while peek(at + 1).is_whitespace() {
                                line += usize::from(peek(at + 1) == '\n');
                                at += 1;
                            }
                        }
                        ('\\', _) => {
                            at += 1;
                            literal.push(' ');
                        }
                        (letter, _) => {
                            line += usize::from(letter == '\n');
                            literal.push(letter);
                        }
                    }
                    at += 1;
                }
                found.push((begun, literal));
            }
            ('\n', _) => line += 1,
            _ => {}
        }
        at += 1;
    }
    found
}

/// The phrases of a text that are on the list, each with what to write in its place.
fn slips(text: &str) -> Vec<(String, String)> {
    let text = text.to_lowercase();
    let is_word =
        |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    let mut found = Vec::new();
    for (phrase, better) in PHRASES {
        for (at, _) in text.match_indices(phrase) {
            let (before, after) = (&text[..at], &text[at + phrase.len()..]);
            if !is_word(before.chars().next_back()) && !is_word(after.chars().next()) {
                found.push((phrase.to_owned(), better.to_owned()));
            }
        }
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    for four in words.windows(4) {
        let [before, verb, no, noun] = [four[0], four[1], four[2], four[3]];
        let is_copula = ["is", "are"].contains(&verb) && no == "no";
        let is_fine =
            before == "there" || AFTER_NO.contains(&noun.trim_matches(|c: char| !c.is_alphabetic()));
        if is_copula && !is_fine && noun.starts_with(char::is_alphabetic) {
            found.push((format!("{verb} no {noun}"), format!("{verb} not a {noun}")));
        }
    }
    found
}

fn assert_none(place: &dyn Fn(usize) -> String, texts: &[(usize, String)], all: &mut Vec<String>) {
    for (line, text) in texts {
        for (phrase, better) in slips(text) {
            all.push(format!("{}: \"{phrase}\", better: {better}", place(*line)));
        }
    }
}

#[test]
fn strings_use_words_that_native_readers_expect() {
    let mut files = Vec::new();
    walk(&root().join("src"), "rs", &mut files);
    let mut all = Vec::new();
    for path in files.iter().filter(|path| !is_tests_only(path)) {
        let name = path.strip_prefix(root()).unwrap().display();
        let text = fs::read_to_string(path).unwrap();
        assert_none(&|line| format!("{name}:{line}"), &literals(&text), &mut all);
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn documents_and_scripts_use_words_that_native_readers_expect() {
    let mut files: Vec<PathBuf> = ["README.md", "CHANGELOG.md", "ARCHITECTURE.md", "SECURITY.md"]
        .map(|name| root().join(name))
        .into();
    walk(&root().join("assets/guide"), "md", &mut files);
    walk(&root().join("src"), "bash", &mut files);
    let mut all = Vec::new();
    for path in files {
        let name = path.strip_prefix(root()).unwrap().display();
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = text
            .lines()
            .enumerate()
            .map(|(at, line)| (at + 1, line.to_owned()))
            .collect();
        assert_none(&|line| format!("{name}:{line}"), &lines, &mut all);
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn a_slip_is_found_where_it_is_and_nowhere_else() {
    let source = "// anew\nlet a = \"made anew\";\nlet b = 'x';\nlet c = \"for every \\\n    server, is no \\\n  \
                  design\";\nlet d = \"there is no way, it is no longer mended\";\n";
    let found: Vec<_> = literals(source)
        .iter()
        .flat_map(|(line, text)| slips(text).into_iter().map(move |(phrase, _)| (*line, phrase)))
        .collect();
    let expected =
        [(2, "anew"), (4, "is no design"), (7, "mended")].map(|(line, phrase)| (line, phrase.to_owned()));
    assert_eq!(found, expected);
    assert_eq!(slips("this is no design")[0].1, "is not a design");
}
