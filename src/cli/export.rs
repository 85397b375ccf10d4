//! `export`: the design for a target that its users already trust, and what the target does not keep of it.

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use serde_json::json;

use super::{Ending, designs, print};
use crate::engine::desk::folder::OutputFolder;
use crate::model::export::{self, Fate, HostLayout, Kept, NotPossible, Target};
use crate::model::quoting::shell_path;
use crate::model::words::counted;
use crate::report::Report;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ExportArgs {
    /// The design file
    #[arg(required_unless_present = "list")]
    file: Option<PathBuf>,
    /// The target; --list shows them
    #[arg(long = "to", value_name = "TARGET", required_unless_present = "list", value_parser = PossibleValuesParser::new(Target::ALL.map(Target::word)))]
    to: Option<String>,
    /// The folder to write
    #[arg(short, long, value_name = "DIR", required_unless_present_any = ["list", "losses"])]
    output: Option<PathBuf>,
    /// With --to hosts: where the servers' files are: in pgcascade's own folder, or where the Debian or RHEL packages put them
    #[arg(long, value_name = "LAYOUT", default_value = HostLayout::default().word(), value_parser = PossibleValuesParser::new(HostLayout::ALL.map(HostLayout::word)))]
    layout: String,
    /// Show which parts of the design the target keeps, approximates or loses
    #[arg(long, conflicts_with = "list")]
    losses: bool,
    /// List the targets
    #[arg(long, conflicts_with_all = ["file", "to", "output"])]
    list: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn export(args: &ExportArgs) -> Result<Ending, Report> {
    if args.list {
        list(args.json);
        return Ok(Ending::Fine);
    }
    // clap asks for both where there is no --list.
    let (Some(file), Some(target)) = (&args.file, args.to.as_deref().and_then(Target::parse)) else {
        return Err(Report::new("The command needs a design and a target.")
            .hint("pgcascade export FILE --to TARGET -o DIR"));
    };
    let document = designs::open(file)?;
    if args.losses {
        let kept = export::losses(&document, target);
        if args.json {
            print::json(&losses_as_json(target, &kept));
        } else {
            print_losses(&kept);
        }
    }
    let Some(output) = &args.output else {
        return Ok(Ending::Fine);
    };
    let layout = HostLayout::parse(&args.layout).unwrap_or_default();
    if layout != HostLayout::default() && target != Target::Hosts {
        return Err(Report::new(format!(
            "--layout is for --to hosts; {} decides itself where servers lie.",
            target.word()
        ))
        .hint("Omit --layout"));
    }
    let made = export::export_in(&document, target, layout).map_err(|refused| report(refused, file))?;
    let files: Vec<(&str, &[u8], bool)> = made
        .files
        .iter()
        .map(|file| (file.path.as_str(), file.contents.as_bytes(), file.executable))
        .collect();
    let folder = OutputFolder {
        path: output,
        mark: &format!("for {}", target.word()),
    };
    folder.write(&files)?;
    let kept = export::losses(&document, target);
    let count = |fate: Fate| kept.iter().filter(|one| one.fate == fate).count();
    let start = shell_path(&output.join("README.md"));
    print::note(format_args!(
        "Wrote {} to {}; start with {}",
        counted(files.len(), "file"),
        output.display(),
        start
    ));
    print::note(format_args!(
        "Of the design, {} approximated and {} lost: pgcascade export {} --to {} --losses",
        count(Fate::Approximated),
        count(Fate::Lost),
        shell_path(file),
        target.word()
    ));
    Ok(Ending::Fine)
}

fn report(refused: NotPossible, file: &Path) -> Report {
    let hint = refused.hint.replace("FILE", &shell_path(file));
    Report::new(refused.message).hint(hint)
}

fn list(as_json: bool) {
    if as_json {
        let targets = Target::ALL
            .map(|target| json!({"target": target.word(), "title": target.title(), "needs": target.needs()}));
        print::json(&json!(targets));
        return;
    }
    for target in Target::ALL {
        print::line(format_args!("{:<14} {}", target.word(), target.title()));
        print::line(format_args!("{:<14} needs {}", "", target.needs()));
    }
}

fn losses_as_json(target: Target, kept: &[Kept]) -> serde_json::Value {
    let features = kept.iter().map(|one| {
        json!({"feature": one.feature.word(), "where": one.place, "fate": one.fate.word(), "message": one.message})
    });
    json!({"target": target.word(), "features": features.collect::<Vec<_>>()})
}

/// What is lost first, and of what is kept only the number: that is the part that nobody has to act on.
fn print_losses(kept: &[Kept]) {
    for fate in [Fate::Lost, Fate::Approximated] {
        for one in kept.iter().filter(|one| one.fate == fate) {
            print::line(format_args!(
                "{} {} {}: {}",
                fate.word(),
                one.feature.word(),
                one.place,
                one.message
            ));
        }
    }
    let exact = kept.iter().filter(|one| one.fate == Fate::Exact).count();
    print::line(format_args!(
        "{} of {} exact",
        exact,
        counted(kept.len(), "feature")
    ));
}
