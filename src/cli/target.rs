//! Where something is deployed, and with which PostgreSQL, as it is said on the command line.

use std::path::{Path, PathBuf};

use crate::engine::deploy::Request;
use crate::engine::desk::store;
use crate::engine::servers_user::{self, Fate};
use crate::report::Report;

const BIN_HELP: &str =
    "The folder with initdb, pg_ctl and postgres; by default the design's major among the installed ones";

/// What is to be deployed, where, and with what.
#[derive(Debug, clap::Args)]
pub(super) struct Target {
    /// The design file
    pub(super) file: PathBuf,
    /// The cluster's folder: made by the deployment, or empty
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    #[command(flatten)]
    programs: Programs,
}

/// Which PostgreSQL runs, and as whom.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Programs {
    #[arg(long, value_name = "DIR", help = BIN_HELP)]
    bin: Option<PathBuf>,
    /// The user that servers run as when pgcascade is run by root; by default postgres
    #[arg(long, value_name = "USER")]
    run_as: Option<String>,
    /// Run initdb again: take nothing from earlier deployments, and keep nothing for later ones
    #[arg(long)]
    no_cache: bool,
}

impl Target {
    pub(super) fn request(&self) -> Result<Request, Report> {
        self.programs.request(&self.dir)
    }

    pub(super) fn cache(&self) -> Option<PathBuf> {
        self.programs.cache()
    }

    /// Root goes on as the servers' user.
    pub(super) fn take_on_user(&self) -> Result<(), Report> {
        let named = self.programs.run_as.as_deref();
        servers_user::take_on(&absolute(&self.dir)?, named, Fate::MayComeOrGo)
    }
}

impl Programs {
    pub(super) fn request(&self, folder: &Path) -> Result<Request, Report> {
        Ok(Request {
            folder: absolute(folder)?,
            bin: self.bin.as_deref().map(absolute).transpose()?,
            run_as: self.run_as.clone(),
        })
    }

    /// Root goes on as the servers' user, wherever the folder will be.
    pub(super) fn take_on_user(&self) -> Result<(), Report> {
        servers_user::take_on_any(self.run_as.as_deref())
    }

    pub(super) fn cache(&self) -> Option<PathBuf> {
        if self.no_cache {
            None
        } else {
            store::cache_folder()
        }
    }
}

/// The path from the root; a cluster is known by it wherever pgcascade is called from.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, Report> {
    std::path::absolute(path)
        .map_err(|error| Report::of(format!("\"{}\" cannot be used as a path", path.display()), &error))
}
