//! The names of servers and sites: which there can be, and how PostgreSQL shows those of servers.

use std::fmt::{self, Write as _};

use super::{BadValue, PgMajor};

/// PostgreSQL keeps 63 bytes of a name (`NAMEDATALEN` − 1).
pub const NAME_BYTES: usize = 63;

/// A server's name, which is also the `application_name` of its connection to its upstream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerName(String);

impl ServerName {
    /// Any text PostgreSQL takes as an application_name and that can be told apart in a list.
    ///
    /// # Errors
    ///
    /// If the text is empty, `*`, longer than PostgreSQL keeps, or holds control characters.
    pub fn parse(text: &str) -> Result<Self, BadValue> {
        if text.trim().is_empty() {
            return Err(BadValue::EmptyName);
        }
        if text == "*" {
            return Err(BadValue::WildcardName);
        }
        if text.chars().any(char::is_control) {
            return Err(BadValue::ControlInName);
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as synchronous_standby_names has to spell it: the sender cuts it to 63 bytes, then replaces every byte
    /// outside printable ASCII (tried on 9.2 to 18).
    pub fn in_list(&self, major: PgMajor) -> String {
        let mut shown = String::new();
        for byte in self.0.bytes().take(NAME_BYTES) {
            match byte {
                0x20..=0x7e => shown.push(char::from(byte)),
                _ if major.escapes_names() => {
                    // Writing into a String cannot fail.
                    let _ = write!(shown, "\\x{byte:02x}");
                }
                _ => shown.push('?'),
            }
        }
        shown
    }

    /// The name as the view `pg_stat_replication` shows it: [`in_list`](Self::in_list), cut to the 63 bytes of the view's column
    /// once more, since an escaped byte takes four.
    pub fn in_view(&self, major: PgMajor) -> String {
        self.in_list(major).chars().take(NAME_BYTES).collect()
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a server stands: a data centre, a room, a rack, by whatever name people know it. No configuration; it says
/// which servers one accident takes together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteName(String);

/// Of a site's name.
pub(super) const SITE_CHARS: usize = 63;

impl SiteName {
    /// Blanks around the name are no part of it.
    ///
    /// # Errors
    ///
    /// If the name is empty, longer than 63 characters, or holds control characters.
    pub fn parse(text: &str) -> Result<Self, BadValue> {
        let name = text.trim();
        let length = name.chars().count();
        if length == 0 || length > SITE_CHARS || name.chars().any(char::is_control) {
            return Err(BadValue::Site);
        }
        Ok(Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SiteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_as_the_sender_shows_them() {
        let name = ServerName::parse("café").unwrap();
        assert_eq!(name.in_list(PgMajor::V15), "caf??");
        assert_eq!(name.in_list(PgMajor::V16), "caf\\xc3\\xa9");
        let long = ServerName::parse(&"x".repeat(70)).unwrap();
        assert_eq!(long.in_list(PgMajor::V15).len(), 63);
    }

    /// From 16 on 20 "é" are 160 characters in the list, and 63 in the view (tried on 16 and 18).
    #[test]
    fn the_view_cuts_an_escaped_name_once_more() {
        let name = ServerName::parse(&"é".repeat(20)).unwrap();
        assert_eq!(name.in_list(PgMajor::V16).len(), 160);
        let shown = "\\xc3\\xa9".repeat(20).chars().take(63).collect::<String>();
        assert_eq!(name.in_view(PgMajor::V16), shown);
        assert_eq!(name.in_view(PgMajor::V15), "?".repeat(40));
    }

    #[test]
    fn names_with_quotes_and_blanks_are_names() {
        for text in ["it's", "a \"b\"", "my-node", "1node", "FIRST", " x"] {
            assert!(ServerName::parse(text).is_ok(), "{text}");
        }
        for text in ["", "  ", "*", "a\nb", "a\0"] {
            assert!(ServerName::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn sites_are_short_names_without_blanks_around() {
        assert_eq!(SiteName::parse("  Berlin 2 ").unwrap().as_str(), "Berlin 2");
        assert!(SiteName::parse(&"ß".repeat(63)).is_ok());
        for text in ["", "  ", "a\nb", "a\u{7}", &"x".repeat(64)] {
            assert_eq!(SiteName::parse(text), Err(BadValue::Site), "{text:?}");
        }
    }
}
