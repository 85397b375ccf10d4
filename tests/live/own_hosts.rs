//! This machine under its other names: its host name, an address of an interface, another address of its loopback.

use std::net::{IpAddr, TcpStream, ToSocketAddrs as _};

use nix::ifaddrs::getifaddrs;
use nix::unistd::gethostname;
use pgcascade::engine::cluster;
use tokio_util::sync::CancellationToken;

use crate::scene::{Scene, assert_gone, deployed, design, free_ports, prepare};

/// An address that other machines have a way to, if there is a network.
fn address() -> Option<IpAddr> {
    getifaddrs().unwrap().find_map(|interface| {
        let address = IpAddr::V4(interface.address?.as_sockaddr_in()?.ip());
        (!address.is_loopback()).then_some(address)
    })
}

/// The host name, if it leads anywhere.
fn name() -> Option<String> {
    let name = gethostname().unwrap().into_string().unwrap();
    let is_known = (name.as_str(), 0).to_socket_addrs().is_ok();
    (is_known && name != "localhost").then_some(name)
}

#[tokio::test(flavor = "multi_thread")]
async fn its_own_names_and_addresses_are_here() {
    let mut hosts = vec!["127.0.0.2".to_owned()];
    hosts.extend(name());
    hosts.extend(address().map(|address| address.to_string()));
    for host in hosts {
        let scene = Scene::new();
        let folder = scene.folder();
        let [a, b, c] = free_ports::<3>();
        let drawn = format!("a {a} host {host}\n  b {b} host {host}\n    c {c} host {host}\n");
        // It streams as drawn, and a row went to every leaf, or this fails.
        deployed(&design(&drawn).await, &folder).await;
        println!("{host}: deployed");
        for port in [a, b, c] {
            for at in [host.as_str(), "127.0.0.1"] {
                TcpStream::connect((at, port)).unwrap_or_else(|error| panic!("{at}:{port}: {error}"));
            }
        }
        let board = cluster::status(&folder).await.unwrap();
        for (server, standby) in board.servers.iter().zip(["b", "c"]) {
            let rows: Vec<&str> = server
                .replication
                .iter()
                .map(|row| row.application_name.as_str())
                .collect();
            assert_eq!(rows, [standby], "{host}: {board:#?}");
        }
        cluster::teardown(&folder, CancellationToken::new())
            .await
            .unwrap_or_else(|report| panic!("{report}"));
        assert_gone(&folder);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_here_and_two_names_of_here_are_refused() {
    let scene = Scene::new();
    let [a, b] = free_ports::<2>();
    // RFC 5737: nobody has it.
    let mut designs = vec![(
        format!("a {a} host 203.0.113.77\n  b {b} host 203.0.113.77\n"),
        "host-elsewhere",
    )];
    if let (Some(name), Some(address)) = (name(), address()) {
        designs.push((
            format!("a {a} host {name}\n  b {b} host {address}\n"),
            "one-machine-two-hosts",
        ));
    }
    for (drawn, expected) in designs {
        let (checks, _) = prepare(&design(&drawn).await, &scene.folder()).await;
        let failed: Vec<&str> = checks
            .iter()
            .filter(|check| !check.ok)
            .map(|check| check.id)
            .collect();
        assert_eq!(failed, [expected], "{drawn}");
    }
}
