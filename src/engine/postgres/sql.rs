//! Sessions with servers of a cluster, and the few questions that are asked there.

use std::fs;
use std::net::IpAddr;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use crate::engine::cluster::site::Site;
use crate::model::configuration::ClusterFolder;
use crate::model::health::ReplicationRow;
use crate::model::topology::PgMajor;

/// A server of this machine answers at once, or is in trouble.
pub const CONNECT: Duration = Duration::from_secs(3);
/// For one question; the server ends it by itself, too.
const STATEMENT: Duration = Duration::from_secs(10);

/// What a design may set by hand for people's sessions, and ours must not heed. A question of ours never waits for
/// standbys, either: the drawing may be what is wrong.
const SESSION: &str = "-c synchronous_commit=local -c search_path=public -c default_transaction_read_only=off \
                       -c default_tablespace= -c standard_conforming_strings=on";

/// Why a question was not answered.
#[derive(Debug, Error)]
pub enum SqlError {
    #[error("the superuser's password cannot be read: {0}")]
    Password(std::io::Error),
    #[error("{0}")]
    Unreachable(std::io::Error),
    #[error("{}", said(.0))]
    Server(#[from] tokio_postgres::Error),
    #[error("no answer within {} s", .0.as_secs())]
    Silent(Duration),
    #[error("the answer was not of the expected form")]
    Form,
}

impl SqlError {
    /// True for "there is one of that name already".
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Server(error) if error.code() == Some(&SqlState::DUPLICATE_OBJECT))
    }
}

/// An open session as superuser. Its connection ends when it is dropped; [`close`](Self::close) also waits for that.
#[derive(Debug)]
pub struct Session {
    client: Client,
    major: PgMajor,
    connection: JoinHandle<()>,
    /// The connection's own socket, once more.
    socket: TcpStream,
}

/// A position in the WAL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(u64);

impl Position {
    /// Reads `16/B374D848`.
    fn parse(text: &str) -> Option<Self> {
        let (high, low) = text.split_once('/')?;
        let high = u64::from(u32::from_str_radix(high, 16).ok()?);
        let low = u64::from(u32::from_str_radix(low, 16).ok()?);
        Some(Self(high << 32 | low))
    }
}

impl Session {
    pub async fn open(site: &Site, address: IpAddr, port: u16) -> Result<Self, SqlError> {
        let mut config = Config::new();
        config
            .user(ClusterFolder::SUPERUSER)
            .dbname("postgres")
            .application_name("pgcascade")
            .options(format!(
                "{SESSION} -c statement_timeout={}",
                STATEMENT.as_millis()
            ));
        if site.uses_passwords {
            let password = fs::read_to_string(site.path(ClusterFolder::SUPERUSER_PASSWORD))
                .map_err(SqlError::Password)?;
            config.password(password.trim_end_matches('\n'));
        }
        let connect = async {
            let (socket, twin) = connect(address, port).await.map_err(SqlError::Unreachable)?;
            Ok::<_, SqlError>((config.connect_raw(socket, NoTls).await?, twin))
        };
        let ((client, connection), socket) = tokio::time::timeout(CONNECT, connect)
            .await
            .map_err(|_| SqlError::Silent(CONNECT))??;
        // Ends by itself when the client is dropped; an error also reaches whoever asks next.
        let connection = tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(Self {
            client,
            major: site.major,
            connection,
            socket,
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

    /// Runs statements whose answer does not matter.
    pub async fn run(&self, sql: &str) -> Result<(), SqlError> {
        self.rows(sql).await.map(|_| ())
    }

    /// The first value of a question that may take so long.
    pub async fn answer_within(&self, sql: &str, limit: Duration) -> Result<Option<String>, SqlError> {
        self.run(&format!("SET statement_timeout = {}", limit.as_millis()))
            .await?;
        let rows = self.rows_within(sql, limit).await?;
        Ok(rows.into_iter().flatten().next().flatten())
    }

    /// The rows of a question, every value as text.
    pub async fn rows(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>, SqlError> {
        self.rows_within(sql, STATEMENT).await
    }

    async fn rows_within(&self, sql: &str, limit: Duration) -> Result<Vec<Vec<Option<String>>>, SqlError> {
        let messages = tokio::time::timeout(limit + CONNECT, self.client.simple_query(sql))
            .await
            .map_err(|_| SqlError::Silent(limit))??;
        Ok(messages
            .iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => Some(
                    (0..row.len())
                        .map(|column| row.get(column).map(str::to_owned))
                        .collect(),
                ),
                _ => None,
            })
            .collect())
    }

    /// The first value of the first row; `None` for NULL or no row.
    pub async fn value(&self, sql: &str) -> Result<Option<String>, SqlError> {
        let rows = self.rows(sql).await?;
        Ok(rows
            .into_iter()
            .next()
            .and_then(|row| row.into_iter().next())
            .flatten())
    }

    pub async fn is_standby(&self) -> Result<bool, SqlError> {
        Ok(self.value("SELECT pg_is_in_recovery()").await?.as_deref() == Some("t"))
    }

    /// What pg_stat_replication shows, by application_name.
    pub async fn replication(&self) -> Result<Vec<ReplicationRow>, SqlError> {
        let rows = self
            .rows("SELECT application_name, state, sync_priority, sync_state FROM pg_stat_replication")
            .await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let [name, state, priority, sync] = row.as_slice() else {
                return Err(SqlError::Form);
            };
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            found.push(ReplicationRow {
                application_name: text(name),
                state: text(state),
                sync_priority: text(priority).parse().unwrap_or(0),
                sync_state: text(sync),
            });
        }
        found.sort();
        Ok(found)
    }

    /// The downstreams that did not come over TLS, by application_name, where the version tells.
    pub async fn unencrypted(&self) -> Result<Vec<String>, SqlError> {
        let rows = self
            .rows("SELECT application_name FROM pg_stat_replication JOIN pg_stat_ssl USING (pid) WHERE NOT ssl ORDER BY 1")
            .await?;
        Ok(rows
            .into_iter()
            .filter_map(|row| row.into_iter().next().flatten())
            .collect())
    }

    /// The port of the server that a standby streams from, where the version tells.
    pub async fn upstream_port(&self) -> Result<Option<u16>, SqlError> {
        // The columns came with 11, together with group access to the data directory.
        if self.major < PgMajor::V11 {
            return Ok(None);
        }
        let port = self
            .value("SELECT sender_port FROM pg_stat_wal_receiver WHERE status = 'streaming'")
            .await?;
        Ok(port.and_then(|port| port.parse().ok()))
    }

    /// How far a primary has written.
    pub async fn written(&self) -> Result<Position, SqlError> {
        let function = if self.has_old_names() {
            "pg_current_xlog_location"
        } else {
            "pg_current_wal_lsn"
        };
        let text = self.value(&format!("SELECT {function}()")).await?;
        text.and_then(|text| Position::parse(&text)).ok_or(SqlError::Form)
    }

    /// How far a standby has received; `None` before its first byte.
    pub async fn received(&self) -> Result<Option<Position>, SqlError> {
        let function = if self.has_old_names() {
            "pg_last_xlog_receive_location"
        } else {
            "pg_last_wal_receive_lsn"
        };
        let text = self.value(&format!("SELECT {function}()")).await?;
        Ok(text.and_then(|text| Position::parse(&text)))
    }

    /// Before 10, functions say xlog and location where they now say wal and lsn.
    fn has_old_names(&self) -> bool {
        self.major < PgMajor::V10
    }
}

/// A connection to the server, and its socket a second time.
async fn connect(address: IpAddr, port: u16) -> std::io::Result<(TcpStream, TcpStream)> {
    let socket = TcpStream::connect((address, port)).await?;
    socket.set_nodelay(true)?;
    let socket = socket.into_std()?;
    let twin = TcpStream::from_std(socket.try_clone()?)?;
    Ok((TcpStream::from_std(socket)?, twin))
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
    fn positions_compare_as_numbers() {
        let at = |text| Position::parse(text).unwrap();
        assert!(at("0/FFFFFFFF") < at("1/0"));
        assert!(at("0/3000148") > at("0/3000060"));
        assert_eq!(Position::parse("x"), None);
    }
}
