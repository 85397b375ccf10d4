//! One open session for each server of a cluster, shared by all who ask it: a password is worth thousands of hash
//! rounds on both sides, and a session of its own for every question would be most of a deployment's time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinSet;

use crate::engine::cluster::site::Site;
use crate::engine::postgres::server::Target;
use crate::engine::postgres::sql::{Session, SqlError};

/// The sessions of one cluster. Closed ones are opened again.
#[derive(Clone, Debug)]
pub struct Sessions {
    pub site: Site,
    /// By port. Each has a lock of its own: who waits for one server holds up nobody at another.
    open: Arc<Mutex<BTreeMap<u16, Slot>>>,
}

type Slot = Arc<tokio::sync::Mutex<Option<Arc<Session>>>>;

impl Sessions {
    pub fn new(site: Site) -> Self {
        Self {
            site,
            open: Arc::default(),
        }
    }

    /// Opens the session that is asked for soon, in the background: the first one with a server takes longest, as it fills
    /// the server's caches. Where it cannot be opened, anyone who asks tries again and says why.
    pub fn prepare(&self, target: &Target) {
        let (sessions, target) = (self.clone(), target.clone());
        tokio::spawn(async move { sessions.with(&target).await.map(drop) });
    }

    /// Lets go of the session on this port: its server ends.
    pub fn forget(&self, port: u16) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.remove(&port);
    }

    /// Ends all that are open, and waits until the servers have ended them, too; who still asks keeps its own.
    pub async fn close(&self) {
        let open = std::mem::take(&mut *self.open.lock().unwrap_or_else(PoisonError::into_inner));
        let mut closing = JoinSet::new();
        for slot in open.into_values() {
            if let Some(session) = slot.lock().await.take().and_then(Arc::into_inner) {
                closing.spawn(session.close());
            }
        }
        while closing.join_next().await.is_some() {}
    }

    /// The open session with a server, or a new one.
    pub async fn with(&self, target: &Target) -> Result<Arc<Session>, SqlError> {
        let slot = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(open.entry(target.port).or_default())
        };
        let mut slot = slot.lock().await;
        if let Some(session) = slot.as_ref().filter(|session| !session.is_closed()) {
            return Ok(Arc::clone(session));
        }
        if slot.is_some() {
            tracing::info!("the session with {} was lost", target.name);
        }
        let session = Arc::new(Session::open(&self.site, target.address, target.port).await?);
        tracing::info!("opened a session with {} on port {}", target.name, target.port);
        *slot = Some(Arc::clone(&session));
        Ok(session)
    }
}
