//! How clients and standbys prove who they are.

/// The method column of pg_hba.conf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    Scram,
    Md5,
    Trust,
    /// Standbys by their certificate; people on the machine with a password.
    Cert,
}

impl Auth {
    pub const ALL: [Self; 4] = [Self::Scram, Self::Md5, Self::Trust, Self::Cert];

    /// As the design file spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Scram => "scram",
            Self::Md5 => "md5",
            Self::Trust => "trust",
            Self::Cert => "cert",
        }
    }

    /// As pg_hba.conf spells it.
    pub fn hba_method(self) -> &'static str {
        match self {
            Self::Scram => "scram-sha-256",
            Self::Md5 => "md5",
            Self::Trust => "trust",
            Self::Cert => "cert",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|auth| auth.word() == word)
    }
}
