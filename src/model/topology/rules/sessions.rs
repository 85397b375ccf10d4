//! Rules on settings by hand with which nobody gets in, or no question is answered.

use super::super::findings::Found;
use super::super::{Auth, Topology};
use super::{by_hand, standbys};

pub(super) fn passwords_not_for_scram(topology: &Topology) -> Vec<Found> {
    if topology.effective_auth() != Auth::Scram || !topology.postgres().has_scram() {
        return Vec::new();
    }
    // The roles are made on the primary, with its settings.
    by_hand::on(topology, topology.primary(), "password_encryption")
        .filter(|hand| !hand.value.trim().eq_ignore_ascii_case("scram-sha-256"))
        .map(|hand| {
            hand.found(format!(
                "With {} = {}, passwords are not stored for SCRAM, which pg_hba.conf requires: neither \
                 clients nor standbys can connect",
                hand.name, hand.value
            ))
        })
        .into_iter()
        .collect()
}

pub(super) fn users_by_database(topology: &Topology) -> Vec<Found> {
    by_hand::named(topology, "db_user_namespace")
        .filter(|hand| hand.is_on() && topology.postgres().has_users_by_database())
        .map(|hand| {
            hand.found(format!(
                "With {} on, a login as \"postgres\" becomes \"postgres@DATABASE\": no role of the cluster \
                 matches, and no standby can connect",
                hand.name
            ))
        })
        .collect()
}

pub(super) fn serializable_on_standby(topology: &Topology) -> Vec<Found> {
    let mut of_cluster = false;
    standbys(topology)
        .filter_map(|server| {
            let hand = by_hand::on(topology, server, "default_transaction_isolation")
                .filter(|hand| hand.value.trim().eq_ignore_ascii_case("serializable"))?;
            let is_again = hand.owner.is_none() && std::mem::replace(&mut of_cluster, true);
            (!is_again).then(|| {
                hand.found(format!(
                    "A standby such as \"{}\" cannot be serializable: it rejects every query unless the \
                     session chooses a lower level; set it only on the primary",
                    server.name()
                ))
            })
        })
        .collect()
}
