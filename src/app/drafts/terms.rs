//! The fields for what a design says besides its drawing: roles, commands, certificates, options. Each is one edit, and one
//! step of Undo; an empty text is the drawing's own choice again.

use std::collections::BTreeMap;

use super::split_setting;
use crate::model::document::Command;
use crate::model::topology::terms::{
    HbaLine, Listen, RoleName, SegmentSize, TablespaceFolder, TlsTerms, check_initdb_word, check_tablespace,
    lookup_option,
};
use crate::model::topology::{
    Archive, BadValue, ClusterTerms, Edit, HbaAddress, LinkTerms, Server, ServerId, ServerTerms, SlotName,
    Topology, check_setting_value,
};

/// What such a field changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TermField {
    Role,
    /// `ca = "…", cert = "…", key = "…"`
    Certificates,
    /// A line of pg_hba.conf, by its place.
    Hba(usize),
    NewHba,
    SegmentSize,
    Locale,
    Encoding,
    ArchiveCommand,
    RestoreCommand,
    Listen(ServerId),
    HbaAddress(ServerId),
    /// Slots besides those of its downstreams, with commas between them.
    Slots(ServerId),
    Tablespace(ServerId, String),
    /// `name = /path`
    NewTablespace(ServerId),
    SlotName(ServerId),
    Conninfo(ServerId, String),
    /// `name = value`
    NewConninfo(ServerId),
}

impl TermField {
    /// What the design says, as its file has it; `None` if it has no such field any more.
    pub(super) fn current(&self, topology: &Topology) -> Option<String> {
        let terms = topology.terms();
        let server = |id: &ServerId| topology.server(*id).map(Server::terms);
        let link = |id: &ServerId| Some(topology.server(*id)?.standby()?.link());
        let initdb = |text: &Option<String>| text.clone().unwrap_or_default();
        Some(match self {
            Self::Role => terms.role.as_ref().map_or("", |role| role.as_str()).to_owned(),
            Self::Certificates => certificates(&terms.tls),
            Self::Hba(place) => terms.hba.get(*place)?.text().to_owned(),
            Self::NewHba => String::new(),
            Self::SegmentSize => {
                let size = terms.initdb.wal_segment_size;
                size.map_or_else(String::new, |size| size.to_string())
            }
            Self::Locale => initdb(&terms.initdb.locale),
            Self::Encoding => initdb(&terms.initdb.encoding),
            Self::ArchiveCommand => {
                let archive = topology
                    .archive()
                    .filter(|archive| archive.directory().is_none())?;
                archive.archive_command().unwrap_or_default().to_owned()
            }
            Self::RestoreCommand => {
                let archive = topology
                    .archive()
                    .filter(|archive| archive.directory().is_none())?;
                archive.restore_command().unwrap_or_default().to_owned()
            }
            Self::Listen(id) => server(id)?.listen.entries().join(", "),
            Self::HbaAddress(id) => {
                let address = server(id)?.hba_address.as_ref();
                address.map_or("", HbaAddress::as_str).to_owned()
            }
            Self::Slots(id) => {
                let slots: Vec<&str> = server(id)?.slots.iter().map(SlotName::as_str).collect();
                slots.join(", ")
            }
            Self::Tablespace(id, name) => server(id)?.tablespaces.get(name)?.as_str().to_owned(),
            Self::NewTablespace(id) => server(id).map(|_| String::new())?,
            Self::SlotName(id) => {
                let name = link(id)?.slot_name.as_ref();
                name.map_or("", SlotName::as_str).to_owned()
            }
            Self::Conninfo(id, name) => link(id)?.conninfo.get(name)?.clone(),
            Self::NewConninfo(id) => link(id).map(|_| String::new())?,
        })
    }

    /// The edits that put the text into the design, under the words of their step of Undo; `None`: nothing is said.
    pub(super) fn command(&self, topology: &Topology, text: &str) -> Result<Option<Command>, String> {
        let edit = self.edit(topology, text.trim()).map_err(|bad| sentence(&bad))?;
        Ok(edit.map(|edit| Command::Edits {
            label: self.label(topology),
            edits: vec![edit],
        }))
    }

    fn edit(&self, topology: &Topology, text: &str) -> Result<Option<Edit>, Wrong> {
        match self {
            Self::Role
            | Self::Certificates
            | Self::Hba(_)
            | Self::NewHba
            | Self::SegmentSize
            | Self::Locale
            | Self::Encoding => {
                let mut terms = topology.terms().clone();
                self.cluster(&mut terms, text)?;
                Ok(Some(Edit::SetClusterTerms(terms)))
            }
            Self::ArchiveCommand | Self::RestoreCommand => self.archive(topology, text),
            Self::Listen(id)
            | Self::HbaAddress(id)
            | Self::Slots(id)
            | Self::Tablespace(id, _)
            | Self::NewTablespace(id) => {
                let Some(server) = topology.server(*id) else {
                    return Ok(None);
                };
                let mut terms = server.terms().clone();
                self.server(&mut terms, text)?;
                Ok(Some(Edit::SetServerTerms { server: *id, terms }))
            }
            Self::SlotName(id) | Self::Conninfo(id, _) | Self::NewConninfo(id) => {
                let standby = topology.server(*id).and_then(Server::standby);
                let Some(mut link) = standby.map(|standby| standby.link().clone()) else {
                    return Ok(None);
                };
                self.link(&mut link, text)?;
                Ok(Some(Edit::SetLinkTerms { server: *id, link }))
            }
        }
    }

    fn cluster(&self, terms: &mut ClusterTerms, text: &str) -> Result<(), Wrong> {
        match self {
            Self::Role => terms.role = filled(text).map(RoleName::parse).transpose()?,
            Self::Certificates => terms.tls = read_certificates(&terms.tls, text)?,
            Self::Hba(place) if text.is_empty() && *place < terms.hba.len() => {
                drop(terms.hba.remove(*place));
            }
            Self::Hba(place) => {
                if let Some(line) = terms.hba.get_mut(*place) {
                    *line = HbaLine::parse(text)?;
                }
            }
            Self::NewHba => {
                let line = filled(text).map(HbaLine::parse).transpose()?;
                terms.hba.extend(line);
            }
            Self::SegmentSize => {
                terms.initdb.wal_segment_size = filled(text).map(SegmentSize::parse).transpose()?;
            }
            Self::Locale => terms.initdb.locale = word("locale", text)?,
            Self::Encoding => terms.initdb.encoding = word("encoding", text)?,
            _ => {}
        }
        Ok(())
    }

    /// One of the two commands; without either there is no archive.
    fn archive(&self, topology: &Topology, text: &str) -> Result<Option<Edit>, Wrong> {
        let Some(archive) = topology.archive() else {
            return Ok(None);
        };
        let (mut push, mut fetch) = (archive.archive_command(), archive.restore_command());
        match self {
            Self::ArchiveCommand => push = filled(text),
            _ => fetch = filled(text),
        }
        let archive = match (push, fetch) {
            (None, None) => None,
            _ => Some(Archive::of_commands(push, fetch)?),
        };
        Ok(Some(Edit::SetArchive(archive)))
    }

    fn server(&self, terms: &mut ServerTerms, text: &str) -> Result<(), Wrong> {
        match self {
            Self::Listen(_) => {
                let texts: Vec<String> = filled(text).map(str::to_owned).into_iter().collect();
                terms.listen = Listen::parse(&texts)?;
            }
            Self::HbaAddress(_) => terms.hba_address = filled(text).map(HbaAddress::parse).transpose()?,
            Self::Slots(_) => {
                let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
                terms.slots = names.map(SlotName::parse).collect::<Result<_, _>>()?;
            }
            Self::Tablespace(_, name) => {
                terms
                    .tablespaces
                    .insert(name.clone(), TablespaceFolder::parse(text)?);
            }
            Self::NewTablespace(_) => {
                if let Some((name, path)) = pair(text, "a tablespace", "fast = /mnt/fast/pg")? {
                    check_tablespace(&name)?;
                    terms.tablespaces.insert(name, TablespaceFolder::parse(&path)?);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn link(&self, link: &mut LinkTerms, text: &str) -> Result<(), Wrong> {
        let mut set = |name: String, value: String| {
            lookup_option(&name)?;
            check_setting_value(&name, &value)?;
            link.conninfo.insert(name, value);
            Ok::<(), Wrong>(())
        };
        match self {
            Self::SlotName(_) => link.slot_name = filled(text).map(SlotName::parse).transpose()?,
            Self::Conninfo(_, name) => set(name.clone(), text.to_owned())?,
            Self::NewConninfo(_) => {
                if let Some((name, value)) = pair(text, "an option", "keepalives_idle = 30")? {
                    set(name, value)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What the step of Undo says.
    fn label(&self, topology: &Topology) -> String {
        let name = |id: &ServerId| {
            topology
                .server(*id)
                .map_or_else(String::new, |server| server.name().to_string())
        };
        match self {
            Self::Role => "Change the replication role".to_owned(),
            Self::Certificates => "Change the certificates".to_owned(),
            Self::Hba(_) | Self::NewHba => "Change the lines of pg_hba.conf".to_owned(),
            Self::SegmentSize | Self::Locale | Self::Encoding => "Change the options of initdb".to_owned(),
            Self::ArchiveCommand | Self::RestoreCommand => "Change the archive's commands".to_owned(),
            Self::Listen(id) => format!("Change where {} listens", name(id)),
            Self::HbaAddress(id) => format!("Change the address of {} in pg_hba.conf", name(id)),
            Self::Slots(id) => format!("Change the extra slots of {}", name(id)),
            Self::Tablespace(id, _) | Self::NewTablespace(id) => {
                format!("Change the tablespaces of {}", name(id))
            }
            Self::SlotName(id) => format!("Change the slot of {}", name(id)),
            Self::Conninfo(id, _) | Self::NewConninfo(id) => {
                format!("Change the connection of {}", name(id))
            }
        }
    }
}

/// Why a text cannot be taken.
enum Wrong {
    Value(BadValue),
    Form(String),
}

impl From<BadValue> for Wrong {
    fn from(bad: BadValue) -> Self {
        Self::Value(bad)
    }
}

fn sentence(wrong: &Wrong) -> String {
    match wrong {
        Wrong::Value(bad) => format!("{bad}; {}", bad.fix()),
        Wrong::Form(words) => words.clone(),
    }
}

fn filled(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// A name that initdb looks up.
fn word(key: &str, text: &str) -> Result<Option<String>, BadValue> {
    let text = filled(text);
    text.map_or(Ok(()), |text| check_initdb_word(key, text))?;
    Ok(text.map(str::to_owned))
}

/// `name = value`; nothing where nothing is typed.
fn pair(text: &str, what: &str, example: &str) -> Result<Option<(String, String)>, Wrong> {
    if text.is_empty() {
        return Ok(None);
    }
    let (name, value) = split_setting(text)
        .map_err(|_| Wrong::Form(format!("Write {what} as name = value, for example {example}")))?;
    Ok(Some((name, unquoted(&value).to_owned())))
}

/// A value with or without the quotes of a design file.
fn unquoted(value: &str) -> &str {
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(value)
}

fn certificates(tls: &TlsTerms) -> String {
    let Some(files) = &tls.files else {
        return String::new();
    };
    let ca = files.ca.as_ref().map(|ca| format!("ca = \"{ca}\", "));
    format!(
        "{}cert = \"{}\", key = \"{}\"",
        ca.unwrap_or_default(),
        files.cert,
        files.key
    )
}

/// The three paths, in any order, as they stand in the file.
fn read_certificates(before: &TlsTerms, text: &str) -> Result<TlsTerms, Wrong> {
    let mut paths: BTreeMap<&str, String> = BTreeMap::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let known = part.split_once('=').and_then(|(name, path)| {
            let name = ["ca", "cert", "key"]
                .into_iter()
                .find(|known| *known == name.trim())?;
            Some((name, unquoted(path.trim()).to_owned()))
        });
        let (name, path) = known.ok_or_else(|| {
            Wrong::Form(format!(
                "\"{part}\" is not a file of TLS: write ca = /etc/…, cert = /etc/…, key = /etc/…"
            ))
        })?;
        TlsTerms::check_path(name, &path)?;
        paths.insert(name, path);
    }
    let mut take = |name: &str| paths.remove(name);
    let (ca, cert, key) = (take("ca"), take("cert"), take("key"));
    Ok(TlsTerms::of(before.mode, ca, cert, key)?)
}
