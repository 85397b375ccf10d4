//! What is asked of the whole drawing: its policy, its findings, and what it survives.

use super::{Found, Scene, found};
use crate::model::lessons::predicate::{Cell, Failure, What};
use crate::model::simulate::survives::{self, Survival, survival};
use crate::model::simulate::world::Incident;
use crate::model::topology::{CommitLevel, Finding, Server, Severity, Subject, check};

impl Scene<'_> {
    pub(super) fn cluster(&self, what: &What) -> Result<Found, Found> {
        let policy = self.topology.sync();
        Ok(match what {
            What::Sync(wanted) => {
                let own = policy.map(|policy| (policy.method, policy.count));
                let sentence = own.map_or_else(
                    || "nothing is synchronous".to_owned(),
                    |(method, count)| format!("the design says {} {count}", method.word()),
                );
                found(own == *wanted, sentence)
            }
            What::Confirmations(least) => {
                let primary = self.topology.primary().id();
                let level = self.world.configured_level(primary);
                let needed = level.map_or(0, |level| self.world.commit_on(primary, level).needed);
                let sentence = match needed {
                    0 => "a commit waits for no standby".to_owned(),
                    1 => "a commit waits for one standby".to_owned(),
                    needed => format!("a commit waits for {needed} standbys"),
                };
                found(needed >= *least, sentence)
            }
            What::Commit(wanted) => {
                let own = policy.map_or(CommitLevel::On, |policy| policy.commit);
                found(own == *wanted, format!("the commit level is {}", own.word()))
            }
            What::Archive(wanted) => {
                let own = self.topology.archive().is_some();
                let sentence = if own {
                    "there is an archive"
                } else {
                    "the design has no archive"
                };
                found(own == *wanted, sentence)
            }
            What::Version(least) => {
                let own = self.topology.postgres();
                found(own >= *least, format!("the design is for PostgreSQL {own}"))
            }
            What::Finding { rule, server } => self.finding(rule, server.as_deref())?,
            What::NoErrors => self.no_findings(Severity::Error),
            What::NoWarnings => self.no_findings(Severity::Warning),
            What::Survives { failure, cell } => self.survives(failure, *cell)?,
            _ => found(false, String::new()),
        })
    }

    fn findings(&self) -> Vec<Finding> {
        self.findings
            .map_or_else(|| check(self.topology), <[Finding]>::to_vec)
    }

    fn finding(&self, rule: &str, server: Option<&str>) -> Result<Found, Found> {
        let on = server.map(|name| self.server(name)).transpose()?.map(Server::id);
        let findings = self.findings();
        let it = findings.iter().find(|finding| {
            let is_there = on.is_none_or(|id| finding.subject == Subject::Server(id));
            finding.rule == rule && is_there
        });
        let sentence = it.map_or_else(|| format!("there is no finding {rule}"), |it| it.message.clone());
        Ok(found(it.is_some(), sentence))
    }

    fn no_findings(&self, severity: Severity) -> Found {
        let findings = self.findings();
        let those: Vec<&Finding> = findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .collect();
        let sentence = those.first().map_or_else(
            || format!("there are no {}s", severity.word()),
            |first| format!("{}: {}", severity.word(), first.message),
        );
        found(those.is_empty(), sentence)
    }

    fn survives(&self, failure: &Failure, cell: Cell) -> Result<Found, Found> {
        let primary = self.topology.primary().id();
        let failures: Vec<Vec<Incident>> = match failure {
            Failure::EachStandby => {
                let standbys = self
                    .topology
                    .servers()
                    .iter()
                    .filter(|server| server.id() != primary);
                standbys
                    .map(|server| vec![Incident::Crash(server.id())])
                    .collect()
            }
            Failure::Incident(text) => match Incident::parse(text, self.topology) {
                Ok(incident) => vec![vec![incident]],
                Err(error) => return Err(found(false, error.to_string())),
            },
            Failure::Site(name) => {
                let servers = self.topology.servers().iter();
                let there = servers.filter(|server| server.site().is_some_and(|site| site.as_str() == name));
                let crashes: Vec<Incident> = there.map(|server| Incident::Crash(server.id())).collect();
                if crashes.is_empty() {
                    return Err(found(false, format!("no server is in {name}")));
                }
                vec![crashes]
            }
        };
        let one = |faults: &Vec<Incident>| survival(self.world, faults);
        let all: Vec<Survival> = failures.iter().map(one).collect();
        let bad = all.iter().find(|one| !of(one, cell).holds);
        let shown = bad.or(all.first());
        let sentence = shown.map_or_else(
            || "there is no standby that could fail".to_owned(),
            |one| {
                format!(
                    "after {}: {}",
                    one.failure.join(", "),
                    of(one, cell).said.sentence
                )
            },
        );
        Ok(found(bad.is_none() && !all.is_empty(), sentence))
    }
}

fn of(survival: &Survival, cell: Cell) -> &survives::Cell {
    match cell {
        Cell::Writes => &survival.writes,
        Cell::Reads => &survival.reads,
        Cell::NothingLost => &survival.nothing_lost,
    }
}
