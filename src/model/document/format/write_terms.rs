//! Writes the keys of [`super::terms`], each only where its meaning differs from what the file says.

use std::collections::BTreeMap;

use toml_edit::{Array, InlineTable, Item, Table, Value};

use super::write::{remove_if_empty, set, set_in, set_in_or_remove, set_or_remove};
use crate::model::topology::terms::{Initdb, RoleName, TablespaceFolder, TlsTerms};
use crate::model::topology::{
    Archive, HbaAddress, LinkTerms, Server, ServerTerms, SlotName, Standby, Topology,
};

pub(super) fn patch_archive(top: &mut Table, before: Option<&Archive>, now: Option<&Archive>) {
    let Some(now) = now else {
        top.remove("archive");
        return;
    };
    type Part = fn(&Archive) -> Option<&str>;
    let keys: [(&str, Part); 3] = [
        ("directory", Archive::directory),
        ("archive_command", Archive::archive_command),
        ("restore_command", Archive::restore_command),
    ];
    // What is new comes first: a table without keys would go with its last one.
    for (key, of) in keys {
        if let Some(text) = of(now).filter(|text| before.and_then(of) != Some(text)) {
            set_in(top, "archive", key, text);
        }
    }
    for (key, of) in keys {
        if of(now).is_none() && before.and_then(of).is_some() {
            set_in_or_remove(top, "archive", key, None::<&str>);
        }
    }
}

pub(super) fn patch_cluster(top: &mut Table, before: Option<&Topology>, now: &Topology) {
    let (terms_before, terms) = (before.map(Topology::terms), now.terms());
    if terms_before.and_then(|terms| terms.role.as_ref()) != terms.role.as_ref() {
        set_in_or_remove(top, "security", "role", terms.role.as_ref().map(RoleName::as_str));
    }
    if terms_before.map_or(&[][..], |terms| &terms.hba) != terms.hba.as_slice() {
        let lines = list(terms.hba.iter().map(crate::model::topology::terms::HbaLine::text));
        set_in_or_remove(top, "security", "hba", lines);
    }
    let tls = |topology: &Topology| (topology.has_tls(), topology.terms().tls.clone());
    if before.map_or((false, TlsTerms::default()), tls) != tls(now) {
        set_in_or_remove(top, "security", "tls", tls_value(now));
    }
    patch_initdb(top, terms_before.map(|terms| &terms.initdb), &terms.initdb);
    if terms_before.is_some_and(|terms| terms.has_lab_links) != terms.has_lab_links {
        set_in_or_remove(top, "lab", "links", terms.has_lab_links.then_some(true));
    }
}

fn tls_value(now: &Topology) -> Option<Value> {
    if !now.has_tls() {
        return None;
    }
    let tls = &now.terms().tls;
    let mut table = InlineTable::new();
    if let Some(mode) = tls.mode {
        table.insert("mode", mode.word().into());
    }
    if let Some(files) = &tls.files {
        if let Some(ca) = &files.ca {
            table.insert("ca", ca.as_str().into());
        }
        table.insert("cert", files.cert.as_str().into());
        table.insert("key", files.key.as_str().into());
    }
    Some(if table.is_empty() {
        Value::from(true)
    } else {
        Value::InlineTable(table)
    })
}

fn patch_initdb(top: &mut Table, before: Option<&Initdb>, now: &Initdb) {
    let usual = Initdb::default();
    let before = before.unwrap_or(&usual);
    if before.wal_segment_size != now.wal_segment_size {
        let size = now.wal_segment_size.map(|size| size.to_string());
        set_in_or_remove(top, "initdb", "wal_segment_size", size);
    }
    if before.data_checksums != now.data_checksums {
        set_in_or_remove(top, "initdb", "data_checksums", now.data_checksums);
    }
    if before.locale != now.locale {
        set_in_or_remove(top, "initdb", "locale", now.locale.as_deref());
    }
    if before.encoding != now.encoding {
        set_in_or_remove(top, "initdb", "encoding", now.encoding.as_deref());
    }
}

pub(super) fn patch_server(
    table: &mut Table,
    old: Option<(&Server, &Topology)>,
    (server, now): (&Server, &Topology),
) {
    let before = old.map(|(server, _)| server);
    let usual = ServerTerms::default();
    let (terms_before, terms) = (before.map_or(&usual, Server::terms), server.terms());
    if terms_before.listen != terms.listen {
        let listen = match terms.listen.entries() {
            [one] => Some(Value::from(one.as_str())),
            many => list(many.iter().map(String::as_str)),
        };
        set_or_remove(table, "listen", listen);
    }
    if terms_before.hba_address != terms.hba_address {
        set_or_remove(
            table,
            "hba_address",
            terms.hba_address.as_ref().map(HbaAddress::as_str),
        );
    }
    if terms_before.slots != terms.slots {
        set_or_remove(table, "slots", list(terms.slots.iter().map(SlotName::as_str)));
    }
    let usual_link = LinkTerms::default();
    let link_of = |server: Option<&'_ Server>| server.and_then(Server::standby).map(Standby::link).cloned();
    let (link_before, link) = (link_of(before), link_of(Some(server)));
    let (link_before, link) = (
        link_before.as_ref().unwrap_or(&usual_link),
        link.as_ref().unwrap_or(&usual_link),
    );
    let names = |link: &LinkTerms, topology: &Topology| -> Vec<String> {
        let servers = link.also_follows.iter().filter_map(|id| topology.server(*id));
        servers.map(|server| server.name().to_string()).collect()
    };
    let also_follows = names(link, now);
    if old
        .map(|(_, topology)| names(link_before, topology))
        .unwrap_or_default()
        != also_follows
    {
        set_or_remove(
            table,
            "also_follows",
            list(also_follows.iter().map(String::as_str)),
        );
    }
    if link_before.is_by_archive != link.is_by_archive {
        set_or_remove(table, "by", link.is_by_archive.then_some("archive"));
    }
    if link_before.is_receiver != link.is_receiver {
        set_or_remove(table, "receiver", link.is_receiver.then_some(true));
    }
    patch_pairs(table, "conninfo", &link_before.conninfo, &link.conninfo);
    let paths = |terms: &ServerTerms| -> BTreeMap<String, String> {
        let text = |path: &TablespaceFolder| path.as_str().to_owned();
        terms
            .tablespaces
            .iter()
            .map(|(name, path)| (name.clone(), text(path)))
            .collect()
    };
    patch_pairs(table, "tablespaces", &paths(terms_before), &paths(terms));
}

/// True, false or a name, as far as the design says it.
pub(super) fn patch_slot(table: &mut Table, before: Option<&Server>, server: &Server) {
    let said = |server: Option<&Server>| {
        let standby = server.and_then(Server::standby)?;
        Some((standby.slot()?, standby.link().slot_name.clone()))
    };
    let now = said(Some(server));
    if said(before) == now {
        return;
    }
    match now {
        Some((true, Some(name))) => set(table, "slot", name.as_str()),
        Some((slot, _)) => set(table, "slot", slot),
        None => drop(table.remove("slot")),
    }
}

fn patch_pairs(
    table: &mut Table,
    key: &str,
    before: &BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
) {
    for name in before.keys().filter(|name| !now.contains_key(*name)) {
        if let Some(pairs) = table.get_mut(key).and_then(Item::as_table_like_mut) {
            pairs.remove(name);
        }
    }
    for (name, text) in now.iter().filter(|(name, text)| before.get(*name) != Some(text)) {
        set_in(table, key, name, text.as_str());
    }
    remove_if_empty(table, key);
}

/// A list of texts; `None` without any.
fn list<'a>(texts: impl Iterator<Item = &'a str>) -> Option<Value> {
    let mut array = Array::new();
    array.extend(texts);
    (!array.is_empty()).then_some(Value::Array(array))
}
