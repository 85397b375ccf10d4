//! Where servers stand. A site is not configuration: nothing that a server reads depends on it.

use std::collections::BTreeMap;

use super::{ClusterTerms, LinkTerms, Role, Server, ServerId, SiteName, Standby, Topology};

impl Topology {
    /// Every site of the design by name, with its servers in the design's order.
    pub fn sites(&self) -> BTreeMap<&SiteName, Vec<ServerId>> {
        let mut sites: BTreeMap<&SiteName, Vec<ServerId>> = BTreeMap::new();
        for server in &self.servers {
            if let Some(site) = &server.site {
                sites.entry(site).or_default().push(server.id);
            }
        }
        sites
    }

    /// True if a cluster of the one design is what the other describes: everything but where its servers stand,
    /// and whatever their ids.
    pub fn has_same_configuration(&self, other: &Self) -> bool {
        // Taken apart, so that anyone who adds a field has to say here what it is.
        let Self {
            name,
            postgres,
            sync,
            archive,
            auth,
            tls,
            settings,
            terms,
            servers,
            next_id: _,
        } = self;
        *name == other.name
            && *postgres == other.postgres
            && *sync == other.sync
            && *archive == other.archive
            && *auth == other.auth
            && *tls == other.tls
            && *settings == other.settings
            && terms.has_same_configuration(&other.terms)
            && servers.len() == other.servers.len()
            && servers
                .iter()
                .zip(&other.servers)
                .all(|(one, another)| one.has_same_configuration(self, another, other))
    }
}

impl Server {
    /// Each beside the design that it is of: an upstream is compared by its name, since ids differ between designs.
    fn has_same_configuration(&self, of: &Topology, other: &Self, of_other: &Topology) -> bool {
        let Self {
            id: _,
            name,
            host,
            port,
            site: _,
            settings,
            terms,
            role,
        } = self;
        let upstream = |server: &Self, of: &Topology| {
            let upstream = of.server(server.upstream()?)?;
            Some(upstream.name.clone())
        };
        let is_same_role = match (role, &other.role) {
            (Role::Primary, Role::Primary) => true,
            (Role::Standby(one), Role::Standby(another)) => {
                let Standby {
                    upstream: _,
                    sync_priority,
                    slot,
                    apply_delay,
                    link,
                } = one;
                *sync_priority == another.sync_priority
                    && *slot == another.slot
                    && *apply_delay == another.apply_delay
                    && link.has_same_configuration(of, &another.link, of_other)
                    && upstream(self, of) == upstream(other, of_other)
            }
            (Role::Primary, Role::Standby(_)) | (Role::Standby(_), Role::Primary) => false,
        };
        *name == other.name
            && *host == other.host
            && *port == other.port
            && *settings == other.settings
            && *terms == other.terms
            && is_same_role
    }
}

impl ClusterTerms {
    fn has_same_configuration(&self, other: &Self) -> bool {
        let Self {
            role,
            hba,
            tls,
            initdb,
            has_lab_links: _,
        } = self;
        *role == other.role && *hba == other.hba && *tls == other.tls && *initdb == other.initdb
    }
}

impl LinkTerms {
    /// Fallback upstreams are compared by their names.
    fn has_same_configuration(&self, of: &Topology, other: &Self, of_other: &Topology) -> bool {
        let Self {
            slot_name,
            also_follows: _,
            is_by_archive,
            is_receiver,
            conninfo,
        } = self;
        let names = |terms: &Self, of: &Topology| -> Vec<_> {
            let servers = terms.also_follows.iter().filter_map(|id| of.server(*id));
            servers.map(|server| server.name.clone()).collect()
        };
        *slot_name == other.slot_name
            && *is_by_archive == other.is_by_archive
            && *is_receiver == other.is_receiver
            && *conninfo == other.conninfo
            && names(self, of) == names(other, of_other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::{Edit, notation};

    #[test]
    fn a_site_is_no_configuration_and_everything_else_is() {
        let design = notation::parse("m 1 site Berlin\n  a 2 site Berlin\n  b 3\n").unwrap();
        let [a, b] = ["a", "b"].map(|name| design.by_name(name).unwrap().id());
        let changed = |edit: Edit| {
            let mut changed = design.clone();
            changed.apply(&edit).unwrap();
            changed
        };
        let moved = changed(Edit::SetSite {
            servers: vec![a, b],
            site: Some(SiteName::parse("Oslo").unwrap()),
        });
        assert!(moved != design && moved.has_same_configuration(&design));
        assert_eq!(moved.sites().values().map(Vec::len).collect::<Vec<_>>(), [1, 2]);
        for edit in [
            Edit::SetTls(true),
            Edit::SetClusterName("x".to_owned()),
            Edit::Attach {
                server: b,
                upstream: a,
            },
            Edit::AddStandby {
                upstream: a,
                name: None,
                port: None,
            },
        ] {
            assert!(!changed(edit.clone()).has_same_configuration(&design), "{edit:?}");
        }
    }
}
