//! Tests of whole paths that need no server, display or network.

mod architecture;
#[cfg(feature = "gui")]
mod canvas;
mod cli;
#[cfg(feature = "gui")]
mod window;
