//! What running servers say to a predicate: the questions that a board answers.

use super::found::{Found, fate_words, who};
use super::predicate::{Fate, What};
use super::seen::{Live, of_row, what_row};
use crate::model::health::Reading;

fn found(holds: bool, sentence: impl Into<String>) -> Found {
    Found {
        holds,
        sentence: sentence.into(),
    }
}

/// `None`: it cannot be asked of servers.
pub(super) fn look(what: &What, live: &Live<'_>) -> Option<Found> {
    let board = live.board;
    let reading = |name: &str| board.servers.iter().find(|reading| reading.name == name);
    let missing = |name: &str| found(false, format!("no server called {name} runs"));
    Some(match what {
        What::Row {
            server,
            upstream,
            state,
            sync,
            priority,
        } => {
            let Some(above) = reading(upstream) else {
                return Some(missing(upstream));
            };
            let row = above
                .replication
                .iter()
                .find(|row| row.application_name == *server);
            of_row(
                row,
                &what_row(server, upstream, state, sync.as_deref(), *priority),
            )
        }
        What::Up(server) | What::Down(server) => {
            let Some(own) = reading(server) else {
                return Some(missing(server));
            };
            let is_up = own.running && own.answers;
            let word = match (own.running, own.answers) {
                (false, _) => "is down",
                (true, true) => "runs",
                (true, false) => "does not answer",
            };
            let wanted = matches!(what, What::Up(_));
            let holds = if wanted { is_up } else { !own.running };
            found(holds, format!("{server} {word}"))
        }
        What::Primary(server) => {
            let leads = |own: &&Reading| own.running && own.answers && own.role == "primary";
            let leaders: Vec<String> = board
                .servers
                .iter()
                .filter(leads)
                .map(|own| own.name.clone())
                .collect();
            let sentence = format!("{} accepts writes", who(&leaders));
            found(leaders.contains(server), sentence)
        }
        What::Upstream { server, upstream } => {
            let Some(own) = reading(server) else {
                return Some(missing(server));
            };
            let sentence = own.upstream.as_ref().map_or_else(
                || format!("{server} follows nobody"),
                |above| format!("{server} follows {above}"),
            );
            found(own.upstream.as_ref() == Some(upstream), sentence)
        }
        What::Commits(wanted) => {
            let is = match board.commits.outcome.as_str() {
                "acknowledged" => Fate::GoOn,
                "waiting" => Fate::Hang,
                "no-primary" => Fate::Fail,
                _ => return Some(found(false, "the primary does not answer")),
            };
            found(is == *wanted, fate_words(is))
        }
        What::WaitsFor(wanted) => {
            let (mut is, mut wanted) = (board.commits.waits_for.clone(), wanted.clone());
            is.sort();
            wanted.sort();
            found(is == wanted, format!("a commit waits for {}", who(&is)))
        }
        What::Deployed => found(
            board.servers.iter().all(|own| own.running),
            "the cluster is deployed",
        ),
        What::Proved => {
            let sentence = if live.is_proved {
                "the running cluster matches the design"
            } else {
                "the running cluster was not verified against this design"
            };
            found(live.is_proved, sentence)
        }
        _ => return None,
    })
}
