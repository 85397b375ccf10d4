//! One visit to one server: what the monitor reads of every server, and what only an import asks. Nothing but SELECT, in
//! sessions that are read-only and have a statement timeout.

use std::time::Duration;

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

use crate::engine::monitor::look_at;
use crate::engine::postgres::endpoint::Endpoint;
use crate::engine::postgres::sql::{Bound, Purpose, Session};
use crate::model::health::{Role, State, Unreachable, Up};
use crate::model::topology::PgMajor;
use crate::model::topology::terms::{Initdb, SegmentSize};

/// For all that is asked besides the views.
const MORE: Duration = Duration::from_millis(1500);

/// A server that answered.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    /// As it was dialled; a folder of sockets begins with `/`.
    pub host: String,
    pub port: u16,
    pub up: Up,
    pub major: PgMajor,
    pub more: More,
}

/// What the views do not tell; `None`: this role may not see it, or this version does not tell.
#[derive(Clone, Debug, Default)]
pub(super) struct More {
    pub file_settings: Option<Vec<FileSetting>>,
    pub access: Option<Vec<AccessRow>>,
    /// Up to 11, the text of recovery.conf.
    pub recovery: Option<String>,
    /// Up to 11, the connection string of the receiver as it is in force.
    pub link: Option<String>,
    /// Names and folders.
    pub tablespaces: Option<Vec<(String, String)>>,
    pub initdb: Initdb,
    /// lc_collate and lc_ctype, where they differ.
    pub locales: Option<(String, String)>,
    pub sees_stats: Option<bool>,
    pub sees_settings: Option<bool>,
}

#[derive(Clone, Debug)]
pub(super) struct FileSetting {
    pub name: String,
    pub value: String,
    pub file: String,
    pub line: i32,
}

#[derive(Clone, Debug)]
pub(super) struct AccessRow {
    pub file: String,
    pub line: i32,
    pub kind: String,
    pub databases: Vec<String>,
    pub users: Vec<String>,
    pub address: Option<String>,
    pub mask: Option<String>,
    pub method: String,
    pub options: Vec<String>,
}

/// Looks at the server once.
pub(super) async fn visit(host: &str, port: u16, endpoint: Endpoint) -> Result<Visit, Unreachable> {
    let up = match look_at("", endpoint.clone()).await.state {
        State::Up(up) => *up,
        State::Unreachable(why) => return Err(why),
        State::Down | State::Closed => return Err(Unreachable::Refused),
    };
    let major = PgMajor::of_server(&up.version).ok_or_else(|| {
        Unreachable::Failed(format!("it is PostgreSQL {}, which is not supported", up.version))
    })?;
    let asked = tokio::time::timeout(MORE, more(&endpoint, up.role == Role::Standby)).await;
    Ok(Visit {
        host: host.to_owned(),
        port,
        up,
        major,
        more: asked.unwrap_or_default(),
    })
}

async fn more(endpoint: &Endpoint, is_standby: bool) -> More {
    let Ok(session) = Session::open_at(endpoint, Purpose::Look(MORE)).await else {
        return More::default();
    };
    let major = session.major();
    let mut more = More {
        file_settings: file_settings(&session).await,
        access: access(&session, major).await,
        tablespaces: tablespaces(&session).await,
        ..More::default()
    };
    initdb(&session, &mut more).await;
    if is_standby && !major.has_standby_signal() {
        more.recovery = one(&session, "SELECT pg_read_file('recovery.conf', 0, 1000000)").await;
        if major.has_receiver_view() {
            more.link = one(&session, "SELECT conninfo FROM pg_stat_wal_receiver").await;
        }
    }
    more.sees_stats = one(&session, "SELECT pg_has_role('pg_read_all_stats', 'USAGE')").await;
    more.sees_settings = one(&session, "SELECT pg_has_role('pg_read_all_settings', 'USAGE')").await;
    session.close().await;
    more
}

/// The first value of a question that may not be allowed.
async fn one<T: for<'a> FromSql<'a>>(session: &Session, sql: &str) -> Option<T> {
    let rows = session.ask(sql, &NOTHING).await.ok()?;
    rows.first()?.try_get::<_, Option<T>>(0).ok()?
}

const NOTHING: [Bound<'static>; 0] = [];

/// Whatever stands in a file, as it is written there: `32MB` and not 4096.
async fn file_settings(session: &Session) -> Option<Vec<FileSetting>> {
    let sql = "SELECT name, setting, sourcefile, sourceline FROM pg_file_settings \
               WHERE name IS NOT NULL AND (error IS NULL OR error = 'setting could not be applied') ORDER BY seqno";
    let rows = session.ask(sql, &NOTHING).await.ok()?;
    let of_row = |row: &Row| {
        Some(FileSetting {
            name: row.try_get(0).ok()?,
            value: row.try_get::<_, Option<String>>(1).ok()?.unwrap_or_default(),
            file: row.try_get(2).ok()?,
            line: row.try_get(3).ok()?,
        })
    };
    rows.iter().map(of_row).collect()
}

async fn tablespaces(session: &Session) -> Option<Vec<(String, String)>> {
    let sql = "SELECT spcname::text, pg_tablespace_location(oid) FROM pg_tablespace \
               WHERE spcname NOT IN ('pg_default', 'pg_global') ORDER BY spcname";
    let rows = session.ask(sql, &NOTHING).await.ok()?;
    rows.iter()
        .map(|row| Some((row.try_get(0).ok()?, row.try_get(1).ok()?)))
        .collect()
}

/// How initdb was called: template0 keeps it.
async fn initdb(session: &Session, more: &mut More) {
    let sql = "SELECT current_setting('wal_segment_size', true), current_setting('data_checksums', true), datcollate::text, \
               datctype::text, pg_encoding_to_char(encoding)::text FROM pg_database WHERE datname = 'template0'";
    let rows = session.ask(sql, &NOTHING).await.unwrap_or_default();
    let text = |at: usize| rows.first()?.try_get::<_, Option<String>>(at).ok().flatten();
    more.initdb = Initdb {
        wal_segment_size: text(0).and_then(|size| SegmentSize::parse(&size).ok()),
        data_checksums: text(1).map(|switch| switch == "on"),
        // One locale for all is what a design can say.
        locale: text(2).filter(|collate| text(3).as_ref() == Some(collate)),
        encoding: text(4),
    };
    more.locales = text(2).zip(text(3)).filter(|(collate, kind)| collate != kind);
}

async fn access(session: &Session, major: PgMajor) -> Option<Vec<AccessRow>> {
    let file = if major.escapes_names() {
        "file_name"
    } else {
        "current_setting('hba_file')"
    };
    let sql = format!(
        "SELECT {file}, line_number, type, database, user_name, address, netmask, auth_method, options \
         FROM pg_hba_file_rules WHERE error IS NULL ORDER BY line_number"
    );
    let rows = session
        .ask(&sql, &[] as &[(&(dyn tokio_postgres::types::ToSql + Sync), Type)])
        .await
        .ok()?;
    let of_row = |row: &Row| {
        let list = |at: usize| {
            row.try_get::<_, Option<Vec<String>>>(at)
                .ok()
                .flatten()
                .unwrap_or_default()
        };
        let text = |at: usize| row.try_get::<_, Option<String>>(at).ok().flatten();
        Some(AccessRow {
            file: text(0).unwrap_or_else(|| "pg_hba.conf".to_owned()),
            line: row.try_get(1).ok()?,
            kind: text(2)?,
            databases: list(3),
            users: list(4),
            address: text(5),
            mask: text(6),
            method: text(7)?,
            options: list(8),
        })
    };
    rows.iter().map(of_row).collect()
}
