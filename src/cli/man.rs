//! `man`: the manual pages, made of the same arguments that the program reads.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use clap_mangen::Man;

use super::args::Args;
use super::{Ending, print};
use crate::report::Report;

/// The arguments of `man`.
#[derive(Debug, clap::Args)]
pub(super) struct ManArgs {
    /// The folder to write a page for each command into; without it, the main page goes to standard output
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(super) fn man(args: &ManArgs) -> Result<Ending, Report> {
    // The pages of the commands take the place of help for each.
    let mut whole = Args::command().disable_help_subcommand(true);
    whole.build();
    let Some(folder) = &args.output else {
        let page = page(whole).map_err(|error| Report::of("The manual page cannot be made", &error))?;
        print::text(&page.1);
        return Ok(Ending::Fine);
    };
    let count = write_pages(whole, folder).map_err(|error| {
        let headline = format!("The manual pages cannot be written into \"{}\"", folder.display());
        Report::of(headline, &error)
    })?;
    print::note(format_args!("Wrote {count} manual pages to {}", folder.display()));
    Ok(Ending::Fine)
}

/// Writes the main page and one for each visible command. Returns how many there are.
fn write_pages(whole: clap::Command, folder: &Path) -> io::Result<usize> {
    fs::create_dir_all(folder)?;
    let commands = whole.get_subcommands().filter(|command| !command.is_hide_set());
    let mut pages: Vec<clap::Command> = commands.cloned().collect();
    pages.push(whole);
    let count = pages.len();
    for command in pages {
        let (name, text) = page(command)?;
        fs::write(folder.join(name), text)?;
    }
    Ok(count)
}

/// The file name of a command's page, and the page.
fn page(command: clap::Command) -> io::Result<(String, String)> {
    let source = concat!("pgcascade ", env!("CARGO_PKG_VERSION"));
    // An empty date would be dropped, and what follows it be taken for the date; a real one would change the bytes.
    let page = Man::new(command)
        .date(" ")
        .source(source)
        .manual("pgcascade manual");
    let mut text = Vec::new();
    page.render(&mut text)?;
    Ok((page.get_filename(), String::from_utf8_lossy(&text).into_owned()))
}
