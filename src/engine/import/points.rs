//! Where the servers of an imported cluster are asked again, to be watched.

use super::dial::Dialling;
use crate::engine::postgres::endpoint::Endpoint;
use crate::model::import::Facts;
use crate::model::topology::Topology;
use crate::report::Report;

/// Each server of the design with its endpoint: where it answered when it was imported, else where the design says that it is.
/// `names` are those of the facts in the design.
///
/// # Errors
///
/// If the connection string cannot be used.
pub fn points_of(
    text: &str,
    topology: &Topology,
    facts: &[Facts],
    names: &[String],
) -> Result<Vec<(String, Endpoint)>, Report> {
    let dialling = Dialling::of(text)?;
    let socket = dialling.places.iter().find(|(host, _)| host.starts_with('/'));
    let local = socket.map_or("localhost", |(folder, _)| folder.as_str());
    let answered = |name: &str| {
        let at = names.iter().position(|one| one == name)?;
        let one = facts.get(at).filter(|one| !one.is_unreached)?;
        one.address.clone()
    };
    let servers = topology.servers().iter().map(|server| {
        let name = server.name().to_string();
        let drawn = || (server.host().to_string(), server.port().number());
        let (host, port) = answered(&name).unwrap_or_else(drawn);
        let host = if host.is_empty() { local.to_owned() } else { host };
        (name, dialling.at(&host, port, true))
    });
    Ok(servers.collect())
}
