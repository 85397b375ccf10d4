//! Quoting: a text as a server, a shell, libpq or SQL reads it back unchanged. The only place where that is decided.

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
