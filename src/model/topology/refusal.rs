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
        "\"{server}\" cannot follow \"{upstream}\", which is below it: that would be a loop without WAL; \
         move \"{upstream}\" out first"
    )]
    Loop {
        server: ServerName,
        upstream: ServerName,
    },
    #[error("\"{0}\" is the primary and cannot follow another server: promote another server first")]
    PrimaryFollows(ServerName),
    #[error("\"{server}\" already follows \"{upstream}\"")]
    AlreadyThere {
        server: ServerName,
        upstream: ServerName,
    },
    #[error("\"{0}\" already has this place: drop it on another server")]
    OwnPlace(ServerName),
    #[error(
        "nothing would change: \"{server}\" and \"{other}\" follow the same server and have no downstreams"
    )]
    SamePlace { server: ServerName, other: ServerName },
    #[error("\"{0}\" is the primary and cannot be removed: promote another server first")]
    RemovePrimary(ServerName),
    #[error(
        "\"{0}\" is the primary, and a design has only one: duplicate a standby, or copy the primary and \
         paste it as a standby"
    )]
    SecondPrimary(ServerName),
    #[error("\"{0}\" already is the primary")]
    AlreadyPrimary(ServerName),
    #[error("\"{0}\" is the primary: this is only for standbys")]
    OnlyStandby(ServerName),
    #[error("a server named \"{0}\" already exists: pg_stat_replication distinguishes standbys by name")]
    NameTaken(ServerName),
    #[error("a priority is a whole number of at least 1; omit it for an asynchronous standby")]
    PriorityZero,
    #[error("a commit waits for at least one standby; for none, switch off synchronous replication")]
    CountZero,
    #[error("this design already uses every port from 1 to 65535")]
    NoPortLeft,
    #[error(transparent)]
    Value(#[from] BadValue),
}
