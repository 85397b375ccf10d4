//! The folder of a WAL archive, from the command that writes it.

/// What a command was understood to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Understood {
    /// pgcascade wrote it, for this directory of a design.
    Own(String),
    /// It copies segments into this folder by their names.
    Copies(String),
    Foreign,
}

/// Reads an archive_command.
pub fn understood(command: &str) -> Understood {
    if let Some(directory) = own(command) {
        return Understood::Own(directory);
    }
    let copies = ["cp ", "install ", "cat "].iter().any(|word| {
        command.starts_with(word)
            || command.contains(&format!("/{word}"))
            || command.contains(&format!(" {word}"))
    });
    let goes_out = ["://", "ssh", "rsync", "scp ", "gzip", "|"]
        .iter()
        .any(|word| command.contains(word));
    let folder = command.split_whitespace().rev().find_map(|word| {
        let word = word.trim_matches(['"', '\'', ';', ')', '(']);
        let folder = word.strip_suffix("/%f")?;
        (folder.starts_with('/') && !folder.contains('%') && !folder.contains('$')).then(|| folder.to_owned())
    });
    match folder {
        Some(folder) if copies && !goes_out => Understood::Copies(folder),
        _ => Understood::Foreign,
    }
}

/// The directory in a command of pgcascade's own: `… && d='../../../archive/'$i && f=$d/%f && …`.
fn own(command: &str) -> Option<String> {
    let (_, after) = command.split_once(" && d=")?;
    let (word, _) = after.split_once("$i && f=$d/%f && ")?;
    let path = unshelled(word).replace("%%", "%");
    let path = path.strip_suffix('/')?;
    Some(path.strip_prefix("../../../").unwrap_or(path).to_owned()).filter(|path| !path.is_empty())
}

/// A word of the shell in single quotes, or none.
fn unshelled(word: &str) -> String {
    let mut read = String::new();
    let mut letters = word.chars();
    let mut in_quotes = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => in_quotes = !in_quotes,
            '\\' if !in_quotes => read.extend(letters.next()),
            letter => read.push(letter),
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_found_in_commands_that_copy() {
        for (command, folder) in [
            ("cp %p /srv/wal/%f", Some("/srv/wal")),
            ("test ! -f /srv/wal/%f && cp %p /srv/wal/%f", Some("/srv/wal")),
            ("/bin/cp -n \"%p\" \"/srv/wal/%f\"", Some("/srv/wal")),
            ("pgbackrest --stanza=main archive-push %p", None),
            ("rsync -a %p backup:/srv/wal/%f", None),
            ("gzip < %p > /srv/wal/%f", None),
            ("/bin/true", None),
        ] {
            let expected = folder.map_or(Understood::Foreign, |folder| {
                Understood::Copies(folder.to_owned())
            });
            assert_eq!(understood(command), expected, "{command}");
        }
    }
}
