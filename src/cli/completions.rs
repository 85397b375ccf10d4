//! `completions`: the script by which a shell completes commands and options.

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;

use super::args::Args;
use super::{Ending, print};

/// What a command of its user would call the program, whatever its file is called.
const NAME: &str = "pgcascade";

pub(super) fn completions(shell: Shell) -> Ending {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut visible(&Args::command()), NAME, &mut script);
    print::text(&String::from_utf8_lossy(&script));
    Ending::Fine
}

/// The commands that people may know of: the generators would also complete the hidden ones.
fn visible(whole: &Command) -> Command {
    let commands = whole.get_subcommands().filter(|command| !command.is_hide_set());
    Command::new(NAME)
        .version(env!("CARGO_PKG_VERSION"))
        .args(whole.get_arguments())
        .subcommands(commands.cloned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum as _;

    #[test]
    fn every_shell_completes_what_is_visible_and_nothing_else() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut visible(&Args::command()), NAME, &mut script);
            let script = String::from_utf8(script).unwrap();
            for command in Args::command().get_subcommands() {
                let name = command.get_name();
                assert_eq!(script.contains(name), !command.is_hide_set(), "{shell}: {name}");
            }
        }
    }
}
