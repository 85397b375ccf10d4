//! The configuration bundle: every file that the drawing stands for, as plain data.
//!
//! `generate` makes the files, each setting with its reason; `tarball::pack` makes the `.tar.gz`.
//! The same design gives the same bytes.

pub mod conf;
mod hba;
mod paths;
mod recovery;
mod setting;

pub use setting::without;

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

/// Makes every file of the design's bundle.
pub fn generate(document: &crate::model::document::Document) -> Bundle {
    let _ = document;
    unimplemented!()
}

/// Packs the bundle as `.tar.gz`: sorted entries, fixed times and owners, so that the same bundle gives the same bytes.
pub fn pack(bundle: &Bundle) -> Vec<u8> {
    let _ = bundle;
    unimplemented!()
}
