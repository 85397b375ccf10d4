//! Tests with the machine's PostgreSQL. Required: where there is no server they fail and say so.

mod crash;
mod deploy;
mod scene;
