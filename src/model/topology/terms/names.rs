//! Names and addresses that a design may choose itself, each checked where it enters.

use core::net::IpAddr;
use std::fmt;

use crate::model::topology::{BadValue, NAME_BYTES};

/// The replication role's name: one that needs no quotes anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleName(String);

impl RoleName {
    pub const USUAL: &'static str = "replicator";

    /// # Errors
    ///
    /// If the name needs quotes in SQL, belongs to the server, or is a word of pg_hba.conf.
    pub fn parse(text: &str) -> Result<Self, BadValue> {
        const TAKEN: [&str; 7] = ["postgres", "all", "public", "none", "replication", "user", "role"];
        let starts_well = text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        let fix = "write for example role = \"replicator\"".to_owned();
        if !starts_well || !is_plain(text) {
            let message = format!(
                "role = \"{text}\" is not a role's name here: use at most {NAME_BYTES} lower-case letters, digits and \
                 underscores, and begin with a letter"
            );
            return Err(BadValue::term(message, fix));
        }
        if TAKEN.contains(&text) || text.starts_with("pg_") {
            let message = format!(
                "role = \"{text}\" cannot be the replication role: the name has a meaning of its own"
            );
            return Err(BadValue::term(message, fix));
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A replication slot's name, as every version takes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SlotName(String);

impl SlotName {
    /// # Errors
    ///
    /// If PostgreSQL would refuse the name.
    pub fn parse(text: &str) -> Result<Self, BadValue> {
        if is_plain(text) {
            return Ok(Self(text.to_owned()));
        }
        let plain: String = text
            .chars()
            .map(|c| c.to_ascii_lowercase())
            .map(|c| {
                if c.is_ascii_lowercase() || c.is_ascii_digit() {
                    c
                } else {
                    '_'
                }
            })
            .take(NAME_BYTES)
            .collect();
        let plain = if plain.is_empty() {
            "standby_1".to_owned()
        } else {
            plain
        };
        Err(BadValue::term(
            format!(
                "\"{text}\" is not a slot's name: PostgreSQL takes at most {NAME_BYTES} lower-case letters, digits and \
                 underscores"
            ),
            format!("write \"{plain}\""),
        ))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SlotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= NAME_BYTES
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// The address column of pg_hba.conf: an address, a network, a name, or a word such as `samenet`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HbaAddress(String);

impl HbaAddress {
    /// # Errors
    ///
    /// If pg_hba.conf would read the text as something else, or not at all.
    pub fn parse(text: &str) -> Result<Self, BadValue> {
        if let Ok(address) = text.parse::<IpAddr>() {
            let bits = if address.is_ipv4() { 32 } else { 128 };
            return Ok(Self(format!("{address}/{bits}")));
        }
        if let Some((address, mask)) = text.split_once('/') {
            let most = address
                .parse::<IpAddr>()
                .ok()
                .map(|address| if address.is_ipv4() { 32 } else { 128 });
            let bits = mask.parse::<u8>().ok();
            let is_good = most.zip(bits).is_some_and(|(most, bits)| bits <= most);
            return if is_good {
                Ok(Self(text.to_owned()))
            } else {
                Err(Self::bad(text))
            };
        }
        let is_name = !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
            && text.chars().any(|c| c.is_ascii_alphabetic());
        if is_name {
            Ok(Self(text.to_owned()))
        } else {
            Err(Self::bad(text))
        }
    }

    fn bad(text: &str) -> BadValue {
        BadValue::term(
            format!("\"{text}\" is not an address of pg_hba.conf: use an address, a network, or a host name"),
            "write for example \"10.0.0.0/24\"".to_owned(),
        )
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for a host name, which pg_hba.conf only accepts if reverse DNS confirms it.
    pub fn is_name(&self) -> bool {
        !self.0.contains('/') && !matches!(self.0.as_str(), "all" | "samenet" | "samehost")
    }
}

/// `listen_addresses` as the design says it; without an entry, as drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listen(Vec<String>);

impl Listen {
    /// # Errors
    ///
    /// If an entry cannot be an address to listen on.
    pub fn parse(texts: &[String]) -> Result<Self, BadValue> {
        let mut entries = Vec::new();
        for text in texts.iter().flat_map(|text| text.split(',')).map(str::trim) {
            let is_good = text == "*"
                || text.parse::<IpAddr>().is_ok()
                || (!text.is_empty()
                    && text
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '%' | ':')));
            if !is_good {
                return Err(BadValue::term(
                    format!("listen: \"{text}\" is not an address to listen on"),
                    "write listen = \"*\", or addresses of the server's host, such as [\"localhost\", \"10.0.0.1\"]"
                        .to_owned(),
                ));
            }
            entries.push(text.to_owned());
        }
        Ok(Self(entries))
    }

    pub fn entries(&self) -> &[String] {
        &self.0
    }
}

/// The size of a WAL segment: a power of two from 1 MB to 1 GB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentSize(u16);

impl SegmentSize {
    pub const USUAL: i64 = 16;

    /// # Errors
    ///
    /// If initdb would refuse the size.
    pub fn parse(text: &str) -> Result<Self, BadValue> {
        let text = text.trim();
        let megabytes = match text.strip_suffix("GB") {
            Some(number) => number
                .trim()
                .parse::<u16>()
                .ok()
                .and_then(|number| number.checked_mul(1024)),
            None => text.strip_suffix("MB").unwrap_or(text).trim().parse().ok(),
        };
        match megabytes.filter(|size| size.is_power_of_two() && *size <= 1024) {
            Some(size) => Ok(Self(size)),
            None => Err(BadValue::term(
                format!(
                    "wal_segment_size = \"{text}\" is not possible: initdb takes a power of two from 1MB to 1GB"
                ),
                "write for example wal_segment_size = \"64MB\"".to_owned(),
            )),
        }
    }

    pub fn megabytes(self) -> u16 {
        self.0
    }
}

impl fmt::Display for SegmentSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}MB", self.0)
    }
}

/// Where one tablespace lies on one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablespaceFolder(String);

impl TablespaceFolder {
    /// # Errors
    ///
    /// If the path is not absolute, or holds what PostgreSQL refuses in one.
    pub fn parse(text: &str) -> Result<Self, BadValue> {
        let path = text.trim_end_matches('/');
        if path.starts_with('/')
            && !path.chars().any(|c| c.is_control() || c == '\'')
            && !path.contains("/../")
        {
            return Ok(Self(path.to_owned()));
        }
        Err(BadValue::term(
            format!("\"{text}\" cannot hold a tablespace: PostgreSQL takes an absolute path without quotes"),
            "write for example fast = \"/mnt/fast/pg\"".to_owned(),
        ))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// # Errors
///
/// If no tablespace can be called so.
pub fn check_tablespace(name: &str) -> Result<(), BadValue> {
    if is_plain(name) && !name.starts_with("pg_") && !name.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok(());
    }
    Err(BadValue::term(
        format!(
            "\"{name}\" is not a tablespace's name: use lower-case letters, digits and underscores, and not pg_ at its \
             beginning"
        ),
        "write for example fast = \"/mnt/fast/pg\"".to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_say_what_would_be() {
        assert!(RoleName::parse("repuser").is_ok());
        for bad in ["", "Rep", "pg_x", "postgres", "1a", "a-b", "é", "all"] {
            assert!(RoleName::parse(bad).is_err(), "{bad}");
        }
        assert!(SlotName::parse("standby_7").is_ok() && SlotName::parse("7").is_ok());
        assert_eq!(SlotName::parse("My-Slot").unwrap_err().fix(), "write \"my_slot\"");
    }

    #[test]
    fn addresses_are_those_of_pg_hba_conf() {
        for (text, address) in [
            ("10.0.0.1", "10.0.0.1/32"),
            ("2001:db8::5", "2001:db8::5/128"),
            ("10.0.0.0/24", "10.0.0.0/24"),
            ("db1.example", "db1.example"),
            ("samenet", "samenet"),
        ] {
            assert_eq!(HbaAddress::parse(text).unwrap().as_str(), address);
        }
        for bad in ["", "10.0.0.0/33", "10.0.0", "a b", "x/24", "10.0.0.300"] {
            assert!(HbaAddress::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn segments_are_powers_of_two() {
        assert_eq!(SegmentSize::parse("64MB").unwrap().megabytes(), 64);
        assert_eq!(SegmentSize::parse("1GB").unwrap().to_string(), "1024MB");
        for bad in ["", "3MB", "0", "2GB", "64kB", "2048"] {
            assert!(SegmentSize::parse(bad).is_err(), "{bad}");
        }
    }
}
