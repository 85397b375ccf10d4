//! How values on the command line are read, and what is said of those that are none.

use super::check::Explained;
use crate::model::diagram::PictureFormat;
use crate::model::document::templates::TEMPLATES;
use crate::model::document::{KINDS, Kind};
use crate::model::simulate::time::{Micros, read_time};
use crate::model::topology::{self, PgMajor, RULES, nearest};

/// A major version as it is written in a design.
pub(super) fn known_version(text: &str) -> Result<PgMajor, String> {
    PgMajor::parse(text).map_err(|error| error.to_string())
}

/// The rule of that id or the kind of problem, or which one was probably meant.
pub(super) fn known_rule(id: &str) -> Result<Explained, String> {
    let ids = || {
        RULES
            .iter()
            .map(|rule| rule.id)
            .chain(KINDS.iter().map(|kind| kind.id))
    };
    let rule = topology::rule(id).map(Explained::Rule);
    let known = rule.or_else(|| Kind::of(id).map(Explained::Kind));
    known.ok_or_else(|| match nearest(id, ids()) {
        Some(near) => format!("there is no such rule; did you mean '{near}'?"),
        None => "there is no such rule; 'pgcascade check FILE' names the rule of each finding".to_owned(),
    })
}

pub(super) fn time(text: &str) -> Result<Micros, String> {
    read_time(text).map_err(|problem| problem.to_string())
}

pub(super) fn template_names() -> Vec<&'static str> {
    TEMPLATES.iter().map(|template| template.name).collect()
}

/// [`PictureFormat`] as a word on the command line.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Picture {
    Svg,
    Png,
    Mermaid,
    Dot,
}

impl From<Picture> for PictureFormat {
    fn from(picture: Picture) -> Self {
        match picture {
            Picture::Svg => Self::Svg,
            Picture::Png => Self::Png,
            Picture::Mermaid => Self::Mermaid,
            Picture::Dot => Self::Dot,
        }
    }
}
