//! Whether the libraries that a design loads are installed with the programs that it will run.

use std::path::{Path, PathBuf};

use crate::model::plan::named_libraries;
use crate::model::topology::Topology;

/// Where a PostgreSQL keeps its libraries, from the folder of its programs.
const FOLDERS: [&str; 4] = ["../lib", "../lib/postgresql", "../lib64", "../lib64/postgresql"];
/// Every PostgreSQL has this one, which makes the full-text search of initdb.
const ALWAYS_THERE: &str = "dict_snowball";
const ENDING: &str = if cfg!(target_os = "macos") { "dylib" } else { "so" };

/// Those that are not there; none where it cannot be seen.
pub(super) fn missing(topology: &Topology, program: Option<&Path>) -> Vec<String> {
    let wanted = named_libraries(topology);
    let Some(bin) = program.and_then(Path::parent).filter(|_| !wanted.is_empty()) else {
        return Vec::new();
    };
    let folders = FOLDERS.iter().map(|folder| bin.join(folder));
    let Some(folder) = folders.into_iter().find(|folder| has(folder, ALWAYS_THERE)) else {
        return Vec::new();
    };
    wanted
        .into_iter()
        .filter(|library| !is_there(&folder, library))
        .collect()
}

/// As the server looks for it: a bare name in its library folder, `$libdir/…` there too, anything else as a path.
fn is_there(folder: &Path, library: &str) -> bool {
    if let Some(below) = library.strip_prefix("$libdir/") {
        return has(folder, below);
    }
    if !library.contains('/') {
        return has(folder, library);
    }
    // A relative one starts in the data directory, which is not there yet.
    !library.starts_with('/') || has(Path::new("/"), library.trim_start_matches('/'))
}

/// The server tries the name as it is, and with the ending of libraries.
fn has(folder: &Path, name: &str) -> bool {
    let with_ending: PathBuf = folder.join(format!("{name}.{ENDING}"));
    with_ending.is_file() || folder.join(name).is_file()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::{Edit, notation};

    #[test]
    fn libraries_are_looked_for_as_the_server_does() {
        let base = tempfile::tempdir().unwrap();
        for folder in ["bin", "lib/plugins"] {
            std::fs::create_dir_all(base.path().join(folder)).unwrap();
        }
        for library in ["dict_snowball", "a", "plugins/b"] {
            std::fs::write(base.path().join(format!("lib/{library}.{ENDING}")), "").unwrap();
        }
        let program = base.path().join("bin/postgres");
        let missing_of = |list: &str, path: Option<&str>| {
            let mut topology = notation::parse("m 5432\n").unwrap();
            let settings = [
                ("Shared_Preload_Libraries", Some(list)),
                ("dynamic_library_path", path),
            ];
            for (name, value) in settings {
                let (name, value) = (name.to_owned(), value.map(str::to_owned));
                let edit = Edit::SetSetting {
                    server: None,
                    name,
                    value,
                };
                topology.apply(&edit).unwrap();
            }
            missing(&topology, Some(&program))
        };
        let there = format!(
            "a, \"$libdir/plugins/b\", a.{ENDING}, {}/lib/a",
            base.path().display()
        );
        assert_eq!(missing_of(&there, None), Vec::<String>::new());
        assert_eq!(missing_of("a, b, /nowhere/c", None), ["/nowhere/c", "b"]);
        assert_eq!(missing_of("b", Some("/else")), Vec::<String>::new());
        std::fs::remove_file(base.path().join(format!("lib/dict_snowball.{ENDING}"))).unwrap();
        assert_eq!(
            missing_of("b", None),
            Vec::<String>::new(),
            "no claim without the folder"
        );
    }
}
