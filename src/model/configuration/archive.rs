//! The commands that put WAL into the archive and fetch it again. Each is a line of POSIX shell that a server runs in
//! its data directory, so that its own configuration file is all that it needs.
//!
//! Below the drawn folder every cluster has a folder of its own, called by its system identifier: clusters that share
//! an archive never mix their WAL, whose files have the same names. The commands read the identifier from the first
//! eight bytes of `global/pg_control`, since `initdb` draws it: no file of the bundle depends on what was built from it.

use super::layout::Layout;

/// Sets `$i` to the system identifier.
const IDENTIFIER: &str = r#"i=`od -An -tu8 -N8 global/pg_control | tr -d " "` && test -n "$i""#;

/// Copies a finished segment, whole or not at all, and never over another one. The copy has a name of the server's own
/// until it is on disk, so that a server that dies in between, or a second primary, spoils nothing.
///
/// `sync FILE` is understood everywhere: coreutils before 8.24 and macOS sync all there is instead. `dd conv=fsync`
/// would be less, and is not known everywhere. A folder that cannot be synced (some network file systems) is not an error.
/// `mv -n` closes the gap in which somebody else could make the file.
pub fn archive_command(layout: &Layout, directory: &str, server_folder: &str) -> String {
    let cluster = layout.archive(directory, server_folder);
    format!(
        concat!(
            r#"{identifier} && d={cluster}$i && f=$d/%f && t=$f.{server}.part && "#,
            r#"if test -e "$f"; then cmp -s %p "$f" || "#,
            r#"{{ echo "another %f is in the archive $d: it is not overwritten" >&2; exit 1; }}; "#,
            r#"else {{ test -d "$d" || mkdir "$d"; }} && cp %p "$t" && sync "$t" && mv -n "$t" "$f" && test ! -e "$t"; fi "#,
            r#"&& sync "$f" && {{ sync "$d" "$d/.." || true; }}"#
        ),
        identifier = IDENTIFIER,
        cluster = cluster,
        server = server_folder,
    )
}

/// Fetches a segment. Where there is none it fails with 1, which a standby takes for "not there yet". What is under its
/// own name in the archive is whole, and the server looks at the copy only after the command has succeeded.
pub fn restore_command(layout: &Layout, directory: &str, server_folder: &str) -> String {
    let cluster = layout.archive(directory, server_folder);
    format!(r#"{IDENTIFIER} && f={cluster}$i/%f && test -f "$f" && cp "$f" %p"#)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::{Archive, NAME_BYTES};

    #[test]
    fn an_archive_with_any_name_stays_one_word_of_the_shell() {
        let odd = "/srv/my 100% \"wal's\"/";
        let command = archive_command(&Layout::cluster_folder(), odd, "m");
        assert!(
            command.contains(r#" && d='/srv/my 100%% "wal'\''s"/'$i && "#),
            "{command}"
        );
        let restore = restore_command(&Layout::cluster_folder(), odd, "m");
        assert!(
            restore.contains(r#" && f='/srv/my 100%% "wal'\''s"/'$i/%f && "#),
            "{restore}"
        );
        assert!(
            restore_command(&Layout::cluster_folder(), "archive", "m").contains(" f=../../../archive/$i/%f ")
        );
    }

    /// A server before 16 replaces the placeholders in a buffer of 1024 bytes, and silently cuts off what is too much
    /// (`MAXPGPATH` in src/backend/postmaster/pgarch.c).
    #[test]
    fn every_archive_leaves_the_server_room_for_the_command() {
        // The longest names that it puts in: a backup's label, and the same below pg_xlog.
        const FILE: &str = "000000010000000000000001.00000028.backup";
        let most = Archive::MOST_BYTES;
        for directory in [
            "x".repeat(most),
            "%".repeat(most),
            "'".repeat(most / 4),
            "é".repeat(most / 2),
        ] {
            let archive = Archive::new(&directory).unwrap();
            let command = archive_command(
                &Layout::cluster_folder(),
                archive.directory().unwrap_or_default(),
                &"s".repeat(NAME_BYTES),
            );
            let replaced = command
                .replace("%%", "%")
                .replace("%f", FILE)
                .replace("%p", &format!("pg_xlog/{FILE}"));
            assert!(replaced.len() < 1024, "{}: {replaced}", replaced.len());
            assert!(Archive::new(&(directory + "x'")).is_err());
        }
    }
}
