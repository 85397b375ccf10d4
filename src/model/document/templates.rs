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

pub const TEMPLATES: [Template; 1] = [Template {
    name: "seed",
    summary: "One primary, two synchronous candidates, two cascaded standbys under the first",
    text: include_str!("../../../assets/templates/seed.toml"),
}];

/// The template of that name.
pub fn find(name: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| template.name == name)
}
