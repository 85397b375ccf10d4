//! Who is the primary, who follows whom, and who is not there any more.

use std::collections::{BTreeMap, VecDeque};

use super::super::view::View;
use super::Draft;
use crate::model::health::{Conninfo, Receiving, SenderState};
use crate::model::topology::{Downstreams, Edit, Server, ServerId};

pub(super) fn draw(draft: &mut Draft<'_>) {
    let view = View::of(draft.drawn, draft.observed);
    let Some((primary, _)) = view.only_primary() else {
        return;
    };
    let (drawn, root) = (draft.drawn, primary.id());
    if !primary.is_primary() {
        let change = format!(
            "{} is the primary, not {}",
            primary.name(),
            drawn.primary().name()
        );
        draft.edit(Edit::Promote { server: root }, change);
    }
    let real: BTreeMap<ServerId, ServerId> = drawn
        .servers()
        .iter()
        .filter_map(|server| Some((server.id(), upstream(&view, server)?.id())))
        .collect();
    let mut placed = vec![root];
    place_below(draft, root, &real, &mut placed);
    // Those that stream from nobody: below the server that they ask for, if it is there.
    for orphan in drawn.servers() {
        if placed.contains(&orphan.id()) || view.is_down(orphan) {
            continue;
        }
        let drawn_upstream = draft.now.server(orphan.id()).and_then(Server::upstream);
        let upstream = asked(&view, orphan)
            .map(Server::id)
            .into_iter()
            .chain(drawn_upstream)
            .find(|id| placed.contains(id))
            .unwrap_or(root);
        put(draft, orphan.id(), upstream, false);
        placed.push(orphan.id());
        place_below(draft, orphan.id(), &real, &mut placed);
    }
    for gone in drawn.servers().iter().filter(|server| view.is_down(server)) {
        let name = gone.name();
        let remove = Edit::Remove {
            server: gone.id(),
            downstreams: Downstreams::Reattach,
        };
        let change = format!("{name} does not run and leaves the design; its data stay where they are");
        if draft.edit(remove, change) {
            draft.leaving.push(name.to_string());
        }
    }
}

/// All that stream from a server that has its place, level by level: so nobody is ever put below itself.
fn place_below(
    draft: &mut Draft<'_>,
    root: ServerId,
    real: &BTreeMap<ServerId, ServerId>,
    placed: &mut Vec<ServerId>,
) {
    let mut next = VecDeque::from([root]);
    while let Some(upstream) = next.pop_front() {
        let below: Vec<ServerId> = draft
            .drawn
            .servers()
            .iter()
            .map(Server::id)
            .filter(|id| real.get(id) == Some(&upstream) && !placed.contains(id))
            .collect();
        for server in below {
            put(draft, server, upstream, true);
            placed.push(server);
            next.push_back(server);
        }
    }
}

fn put(draft: &mut Draft<'_>, server: ServerId, upstream: ServerId, streams: bool) {
    let drawn = draft.now.server(server).and_then(Server::upstream);
    if drawn == Some(upstream) {
        return;
    }
    let name = |id| draft.drawn.server(id).map_or("", |server| server.name().as_str());
    let (own, from) = (name(server), name(upstream));
    let change = if streams {
        format!("{own} follows {from}")
    } else {
        format!("{own} streams from nobody now, and is drawn below {from}")
    };
    draft.edit(Edit::Attach { server, upstream }, change);
}

/// From whom a standby streams: by its own word, else by the row that another one shows.
pub(super) fn upstream<'a>(view: &View<'a>, server: &Server) -> Option<&'a Server> {
    if let Some(up) = view.up(server) {
        view.standby(server)?;
        if !matches!(up.receiving, Receiving::Unknown) {
            return view.observed.upstream(view.topology, up);
        }
    }
    let mut senders = view.topology.servers().iter().filter(|sender| {
        view.rows(sender, server)
            .any(|row| row.state == Some(SenderState::Streaming))
    });
    senders.next().filter(|_| senders.next().is_none())
}

/// The server whose port a standby asks for in its connection string.
fn asked<'a>(view: &View<'a>, server: &Server) -> Option<&'a Server> {
    let settings = view.up(server)?.settings.as_ref()?;
    let conninfo = Conninfo::parse(settings.value("primary_conninfo")?)?;
    let port = conninfo.get("port")?.to_owned();
    let mut servers = view.topology.servers().iter();
    servers.find(|other| other.id() != server.id() && view.observed.port(other).to_string() == port)
}
