//! A predicate's words, read one form after the other.

use super::{BadPredicate, Cell, Failure, Fate, What};
use crate::model::simulate::time::{Micros, read_time};
use crate::model::simulate::world::{Flow, Verb};
use crate::model::topology::{ApplyDelay, CommitLevel, PgMajor, SyncMethod, nearest, notation, rule};

/// Every predicate with what stands behind its word.
pub const USAGES: [&str; 46] = [
    "follows SERVER UPSTREAM",
    "downstreams SERVER at-least NUMBER",
    "servers exactly NUMBER",
    "port SERVER NUMBER",
    "priority SERVER NUMBER|none",
    "sync first NUMBER|any NUMBER|off",
    "confirmations at-least NUMBER",
    "commit LEVEL",
    "slot SERVER on|off",
    "delay SERVER none|at-least TIME",
    "site SERVER NAME",
    "archive on|off",
    "setting SERVER|all NAME VALUE|unset",
    "file SERVER PATH",
    "version at-least MAJOR",
    "finding RULE [SERVER]",
    "no-errors",
    "no-warnings",
    "survives \"FAILURE\"|each-standby|\"lose SITE\" writes|reads|nothing-lost",
    "row SERVER at UPSTREAM none|STATE [SYNC [PRIORITY]]",
    "up SERVER",
    "down SERVER",
    "primary SERVER",
    "upstream SERVER UPSTREAM",
    "commits go-on|hang|fail",
    "waits-for SERVER…|nobody",
    "happened EVENT",
    "never EVENT",
    "flow SERVER WORD",
    "all-stream",
    "all-up",
    "all-current",
    "leader SERVER",
    "never-two-primaries",
    "timeline SERVER NUMBER",
    "lost nothing|something",
    "commit-at LEVEL go-on|hang|fail",
    "played at-least TIME",
    "acknowledged at-least NUMBER",
    "applied SERVER at-least NUMBER",
    "stood-still at-least TIME",
    "lost-commits none|at-least NUMBER",
    "slowest at-most TIME",
    "deployed",
    "proved",
    "not PREDICATE",
];

pub(super) fn parse(words: &[&str]) -> Result<What, BadPredicate> {
    let own = |name: &&str| (*name).to_owned();
    let (Some(word), rest) = (words.first(), words.get(1..).unwrap_or_default()) else {
        return Err(BadPredicate::Empty);
    };
    let usage = || wrong(word);
    let what = match (*word, rest) {
        ("follows", [server, upstream]) => What::Follows {
            server: own(server),
            upstream: own(upstream),
        },
        ("downstreams", [server, "at-least", least]) => What::Downstreams {
            server: own(server),
            least: least.parse().map_err(|_| usage())?,
        },
        ("servers", ["exactly", count]) => What::Servers(count.parse().map_err(|_| usage())?),
        ("port", [server, port]) => What::Port {
            server: own(server),
            port: port.parse().map_err(|_| usage())?,
        },
        ("priority", [server, "none"]) => What::Priority {
            server: own(server),
            priority: None,
        },
        ("priority", [server, priority]) => What::Priority {
            server: own(server),
            priority: Some(priority.parse().map_err(|_| usage())?),
        },
        ("sync", ["off"]) => What::Sync(None),
        ("sync", [method, count]) => What::Sync(Some((
            SyncMethod::parse(method).ok_or_else(usage)?,
            count.parse().map_err(|_| usage())?,
        ))),
        ("confirmations", ["at-least", least]) => What::Confirmations(least.parse().map_err(|_| usage())?),
        ("commit", [level]) => What::Commit(CommitLevel::parse(level).ok_or_else(usage)?),
        ("slot", [server, switch]) => What::Slot {
            server: own(server),
            is_on: is_on(switch).ok_or_else(usage)?,
        },
        ("delay", [server, "none"]) => What::Delay {
            server: own(server),
            least: None,
        },
        ("delay", [server, "at-least", least]) => What::Delay {
            server: own(server),
            least: Some(ApplyDelay::parse(least).map_err(|_| usage())?.micros()),
        },
        ("site", [server, site]) => What::Site {
            server: own(server),
            site: own(site),
        },
        ("archive", [switch]) => What::Archive(is_on(switch).ok_or_else(usage)?),
        ("setting", [server, name, value]) => What::Setting {
            server: (*server != "all").then(|| own(server)),
            name: own(name),
            value: (*value != "unset").then(|| own(value)),
        },
        ("file", [server, path]) => What::File {
            server: own(server),
            path: own(path),
        },
        ("version", ["at-least", major]) => What::Version(PgMajor::parse(major).map_err(|_| usage())?),
        ("finding", [id, server @ ..]) if server.len() <= 1 => {
            rule(id).ok_or_else(|| BadPredicate::Rule(own(id)))?;
            What::Finding {
                rule: own(id),
                server: server.first().map(own),
            }
        }
        ("no-errors", []) => What::NoErrors,
        ("no-warnings", []) => What::NoWarnings,
        ("survives", [failure, cell]) => What::Survives {
            failure: self::failure(failure)?,
            cell: match *cell {
                "writes" => Cell::Writes,
                "reads" => Cell::Reads,
                "nothing-lost" => Cell::NothingLost,
                _ => return Err(usage()),
            },
        },
        ("row", [server, "at", upstream, state, more @ ..]) if more.len() <= 2 => What::Row {
            server: own(server),
            upstream: own(upstream),
            state: own(state),
            sync: more.first().map(own),
            priority: more
                .get(1)
                .map(|number| number.parse().map_err(|_| usage()))
                .transpose()?,
        },
        ("up", [server]) => What::Up(own(server)),
        ("down", [server]) => What::Down(own(server)),
        ("primary", [server]) => What::Primary(own(server)),
        ("upstream", [server, upstream]) => What::Upstream {
            server: own(server),
            upstream: own(upstream),
        },
        ("commits", [fate]) => What::Commits(self::fate(fate).ok_or_else(usage)?),
        ("waits-for", ["nobody"]) => What::WaitsFor(Vec::new()),
        ("waits-for", servers) if !servers.is_empty() => What::WaitsFor(servers.iter().map(own).collect()),
        ("happened", event) => What::Happened(self::event(event)?),
        ("never", event) => What::Never(self::event(event)?),
        ("flow", [server, flow]) => What::Flow {
            server: own(server),
            flow: Flow::parse(flow).ok_or_else(usage)?,
        },
        ("all-stream", []) => What::AllStream,
        ("all-up", []) => What::AllUp,
        ("all-current", []) => What::AllCurrent,
        ("leader", [server]) => What::Leader(own(server)),
        ("never-two-primaries", []) => What::NeverTwoPrimaries,
        ("timeline", [server, number]) => What::Timeline {
            server: own(server),
            number: number.parse().map_err(|_| usage())?,
        },
        ("lost", ["nothing"]) => What::LostNothing(true),
        ("lost", ["something"]) => What::LostNothing(false),
        ("commit-at", [level, fate]) => What::CommitAt {
            level: CommitLevel::parse(level).ok_or_else(usage)?,
            fate: self::fate(fate).ok_or_else(usage)?,
        },
        ("played", ["at-least", least]) => What::Played(time(least).ok_or_else(usage)?),
        ("acknowledged", ["at-least", least]) => What::Acknowledged(least.parse().map_err(|_| usage())?),
        ("applied", [server, "at-least", least]) => What::Applied {
            server: own(server),
            least: least.parse().map_err(|_| usage())?,
        },
        ("stood-still", ["at-least", least]) => What::StoodStill(time(least).ok_or_else(usage)?),
        ("lost-commits", ["none"]) => What::LostCommits(0),
        ("lost-commits", ["at-least", least]) => What::LostCommits(least.parse().map_err(|_| usage())?),
        ("slowest", ["at-most", most]) => What::Slowest(time(most).ok_or_else(usage)?),
        ("deployed", []) => What::Deployed,
        ("proved", []) => What::Proved,
        _ => return Err(usage()),
    };
    Ok(what)
}

fn wrong(word: &str) -> BadPredicate {
    let of = |usage: &&'static str| usage.split(' ').next() == Some(word);
    USAGES.into_iter().find(of).map_or_else(
        || BadPredicate::Word {
            word: word.to_owned(),
            near: nearest(word, USAGES.iter().filter_map(|usage| usage.split(' ').next())).map(str::to_owned),
        },
        BadPredicate::Usage,
    )
}

fn failure(text: &str) -> Result<Failure, BadPredicate> {
    if text == "each-standby" {
        return Ok(Failure::EachStandby);
    }
    if let Some(site) = text.strip_prefix("lose ") {
        return Ok(Failure::Site(site.trim().to_owned()));
    }
    let words = notation::split(text).map_err(|_| BadPredicate::OpenQuote)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    event(&words).map(Failure::Incident)
}

/// An event with its servers, of which each may be `*`.
fn event(words: &[&str]) -> Result<String, BadPredicate> {
    let verb = words.first().copied().unwrap_or_default();
    let known = Verb::parse(verb).ok_or_else(|| BadPredicate::Event(verb.to_owned()))?;
    if known.usage().split(' ').count() != words.len() {
        return Err(BadPredicate::Event(words.join(" ")));
    }
    Ok(words
        .iter()
        .map(|word| notation::quote(word))
        .collect::<Vec<_>>()
        .join(" "))
}

fn fate(word: &str) -> Option<Fate> {
    Some(match word {
        "go-on" => Fate::GoOn,
        "hang" => Fate::Hang,
        "fail" => Fate::Fail,
        _ => return None,
    })
}

fn is_on(word: &str) -> Option<bool> {
    match word {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

fn time(text: &str) -> Option<Micros> {
    read_time(text).ok()
}
