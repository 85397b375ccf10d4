//! From whom a standby streams, and where a server is: as they say themselves, and as drawn where they do not.

use super::{Observed, ReceiverState, State, Up};
use crate::model::topology::{Server, Topology};

impl Observed {
    /// What a server says now; `None`: it does not answer, or is down.
    pub fn up(&self, server: &Server) -> Option<&Up> {
        match &self.get(server.name().as_str())?.latest.state {
            State::Up(up) => Some(up),
            State::Unreachable(_) | State::Down | State::Closed => None,
        }
    }

    /// The port on which a server listens: the drawn one, unless it said another.
    pub fn port(&self, server: &Server) -> u16 {
        let said = self.get(server.name().as_str()).and_then(|seen| seen.last_up());
        let port = said.and_then(|up| up.settings.as_ref()?.value("port")?.parse().ok());
        port.unwrap_or(server.port().number())
    }

    /// The server of the design that a standby streams from, by the port that it says, and by the host where several have
    /// it. `None`: it does not stream, or from none of them.
    pub fn upstream<'a>(&self, topology: &'a Topology, up: &Up) -> Option<&'a Server> {
        let receiver = up.receiving.receiver()?;
        if receiver.state != Some(ReceiverState::Streaming) {
            return None;
        }
        let at_port = |server: &&Server| Some(self.port(server)) == receiver.port;
        let mut there = topology.servers().iter().filter(at_port);
        let first = there.next()?;
        let is_named = |server: &&Server| Some(server.host().as_str()) == receiver.host.as_deref();
        let named = std::iter::once(first).chain(there).find(is_named);
        Some(named.unwrap_or(first))
    }
}
