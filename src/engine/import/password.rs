//! A password that was typed beside a connection string.

use crate::model::desk::Password;
use crate::model::health::conninfo::with_secrets;
use crate::model::quoting;

/// The same connection with that password, which counts before one in the string: to be used at once, and neither kept nor
/// shown. One that cannot be read stays as it is, so that what is wrong with it is said.
pub fn with_password(text: &str, password: &Password) -> String {
    let Some(pairs) = with_secrets(text).filter(|_| !password.is_empty()) else {
        return text.to_owned();
    };
    let others = pairs.into_iter().filter(|(key, _)| key != "password");
    let own = ("password".to_owned(), password.reveal().to_owned());
    let words: Vec<String> = others
        .chain([own])
        .map(|(key, value)| format!("{key}={}", quoting::conninfo(&value)))
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_password_counts_and_is_read_back_as_it_was() {
        let hostile = r"a b'c\d=e";
        for text in [
            "host=db1 user=m",
            "host=db1 password=other user=m",
            "postgresql://m:other@db1:5433/x",
        ] {
            let whole = with_password(text, &Password::new(hostile.to_owned()));
            let pairs = with_secrets(&whole).unwrap();
            let passwords: Vec<&str> = pairs
                .iter()
                .filter(|(key, _)| key == "password")
                .map(|(_, value)| value.as_str())
                .collect();
            assert_eq!(passwords, [hostile], "{text}");
            assert!(pairs.contains(&("host".to_owned(), "db1".to_owned())));
        }
        assert_eq!(with_password("host=db1", &Password::default()), "host=db1");
        assert_eq!(
            with_password("nonsense", &Password::new("x".to_owned())),
            "nonsense"
        );
    }
}
