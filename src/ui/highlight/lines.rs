//! The grammar of each language, as far as one line shows it.

use super::pen::{Pen, SWITCHES, is_name, value, value_kind};
use super::shell::shell;
use super::toml::toml;
use super::{Kind, Language, Pieces};

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
    use std::ops::Range;

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
