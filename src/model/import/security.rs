//! How the servers let each other in: the method of pg_hba.conf, and whether every link is encrypted as a design with TLS has it.

use std::collections::BTreeMap;

use super::facts::Facts;
use super::hba_file::Access;
use super::links::is_here;
use crate::model::configuration::{ClusterFolder, Layout};
use crate::model::topology::terms::{TlsFiles, TlsMode, TlsTerms};
use crate::model::topology::{Auth, PgMajor};

/// The method by which standbys come in; `None` where it is the version's best, or nobody could look.
pub fn auth(facts: &[Facts], major: PgMajor) -> Option<Auth> {
    let best = if major.has_scram() { Auth::Scram } else { Auth::Md5 };
    // The primary is the first that others follow; its rules decide, then anybody's.
    let order = || facts.iter().filter(|one| !one.is_standby).chain(facts);
    let of_rule = |wanted: fn(&Access) -> bool| {
        order()
            .flat_map(|one| &one.access)
            .filter(|rule| wanted(rule))
            .find_map(|rule| method(&rule.method))
    };
    let from_afar = |rule: &Access| {
        rule.is_replication && rule.kind.starts_with("host") && !rule.single_host().is_some_and(is_here)
    };
    let auth = of_rule(from_afar)
        .or_else(|| of_rule(|rule| rule.is_replication && rule.kind.starts_with("host")))
        .or_else(|| of_rule(|rule| rule.is_for_all && rule.kind.starts_with("host")))
        .or_else(|| of_rule(|_| true))?;
    (auth != best).then_some(auth)
}

fn method(word: &str) -> Option<Auth> {
    Auth::ALL.into_iter().find(|auth| auth.hba_method() == word)
}

/// What is special about the encrypted links of a design; `None`: it has none, since some server speaks no TLS, a link does
/// without it, or the certificates lie where a design cannot say.
pub fn tls(facts: &[Facts], layout: &Layout) -> Option<TlsTerms> {
    let known: Vec<&Facts> = facts.iter().filter(|one| !one.is_unreached).collect();
    if known.is_empty() || !known.iter().all(|one| one.is_on("ssl")) {
        return None;
    }
    let modes: Option<Vec<TlsMode>> = known
        .iter()
        .filter(|one| one.is_standby)
        .filter_map(|one| one.link())
        .map(|link| TlsMode::parse(link.get("sslmode")?))
        .collect();
    let mode = most(modes?);
    if known.iter().all(|one| has_made_certificates(one, layout)) {
        let mode = mode.filter(|mode| *mode != TlsMode::VerifyFull);
        return TlsTerms::of(mode, None, None, None).ok();
    }
    let files = own_files(known.first()?)?;
    if !known.iter().all(|one| own_files(one).as_ref() == Some(&files)) {
        return None;
    }
    let mode = match mode {
        // Nothing is there that a certificate could be checked with.
        None if files.ca.is_none() => Some(TlsMode::Require),
        mode => mode.filter(|mode| *mode != TlsMode::VerifyFull),
    };
    TlsTerms::of(mode, files.ca, Some(files.cert), Some(files.key)).ok()
}

fn most(modes: Vec<TlsMode>) -> Option<TlsMode> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for mode in modes {
        *counts.entry(mode.word()).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.and_then(|(word, _)| TlsMode::parse(word))
}

/// True for those that a target of pgcascade draws itself: they come from the authority of the cluster.
fn has_made_certificates(one: &Facts, layout: &Layout) -> bool {
    one.value("ssl_ca_file").is_some_and(|file| {
        layout.authority_certificate.whose(file).is_some()
            || !file.starts_with('/') && file.ends_with(ClusterFolder::AUTHORITY_CERTIFICATE)
    })
}

/// Files that a design can name: absolute, since each host reads its own.
fn own_files(one: &Facts) -> Option<TlsFiles> {
    let path = |name: &str| one.value(name).map(str::to_owned);
    let files = TlsFiles {
        ca: path("ssl_ca_file").filter(|ca| !ca.is_empty()),
        cert: path("ssl_cert_file")?,
        key: path("ssl_key_file")?,
    };
    let all = [
        ("cert", Some(&files.cert)),
        ("key", Some(&files.key)),
        ("ca", files.ca.as_ref()),
    ];
    let is_sayable = all
        .into_iter()
        .all(|(key, path)| path.is_none_or(|path| TlsTerms::check_path(key, path).is_ok()));
    is_sayable.then_some(files)
}
