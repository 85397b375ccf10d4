//! What the words of a verdict mean, for someone who meets them for the first time.

/// Each with its beginning as it stands in a text, and what it means in plain words.
const WORDS: [(&str, &str, &str); 12] = [
    (
        "primary",
        "primary",
        "the one server that takes writes; all others copy it",
    ),
    (
        "standby",
        "standby",
        "a server that copies another one, and answers questions but takes no writes",
    ),
    (
        "streams from",
        "streams",
        "receives every change over the network as it is made",
    ),
    (
        "commit",
        "commit",
        "the moment in which a client is told that its change is safe",
    ),
    (
        "synchronous",
        "synchronous",
        "of a standby: writes wait until it has them, so that it lacks none of them",
    ),
    (
        "WAL",
        "WAL",
        "the log of all changes, which is what standbys copy",
    ),
    (
        "replication slot",
        "replication slot",
        "a server's note of how far one standby is; it keeps the changes that the standby lacks",
    ),
    ("romot", "to promote", "to make a standby the new primary"),
    (
        "timeline",
        "timeline",
        "the number of a history: each promotion begins a new one",
    ),
    (
        "replay",
        "replay",
        "a standby's applying of the changes that it has received",
    ),
    (
        "pg_rewind",
        "pg_rewind",
        "a tool that takes a server back to where its history parted from another one's",
    ),
    (
        "pg_hba.conf",
        "pg_hba.conf",
        "a server's list of who may connect from where",
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

#[cfg(test)]
mod tests {
    use super::*;

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
