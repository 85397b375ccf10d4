//! What lies on the user's desk beside the design: preferences, designs of before, the clusters of this machine.
//!
//! Plain data: the engine finds and keeps it, the window and the command line show it.

mod clusters;
mod connections;
mod designs;
mod fonts;
mod preferences;

pub use clusters::{Condition, LeftCluster, LeftState, Listed};
pub use connections::{Password, RecentConnection};
pub use designs::{RecentDesign, Unsaved};
pub use fonts::FontFile;
pub use preferences::{ENGLISH, Preferences, Removal, TextSize, Theme};
