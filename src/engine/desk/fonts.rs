//! The machine's own fonts, for scripts that the built-in face lacks: Arabic, Chinese, Devanagari …

use std::sync::Arc;

use resvg::usvg::fontdb::{Database, FaceInfo, ID, Style};
use skrifa::{FontRef, MetadataProvider as _};

use crate::model::desk::FontFile;

/// A font of every Chinese sign has 20 MB; a file that is larger than this is left alone.
const LARGEST: usize = 64 * 1024 * 1024;

/// Of a thousand fonts nobody needs more for the names of a design.
const MOST_FONTS: usize = 8;

/// As few of the machine's fonts as have these letters between them; letters that no font here has are left out.
pub fn covering(letters: &str) -> Vec<FontFile> {
    let mut fonts = Database::new();
    fonts.load_system_fonts();
    let mut missing: Vec<char> = letters.chars().collect();
    missing.sort_unstable();
    missing.dedup();
    let mut coverages: Vec<(ID, Vec<char>)> = fonts
        .faces()
        .filter(|face| is_plain(face))
        .map(|face| (face.id, covered(&fonts, face.id, &missing)))
        .collect();
    let mut found = Vec::new();
    while found.len() < MOST_FONTS {
        let count = |covered: &[char]| covered.iter().filter(|letter| missing.contains(letter)).count();
        // The first of those that have most of them.
        let best = coverages.iter().map(|(_, covered)| count(covered)).max();
        let Some(most) = best.filter(|most| *most > 0) else {
            break;
        };
        let Some(place) = coverages.iter().position(|(_, covered)| count(covered) == most) else {
            break;
        };
        let (id, covered) = coverages.swap_remove(place);
        if let Some(font) = load(&fonts, id) {
            missing.retain(|letter| !covered.contains(letter));
            found.push(font);
        }
    }
    found
}

/// Upright, of usual weight and width: as the built-in face.
fn is_plain(face: &FaceInfo) -> bool {
    face.style == Style::Normal && face.weight.0 == 400 && !face.monospaced
}

/// Those of the letters that a font has; none of a file that is not a font after all.
fn covered(fonts: &Database, id: ID, letters: &[char]) -> Vec<char> {
    let found = fonts.with_face_data(id, |bytes, index| {
        let font = FontRef::from_index(bytes, index).ok()?;
        let map = font.charmap();
        let has = |letter: &&char| map.map(**letter).is_some();
        Some(letters.iter().filter(has).copied().collect())
    });
    found.flatten().unwrap_or_default()
}

fn load(fonts: &Database, id: ID) -> Option<FontFile> {
    let name = fonts.face(id)?.post_script_name.clone();
    let bytes = |bytes: &[u8], index| {
        let fits = bytes.len() <= LARGEST;
        fits.then(|| FontFile {
            name,
            bytes: Arc::from(bytes),
            index,
        })
    };
    fonts.with_face_data(id, bytes)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_no_font_has_bring_none() {
        // A private place of Unicode, and nothing at all.
        assert_eq!(covering("\u{10fffd}"), []);
        assert_eq!(covering(""), []);
    }

    #[test]
    fn a_font_that_is_brought_has_the_letters() {
        // Whatever this machine has: each font is there for a letter.
        for font in covering("日本語العربيةहिन्दी") {
            let loaded = FontRef::from_index(&font.bytes, font.index).unwrap();
            let map = loaded.charmap();
            assert!(
                "日本語العربيةहिन्दी"
                    .chars()
                    .any(|letter| map.map(letter).is_some()),
                "{}",
                font.name
            );
        }
    }
}
