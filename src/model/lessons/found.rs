//! What a predicate finds where it is asked: whether it holds, and what is there, as a sentence.

mod cluster;

use super::predicate::{Fate, On, Predicate, What};
use super::seen::{Seen, Told};
use crate::model::configuration::Configuration;
use crate::model::simulate::time::{Run, in_words};
use crate::model::simulate::world::{Incident, World};
use crate::model::topology::{Finding, Server, ServerId, SiteName, Standby, Topology, notation};
use crate::model::words::{counted, listed};

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub holds: bool,
    /// What is so, whether it was wanted or not.
    pub sentence: String,
}

fn found(holds: bool, sentence: impl Into<String>) -> Found {
    Found {
        holds,
        sentence: sentence.into(),
    }
}

/// `None`: there is nothing to look at yet (no story, no time, no servers).
pub fn look(predicate: &Predicate, on: On, seen: &Seen<'_>) -> Option<Found> {
    let mut found = match on {
        On::Design => Scene::drawn(seen).look(&predicate.what),
        // A story that is told in time is a story, too.
        On::Story => Scene::of(seen.story.or_else(|| seen.time.map(Run::world))?, None).look(&predicate.what),
        On::Time => {
            let run = seen.time?;
            Scene::of(run.world(), Some(run)).look(&predicate.what)
        }
        On::Servers => super::told::look(&predicate.what, seen.live.as_ref()?),
    }?;
    found.holds ^= predicate.is_negated;
    Some(found)
}

/// A world, and what else there is to look at.
struct Scene<'a> {
    topology: &'a Topology,
    world: &'a World,
    run: Option<&'a Run>,
    findings: Option<&'a [Finding]>,
}

impl<'a> Scene<'a> {
    fn drawn(seen: &Seen<'a>) -> Self {
        Self {
            topology: seen.topology,
            world: seen.drawn,
            run: None,
            findings: Some(seen.findings),
        }
    }

    fn of(world: &'a World, run: Option<&'a Run>) -> Self {
        Self {
            topology: world.topology(),
            world,
            run,
            findings: None,
        }
    }

    fn server(&self, name: &str) -> Result<&'a Server, Found> {
        self.topology
            .by_name(name)
            .ok_or_else(|| found(false, format!("there is no server called {name}")))
    }

    fn name(&self, id: ServerId) -> &'a str {
        self.topology
            .server(id)
            .map_or("nobody", |server| server.name().as_str())
    }

    fn look(&self, what: &What) -> Option<Found> {
        self.look_at(what).unwrap_or_else(Some)
    }

    /// `Err`: a server that is not there says it all.
    fn look_at(&self, what: &What) -> Result<Option<Found>, Found> {
        Ok(Some(match what {
            What::Sync(_)
            | What::Confirmations(_)
            | What::Commit(_)
            | What::Archive(_)
            | What::Version(_)
            | What::Finding { .. }
            | What::NoErrors
            | What::NoWarnings
            | What::Survives { .. } => self.cluster(what)?,
            What::Follows { server, upstream } => self.follows(server, upstream)?,
            What::Downstreams { server, least } => {
                let count = self.topology.downstreams(self.server(server)?.id()).count();
                found(
                    count >= *least,
                    format!("{} below \"{server}\"", are(count, "server")),
                )
            }
            What::Servers(wanted) => {
                let count = self.topology.servers().len();
                found(count == *wanted, are(count, "server"))
            }
            What::Port { server, port } => {
                let own = self.server(server)?.port().number();
                found(own == *port, format!("{server} is on port {own}"))
            }
            What::Priority { server, priority } => {
                let own = self.server(server)?.standby().and_then(Standby::sync_priority);
                let sentence = own.map_or_else(
                    || format!("{server} is asynchronous"),
                    |own| format!("{server} has priority {own}"),
                );
                found(own == *priority, sentence)
            }
            What::Slot { server, is_on } => {
                let own = self.topology.uses_slot(self.server(server)?.id());
                let sentence = if own { "uses a slot" } else { "has no slot" };
                found(own == *is_on, format!("{server} {sentence}"))
            }
            What::Delay { server, least } => self.delay(server, *least)?,
            What::Site { server, site } => {
                let own = self.server(server)?.site().map(SiteName::as_str);
                let sentence = own.map_or_else(
                    || format!("{server} has no site"),
                    |own| format!("{server} is in {own}"),
                );
                found(own == Some(site.as_str()), sentence)
            }
            What::Setting { server, name, value } => {
                self.setting(server.as_deref(), name, value.as_deref())?
            }
            What::File { server, path } => self.file(server, path)?,
            _ => return self.in_story(what),
        }))
    }

    fn follows(&self, server: &str, upstream: &str) -> Result<Found, Found> {
        let own = self.server(server)?;
        self.server(upstream)?;
        let above = own.upstream().map(|id| self.name(id));
        let sentence = above.map_or_else(
            || format!("{server} is the primary"),
            |above| format!("{server} follows {above}"),
        );
        Ok(found(above == Some(upstream), sentence))
    }

    fn delay(&self, server: &str, least: Option<u64>) -> Result<Found, Found> {
        let own = self.server(server)?;
        let delay = own.standby().and_then(Standby::apply_delay);
        let delay = delay.filter(|delay| delay.micros() > 0);
        let holds = match least {
            None => delay.is_none(),
            Some(least) => delay.is_some_and(|delay| delay.micros() >= least),
        };
        let sentence = delay.map_or_else(
            || format!("{server} has no delay"),
            |delay| format!("{server} applies {delay} late"),
        );
        Ok(found(holds, sentence))
    }

    fn setting(&self, server: Option<&str>, name: &str, value: Option<&str>) -> Result<Found, Found> {
        let (who, own) = match server {
            Some(server) => (server, self.topology.setting_of(self.server(server)?.id(), name)),
            None => (
                "the cluster",
                self.topology.settings().get(name).map(String::as_str),
            ),
        };
        let sentence = own.map_or_else(
            || format!("{who} does not set {name}"),
            |own| format!("{who} sets {name} to {own}"),
        );
        let is_same = own.map(str::to_ascii_lowercase) == value.map(str::to_ascii_lowercase);
        Ok(found(is_same, sentence))
    }

    fn file(&self, server: &str, path: &str) -> Result<Found, Found> {
        let own = self.server(server)?;
        let files = Configuration::in_cluster_folder(self.topology).files(own);
        let names: Vec<String> = files.iter().map(|(name, _)| (*name).to_owned()).collect();
        let holds = names.iter().any(|name| name == path);
        Ok(found(holds, format!("{server} has the files {}", listed(&names))))
    }

    /// What a board shows, and what only a story has.
    fn in_story(&self, what: &What) -> Result<Option<Found>, Found> {
        let told = Told {
            topology: self.topology,
            world: self.world,
        };
        Ok(match what {
            What::Played(_)
            | What::Acknowledged(_)
            | What::Applied { .. }
            | What::StoodStill(_)
            | What::LostCommits(_)
            | What::Slowest(_) => match self.run {
                None => None,
                Some(run) => Some(self.in_time(what, run)?),
            },
            What::LostNothing(wanted) => Some(match self.run {
                Some(run) => found(
                    (run.lost() == 0) == *wanted,
                    format!(
                        "{} that clients were told of are lost",
                        counted(run.lost(), "commit")
                    ),
                ),
                None => told.lost(*wanted),
            }),
            What::Deployed | What::Proved => None,
            _ => Some(told.look(what)?),
        })
    }

    fn in_time(&self, what: &What, run: &Run) -> Result<Found, Found> {
        Ok(match what {
            What::Played(least) => found(
                run.now() >= *least,
                match run.now() {
                    0 => "nothing was played yet".to_owned(),
                    now => format!("{} were played", in_words(now)),
                },
            ),
            What::Acknowledged(least) => found(
                run.acknowledged() >= *least,
                format!("{} were confirmed", counted(run.acknowledged(), "commit")),
            ),
            What::Applied { server, least } => {
                let count = if server == "*" {
                    let standbys = self
                        .topology
                        .servers()
                        .iter()
                        .filter(|server| !server.is_primary());
                    standbys.map(|server| run.applied(server.id())).max().unwrap_or(0)
                } else {
                    run.applied(self.server(server)?.id())
                };
                let who = if server == "*" { "a standby" } else { server };
                found(
                    count >= *least,
                    format!("{who} has applied {}", counted(count, "commit")),
                )
            }
            What::StoodStill(least) => found(
                run.stood_still() >= *least,
                format!(
                    "the longest time without a commit is {}",
                    in_words(run.stood_still())
                ),
            ),
            What::LostCommits(least) => {
                let lost = run.lost();
                let holds = if *least == 0 { lost == 0 } else { lost >= *least };
                found(holds, format!("{} lost", counted_are(lost)))
            }
            What::Slowest(most) => found(
                run.slowest() <= *most,
                format!("the slowest commit took {}", in_words(run.slowest())),
            ),
            _ => found(false, String::new()),
        })
    }
}

/// "there is 1 server", "there are 3 servers", "there is no server".
fn are(count: usize, what: &str) -> String {
    if count == 0 {
        return format!("there is no {what}");
    }
    let verb = if count == 1 { "is" } else { "are" };
    format!("there {verb} {}", counted(count, what))
}

fn counted_are(count: u64) -> String {
    let verb = if count == 1 { "is" } else { "are" };
    format!("{} {verb}", counted(count, "commit"))
}

/// "go-on" as a commit's own word, for sentences.
pub(super) fn fate_words(fate: Fate) -> &'static str {
    match fate {
        Fate::GoOn => "commits go on",
        Fate::Hang => "commits hang",
        Fate::Fail => "every write fails: no server accepts any",
    }
}

/// True if the event is the one that a goal names; `*` is any server.
pub(super) fn is_event(wanted: &str, incident: Incident, topology: &Topology) -> bool {
    let (Ok(wanted), Ok(own)) = (notation::split(wanted), notation::split(&incident.text(topology))) else {
        return false;
    };
    let is_same = |(one, other): (&String, &String)| one == "*" || one == other;
    let is_as_long = wanted.len() == own.len();
    let straight = is_as_long && wanted.iter().zip(&own).all(is_same);
    // A network has two ends and no direction.
    let is_network = matches!(
        incident,
        Incident::Cut { .. } | Incident::Slow { .. } | Incident::Mend { .. }
    );
    let turned = || match (wanted.as_slice(), own.as_slice()) {
        ([verb, one, other], [own_verb, first, second]) => {
            verb == own_verb && is_same((one, second)) && is_same((other, first))
        }
        _ => false,
    };
    straight || (is_network && turned())
}

/// Names as a sentence has them.
pub(super) fn who(names: &[String]) -> String {
    if names.is_empty() {
        "nobody".to_owned()
    } else {
        listed(names)
    }
}
