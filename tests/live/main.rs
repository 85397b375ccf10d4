//! Tests with the machine's PostgreSQL. Required: where there is no server they fail and say so.

// clippy.toml allows them in tests; the helpers of `scene` are no tests to clippy, but have the same right.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod crash;
mod deploy;
mod scene;
