//! Text as it may be shown: what would act on a terminal, or make a line read otherwise than it is, stands there escaped.
//!
//! A name, a path, a server's message or a log's tail can hold anything: an escape sequence that clears the screen, a
//! right-to-left override that turns `exe.txt` round, a line separator that fakes a second line. This is the only
//! place where it is decided what is shown as it is.

use std::borrow::Cow;

/// One line: every control character is escaped, line breaks too.
pub fn visible(text: &str) -> String {
    escaped(text, |letter| !is_harmful(letter)).into_owned()
}

/// Several lines: their breaks and tabs stay.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |letter| {
        matches!(letter, '\n' | '\t') || !is_harmful(letter)
    })
}

fn escaped(text: &str, is_shown: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.chars().all(&is_shown) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if is_shown(letter) {
            shown.push(letter);
        } else {
            shown.extend(letter.escape_default());
        }
    }
    Cow::Owned(shown)
}

/// True for what is not seen itself, and changes what is seen of the rest.
fn is_harmful(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            // Soft hyphen, combining grapheme joiner, Arabic letter mark, Hangul and Khmer fillers, Mongolian vowel separator.
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180e}'
            // Zero-width spaces and joiners, direction marks; line and paragraph separator; embeddings and overrides.
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            // Word joiner and invisible operators, isolates, old format characters.
            | '\u{2060}'..='\u{206f}'
            // Hangul filler, byte order mark, half-width filler, interlinear annotations, tags.
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_the_reader_is_escaped_and_the_rest_stays() {
        for (text, shown) in [
            ("slave1 é 日本 🐘 \"x\" \\", "slave1 é 日本 🐘 \"x\" \\"),
            ("a\nb\u{1b}[31m", r"a\nb\u{1b}[31m"),
            ("exe\u{202e}txt", r"exe\u{202e}txt"),
            ("\u{2066}a\u{2069}", r"\u{2066}a\u{2069}"),
            ("a\u{2028}b\u{2029}", r"a\u{2028}b\u{2029}"),
            ("a\u{200b}\u{feff}", r"a\u{200b}\u{feff}"),
            ("\u{9b}2J\u{7f}", r"\u{9b}2J\u{7f}"),
        ] {
            assert_eq!(visible(text), shown);
            assert_eq!(visible(shown), shown, "shown twice is shown the same");
        }
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(
            visible_lines("a\tb\nc\r\u{1b}]0;x\u{7}"),
            "a\tb\nc\\r\\u{1b}]0;x\\u{7}"
        );
    }
}
