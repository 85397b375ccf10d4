//! The value of synchronous_standby_names, read as each version reads it.
//!
//! Up to 9.5 it is a list of identifiers between commas, in which almost anything is a name; from 9.6 on it has a
//! grammar of its own. Both were tried against running servers of every version; the tests hold what surprises.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

use thiserror::Error;

use crate::model::topology::{NAME_BYTES, PgMajor};

/// A value that turns synchronous replication on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandbyNames {
    is_quorum: bool,
    count: u32,
    /// Each member in lower case with the first place where it stands; `*` is one of them.
    places: BTreeMap<String, u32>,
}

/// A value with which the server does not start; at a reload it keeps the old one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NamesError {
    #[error("this version cannot parse the list")]
    List,
    #[error("there is a syntax error at or near \"{0}\"")]
    Near(String),
    #[error("there is a syntax error at its end")]
    End,
    #[error("the number of synchronous standbys ({0}) must be greater than zero")]
    Count(String),
}

impl StandbyNames {
    /// Reads the value; `None`: it is empty, and nothing is synchronous.
    ///
    /// # Errors
    ///
    /// If a server of that version does not start with the value.
    pub fn parse(text: &str, major: PgMajor) -> Result<Option<Self>, NamesError> {
        if text.is_empty() {
            Ok(None)
        } else if major.has_several_sync() {
            grammar(&tokens(text, major.has_quorum())?).map(Some)
        } else {
            Ok(Some(Self::new(false, 1, identifiers(text)?)))
        }
    }

    /// True for `ANY n (…)`.
    pub fn is_quorum(&self) -> bool {
        self.is_quorum
    }

    /// How many standbys a commit waits for; may be more than there are members.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The sync_priority of a standby with this name (as the sender holds it): the place of the first member that
    /// matches, for a quorum always 1, and 0 if none matches.
    pub fn priority(&self, name: &str) -> u32 {
        let place = |member: &str| self.places.get(member).copied();
        let named = place(&name.to_ascii_lowercase());
        match named.into_iter().chain(place("*")).min() {
            Some(_) if self.is_quorum => 1,
            first => first.unwrap_or(0),
        }
    }

    /// The members in lower case, in their order.
    pub fn members(&self) -> Vec<&str> {
        let mut members: Vec<(&str, u32)> = self
            .places
            .iter()
            .map(|(name, place)| (name.as_str(), *place))
            .collect();
        members.sort_by_key(|(_, place)| *place);
        members.into_iter().map(|(name, _)| name).collect()
    }

    fn new(is_quorum: bool, count: u32, members: Vec<String>) -> Self {
        let mut places = BTreeMap::new();
        for (place, member) in (1..).zip(members) {
            places.entry(member.to_ascii_lowercase()).or_insert(place);
        }
        Self {
            is_quorum,
            count,
            places,
        }
    }
}

/// 9.2 to 9.5: names between commas. A string of blanks is a list of nobody.
fn identifiers(text: &str) -> Result<Vec<String>, NamesError> {
    let mut members = Vec::new();
    let mut chars = text.chars().peekable();
    skip_blanks(&mut chars);
    if chars.peek().is_none() {
        return Ok(members);
    }
    loop {
        let name = if chars.next_if_eq(&'"').is_some() {
            quoted(&mut chars).ok_or(NamesError::List)?
        } else {
            let name: String = std::iter::from_fn(|| chars.next_if(|c| *c != ',' && !is_blank(*c))).collect();
            if name.is_empty() {
                return Err(NamesError::List);
            }
            name
        };
        members.push(cut(name));
        skip_blanks(&mut chars);
        match chars.next() {
            None => return Ok(members),
            Some(',') => skip_blanks(&mut chars),
            Some(_) => return Err(NamesError::List),
        }
    }
}

/// Names are cut to 63 bytes, and not inside a character.
fn cut(mut name: String) -> String {
    let end = (0..=NAME_BYTES.min(name.len())).rfind(|end| name.is_char_boundary(*end));
    name.truncate(end.unwrap_or(0));
    name
}

fn is_blank(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\u{b}'
}

fn skip_blanks(chars: &mut Peekable<Chars<'_>>) {
    while chars.next_if(|c| is_blank(*c)).is_some() {}
}

/// The rest of a quoted name, behind its first quote; `None` if it does not end.
fn quoted(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut name = String::new();
    loop {
        match chars.next()? {
            '"' if chars.next_if_eq(&'"').is_some() => name.push('"'),
            '"' => return Some(name),
            c => name.push(c),
        }
    }
}

/// A word of the grammar that 9.6 began.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Name(String),
    Number(String),
    /// A keyword, as it was written.
    First(String),
    Any(String),
    Comma,
    Open,
    Close,
}

impl Token {
    fn text(&self) -> &str {
        match self {
            Self::Name(text) | Self::Number(text) | Self::First(text) | Self::Any(text) => text,
            Self::Comma => ",",
            Self::Open => "(",
            Self::Close => ")",
        }
    }
}

fn tokens(text: &str, has_keywords: bool) -> Result<Vec<Token>, NamesError> {
    let begins_name = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
    let goes_on = |c: &char| begins_name(*c) || c.is_ascii_digit() || *c == '$';
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        skip_blanks(&mut chars);
        let Some(c) = chars.next() else {
            return Ok(tokens);
        };
        tokens.push(match c {
            ',' => Token::Comma,
            '(' => Token::Open,
            ')' => Token::Close,
            '*' => Token::Name("*".to_owned()),
            '"' => Token::Name(quoted(&mut chars).ok_or(NamesError::End)?),
            c if c.is_ascii_digit() => {
                let rest = std::iter::from_fn(|| chars.next_if(char::is_ascii_digit));
                Token::Number(std::iter::once(c).chain(rest).collect())
            }
            c if begins_name(c) => {
                let rest = std::iter::from_fn(|| chars.next_if(goes_on));
                let word: String = std::iter::once(c).chain(rest).collect();
                if has_keywords && word.eq_ignore_ascii_case("first") {
                    Token::First(word)
                } else if has_keywords && word.eq_ignore_ascii_case("any") {
                    Token::Any(word)
                } else {
                    Token::Name(word)
                }
            }
            other => return Err(NamesError::Near(other.to_string())),
        });
    }
}

/// `list`, `n (list)`, `FIRST n (list)`, `ANY n (list)`.
fn grammar(tokens: &[Token]) -> Result<StandbyNames, NamesError> {
    let (is_quorum, number, rest) = match tokens {
        [Token::Any(_), Token::Number(number), Token::Open, rest @ ..] => (true, number, rest),
        [Token::First(_), Token::Number(number), Token::Open, rest @ ..]
        | [Token::Number(number), Token::Open, rest @ ..] => (false, number, rest),
        plain => {
            return Ok(StandbyNames::new(false, 1, list(plain)?));
        }
    };
    let [inside @ .., Token::Close] = rest else {
        // An error inside the list comes before the bracket that is missing.
        list(rest)?;
        return Err(NamesError::End);
    };
    let members = list(inside)?;
    Ok(StandbyNames::new(is_quorum, count(number)?, members))
}

fn list(tokens: &[Token]) -> Result<Vec<String>, NamesError> {
    let mut members = Vec::new();
    let mut tokens = tokens.iter();
    loop {
        match tokens.next() {
            Some(Token::Name(name) | Token::Number(name)) => members.push(name.clone()),
            Some(other) => return Err(NamesError::Near(other.text().to_owned())),
            None => return Err(NamesError::End),
        }
        match tokens.next() {
            None => return Ok(members),
            Some(Token::Comma) => {}
            Some(other) => return Err(NamesError::Near(other.text().to_owned())),
        }
    }
}

/// The server reads the number into 32 bits with a sign and drops what does not fit.
fn count(digits: &str) -> Result<u32, NamesError> {
    let number: i64 = digits.parse().unwrap_or(i64::MAX);
    let low = u32::try_from(number & 0xffff_ffff).unwrap_or(0);
    if low == 0 || low > i32::MAX.unsigned_abs() {
        return Err(NamesError::Count(digits.to_owned()));
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "ANY 2: a|b", "off", or "error".
    #[track_caller]
    fn check(major: &str, text: &str, expected: &str) {
        let read = match StandbyNames::parse(text, PgMajor::parse(major).unwrap()) {
            Ok(None) => "off".to_owned(),
            Ok(Some(names)) => format!(
                "{} {}: {}",
                if names.is_quorum { "ANY" } else { "FIRST" },
                names.count,
                in_order(&names)
            ),
            Err(_) => "error".to_owned(),
        };
        assert_eq!(read, expected, "{major}: {text:?}");
    }

    /// The members in lower case, by place.
    fn in_order(names: &StandbyNames) -> String {
        let mut members: Vec<(u32, &str)> = names
            .places
            .iter()
            .map(|(member, place)| (*place, member.as_str()))
            .collect();
        members.sort_unstable();
        let members: Vec<&str> = members.into_iter().map(|(_, member)| member).collect();
        members.join("|")
    }

    #[test]
    fn up_to_nine_five_almost_anything_is_a_name() {
        for (text, expected) in [
            ("", "off"),
            ("   ", "FIRST 1: "),
            ("slave1,slave2", "FIRST 1: slave1|slave2"),
            ("my-node, 1node ,a.b", "FIRST 1: my-node|1node|a.b"),
            ("(a)", "FIRST 1: (a)"),
            ("2(a,b)", "FIRST 1: 2(a|b)"),
            ("2 (a,b)", "error"),
            ("FIRST, ANY", "FIRST 1: first|any"),
            ("\"a\"\"b\", \"x, y\"", "FIRST 1: a\"b|x, y"),
            ("\"a\"b", "error"),
            ("a b", "error"),
            ("a,", "error"),
            (",a", "error"),
            ("\"a", "error"),
            ("*", "FIRST 1: *"),
        ] {
            check("9.2", text, expected);
            check("9.5", text, expected);
        }
        let long = "x".repeat(70);
        check("9.4", &long, &format!("FIRST 1: {}", "x".repeat(63)));
        check(
            "9.4",
            &format!("\"{}\"", "é".repeat(40)),
            &format!("FIRST 1: {}", "é".repeat(31)),
        );
    }

    #[test]
    fn from_nine_six_on_there_is_a_grammar() {
        for (text, expected) in [
            ("", "off"),
            ("  ", "error"),
            ("slave1,slave2", "FIRST 1: slave1|slave2"),
            ("2 (a, b)", "FIRST 2: a|b"),
            ("2(a,b)", "FIRST 2: a|b"),
            ("123", "FIRST 1: 123"),
            ("123 (a)", "FIRST 123: a"),
            ("1node", "error"),
            ("my-node", "error"),
            ("a.b", "error"),
            ("$a", "error"),
            ("a$1, _b, é", "FIRST 1: a$1|_b|é"),
            ("\"my-node\", \"a\"\"b\"", "FIRST 1: my-node|a\"b"),
            ("\"\"", "FIRST 1: "),
            ("(a)", "error"),
            ("a,", "error"),
            ("2 (a", "error"),
            ("2 ()", "error"),
            ("0 (a)", "error"),
            ("4294967297 (a)", "FIRST 1: a"),
            ("2147483648 (a)", "error"),
            ("99999999999999999999 (a)", "error"),
            ("3 (a)", "FIRST 3: a"),
            ("\"a", "error"),
        ] {
            for major in ["9.6", "10", "15", "18"] {
                check(major, text, expected);
            }
        }
        let long = "x".repeat(70);
        check("15", &long, &format!("FIRST 1: {long}"));
    }

    #[test]
    fn the_keywords_came_with_ten() {
        for (text, six, ten) in [
            ("first, any", "FIRST 1: first|any", "error"),
            ("\"first\", \"any\"", "FIRST 1: first|any", "FIRST 1: first|any"),
            (
                "anyone, firsts",
                "FIRST 1: anyone|firsts",
                "FIRST 1: anyone|firsts",
            ),
            ("ANY 2 (a, b, c)", "error", "ANY 2: a|b|c"),
            ("aNy 3 (*)", "error", "ANY 3: *"),
            ("First 2 (a, b)", "error", "FIRST 2: a|b"),
            ("FIRST (a)", "error", "error"),
            ("FIRST 1 (a), b", "error", "error"),
            ("ANY 1 a", "error", "error"),
        ] {
            check("9.6", text, six);
            check("10", text, ten);
            check("18", text, ten);
        }
    }

    #[test]
    fn a_member_matches_without_regard_to_case_and_the_first_counts() {
        let names = |text| StandbyNames::parse(text, PgMajor::V15).unwrap().unwrap();
        let list = names("\"B\", a, b, \"*\"");
        assert_eq!(
            [list.priority("b"), list.priority("A"), list.priority("z")],
            [1, 2, 4]
        );
        let quorum = names("ANY 1 (x, y)");
        assert_eq!([quorum.priority("Y"), quorum.priority("z")], [1, 0]);
        assert_eq!(names("é").priority("É"), 0);
        assert_eq!(names("\"\"").priority("a"), 0);
        assert_eq!(names(&"x".repeat(64)).priority(&"x".repeat(63)), 0);
    }
}
