//! Random texts: ids and passwords, from the operating system's source.

use std::fmt::Write as _;

use crate::report::Report;

/// So many random bytes in hex: needs quoting nowhere.
pub fn hex(bytes: usize) -> Result<String, Report> {
    let mut drawn = vec![0_u8; bytes];
    getrandom::fill(&mut drawn).map_err(|error| {
        let mut report = Report::new("The operating system does not provide random numbers.");
        report.causes.push(error.to_string());
        report
    })?;
    Ok(of(&drawn))
}

/// These bytes in hex.
pub fn of(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn passwords_differ_and_need_no_quotes() {
        let drawn = super::hex(24).unwrap();
        assert_eq!(drawn.len(), 48);
        assert!(drawn.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(drawn, super::hex(24).unwrap());
    }
}
