//! A line of pg_hba.conf that a design brings: read far enough to know whom it lets in, and whether an earlier line
//! leaves it anything.

use core::net::IpAddr;

use crate::model::topology::{BadValue, PgMajor};

/// One line, as it was written, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HbaLine {
    text: String,
    who: HbaWho,
    pub method: String,
    pub options: Vec<String>,
}

/// Whom a line is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HbaWho {
    /// `local`, `host`, `hostssl` …
    pub kind: String,
    pub databases: Vec<String>,
    pub users: Vec<String>,
    /// As it stands there; empty for `local`.
    pub address: String,
}

const KINDS: [&str; 6] = [
    "local",
    "host",
    "hostssl",
    "hostnossl",
    "hostgssenc",
    "hostnogssenc",
];
const METHODS: [&str; 14] = [
    "trust",
    "reject",
    "scram-sha-256",
    "md5",
    "password",
    "gss",
    "sspi",
    "ident",
    "peer",
    "ldap",
    "radius",
    "cert",
    "pam",
    "oauth",
];

impl HbaLine {
    /// # Errors
    ///
    /// If a server would refuse the line, or it reads another file.
    pub fn parse(text: &str) -> Result<Self, BadValue> {
        let bad = |why: String| {
            BadValue::term(
                format!("hba: \"{text}\" is not a line of pg_hba.conf: {why}"),
                "write for example \"host app app 10.0.0.0/8 scram-sha-256\"".to_owned(),
            )
        };
        if text.chars().any(|c| c.is_control() && c != '\t') {
            return Err(bad("it holds a control character".to_owned()));
        }
        let fields = fields(text).ok_or_else(|| bad("a quote is not closed".to_owned()))?;
        if fields
            .iter()
            .flatten()
            .any(|word| word.text.contains('@') && !word.is_quoted && word.text.starts_with('@'))
        {
            return Err(bad(
                "@ reads another file, which pgcascade cannot check".to_owned()
            ));
        }
        let mut fields = fields.into_iter();
        let mut next = |what: &str| fields.next().ok_or_else(|| bad(format!("it has no {what}")));
        let kind = single(next("type")?).filter(|kind| KINDS.contains(&kind.as_str()));
        let kind = kind.ok_or_else(|| bad(format!("its type is one of {}", KINDS.join(", "))))?;
        let databases = texts(next("database")?);
        let users = texts(next("user")?);
        let mut address = String::new();
        if kind != "local" {
            address = single(next("address")?).ok_or_else(|| bad("it has one address".to_owned()))?;
        }
        let mut method = single(next("method")?).ok_or_else(|| bad("it has one method".to_owned()))?;
        if !address.contains('/')
            && let (Ok(of), Ok(mask)) = (address.parse::<IpAddr>(), method.parse::<IpAddr>())
        {
            let bits = mask_bits(mask).ok_or_else(|| bad(format!("{mask} is not a network mask")))?;
            address = format!("{of}/{bits}");
            method = single(next("method")?).ok_or_else(|| bad("it has one method".to_owned()))?;
        }
        if kind != "local" {
            check_address(&address).map_err(&bad)?;
        }
        if !METHODS.contains(&method.as_str()) && method != "bsd" {
            return Err(bad(format!(
                "\"{method}\" is not a method; the methods are {} (oauth from 18 on, radius up to 18)",
                METHODS.join(", ")
            )));
        }
        if method == "cert" && kind != "hostssl" {
            return Err(bad("cert needs hostssl".to_owned()));
        }
        let options: Vec<String> = fields.flat_map(texts).collect();
        if let Some(option) = options.iter().find(|option| !option.contains('=')) {
            return Err(bad(format!(
                "\"{option}\" is not an option of the form name=value"
            )));
        }
        const SECRETS: [&str; 3] = ["ldapbindpasswd=", "radiussecrets=", "radiussecret="];
        if options
            .iter()
            .any(|option| SECRETS.iter().any(|secret| option.starts_with(secret)))
        {
            return Err(bad("it holds a password, and a design never does".to_owned()));
        }
        Ok(Self {
            text: text.split_whitespace().collect::<Vec<_>>().join(" "),
            who: HbaWho {
                kind,
                databases,
                users,
                address,
            },
            method,
            options,
        })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn who(&self) -> &HbaWho {
        &self.who
    }

    /// What the version of the design does not know of it.
    pub fn unknown_in(&self, major: PgMajor) -> Option<String> {
        if self.method == "scram-sha-256" && !major.has_scram() {
            return Some("scram-sha-256 is new in 10".to_owned());
        }
        if self.method == "oauth" && major < PgMajor::V18 {
            return Some("oauth is new in 18".to_owned());
        }
        if self.method == "radius" && !major.has_radius() {
            return Some("radius ended with 18".to_owned());
        }
        if self.who.kind.contains("gssenc") && major < PgMajor::V12 {
            return Some(format!("{} is new in 12", self.who.kind));
        }
        let certificate = self
            .options
            .iter()
            .find_map(|option| option.strip_prefix("clientcert="))?;
        let is_number = matches!(certificate, "0" | "1");
        match (is_number, major >= PgMajor::V12, major >= PgMajor::V14) {
            (false, false, _) => Some(format!(
                "clientcert={certificate} is new in 12; before, it is clientcert=1"
            )),
            (true, _, true) => Some(format!(
                "clientcert={certificate} ended with 13; it is clientcert=verify-ca"
            )),
            _ => None,
        }
    }
}

impl HbaWho {
    /// True if every connection that `other` is about is already decided by this line.
    pub fn covers(&self, other: &Self) -> bool {
        let kind = self.kind == other.kind
            || self.kind == "host" && other.kind != "local"
            || self.kind == "hostnogssenc" && matches!(other.kind.as_str(), "hostssl");
        let all_but_replication = |list: &[String]| list.iter().any(|word| word == "all");
        let databases = other.databases.iter().all(|one| {
            self.databases.contains(one) || all_but_replication(&self.databases) && one != "replication"
        });
        let users = other
            .users
            .iter()
            .all(|one| self.users.contains(one) || self.users.iter().any(|word| word == "all"));
        kind && databases && users && address_covers(&self.address, &other.address)
    }
}

fn address_covers(one: &str, other: &str) -> bool {
    if one == other || one == "all" {
        return true;
    }
    match (network(one), network(other)) {
        (Some((one, bits)), Some((other, other_bits))) => bits <= other_bits && same_start(one, other, bits),
        _ => false,
    }
}

fn network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = text.split_once('/')?;
    Some((address.parse().ok()?, bits.parse().ok()?))
}

fn same_start(one: IpAddr, other: IpAddr, bits: u32) -> bool {
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros() >= bits,
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros() >= bits,
        _ => false,
    }
}

fn mask_bits(mask: IpAddr) -> Option<u32> {
    let (ones, width, zeros) = match mask {
        IpAddr::V4(mask) => (mask.to_bits().leading_ones(), 32, mask.to_bits().trailing_zeros()),
        IpAddr::V6(mask) => (
            mask.to_bits().leading_ones(),
            128,
            mask.to_bits().trailing_zeros(),
        ),
    };
    (ones + zeros >= width).then_some(ones)
}

/// An address, a network, a name, a suffix of names, or a word.
fn check_address(address: &str) -> Result<(), String> {
    if let Some((before, bits)) = address.split_once('/') {
        let most = before
            .parse::<IpAddr>()
            .ok()
            .map(|one| if one.is_ipv4() { 32 } else { 128 });
        let is_good = most
            .zip(bits.parse::<u32>().ok())
            .is_some_and(|(most, bits)| bits <= most);
        return if is_good {
            Ok(())
        } else {
            Err(format!("{address} is not a network"))
        };
    }
    if address.parse::<IpAddr>().is_ok() {
        return Err(format!("{address} needs a mask, such as {address}/32"));
    }
    let looks_numeric = !address.chars().any(|c| c.is_ascii_alphabetic());
    if looks_numeric {
        return Err(format!("{address} is not an address"));
    }
    Ok(())
}

struct Word {
    text: String,
    is_quoted: bool,
}

fn texts(field: Vec<Word>) -> Vec<String> {
    field.into_iter().map(|word| word.text).collect()
}

fn single(field: Vec<Word>) -> Option<String> {
    let mut words = field.into_iter();
    let first = words.next()?;
    words.next().is_none().then_some(first.text)
}

/// The fields of a line, each a list of words between commas; `None` where a quote is not closed. `#` begins a comment.
fn fields(text: &str) -> Option<Vec<Vec<Word>>> {
    let mut fields: Vec<Vec<Word>> = Vec::new();
    let mut chars = text.chars().peekable();
    let mut joins = false;
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        match chars.peek() {
            None | Some('#') => return Some(fields),
            Some(',') => {
                chars.next();
                joins = true;
                continue;
            }
            Some(_) => {}
        }
        let mut word = String::new();
        let mut is_quoted = false;
        let mut inside = false;
        while let Some(c) = chars.peek().copied() {
            if !inside && (c.is_whitespace() || c == ',' || c == '#') {
                break;
            }
            chars.next();
            if c == '"' {
                is_quoted = true;
                inside = !inside;
            } else {
                word.push(c);
            }
        }
        if inside {
            return None;
        }
        let word = Word {
            text: word,
            is_quoted,
        };
        match fields.last_mut() {
            Some(last) if joins => last.push(word),
            _ => fields.push(vec![word]),
        }
        joins = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> HbaLine {
        HbaLine::parse(text).unwrap()
    }

    #[test]
    fn lines_are_read_as_the_server_reads_them() {
        let app = line("host app,\"my db\"  app 10.0.0.0 255.0.0.0 md5 # old");
        assert_eq!(app.who().databases, ["app", "my db"]);
        assert_eq!(app.who().address, "10.0.0.0/8");
        let with_option = line("hostssl all all 10.233.0.0/15 scram-sha-256 clientcert=verify-ca");
        assert_eq!(with_option.options, ["clientcert=verify-ca"]);
        assert!(with_option.unknown_in(PgMajor::V13).is_none());
        assert!(with_option.unknown_in(PgMajor::V11).is_some());
        let radius = line("host all all 10.0.0.0/8 radius radiusservers=r");
        assert!(radius.unknown_in(PgMajor::V18).is_none());
        assert!(radius.unknown_in(PgMajor::V19).is_some());
        for bad in [
            "",
            "host app app md5",
            "host app app 10.0.0.1 md5",
            "host app app 10.0.0.0/33 md5",
            "hosts all all all md5",
            "host all all all secret",
            "host @file all all md5",
            "host all all all cert",
            "host \"all all all md5",
            "host all all all ldap ldapserver=x ldapbindpasswd=y",
            "host all all all md5\nhost",
        ] {
            assert!(HbaLine::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_line_covers_what_it_decides_alone() {
        for (one, other, covers) in [
            (
                "host all all 10.0.0.0/8 md5",
                "hostssl app app 10.1.2.3/32 md5",
                true,
            ),
            (
                "host all all 10.0.0.0/8 md5",
                "host replication r 10.1.2.3/32 md5",
                false,
            ),
            (
                "hostssl all all 10.0.0.0/8 md5",
                "host app app 10.0.0.0/8 md5",
                false,
            ),
            ("host all all all md5", "host app app 10.0.0.0/8 md5", true),
            (
                "host app app 10.0.0.0/8 md5",
                "host all app 10.0.0.0/8 md5",
                false,
            ),
            ("local all all md5", "local app app peer", true),
        ] {
            assert_eq!(
                line(one).who().covers(line(other).who()),
                covers,
                "{one} / {other}"
            );
        }
    }
}
