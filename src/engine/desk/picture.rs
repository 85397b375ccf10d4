//! A design's picture as bytes: SVG, Mermaid and DOT as the model writes them, PNG drawn from the SVG.
//!
//! Pixels need letters: Noto Sans is built in, so that a picture looks the same on every machine; only where a name has
//! letters that it lacks (Chinese, emoji …) the machine's own fonts are looked through.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, fontdb};

use crate::model::diagram::{self, PictureFormat, PictureStyle, embedded};
use crate::model::document::Document;
use crate::report::Report;

static REGULAR: &[u8] = include_bytes!("../../../assets/fonts/NotoSans-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../../../assets/fonts/NotoSans-Bold.ttf");

/// Pixels for a point: sharp also on a slide.
const SCALE: f32 = 2.0;

/// No side of a PNG is longer (pixels): a larger design is drawn smaller. 268 million pixels at most, a gigabyte.
const LONGEST_SIDE: f32 = 16_384.0;

/// The whole file. Takes seconds for a thousand servers as PNG; never fails for the other formats.
///
/// # Errors
///
/// If there is no memory for the pixels of a PNG, or they cannot be encoded.
pub fn render(document: &Document, format: PictureFormat, style: PictureStyle) -> Result<Vec<u8>, Report> {
    match format {
        PictureFormat::Svg => Ok(diagram::svg(document, style).into_bytes()),
        PictureFormat::Mermaid => Ok(diagram::mermaid(document, style).into_bytes()),
        PictureFormat::Dot => Ok(diagram::dot(document, style).into_bytes()),
        PictureFormat::Png => {
            let design = diagram::shown(document, style).text();
            png(&diagram::svg(document, style), &design)
        }
    }
}

fn png(svg: &str, design: &str) -> Result<Vec<u8>, Report> {
    let failed = |cause: String| {
        let mut report = Report::new("The picture could not be drawn.");
        report.causes = vec![cause];
        report.hint("An SVG of the same design holds the same picture.")
    };
    let options = usvg::Options {
        fontdb: Arc::new(fonts(svg)),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(svg, &options).map_err(|error| failed(error.to_string()))?;
    let size = tree.size();
    let scale = SCALE.min(LONGEST_SIDE / size.width().max(size.height()));
    let pixels = |side: f32| (side * scale).ceil().max(1.0) as u32;
    let (width, height) = (pixels(size.width()), pixels(size.height()));
    let mut pixmap =
        Pixmap::new(width, height).ok_or_else(|| failed("There is no memory for its pixels.".to_owned()))?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    encode(&pixmap, design).map_err(|error| failed(error.to_string()))
}

fn fonts(svg: &str) -> fontdb::Database {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(REGULAR.to_vec());
    fonts.load_font_data(BOLD.to_vec());
    fonts.set_sans_serif_family("Noto Sans");
    // Latin, Greek, Cyrillic and the signs between them are in Noto Sans.
    let is_built_in = |letter: char| letter < '\u{0530}' || ('\u{1e00}'..'\u{2200}').contains(&letter);
    if !svg.chars().all(is_built_in) {
        fonts.load_system_fonts();
    }
    fonts
}

/// The background covers everything, so that no pixel is transparent and none must be divided by its alpha.
fn encode(pixmap: &Pixmap, design: &str) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, pixmap.width(), pixmap.height());
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.add_itxt_chunk(embedded::PNG_KEYWORD.to_owned(), design.to_owned())?;
    encoder.write_header()?.write_image_data(pixmap.data())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::document::{format, templates};

    #[test]
    fn a_png_opens_as_the_same_design() {
        for name in ["seed", "quorum"] {
            let template = templates::find(name).unwrap();
            let document = format::read(template.text).unwrap();
            let png = render(&document, PictureFormat::Png, PictureStyle::default()).unwrap();
            assert_eq!(diagram::Container::of(&png), Some(diagram::Container::Png));
            assert_eq!(
                embedded::in_png(&png).unwrap().unwrap(),
                template.text,
                "{}",
                template.name
            );
        }
    }

    #[test]
    fn a_picture_shows_more_than_its_background() {
        let document = format::read(templates::find("seed").unwrap().text).unwrap();
        for is_dark in [false, true] {
            let style = PictureStyle {
                is_dark,
                is_anonymous: false,
            };
            let png = render(&document, PictureFormat::Png, style).unwrap();
            let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            reader.next_frame(&mut pixels).unwrap();
            let colours: std::collections::BTreeSet<&[u8]> = pixels.chunks_exact(4).collect();
            assert!(colours.len() > 100 && colours.iter().all(|colour| colour[3] == 255));
        }
    }
}
