//! `[[scenario]]`: stories in time that are kept with the design, each a name and its text.

use toml_edit::{ArrayOfTables, Item, Table, TableLike, Value};

use super::SCENARIO_KEYS;
use super::fields::Reader;
use super::write::{set, take_tables};
use crate::model::document::{Document, KeptScenario};

impl Reader {
    /// What stands in a scenario's text is looked at when it is played: no story may keep a design from being opened.
    pub(super) fn scenarios(&mut self, top: &dyn TableLike) -> Vec<KeptScenario> {
        let mut scenarios: Vec<KeptScenario> = Vec::new();
        for (table, span) in self.tables(top, "scenario") {
            self.only_known(table, "a scenario", &SCENARIO_KEYS);
            let mut text = |key| {
                self.required(table, key, "a scenario", span.clone())?;
                self.text_at(table, key)
            };
            let (Some(name), Some(text)) = (text("name"), text("text")) else {
                continue;
            };
            let is_taken = scenarios.iter().any(|known| known.name == name);
            if is_taken || name.trim().is_empty() {
                let message = if is_taken {
                    format!("two scenarios are called \"{name}\"")
                } else {
                    "a scenario needs a visible name".to_owned()
                };
                let span = table.get("name").and_then(Item::span);
                let fix = Some("give it another name".to_owned());
                self.problem("bad-value", span, message, fix);
                continue;
            }
            scenarios.push(KeptScenario { name, text });
        }
        scenarios
    }
}

/// Each `[[scenario]]` keeps its table, comments and all, as long as its name is there.
pub(super) fn patch(top: &mut Table, old: Option<&Document>, document: &Document) {
    let (before, now) = (old.map_or(&[][..], Document::scenarios), document.scenarios());
    if before == now {
        return;
    }
    let mut tables = take_tables(top, "scenario");
    let mut patched = ArrayOfTables::new();
    for kept in now {
        let mut known = before.iter().enumerate();
        let known = known.find(|(_, known)| known.name == kept.name);
        let known = known.and_then(|(place, known)| Some((known, tables.remove(&place)?)));
        let table = match known {
            Some((known, table)) if known == kept => table,
            Some((_, mut table)) => {
                set(&mut table, "text", lines(&kept.text));
                table
            }
            None => {
                let mut table = Table::new();
                set(&mut table, "name", kept.name.as_str());
                set(&mut table, "text", lines(&kept.text));
                table
            }
        };
        patched.push(table);
    }
    if !patched.is_empty() {
        top.insert("scenario", Item::ArrayOfTables(patched));
    }
}

/// A text of several lines as a person would write it, if TOML can hold it so.
fn lines(text: &str) -> Value {
    let plain = Value::from(text);
    if !text.contains('\n') || text.chars().any(|c| c.is_control() && c != '\n') {
        return plain;
    }
    let escaped = text.replace('\\', "\\\\").replace("\"\"\"", "\"\"\\\"");
    let written = format!("\"\"\"\n{escaped}\"\"\"");
    match written.parse::<Value>() {
        Ok(value) if value.as_str() == Some(text) => value,
        _ => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use crate::model::document::{Command, templates};
    use crate::model::topology::{Downstreams, Edit, ServerName};

    const RELAY: &str =
        "# why we do this\n[[scenario]]\ntext = 'at 1s crash slave1' # soon\nname = \"the relay dies\"\n";

    fn seed_with(scenarios: &str) -> Document {
        let text = format!("{}\n{scenarios}", templates::find("seed").unwrap().text);
        read(&text).unwrap()
    }

    fn kept(name: &str, text: &str) -> KeptScenario {
        KeptScenario {
            name: name.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn scenarios_are_kept_replaced_and_dropped_and_all_else_stays_as_it_was_written() {
        let mut document = seed_with(RELAY);
        let before = document.text();
        assert_eq!(
            document.scenarios(),
            [kept("the relay dies", "at 1s crash slave1")]
        );
        let topology = document.topology().clone();
        let story = kept("two", "seed 4\nat 1s crash \"far \\ away\"\n# \"\"\" fin\n");
        document.apply(&Command::KeepScenario(story.clone())).unwrap();
        let after = document.text();
        assert!(after.starts_with(&before), "{after}");
        assert!(after.contains("text = \"\"\"\nseed 4\n"), "{after}");
        assert_eq!(read(&after).unwrap().scenarios(), document.scenarios());
        let other = kept("the relay dies", "at 2s crash slave1\n");
        document.apply(&Command::KeepScenario(other)).unwrap();
        let after = document.text();
        assert!(
            after.contains("# why we do this") && after.contains("# soon"),
            "{after}"
        );
        assert_eq!(read(&after).unwrap().scenarios(), document.scenarios());
        for name in ["the relay dies", "two"] {
            document.apply(&Command::DropScenario(name.to_owned())).unwrap();
        }
        assert_eq!(
            document.text().trim_end(),
            templates::find("seed").unwrap().text.trim_end()
        );
        assert_eq!(*document.topology(), topology);
    }

    #[test]
    fn a_rename_reaches_the_scenarios_and_a_removal_leaves_them() {
        let mut document = seed_with(RELAY);
        let relay = document.topology().by_name("slave1").unwrap().id();
        let name = ServerName::parse("the relay").unwrap();
        let rename = Edit::Rename { server: relay, name };
        document.apply(&Command::Edit(rename)).unwrap();
        assert_eq!(document.scenarios()[0].text, "at 1s crash \"the relay\"");
        assert_eq!(read(&document.text()).unwrap().scenarios(), document.scenarios());
        let remove = Edit::Remove {
            server: relay,
            downstreams: Downstreams::Reattach,
        };
        document.apply(&Command::Edit(remove)).unwrap();
        assert_eq!(document.scenarios()[0].text, "at 1s crash \"the relay\"");
    }

    #[test]
    fn what_is_no_scenario_is_said_and_its_text_is_not_judged() {
        for (scenario, expected) in [
            ("[[scenario]]\nname = \"a\"\n", "a scenario needs \"text\""),
            ("[[scenario]]\ntext = \"\"\n", "a scenario needs \"name\""),
            (
                "[[scenario]]\nname = \" \"\ntext = \"\"\n",
                "a scenario needs a visible name",
            ),
            (
                "[[scenario]]\nname = \"a\"\ntexts = \"\"\ntext = \"\"\n",
                "a scenario has no key \"texts\"",
            ),
            (
                "[scenario]\nname = \"a\"\n",
                "write each scenario under its own [[scenario]], in double brackets",
            ),
            (
                "[[scenario]]\nname = \"a\"\ntext = \"\"\n[[scenario]]\nname = \"a\"\ntext = \"\"\n",
                "two scenarios are called \"a\"",
            ),
        ] {
            let text = format!("{}\n{scenario}", templates::find("seed").unwrap().text);
            let problems = read(&text).unwrap_err();
            assert_eq!(problems[0].message, expected);
            assert!(problems[0].line.is_some());
        }
        assert_eq!(
            seed_with("[[scenario]]\nname = \"a\"\ntext = \"crush nobody\"\n")
                .scenarios()
                .len(),
            1
        );
    }
}
