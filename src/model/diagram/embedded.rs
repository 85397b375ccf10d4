//! A picture that holds its design: where it stands in an SVG, under which keyword in a PNG, and how it is found again.

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

/// The design's text in an SVG that pgcascade wrote; `None` if it is any other one.
pub fn in_svg(svg: &str) -> Option<String> {
    let options = roxmltree::ParsingOptions {
        allow_dtd: true,
        ..Default::default()
    };
    let tree = roxmltree::Document::parse_with_options(svg, options).ok()?;
    let metadata = tree
        .descendants()
        .find(|node| node.tag_name().name() == "metadata" && node.attribute("id") == Some(METADATA_ID))?;
    metadata.text().map(str::to_owned)
}

/// The design's text in a PNG that pgcascade wrote; `None` if it is any other one.
pub fn in_png(png: &[u8]) -> Option<String> {
    let reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().ok()?;
    let chunk = reader
        .info()
        .utf8_text
        .iter()
        .find(|chunk| chunk.keyword == PNG_KEYWORD)?;
    chunk.get_text().ok()
}
