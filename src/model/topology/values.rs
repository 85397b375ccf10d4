//! The small values of a design: each is parsed once, where it enters, and is right from then on.

use std::fmt;

use thiserror::Error;

use super::names::SITE_CHARS;

/// A server's number inside one design. Never reused, never shown, never saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerId(pub(super) u32);

impl ServerId {
    /// The plain number, for widget ids and the like.
    pub fn number(self) -> u32 {
        self.0
    }
}

/// A text that cannot be the value it was given for; the sentence says why and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadValue {
    #[error("a server needs a name")]
    EmptyName,
    #[error("\"*\" cannot be a server's name: in synchronous_standby_names it means every standby")]
    WildcardName,
    #[error(
        "a server's name cannot contain a control character such as a line break: a configuration file has \
         one value per line"
    )]
    ControlInName,
    #[error("\"{0}\" is not a port: a port is a number from 1 to 65535")]
    Port(String),
    #[error("a host cannot be empty or contain blanks, quotes or commas: use a host name or an address")]
    Host,
    #[error(
        "\"{0}\" is not a delay: write a number and a unit, for example \"10min\" (us, ms, s, min, h, d; at \
         most 24 days)"
    )]
    Delay(String),
    #[error(
        "this is not a site: a site is a name of 1 to {SITE_CHARS} characters on one line, such as \
         \"Berlin\" or \"rack 4\""
    )]
    Site,
    #[error("\"{0}\" is not a setting name: use only letters, digits, underscores and dots")]
    SettingName(String),
    #[error(
        "the value of \"{0}\" contains a control character such as a line break: a configuration file has \
         one value per line"
    )]
    SettingValue(String),
    #[error("the archive needs a folder: a path on one line, absolute or relative to the cluster's folder")]
    Archive,
    #[error(
        "the archive's path is too long: up to 15, a server has only 1024 bytes for the whole \
         archive_command and silently cuts off the rest"
    )]
    ArchiveTooLong,
    /// A value with a sentence of its own, and what to write instead.
    #[error("{message}")]
    Term { message: String, fix: String },
}

impl BadValue {
    pub(super) fn term(message: String, fix: String) -> Self {
        Self::Term { message, fix }
    }

    /// What to write instead.
    pub fn fix(&self) -> &str {
        match self {
            Self::EmptyName | Self::WildcardName => "write a unique name, for example name = \"standby1\"",
            Self::ControlInName => "write the name on one line, without control characters",
            Self::Port(_) => "write a number from 1 to 65535 that no other server uses",
            Self::Host => "write a host name or an address, or omit host for localhost",
            Self::Delay(_) => "write a number and a unit, for example \"10min\"",
            Self::Site => "write a short name on one line, for example site = \"Berlin\", or omit site",
            Self::SettingName(_) => "write the name as postgresql.conf spells it, for example work_mem",
            Self::SettingValue(_) => "write the value on one line, without control characters",
            Self::Archive => "write directory = \"archive\"",
            Self::ArchiveTooLong => "choose a path of at most 255 bytes; a single quote counts as four",
            Self::Term { fix, .. } => fix,
        }
    }
}

/// A TCP port, 1 to 65535.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port(u16);

impl Port {
    /// Where a PostgreSQL listens that was told nothing.
    pub const DEFAULT: Self = Self(5432);

    /// # Errors
    ///
    /// If the number is 0.
    pub fn new(number: u16) -> Result<Self, BadValue> {
        if number == 0 {
            return Err(BadValue::Port(number.to_string()));
        }
        Ok(Self(number))
    }

    /// # Errors
    ///
    /// If the text is not a number from 1 to 65535.
    pub fn parse(text: &str) -> Result<Self, BadValue> {
        text.trim()
            .parse::<u16>()
            .map_err(|_| BadValue::Port(text.to_owned()))
            .and_then(Self::new)
    }

    pub fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Where a server listens: a host name or an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host(String);

impl Host {
    /// # Errors
    ///
    /// If the text is empty, or holds what neither a host name nor an address can.
    pub fn parse(text: &str) -> Result<Self, BadValue> {
        let bad =
            |c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | '\'' | '"' | '\\' | '/' | '#');
        if let Some(host) = meant(text) {
            return Err(BadValue::term(
                format!(
                    "\"{text}\" is not a host: {}",
                    if text.contains("://") {
                        "it is a URL (://)"
                    } else {
                        "a slash begins a network's prefix length or a path"
                    }
                ),
                format!("write host = \"{host}\""),
            ));
        }
        if text.is_empty() || text.chars().any(bad) {
            return Err(BadValue::Host);
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where people on the server's own machine find it: pg_hba.conf lets them in at the loopback, whatever the host.
    pub fn from_itself(&self) -> &str {
        if self.is_loopback() { &self.0 } else { "localhost" }
    }

    /// True if the host is this machine's loopback, so that a deployment here can run it.
    pub fn is_loopback(&self) -> bool {
        matches!(self.0.as_str(), "localhost" | "::1")
            || self
                .0
                .parse::<core::net::Ipv4Addr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

/// The host inside a URL, or before a prefix length.
fn meant(text: &str) -> Option<String> {
    let (url, rest) = match text.split_once("://") {
        Some((_, rest)) => (true, rest),
        None => (false, text),
    };
    let before = rest.split(['/', '?']).next().unwrap_or_default();
    if !url && before.len() == rest.len() {
        return None;
    }
    let before = before.rsplit('@').next().unwrap_or_default();
    let host = match before.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
        Some((address, _)) => address,
        None if before.matches(':').count() == 1 => before.split(':').next().unwrap_or_default(),
        None => before,
    };
    Host::parse(host).is_ok().then(|| host.to_owned())
}

impl Default for Host {
    fn default() -> Self {
        Self("localhost".to_owned())
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `recovery_min_apply_delay`: the text as it was written, known to be a time that PostgreSQL takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplyDelay(String);

impl ApplyDelay {
    /// PostgreSQL keeps the value in milliseconds in 32 bits.
    const MOST_MILLIS: f64 = 2_147_483_647.0;

    /// # Errors
    ///
    /// If the text is not a time that PostgreSQL takes.
    pub fn parse(text: &str) -> Result<Self, BadValue> {
        let bad = || BadValue::Delay(text.to_owned());
        let (number, unit, millis) = Self::read(text).ok_or_else(bad)?;
        if millis > Self::MOST_MILLIS {
            return Err(bad());
        }
        Ok(Self(format!("{number}{unit}")))
    }

    /// The delay in microseconds.
    pub fn micros(&self) -> u64 {
        Self::read(&self.0).map_or(0, |(_, _, millis)| (millis * 1_000.0) as u64)
    }

    /// The number, its unit, and both together in milliseconds.
    fn read(text: &str) -> Option<(&str, &str, f64)> {
        let trimmed = text.trim();
        let unit_at = trimmed
            .find(|c: char| c.is_ascii_alphabetic())
            .unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at(unit_at);
        let number = number.trim();
        if number.is_empty() || !number.chars().all(|c| c.is_ascii_digit()) {
            return None;
        }
        let millis_per_unit = match unit {
            "us" => 0.001,
            "" | "ms" => 1.0,
            "s" => 1_000.0,
            "min" => 60_000.0,
            "h" => 3_600_000.0,
            "d" => 86_400_000.0,
            _ => return None,
        };
        Some((number, unit, number.parse::<f64>().ok()? * millis_per_unit))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ApplyDelay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Checks the name of a setting as postgresql.conf spells it: `[A-Za-z_][A-Za-z0-9_$]*`, with dots for extensions.
///
/// # Errors
///
/// If the name is not spelled like that.
pub fn check_setting_name(name: &str) -> Result<(), BadValue> {
    let good_part = |part: &str| {
        part.chars()
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$')
    };
    if name.split('.').all(good_part) {
        Ok(())
    } else {
        Err(BadValue::SettingName(name.to_owned()))
    }
}

/// Checks that a setting's value fits into one line of a configuration file.
///
/// # Errors
///
/// If the value holds control characters, such as a line end.
pub fn check_setting_value(name: &str, value: &str) -> Result<(), BadValue> {
    if value.chars().any(char::is_control) {
        Err(BadValue::SettingValue(name.to_owned()))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_numbers_with_units() {
        for text in ["10min", "0", "500ms", "1 h", "24d"] {
            assert!(ApplyDelay::parse(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "min",
            "-1s",
            "1.5h",
            "10 minutes",
            "25d",
            "9999999999999999999d",
        ] {
            assert!(ApplyDelay::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ports_and_hosts_and_settings() {
        assert!(Port::parse("0").is_err() && Port::parse("65536").is_err() && Port::parse(" 5432 ").is_ok());
        assert!(
            Host::parse("db1.example").is_ok() && Host::parse("a b").is_err() && Host::parse("").is_err()
        );
        assert!(
            Host::parse("127.0.0.2").unwrap().from_itself() == "127.0.0.2"
                && Host::parse("10.0.0.1").unwrap().from_itself() == "localhost"
        );
        assert!(
            Host::parse("127.0.0.2").unwrap().is_loopback()
                && !Host::parse("10.0.0.1").unwrap().is_loopback()
        );
        assert!(check_setting_name("shared_buffers").is_ok() && check_setting_name("a.b").is_ok());
        assert!(
            check_setting_name("").is_err()
                && check_setting_name("a b").is_err()
                && check_setting_name(".a").is_err()
        );
    }
}
