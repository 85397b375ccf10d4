//! The text of a page: **bold**, *emphasis* and `code`, and the words of the glossary with their explanation on hover.

use egui::{Label, RichText, TextStyle, Ui};

use crate::model::simulate::verdict::glossary;
use crate::ui::fonts::strong;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Style {
    is_strong: bool,
    is_slanted: bool,
    is_code: bool,
}

/// Pieces of one style each.
fn pieces(text: &str) -> Vec<(String, Style)> {
    let mut pieces: Vec<(String, Style)> = Vec::new();
    let mut style = Style::default();
    let mut piece = String::new();
    let mut letters = text.chars().peekable();
    let mut end = |piece: &mut String, style: Style| {
        if !piece.is_empty() {
            pieces.push((std::mem::take(piece), style));
        }
    };
    while let Some(letter) = letters.next() {
        match letter {
            '`' => {
                end(&mut piece, style);
                style.is_code = !style.is_code;
            }
            '*' if !style.is_code => {
                end(&mut piece, style);
                if letters.next_if_eq(&'*').is_some() {
                    style.is_strong = !style.is_strong;
                } else {
                    style.is_slanted = !style.is_slanted;
                }
            }
            _ => piece.push(letter),
        }
    }
    end(&mut piece, style);
    pieces
}

/// A paragraph that wraps.
pub fn rich_ui(ui: &mut Ui, text: &str) {
    ui.scope(|ui| {
        // All lines are as far from one another: nothing here is as high as a button.
        ui.spacing_mut().interact_size.y = 0.0;
        paragraph_ui(ui, text);
    });
}

fn paragraph_ui(ui: &mut Ui, text: &str) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(0.0, 3.0);
        let strong = strong(ui);
        for (piece, style) in pieces(text) {
            let styled = |text: &str| {
                let mut rich = RichText::new(text).text_style(TextStyle::Body);
                if style.is_strong {
                    rich = rich.family(strong.clone());
                }
                if style.is_slanted {
                    rich = rich.italics();
                }
                if style.is_code {
                    rich = rich.monospace();
                }
                rich
            };
            if style.is_code {
                ui.add(Label::new(styled(&piece)));
                continue;
            }
            let mut at = 0;
            for place in glossary::places_in(&piece) {
                plain_ui(ui, piece.get(at..place.from).unwrap_or_default(), &styled);
                let word = styled(piece.get(place.from..place.to).unwrap_or_default()).underline();
                ui.add(Label::new(word))
                    .on_hover_text(format!("{}: {}", place.word, place.meaning));
                at = place.to;
            }
            plain_ui(ui, piece.get(at..).unwrap_or_default(), &styled);
        }
    });
}

fn plain_ui(ui: &mut Ui, text: &str, styled: &impl Fn(&str) -> RichText) {
    if !text.is_empty() {
        ui.add(Label::new(styled(text)).wrap());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_become_styles_and_are_not_shown() {
        let found = pieces("a **b** *c* `d*e`");
        let texts: Vec<&str> = found.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(texts, ["a ", "b", " ", "c", " ", "d*e"]);
        assert!(found[1].1.is_strong && found[3].1.is_slanted && found[5].1.is_code);
    }
}
