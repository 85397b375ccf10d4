//! Refusals: what can never be true of a topology.

use thiserror::Error;

use super::{BadValue, ServerName};

/// Why an edit can never be right. Each sentence says what to do instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("that server is no longer in the design")]
    NoSuchServer,
    #[error("\"{0}\" cannot follow itself: drop it on another server")]
    Itself(ServerName),
    #[error(
        "\"{server}\" cannot follow \"{upstream}\", which is below it: that would be a loop that no WAL ever enters; move \"{upstream}\" out first"
    )]
    Loop {
        server: ServerName,
        upstream: ServerName,
    },
    #[error("\"{0}\" is the primary, where the WAL begins, and follows nobody: promote another server first")]
    PrimaryFollows(ServerName),
    #[error("\"{server}\" already follows \"{upstream}\"")]
    AlreadyThere {
        server: ServerName,
        upstream: ServerName,
    },
    #[error("\"{0}\" has this place already: drop it on another server")]
    OwnPlace(ServerName),
    #[error(
        "nothing would change: \"{server}\" and \"{other}\" follow the same server, and nobody follows them"
    )]
    SamePlace { server: ServerName, other: ServerName },
    #[error("\"{0}\" is the primary and cannot be removed: promote another server first")]
    RemovePrimary(ServerName),
    #[error(
        "\"{0}\" is the primary, and a design has one: duplicate a standby, or copy it and paste it as one"
    )]
    SecondPrimary(ServerName),
    #[error("\"{0}\" already is the primary")]
    AlreadyPrimary(ServerName),
    #[error("\"{0}\" is the primary: only a standby has this")]
    OnlyStandby(ServerName),
    #[error("there is a server called \"{0}\" already: names tell standbys apart in pg_stat_replication")]
    NameTaken(ServerName),
    #[error("a priority is a whole number from 1 on; leave it out for an asynchronous standby")]
    PriorityZero,
    #[error("a commit waits for at least one standby; leave synchronous replication out for none")]
    CountZero,
    #[error("every port from 1 to 65535 is taken in this design")]
    NoPortLeft,
    #[error(transparent)]
    Value(#[from] BadValue),
}
