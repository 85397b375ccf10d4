//! The keys by which a design says more than its drawing: read with every problem at its line, written where their
//! meaning changed.

use std::collections::BTreeMap;

use toml_edit::{Item, TableLike, Value};

use super::fields::Reader;
use super::{ARCHIVE_KEYS, INITDB_KEYS, LAB_KEYS, TLS_KEYS};
use crate::model::topology::terms::{
    HbaLine, Initdb, Listen, RoleName, SegmentSize, TablespaceFolder, TlsMode, TlsTerms, check_initdb_word,
    check_tablespace, lookup_option,
};
use crate::model::topology::{Archive, BadValue, ClusterTerms, HbaAddress, LinkTerms, ServerTerms, SlotName};

/// What a server's table says of its slot, and what stands beside it.
#[derive(Debug, Default)]
pub(super) struct OfServer {
    pub(super) slot: Option<bool>,
    pub(super) terms: ServerTerms,
    pub(super) link: LinkTerms,
    pub(super) also_follows: Vec<String>,
}

impl Reader {
    pub(super) fn archive(&mut self, top: &dyn TableLike) -> Option<Archive> {
        let table = self.table(top, "archive", &ARCHIVE_KEYS)?;
        let span = top.get("archive").and_then(Item::span);
        let texts = ARCHIVE_KEYS.map(|key| self.text_at(table, key));
        let [directory, archive, restore] = texts;
        let has = |key: &str| table.contains_key(key);
        if has("archive_command") || has("restore_command") {
            if has("directory") {
                self.problem(
                    "bad-value",
                    table.get("directory").and_then(Item::span),
                    "[archive] has a directory and commands: the directory is for pgcascade's own commands"
                        .to_owned(),
                    Some("remove directory, or archive_command and restore_command".to_owned()),
                );
                return None;
            }
            let item = table
                .get("archive_command")
                .or_else(|| table.get("restore_command"));
            return self.good(item, Archive::of_commands(archive.as_deref(), restore.as_deref()));
        }
        self.required(table, "directory", "[archive]", span)?;
        self.good(table.get("directory"), Archive::new(&directory?))
    }

    pub(super) fn cluster_terms(
        &mut self,
        top: &dyn TableLike,
        security: Option<&dyn TableLike>,
    ) -> (bool, ClusterTerms) {
        let mut terms = ClusterTerms::default();
        let mut has_tls = false;
        if let Some(table) = security {
            let role = self.text_at(table, "role");
            terms.role = role.and_then(|role| self.good(table.get("role"), RoleName::parse(&role)));
            for (item, text) in self.list_at(table, "hba") {
                terms.hba.extend(self.good(Some(&item), HbaLine::parse(&text)));
            }
            (has_tls, terms.tls) = self.tls(table);
        }
        terms.initdb = self.initdb(top);
        if let Some(table) = self.table(top, "lab", &LAB_KEYS) {
            terms.has_lab_links = self.switch_at(table, "links").unwrap_or(false);
        }
        (has_tls, terms)
    }

    /// `true`, `false`, or a table of what is special about it.
    fn tls(&mut self, security: &dyn TableLike) -> (bool, TlsTerms) {
        let Some(item) = security.get("tls") else {
            return (false, TlsTerms::default());
        };
        let Some(table) = item.as_table_like() else {
            if item.as_bool().is_none() {
                self.wrong_type(item, "tls", "true, false, or a table { mode, ca, cert, key }");
            }
            return (item.as_bool() == Some(true), TlsTerms::default());
        };
        self.only_known(table, "tls", &TLS_KEYS);
        let mode = self
            .word_at(table, "mode", &TlsMode::ALL.map(TlsMode::word))
            .and_then(|word| TlsMode::parse(&word));
        let [ca, cert, key] = ["ca", "cert", "key"].map(|name| {
            let path = self.text_at(table, name)?;
            let checked = TlsTerms::check_path(name, &path);
            self.good(table.get(name), checked).map(|()| path)
        });
        let terms = self.good(Some(item), TlsTerms::of(mode, ca, cert, key));
        (true, terms.unwrap_or_default())
    }

    fn initdb(&mut self, top: &dyn TableLike) -> Initdb {
        let Some(table) = self.table(top, "initdb", &INITDB_KEYS) else {
            return Initdb::default();
        };
        let size = table
            .get("wal_segment_size")
            .and_then(|item| match item.as_integer() {
                Some(number) => Some(format!("{number}MB")),
                None => self.text_at(table, "wal_segment_size"),
            });
        let mut word = |key: &str| {
            let text = self.text_at(table, key)?;
            self.good(table.get(key), check_initdb_word(key, &text))
                .map(|()| text)
        };
        let (locale, encoding) = (word("locale"), word("encoding"));
        Initdb {
            wal_segment_size: size
                .and_then(|text| self.good(table.get("wal_segment_size"), SegmentSize::parse(&text))),
            data_checksums: self.switch_at(table, "data_checksums"),
            locale,
            encoding,
        }
    }

    pub(super) fn of_server(&mut self, table: &dyn TableLike) -> OfServer {
        let mut of = OfServer::default();
        match table.get("slot") {
            Some(item) if item.as_str().is_some() => {
                let name = SlotName::parse(item.as_str().unwrap_or_default());
                of.link.slot_name = self.good(Some(item), name);
                of.slot = Some(true);
            }
            Some(item) if item.as_bool().is_none() => {
                self.wrong_type(item, "slot", "true, false or a slot's name");
            }
            _ => of.slot = self.switch_at(table, "slot"),
        }
        if table.contains_key("listen") {
            let texts = match table.get("listen").and_then(Item::as_str) {
                Some(text) => vec![text.to_owned()],
                None => self
                    .list_at(table, "listen")
                    .into_iter()
                    .map(|(_, text)| text)
                    .collect(),
            };
            of.terms.listen = self
                .good(table.get("listen"), Listen::parse(&texts))
                .unwrap_or_default();
        }
        of.terms.hba_address = self
            .text_at(table, "hba_address")
            .and_then(|text| self.good(table.get("hba_address"), HbaAddress::parse(&text)));
        for (item, text) in self.list_at(table, "slots") {
            of.terms
                .slots
                .extend(self.good(Some(&item), SlotName::parse(&text)));
        }
        of.also_follows = self
            .list_at(table, "also_follows")
            .into_iter()
            .map(|(_, text)| text)
            .collect();
        of.link.is_by_archive =
            self.word_at(table, "by", &["archive", "stream"]).as_deref() == Some("archive");
        of.link.is_receiver = self.switch_at(table, "receiver").unwrap_or(false);
        of.link.conninfo = self.pairs_at(table, "conninfo", |name, _| lookup_option(name).map(|_| ()));
        of.terms.tablespaces = self
            .pairs_at(table, "tablespaces", |name, path| {
                check_tablespace(name).and_then(|()| TablespaceFolder::parse(path).map(|_| ()))
            })
            .into_iter()
            .filter_map(|(name, path)| Some((name, TablespaceFolder::parse(&path).ok()?)))
            .collect();
        of
    }

    /// The texts of a list, each beside its item.
    fn list_at(&mut self, table: &dyn TableLike, key: &str) -> Vec<(Item, String)> {
        let Some(item) = table.get(key) else {
            return Vec::new();
        };
        let Some(list) = item.as_array() else {
            self.wrong_type(item, key, "a list of strings, such as [\"…\"]");
            return Vec::new();
        };
        let mut texts = Vec::new();
        for value in list {
            let item = Item::Value(value.clone());
            match value.as_str() {
                Some(text) => texts.push((item, text.to_owned())),
                None => self.wrong_type(&item, key, "a list of strings, such as [\"…\"]"),
            }
        }
        texts
    }

    /// A table of names and texts; numbers and switches count as what they are written like.
    fn pairs_at(
        &mut self,
        table: &dyn TableLike,
        key: &str,
        check: impl Fn(&str, &str) -> Result<(), BadValue>,
    ) -> BTreeMap<String, String> {
        let Some(item) = table.get(key) else {
            return BTreeMap::new();
        };
        let Some(pairs) = item.as_table_like() else {
            self.wrong_type(item, key, &format!("a table, [server.{key}]"));
            return BTreeMap::new();
        };
        let mut read = BTreeMap::new();
        for (name, item) in pairs.iter() {
            let text = match item.as_value() {
                Some(Value::String(text)) => text.value().clone(),
                Some(Value::Integer(number)) => number.value().to_string(),
                Some(Value::Boolean(switch)) => u8::from(*switch.value()).to_string(),
                _ => {
                    self.wrong_type(item, name, "a string or a number");
                    continue;
                }
            };
            let one_line = crate::model::topology::check_setting_value(name, &text);
            if self.good(Some(item), check(name, &text).and(one_line)).is_some() {
                read.insert(name.to_owned(), text);
            }
        }
        read
    }
}
