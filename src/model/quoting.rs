//! Quoting: a text as a server, a shell, libpq or SQL reads it back unchanged. The only place where that is decided.

use std::path::Path;

/// The text as one word of a POSIX shell: bare if it is plain, else in single quotes.
pub fn shell_word(text: &str) -> String {
    let is_plain = !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '%' | ':' | '=' | ','));
    if is_plain {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// The path as one word of a POSIX shell.
pub fn shell_path(path: &Path) -> String {
    shell_word(&path.display().to_string())
}

/// A text as an SQL literal. A backslash stands for itself, whatever `standard_conforming_strings` says: a text with one
/// becomes a literal with escapes.
pub fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

/// A name in double quotes, with `""` for a quote: in SQL, and in `synchronous_standby_names`. It keeps its case.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Words that stand bare: the values of settings that know only a few. A text is quoted, whatever it is.
const BARE: [&str; 9] = [
    "on",
    "off",
    "local",
    "remote_write",
    "remote_apply",
    "hot_standby",
    "replica",
    "logical",
    "latest",
];

/// A value as postgresql.conf and recovery.conf take it: in single quotes, with `''` for a quote and `\\` for a
/// backslash (both files know backslash escapes); numbers and a few known words stay bare.
pub fn conf(value: &str) -> String {
    let is_number = !value.is_empty() && value.chars().all(|c| c.is_ascii_digit());
    if is_number || BARE.contains(&value) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\\', "\\\\").replace('\'', "''"))
    }
}

/// A value inside a connection string: `name='value'` with `\'` and `\\` (libpq, "Keyword/Value Connection Strings").
pub fn conninfo(value: &str) -> String {
    let is_plain = !value.is_empty()
        && value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':'));
    if is_plain {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
    }
}

/// A cell of a CSV file (RFC 4180).
pub fn csv(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_as_the_server_reads_them() {
        for (value, quoted) in [
            ("on", "on"),
            ("remote_apply", "remote_apply"),
            ("100", "100"),
            ("master", "'master'"),
            ("16MB", "'16MB'"),
            ("", "''"),
            ("it's", "'it''s'"),
            ("a\\b", "'a\\\\b'"),
            ("\"My\", b", "'\"My\", b'"),
            ("é", "'é'"),
            ("-1", "'-1'"),
            ("a#b", "'a#b'"),
        ] {
            assert_eq!(conf(value), quoted);
        }
    }

    #[test]
    fn a_folder_with_blanks_and_quotes_stays_one_word() {
        for (text, word) in [
            ("/tmp/a-b", "/tmp/a-b"),
            ("/a b/it's", "'/a b/it'\\''s'"),
            ("~/x", "'~/x'"),
            ("", "''"),
            ("é", "'é'"),
        ] {
            assert_eq!(shell_word(text), word);
        }
    }

    #[test]
    fn a_cell_with_commas_and_quotes_stays_one_cell() {
        for (cell, quoted) in [("a", "a"), ("a,b", "\"a,b\""), ("a \"b\"", "\"a \"\"b\"\"\"")] {
            assert_eq!(csv(cell), quoted);
        }
    }

    #[test]
    fn literals_and_names_hold_quotes_and_backslashes() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\'"), "E'a\\\\'''");
        assert_eq!(identifier("My \"b\""), "\"My \"\"b\"\"\"");
    }

    #[test]
    fn values_in_a_connection_string_are_quoted_as_libpq_reads_them() {
        for (value, quoted) in [
            ("slave1", "slave1"),
            ("my node", "'my node'"),
            ("it's", "'it\\'s'"),
            ("a\\b", "'a\\\\b'"),
            ("", "''"),
            ("é", "'é'"),
        ] {
            assert_eq!(conninfo(value), quoted);
        }
    }
}
