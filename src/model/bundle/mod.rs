//! The configuration bundle: every file that the drawing stands for, as plain data.
//!
//! `generate` makes the files, each line with its reason and with the element of the drawing it comes from; `tarball::pack` makes the `.tar.gz`.
//! The same design gives the same bytes.

mod archive;
pub mod conf;
mod decision;
mod difference;
mod effect;
mod effective;
mod guide;
mod hba;
mod manifest;
mod origin;
mod paths;
mod recovery;
mod script;
mod setting;
mod sizes;
mod sourced;
mod tarball;
mod tls_guide;

pub use decision::Decision;
pub use difference::{Change, ChangeKind, between, difference};
pub use effective::{Effective, effective};
pub use hba::lines_that_let_in;
pub use origin::{Element, LineOrigin, Origin, Provenance, Share};
pub use setting::{quote, quote_in_conninfo, value_in, with, without};
pub use tarball::pack;

use self::sizes::Sizes;
use self::sourced::Sourced;
use crate::model::document::{Command, Document};
use crate::model::plan::ClusterLayout;
use crate::model::topology::{Edit, PgMajor, Server, ServerId, Topology};

/// One file of the bundle, its path relative to the bundle's top folder, with `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleFile {
    pub path: String,
    pub contents: String,
    pub executable: bool,
    /// Where its lines come from.
    pub provenance: Provenance,
}

/// All files, in the order in which people read them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The top folder inside the tarball.
    pub name: String,
    pub files: Vec<BundleFile>,
}

impl Bundle {
    pub fn file(&self, path: &str) -> Option<&BundleFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// How much comes from the server and from the link to its upstream.
    pub fn share_of(&self, server: ServerId) -> Share {
        let counts = self.files.iter().map(|file| file.provenance.count_of(server));
        counts
            .filter(|lines| *lines > 0)
            .fold(Share::default(), |share, lines| Share {
                lines: share.lines + lines,
                files: share.files + 1,
            })
    }
}

/// Makes every file of the design's bundle, in the order in which people read them.
pub fn generate(document: &Document) -> Bundle {
    let topology = document.topology();
    let readme = Sourced::whole(
        guide::readme(topology),
        Decision::Guide.for_cluster(),
        "What the bundle holds and how it is used, for this design.",
    );
    let design = Sourced::whole(
        document.text(),
        Decision::Design.for_cluster(),
        "The drawing itself, so that the files can be made again.",
    );
    let mut files = vec![
        text(ClusterLayout::README, readme),
        text(ClusterLayout::DESIGN, design),
    ];
    files.extend(script::scripts(topology));
    let sizes = Sizes::of(topology);
    for server in topology.servers() {
        let folder = ClusterLayout::server(sizes.folder(server.id()));
        let mut add = |name: &str, contents| files.push(text(&format!("{folder}/{name}"), contents));
        add("postgresql.conf", conf::postgresql_conf(&sizes, server));
        add("pg_hba.conf", hba::pg_hba_conf(topology, server));
        if let Some((name, contents)) = recovery::file(&sizes, server) {
            add(name, contents);
        }
    }
    let manifest = Sourced::whole(
        manifest::of(&files),
        Decision::Manifest.for_cluster(),
        "Whether a file is still as it was made: sha256sum --check MANIFEST.sha256.",
    );
    files.push(text(manifest::NAME, manifest));
    Bundle {
        name: name_of(topology),
        files,
    }
}

/// What the design's bundle is called: its top folder, and its file without the ending.
pub fn name_of(topology: &Topology) -> String {
    plain_name(topology.name())
}

/// The same design for another version. Every version can be chosen for every design: what it lacks is a finding.
pub fn in_version(document: &Document, major: PgMajor) -> Document {
    let mut document = document.clone();
    let applied = document.apply(&Command::Edit(Edit::SetPostgres(major)));
    debug_assert!(applied.is_ok(), "{applied:?}");
    document
}

/// The text of one server's postgresql.conf alone.
pub fn postgresql_conf(topology: &Topology, server: &Server) -> String {
    conf::postgresql_conf(&Sizes::of(topology), server).contents
}

/// How standbys would be connected, to whomever they follow: for advice, outside of the files.
#[derive(Debug)]
pub struct Connections<'a>(Sizes<'a>);

impl<'a> Connections<'a> {
    pub fn of(topology: &'a Topology) -> Self {
        Self(Sizes::of(topology))
    }

    /// The value of primary_conninfo.
    pub fn conninfo(&self, server: &Server, upstream: &Server) -> String {
        recovery::conninfo(&self.0, server, upstream)
    }

    /// The slot that the server asks its upstream for.
    pub fn slot_name(&self, server: &Server) -> &str {
        self.0.slot_name(server.id())
    }
}

fn text(path: &str, file: Sourced) -> BundleFile {
    BundleFile {
        path: path.to_owned(),
        contents: file.contents,
        executable: false,
        provenance: file.provenance,
    }
}

/// The design's name as a folder's name that needs no quoting anywhere.
fn plain_name(name: &str) -> String {
    let plain: Vec<&str> = name
        .split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.'))
        .filter(|part| !part.is_empty())
        .collect();
    let plain: String = plain
        .join("-")
        .trim_matches(['.', '-'])
        .chars()
        .take(60)
        .collect();
    if plain.is_empty() {
        "cluster".to_owned()
    } else {
        plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_folder_needs_no_quoting() {
        for (name, plain) in [
            ("seed", "seed"),
            ("it's a \"design\"", "it-s-a-design"),
            ("../..", "cluster"),
            ("é", "cluster"),
            ("-x 9.6", "x-9.6"),
        ] {
            assert_eq!(plain_name(name), plain);
        }
    }
}
