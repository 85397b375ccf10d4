//! `bundle`: the configuration as a tarball, explained line by line, or compared with another version's.

use std::path::Path;

use super::{Ending, args, designs, difference, explain, print};
use crate::engine::desk::output::{Kind, Output};
use crate::model::bundle::{self, Bundle};
use crate::model::document::Document;
use crate::model::quoting::shell_path;
use crate::model::topology::{self, Severity};
use crate::model::words::counted;
use crate::report::Report;

pub(super) fn bundle(args: &args::Bundle) -> Result<Ending, Report> {
    let document = designs::open(&args.file)?.without_lab();
    let bundle = bundle::generate(&document);
    if let Some(server) = &args.explain {
        explain::explain(document.topology(), &bundle, server.as_deref(), args.json)?;
    }
    if let Some(major) = args.diff_version {
        difference::show(&document, &bundle, major, args.json);
    }
    if let Some(output) = &args.output {
        refuse_errors(&document, args)?;
        write(&bundle, output, args)?;
        warn_of_errors(&document, &args.file);
    }
    Ok(Ending::Fine)
}

fn write(bundle: &Bundle, output: &Path, args: &args::Bundle) -> Result<(), Report> {
    let whole = Output {
        path: output,
        kind: Kind::Bundle,
        input: Some(&args.file),
        is_forced: args.force,
    };
    whole.write(&bundle::pack(bundle))?;
    print::note(format_args!(
        "Wrote {} to {}",
        counted(bundle.files.len(), "file"),
        output.display()
    ));
    Ok(())
}

/// A server would refuse such files, hang or lose data: `--allow-errors` writes them all the same.
fn refuse_errors(document: &Document, args: &args::Bundle) -> Result<(), Report> {
    let findings = topology::check(document.topology());
    let mut errors = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    match errors.next() {
        Some(first) if !args.allow_errors => {
            let count = errors.count() + 1;
            Err(Report::new(format!(
                "The design has {}, and nothing was written; the first: {}",
                counted(count, "error"),
                first.message
            ))
            .hint(format!(
                "List them all with `pgcascade check {}`.",
                shell_path(&args.file)
            ))
            .hint("Write the tarball all the same with --allow-errors."))
        }
        _ => Ok(()),
    }
}

/// The configuration of a design that is not finished can still be read and mailed.
fn warn_of_errors(document: &Document, file: &Path) {
    let errors = topology::check(document.topology())
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    if errors > 0 {
        print::note(format_args!(
            "The design has {}: see pgcascade check {}",
            counted(errors, "error"),
            shell_path(file)
        ));
    }
}
