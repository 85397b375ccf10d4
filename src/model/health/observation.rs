//! One look at one server: what it is, or why it did not say.
//!
//! "Did not answer" is never "down": a server is down only where somebody knows that its process does not run.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Archiver, Lsn, Moment, Receiving, Replay, Sender, Settings, Slot};

/// What one look at a server gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Its name in the design, or whatever the watcher calls it by.
    pub server: String,
    /// When the answer was there, or was given up.
    pub at: Moment,
    pub took: Duration,
    pub state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It gave no answer. Whether it runs, nobody knows.
    Unreachable(Unreachable),
    /// It is ours, and its process is known not to run.
    Down,
    /// It is ours and runs, and takes no queries by design (`hot_standby = off`).
    Closed,
    Up(Box<Up>),
}

/// Why a server gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// Nothing came back in time: it is frozen or overloaded, or the network swallows everything.
    Silent,
    /// Its process was stopped by a signal or a debugger, so that it cannot answer.
    Frozen,
    /// Nobody listens there.
    Refused,
    /// The way there: no route, no such host, a connection that broke.
    Network(String),
    /// It answers, and does not let us in: the role, its password, pg_hba.conf.
    Login(String),
    /// It is starting, recovering or shutting down.
    NotNow(String),
    /// It answered with another error.
    Failed(String),
    /// The file with the password cannot be used.
    Secret(String),
    /// Something runs there that is not proved to be this server.
    Unproved(String),
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent => f.write_str("nothing came back in time"),
            Self::Frozen => f.write_str("its process is stopped by a signal"),
            Self::Refused => f.write_str("the connection is refused"),
            Self::Network(why)
            | Self::Login(why)
            | Self::NotNow(why)
            | Self::Failed(why)
            | Self::Secret(why)
            | Self::Unproved(why) => f.write_str(why),
        }
    }
}

/// What a server that answers says. What its version or the role's rights cannot say is unknown, never guessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Up {
    pub role: Role,
    /// As the server writes it: "15.18 (Debian 15.18-1)".
    pub version: String,
    pub started: Option<Moment>,
    /// Its own clock at this moment: times in its views are by that.
    pub clock: Option<Moment>,
    pub timeline: Option<Timeline>,
    /// The same on all servers of one cluster (9.6 and later).
    pub system_identifier: Option<u64>,
    pub positions: Positions,
    pub receiving: Receiving,
    /// Of a standby only.
    pub replay: Option<Replay>,
    /// When what a standby applied last was committed, by the primary's clock.
    pub committed: Option<Moment>,
    /// `None`: not to be had from this server.
    pub senders: Option<Vec<Sender>>,
    pub slots: Option<Vec<Slot>>,
    /// 9.4 and later.
    pub archiver: Option<Archiver>,
    /// How many commits wait for a standby at this moment (10 and later).
    pub waiting: Option<u32>,
    /// Asked for more seldom than the rest, and shared until they change.
    pub settings: Option<Arc<Settings>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Primary,
    Standby,
}

impl Role {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Standby => "standby",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeline {
    Is(u32),
    /// A standby without a stream tells only from which on.
    AtLeast(u32),
}

/// How far a server is in the WAL: what a primary writes, what a standby has of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Positions {
    pub inserted: Option<Lsn>,
    pub written: Option<Lsn>,
    /// 9.6 and later.
    pub flushed: Option<Lsn>,
    /// After a restart this is the beginning of a segment, which may lie before what was applied.
    pub received: Option<Lsn>,
    pub replayed: Option<Lsn>,
}

impl Positions {
    /// The WAL that the server has, on a primary as on a standby.
    pub fn have(&self) -> Option<Lsn> {
        self.written.or(self.received.max(self.replayed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_standby_has_is_never_less_than_it_applied() {
        let at = |text: &str| text.parse::<Lsn>().ok();
        let standby = Positions {
            received: at("0/1000000"),
            replayed: at("0/1651588"),
            ..Positions::default()
        };
        assert_eq!(standby.have(), at("0/1651588"));
        let fresh = Positions {
            replayed: at("0/1651588"),
            ..Positions::default()
        };
        assert_eq!(fresh.have(), at("0/1651588"));
        let primary = Positions {
            inserted: at("0/30"),
            written: at("0/20"),
            flushed: at("0/10"),
            ..Positions::default()
        };
        assert_eq!(primary.have(), at("0/20"));
        assert_eq!(Positions::default().have(), None);
    }
}
