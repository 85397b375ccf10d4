//! Proves that an archive takes WAL: a segment is finished, and seen to arrive there.

use std::time::Duration;

use crate::engine::postgres::server::Target;
use crate::engine::postgres::sessions::Sessions;
use crate::engine::postgres::sql::{Session, SqlError};
use crate::engine::system::wait::{Failure, Wait};
use crate::report::Report;

/// Between two looks at the archiver, whose own pace is a second.
const REST: Duration = Duration::from_millis(100);
/// Tries in vain after which nobody waits any longer: the server rests for a minute after three.
const TRIES: i64 = 2;

/// What the archiver has done.
struct Archived {
    last: Option<String>,
    failed: i64,
    last_failed: Option<String>,
}

/// Switches to the next WAL segment, and waits until the finished one is in the archive.
///
/// # Errors
///
/// If the archive does not take it in time, with the file that failed last; and if it is cancelled.
pub async fn prove_archive(sessions: &Sessions, server: &Target, wait: &Wait) -> Result<(), Failure> {
    let failed = |error: &SqlError| {
        Report::of(
            format!("The archive of {} could not be verified.", server.name),
            error,
        )
    };
    let begin = async {
        let session = sessions.with(server).await?;
        let before = archived(&session).await?;
        Ok::<_, SqlError>((before, switched(&session).await?))
    };
    let (before, segment) = wait.hear(begin).await?.map_err(|error| failed(&error))?;
    loop {
        let look = async { archived(&*sessions.with(server).await?).await };
        let now = wait.hear(look).await?.map_err(|error| failed(&error))?;
        // Names of one timeline are in order; a backup's label has one behind that of its segment.
        if now
            .last
            .as_ref()
            .is_some_and(|last| last.as_str() >= segment.as_str())
        {
            return Ok(());
        }
        let is_hopeless = now.failed >= before.failed + TRIES;
        if is_hopeless || !wait.next().await? {
            let seen = match (now.last_failed, now.failed > 0) {
                (Some(file), true) => format!("it failed to archive {file}"),
                _ => "it has not archived anything since".to_owned(),
            };
            let report = Report::new(format!("{} did not archive {segment}: {seen}.", server.name));
            return Err(report
                .hint(
                    "Check that the archive folder exists, has free space and is writable for the server; \
                     the server's log has the output of archive_command.",
                )
                .into());
        }
        wait.hear(tokio::time::sleep(REST)).await?;
    }
}

/// Finishes the segment that is being written, and tells its name.
async fn switched(session: &Session) -> Result<String, SqlError> {
    let wal = session.major().wal_word();
    let rows = session
        .rows(&format!("SELECT pg_{wal}file_name(pg_switch_{wal}())"), &[])
        .await?;
    Ok(rows.first().ok_or(SqlError::Form)?.try_get(0)?)
}

async fn archived(session: &Session) -> Result<Archived, SqlError> {
    let sql = "SELECT last_archived_wal, failed_count, last_failed_wal FROM pg_stat_archiver";
    let rows = session.rows(sql, &[]).await?;
    let row = rows.first().ok_or(SqlError::Form)?;
    Ok(Archived {
        last: row.try_get(0)?,
        failed: row.try_get(1)?,
        last_failed: row.try_get(2)?,
    })
}
