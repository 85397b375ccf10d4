//! One client: commits a row, and the next; when its server goes, it looks for the one that accepts writes now.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};
use tokio_postgres::types::Type;
use tokio_util::sync::CancellationToken;

use super::TABLE;
use super::tally::Tally;
use crate::engine::postgres::endpoint::Endpoint;
use crate::engine::postgres::sql::{Purpose, Session, SqlError};

/// Between two looks for a primary.
pub(super) const REST: Duration = Duration::from_millis(10);
/// A server of this machine lets a client in at once, or is in trouble.
const CONNECT: Duration = Duration::from_secs(1);
/// A commit that takes so long is given up: nothing else saves a client from a server that is frozen.
const COMMIT: Duration = Duration::from_secs(10);

pub(super) struct Client {
    pub(super) number: u32,
    pub(super) run: String,
    pub(super) endpoints: Vec<Endpoint>,
    /// From one commit to the next; `None`: at once.
    pub(super) each: Option<Duration>,
    pub(super) tally: Tally,
    pub(super) stop: CancellationToken,
}

impl Client {
    pub(super) async fn run(self) {
        let mut session: Option<Session> = None;
        let mut number = 0;
        let mut turns = self.each.map(|each| {
            let mut turns = tokio::time::interval(each);
            turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
            turns
        });
        while !self.stop.is_cancelled() {
            if let Some(turns) = &mut turns {
                tokio::select! {
                    () = self.stop.cancelled() => break,
                    _ = turns.tick() => {}
                }
            }
            let kept = session.take().filter(|open| !open.is_closed());
            let found = match kept {
                Some(kept) => Some(kept),
                None => writer(&self.endpoints, Purpose::Load).await,
            };
            let Some(open) = found else {
                tokio::time::sleep(REST).await;
                continue;
            };
            number += 1;
            let began = Instant::now();
            self.tally.begins();
            let done = tokio::time::timeout(COMMIT, self.commit(&open, number)).await;
            self.tally.ends(began.elapsed());
            match done {
                Ok(Ok(())) => {
                    self.tally.acknowledged(self.number, number, Instant::now());
                    session = Some(open);
                }
                Ok(Err(_)) => self.tally.failed(),
                Err(_) => self.tally.given_up(),
            }
        }
        if let Some(session) = session {
            session.close().await;
        }
    }

    async fn commit(&self, session: &Session, number: i64) -> Result<(), SqlError> {
        let sql = format!("INSERT INTO {TABLE} (run, client, number) VALUES ($1, $2, $3)");
        let client = i32::try_from(self.number).unwrap_or(i32::MAX);
        let values = [
            (&self.run as _, Type::TEXT),
            (&client as _, Type::INT4),
            (&number as _, Type::INT8),
        ];
        session.ask(&sql, &values).await.map(drop)
    }
}

/// A session with the server that accepts writes; `None`: there is none now.
pub(super) async fn writer(endpoints: &[Endpoint], purpose: Purpose) -> Option<Session> {
    for endpoint in endpoints {
        let opened = async {
            let session = Session::open_at(endpoint, purpose).await.ok()?;
            let is_standby = session.is_in_recovery().await.ok()?;
            (!is_standby).then_some(session)
        };
        if let Ok(Some(session)) = tokio::time::timeout(CONNECT, opened).await {
            return Some(session);
        }
    }
    None
}
