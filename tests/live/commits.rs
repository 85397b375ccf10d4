//! Does a commit hang? Asked of a real primary, with a deadline for the one that does.

use std::future::poll_fn;
use std::path::Path;
use std::time::Duration;

use pgcascade::model::simulate::world::CommitFate;
use pgcascade::model::topology::CommitLevel;
use tokio_postgres::{AsyncMessage, NoTls};

use crate::scene::{login, session};

/// A commit that is not answered for so long hangs; one that is answered takes some milliseconds.
const HANGS: Duration = Duration::from_millis(500);
/// For a commit that must be answered, on a machine that has other work.
const ANSWERED: Duration = Duration::from_secs(20);
/// What a server says when somebody no longer wants to wait.
const GIVEN_UP: &str = "canceling wait for synchronous replication due to user request";

/// Makes the table that [`commit`] writes to.
pub async fn prepare(folder: &Path, port: u16) {
    let table = "SET synchronous_commit = local; CREATE TABLE IF NOT EXISTS predicted (at timestamptz)";
    let client = session(folder, port, None).await.unwrap();
    client.batch_execute(table).await.unwrap();
}

/// Inserts a row at the level: acknowledged, or it hangs. What hangs is cancelled, and the server must warn that the
/// row is committed on the primary all the same.
pub async fn commit(folder: &Path, port: u16, level: CommitLevel, may_hang: bool) -> CommitFate {
    let (client, mut connection) = login(folder, port, None).await.unwrap();
    let listening = tokio::spawn(async move {
        let mut heard = Vec::new();
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notice(notice) = message {
                heard.push(notice.message().to_owned());
            }
        }
        heard
    });
    let cancel = client.cancel_token();
    let level = format!("SET synchronous_commit = {}", level.word());
    client.batch_execute(&level).await.unwrap();
    {
        let insert = client.batch_execute("INSERT INTO predicted VALUES (now())");
        tokio::pin!(insert);
        let patience = if may_hang { HANGS } else { ANSWERED };
        if let Ok(done) = tokio::time::timeout(patience, &mut insert).await {
            done.unwrap();
            return CommitFate::Acknowledged;
        }
        cancel.cancel_query(NoTls).await.unwrap();
        tokio::time::timeout(ANSWERED, insert).await.unwrap().unwrap();
    }
    drop(client);
    let heard = listening.await.unwrap();
    assert!(heard.iter().any(|words| words == GIVEN_UP), "{heard:?}");
    CommitFate::Hangs
}
