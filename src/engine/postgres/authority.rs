//! An authority of a cluster's own, and the certificates that it signs. What it makes is text for files of mode 0600
//! (see `ClusterFolder`); keys stand nowhere else.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};

use crate::model::plan::Certificate;

const DAY: Duration = Duration::from_hours(24);

/// A certificate and the private key that belongs to it, both in PEM.
pub struct Identity {
    pub certificate: String,
    pub key: String,
}

/// Signs certificates. Its own says that it may, and that nobody below it may.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// A new one, with what is to be kept of it.
    pub fn new() -> Result<(Self, Identity), rcgen::Error> {
        let key = KeyPair::generate()?;
        let params = authority_params();
        let identity = Identity {
            certificate: params.self_signed(&key)?.pem(),
            key: key.serialize_pem(),
        };
        let issuer = Issuer::new(params, key);
        Ok((Self { issuer }, identity))
    }

    /// The one with this key: what it signs names the authority, which is called the same in every cluster, and its key.
    pub fn with_key(key: &str) -> Result<Self, rcgen::Error> {
        let issuer = Issuer::new(authority_params(), KeyPair::from_pem(key)?);
        Ok(Self { issuer })
    }

    /// A new key for a server, and a certificate for both ends of its links.
    pub fn sign(&self, wanted: &Certificate) -> Result<Identity, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = params(wanted.common_name());
        params.subject_alt_names = alternative_names(&wanted.hosts)?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        params.use_authority_key_identifier_extension = true;
        Ok(Identity {
            certificate: params.signed_by(&key, &self.issuer)?.pem(),
            key: key.serialize_pem(),
        })
    }
}

fn authority_params() -> CertificateParams {
    let mut params = params(Certificate::AUTHORITY);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn params(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    params.distinguished_name = name;
    // A day early, for anyone who's clock is behind ours.
    let since_1970 = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    params.not_before = date_time_ymd(1970, 1, 1) + since_1970.saturating_sub(DAY);
    params.not_after = params.not_before + DAY * Certificate::DAYS;
    params
}

/// An address also as a name: see [`Certificate::alternative_names`].
fn alternative_names(hosts: &[String]) -> Result<Vec<SanType>, rcgen::Error> {
    let mut names = Vec::new();
    for host in hosts {
        names.push(SanType::DnsName(host.as_str().try_into()?));
        names.extend(host.parse::<IpAddr>().map(SanType::IpAddress));
    }
    Ok(names)
}
