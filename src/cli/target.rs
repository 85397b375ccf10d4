//! Where something is deployed, and with which PostgreSQL, as it is said on the command line.

use std::path::{Path, PathBuf};

use super::via::Via;
use crate::engine::deploy::Request;
use crate::engine::desk::store;
use crate::engine::servers_user::{self, Fate};
use crate::report::Report;

const BIN_HELP: &str =
    "Folder with initdb, pg_ctl and postgres [default: the installed version that matches the design]";

/// What is to be deployed, where, and with what.
#[derive(Debug, clap::Args)]
pub(super) struct Target {
    /// The design file
    pub(super) file: PathBuf,
    /// The cluster's folder; must be empty or not exist yet; required without --via [with --via: the playbook's folder; default: FILE's name with .ansible]
    #[arg(long, value_name = "DIR", required_unless_present = "via")]
    dir: Option<PathBuf>,
    #[command(flatten)]
    pub(super) via: Via,
    /// Rehearse a design for other hosts on this machine: its hosts become localhost, and free ports are chosen
    #[arg(long, conflicts_with = "via")]
    pub(super) here: bool,
    #[command(flatten)]
    programs: Programs,
}

/// Which PostgreSQL runs, and as whom.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Programs {
    #[arg(long, value_name = "DIR", help = BIN_HELP)]
    bin: Option<PathBuf>,
    /// As root: the user to run the servers as [default: postgres]
    #[arg(long, value_name = "USER")]
    run_as: Option<String>,
    /// Run initdb instead of reusing the result of an earlier run, and do not keep the new result
    #[arg(long)]
    no_cache: bool,
}

impl Target {
    pub(super) fn request(&self) -> Result<Request, Report> {
        self.programs.request(self.folder()?)
    }

    pub(super) fn cache(&self) -> Option<PathBuf> {
        self.programs.cache()
    }

    /// The folder that was named, if any.
    pub(super) fn dir(&self) -> Option<&Path> {
        self.dir.as_deref()
    }

    /// clap asks for it where nothing but this machine is meant.
    fn folder(&self) -> Result<&Path, Report> {
        self.dir().ok_or_else(|| {
            Report::new("The command needs a folder for the cluster.").hint("Name it with --dir DIR")
        })
    }

    /// Root goes on as the servers' user.
    pub(super) fn take_on_user(&self) -> Result<(), Report> {
        let named = self.programs.run_as.as_deref();
        servers_user::take_on(&absolute(self.folder()?)?, named, Fate::MayComeOrGo)
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
