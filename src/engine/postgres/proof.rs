//! Proves what the drawing promises, on running servers: who streams from whom, which rows are shown, and that a row
//! written on the primary is read on every standby. A wait that ends in vain says what it saw last.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::engine::postgres::server::{Target, log_hints};
use crate::engine::postgres::sessions::Sessions;
use crate::engine::postgres::sql::{Session, SqlError};
use crate::engine::system::wait::{Failure, Wait};
use crate::model::health::{Lsn, ReplicationRow};
use crate::report::Report;

/// Opening a session again after an error is worth a moment's rest.
const REST: Duration = Duration::from_millis(100);

/// What a wait saw last when its time was up.
#[derive(Debug)]
pub enum Seen {
    Error(String),
    Rows(Vec<ReplicationRow>),
}

/// Waits until `standby`, as the sender shows it, streams from `sender`.
pub async fn wait_streaming(
    sessions: &Sessions,
    sender: &Target,
    standby: &str,
    wait: &Wait,
) -> Result<(), Failure> {
    let streams = |rows: &[ReplicationRow]| {
        rows.iter()
            .any(|row| row.application_name == standby && row.state == "streaming")
    };
    match watch_rows(sessions, sender, wait, streams).await? {
        None => Ok(()),
        Some(seen) => {
            let saw = match &seen {
                Seen::Rows(rows) => rows
                    .iter()
                    .find(|row| row.application_name == standby)
                    .map_or_else(
                        || format!("{} has no row for it", sender.name),
                        |row| format!("{} shows {}", standby, row.state),
                    ),
                Seen::Error(error) => format!("{}: {error}", sender.name),
            };
            Err(Report::new(format!(
                "{standby} does not yet stream from {}: {saw}.",
                sender.name
            ))
            .into())
        }
    }
}

/// Waits until pg_stat_replication shows exactly these rows.
pub async fn wait_rows(
    sessions: &Sessions,
    server: &Target,
    expected: &[ReplicationRow],
    wait: &Wait,
) -> Result<(), Failure> {
    let mut expected = expected.to_vec();
    expected.sort();
    match watch_rows(sessions, server, wait, |rows| rows == expected).await? {
        None => Ok(()),
        Some(seen) => {
            let saw = match &seen {
                Seen::Rows(rows) => difference(&expected, rows),
                Seen::Error(error) => error.clone(),
            };
            Err(Report::new(format!(
                "{} does not yet show the designed rows: {saw}.",
                server.name
            ))
            .into())
        }
    }
}

/// Sees that every downstream came over TLS.
pub async fn prove_encrypted(sessions: &Sessions, server: &Target, wait: &Wait) -> Result<(), Failure> {
    let asked = async { sessions.with(server).await?.unencrypted().await };
    let names = wait.hear(asked).await?.map_err(|error| {
        Report::of(
            format!("{} does not report which links are encrypted.", server.name),
            &error,
        )
    })?;
    if names.is_empty() {
        return Ok(());
    }
    let report = Report::new(format!(
        "Not encrypted: {} streams from {}.",
        names.join(", "),
        server.name
    ));
    Err(report
        .hint("The design encrypts every link: compare pg_hba.conf (hostssl) and primary_conninfo (sslmode) with its files.")
        .into())
}

fn cannot_be_asked(server: &Target, error: &SqlError) -> Report {
    Report::of(format!("{} cannot be queried.", server.name), error)
}

/// Looks at the rows until they are as wanted (`None`), or until the deadline (what was seen last).
async fn watch_rows(
    sessions: &Sessions,
    server: &Target,
    wait: &Wait,
    wanted: impl Fn(&[ReplicationRow]) -> bool,
) -> Result<Option<Seen>, Failure> {
    loop {
        let rows = async { sessions.with(server).await?.replication().await };
        let seen = match wait.hear(rows).await? {
            Ok(rows) if wanted(&rows) => return Ok(None),
            Ok(rows) => Seen::Rows(rows),
            Err(error) if error.stays() => return Err(cannot_be_asked(server, &error).into()),
            Err(error) => {
                wait.hear(tokio::time::sleep(REST)).await?;
                Seen::Error(error.to_string())
            }
        };
        if !wait.next().await? {
            return Ok(Some(seen));
        }
    }
}

/// The first thing in which the rows differ from what is designed, in words.
fn difference(expected: &[ReplicationRow], rows: &[ReplicationRow]) -> String {
    for wanted in expected {
        let name = &wanted.application_name;
        match rows.iter().find(|row| row.application_name == *name) {
            None => return format!("there is no row for {name}"),
            Some(row) if row.state != wanted.state => return format!("{name} shows {}", row.state),
            Some(row) if row != wanted => {
                return format!(
                    "{name} shows {} {} instead of {} {}",
                    row.sync_priority, row.sync_state, wanted.sync_priority, wanted.sync_state
                );
            }
            Some(_) => {}
        }
    }
    let extra = rows.iter().find(|row| {
        !expected
            .iter()
            .any(|wanted| wanted.application_name == row.application_name)
    });
    extra.map_or_else(
        || "there is a duplicate row".to_owned(),
        |row| format!("{} is also connected", row.application_name),
    )
}

/// Writes a row on the primary, reads it on every reader, and takes the table away again. `delayed` ones need only
/// have received it.
pub async fn prove_row(
    sessions: &Sessions,
    primary: &Target,
    readers: &[Target],
    delayed: &[Target],
    wait: &Wait,
) -> Result<(), Failure> {
    let on_primary = |error: &SqlError| {
        Failure::from(Report::of(
            format!("The row could not be written on {}.", primary.name),
            error,
        ))
    };
    let session = wait
        .hear(sessions.with(primary))
        .await?
        .map_err(|error| on_primary(&error))?;
    // A name that no one else uses: two proofs may run at once.
    let table = format!("pgcascade_proof_{}", &crate::engine::cluster::record::new_id()?);
    let result = async {
        // Each waits as the design says only where a delayed standby could not hold it up for its whole delay.
        let level = if delayed.is_empty() {
            "SET synchronous_commit TO DEFAULT; "
        } else {
            ""
        };
        // A message of its own: a SET in one message with the others would end with their transaction.
        wait.hear(session.run(&format!("{level}SELECT 1")))
            .await?
            .map_err(|error| on_primary(&error))?;
        // One message is one transaction, and one commit.
        let write = format!("CREATE TABLE {table} (n integer); INSERT INTO {table} VALUES (1)");
        wait.hear(session.run(&write))
            .await?
            .map_err(|error| on_primary(&error))?;
        let rows = readers.iter().map(|reader| (reader, Arrival::Row(table.clone())));
        let mut wal = Vec::new();
        if !delayed.is_empty() {
            let written = wait
                .hear(session.written())
                .await?
                .map_err(|error| on_primary(&error))?;
            wal.extend(delayed.iter().map(|standby| (standby, Arrival::Wal(written))));
        }
        let mut arriving = JoinSet::new();
        for (standby, arrival) in rows.chain(wal) {
            let (sessions, standby, wait) = (sessions.clone(), standby.clone(), wait.clone());
            arriving.spawn(async move { arrive(&sessions, &standby, arrival, &wait).await });
        }
        while let Some(arrived) = arriving.join_next().await {
            arrived
                .map_err(|error| Report::of("Verification failed because of an internal error.", &error))??;
        }
        Ok(())
    }
    .await;
    // Also after a failure: nothing of the proof stays, as far as the server answers.
    let _ = session.run("SET synchronous_commit TO local").await;
    let dropped = session.run(&format!("DROP TABLE IF EXISTS {table}")).await;
    result.and_then(|()| dropped.map_err(|error| on_primary(&error)))
}

/// What a standby is asked for.
enum Arrival {
    /// The row of this table, visible.
    Row(String),
    /// The WAL up to here.
    Wal(Lsn),
}

impl Arrival {
    /// What is still missing on a standby; `None`: nothing.
    async fn missing(&self, session: &Session) -> Result<Option<&'static str>, SqlError> {
        match self {
            Self::Row(table) => {
                // The catalog is asked first: a table that is not there yet would be an error in the server's log.
                if !session.has_table(table).await? {
                    return Ok(Some("its table is missing, too"));
                }
                let rows = session.rows(&format!("SELECT n FROM {table}"), &[]).await?;
                Ok(rows.is_empty().then_some("its table exists but is empty"))
            }
            Self::Wal(written) => Ok(match session.received().await? {
                Some(received) if received >= *written => None,
                Some(_) => Some("the received WAL ends before it"),
                None => Some("it has received nothing"),
            }),
        }
    }
}

/// Asks a standby again and again until nothing is missing any more.
async fn arrive(sessions: &Sessions, server: &Target, arrival: Arrival, wait: &Wait) -> Result<(), Failure> {
    loop {
        let asked = wait
            .hear(async { arrival.missing(&*sessions.with(server).await?).await })
            .await?;
        let seen = match asked {
            Ok(None) => return Ok(()),
            Ok(Some(seen)) => seen.to_owned(),
            Err(error) if error.stays() => return Err(cannot_be_asked(server, &error).into()),
            Err(error) => {
                wait.hear(tokio::time::sleep(REST)).await?;
                error.to_string()
            }
        };
        if !wait.next().await? {
            let what = match arrival {
                Arrival::Row(_) => "The row",
                Arrival::Wal(_) => "The row's WAL",
            };
            let mut report = Report::new(format!(
                "{what} did not arrive on {} in time: {seen}.",
                server.name
            ));
            report.hints = log_hints(&sessions.site, server);
            return Err(report.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, state: &str, sync_priority: u32, sync_state: &str) -> ReplicationRow {
        ReplicationRow {
            application_name: name.to_owned(),
            state: state.to_owned(),
            sync_priority,
            sync_state: sync_state.to_owned(),
        }
    }

    #[test]
    fn the_difference_is_said_in_words() {
        let expected = [
            row("a", "streaming", 1, "sync"),
            row("b", "streaming", 2, "potential"),
        ];
        for (rows, words) in [
            (vec![], "there is no row for a"),
            (vec![row("a", "startup", 0, "async")], "a shows startup"),
            (
                vec![row("a", "streaming", 0, "async")],
                "a shows 0 async instead of 1 sync",
            ),
            (
                [expected.to_vec(), vec![row("c", "backup", 0, "async")]].concat(),
                "c is also connected",
            ),
        ] {
            assert_eq!(difference(&expected, &rows), words);
        }
    }
}
