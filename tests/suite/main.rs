//! Tests of whole paths that need no server, display or network.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's panic is its message, also in its helpers"
)]

#[cfg(feature = "gui")]
mod actions;
mod architecture;
mod archive;
#[cfg(feature = "gui")]
mod breaking;
mod bundle;
#[cfg(feature = "gui")]
mod canvas;
mod cli;
#[cfg(feature = "gui")]
mod editing;
#[cfg(feature = "gui")]
mod exporting;
mod exports;
#[cfg(feature = "gui")]
mod files;
mod findings;
mod foresight;
mod golden;
mod hazards;
mod import;
mod import_exports;
#[cfg(feature = "gui")]
mod importing;
#[cfg(feature = "gui")]
mod large;
#[cfg(feature = "gui")]
mod lesson_window;
mod lessons;
mod log;
mod lost;
#[cfg(feature = "gui")]
mod manners;
#[cfg(feature = "gui")]
mod monkey;
mod provenance;
mod quoting;
#[cfg(feature = "gui")]
mod reality;
mod running;
mod scenarios;
#[cfg(feature = "gui")]
mod several;
#[cfg(feature = "gui")]
mod start;
mod steady;
#[cfg(feature = "gui")]
mod steering;
#[cfg(feature = "gui")]
mod terms_window;
#[cfg(feature = "gui")]
mod text;
#[cfg(feature = "gui")]
mod time;
#[cfg(feature = "gui")]
mod to_hosts;
mod verdicts;
mod via;
#[cfg(feature = "gui")]
mod what_if;
#[cfg(feature = "gui")]
mod window;
mod wording;
