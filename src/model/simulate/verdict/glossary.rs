//! What the words of a verdict mean, for someone who meets them for the first time.

/// Each with its beginning as it stands in a text, and what it means in plain words.
const WORDS: [(&str, &str, &str); 12] = [
    (
        "primary",
        "primary",
        "the one server that accepts writes; all others copy it",
    ),
    (
        "standby",
        "standby",
        "a server that copies another one; it answers queries but does not accept writes",
    ),
    (
        "streams from",
        "streams",
        "receives every change over the network as it happens",
    ),
    (
        "commit",
        "commit",
        "the end of a transaction, which makes its changes take effect; then the client gets its answer",
    ),
    (
        "synchronous",
        "synchronous",
        "of a standby: commits wait until it has them, so it never lacks a confirmed one",
    ),
    (
        "WAL",
        "WAL",
        "the write-ahead log of all changes, which standbys copy",
    ),
    (
        "replication slot",
        "replication slot",
        "a server's record of a standby's progress; it retains the changes that the standby still needs",
    ),
    ("romot", "to promote", "to make a standby the new primary"),
    (
        "timeline",
        "timeline",
        "a numbered branch of the WAL history; each promotion starts a new one",
    ),
    (
        "replay",
        "replay",
        "how a standby applies the changes that it has received",
    ),
    (
        "pg_rewind",
        "pg_rewind",
        "a tool that rewinds a server to where its history diverged from another one's",
    ),
    (
        "pg_hba.conf",
        "pg_hba.conf",
        "a server's access rules: who may connect from where",
    ),
];

/// Of all words those that the text uses.
pub fn words_in(text: &str) -> Vec<(&'static str, &'static str)> {
    WORDS
        .iter()
        .filter(|(begin, ..)| text.contains(begin))
        .map(|(_, word, meaning)| (*word, *meaning))
        .collect()
}

/// A word of a text that has a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its bytes.
    pub from: usize,
    pub to: usize,
    pub word: &'static str,
    pub meaning: &'static str,
}

/// The first place of each word that the text uses, in the order of the text.
pub fn places_in(text: &str) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for (begin, word, meaning) in &WORDS {
        let Some(at) = text.find(begin) else {
            continue;
        };
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        // To the beginning and the end of the word that it is in.
        let before = text.get(..at).unwrap_or_default();
        let from = before.rfind(|c: char| !is_part(c)).map_or(0, |blank| blank + 1);
        let behind = text.get(at + begin.len()..).unwrap_or_default();
        let length = behind
            .find(|c: char| !c.is_alphanumeric())
            .unwrap_or(behind.len());
        let to = at + begin.len() + length;
        let is_free = places.iter().all(|place| to <= place.from || place.to <= from);
        if is_free && text.is_char_boundary(from) {
            places.push(Place {
                from,
                to,
                word,
                meaning,
            });
        }
    }
    places.sort_by_key(|place| place.from);
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_whole_and_once() {
        let text = "Promote a standby: standbys read the WAL.";
        let found: Vec<&str> = places_in(text)
            .iter()
            .map(|place| &text[place.from..place.to])
            .collect();
        assert_eq!(found, ["Promote", "standby", "WAL"]);
    }

    #[test]
    fn only_what_is_said_is_explained() {
        let words: Vec<&str> = words_in("Promote \"a\"")
            .into_iter()
            .map(|(word, _)| word)
            .collect();
        assert_eq!(words, ["to promote"]);
        assert!(words_in("all is well").is_empty());
    }
}
