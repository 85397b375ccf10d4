//! What there is to look at: the drawing, a story, time, servers; and what a world says of each question about it.

use super::found::{Found, fate_words, is_event, who};
use super::predicate::{Fate, What};
use crate::model::health::{Board, ReplicationRow};
use crate::model::simulate::time::Run;
use crate::model::simulate::world::{CommitFate, Flow, Loss, State, World};
use crate::model::topology::{Finding, Server, ServerId, Topology};

/// Borrowed from what shows it: a bench, or the window's session.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    pub topology: &'a Topology,
    pub findings: &'a [Finding],
    /// The drawing as deployed: a world in which nothing has happened.
    pub drawn: &'a World,
    /// The moment of What-if that is shown.
    pub story: Option<&'a World>,
    pub time: Option<&'a Run>,
    pub live: Option<Live<'a>>,
}

/// What running servers say.
#[derive(Clone, Copy, Debug)]
pub struct Live<'a> {
    pub board: &'a Board,
    /// The cluster was verified on the design as it is drawn.
    pub is_proved: bool,
}

/// A world, asked what a board shows and what only a story has.
pub(super) struct Told<'a> {
    pub topology: &'a Topology,
    pub world: &'a World,
}

fn found(holds: bool, sentence: impl Into<String>) -> Found {
    Found {
        holds,
        sentence: sentence.into(),
    }
}

impl Told<'_> {
    pub(super) fn look(&self, what: &What) -> Result<Found, Found> {
        Ok(match what {
            What::Row {
                server,
                upstream,
                state,
                sync,
                priority,
            } => {
                let (own, above) = (self.server(server)?, self.server(upstream)?);
                let shown = own.name().in_view(self.topology.postgres());
                let rows = self.world.rows(above.id());
                of_row(
                    rows.iter().find(|row| row.application_name == shown),
                    &what_row(server, upstream, state, sync.as_deref(), *priority),
                )
            }
            What::Up(server) => self.is_up(server, true)?,
            What::Down(server) => self.is_up(server, false)?,
            What::Primary(server) | What::Leader(server) => {
                let own = self.server(server)?.id();
                let leaders = self.world.leaders();
                let sentence = format!("{} accepts writes", who(&self.names(&leaders)));
                found(leaders.contains(&own), sentence)
            }
            What::Upstream { server, upstream } => {
                let own = self.server(server)?.id();
                let above = self.server(upstream)?.id();
                let state = self.world.state(own);
                let is = state.and_then(State::configured_upstream);
                let sentence = is.map_or_else(
                    || format!("{server} follows nobody"),
                    |is| format!("{server} follows {}", self.name(is)),
                );
                found(is == Some(above), sentence)
            }
            What::Commits(wanted) => self.commits(*wanted),
            What::WaitsFor(wanted) => self.waits_for(wanted)?,
            What::Happened(event) => self.happened(event, true),
            What::Never(event) => self.happened(event, false),
            What::Flow { server, flow } => {
                let own = self.server(server)?.id();
                let is = self.world.state(own).map(|state| state.flow);
                found(is == Some(*flow), self.flow_sentence(own))
            }
            What::AllStream => {
                let servers = self.world.servers();
                let bad = servers
                    .filter(|(_, state)| state.is_up() && !matches!(state.flow, Flow::Leads | Flow::Streams));
                self.none_of(
                    &bad.map(|(server, _)| server.id()).collect::<Vec<_>>(),
                    "all that run stream",
                )
            }
            What::AllUp => {
                let down = self.world.servers().filter(|(_, state)| !state.is_up());
                self.none_of(
                    &down.map(|(server, _)| server.id()).collect::<Vec<_>>(),
                    "all servers run",
                )
            }
            What::AllCurrent => {
                let stale = stale(self.world);
                let sentence = match stale.as_slice() {
                    [] => "every running server has the newest commit".to_owned(),
                    [one] => format!("{} lacks the newest commit", self.name(*one)),
                    several => format!("{} lack the newest commit", who(&self.names(several))),
                };
                found(stale.is_empty(), sentence)
            }
            What::NeverTwoPrimaries => {
                let at = two_primaries(self.world);
                let sentence = at.as_ref().map_or_else(
                    || "there were never two primaries".to_owned(),
                    |at| format!("after \"{at}\", two servers accepted writes"),
                );
                found(at.is_none(), sentence)
            }
            What::Timeline { server, number } => {
                let is = self.world.timeline(self.server(server)?.id()).unwrap_or(1);
                found(is == *number, format!("{server} is on timeline {is}"))
            }
            What::CommitAt { level, fate } => {
                let leader = self.world.leaders().first().copied();
                let is = leader.map_or(CommitFate::Fails, |leader| {
                    self.world.commit_on(leader, *level).fate
                });
                found(
                    of_fate(is) == *fate,
                    format!("at {}, {}", level.word(), fate_words(of_fate(is))),
                )
            }
            _ => found(false, String::new()),
        })
    }

    /// What the promotions of the story lost.
    pub(super) fn lost(&self, nothing: bool) -> Found {
        let lost = self.world.losses().iter().find(|lost| is_lost(lost.loss));
        let sentence = lost.map_or_else(
            || "nothing is lost".to_owned(),
            |lost| {
                format!(
                    "the promotion of {} lost confirmed commits",
                    self.name(lost.promoted)
                )
            },
        );
        found(lost.is_none() == nothing, sentence)
    }

    fn server(&self, name: &str) -> Result<&Server, Found> {
        self.topology
            .by_name(name)
            .ok_or_else(|| found(false, format!("there is no server called {name}")))
    }

    fn name(&self, id: ServerId) -> &str {
        self.topology
            .server(id)
            .map_or("nobody", |server| server.name().as_str())
    }

    fn names(&self, ids: &[ServerId]) -> Vec<String> {
        ids.iter().map(|id| self.name(*id).to_owned()).collect()
    }

    fn flow_sentence(&self, id: ServerId) -> String {
        self.world.flow_sentence(id).unwrap_or_default().replace('"', "")
    }

    fn is_up(&self, server: &str, wanted: bool) -> Result<Found, Found> {
        let own = self.server(server)?.id();
        let is_up = self.world.state(own).is_some_and(State::is_up);
        let word = if is_up { "runs" } else { "is down" };
        Ok(found(is_up == wanted, format!("{server} {word}")))
    }

    fn none_of(&self, bad: &[ServerId], well: &str) -> Found {
        let sentence = bad
            .first()
            .map_or_else(|| well.to_owned(), |first| self.flow_sentence(*first));
        found(bad.is_empty(), sentence)
    }

    fn commits(&self, wanted: Fate) -> Found {
        let is = of_fate(self.world.cluster_fate());
        found(is == wanted, fate_words(is))
    }

    fn waits_for(&self, wanted: &[String]) -> Result<Found, Found> {
        for name in wanted {
            self.server(name)?;
        }
        let mut names = self.names(&answering(self.world));
        names.sort();
        let mut wanted = wanted.to_vec();
        wanted.sort();
        Ok(found(
            names == wanted,
            format!("a commit waits for {}", who(&names)),
        ))
    }

    fn happened(&self, event: &str, wanted: bool) -> Found {
        let mut incidents = self.world.incidents().iter();
        let it = incidents.find(|incident| is_event(event, **incident, self.topology));
        let sentence = it.map_or_else(
            || format!("\"{event}\" has not happened"),
            |it| format!("\"{}\" has happened", it.text(self.topology)),
        );
        found(it.is_some() == wanted, sentence)
    }
}

/// A row that is wanted.
pub(super) struct WantedRow<'a> {
    server: &'a str,
    upstream: &'a str,
    state: &'a str,
    sync: Option<&'a str>,
    priority: Option<u32>,
}

pub(super) fn what_row<'a>(
    server: &'a str,
    upstream: &'a str,
    state: &'a str,
    sync: Option<&'a str>,
    priority: Option<u32>,
) -> WantedRow<'a> {
    WantedRow {
        server,
        upstream,
        state,
        sync,
        priority,
    }
}

pub(super) fn of_row(row: Option<&ReplicationRow>, wanted: &WantedRow<'_>) -> Found {
    let WantedRow {
        server,
        upstream,
        state,
        sync,
        priority,
    } = *wanted;
    let Some(row) = row else {
        return found(state == "none", format!("{upstream} has no row for {server}"));
    };
    let holds = row.state == state
        && sync.is_none_or(|sync| row.sync_state == sync)
        && priority.is_none_or(|priority| row.sync_priority == priority);
    found(
        holds,
        format!(
            "{server}'s row at {upstream} says {}, {}, priority {}",
            row.state, row.sync_state, row.sync_priority
        ),
    )
}

fn of_fate(fate: CommitFate) -> Fate {
    match fate {
        CommitFate::Acknowledged => Fate::GoOn,
        CommitFate::Hangs => Fate::Hang,
        CommitFate::Fails => Fate::Fail,
    }
}

/// Commits that were confirmed may be gone.
pub(super) fn is_lost(loss: Loss) -> bool {
    !matches!(loss, Loss::Nothing | Loss::NothingIfFarthest)
}

/// The standbys whose answer ends a commit's waiting, on the newest primary.
pub(super) fn answering(world: &World) -> Vec<ServerId> {
    let Some(leader) = newest_leader(world) else {
        return Vec::new();
    };
    let level = world.configured_level(leader);
    level.map_or_else(Vec::new, |level| world.commit_on(leader, level).waits_for)
}

fn newest_leader(world: &World) -> Option<ServerId> {
    let leaders = world.leaders();
    leaders
        .into_iter()
        .max_by_key(|leader| world.age_of_line(*leader))
}

/// The running servers whose queries do not see the newest commit, in the design's order.
pub(super) fn stale(world: &World) -> Vec<ServerId> {
    let newest = newest_leader(world);
    let is_stale = |id: ServerId| {
        let Some(state) = world.state(id) else {
            return false;
        };
        let Some(newest) = newest else {
            return is_lost(world.loss_of(id)) || state.is_paused;
        };
        id != newest && (state.flow != Flow::Streams || state.is_paused || root(world, id) != Some(newest))
    };
    let up = world.servers().filter(|(_, state)| state.is_up());
    up.map(|(server, _)| server.id())
        .filter(|id| is_stale(*id))
        .collect()
}

/// The server at the upper end of the chain that a server is on.
fn root(world: &World, id: ServerId) -> Option<ServerId> {
    let mut at = id;
    for _ in 0..world.topology().servers().len() {
        match world.state(at)?.upstream {
            None => return Some(at),
            Some(upstream) => at = upstream,
        }
    }
    None
}

/// The event after which two servers took writes, if that was ever so: the story is told again.
fn two_primaries(world: &World) -> Option<String> {
    let mut again = World::new(world.topology());
    for incident in world.incidents() {
        again.apply_each(&[*incident]);
        if again.leaders().len() > 1 {
            return Some(incident.text(world.topology()));
        }
    }
    (world.leaders().len() > 1).then(|| "now".to_owned())
}
