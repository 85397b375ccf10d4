//! The configuration bundle: every file that the drawing stands for, as plain data.
//!
//! `generate` makes the files, each line with its reason and with the element of the drawing it comes from; `tarball::pack` makes the `.tar.gz`.
//! The same design gives the same bytes.

mod difference;
mod effect;
mod guide;
mod manifest;
mod script;
mod tarball;
mod tls_guide;

pub use difference::{Change, ChangeKind, between, difference};
pub use tarball::pack;
pub use tls_guide::recipe_of_missing as certificate_recipe;

use super::configuration::{ClusterFolder, Configuration, Decision, Provenance, Share, Sourced};
use super::document::Document;
use super::topology::{ServerId, Topology};

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
        "The contents of this bundle and how to use it.",
    );
    let design = Sourced::whole(
        document.text(),
        Decision::Design.for_cluster(),
        "The design itself, so that the files can be generated again.",
    );
    let mut files = vec![
        text(ClusterFolder::README, readme),
        text(ClusterFolder::DESIGN, design),
    ];
    files.extend(script::scripts(topology));
    let configuration = Configuration::in_cluster_folder(topology);
    for server in topology.servers() {
        let folder = ClusterFolder::server(configuration.folder(server.id()));
        let named = configuration.files(server).into_iter();
        files.extend(named.map(|(name, contents)| text(&format!("{folder}/{name}"), contents)));
    }
    let manifest = Sourced::whole(
        manifest::of(&files),
        Decision::Manifest.for_cluster(),
        "Check that no file has changed: sha256sum --check MANIFEST.sha256.",
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
