//! Connections to clusters that somebody else runs.

use std::fmt;

/// One that was used before; no password is part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecentConnection {
    /// As libpq reads it.
    pub text: String,
    /// How long ago it was used.
    pub age_secs: u64,
}

/// A password that was typed: it shows in no text, and is kept nowhere.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// To be used at once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// To be typed on.
    pub fn typed(&mut self) -> &mut String {
        &mut self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}
