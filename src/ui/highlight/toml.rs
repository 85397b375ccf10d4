//! A line of a design.

use super::pen::{Pen, SWITCHES, is_name, value};
use super::{Kind, Language};

pub(super) fn toml(pen: &mut Pen<'_>, open: &mut Option<&'static str>) {
    pen.blanks();
    let head = pen.left().split('#').next().unwrap_or_default().trim_end();
    if head.starts_with('[') && head.ends_with(']') && !head.contains(['=', ',']) {
        pen.take(Kind::Section, head.len());
    }
    // Before a `=` stands a key, behind it a value; a comma inside `{ … }` begins the next key.
    let mut braces = 0_usize;
    let mut is_key = pen.left().contains('=');
    while let Some(letter) = pen.first() {
        let quotes = ["\"\"\"", "'''", "\"", "'"]
            .into_iter()
            .find(|quotes| pen.left().starts_with(quotes));
        match (letter, quotes) {
            ('#', _) => pen.rest(Kind::Comment),
            (_, Some(quotes)) if is_key && quotes.len() == 1 => {
                let before = pen.pieces.len();
                pen.text(quotes, Language::Toml);
                if let Some(piece) = pen.pieces.get_mut(before) {
                    piece.0 = Kind::Name;
                }
            }
            (_, Some(quotes)) => {
                // A text in single quotes ends in its line; if it does not, the next line is not coloured for it.
                if !pen.text(quotes, Language::Toml) && quotes.len() == 3 {
                    *open = Some(quotes);
                }
            }
            ('=', _) => {
                is_key = false;
                pen.take_letter(Kind::Plain);
            }
            ('{', _) => {
                braces += 1;
                is_key = true;
                pen.take_letter(Kind::Plain);
            }
            ('}', _) => {
                braces = braces.saturating_sub(1);
                pen.take_letter(Kind::Plain);
            }
            (',', _) => {
                is_key = braces > 0;
                pen.take_letter(Kind::Plain);
            }
            (letter, _) if is_name(letter) || letter == '+' => {
                if is_key {
                    pen.take_while(Kind::Name, is_name);
                    if pen.first() == Some('+') {
                        pen.take_letter(Kind::Plain);
                    }
                } else {
                    value(pen, &SWITCHES);
                }
            }
            _ => pen.take_letter(Kind::Plain),
        }
    }
}
