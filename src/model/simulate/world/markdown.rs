//! The two tables of the world as Markdown, for the guide and lessons.

use std::fmt::Write as _;

use super::{FLOWS, TRANSITIONS};

/// Both tables as Markdown: what each incident does, and what can be between a server and its upstream.
pub fn transitions_as_markdown() -> String {
    let mut text = "## What happens\n\nFor each action, the first row that applies counts.\n\n\
        | action | when | what happens | why |\n| --- | --- | --- | --- |\n"
        .to_owned();
    for row in &TRANSITIONS {
        let becomes = row
            .becomes
            .replace("{server}", "SERVER")
            .replace("{other}", "OTHER");
        let refused = if row.is_refusal() { "refused: " } else { "" };
        let _ = writeln!(
            text,
            "| `{}` | {} | {refused}{becomes} | {} |",
            row.verb.usage(),
            row.when,
            row.reason
        );
    }
    text.push_str(
        "\n## States of a link between a server and its upstream\n\nThe first row that applies counts.\n\n\
         | when | the server | row | why | log message |\n| --- | --- | --- | --- | --- |\n",
    );
    for row in &FLOWS {
        let becomes = row.becomes.replace("{upstream}", "UPSTREAM");
        let shown = row.flow.row_state().unwrap_or("none");
        let _ = writeln!(
            text,
            "| {} | {becomes} | {shown} | {} | {} |",
            row.when, row.reason, row.log
        );
    }
    text
}
