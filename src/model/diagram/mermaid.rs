//! The tree as a Mermaid flowchart: solid arrows where a link may be synchronous, dotted ones elsewhere.

use std::fmt::Write as _;

use super::scene::Shown;
use super::{LIGHT, Tone};
use crate::model::topology::{Server, Topology};
use crate::model::visible::visible_lines;

pub(super) fn write(topology: &Topology) -> String {
    let shown = Shown::of(topology);
    let mut text = format!("%% {}\nflowchart TD\n", shown.subtitle());
    let number = |server: &Server| topology.place(server.id());
    for (number, server) in topology.servers().iter().enumerate() {
        let (badge, _) = shown.badge(server);
        let words = format!("{}\n{}\n{badge}", server.name(), shown.detail(server));
        let _ = writeln!(text, "    s{number}[\"{}\"]", quoted(&words));
    }
    for (number, (site, servers)) in topology.sites().into_iter().enumerate() {
        let members = servers.iter().filter_map(|id| topology.place(*id));
        let _ = writeln!(text, "    subgraph site{number}[\"{}\"]", quoted(site.as_str()));
        for member in members {
            let _ = writeln!(text, "        s{member}");
        }
        text.push_str("    end\n");
    }
    for (below, server) in topology.servers().iter().enumerate() {
        let upstream = server.upstream().and_then(|id| topology.server(id));
        let Some(above) = upstream.and_then(number) else {
            continue;
        };
        let arrow = if shown.is_candidate(server) { "-->" } else { "-.->" };
        let label = quoted(&shown.link_label(server));
        let _ = writeln!(text, "    s{above} {arrow}|\"{label}\"| s{below}");
        for above in topology.fallbacks(server.id()).into_iter().filter_map(number) {
            let _ = writeln!(text, "    s{above} -.-|\"fallback\"| s{below}");
        }
    }
    for (name, tone) in TONES {
        let members: Vec<String> = topology
            .servers()
            .iter()
            .enumerate()
            .filter(|(_, server)| shown.badge(server).1 == tone)
            .map(|(number, _)| format!("s{number}"))
            .collect();
        if !members.is_empty() {
            let _ = writeln!(
                text,
                "    classDef {name} stroke:{},stroke-width:2px",
                LIGHT.of(tone)
            );
            let _ = writeln!(text, "    class {} {name}", members.join(","));
        }
    }
    text
}

const TONES: [(&str, Tone); 5] = [
    ("primary", Tone::Primary),
    ("sync", Tone::Sync),
    ("potential", Tone::Potential),
    ("quorum", Tone::Quorum),
    ("async", Tone::Async),
];

/// Inside `"…"` Mermaid reads entities, and Markdown where it looks like it: every sign of ASCII
/// is written as an entity.
fn quoted(words: &str) -> String {
    let mut text = String::new();
    for letter in visible_lines(words).chars() {
        match letter {
            '\n' => text.push_str("<br/>"),
            letter if !letter.is_ascii_punctuation() => text.push(letter),
            letter => {
                let _ = write!(text, "#{};", u32::from(letter));
            }
        }
    }
    text
}
