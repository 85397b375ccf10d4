//! The tree in characters: what stands before each server's name, in the terminal and in a bundle's README.

use super::{Server, Topology};

/// So many levels are drawn by indentation. Below that the level's number stands there: the lines of a chain of thousands
/// would be the square of its length.
const DEEPEST: usize = 32;

impl Topology {
    /// Each server with what stands before its name: upstreams before downstreams, "├─ " and "└─ " below them.
    pub fn branches(&self) -> Vec<(String, &Server)> {
        let mut lines = Vec::with_capacity(self.servers().len());
        // A server, what stands before it, and what stands before everything below it.
        let mut stack = vec![(self.primary(), String::new(), String::new())];
        while let Some((server, own, below)) = stack.pop() {
            let level = self.level(server.id()) + 1;
            let standbys: Vec<&Server> = self.downstreams(server.id()).collect();
            for (place, standby) in standbys.iter().enumerate().rev() {
                let is_last = place + 1 == standbys.len();
                let (branch, indent) = if is_last {
                    ("└─ ", "   ")
                } else {
                    ("├─ ", "│  ")
                };
                let (own, below) = if level > DEEPEST {
                    (format!("{below}({level}) {branch}"), below.clone())
                } else {
                    (format!("{below}{branch}"), format!("{below}{indent}"))
                };
                stack.push((standby, own, below));
            }
            lines.push((own, server));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    #[test]
    fn branches_join_where_servers_have_one_upstream() {
        let topology = notation::parse("m 1\n  a 2\n    b 3\n    c 4\n  d 5\n").unwrap();
        let lines: Vec<String> = topology
            .branches()
            .into_iter()
            .map(|(before, server)| format!("{before}{}", server.name()))
            .collect();
        assert_eq!(lines, ["m", "├─ a", "│  ├─ b", "│  └─ c", "└─ d"]);
    }

    #[test]
    fn a_chain_of_thousands_has_lines_of_one_length() {
        let text: String = (0..3_000)
            .map(|level| format!("{:level$}s{level} {}\n", "", level + 1))
            .collect();
        let topology = notation::parse(&text).unwrap();
        let lines = topology.branches();
        assert_eq!(lines.len(), 3_000);
        assert!(lines[2_999].0.ends_with("(2999) └─ "));
        assert!(
            lines
                .iter()
                .all(|(before, _)| before.chars().count() <= 3 * DEEPEST + 10)
        );
    }
}
