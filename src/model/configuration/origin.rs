//! Where the lines of a file come from: the element of the drawing, the decision, and the reason.
//!
//! Knows nothing of what the lines say. [`super::sourced`] writes text and origins together, so that they cannot
//! drift apart; start with [`Provenance`].

use std::borrow::Cow;
use std::ops::Range;

use super::Decision;
use crate::model::topology::{Server, ServerId, Topology};

/// A part of the drawing that one can point at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Element {
    Cluster,
    Server(ServerId),
    /// The link from the server's upstream to it.
    Link {
        downstream: ServerId,
    },
}

/// What made a line, or a whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub decision: Decision,
    /// At least one, the most telling first.
    pub elements: Vec<Element>,
}

/// A line that a server reads, together with the comment that stands above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineOrigin {
    /// Places of lines, from 0; the last one is the line that counts, those before it are its comment.
    pub lines: Range<usize>,
    pub origin: Origin,
    pub reason: Cow<'static, str>,
}

/// Where a file's contents come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// The file as a whole: it is there, or it is written to be read by people.
    Whole {
        origin: Origin,
        reason: Cow<'static, str>,
    },
    /// Line by line, in the file's order. What belongs to none is the file's head, or blank.
    Lines(Vec<LineOrigin>),
}

/// How much of a bundle comes from one server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// An empty file that only has to be there counts as one.
    pub lines: usize,
    pub files: usize,
}

/// So many elements are named; of the rest only the number is told.
const NAMED: usize = 3;

impl Element {
    /// True for the server itself and for the link to its upstream: what is lit when the server is selected.
    pub fn is_of(self, server: ServerId) -> bool {
        match self {
            Self::Cluster => false,
            Self::Server(id) | Self::Link { downstream: id } => id == server,
        }
    }

    /// "cluster", "server slave1", "link slave1 → slave12".
    pub fn words(self, topology: &Topology) -> String {
        let name = |id| topology.server(id).map_or("?", |server| server.name().as_str());
        match self {
            Self::Cluster => "cluster".to_owned(),
            Self::Server(id) => format!("server {}", name(id)),
            Self::Link { downstream } => {
                let upstream = topology.server(downstream).and_then(Server::upstream);
                format!("link {} → {}", upstream.map_or("?", name), name(downstream))
            }
        }
    }
}

impl Origin {
    pub fn is_of(&self, server: ServerId) -> bool {
        self.elements.iter().any(|element| element.is_of(server))
    }

    /// Its elements in words, of many the first few.
    pub fn words(&self, topology: &Topology) -> String {
        let named = self.elements.iter().take(NAMED);
        let mut words: Vec<String> = named.map(|element| element.words(topology)).collect();
        if let Some(more) = self.elements.len().checked_sub(NAMED).filter(|more| *more > 0) {
            words.push(format!("{more} more"));
        }
        words.join(", ")
    }
}

impl LineOrigin {
    /// The place of the line that counts.
    pub fn line(&self) -> usize {
        self.lines.end.saturating_sub(1)
    }
}

impl Provenance {
    /// Line by line; nothing for a file that is explained as a whole.
    pub fn lines(&self) -> &[LineOrigin] {
        match self {
            Self::Whole { .. } => &[],
            Self::Lines(lines) => lines,
        }
    }

    /// Where the line at this place (from 0) comes from; a comment belongs to the line below it.
    pub fn of_line(&self, line: usize) -> Option<&LineOrigin> {
        let lines = self.lines();
        let place = lines.partition_point(|origin| origin.lines.end <= line);
        lines.get(place).filter(|origin| origin.lines.contains(&line))
    }

    /// How many lines come from the server.
    pub fn count_of(&self, server: ServerId) -> usize {
        match self {
            Self::Whole { origin, .. } => usize::from(origin.is_of(server)),
            Self::Lines(lines) => lines.iter().filter(|line| line.origin.is_of(server)).count(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    #[test]
    fn elements_are_named_as_they_are_drawn() {
        let topology = notation::parse("m 1\n  a 2\n    b 3\n").unwrap();
        let id = |name: &str| topology.by_name(name).unwrap().id();
        let link = |name: &str| Element::Link { downstream: id(name) };
        for (elements, words) in [
            (vec![Element::Cluster], "cluster"),
            (vec![link("b"), Element::Server(id("a"))], "link a → b, server a"),
            (
                vec![link("a"), link("b"), link("a"), link("b"), link("a")],
                "link m → a, link a → b, link m → a, 2 more",
            ),
        ] {
            assert_eq!(Decision::Slot.of(elements).words(&topology), words);
        }
        assert!(link("a").is_of(id("a")) && !link("b").is_of(id("a")));
    }

    #[test]
    fn a_line_is_found_by_its_place() {
        let topology = notation::parse("m 1\n").unwrap();
        let origin = || Decision::Port.for_server(topology.primary().id());
        let line = |lines| LineOrigin {
            lines,
            origin: origin(),
            reason: "Why.".into(),
        };
        let provenance = Provenance::Lines(vec![line(2..4), line(4..5), line(6..7)]);
        let found = |place| provenance.of_line(place).map(LineOrigin::line);
        assert_eq!(
            (0..8).map(found).collect::<Vec<_>>(),
            [None, None, Some(3), Some(3), Some(4), None, Some(6), None]
        );
        assert_eq!(provenance.count_of(topology.primary().id()), 3);
    }
}
