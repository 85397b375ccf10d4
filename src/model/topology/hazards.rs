//! What a design would run on the machine that it is deployed on: commands, libraries, and settings that nobody has
//! judged. A stranger's design is deployed only by somebody who trusts exactly this list.
//!
//! What pgcascade writes itself, such as the archive_command of a drawn archive, is not in it: only what the design
//! brings. Anyone who adds a key that brings a command adds it to [`Topology::hazards`]. [`digest`] is what trust is
//! remembered by.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::catalogue::{self, Class};
use super::{Archive, ServerId, ServerName, Topology};

/// One thing that would run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hazard {
    /// `None`: on every server.
    pub server: Option<ServerName>,
    pub setting: String,
    pub value: String,
    pub what: Danger,
}

/// How it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Danger {
    /// A line of shell, or of another language, that the server runs as its user.
    Command,
    /// Code that is loaded into the server.
    Library,
    /// Nobody has judged the setting, so it may run anything.
    Unknown,
}

impl Topology {
    /// Everything that the design's own settings would run, for all servers first.
    pub fn hazards(&self) -> Vec<Hazard> {
        let archive = self.archive.as_ref();
        let commands = [
            ("archive_command", archive.and_then(Archive::archive_command)),
            ("restore_command", archive.and_then(Archive::restore_command)),
        ];
        let commands = commands.into_iter().filter_map(|(setting, command)| {
            Some(Hazard {
                server: None,
                setting: setting.to_owned(),
                value: command?.to_owned(),
                what: Danger::Command,
            })
        });
        let common = self.settings.iter().map(|setting| (None, setting));
        let own = self
            .servers
            .iter()
            .flat_map(|server| server.settings.iter().map(|setting| (Some(server.id), setting)));
        common
            .chain(own)
            .filter_map(|(owner, (name, value))| self.hazard(owner, name, value))
            .chain(commands)
            .collect()
    }

    /// What one setting would run, if it runs anything.
    pub(super) fn hazard(&self, owner: Option<ServerId>, name: &str, value: &str) -> Option<Hazard> {
        let what = match catalogue::danger(name, value) {
            Class::Command => Danger::Command,
            Class::Library => Danger::Library,
            // Any other name that is not known is refused by the server, and by a rule.
            Class::Unknown if name.contains('.') || catalogue::is_unseen(self.postgres) => Danger::Unknown,
            _ => return None,
        };
        let server = owner.and_then(|id| self.server(id));
        Some(Hazard {
            server: server.map(|server| server.name.clone()),
            setting: name.to_owned(),
            value: value.to_owned(),
            what,
        })
    }
}

/// One sentence without its full stop, for people to judge: nothing in it can hide what stands there.
impl fmt::Display for Hazard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = self.server.as_ref().map_or_else(
            || "every server".to_owned(),
            |name| format!("\"{}\"", plain(name.as_str())),
        );
        let (setting, value) = (&self.setting, plain(&self.value));
        match self.what {
            Danger::Command => write!(f, "the command {value} ({setting}, on {on})"),
            Danger::Library => write!(f, "code that {setting} loads on {on}: {value}"),
            Danger::Unknown => write!(
                f,
                "unknown effects of the extension setting {setting} = {value} on {on}"
            ),
        }
    }
}

/// The text with an escape for every character that has no look of its own or turns the order of others around.
fn plain(text: &str) -> String {
    let is_deceptive = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}')
            || ('\u{200b}'..='\u{200f}').contains(&c)
            || ('\u{2028}'..='\u{202e}').contains(&c)
            || ('\u{2060}'..='\u{206f}').contains(&c)
            || ('\u{e0000}'..='\u{e0fff}').contains(&c)
    };
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_deceptive(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// A sum of exactly this list, in whatever order it stands: what trust is remembered by.
pub fn digest(hazards: &[Hazard]) -> String {
    let mut hazards: Vec<&Hazard> = hazards.iter().collect();
    hazards.sort();
    let mut sum = Sha256::new();
    // Lengths before texts: no two lists run together into the same bytes.
    let mut text = |text: &str| {
        sum.update((text.len() as u64).to_be_bytes());
        sum.update(text.as_bytes());
    };
    for hazard in hazards {
        text(if hazard.server.is_some() { "one" } else { "all" });
        text(hazard.server.as_ref().map_or("", ServerName::as_str));
        text(&hazard.setting.to_ascii_lowercase());
        text(&hazard.value);
    }
    sum.finalize().iter().fold(String::new(), |mut hex, byte| {
        hex.push_str(&format!("{byte:02x}"));
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Archive, Edit, notation};
    use super::*;

    fn with(settings: &[(Option<&str>, &str, &str)]) -> Topology {
        let mut topology = notation::parse("postgres 15\nm 5432\n  a 5433\n").unwrap();
        for (server, name, value) in settings {
            let server = server.map(|server| topology.by_name(server).unwrap().id());
            let (name, value) = ((*name).to_owned(), Some((*value).to_owned()));
            topology.apply(&Edit::SetSetting { server, name, value }).unwrap();
        }
        topology
    }

    fn said(settings: &[(Option<&str>, &str, &str)]) -> Vec<String> {
        let hazards = with(settings).hazards();
        hazards.iter().map(Hazard::to_string).collect()
    }

    #[test]
    fn what_a_design_runs_is_named_with_its_place() {
        let said = said(&[
            (None, "Shared_Preload_Libraries", "x"),
            (Some("a"), "recovery_end_command", "touch /tmp/x"),
            (None, "cron.database_name", "postgres"),
            (None, "work_mem", "64MB"),
            (None, "session_preload_libraries", ""),
            (None, "auto_explain.log_min_duration", "1s"),
            (None, "no_such_name", "1"),
        ]);
        assert_eq!(
            said,
            [
                "code that Shared_Preload_Libraries loads on every server: x",
                "unknown effects of the extension setting cron.database_name = postgres on every server",
                "the command touch /tmp/x (recovery_end_command, on \"a\")",
            ]
        );
    }

    #[test]
    fn the_drawn_archive_is_not_a_hazard() {
        let mut topology = with(&[]);
        let archive = Archive::new("archive").unwrap();
        topology.apply(&Edit::SetArchive(Some(archive))).unwrap();
        assert_eq!(topology.hazards(), []);
    }

    #[test]
    fn nothing_is_hidden_from_whoever_is_asked() {
        let said = said(&[(None, "restore_command", "echo\u{202e}\u{2028}\u{200b}é")]);
        assert!(said[0].contains("echo\\u{202e}\\u{2028}\\u{200b}é"), "{said:?}");
    }

    #[test]
    fn the_sum_is_of_the_list_and_of_nothing_else() {
        let sum = |settings: &[(Option<&str>, &str, &str)]| digest(&with(settings).hazards());
        let one = (None, "restore_command", "a");
        let is_one = sum(&[one]);
        assert_eq!(is_one.len(), 64);
        assert_eq!(is_one, sum(&[one, (None, "work_mem", "64MB")]));
        for other in [
            (None, "restore_command", "b"),
            (None, "archive_command", "a"),
            (Some("a"), "restore_command", "a"),
            (Some("m"), "restore_command", "a"),
        ] {
            assert_ne!(is_one, sum(&[other]), "{other:?}");
        }
        let hazards = with(&[one, (Some("a"), "jit_provider", "x")]).hazards();
        let turned: Vec<Hazard> = hazards.iter().rev().cloned().collect();
        assert_eq!(digest(&hazards), digest(&turned));
    }
}
