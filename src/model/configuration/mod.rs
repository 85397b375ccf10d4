//! What a server's files say: every line of postgresql.conf, recovery.conf and pg_hba.conf, with its reason and with the
//! element of the drawing it comes from.
//!
//! Start with [`Configuration`]: the design in a [`Layout`]. `conf`, `recovery` and `hba` decide the lines, `decision` is the
//! table of what makes a line, `sizes` what the whole tree means for each server. A bundle, a plan and a prediction
//! ask here; nothing here knows of them.

mod archive;
mod conf;
mod decision;
mod effective;
mod folder;
mod hba;
mod layout;
mod origin;
mod recovery;
mod replication;
mod setting;
mod sizes;
mod sourced;

pub use conf::primed;
pub use decision::Decision;
pub use effective::{Effective, effective, effective_in};
pub use folder::ClusterFolder;
pub use hba::{lines_that_let_in, lines_that_let_rewind_in};
pub use layout::{Control, Layout, Listen, Place, Room};
pub use origin::{Element, LineOrigin, Origin, Provenance, Share};
pub use setting::{Setting, comment, value_in, with, without};
pub use sourced::Sourced;

use self::sizes::Sizes;
use super::topology::{Server, ServerId, Topology};

/// The configuration of every server of a design. Making it looks at the whole tree once; asking it is cheap.
#[derive(Debug)]
pub struct Configuration<'a>(Sizes<'a>);

impl<'a> Configuration<'a> {
    pub fn of(topology: &'a Topology, layout: Layout) -> Self {
        Self(Sizes::of(topology, layout))
    }

    /// As `deploy` and a bundle write it.
    pub fn in_cluster_folder(topology: &'a Topology) -> Self {
        Self::of(topology, Layout::cluster_folder())
    }

    pub fn layout(&self) -> &Layout {
        &self.0.layout
    }

    /// The server's files by name, in the order in which people read them.
    /// A receiver is not a server, and has none.
    pub fn files(&self, server: &Server) -> Vec<(&'static str, Sourced)> {
        if server.is_receiver() {
            return Vec::new();
        }
        let mut files = vec![
            ("postgresql.conf", conf::postgresql_conf(&self.0, server)),
            ("pg_hba.conf", hba::pg_hba_conf(self.0.topology, server)),
        ];
        files.extend(hba::pg_ident_conf(self.0.topology, server).map(|file| ("pg_ident.conf", file)));
        files.extend(recovery::file(&self.0, server));
        files
    }

    /// The settings of the server's postgresql.conf, in its order. None is there twice, except one that the design sets in
    /// two spellings: the last one counts.
    pub fn settings(&self, server: &Server) -> Vec<Setting> {
        conf::settings(&self.0, server)
    }

    /// The value that the server reads from its postgresql.conf; `None` if the file does not set it.
    pub fn value(&self, server: &Server, name: &str) -> Option<String> {
        let found = self.settings(server).into_iter().rev();
        found
            .filter(|setting| setting.name.eq_ignore_ascii_case(name))
            .map(|setting| setting.value)
            .next()
    }

    /// The value of primary_conninfo, should the server follow this upstream.
    pub fn conninfo(&self, server: &Server, upstream: &Server) -> String {
        recovery::conninfo(&self.0, server, upstream)
    }

    /// How the server proves itself at others, and they at it: options of libpq; none without TLS.
    pub fn tls_options(&self, server: &Server) -> Vec<(&'static str, String)> {
        recovery::tls_options(&self.0, server)
    }

    /// The slot that the server asks its upstream for.
    pub fn slot_name(&self, server: &Server) -> &str {
        self.0.slot_name(server.id())
    }

    /// The server's own folder name.
    pub fn folder(&self, server: ServerId) -> &str {
        self.0.folder(server)
    }
}

#[cfg(test)]
mod tests;
