//! A flaw of the drawing, with the fix of its finding as the way out.

use super::{Challenge, finish, goal, name};
use crate::model::lessons::dice::Dice;
use crate::model::lessons::family::cluster;
use crate::model::lessons::{Goal, Lesson, On};
use crate::model::topology::{Edit, Server, Severity, SyncPolicy, check};

/// Level 1: a flaw of the drawing, with the fix of its finding as the way out.
pub(super) fn flaw(challenge: Challenge, dice: &mut Dice) -> Option<Lesson> {
    let mut topology = cluster(dice, 6)?;
    if check(&topology)
        .iter()
        .any(|finding| finding.severity != Severity::Note)
    {
        return None;
    }
    let candidates = topology.sync_candidates().len();
    let policy = topology.sync().cloned();
    let second_hop = topology
        .servers()
        .iter()
        .find(|server| topology.level(server.id()) > 1)
        .map(Server::id);
    let edit = match (dice.below(3), policy, second_hop) {
        (0, Some(policy), _) if candidates > 0 => Edit::SetSync(Some(SyncPolicy {
            count: u32::try_from(candidates).unwrap_or(1) + 1,
            ..policy
        })),
        (1, _, Some(server)) => Edit::SetSyncPriority {
            server,
            priority: Some(u32::try_from(candidates).unwrap_or(0) + 1),
        },
        (2, ..) => {
            let others: Vec<&Server> = topology.servers().iter().collect();
            let (one, other) = (dice.pick(&others)?, dice.pick(&others)?);
            Edit::SetPort {
                server: one.id(),
                port: other.port(),
            }
        }
        _ => return None,
    };
    topology.apply(&edit).ok()?;
    let finding = check(&topology)
        .into_iter()
        .find(|finding| finding.severity == Severity::Error && finding.fix.is_some())?;
    let servers = topology.servers().len();
    let mut goals = vec![goal(
        "sound",
        "The design has no errors, and waits for standbys as it did",
        On::Design,
        &["no-errors".to_owned(), format!("not finding {}", finding.rule)],
    )?];
    let mut kept = vec![format!("servers exactly {servers}")];
    for server in topology.servers() {
        if let Some(upstream) = server.upstream().and_then(|id| topology.server(id)) {
            kept.push(format!("follows {} {}", name(server), name(upstream)));
        }
    }
    goals.push(Goal {
        is_guard: true,
        ..goal("kept", "The tree stays as it is", On::Design, &kept)?
    });
    let text = "Somebody changed this design, and now something is wrong with it. Find out what, and put it right without \
                changing the tree.";
    finish(challenge, topology, Vec::new(), String::new(), text, goals)
}
