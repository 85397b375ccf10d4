//! A row that is committed on the primary, and looked for on another server.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_postgres::types::Type;

use crate::engine::cluster::Cluster;
use crate::engine::postgres::endpoint::Endpoint;
use crate::engine::postgres::sql::{Purpose, Session, SqlError};
use crate::engine::system::wait::{Failure, Wait};
use crate::model::topology::Server;
use crate::report::Report;

const TABLE: &str = "pgcascade_lesson";
/// A commit that takes longer waits for a standby.
const COMMIT: Duration = Duration::from_secs(10);
/// So long a row that does not come is waited for.
const QUIET: Duration = Duration::from_secs(1);
const QUESTION: Duration = Duration::from_secs(5);

/// The rows of one proof.
pub(super) struct Rows {
    folder: PathBuf,
    /// Of the row that was written last; 0: none.
    number: i64,
}

impl Rows {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            number: 0,
        }
    }

    /// Commits a row as any client does.
    pub(super) async fn write(&mut self, wait: &Wait) -> Result<(), Report> {
        self.number += 1;
        let number = self.number;
        let cluster = Cluster::load(&self.folder)?;
        let primary = cluster.design.topology().primary().name().to_string();
        let session = self.session(&primary, Purpose::Load).await?;
        let work = async {
            session
                .run(&format!("CREATE TABLE IF NOT EXISTS {TABLE} (number bigint)"))
                .await?;
            session
                .run(&format!("INSERT INTO {TABLE} VALUES ({number})"))
                .await
        };
        let written = wait
            .hear(tokio::time::timeout(COMMIT, work))
            .await
            .map_err(Failure::into_report)?;
        match written {
            Ok(done) => done.map_err(|error| failed(&primary, &error)),
            Err(_) => Err(Report::new(format!("A commit on {primary} waits for a standby."))),
        }
    }

    /// Waits until the server has the row.
    pub(super) async fn sees(&self, server: &str, wait: &Wait) -> Result<(), Report> {
        loop {
            if self.is_on(server).await? {
                return Ok(());
            }
            if !wait.next().await.map_err(Failure::into_report)? {
                return Err(Report::new(format!("The row is not on {server}.")));
            }
        }
    }

    /// The row does not come for a while.
    pub(super) async fn lacks(&self, server: &str, wait: &Wait) -> Result<(), Report> {
        let wait = wait.at_most(QUIET);
        loop {
            if self.is_on(server).await? {
                return Err(Report::new(format!("The row is on {server}.")));
            }
            if !wait.next().await.map_err(Failure::into_report)? {
                return Ok(());
            }
        }
    }

    async fn is_on(&self, server: &str) -> Result<bool, Report> {
        let session = self.session(server, Purpose::Look(QUESTION)).await?;
        let ask = async {
            if !session.has_table(TABLE).await? {
                return Ok(false);
            }
            let sql = format!("SELECT 1 FROM public.{TABLE} WHERE number = $1");
            let rows = session.ask(&sql, &[(&self.number, Type::INT8)]).await?;
            Ok(!rows.is_empty())
        };
        ask.await.map_err(|error: SqlError| failed(server, &error))
    }

    async fn session(&self, server: &str, purpose: Purpose) -> Result<Session, Report> {
        let cluster = Cluster::load(&self.folder)?;
        let target = cluster
            .design
            .topology()
            .by_name(server)
            .map(Server::id)
            .and_then(|id| cluster.target(id))
            .ok_or_else(|| Report::new(format!("The cluster has no server called {server}.")))?;
        let endpoint = Endpoint::of_site(&cluster.site, target.address, target.port);
        Session::open_at(&endpoint, purpose)
            .await
            .map_err(|error| failed(server, &error))
    }
}

fn failed(server: &str, error: &SqlError) -> Report {
    Report::of(format!("{server} could not be queried."), error)
}
