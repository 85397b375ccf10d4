//! How a server stands to its upstream: a table of rows, of which the first that holds counts.

use super::World;

/// Whether new WAL reaches a server, and if not, what stops it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flow {
    Down,
    /// It is a primary.
    Leads,
    /// It streams from nobody: the archive alone feeds it.
    ByArchive,
    /// What the primary writes reaches it.
    Streams,
    /// It is connected and up to date with its upstream, which receives nothing itself.
    Starves,
    /// It is connected, and stays on its timeline, on which nothing is written any more.
    StaysOnTimeline,
    /// It is connected, and finds its upstream's new timeline only when it replays again.
    PausedOnTimeline,
    /// It lost its connection while its replay is paused, and asks nobody before that goes on.
    AwaitsResume,
    /// The network to its upstream is cut, and that one has not noticed.
    Silent,
    /// The network to its upstream is cut.
    Cut,
    UpstreamDown,
    /// Its upstream's pg_hba.conf does not let its host in.
    NotLetIn,
    /// It has WAL that its upstream's timeline does not have.
    Forked,
    /// Its upstream is on an older timeline than itself.
    UpstreamBehind,
    /// Its upstream is on a newer timeline, and this version cannot follow by streaming.
    CannotFollow,
    SlotMissing,
    /// Its slot was given up, and this version lets no one use it any more.
    SlotLost,
    /// Its upstream has removed WAL that it needs.
    WalGone,
}

impl Flow {
    /// As lessons spell it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Leads => "leads",
            Self::ByArchive => "by-archive",
            Self::Streams => "streams",
            Self::Starves => "starves",
            Self::StaysOnTimeline => "stays-on-timeline",
            Self::PausedOnTimeline => "paused-on-timeline",
            Self::AwaitsResume => "awaits-resume",
            Self::Silent => "silent",
            Self::Cut => "cut",
            Self::UpstreamDown => "upstream-down",
            Self::NotLetIn => "not-let-in",
            Self::Forked => "forked",
            Self::UpstreamBehind => "upstream-behind",
            Self::CannotFollow => "cannot-follow",
            Self::SlotMissing => "slot-missing",
            Self::SlotLost => "slot-lost",
            Self::WalGone => "wal-gone",
        }
    }

    /// The flow of that word; [`Flow::words`] are all.
    pub fn parse(word: &str) -> Option<Self> {
        FLOWS.iter().map(|row| row.flow).find(|flow| flow.word() == word)
    }

    pub fn words() -> impl Iterator<Item = &'static str> {
        FLOWS.iter().map(|row| row.flow.word())
    }

    /// True if the upstream's pg_stat_replication has a row for it.
    pub fn is_connected(self) -> bool {
        matches!(
            self,
            Self::Streams | Self::Starves | Self::Silent | Self::StaysOnTimeline | Self::PausedOnTimeline
        )
    }

    /// The state in that row.
    pub fn row_state(self) -> Option<&'static str> {
        match self {
            Self::Streams | Self::Starves | Self::Silent => Some("streaming"),
            Self::StaysOnTimeline | Self::PausedOnTimeline => Some("startup"),
            _ => None,
        }
    }

    /// What it means, what the servers say about it, and why it is so.
    pub fn row(self) -> &'static FlowRow {
        FLOWS
            .iter()
            .find(|row| row.flow == self)
            .unwrap_or(&FLOWS[FLOWS.len() - 1])
    }
}

/// One row of the table.
#[derive(Debug)]
pub struct FlowRow {
    pub flow: Flow,
    /// When it holds, for people.
    pub when: &'static str,
    /// What becomes of the server, as the end of a sentence that begins with its name; `{upstream}` is the upstream's.
    pub becomes: &'static str,
    pub reason: &'static str,
    /// The line that the server (or its upstream) writes into its log, if it says anything.
    pub log: &'static str,
    holds: fn(&World, usize, usize) -> bool,
}

/// The first row of the table that holds for a running standby and its upstream, by their places.
pub(super) fn of_standby(world: &World, standby: usize, upstream: usize) -> Flow {
    FLOWS
        .iter()
        .find(|row| (row.holds)(world, standby, upstream))
        .map_or(Flow::Streams, |row| row.flow)
}

/// What can be between a server and its upstream. The first row that holds counts.
pub const FLOWS: [FlowRow; 18] = [
    FlowRow {
        flow: Flow::Down,
        when: "it is down",
        becomes: "is down",
        reason: "a stopped server neither receives nor sends WAL, and answers no queries",
        log: "",
        holds: |world, standby, _| !world.at(standby).is_up(),
    },
    FlowRow {
        flow: Flow::Leads,
        when: "it has no upstream",
        becomes: "is a primary: it accepts writes",
        reason: "a server without standby.signal (recovery.conf before 12) starts as a primary",
        log: "",
        holds: |world, standby, _| world.at(standby).upstream.is_none(),
    },
    FlowRow {
        flow: Flow::ByArchive,
        when: "it is fed by the archive alone",
        becomes: "reads WAL from the archive, a finished segment at a time",
        reason: "without primary_conninfo a standby only runs restore_command, again and again; its upstream has \
             no row for it",
        log: "restored log file from archive",
        holds: |world, standby, _| world.facts.servers[standby].is_by_archive,
    },
    FlowRow {
        flow: Flow::Silent,
        when: "the network between the two is cut, and its upstream has not noticed (in time only)",
        becomes: "receives nothing, since the network to \"{upstream}\" is cut, and \"{upstream}\" has not noticed: its row stays, and commits wait for it",
        reason: "a network outage does not close a connection: the sender closes it after \
             wal_sender_timeout (60 s by default), the receiver after wal_receiver_timeout; until then, \
             waiting for the standby is useless",
        log: "",
        holds: |world, standby, upstream| {
            world.is_cut(standby, upstream) && world.is_silent(world.id_at(standby), world.id_at(upstream))
        },
    },
    FlowRow {
        flow: Flow::Cut,
        when: "the network between the two is cut",
        becomes: "receives nothing, since the network to \"{upstream}\" is cut; it keeps answering queries, \
             with increasingly stale data",
        reason: "both ends notice the silence only after a timeout (wal_sender_timeout, \
             wal_receiver_timeout: 60 s by default); until then, the row stays and commits wait for it",
        log: "terminating walreceiver due to timeout",
        holds: World::is_cut,
    },
    FlowRow {
        flow: Flow::UpstreamDown,
        when: "its upstream is down",
        becomes: "receives nothing, since its upstream \"{upstream}\" is down; it keeps answering queries \
             with the data it has",
        reason: "a standby keeps retrying its upstream (wal_retrieve_retry_interval) and does not look for \
             another: primary_conninfo names only this one",
        log: "could not connect to the primary server",
        holds: |world, _, upstream| !world.at(upstream).is_up(),
    },
    FlowRow {
        flow: Flow::AwaitsResume,
        when: "its replay is paused, and it has lost its connection since",
        becomes: "receives nothing: it lost its connection to \"{upstream}\" and does not reconnect until \
             its replay is resumed",
        reason: "the replay process starts the WAL receiver, and does nothing while it is paused",
        log: "recovery has paused",
        holds: |world, standby, _| {
            let state = world.at(standby);
            state.is_halted && !state.flow.is_connected()
        },
    },
    FlowRow {
        flow: Flow::NotLetIn,
        when: "its upstream's pg_hba.conf has no line for its host",
        becomes: "is stuck: \"{upstream}\" does not accept connections from its host",
        reason: "pg_hba.conf controls who may connect from where; the bundle allows only the hosts of the \
             designed downstreams and of the server's own upstream",
        log: "no pg_hba.conf entry for replication connection from host",
        holds: |world, standby, upstream| !world.lets_in(world.id_at(upstream), world.id_at(standby)),
    },
    FlowRow {
        flow: Flow::UpstreamBehind,
        when: "its upstream is on an older timeline",
        becomes: "is stuck: \"{upstream}\" is on an older timeline",
        reason: "a server that has followed a promotion never returns to the earlier timeline; it needs an \
             upstream on its own timeline, or a new copy",
        log: "highest timeline of the primary is behind recovery timeline",
        holds: |world, standby, upstream| {
            let (own, above) = (world.at(standby).position, world.at(upstream).position);
            let is_older = world.wal.timeline(above) < world.wal.timeline(own);
            is_older || (own.line != above.line && world.wal.shared(own.line, above.line).is_some())
        },
    },
    FlowRow {
        flow: Flow::Forked,
        when: "it has WAL from beyond the point where its upstream's timeline forked off",
        becomes: "is stuck: it has WAL that \"{upstream}\" never had; it needs pg_rewind (from 9.5) or a \
             new copy",
        reason: "a timeline forks off at the last WAL that the promoted server had; WAL beyond that point \
             on another server belongs to an abandoned history, and streaming cannot undo it. While the \
             standby is still in the WAL segment of the fork, it keeps retrying, and its row flickers \
             (startup, catchup, even streaming) without any progress; later there is no row",
        log: "new timeline forked off current database system timeline before current recovery point",
        holds: |world, standby, upstream| {
            let (own, above) = (world.at(standby).position, world.at(upstream).position);
            !world.wal.leads_to(own, above.line)
        },
    },
    FlowRow {
        flow: Flow::CannotFollow,
        when: "its upstream is on a newer timeline, and the version is 9.2",
        becomes: "is stuck: \"{upstream}\" is on a newer timeline, and 9.2 cannot follow it by streaming",
        reason: "9.2 follows a new timeline only through a shared WAL archive",
        log: "timeline 2 of the primary does not match recovery target timeline 1",
        holds: |world, standby, upstream| {
            !world.topology().postgres().follows_promotions() && is_below_promotion(world, standby, upstream)
        },
    },
    FlowRow {
        flow: Flow::SlotMissing,
        when: "it asks for a replication slot that its upstream does not have",
        becomes: "is stuck: the replication slot that it asks for does not exist at \"{upstream}\"",
        reason: "slots are local to a server: neither WAL nor a promotion carries them over; once a slot of \
             the right name exists, the standby streams",
        log: "could not start WAL streaming: ERROR: replication slot does not exist",
        holds: |world, standby, upstream| {
            let fact = &world.facts.servers[standby];
            fact.uses_slot && !world.at(upstream).slots.contains_key(&fact.id)
        },
    },
    FlowRow {
        flow: Flow::SlotLost,
        when: "its slot was invalidated, and the version is 18 or later",
        becomes: "is stuck: \"{upstream}\" has invalidated its replication slot, which would have retained \
             too much WAL; it needs a new slot, and a new copy unless an archive has the WAL",
        reason: "a slot retains at most max_slot_wal_keep_size of WAL (from 13); more is removed, and from \
             18 the slot can no longer be used (up to 17, it works again once the WAL is available)",
        log: "can no longer access replication slot",
        holds: |world, standby, upstream| {
            let fact = &world.facts.servers[standby];
            fact.uses_slot
                && world.topology().postgres().forbids_lost_slots()
                && world.has_lost_slot(world.id_at(upstream), fact.id)
        },
    },
    FlowRow {
        flow: Flow::WalGone,
        when: "its upstream has removed WAL that it needs, and no archive has that WAL",
        becomes: "is stuck: \"{upstream}\" has removed WAL that it still needs; it needs a new copy",
        reason: "for a disconnected standby, only wal_keep_size (wal_keep_segments before 13) of WAL is \
             kept without a slot, and at most max_slot_wal_keep_size with one (from 13)",
        log: "requested WAL segment has already been removed",
        holds: |world, standby, upstream| world.at(standby).position.batch < world.at(upstream).oldest_kept,
    },
    FlowRow {
        flow: Flow::StaysOnTimeline,
        when: "its upstream is on a newer timeline, and recovery_target_timeline keeps it on its own",
        becomes: "is connected to \"{upstream}\" and receives nothing: recovery_target_timeline keeps it on the old timeline",
        reason: "only recovery_target_timeline = latest follows a promotion; the row shows the state \
             startup, and no WAL flows",
        log: "",
        holds: |world, standby, upstream| {
            world.facts.servers[standby].stays_on_timeline && is_below_promotion(world, standby, upstream)
        },
    },
    FlowRow {
        flow: Flow::PausedOnTimeline,
        when: "its upstream was promoted while its replay is paused",
        becomes: "is connected to \"{upstream}\" and receives nothing: it follows the new timeline once its \
             replay is resumed",
        reason: "the replay process requests the next timeline; the row shows the state startup, and no WAL \
             flows",
        log: "",
        holds: |world, standby, upstream| {
            world.at(standby).is_halted && is_below_promotion(world, standby, upstream)
        },
    },
    FlowRow {
        flow: Flow::Starves,
        when: "its upstream receives nothing itself",
        becomes: "streams from \"{upstream}\", which receives nothing new itself",
        reason: "a cascade is a chain of separate streams: each link shows streaming while its two ends are \
             connected",
        log: "",
        holds: |world, _, upstream| {
            !matches!(
                world.at(upstream).flow,
                Flow::Leads | Flow::Streams | Flow::ByArchive
            )
        },
    },
    FlowRow {
        flow: Flow::Streams,
        when: "none of these",
        becomes: "streams from \"{upstream}\"",
        reason: "streaming replication: WAL is sent as it is written",
        log: "started streaming WAL from primary",
        holds: |_, _, _| true,
    },
];

fn is_below_promotion(world: &World, standby: usize, upstream: usize) -> bool {
    world.at(standby).position.line != world.at(upstream).position.line
}
