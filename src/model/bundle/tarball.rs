//! The bundle as a `.tar.gz`: the same bundle gives the same bytes, no matter who makes it, and when.

use std::collections::BTreeSet;
use std::io;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use super::Bundle;

/// When every entry was "changed": 2000-01-01, since `tar` warns of times before 1970.
const FIXED_TIME: u64 = 946_684_800;

/// Packs the bundle as `.tar.gz`: sorted entries, fixed times and owners, so that the same bundle gives the same bytes.
pub fn pack(bundle: &Bundle) -> Vec<u8> {
    // Memory takes every write, and all paths are short, plain and relative: there is nothing to fail.
    write(bundle).unwrap_or_default()
}

fn write(bundle: &Bundle) -> io::Result<Vec<u8>> {
    // gzip's own header holds no time and no file name.
    let mut tar = Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let mut files: Vec<_> = bundle.files.iter().collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    for folder in folders(bundle) {
        let mut header = header(EntryType::Directory, 0o755, 0);
        tar.append_data(&mut header, format!("{folder}/"), io::empty())?;
    }
    for file in files {
        let mode = if file.executable { 0o755 } else { 0o644 };
        let bytes = file.contents.as_bytes();
        let mut header = header(EntryType::Regular, mode, bytes.len() as u64);
        tar.append_data(&mut header, format!("{}/{}", bundle.name, file.path), bytes)?;
    }
    tar.into_inner()?.finish()
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(FIXED_TIME);
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// Every folder above a file, outermost first.
fn folders(bundle: &Bundle) -> BTreeSet<String> {
    let mut folders = BTreeSet::from([bundle.name.clone()]);
    for file in &bundle.files {
        let inside = file
            .path
            .match_indices('/')
            .filter_map(|(at, _)| file.path.get(..at));
        folders.extend(inside.map(|folder| format!("{}/{folder}", bundle.name)));
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bundle::BundleFile;
    use crate::model::configuration::Provenance;

    #[test]
    fn a_bundle_is_packed_sorted_and_always_the_same() {
        let file = |path: &str, executable| BundleFile {
            path: path.to_owned(),
            contents: path.to_uppercase(),
            executable,
            provenance: Provenance::Lines(Vec::new()),
        };
        let bundle = Bundle {
            name: "seed".to_owned(),
            files: vec![
                file("up", true),
                file("servers/a/x.conf", false),
                file("README.md", false),
            ],
        };
        let bytes = pack(&bundle);
        assert_eq!(bytes, pack(&bundle));
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
        let entries: Vec<String> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                format!(
                    "{} {:o}",
                    entry.path().unwrap().display(),
                    entry.header().mode().unwrap()
                )
            })
            .collect();
        assert_eq!(
            entries,
            [
                "seed/ 755",
                "seed/servers/ 755",
                "seed/servers/a/ 755",
                "seed/README.md 644",
                "seed/servers/a/x.conf 644",
                "seed/up 755"
            ]
        );
    }
}
