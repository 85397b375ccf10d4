//! The grammar of each language, as far as one line shows it.

use std::ops::Range;

use super::{Kind, Language, Pieces};

/// Commands and words of the shell that the scripts are made of.
const SHELL_WORDS: [&str; 40] = [
    "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "in",
    "function", "return", "exit", "local", "readonly", "export", "set", "shift", "break", "continue", "trap",
    "unset", "echo", "printf", "read", "cd", "mkdir", "rm", "cp", "mv", "chmod", "cat", "test", "source",
    "true", "false", "exec",
];
const SWITCHES: [&str; 6] = ["on", "off", "true", "false", "yes", "no"];
/// The first column of pg_hba.conf, and the words of the others that are no names.
const HBA_WORDS: [&str; 20] = [
    "local",
    "host",
    "hostssl",
    "hostnossl",
    "hostgssenc",
    "hostnogssenc",
    "all",
    "replication",
    "samehost",
    "samenet",
    "sameuser",
    "samerole",
    "trust",
    "reject",
    "md5",
    "scram-sha-256",
    "password",
    "peer",
    "cert",
    "ident",
];

/// The pieces of one line. `open` is what a text from an earlier line ends with, and is left for the next one.
pub(super) fn pieces(language: Language, open: &mut Option<&'static str>, line: &str) -> Pieces {
    let mut pen = Pen {
        line,
        at: 0,
        pieces: Vec::new(),
    };
    if let Some(end) = *open {
        if pen.text_up_to(end, language) {
            *open = None;
        } else {
            return pen.pieces;
        }
    }
    match language {
        Language::Toml => toml(&mut pen, open),
        Language::Conf => conf(&mut pen),
        Language::Hba => hba(&mut pen),
        Language::Shell => shell(&mut pen, open),
        Language::Markdown => markdown(&mut pen),
        Language::Plain => {}
    }
    pen.rest(Kind::Plain);
    pen.pieces
}

/// Goes along a line and notes its pieces.
struct Pen<'a> {
    line: &'a str,
    at: usize,
    pieces: Pieces,
}

impl Pen<'_> {
    fn left(&self) -> &str {
        self.line.get(self.at..).unwrap_or_default()
    }

    fn first(&self) -> Option<char> {
        self.left().chars().next()
    }

    /// The next bytes are of this kind; what is of the same kind as the piece before becomes part of it.
    fn take(&mut self, kind: Kind, bytes: usize) {
        let range: Range<usize> = self.at..(self.at + bytes).min(self.line.len());
        self.at = range.end;
        if range.is_empty() {
            return;
        }
        match self.pieces.last_mut() {
            Some((before, known)) if *before == kind => known.end = range.end,
            _ => self.pieces.push((kind, range)),
        }
    }

    fn take_while(&mut self, kind: Kind, is_part: impl Fn(char) -> bool) {
        let left = self.left();
        let bytes = left.find(|letter| !is_part(letter)).unwrap_or(left.len());
        self.take(kind, bytes);
    }

    fn take_letter(&mut self, kind: Kind) {
        let bytes = self.first().map_or(0, char::len_utf8);
        self.take(kind, bytes);
    }

    fn blanks(&mut self) {
        self.take_while(Kind::Plain, char::is_whitespace);
    }

    fn rest(&mut self, kind: Kind) {
        self.take(kind, self.line.len());
    }

    /// The rest of a quoted text; false if it does not end in this line.
    fn text_up_to(&mut self, end: &str, language: Language) -> bool {
        // In TOML and the shell, a backslash hides a quote, but not where the quotes are single ones.
        let hides = matches!(language, Language::Toml | Language::Shell) && end.starts_with('"');
        let left = self.left();
        let mut hidden = false;
        let mut found = None;
        for (at, letter) in left.char_indices() {
            if hidden {
                hidden = false;
            } else if hides && letter == '\\' {
                hidden = true;
            } else if left.get(at..).is_some_and(|left| left.starts_with(end)) {
                found = Some(at + end.len());
                break;
            }
        }
        let bytes = found.unwrap_or(left.len());
        self.take(Kind::Text, bytes);
        found.is_some()
    }

    /// A text that begins here with these quotes.
    fn text(&mut self, quotes: &'static str, language: Language) -> bool {
        self.take(Kind::Text, quotes.len());
        self.text_up_to(quotes, language)
    }
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.')
}

/// A word that stands as a value.
fn value_kind(word: &str, words: &[&str]) -> Kind {
    if words.contains(&word) {
        Kind::Word
    } else if word.starts_with(|letter: char| letter.is_ascii_digit() || matches!(letter, '-' | '+')) {
        Kind::Number
    } else {
        Kind::Plain
    }
}

fn value(pen: &mut Pen<'_>, words: &[&str]) {
    let left = pen.left();
    let bytes = left
        .find(|letter| !is_name(letter) && letter != '+')
        .unwrap_or(left.len());
    let kind = value_kind(left.get(..bytes).unwrap_or_default(), words);
    pen.take(kind, bytes);
}

fn toml(pen: &mut Pen<'_>, open: &mut Option<&'static str>) {
    pen.blanks();
    let head = pen.left().split('#').next().unwrap_or_default().trim_end();
    if head.starts_with('[') && head.ends_with(']') && !head.contains(['=', ',']) {
        pen.take(Kind::Section, head.len());
    }
    // Before a `=` stands a key, behind it a value; a comma inside `{ … }` begins the next key.
    let mut braces = 0_usize;
    let mut is_key = pen.left().contains('=');
    while let Some(letter) = pen.first() {
        let quotes = ["\"\"\"", "'''", "\"", "'"]
            .into_iter()
            .find(|quotes| pen.left().starts_with(quotes));
        match (letter, quotes) {
            ('#', _) => pen.rest(Kind::Comment),
            (_, Some(quotes)) if is_key && quotes.len() == 1 => {
                let before = pen.pieces.len();
                pen.text(quotes, Language::Toml);
                if let Some(piece) = pen.pieces.get_mut(before) {
                    piece.0 = Kind::Name;
                }
            }
            (_, Some(quotes)) => {
                // A text in single quotes ends in its line; if it does not, the next line is not coloured for it.
                if !pen.text(quotes, Language::Toml) && quotes.len() == 3 {
                    *open = Some(quotes);
                }
            }
            ('=', _) => {
                is_key = false;
                pen.take_letter(Kind::Plain);
            }
            ('{', _) => {
                braces += 1;
                is_key = true;
                pen.take_letter(Kind::Plain);
            }
            ('}', _) => {
                braces = braces.saturating_sub(1);
                pen.take_letter(Kind::Plain);
            }
            (',', _) => {
                is_key = braces > 0;
                pen.take_letter(Kind::Plain);
            }
            (letter, _) if is_name(letter) || letter == '+' => {
                if is_key {
                    pen.take_while(Kind::Name, is_name);
                    if pen.first() == Some('+') {
                        pen.take_letter(Kind::Plain);
                    }
                } else {
                    value(pen, &SWITCHES);
                }
            }
            _ => pen.take_letter(Kind::Plain),
        }
    }
}

fn conf(pen: &mut Pen<'_>) {
    pen.blanks();
    if pen.first() != Some('#') {
        pen.take_while(Kind::Name, is_name);
    }
    while let Some(letter) = pen.first() {
        match letter {
            '#' => pen.rest(Kind::Comment),
            '\'' => drop(pen.text("'", Language::Conf)),
            letter if is_name(letter) => value(pen, &SWITCHES),
            _ => pen.take_letter(Kind::Plain),
        }
    }
}

fn hba(pen: &mut Pen<'_>) {
    while let Some(letter) = pen.first() {
        match letter {
            '#' => pen.rest(Kind::Comment),
            '"' => drop(pen.text("\"", Language::Hba)),
            letter if letter.is_whitespace() || letter == ',' => pen.take_letter(Kind::Plain),
            _ => {
                let left = pen.left();
                let end = |letter: char| letter.is_whitespace() || matches!(letter, ',' | '"' | '#');
                let bytes = left.find(end).unwrap_or(left.len());
                let word = left.get(..bytes).unwrap_or_default();
                let is_address = word.contains('/') || word.contains(':');
                let kind = if is_address {
                    Kind::Number
                } else {
                    value_kind(word, &HBA_WORDS)
                };
                pen.take(kind, bytes);
            }
        }
    }
}

fn shell(pen: &mut Pen<'_>, open: &mut Option<&'static str>) {
    let mut before = ' ';
    while let Some(letter) = pen.first() {
        match letter {
            '#' if before.is_whitespace() => pen.rest(Kind::Comment),
            '\\' => {
                pen.take_letter(Kind::Plain);
                pen.take_letter(Kind::Plain);
            }
            '"' | '\'' => {
                let quotes = if letter == '"' { "\"" } else { "'" };
                if !pen.text(quotes, Language::Shell) {
                    *open = Some(quotes);
                }
            }
            '$' => variable(pen),
            letter if letter.is_alphanumeric() || letter == '_' => {
                let left = pen.left();
                let bytes = left.find(|letter: char| !is_name(letter)).unwrap_or(left.len());
                let word = left.get(..bytes).unwrap_or_default();
                let is_set = left
                    .get(bytes..)
                    .is_some_and(|left| left.starts_with('=') || left.starts_with("+="));
                let begins = !is_name(before) && !matches!(before, '/' | '-' | '$');
                let kind = match word {
                    _ if begins && is_set => Kind::Name,
                    word if begins && SHELL_WORDS.contains(&word) => Kind::Word,
                    word if begins && word.chars().all(|letter| letter.is_ascii_digit()) => Kind::Number,
                    _ => Kind::Plain,
                };
                pen.take(kind, bytes);
            }
            _ => pen.take_letter(Kind::Plain),
        }
        before = pen
            .line
            .get(..pen.at)
            .and_then(|line| line.chars().next_back())
            .unwrap_or(' ');
    }
}

/// `$name`, `${…}`, `$1`, `$(`: the last one is a command, of which only the sign is coloured.
fn variable(pen: &mut Pen<'_>) {
    let left = pen.left();
    let bytes = if left.starts_with("${") {
        left.find('}').map_or(left.len(), |end| end + 1)
    } else {
        let name = left.get(1..).unwrap_or_default();
        let bytes = name
            .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .unwrap_or(name.len());
        if bytes == 0 && name.starts_with(['@', '*', '#', '?', '$', '!']) {
            2
        } else {
            bytes + 1
        }
    };
    pen.take(Kind::Variable, bytes);
}

fn markdown(pen: &mut Pen<'_>) {
    if pen.left().starts_with('#') {
        return pen.rest(Kind::Section);
    }
    if pen.left().starts_with("    ") {
        return pen.rest(Kind::Text);
    }
    while let Some(letter) = pen.first() {
        if letter == '`' {
            pen.text("`", Language::Markdown);
        } else {
            pen.take_while(Kind::Plain, |letter| letter != '`');
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The line with each coloured piece in brackets, after a letter for its kind.
    fn marked(language: Language, lines: &str) -> String {
        let mut open = None;
        let mark = |line: &str| {
            let found = pieces(language, &mut open, line);
            let piece = |(kind, range): (Kind, Range<usize>)| {
                let text = &line[range];
                match kind {
                    Kind::Plain => text.to_owned(),
                    kind => format!("{}⟨{text}⟩", &format!("{kind:?}")[..1].to_lowercase()),
                }
            };
            found.into_iter().map(piece).collect::<String>()
        };
        lines.split('\n').map(mark).collect::<Vec<_>>().join("\n")
    }

    #[track_caller]
    fn check(language: Language, lines: &str, expected: &str) {
        assert_eq!(marked(language, lines), expected);
    }

    #[test]
    fn a_design() {
        let check = |lines, expected| check(Language::Toml, lines, expected);
        check("# all", "c⟨# all⟩");
        check("  [[server]] # it", "  s⟨[[server]]⟩ c⟨# it⟩");
        check("port = 5432  # why", "n⟨port⟩ = n⟨5432⟩  c⟨# why⟩");
        check("name = \"a # \\\" b\"", "n⟨name⟩ = t⟨\"a # \\\" b\"⟩");
        check("slot = false", "n⟨slot⟩ = w⟨false⟩");
        check("m = [0.0, -160.5]", "n⟨m⟩ = [n⟨0.0⟩, n⟨-160.5⟩]");
        check("\"a b\" = 'c'", "n⟨\"a b\"⟩ = t⟨'c'⟩");
        check(
            "archive = { directory = \"x\", y = 1 }",
            "n⟨archive⟩ = { n⟨directory⟩ = t⟨\"x\"⟩, n⟨y⟩ = n⟨1⟩ }",
        );
        check(
            "a = \"\"\"one\ntwo # no\"\"\" # yes\nb = 1",
            "n⟨a⟩ = t⟨\"\"\"one⟩\nt⟨two # no\"\"\"⟩ c⟨# yes⟩\nn⟨b⟩ = n⟨1⟩",
        );
        check(
            "name = \"not ended\nport = 1",
            "n⟨name⟩ = t⟨\"not ended⟩\nn⟨port⟩ = n⟨1⟩",
        );
    }

    #[test]
    fn the_files_of_a_server() {
        check(
            Language::Conf,
            "port = 5432  # why",
            "n⟨port⟩ = n⟨5432⟩  c⟨# why⟩",
        );
        check(Language::Conf, "a.b = 'it''s # on'", "n⟨a.b⟩ = t⟨'it''s # on'⟩");
        check(Language::Conf, "hot_standby = on", "n⟨hot_standby⟩ = w⟨on⟩");
        check(
            Language::Hba,
            "host  all \"a b\" 127.0.0.1/32 scram-sha-256 # x",
            "w⟨host⟩  w⟨all⟩ t⟨\"a b\"⟩ n⟨127.0.0.1/32⟩ w⟨scram-sha-256⟩ c⟨# x⟩",
        );
        check(
            Language::Hba,
            "host replication replicator ::1/128 md5",
            "w⟨host⟩ w⟨replication⟩ replicator n⟨::1/128⟩ w⟨md5⟩",
        );
    }

    #[test]
    fn the_scripts_and_the_readme() {
        let shell = |lines, expected| check(Language::Shell, lines, expected);
        shell("#!/bin/bash", "c⟨#!/bin/bash⟩");
        shell(
            "if [[ -n $x ]]; then exit 1; fi # so",
            "w⟨if⟩ [[ -n v⟨$x⟩ ]]; w⟨then⟩ w⟨exit⟩ n⟨1⟩; w⟨fi⟩ c⟨# so⟩",
        );
        shell(
            "a=1 b+=2 ${#list} $(cat x)",
            "n⟨a⟩=n⟨1⟩ n⟨b⟩+=n⟨2⟩ v⟨${#list}⟩ v⟨$⟩(w⟨cat⟩ x)",
        );
        shell("echo \"one\ntwo\" 'x'", "w⟨echo⟩ t⟨\"one⟩\nt⟨two\"⟩ t⟨'x'⟩");
        shell("pg_ctl -D data/in \\# $?", "pg_ctl -D data/in \\# v⟨$?⟩");
        check(
            Language::Markdown,
            "# A\nrun `up` now\n    code",
            "s⟨# A⟩\nrun t⟨`up`⟩ now\nt⟨    code⟩",
        );
    }

    #[test]
    fn a_file_is_known_by_its_name() {
        for (path, language) in [
            ("design.toml", Language::Toml),
            ("servers/a/postgresql.conf", Language::Conf),
            ("servers/a/recovery.conf", Language::Conf),
            ("servers/a/pg_hba.conf", Language::Hba),
            ("up", Language::Shell),
            ("README.md", Language::Markdown),
            ("MANIFEST.sha256", Language::Plain),
        ] {
            assert_eq!(Language::of_file(path), language, "{path}");
        }
    }

    proptest! {
        #[test]
        fn whatever_stands_there_the_pieces_are_the_line(line in ".*", signs in "[\\[\\]#\"'=${}\\\\` a1,é]{0,30}") {
            for language in [
                Language::Toml, Language::Conf, Language::Hba, Language::Shell, Language::Markdown, Language::Plain,
            ] {
                for line in [&line, &signs] {
                    let mut open = None;
                    let found: String = pieces(language, &mut open, line).into_iter().map(|(_, range)| &line[range]).collect();
                    prop_assert_eq!(&found, line);
                }
            }
        }
    }
}
