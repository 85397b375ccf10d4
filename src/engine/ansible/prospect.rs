//! What a run of the playbook would do, to be looked at before: its steps, and how the design differs from what runs on the hosts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Project;
use crate::model::document::Document;
use crate::model::export::{self, Group, Playbook, Target};
use crate::model::plan::{Check, StepSummary, describe_change};
use crate::model::topology::Topology;
use crate::report::Report;

/// A run that has not begun.
#[derive(Clone, Debug, PartialEq)]
pub struct Prospect {
    pub project: Project,
    pub document: Document,
    /// The design that the last complete run made; `None`: there was none.
    pub before: Option<Document>,
    pub steps: Vec<StepSummary>,
    /// The steps that run together.
    pub groups: Vec<Group>,
    /// What becomes different on the hosts.
    pub changes: Vec<String>,
    pub interruptions: Vec<String>,
    /// What the playbook leaves to people.
    pub notes: Vec<String>,
}

/// How Ansible reaches the hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Read behind the project's own: who logs in, with which key.
    pub(super) inventory: Option<PathBuf>,
    /// As ansible-playbook takes them behind `-e`, from whatever folder it runs in.
    pub(super) variables: Vec<String>,
}

impl Prospect {
    /// Looks at the project's folder. Writes nothing.
    ///
    /// # Errors
    ///
    /// If the design cannot go to hosts, or the playbook cannot make it of what runs there.
    pub fn of(project: Project, document: Document) -> Result<Self, Report> {
        export::export(&document, Target::Ansible)
            .map_err(|refused| Report::new(refused.message).hint(refused.hint))?;
        let before = project.deployed()?;
        let playbook = Playbook::of(document.topology());
        let mut prospect = Self {
            steps: playbook.steps().to_vec(),
            groups: playbook.groups().to_vec(),
            project,
            document,
            before,
            changes: Vec::new(),
            interruptions: Vec::new(),
            notes: Vec::new(),
        };
        if let Some(before) = prospect.before.clone().filter(|_| prospect.is_change()) {
            prospect.compare(before.topology())?;
        }
        Ok(prospect)
    }

    /// True if another design runs on the hosts.
    pub fn is_change(&self) -> bool {
        let before = self.before.as_ref();
        before.is_some_and(|before| before.topology() != self.document.topology())
    }

    fn compare(&mut self, old: &Topology) -> Result<(), Report> {
        let new = self.document.topology();
        let (changes, interruptions) = describe_change(old, new).map_err(|checks| refused(&checks))?;
        if old.primary().name() != new.primary().name() {
            return Err(Report::new(format!(
                "The playbook makes no server the primary that was a standby: \"{}\" is to take over from \"{}\".",
                new.primary().name(),
                old.primary().name()
            ))
            .hint("Switch over by hand first, draw what runs then, and apply the rest."));
        }
        let gone: Vec<String> = old
            .servers()
            .iter()
            .filter(|server| new.by_name(server.name().as_str()).is_none())
            .map(|server| format!("\"{}\" on {}", server.name(), server.host()))
            .collect();
        if !gone.is_empty() {
            self.notes.push(format!(
                "{} left the design, and the playbook does not touch it: stop it by hand",
                gone.join(", ")
            ));
        }
        self.notes.push(
            "the playbook reloads running servers; a setting that needs a restart waits until you restart them"
                .to_owned(),
        );
        self.changes = changes;
        self.interruptions = interruptions;
        Ok(())
    }

    /// The slots that nobody uses afterwards, by the server's name in the inventory.
    pub(super) fn left_slots(&self) -> BTreeMap<String, Vec<String>> {
        let slots = |before: &Document| export::left_slots(before.topology(), self.document.topology());
        self.before.as_ref().map(slots).unwrap_or_default()
    }
}

fn refused(checks: &[Check]) -> Report {
    let report = Report::new("The change cannot be applied to the running hosts.");
    let report = checks
        .iter()
        .fold(report, |report, check| report.hint(check.message.clone()));
    checks
        .iter()
        .filter_map(|check| check.fix.clone())
        .fold(report, Report::hint)
}

impl Access {
    /// What was said of it: a file, and variables as `KEY=VALUE` or `@FILE`.
    ///
    /// # Errors
    ///
    /// If a variable looks like a secret, which everybody on this machine could read, or the current folder is unknown.
    pub fn of(inventory: Option<&Path>, variables: &[String]) -> Result<Self, Report> {
        let inventory = inventory.map(absolute).transpose()?;
        let mut all = Vec::new();
        for one in variables {
            if let Some(file) = one.strip_prefix('@') {
                all.push(format!("@{}", absolute(file.as_ref())?.display()));
                continue;
            }
            let key = one.split('=').next().unwrap_or_default().to_lowercase();
            if key.contains("pass") || key.contains("secret") {
                return Err(Report::new(
                    "A secret is refused on the command line, where every user of this machine can read it.",
                )
                .hint("Put it into a file of mode 0600, or a vault, and name it: -e @FILE"));
            }
            all.push(one.clone());
        }
        Ok(Self {
            inventory,
            variables: all,
        })
    }
}

fn absolute(path: &Path) -> Result<PathBuf, Report> {
    std::path::absolute(path)
        .map_err(|error| Report::of(format!("\"{}\" cannot be used as a path", path.display()), &error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    fn document(text: &str) -> Document {
        Document::new(notation::parse(text).unwrap())
    }

    fn project(folder: &Path) -> Project {
        Project::of(Path::new("x.toml"), Some(folder)).unwrap()
    }

    #[test]
    fn a_change_is_what_differs_from_the_last_complete_run() {
        let folder = tempfile::tempdir().unwrap();
        let first = document("m 1 host 10.0.0.1\n  a 1 host 10.0.0.2\n  b 1 host 10.0.0.3\n");
        let new = Prospect::of(project(folder.path()), first.clone()).unwrap();
        assert!(!new.is_change() && new.before.is_none() && new.changes.is_empty());
        project(folder.path()).settle(&first).unwrap();
        let same = Prospect::of(project(folder.path()), first).unwrap();
        assert!(!same.is_change() && same.before.is_some() && same.notes.is_empty());
        let moved = document("m 1 host 10.0.0.1\n  a 1 host 10.0.0.2\n    b 1 host 10.0.0.3\n");
        let change = Prospect::of(project(folder.path()), moved).unwrap();
        assert!(change.is_change() && !change.changes.is_empty());
        assert_eq!(change.left_slots()["m"], ["b"]);
        let without = document("m 1 host 10.0.0.1\n  a 1 host 10.0.0.2\n");
        let change = Prospect::of(project(folder.path()), without).unwrap();
        assert!(
            change.notes[0].contains("\"b\" on 10.0.0.3"),
            "{:?}",
            change.notes
        );
        let other = document("a 1 host 10.0.0.2\n  m 1 host 10.0.0.1\n");
        let refused = Prospect::of(project(folder.path()), other).unwrap_err();
        assert!(refused.headline.contains("take over"), "{refused:?}");
    }

    #[test]
    fn secrets_are_refused_and_files_found_from_anywhere() {
        let variables = |one: &str| Access::of(None, &[one.to_owned()]);
        assert!(variables("pg_password=x").is_err());
        assert!(variables("ansible_become_pass=x").is_err());
        assert_eq!(variables("a=b").unwrap().variables, ["a=b"]);
        assert!(variables("@v.yml").unwrap().variables[0].starts_with("@/"));
        let inventory = Access::of(Some(Path::new("i.yml")), &[]).unwrap().inventory;
        assert!(inventory.is_some_and(|path| path.is_absolute()));
    }
}
