//! Pictures as text, the design inside them, and what an anonymous one must not hold.

use super::*;
use crate::model::document::{format, templates};
use crate::model::topology::{Topology, notation};

fn seed() -> Document {
    format::read(templates::find("seed").unwrap().text).unwrap()
}

const LIGHT_STYLE: PictureStyle = PictureStyle {
    is_dark: false,
    is_anonymous: false,
};
const ANONYMOUS: PictureStyle = PictureStyle {
    is_dark: true,
    is_anonymous: true,
};

/// Every name, host, folder and comment of it is one that stands nowhere else.
const SECRETIVE: &str = "
format = 1
name = \"Zürich ledger\" # for Mallory
postgres = 15

[sync]
method = \"any\"
count = 1

[archive]
directory = \"/srv/vault\"

[settings]
work_mem = \"8MB\"
cluster_name = \"ledgerdb\"
log_line_prefix = 'mallory %p '
wal_compression = \"on\"

[[server]]
name = \"quixote\"
port = 5432
host = \"quixote.corp.example\"
site = \"La Mancha\"

[[server]]
name = \"primary\"
port = 5433
host = \"panza.corp.example\"
follows = \"quixote\"
sync_priority = 1
site = \"Barcelona\"

[[server]]
name = \"<rosinante> & \\\"co\\\"\"
port = 5434
host = \"panza.corp.example\"
follows = \"primary\"
site = \"La Mancha\"
apply_delay = \"10min\"

[server.settings]
archive_cleanup_command = \"rm rosinante\"

[layout]
quixote = [10.0, 20.0]
";

#[test]
fn the_seed_as_text() {
    insta::assert_snapshot!("mermaid_seed", mermaid(&seed(), LIGHT_STYLE));
    insta::assert_snapshot!("dot_seed", dot(&seed(), LIGHT_STYLE));
    insta::assert_snapshot!("svg_seed", svg(&seed(), LIGHT_STYLE));
}

#[test]
fn sites_are_groups_in_every_picture() {
    let text = SECRETIVE.replace("La Mancha", "a \\\"b\\\" <c> & [d]");
    let document = format::read(&text).unwrap();
    let svg = svg(&document, LIGHT_STYLE);
    assert!(
        svg.contains(">a \"b\" &lt;c&gt; &amp; [d]</text>") && svg.contains(">Barcelona</text>"),
        "{svg}"
    );
    let dot = dot(&document, LIGHT_STYLE);
    assert!(
        dot.contains("label=\"a \\\"b\\\" <c> &amp; [d]\"; style=rounded"),
        "{dot}"
    );
    let mermaid = mermaid(&document, LIGHT_STYLE);
    let group = "subgraph site1[\"a #34;b#34; #60;c#62; #38; #91;d#93;\"]\n        s0\n        s2\n    end\n";
    assert!(mermaid.contains(group), "{mermaid}");
    for part in Diagram::of(&document).sites.iter().flat_map(|site| &site.parts) {
        assert!(part.min[0] >= 0.0 && part.min[1] >= 0.0, "{part:?}");
    }
}

#[test]
fn an_svg_opens_as_the_same_design() {
    for template in &templates::TEMPLATES {
        for text in [template.text.to_owned(), template.text.replace('\n', "\r\n")] {
            let document = format::read(&text).unwrap();
            let svg = svg(
                &document,
                PictureStyle {
                    is_dark: true,
                    is_anonymous: false,
                },
            );
            assert_eq!(Container::of(svg.as_bytes()), Some(Container::Svg));
            assert_eq!(
                embedded::in_svg(&svg),
                Ok(Some(text.clone())),
                "{}",
                template.name
            );
        }
    }
    let odd = format::read(SECRETIVE).unwrap();
    assert_eq!(
        embedded::in_svg(&svg(&odd, LIGHT_STYLE)),
        Ok(Some(SECRETIVE.to_owned()))
    );
}

#[test]
fn a_strange_svg_holds_no_design() {
    for strange in [
        "<svg/>",
        "<svg><metadata>format = 1</metadata></svg>",
        "<svg",
        "",
        "no xml",
    ] {
        assert_eq!(embedded::in_svg(strange), Ok(None), "{strange}");
    }
    assert_eq!(embedded::in_png(b"\x89PNG\r\n\x1a\nbroken"), Ok(None));
    assert_eq!(Container::of(b"format = 1\n"), None);
}

#[test]
fn an_anonymous_picture_names_nothing() {
    let document = format::read(SECRETIVE).unwrap();
    for picture in [
        svg(&document, ANONYMOUS),
        mermaid(&document, ANONYMOUS),
        dot(&document, ANONYMOUS),
    ] {
        let picture = picture.to_lowercase();
        for name in [
            "quixote",
            "panza",
            "rosinante",
            "corp",
            "zürich",
            "ledger",
            "mallory",
            "vault",
            "mancha",
            "barcelona",
        ] {
            assert!(!picture.contains(name), "{name} in {picture}");
        }
    }
    let shown = shown(&document, ANONYMOUS);
    assert_eq!(
        notation::print(shown.topology()),
        "postgres 15\nprimary 5432 sync any 1 host host1.example site site1\n  standby1 5433 priority 1 host host2.example site site2\n    \
         standby2 5434 delay 10min host host2.example site site1\n"
    );
    let topology = shown.topology();
    assert_eq!(
        topology.settings().keys().collect::<Vec<_>>(),
        ["wal_compression", "work_mem"]
    );
    // Who shares a host still does.
    let hosts: Vec<&str> = topology
        .servers()
        .iter()
        .map(|server| server.host().as_str())
        .collect();
    assert_eq!(hosts, ["host1.example", "host2.example", "host2.example"]);
    assert_eq!(shown.layout().len(), 1);
}

#[test]
fn an_anonymous_svg_opens_as_the_same_tree() {
    let svg = svg(&seed(), ANONYMOUS);
    let again = format::read(&embedded::in_svg(&svg).unwrap().unwrap()).unwrap();
    let shape = |topology: &Topology| -> Vec<(Option<usize>, u16)> {
        let place = |id| topology.servers().iter().position(|server| server.id() == id);
        let shape = |server: &crate::model::topology::Server| {
            (server.upstream().and_then(place), server.port().number())
        };
        topology.servers().iter().map(shape).collect()
    };
    assert_eq!(shape(again.topology()), shape(seed().topology()));
}

#[test]
fn every_card_is_inside_and_every_standby_has_a_link() {
    for template in &templates::TEMPLATES {
        let document = format::read(template.text).unwrap();
        let diagram = Diagram::of(&document);
        let [width, height] = crate::model::document::arrange::CARD;
        for card in &diagram.cards {
            let [x, y] = card.at;
            assert!(x >= 0.0 && y >= 0.0 && x + width <= diagram.width && y + height <= diagram.height);
        }
        assert_eq!(diagram.links.len(), diagram.cards.len() - 1, "{}", template.name);
    }
}

#[test]
fn the_format_is_known_by_the_files_end() {
    for format in PictureFormat::ALL {
        for extension in format.extensions() {
            assert_eq!(
                PictureFormat::of_extension(&extension.to_uppercase()),
                Some(format)
            );
        }
    }
    assert_eq!(PictureFormat::of_extension("toml"), None);
}
