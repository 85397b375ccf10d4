//! What is done to real servers to prove a lesson: a few words, a step a line. The engine performs them.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{BadPredicate, On, Predicate};
use crate::model::topology::notation;

/// One step on servers that run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabStep {
    /// Break something: an event as `pgcascade fail` takes it.
    Fail(String),
    /// Undo one of them, or all.
    Repair(Option<String>),
    /// A standby takes over from a primary that is gone; `None`: the one with the most WAL.
    Failover(Option<String>),
    Switchover(String),
    Rejoin(String),
    /// Change what runs: edits of the drawing, as steps.
    Apply(Vec<String>),
    /// Commit a row on the primary.
    Write,
    /// The row that was written last is there.
    Sees(String),
    /// It is not.
    Lacks(String),
    /// Wait until this is so.
    Expect(Predicate),
}

/// One step of a proof, told when it begins and when it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofStep {
    /// From 1.
    pub step: usize,
    pub of: usize,
    pub text: String,
    pub is_done: bool,
}

/// A line that is not such a step.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadLabStep {
    #[error("\"{0}\" is not a step on servers; write one of {known}", known = USAGES.join(", "))]
    Verb(String),
    #[error("a quoted name has no closing quote")]
    OpenQuote,
    #[error("{0}")]
    Predicate(#[from] BadPredicate),
    #[error("\"{0}\" cannot be asked of servers")]
    NotOfServers(String),
}

pub const USAGES: [&str; 10] = [
    "fail EVENT",
    "repair [EVENT]",
    "failover [SERVER]",
    "switchover SERVER",
    "rejoin SERVER",
    "apply EDIT; EDIT …",
    "write",
    "sees SERVER",
    "lacks SERVER",
    "expect PREDICATE",
];

impl LabStep {
    /// # Errors
    ///
    /// If the line is not one of [`USAGES`].
    pub fn parse(text: &str) -> Result<Self, BadLabStep> {
        let text = text.trim();
        let words = notation::split(text).map_err(|_| BadLabStep::OpenQuote)?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let bad = || BadLabStep::Verb(text.to_owned());
        let rest = text
            .split_once(char::is_whitespace)
            .map_or("", |(_, rest)| rest.trim());
        Ok(match words.as_slice() {
            ["fail", _, ..] => Self::Fail(rest.to_owned()),
            ["repair"] => Self::Repair(None),
            ["repair", ..] => Self::Repair(Some(rest.to_owned())),
            ["failover"] => Self::Failover(None),
            ["failover", heir] => Self::Failover(Some((*heir).to_owned())),
            ["switchover", heir] => Self::Switchover((*heir).to_owned()),
            ["rejoin", server] => Self::Rejoin((*server).to_owned()),
            ["write"] => Self::Write,
            ["sees", server] => Self::Sees((*server).to_owned()),
            ["lacks", server] => Self::Lacks((*server).to_owned()),
            ["apply", _, ..] => {
                let edits = rest.split(';').map(|edit| edit.trim().to_owned());
                Self::Apply(edits.filter(|edit| !edit.is_empty()).collect())
            }
            ["expect", _, ..] => {
                let predicate = Predicate::parse(rest)?;
                if !predicate.fits(On::Servers) {
                    return Err(BadLabStep::NotOfServers(rest.to_owned()));
                }
                Self::Expect(predicate)
            }
            _ => return Err(bad()),
        })
    }

    /// The servers that it names, for the test of a lesson.
    pub(super) fn servers(&self) -> Vec<&str> {
        match self {
            Self::Failover(Some(server))
            | Self::Switchover(server)
            | Self::Rejoin(server)
            | Self::Sees(server)
            | Self::Lacks(server) => vec![server],
            Self::Expect(predicate) => predicate.servers(),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_read() {
        assert_eq!(
            LabStep::parse("fail crash slave1"),
            Ok(LabStep::Fail("crash slave1".to_owned()))
        );
        assert_eq!(LabStep::parse("repair"), Ok(LabStep::Repair(None)));
        assert_eq!(
            LabStep::parse("apply attach slave11 slave2; remove slave1"),
            Ok(LabStep::Apply(vec![
                "attach slave11 slave2".to_owned(),
                "remove slave1".to_owned()
            ]))
        );
        let expected = LabStep::parse("expect not row a at b none").unwrap();
        assert_eq!(expected.servers(), ["a", "b"]);
        for bad in [
            "",
            "fail",
            "explode",
            "expect",
            "expect happened crash a",
            "expect upp a",
            "sees",
            "apply",
        ] {
            assert!(LabStep::parse(bad).is_err(), "{bad}");
        }
    }
}
