//! What was measured: medians, ratios, and whether the targets are met.

/// Every time that was taken, by its way.
#[derive(Default)]
pub struct Figures(Vec<(&'static str, f64)>);

impl Figures {
    pub fn add(&mut self, way: &'static str, took: f64) {
        println!("  {way}: {took:.2} s");
        self.0.push((way, took));
    }

    /// Sorted.
    fn of(&self, way: &str) -> Vec<f64> {
        let mut times: Vec<f64> = self
            .0
            .iter()
            .filter(|(name, _)| *name == way)
            .map(|(_, took)| *took)
            .collect();
        times.sort_by(f64::total_cmp);
        times
    }

    fn median(&self, way: &str) -> f64 {
        let times = self.of(way);
        times[times.len() / 2]
    }

    /// The tables of BENCHMARKS.md; false where a target is missed.
    pub fn print(&self, large: usize, (servers, own): &(f64, f64)) -> bool {
        println!("\n| way to the seed's cluster | median | fastest to slowest |\n|---|---|---|");
        let mut ways = vec![
            ("script", "the post's script, with its sleeps".to_owned()),
            (
                "basebackup",
                "pg_basebackup, one standby after another".to_owned(),
            ),
            ("floor", "the floor: initdb, copies, starts".to_owned()),
            ("first", "pgcascade, built and verified".to_owned()),
            ("second", "pgcascade, the second time".to_owned()),
        ];
        if large > 0 {
            ways.push(("large floor", format!("the floor of {large} servers")));
            ways.push(("large", format!("pgcascade, {large} servers, built and verified")));
        }
        for (way, words) in &ways {
            let times = self.of(way);
            println!(
                "| {words} | {:.2} s | {:.2} to {:.2} s |",
                self.median(way),
                times[0],
                times[times.len() - 1]
            );
        }
        println!("\n| compared | ratio | target | |\n|---|---|---|---|");
        let mut targets = vec![
            (
                "script : pgcascade",
                self.median("script") / self.median("first"),
                7.0,
                true,
            ),
            (
                "pg_basebackup : pgcascade",
                self.median("basebackup") / self.median("first"),
                2.0,
                true,
            ),
            (
                "pgcascade : floor",
                self.median("first") / self.median("floor"),
                1.35,
                false,
            ),
            (
                "script : pgcascade, the second time",
                self.median("script") / self.median("second"),
                15.0,
                true,
            ),
        ];
        if large > 0 {
            targets.push((
                "pgcascade : floor, many servers",
                self.median("large") / self.median("large floor"),
                1.35,
                false,
            ));
        }
        let mut missed = 0;
        for (words, ratio, target, at_least) in targets {
            let is_met = if at_least {
                ratio >= target
            } else {
                ratio <= target
            };
            missed += u32::from(!is_met);
            let (sign, word) = (
                if at_least { "≥" } else { "≤" },
                if is_met { "met" } else { "missed" },
            );
            println!("| {words} | {ratio:.2} | {sign} {target} | {word} |");
        }
        println!(
            "\nFive idle servers take {servers:.0} MB (PSS of all their processes), pgcascade at most {own:.0} MB while it deploys them (limit 30 MiB)."
        );
        missed += u32::from(*own > 31.46);
        if missed > 0 {
            println!("{missed} of the targets were missed in this run.");
        }
        missed == 0
    }
}
