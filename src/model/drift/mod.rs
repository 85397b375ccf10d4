//! Where a running cluster differs from its drawing: each difference a sentence with what helps.
//!
//! Start with [`drift`]. Only what a server says *now* counts: of one that does not answer nothing else is said than that, and
//! it is never called fine. What follows from a difference is not told twice, where the first says it all. `lag` says how far
//! a standby is behind, which is no difference until it is far.

pub mod adopt;
mod command;
mod commits;
mod lag;
mod links;
mod roles;
mod servers;
mod settings;
mod slots;
#[cfg(test)]
mod tests;
mod view;
mod wal;

use serde::Serialize;

pub use lag::{Lag, Stage, lag, sent, stages};
pub use links::FAR_BEHIND;

use self::view::View;
use crate::model::health::Observed;
use crate::model::topology::Topology;

/// One difference between what runs and what is drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// One of [`RULES`].
    pub rule: &'static str,
    /// The server it is about, by its name in the design; `None`: the cluster as a whole.
    pub server: Option<String>,
    pub message: String,
    /// What helps, and harms nothing; `None`: nothing is to be done here.
    pub fix: Option<String>,
    /// What an applied design does about it by itself.
    #[serde(skip)]
    pub repair: Option<Repair>,
    /// The slot that it is about.
    #[serde(skip)]
    pub slot: Option<String>,
}

/// What brings a server back to its design without anybody's choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    Setting {
        name: String,
        /// It may stand in postgresql.auto.conf, which only ALTER SYSTEM writes.
        resets: bool,
        /// The server's own file is not the design's any more.
        rewrites: bool,
        restarts: bool,
    },
    /// The slot is made again.
    Slot(String),
    /// Its files say what the server does already.
    Files,
}

impl Drift {
    fn repaired_by(mut self, repair: impl Into<Option<Repair>>) -> Self {
        self.repair = repair.into();
        self
    }

    /// True for what loses data, or lets no one write: a person has to decide now.
    pub fn is_grave(&self) -> bool {
        const GRAVE: [&str; 8] = [
            "two-primaries",
            BESIDE,
            "no-primary",
            "standby-promoted",
            "primary-is-standby",
            "ring",
            "stale-copy",
            "server-down",
        ];
        GRAVE.contains(&self.rule)
    }

    /// True for what may go away by itself in a moment, since servers connect again: a verdict is worth the wait.
    pub fn may_pass(&self) -> bool {
        const PASS: [&str; 7] = [
            SILENT,
            "link-missing",
            "link-silent",
            "slot-inactive",
            "standby-behind",
            "extra-sender",
            "commits-differ",
        ];
        PASS.contains(&self.rule)
    }
}

impl Drift {
    /// The smaller, the more of the others follow from it.
    pub fn rank(&self) -> usize {
        rank(self.rule)
    }

    /// True for who runs, who takes writes, and who follows whom.
    pub fn is_of_servers(&self) -> bool {
        self.rank() < rank("extra-sender")
    }
}

fn rank(rule: &str) -> usize {
    let place = RULES.iter().position(|(known, _)| *known == rule);
    place.unwrap_or(RULES.len())
}

/// WAL that an archive does not take.
pub const ARCHIVE_FAILING: &str = "archive-failing";

/// A server that left the design, and runs.
pub const BESIDE: &str = "undrawn-server";

/// What the design would say in vain.
pub const OVERRULED: &str = "setting-overruled";

/// A server that does not answer: whether it differs, nobody knows.
pub const SILENT: &str = "server-silent";

/// Every kind of difference, and what it is; those that others follow from come first.
pub const RULES: [(&str, &str); 31] = [
    ("two-primaries", "Several servers accept writes (split brain)"),
    (BESIDE, "A server that left the design runs"),
    ("no-primary", "No server accepts writes"),
    ("standby-promoted", "A designed standby accepts writes"),
    ("primary-is-standby", "The designed primary is a standby"),
    ("ring", "Standbys follow each other in a loop"),
    ("server-down", "A server is down"),
    (SILENT, "A server does not answer"),
    ("other-version", "A server runs a different major version"),
    ("other-port", "A server listens on a different port"),
    ("stale-copy", "A server is a copy of another cluster"),
    (
        "other-timeline",
        "A standby is on a different timeline from the primary",
    ),
    ("other-upstream", "A standby streams from the wrong server"),
    ("link-missing", "A standby does not stream"),
    (
        "link-silent",
        "A standby has not heard from its upstream for a long time",
    ),
    (
        "extra-sender",
        "A server sends to a receiver that the design does not have",
    ),
    ("standby-behind", "A standby is streaming but far behind"),
    ("slot-missing", "A designed replication slot is missing"),
    ("slot-inactive", "A designed replication slot is unused"),
    ("slot-extra", "A replication slot is not in the design"),
    (
        "slot-endangered",
        "A slot is about to lose WAL that its standby needs",
    ),
    ("slot-lost", "A slot has lost WAL that its standby needs"),
    (
        "other-sync-names",
        "synchronous_standby_names has a different list",
    ),
    (
        "other-apply-delay",
        "A standby applies WAL with a different delay",
    ),
    (
        "setting-differs",
        "A setting has a different value from the design",
    ),
    (
        "setting-undrawn",
        "A setting that affects replication was set outside the design",
    ),
    ("setting-pending", "A setting waits for a restart"),
    (
        OVERRULED,
        "A setting of the design is also in postgresql.auto.conf, which now overrides the design",
    ),
    ("commits-differ", "Commits behave differently from the design"),
    (ARCHIVE_FAILING, "WAL archiving fails"),
    ("replay-paused", "A standby does not apply what it receives"),
];

/// Every difference between a design that was deployed and what its servers say, in the order of its servers, those of the
/// whole cluster first. Empty: all that was seen is as drawn, and all was seen.
pub fn drift(topology: &Topology, observed: &Observed) -> Vec<Drift> {
    let view = View::of(topology, observed);
    let mut found = Vec::new();
    roles::cluster(&view, &mut found);
    commits::cluster(&view, &mut found);
    for server in topology.servers() {
        servers::life(&view, server, &mut found);
        roles::server(&view, server, &mut found);
        servers::identity(&view, server, &mut found);
        links::to_upstream(&view, server, &mut found);
        links::downwards(&view, server, &mut found);
        slots::server(&view, server, &mut found);
        settings::server(&view, server, &mut found);
        wal::server(&view, server, &mut found);
    }
    found
}

/// A server of the cluster that left its design and runs all the same.
pub fn beside(name: &str, data: &str) -> Drift {
    view::of_cluster(
        BESIDE,
        format!("{name} runs, although it left the design: what is written on it reaches no other server."),
        format!("Stop it: pg_ctl stop -D {data}"),
    )
}

/// A server that is not just started: it is rejoined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToRejoin {
    pub name: String,
    pub because: Because,
}

/// Why a server is not just started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// Another server took over from it: it may have what no other server has.
    Replaced,
    /// A copy that failed or was killed left it without data.
    NoData,
    /// pg_rewind did not come to its end: its data are a mixture of two servers'.
    Torn,
}

/// What helps a server that is not just started.
pub fn to_rejoin(one: &mut Drift, to_rejoin: &[ToRejoin]) {
    let mut all = to_rejoin.iter().filter(|_| one.rule == "server-down");
    let its = all.find(|its| one.server.as_ref() == Some(&its.name));
    if let Some(ToRejoin { name, because }) = its {
        one.message = match because {
            Because::Replaced => format!("{name} is down since another server took over."),
            Because::NoData => format!("{name} is down and has no data directory."),
            Because::Torn => format!("{name} is down, and its data are unusable: pg_rewind did not finish."),
        };
        one.fix = Some(format!("{}: pgcascade rejoin DIR {name}", command::REJOIN));
    }
}

/// A server whose files do not say what its design says, and that does it all the same.
pub fn stale(name: &str) -> Drift {
    Drift {
        rule: OVERRULED,
        server: Some(name.to_owned()),
        message: format!("The files of {name} are not the design's yet."),
        fix: None,
        repair: Some(Repair::Files),
        slot: None,
    }
}
