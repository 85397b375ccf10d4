//! A connection string as libpq reads it, without what is secret in it.
//!
//! From 12 on `primary_conninfo` in pg_settings is the text as it was written, its password included: nothing but what
//! comes out of here may be kept or shown (tried on 12 to 18).

use crate::model::quoting;

/// Keys whose value nobody may see.
const SECRET: [&str; 4] = [
    "password",
    "sslpassword",
    "oauth_client_secret",
    "scram_client_key",
];

/// What libpq shows there (`PQconninfo`, without what is empty).
const VIEWED: [&str; 32] = [
    "application_name",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "dbname",
    "fallback_application_name",
    "gssencmode",
    "gsslib",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "options",
    "passfile",
    "password",
    "port",
    "replication",
    "requirepeer",
    "sslcert",
    "sslcompression",
    "sslcrl",
    "sslkey",
    "sslmode",
    "sslpassword",
    "sslrootcert",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
    "authtype",
];

/// Keys and values in their order, without secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conninfo(Vec<(String, String)>);

impl Conninfo {
    /// Reads both forms, `host=db1 port=5432` and `postgresql://db1:5432/`. `None`: it cannot be read, so nobody knows
    /// where in it a secret may stand.
    pub fn parse(text: &str) -> Option<Self> {
        let mut pairs = with_secrets(text)?;
        pairs.retain(|(key, _)| !SECRET.contains(&key.as_str()));
        Some(Self(pairs))
    }

    /// Reads the column `conninfo` of pg_stat_wal_receiver, in which values stand as they are, without quotes and escapes (tried
    /// on 10 and 11): a word that no key begins belongs to the value before it.
    pub fn of_view(text: &str) -> Self {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for word in text.split(' ') {
            let key = word.split_once('=').filter(|(key, _)| VIEWED.contains(key));
            match (key, pairs.last_mut()) {
                (Some((key, value)), _) => pairs.push((key.to_owned(), value.to_owned())),
                (None, Some((_, value))) => {
                    value.push(' ');
                    value.push_str(word);
                }
                (None, None) => {}
            }
        }
        pairs.retain(|(key, _)| !SECRET.contains(&key.as_str()));
        Self(pairs)
    }

    /// The last value of a key counts, as in libpq.
    pub fn get(&self, key: &str) -> Option<&str> {
        let mut pairs = self.0.iter().rev();
        pairs.find_map(|(name, value)| (name == key).then_some(value.as_str()))
    }

    /// What it says and the other does not; empty where both say the same, in whatever order.
    #[must_use]
    pub fn beside(&self, other: &Self) -> Self {
        let own = self.0.iter().filter(|(key, _)| self.get(key) != other.get(key));
        Self(own.cloned().collect())
    }

    /// The keys in their order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.as_str())
    }

    /// `host=db1 port=5432`.
    pub fn text(&self) -> String {
        let pairs = self.0.iter();
        let words: Vec<String> = pairs
            .map(|(key, value)| format!("{key}={}", quoting::conninfo(value)))
            .collect();
        words.join(" ")
    }
}

/// The same with its secrets, for a connection: to be used at once, and neither kept nor shown.
pub fn with_secrets(text: &str) -> Option<Vec<(String, String)>> {
    let rest = ["postgresql://", "postgres://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme));
    match rest {
        Some(rest) => of_uri(rest),
        None => of_words(text),
    }
}

/// `key = value`, the value in single quotes where it holds blanks; `\` takes the next character as it is.
fn of_words(text: &str) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut letters = text.chars().peekable();
    loop {
        while letters.next_if(|c| c.is_whitespace()).is_some() {}
        if letters.peek().is_none() {
            return Some(pairs);
        }
        let mut key = String::new();
        while let Some(letter) = letters.next_if(|c| *c != '=' && !c.is_whitespace()) {
            key.push(letter);
        }
        while letters.next_if(|c| c.is_whitespace()).is_some() {}
        if key.is_empty() || letters.next() != Some('=') {
            return None;
        }
        while letters.next_if(|c| c.is_whitespace()).is_some() {}
        let is_quoted = letters.next_if_eq(&'\'').is_some();
        let mut value = String::new();
        loop {
            match letters.next() {
                Some('\\') => value.extend(letters.next()),
                Some('\'') if is_quoted => break,
                None if is_quoted => return None,
                None => break,
                Some(letter) if letter.is_whitespace() && !is_quoted => break,
                Some(letter) => value.push(letter),
            }
        }
        pairs.push((key, value));
    }
}

/// What follows the scheme: `user:secret@host:port,host:port/database?key=value&key=value`.
fn of_uri(rest: &str) -> Option<Vec<(String, String)>> {
    let (rest, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (login, places) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    for place in places.split(',') {
        // An IPv6 address has colons of its own, and stands in brackets.
        let (host, port) = match place.strip_prefix('[') {
            Some(inside) => {
                let (host, after) = inside.split_once(']')?;
                (host, after.strip_prefix(':').unwrap_or(after))
            }
            None => place.split_once(':').unwrap_or((place, "")),
        };
        hosts.push(decoded(host)?);
        ports.push(port.to_owned());
    }
    let mut pairs = vec![
        ("user".to_owned(), decoded(user)?),
        ("password".to_owned(), decoded(password)?),
        ("host".to_owned(), hosts.join(",")),
    ];
    pairs.push(("port".to_owned(), ports.join(",")));
    pairs.push(("dbname".to_owned(), decoded(database)?));
    pairs.retain(|(_, value)| !value.chars().all(|c| c == ','));
    for parameter in parameters.split('&').filter(|one| !one.is_empty()) {
        let (key, value) = parameter.split_once('=')?;
        pairs.push((decoded(key)?, decoded(value)?));
    }
    Some(pairs)
}

/// `%20` and the like as the characters that they stand for.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_never_come_out() {
        for text in [
            "host=db1 port=5433 password=hunter2 user=replicator",
            "host = 'db1' port='5433' password = 'hunter2' user=replicator",
            "password='hunter2 \\' x' host=db1 port=5433 user=replicator",
            "password=hunter2\\ x host=db1 port=5433 user=replicator",
            "postgresql://replicator:hunter2@db1:5433/",
            "postgres://replicator:hunter%402@db1:5433?password=hunter2",
            "postgres://db1:5433?user=replicator&sslpassword=hunter2",
        ] {
            let read = Conninfo::parse(text).unwrap();
            assert_eq!(read.get("host"), Some("db1"), "{text}");
            assert_eq!(read.get("port"), Some("5433"), "{text}");
            assert_eq!(read.get("user"), Some("replicator"), "{text}");
            assert!(!format!("{read:?}{}", read.text()).contains("hunter"), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_shown_at_all() {
        for text in [
            "hunter2",
            "=hunter2",
            "password='hunter2",
            "postgresql://[::1/",
            "postgresql://%zz/",
            "postgresql:///?hunter2",
        ] {
            assert_eq!(Conninfo::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_view_of_old_servers_is_read_without_quotes() {
        let text = "user=replicator passfile=/a b/pgpass dbname=replication host=localhost port=5433 application_name=it's \\ \"x\" sslmode=prefer";
        let read = Conninfo::of_view(text);
        assert_eq!(read.get("application_name"), Some("it's \\ \"x\""));
        assert_eq!(
            (read.get("host"), read.get("port")),
            (Some("localhost"), Some("5433"))
        );
        assert_eq!(read.get("passfile"), Some("/a b/pgpass"));
        assert!(!format!("{:?}", Conninfo::of_view("password=hunter2 x host=a")).contains("hunter2"));
    }

    #[test]
    fn it_reads_what_libpq_reads() {
        let read = Conninfo::parse("host=a,b port=1,2 application_name='it\\'s \\\\ x' host=c").unwrap();
        assert_eq!(read.get("host"), Some("c"));
        assert_eq!(read.get("application_name"), Some("it's \\ x"));
        assert_eq!(Conninfo::parse(&read.text()), Some(read));
        let uri = Conninfo::parse("postgresql://u@[::1]:5433,h2/d%20b?application_name=s%C3%A9").unwrap();
        assert_eq!(
            uri.text(),
            "user=u host='::1,h2' port='5433,' dbname='d b' application_name='sé'"
        );
        assert_eq!(Conninfo::parse("").unwrap().text(), "");
    }
}
