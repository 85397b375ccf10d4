//! `--here`: a design of other hosts on this machine. The design file is not touched; what is replaced is said.

use super::print;
use super::target::Target;
use crate::engine::deploy;
use crate::model::document::{Command, Document};
use crate::model::plan::{other_ports, rehearsal};
use crate::model::topology::Edit;
use crate::report::Report;

/// The document as it is, or, if that is asked for, as it can run here.
pub(super) async fn rehearsed(
    target: &Target,
    mut document: Document,
    as_json: bool,
) -> Result<Document, Report> {
    if !target.here {
        return Ok(document);
    }
    let (edits, mut told) = rehearsal(document.topology());
    apply(&mut document, edits)?;
    let machine = deploy::discover(document.topology(), &target.request()?).await;
    let free = other_ports(document.topology(), &machine);
    for (server, port) in &free {
        if let Some(server) = document.topology().server(*server) {
            told.push(format!(
                "{}: port {port}, since {} is in use here",
                server.name(),
                server.port()
            ));
        }
    }
    let free = free
        .into_iter()
        .map(|(server, port)| Edit::SetPort { server, port });
    apply(&mut document, free.collect())?;
    if !as_json {
        for line in told {
            print::note(format_args!("Here: {line}"));
        }
    }
    Ok(document)
}

fn apply(document: &mut Document, edits: Vec<Edit>) -> Result<(), Report> {
    if edits.is_empty() {
        return Ok(());
    }
    let command = Command::Edits {
        label: "Rehearse on this machine".to_owned(),
        edits,
    };
    document
        .apply(&command)
        .map(drop)
        .map_err(|refusal| Report::of("The design cannot be rehearsed on this machine.", &refusal))
}
