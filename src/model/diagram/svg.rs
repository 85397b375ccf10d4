//! A diagram as SVG 1.1, readable as a file: a group per server, a path per link, the design in `<metadata>`.

use std::fmt::{self, Write as _};

use super::embedded::METADATA_ID;
use super::{CardBox, Curve, Diagram, Line, Palette};
use crate::model::document::arrange::CARD;
use crate::model::document::sites::SiteArea;
use crate::model::visible::visible;
use crate::model::words::name_within;

/// The first one is what `engine::picture` draws with.
const FONTS: &str = "'Noto Sans', 'Segoe UI', 'Helvetica Neue', Arial, sans-serif";

/// Sizes of type, and the space that text leaves on both sides of a card.
const NAME: f32 = 15.0;
const DETAIL: f32 = 12.0;
const LABEL: f32 = 11.0;
const PADDING: f32 = 14.0;
/// A dash of a link, with what is free after it.
const DASH: f32 = 10.5;

/// Where the title begins.
const SIDE: f32 = 32.0;

/// What is written, and for whom.
struct Svg {
    text: String,
    /// Only pixels are made of it: no type and no dash is wanted that is smaller than this (points), and no word that does not
    /// show.
    least: Option<f32>,
}

impl Svg {
    fn shows(&self, size: f32) -> bool {
        self.least.is_none_or(|least| size >= least)
    }
}

impl fmt::Write for Svg {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text.push_str(text);
        Ok(())
    }
}

/// The picture as a file, with the design in it.
pub(super) fn write(diagram: &Diagram, palette: &Palette, design: &str) -> String {
    written(diagram, palette, design, None)
}

/// The same as it is drawn in pixels, without what would be smaller than `least` points.
pub(super) fn write_for_pixels(diagram: &Diagram, palette: &Palette, least: f32) -> String {
    written(diagram, palette, "", Some(least))
}

fn written(diagram: &Diagram, palette: &Palette, design: &str, least: Option<f32>) -> String {
    let Diagram { width, height, .. } = diagram;
    let text_so_far = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"{FONTS}\">\n\
         <title>{}</title>\n<metadata id=\"{METADATA_ID}\">{}</metadata>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>\n",
        escaped(&visible(&diagram.title)),
        escaped(design),
        palette.canvas,
    );
    let mut svg = Svg {
        text: text_so_far,
        least,
    };
    let room = width - 2.0 * SIDE;
    text(
        &mut svg,
        [SIDE, 36.0],
        &cut(&diagram.title, 18.0, room),
        (18.0, palette.text, "start", true),
    );
    let subtitle = cut(&diagram.subtitle, DETAIL, room);
    text(
        &mut svg,
        [SIDE, 56.0],
        &subtitle,
        (DETAIL, palette.text_weak, "start", false),
    );
    for site in &diagram.sites {
        write_site(&mut svg, site, palette);
    }
    for link in &diagram.links {
        write_link(&mut svg, link, palette);
    }
    // Words above all lines: other links may run there.
    for link in &diagram.links {
        write_label(&mut svg, link, palette);
    }
    for card in &diagram.cards {
        write_card(&mut svg, card, palette);
    }
    svg.text.push_str("</svg>\n");
    svg.text
}

fn write_site(svg: &mut Svg, site: &SiteArea, palette: &Palette) {
    let colour = palette.site(site.colour);
    for part in &site.parts {
        let ([x, y], [right, bottom]) = (part.min, part.max);
        let (width, height) = (right - x, bottom - y);
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"14\" fill=\"{colour}\" fill-opacity=\"0.08\" stroke=\"{colour}\" stroke-opacity=\"0.4\"/>"
        );
        let name = cut(site.site.as_str(), DETAIL, width - 2.0 * PADDING);
        text(
            svg,
            [x + PADDING, y + 16.0],
            &name,
            (DETAIL, colour, "start", false),
        );
    }
}

fn write_card(svg: &mut Svg, card: &CardBox, palette: &Palette) {
    let [x, y] = card.at;
    let [width, height] = CARD;
    let tone = palette.of(card.tone);
    let (stroke, stroke_width) = if card.is_primary {
        (palette.primary, 2.0)
    } else {
        (palette.card_stroke, 1.2)
    };
    svg.text.push_str("<g>\n");
    if svg.least.is_none() {
        let title = visible(&format!("{}, {}", card.name, card.detail));
        let _ = writeln!(svg, "<title>{}</title>", escaped(&title));
    }
    let _ = writeln!(
        svg,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{}\" stroke=\"{stroke}\" stroke-width=\"{stroke_width}\"/>",
        palette.card
    );
    let room = width - 2.0 * PADDING;
    let left = x + PADDING;
    text(
        svg,
        [left, y + 26.0],
        &name_within(room, &card.name, |letter| width_of_letter(letter) * NAME * 1.08),
        (NAME, palette.text, "start", true),
    );
    text(
        svg,
        [left, y + 45.0],
        &cut(&card.detail, DETAIL, room),
        (DETAIL, palette.text_weak, "start", false),
    );
    let badge = cut(&card.badge, DETAIL, room - 16.0);
    let pill = width_of(&badge, DETAIL) + 14.0;
    let _ = writeln!(
        svg,
        "<rect x=\"{left}\" y=\"{}\" width=\"{pill}\" height=\"19\" rx=\"9.5\" fill=\"{tone}\" fill-opacity=\"0.14\"/>",
        y + 55.0,
    );
    let middle = [left + pill / 2.0, y + 69.0];
    text(svg, middle, &badge, (DETAIL, tone, "middle", false));
    svg.text.push_str("</g>\n");
}

fn write_link(svg: &mut Svg, link: &Curve, palette: &Palette) {
    let [from, mut first, mut before, tip] = link.points;
    let (dx, dy) = (tip[0] - before[0], tip[1] - before[1]);
    let length = dx.hypot(dy).max(1.0);
    let way = [dx / length, dy / length];
    // The line ends in the arrow's head, so that its blunt end does not show beside the tip.
    let neck = [tip[0] - way[0] * 7.0, tip[1] - way[1] * 7.0];
    before = [before[0] - way[0] * 7.0, before[1] - way[1] * 7.0];
    if first == before {
        first = from;
    }
    let (width, dash) = match link.line {
        Line::Fallback if svg.shows(DASH) => (1.0, " stroke-dasharray=\"3.5 5\""),
        Line::Fallback => (1.0, ""),
        Line::Dashed if svg.shows(DASH) => (1.8, " stroke-dasharray=\"6 4.5\""),
        Line::Dotted if svg.shows(DASH) => (1.8, " stroke-dasharray=\"1.8 4.2\""),
        _ => (1.8, ""),
    };
    let _ = writeln!(
        svg,
        "<path d=\"M{} C{} {} {}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\"{dash}/>",
        point(from),
        point(first),
        point(before),
        point(neck),
        palette.link
    );
    if link.line == Line::Fallback {
        return;
    }
    let side = [-way[1] * 4.0, way[0] * 4.0];
    let back = [tip[0] - way[0] * 9.0, tip[1] - way[1] * 9.0];
    let _ = writeln!(
        svg,
        "<path d=\"M{} L{} L{} Z\" fill=\"{}\"/>",
        point(tip),
        point([back[0] + side[0], back[1] + side[1]]),
        point([back[0] - side[0], back[1] - side[1]]),
        palette.link
    );
}

/// The words stand where the link arrives, on the side it does not come from.
fn write_label(svg: &mut Svg, link: &Curve, palette: &Palette) {
    if !svg.shows(LABEL) || link.label.is_empty() {
        return;
    }
    let [from, _, before, tip] = link.points;
    let is_upright = (tip[0] - before[0]).abs() < 1.0;
    let comes_from_right = from[0] > tip[0] + 1.0;
    let (at, anchor) = match (is_upright, comes_from_right) {
        (true, true) => ([tip[0] - 9.0, tip[1] - 12.0], "end"),
        (true, false) => ([tip[0] + 9.0, tip[1] - 12.0], "start"),
        (false, _) => (
            [from[0].midpoint(tip[0]), from[1].midpoint(tip[1]) - 8.0],
            "middle",
        ),
    };
    let width = width_of(&link.label, LABEL) + 6.0;
    let left = match anchor {
        "end" => at[0] - width + 3.0,
        "start" => at[0] - 3.0,
        _ => at[0] - width / 2.0,
    };
    let _ = writeln!(
        svg,
        "<rect x=\"{left}\" y=\"{}\" width=\"{width}\" height=\"15\" rx=\"4\" fill=\"{}\"/>",
        at[1] - 11.5,
        palette.canvas
    );
    text(svg, at, &link.label, (LABEL, palette.text_weak, anchor, false));
}

fn text(svg: &mut Svg, [x, y]: [f32; 2], words: &str, style: (f32, &str, &str, bool)) {
    let (size, fill, anchor, is_bold) = style;
    if !svg.shows(size) {
        return;
    }
    let weight = if is_bold { " font-weight=\"bold\"" } else { "" };
    let anchor = if anchor == "start" {
        String::new()
    } else {
        format!(" text-anchor=\"{anchor}\"")
    };
    let _ = writeln!(
        svg,
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"{fill}\"{weight}{anchor} xml:space=\"preserve\">{}</text>",
        escaped(&visible(words))
    );
}

fn point([x, y]: [f32; 2]) -> String {
    format!("{x} {y}")
}

fn width_of(text: &str, size: f32) -> f32 {
    text.chars().map(width_of_letter).sum::<f32>() * size
}

/// About how wide a letter is, for a size of one: a picture is drawn by programs that have their own fonts, so that it is
/// guessed, rather too wide than too narrow.
fn width_of_letter(letter: char) -> f32 {
    match letter {
        'i' | 'j' | 'l' | 'I' | '|' | '.' | ',' | ':' | ';' | '\'' | '!' => 0.30,
        ' ' | 'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | '"' | '·' => 0.42,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' => 0.95,
        'a'..='z' | '0'..='9' => 0.60,
        'A'..='Z' => 0.70,
        letter if letter.is_ascii() => 0.65,
        letter if (letter as u32) < 0x1100 => 0.75,
        _ => 1.05,
    }
}

/// The text, or its beginning with an ellipsis where it would be wider than `room`; the whole is in the card's title.
fn cut(text: &str, size: f32, room: f32) -> String {
    if width_of(text, size) <= room {
        return text.to_owned();
    }
    let mut shown = String::new();
    for letter in text.chars() {
        shown.push(letter);
        if width_of(&shown, size) + width_of("…", size) > room {
            shown.pop();
            break;
        }
    }
    format!("{}…", shown.trim_end())
}

/// As text of an XML element. What XML cannot hold at all is replaced; a line's end must survive the reader, which
/// takes a bare carriage return away.
pub(super) fn escaped(text: &str) -> String {
    let mut xml = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '\r' => xml.push_str("&#13;"),
            '\t' | '\n' => xml.push(letter),
            letter if letter < ' ' || matches!(letter, '\u{fffe}' | '\u{ffff}') => xml.push('\u{fffd}'),
            letter => xml.push(letter),
        }
    }
    xml
}
