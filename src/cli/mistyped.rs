//! What was typed, before it is read: a command that is not one, and what of the words may stand in the log.

use std::path::Path;

use clap::CommandFactory as _;

use super::args::Args;

/// The command and the names of the options, without anything that was given: for the log.
pub(super) fn names(words: &[String]) -> String {
    let command = Args::command();
    let is_command = |word: &&str| command.find_subcommand(word).is_some();
    let called = words.iter().map(String::as_str).find(is_command);
    let options = words
        .iter()
        .filter(|word| word.len() > 1 && word.starts_with('-'))
        .map(|word| word.split('=').next().unwrap_or(word))
        // Of short options the value may follow at once.
        .map(|name| {
            if name.starts_with("--") {
                name
            } else {
                name.get(..2).unwrap_or(name)
            }
        });
    let names: Vec<&str> = std::iter::once(called.unwrap_or("window"))
        .chain(options)
        .collect();
    names.join(" ")
}

/// `pgcascade chek` would be taken for the file "chek": says that there is neither such a file nor such a command.
pub(super) fn exit_on_mistyped_command(mut command: clap::Command) {
    let words = std::env::args_os().skip(1).map(std::ffi::OsString::into_string);
    let Some(Ok(word)) = words
        .into_iter()
        .find(|word| word.as_ref().is_ok_and(|word| !word.starts_with('-')))
    else {
        return;
    };
    if !is_no_command(&command, &word) || Path::new(&word).exists() {
        return;
    }
    let message = match nearest_command(&command, &word) {
        Some(near) => format!("unrecognized subcommand '{word}'; did you mean '{near}'?"),
        None => format!("unrecognized subcommand '{word}', and there is no file of that name"),
    };
    command
        .error(clap::error::ErrorKind::InvalidSubcommand, message)
        .exit();
}

/// True for a bare word that is none of the commands; what has a dot or a slash is meant as a file.
fn is_no_command(command: &clap::Command, word: &str) -> bool {
    let is_option = word.starts_with('-');
    let is_path = word.is_empty() || word.contains(['.', std::path::MAIN_SEPARATOR]);
    let mut names = command.get_subcommands().map(clap::Command::get_name);
    !is_option && !is_path && word != "help" && names.all(|name| name != word)
}

/// The command that was probably meant.
fn nearest_command(command: &clap::Command, word: &str) -> Option<String> {
    const NEAR: f64 = 0.8;
    command
        .get_subcommands()
        .map(|known| (strsim::jaro(known.get_name(), word), known.get_name()))
        .filter(|(likeness, _)| *likeness > NEAR)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_options_are_told() {
        let told = |words: &str| {
            let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
            names(&words)
        };
        assert_eq!(
            told("deploy my.toml --dir=/secret --json -v"),
            "deploy --dir --json -v"
        );
        assert_eq!(told("new -o/secret"), "new -o");
        assert_eq!(told("my.toml"), "window");
    }

    #[test]
    fn a_mistyped_command_is_told_from_a_file() {
        let is_none = |word: &str| is_no_command(&Args::command(), word);
        assert!(is_none("chek") && is_none("frobnicate"));
        for word in ["check", "help", "--help", "seed.toml", "./chek", ""] {
            assert!(!is_none(word), "{word}");
        }
        let near = |word: &str| nearest_command(&Args::command(), word);
        assert_eq!(near("chek").as_deref(), Some("check"));
        assert_eq!(near("tear-down").as_deref(), Some("teardown"));
        assert_eq!(near("frobnicate"), None);
    }
}
