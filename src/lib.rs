//! pgcascade: draw a PostgreSQL replication cluster, see what is wrong with it, export its configuration,
//! run it on this machine.
//!
//! *model knows, engine does, app decides, ui draws, cli prints.* Arrows go one way only:
//!
//! ```text
//!            ┌──────── cli  (prints)
//!            ▼
//! model ◄── engine ◄── app ◄── ui
//! (knows)   (does)  (decides) (draws)
//! ```
//!
//! Reading order: [`model::topology`], [`model::document`], [`model::bundle`], [`model::plan`], then
//! [`engine`], then `app` and `ui`, or [`cli`]. ARCHITECTURE.md is the tour.

pub mod app;
pub mod cli;
pub mod engine;
pub mod model;
pub mod report;
#[cfg(feature = "gui")]
pub mod ui;
