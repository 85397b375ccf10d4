//! `bundle`: the configuration as a tarball.

use std::path::Path;

use super::{Ending, designs, print};
use crate::engine::store;
use crate::model::bundle;
use crate::model::topology::{self, Severity};
use crate::report::Report;

pub(super) fn bundle(file: &Path, output: &Path) -> Result<Ending, Report> {
    let document = designs::open(file)?;
    let errors = topology::check(document.topology())
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    let bundle = bundle::generate(&document);
    store::write_whole(output, &bundle::pack(&bundle))?;
    print::note(format_args!(
        "Wrote {} to {}",
        print::count(bundle.files.len(), "file"),
        output.display()
    ));
    if errors > 0 {
        // The configuration of a design that is not finished can still be read and mailed.
        print::note(format_args!(
            "The design has {}: see pgcascade check {}",
            print::count(errors, "error"),
            print::shell_path(file)
        ));
    }
    Ok(Ending::Fine)
}
