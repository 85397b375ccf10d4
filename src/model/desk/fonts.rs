//! A font of this machine.

use std::fmt;
use std::sync::Arc;

/// The file's bytes, and which of the fonts in it is meant.
#[derive(Clone, PartialEq, Eq)]
pub struct FontFile {
    pub name: String,
    pub bytes: Arc<[u8]>,
    pub index: u32,
}

impl fmt::Debug for FontFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FontFile({}, {} bytes)", self.name, self.bytes.len())
    }
}
