//! One line of postgresql.conf as PostgreSQL's own scanner reads it (`guc-file.l`; tried with sixty lines on 10 to 18): the
//! longest match counts, and of equally long ones the first in the scanner's order.

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineSays {
    Nothing,
    Sets {
        name: String,
        value: String,
    },
    /// The scanner or the parser refuses it: the text near which it does so.
    Refused {
        near: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Name,
    Qualified,
    Quoted,
    Unquoted,
    Integer,
    Real,
    Equals,
    Refused,
}

/// Reads one line, without its line end.
pub fn line(text: &[u8]) -> LineSays {
    let mut rest = text;
    let mut next = || {
        let (kind, token, after) = token(rest)?;
        rest = after;
        Some((kind, token))
    };
    let Some((kind, name)) = next() else {
        return LineSays::Nothing;
    };
    if !matches!(kind, Kind::Name | Kind::Qualified) {
        return refused(Some(name));
    }
    let mut value = next();
    if value.is_some_and(|(kind, _)| kind == Kind::Equals) {
        value = next();
    }
    let value = match value {
        Some((Kind::Quoted, token)) => unquoted(token),
        Some((Kind::Name | Kind::Unquoted | Kind::Integer | Kind::Real, token)) => lossy(token),
        other => return refused(other.map(|(_, token)| token)),
    };
    match next() {
        None => LineSays::Sets {
            name: lossy(name),
            value,
        },
        Some((_, token)) => refused(Some(token)),
    }
}

fn refused(token: Option<&[u8]>) -> LineSays {
    LineSays::Refused {
        near: token.map_or_else(|| "end of line".to_owned(), lossy),
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The next token and what follows it; `None` at the end of the line or at a comment.
fn token(text: &[u8]) -> Option<(Kind, &[u8], &[u8])> {
    let start = text
        .iter()
        .position(|byte| !matches!(byte, b' ' | b'\t' | b'\r'))?;
    let text = text.get(start..)?;
    let first = *text.first()?;
    if first == b'#' {
        return None;
    }
    if first == b'=' {
        let (token, rest) = text.split_at(1);
        return Some((Kind::Equals, token, rest));
    }
    let matches = [
        (Kind::Name, name(text)),
        (Kind::Qualified, qualified(text)),
        (Kind::Quoted, quoted(text)),
        (Kind::Unquoted, plain(text)),
        (Kind::Integer, integer(text)),
        (Kind::Real, real(text)),
    ];
    let mut best = (Kind::Refused, 0);
    for (kind, length) in matches {
        if length > best.1 {
            best = (kind, length);
        }
    }
    let (token, rest) = text.split_at(best.1.max(1));
    Some((best.0, token, rest))
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn is_letter_or_digit(byte: u8) -> bool {
    is_letter(byte) || byte.is_ascii_digit()
}

/// How many bytes from the start satisfy it.
fn run(text: &[u8], is_one: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|byte| !is_one(*byte)).unwrap_or(text.len())
}

fn after(text: &[u8], start: usize) -> &[u8] {
    text.get(start..).unwrap_or_default()
}

fn name(text: &[u8]) -> usize {
    match text.first() {
        Some(first) if is_letter(*first) => run(text, is_letter_or_digit),
        _ => 0,
    }
}

fn qualified(text: &[u8]) -> usize {
    let first = name(text);
    if first == 0 || text.get(first) != Some(&b'.') {
        return 0;
    }
    match name(after(text, first + 1)) {
        0 => 0,
        second => first + 1 + second,
    }
}

fn plain(text: &[u8]) -> usize {
    match text.first() {
        Some(first) if is_letter(*first) => run(text, |byte| {
            is_letter_or_digit(byte) || matches!(byte, b'-' | b'.' | b'_' | b':' | b'/')
        }),
        _ => 0,
    }
}

/// A text that does not end matches as far as it could have ended: at an earlier doubled quote.
fn quoted(text: &[u8]) -> usize {
    if text.first() != Some(&b'\'') {
        return 0;
    }
    let (mut at, mut accepted) = (1, 0);
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' => at += 2,
            b'\'' => {
                accepted = at + 1;
                if text.get(at + 1) != Some(&b'\'') {
                    return accepted;
                }
                at += 2;
            }
            _ => at += 1,
        }
    }
    accepted
}

fn sign(text: &[u8]) -> usize {
    usize::from(matches!(text.first(), Some(b'-' | b'+')))
}

fn integer(text: &[u8]) -> usize {
    let start = sign(text);
    let body = after(text, start);
    let with_unit = |digits: usize| match digits {
        0 => 0,
        digits => start + digits + run(after(body, digits), |byte| byte.is_ascii_alphabetic()),
    };
    let decimal = with_unit(run(body, |byte| byte.is_ascii_digit()));
    let hexadecimal = match body {
        [b'0', b'x', digits @ ..] => match run(digits, |byte| byte.is_ascii_hexdigit()) {
            0 => 0,
            length => with_unit(2 + length),
        },
        _ => 0,
    };
    decimal.max(hexadecimal)
}

fn real(text: &[u8]) -> usize {
    let digits = |from: &[u8]| run(from, |byte| byte.is_ascii_digit());
    let mut at = sign(text);
    at += digits(after(text, at));
    if text.get(at) != Some(&b'.') {
        return 0;
    }
    at += 1;
    at += digits(after(text, at));
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let start = at + 1 + sign(after(text, at + 1));
        match digits(after(text, start)) {
            0 => {}
            length => at = start + length,
        }
    }
    at
}

/// Without the quotes: `''` is a quote, and a backslash escapes (`\n`, `\101`), as everywhere in this file.
fn unquoted(token: &[u8]) -> String {
    let inside = token.get(1..token.len().saturating_sub(1)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(inside.len());
    let mut at = 0;
    while let Some(byte) = inside.get(at) {
        at += 1;
        match byte {
            b'\\' => {
                let Some(escaped) = inside.get(at) else { break };
                at += 1;
                bytes.push(match escaped {
                    b'b' => 8,
                    b'f' => 12,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'0'..=b'7' => {
                        let mut number = u32::from(escaped - b'0');
                        for _ in 0..2 {
                            let Some(digit @ b'0'..=b'7') = inside.get(at) else {
                                break;
                            };
                            number = number * 8 + u32::from(digit - b'0');
                            at += 1;
                        }
                        // The server keeps the low byte.
                        u8::try_from(number & 0xff).unwrap_or_default()
                    }
                    other => *other,
                });
            }
            b'\'' => {
                bytes.push(b'\'');
                at += usize::from(inside.get(at) == Some(&b'\''));
            }
            other => bytes.push(*other),
        }
    }
    lossy(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let read = match line(text.as_bytes()) {
            LineSays::Nothing => String::new(),
            LineSays::Sets { name, value } => format!("{name}={value}"),
            LineSays::Refused { .. } => "refused".to_owned(),
        };
        assert_eq!(read, expected, "{text}");
    }

    #[test]
    fn a_line_is_read_as_the_server_reads_it() {
        for (text, expected) in [
            ("", ""),
            ("  # work_mem = 1MB", ""),
            ("work_mem=1MB", "work_mem=1MB"),
            ("WORK_MEM 4MB\r", "WORK_MEM=4MB"),
            ("work_mem=5MB#c", "work_mem=5MB"),
            ("cluster_name 'a#b' # c", "cluster_name=a#b"),
            ("cluster_name = 'it''s'", "cluster_name=it's"),
            (r"cluster_name = 'it\'s'", "cluster_name=it's"),
            (r"cluster_name = 'a\tb\101\\'", "cluster_name=a\tbA\\"),
            ("cluster_name = prod-1.eu", "cluster_name=prod-1.eu"),
            ("cluster_name = a.b-c", "cluster_name=a.b-c"),
            ("cluster_name = a.b", "refused"),
            ("max_wal_senders=0x10", "max_wal_senders=0x10"),
            ("max_wal_senders=010", "max_wal_senders=010"),
            ("x = -1", "x=-1"),
            ("x = 0.5", "x=0.5"),
            ("x = .5e-3", "x=.5e-3"),
            ("my.thing = 1", "my.thing=1"),
            ("my-thing = 1", "refused"),
            ("work_mem == 1MB", "refused"),
            ("work_mem = 64 MB", "refused"),
            ("work_mem = '64 MB'", "work_mem=64 MB"),
            ("work_mem = 1.5MB", "refused"),
            ("work_mem", "refused"),
            ("work_mem =", "refused"),
            ("listen_addresses = *", "refused"),
            ("data_directory = /x/y", "refused"),
            ("synchronous_standby_names = a,b", "refused"),
            ("primary_conninfo = host=1", "refused"),
            ("x = 'a", "refused"),
            ("x = 'a''b", "refused"),
            ("x = ''", "x="),
            ("x = 4MB;", "refused"),
            ("café = é", "café=é"),
        ] {
            check(text, expected);
        }
    }
}
