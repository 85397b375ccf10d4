//! The fields of several servers at once: one text for all of them, and one step of Undo.

use super::Field;
use crate::model::document::Command;
use crate::model::topology::{Edit, Server, ServerId, SiteName, Topology};
use crate::model::words::counted;

/// What such a field changes on each of the servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SharedField {
    Host,
    Site,
    /// Of the standbys among them.
    ApplyDelay,
    /// A setting, typed as in postgresql.conf: it takes the place of one of that name.
    Setting,
}

impl SharedField {
    /// What the design says of all of them: nothing where it says something else of each. `None` if they have no such field.
    pub fn current(self, servers: &[ServerId], topology: &Topology) -> Option<String> {
        let mut values = self.values(servers, topology);
        let first = values.next()?;
        Some(if values.all(|other| other == first) {
            first
        } else {
            String::new()
        })
    }

    /// True where the design does not say the same of all of them.
    pub fn is_mixed(self, servers: &[ServerId], topology: &Topology) -> bool {
        let mut values = self.values(servers, topology);
        let first = values.next();
        values.any(|other| Some(other) != first)
    }

    /// The command that gives the text to all of them; `None` if that changes nothing.
    ///
    /// # Errors
    ///
    /// With the sentence why the text cannot be taken.
    pub fn command(
        self,
        servers: &[ServerId],
        topology: &Topology,
        text: &str,
    ) -> Result<Option<Command>, String> {
        // An empty field is what different values look like.
        if text.trim().is_empty() && (self == Self::Setting || self.is_mixed(servers, topology)) {
            return Ok(None);
        }
        let edits = if self == Self::Site {
            let site = match text.trim() {
                "" => None,
                name => Some(SiteName::parse(name).map_err(|bad| bad.to_string())?),
            };
            vec![Edit::SetSite {
                servers: servers.to_vec(),
                site,
            }]
        } else {
            let mut edits = Vec::new();
            for field in self.fields(servers, topology) {
                edits.extend(field.edit(topology, text)?);
            }
            edits
        };
        let what = match self {
            Self::Host => "host",
            Self::Site => "site",
            Self::ApplyDelay => "apply delay",
            Self::Setting => "setting",
        };
        Ok(Some(Command::Edits {
            label: format!("Set the {what} of {}", counted(servers.len(), "server")),
            edits,
        }))
    }

    fn values<'a>(
        self,
        servers: &'a [ServerId],
        topology: &'a Topology,
    ) -> impl Iterator<Item = String> + 'a {
        let fields = self.fields(servers, topology);
        fields.filter_map(|field| field.current(topology))
    }

    /// The same field of each server alone.
    fn fields<'a>(self, servers: &'a [ServerId], topology: &'a Topology) -> impl Iterator<Item = Field> + 'a {
        let servers = servers.iter().filter_map(|id| topology.server(*id));
        servers
            .filter(move |server| self != Self::ApplyDelay || server.standby().is_some())
            .map(Server::id)
            .map(move |id| match self {
                Self::Host => Field::Host(id),
                Self::Site => Field::Site(id),
                Self::ApplyDelay => Field::ApplyDelay(id),
                Self::Setting => Field::NewSetting(Some(id)),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    fn tree() -> (Topology, Vec<ServerId>) {
        let topology = notation::parse("m 5432\n  a 5433\n  b 5434\n").unwrap();
        let ids = topology.servers().iter().map(Server::id).collect();
        (topology, ids)
    }

    #[track_caller]
    fn typed(topology: &mut Topology, servers: &[ServerId], field: SharedField, text: &str) -> usize {
        let field = Field::Shared(field, servers.to_vec());
        match field.command(topology, text).unwrap() {
            Some(Command::Edits { edits, label }) => {
                assert!(label.starts_with("Set the "), "{label}");
                for edit in &edits {
                    topology.apply(edit).unwrap();
                }
                edits.len()
            }
            None => 0,
            Some(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_text_is_given_to_all_and_shown_only_if_all_have_it() {
        let (mut topology, ids) = tree();
        let shown = |topology: &Topology, field| Field::Shared(field, ids.clone()).current(topology);
        assert_eq!(shown(&topology, SharedField::Host).as_deref(), Some("localhost"));
        assert_eq!(typed(&mut topology, &ids, SharedField::Host, "db.example.org"), 3);
        assert_eq!(
            shown(&topology, SharedField::Host).as_deref(),
            Some("db.example.org")
        );
        assert_eq!(typed(&mut topology, &ids, SharedField::Host, "db.example.org"), 0);
        assert_eq!(typed(&mut topology, &ids[..2], SharedField::Host, "10.0.0.1"), 2);
        assert_eq!(shown(&topology, SharedField::Host).as_deref(), Some(""));
        assert!(SharedField::Host.is_mixed(&ids, &topology));
        // The primary has no delay; what is empty because the values differ stays as it is.
        assert_eq!(typed(&mut topology, &ids, SharedField::ApplyDelay, "10min"), 2);
        assert_eq!(
            shown(&topology, SharedField::ApplyDelay).as_deref(),
            Some("10min")
        );
        assert_eq!(typed(&mut topology, &ids[1..2], SharedField::ApplyDelay, ""), 1);
        assert_eq!(typed(&mut topology, &ids, SharedField::ApplyDelay, " "), 0);
        assert_eq!(typed(&mut topology, &ids, SharedField::Site, "oslo"), 1);
        assert_eq!(shown(&topology, SharedField::Site).as_deref(), Some("oslo"));
        assert_eq!(
            typed(&mut topology, &ids, SharedField::Setting, "work_mem = 64MB"),
            3
        );
        assert!(
            topology
                .servers()
                .iter()
                .all(|server| server.settings()["work_mem"] == "64MB")
        );
        assert_eq!(SharedField::ApplyDelay.current(&ids[..1], &topology), None);
    }

    #[test]
    fn what_one_server_would_refuse_is_refused_for_all() {
        let (topology, ids) = tree();
        for (field, text) in [
            (SharedField::Host, "a b"),
            (SharedField::ApplyDelay, "soon"),
            (SharedField::Setting, "work_mem"),
            (SharedField::Setting, "no name = x"),
        ] {
            let refused = Field::Shared(field, ids.clone()).command(&topology, text);
            assert!(refused.is_err(), "{field:?} {text}: {refused:?}");
        }
    }
}
