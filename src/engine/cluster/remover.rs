//! The hand that takes a cluster away. Each of its deeds ends or removes one thing, so that a test can let any of them
//! fail, or be the last one before pgcascade dies; what decides which deed comes next is `teardown` and `removal`.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};

use crate::engine::cluster::site::Site;
use crate::engine::desk::store;
use crate::engine::postgres::server::{self, Target};
use crate::engine::servers_user::keeper;
use crate::engine::system::files;
use crate::engine::system::wait::{Failure, Wait};

pub(in crate::engine) trait Hand: Clone + Send + Sync + 'static {
    /// Where the list of clusters is.
    fn state(&self) -> Option<PathBuf>;

    /// Ends a server that is proved to be ours. Says whether there was one.
    fn stop(
        &self,
        site: &Site,
        target: &Target,
        wait: &Wait,
    ) -> impl Future<Output = Result<bool, Failure>> + Send;

    /// Ends what else runs of the cluster with these servers' folders, and says how many there were.
    fn sweep(
        &self,
        site: &Site,
        folders: &[String],
        wait: &Wait,
    ) -> impl Future<Output = Result<usize, Failure>> + Send;

    fn remove_file(&self, path: &Path) -> io::Result<()>;

    fn remove_tree(&self, path: &Path) -> io::Result<()>;

    /// `Ok(false)`: something is in it, so it stays.
    fn remove_if_empty(&self, path: &Path) -> io::Result<bool>;
}

/// The real one.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct OwnHand;

impl Hand for OwnHand {
    fn state(&self) -> Option<PathBuf> {
        store::state_folder()
    }

    async fn stop(&self, site: &Site, target: &Target, wait: &Wait) -> Result<bool, Failure> {
        server::stop(site, target, None, server::FAST_STOP_FOR_GOOD, wait).await
    }

    async fn sweep(&self, site: &Site, folders: &[String], wait: &Wait) -> Result<usize, Failure> {
        server::sweep(site, folders.iter().map(String::as_str), wait).await
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        files::remove_file(path)
    }

    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        files::remove_tree(path)
    }

    fn remove_if_empty(&self, path: &Path) -> io::Result<bool> {
        match files::remove_if_empty(path) {
            // Where root called, root can take away what root made.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => match keeper::give_back(path) {
                Ok(()) => Ok(true),
                Err(_) => Err(error),
            },
            removed => removed,
        }
    }
}
