//! From whom a standby streams, and where a server is: as they say themselves, and as drawn where they do not.

use super::{Choice, Observed, ReceiverState, State, Up};
use crate::model::topology::{Server, ServerName, Topology};

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
    /// it. `None`: it does not stream, from none of them, or from one of several that nobody tells apart.
    pub fn upstream<'a>(&self, topology: &'a Topology, up: &Up) -> Option<&'a Server> {
        let receiver = up.receiving.receiver()?;
        if receiver.state != Some(ReceiverState::Streaming) {
            return None;
        }
        match &receiver.choice {
            Some(choice) => self.chosen(topology, choice),
            None => self.at(topology, receiver.host.as_deref(), receiver.port?),
        }
    }

    /// The servers of the design that a standby may stream from, if it does not say which it chose.
    pub fn candidates<'a>(&self, topology: &'a Topology, choice: &Choice) -> Vec<&'a Server> {
        let places = choice.places.iter();
        places
            .filter_map(|(host, port)| self.at(topology, Some(host), *port))
            .collect()
    }

    fn at<'a>(&self, topology: &'a Topology, host: Option<&str>, port: u16) -> Option<&'a Server> {
        let mut there = topology
            .servers()
            .iter()
            .filter(|server| self.port(server) == port);
        let first = there.next()?;
        let is_named = |server: &&Server| Some(server.host().as_str()) == host;
        let named = std::iter::once(first).chain(there).find(is_named);
        Some(named.unwrap_or(first))
    }

    /// The candidate that shows the standby; if none does, the only one whose senders cannot be seen.
    fn chosen<'a>(&self, topology: &'a Topology, choice: &Choice) -> Option<&'a Server> {
        let candidates = self.candidates(topology, choice);
        let name = ServerName::parse(&choice.application_name).ok()?;
        let name = name.in_view(topology.postgres());
        let senders = |server: &Server| self.up(server).and_then(|up| up.senders.as_deref());
        let shows =
            |server: &Server| senders(server).map(|rows| rows.iter().any(|row| row.application_name == name));
        let showing = candidates.iter().find(|server| shows(server) == Some(true));
        let mut hidden = candidates.iter().filter(|server| shows(server).is_none());
        let only_hidden = hidden.next().filter(|_| hidden.next().is_none());
        showing.or(only_hidden).copied()
    }
}
