//! What benchmarks with servers share: where they happen, and with which programs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// A folder on a disk as clusters have it, not in the memory that /tmp may be; the servers' user may enter it.
pub fn base() -> tempfile::TempDir {
    let base = tempfile::Builder::new()
        .prefix("pgcascade-bench-")
        .tempdir_in("/var/tmp")
        .unwrap();
    fs::set_permissions(base.path(), fs::Permissions::from_mode(0o755)).unwrap();
    base
}

/// The newest of PostgreSQL 15 to 18 that Debian's packages installed, or the folder that `PGCASCADE_BENCH_BIN` names.
pub fn bin() -> PathBuf {
    if let Some(named) = std::env::var_os("PGCASCADE_BENCH_BIN") {
        return named.into();
    }
    let installed = |major: &u32| Path::new(&format!("/usr/lib/postgresql/{major}/bin/postgres")).exists();
    let major = (15..=18).rev().find(installed);
    let major = major
        .expect("PostgreSQL 15 to 18 is needed: install it, or name its folder with PGCASCADE_BENCH_BIN");
    format!("/usr/lib/postgresql/{major}/bin").into()
}
