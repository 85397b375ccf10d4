//! The folder of a project: `project` as `export --to ansible` writes it, `secrets` that are in no export, `deployed.toml` as the last
//! complete run made it, and the log of Ansible.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::engine::desk::folder::OutputFolder;
use crate::engine::system::files;
use crate::model::document::{Document, format};
use crate::model::export::{self, EVENTS, EVENTS_NAME, Target};
use crate::report::Report;

/// How long the scripts that make passwords and certificates may take; each certificate takes a few milliseconds.
const SECRETS_DEADLINE: Duration = Duration::from_mins(5);
/// No design is longer.
const MOST_DESIGN_BYTES: u64 = 16 * 1024 * 1024;

/// Where everything of a design's playbook lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    folder: PathBuf,
}

impl Project {
    /// In this folder, or beside the design: `seed.toml` has `seed.ansible`.
    ///
    /// # Errors
    ///
    /// If the current folder is unknown.
    pub fn of(design: &Path, folder: Option<&Path>) -> Result<Self, Report> {
        let folder = folder.map_or_else(|| design.with_extension("ansible"), Path::to_owned);
        let folder = std::path::absolute(&folder).map_err(|error| {
            Report::of(
                format!("\"{}\" cannot be used as a path", folder.display()),
                &error,
            )
        })?;
        Ok(Self { folder })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn site(&self) -> PathBuf {
        self.folder.join("project")
    }

    pub(super) fn plugins(&self) -> PathBuf {
        self.folder.join("plugins")
    }

    /// What Ansible writes of every run.
    pub fn log(&self) -> PathBuf {
        self.folder.join("ansible.log")
    }

    fn record(&self) -> PathBuf {
        self.folder.join("deployed.toml")
    }

    /// The design that the last complete run made; `None`: there was none.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn deployed(&self) -> Result<Option<Document>, Report> {
        let path = self.record();
        let bytes = match files::read_at_most(&path, MOST_DESIGN_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Report::of(format!("{} cannot be read.", path.display()), &error)),
        };
        match format::read(&String::from_utf8_lossy(&bytes)) {
            Ok(document) => Ok(Some(document)),
            Err(_) => Err(Report::new(format!("{} is not a design.", path.display()))
                .hint("Put the design that runs on the hosts there, or remove the file and run `deploy --via ansible` again.")),
        }
    }

    /// Writes the project, and makes the passwords and certificates that are missing.
    ///
    /// # Errors
    ///
    /// If the design cannot go to hosts, or the folder cannot be written.
    pub async fn prepare(&self, document: &Document) -> Result<(), Report> {
        let made = export::export(document, Target::Ansible)
            .map_err(|refused| Report::new(refused.message).hint(refused.hint))?;
        let failed = |error: std::io::Error| {
            Report::of(format!("{} cannot be written.", self.folder.display()), &error)
        };
        files::make_private_folders(&self.folder).map_err(failed)?;
        let all: Vec<(&str, &[u8], bool)> = made
            .files
            .iter()
            .map(|file| (file.path.as_str(), file.contents.as_bytes(), file.executable))
            .collect();
        OutputFolder {
            path: &self.site(),
            mark: "for ansible",
        }
        .write(&all)?;
        files::make_private_folders(&self.plugins()).map_err(failed)?;
        let plugin = self.plugins().join(format!("{EVENTS_NAME}.py"));
        files::write_durably(&plugin, EVENTS.as_bytes(), 0o600).map_err(failed)?;
        if !self.log().exists() {
            files::write_durably(&self.log(), b"", 0o600).map_err(failed)?;
        }
        for script in ["passwords", "certificates"] {
            if made.file(script).is_some() {
                self.call(script).await?;
            }
        }
        Ok(())
    }

    /// Runs a script of the project as its README says.
    async fn call(&self, script: &str) -> Result<(), Report> {
        let mut command = Command::new("bash");
        command
            .arg(format!("./{script}"))
            .arg("../secrets")
            .current_dir(self.site())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let failed = || {
            Report::new(format!(
                "The script {script} of {} failed.",
                self.site().display()
            ))
        };
        let done = tokio::time::timeout(SECRETS_DEADLINE, command.output()).await;
        let answer = done
            .map_err(|_| failed().hint(format!("It took longer than {} s.", SECRETS_DEADLINE.as_secs())))?
            .map_err(|error| Report::of(format!("bash cannot run the script {script}."), &error))?;
        tracing::info!("ran {script} in {}: {}", self.site().display(), answer.status);
        if answer.status.success() {
            return Ok(());
        }
        Err(failed().hint(String::from_utf8_lossy(&answer.stderr).trim().to_owned()))
    }

    /// Records the design that runs now.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn settle(&self, document: &Document) -> Result<(), Report> {
        files::write_durably(&self.record(), document.text().as_bytes(), 0o644)
            .map_err(|error| Report::of("The deployed design could not be recorded.", &error))
    }

    /// The variables of one run, in a file that only its owner reads.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub(super) fn write_variables(&self, json: &serde_json::Value) -> Result<PathBuf, Report> {
        let path = self.folder.join("run.json");
        files::write_durably(&path, json.to_string().as_bytes(), 0o600)
            .map_err(|error| Report::of(format!("{} cannot be written.", path.display()), &error))?;
        Ok(path)
    }

    /// True if the folder is there at all.
    pub fn exists(&self) -> bool {
        fs::metadata(self.site()).is_ok()
    }
}
