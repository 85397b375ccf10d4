//! The variables at the head of the scripts that pgcascade writes beside a server's files: slots, options of initdb, what no
//! configuration file says.

use super::Loss;
use super::archive::unshelled;
use super::facts::Facts;
use super::files::{Files, join};
use crate::model::topology::terms::SegmentSize;

/// An export for hosts has a script beside each server's files, one for containers a file of variables.
const SCRIPT: &str = "install";
const VARIABLES: &str = "server.env";

/// Reads the variables beside a server's files, if pgcascade wrote some.
pub fn look(files: &dyn Files, folder: &str, facts: &mut Facts) {
    let text_of = |name: &str| {
        let text = files.read(&join(folder, name)).ok()?;
        Some(String::from_utf8_lossy(&text).into_owned())
    };
    let script = text_of(SCRIPT).filter(|text| text.contains("initdb_options=("));
    let variables = text_of(VARIABLES).filter(|text| text.contains("initdb_options=("));
    facts.is_in_container = variables.is_some();
    let Some((name, text)) = script
        .map(|text| (SCRIPT, text))
        .or_else(|| variables.map(|text| (VARIABLES, text)))
    else {
        return;
    };
    for slot in list(&text, "slots") {
        if !facts.slots.contains(&slot) {
            facts.slots.push(slot);
        }
    }
    for space in list(&text, "tablespaces") {
        facts.losses.push(Loss {
            place: join(folder, name),
            line: space,
            message: "It is a tablespace, and the script does not say its name: write [server.tablespaces]."
                .to_owned(),
        });
    }
    options(&list(&text, "initdb_options"), facts);
    // The folder's name is made from it.
    let own = text.lines().find_map(|line| line.strip_prefix("name="));
    if let Some(own) = own.filter(|_| name == SCRIPT) {
        facts.label = words(own).concat();
    }
}

fn options(options: &[String], facts: &mut Facts) {
    let mut options = options.iter();
    while let Some(option) = options.next() {
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (option.as_str(), None),
        };
        match name {
            "-E" | "--encoding" => facts.initdb.encoding = value.or_else(|| options.next().cloned()),
            "--locale" => facts.initdb.locale = value,
            "--no-locale" => facts.initdb.locale = Some("C".to_owned()),
            "--wal-segsize" => {
                let size = value.and_then(|value| SegmentSize::parse(&value).ok());
                facts.initdb.wal_segment_size = size;
            }
            "--data-checksums" | "-k" => facts.initdb.data_checksums = Some(true),
            "--no-data-checksums" => facts.initdb.data_checksums = Some(false),
            _ => {}
        }
    }
}

/// The words of `name=(one 'two')`, the last time that it stands there.
pub fn list(text: &str, name: &str) -> Vec<String> {
    let start = format!("{name}=(");
    let line = text
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix(&start)?.strip_suffix(')'));
    words(line.unwrap_or_default())
}

/// Words between blanks; in single quotes a blank is part of one.
pub fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut in_quotes = false;
    let mut is_escaped = false;
    for letter in line.chars() {
        if letter == '\'' && !is_escaped {
            in_quotes = !in_quotes;
        }
        is_escaped = letter == '\\' && !in_quotes && !is_escaped;
        match words.last_mut() {
            Some(last) if in_quotes || !letter.is_whitespace() => last.push(letter),
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words.iter().map(|word| unshelled(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::files::InMemory;
    use super::*;
    use crate::model::quoting::shell_word;

    #[test]
    fn words_of_a_shell_come_back() {
        for text in ["plain", "it's", "a b", "\\", "x\\' y", "\"$z\""] {
            let line = format!("one {} two", shell_word(text));
            assert_eq!(words(&line), ["one", text, "two"], "{line}");
        }
        let mut files = InMemory::default();
        let script = "#!/usr/bin/env bash\nname=x\ninitdb_options=(-E UTF8 --wal-segsize=64 --data-checksums)\nslots=(a barman)\ntablespaces=(/mnt/x)\n";
        files.add("s/install", script.as_bytes().to_vec());
        let mut facts = Facts::default();
        look(&files, "s", &mut facts);
        assert_eq!(facts.slots, ["a", "barman"]);
        assert_eq!(facts.initdb.data_checksums, Some(true));
        assert_eq!(facts.initdb.wal_segment_size.unwrap().megabytes(), 64);
        assert_eq!(facts.losses.len(), 1);
    }
}
