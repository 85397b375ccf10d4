//! Tests with the machine's PostgreSQL. Required: where there is no server they fail and say so.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's panic is its message, also in its helpers"
)]

mod apply;
mod bundle;
mod catalogue;
mod cli;
mod crash;
mod deploy;
mod lab;
mod predict;
mod rules;
mod safety;
mod scene;
mod versions;
mod worker;
