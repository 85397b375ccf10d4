//! pg_hba.conf as lines: who may connect from where, and how. A foreign file is never an error; what is odd stays text.

use super::conf_file::{ConfProblem, is_conf};
use super::files::{Files, folder_of, join, locate};

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    pub file: String,
    pub number: usize,
    /// Its words with one blank between them, in their quotes.
    pub text: String,
    /// `local`, `host`, `hostssl` …
    pub kind: String,
    /// True if the keyword `replication` is among its databases; in quotes it is a database's name.
    pub is_replication: bool,
    /// True if it is for all databases; such a line does not match replication.
    pub is_for_all: bool,
    /// Without a mask of its own column; empty for `local`.
    pub address: String,
    pub method: String,
    pub options: Vec<String>,
}

impl Access {
    /// One address or one name: somebody in particular, without the mask.
    pub fn single_host(&self) -> Option<&str> {
        let host = match self.address.split_once('/') {
            Some((host, "32" | "128")) => host,
            Some(_) => return None,
            None => self.address.as_str(),
        };
        let is_word = matches!(host, "" | "all" | "samehost" | "samenet") || host.starts_with('.');
        (!is_word).then_some(host)
    }
}

/// A rule without what two spellings of the same one differ by: a view shows names without the quotes that a file has.
pub fn plain(line: &str) -> String {
    line.replace('"', "")
        .replace("clientcert=true", "clientcert=1")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Reads the file with the files that it includes (16 and later).
pub fn read(files: &dyn Files, path: &str) -> (Vec<Access>, Vec<ConfProblem>) {
    let (mut rules, mut problems) = (Vec::new(), Vec::new());
    take(files, path, 0, &mut rules, &mut problems);
    (rules, problems)
}

fn take(
    files: &dyn Files,
    path: &str,
    level: usize,
    rules: &mut Vec<Access>,
    problems: &mut Vec<ConfProblem>,
) {
    let mut refuse = |number: usize, word: &str, message: String| {
        problems.push(ConfProblem {
            file: path.to_owned(),
            number,
            word: word.to_owned(),
            message,
        });
    };
    let contents = match files.read(path) {
        Ok(contents) => String::from_utf8_lossy(&contents).into_owned(),
        Err(error) => return refuse(1, "", format!("The file cannot be read: {error}.")),
    };
    let mut nested = Vec::new();
    for (number, line) in joined(&contents) {
        let words = words(&line);
        let Some(first) = words.first() else { continue };
        match (first.text.as_str(), words.get(1)) {
            ("include" | "include_if_exists", Some(file)) => {
                nested.extend(locate(files, folder_of(path), &file.text));
            }
            ("include_dir", Some(folder)) => {
                let Some(folder) = locate(files, folder_of(path), &folder.text) else {
                    continue;
                };
                let mut names: Vec<String> = files
                    .list(&folder)
                    .unwrap_or_default()
                    .into_iter()
                    .map(|entry| entry.name)
                    .filter(|name| is_conf(name) && !name.starts_with('.'))
                    .collect();
                names.sort();
                nested.extend(names.iter().map(|name| join(&folder, name)));
            }
            _ => match rule(path, number, &words) {
                Some(rule) => rules.push(rule),
                None => refuse(
                    number,
                    &first.text,
                    "The line is not a rule: it needs a kind, a database, a role, an address and a method."
                        .to_owned(),
                ),
            },
        }
        for file in nested.drain(..).filter(|_| level < 10) {
            let mut below = Vec::new();
            take(files, &file, level + 1, rules, &mut below);
            for problem in below {
                refuse(
                    number,
                    "include",
                    format!("{}: {}", problem.file, problem.message),
                );
            }
        }
    }
}

/// One line by itself, as tools keep them in lists of their own.
pub fn of_line(file: &str, number: usize, line: &str) -> Option<Access> {
    rule(file, number, &words(line))
}

/// Lines by their numbers; a backslash at the end of one continues it (14 and later).
fn joined(contents: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut is_continued = false;
    for (line, number) in contents.lines().zip(1..) {
        let (text, goes_on) = match line.strip_suffix('\\') {
            Some(text) => (text, true),
            None => (line, false),
        };
        match lines.last_mut() {
            Some((_, above)) if is_continued => above.push_str(text),
            _ => lines.push((number, text.to_owned())),
        }
        is_continued = goes_on;
    }
    lines
}

#[derive(Debug)]
struct Word {
    text: String,
    is_quoted: bool,
    /// With its quotes.
    written: String,
}

/// Words between blanks and commas; a comma after a word joins the next to it as one list.
fn words(line: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut letters = line.chars().peekable();
    let mut goes_on = false;
    loop {
        while letters.next_if(|c| c.is_whitespace()).is_some() {}
        let mut word = Word {
            text: String::new(),
            is_quoted: false,
            written: String::new(),
        };
        let mut in_quotes = false;
        let mut ends_with_comma = false;
        while let Some(letter) = letters.next_if(|c| in_quotes || !(c.is_whitespace() || *c == '#')) {
            word.written.push(letter);
            match letter {
                '"' => {
                    in_quotes = !in_quotes;
                    word.is_quoted = true;
                }
                letter => word.text.push(letter),
            }
            ends_with_comma = letter == ',' && !in_quotes;
        }
        if word.text.is_empty() && !word.is_quoted {
            return words;
        }
        match words.last_mut() {
            Some(last) if goes_on => {
                last.text.push_str(&word.text);
                last.written.push_str(&word.written);
            }
            _ => words.push(word),
        }
        goes_on = ends_with_comma;
    }
}

fn rule(path: &str, number: usize, words: &[Word]) -> Option<Access> {
    let text: Vec<&str> = words.iter().map(|word| word.written.as_str()).collect();
    let (kind, rest) = words.split_first()?;
    let kind = kind.text.to_ascii_lowercase();
    let (database, rest) = rest.split_first()?;
    let (_, rest) = rest.split_first()?;
    let (address, rest) = match kind.as_str() {
        "local" => (String::new(), rest),
        "host" | "hostssl" | "hostnossl" | "hostgssenc" | "hostnogssenc" => {
            let (address, rest) = rest.split_first()?;
            match rest.split_first() {
                // A mask in a column of its own.
                Some((mask, after)) if mask.text.parse::<core::net::IpAddr>().is_ok() => {
                    (format!("{}/{}", address.text, mask.text), after)
                }
                _ => (address.text.clone(), rest),
            }
        }
        _ => return None,
    };
    let (method, options) = rest.split_first()?;
    let has = |word: &str| {
        !database.is_quoted
            && database
                .text
                .split(',')
                .any(|name| name.eq_ignore_ascii_case(word))
    };
    Some(Access {
        file: path.to_owned(),
        number,
        text: text.join(" "),
        is_replication: has("replication"),
        is_for_all: has("all"),
        kind,
        address,
        method: method.text.to_ascii_lowercase(),
        options: options.iter().map(|option| option.text.clone()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::files::InMemory;
    use super::*;

    #[test]
    fn rules_are_read_with_quotes_lists_masks_and_includes() {
        let mut files = InMemory::default();
        let text = "# who\nlocal all all peer\nhost replication, app replicator 10.0.0.0 255.0.0.0 md5\n\
                    host \"replication\" all db1 trust # no\ninclude x.conf\n\
                    hostssl all,replication all 10.0.0.7/32 \\\n scram-sha-256 clientcert=verify-ca\nnonsense\n";
        files.add("c/pg_hba.conf", text.as_bytes().to_vec());
        files.add("c/x.conf", b"host all all samenet md5\n".to_vec());
        let (rules, problems) = read(&files, "c/pg_hba.conf");
        let shown: Vec<String> = rules
            .iter()
            .map(|rule| {
                format!(
                    "{} {} {} {} {:?}",
                    rule.kind,
                    rule.is_replication,
                    rule.address,
                    rule.method,
                    rule.single_host()
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                "local false  peer None",
                "host true 10.0.0.0/255.0.0.0 md5 None",
                "host false db1 trust Some(\"db1\")",
                "host false samenet md5 None",
                "hostssl true 10.0.0.7/32 scram-sha-256 Some(\"10.0.0.7\")",
            ]
        );
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].number, 8);
    }
}
