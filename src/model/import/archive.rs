//! The archive of a design, from the commands by which the servers fill and read it.

use super::facts::{Facts, is_on};
use crate::model::configuration::Layout;
use crate::model::topology::Archive;

/// As the primary fills it, or else any other server, and as the standbys read it: a folder where the commands are
/// pgcascade's own, else the commands themselves.
pub fn archive(facts: &[Facts], root: usize, layout: &Layout) -> Option<Archive> {
    let mut order = facts.get(root).into_iter().chain(facts);
    let is_archiving = |one: &&Facts| {
        one.value("archive_mode")
            .is_some_and(|mode| mode.eq_ignore_ascii_case("always") || is_on(mode))
    };
    let said = |one: &Facts, name: &str| {
        let text = one.value(name)?;
        (!text.trim().is_empty() && text != "(disabled)").then(|| text.to_owned())
    };
    let archive = order
        .find(|one| is_archiving(one) && said(one, "archive_command").is_some())
        .and_then(|one| said(one, "archive_command"));
    if let Some(folder) = archive.as_deref().and_then(|command| own(command, layout))
        && let Ok(archive) = Archive::new(&folder)
    {
        return Some(archive);
    }
    let restore = facts
        .iter()
        .filter(|one| one.is_standby)
        .find_map(|one| said(one, "restore_command"));
    let (archive, restore) = (archive.as_deref(), restore.as_deref());
    // One that a design cannot hold leaves the other; what is left out is in the list of losses.
    let of = |archive: Option<&str>, restore: Option<&str>| Archive::of_commands(archive, restore).ok();
    of(archive, restore)
        .or_else(|| archive.and_then(|_| of(archive, None)))
        .or_else(|| restore.and_then(|_| of(None, restore)))
}

/// The directory in a command of pgcascade's own: `… && d='../../../archive/'$i && f=$d/%f && …`.
fn own(command: &str, layout: &Layout) -> Option<String> {
    let (_, after) = command.split_once(" && d=")?;
    let (word, _) = after.split_once("$i && f=$d/%f && ")?;
    let path = unshelled(word).replace("%%", "%");
    let path = path.strip_suffix('/')?;
    let folder = layout.archive_base.rest_of(path).unwrap_or(path);
    Some(folder.to_owned()).filter(|path| !path.is_empty())
}

/// A word of the shell in single quotes, or none.
pub fn unshelled(word: &str) -> String {
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

    fn server(is_standby: bool, given: &[(&str, &str)]) -> Facts {
        let mut facts = Facts {
            is_standby,
            ..Facts::default()
        };
        for (name, value) in given {
            facts.set(name, value, String::new());
        }
        facts
    }

    #[test]
    fn commands_of_other_tools_are_kept_as_they_are() {
        let push = ("archive_command", "pgbackrest --stanza=main archive-push %p");
        let get = ("restore_command", "pgbackrest --stanza=main archive-get %f %p");
        let of = |facts: &[Facts]| {
            let archive = archive(facts, 0, &Layout::cluster_folder())?;
            let text = |text: Option<&str>| text.map(|text| text.split(' ').next().unwrap_or("").to_owned());
            Some((
                text(archive.archive_command()),
                text(archive.restore_command()),
                archive.directory().map(str::to_owned),
            ))
        };
        let tool = Some("pgbackrest".to_owned());
        let on = ("archive_mode", "on");
        assert_eq!(
            of(&[server(false, &[on, push]), server(true, &[get])]),
            Some((tool.clone(), tool.clone(), None))
        );
        assert_eq!(
            of(&[server(false, &[push]), server(true, &[get])]),
            Some((None, tool.clone(), None))
        );
        // No %p: not a command that a design can hold.
        assert_eq!(
            of(&[server(
                false,
                &[("archive_mode", "always"), ("archive_command", "/bin/true")]
            )]),
            None
        );
        assert_eq!(of(&[server(false, &[on, push])]), Some((tool, None, None)));
        assert_eq!(of(&[server(false, &[get])]), None);
    }
}
