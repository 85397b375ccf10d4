//! Sessions with servers, and the few questions that are asked there.

use std::collections::HashMap;
use std::future::Future;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use thiserror::Error;
use tokio::task::JoinHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, NoTls, Row, SimpleQueryMessage, Statement};

use super::endpoint::{Endpoint, SecretError};
use super::position::Position;
use super::socket::{Socket, Stream};
use crate::engine::cluster::site::Site;
use crate::model::health::{Lsn, ReplicationRow};
use crate::model::topology::PgMajor;

/// A server of this machine answers at once, or is in trouble.
pub const CONNECT: Duration = Duration::from_secs(3);
/// For one question; the server ends it by itself, too.
const STATEMENT: Duration = Duration::from_secs(10);

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To change something.
    Work,
    /// To commit as any client does: as the server's own settings say.
    Load,
    /// To look only, with questions that the server ends by itself after so long.
    Look(Duration),
}

impl Purpose {
    /// What a design may set by hand for people's sessions, and ours must not heed. A question of ours never waits for
    /// standbys, either: the drawing may be what is wrong. Anyone who only looks leaves synchronous_commit as it is, to
    /// see the server's value. A timeout that is set together with a question has no effect on it (tried on 10).
    fn options(self) -> String {
        const BOTH: &str = "-c default_tablespace= -c standard_conforming_strings=on";
        match self {
            Self::Work => format!(
                "{BOTH} -c synchronous_commit=local -c search_path=public -c default_transaction_read_only=off \
                 -c statement_timeout={}",
                STATEMENT.as_millis()
            ),
            Self::Load => format!("{BOTH} -c search_path=public -c default_transaction_read_only=off"),
            Self::Look(at_most) => format!(
                "{BOTH} -c search_path=pg_catalog -c default_transaction_read_only=on -c statement_timeout={}",
                at_most.as_millis()
            ),
        }
    }
}

/// Why a question was not answered.
#[derive(Debug, Error)]
pub enum SqlError {
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error("{0}")]
    Unreachable(std::io::Error),
    #[error("{}", said(.0))]
    Server(#[from] tokio_postgres::Error),
    #[error("no answer within {} s", .0.as_secs())]
    Silent(Duration),
    #[error("the answer was not of the expected form")]
    Form,
    #[error("the server is PostgreSQL {0}, which is not supported")]
    Version(String),
}

impl SqlError {
    /// True if asking again changes nothing: a person has to.
    pub fn stays(&self) -> bool {
        use std::io::ErrorKind;
        match self {
            Self::Secret(_) => true,
            Self::Unreachable(error) => matches!(
                error.kind(),
                ErrorKind::PermissionDenied | ErrorKind::NotADirectory
            ),
            // The guard's word, or the server's.
            Self::Server(error) => {
                let io = std::error::Error::source(error).and_then(|source| source.downcast_ref());
                let is_refused =
                    io.is_some_and(|io: &std::io::Error| io.kind() == ErrorKind::PermissionDenied);
                is_refused || error.code() == Some(&SqlState::INVALID_PASSWORD)
            }
            _ => false,
        }
    }

    /// True for "there is one of that name already".
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Server(error) if error.code() == Some(&SqlState::DUPLICATE_OBJECT))
    }
}

/// An open session. Its connection ends when it is dropped; [`close`](Self::close) also waits for that.
#[derive(Debug)]
pub struct Session {
    client: Client,
    major: PgMajor,
    version: String,
    connection: JoinHandle<()>,
    /// The connection's own socket, once more.
    socket: Stream,
    /// Questions that are asked again and again, by their text.
    asked: Mutex<HashMap<String, Asked>>,
}

/// How a question was asked before.
#[derive(Clone, Debug)]
enum Asked {
    Once,
    Prepared(Statement),
    /// What was prepared is not there any more.
    Unprepared,
}

/// Not there, or there already: what was prepared belongs to another session.
fn is_of_a_pooler(code: &SqlState) -> bool {
    *code == SqlState::INVALID_SQL_STATEMENT_NAME || *code == SqlState::DUPLICATE_PSTATEMENT
}

/// A value that is bound to a parameter, and its type.
pub type Bound<'a> = (&'a (dyn ToSql + Sync), Type);

impl Session {
    /// A session as superuser with a server that pgcascade made.
    pub async fn open(site: &Site, address: IpAddr, port: u16) -> Result<Self, SqlError> {
        let endpoint = Endpoint::of_site(site, address, port);
        tokio::time::timeout(CONNECT, Self::open_at(&endpoint, Purpose::Work))
            .await
            .map_err(|_| SqlError::Silent(CONNECT))?
    }

    /// A session with any server. The deadline is the caller's: anyone who drops this ends the attempt.
    pub async fn open_at(endpoint: &Endpoint, purpose: Purpose) -> Result<Self, SqlError> {
        let mut config = Config::new();
        config
            .user(&endpoint.login.user)
            .dbname(&endpoint.login.database)
            .application_name("pgcascade")
            .options(purpose.options());
        let password = endpoint.password()?;
        let has_password = password.is_some();
        if let Some(password) = password {
            config.password(password);
        }
        let (socket, twin) = Socket::connect(&endpoint.address, has_password)
            .await
            .map_err(SqlError::Unreachable)?;
        let (client, connection) = config.connect_raw(socket, NoTls).await?;
        let version = connection
            .parameter("server_version")
            .unwrap_or_default()
            .to_owned();
        let major = PgMajor::of_server(&version).ok_or_else(|| SqlError::Version(version.clone()))?;
        // Ends by itself when the client is dropped; an error also reaches anyone who asks next.
        let connection = tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(Self {
            client,
            major,
            version,
            connection,
            socket: twin,
            asked: Mutex::default(),
        })
    }

    /// Ends the session, and waits until the server has ended its side, too: a server that is stopped a moment later
    /// would else note in its log that it threw a client out.
    pub async fn close(self) {
        let Self {
            client,
            connection,
            mut socket,
            ..
        } = self;
        drop(client);
        let ended = async {
            let _ = connection.await;
            // Whatever is still to come, up to the end.
            let _ = tokio::io::copy(&mut socket, &mut tokio::io::sink()).await;
        };
        // A server that does not even hear that is in trouble, and waited for elsewhere.
        let _ = tokio::time::timeout(CONNECT, ended).await;
    }

    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// The server's own, which may be another than the design's.
    pub fn major(&self) -> PgMajor {
        self.major
    }

    /// As the server writes it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The rows of a question with bound parameters. It waits as long as the server does: the deadline is the caller's.
    pub async fn ask(&self, sql: &str, parameters: &[Bound<'_>]) -> Result<Vec<Row>, SqlError> {
        Ok(self.client.query_typed(sql, parameters).await?)
    }

    /// The rows of a question that is asked again and again: from the second time on the server has its plan, which saves it
    /// half of the work. Where a pooler hands each question to another session, it is planned each time.
    pub async fn ask_again(&self, sql: &str) -> Result<Vec<Row>, SqlError> {
        let known = self.asked().get(sql).cloned();
        let done = match known {
            None => {
                let rows = self.ask(sql, &[]).await?;
                self.note(sql, Asked::Once);
                return Ok(rows);
            }
            Some(Asked::Unprepared) => return self.ask(sql, &[]).await,
            Some(Asked::Once) => match self.client.prepare(sql).await {
                Ok(statement) => {
                    self.note(sql, Asked::Prepared(statement.clone()));
                    self.client.query(&statement, &[]).await
                }
                Err(error) => Err(error),
            },
            Some(Asked::Prepared(statement)) => self.client.query(&statement, &[]).await,
        };
        match done {
            Err(error) if error.code().is_some_and(is_of_a_pooler) => {
                self.note(sql, Asked::Unprepared);
                self.ask(sql, &[]).await
            }
            other => Ok(other?),
        }
    }

    fn asked(&self) -> MutexGuard<'_, HashMap<String, Asked>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, sql: &str, how: Asked) {
        self.asked().insert(sql.to_owned(), how);
    }

    /// Runs statements whose answer does not matter.
    pub async fn run(&self, sql: &str) -> Result<(), SqlError> {
        in_time(STATEMENT, self.client.batch_execute(sql)).await
    }

    /// The first value, as text, of a question that may take so long.
    pub async fn answer_within(&self, sql: &str, limit: Duration) -> Result<Option<String>, SqlError> {
        self.run(&format!("SET statement_timeout = {}", limit.as_millis()))
            .await?;
        let messages = in_time(limit, self.client.simple_query(sql)).await?;
        Ok(messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        }))
    }

    /// The rows of a question with bound parameters.
    pub async fn rows(&self, sql: &str, parameters: &[Bound<'_>]) -> Result<Vec<Row>, SqlError> {
        in_time(STATEMENT, self.client.query_typed(sql, parameters)).await
    }

    /// What pg_stat_replication shows, by application_name.
    pub async fn replication(&self) -> Result<Vec<ReplicationRow>, SqlError> {
        let sql = "SELECT application_name, state, sync_priority, sync_state FROM pg_stat_replication";
        let mut found = Vec::new();
        for row in self.rows(sql, &[]).await? {
            let text =
                |column| Ok::<_, SqlError>(row.try_get::<_, Option<String>>(column)?.unwrap_or_default());
            let priority: Option<i32> = row.try_get(2)?;
            found.push(ReplicationRow {
                application_name: text(0)?,
                state: text(1)?,
                sync_priority: priority
                    .and_then(|priority| priority.try_into().ok())
                    .unwrap_or(0),
                sync_state: text(3)?,
            });
        }
        found.sort();
        Ok(found)
    }

    /// The downstreams that did not come over TLS, by application_name, where the version tells.
    pub async fn unencrypted(&self) -> Result<Vec<String>, SqlError> {
        let sql = "SELECT application_name FROM pg_stat_replication JOIN pg_stat_ssl USING (pid) WHERE NOT ssl ORDER BY 1";
        let rows = self.rows(sql, &[]).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// True if there is a table of this name.
    pub async fn has_table(&self, name: &str) -> Result<bool, SqlError> {
        let sql = "SELECT 1 FROM pg_catalog.pg_class WHERE relname = $1";
        Ok(!self.rows(sql, &[(&name, Type::TEXT)]).await?.is_empty())
    }

    /// How far a primary has written.
    pub async fn written(&self) -> Result<Lsn, SqlError> {
        let position = self.position(self.major.current_lsn_function()).await?;
        position.ok_or(SqlError::Form)
    }

    /// How far a standby has received; `None` before its first byte.
    pub async fn received(&self) -> Result<Option<Lsn>, SqlError> {
        self.position(self.major.received_lsn_function()).await
    }

    /// How far a standby has applied WAL; `None`: nothing yet.
    pub async fn replayed(&self) -> Result<Option<Lsn>, SqlError> {
        self.position(self.major.replayed_lsn_function()).await
    }

    /// True for a standby.
    pub async fn is_in_recovery(&self) -> Result<bool, SqlError> {
        let rows = self.rows("SELECT pg_is_in_recovery()", &[]).await?;
        Ok(rows.first().ok_or(SqlError::Form)?.try_get(0)?)
    }

    async fn position(&self, function: &str) -> Result<Option<Lsn>, SqlError> {
        let rows = self.rows(&format!("SELECT {function}()"), &[]).await?;
        let row = rows.first().ok_or(SqlError::Form)?;
        Ok(row.try_get::<_, Option<Position>>(0)?.map(|position| position.0))
    }

    /// Makes a slot for a standby, one that keeps WAL from now on if it `reserves`; fine if it is there already.
    pub async fn create_slot(&self, name: &str, reserves: bool) -> Result<(), SqlError> {
        let reserve = if reserves { ", true" } else { "" };
        let sql = format!("SELECT pg_create_physical_replication_slot($1{reserve})");
        match self.rows(&sql, &[(&name, Type::NAME)]).await {
            Err(error) if !error.is_duplicate() => Err(error),
            _ => Ok(()),
        }
    }

    /// Drops a slot unless somebody uses it; true if it is gone.
    pub async fn drop_idle_slot(&self, name: &str) -> Result<bool, SqlError> {
        let drop = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1 AND NOT active";
        self.rows(drop, &[(&name, Type::NAME)]).await?;
        let look = "SELECT 1 FROM pg_replication_slots WHERE slot_name = $1";
        Ok(self.rows(look, &[(&name, Type::NAME)]).await?.is_empty())
    }
}

/// The server ends a question by itself; one that cannot even do that is given up a little later.
async fn in_time<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, SqlError> {
    let answer = tokio::time::timeout(limit + CONNECT, answer).await;
    Ok(answer.map_err(|_| SqlError::Silent(limit))??)
}

/// The server's own words, without the client library's wrapping.
fn said(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    error.as_db_error().map_or_else(
        || match error.source() {
            Some(source) => source.to_string(),
            None => error.to_string(),
        },
        |server| server.message().to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_only_looks_can_change_nothing_and_sees_the_server_s_own_settings() {
        let looks = Purpose::Look(Duration::from_millis(1500)).options();
        assert!(looks.contains("statement_timeout=1500"));
        assert!(looks.contains("read_only=on"));
        assert!(!looks.contains("synchronous_commit"));
        assert!(Purpose::Work.options().contains("synchronous_commit=local"));
    }
}
