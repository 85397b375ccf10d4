//! `diagram`: the drawing as a picture, the same bytes as the window exports.

use std::path::Path;

use super::{Ending, args, designs, print};
use crate::engine::desk::output::{Kind, Output};
use crate::engine::desk::picture;
use crate::model::diagram::{PictureFormat, PictureStyle};
use crate::report::Report;

pub(super) fn diagram(args: &args::Diagram) -> Result<Ending, Report> {
    let format = match (args.format, &args.output) {
        (Some(format), _) => format.into(),
        (None, Some(output)) => by_name(output)?,
        (None, None) => PictureFormat::default(),
    };
    let document = designs::open(&args.file)?;
    let style = PictureStyle {
        is_dark: args.dark,
        is_anonymous: args.anonymous,
    };
    let picture = picture::render(&document, format, style)?;
    if let Some(output) = &args.output {
        let whole = Output {
            path: output,
            kind: Kind::Picture(format),
            input: Some(&args.file),
            is_forced: args.force,
        };
        whole.write(&picture)?;
        print::note(format_args!("Wrote the picture to {}", output.display()));
        return Ok(Ending::Fine);
    }
    let text = String::from_utf8(picture).map_err(|_| {
        Report::new("A PNG cannot be printed to standard output").hint(
            "Name an output file: \
             -o FILE.png",
        )
    })?;
    print::text(&text);
    Ok(Ending::Fine)
}

fn by_name(output: &Path) -> Result<PictureFormat, Report> {
    let extension = output.extension().unwrap_or_default().to_string_lossy();
    PictureFormat::of_extension(&extension).ok_or_else(|| {
        let headline = format!("\"{}\" does not name a picture format", output.display());
        Report::new(headline).hint("Use a name that ends in .svg, .png, .mmd or .dot, or add --format")
    })
}
