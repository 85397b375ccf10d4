//! How the servers let each other in: the method of pg_hba.conf, and whether every link is encrypted as a design with TLS has it.

use super::facts::Facts;
use super::hba_file::Access;
use super::links::is_here;
use crate::model::configuration::ClusterFolder;
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

/// True if every server speaks TLS and every link checks the other's name and shows a certificate of its own.
pub fn has_tls(facts: &[Facts]) -> bool {
    let mut standbys = facts.iter().filter(|one| one.is_standby).peekable();
    let checks = |one: &Facts| {
        one.link().is_some_and(|link| {
            link.get("sslmode") == Some("verify-full")
                && link.get("sslcert").is_some()
                && link.get("sslrootcert").is_some()
        })
    };
    let speak = facts
        .iter()
        .all(|one| one.is_on("ssl") && one.value("ssl_ca_file").is_some());
    let is_pair = standbys.peek().is_some();
    speak && (is_pair && standbys.all(checks) || !is_pair && is_prepared(facts))
}

/// A cluster of one has no link to look at, but the authority of a design with TLS stands in its settings.
fn is_prepared(facts: &[Facts]) -> bool {
    let of_design = |one: &Facts| {
        one.value("ssl_ca_file")
            .is_some_and(|file| file.ends_with(ClusterFolder::AUTHORITY_CERTIFICATE))
    };
    facts.iter().all(of_design)
}
