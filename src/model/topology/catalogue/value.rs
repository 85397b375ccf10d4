//! PostgreSQL's own grammar of values: what `parse_bool`, `parse_int`, `parse_real` and the enum lookup of its
//! source (`guc.c`, `bool.c`) take, with the differences between versions. Start with [`judge`].

use super::{Kind, Range};
use crate::model::topology::{PgMajor, nearest};

/// Why a value is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueProblem {
    NotBool,
    NotNumber,
    /// A number, but what follows it is not an unit of this parameter in this version.
    Unit(String),
    OutOfRange,
    NotOneOf,
}

/// Would a server of this version take the value?
pub fn judge(kind: &Kind, value: &str, major: PgMajor) -> Result<(), ValueProblem> {
    match kind {
        Kind::Bool => match parse_bool(value) {
            Some(_) => Ok(()),
            None => Err(ValueProblem::NotBool),
        },
        Kind::Integer(range) | Kind::Real(range) => in_range(number(kind, range, value, major)?, range),
        Kind::Enum { shown, hidden } => shown
            .iter()
            .chain(hidden)
            .any(|word| word.eq_ignore_ascii_case(value))
            .then_some(())
            .ok_or(ValueProblem::NotOneOf),
        Kind::Text | Kind::Absent => Ok(()),
    }
}

/// The number that a server reads, in the parameter's own unit.
pub(super) fn number(kind: &Kind, range: &Range, value: &str, major: PgMajor) -> Result<f64, ValueProblem> {
    match kind {
        Kind::Real(_) => parse_real(value, range, major),
        _ if major.reads_fractions() => parse_integer(value, range, major),
        _ => parse_integer_before_12(value, range, major),
    }
}

/// The value that was probably meant. The version takes it.
pub fn repair(kind: &Kind, value: &str, major: PgMajor) -> Option<String> {
    let trimmed = value.trim();
    let meant = match kind {
        Kind::Bool => match trimmed.to_ascii_lowercase().as_str() {
            "enable" | "enabled" | "active" | "always" => "on".to_owned(),
            "disable" | "disabled" | "inactive" | "never" | "none" => "off".to_owned(),
            _ => trimmed.to_owned(),
        },
        Kind::Integer(range) | Kind::Real(range) => {
            if judge(kind, value, major) == Err(ValueProblem::OutOfRange) {
                into_range(value, range, major)?
            } else {
                let (_, rest) = scan_number(trimmed)?;
                let number = &trimmed[..trimmed.len() - rest.len()];
                format!("{number}{}", meant_unit(rest.trim(), range.unit)?)
            }
        }
        Kind::Enum { shown, .. } => {
            let words = shown.iter().copied().filter(|word| !word.is_empty());
            nearest(&trimmed.to_ascii_lowercase(), words)?.to_owned()
        }
        Kind::Text | Kind::Absent => return None,
    };
    judge(kind, &meant, major).is_ok().then_some(meant)
}

/// The next number that the range holds: five days are above a range of seconds, not below it.
fn into_range(value: &str, range: &Range, major: PgMajor) -> Option<String> {
    let (number, rest) = scan_number(value)?;
    let number = number * unit_factor(rest, range, major).ok()?;
    let (least, most) = range.written;
    Some(match range.step {
        Some(step) if rest.is_empty() && number > range.least && number < range.most => {
            ((number / step).ceil() * step).to_string()
        }
        _ if number < range.least => least.to_owned(),
        _ => most.to_owned(),
    })
}

/// The units a number of this unit may have in this version, the smallest first.
pub fn units(unit: Option<&str>, kind: &Kind, major: PgMajor) -> Vec<&'static str> {
    let Some(unit) = unit else { return Vec::new() };
    if matches!(kind, Kind::Real(_)) && !major.reads_fractions() {
        return Vec::new();
    }
    let mut units: Vec<_> = scale(unit)
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| is_known(name, major))
        .collect();
    units.reverse();
    units
}

/// A size in bytes, from a value with or without a unit of memory.
pub fn bytes(value: &str, unit: &str) -> Option<f64> {
    let (number, rest) = scan_number(value)?;
    let named = if rest.trim().is_empty() { unit } else { rest.trim() };
    let (_, factor) = MEMORY.iter().find(|(name, _)| *name == named)?;
    Some(number * factor)
}

/// A time in milliseconds, from a value with or without a unit of time.
pub fn milliseconds(value: &str) -> Option<f64> {
    let (number, rest) = scan_number(value)?;
    let named = if rest.trim().is_empty() { "ms" } else { rest.trim() };
    let (_, factor) = TIME.iter().find(|(name, _)| *name == named)?;
    Some(number * factor)
}

/// Units and what they are in bytes, or in milliseconds; the largest first.
const MEMORY: [(&str, f64); 5] = [
    ("TB", 1_099_511_627_776.0),
    ("GB", 1_073_741_824.0),
    ("MB", 1_048_576.0),
    ("kB", 1024.0),
    ("B", 1.0),
];
const TIME: [(&str, f64); 6] = [
    ("d", 86_400_000.0),
    ("h", 3_600_000.0),
    ("min", 60_000.0),
    ("s", 1000.0),
    ("ms", 1.0),
    ("us", 0.001),
];

fn scale(unit: &str) -> &'static [(&'static str, f64)] {
    if unit.ends_with('B') { &MEMORY } else { &TIME }
}

/// How many of one unit an own unit is: an `8kB` is 1/128 `MB`.
pub(super) fn in_unit(own: &str, unit: &str) -> Option<f64> {
    let (_, factor) = scale(own).iter().find(|(name, _)| *name == unit)?;
    Some(own_factor(own)? / factor)
}

fn is_known(unit: &str, major: PgMajor) -> bool {
    match unit {
        "TB" => major.has_terabytes(),
        "B" => major.has_byte_unit(),
        "us" => major.reads_fractions(),
        _ => true,
    }
}

/// A parameter's own unit in bytes or milliseconds: `8kB` is 8192.
fn own_factor(unit: &str) -> Option<f64> {
    let name_at = unit.find(|c: char| !c.is_ascii_digit())?;
    let (count, name) = unit.split_at(name_at);
    let (_, factor) = scale(unit).iter().find(|(known, _)| *known == name)?;
    Some(factor * count.parse().unwrap_or(1.0))
}

/// What people write for a unit of PostgreSQL.
fn meant_unit(written: &str, own: Option<&str>) -> Option<&'static str> {
    let own = own?;
    let lower = written.to_ascii_lowercase();
    Some(if own.ends_with('B') {
        match lower.as_str() {
            "b" | "byte" | "bytes" => "B",
            "k" | "kb" | "kib" => "kB",
            "m" | "mb" | "mib" => "MB",
            "g" | "gb" | "gib" => "GB",
            "t" | "tb" | "tib" => "TB",
            _ => return None,
        }
    } else {
        match lower.as_str() {
            "us" | "µs" | "microseconds" => "us",
            "ms" | "msec" | "millisecond" | "milliseconds" => "ms",
            "s" | "sec" | "secs" | "second" | "seconds" => "s",
            "m" | "min" | "mins" | "minute" | "minutes" => "min",
            "h" | "hour" | "hours" | "hr" => "h",
            "d" | "day" | "days" => "d",
            _ => return None,
        }
    })
}

/// Any unambiguous beginning of true, false, yes, no, on, off, and 1 and 0; no blanks around it.
pub(super) fn parse_bool(value: &str) -> Option<bool> {
    let value = value.to_ascii_lowercase();
    let begins = |word: &str, least: usize| value.len() >= least && word.starts_with(&value);
    if begins("true", 1) || begins("yes", 1) || value == "on" || value == "1" {
        Some(true)
    } else if begins("false", 1) || begins("no", 1) || begins("off", 2) || value == "0" {
        Some(false)
    } else {
        None
    }
}

fn in_range(number: f64, range: &Range) -> Result<(), ValueProblem> {
    let is_also = range.also.and_then(|also| also.parse::<f64>().ok()) == Some(number);
    let is_within = number >= range.least && number <= range.most;
    let is_step = range.step.is_none_or(|step| number % step == 0.0);
    if is_also || (is_within && is_step) {
        Ok(())
    } else {
        Err(ValueProblem::OutOfRange)
    }
}

fn parse_integer(value: &str, range: &Range, major: PgMajor) -> Result<f64, ValueProblem> {
    let whole = scan_integer(value);
    let goes_on = |rest: &str| rest.starts_with(['.', 'e', 'E']);
    let (number, rest) = match whole {
        Some((number, rest)) if !goes_on(rest) && in_i64(number) => (number, rest),
        // With a fraction or an exponent it is read again, as a real; ".5" is one too (but " .5" is not).
        Some(_) => scan_real(value).ok_or(ValueProblem::NotNumber)?,
        None if goes_on(value) => scan_real(value).ok_or(ValueProblem::NotNumber)?,
        None => return Err(ValueProblem::NotNumber),
    };
    let number = with_unit(number, rest, range, major)?.round_ties_even();
    in_i32(number).then_some(number).ok_or(ValueProblem::OutOfRange)
}

/// Up to 11 there are whole numbers only, each step has to fit into 32 bits, and what a larger unit loses is cut.
fn parse_integer_before_12(value: &str, range: &Range, major: PgMajor) -> Result<f64, ValueProblem> {
    let (number, rest) = scan_integer(value).ok_or(ValueProblem::NotNumber)?;
    if !in_i32(number) {
        return Err(ValueProblem::OutOfRange);
    }
    let factor = unit_factor(rest, range, major)?;
    let number = (number * factor).trunc();
    in_i32(number).then_some(number).ok_or(ValueProblem::OutOfRange)
}

fn parse_real(value: &str, range: &Range, major: PgMajor) -> Result<f64, ValueProblem> {
    let (number, rest) = scan_real(value).ok_or(ValueProblem::NotNumber)?;
    if major.reads_fractions() {
        with_unit(number, rest, range, major)
    } else if rest.trim_matches(' ').is_empty() {
        Ok(number)
    } else {
        Err(ValueProblem::NotNumber)
    }
}

/// The number in the parameter's own unit. A fraction is first rounded to the next smaller unit: 1.5kB is 1536B.
fn with_unit(number: f64, rest: &str, range: &Range, major: PgMajor) -> Result<f64, ValueProblem> {
    let factor = unit_factor(rest, range, major)?;
    let (Some(own), false) = (range.unit.and_then(own_factor), rest.trim().is_empty()) else {
        return Ok(number * factor);
    };
    let scale = range.unit.map_or(&[][..], scale);
    let place = scale.iter().position(|(name, _)| *name == rest.trim());
    match place.and_then(|place| scale.get(place + 1)) {
        Some((_, smaller)) => {
            let smaller = smaller / own;
            Ok((number * factor / smaller).round_ties_even() * smaller)
        }
        None => Ok(number * factor),
    }
}

fn unit_factor(rest: &str, range: &Range, major: PgMajor) -> Result<f64, ValueProblem> {
    let unit = rest.trim_matches(' ');
    if unit.is_empty() {
        return Ok(1.0);
    }
    let bad = || ValueProblem::Unit(unit.to_owned());
    let own = range.unit.ok_or(ValueProblem::NotNumber)?;
    let (_, factor) = scale(own)
        .iter()
        .find(|(name, _)| *name == unit && is_known(name, major))
        .ok_or_else(bad)?;
    Ok(factor / own_factor(own).ok_or_else(bad)?)
}

fn in_i32(number: f64) -> bool {
    number >= f64::from(i32::MIN) && number <= f64::from(i32::MAX)
}

/// Does `strtol` hold it? Past that a server reads it as a real.
fn in_i64(number: f64) -> bool {
    number.abs() < 9.2e18
}

fn scan_number(text: &str) -> Option<(f64, &str)> {
    scan_real(text).or_else(|| scan_integer(text))
}

/// C's `strtol(…, 0)`: blanks, a sign, then `0x` hexadecimal, `0` octal, else decimal; and what is left.
fn scan_integer(text: &str) -> Option<(f64, &str)> {
    let (is_negative, digits) = sign(text.trim_start_matches(' '));
    let (radix, digits) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hexadecimal) if hexadecimal.starts_with(|c: char| c.is_ascii_hexdigit()) => (16, hexadecimal),
        _ if digits.starts_with('0') => (8, digits),
        _ => (10, digits),
    };
    let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    if end == 0 {
        return None;
    }
    let (digits, rest) = digits.split_at(end);
    let number = digits
        .chars()
        .filter_map(|c| c.to_digit(radix))
        .fold(0.0, |sum, digit| sum * f64::from(radix) + f64::from(digit));
    Some((if is_negative { -number } else { number }, rest))
}

/// C's `strtod`, and what is left; `None` also for what PostgreSQL refuses: too large, too small, not a number.
fn scan_real(text: &str) -> Option<(f64, &str)> {
    let (is_negative, body) = sign(text.trim_start_matches(' '));
    let with_sign = |number: f64| if is_negative { -number } else { number };
    for word in ["infinity", "inf"] {
        if body
            .get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
        {
            return Some((with_sign(f64::INFINITY), &body[word.len()..]));
        }
    }
    if let Some((number, rest)) = scan_hexadecimal(body) {
        return Some((with_sign(number), rest));
    }
    let digits = |from: &str| from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
    let whole = digits(body);
    let mut end = whole;
    let mut count = whole;
    if let Some(fraction) = body[whole..].strip_prefix('.') {
        let length = digits(fraction);
        count += length;
        end += 1 + length;
    }
    if count == 0 {
        return None;
    }
    let has_digit = body[..end].contains(|c: char| ('1'..='9').contains(&c));
    if let Some(exponent) = body[end..].strip_prefix(['e', 'E']) {
        let (_, figures) = sign(exponent);
        let length = digits(figures);
        if length > 0 {
            end += 1 + (exponent.len() - figures.len()) + length;
        }
    }
    let number: f64 = body[..end].parse().ok()?;
    if number.is_infinite() || (has_digit && number < f64::MIN_POSITIVE) {
        return None;
    }
    Some((with_sign(number), &body[end..]))
}

/// `0x1.8p3`, which C reads as well.
fn scan_hexadecimal(body: &str) -> Option<(f64, &str)> {
    let digits = body.strip_prefix("0x").or_else(|| body.strip_prefix("0X"))?;
    let length = |from: &str| from.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(from.len());
    let (whole, mut rest) = digits.split_at(length(digits));
    let mut fraction = "";
    if let Some(after) = rest.strip_prefix('.') {
        (fraction, rest) = after.split_at(length(after));
    }
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut number = 0.0;
    for digit in whole
        .chars()
        .chain(fraction.chars())
        .filter_map(|c| c.to_digit(16))
    {
        number = number * 16.0 + f64::from(digit);
    }
    let mut exponent = i32::try_from(fraction.len()).ok()?.checked_mul(-4)?;
    if let Some(power) = rest.strip_prefix(['p', 'P']) {
        let (is_negative, figures) = sign(power);
        let end = figures
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(figures.len());
        if end > 0 {
            let power: i32 = figures[..end].parse().ok()?;
            exponent = exponent.checked_add(if is_negative { -power } else { power })?;
            rest = &figures[end..];
        }
    }
    let number = number * 2.0_f64.powi(exponent);
    number.is_finite().then_some((number, rest))
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}
