//! The record in a cluster's folder, and the design beside it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pgcascade::engine::cluster;

fuzz_target!(|files: (&str, &str)| {
    let folder = tempfile::tempdir().unwrap();
    let marker = folder.path().join(".pgcascade");
    std::fs::create_dir(&marker).unwrap();
    std::fs::write(marker.join("cluster.json"), files.0).unwrap();
    std::fs::write(folder.path().join("design.toml"), files.1).unwrap();
    let _ = cluster::design(folder.path());
});
