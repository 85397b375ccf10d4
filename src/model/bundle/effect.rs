//! What a running server needs for a changed line: a reload or a restart.

use super::BundleFile;
use crate::model::topology::PgMajor;
use crate::model::topology::catalogue::{self, Effect, Known};

impl BundleFile {
    /// When a change of this line of the file (its text) takes effect; `None` for what no server reads, and for
    /// parameters that the catalogue does not know.
    pub fn effect_of_line(&self, line: &str, major: PgMajor) -> Option<Effect> {
        match self.name() {
            "postgresql.conf" => {
                let (name, _) = line.split_once('=')?;
                match catalogue::lookup(name.trim(), major) {
                    Known::Here(parameter) | Known::Perhaps(parameter) => parameter.takes_effect(),
                    Known::Elsewhere { .. } | Known::Nowhere => None,
                }
            }
            // Who is connected stays so (manual, The pg_hba.conf File).
            "pg_hba.conf" => Some(Effect::ReloadForNew),
            _ => self.effect(),
        }
    }

    /// The same for a file that counts as a whole: up to 11 a standby reads its recovery.conf only when it starts, and
    /// from 12 on it looks only then whether standby.signal is there.
    pub fn effect(&self) -> Option<Effect> {
        matches!(self.name(), "recovery.conf" | "standby.signal").then_some(Effect::Restart)
    }

    /// Without its folders.
    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bundle::generate;
    use crate::model::document::Document;
    use crate::model::topology::notation;

    #[track_caller]
    fn check(major: &str, file: &str, start: &str, needs: Option<&str>) {
        let topology = notation::parse(&format!("postgres {major}\nm 1\n  s 2\n")).unwrap();
        let major = topology.postgres();
        let bundle = generate(&Document::new(topology));
        let file = bundle.file(file).unwrap();
        let line = file
            .contents
            .lines()
            .find(|line| line.starts_with(start))
            .unwrap();
        assert_eq!(
            file.effect_of_line(line, major).map(Effect::needs),
            needs,
            "{line}"
        );
    }

    #[test]
    fn each_version_says_what_it_needs() {
        let conf = "servers/s/postgresql.conf";
        check("15", conf, "port", Some("restart"));
        check("15", conf, "hot_standby_feedback", Some("reload"));
        // Reloading a standby's connection came with 13.
        check("12", conf, "primary_conninfo", Some("restart"));
        check("13", conf, "primary_conninfo", Some("reload"));
        check(
            "11",
            "servers/s/recovery.conf",
            "primary_conninfo",
            Some("restart"),
        );
        check("15", "servers/s/pg_hba.conf", "host", Some("reload"));
        check("15", "up", "set", None);
    }
}
