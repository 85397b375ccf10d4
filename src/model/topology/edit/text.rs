//! Edits as text, a line each: what lessons and their journals are written in.
//!
//! `add NAME PORT under UPSTREAM`, `priority slave1 2`, `sync first 1` …; names with blanks stand in double quotes, as in
//! the notation.

use thiserror::Error;

use super::super::notation::{quote, split};
use super::super::{
    ApplyDelay, Archive, CommitLevel, Host, PgMajor, Port, Refusal, Server, ServerId, ServerName, SiteName,
    SyncMethod, SyncPolicy, Topology, UnknownMajor, nearest,
};
use super::{Downstreams, Edit};

/// A text that is not an edit.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadEdit {
    #[error("nothing is given; write for example \"attach SERVER UPSTREAM\"")]
    Empty,
    #[error("\"{word}\" is not a known edit{}", did_you_mean(near.as_deref()))]
    Verb { word: String, near: Option<String> },
    #[error("the syntax is \"{0}\"")]
    Usage(&'static str),
    #[error("the design has no server called \"{name}\"{}", did_you_mean(near.as_deref()))]
    Server { name: String, near: Option<String> },
    #[error("a quoted name has no closing quote")]
    OpenQuote,
    #[error(transparent)]
    Major(#[from] UnknownMajor),
    #[error(transparent)]
    Value(#[from] Refusal),
}

fn did_you_mean(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"))
}

impl From<super::BadValue> for BadEdit {
    fn from(error: super::BadValue) -> Self {
        Self::Value(error.into())
    }
}

/// Every verb with what stands behind it; one that ends in `…` takes any number of servers.
pub const EDIT_USAGES: [&str; 21] = [
    "add NAME PORT under UPSTREAM",
    "remove SERVER",
    "remove-all SERVER",
    "attach SERVER UPSTREAM",
    "take-place SERVER SERVER",
    "make-primary SERVER",
    "rename SERVER NAME",
    "port SERVER PORT",
    "host SERVER HOST",
    "priority SERVER NUMBER|none",
    "order-sync SERVER …",
    "sync first|any NUMBER, or sync off",
    "commit LEVEL",
    "slot SERVER on|off",
    "delay SERVER TIME|none",
    "set SERVER|all NAME VALUE",
    "unset SERVER|all NAME",
    "archive DIRECTORY|off",
    "version MAJOR",
    "site SERVER NAME|none",
    "tls on|off",
];

/// The word that each usage begins with.
pub fn edit_verbs() -> impl Iterator<Item = &'static str> {
    EDIT_USAGES.iter().filter_map(|usage| usage.split(' ').next())
}

impl Edit {
    /// Reads one edit of this topology.
    ///
    /// # Errors
    ///
    /// If the text is not an edit, names a server which the topology does not have, or a value that cannot be.
    pub fn parse(text: &str, topology: &Topology) -> Result<Self, BadEdit> {
        let words = split(text).map_err(|_| BadEdit::OpenQuote)?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let find = |name: &str| find(name, topology);
        let policy = || topology.sync().cloned().unwrap_or_default();
        Ok(match words.as_slice() {
            [] => return Err(BadEdit::Empty),
            ["add", name, port, "under", upstream] => Self::AddStandby {
                upstream: find(upstream)?,
                name: Some(ServerName::parse(name)?),
                port: Some(Port::parse(port)?),
            },
            ["remove", server] => Self::Remove {
                server: find(server)?,
                downstreams: Downstreams::Reattach,
            },
            ["remove-all", server] => Self::Remove {
                server: find(server)?,
                downstreams: Downstreams::Remove,
            },
            ["attach", server, upstream] => Self::Attach {
                server: find(server)?,
                upstream: find(upstream)?,
            },
            ["take-place", server, place] => Self::TakePlace {
                server: find(server)?,
                place: find(place)?,
            },
            ["make-primary", server] => Self::Promote {
                server: find(server)?,
            },
            ["rename", server, name] => Self::Rename {
                server: find(server)?,
                name: ServerName::parse(name)?,
            },
            ["port", server, port] => Self::SetPort {
                server: find(server)?,
                port: Port::parse(port)?,
            },
            ["host", server, host] => Self::SetHost {
                server: find(server)?,
                host: Host::parse(host)?,
            },
            ["priority", server, "none"] => Self::SetSyncPriority {
                server: find(server)?,
                priority: None,
            },
            ["priority", server, number] => Self::SetSyncPriority {
                server: find(server)?,
                priority: Some(self::number(number, "priority SERVER NUMBER|none")?),
            },
            ["order-sync", servers @ ..] => Self::OrderSync(
                servers
                    .iter()
                    .map(|name| find(name))
                    .collect::<Result<Vec<_>, _>>()?,
            ),
            ["sync", "off"] => Self::SetSync(None),
            ["sync", method, count] => {
                let usage = "sync first|any NUMBER, or sync off";
                Self::SetSync(Some(SyncPolicy {
                    method: SyncMethod::parse(method).ok_or(BadEdit::Usage(usage))?,
                    count: number(count, usage)?,
                    ..policy()
                }))
            }
            ["commit", level] => Self::SetSync(Some(SyncPolicy {
                commit: CommitLevel::parse(level)
                    .ok_or(BadEdit::Usage("commit off|local|remote_write|on|remote_apply"))?,
                ..policy()
            })),
            ["slot", server, switch] => Self::SetSlot {
                server: find(server)?,
                slot: Some(self::switch(switch, "slot SERVER on|off")?),
            },
            ["delay", server, "none"] => Self::SetApplyDelay {
                server: find(server)?,
                delay: None,
            },
            ["delay", server, delay] => Self::SetApplyDelay {
                server: find(server)?,
                delay: Some(ApplyDelay::parse(delay)?),
            },
            ["set", server, name, value] => Self::SetSetting {
                server: one_or_all(server, topology)?,
                name: (*name).to_owned(),
                value: Some((*value).to_owned()),
            },
            ["unset", server, name] => Self::SetSetting {
                server: one_or_all(server, topology)?,
                name: (*name).to_owned(),
                value: None,
            },
            ["archive", "off"] => Self::SetArchive(None),
            ["archive", directory] => Self::SetArchive(Some(Archive::new(directory)?)),
            ["version", major] => Self::SetPostgres(PgMajor::parse(major)?),
            ["site", server, "none"] => Self::SetSite {
                servers: vec![find(server)?],
                site: None,
            },
            ["site", server, site] => Self::SetSite {
                servers: vec![find(server)?],
                site: Some(SiteName::parse(site)?),
            },
            ["tls", switch] => Self::SetTls(self::switch(switch, "tls on|off")?),
            [verb, ..] => return Err(wrong(verb)),
        })
    }

    /// What [`Edit::parse`] reads as this edit; `None` for the few that have no words (a pasted subtree, the design's name).
    pub fn text(&self, topology: &Topology) -> Option<String> {
        let name = |id: ServerId| {
            let server = topology.server(id);
            server.map(|server| quote(server.name().as_str()))
        };
        let of_setting = |server: &Option<ServerId>| server.map_or_else(|| Some("all".to_owned()), name);
        let on = |switch: bool| if switch { "on" } else { "off" };
        Some(match self {
            Self::AddStandby {
                upstream,
                name: Some(own),
                port: Some(port),
            } => format!("add {} {port} under {}", quote(own.as_str()), name(*upstream)?),
            Self::Remove { server, downstreams } => {
                let verb = match downstreams {
                    Downstreams::Reattach => "remove",
                    Downstreams::Remove => "remove-all",
                };
                format!("{verb} {}", name(*server)?)
            }
            Self::Attach { server, upstream } => format!("attach {} {}", name(*server)?, name(*upstream)?),
            Self::TakePlace { server, place } => format!("take-place {} {}", name(*server)?, name(*place)?),
            Self::Promote { server } => format!("make-primary {}", name(*server)?),
            Self::Rename { server, name: new } => {
                format!("rename {} {}", name(*server)?, quote(new.as_str()))
            }
            Self::SetPort { server, port } => format!("port {} {port}", name(*server)?),
            Self::SetHost { server, host } => format!("host {} {host}", name(*server)?),
            Self::SetSyncPriority { server, priority } => {
                let priority = priority.map_or_else(|| "none".to_owned(), |number| number.to_string());
                format!("priority {} {priority}", name(*server)?)
            }
            Self::OrderSync(order) => {
                let names: Option<Vec<String>> = order.iter().map(|id| name(*id)).collect();
                format!("order-sync {}", names?.join(" "))
            }
            Self::SetSync(None) => "sync off".to_owned(),
            Self::SetSync(Some(policy)) => {
                let known = topology.sync().cloned().unwrap_or_default();
                let is_level = policy.method == known.method && policy.count == known.count;
                if is_level && topology.sync().is_some() {
                    format!("commit {}", policy.commit.word())
                } else if policy.commit == known.commit {
                    format!("sync {} {}", policy.method.word(), policy.count)
                } else {
                    return None;
                }
            }
            Self::SetSlot {
                server,
                slot: Some(slot),
            } => format!("slot {} {}", name(*server)?, on(*slot)),
            Self::SetApplyDelay { server, delay } => {
                let delay = delay
                    .as_ref()
                    .map_or_else(|| "none".to_owned(), ToString::to_string);
                format!("delay {} {delay}", name(*server)?)
            }
            Self::SetSetting {
                server,
                name: setting,
                value: Some(value),
            } => format!("set {} {} {}", of_setting(server)?, setting, quoted(value)),
            Self::SetSetting {
                server,
                name: setting,
                value: None,
            } => format!("unset {} {setting}", of_setting(server)?),
            Self::SetArchive(None) => "archive off".to_owned(),
            Self::SetArchive(Some(archive)) => format!("archive {}", quoted(archive.directory()?)),
            Self::SetPostgres(major) => format!("version {major}"),
            Self::SetSite { servers, site } => {
                let [server] = servers.as_slice() else {
                    return None;
                };
                let site = site
                    .as_ref()
                    .map_or_else(|| "none".to_owned(), |site| quoted(site.as_str()));
                format!("site {} {site}", name(*server)?)
            }
            Self::SetTls(tls) => format!("tls {}", on(*tls)),
            _ => return None,
        })
    }
}

/// As one word, also where it is empty.
fn quoted(value: &str) -> String {
    if value.is_empty() {
        "\"\"".to_owned()
    } else {
        quote(value)
    }
}

fn wrong(verb: &str) -> BadEdit {
    let usage = EDIT_USAGES
        .iter()
        .find(|usage| usage.split(' ').next() == Some(verb));
    usage.map_or_else(
        || BadEdit::Verb {
            word: verb.to_owned(),
            near: nearest(verb, edit_verbs()).map(str::to_owned),
        },
        |usage| BadEdit::Usage(usage),
    )
}

fn number(text: &str, usage: &'static str) -> Result<u32, BadEdit> {
    text.parse().map_err(|_| BadEdit::Usage(usage))
}

fn switch(text: &str, usage: &'static str) -> Result<bool, BadEdit> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(BadEdit::Usage(usage)),
    }
}

/// The server of that name; "all" is every one, unless a server is called so.
fn one_or_all(name: &str, topology: &Topology) -> Result<Option<ServerId>, BadEdit> {
    match topology.by_name(name) {
        None if name == "all" => Ok(None),
        _ => find(name, topology).map(Some),
    }
}

fn find(name: &str, topology: &Topology) -> Result<ServerId, BadEdit> {
    topology
        .by_name(name)
        .map(Server::id)
        .ok_or_else(|| BadEdit::Server {
            name: name.to_owned(),
            near: nearest(
                name,
                topology.servers().iter().map(|server| server.name().as_str()),
            )
            .map(str::to_owned),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    #[test]
    fn what_is_written_reads_back() {
        let topology = notation::parse("master 1 sync first 1\n  slave1 2\n    \"far away\" 3\n").unwrap();
        for text in [
            "add \"x y\" 77 under \"far away\"",
            "remove slave1",
            "remove-all slave1",
            "attach \"far away\" master",
            "take-place slave1 \"far away\"",
            "make-primary slave1",
            "rename slave1 other",
            "port slave1 99",
            "host slave1 db1",
            "priority slave1 3",
            "priority slave1 none",
            "order-sync \"far away\" slave1",
            "sync any 2",
            "sync off",
            "commit remote_apply",
            "slot slave1 off",
            "delay slave1 1h",
            "delay slave1 none",
            "set all work_mem 64MB",
            "set slave1 search_path \"a, b\"",
            "unset slave1 work_mem",
            "archive archive",
            "archive off",
            "version 9.6",
            "site slave1 \"rack 4\"",
            "site slave1 none",
            "tls on",
        ] {
            let edit = Edit::parse(text, &topology).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(edit.text(&topology).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let topology = notation::parse("master 1\n  slave1 2\n").unwrap();
        for (text, words) in [
            ("", "nothing is given"),
            (
                "atach slave1 master",
                "\"atach\" is not a known edit; did you mean \"attach\"?",
            ),
            ("attach slave1", "the syntax is \"attach SERVER UPSTREAM\""),
            (
                "attach slave2 master",
                "the design has no server called \"slave2\"; did you mean \"slave1\"?",
            ),
            ("priority slave1 first", "the syntax is \"priority"),
            ("commit sometimes", "the syntax is \"commit off|"),
            ("version 7", "\"7\""),
            ("port slave1 0", "\"0\" is not a port"),
            ("set \"x", "a quoted name has no closing quote"),
        ] {
            let error = Edit::parse(text, &topology).unwrap_err().to_string();
            assert!(error.starts_with(words), "{text}: {error}");
        }
    }
}
