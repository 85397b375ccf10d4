//! The text face of pictures and of the window: Noto Sans, built in once (SIL Open Font License, `assets/fonts/OFL.txt`).

pub static REGULAR: &[u8] = include_bytes!("../../../assets/fonts/NotoSans-Regular.ttf");
pub static BOLD: &[u8] = include_bytes!("../../../assets/fonts/NotoSans-Bold.ttf");

/// Latin, Greek, Cyrillic and the signs between them: what the face certainly has.
pub fn has(letter: char) -> bool {
    letter < '\u{0530}' || ('\u{1e00}'..'\u{2200}').contains(&letter)
}
