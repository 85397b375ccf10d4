//! A design's picture as bytes: SVG, Mermaid and DOT as the model writes them, PNG drawn from the SVG.
//!
//! Pixels need letters: Noto Sans is built in, so that a picture looks the same on every machine; only where a name has
//! letters that it lacks (Chinese, emoji …) the machine's own fonts are looked through.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, fontdb};

use crate::model::diagram::{self, Bands, PictureFormat, PictureStyle, embedded, face};
use crate::model::document::Document;
use crate::report::Report;

/// Pixels for a point: sharp also on a slide.
const SCALE: f32 = 2.0;

/// No side of a PNG is longer (pixels): a larger design is drawn smaller. 268 million pixels at most.
const LONGEST_SIDE: f32 = 16_384.0;

/// So many pixels are drawn at once (32 MB): the whole of most pictures.
const PIXELS_OF_A_BAND: u32 = 8 * 1024 * 1024;

/// A picture of more bands is packed in a quarter of the time, into a file half as large again.
const BANDS_PACKED_WELL: usize = 4;

/// So many bands are drawn at the same time at most: more cores would only take more memory, since one writes them all.
const MOST_PAINTERS: usize = 4;

/// No word is drawn whose letters would be smaller (pixels): nobody could read it, and most of the time would go there.
const SMALLEST_TYPE: f32 = 6.0;

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
            let shown = diagram::shown(document, style);
            png(&Bands::of(&shown, style), &shown.text())
        }
    }
}

/// Band by band: on every core one is drawn while the ones before it are written. In memory are those, and what was written.
fn png(picture: &Bands, design: &str) -> Result<Vec<u8>, Report> {
    let sheet = Sheet::of(picture);
    let mut bytes = Vec::new();
    let options = usvg::Options {
        fontdb: Arc::new(fonts(&picture.svg([f32::MIN, f32::MAX], sheet.least()))),
        ..usvg::Options::default()
    };
    let written = std::thread::scope(|scope| {
        let painters = std::thread::available_parallelism()
            .map_or(1, usize::from)
            .min(MOST_PAINTERS);
        let mut drawn = Vec::new();
        for own in 0..painters {
            let (send, bands) = sync_channel(0);
            drawn.push(bands);
            let options = &options;
            scope.spawn(move || {
                for first in sheet.bands().skip(own).step_by(painters) {
                    // Nobody takes it any more once one could not be drawn or written.
                    if send.send(sheet.band(picture, first, options)).is_err() {
                        break;
                    }
                }
            });
        }
        let mut encoder = png::Encoder::new(&mut bytes, sheet.width, sheet.height);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        if sheet.bands().count() > BANDS_PACKED_WELL {
            encoder.set_compression(png::Compression::Fast);
        }
        encoder
            .add_itxt_chunk(embedded::PNG_KEYWORD.to_owned(), design.to_owned())
            .map_err(|error| error.to_string())?;
        let mut writer = encoder.write_header().map_err(|error| error.to_string())?;
        let mut rows = writer.stream_writer().map_err(|error| error.to_string())?;
        // The painters take turns.
        for (_, painter) in sheet.bands().zip(drawn.iter().cycle()) {
            let band = painter.recv().map_err(|error| error.to_string())?;
            // The background covers everything, so that no pixel is transparent and none must be divided by its alpha.
            rows.write_all(band?.data()).map_err(|error| error.to_string())?;
        }
        rows.finish().map_err(|error| error.to_string())
    });
    written.map_err(|cause: String| {
        let mut report = Report::new("The picture could not be drawn.");
        report.causes = vec![cause];
        report.hint("Export it as SVG instead.")
    })?;
    Ok(bytes)
}

/// The size of a picture in pixels, and of the bands that it is drawn in.
#[derive(Clone, Copy, Debug)]
struct Sheet {
    scale: f32,
    width: u32,
    height: u32,
    rows: u32,
}

impl Sheet {
    fn of(picture: &Bands) -> Self {
        let [width, height] = picture.size();
        let scale = SCALE.min(LONGEST_SIDE / width.max(height));
        let pixels = |side: f32| (side * scale).ceil().max(1.0) as u32;
        let (width, height) = (pixels(width), pixels(height));
        let rows = (PIXELS_OF_A_BAND / width).clamp(1, height);
        Self {
            scale,
            width,
            height,
            rows,
        }
    }

    /// The first row of each band.
    fn bands(self) -> impl Iterator<Item = u32> {
        (0..self.height).step_by(self.rows as usize)
    }

    /// What would be smaller is left out (points).
    fn least(self) -> f32 {
        SMALLEST_TYPE / self.scale
    }

    /// Draws the rows from this one on.
    fn band(self, picture: &Bands, first: u32, options: &usvg::Options<'_>) -> Result<Pixmap, String> {
        let rows = self.rows.min(self.height - first);
        let at = |row: u32| row as f32 / self.scale;
        let svg = picture.svg([at(first), at(first + rows)], self.least());
        let tree = usvg::Tree::from_str(&svg, options).map_err(|error| error.to_string())?;
        let mut pixels =
            Pixmap::new(self.width, rows).ok_or_else(|| "Not enough memory for its pixels.".to_owned())?;
        let place = Transform::from_row(self.scale, 0.0, 0.0, self.scale, 0.0, -(first as f32));
        resvg::render(&tree, place, &mut pixels.as_mut());
        Ok(pixels)
    }
}

fn fonts(svg: &str) -> fontdb::Database {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(face::REGULAR.to_vec());
    fonts.load_font_data(face::BOLD.to_vec());
    fonts.set_sans_serif_family("Noto Sans");
    if !svg.chars().all(face::has) {
        fonts.load_system_fonts();
    }
    fonts
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
