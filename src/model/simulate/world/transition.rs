//! What each incident does, as a table: the first row of its verb whose condition holds is what happens. It is one table, in
//! which the order of the rows counts, and so one file, however long.

use super::conditions::{
    always, cannot_have_slot, has_leader, is_down, is_link_ill, is_loop, is_paused, is_primary, is_same,
    is_up, keeps_connection,
};
use super::{Life, Verb, World, pair};

/// One row of the table.
#[derive(Debug)]
pub struct Transition {
    pub verb: Verb,
    /// When the row holds, for people.
    pub when: &'static str,
    /// What happens, or why nothing does; `{server}` and `{other}` are the servers of the incident.
    pub becomes: &'static str,
    /// Why PostgreSQL does so.
    pub reason: &'static str,
    pub(super) holds: fn(&World, &Deed) -> bool,
    /// `None`: the incident is refused.
    pub(super) perform: Option<fn(&mut World, &Deed)>,
}

impl Transition {
    /// True if the row says why the incident cannot be.
    pub fn is_refusal(&self) -> bool {
        self.perform.is_none()
    }
}

/// An incident with its servers by their places; where the incident names none, they are 0 and not looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deed {
    pub(super) server: usize,
    pub(super) other: usize,
}

const NOT_TWICE: &str = "what is so already cannot happen once more";
const BY_STREAMING: &str = "an upstream has to run, since the data come from it";

/// Every transition, by verb; of one verb the first row that holds counts.
pub const TRANSITIONS: [Transition; 52] = [
    refused(
        Verb::Crash,
        "the server is down",
        "\"{server}\" is down already",
        NOT_TWICE,
        is_down,
    ),
    happens(
        Verb::Crash,
        "the server is a primary",
        "\"{server}\" is gone, and with it every commit that no standby had received; no standby promotes itself",
        "WAL is sent after it is written: what a commit did not wait for may exist on the primary alone. PostgreSQL has no automatic failover",
        is_primary,
        |world, deed| world.crash_primary(deed.server),
    ),
    happens(
        Verb::Crash,
        "the server is a standby",
        "\"{server}\" is gone",
        "its connection ends, its row disappears, and its slot goes on holding WAL for it",
        always,
        |world, deed| world.end(deed.server, Life::Crashed),
    ),
    refused(
        Verb::Stop,
        "the server is down",
        "\"{server}\" is down already",
        NOT_TWICE,
        is_down,
    ),
    happens(
        Verb::Stop,
        "the server is a primary",
        "\"{server}\" has sent all its WAL to the standbys that are connected, and stopped",
        "a clean stop ends the WAL senders last, after the shutdown checkpoint has been sent and confirmed: who was connected has everything",
        is_primary,
        |world, deed| world.stop_primary(deed.server),
    ),
    happens(
        Verb::Stop,
        "the server is a standby",
        "\"{server}\" has stopped",
        "its connection ends, its row disappears, and its slot goes on holding WAL for it",
        always,
        |world, deed| world.end(deed.server, Life::Stopped),
    ),
    refused(
        Verb::ComeBack,
        "the server runs",
        "\"{server}\" runs already",
        NOT_TWICE,
        is_up,
    ),
    refused(
        Verb::ComeBack,
        "its configuration is refused",
        "\"{server}\" does not start, since its synchronous_standby_names is refused: mend the setting in the design",
        "a server reads its whole configuration before it starts, and one bad value ends it",
        |world, deed| world.at(deed.server).life == Life::Refused,
    ),
    happens(
        Verb::ComeBack,
        "it is configured as a primary, and another primary runs",
        "\"{server}\" is up, as a second primary beside the first: what is written on it is missing there",
        "nothing tells a server that another was promoted while it was away: a primary that comes back is a primary",
        |world, deed| is_primary(world, deed) && has_leader(world, deed),
        |world, deed| world.begin_again(deed.server),
    ),
    happens(
        Verb::ComeBack,
        "it is configured as a primary",
        "\"{server}\" is the primary again, with everything that was on its disk",
        "crash recovery replays the WAL on its own disk",
        is_primary,
        |world, deed| world.begin_again(deed.server),
    ),
    happens(
        Verb::ComeBack,
        "it is configured as a standby",
        "\"{server}\" is up, and asks its upstream for WAL from where it was",
        "a standby goes on where it stopped, if its upstream still has the WAL and has not gone another way",
        always,
        |world, deed| world.at_mut(deed.server).life = Life::Up,
    ),
    refused(
        Verb::Cut,
        "it is one server",
        "a network is between two servers",
        "give two different ones",
        is_same,
    ),
    refused(
        Verb::Cut,
        "nothing gets through already",
        "between \"{server}\" and \"{other}\" nothing gets through already",
        NOT_TWICE,
        |world, deed| world.is_cut(deed.server, deed.other),
    ),
    happens(
        Verb::Cut,
        "otherwise",
        "nothing gets through between \"{server}\" and \"{other}\"; both go on running",
        "after wal_sender_timeout the sender ends the connection; in that time (60 s by default) its row stays, and commits wait for it",
        always,
        |world, deed| {
            let link = pair(world.id_at(deed.server), world.id_at(deed.other));
            world.slow.remove(&link);
            world.fall_silent(deed.server, deed.other);
            world.cuts.insert(link);
        },
    ),
    refused(
        Verb::Slow,
        "it is one server",
        "a network is between two servers",
        "give two different ones",
        is_same,
    ),
    refused(
        Verb::Slow,
        "it is slow already, or cut",
        "the network between \"{server}\" and \"{other}\" is slow or cut already: mend it first",
        NOT_TWICE,
        is_link_ill,
    ),
    happens(
        Verb::Slow,
        "otherwise",
        "everything between \"{server}\" and \"{other}\" arrives late",
        "streaming has no limit for lateness as long as answers come: states stay as they are, and who waits for an answer waits longer",
        always,
        |world, deed| {
            let link = pair(world.id_at(deed.server), world.id_at(deed.other));
            world.slow.insert(link);
        },
    ),
    refused(
        Verb::Mend,
        "it is fine",
        "the network between \"{server}\" and \"{other}\" is fine",
        NOT_TWICE,
        |world, deed| !is_link_ill(world, deed),
    ),
    happens(
        Verb::Mend,
        "otherwise",
        "the network between \"{server}\" and \"{other}\" is fine again",
        "a standby asks again every wal_retrieve_retry_interval (5 s by default), and goes on where it stopped",
        always,
        |world, deed| {
            let link = pair(world.id_at(deed.server), world.id_at(deed.other));
            world.slow.remove(&link);
            world.cuts.remove(&link);
            world.hear_again(deed.server, deed.other);
        },
    ),
    refused(
        Verb::Pause,
        "the server is down",
        "\"{server}\" is down, and replays nothing: let it come back first",
        "pg_wal_replay_pause() is asked of a running standby",
        is_down,
    ),
    refused(
        Verb::Pause,
        "the server is a primary",
        "\"{server}\" is a primary: only a standby replays WAL",
        "a server that is not in recovery refuses pg_wal_replay_pause()",
        is_primary,
    ),
    refused(
        Verb::Pause,
        "it is paused",
        "\"{server}\" has paused already",
        NOT_TWICE,
        is_paused,
    ),
    happens(
        Verb::Pause,
        "otherwise",
        "\"{server}\" goes on receiving WAL and does not apply it: its queries see old data",
        "receiving and replaying are separate processes: the sender still shows it streaming, and only a commit at remote_apply waits for the replay",
        always,
        |world, deed| world.pause(deed.server),
    ),
    refused(
        Verb::Resume,
        "it is not paused",
        "\"{server}\" has not paused its replay",
        NOT_TWICE,
        |world, deed| !is_paused(world, deed),
    ),
    happens(
        Verb::Resume,
        "otherwise",
        "\"{server}\" applies what it has received meanwhile",
        "the WAL is on its own disk already",
        always,
        |world, deed| world.at_mut(deed.server).resume(),
    ),
    refused(
        Verb::FillArchive,
        "the design has no archive",
        "the design has no WAL archive that could be full",
        "without archive_mode no WAL is archived",
        |world, _| world.topology().archive().is_none(),
    ),
    refused(
        Verb::FillArchive,
        "it is full",
        "the archive is full already",
        NOT_TWICE,
        |world, _| world.archive.is_full,
    ),
    happens(
        Verb::FillArchive,
        "otherwise",
        "the archive takes no more WAL: the primary keeps every segment until it does, and stops when its own disk is full",
        "a segment is removed only after archive_command has succeeded; it is tried again without end, and commits do not wait for it",
        always,
        |world, _| world.archive.is_full = true,
    ),
    refused(
        Verb::FreeArchive,
        "it is not full",
        "the archive is not full",
        NOT_TWICE,
        |world, _| !world.archive.is_full,
    ),
    happens(
        Verb::FreeArchive,
        "otherwise",
        "the archive takes the segments that have waited",
        "the archiver goes on with the oldest segment that is not archived",
        always,
        |world, _| world.archive.is_full = false,
    ),
    refused(
        Verb::WriteMuch,
        "no primary runs",
        "no primary runs, so nothing is written",
        "a standby is read-only",
        |world, _| world.leaders().is_empty(),
    ),
    happens(
        Verb::WriteMuch,
        "the archive is full",
        "more WAL is written than is kept for a standby without a slot; but the primary keeps all that is not archived",
        "a segment is removed only after archive_command has succeeded, so that a standby that comes back finds it there; a standby that hands WAL on archives nothing, and removes it",
        |world, _| world.archive.is_full,
        |world, _| world.write_much(),
    ),
    happens(
        Verb::WriteMuch,
        "otherwise",
        "more WAL is written than is kept for a standby without a slot",
        "a slot holds WAL until its standby has it; without one, wal_keep_size (wal_keep_segments before 13) is all that is kept",
        always,
        |world, _| world.write_much(),
    ),
    refused(
        Verb::OutgrowSlots,
        "no primary runs",
        "no primary runs, so nothing is written",
        "a standby is read-only",
        |world, _| world.leaders().is_empty(),
    ),
    refused(
        Verb::OutgrowSlots,
        "nothing limits what a slot holds",
        "a slot holds WAL without limit here: the server's disk would be full instead, and the server would stop",
        "max_slot_wal_keep_size came with 13; -1 is no limit, and so is a version before 13",
        |world, _| !world.facts.servers.iter().any(|fact| fact.limits_slots),
    ),
    happens(
        Verb::OutgrowSlots,
        "the archive is full",
        "more WAL is written than a slot may hold: the slots of standbys that are away are given up; but the primary keeps the WAL they need, which is not archived",
        "at a checkpoint a slot that would hold more than max_slot_wal_keep_size is invalidated, whether its WAL can be removed or not; that waits for the archive",
        |world, _| world.archive.is_full,
        |world, _| world.outgrow_slots(),
    ),
    happens(
        Verb::OutgrowSlots,
        "otherwise",
        "more WAL is written than a slot may hold: the slots of standbys that are away are given up, and the WAL they need is removed",
        "max_slot_wal_keep_size protects the disk of the upstream: at a checkpoint, a slot that would hold more is invalidated",
        always,
        |world, _| world.outgrow_slots(),
    ),
    refused(
        Verb::Promote,
        "the server is down",
        "\"{server}\" is down: let it come back first, or promote another",
        "pg_promote() and pg_ctl promote are asked of a running standby",
        is_down,
    ),
    refused(
        Verb::Promote,
        "the server is a primary",
        "\"{server}\" is a primary already",
        "only a server in recovery can be promoted",
        is_primary,
    ),
    refused(
        Verb::Promote,
        "it has paused its replay, and the version is 12 or older",
        "\"{server}\" has paused its replay, and a promotion waits until that is resumed: resume it first",
        "up to 12 a promotion is only looked at when WAL is replayed; from 13 on it ends the pause",
        |world, deed| is_paused(world, deed) && !world.topology().postgres().promotes_while_paused(),
    ),
    happens(
        Verb::Promote,
        "another primary runs",
        "\"{server}\" is a primary beside the one that runs: two histories begin, and what is written on one is missing on the other",
        "PostgreSQL does not fence: a promotion asks nobody, and the old primary learns nothing of it",
        has_leader,
        |world, deed| world.promote(deed.server),
    ),
    happens(
        Verb::Promote,
        "otherwise",
        "\"{server}\" is the primary now, on a new timeline",
        "a promotion ends the recovery and begins a timeline of its own, so that the two histories can be told apart",
        always,
        |world, deed| world.promote(deed.server),
    ),
    refused(
        Verb::Repoint,
        "it is the server itself, or one below it",
        "\"{server}\" cannot follow \"{other}\", which gets its WAL from it",
        "PostgreSQL would show both streaming, and no WAL would ever come in",
        is_loop,
    ),
    refused(
        Verb::Repoint,
        "it is a primary that runs",
        "\"{server}\" is a primary that runs: stop it first",
        "a primary becomes a standby only by a start with standby.signal (recovery.conf before 12)",
        |world, deed| is_up(world, deed) && is_primary(world, deed),
    ),
    happens(
        Verb::Repoint,
        "its replay stands still, it is connected, and the version is 13 or later",
        "\"{server}\" is told to follow \"{other}\", and keeps the connection that it has until its replay is resumed",
        "the process that replays is the one that ends the WAL receiver after a reload, and while it is paused it does nothing else",
        keeps_connection,
        |world, deed| world.repoint(deed.server, deed.other),
    ),
    happens(
        Verb::Repoint,
        "otherwise",
        "\"{server}\" follows \"{other}\" from now on (a server that is down: from its next start)",
        "primary_conninfo names the upstream; it takes effect at a reload from 13 on, before that at a restart",
        always,
        |world, deed| world.repoint(deed.server, deed.other),
    ),
    refused(
        Verb::MakeSlot,
        "there can be none",
        "no slot can be made there now: \"{other}\" must run, have none of that name, and be a 9.4 or later",
        "slots came with 9.4; one is made by asking the running upstream",
        cannot_have_slot,
    ),
    happens(
        Verb::MakeSlot,
        "otherwise",
        "\"{other}\" has a replication slot for \"{server}\"",
        "a standby that asks for a slot streams as soon as it exists; a standby can have slots too",
        always,
        |world, deed| world.make_slot(deed.server, deed.other),
    ),
    refused(
        Verb::LetIn,
        "it is let in already",
        "\"{other}\" lets \"{server}\" in already",
        NOT_TWICE,
        |world, deed| {
            is_same(world, deed) || world.lets_in(world.id_at(deed.other), world.id_at(deed.server))
        },
    ),
    happens(
        Verb::LetIn,
        "otherwise",
        "\"{other}\" lets \"{server}\" in from its host",
        "a new line in pg_hba.conf holds from the next reload on, and a standby asks again and again",
        always,
        |world, deed| world.let_in(deed.server, deed.other),
    ),
    // The two rows of Rebuild stand last: it is the way out when nothing else helps.
    refused(
        Verb::Rebuild,
        "the upstream is down, cut off, does not let the server in, or gets its WAL from it; or the server is a primary that runs",
        "\"{server}\" cannot be made anew from \"{other}\" now",
        BY_STREAMING,
        |world, deed| {
            let runs = is_up(world, deed) && is_primary(world, deed);
            let unreachable = !world.at(deed.other).is_up()
                || world.is_cut(deed.server, deed.other)
                || !world.lets_in(world.id_at(deed.other), world.id_at(deed.server));
            runs || unreachable || is_loop(world, deed)
        },
    ),
    happens(
        Verb::Rebuild,
        "otherwise",
        "\"{server}\" has the data of \"{other}\" and follows it; what it alone had is gone, and so are the slots on it",
        "pg_rewind and pg_basebackup make it a copy of its upstream; replication slots are not copied",
        always,
        |world, deed| world.rebuild(deed.server, deed.other),
    ),
];

const fn refused(
    verb: Verb,
    when: &'static str,
    becomes: &'static str,
    reason: &'static str,
    holds: fn(&World, &Deed) -> bool,
) -> Transition {
    Transition {
        verb,
        when,
        becomes,
        reason,
        holds,
        perform: None,
    }
}

const fn happens(
    verb: Verb,
    when: &'static str,
    becomes: &'static str,
    reason: &'static str,
    holds: fn(&World, &Deed) -> bool,
    perform: fn(&mut World, &Deed),
) -> Transition {
    Transition {
        verb,
        when,
        becomes,
        reason,
        holds,
        perform: Some(perform),
    }
}
