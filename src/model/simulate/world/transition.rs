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

const NOT_TWICE: &str = "an event cannot happen if its effect is already there";
const BY_STREAMING: &str = "an upstream must be running, since the data comes from it";

/// Every transition, by verb; of one verb the first row that holds counts.
pub const TRANSITIONS: [Transition; 52] = [
    refused(
        Verb::Crash,
        "the server is down",
        "\"{server}\" is already down",
        NOT_TWICE,
        is_down,
    ),
    happens(
        Verb::Crash,
        "the server is a primary",
        "\"{server}\" is down, and commits that no standby had received exist only there; no standby promotes \
         itself",
        "WAL is sent after it is written: a commit that did not wait for a standby may exist only on the \
         primary. PostgreSQL has no automatic failover",
        is_primary,
        |world, deed| world.crash_primary(deed.server),
    ),
    happens(
        Verb::Crash,
        "the server is a standby",
        "\"{server}\" is gone",
        "its connection ends, its row disappears, and its slot keeps retaining WAL",
        always,
        |world, deed| world.end(deed.server, Life::Crashed),
    ),
    refused(
        Verb::Stop,
        "the server is down",
        "\"{server}\" is already down",
        NOT_TWICE,
        is_down,
    ),
    happens(
        Verb::Stop,
        "the server is a primary",
        "\"{server}\" has sent all its WAL to the standbys that are connected, and stopped",
        "a clean shutdown stops the WAL senders last, after they have sent the shutdown checkpoint: every \
         connected standby has everything",
        is_primary,
        |world, deed| world.stop_primary(deed.server),
    ),
    happens(
        Verb::Stop,
        "the server is a standby",
        "\"{server}\" has stopped",
        "its connection ends, its row disappears, and its slot keeps retaining WAL",
        always,
        |world, deed| world.end(deed.server, Life::Stopped),
    ),
    refused(
        Verb::ComeBack,
        "the server runs",
        "\"{server}\" is already running",
        NOT_TWICE,
        is_up,
    ),
    refused(
        Verb::ComeBack,
        "its configuration is invalid",
        "\"{server}\" does not start, since its synchronous_standby_names is invalid: fix the setting in \
         the design",
        "a server reads its whole configuration before it starts, and one invalid value stops it",
        |world, deed| world.at(deed.server).life == Life::Refused,
    ),
    happens(
        Verb::ComeBack,
        "it is configured as a primary, and another primary runs",
        "\"{server}\" is up as a second primary: writes on one primary are missing on the other",
        "a server does not learn that another was promoted while it was down: a primary comes back as a \
         primary",
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
        "\"{server}\" is up and asks its upstream for WAL from where it stopped",
        "a standby continues where it stopped if its upstream still has the WAL and has not diverged",
        always,
        |world, deed| world.at_mut(deed.server).life = Life::Up,
    ),
    refused(
        Verb::Cut,
        "both names are the same server",
        "a link needs two servers",
        "name two different servers",
        is_same,
    ),
    refused(
        Verb::Cut,
        "the link is already cut",
        "the network between \"{server}\" and \"{other}\" is already cut",
        NOT_TWICE,
        |world, deed| world.is_cut(deed.server, deed.other),
    ),
    happens(
        Verb::Cut,
        "otherwise",
        "the network between \"{server}\" and \"{other}\" is cut; both keep running",
        "the sender closes the connection after wal_sender_timeout (60 s by default); until then, the row \
         stays and commits wait for the standby",
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
        "both names are the same server",
        "a link needs two servers",
        "name two different servers",
        is_same,
    ),
    refused(
        Verb::Slow,
        "the link is already slow or cut",
        "the network between \"{server}\" and \"{other}\" is already slow or cut: repair it first",
        NOT_TWICE,
        is_link_ill,
    ),
    happens(
        Verb::Slow,
        "otherwise",
        "everything between \"{server}\" and \"{other}\" arrives late",
        "streaming tolerates any latency as long as answers arrive: states do not change, but commits wait \
         longer",
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
        "a standby retries every wal_retrieve_retry_interval (5 s by default) and continues where it stopped",
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
        "\"{server}\" is down and does not replay: start it first",
        "pg_wal_replay_pause() needs a running standby",
        is_down,
    ),
    refused(
        Verb::Pause,
        "the server is a primary",
        "\"{server}\" is a primary: only a standby replays WAL",
        "pg_wal_replay_pause() fails on a server that is not in recovery",
        is_primary,
    ),
    refused(
        Verb::Pause,
        "it is paused",
        "replay on \"{server}\" is already paused",
        NOT_TWICE,
        is_paused,
    ),
    happens(
        Verb::Pause,
        "otherwise",
        "\"{server}\" keeps receiving WAL without applying it: its queries see old data",
        "receiving and replaying are separate processes: the sender still shows it streaming, and only a commit at remote_apply waits for the replay",
        always,
        |world, deed| world.pause(deed.server),
    ),
    refused(
        Verb::Resume,
        "it is not paused",
        "replay on \"{server}\" is not paused",
        NOT_TWICE,
        |world, deed| !is_paused(world, deed),
    ),
    happens(
        Verb::Resume,
        "otherwise",
        "\"{server}\" applies the WAL it has received in the meantime",
        "the WAL is on its own disk already",
        always,
        |world, deed| world.at_mut(deed.server).resume(),
    ),
    refused(
        Verb::FillArchive,
        "the design has no archive",
        "the design has no WAL archive to fill",
        "without archive_mode no WAL is archived",
        |world, _| world.topology().archive().is_none(),
    ),
    refused(
        Verb::FillArchive,
        "it is full",
        "the archive is already full",
        NOT_TWICE,
        |world, _| world.archive.is_full,
    ),
    happens(
        Verb::FillArchive,
        "otherwise",
        "archiving fails: the primary keeps every segment until archiving works again, and stops when its \
         own disk is full",
        "a segment is removed only after archive_command succeeds; it is retried forever, and commits do \
         not wait for it",
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
        "the waiting segments are archived",
        "the archiver continues with the oldest unarchived segment",
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
        "more WAL is written than is kept for a standby without a slot, but the primary keeps all \
         unarchived WAL",
        "a segment is removed only after archive_command succeeds, so a standby that comes back still finds \
         it; a relay does not archive and removes it",
        |world, _| world.archive.is_full,
        |world, _| world.write_much(),
    ),
    happens(
        Verb::WriteMuch,
        "otherwise",
        "more WAL is written than is kept for a standby without a slot",
        "a slot retains WAL until its standby has it; without a slot, only wal_keep_size (wal_keep_segments \
         before 13) is kept",
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
        "slots are unlimited",
        "slots retain WAL without limit here: the server's disk would fill up instead, and the server would \
         stop",
        "max_slot_wal_keep_size is new in 13; -1, like an earlier version, means no limit",
        |world, _| !world.facts.servers.iter().any(|fact| fact.limits_slots),
    ),
    happens(
        Verb::OutgrowSlots,
        "the archive is full",
        "more WAL is written than a slot may retain: the slots of disconnected standbys are invalidated, \
         but the primary keeps the WAL they need, since it is not archived",
        "a checkpoint invalidates a slot that would retain more than max_slot_wal_keep_size, even if its \
         WAL cannot be removed until it is archived",
        |world, _| world.archive.is_full,
        |world, _| world.outgrow_slots(),
    ),
    happens(
        Verb::OutgrowSlots,
        "otherwise",
        "more WAL is written than a slot may retain: the slots of disconnected standbys are invalidated, \
         and the WAL they need is removed",
        "max_slot_wal_keep_size protects the upstream's disk: a checkpoint invalidates a slot that would \
         retain more",
        always,
        |world, _| world.outgrow_slots(),
    ),
    refused(
        Verb::Promote,
        "the server is down",
        "\"{server}\" is down: start it first, or promote another",
        "pg_promote() and pg_ctl promote need a running standby",
        is_down,
    ),
    refused(
        Verb::Promote,
        "the server is a primary",
        "\"{server}\" is already a primary",
        "only a server in recovery can be promoted",
        is_primary,
    ),
    refused(
        Verb::Promote,
        "it has paused its replay, and the version is 12 or older",
        "replay on \"{server}\" is paused, and a promotion would wait for it: resume it first",
        "up to 12, a promotion only takes effect during replay; from 13, it ends the pause",
        |world, deed| is_paused(world, deed) && !world.topology().postgres().promotes_while_paused(),
    ),
    happens(
        Verb::Promote,
        "another primary runs",
        "\"{server}\" becomes a second primary: two histories begin, and writes on one are missing on the \
         other",
        "PostgreSQL does not fence: the old primary does not learn of the promotion",
        has_leader,
        |world, deed| world.promote(deed.server),
    ),
    happens(
        Verb::Promote,
        "otherwise",
        "\"{server}\" is the primary now, on a new timeline",
        "a promotion ends recovery and starts a new timeline, so the two histories can be told apart",
        always,
        |world, deed| world.promote(deed.server),
    ),
    refused(
        Verb::Repoint,
        "it is the server itself, or one below it",
        "\"{server}\" cannot follow \"{other}\", which gets its WAL from it",
        "PostgreSQL would show both as streaming, but no WAL would ever arrive",
        is_loop,
    ),
    refused(
        Verb::Repoint,
        "it is a running primary",
        "\"{server}\" is a running primary: stop it first",
        "a primary becomes a standby only when it starts with standby.signal (recovery.conf before 12)",
        |world, deed| is_up(world, deed) && is_primary(world, deed),
    ),
    happens(
        Verb::Repoint,
        "its replay is paused, it is connected, and the version is 13 or later",
        "\"{server}\" is told to follow \"{other}\" but keeps its current connection until its replay is \
         resumed",
        "the replay process stops the WAL receiver after a reload, and does nothing while it is paused",
        keeps_connection,
        |world, deed| world.repoint(deed.server, deed.other),
    ),
    happens(
        Verb::Repoint,
        "otherwise",
        "\"{server}\" follows \"{other}\" from now on (a server that is down: from its next start)",
        "primary_conninfo names the upstream; it takes effect at a reload from 13, before that at a restart",
        always,
        |world, deed| world.repoint(deed.server, deed.other),
    ),
    refused(
        Verb::MakeSlot,
        "no slot is possible",
        "no slot can be created there now: \"{other}\" must be running, have no slot of that name, and be \
         9.4 or later",
        "slots are new in 9.4; only a running upstream can create one",
        cannot_have_slot,
    ),
    happens(
        Verb::MakeSlot,
        "otherwise",
        "\"{other}\" has a replication slot for \"{server}\"",
        "a standby that asks for a slot streams as soon as the slot exists; standbys can have slots too",
        always,
        |world, deed| world.make_slot(deed.server, deed.other),
    ),
    refused(
        Verb::LetIn,
        "it is already allowed to connect",
        "\"{other}\" already accepts connections from \"{server}\"",
        NOT_TWICE,
        |world, deed| {
            is_same(world, deed) || world.lets_in(world.id_at(deed.other), world.id_at(deed.server))
        },
    ),
    happens(
        Verb::LetIn,
        "otherwise",
        "\"{other}\" accepts connections from the host of \"{server}\"",
        "a new line in pg_hba.conf takes effect at the next reload, and a standby keeps retrying",
        always,
        |world, deed| world.let_in(deed.server, deed.other),
    ),
    // The two rows of Rebuild stand last: it is the way out when nothing else helps.
    refused(
        Verb::Rebuild,
        "the upstream is down, cut off, does not accept the server, or gets its WAL from it; or the server \
         is a running primary",
        "\"{server}\" cannot be rebuilt from \"{other}\" now",
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
        "\"{server}\" has the data of \"{other}\" and follows it; its own extra commits and slots are gone",
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
