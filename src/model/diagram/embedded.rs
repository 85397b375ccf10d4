//! A picture that holds its design: where it stands in an SVG, under which keyword in a PNG, and how it is found again.

use thiserror::Error;

/// The id of the SVG's `<metadata>` element.
pub const METADATA_ID: &str = "pgcascade-design";

/// The keyword of the PNG's international text chunk (iTXt; PNG specification, 11.3.3.4).
pub const PNG_KEYWORD: &str = "pgcascade design";

/// What the first bytes of a file say that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    Svg,
    Png,
}

impl Container {
    /// By content, not by name. A design file is neither: TOML never begins with `<`.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            return Some(Self::Png);
        }
        let start = bytes
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(bytes)
            .trim_ascii_start();
        start.starts_with(b"<").then_some(Self::Svg)
    }
}

/// No design is larger: it is written by hand.
pub const LARGEST_DESIGN_BYTES: usize = 4 * 1024 * 1024;

/// An SVG of ten thousand servers has a tenth of these elements and texts.
const MOST_NODES: u32 = 2_000_000;

/// Of each two attributes of an element the reader compares the names, so that a million of them would take hours.
const MOST_ATTRIBUTES: usize = 1_000;

/// A picture holds a text under the design's name that cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("its embedded design is damaged or larger than {} MB", LARGEST_DESIGN_BYTES / 1024 / 1024)]
pub struct NoDesign;

/// The design's text in an SVG that pgcascade wrote; `None` if it is any other one.
///
/// # Errors
///
/// If there is a design in it that is damaged or too large.
pub fn in_svg(svg: &str) -> Result<Option<String>, NoDesign> {
    if has_too_many_attributes(svg) {
        return Err(NoDesign);
    }
    let options = roxmltree::ParsingOptions {
        allow_dtd: true,
        nodes_limit: MOST_NODES,
        ..Default::default()
    };
    let tree = match roxmltree::Document::parse_with_options(svg, options) {
        Ok(tree) => tree,
        Err(roxmltree::Error::NodesLimitReached) => return Err(NoDesign),
        Err(_) => return Ok(None),
    };
    let metadata = tree
        .descendants()
        .find(|node| node.tag_name().name() == "metadata" && node.attribute("id") == Some(METADATA_ID));
    match metadata.and_then(|metadata| metadata.text()) {
        Some(text) if text.len() > LARGEST_DESIGN_BYTES => Err(NoDesign),
        text => Ok(text.map(str::to_owned)),
    }
}

fn has_too_many_attributes(svg: &str) -> bool {
    let tags = svg.split('<').map(|tag| tag.split('>').next().unwrap_or(tag));
    tags.filter(|tag| tag.len() > MOST_ATTRIBUTES)
        .any(|tag| tag.bytes().filter(|byte| *byte == b'=').count() > MOST_ATTRIBUTES)
}

/// The design's text in a PNG that pgcascade wrote; `None` if it is any other one.
///
/// # Errors
///
/// If there is a design in it that is damaged or too large.
pub fn in_png(png: &[u8]) -> Result<Option<String>, NoDesign> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    // A colour profile is compressed as well, and nobody looks at it.
    decoder.set_ignore_iccp_chunk(true);
    let Ok(reader) = decoder.read_info() else {
        return Ok(None);
    };
    let texts = &reader.info().utf8_text;
    let Some(chunk) = texts.iter().find(|chunk| chunk.keyword == PNG_KEYWORD) else {
        return Ok(None);
    };
    // A megabyte can inflate to a thousand.
    let mut chunk = chunk.clone();
    chunk
        .decompress_text_with_limit(LARGEST_DESIGN_BYTES)
        .map_err(|_| NoDesign)?;
    match chunk.get_text() {
        Ok(text) if text.len() <= LARGEST_DESIGN_BYTES => Ok(Some(text)),
        _ => Err(NoDesign),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(design: &str, is_compressed: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 1, 1);
        let mut chunk = png::text_metadata::ITXtChunk::new(PNG_KEYWORD, design);
        chunk.compressed = is_compressed;
        encoder.set_color(png::ColorType::Rgba);
        let mut writer = encoder.write_header().unwrap();
        writer.write_text_chunk(&chunk).unwrap();
        writer.write_image_data(&[0; 4]).unwrap();
        drop(writer);
        bytes
    }

    #[test]
    fn what_inflates_to_more_than_a_design_is_refused() {
        let bomb = png(&"a".repeat(64 * 1024 * 1024), true);
        assert!(bomb.len() < 1024 * 1024);
        assert_eq!(in_png(&bomb), Err(NoDesign));
        assert_eq!(
            in_png(&png(&"a".repeat(LARGEST_DESIGN_BYTES + 1), false)),
            Err(NoDesign)
        );
        assert_eq!(
            in_png(&png("postgres = 15", true)),
            Ok(Some("postgres = 15".to_owned()))
        );
    }

    #[test]
    fn an_svg_that_would_take_hours_is_refused_at_once() {
        let attributes: String = (0..200_000).map(|number| format!(" a{number}=''")).collect();
        assert_eq!(in_svg(&format!("<svg{attributes}/>")), Err(NoDesign));
        let nodes = "<a/>".repeat(2_000_001);
        assert_eq!(in_svg(&format!("<svg>{nodes}</svg>")), Err(NoDesign));
        let large = "a".repeat(LARGEST_DESIGN_BYTES + 1);
        let svg = |design: &str| format!("<svg><metadata id='{METADATA_ID}'>{design}</metadata></svg>");
        assert_eq!(in_svg(&svg(&large)), Err(NoDesign));
        assert_eq!(in_svg(&svg("x = 1")), Ok(Some("x = 1".to_owned())));
    }
}
