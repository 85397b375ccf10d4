//! `MANIFEST.sha256`: one line per file, in the form that `sha256sum --check` reads.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::BundleFile;

pub const NAME: &str = "MANIFEST.sha256";

/// The sums of all files, sorted by path.
pub fn of(files: &[BundleFile]) -> String {
    let mut files: Vec<&BundleFile> = files.iter().collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let mut text = String::new();
    for file in files {
        for byte in Sha256::digest(&file.contents) {
            let _ = write!(text, "{byte:02x}");
        }
        let _ = writeln!(text, "  {}", file.path);
    }
    text
}
