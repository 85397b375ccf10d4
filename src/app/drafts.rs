//! Half-typed text: what stands in a field until it is committed as one edit, or refused with a sentence.
//!
//! Plain data without egui. A field is known by what it changes ([`Field`]), not by where it is drawn, so that text
//! typed into a panel that disappears (another server was selected) is still committed, and a wrong one is kept.

mod shared;
mod terms;
#[cfg(test)]
mod terms_tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::app::{DesignMessage, Message, Outbox};
use crate::model::document::Command;
use crate::model::simulate::promise::refused_count;
use crate::model::topology::{
    ApplyDelay, Archive, Edit, Host, Port, Server, ServerId, ServerName, Settings, SiteName, Topology,
};
use crate::model::words::as_sentence;

pub use shared::SharedField;
pub use terms::TermField;

/// What a text field changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    ClusterName,
    SyncCount,
    ArchiveDirectory,
    Name(ServerId),
    Host(ServerId),
    Port(ServerId),
    Site(ServerId),
    SyncPriority(ServerId),
    ApplyDelay(ServerId),
    /// The value of a setting of one server, or of all.
    Setting(Option<ServerId>, String),
    /// A new setting, typed as in postgresql.conf: `name = value`.
    NewSetting(Option<ServerId>),
    /// What the design says besides its drawing.
    Terms(TermField),
    /// The same of several servers.
    Shared(SharedField, Vec<ServerId>),
}

/// Every text that differs from what the design says.
#[derive(Debug, Default)]
pub struct Drafts {
    texts: BTreeMap<Field, Draft>,
    /// The fields that were drawn since the last [`Drafts::settle`].
    drawn: BTreeSet<Field>,
}

#[derive(Debug)]
struct Draft {
    text: String,
    /// What the design said when typing began; if it says something else now, the draft is out of date.
    base: String,
    problem: Option<String>,
}

impl Drafts {
    /// What the field shows now. Called by whoever draws the field, each time.
    pub fn show(&mut self, field: &Field, topology: &Topology) -> String {
        self.drawn.insert(field.clone());
        let current = field.current(topology).unwrap_or_default();
        if self.texts.get(field).is_some_and(|draft| draft.base != current) {
            self.texts.remove(field);
        }
        self.texts.get(field).map_or(current, |draft| draft.text.clone())
    }

    /// The sentence under the field.
    pub fn problem(&self, field: &Field) -> Option<&str> {
        self.texts.get(field)?.problem.as_deref()
    }

    pub fn typed(&mut self, field: &Field, topology: &Topology, text: String) {
        let base = field.current(topology).unwrap_or_default();
        let draft = Draft {
            text,
            base,
            problem: None,
        };
        self.texts.insert(field.clone(), draft);
    }

    /// Back to what the design says.
    pub fn forget(&mut self, field: &Field) {
        self.texts.remove(field);
    }

    /// One edit out of the field's text; if it is wrong, the text stays and says why.
    pub fn commit(&mut self, field: &Field, topology: &Topology, outbox: &mut Outbox) {
        let Some(draft) = self.texts.get_mut(field) else {
            return;
        };
        match field.command(topology, &draft.text) {
            Ok(command) => {
                if let Some(command) = command {
                    outbox.send(Message::Design(DesignMessage::Do(command)));
                }
                self.texts.remove(field);
            }
            Err(problem) => draft.problem = Some(problem),
        }
    }

    /// After drawing: text in fields that are no longer there is committed, as if their focus had been lost.
    pub fn settle(&mut self, topology: &Topology, outbox: &mut Outbox) {
        let drawn = std::mem::take(&mut self.drawn);
        let hidden = |field: &&Field| !drawn.contains(*field);
        let open: Vec<Field> = self.texts.keys().filter(hidden).cloned().collect();
        self.commit_each(open, topology, outbox);
    }

    /// Everything that is typed counts now: before a save, for example.
    pub fn commit_all(&mut self, topology: &Topology, outbox: &mut Outbox) {
        let open: Vec<Field> = self.texts.keys().cloned().collect();
        self.commit_each(open, topology, outbox);
    }

    fn commit_each(&mut self, fields: Vec<Field>, topology: &Topology, outbox: &mut Outbox) {
        for field in fields {
            if field.current(topology).is_none() {
                self.texts.remove(&field);
            } else if self.problem(&field).is_none() {
                self.commit(&field, topology, outbox);
            }
        }
    }
}

impl Field {
    /// What the design says; `None` if it has no such field any more.
    pub fn current(&self, topology: &Topology) -> Option<String> {
        let server = |id: &ServerId| topology.server(*id);
        let standby = |id: &ServerId| server(id).and_then(Server::standby);
        Some(match self {
            Self::ClusterName => topology.name().to_owned(),
            Self::SyncCount => topology.sync()?.count.to_string(),
            Self::ArchiveDirectory => topology.archive()?.directory()?.to_owned(),
            Self::Name(id) => server(id)?.name().to_string(),
            Self::Host(id) => server(id)?.host().to_string(),
            Self::Port(id) => server(id)?.port().to_string(),
            Self::Site(id) => {
                let site = server(id)?.site();
                site.map_or_else(String::new, ToString::to_string)
            }
            Self::SyncPriority(id) => {
                let priority = standby(id)?.sync_priority();
                priority.map_or_else(String::new, |priority| priority.to_string())
            }
            Self::ApplyDelay(id) => {
                let delay = standby(id)?.apply_delay();
                delay.map_or_else(String::new, ToString::to_string)
            }
            Self::Setting(of, name) => settings_of(topology, *of)?.get(name)?.clone(),
            Self::NewSetting(of) => settings_of(topology, *of).map(|_| String::new())?,
            Self::Terms(field) => field.current(topology)?,
            Self::Shared(field, servers) => field.current(servers, topology)?,
        })
    }

    /// The command that puts the text into the design; `None` if that changes nothing.
    ///
    /// # Errors
    ///
    /// With the sentence why the text cannot be taken.
    pub fn command(&self, topology: &Topology, text: &str) -> Result<Option<Command>, String> {
        let command = match self {
            Self::Terms(field) => field.command(topology, text),
            Self::Shared(field, servers) => field.command(servers, topology, text),
            _ => self.edit(topology, text).map(|edit| edit.map(Command::Edit)),
        };
        let Some(command) = command.map_err(|problem| as_sentence(&problem))? else {
            return Ok(None);
        };
        let edits = match &command {
            Command::Edit(edit) => std::slice::from_ref(edit),
            Command::Edits { edits, .. } => edits.as_slice(),
            _ => &[],
        };
        let mut after = topology.clone();
        for edit in edits {
            after
                .apply(edit)
                .map_err(|refusal| as_sentence(&refusal.to_string()))?;
        }
        Ok((after != *topology).then_some(command))
    }

    fn edit(&self, topology: &Topology, text: &str) -> Result<Option<Edit>, String> {
        let words = |bad: crate::model::topology::BadValue| bad.to_string();
        let trimmed = text.trim();
        Ok(Some(match self {
            Self::ClusterName if trimmed.is_empty() => return Err("a design needs a name".to_owned()),
            Self::ClusterName => Edit::SetClusterName(text.to_owned()),
            Self::SyncCount => {
                let count = number(trimmed, "how many standbys a commit waits for")?;
                if let Some(refusal) = refused_count(topology.postgres(), count) {
                    return Err(refusal);
                }
                let policy = topology.sync().cloned().unwrap_or_default();
                Edit::SetSync(Some(crate::model::topology::SyncPolicy { count, ..policy }))
            }
            Self::ArchiveDirectory => Edit::SetArchive(Some(Archive::new(text).map_err(words)?)),
            Self::Name(server) => Edit::Rename {
                server: *server,
                name: ServerName::parse(text).map_err(words)?,
            },
            Self::Host(server) => Edit::SetHost {
                server: *server,
                host: Host::parse(trimmed).map_err(words)?,
            },
            Self::Port(server) => Edit::SetPort {
                server: *server,
                port: Port::parse(trimmed).map_err(words)?,
            },
            Self::Site(server) => Edit::SetSite {
                servers: vec![*server],
                site: if trimmed.is_empty() {
                    None
                } else {
                    Some(SiteName::parse(trimmed).map_err(words)?)
                },
            },
            Self::SyncPriority(server) => Edit::SetSyncPriority {
                server: *server,
                priority: if trimmed.is_empty() {
                    None
                } else {
                    Some(number(trimmed, "a priority")?)
                },
            },
            Self::ApplyDelay(server) => Edit::SetApplyDelay {
                server: *server,
                delay: if trimmed.is_empty() {
                    None
                } else {
                    Some(ApplyDelay::parse(trimmed).map_err(words)?)
                },
            },
            Self::Setting(server, name) => Edit::SetSetting {
                server: *server,
                name: name.clone(),
                value: Some(text.to_owned()),
            },
            Self::Terms(_) | Self::Shared(..) => return Ok(None),
            Self::NewSetting(_) if trimmed.is_empty() => return Ok(None),
            Self::NewSetting(server) => {
                let (name, value) = split_setting(trimmed)?;
                Edit::SetSetting {
                    server: *server,
                    name,
                    value: Some(value),
                }
            }
        }))
    }
}

fn settings_of(topology: &Topology, of: Option<ServerId>) -> Option<&Settings> {
    match of {
        Some(id) => topology.server(id).map(Server::settings),
        None => Some(topology.settings()),
    }
}

fn number(text: &str, what: &str) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| format!("\"{text}\" is not a valid number: {what} is a whole number of at least 1"))
}

/// `name = value`, the value with or without the quotes of a configuration file.
fn split_setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| "write a setting as in postgresql.conf: name = value".to_owned())?;
    let value = value.trim();
    let unquoted = value
        .strip_prefix('\'')
        .and_then(|value| value.strip_suffix('\''))
        .map_or_else(|| value.to_owned(), |inner| inner.replace("''", "'"));
    Ok((name.trim().to_owned(), unquoted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    fn committed(field: &Field, topology: &Topology, text: &str) -> (Vec<Message>, Option<String>) {
        let (mut drafts, mut outbox) = (Drafts::default(), Outbox::default());
        drafts.typed(field, topology, text.to_owned());
        drafts.commit(field, topology, &mut outbox);
        (outbox.take(), drafts.problem(field).map(str::to_owned))
    }

    #[test]
    fn a_wrong_text_stays_with_its_sentence_and_a_right_one_is_one_edit() {
        let topology = notation::parse("m 5432\n  a 5433\n").unwrap();
        let id = topology.by_name("a").unwrap().id();
        let (sent, problem) = committed(&Field::Port(id), &topology, "54x");
        assert!(sent.is_empty());
        assert_eq!(
            problem.as_deref(),
            Some("\"54x\" is not a port: a port is a number from 1 to 65535")
        );
        let (sent, problem) = committed(&Field::Port(id), &topology, "5500");
        assert_eq!((sent.len(), problem), (1, None));
        let (sent, problem) = committed(&Field::Name(id), &topology, "m");
        assert!(
            sent.is_empty() && problem.is_some_and(|problem| problem.contains("named \"m\" already exists"))
        );
        assert_eq!(committed(&Field::Port(id), &topology, "5433"), (Vec::new(), None));
    }

    #[test]
    fn text_of_a_field_that_is_gone_from_view_is_committed() {
        let topology = notation::parse("m 5432\n  a 5433\n").unwrap();
        let field = Field::Port(topology.by_name("a").unwrap().id());
        let (mut drafts, mut outbox) = (Drafts::default(), Outbox::default());
        drafts.show(&field, &topology);
        drafts.typed(&field, &topology, "5500".to_owned());
        drafts.settle(&topology, &mut outbox);
        assert!(
            outbox.take().is_empty(),
            "it was drawn, so it may still be typed into"
        );
        drafts.settle(&topology, &mut outbox);
        assert_eq!(outbox.take().len(), 1);
    }

    #[test]
    fn a_new_setting_is_read_as_in_a_configuration_file() {
        assert_eq!(
            split_setting("work_mem = '4MB'"),
            Ok(("work_mem".to_owned(), "4MB".to_owned()))
        );
        assert_eq!(
            split_setting("a.b='it''s'"),
            Ok(("a.b".to_owned(), "it's".to_owned()))
        );
        assert!(split_setting("work_mem 4MB").is_err());
    }
}
