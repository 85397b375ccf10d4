//! What is asked of a cluster whose servers change their roles.

use std::path::PathBuf;

use super::Show;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Switchover {
    /// The cluster's folder
    pub(in crate::cli) dir: PathBuf,
    /// The standby that becomes the primary
    pub(in crate::cli) server: String,
    #[command(flatten)]
    pub(in crate::cli) show: Show,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Failover {
    /// The cluster's folder
    pub(in crate::cli) dir: PathBuf,
    /// The standby that takes over [default: the one that has received the most WAL]
    pub(in crate::cli) server: Option<String>,
    /// Do not ask: accept that transactions may be lost
    #[arg(long)]
    pub(in crate::cli) yes: bool,
    #[command(flatten)]
    pub(in crate::cli) show: Show,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Rejoin {
    /// The cluster's folder
    pub(in crate::cli) dir: PathBuf,
    /// The server that comes back
    pub(in crate::cli) server: String,
    /// Do not ask: accept that transactions that only this server has are lost
    #[arg(long)]
    pub(in crate::cli) yes: bool,
    #[command(flatten)]
    pub(in crate::cli) show: Show,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Follow {
    /// The cluster's folder
    pub(in crate::cli) dir: PathBuf,
    /// The standby that moves
    pub(in crate::cli) server: String,
    /// The server that it will follow
    pub(in crate::cli) upstream: String,
    #[command(flatten)]
    pub(in crate::cli) show: Show,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Restart {
    /// The cluster's folder
    pub(in crate::cli) dir: PathBuf,
    /// The servers to restart [default: all]
    #[arg(value_name = "SERVER")]
    pub(in crate::cli) servers: Vec<String>,
    /// Restart one server at a time, standbys without downstreams first, each only after the previous one streams again
    #[arg(long)]
    pub(in crate::cli) rolling: bool,
    #[command(flatten)]
    pub(in crate::cli) show: Show,
}

/// Servers of a cluster.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct SomeServers {
    /// The cluster's folder
    pub(in crate::cli) dir: PathBuf,
    /// The servers [default: all]
    #[arg(value_name = "SERVER")]
    pub(in crate::cli) servers: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) show: Show,
}

/// One server of a cluster.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct OneServer {
    /// The cluster's folder
    pub(in crate::cli) dir: PathBuf,
    /// The server
    pub(in crate::cli) server: String,
    #[command(flatten)]
    pub(in crate::cli) show: Show,
}
