//! Certificates of one's own, and how strictly a standby checks its upstream's.

use crate::model::topology::BadValue;

/// `[security] tls` as a table; all of it left out is the cluster's own authority and `verify-full`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsTerms {
    pub mode: Option<TlsMode>,
    pub files: Option<TlsFiles>,
}

/// How a standby checks its upstream (libpq's `sslmode`), where links are encrypted at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    Require,
    VerifyCa,
    VerifyFull,
}

/// Absolute paths, the same on every host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// Without one nobody checks who signed a certificate.
    pub ca: Option<String>,
    pub cert: String,
    pub key: String,
}

impl TlsMode {
    pub const ALL: [Self; 3] = [Self::Require, Self::VerifyCa, Self::VerifyFull];

    pub fn word(self) -> &'static str {
        match self {
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.word() == word)
    }
}

impl TlsTerms {
    pub fn mode(&self) -> TlsMode {
        self.mode.unwrap_or(TlsMode::VerifyFull)
    }

    /// # Errors
    ///
    /// If files are missing that belong together.
    pub fn of(
        mode: Option<TlsMode>,
        ca: Option<String>,
        cert: Option<String>,
        key: Option<String>,
    ) -> Result<Self, BadValue> {
        let files = match (ca, cert, key) {
            (None, None, None) => None,
            (ca, Some(cert), Some(key)) => Some(TlsFiles { ca, cert, key }),
            _ => {
                return Err(BadValue::term(
                    "tls names only some of its files: a server needs a certificate and its private key, and \
                     an authority to check the others with"
                        .to_owned(),
                    "write ca, cert and key, or none of them, so that pgcascade makes certificates".to_owned(),
                ));
            }
        };
        let checks = mode.unwrap_or(TlsMode::VerifyFull) != TlsMode::Require;
        if checks && files.as_ref().is_some_and(|files| files.ca.is_none()) {
            return Err(BadValue::term(
                format!(
                    "tls has no ca, and {} checks who signed a certificate",
                    mode.unwrap_or(TlsMode::VerifyFull).word()
                ),
                "write ca = \"/etc/…/ca.crt\", or mode = \"require\"".to_owned(),
            ));
        }
        Ok(Self { mode, files })
    }

    /// # Errors
    ///
    /// If the path is not absolute, or not one line.
    pub fn check_path(key: &str, path: &str) -> Result<(), BadValue> {
        if path.starts_with('/') && !path.chars().any(char::is_control) {
            return Ok(());
        }
        Err(BadValue::term(
            format!("tls: {key} = \"{path}\" is not an absolute path, and each host reads its own file"),
            format!("write for example {key} = \"/etc/ssl/postgres/{key}.pem\""),
        ))
    }
}
