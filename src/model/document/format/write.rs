//! Writes a design file over the text it came from: only keys whose meaning differs are touched.
//!
//! The old text is read again and compared value by value with the document. So what a person wrote (comments,
//! order, blank lines, `postgres = "15"` for 15) stays as it was until its meaning changes.

use std::collections::BTreeMap;

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, Value, value};

use super::{FORMAT, read, scenarios, write_terms};
use crate::model::document::{Document, PointOnCanvas};
use crate::model::topology::{
    Auth, Host, PgMajor, Server, Settings, SiteName, Standby, SyncPolicy, Topology,
};

/// The design file's text.
pub fn write(document: &Document) -> String {
    let source = document.source();
    // A text that cannot be read is not patched but replaced: it never came from this document.
    let old = read(&source.text).ok();
    if let Some(old) = &old
        && same_meaning(old, document)
    {
        return source.text.clone();
    }
    let mut toml = match &old {
        Some(_) => source.text.parse::<DocumentMut>().unwrap_or_default(),
        None => DocumentMut::new(),
    };
    let top = toml.as_table_mut();
    if old.is_none() {
        top.insert("format", value(FORMAT));
    }
    let topology = document.topology();
    let before = old.as_ref().map(Document::topology);
    patch_cluster(top, before, topology);
    patch_servers(top, before, document);
    patch_layout(top, old.as_ref(), document);
    scenarios::patch(top, old.as_ref(), document);
    toml.to_string()
}

/// True if the text would be read as exactly this document, its tables in the same order.
fn same_meaning(old: &Document, new: &Document) -> bool {
    let names = |document: &Document| layout_by_name(document);
    let is_same_design = old.topology().says_the_same_as(new.topology());
    is_same_design && names(old) == names(new) && old.scenarios() == new.scenarios()
}

fn patch_cluster(top: &mut Table, before: Option<&Topology>, now: &Topology) {
    if before.is_none_or(|before| before.name() != now.name()) {
        set(top, "name", now.name());
    }
    if before.is_none_or(|before| before.postgres() != now.postgres()) {
        set(top, "postgres", major(now.postgres()));
    }
    if before.and_then(Topology::sync) != now.sync() {
        patch_sync(top, before.and_then(Topology::sync), now.sync());
    }
    if before.and_then(Topology::archive) != now.archive() {
        write_terms::patch_archive(top, before.and_then(Topology::archive), now.archive());
    }
    patch_security(top, before, now);
    patch_settings(top, before.map(Topology::settings), now.settings());
}

fn patch_security(top: &mut Table, before: Option<&Topology>, now: &Topology) {
    if before.and_then(Topology::auth) != now.auth() {
        set_in_or_remove(top, "security", "auth", now.auth().map(Auth::word));
    }
    write_terms::patch_cluster(top, before, now);
}

fn patch_sync(top: &mut Table, before: Option<&SyncPolicy>, now: Option<&SyncPolicy>) {
    let Some(now) = now else {
        top.remove("sync");
        return;
    };
    if before.is_none_or(|before| before.method != now.method) {
        set_in(top, "sync", "method", now.method.word());
    }
    if before.is_none_or(|before| before.count != now.count) {
        set_in(top, "sync", "count", i64::from(now.count));
    }
    if before.is_none_or(|before| before.commit != now.commit) {
        set_in(top, "sync", "commit", now.commit.word());
    }
}

fn patch_settings(table: &mut Table, before: Option<&Settings>, now: &Settings) {
    let empty = Settings::new();
    let before = before.unwrap_or(&empty);
    if before == now {
        return;
    }
    for name in before.keys().filter(|name| !now.contains_key(*name)) {
        if let Some(settings) = table.get_mut("settings") {
            remove_setting(settings, name);
        }
    }
    for (name, text) in now {
        if before.get(name) != Some(text) {
            if let Some(settings) = table.get_mut("settings") {
                remove_setting(settings, &format!("{name}."));
            }
            set_in(table, "settings", name, text.as_str());
        }
    }
    remove_if_empty(table, "settings");
}

/// Takes a setting out, under whichever spelling it stands: `"a.b" = 1` in quotes, or `a.b = 1` as nested tables.
fn remove_setting(settings: &mut Item, name: &str) {
    let Some(table) = settings.as_table_like_mut() else {
        return;
    };
    if table.remove(name).is_some() {
        return;
    }
    for (dot, _) in name.match_indices('.') {
        let (first, rest) = (&name[..dot], &name[dot + 1..]);
        if let Some(below) = table.get_mut(first) {
            remove_setting(below, rest);
        }
    }
}

fn patch_servers(top: &mut Table, before: Option<&Topology>, document: &Document) {
    let now = document.topology();
    let places = &document.source().places;
    let old_of = |server: &Server| {
        let place = places.get(&server.id())?;
        before?.servers().get(*place)
    };
    let mut tables = take_tables(top, "server");
    let mut patched = ArrayOfTables::new();
    for server in now.servers() {
        let old = old_of(server);
        let mut table = match (old, places.get(&server.id())) {
            (Some(_), Some(place)) => tables.remove(place).unwrap_or_default(),
            _ => Table::new(),
        };
        patch_server(&mut table, old.zip(before), (server, now));
        patched.push(table);
    }
    top.insert("server", Item::ArrayOfTables(patched));
}

/// The tables of that name by place, also those of `server = [{…}]`.
pub(super) fn take_tables(top: &mut Table, key: &str) -> BTreeMap<usize, Table> {
    let tables = top
        .remove(key)
        .and_then(|item| item.into_array_of_tables().ok())
        .unwrap_or_default();
    tables.into_iter().enumerate().collect()
}

fn patch_server(table: &mut Table, old: Option<(&Server, &Topology)>, (server, now): (&Server, &Topology)) {
    let before = old.map(|(server, _)| server);
    if before.is_none_or(|before| before.name() != server.name()) {
        set(table, "name", server.name().as_str());
    }
    if before.is_none_or(|before| before.port() != server.port()) {
        set(table, "port", i64::from(server.port().number()));
    }
    if before.map_or(Host::default(), |before| before.host().clone()) != *server.host() {
        set_or_remove(table, "host", Some(server.host().as_str()));
    }
    if before.and_then(Server::site) != server.site() {
        set_or_remove(table, "site", server.site().map(SiteName::as_str));
    }
    let upstream = upstream_name(now, server);
    if old.and_then(|(before, topology)| upstream_name(topology, before)) != upstream {
        set_or_remove(table, "follows", upstream.as_deref());
    }
    let (standby_before, standby) = (before.and_then(Server::standby), server.standby());
    let priority = |standby: Option<&Standby>| standby.and_then(Standby::sync_priority);
    if priority(standby_before) != priority(standby) {
        set_or_remove(table, "sync_priority", priority(standby).map(i64::from));
    }
    write_terms::patch_slot(table, before, server);
    let delay = |standby: Option<&Standby>| standby.and_then(Standby::apply_delay).map(ToString::to_string);
    if delay(standby_before) != delay(standby) {
        set_or_remove(table, "apply_delay", delay(standby));
    }
    write_terms::patch_server(table, old, (server, now));
    patch_settings(table, before.map(Server::settings), server.settings());
}

fn patch_layout(top: &mut Table, old: Option<&Document>, document: &Document) {
    let (before, now) = (
        old.map(layout_by_name).unwrap_or_default(),
        layout_by_name(document),
    );
    if before == now {
        return;
    }
    for name in before.keys().filter(|name| !now.contains_key(*name)) {
        if let Some(layout) = top.get_mut("layout").and_then(Item::as_table_like_mut) {
            layout.remove(name);
        }
    }
    for (name, at) in &now {
        if before.get(name) != Some(at) {
            let mut point = Array::new();
            point.extend(at.map(f64::from));
            set_in(top, "layout", name, Value::Array(point));
        }
    }
    if now.is_empty() {
        top.remove("layout");
    }
}

fn layout_by_name(document: &Document) -> BTreeMap<String, PointOnCanvas> {
    let name = |id| {
        document
            .topology()
            .server(id)
            .map(|server| server.name().to_string())
    };
    document
        .layout()
        .iter()
        .filter_map(|(id, at)| Some((name(*id)?, *at)))
        .collect()
}

fn upstream_name(topology: &Topology, server: &Server) -> Option<String> {
    topology
        .server(server.upstream()?)
        .map(|upstream| upstream.name().to_string())
}

fn major(major: PgMajor) -> Value {
    match major.number() {
        Some(number) => Value::from(i64::from(number)),
        None => Value::from(major.to_string()),
    }
}

/// Sets a key and keeps what stands around the old value: its blanks and the comment behind it.
pub(super) fn set(table: &mut Table, key: &str, new: impl Into<Value>) {
    let mut new: Value = new.into();
    if let Some(old) = table.get(key).and_then(Item::as_value) {
        *new.decor_mut() = old.decor().clone();
    }
    if let Some(item) = table.get_mut(key) {
        *item = Item::Value(new);
    } else {
        table.insert(key, Item::Value(new));
    }
}

pub(super) fn set_or_remove(table: &mut Table, key: &str, new: Option<impl Into<Value>>) {
    match new {
        Some(new) => set(table, key, new),
        None => drop(table.remove(key)),
    }
}

/// Sets a key of a table below, `[table]` or `table = { … }`; the table is made if it is not there.
pub(super) fn set_in(parent: &mut Table, table: &str, key: &str, new: impl Into<Value>) {
    let mut new: Value = new.into();
    let below = parent.entry(table).or_insert_with(|| Item::Table(Table::new()));
    if below.as_table_like().is_none() {
        *below = Item::Table(Table::new());
    }
    let Some(below) = below.as_table_like_mut() else {
        return;
    };
    match below.get_mut(key) {
        Some(item) => {
            if let Some(old) = item.as_value() {
                *new.decor_mut() = old.decor().clone();
            }
            *item = Item::Value(new);
        }
        None => drop(below.insert(key, Item::Value(new))),
    }
}

/// The same, or takes the key out again, and the table with its last one.
pub(super) fn set_in_or_remove(parent: &mut Table, table: &str, key: &str, new: Option<impl Into<Value>>) {
    if let Some(new) = new {
        set_in(parent, table, key, new);
        return;
    }
    if let Some(below) = parent.get_mut(table).and_then(Item::as_table_like_mut) {
        below.remove(key);
    }
    remove_if_empty(parent, table);
}

pub(super) fn remove_if_empty(parent: &mut Table, table: &str) {
    let is_empty = parent
        .get(table)
        .and_then(Item::as_table_like)
        .is_some_and(toml_edit::TableLike::is_empty);
    if is_empty {
        parent.remove(table);
    }
}
