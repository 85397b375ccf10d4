//! Reads a design file. Never panics, whatever the text; says everything that is wrong, not only the first thing.

use std::collections::BTreeSet;
use std::ops::Range;

use toml_edit::{Item, TableLike, Value};

use super::fields::Reader;
use super::positions::Layout;
use super::{FORMAT, Problem, SECURITY_KEYS, SERVER_KEYS, SYNC_KEYS, Source, TOP_KEYS};
use crate::model::document::{Document, KeptScenario};
use crate::model::topology::{
    ApplyDelay, Auth, CommitLevel, Draft, DraftProblem, DraftServer, Host, PgMajor, Port, ServerName,
    Settings, SiteName, SyncMethod, SyncPolicy, Topology, check_setting_name, check_setting_value,
};

/// Reads the text as a design.
///
/// # Errors
///
/// With everything that is wrong with the text, each with its line.
pub fn read(text: &str) -> Result<Document, Vec<Problem>> {
    let parsed = Reader::parse(text)?;
    let mut reader = Reader::new(text);
    let design = reader.design(parsed.as_table());
    match design {
        Some((topology, layout, scenarios)) if reader.problems.is_empty() => {
            let source = Source::of_saved(text, &topology);
            Ok(Document::from_parts(topology, layout, scenarios, source))
        }
        _ => {
            reader
                .problems
                .sort_by_key(|problem| problem.line.unwrap_or(usize::MAX));
            Err(reader.problems)
        }
    }
}

/// The place of what a whole design lacks.
const BEGINNING: Range<usize> = 0..0;
const BEGINNING_LINE: usize = 1;

/// Everything stays fluid up to half of this; no cluster has a tenth of it.
const MOST_SERVERS: usize = 20_000;

impl Reader {
    fn design(&mut self, top: &dyn TableLike) -> Option<(Topology, Layout, Vec<KeptScenario>)> {
        self.only_known(top, "a design", &TOP_KEYS);
        self.format(top);
        let name = self.text_at(top, "name").unwrap_or_else(|| "cluster".to_owned());
        let postgres = self.postgres(top);
        let sync = self.sync(top);
        let archive = self.archive(top);
        let security = self.table(top, "security", &SECURITY_KEYS);
        let auth = security
            .and_then(|table| self.word_at(table, "auth", &Auth::ALL.map(Auth::word)))
            .and_then(|word| Auth::parse(&word));
        let (tls, terms) = self.cluster_terms(top, security);
        let settings = self.settings(top);
        let scenarios = self.scenarios(top);
        let tables = self.tables(top, "server");
        if tables.len() > MOST_SERVERS {
            self.problem(
                "too-many-servers",
                tables.get(MOST_SERVERS).and_then(|(_, span)| span.clone()),
                format!(
                    "the design has {} servers; the maximum is {MOST_SERVERS}",
                    tables.len()
                ),
                Some("split it into several designs".to_owned()),
            );
            return None;
        }
        let mut lines = Vec::new();
        let mut servers = Vec::new();
        let mut misread = BTreeSet::new();
        for (place, (table, span)) in tables.iter().enumerate() {
            let known = self.problems.len();
            lines.push(span.as_ref().map(|span| self.lines.of(span.start)));
            servers.extend(self.server(*table, span.clone()));
            if self.problems.len() > known {
                misread.insert(place);
            }
        }
        // Servers that could not be read would make the others look orphaned.
        if servers.len() < tables.len() || postgres.is_none() {
            return None;
        }
        let draft = Draft {
            name,
            postgres: postgres?,
            sync,
            archive,
            auth,
            tls,
            settings,
            terms,
            servers,
        };
        let names: Vec<String> = draft
            .servers
            .iter()
            .map(|server| server.name.to_string())
            .collect();
        match draft.build() {
            Ok(topology) => {
                let layout = self.layout(top, &topology);
                Some((topology, layout, scenarios))
            }
            Err(problems) => {
                // A misspelt `follows` makes a server look like a primary: what it seems to be is not told.
                let only_seems =
                    |problem: &DraftProblem| problem.primaries().iter().any(|place| misread.contains(place));
                for problem in problems.into_iter().filter(|problem| !only_seems(problem)) {
                    let place = problem.server();
                    let line_of_server = |place: usize| lines.get(place).copied().flatten();
                    // What is wrong is the upstream's name, and not the server.
                    let follows = place
                        .filter(|_| problem.rule() == "unknown-upstream")
                        .and_then(|place| {
                            let span = tables.get(place)?.0.get("follows")?.span()?;
                            Some(self.lines.of(span.start))
                        });
                    self.problems.push(Problem {
                        rule: problem.rule(),
                        line: follows
                            .or_else(|| line_of_server(place.unwrap_or(0)))
                            .or(Some(BEGINNING_LINE)),
                        server: place.and_then(|place| names.get(place).cloned()),
                        message: problem.to_string(),
                        fix: problem.fix(),
                    });
                }
                None
            }
        }
    }

    fn format(&mut self, top: &dyn TableLike) {
        match top.get("format").map(|item| (item, item.as_integer())) {
            None | Some((_, Some(FORMAT))) => {}
            Some((item, number)) => {
                let fix = if number.is_some_and(|number| number > FORMAT) {
                    "open it with a newer pgcascade"
                } else {
                    "write format = 1"
                };
                self.problem(
                    "unknown-format",
                    item.span(),
                    "this pgcascade reads design files of format 1".to_owned(),
                    Some(fix.to_owned()),
                );
            }
        }
    }

    fn postgres(&mut self, top: &dyn TableLike) -> Option<PgMajor> {
        self.required(top, "postgres", "a design", Some(BEGINNING))?;
        let item = top.get("postgres")?;
        let text = match item.as_value() {
            Some(Value::Integer(number)) => number.value().to_string(),
            Some(Value::String(text)) => text.value().clone(),
            Some(Value::Float(number)) => {
                // As it was typed: 9.0 and 12.0 are not 9 and 12.
                let number = number.display_repr().into_owned();
                let (why, fix) = if number.starts_with("9.") {
                    (
                        "is not a string: versions before 10 need quotes",
                        format!("\"{number}\""),
                    )
                } else {
                    (
                        "has a decimal point: from version 10, a major version is a whole number",
                        number.split('.').next().unwrap_or("15").to_owned(),
                    )
                };
                self.problem(
                    "bad-value",
                    item.span(),
                    format!("postgres = {number} {why}"),
                    Some(format!("write postgres = {fix}")),
                );
                return None;
            }
            _ => {
                self.wrong_type(item, "postgres", "a number such as 15, or \"9.6\" in quotes");
                return None;
            }
        };
        match PgMajor::parse(&text) {
            Ok(major) => Some(major),
            Err(error) => {
                self.problem(
                    "bad-value",
                    item.span(),
                    error.to_string(),
                    Some("write postgres = 15".to_owned()),
                );
                None
            }
        }
    }

    fn sync(&mut self, top: &dyn TableLike) -> Option<SyncPolicy> {
        let table = self.table(top, "sync", &SYNC_KEYS)?;
        let mut policy = SyncPolicy::default();
        if let Some(word) = self.word_at(table, "method", &SyncMethod::ALL.map(SyncMethod::word)) {
            policy.method = SyncMethod::parse(&word)?;
        }
        if let Some(word) = self.word_at(table, "commit", &CommitLevel::ALL.map(CommitLevel::word)) {
            policy.commit = CommitLevel::parse(&word)?;
        }
        policy.count = self
            .count_at(table, "count", "how many standbys a commit waits for")
            .unwrap_or(policy.count);
        Some(policy)
    }

    /// The `[[server]]` or `[[scenario]]` tables; also `server = [{…}]`, which TOML takes for the same.
    pub(in crate::model) fn tables<'t>(
        &mut self,
        top: &'t dyn TableLike,
        key: &str,
    ) -> Vec<(&'t dyn TableLike, Option<Range<usize>>)> {
        let mut tables: Vec<(&dyn TableLike, Option<Range<usize>>)> = Vec::new();
        match top.get(key) {
            None => {}
            Some(Item::ArrayOfTables(array)) => {
                tables.extend(array.iter().map(|table| (table as &dyn TableLike, table.span())));
            }
            Some(Item::Value(Value::Array(array))) => {
                for value in array {
                    match value.as_inline_table() {
                        Some(table) => tables.push((table, value.span())),
                        None => self.problem(
                            "bad-value",
                            value.span(),
                            format!("a {key} is a table"),
                            Some(format!("start it with [[{key}]]")),
                        ),
                    }
                }
            }
            Some(item) => self.problem(
                "bad-value",
                item.span(),
                format!("write each {key} under its own [[{key}]], in double brackets"),
                Some(format!("write [[{key}]]")),
            ),
        }
        tables
    }

    fn server(&mut self, table: &dyn TableLike, span: Option<Range<usize>>) -> Option<DraftServer> {
        self.server = table.get("name").and_then(Item::as_str).map(str::to_owned);
        let what = self
            .server
            .as_ref()
            .map_or_else(|| "a server".to_owned(), |name| format!("server \"{name}\""));
        self.only_known(table, &what, &SERVER_KEYS);
        let name = match self.required(table, "name", &what, span.clone()) {
            Some(()) => self
                .text_at(table, "name")
                .and_then(|text| self.good(table.get("name"), ServerName::parse(&text))),
            None => None,
        };
        let port = match self.required(table, "port", &what, span) {
            Some(()) => self.port(table.get("port")),
            None => None,
        };
        let host = match self.text_at(table, "host") {
            Some(text) => self.good(table.get("host"), Host::parse(&text)),
            None => Some(Host::default()),
        };
        let site = self
            .text_at(table, "site")
            .and_then(|text| self.good(table.get("site"), SiteName::parse(&text)));
        let follows = self.text_at(table, "follows");
        let sync_priority = self.count_at(
            table,
            "sync_priority",
            "a position in the list of synchronous standbys",
        );
        let of = self.of_server(table);
        let apply_delay = self
            .text_at(table, "apply_delay")
            .and_then(|text| self.good(table.get("apply_delay"), ApplyDelay::parse(&text)));
        let settings = self.settings(table);
        self.server = None;
        Some(DraftServer {
            name: name?,
            host: host?,
            port: port?,
            site,
            follows,
            sync_priority,
            slot: of.slot,
            apply_delay,
            settings,
            terms: of.terms,
            link: of.link,
            also_follows: of.also_follows,
        })
    }

    fn port(&mut self, item: Option<&Item>) -> Option<Port> {
        let item = item?;
        let Some(number) = item.as_integer() else {
            self.wrong_type(item, "port", "a number from 1 to 65535");
            return None;
        };
        self.good(Some(item), Port::parse(&number.to_string()))
    }

    fn settings(&mut self, table: &dyn TableLike) -> Settings {
        let mut settings = Settings::new();
        if let Some(item) = table.get("settings") {
            match item.as_table_like() {
                Some(table) => self.settings_below("", table, &mut settings),
                None => self.wrong_type(item, "settings", "a table of settings, for example [settings]"),
            }
        }
        settings
    }

    /// `pg_stat_statements.max = 1000` is a table inside a table for TOML, and one name with a dot for PostgreSQL.
    fn settings_below(&mut self, prefix: &str, table: &dyn TableLike, settings: &mut Settings) {
        for (key, item) in table.iter() {
            let name = format!("{prefix}{key}");
            if let Some(below) = item.as_table_like() {
                self.settings_below(&format!("{name}."), below, settings);
                continue;
            }
            let value = match item.as_value() {
                Some(Value::String(text)) => text.value().clone(),
                Some(Value::Integer(number)) => number.value().to_string(),
                Some(Value::Float(number)) => number.value().to_string(),
                Some(Value::Boolean(switch)) => if *switch.value() { "on" } else { "off" }.to_owned(),
                _ => {
                    self.wrong_type(item, &name, "a string, a number, true or false");
                    continue;
                }
            };
            let checked = check_setting_name(&name).and_then(|()| check_setting_value(&name, &value));
            if self.good(Some(item), checked).is_some() {
                settings.insert(name, value);
            }
        }
    }
}
