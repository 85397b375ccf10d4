//! What an edit of terms does besides: a slot's name and its slot go together, and so do TLS and what is special about it.

use std::collections::BTreeSet;

use super::super::terms::{LinkTerms, TlsTerms};
use super::super::{Refusal, Role, Server, ServerId, Topology};

impl Topology {
    /// Without TLS nothing is special about it.
    pub(super) fn set_tls(&mut self, tls: bool) {
        self.tls = tls;
        if !tls {
            self.terms.tls = TlsTerms::default();
        }
    }

    /// A slot that is not used has no name.
    pub(super) fn set_slot(&mut self, server: ServerId, slot: Option<bool>) -> Result<(), Refusal> {
        let standby = self.find_standby_mut(server)?;
        standby.slot = slot;
        if slot == Some(false) {
            standby.link.slot_name = None;
        }
        Ok(())
    }

    /// A slot with a name is used.
    pub(super) fn set_link(&mut self, server: ServerId, link: &LinkTerms) -> Result<(), Refusal> {
        let standby = self.find_standby_mut(server)?;
        standby.link = link.clone();
        if link.slot_name.is_some() {
            standby.slot = Some(true);
        }
        Ok(())
    }

    /// Nobody turns to a server that is no longer there.
    pub(super) fn forget_gone_fallbacks(&mut self) {
        let there: BTreeSet<ServerId> = self.servers.iter().map(Server::id).collect();
        for server in &mut self.servers {
            if let Role::Standby(standby) = &mut server.role {
                standby.link.also_follows.retain(|other| there.contains(other));
            }
        }
    }
}
