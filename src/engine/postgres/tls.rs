//! TLS with a server that somebody else made, as libpq's sslmode asks for it.
//!
//! It lies below the look at what a server asks (`guard`), so that the password is as safe as without it. Names are compared as
//! the RFCs have it: with the certificate's alternative names only.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
};

/// `sslmode`, and the files that it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    pub mode: SslMode,
    pub root: Option<PathBuf>,
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl SslMode {
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "disable" => Self::Disable,
            "allow" => Self::Allow,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => return None,
        })
    }

    /// True if a connection without TLS is none.
    pub fn is_needed(self) -> bool {
        matches!(self, Self::Require | Self::VerifyCa | Self::VerifyFull)
    }
}

/// What came of asking for TLS.
#[derive(Debug)]
pub(super) enum Spoken {
    Encrypted(Box<TlsStream<TcpStream>>),
    Plain(TcpStream),
}

/// The code of an SSLRequest (manual, Message Formats).
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// Asks for TLS over a connection that was just opened.
///
/// # Errors
///
/// If the server has none and it is needed, or its certificate is not the right one.
pub(super) async fn speak(mut stream: TcpStream, host: &str, tls: &Tls) -> io::Result<Spoken> {
    if matches!(tls.mode, SslMode::Disable | SslMode::Allow) {
        return Ok(Spoken::Plain(stream));
    }
    stream.write_all(&SSL_REQUEST).await?;
    let mut answer = [0];
    stream.read_exact(&mut answer).await?;
    match answer {
        [b'S'] => {}
        _ if tls.mode.is_needed() => {
            let why = "the server does not speak TLS, which sslmode demands";
            return Err(io::Error::new(ErrorKind::ConnectionRefused, why));
        }
        _ => return Ok(Spoken::Plain(stream)),
    }
    let config = config(tls)?;
    let name = ServerName::try_from(host.to_owned())
        .or_else(|_| ServerName::try_from("server.invalid".to_owned()))
        .map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
    let connector = TlsConnector::from(Arc::new(config));
    let stream = connector.connect(name, stream).await.map_err(|error| {
        io::Error::new(
            ErrorKind::PermissionDenied,
            format!("TLS with {host} failed: {error}"),
        )
    })?;
    Ok(Spoken::Encrypted(Box::new(stream)))
}

fn config(tls: &Tls) -> io::Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(invalid)?;
    let verifies = tls.mode == SslMode::VerifyFull || tls.mode == SslMode::VerifyCa;
    let roots = match &tls.root {
        // libpq looks at the authority also with "require", if there is one.
        Some(root) if verifies || tls.mode == SslMode::Require => Some(roots(root)?),
        None if verifies => {
            let why = "sslmode demands a certificate from a known authority: name its file by sslrootcert";
            return Err(io::Error::new(ErrorKind::InvalidInput, why));
        }
        _ => None,
    };
    let checks = match roots {
        Some(roots) => Some(
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .map_err(invalid)?,
        ),
        None => None,
    };
    let verifier = Arc::new(Verifier {
        provider,
        checks,
        compares_names: tls.mode == SslMode::VerifyFull,
    });
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    let (Some(certificate), Some(key)) = (&tls.certificate, &tls.key) else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = certificates(certificate)?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error))?;
    builder.with_client_auth_cert(chain, key).map_err(invalid)
}

fn roots(path: &Path) -> io::Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(path)? {
        store.add(certificate).map_err(invalid)?;
    }
    Ok(store)
}

fn certificates(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(path).map_err(|error| unusable(path, &error))?;
    read.map(|one| one.map_err(|error| unusable(path, &error)))
        .collect()
}

fn unusable(path: &Path, error: &dyn std::fmt::Display) -> io::Error {
    io::Error::new(
        ErrorKind::PermissionDenied,
        format!("{} cannot be used: {error}", path.display()),
    )
}

fn invalid(error: impl std::fmt::Display) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, error.to_string())
}

/// As much of the certificate as sslmode looks at.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    checks: Option<Arc<WebPkiServerVerifier>>,
    compares_names: bool,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let Some(checks) = &self.checks else {
            return Ok(ServerCertVerified::assertion());
        };
        match checks.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The name is looked at last, once everything else is right.
            Err(TlsError::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.compares_names => Ok(ServerCertVerified::assertion()),
            answer => answer,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(
            message,
            certificate,
            signed,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(
            message,
            certificate,
            signed,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
