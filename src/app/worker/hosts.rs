//! The design's hosts: what the playbook would do there, and its run.

use std::path::Path;

use tokio::sync::mpsc;

use super::answers::Answers;
use super::tasks::{blocking, whole};
use crate::app::{HostsPlan, Message, RunMessage, ToHosts};
use crate::engine::ansible::{self, Access, Play, Project, Prospect};
use crate::engine::deploy::Cancel;
use crate::model::document::Document;
use crate::model::plan::{Outcome, RunEvent};
use crate::report::Report;

pub(super) async fn look(document: Box<Document>, asked: ToHosts, answers: Answers) {
    let typed = asked.clone();
    let planned = blocking(move || plan(*document, &typed)).await;
    let message = RunMessage::HostsLooked(asked, planned.map(Box::new));
    answers.send(Message::Run(message)).await;
}

fn plan(document: Document, asked: &ToHosts) -> Result<HostsPlan, Report> {
    let folder = whole(Path::new(asked.folder.trim()));
    let inventory = Some(asked.inventory.trim()).filter(|path| !path.is_empty());
    let inventory = inventory.map(|path| whole(Path::new(path)));
    if let Some(missing) = inventory.as_deref().filter(|path| !path.exists()) {
        return Err(
            Report::new(format!("There is no inventory {}.", missing.display())).hint(
                "Name a file or folder as ansible-playbook takes it after -i, or leave the field empty.",
            ),
        );
    }
    let variables = asked.variables.lines().map(str::trim);
    let variables: Vec<String> = variables
        .filter(|line| !line.is_empty())
        .map(|line| match line.strip_prefix('@') {
            Some(file) => format!("@{}", whole(Path::new(file)).display()),
            None => line.to_owned(),
        })
        .collect();
    Ok(HostsPlan {
        access: Access::of(inventory.as_deref(), &variables)?,
        prospect: Prospect::of(Project::of(Path::new("design"), Some(&folder))?, document)?,
    })
}

pub(super) async fn run(
    number: u64,
    planned: HostsPlan,
    events: mpsc::Sender<RunEvent>,
    cancel: Cancel,
) -> Outcome {
    let HostsPlan { prospect, access } = planned;
    let play = Play {
        number,
        prospect,
        access,
    };
    ansible::play(play, events, cancel).await.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    #[test]
    fn what_was_typed_is_read_as_ansible_would() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("who.yml");
        std::fs::write(&file, "").unwrap();
        let document = || Document::new(notation::parse("m 1 host 10.0.0.1\n  a 1 host 10.0.0.2\n").unwrap());
        let mut asked = ToHosts {
            folder: format!(" {} ", folder.path().join("x.ansible").display()),
            inventory: format!("{}\n", file.display()),
            variables: format!("\n become=true \n@{}\n", file.display()),
        };
        let planned = plan(document(), &asked).unwrap();
        assert_eq!(planned.prospect.steps.len(), 4, "two are built, two are proved");
        let variables = ["become=true".to_owned(), format!("@{}", file.display())];
        assert_eq!(planned.access, Access::of(Some(&file), &variables).unwrap());
        asked.variables = "password=x".to_owned();
        assert!(plan(document(), &asked).unwrap_err().headline.contains("secret"));
        asked.variables.clear();
        asked.inventory = folder.path().join("nowhere").display().to_string();
        assert!(
            plan(document(), &asked)
                .unwrap_err()
                .headline
                .contains("no inventory")
        );
    }
}
