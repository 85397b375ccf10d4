//! Who could be the next primary with the least loss.

use std::cmp::Reverse;

use super::{Heir, Said, listed, name};
use crate::model::simulate::world::{Incident, Loss, World};
use crate::model::topology::{Server, ServerId};

/// The running standbys, the best first. While a primary runs: as they would be if it died now.
pub(super) fn heirs(world: &World) -> Vec<Heir> {
    let mut then = world.clone();
    let crashes: Vec<Incident> = world.leaders().into_iter().map(Incident::Crash).collect();
    then.apply_each(&crashes);
    let followers = followers(&then);
    let could_lead: Vec<_> = then
        .servers()
        .zip(followers)
        .filter(|((_, state), _)| state.is_up() && state.upstream.is_some())
        .collect();
    let losses = then.losses_of(could_lead.iter().map(|((server, _), _)| server.id()));
    let mut ranked: Vec<_> = could_lead
        .into_iter()
        .zip(losses)
        .map(|(((server, state), followers), (_, loss))| {
            let order = (loss, state.is_paused, Reverse(followers.len()), server.id());
            (order, heir(&then, server, loss, state.is_paused, &followers))
        })
        .collect();
    ranked.sort_by_key(|(order, _)| *order);
    ranked.into_iter().map(|(_, heir)| heir).collect()
}

/// For each server the ones that stream from it and would follow its promotion.
fn followers(world: &World) -> Vec<Vec<ServerId>> {
    let ids: Vec<ServerId> = world.topology().servers().iter().map(Server::id).collect();
    let mut followers = vec![Vec::new(); ids.len()];
    for (server, state) in world
        .servers()
        .filter(|(_, state)| state.flow.row_state() == Some("streaming"))
    {
        let place = state
            .upstream
            .and_then(|upstream| ids.binary_search(&upstream).ok());
        if let Some(found) = place.and_then(|place| followers.get_mut(place)) {
            found.push(server.id());
        }
    }
    followers
}

fn heir(world: &World, server: &Server, loss: Loss, is_paused: bool, followers: &[ServerId]) -> Heir {
    let (has, why) = match sending_relay(world, server).filter(|_| loss == Loss::Nothing) {
        Some(relay) => (
            format!(
                "has every confirmed commit as soon as it has received all that {} has",
                name(world, relay)
            ),
            "no commit waited for it, but its upstream has them all and still sends to it",
        ),
        None => of_loss(world, loss),
    };
    let mut sentence = has;
    if is_paused {
        sentence.push_str("; its replay is paused, and it applies the WAL it has before it takes over");
    }
    if !followers.is_empty() && world.topology().postgres().follows_promotions() {
        let own = if followers.len() == 1 {
            "follows it automatically"
        } else {
            "follow it automatically"
        };
        sentence.push_str(&format!("; {} {own}", listed(world, followers)));
    }
    Heir {
        server: server.id(),
        name: server.name().to_string(),
        loss,
        said: Said {
            sentence,
            why: why.to_owned(),
        },
    }
}

/// The standby from which it streams at this moment.
fn sending_relay(world: &World, server: &Server) -> Option<ServerId> {
    let state = world.state(server.id())?;
    let upstream = state.upstream?;
    let is_standby = world.state(upstream)?.upstream.is_some();
    (is_standby && state.flow.row_state() == Some("streaming")).then_some(upstream)
}

pub(super) fn of_loss(world: &World, loss: Loss) -> (String, &'static str) {
    match loss {
        Loss::Nothing => (
            "has every commit that was confirmed to a client".to_owned(),
            "either commits waited for it, or it has received all the WAL that the primary wrote",
        ),
        Loss::NothingIfFarthest => (
            "has every confirmed commit if it has received the most of the quorum: compare the last WAL \
             positions"
                .to_owned(),
            "with ANY, each commit may have waited for different members of the list; the most advanced one \
             has everything",
        ),
        Loss::TooFewLeft => (
            "may lack the latest confirmed commits: too few of the quorum are left to be sure that one of \
             them has each"
                .to_owned(),
            "with ANY, each commit may have waited for different members of the list, and all of those may \
             be lost",
        ),
        Loss::LastMoment => (
            "may lack the latest commits: they did not wait for it".to_owned(),
            "an asynchronous standby may receive WAL only after the client has had its answer, at no guaranteed time",
        ),
        Loss::Since(step) => {
            let since = match step.checked_sub(1).and_then(|place| world.incidents().get(place)) {
                Some(incident) => format!("since \"{}\" (step {step})", incident.text(world.topology())),
                None => "since the beginning".to_owned(),
            };
            (
                format!("lacks every commit {since}"),
                "it has received nothing since then, while the primary went on without it",
            )
        }
        Loss::OtherHistory => (
            "has a diverged history, without the commits on the newest timeline".to_owned(),
            "it did not switch to the new primary's timeline, and may hold WAL that the new primary never had",
        ),
    }
}
