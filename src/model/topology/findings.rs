//! A finding: something of the design that is possible but unwise, or that a real server would refuse.

use std::collections::BTreeSet;

use super::{Edit, RULES, ServerId, Topology};

/// How bad it is. `Error` means: a real server refuses, hangs, or loses what the drawing promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
    Note,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }

    /// What it says about a design.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Error => {
                "a real server would refuse to start, hang or lose data; the design cannot be deployed"
            }
            Self::Warning => "it runs as designed until the case that the finding describes",
            Self::Note => "nothing is wrong, but good to know",
        }
    }
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Cluster,
    Server(ServerId),
}

/// Edits that remove the finding, under the words of their button. Applied together: one undo step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    pub label: String,
    pub edits: Vec<Edit>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id, for example `sync-on-cascaded-standby`.
    pub rule: &'static str,
    pub severity: Severity,
    pub subject: Subject,
    /// One sentence: what is wrong, and what would happen.
    pub message: String,
    pub fix: Option<Fix>,
}

/// Everything the rules find, worst first. Never fails.
pub fn check(topology: &Topology) -> Vec<Finding> {
    let all: Vec<_> = RULES.iter().map(|rule| (rule, (rule.find)(topology))).collect();
    let told: BTreeSet<(Option<ServerId>, String)> = all
        .iter()
        .filter(|(rule, _)| rule.tells_of_settings())
        .flat_map(|(_, found)| found)
        .flat_map(Found::settings)
        .map(|(server, name)| (server, name.to_owned()))
        .collect();
    let is_told = |found: &Found| {
        let mut settings = found.settings();
        settings.any(|(server, name)| told.contains(&(server, name.to_owned())))
    };
    let mut findings = Vec::new();
    for (rule, found) in all {
        for found in found {
            if !told.is_empty() && rule.yields() && is_told(&found) {
                continue;
            }
            findings.push(Finding {
                rule: rule.id,
                severity: rule.severity,
                subject: found.subject,
                message: found.message,
                fix: found.fix,
            });
        }
    }
    findings.sort_by_key(|finding| finding.severity);
    findings
}

/// What one rule found at one place; the rule itself adds id and severity.
#[derive(Debug)]
pub struct Found {
    pub subject: Subject,
    pub message: String,
    pub fix: Option<Fix>,
}

impl Found {
    pub(super) fn cluster(message: impl Into<String>) -> Self {
        Self {
            subject: Subject::Cluster,
            message: message.into(),
            fix: None,
        }
    }

    pub(super) fn server(id: ServerId, message: impl Into<String>) -> Self {
        Self {
            subject: Subject::Server(id),
            message: message.into(),
            fix: None,
        }
    }

    /// The settings that its fix changes: by whom each is set, and its name.
    fn settings(&self) -> impl Iterator<Item = (Option<ServerId>, &str)> {
        let edits = self.fix.iter().flat_map(|fix| &fix.edits);
        edits.filter_map(|edit| match edit {
            Edit::SetSetting { server, name, .. } => Some((*server, name.as_str())),
            _ => None,
        })
    }

    pub(super) fn fix(mut self, label: impl Into<String>, edit: Edit) -> Self {
        self.fix = Some(Fix {
            label: label.into(),
            edits: vec![edit],
        });
        self
    }
}

/// The values that occur more than once, each with every place after its first.
pub(super) fn repeated<'a, T, K: Ord>(
    items: impl Iterator<Item = &'a T>,
    key: impl Fn(&T) -> K,
) -> Vec<&'a T> {
    let mut seen = BTreeSet::new();
    items.filter(|item| !seen.insert(key(item))).collect()
}
