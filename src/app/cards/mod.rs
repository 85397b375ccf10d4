//! What cards, links and rows say, as plain data: the window only draws it.
//!
//! Start with [`describe`]: the session goes in, a [`Card`] for every server comes out. `card` is the data, `drawn` makes it
//! for the design, `foreseen` for a world of What-if, `outlook` is how a server fares there in a word.

mod card;
mod drawn;
mod foreseen;
mod meaning;
mod outlook;
#[cfg(test)]
mod tests;

pub use card::{BY_ARCHIVE, Badge, BadgeKind, Card, Fold, Life, Link, LinkLook, Look, Trouble, Work};
pub use drawn::describe;
pub use outlook::{Outlook, outlook_of};
