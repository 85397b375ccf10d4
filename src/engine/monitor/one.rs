//! One server, looked at again and again by a task of its own: whatever it does, it delays nobody else.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;
use tokio_postgres::error::SqlState;
use tokio_util::sync::CancellationToken;

use super::clock::Clock;
use super::pace::Pace;
use super::reading::{self, Kept};
use crate::engine::cluster::watched::{Life, Watched};
use crate::engine::postgres::sql::{Purpose, Session, SqlError};
use crate::model::health::{Observation, State, Unreachable};

/// For one look, a new connection included. Anyone who needs longer does not answer: no option of a client library ends a
/// wait for a frozen server (tried on 10, 15 and 18), so this is the client's own.
pub(super) const ANSWER: Duration = Duration::from_millis(1500);
/// The last good-bye to a server that answered a moment ago.
const CLOSE: Duration = Duration::from_millis(500);

/// What all servers' tasks have in common.
#[derive(Clone, Debug)]
pub(super) struct Common {
    pub every: Duration,
    pub clock: Clock,
    /// How many connections may be in the opening at once. Each server has one at a time, ever.
    pub openings: Arc<Semaphore>,
    pub observations: mpsc::Sender<Observation>,
    pub cancel: CancellationToken,
}

/// One server, and the session with it.
#[derive(Debug)]
struct One {
    watched: Watched,
    openings: Arc<Semaphore>,
    session: Option<Session>,
    kept: Kept,
    pace: Pace,
}

/// Looks at a server once.
pub(super) async fn look_once(watched: Watched) -> Observation {
    let clock = Clock::start();
    let mut one = One::new(watched, Arc::new(Semaphore::new(1)));
    loop {
        // Anyone who was never asked is not left alone, so the first look says something.
        if let Some(observation) = one.observe(clock).await {
            one.close().await;
            return observation;
        }
    }
}

/// Looks at a server until cancelled, or until nobody listens any more.
pub(super) async fn watch(watched: Watched, common: Common) {
    let mut one = One::new(watched, Arc::clone(&common.openings));
    let watching = async {
        loop {
            let begun = Instant::now();
            if let Some(observation) = one.observe(common.clock).await
                && common.observations.send(observation).await.is_err()
            {
                break;
            }
            tokio::time::sleep_until(begun + common.every).await;
        }
    };
    tokio::select! {
        () = common.cancel.cancelled() => {}
        () = watching => {}
    }
    one.close().await;
}

impl One {
    fn new(watched: Watched, openings: Arc<Semaphore>) -> Self {
        Self {
            watched,
            openings,
            session: None,
            kept: Kept::default(),
            pace: Pace::default(),
        }
    }

    async fn observe(&mut self, clock: Clock) -> Option<Observation> {
        let begun = Instant::now();
        let state = self.look().await?;
        Some(Observation {
            server: self.watched.name.clone(),
            at: clock.now(),
            took: begun.elapsed(),
            state,
        })
    }

    /// What it is now; `None`: it did not answer before, and is left alone for a while.
    async fn look(&mut self) -> Option<State> {
        let mut watched = self.watched.clone();
        match self
            .watched
            .process
            .as_ref()
            .map(super::super::cluster::watched::OwnProcess::life)
        {
            Some(Life::Gone) => {
                self.session = None;
                self.pace.reset();
                return Some(State::Down);
            }
            // The session stays: with it the server answers as soon as it goes on.
            Some(Life::Frozen) => return Some(State::Unreachable(Unreachable::Frozen)),
            Some(Life::NotReady) => {
                self.pace.reset();
                let why = "it does not accept connections yet".to_owned();
                return Some(State::Unreachable(Unreachable::NotNow(why)));
            }
            Some(Life::Doubtful(why)) => return Some(State::Unreachable(Unreachable::Unproved(why))),
            Some(Life::Closed) => return Some(State::Closed),
            Some(Life::Runs(Some(port))) => {
                watched.endpoint.address = watched.endpoint.address.at_port(port);
            }
            Some(Life::Runs(None)) | None => {}
        }
        if !self.pace.may_ask(Instant::now()) {
            return None;
        }
        let result = self.ask(&watched).await;
        Some(match result {
            Ok(state) => {
                self.pace.reset();
                state
            }
            Err(why) => {
                // What was under way on it may still come: nobody can ask there again.
                self.session = None;
                self.pace.failed(Instant::now());
                State::Unreachable(why)
            }
        })
    }

    async fn ask(&mut self, watched: &Watched) -> Result<State, Unreachable> {
        let had_session = self.session.is_some();
        let first = self.ask_once(watched).await;
        match first {
            // It was closed since: by a restart, or by somebody who ended our session.
            Err(Unreachable::Network(_)) if had_session => self.ask_once(watched).await,
            answer => answer,
        }
    }

    async fn ask_once(&mut self, watched: &Watched) -> Result<State, Unreachable> {
        let open = self.session.take().filter(|session| !session.is_closed());
        // Anyone who waits for a turn is not asked yet, and so is not late.
        let _turn = match &open {
            None => self.openings.acquire().await.ok(),
            Some(_) => None,
        };
        let kept = &mut self.kept;
        let (session, up) = in_time(async {
            let session = if let Some(session) = open {
                session
            } else {
                *kept = Kept::default();
                Session::open_at(&watched.endpoint, Purpose::Look(ANSWER)).await?
            };
            let up = reading::read(&session, kept).await?;
            Ok((session, up))
        })
        .await?;
        self.session = Some(session);
        Ok(State::Up(Box::new(up)))
    }

    /// Ends the session on both sides, so that the server's log has no broken connection.
    async fn close(self) {
        let is_frozen = || {
            let process = self.watched.process.as_ref();
            process.is_some_and(|process| process.life() == Life::Frozen)
        };
        if let Some(session) = self.session
            && !is_frozen()
        {
            let _ = tokio::time::timeout(CLOSE, session.close()).await;
        }
    }
}

async fn in_time<T>(answer: impl Future<Output = Result<T, SqlError>>) -> Result<T, Unreachable> {
    match tokio::time::timeout(ANSWER, answer).await {
        Ok(answer) => answer.map_err(|error| why(&error)),
        Err(_) => Err(Unreachable::Silent),
    }
}

/// Why a server was not reached, by what the session said.
fn why(error: &SqlError) -> Unreachable {
    use std::io::ErrorKind;
    let words = error.to_string();
    match error {
        SqlError::Secret(_) => Unreachable::Secret(words),
        SqlError::Silent(_) => Unreachable::Silent,
        SqlError::Unreachable(io) => match io.kind() {
            // A socket that is not there is one on which nobody listens.
            ErrorKind::ConnectionRefused | ErrorKind::NotFound => Unreachable::Refused,
            ErrorKind::TimedOut => Unreachable::Silent,
            _ => Unreachable::Network(words),
        },
        SqlError::Server(said) => match said.code() {
            Some(&SqlState::CANNOT_CONNECT_NOW) => Unreachable::NotNow(words),
            // It is ending our session, in order to stop or to recover from a crash of one of its processes.
            Some(&SqlState::ADMIN_SHUTDOWN | &SqlState::CRASH_SHUTDOWN) => Unreachable::Network(words),
            Some(&SqlState::QUERY_CANCELED) => Unreachable::Silent,
            // The class of everything about who one is, and a database that is not there.
            Some(code) if code.code().starts_with("28") || *code == SqlState::INVALID_CATALOG_NAME => {
                Unreachable::Login(words)
            }
            None if said.is_closed() || has_io(said) => Unreachable::Network(words),
            _ => Unreachable::Failed(words),
        },
        SqlError::Form | SqlError::Version(_) => Unreachable::Failed(words),
    }
}

fn has_io(error: &tokio_postgres::Error) -> bool {
    use std::error::Error as _;
    error
        .source()
        .is_some_and(<dyn std::error::Error + 'static>::is::<std::io::Error>)
}
