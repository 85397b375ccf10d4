//! What may be shown of a line that was read: no password, no key.

use crate::model::health::Conninfo;
use crate::model::quoting;

/// A connection string without its secrets; one that cannot be read is not shown at all.
pub fn without_password(conninfo: &str) -> String {
    Conninfo::parse(conninfo).map_or_else(|| "(not shown: it cannot be read)".to_owned(), |read| read.text())
}

/// `name = 'value'` without secrets.
pub fn redacted(name: &str, value: &str) -> String {
    let value = if name.to_ascii_lowercase().ends_with("conninfo") {
        without_password(value)
    } else {
        masked(value)
    };
    format!("{name} = {}", quoting::conf(&value))
}

/// What stands behind `password=`, `TOKEN=` and the like, and between `:` and `@` of an address, becomes `***`.
pub fn masked(text: &str) -> String {
    const SECRET: [&str; 6] = [
        "password",
        "passwd",
        "secret",
        "token",
        "access_key",
        "passphrase",
    ];
    let mut shown = String::new();
    for (at, piece) in text.split_inclusive([' ', '&', ';', '\t']).enumerate() {
        let lower = piece.to_ascii_lowercase();
        let is_secret = |name: &str| SECRET.iter().any(|word| name.contains(word));
        let end: String = piece
            .chars()
            .next_back()
            .filter(|c| matches!(c, ' ' | '&' | ';' | '\t'))
            .into_iter()
            .collect();
        match (lower.find('='), lower.find("://"), lower.find('@')) {
            (Some(equals), _, _) if is_secret(lower.get(..equals).unwrap_or_default()) => {
                shown.push_str(piece.get(..=equals).unwrap_or_default());
                shown.push_str("***");
                shown.push_str(&end);
            }
            (_, Some(scheme), Some(login)) if scheme < login => {
                shown.push_str(piece.get(..scheme + 3).unwrap_or_default());
                let user = piece.get(scheme + 3..login).unwrap_or_default();
                shown.push_str(user.split(':').next().unwrap_or_default());
                if user.contains(':') {
                    shown.push_str(":***");
                }
                shown.push_str(piece.get(login..).unwrap_or_default());
            }
            _ => shown.push_str(piece),
        }
        debug_assert!(at <= text.len());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        for (name, value) in [
            ("primary_conninfo", "host=db1 password=hunter2 user=r"),
            ("primary_conninfo", "password='hunter2"),
            ("restore_command", "PGPASSWORD=hunter2 fetch %f %p"),
            (
                "archive_command",
                "AWS_SECRET_KEY=hunter2; aws s3 cp %p s3://wal/%f",
            ),
            ("archive_command", "curl -T %p https://me:hunter2@store/%f"),
            ("archive_command", "put --token=hunter2 %p"),
        ] {
            let shown = redacted(name, value);
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        let plain = "test ! -f /wal/%f && cp %p /wal/%f";
        assert_eq!(masked(plain), plain);
    }
}
