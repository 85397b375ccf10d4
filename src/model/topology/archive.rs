//! The WAL archive of a design: a folder that pgcascade's own commands use, or commands of another tool.

use super::{BadValue, check_setting_value};

/// A WAL archive that the primary writes and every standby may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive(Way);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Way {
    Folder(String),
    Commands {
        archive: Option<String>,
        restore: Option<String>,
    },
}

/// A well-known program that pushes and fetches WAL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    PgBackRest,
    WalG,
    WalE,
    Barman,
    Copy,
    Other,
}

impl Archive {
    /// With more than this, as the shell reads it, an archive_command does not fit into a server before 16.
    pub const MOST_BYTES: usize = 255;

    /// A folder relative to the cluster's own, or an absolute one.
    ///
    /// # Errors
    ///
    /// If the path is empty, holds control characters, is too long for an archive_command, or is not a folder's path.
    pub fn new(directory: &str) -> Result<Self, BadValue> {
        if directory.trim().is_empty() || directory.chars().any(char::is_control) {
            return Err(BadValue::Archive);
        }
        if let Some(problem) = not_a_folder(directory) {
            return Err(problem);
        }
        if length_in_shell(directory) > Self::MOST_BYTES {
            return Err(BadValue::ArchiveTooLong);
        }
        Ok(Self(Way::Folder(directory.to_owned())))
    }

    /// Commands of one's own; at least one of them.
    ///
    /// # Errors
    ///
    /// If there is none, or one is empty or longer than a line.
    pub fn of_commands(archive: Option<&str>, restore: Option<&str>) -> Result<Self, BadValue> {
        for (key, command) in [("archive_command", archive), ("restore_command", restore)] {
            let Some(command) = command else { continue };
            check_setting_value(key, command)?;
            let example = if key == "archive_command" {
                "pgbackrest --stanza=main archive-push %p"
            } else {
                "pgbackrest --stanza=main archive-get %f %p"
            };
            if command.trim().is_empty() || !command.contains("%p") {
                return Err(BadValue::term(
                    format!("{key} = \"{command}\" does not name the segment: %p stands for its path"),
                    format!("write for example {key} = \"{example}\""),
                ));
            }
            if key == "restore_command" && !command.contains("%f") && !command.contains("%p") {
                return Err(BadValue::term(
                    format!("{key} = \"{command}\" does not name the file: %f stands for its name"),
                    format!("write for example {key} = \"{example}\""),
                ));
            }
        }
        if archive.is_none() && restore.is_none() {
            return Err(BadValue::Archive);
        }
        Ok(Self(Way::Commands {
            archive: archive.map(str::to_owned),
            restore: restore.map(str::to_owned),
        }))
    }

    /// The folder, where the archive is one.
    pub fn directory(&self) -> Option<&str> {
        match &self.0 {
            Way::Folder(directory) => Some(directory),
            Way::Commands { .. } => None,
        }
    }

    /// The design's own archive_command.
    pub fn archive_command(&self) -> Option<&str> {
        match &self.0 {
            Way::Folder(_) => None,
            Way::Commands { archive, .. } => archive.as_deref(),
        }
    }

    /// The design's own restore_command.
    pub fn restore_command(&self) -> Option<&str> {
        match &self.0 {
            Way::Folder(_) => None,
            Way::Commands { restore, .. } => restore.as_deref(),
        }
    }

    /// True if servers put WAL there.
    pub fn takes_wal(&self) -> bool {
        self.directory().is_some() || self.archive_command().is_some()
    }

    /// True if standbys can read WAL from it.
    pub fn gives_wal(&self) -> bool {
        self.directory().is_some() || self.restore_command().is_some()
    }

    /// What it is, in a few words.
    pub fn words(&self) -> String {
        match &self.0 {
            Way::Folder(directory) => directory.clone(),
            Way::Commands { archive, restore } => {
                let command = archive.as_deref().or(restore.as_deref()).unwrap_or_default();
                let tool = Tool::of(command);
                match tool {
                    Tool::Other | Tool::Copy => format!("by the command {command}"),
                    _ => format!("by {}", tool.name()),
                }
            }
        }
    }
}

impl Tool {
    /// The program that a command runs.
    pub fn of(command: &str) -> Self {
        let words = command
            .split(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | ';' | '&' | '|' | '(' | ')'));
        for word in words {
            let program = word.rsplit('/').next().unwrap_or(word);
            match program {
                "pgbackrest" => return Self::PgBackRest,
                "wal-g" | "wal-g-pg" => return Self::WalG,
                "wal-e" => return Self::WalE,
                "cp" | "rsync" | "scp" | "install" => return Self::Copy,
                _ if program.starts_with("barman") => return Self::Barman,
                _ => {}
            }
        }
        Self::Other
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::PgBackRest => "pgBackRest",
            Self::WalG => "WAL-G",
            Self::WalE => "WAL-E",
            Self::Barman => "barman",
            Self::Copy => "a copy program",
            Self::Other => "another program",
        }
    }

    /// The usual pair of commands: for archive_command, and for restore_command.
    pub fn commands(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::PgBackRest => Some((
                "pgbackrest --stanza=main archive-push %p",
                "pgbackrest --stanza=main archive-get %f \"%p\"",
            )),
            Self::WalG => Some(("wal-g wal-push %p", "wal-g wal-fetch %f %p")),
            Self::WalE => Some((
                "envdir /etc/wal-e.d/env wal-e wal-push %p",
                "envdir /etc/wal-e.d/env wal-e wal-fetch %f %p",
            )),
            Self::Barman => Some((
                "barman-wal-archive backup-host main %p",
                "barman-wal-restore backup-host main %f %p",
            )),
            Self::Copy | Self::Other => None,
        }
    }
}

/// What looks like a place elsewhere, and that a copy program cannot write to.
fn not_a_folder(directory: &str) -> Option<BadValue> {
    let commands = "for object storage or another host, use commands of your own: archive_command and restore_command \
                    of pgBackRest, WAL-G or barman";
    let says = |what: &str, fix: String| {
        Some(BadValue::term(
            format!(
                "the archive \"{directory}\" is not a folder: {what}; pgcascade only writes to folders that are mounted"
            ),
            fix,
        ))
    };
    if directory.contains("://") {
        return says("it is a URL", commands.to_owned());
    }
    if directory.starts_with('~') && directory.contains('/') {
        return says(
            "~ is a shell's word, and servers read the path as it stands",
            "write the whole path, such as directory = \"/var/lib/postgresql/archive\"".to_owned(),
        );
    }
    let first = directory.split('/').next().unwrap_or_default();
    if directory.starts_with("\\\\")
        || first.get(1..3) == Some(":\\")
        || first.len() == 2 && first.ends_with(':') && first.starts_with(|c: char| c.is_ascii_alphabetic())
    {
        return says(
            "it is a path of Windows",
            "write a path with /, such as directory = \"/srv/archive\"".to_owned(),
        );
    }
    if first.contains(':') {
        return says("it is a folder on another host", commands.to_owned());
    }
    None
}

/// In single quotes, where a quote takes four characters.
fn length_in_shell(text: &str) -> usize {
    text.chars()
        .map(|c| if c == '\'' { 4 } else { c.len_utf8() })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_are_folders() {
        for good in ["archive", "/srv/wal", "a b/it's", "../x", "a/b:c"] {
            assert!(Archive::new(good).is_ok(), "{good}");
        }
        for bad in [
            "s3://bucket/wal",
            "~/archive",
            "user@host:/wal",
            "host:wal",
            "C:\\wal",
            "C:/wal",
            "",
        ] {
            assert!(Archive::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn tools_are_known_by_their_programs() {
        for (command, tool) in [
            ("pgbackrest --stanza=main archive-push %p", Tool::PgBackRest),
            ("envdir /etc/wal-e.d/env wal-e wal-fetch %f %p", Tool::WalE),
            ("/usr/local/bin/wal-g wal-push \"%p\"", Tool::WalG),
            ("barman-wal-archive b m %p", Tool::Barman),
            ("test ! -f /a/%f && cp %p /a/%f", Tool::Copy),
            ("true", Tool::Other),
        ] {
            assert_eq!(Tool::of(command), tool, "{command}");
        }
        assert!(Archive::of_commands(Some("cp x y"), None).is_err());
        let both = Archive::of_commands(Some("wal-g wal-push %p"), Some("wal-g wal-fetch %f %p")).unwrap();
        assert!(both.directory().is_none() && both.gives_wal() && both.takes_wal());
    }
}
