//! What stands in the cluster's folder: folders, password files, certificates, and the files of the bundle.

use std::io::ErrorKind;

use super::build::BuildHost;
use super::workbench::Workbench;
use crate::engine::cluster::record::{ClusterState, Stored};
use crate::engine::cluster::removal;
use crate::engine::cluster::remover::OwnHand;
use crate::engine::postgres::authority::Authority;
use crate::engine::system::{files, plain, random};
use crate::model::configuration::ClusterFolder;
use crate::model::plan::Certificate;
use crate::report::Report;

/// Long enough to be guessed by nobody; in hex it needs quoting nowhere.
const PASSWORD_BYTES: usize = 24;

impl Workbench {
    pub(super) fn make_folder(&self, path: &str) -> Result<(), Report> {
        let full = self.inside(path)?;
        let mut claim = self.claim();
        let found = self.found.as_ref().unwrap_or(&claim.stored);
        match files::make_folder(&full, self.site.owner) {
            // A run that was ended in the middle had made it.
            Err(error) if error.kind() == ErrorKind::AlreadyExists && is_remade(found, path, &full) => {}
            made => {
                made.map_err(|error| Report::of(format!("The folder {path} could not be created."), &error))?;
            }
        }
        if path == ClusterFolder::SERVERS {
            files::spread(&full);
        }
        claim.made.insert(full);
        Ok(())
    }

    /// Removes a data directory inside a folder that this run made; of such a folder itself what stands there by plan.
    pub(super) async fn remove_folder(&self, path: &str) -> Result<(), Report> {
        let full = self.inside(path)?;
        // What was begun ahead of its step has no step that would take it back.
        for left in self.early_copies.stop().await {
            files::remove_tree(&left).map_err(|error| self.not_removed(path, &error))?;
        }
        {
            let claim = self.claim();
            if claim.made.contains(&full) {
                return removal::remove_made(&OwnHand, &claim.stored, path);
            }
            if !full.ancestors().any(|ancestor| claim.made.contains(ancestor)) {
                return Ok(());
            }
        }
        tokio::task::spawn_blocking(move || files::remove_tree(&full))
            .await
            .map_err(|error| self.not_removed(path, &error))?
            .map_err(|error| self.not_removed(path, &error))
    }

    pub(super) fn not_removed(&self, path: &str, error: &dyn std::error::Error) -> Report {
        let full = self.site.path(path);
        Report::of(
            format!("The folder {} could not be removed.", full.display()),
            error,
        )
    }

    /// An authority, and a key and a certificate for each server. The authority's own key stays beside, so that a server
    /// that comes later can have a certificate too.
    pub(super) fn make_certificates(&self, certificates: &[Certificate]) -> Result<(), Report> {
        let failed = |error: &rcgen::Error| Report::of("The certificates could not be created.", error);
        let is_there = |path: &str| self.inside(path).is_ok_and(|path| path.exists());
        if self.found.is_some()
            && is_there(ClusterFolder::AUTHORITY_KEY)
            && is_there(ClusterFolder::AUTHORITY_CERTIFICATE)
        {
            // Of a change that was ended in the middle: servers that trust this authority may run by now.
            return certificates
                .iter()
                .try_for_each(|wanted| self.sign_certificate(wanted));
        }
        let (authority, identity) = Authority::new().map_err(|error| failed(&error))?;
        self.write(ClusterFolder::AUTHORITY_KEY, &identity.key)?;
        self.write(ClusterFolder::AUTHORITY_CERTIFICATE, &identity.certificate)?;
        certificates
            .iter()
            .try_for_each(|wanted| self.sign(&authority, wanted))
    }

    /// A certificate from the authority that the deployment made.
    pub(super) fn sign_certificate(&self, wanted: &Certificate) -> Result<(), Report> {
        let cannot = |error: &dyn std::error::Error| {
            Report::of(
                format!(
                    "The authority of the cluster cannot sign a certificate: {} cannot be used.",
                    ClusterFolder::AUTHORITY_KEY
                ),
                error,
            )
            .hint("Restore it as the deployment made it; without it, no server can be added to this cluster.")
        };
        let key = plain::text_below(&self.site.folder, ClusterFolder::AUTHORITY_KEY);
        let key = key.map_err(|error| cannot(&error))?;
        let authority = Authority::with_key(&key).map_err(|error| cannot(&error))?;
        self.sign(&authority, wanted)
    }

    fn sign(&self, authority: &Authority, wanted: &Certificate) -> Result<(), Report> {
        let identity = authority
            .sign(wanted)
            .map_err(|error| Report::of("The certificates could not be created.", &error))?;
        self.write(&ClusterFolder::certificate_key(&wanted.folder), &identity.key)?;
        self.write(&ClusterFolder::certificate(&wanted.folder), &identity.certificate)
    }

    /// Removes what stands there by plan; whatever else somebody put beside it is the folder's own affair.
    pub(super) fn remove_certificates(&self, folders: &[String]) -> Result<(), Report> {
        let claim = self.claim();
        if self
            .inside(ClusterFolder::TLS)
            .is_ok_and(|made| claim.made.contains(&made))
        {
            removal::remove_certificates(&OwnHand, &claim.stored, folders)?;
        }
        Ok(())
    }

    /// Writes a file of the bundle; a setting that is held back is left out.
    pub(super) fn install_file(
        &self,
        bundle_path: &str,
        to: &str,
        held_back: Option<&str>,
    ) -> Result<(), Report> {
        let file = self.bundle.file(bundle_path).ok_or_else(|| {
            Report::new(format!(
                "The bundle has no file {bundle_path}: this is a bug in pgcascade."
            ))
        })?;
        match held_back {
            None => self.write(to, &file.contents),
            Some(setting) => self.write(to, &without_setting(&file.contents, setting)),
        }
    }

    pub(super) fn write(&self, path: &str, text: &str) -> Result<(), Report> {
        let full = self.inside(path)?;
        files::write_whole(&full, text.as_bytes(), files::PRIVATE_FILE, self.site.owner)
            .map_err(|error| Report::of(format!("{path} could not be written."), &error))
    }

    /// A path of the plan, absolute, if it stays inside the cluster's folder.
    pub(super) fn inside(&self, path: &str) -> Result<std::path::PathBuf, Report> {
        files::inside(&self.site.folder, path)
            .ok_or_else(|| Report::new(format!("{path} is not inside the cluster's folder.")))
    }
}

/// libpq's password files: for people, and for the standbys.
pub(super) fn pass_files(
    ports: &[u16],
    superuser: &str,
    (role, replication): (&str, &str),
) -> [(&'static str, String); 2] {
    let pass_file = |user: &str, password: &str| -> String {
        let lines: Vec<String> = ports
            .iter()
            .map(|port| format!("*:{port}:*:{user}:{password}\n"))
            .collect();
        lines.concat()
    };
    [
        (
            ClusterFolder::PGPASS,
            pass_file(ClusterFolder::SUPERUSER, superuser),
        ),
        (ClusterFolder::REPLICATION_PGPASS, pass_file(role, replication)),
    ]
}

/// A configuration file without the lines that set one setting.
fn without_setting(text: &str, setting: &str) -> String {
    let sets_it = |line: &str| {
        line.trim_start()
            .strip_prefix(setting)
            .is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    text.lines()
        .filter(|line| !sets_it(line))
        .flat_map(|line| [line, "\n"])
        .collect()
}

impl BuildHost {
    /// Draws two passwords; they stand in these files and nowhere else.
    pub(super) fn make_secrets(&self, ports: &[u16]) -> Result<(), Report> {
        let superuser = random::hex(PASSWORD_BYTES)?;
        let replication = random::hex(PASSWORD_BYTES)?;
        let role = self.bench.document.topology().replication_role();
        let passwords = [
            (ClusterFolder::SUPERUSER_PASSWORD, format!("{superuser}\n")),
            (ClusterFolder::REPLICATION_PASSWORD, format!("{replication}\n")),
        ];
        for (path, text) in passwords
            .into_iter()
            .chain(pass_files(ports, &superuser, (role, &replication)))
        {
            self.bench.write(path, &text)?;
        }
        Ok(())
    }
}

/// True where the folder is one that an earlier run may have half made: its record, as it was found, says so.
pub(super) fn is_remade(found: &Stored, path: &str, full: &std::path::Path) -> bool {
    // In a cluster certificates that were half made are made again, each in its place.
    let may_be_full = path == ClusterFolder::TLS && found.record.state != ClusterState::Building;
    // A link that was put there meanwhile is none, wherever it leads.
    let is_folder = std::fs::symlink_metadata(full).is_ok_and(|there| there.is_dir());
    is_folder
        && found.made.iter().any(|made| made == path)
        && (may_be_full || files::names_in(full).is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_held_back_alone() {
        let text = "# synchronous_standby_names = 'x'\nsynchronous_standby_names = 'a'\nsynchronous_standby_names_x = 1\nport = 1\n";
        assert_eq!(
            without_setting(text, "synchronous_standby_names"),
            "# synchronous_standby_names = 'x'\nsynchronous_standby_names_x = 1\nport = 1\n"
        );
    }
}
