//! The configuration bundle: every file that the drawing stands for, as plain data.
//!
//! `generate` makes the files, each setting with its reason; `tarball::pack` makes the `.tar.gz`.
//! The same design gives the same bytes.

pub mod conf;
mod guide;
mod hba;
mod manifest;
mod paths;
mod recovery;
mod script;
mod setting;
mod sizes;
mod tarball;

pub use setting::{value_in, without};
pub use tarball::pack;

use self::sizes::Sizes;
use crate::model::document::Document;
use crate::model::plan::ClusterLayout;
use crate::model::topology::{Server, Topology};

/// One file of the bundle, its path relative to the bundle's top folder, with `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleFile {
    pub path: String,
    pub contents: String,
    pub executable: bool,
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
}

/// Makes every file of the design's bundle, in the order in which people read them.
pub fn generate(document: &Document) -> Bundle {
    let topology = document.topology();
    let mut files = vec![
        text(ClusterLayout::README, guide::readme(topology)),
        text(ClusterLayout::DESIGN, document.text()),
    ];
    files.extend(script::scripts(topology));
    let (folders, sizes) = (topology.folders(), Sizes::of(topology));
    for server in topology.servers() {
        let folder = ClusterLayout::server(folders.get(&server.id()).map_or("", String::as_str));
        let mut add = |name: &str, contents| files.push(text(&format!("{folder}/{name}"), contents));
        add("postgresql.conf", conf::postgresql_conf(&sizes, server));
        add("pg_hba.conf", hba::pg_hba_conf(topology, server));
        if let Some((name, contents)) = recovery::file(&sizes, server) {
            add(name, contents);
        }
    }
    let manifest = manifest::of(&files);
    files.push(text(manifest::NAME, manifest));
    Bundle {
        name: plain_name(topology.name()),
        files,
    }
}

/// The text of one server's postgresql.conf alone.
pub fn postgresql_conf(topology: &Topology, server: &Server) -> String {
    conf::postgresql_conf(&Sizes::of(topology), server)
}

fn text(path: &str, contents: String) -> BundleFile {
    BundleFile {
        path: path.to_owned(),
        contents,
        executable: false,
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
