//! The tree as a Graphviz digraph: `dot -Tsvg` draws it. Solid where a link may be synchronous, dashed elsewhere.

use std::fmt::Write as _;

use super::scene::Shown;
use super::{LIGHT, Line};
use crate::model::topology::{Server, Topology};
use crate::model::visible::visible_lines;

pub(super) fn write(topology: &Topology) -> String {
    let shown = Shown::of(topology);
    let mut text = format!("digraph {} {{\n", quoted(topology.name()));
    let _ = writeln!(text, "    label={};", quoted(&shown.subtitle()));
    text.push_str("    node [shape=box, style=rounded, fontname=\"sans-serif\"];\n");
    text.push_str("    edge [fontname=\"sans-serif\", fontsize=10];\n");
    let number = |server: &Server| topology.place(server.id());
    for (number, server) in topology.servers().iter().enumerate() {
        let (badge, tone) = shown.badge(server);
        let words = format!("{}\n{}\n{badge}", server.name(), shown.detail(server));
        let width = if server.is_primary() { 2 } else { 1 };
        let _ = writeln!(
            text,
            "    s{number} [label={}, color=\"{}\", penwidth={width}];",
            quoted(&words),
            LIGHT.of(tone)
        );
    }
    for (number, (site, servers)) in topology.sites().into_iter().enumerate() {
        let members = servers.iter().filter_map(|id| topology.place(*id));
        let members: Vec<String> = members.map(|member| format!("s{member};")).collect();
        let _ = writeln!(
            text,
            "    subgraph cluster_{number} {{ label={}; style=rounded; color=\"{}\"; {} }}",
            quoted(site.as_str()),
            LIGHT.text_weak,
            members.join(" ")
        );
    }
    for (below, server) in topology.servers().iter().enumerate() {
        let upstream = server.upstream().and_then(|id| topology.server(id));
        let Some(above) = upstream.and_then(number) else {
            continue;
        };
        let style = match shown.line(server) {
            Line::Solid => "solid",
            Line::Dotted => "dotted",
            Line::Dashed | Line::Fallback => "dashed",
        };
        let _ = writeln!(
            text,
            "    s{above} -> s{below} [label={}, style={style}];",
            quoted(&shown.link_label(server))
        );
        for above in topology.fallbacks(server.id()).into_iter().filter_map(number) {
            let _ = writeln!(
                text,
                "    s{above} -> s{below} [label=\"fallback\", style=dashed, penwidth=0.5, arrowhead=none, constraint=false];"
            );
        }
    }
    text.push_str("}\n");
    text
}

/// A double-quoted text. In a label `\n` is a new line, and Graphviz reads HTML's entities: neither a backslash nor an
/// ampersand of a name may begin one.
fn quoted(words: &str) -> String {
    let mut text = "\"".to_owned();
    for letter in visible_lines(words).chars() {
        match letter {
            '"' => text.push_str("\\\""),
            '&' => text.push_str("&amp;"),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            letter => text.push(letter),
        }
    }
    text.push('"');
    text
}
