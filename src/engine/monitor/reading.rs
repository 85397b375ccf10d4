//! One look at one server over an open session: rows of its views become an [`Up`], each column by its type.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSql, Type};

use super::questions::{self, UNASKABLE};
use crate::engine::postgres::position::Position;
use crate::engine::postgres::sql::{Session, SqlError};
use crate::model::health::{
    Archiver, Choice, Conninfo, Lsn, Moment, Positions, Receiver, ReceiverState, Receiving, Replay, Role,
    SETTINGS, Sender, SenderState, Setting, Settings, Slot, Source, SyncState, Timeline, Up, WalStatus,
};

/// Settings cost the server as much as all the rest: they are asked for when its files were read again, and for what
/// changes without that, as seldom as this.
const SETTINGS_EVERY: Duration = Duration::from_secs(10);

/// What is kept of a session's earlier readings.
#[derive(Debug, Default)]
pub(super) struct Kept {
    settings: Option<KeptSettings>,
}

#[derive(Debug)]
struct KeptSettings {
    settings: Option<Arc<Settings>>,
    /// The server had read its files then.
    loaded: Option<f64>,
    asked: Instant,
}

/// Everything that the server says.
pub(super) async fn read(session: &Session, kept: &mut Kept) -> Result<Up, SqlError> {
    // It holds the answers to all questions at once: too much for the stacks of those who wait.
    match Box::pin(read_once(session, kept)).await {
        // It was promoted between two of the questions: what asks a standby is an error on a primary.
        Err(SqlError::Server(error)) if error.code() == Some(&SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE) => {
            Box::pin(read_once(session, kept)).await
        }
        result => result,
    }
}

async fn read_once(session: &Session, kept: &mut Kept) -> Result<Up, SqlError> {
    let major = session.major();
    let server = questions::server(major);
    let senders = questions::senders(major);
    // All are on their way at once: one round trip.
    let (server, senders, receiver, slots, archiver) = tokio::join!(
        session.ask_again(&server),
        session.ask_again(&senders),
        ask_if_there(session, questions::receiver(major)),
        ask_if_there(session, questions::slots(major)),
        ask_if_there(session, questions::archiver(major)),
    );
    let rows = server?;
    let server = rows.first().ok_or(SqlError::Form)?;
    let receiving = match if_askable(receiver)?.flatten() {
        None => Receiving::Unknown,
        Some(rows) => match rows.first() {
            None => Receiving::Nothing,
            Some(row) => Receiving::From(Box::new(receiver_of(row)?)),
        },
    };
    let senders = if_askable(senders)?;
    let senders = senders
        .map(|rows| rows.iter().map(sender_of).collect())
        .transpose()?;
    let slots = if_askable(slots)?.flatten();
    let slots = slots.map(|rows| rows.iter().map(slot_of).collect()).transpose()?;
    let archiver = if_askable(archiver)?.flatten();
    let archiver = archiver
        .as_ref()
        .and_then(|rows| rows.first())
        .map(archiver_of)
        .transpose()?;
    let settings = settings(session, kept, server.try_get("loaded")?).await?;
    Ok(Up {
        version: session.version().to_owned(),
        senders,
        slots,
        archiver,
        settings,
        ..up_of(server, receiving)?
    })
}

async fn ask_if_there(session: &Session, sql: Option<String>) -> Result<Option<Vec<Row>>, SqlError> {
    match sql {
        Some(sql) => session.ask_again(&sql).await.map(Some),
        None => Ok(None),
    }
}

/// `None`: this server cannot be asked that, or not by us.
fn if_askable<T>(answer: Result<T, SqlError>) -> Result<Option<T>, SqlError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(SqlError::Server(error)) if error.code().is_some_and(|code| UNASKABLE.contains(&code.code())) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn up_of(row: &Row, receiving: Receiving) -> Result<Up, SqlError> {
    let is_standby: bool = row.try_get("is_standby")?;
    let written: Option<String> = row.try_get("timeline")?;
    let least: Option<i32> = row.try_get("least_timeline")?;
    let streamed = receiving
        .receiver()
        .filter(|receiver| receiver.state == Some(ReceiverState::Streaming))
        .and_then(|receiver| receiver.timeline);
    let timeline = match (written, streamed) {
        (Some(digits), _) => u32::from_str_radix(&digits, 16).ok().map(Timeline::Is),
        (None, Some(streamed)) => Some(Timeline::Is(streamed)),
        (None, None) => least
            .and_then(|least| u32::try_from(least).ok())
            .map(Timeline::AtLeast),
    };
    let replay: Option<String> = row.try_get("replay")?;
    let identifier: Option<i64> = row.try_get("system_identifier")?;
    let waiting: Option<i64> = row.try_get("waiting")?;
    Ok(Up {
        role: if is_standby { Role::Standby } else { Role::Primary },
        version: String::new(),
        started: moment(row, "started")?,
        clock: moment(row, "clock")?,
        timeline,
        // The server counts with a sign, and writes it without.
        system_identifier: identifier.map(i64::cast_unsigned),
        positions: Positions {
            inserted: lsn(row, "inserted")?,
            written: lsn(row, "written")?,
            flushed: lsn(row, "flushed")?,
            received: lsn(row, "received")?,
            replayed: lsn(row, "replayed")?,
        },
        receiving,
        replay: replay.map(|word| match word.as_str() {
            "paused" => Replay::Paused,
            "pause requested" => Replay::PauseRequested,
            _ => Replay::Goes,
        }),
        committed: moment(row, "committed")?,
        senders: None,
        slots: None,
        archiver: None,
        waiting: waiting.and_then(|count| count.try_into().ok()),
        settings: None,
    })
}

fn sender_of(row: &Row) -> Result<Sender, SqlError> {
    let priority: Option<i32> = row.try_get("sync_priority")?;
    Ok(Sender {
        pid: row.try_get("pid")?,
        application_name: get::<Option<String>>(row, "application_name")?.unwrap_or_default(),
        client: row.try_get("client")?,
        begun: moment(row, "begun")?,
        state: word(row, "state", SenderState::of)?,
        sync_state: word(row, "sync_state", SyncState::of)?,
        sync_priority: priority.and_then(|priority| priority.try_into().ok()),
        sent: lsn(row, "sent")?,
        written: lsn(row, "written")?,
        flushed: lsn(row, "flushed")?,
        replayed: lsn(row, "replayed")?,
        write_lag: duration(row, "write_lag")?,
        flush_lag: duration(row, "flush_lag")?,
        replay_lag: duration(row, "replay_lag")?,
        replied: moment(row, "replied")?,
    })
}

fn receiver_of(row: &Row) -> Result<Receiver, SqlError> {
    let conninfo: Option<String> = row.try_get("conninfo")?;
    let conninfo = conninfo.as_deref().map(Conninfo::of_view);
    let said = |key: &str| conninfo.as_ref().and_then(|conninfo| conninfo.get(key));
    let host: Option<String> = row.try_get("host")?;
    let port: Option<i32> = row.try_get("port")?;
    let choice = conninfo
        .as_ref()
        .filter(|_| host.is_none() && port.is_none())
        .and_then(Choice::of);
    let said = |key: &str| said(key).filter(|_| choice.is_none());
    let timeline: Option<i32> = row.try_get("received_tli")?;
    Ok(Receiver {
        pid: row.try_get("pid")?,
        state: word(row, "status", ReceiverState::of)?,
        host: host.or_else(|| said("host").map(str::to_owned)),
        port: match port {
            Some(port) => u16::try_from(port).ok(),
            None => said("port").and_then(|port| port.parse().ok()),
        },
        choice,
        slot: row.try_get("slot_name")?,
        timeline: timeline.and_then(|timeline| timeline.try_into().ok()),
        flushed: lsn(row, "flushed")?,
        heard: moment(row, "heard")?,
    })
}

fn slot_of(row: &Row) -> Result<Slot, SqlError> {
    Ok(Slot {
        name: row.try_get("slot_name")?,
        is_physical: get::<String>(row, "slot_type")? == "physical",
        is_temporary: get::<Option<bool>>(row, "temporary")?.unwrap_or(false),
        is_active: row.try_get("active")?,
        active_pid: row.try_get("active_pid")?,
        restart: lsn(row, "restart_lsn")?,
        wal_status: word(row, "wal_status", WalStatus::of)?,
        safe_wal_size: row.try_get("safe_wal_size")?,
        inactive_since: moment(row, "inactive_since")?,
        invalidation: row.try_get("invalidation")?,
    })
}

fn archiver_of(row: &Row) -> Result<Archiver, SqlError> {
    let count = |column| {
        Ok::<_, SqlError>(
            get::<Option<i64>>(row, column)?
                .unwrap_or(0)
                .max(0)
                .cast_unsigned(),
        )
    };
    let last = |file, at| {
        let file: Option<String> = get(row, file)?;
        Ok::<_, SqlError>(file.zip(moment(row, at)?))
    };
    Ok(Archiver {
        archived: count("archived_count")?,
        failed: count("failed_count")?,
        last_archived: last("last_archived_wal", "archived_at")?,
        last_failed: last("last_failed_wal", "failed_at")?,
    })
}

/// The settings, asked for again only where they may have changed.
async fn settings(
    session: &Session,
    kept: &mut Kept,
    loaded: Option<f64>,
) -> Result<Option<Arc<Settings>>, SqlError> {
    if let Some(known) = &kept.settings
        && known.loaded == loaded
        && known.asked.elapsed() < SETTINGS_EVERY
    {
        return Ok(known.settings.clone());
    }
    let sql = questions::settings(session.major());
    let names: &[&str] = &SETTINGS;
    let asked = Instant::now();
    let rows = if_askable(session.ask(&sql, &[(&names, Type::TEXT_ARRAY)]).await)?;
    let mut settings = rows.as_ref().map(|_| Settings::default());
    for row in rows.iter().flatten() {
        if let Some(settings) = &mut settings {
            settings.put(row.try_get("name")?, setting_of(row)?);
        }
    }
    let before = kept.settings.take().and_then(|before| before.settings);
    let settings = match (settings, before) {
        // The same value stays one in memory.
        (Some(new), Some(before)) if *before == new => Some(before),
        (new, _) => new.map(Arc::new),
    };
    kept.settings = Some(KeptSettings {
        settings: settings.clone(),
        loaded,
        asked,
    });
    Ok(settings)
}

fn setting_of(row: &Row) -> Result<Setting, SqlError> {
    let source: Option<String> = row.try_get("source")?;
    let line: Option<i32> = row.try_get("sourceline")?;
    Ok(Setting {
        value: row.try_get("setting")?,
        unit: row.try_get("unit")?,
        source: Source::of(source.as_deref().unwrap_or_default()),
        file: row.try_get("sourcefile")?,
        line: line.and_then(|line| line.try_into().ok()),
        pending_restart: row.try_get("pending_restart")?,
    })
}

fn get<'a, T: FromSql<'a>>(row: &'a Row, column: &str) -> Result<T, SqlError> {
    Ok(row.try_get(column)?)
}

fn lsn(row: &Row, column: &str) -> Result<Option<Lsn>, SqlError> {
    Ok(get::<Option<Position>>(row, column)?.map(|position| position.0))
}

fn word<T>(row: &Row, column: &str, of: fn(&str) -> T) -> Result<Option<T>, SqlError> {
    Ok(get::<Option<&str>>(row, column)?.map(of))
}

/// From seconds since 1970.
fn moment(row: &Row, column: &str) -> Result<Option<Moment>, SqlError> {
    Ok(duration(row, column)?.map(Moment::since_1970))
}

/// From seconds; clocks that differ may make a length of time negative, which is none.
fn duration(row: &Row, column: &str) -> Result<Option<Duration>, SqlError> {
    let seconds: Option<f64> = row.try_get(column)?;
    Ok(seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).ok()))
}
