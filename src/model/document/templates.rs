//! The built-in designs. Each is a design file under `assets/templates`, compiled in.

/// A design to start from.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// What `pgcascade new --template` calls it.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// The design file's text.
    pub text: &'static str,
}

/// The seed comes first: it is what the window opens with.
pub const TEMPLATES: [Template; 9] = [
    template(
        "seed",
        "One primary, two synchronous candidates, two cascaded standbys under the first",
        include_str!("../../../assets/templates/seed.toml"),
    ),
    template(
        "pair",
        "A primary and one asynchronous standby",
        include_str!("../../../assets/templates/pair.toml"),
    ),
    template(
        "fan",
        "Three standbys side by side, two of them synchronous candidates",
        include_str!("../../../assets/templates/fan.toml"),
    ),
    template(
        "chain",
        "Each standby follows the one before it",
        include_str!("../../../assets/templates/chain.toml"),
    ),
    template(
        "tree",
        "Two relays with two standbys each",
        include_str!("../../../assets/templates/tree.toml"),
    ),
    template(
        "two-sites",
        "A relay in each of two sites: one stream crosses between them",
        include_str!("../../../assets/templates/two-sites.toml"),
    ),
    template(
        "sync-far",
        "Two nearby synchronous candidates and a remote asynchronous standby",
        include_str!("../../../assets/templates/sync-far.toml"),
    ),
    template(
        "delayed",
        "A standby that applies WAL half an hour late",
        include_str!("../../../assets/templates/delayed.toml"),
    ),
    template(
        "quorum",
        "Three sites; a commit waits for any one of the other two",
        include_str!("../../../assets/templates/quorum.toml"),
    ),
];

/// What "New" begins with: one server, and nothing replicated yet. With data checksums, which cost little and are the default
/// from 18 on: without them an old primary cannot be rewound.
pub const EMPTY: Template = template(
    "empty",
    "One server, the primary, to start from",
    "format = 1\nname = \"cluster\"\npostgres = 15\n\n[initdb]\ndata_checksums = true\n\n[[server]]\nname = \"primary\"\nport = 5432\n",
);

const fn template(name: &'static str, summary: &'static str, text: &'static str) -> Template {
    Template { name, summary, text }
}

/// The template of that name.
pub fn find(name: &str) -> Option<&'static Template> {
    let all = std::iter::once(&EMPTY).chain(&TEMPLATES);
    all.into_iter().find(|template| template.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::document::format;
    use crate::model::topology::notation;

    #[test]
    fn the_seed_in_the_notation_is_the_first_built_in_design() {
        let built_in = format::read(TEMPLATES[0].text).unwrap();
        let seed = notation::parse(notation::SEED).unwrap();
        assert_eq!(notation::print(&seed), notation::print(built_in.topology()));
    }
}
