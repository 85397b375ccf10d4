//! A laboratory: every link leads through a proxy on the same machine, so that it can be cut and slowed for real.
//!
//! A standby finds its upstreams at an address of the loopback network that is its own, and at their own ports: what it shows
//! of its upstream (`pg_stat_wal_receiver.sender_port`) and where it looks for its password stay what they are without a proxy.

use core::net::Ipv4Addr;

use super::{Server, Topology};

/// 127.88.0.0/16; the rest of an address is the standby's port, which no other server of the machine has.
const NETWORK: [u8; 2] = [127, 88];

impl Topology {
    /// Where the link of a standby leads through a proxy; `None` in a design that is not a laboratory, and for the primary,
    /// which uses the same once it is a standby.
    pub fn proxy_address(&self, server: &Server) -> Option<Ipv4Addr> {
        let [high, low] = server.port().number().to_be_bytes();
        let [first, second] = NETWORK;
        self.terms()
            .has_lab_links
            .then(|| Ipv4Addr::new(first, second, high, low))
    }

    /// The same design without what is for this machine's laboratory: what goes to others.
    #[must_use]
    pub fn without_lab(&self) -> Self {
        let mut design = self.clone();
        design.terms.has_lab_links = false;
        design
    }
}
