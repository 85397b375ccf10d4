//! The drawing as a picture that leaves the window: a diagram of cards and links, as SVG, Mermaid or DOT.
//!
//! [`Diagram::of`] says what stands where, `svg`, `mermaid` and `dot` write it down, `anonymous` takes every name out
//! first, `embedded` gets a design back out of a picture. Pixels need fonts of the machine: `engine::picture`.

mod anonymous;
mod dot;
pub mod embedded;
pub mod face;
mod mermaid;
mod palette;
mod scene;
mod svg;

pub use anonymous::anonymous;
pub use embedded::Container;
pub use palette::{DARK, LIGHT, Palette};
pub use scene::{CardBox, Curve, Diagram, Line, Tone};

use crate::model::document::Document;

/// What a picture is written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PictureFormat {
    #[default]
    Svg,
    Png,
    /// The text that Markdown pages show as a diagram.
    Mermaid,
    /// The language of Graphviz.
    Dot,
}

/// How a picture looks, and what it gives away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PictureStyle {
    pub is_dark: bool,
    /// Without the names, hosts and free texts of the design.
    pub is_anonymous: bool,
}

impl PictureFormat {
    pub const ALL: [Self; 4] = [Self::Svg, Self::Png, Self::Mermaid, Self::Dot];

    /// By the end of a file's name, in any case.
    pub fn of_extension(extension: &str) -> Option<Self> {
        let extension = extension.to_lowercase();
        Self::ALL
            .into_iter()
            .find(|format| format.extensions().contains(&extension.as_str()))
    }

    /// The usual one first.
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Svg => &["svg"],
            Self::Png => &["png"],
            Self::Mermaid => &["mmd", "mermaid"],
            Self::Dot => &["dot", "gv"],
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Svg => "SVG",
            Self::Png => "PNG",
            Self::Mermaid => "Mermaid",
            Self::Dot => "DOT",
        }
    }

    /// True where the design itself is inside, so that the picture can be opened again.
    pub fn embeds_design(self) -> bool {
        matches!(self, Self::Svg | Self::Png)
    }
}

/// The design that a picture shows: itself, or without its names.
pub fn shown(document: &Document, style: PictureStyle) -> Document {
    if style.is_anonymous {
        anonymous(document)
    } else {
        document.clone()
    }
}

/// The picture as SVG, with the design inside.
pub fn svg(document: &Document, style: PictureStyle) -> String {
    let shown = shown(document, style);
    let Bands { diagram, palette } = Bands::of(&shown, style);
    svg::write(&diagram, palette, &shown.text())
}

/// A picture that is drawn in bands, each from an SVG of what it shows: a drawing of ten thousand servers is too large to be
/// held as a whole.
#[derive(Clone, Debug)]
pub struct Bands {
    diagram: Diagram,
    palette: &'static Palette,
}

impl Bands {
    pub fn of(shown: &Document, style: PictureStyle) -> Self {
        Self {
            diagram: Diagram::of(shown),
            palette: if style.is_dark { &DARK } else { &LIGHT },
        }
    }

    /// Width and height of the whole, in points.
    pub fn size(&self) -> [f32; 2] {
        [self.diagram.width, self.diagram.height]
    }

    /// An SVG as large as the whole picture, with what shows between these heights, but nothing that would be smaller than
    /// `least` (all in points).
    pub fn svg(&self, [top, bottom]: [f32; 2], least: f32) -> String {
        svg::write_for_pixels(&self.diagram.within(top, bottom), self.palette, least)
    }
}

/// The tree as a Mermaid flowchart.
pub fn mermaid(document: &Document, style: PictureStyle) -> String {
    mermaid::write(shown(document, style).topology())
}

/// The tree as a Graphviz digraph.
pub fn dot(document: &Document, style: PictureStyle) -> String {
    dot::write(shown(document, style).topology())
}

#[cfg(test)]
mod tests;
