//! Clusters that somebody runs: imported, and the connections to them remembered.

use std::time::Duration;

use super::answers::Answers;
use super::tasks::{blocking, whole};
use crate::app::{ImportMessage, ImportSource, Imported, Message, StartMessage};
use crate::engine::desk::connections;
use crate::engine::import::{self, Brought};
use crate::model::audit::{self, Subject};
use crate::report::Report;

/// For everything: the walk from server to server has a shorter one of its own, and large folders take their time.
const ALL: Duration = Duration::from_mins(1);

/// Until it is aborted.
pub(super) async fn import(number: u64, source: ImportSource, answers: Answers) {
    let found = tokio::time::timeout(ALL, bring(source)).await;
    let message = match found {
        Ok(Ok((source, brought, audit))) => ImportMessage::Done(Box::new(Imported {
            number,
            source,
            brought,
            audit,
        })),
        Ok(Err(report)) => ImportMessage::Failed(number, report),
        Err(_) => {
            let headline = format!("The import took longer than {} s", ALL.as_secs());
            let report =
                Report::new(headline).hint("Name fewer folders, or a folder with configuration files only.");
            ImportMessage::Failed(number, report)
        }
    };
    answers.send(Message::Import(message)).await;
}

async fn bring(source: ImportSource) -> Result<(ImportSource, Brought, audit::Audit), Report> {
    tracing::info!(from_files = source.from_files, source = source.words(), "import");
    let brought = if source.from_files {
        let paths: Vec<_> = source.paths.iter().map(|path| whole(path)).collect();
        blocking(move || import::from_files(&paths, &[])).await?
    } else {
        let text = import::with_password(&source.conninfo(), &source.password);
        import::from_servers(&text, &source.others()).await?
    };
    // What a large cluster survives takes a while to work out.
    let looked_at = move || {
        let audit = audit::audit(&Subject {
            document: &brought.document,
            facts: &brought.facts,
            names: &brought.names,
            seen: &brought.seen,
            asked: &brought.asked,
            losses: &brought.losses,
            unreached: &brought.unreached,
        });
        Ok((brought, audit))
    };
    let (brought, audit) = blocking(looked_at).await?;
    Ok((source, brought, audit))
}

pub(super) async fn find_connections(answers: Answers) {
    let found = blocking(|| Ok(connections::list())).await.unwrap_or_default();
    answers
        .send(Message::Start(StartMessage::Connections(found)))
        .await;
}

pub(super) async fn note_connection(text: String, answers: Answers) {
    match blocking(move || connections::note(&text)).await {
        Ok(()) => find_connections(answers).await,
        Err(report) => answers.send(Message::Failed(report)).await,
    }
}

pub(super) async fn forget_connection(text: String, answers: Answers) {
    match blocking(move || connections::forget(&text)).await {
        Ok(()) => find_connections(answers).await,
        Err(report) => answers.send(Message::Failed(report)).await,
    }
}
