//! A compose file without the configuration beside it: who depends on whom is all that it says of the tree.

use super::yaml::Leaves;
use super::{OfTools, conninfo};
use crate::model::import::Asked;
use crate::model::import::facts::{Facts, Upstream};
use crate::model::topology::PgMajor;

/// Inside its network every container has an address of its own.
const PORT: &str = "5432";

pub fn read(documents: &[Leaves]) -> OfTools {
    let mut found = OfTools::default();
    for leaves in documents.iter().filter(|leaves| leaves.has(&["services"])) {
        take(leaves.clone(), &mut found);
    }
    found
}

fn take(mut leaves: Leaves, found: &mut OfTools) {
    let start = found.facts.len();
    let all = leaves.keys(&["services"]);
    let is_server = |leaves: &Leaves, name: &String| {
        leaves
            .get(&["services", name, "image"])
            .is_some_and(|image| image.to_ascii_lowercase().contains("postgres"))
    };
    let names: Vec<String> = all.into_iter().filter(|name| is_server(&leaves, name)).collect();
    for name in &names {
        let place = leaves.place(&["services", name]);
        let mut facts = Facts {
            place: place.clone(),
            label: name.clone(),
            is_partial: true,
            sees_link: true,
            address: Some((name.clone(), 5432)),
            ..Facts::default()
        };
        facts.set("port", PORT, place.clone());
        facts.set("cluster_name", name, place.clone());
        let image = leaves.take(&["services", name, "image"]).unwrap_or_default();
        facts.major = image
            .rsplit([':', '-', '}'])
            .find_map(|part| PgMajor::parse(part.split('.').next().unwrap_or_default()).ok());
        facts.is_major_guessed = facts.major.is_none();
        let depends = leaves
            .take_below(&["services", name, "depends_on"])
            .into_iter()
            .map(|(_, on)| on);
        let depends: Vec<String> = depends
            .chain(leaves.keys(&["services", name, "depends_on"]))
            .collect();
        let upstream = depends
            .iter()
            .find_map(|on| names.iter().position(|other| other == on && other != name));
        if let Some(upstream) = upstream {
            let above = names.get(upstream).map_or("", String::as_str);
            facts.is_standby = true;
            facts.follows = Some(Upstream::At(start + upstream));
            let link = conninfo(&[
                ("host", Some(above)),
                ("port", Some(PORT)),
                ("application_name", Some(name)),
            ]);
            facts.set("primary_conninfo", &link, place);
            found.asked.push(Asked {
                server: Some(name.clone()),
                question: format!(
                    "Does \"{name}\" follow \"{above}\"? The compose file says only that it starts after it."
                ),
                guess: above.to_owned(),
            });
        }
        found.facts.push(facts);
    }
    if let Some(first) = found.facts.get_mut(start) {
        let losses =
            leaves.losses(|_| "It is for the containers, and a design has no place for it.".to_owned());
        first.losses.extend(losses);
    }
}
